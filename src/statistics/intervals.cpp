#include "brink/statistics/intervals.hpp"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "brink/base/error.hpp"

namespace brink {
namespace {

/// Beyond this Student t and the normal agree to all digits of a double.
constexpr double kNormalFrom = 1e15;

void check_probability(std::string_view function, double probability) {
  check_argument(probability > 0 && probability < 1, function, "probability", probability, "0 < probability < 1");
}

void check_degrees(std::string_view function, double degrees_of_freedom) {
  check_argument(degrees_of_freedom > 0, function, "degrees_of_freedom", degrees_of_freedom, "degrees_of_freedom > 0");
}

}  // namespace

double normal_quantile(double probability) {
  check_probability("normal_quantile", probability);
  return boost::math::quantile(boost::math::normal(), probability);
}

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

double normal_two_sided_p(double z) { return std::erfc(std::abs(z) / std::sqrt(2.0)); }

double student_quantile(double probability, double degrees_of_freedom) {
  check_probability("student_quantile", probability);
  check_degrees("student_quantile", degrees_of_freedom);
  if (degrees_of_freedom > kNormalFrom) return normal_quantile(probability);
  return boost::math::quantile(boost::math::students_t(degrees_of_freedom), probability);
}

double student_cdf(double t, double degrees_of_freedom) {
  check_degrees("student_cdf", degrees_of_freedom);
  if (std::isinf(t)) return t < 0 ? 0 : 1;
  if (degrees_of_freedom > kNormalFrom) return normal_cdf(t);
  return boost::math::cdf(boost::math::students_t(degrees_of_freedom), t);
}

double student_two_sided_p(double t, double degrees_of_freedom) {
  check_degrees("student_two_sided_p", degrees_of_freedom);
  if (degrees_of_freedom > kNormalFrom) return normal_two_sided_p(t);
  if (std::isinf(t)) return 0;
  return 2 * boost::math::cdf(boost::math::students_t(degrees_of_freedom), -std::abs(t));
}

double student_to_normal(double t, double degrees_of_freedom) {
  const double p = student_two_sided_p(t, degrees_of_freedom);
  if (p >= 1) return 0;
  // Below the smallest p-value a double holds, any score as large as its quantile says the same.
  const double tail = std::max(0.5 * p, 1e-300);
  return std::copysign(-normal_quantile(tail), t);
}

double chi_squared_p(double x, double degrees_of_freedom) {
  check_degrees("chi_squared_p", degrees_of_freedom);
  check_argument(x >= 0, "chi_squared_p", "x", x, "x >= 0");
  return boost::math::cdf(boost::math::complement(boost::math::chi_squared(degrees_of_freedom), x));
}

double bonferroni_level(double level, std::int64_t comparisons) {
  check_argument(level > 0 && level < 1, "bonferroni_level", "level", level, "0 < level < 1");
  check_argument(comparisons >= 1, "bonferroni_level", "comparisons", comparisons, "comparisons >= 1");
  return level / static_cast<double>(comparisons);
}

Interval clopper_pearson(std::int64_t successes, std::int64_t trials, double confidence) {
  check_argument(trials >= 1, "clopper_pearson", "trials", trials, "trials >= 1");
  check_argument(successes >= 0 && successes <= trials, "clopper_pearson", "successes", successes,
                 "0 <= successes <= trials");
  check_argument(confidence > 0 && confidence < 1, "clopper_pearson", "confidence", confidence, "0 < confidence < 1");
  const auto k = static_cast<double>(successes);
  const auto n = static_cast<double>(trials);
  const double tail = 0.5 * (1 - confidence);
  Interval interval{0, 1};
  if (successes > 0) interval.lower = boost::math::quantile(boost::math::beta_distribution<>(k, n - k + 1), tail);
  if (successes < trials) {
    interval.upper =
        boost::math::quantile(boost::math::complement(boost::math::beta_distribution<>(k + 1, n - k), tail));
  }
  return interval;
}

double binomial_at_least(std::int64_t successes, std::int64_t trials, double probability) {
  check_argument(trials >= 1, "binomial_at_least", "trials", trials, "trials >= 1");
  check_argument(successes >= 0 && successes <= trials, "binomial_at_least", "successes", successes,
                 "0 <= successes <= trials");
  check_argument(probability >= 0 && probability <= 1, "binomial_at_least", "probability", probability,
                 "0 <= probability <= 1");
  if (successes == 0) return 1;
  const auto n = static_cast<double>(trials);
  const boost::math::binomial_distribution<> law(n, probability);
  return boost::math::cdf(boost::math::complement(law, static_cast<double>(successes - 1)));
}

double binomial_at_most(std::int64_t successes, std::int64_t trials, double probability) {
  return binomial_at_least(trials - successes, trials, 1 - probability);
}

}  // namespace brink
