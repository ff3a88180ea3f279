#include "brink/stability/rank_one_maximum.hpp"

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {
namespace {

constexpr Index kRandomStarts = 16;
constexpr Index kRowStarts = 12;
constexpr Index kEigenvectorStarts = 4;
constexpr int kIterations = 500;
constexpr double kGradient = 1e-9;  ///< stop at this gradient relative to f: f is then right to its square
constexpr double kSame = 1e-8;

/// f on the sphere of the first m coordinates of the eigenbasis.
class Quotient {
 public:
  Quotient(const NoiseOperator& noise, Index m)
      : rows_(noise.model().samples().rows.leftCols(m)),
        signs_(noise.model().samples().signs),
        samples_(noise.model().samples().samples),
        outputs_(noise.model().samples().outputs),
        lambda_(noise.model().spectrum().head(m)),
        p1_(noise.p1()),
        mean_part_(1 - noise.p2()) {}

  [[nodiscard]] Index dimension() const { return lambda_.size(); }
  [[nodiscard]] const RowMatrix& rows() const { return rows_; }
  [[nodiscard]] Vector image(const Vector& v) const { return rows_ * v; }

  /// f and its gradient on the sphere at the unit vector v with image Gv.
  double value_and_gradient(const Vector& v, const Vector& image, Vector& gradient) const {
    const Vector curvatures = sample_sums(image, image);
    const double mean = lambda_.dot(v.cwiseAbs2());
    const double square = curvatures.squaredNorm() / static_cast<double>(samples_);
    const double f = mean_part_ * mean + p1_ * square / mean;
    Vector weighted = image;
    for (Index row = 0; row < weighted.size(); ++row) weighted[row] *= sign(row) * curvatures[row / outputs_];
    gradient = (4 * p1_ / (mean * static_cast<double>(samples_))) * (rows_.transpose() * weighted);
    gradient += 2 * (mean_part_ - p1_ * square / (mean * mean)) * lambda_.cwiseProduct(v);
    gradient -= v.dot(gradient) * v;
    return f;
  }

  /// The angle t in (−π/2, π/2] that maximizes f(v cos t + d sin t), v ⟂ d unit vectors. Every curvature is α + β cos
  /// 2t
  /// + γ sin 2t along the circle, so six sums over the samples make f a function of t that costs O(1).
  double best_angle(const Vector& v, const Vector& v_image, const Vector& d, const Vector& d_image) const {
    const Vector at_v = sample_sums(v_image, v_image);
    const Vector at_d = sample_sums(d_image, d_image);
    const Vector mixed = sample_sums(v_image, d_image);
    Eigen::Matrix<double, Eigen::Dynamic, 3> parts(samples_, 3);
    parts.col(0) = 0.5 * (at_v + at_d);
    parts.col(1) = 0.5 * (at_v - at_d);
    parts.col(2) = mixed;
    const Eigen::Matrix3d gram = parts.transpose() * parts / static_cast<double>(samples_);
    const double mean_v = lambda_.dot(v.cwiseAbs2());
    const double mean_d = lambda_.dot(d.cwiseAbs2());
    const double mean_mixed = (lambda_.array() * v.array() * d.array()).sum();
    const auto minus_f = [&](double t) {
      const Eigen::Vector3d harmonic(1, std::cos(2 * t), std::sin(2 * t));
      const double mean = 0.5 * (mean_v + mean_d) + 0.5 * (mean_v - mean_d) * harmonic[1] + mean_mixed * harmonic[2];
      return -(mean_part_ * mean + p1_ * harmonic.dot(gram * harmonic) / mean);
    };
    constexpr int kGrid = 64;
    constexpr double kStep = std::numbers::pi / kGrid;
    double best = 0;
    double best_value = minus_f(0);
    for (int i = 1 - kGrid / 2; i <= kGrid / 2; ++i) {
      const double value = minus_f(i * kStep);
      if (value < best_value) {
        best_value = value;
        best = i * kStep;
      }
    }
    return boost::math::tools::brent_find_minima(minus_f, best - kStep, best + kStep, 40).first;
  }

 private:
  [[nodiscard]] double sign(Index row) const { return signs_.size() == 0 ? 1.0 : signs_[row]; }

  /// Σ over the outputs of every sample of sign · a · b.
  [[nodiscard]] Vector sample_sums(const Vector& a, const Vector& b) const {
    Vector sums = Vector::Zero(samples_);
    for (Index row = 0; row < a.size(); ++row) sums[row / outputs_] += sign(row) * a[row] * b[row];
    return sums;
  }

  RowMatrix rows_;
  const Vector& signs_;
  Index samples_;
  Index outputs_;
  Vector lambda_;
  double p1_;
  double mean_part_;
};

struct LocalMaximum {
  double value = 0;
  double error = 0;
  Vector direction;
};

/// Conjugate gradients (Polak–Ribière, restarted when it would descend) on the sphere.
LocalMaximum climb(const Quotient& f, Vector v) {
  v.normalize();
  Vector image = f.image(v);
  Vector gradient;
  Vector previous_gradient;
  Vector direction;
  LocalMaximum result;
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    result.value = f.value_and_gradient(v, image, gradient);
    result.error = gradient.squaredNorm() / (result.value * result.value);
    if (result.error < kGradient * kGradient) break;
    if (iteration == 0) {
      direction = gradient;
    } else {
      const double beta = gradient.dot(gradient - previous_gradient) / previous_gradient.squaredNorm();
      direction = gradient + std::max(beta, 0.0) * direction;
      direction -= v.dot(direction) * v;
      if (direction.dot(gradient) <= 0) direction = gradient;
    }
    const Vector unit = direction.normalized();
    const Vector unit_image = f.image(unit);
    const double t = f.best_angle(v, image, unit, unit_image);
    const Vector tangent = std::cos(t) * unit - std::sin(t) * v;
    v = (std::cos(t) * v + std::sin(t) * unit).normalized();
    // The image follows by the same rotation; a fresh product now and then keeps rounding from piling up.
    image = iteration % 16 == 15 ? f.image(v) : Vector(std::cos(t) * image + std::sin(t) * unit_image);
    direction = direction.norm() * tangent;
    previous_gradient = gradient;
  }
  result.direction = std::move(v);
  return result;
}

std::vector<Vector> starting_directions(const NoiseOperator& noise, const Quotient& f) {
  const Index m = f.dimension();
  std::vector<Vector> starts;
  for (Index i = 0; i < std::min(kEigenvectorStarts, m); ++i) starts.push_back(Vector::Unit(m, i));
  Matrix second_moment = noise.of_diagonal(Vector::Ones(noise.model().rank()));
  second_moment.diagonal() += noise.model().spectrum().cwiseAbs2();
  const SymmetricEigen eigen = symmetric_eigen(second_moment.topLeftCorner(m, m));
  for (Index i = 0; i < std::min(kEigenvectorStarts, m); ++i) starts.emplace_back(eigen.vectors.col(i));

  const Vector lengths = f.rows().rowwise().squaredNorm();
  std::vector<Index> order(static_cast<std::size_t>(lengths.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return lengths[a] > lengths[b]; });
  for (const Index row : order) {
    if (lengths[row] == 0 || starts.size() >= 2 * kEigenvectorStarts + kRowStarts) break;
    starts.emplace_back(f.rows().row(row).transpose());
  }
  for (Index i = 0; i < kRandomStarts; ++i) {
    Philox random(0, Purpose::eigen_solver, static_cast<std::uint32_t>(i), 0);
    starts.emplace_back(Vector::NullaryExpr(m, [&random](Index) { return random.normal(); }));
  }
  return starts;
}

}  // namespace

