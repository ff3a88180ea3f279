#pragma once
// Curvature by name, for the record of a training run: every probe is two columns, its value and its error.
//
//   sharpness, sharpness_2, … sharpness_9   the largest eigenvalues of the Hessian       error: residual
//   trace, frobenius                        of the Hessian                                standard error
//   batch_sharpness, batch_sharpness_in     mean of ratios, ratio of means                standard error
//   gradient_noise_interaction, interaction_aware_sharpness                               standard error
//   generalized_batch_sharpness, directional_sharpness   along the step of the optimizer   standard error
//   batch_lambda_max                        mean largest eigenvalue of batch Hessians     standard error
//   eta_over_threshold                      η over the exact mean-square threshold of the Gauss–Newton rows, residual
//   noise_kernel_norm                       of the same rows at η, below 1 where noise stays bounded; infinite at or
//                                           past the noise-free edge                      residual
//   alignment                               μ of the gradient noise                       rounding
//   distance                                ‖θ − θ'‖, θ' given, such as where another run ended    rounding
//
// A value depends on θ, the buffers of the optimizer, the step and the settings alone, never on earlier probes: a run
// that was interrupted records the same numbers, and reading a probe changes nothing.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "brink/curvature/batch_curvature.hpp"
#include "brink/optimizer/update_rule.hpp"

namespace brink {

struct CurvatureProbeSettings {
  std::vector<std::string> names;
  BatchProbeOptions batches;  ///< law, batch size, accuracy, seed and threads; the step is overwritten
  /// Of eta_over_threshold, noise_kernel_norm and of what is measured along the step; null where the optimizer is no
  /// linear filter.
  std::shared_ptr<const UpdateRule> rule;
  double eta = 0;                      ///< of the same
  Index largest_linearization = 4000;  ///< rows n·c that probes may decompose
  Vector reference;                    ///< θ' of distance; empty: none
};

/// All names, in the order above.
[[nodiscard]] const std::vector<std::string>& curvature_probe_names();

template <class Real>
class CurvatureProbes {
 public:
  /// Keeps a reference to the objective. Throws InvalidInput for an unknown name (with the names known), for one that
  /// the objective or the optimizer cannot give, and for settings out of range.
  CurvatureProbes(const Objective<Real>& objective, CurvatureProbeSettings settings);

  /// "sharpness", "sharpness_error", …: two a name, in the order of the settings.
  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }

  /// The values of all columns at θ, with the buffers of the rule before the next step (null: zeros). Throws
  /// InvalidInput, which names the probe, where one has no value (a batch sharpness without gradients, say).
  [[nodiscard]] std::vector<double> measure(Index step, const VectorOf<Real>& theta,
                                            const VectorOf<Real>* buffers = nullptr) const;

 private:
  const Objective<Real>* objective_;
  CurvatureProbeSettings settings_;
  std::vector<std::string> columns_;
};

extern template class CurvatureProbes<float>;
extern template class CurvatureProbes<double>;

}  // namespace brink
