#pragma once
// One function a study; registry.cpp lists them.

#include "brink/report/study.hpp"

namespace brink::analysis {

[[nodiscard]] Study scalar_laws();
[[nodiscard]] Study effective_rate();
[[nodiscard]] Study quadratic_identities();
[[nodiscard]] Study frobenius_bound();
[[nodiscard]] Study noise_alignment();
[[nodiscard]] Study minima_of_sgd();
[[nodiscard]] Study two_plateaus();
[[nodiscard]] Study catapults();
[[nodiscard]] Study where_training_sits();

}  // namespace brink::analysis
