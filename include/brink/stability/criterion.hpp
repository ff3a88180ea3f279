#pragma once
// Published stability conditions, side by side with the exact threshold.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brink/model/linearized_model.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/sampling/batch_law.hpp"

namespace brink {

/// What a condition says about mean-square stability.
enum class BoundStatus { exact, necessary, sufficient, neither, not_applicable };
[[nodiscard]] std::string to_string(BoundStatus status);

struct Bound {
  std::string name;           ///< the name in results, e.g. "frobenius"
  std::optional<double> eta;  ///< the step size where the condition turns; absent when it does not apply
  double residual = 0;        ///< relative error of eta
  BoundStatus status = BoundStatus::not_applicable;
  bool vacuous = false;  ///< true when a necessary condition lies above the noise-free edge: it says nothing here
  std::string reason;    ///< why it is vacuous or does not apply; empty otherwise
  std::string source;    ///< the paper
  std::vector<std::pair<std::string, double>> details;  ///< further numbers of this condition, by name
};

/// One published condition: one small file and one registration line.
class Criterion {
 public:
  virtual ~Criterion() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::string_view source() const = 0;
  [[nodiscard]] virtual Bound evaluate(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                       Index batch_size) const = 0;
};

/// Every registered criterion, in the order of the table.
[[nodiscard]] const std::vector<std::unique_ptr<Criterion>>& criteria();

/// Adds a criterion at the end of the table: the one registration line of an extension.
void register_criterion(std::unique_ptr<Criterion> criterion);

/// All criteria evaluated for one cell, beside the exact one of docs/theory.md, (4.4); each is derived in
/// docs/conditions.md.
[[nodiscard]] std::vector<Bound> evaluate_criteria(const LinearizedModel& model, const UpdateRule& rule,
                                                   const BatchLaw& law, Index batch_size);

}  // namespace brink
