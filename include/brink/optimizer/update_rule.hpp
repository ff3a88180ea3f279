#pragma once
// Update rules of stochastic gradient descent as linear filters. docs/theory.md, (2.1) and (2.2).
//
// On a quadratic with Hessian eigenvalue λ, the state z = (x, m) of one mode obeys
//
//     z⁺ = A(λ) z + b ξ,        A(λ) = A₀ + λ b e₁ᵀ,
//
// because the optimizer sees the gradient g = λx + ξ only as one input: the deterministic part and the gradient noise ξ
// enter through the same b. So a rule is the pair (A₀, b), and everything stability theory needs follows from it. The
// same object performs the real update used in simulation and training; tests hold the two against each other.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink {

/// Hyper-parameters apart from the step size. A rule reads those it has; sgd refuses momentum other than 0.
struct RuleParameters {
  double momentum = 0;      ///< β, in (−1, 1)
  double nu = 0.7;          ///< ν of quasi-hyperbolic momentum, in [0, 1]
  double dampening = 0;     ///< τ of dampened momentum, in [0, 1)
  double weight_decay = 0;  ///< κ ≥ 0: the gradient g becomes g + κx
};

/// (A₀, b) at one step size: A₀ is k × k, b has length k; the first state is the parameter x itself.
struct Filter {
  Matrix a0;
  Vector b;
};

class UpdateRule {
 public:
  virtual ~UpdateRule() = default;

  /// The name used on the command line and in results, e.g. "heavy-ball".
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// k, the number of states per mode: the parameter and k−1 buffers.
  [[nodiscard]] virtual Index states() const = 0;

  /// (A₀, b) at step size eta.
  [[nodiscard]] virtual Filter filter(double eta) const = 0;

  [[nodiscard]] double momentum() const { return parameters_.momentum; }
  [[nodiscard]] double weight_decay() const { return parameters_.weight_decay; }
  [[nodiscard]] const RuleParameters& parameters() const { return parameters_; }

  /// A(λ) = A₀ + (λ + κ) b e₁ᵀ with weight decay κ.
  [[nodiscard]] Matrix transition(double eta, double curvature) const;

  /// One real update: x (size numbers) and buffers ((k−1)·size numbers, zero at the start) move by the gradient g (size
  /// numbers; overwritten by g + κx when there is weight decay). No allocation.
  void step(double eta, double* gradient, double* x, double* buffers, Index size) const {
    if (parameters_.weight_decay != 0) {
      for (Index i = 0; i < size; ++i) gradient[i] += parameters_.weight_decay * x[i];
    }
    apply(eta, gradient, x, buffers, size);
  }

  /// The largest s = ηλ such that every curvature in (0, s) is stable without noise: the noise-free edge. Infinite when
  /// there is none, 0 when small curvatures are already unstable. Computed from A alone, for any rule.
  [[nodiscard]] double deterministic_edge() const;

 protected:
  explicit UpdateRule(const RuleParameters& parameters) : parameters_(parameters) {}

 private:
  /// The update itself, without weight decay.
  virtual void apply(double eta, const double* gradient, double* x, double* buffers, Index size) const = 0;

  RuleParameters parameters_;
};

/// The rule called `name` ("sgd", "heavy-ball", "nesterov", "ema", "qhm", "dampened", or one registered later).
/// Throws InvalidInput for an unknown name or a parameter outside its range.
[[nodiscard]] std::unique_ptr<UpdateRule> make_update_rule(std::string_view name, const RuleParameters& parameters);

using UpdateRuleFactory = std::unique_ptr<UpdateRule> (*)(const RuleParameters&);

/// Adds a rule under a new name: the one registration line of an extension. Not safe while other threads make rules.
void register_update_rule(std::string name, UpdateRuleFactory factory);

/// All names known, in order of registration.
[[nodiscard]] std::vector<std::string> update_rule_names();

}  // namespace brink
