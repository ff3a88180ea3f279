#include "brink/statistics/autocorrelation.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "brink/base/error.hpp"
#include "sample.hpp"

namespace brink {
namespace {

constexpr double kClearly = 2;

/// A ratio of two sums over rows and its standard error.
struct Ratio {
  double value;
  double standard_error;
};

Ratio ratio_of_sums(const Vector& above, const Vector& below) {
  const auto rows = static_cast<double>(above.size());
  const double value = above.sum() / below.sum();
  const double spread = (above - value * below).squaredNorm() * rows / (rows - 1);
  return {value, std::sqrt(spread) / std::abs(below.sum())};
}

}  // namespace

Autocorrelation autocorrelation(const RowMatrix& series, Index longest_lag) {
  constexpr const char* here = "autocorrelation";
  check_argument(series.rows() >= kFewestRows, here, "rows", series.rows(), "at least 8 independent rows");
  check_argument(longest_lag >= 1 && longest_lag <= series.cols() / 2, here, "longest_lag", longest_lag,
                 "1 <= longest_lag <= steps/2");
  check_argument(series.allFinite(), here, "series", "values that are not finite", "finite numbers");
  const RowMatrix centred = series.array() - series.mean();
  std::vector<Vector> covariances;  // of every lag, a number a row
  const auto add_lag = [&](Index lag) {
    const Index pairs = series.cols() - lag;
    covariances.push_back(centred.leftCols(pairs).cwiseProduct(centred.rightCols(pairs)).rowwise().mean());
  };
  add_lag(0);
  check_argument(covariances.front().sum() > 0, here, "series", "equal values", "values that vary");
  Autocorrelation result;
  result.curve.push_back({0, 1, 0});
  Index first = 0;  // lag with ρ ≤ 1/e; 0: not met
  for (Index lag = 1; lag <= longest_lag; ++lag) {
    add_lag(lag);
    const Ratio rho = ratio_of_sums(covariances.back(), covariances.front());
    result.curve.push_back({lag, rho.value, rho.standard_error});
    if (first == 0 && rho.value <= 1 / std::numbers::e) first = lag;
    if (rho.value < kClearly * rho.standard_error) break;
  }
  const auto clearly_positive = [&](Index lag) {
    const Correlation& at = result.curve[static_cast<std::size_t>(lag)];
    return at.value >= kClearly * at.standard_error;
  };
  if (first == 0) {
    result.no_decay = "the correlation stays above 1/e over all lags looked at: longer lags are needed";
    return result;
  }
  Index last = std::min<Index>(2 * first, static_cast<Index>(result.curve.size()) - 1);
  while (last > first && !clearly_positive(last)) --last;
  if (last == first) {
    result.no_decay = clearly_positive(first)
                          ? "the correlation is lost within one step of the lag at which it has fallen to 1/e"
                          : "the correlation is lost, or changes its sign, before it has fallen to 1/e";
    return result;
  }
  const Ratio fall =
      ratio_of_sums(covariances[static_cast<std::size_t>(last)], covariances[static_cast<std::size_t>(first)]);
  const auto steps = static_cast<double>(last - first);
  result.decay = DecayRate{-std::log(fall.value) / steps, fall.standard_error / fall.value / steps, first, last};
  return result;
}

}  // namespace brink
