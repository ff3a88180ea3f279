#include "brink/simulation/lyapunov_spectrum.hpp"

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/base/parallel.hpp"

namespace brink {
namespace {

/// Gram–Schmidt, twice for columns that nearly depend on each other; returns the length that each column adds. A column
/// of no length stays zero.
Vector orthonormalize(Matrix& q) {
  Vector lengths(q.cols());
  for (Index j = 0; j < q.cols(); ++j) {
    for (int pass = 0; pass < 2; ++pass) {
      for (Index i = 0; i < j; ++i) q.col(j) -= q.col(i).dot(q.col(j)) * q.col(i);
    }
    lengths[j] = q.col(j).norm();
    if (lengths[j] > 0) q.col(j) /= lengths[j];
  }
  return lengths;
}

/// One exponent a column of the state space, for one replica.
Vector exponents_of(const Engine& engine, std::uint32_t replica, const SimulationOptions& options,
                    const Monitor& monitor) {
  const Matrix basis = engine.state_basis();
  const Index length = basis.rows();
  const Index rank = basis.cols();
  const Index states = engine.state_size() / length;
  const Index size = states * rank;
  Matrix q = Matrix::Identity(size, size);
  Vector total = Vector::Zero(size);
  RowMatrix moved(size, engine.state_size());
  for (Index step = 0; step < options.burn_in + options.steps; ++step) {
    if (step % 256 == 0) monitor.check();
    for (Index s = 0; s < states; ++s) {
      moved.middleCols(s * length, length).noalias() = (basis * q.middleRows(s * rank, rank)).transpose();
    }
    // The same stream at every call: all columns see the same batch.
    for (Index i = 0; i < size; ++i) engine.advance(static_cast<std::uint32_t>(step), replica, 1, moved.row(i).data());
    for (Index s = 0; s < states; ++s) {
      q.middleRows(s * rank, rank).noalias() = basis.transpose() * moved.middleCols(s * length, length).transpose();
    }
    const Vector stretch = orthonormalize(q);
    if (step >= options.burn_in) total.array() += stretch.array().log();
  }
  return total / static_cast<double>(options.steps);
}

Estimate exponent_of(const Vector& values) {
  Estimate estimate;
  estimate.kind = ErrorKind::standard_error;
  estimate.method = "orthonormalization along trajectories";
  estimate.value = values.mean();
  const auto count = static_cast<double>(values.size());
  if (std::isfinite(estimate.value)) {
    estimate.error = std::sqrt((values.array() - estimate.value).square().sum() / (count * (count - 1)));
  } else {
    estimate.warnings.emplace_back("a step annihilated a direction: the exponent is minus infinity");
  }
  return estimate;
}

}  // namespace

LyapunovSpectrum lyapunov_spectrum(const Engine& engine, const SimulationOptions& options, const Monitor& monitor) {
  check_argument(options.replicas >= 2, "lyapunov_spectrum", "replicas", options.replicas, "an integer >= 2");
  check_argument(options.steps >= 1, "lyapunov_spectrum", "steps", options.steps, "an integer >= 1");
  check_argument(options.burn_in >= 0, "lyapunov_spectrum", "burn_in", options.burn_in, "an integer >= 0");
  std::vector<Vector> replicas(static_cast<std::size_t>(options.replicas));
  parallel_for(options.replicas, options.threads, [&](std::int64_t i) {
    replicas[static_cast<std::size_t>(i)] = exponents_of(engine, static_cast<std::uint32_t>(i), options, monitor);
  });
  LyapunovSpectrum result;
  Vector values(options.replicas);
  for (Index j = 0; j < replicas.front().size(); ++j) {
    for (Index i = 0; i < options.replicas; ++i) values[i] = replicas[static_cast<std::size_t>(i)][j];
    result.exponents.push_back(exponent_of(values));
  }
  for (Index i = 0; i < options.replicas; ++i) values[i] = replicas[static_cast<std::size_t>(i)].sum();
  result.sum = exponent_of(values);
  return result;
}

}  // namespace brink
