#pragma once
// Cases whose answer is known exactly: what `brink check` computes and compares.

#include <string>
#include <vector>

#include "brink/model/linearized_model.hpp"

namespace brink::cli {

/// The tolerance of literals of twelve digits and more, and of exact fractions.
constexpr double kFull = 1e-11;

struct ExactCase {
  std::string group;     ///< the model and what is asked of it
  std::string name;      ///< the setting
  double computed = 0;   ///< by the library
  double expected = 0;   ///< a literal
  double tolerance = 0;  ///< relative; as tight as the digits of the literal allow
  std::string source;    ///< where the literal comes from

  [[nodiscard]] double difference() const { return computed - expected; }
  [[nodiscard]] bool passes() const;
};

/// The model of these Gauss–Newton rows.
[[nodiscard]] LinearizedModel model_of(const RowMatrix& rows, const RowMatrix& gradient_noise = {});

/// Computes every case. Less than a second.
[[nodiscard]] std::vector<ExactCase> exact_cases();

/// Those of moments and almost-sure stability, which exact_cases() includes.
[[nodiscard]] std::vector<ExactCase> exact_moment_cases();

/// Those of infinitely large models, after them.
[[nodiscard]] std::vector<ExactCase> exact_limit_cases();

}  // namespace brink::cli
