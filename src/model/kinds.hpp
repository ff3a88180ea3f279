#pragma once
// The kinds of model that Brink brings: each is one file of this folder, and one line of the table in model_source.cpp.

#include "brink/model/model_source.hpp"

namespace brink {

[[nodiscard]] ModelKind quadratic_kind();
[[nodiscard]] ModelKind regression_kind();
[[nodiscard]] ModelKind random_features_kind();
[[nodiscard]] ModelKind jacobian_kind();
[[nodiscard]] ModelKind gram_kind();
[[nodiscard]] ModelKind hessians_kind();

}  // namespace brink