double rank_one_quotient(const NoiseOperator& noise, const Vector& v) {
  const double mean = noise.model().spectrum().dot(v.cwiseAbs2());
  return ((1 - noise.p2()) * mean + noise.p1() * noise.mean_squared_curvature(v) / mean) / v.squaredNorm();
}

RankOneMaximum rank_one_maximum(const NoiseOperator& noise, Index leading) {
  RankOneMaximum result;
  if (!noise.has_samples()) {
    // f = (1 − p2 + 3 p1) vᵀHv: the top eigenvector, without a search.
    result.direction = Vector::Unit(leading, 0);
    result.value = (1 - noise.p2() + 3 * noise.p1()) * noise.model().lambda_max();
    result.starts = result.starts_at_maximum = 1;
    return result;
  }
  const Quotient f(noise, leading);
  std::vector<double> values;
  for (const auto& start : starting_directions(noise, f)) {
    LocalMaximum found = climb(f, start);
    values.push_back(found.value);
    if (found.value > result.value) {
      result.value = found.value;
      result.error = found.error;
      result.direction = std::move(found.direction);
    }
  }
  result.starts = static_cast<Index>(values.size());
  result.starts_at_maximum =
      std::count_if(values.begin(), values.end(), [&](double value) { return value > result.value * (1 - kSame); });
  return result;
}

}  // namespace brink
