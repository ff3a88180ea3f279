#pragma once
// A random linear dynamical system z⁺ = T z that many replicas follow, docs/theory.md, (2.1): what estimators run on.

#include <cstdint>
#include <memory>
#include <string>

#include "brink/model/linearized_model.hpp"
#include "brink/model/original_problem.hpp"
#include "brink/optimizer/update_rule.hpp"
#include "brink/sampling/batch_law.hpp"

namespace brink {

/// One cell of a simulation: the optimizer, the batches and the seed.
struct Dynamics {
  std::shared_ptr<const UpdateRule> rule;
  std::shared_ptr<const BatchLaw> law;
  Index batch_size = 1;    ///< B, 1 ≤ B ≤ n (any B ≥ 1 for fresh Gaussian rows)
  double eta = 0;          ///< η ≥ 0, finite
  std::uint64_t seed = 0;  ///< key of every random stream of the run
};

/// A block of replicas is a row-major array, one replica a row of state_size() numbers: x first, then the k−1 buffers,
/// all of the same length. The length may exceed the rank (rows are padded with zeros to whole vector registers).
class Engine {
 public:
  virtual ~Engine() = default;

  /// Numbers a replica: k times the (padded) length of x.
  [[nodiscard]] virtual Index state_size() const = 0;

  /// Writes the start of one replica: x a random direction of the state space, unit norm, buffers zero.
  virtual void initialize(std::uint32_t replica, double* state) const = 0;

  /// One step of `count` replicas, whose random streams are numbered first_stream, first_stream+1, … at time `step`.
  /// Thread-safe for disjoint states; no allocation after the first call on a thread.
  virtual void advance(std::uint32_t step, std::uint32_t first_stream, Index count, double* states) const = 0;

  /// ‖z‖² = ‖x‖² + η²‖buffers‖², the buffers being in units of a gradient. Growth rates do not depend on the choice.
  [[nodiscard]] virtual double squared_norm(const double* state) const = 0;

  /// Multiplies the state (its deviation from the minimum) by a factor.
  virtual void scale(double* state, double factor) const = 0;

  /// Orthonormal columns that span the space of x: (padded length of x) × (its dimension).
  [[nodiscard]] virtual Matrix state_basis() const = 0;

  /// "linear", "gaussian" or "direct".
  [[nodiscard]] virtual std::string name() const = 0;
};

/// Trajectories of the linearized model in the eigenbasis of H: finite rows, or fresh Gaussian rows when the law asks.
/// With `with_gradient_noise` the gradients keep the b_k of a minimum that does not interpolate, and the dynamics has a
/// stationary state instead of being homogeneous. Holds its own copy of the rows.
/// Throws InvalidInput for a batch size outside the law's range, a step size that is negative or not finite, Gaussian
/// rows of an indefinite H, or gradient noise together with Gaussian rows.
[[nodiscard]] std::unique_ptr<Engine> make_linear_engine(const LinearizedModel& model, const Dynamics& dynamics,
                                                         bool with_gradient_noise = false);

/// Real SGD on θ with the original loss, data and rows, no eigenbasis. The state is θ − θ*; every step evaluates the
/// original gradients at θ = θ* + x and at θ*, and applies their difference, which removes the noise at a minimum that
/// does not interpolate and is zero-cost in meaning where it does.
[[nodiscard]] std::unique_ptr<Engine> make_direct_engine(std::shared_ptr<const OriginalProblem> problem,
                                                         const Dynamics& dynamics);

}  // namespace brink
