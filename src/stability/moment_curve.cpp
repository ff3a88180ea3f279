#include "brink/stability/moment_curve.hpp"

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/linalg/packed_symmetric.hpp"
#include "brink/stability/noise_operator.hpp"

namespace brink {
namespace {

/// Z as k × k blocks of r × r matrices: the covariance of state a of every mode with state b of every mode.
class StateCovariance {
 public:
  StateCovariance(const UpdateRule& rule, const Vector& spectrum, double eta)
      : states_(rule.states()), input_(rule.filter(eta).b) {
    const Index r = spectrum.size();
    blocks_.assign(static_cast<std::size_t>(states_ * states_), Matrix::Zero(r, r));
    rows_.assign(blocks_.size(), Vector(r));
    for (Index i = 0; i < r; ++i) {
      const Matrix transition = rule.transition(eta, spectrum[i]);
      for (Index a = 0; a < states_; ++a)
        for (Index c = 0; c < states_; ++c) rows_[number(a, c)][i] = transition(a, c);
    }
    next_ = blocks_;
  }

  Matrix& positions() { return blocks_.front(); }

  void step(const Matrix& noise) {
    for (Index a = 0; a < states_; ++a) {
      for (Index b = 0; b < states_; ++b) {
        Matrix& out = next_[number(a, b)];
        out = (input_[a] * input_[b]) * noise;
        for (Index c = 0; c < states_; ++c)
          for (Index d = 0; d < states_; ++d)
            out += rows_[number(a, c)].asDiagonal() * blocks_[number(c, d)] * rows_[number(b, d)].asDiagonal();
      }
    }
    blocks_.swap(next_);
  }

 private:
  [[nodiscard]] std::size_t number(Index a, Index b) const { return static_cast<std::size_t>(a * states_ + b); }

  Index states_;
  Vector input_;
  std::vector<Vector> rows_;  // entry (a, c) of A(λ_i), over the modes i
  std::vector<Matrix> blocks_;
  std::vector<Matrix> next_;
};

}  // namespace

std::vector<double> expected_loss_curve(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                        Index batch_size, double eta, Index steps) {
  constexpr const char* here = "expected_loss_curve";
  const Vector& lambda = model.spectrum();
  check_argument(std::isfinite(eta) && eta >= 0, here, "eta", eta, "a finite number >= 0");
  check_argument(steps >= 0, here, "steps", steps, "an integer >= 0");
  check_argument(lambda.sum() > 0, here, "trace of the Hessian", lambda.sum(), "a number > 0");
  const NoiseOperator noise(model, law, batch_size);
  StateCovariance covariance(rule, lambda, eta);
  covariance.positions().diagonal().setConstant(2 / lambda.sum());
  std::vector<double> losses = {1};
  Matrix added;
  for (Index t = 1; t <= steps; ++t) {
    const Matrix& x = covariance.positions();
    noise.mean_product(x, added);
    mirror_lower(added);
    added = noise.p1() * added - noise.p2() * (lambda.asDiagonal() * x * lambda.asDiagonal()).eval();
    covariance.step(added);
    losses.push_back(0.5 * lambda.dot(covariance.positions().diagonal()));
    if (!std::isfinite(losses.back()))
      throw NotConverged("expected_loss_curve: the loss leaves the range of numbers at step " + std::to_string(t) +
                         "; use fewer steps or a smaller step size");
  }
  return losses;
}

}  // namespace brink
