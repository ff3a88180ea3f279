#pragma once
// The rules of hypotheses: each turns the runs of a population into contrasts.

#include <map>

#include "brink/statistics/hypothesis.hpp"

namespace brink::hypotheses {

/// A run that counts, with its quantity.
struct Measured {
  const Observation* run = nullptr;
  double value = 0;
};

/// One rule: its name, and how it makes contrasts.
struct Rule {
  std::string_view name;
  bool needs_margin = false;
  bool compares_curves = false;  ///< then deviations are logarithmic unless the file says otherwise
  std::vector<Contrast> (*make)(const Hypothesis& hypothesis, const std::vector<Measured>& runs);
};

[[nodiscard]] const std::vector<Rule>& rules();
/// Throws InvalidInput for an unknown name.
[[nodiscard]] const Rule& find_rule(const std::string& name);

/// "absolute", "relative" or "log": as the file says, or as the rule has it.
[[nodiscard]] std::string scale_of(const Hypothesis& hypothesis);

/// y − p, y/p − 1 or ln(y/p); NaN where there is none.
[[nodiscard]] double deviation(const std::string& scale, double y, double p);

}  // namespace brink::hypotheses
