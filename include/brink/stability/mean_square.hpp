#pragma once
// Exact mean-square stability of SGD with any linear update rule and any batch law.
//
// The second moment E z zᵀ of the linearized dynamics evolves linearly. Its growth factor per step is ρ(η); the model
// is mean-square stable where ρ < 1, and the mean-square threshold η* is where ρ first reaches 1.

#include <vector>

#include "brink/linalg/matrix.hpp"
#include "brink/model/linearized_model.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/sampling/batch_law.hpp"
#include "brink/stability/transfer_basis.hpp"

namespace brink {

struct MeanSquareThreshold {
  double eta = 0;                ///< η*, the mean-square threshold
  double residual = 0;           ///< a-posteriori bound on the error of eta, relative
  double eta_deterministic = 0;  ///< the noise-free edge (gradient descent, same rule)
  std::string method;            ///< how eta was found
  Matrix critical_mode;       ///< X ⪰ 0 (r × r, trace 1, eigenbasis): covariance of x at the threshold, up to scale;
                              ///< empty when the threshold is the noise-free edge
  RowMatrix critical_blocks;  ///< A_k X A_kᵀ (n·c × c) where the method knows them, else empty
  Index products = 0;         ///< products with the noise operator spent in double precision
  std::vector<std::string> warnings;
};

/// The mean-square threshold by the transfer form (any rule): docs/theory.md, (4.4) at ρ = 1, and (4.9) for fresh
/// Gaussian rows. `basis` (may be null) carries what earlier calls on the same model learned: later thresholds then
/// cost one or two products. A model whose Hessian has an eigenvalue ≤ 0 that weight decay does not lift is unstable at
/// every step size: eta is 0, with a warning. batch_size in 1…n (any ≥ 1 for a model without finite samples). O(n c r²)
/// a product. Throws InvalidInput for a bad batch size, NotConverged when the iteration fails.
[[nodiscard]] MeanSquareThreshold mean_square_threshold(const LinearizedModel& model, const UpdateRule& rule,
                                                        const BatchLaw& law, Index batch_size,
                                                        TransferBasis* basis = nullptr);

struct MeanSquareGrowth {
  double log_growth = 0;  ///< ln ρ, per step, of the second moment
  double residual = 0;    ///< a-posteriori bound on the error of log_growth
  bool stable = false;    ///< log_growth < 0
  Matrix mode;            ///< covariance of x in the leading mode (r × r, trace 1, eigenbasis)
  std::string method;
  Index products = 0;
  std::vector<std::string> warnings;
};

/// ln of the growth factor of E‖z‖² per step at step size eta ≥ 0, above or below the threshold: docs/theory.md, (4.4)
/// solved for ρ.
[[nodiscard]] MeanSquareGrowth mean_square_growth(const LinearizedModel& model, const UpdateRule& rule,
                                                  const BatchLaw& law, Index batch_size, double eta,
                                                  TransferBasis* basis = nullptr);

/// λ_max(M(ρ=1)) at step size eta, docs/theory.md, (4.4): the noise-kernel norm of [Agarwala & Pennington 2024], below
/// 1 exactly where the model is mean-square stable. eta must lie below the noise-free edge.
[[nodiscard]] double noise_kernel_norm(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                       Index batch_size, double eta, TransferBasis* basis = nullptr);

}  // namespace brink
