#pragma once
// The kinds of trainable problem that Brink brings: one line each of the table in trainable_problem.cpp.

#include "brink/network/trainable_problem.hpp"

namespace brink {

[[nodiscard]] TrainableKind trainable_regression_kind();
[[nodiscard]] TrainableKind trainable_random_features_kind();
[[nodiscard]] TrainableKind trainable_network_kind();
[[nodiscard]] TrainableKind trainable_sensing_kind();

}  // namespace brink
