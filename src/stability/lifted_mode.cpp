#include "brink/stability/lifted_mode.hpp"

#include <cmath>
#include <vector>

#include "brink/linalg/small_dense.hpp"

namespace brink {

LiftedMode lifted_mode(const UpdateRule& rule, const Vector& spectrum, double eta, double log_growth,
                       const Matrix& mode) {
  const Index r = spectrum.size();
  const Index k = rule.states();
  // Where the growth is that of one mode without noise, ρI − A⊗A is singular there: a hair above it the solution is the
  // same mode, as large as the hair is small.
  const double rho = std::exp(log_growth) * (1 + 1e-9);
  const Vector b = rule.filter(eta).b;
  Vector source(k * k);
  for (Index i = 0; i < k; ++i) source.segment(i * k, k) = b[i] * b;
  std::vector<Matrix> transitions;
  for (const double curvature : spectrum) transitions.push_back(rule.transition(eta, curvature));

  LiftedMode lifted{Matrix(k * r, k * r), Matrix(k * k, r)};
  Matrix kronecker(k * k, k * k);
  for (Index j = 0; j < r; ++j) {
    for (Index i = j; i < r; ++i) {
      for (Index row = 0; row < k; ++row) {
        for (Index col = 0; col < k; ++col) {
          kronecker.block(row * k, col * k, k, k) =
              -transitions[static_cast<std::size_t>(i)](row, col) * transitions[static_cast<std::size_t>(j)];
        }
      }
      kronecker.diagonal().array() += rho;
      // The response to unit noise, row-major in (state of i, state of j); its first entry is S_xx.
      const Vector response = solve(kronecker, source);
      for (Index row = 0; row < k; ++row) {
        for (Index col = 0; col < k; ++col) {
          const double entry = mode(i, j) * response[row * k + col] / response[0];
          lifted.covariance(row * r + i, col * r + j) = entry;
          lifted.covariance(col * r + j, row * r + i) = entry;
        }
      }
      if (i == j) {
        const Vector adjoint = solve(Matrix(kronecker.transpose()), Vector(Vector::Unit(k * k, 0)));
        lifted.weights.col(i) = adjoint * (mode(i, i) / response[0]);
      }
    }
  }
  lifted.covariance /= lifted.covariance.trace();
  double overlap = 0;
  for (Index i = 0; i < r; ++i) {
    for (Index row = 0; row < k; ++row) {
      for (Index col = 0; col < k; ++col) {
        overlap += lifted.weights(row * k + col, i) * lifted.covariance(row * r + i, col * r + i);
      }
    }
  }
  lifted.weights /= overlap;
  return lifted;
}

}  // namespace brink
