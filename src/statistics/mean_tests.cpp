#include "brink/statistics/mean_tests.hpp"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"

namespace brink {
namespace {

/// (value − hypothesized)/standard error, ±∞ or 0 for values that do not scatter.
double score(const MeanEstimate& estimate, double hypothesized) {
  const double difference = estimate.value - hypothesized;
  if (estimate.standard_error > 0) return difference / estimate.standard_error;
  return difference == 0 ? 0 : std::copysign(std::numeric_limits<double>::infinity(), difference);
}

struct Moments {
  double mean = 0;
  double variance_of_mean = 0;
  double degrees_of_freedom = 0;
};

Moments moments(const char* here, const std::vector<double>& values) {
  check_argument(values.size() >= 2, here, "values", values.size(), "at least 2 values");
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) {
    check_argument(std::isfinite(value), here, "values", value, "finite numbers");
    mean += value / n;
  }
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, squares / (n * (n - 1)), n - 1};
}

}  // namespace

MeanEstimate mean_estimate(const std::vector<double>& values) {
  const Moments m = moments("mean_estimate", values);
  return {m.mean, std::sqrt(m.variance_of_mean), m.degrees_of_freedom};
}

MeanEstimate welch_difference(const std::vector<double>& x, const std::vector<double>& y) {
  const Moments a = moments("welch_difference", x);
  const Moments b = moments("welch_difference", y);
  const double variance = a.variance_of_mean + b.variance_of_mean;
  MeanEstimate result{a.mean - b.mean, std::sqrt(variance), a.degrees_of_freedom + b.degrees_of_freedom};
  if (variance > 0) {
    // In shares of the variance: squares of tiny variances would underflow.
    const double share = a.variance_of_mean / variance;
    result.degrees_of_freedom =
        1 / (share * share / a.degrees_of_freedom + (1 - share) * (1 - share) / b.degrees_of_freedom);
  }
  return result;
}

Interval t_interval(const MeanEstimate& estimate, double confidence) {
  check_argument(confidence > 0 && confidence < 1, "t_interval", "confidence", confidence, "0 < confidence < 1");
  const double width = student_quantile(0.5 + 0.5 * confidence, estimate.degrees_of_freedom) * estimate.standard_error;
  return {estimate.value - width, estimate.value + width};
}

double t_test(const MeanEstimate& estimate, double hypothesized, Alternative alternative) {
  const double t = score(estimate, hypothesized);
  switch (alternative) {
    case Alternative::greater:
      return student_cdf(-t, estimate.degrees_of_freedom);
    case Alternative::less:
      return student_cdf(t, estimate.degrees_of_freedom);
    case Alternative::different:
      break;
  }
  return std::min(1.0, 2 * student_cdf(-std::abs(t), estimate.degrees_of_freedom));
}

EquivalenceTest equivalence_test(const MeanEstimate& estimate, double lower, double upper) {
  check_argument(lower < upper, "equivalence_test", "lower", lower, "lower < upper");
  const double above = score(estimate, lower);
  const double below = -score(estimate, upper);
  const double nu = estimate.degrees_of_freedom;
  EquivalenceTest test;
  test.p_outside = std::max(student_cdf(-above, nu), student_cdf(-below, nu));
  if (estimate.standard_error == 0) {
    const bool inside = estimate.value > lower && estimate.value < upper;
    return {inside ? 0.0 : 1.0, inside ? 1.0 : 0.0};
  }
  // The worst mean inside is the end nearest to the estimate; a mean there may also land beyond the other end.
  const double nearest = std::min(above, below);
  if (nearest >= 0) {
    test.p_inside = 1;
  } else {
    test.p_inside =
        std::min(1.0, student_cdf(nearest, nu) + student_cdf(nearest - (upper - lower) / estimate.standard_error, nu));
  }
  return test;
}

double equivalence_power(double mean, double standard_deviation, std::int64_t n, double lower, double upper,
                         double level) {
  constexpr const char* here = "equivalence_power";
  check_argument(standard_deviation > 0, here, "standard_deviation", standard_deviation, "a number > 0");
  check_argument(n >= 2, here, "n", n, "an integer >= 2");
  check_argument(lower < upper, here, "lower", lower, "lower < upper");
  check_argument(level > 0 && level < 0.5, here, "level", level, "0 < level < 0.5");
  const auto nu = static_cast<double>(n - 1);
  const double root = std::sqrt(static_cast<double>(n));
  const double low = (lower - mean) / standard_deviation * root;
  const double high = (upper - mean) / standard_deviation * root;
  const double t = student_quantile(1 - level, nu);
  const boost::math::chi_squared law(nu);
  // Over s/σ = √(χ²/ν): the mean must lie in (low + t·s, high − t·s). Beyond the middle of the margin it cannot.
  const double most = std::isinf(high - low) ? std::numeric_limits<double>::infinity() : (high - low) / (2 * t);
  const double begin = std::sqrt(boost::math::quantile(law, 1e-14) / nu);
  const double end = std::min(most, std::sqrt(boost::math::quantile(boost::math::complement(law, 1e-14)) / nu));
  if (!(end > begin)) return 0;
  const auto density = [&](double s) { return 2 * nu * s * boost::math::pdf(law, nu * s * s); };
  const auto inside = [&](double s) { return (normal_cdf(high - t * s) - normal_cdf(low + t * s)) * density(s); };
  constexpr int kPieces = 16;
  double power = 0;
  for (int i = 0; i < kPieces; ++i) {
    const double from = begin + (end - begin) * i / kPieces;
    power += boost::math::quadrature::gauss<double, 30>::integrate(inside, from, from + (end - begin) / kPieces);
  }
  return std::clamp(power, 0.0, 1.0);
}

std::optional<std::int64_t> values_for_power(double mean, double standard_deviation, double lower, double upper,
                                             double level, double power, std::int64_t most) {
  check_argument(power > 0 && power < 1, "values_for_power", "power", power, "0 < power < 1");
  if (!(mean > lower && mean < upper)) return std::nullopt;
  const auto enough = [&](std::int64_t n) {
    return equivalence_power(mean, standard_deviation, n, lower, upper, level) >= power;
  };
  std::int64_t high = 2;
  while (!enough(high)) {
    if (high >= most) return std::nullopt;
    high = std::min(2 * high, most);
  }
  std::int64_t low = std::max<std::int64_t>(1, high / 2);
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

double standard_deviation_limit(double standard_deviation, std::int64_t n, double confidence) {
  constexpr const char* here = "standard_deviation_limit";
  check_argument(n >= 2, here, "n", n, "an integer >= 2");
  check_argument(confidence > 0 && confidence < 1, here, "confidence", confidence, "0 < confidence < 1");
  const auto nu = static_cast<double>(n - 1);
  return standard_deviation * std::sqrt(nu / boost::math::quantile(boost::math::chi_squared(nu), 1 - confidence));
}

}  // namespace brink
