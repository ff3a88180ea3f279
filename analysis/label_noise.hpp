#pragma once
// Label noise at a minimum that fits: its stationary covariance, and the drift along the minima that follows from it.
//
// With fresh noise of variance σ² on every label the gradient noise of a step has covariance (σ²/B)·H. Heavy ball turns
// it into a stationary covariance λX in the range of H, λ = ησ²/(B(1−β)), and X into a mean gradient ½λ∇³L(X), which
// moves θ along the minima by −η/(1−β) times that a step: in slow time s = ληt/(1−β), dθ/ds = −½P∇³L(X), P the
// projection onto the null space of H.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "brink/network/objective.hpp"
#include "brink/training/training_rule.hpp"

namespace brink::analysis {

/// A network with more parameters than samples, at a minimum that fits them.
struct FittedNetwork {
  std::shared_ptr<const NetworkObjective<double>> objective;
  Vector theta;
};

/// A random θ whose outputs are taken for targets: 3 Gaussian samples, "diagonal" (6 inputs, w = u∘v) or "tanh"
/// (2-4-1, biases).
[[nodiscard]] FittedNetwork fitted_network(const std::string& model, std::uint64_t seed);

/// The range of H = (1/n) Σ_k a_k a_kᵀ at such a minimum: H = V diag(h) Vᵀ, G = JV.
struct CurvatureRange {
  Vector curvature;  ///< h, descending
  Matrix basis;      ///< V: p × r
  Matrix rows;       ///< G: n × r
};
[[nodiscard]] CurvatureRange curvature_range(const NetworkObjective<double>& objective, const Vector& theta);

/// What is said of X.
enum class NoiseLaw {
  exact,    ///< HX + XH − η/(1−β)·D(X) = H: with the noise of sampling the curvature, N(X) in D(X)
  claimed,  ///< ½(I − ηH/(2(1+β)))⁻¹: the same without N(X)
  simple,   ///< ½I: the same for η → 0
};

struct NoisySteps {
  double eta = 0;
  double momentum = 0;
  Index batch = 1;
};

/// X in the eigenbasis of H. Batches without replacement.
[[nodiscard]] Matrix stationary_covariance(const CurvatureRange& at, const NoisySteps& steps, NoiseLaw law);

/// out = ½P∇³L(X); returns tr H.
double drift_gradient(const NetworkObjective<double>& objective, const NoisySteps& steps, NoiseLaw law,
                      const Vector& theta, Vector& out);

/// −(1+β)/(2η)·tr log(I − ηH/(2(1+β))), whose gradient along the minima is ½P∇³L(X) of NoiseLaw::claimed.
[[nodiscard]] double log_regularizer(const NetworkObjective<double>& objective, const NoisySteps& steps,
                                     const Vector& theta);

/// Heavy ball with label noise of weight λ from the minimum on: see(t, θ) after every step t = 1 … count.
void run_label_noise(const FittedNetwork& network, const NoisySteps& steps, double weight, Index count,
                     std::uint64_t seed, const std::function<void(Index, const Vector&)>& see);

/// Measured over said way between a quarter and the end of the records, which are evenly spaced: what happens while the
/// fluctuations grow to their stationary size is left out. At least 4 records.
[[nodiscard]] double drift_ratio(const std::vector<double>& measured, const std::vector<double>& said);

/// θ after `time` of gradient flow, by the Runge–Kutta pair of the library at its smallest tolerance.
[[nodiscard]] Vector flowed(const GradientAt<double>& gradient_at, const Vector& theta, double time);

/// Standard normal numbers of a stream of their own.
[[nodiscard]] Vector normal_numbers(std::uint64_t seed, std::uint32_t stream, Index count);

}  // namespace brink::analysis
