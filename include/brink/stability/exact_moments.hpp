#pragma once
// Growth of the q-th moment wherever it is known exactly, and what follows from it:
//
//   Λ(q) = lim (1/t) ln E‖z_t‖^q,  λ = Λ'(0) = lim (1/t) ln‖z_t‖ almost surely.
//
// Λ is convex with Λ(0) = 0, so Λ(q)/q does not fall with q: what is stable for one moment is stable for every smaller
// one, and almost surely. docs/theory.md, (9.2).

#include <memory>
#include <optional>
#include <string>

#include "brink/base/estimate.hpp"
#include "brink/base/stable_steps.hpp"
#include "brink/model/linearized_model.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/sampling/batch_law.hpp"

namespace brink {

class EvenMoment;
class MomentMethod;
class TransferBasis;

/// α > 0 with Λ(α) = 0: with additive noise E‖x‖^q of the stationary law is finite for q < α only, and P(‖x‖ > s) falls
/// like s^−α [Kesten 1973; Gürbüzbalaban, Şimşekli & Zhu 2021].
struct TailIndex {
  std::optional<Estimate> alpha;
  std::string reason;  ///< why there is none, otherwise empty
};

/// No tail index is looked for beyond this moment.
inline constexpr double kLargestTailIndex = 64;

/// One cell. Which q are covered:
///
/// - every q ≥ 0 (q = 0 standing for λ) without noise; for one parameter under SGD, by enumeration of at most
///   kMostScalarBatches different batch curvatures; and for SGD on fresh Gaussian rows a ~ N(0, λI), any d and B, by
///   quadrature of E[((1−cX)² + c²XY)^{q/2}], X ~ χ²_B and Y ~ χ²_{d−1} independent, c = ηλ/B;
/// - q = 2 always: mean-square theory;
/// - q = 4, 6, 8 where the symmetric tensors are few enough (EvenMoment).
class ExactMoments {
 public:
  static constexpr Index kMostScalarBatches = 2000;

  /// Throws InvalidInput when the law does not draw such a batch. Keeps its own copy of nothing but rule and law: the
  /// model must outlive this.
  ExactMoments(const LinearizedModel& model, std::shared_ptr<const UpdateRule> rule,
               std::shared_ptr<const BatchLaw> law, Index batch_size);
  ~ExactMoments();
  ExactMoments(ExactMoments&&) noexcept;

  /// Why Λ(q) is not known exactly here; empty when it is.
  [[nodiscard]] std::string unavailable(double q) const;

  /// Λ(q) at step size eta ≥ 0, or λ for q = 0; −∞ where every trajectory reaches the minimum in finitely many steps.
  /// Throws InvalidInput for a q < 0 and where unavailable() says so.
  [[nodiscard]] Estimate log_growth(double q, double eta) const;

  /// The step sizes with Λ(q) < 0 (λ < 0 for q = 0). All of them by proof where the dynamics is scalar (but for
  /// intervals around a pole that hold no double); for isotropic Gaussian rows and q ≥ 1, by convexity of η ↦ E‖x⁺‖^q;
  /// for SGD at q = 2. Otherwise the result of a scan, which for q ≥ 1 ends where the noise-free or the mean-square
  /// theory forbids stability.
  [[nodiscard]] StableSteps stable_steps(double q) const;

  /// The tail index at step size eta > 0: none where λ ≥ 0 (nothing settles) or no moment up to kLargestTailIndex
  /// grows. Throws InvalidInput where not every q is covered.
  [[nodiscard]] TailIndex tail_index(double eta) const;

 private:
  [[nodiscard]] const EvenMoment* even_moment(double q) const;
  [[nodiscard]] StableSteps scan_even_moment(double q) const;

  const LinearizedModel* model_;
  std::shared_ptr<const UpdateRule> rule_;
  std::shared_ptr<const BatchLaw> law_;
  Index batch_size_;
  std::unique_ptr<MomentMethod> every_;  ///< covers every q; null where there is none
  std::unique_ptr<TransferBasis> basis_;
  mutable std::unique_ptr<EvenMoment> even_;  ///< the last one used
  mutable int even_order_ = 0;
};

}  // namespace brink
