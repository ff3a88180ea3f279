#include "gaussian_rows.hpp"

#include <boost/math/tools/roots.hpp>

namespace brink {

double gaussian_noise_eigenvalue(const Vector& loads, const Vector& weights) {
  // In units of the largest load the root lies in (1, 1 + Σ]; at 1 + s_max the largest term alone is 1 already.
  const double largest = loads.maxCoeff();
  const Eigen::ArrayXd s = loads.array() / largest;
  const auto excess = [&](double mu) { return (weights.array() * s / (mu - s)).sum() - 1; };
  const double lower = 2.0;
  const double upper = 1.0 + weights.dot(s.matrix());
  if (excess(lower) <= 0 || upper <= lower) return 2 * largest;
  std::uintmax_t iterations = 200;
  const auto bracket = boost::math::tools::toms748_solve(excess, lower, upper * (1 + 1e-12),
                                                         boost::math::tools::eps_tolerance<double>(52), iterations);
  return 0.5 * (bracket.first + bracket.second) * largest;
}

double gaussian_noise_eigenvalue(const Vector& loads) {
  return gaussian_noise_eigenvalue(loads, Vector::Ones(loads.size()));
}

}  // namespace brink
