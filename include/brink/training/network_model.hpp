#pragma once
// Trained networks as models of the stability theory: `[model] kind = "network"` in every command. The network of the
// configuration goes from its start (or from saved parameters) to a minimum, and is linearized there.

#include <memory>

#include "brink/model/original_problem.hpp"
#include "brink/network/objective.hpp"

namespace brink {

/// Adds the kinds "network" and "matrix-sensing" to model_kinds(); call once, at the start of a program.
void register_network_model();

/// The network itself near its minimum, for the direct engine: the state θ − θ* of the engine is the deviation in units
/// of `radius`, so that states of norm one stay where the network is as good as linear (to relative errors of order
/// radius·‖∇³L‖/‖∇²L‖). Gradients are those of the network at θ* + radius·(θ − θ*), divided by the radius, and
/// projected on `basis` (p × r, orthonormal), which spans the directions that some sample sees.
[[nodiscard]] std::shared_ptr<const OriginalProblem> make_network_problem(
    std::shared_ptr<const NetworkObjective<double>> objective, Vector minimum, double radius,
    std::shared_ptr<const Matrix> basis);

}  // namespace brink
