#pragma once
// What a population of runs has shown: one observation a run, and expressions of its columns.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "brink/statistics/expression.hpp"

namespace brink {

/// One run of a population.
struct Observation {
  std::int64_t seed = 0;  ///< runs of one seed share their randomness: only seeds are independent of each other
  std::vector<std::string> parameters;                ///< names of what the population varies beside the seed, in order
  std::map<std::string, double> numbers;              ///< parameters and columns; "threshold(\"mean\")" is one too
  std::map<std::string, double> standard_errors;      ///< of the columns that are measured on trajectories
  std::map<std::string, std::string> texts;           ///< "rule", "sampling"
  std::map<std::string, std::vector<double>> traces;  ///< columns of a record, "step" among them
  std::string failure;                                ///< why there is no result ("diverged: …"); empty when there is
};

/// Numbers that an expression can take from a trace, `name("column", …)`; the column may itself be an expression of
/// columns and parameters, evaluated at every record: tail("eta*sharpness"). From the records with a finite value:
///
///   first, final                      the first record, the last
///   mean, largest, smallest           over all, or with two numbers over the steps from ≤ step < to
///   tail("x", share)                  mean over the last share (default 0.5) of the records
///   drift("x", share)                 change of a line over that stretch, over its mean (trace_drift)
///   onset("x", level)                 the first step at which x > level; infinite when there is none
///   correlation_time("x", share)      of that stretch, in records
[[nodiscard]] const std::vector<std::string>& trace_functions();

/// The value of a trace function. NaN where the stretch holds too few records: 1, for tail 4, for drift and
/// correlation_time 32. Throws InvalidInput for an unknown function, column or a wrong number of numbers.
[[nodiscard]] double trace_value(const Observation& observation, const std::string& function, const std::string& column,
                                 const std::vector<double>& numbers);

/// The scope of an expression about a run. Throws InvalidInput for a name that the run does not have, with the nearest.
[[nodiscard]] ExpressionScope scope_of(const Observation& observation);

}  // namespace brink
