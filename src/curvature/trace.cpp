#include "brink/curvature/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {
namespace {

/// ±1 with equal probability.
Vector signs(Index dimension, std::uint64_t seed, std::uint32_t number) {
  Philox random(seed, Purpose::probe, number, 0);
  Vector z(dimension);
  for (Index i = 0; i < dimension; ++i) z[i] = (random.next32() & 1U) != 0 ? 1 : -1;
  return z;
}

/// Orthonormal columns that span those of `a` beyond rounding, by Gram–Schmidt done twice.
Matrix orthonormal(const Matrix& a) {
  Matrix q(a.rows(), 0);
  if (a.cols() == 0) return q;
  const double scale = a.colwise().norm().maxCoeff();
  for (Index j = 0; j < a.cols(); ++j) {
    Vector v = a.col(j);
    for (int pass = 0; pass < 2; ++pass) v -= q * (q.transpose() * v);
    const double norm = v.norm();
    if (!(norm > 1e-10 * scale)) continue;
    q.conservativeResize(Eigen::NoChange, q.cols() + 1);
    q.col(q.cols() - 1) = v / norm;
  }
  return q;
}

/// Mean and its standard error, updated value by value [Welford 1962].
class Running {
 public:
  void add(double value) {
    ++count_;
    const double before = value - mean_;
    mean_ += before / static_cast<double>(count_);
    squares_ += before * (value - mean_);
  }
  [[nodiscard]] double mean() const { return mean_; }
  [[nodiscard]] double standard_error() const {
    if (count_ < 2) return std::numeric_limits<double>::infinity();
    return std::sqrt(squares_ / static_cast<double>(count_ - 1) / static_cast<double>(count_));
  }

 private:
  Index count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

void check(const SymmetricOperator& op, const TraceOptions& options) {
  check_argument(op.dimension >= 1, "trace_and_norm", "dimension", op.dimension, "an integer >= 1");
  check_argument(options.sketch >= 0, "trace_and_norm", "sketch", options.sketch, "an integer >= 0");
  check_argument(options.relative_error > 0, "trace_and_norm", "relative_error", options.relative_error,
                 "a number > 0");
  check_argument(options.min_probes >= 2, "trace_and_norm", "min_probes", options.min_probes, "an integer >= 2");
  check_argument(options.max_probes >= options.min_probes, "trace_and_norm", "max_probes", options.max_probes,
                 fmt::format("an integer >= {}, min_probes", options.min_probes));
}

}  // namespace

TraceAndNorm trace_and_norm(const SymmetricOperator& op, const TraceOptions& options) {
  check(op, options);
  TraceAndNorm result;
  const auto product = [&](const Vector& x) {
    Vector y(op.dimension);
    op.apply(x, y);
    check_argument(y.allFinite(), "trace_and_norm", "operator product", "not finite", "finite numbers");
    ++result.products;
    return y;
  };

  const Index sketch = std::min(options.sketch, op.dimension);
  std::uint32_t stream = 0;
  Matrix images(op.dimension, sketch);
  for (Index j = 0; j < sketch; ++j) images.col(j) = product(signs(op.dimension, options.seed, stream++));
  const Matrix q = orthonormal(images);
  double exact_trace = 0;
  double exact_squares = 0;
  for (Index j = 0; j < q.cols(); ++j) {
    const Vector image = product(q.col(j));
    exact_trace += q.col(j).dot(image);
    exact_squares += image.squaredNorm();
  }

  Running trace;
  Running squares;
  double norm = 0;
  double norm_error = 0;
  bool reached = false;
  const bool complete = q.cols() == op.dimension;  // nothing is left to estimate
  for (Index probe = 0; probe < options.max_probes && !complete && !reached; ++probe) {
    Vector z = signs(op.dimension, options.seed, stream++);
    z -= q * (q.transpose() * z);
    const Vector image = product(z);
    trace.add(z.dot(image));
    squares.add(image.squaredNorm());
    norm = std::sqrt(exact_squares + squares.mean());
    norm_error = norm > 0 ? squares.standard_error() / (2 * norm) : 0;
    reached = probe + 1 >= options.min_probes &&
              trace.standard_error() <= options.relative_error * std::abs(exact_trace + trace.mean()) &&
              norm_error <= options.relative_error * norm;
  }
  if (complete) norm = std::sqrt(exact_squares);
  const double rounding = static_cast<double>(op.dimension) * std::numeric_limits<double>::epsilon() * norm;
  const char* method = sketch > 0 ? "Hutch++" : "Hutchinson";
  result.trace = {exact_trace + trace.mean(),
                  complete ? rounding : std::hypot(trace.standard_error(), rounding),
                  complete ? ErrorKind::residual : ErrorKind::standard_error,
                  method,
                  {}};
  result.frobenius = {norm,
                      complete ? rounding : std::hypot(norm_error, rounding),
                      complete ? ErrorKind::residual : ErrorKind::standard_error,
                      method,
                      {}};
  for (Estimate* estimate : {&result.trace, &result.frobenius}) {
    if (complete || estimate->error <= 1.01 * options.relative_error * std::abs(estimate->value) + rounding) continue;
    estimate->warnings.push_back(fmt::format("standard error above {} of the value after {} vectors",
                                             options.relative_error, options.max_probes));
  }
  return result;
}

}  // namespace brink
