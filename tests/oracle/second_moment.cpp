#include "oracle/second_moment.hpp"

#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

namespace oracle {

namespace {

Matrix unstack(const Vector& stacked, Eigen::Index size) {
  Matrix out(size, size);
  for (Eigen::Index j = 0; j < size; ++j) out.col(j) = stacked.segment(j * size, size);
  return out;
}

Vector stack(const Matrix& a) {
  Vector out(a.size());
  for (Eigen::Index j = 0; j < a.cols(); ++j) out.segment(j * a.rows(), a.rows()) = a.col(j);
  return out;
}

/// T is affine in the Hessian: what one more unit of Hessian adds to it.
Matrix linear_part(const Recursion& rule, double eta, const Matrix& hessian) {
  return lifted_map(rule, eta, hessian) - lifted_map(rule, eta, Matrix::Zero(hessian.rows(), hessian.cols()));
}

const Matrix& cached_symmetric_basis(int m) {
  static std::map<int, Matrix> cache;
  auto& basis = cache[m];
  if (basis.size() == 0) basis = symmetric_basis(m);
  return basis;
}

Matrix on_symmetric(const Matrix& second_moment) {
  const Matrix& basis = cached_symmetric_basis(static_cast<int>(std::lround(std::sqrt(second_moment.rows()))));
  return basis.transpose() * (second_moment * basis);
}

}  // namespace

Matrix mean(const std::vector<Matrix>& matrices) {
  Matrix sum = Matrix::Zero(matrices.front().rows(), matrices.front().cols());
  for (const auto& matrix : matrices) sum += matrix;
  return sum / static_cast<double>(matrices.size());
}

Matrix second_moment(const std::vector<Matrix>& hessians, const std::vector<Batch>& batches, int batch_size,
                     const Recursion& rule, double eta) {
  Matrix sum;
  for (const auto& batch : batches) {
    const Matrix map = lifted_map(rule, eta, batch_mean(batch, batch_size, hessians));
    const Matrix term = batch.probability * kronecker(map, map);
    if (sum.size() == 0)
      sum = term;
    else
      sum += term;
  }
  return sum;
}

Matrix second_moment_by_coefficients(const std::vector<Matrix>& hessians, double p1, double p2, const Recursion& rule,
                                     double eta) {
  const Matrix h = mean(hessians);
  const Matrix map = lifted_map(rule, eta, h);
  const Matrix of_mean = linear_part(rule, eta, h);
  Matrix sum = kronecker(map, map) - p2 * kronecker(of_mean, of_mean);
  for (const auto& hessian : hessians) {
    const Matrix part = linear_part(rule, eta, hessian);
    sum += p1 / static_cast<double>(hessians.size()) * kronecker(part, part);
  }
  return sum;
}

Matrix second_moment_gaussian(const Matrix& hessian, int batch_size, const Recursion& rule, double eta) {
  const auto d = hessian.rows();
  const Matrix map = lifted_map(rule, eta, hessian);
  Matrix sum = kronecker(map, map);
  std::vector<Matrix> unit;
  for (Eigen::Index i = 0; i < d; ++i)
    for (Eigen::Index j = 0; j < d; ++j) {
      Matrix one = Matrix::Zero(d, d);
      one(i, j) = 1;
      unit.push_back(linear_part(rule, eta, one));
    }
  for (Eigen::Index i = 0; i < d; ++i)
    for (Eigen::Index j = 0; j < d; ++j)
      for (Eigen::Index k = 0; k < d; ++k)
        for (Eigen::Index l = 0; l < d; ++l) {
          const double covariance = (hessian(i, k) * hessian(j, l) + hessian(i, l) * hessian(j, k)) / batch_size;
          if (covariance != 0)
            sum += covariance *
                   kronecker(unit[static_cast<std::size_t>(i * d + j)], unit[static_cast<std::size_t>(k * d + l)]);
        }
  return sum;
}

SecondMoment second_moment_of(std::string_view law, const std::vector<Matrix>& hessians, int batch_size,
                              const Recursion& rule) {
  if (law == "gaussian") {
    return [=, h = mean(hessians)](double eta) { return second_moment_gaussian(h, batch_size, rule, eta); };
  }
  return [=, batches = all_batches(law, static_cast<int>(hessians.size()), batch_size)](double eta) {
    return second_moment(hessians, batches, batch_size, rule, eta);
  };
}

double log_growth(const Matrix& second_moment) { return std::log(spectral_radius(on_symmetric(second_moment))); }

double threshold(const SecondMoment& moment, double smallest) {
  const auto growth = [&](double eta) { return log_growth(moment(eta)); };
  double low = smallest;
  double at_low = growth(low);
  if (at_low >= 0) return 0;
  for (int i = 0; i < 400; ++i) {
    const double high = low * 1.2;
    const double at_high = growth(high);
    if (at_high >= 0) {
      std::uintmax_t iterations = 100;
      const auto bracket = boost::math::tools::toms748_solve(growth, low, high, at_low, at_high,
                                                             boost::math::tools::eps_tolerance<double>(50), iterations);
      return 0.5 * (bracket.first + bracket.second);
    }
    low = high;
    at_low = at_high;
  }
  throw std::runtime_error("oracle::threshold: no crossing found");
}

Matrix leading_covariance(const Matrix& second_moment, int d) {
  const auto size = static_cast<Eigen::Index>(std::lround(std::sqrt(second_moment.rows())));
  Matrix state = Matrix::Identity(size, size);
  // Inverse iteration at a point just above the leading eigenvalue, which is real and positive [Krein & Rutman 1948].
  const double radius = std::exp(log_growth(second_moment));
  Matrix shifted = -second_moment;
  shifted.diagonal().array() += radius * (1 + 1e-9);
  for (int i = 0; i < 6; ++i) {
    state = unstack(solve(shifted, stack(state)), size);
    state /= state.trace();
  }
  const Matrix block = state.topLeftCorner(d, d);
  return block / block.trace();
}

Matrix response(const Matrix& mean_hessian, const Recursion& rule, double eta, const Matrix& gradient_covariance) {
  const auto d = mean_hessian.rows();
  const Matrix map = lifted_map(rule, eta, mean_hessian);
  Matrix input(map.rows(), d);
  for (Eigen::Index i = 0; i < d; ++i) input.col(i) = lifted_input(rule, eta, Vector::Unit(d, i));
  Matrix system = -kronecker(map, map);
  system.diagonal().array() += 1;
  const Matrix noise = input * gradient_covariance * input.transpose();
  return unstack(solve(system, stack(noise)), map.rows()).topLeftCorner(d, d);
}

Matrix gradient_covariance(const std::vector<Matrix>& hessians, const std::vector<Batch>& batches, int batch_size,
                           const Matrix& x) {
  const Matrix h = mean(hessians);
  Matrix sum = Matrix::Zero(h.rows(), h.cols());
  for (const auto& batch : batches) {
    const Matrix delta = batch_mean(batch, batch_size, hessians) - h;
    sum += batch.probability * (delta * x * delta);
  }
  return sum;
}

Matrix gaussian_gradient_covariance(const Matrix& hessian, int batch_size, const Matrix& x) {
  const auto d = hessian.rows();
  Matrix sum = Matrix::Zero(d, d);
  for (Eigen::Index i = 0; i < d; ++i)
    for (Eigen::Index j = 0; j < d; ++j)
      for (Eigen::Index k = 0; k < d; ++k)
        for (Eigen::Index l = 0; l < d; ++l)
          sum(i, l) += x(j, k) * (hessian(i, k) * hessian(j, l) + hessian(i, l) * hessian(j, k)) / batch_size;
  return sum;
}

Matrix stationary_covariance(const std::vector<Matrix>& hessians, const Matrix& gradients,
                             const std::vector<Batch>& batches, int batch_size, const Recursion& rule, double eta) {
  std::vector<Matrix> columns;
  for (Eigen::Index k = 0; k < gradients.rows(); ++k) columns.emplace_back(gradients.row(k).transpose());
  Matrix system = -second_moment(hessians, batches, batch_size, rule, eta);
  system.diagonal().array() += 1;
  const auto size = rule.states() * gradients.cols();
  Matrix noise = Matrix::Zero(size, size);
  for (const auto& batch : batches) {
    const Vector input = lifted_input(rule, eta, batch_mean(batch, batch_size, columns));
    noise += batch.probability * input * input.transpose();
  }
  return unstack(solve(system, stack(noise)), size);
}

}  // namespace oracle
