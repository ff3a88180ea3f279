#pragma once
// When something happens in a run: stop rules and interventions. Both look at a record: step, loss, gradient norm and
// the probes, computed on all samples, every `record_every` steps.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brink/linalg/matrix.hpp"
#include "brink/training/local_model.hpp"

namespace brink {

/// A quantity of a record below or above a value: "loss < 1e-6", "gradient_norm < 1e-8", "sharpness > 40".
struct Condition {
  std::string quantity;  ///< "loss", "gradient_norm" or the name of a probe
  bool above = false;    ///< true: quantity > value, false: quantity < value
  double value = 0;
};

/// A change in the middle of a run, made once, before the step after the record or step that sets it off.
struct Intervention {
  std::optional<Index> step;           ///< before this step (0: before the first); or
  std::optional<Condition> condition;  ///< at the first record for which it holds
  std::optional<double> eta;
  std::optional<double> momentum;
  std::optional<Index> batch_size;
  bool zero_buffers = false;  ///< false: momentum goes on with what it has
  /// Go on with this expansion of the loss at the point reached.
  std::optional<LocalModelKind> model;
};

/// "loss < 1e-6". Throws InvalidInput with the text and the form needed.
[[nodiscard]] Condition parse_condition(std::string_view text);

/// "step 500: eta = 0.2", "loss < 1e-3: batch = 8, buffers = zero", "sharpness > 40: model = gauss-newton". Changes:
/// eta, momentum, batch, buffers = keep | zero, model = quadratic | gauss-newton. Throws InvalidInput with the text.
[[nodiscard]] Intervention parse_intervention(std::string_view text);

}  // namespace brink
