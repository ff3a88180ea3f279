#pragma once
// The linear stability of the optimizer at a point of training, not only at a minimum: the Gauss–Newton rows of the
// network at θ are a linearized model, whose exact mean-square threshold says up to which step size its noise would
// stay bounded if the network were frozen there.

#include <memory>
#include <optional>
#include <vector>

#include "brink/base/estimate.hpp"
#include "brink/model/linearized_model.hpp"
#include "brink/model/loss_alignment.hpp"
#include "brink/network/objective.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/sampling/batch_law.hpp"

namespace brink {

/// The linearized model of a network at θ from the samples given (all of them when empty): its Gauss–Newton rows, or
/// their Gram matrix when there are fewer rows than parameters. The gradient at θ does not enter. Throws InvalidInput
/// when it would not fit in memory, and as LinearizedModel does.
template <class Real>
[[nodiscard]] LinearizedModel linearize_at(const NetworkObjective<Real>& objective, const VectorOf<Real>& theta,
                                           const std::vector<std::uint32_t>& subset = {});

/// Where training stands against the linear theory at one point.
struct LinearStability {
  Estimate eta_mean_square;                   ///< η*(θ, B, rule); relative residual times the value as its error
  Estimate eta_deterministic;                 ///< the noise-free edge of the same curvatures
  double eta_over_threshold = 0;              ///< η/η*
  std::optional<Estimate> noise_kernel_norm;  ///< at η; none at or past the noise-free edge
  double gauss_newton_lambda_max = 0;
};

/// `population` ≥ the samples of the model: batches are drawn from that many, of which the model holds a subsample.
[[nodiscard]] LinearStability linear_stability(const LinearizedModel& model, const UpdateRule& rule,
                                               std::shared_ptr<const BatchLaw> law, Index batch_size, double eta,
                                               Index population);

/// The alignment of the gradient noise at θ with the Gauss–Newton matrix G of the same samples [Wu, Wang & Su 2022]:
/// Σ₁ the covariance of single-sample gradients, μ = tr(Σ₁G)/(2L‖G‖_F²), with L the mean half square or, for other
/// losses, the mean loss. O(n²c²p): all from the Gram matrix of the rows and of the gradients.
template <class Real>
[[nodiscard]] LossAlignment training_alignment(const NetworkObjective<Real>& objective, const VectorOf<Real>& theta,
                                               const std::vector<std::uint32_t>& subset = {});

extern template LinearizedModel linearize_at(const NetworkObjective<float>&, const VectorOf<float>&,
                                             const std::vector<std::uint32_t>&);
extern template LinearizedModel linearize_at(const NetworkObjective<double>&, const VectorOf<double>&,
                                             const std::vector<std::uint32_t>&);
extern template LossAlignment training_alignment(const NetworkObjective<float>&, const VectorOf<float>&,
                                                 const std::vector<std::uint32_t>&);
extern template LossAlignment training_alignment(const NetworkObjective<double>&, const VectorOf<double>&,
                                                 const std::vector<std::uint32_t>&);

}  // namespace brink
