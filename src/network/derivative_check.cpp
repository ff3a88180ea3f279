#include "brink/network/derivative_check.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {
namespace {

struct Extrapolated {
  Vector value;
  double resolution = 0;  ///< norm of the difference of the best two
};

/// d/dh of f at 0.
Extrapolated derivative(const std::function<Vector(double)>& f, double first_step) {
  constexpr int kSteps = 8;
  std::vector<Vector> row;  // extrapolations of the step before
  Extrapolated best{Vector(), std::numeric_limits<double>::infinity()};
  double h = first_step;
  for (int i = 0; i < kSteps; ++i, h /= 2) {
    std::vector<Vector> next = {(f(h) - f(-h)) / (2 * h)};
    double factor = 4;
    for (std::size_t j = 0; j < row.size(); ++j, factor *= 4) {
      next.push_back(next[j] + (next[j] - row[j]) / (factor - 1));
      const double change = std::max((next[j + 1] - next[j]).norm(), (next[j + 1] - row[j]).norm());
      if (change < best.resolution) best = {next[j + 1], change};
    }
    row = std::move(next);
  }
  return best;
}

Vector random_direction(Index size, std::uint64_t seed, std::uint32_t number) {
  Philox random(seed, Purpose::probe, number, 2);
  return Vector::NullaryExpr(size, [&random](Index) { return random.normal(); }).normalized();
}

class Comparison {
 public:
  void add(const std::string& quantity, const Vector& exact, const std::function<Vector(double)>& lower, double step) {
    const Extrapolated quotient = derivative(lower, step);
    const double scale = std::max({exact.norm(), quotient.value.norm(), std::numeric_limits<double>::min()});
    auto found = std::find_if(errors_.begin(), errors_.end(), [&](const auto& e) { return e.quantity == quantity; });
    if (found == errors_.end()) found = errors_.insert(errors_.end(), {quantity, 0, 0});
    found->error = std::max(found->error, (exact - quotient.value).norm() / scale);
    found->resolution = std::max(found->resolution, quotient.resolution / scale);
  }
  [[nodiscard]] std::vector<DerivativeError> take() { return std::move(errors_); }

 private:
  std::vector<DerivativeError> errors_;
};

}  // namespace

std::vector<DerivativeError> check_derivatives(const Objective<double>& objective, const Vector& theta,
                                               const Batch& batch, int directions, std::uint64_t seed) {
  const Index p = objective.parameters();
  check_argument(theta.size() == p, "check_derivatives", "size of theta", theta.size(), "the number of parameters");
  check_argument(directions >= 1, "check_derivatives", "directions", directions, "an integer >= 1");
  const auto* network = dynamic_cast<const NetworkObjective<double>*>(&objective);
  const double step = 0.05 * std::max(1.0, theta.norm() / std::sqrt(static_cast<double>(p)));
  Comparison comparison;
  Vector out(p);
  for (int d = 0; d < directions; ++d) {
    const Vector u = random_direction(p, seed, static_cast<std::uint32_t>(d));
    const auto along = [&](const std::function<Vector(const Vector&)>& f) {
      return [&, f](double h) { return f(theta + h * u); };
    };
    objective.gradient(theta, batch, out);
    comparison.add("gradient", Vector::Constant(1, out.dot(u)),
                   along([&](const Vector& at) { return Vector::Constant(1, objective.loss(at, batch)); }), step);
    objective.hessian_product(theta, batch, u, out);
    comparison.add("hessian_product", out, along([&](const Vector& at) {
                     Vector gradient(p);
                     objective.gradient(at, batch, gradient);
                     return gradient;
                   }),
                   step);
    objective.third_derivative(theta, batch, u, out);
    comparison.add("third_derivative", out, along([&](const Vector& at) {
                     Vector product(p);
                     objective.hessian_product(at, batch, u, product);
                     return product;
                   }),
                   step);
    if (network == nullptr) continue;
    RowMatrix rows;
    network->jacobian(theta, batch, rows);
    comparison.add("jacobian", rows * u, along([&](const Vector& at) {
                     RowMatrix f;
                     network->evaluate(at, batch, f);
                     return Vector(Eigen::Map<const Vector>(f.data(), f.size()));
                   }),
                   step);
    network->gauss_newton_rows(theta, batch, rows);
    network->gauss_newton_product(theta, batch, u, out);
    const Vector product = rows.transpose() * (rows * u) / batch.divisor;
    comparison.add(
        "gauss_newton", out, [&](double h) { return Vector(h * product); }, step);
  }
  return comparison.take();
}

}  // namespace brink
