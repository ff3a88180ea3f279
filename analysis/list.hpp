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
[[nodiscard]] Study edge_caricature();
[[nodiscard]] Study self_stabilization_study();
[[nodiscard]] Study self_stabilization_images();
[[nodiscard]] Study central_flow_study();
[[nodiscard]] Study momentum_helps();
[[nodiscard]] Study other_edges();
[[nodiscard]] Study scalar_networks();
[[nodiscard]] Study implicit_drift();

}  // namespace brink::analysis
