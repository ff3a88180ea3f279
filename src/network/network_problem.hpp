#pragma once
// From a network, its data and its start to a problem to train: what the kinds made of layers share.

#include <filesystem>

#include "../model/supervised_data.hpp"
#include "brink/network/models.hpp"
#include "brink/network/network_objective.hpp"
#include "brink/network/trainable_problem.hpp"

namespace brink {

/// The key "rows_memory" of every kind made of layers, read where it is linearized.
inline constexpr double kRowsMemory = 1;
inline constexpr const char* kRowsMemoryHelp =
    "as a model: Gauss-Newton rows of more gigabytes than this are never whole, and the Gram matrix is made in blocks, "
    "where it is smaller and the minimum interpolates; verify then has no direct cells";

/// Objectives, start and notes; `resolved` and `kind` are left to the caller.
[[nodiscard]] TrainableProblem network_problem(Network network, SupervisedData data, LossKind loss, Vector start);

}  // namespace brink
