#pragma once
// Configurations that several tests of the program run.

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "program.hpp"

namespace program {

inline constexpr const char* kVerify = R"([model]
kind = "jacobian"
file = "G1.npy"
[optimizer]
rule = "heavy-ball"
momentum = [0.0, 0.5]
[batch]
size = [1, 3]
[grid]
eta_over_threshold = [1.0, 1.2]
[simulation]
replicas = 400
steps = 512
burn_in = 90
seed = 3
[verify]
measure_threshold = false
)";

/// Heavy ball on three rows, over momentum and step size, with everything that a cell can hold.
inline constexpr const char* kSweep = R"([model]
kind = "jacobian"
file = "G1.npy"
[optimizer]
rule = "heavy-ball"
[batch]
size = [1, 2]
[simulation]
replicas = 64
steps = 400
burn_in = 20
seed = 5
[sweep]
x = "momentum"
y = "eta"
x_range = [0.0, 0.9]
x_cells = 9
y_range = [0.02, 4.0]
y_cells = 33
coarse = 8
quantities = ["growth", "lyapunov", "measured-growth", "escape"]
)";

/// kSweep with other values of the keys given; an empty one takes the key out.
inline std::string sweep_with(const std::vector<std::pair<std::string, std::string>>& changes) {
  std::string text = kSweep;
  for (const auto& [key, value] : changes) {
    const auto at = text.find("\n" + key + " = ") + 1;
    text.replace(at, text.find('\n', at) - at, value.empty() ? "" : key + " = " + value);
  }
  return text;
}

/// A scratch directory with the small arrays and the configuration as s.toml.
inline std::unique_ptr<Scratch> scratch_with_sweep(
    const std::vector<std::pair<std::string, std::string>>& changes = {}) {
  auto scratch = std::make_unique<Scratch>();
  scratch->write_small_arrays();
  scratch->write("s.toml", sweep_with(changes));
  return scratch;
}

/// Everything in the directory of a sweep that is a function of the configuration alone.
inline std::vector<std::string> sweep_results(const Scratch& scratch, const std::string& run) {
  std::vector<std::string> texts;
  for (const char* name : {"config.toml", "result.json", "tables/cells.csv", "figures/phase-diagram.csv",
                           "figures/phase-diagram.gp", "figures/phase-diagram-lyapunov.csv"}) {
    texts.push_back(scratch.read(run + "/" + name));
    if (texts.back().empty()) throw std::runtime_error(run + "/" + name + " is missing or empty");
  }
  return texts;
}

}  // namespace program
