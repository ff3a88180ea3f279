#include "brink/statistics/regression.hpp"

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/tools/minima.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/statistics/time_series.hpp"
#include "sample.hpp"

namespace brink {
namespace {

void check_points(const char* here, const std::vector<double>& x, const std::vector<double>& y, std::size_t fewest,
                  const char* allowed) {
  check_argument(x.size() == y.size(), here, "y.size()", y.size(), "as many as x");
  check_argument(x.size() >= fewest, here, "points", x.size(), allowed);
  for (std::size_t i = 0; i < x.size(); ++i) {
    check_argument(std::isfinite(x[i]), here, "x", x[i], "finite numbers");
    check_argument(std::isfinite(y[i]), here, "y", y[i], "finite numbers");
  }
}

Vector vector_of(const std::vector<double>& values) {
  return Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size()));
}

/// Continuous line with a break at b: (v, s₁, s₂) in least squares and what it leaves.
struct Broken {
  double value = 0;
  double before = 0;
  double after = 0;
  double squares = 0;
};

Broken broken_at(const Vector& x, const Vector& y, double b) {
  // Normal equations of 1, (x − b)₋, (x − b)₊: the two ramps are orthogonal to each other.
  const Vector minus = (x.array() - b).min(0.0);
  const Vector plus = (x.array() - b).max(0.0);
  const auto n = static_cast<double>(x.size());
  const double mm = minus.squaredNorm();
  const double pp = plus.squaredNorm();
  const double m1 = minus.sum();
  const double p1 = plus.sum();
  const double my = minus.dot(y);
  const double py = plus.dot(y);
  Broken fit;
  fit.value = (y.sum() - m1 * my / mm - p1 * py / pp) / (n - m1 * m1 / mm - p1 * p1 / pp);
  fit.before = (my - fit.value * m1) / mm;
  fit.after = (py - fit.value * p1) / pp;
  fit.squares = (y.array() - fit.value - fit.before * minus.array() - fit.after * plus.array()).matrix().squaredNorm();
  return fit;
}

}  // namespace

LineFit fit_line(const std::vector<double>& x, const std::vector<double>& y) {
  constexpr const char* here = "fit_line";
  check_points(here, x, y, 3, "at least 3 points");
  const Vector xs = vector_of(x);
  const Vector ys = vector_of(y);
  const Vector dx = xs.array() - xs.mean();
  const double spread = dx.squaredNorm();
  check_argument(spread > 1e-24 * xs.squaredNorm(), here, "x", x.front(), "at least two different x");
  const auto n = static_cast<double>(x.size());
  LineFit fit;
  fit.slope.value = dx.dot(ys) / spread;
  fit.intercept = ys.mean() - fit.slope.value * xs.mean();
  const double squares = (ys.array() - ys.mean() - fit.slope.value * dx.array()).matrix().squaredNorm();
  fit.residual_deviation = std::sqrt(squares / (n - 2));
  fit.slope.standard_error = fit.residual_deviation / std::sqrt(spread);
  fit.slope.degrees_of_freedom = n - 2;
  return fit;
}

LineFit fit_power_law(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<double> log_x;
  std::vector<double> log_y;
  for (const double value : x) {
    check_argument(value > 0, "fit_power_law", "x", value, "numbers > 0");
    log_x.push_back(std::log(value));
  }
  for (const double value : y) {
    check_argument(value > 0, "fit_power_law", "y", value, "numbers > 0");
    log_y.push_back(std::log(value));
  }
  return fit_line(log_x, log_y);
}

Drift trace_drift(const std::vector<double>& series) {
  constexpr const char* here = "trace_drift";
  check_argument(series.size() >= 32, here, "series", series.size(), "at least 32 values");
  const auto size = static_cast<Index>(series.size());
  std::vector<double> time(series.size());
  for (std::size_t i = 0; i < time.size(); ++i) time[i] = static_cast<double>(i);
  const LineFit line = fit_line(time, series);
  std::vector<double> left(series.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = series[i] - line.slope.value * time[i];
  const double memory = autocorrelation_time(left);
  Drift drift;
  drift.effective_samples = static_cast<double>(size) / memory;
  const auto too_short = [&](Index batches) {
    return static_cast<double>(size) / static_cast<double>(batches) < kCorrelationTimesPerBatch * memory;
  };
  Index batches = 32;
  while (batches / 2 >= kFewestBatches && too_short(batches)) batches /= 2;
  drift.is_correlated = too_short(batches);
  const Index length = size / batches;
  const Vector values = vector_of(series);
  std::vector<double> middle;
  std::vector<double> means;
  for (Index b = 0; b < batches; ++b) {
    // A rest that fills no stretch is left out at the beginning, where a run has forgotten least.
    const Index begin = size - (batches - b) * length;
    middle.push_back((static_cast<double>(begin) + 0.5 * static_cast<double>(length - 1)) / static_cast<double>(size));
    means.push_back(values.segment(begin, length).mean());
  }
  drift.change = fit_line(middle, means).slope;
  drift.mean = values.mean();
  return drift;
}

std::vector<double> isotonic_fit(const std::vector<double>& y, const std::vector<double>& weights) {
  constexpr const char* here = "isotonic_fit";
  check_argument(weights.empty() || weights.size() == y.size(), here, "weights", weights.size(), "as many as y");
  struct Block {
    double mean = 0;
    double weight = 0;
    std::size_t size = 0;
  };
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < y.size(); ++i) {
    check_argument(std::isfinite(y[i]), here, "y", y[i], "finite numbers");
    const double weight = weights.empty() ? 1 : weights[i];
    check_argument(weight > 0, here, "weight", weight, "numbers > 0");
    Block block{y[i], weight, 1};
    while (!blocks.empty() && blocks.back().mean > block.mean) {
      const Block& last = blocks.back();
      const double sum = last.weight + block.weight;
      block = {(last.mean * last.weight + block.mean * block.weight) / sum, sum, last.size + block.size};
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  std::vector<double> fit;
  for (const Block& block : blocks) fit.insert(fit.end(), block.size, block.mean);
  return fit;
}

Crossing isotonic_crossing(const std::vector<double>& x, const std::vector<double>& y, double level) {
  constexpr const char* here = "isotonic_crossing";
  check_points(here, x, y, 2, "at least 2 points");
  check_argument(std::is_sorted(x.begin(), x.end()), here, "x", "a list that is not ascending", "ascending x");
  const double sign = y.back() >= y.front() ? 1 : -1;
  std::vector<double> rising = y;
  for (double& value : rising) value *= sign;
  rising = isotonic_fit(rising);
  const double wanted = sign * level;
  if (rising.front() > wanted) return {std::nullopt, {-kInfinity, x.front()}};
  if (rising.back() < wanted) return {std::nullopt, {x.back(), kInfinity}};
  std::size_t i = 0;
  while (i + 1 < rising.size() && rising[i + 1] < wanted) ++i;
  double at = x[i];
  if (i + 1 < rising.size() && rising[i] < wanted)
    at += (x[i + 1] - x[i]) * (wanted - rising[i]) / (rising[i + 1] - rising[i]);
  return {at, {at, at}};
}

BrokenLineFit fit_broken_line(const std::vector<double>& x, const std::vector<double>& y, double confidence) {
  constexpr const char* here = "fit_broken_line";
  check_points(here, x, y, 6, "at least 6 points");
  check_argument(std::is_sorted(x.begin(), x.end()), here, "x", "a list that is not ascending", "ascending x");
  check_argument(confidence > 0 && confidence < 1, here, "confidence", confidence, "0 < confidence < 1");
  const Vector xs = vector_of(x);
  const Vector ys = vector_of(y);
  const double low = x[1];
  const double high = x[x.size() - 2];
  check_argument(x.front() < low && low < high && high < x.back(), here, "x", x.front(),
                 "different x at both ends and between them");
  // Between neighbouring x the profile is smooth, with at most one minimum that matters; the best stretch wins.
  const auto squares = [&](double b) { return broken_at(xs, ys, b).squares; };
  double best = low;
  for (std::size_t i = 1; i + 2 < x.size(); ++i) {
    if (!(x[i] < x[i + 1])) continue;
    const auto [at, value] = boost::math::tools::brent_find_minima(squares, x[i], x[i + 1], 40);
    for (const double candidate : {at, x[i], x[i + 1]})
      if (squares(candidate) < squares(best)) best = candidate;
  }
  const Broken fit = broken_at(xs, ys, best);
  const auto nu = static_cast<double>(x.size()) - 4;
  BrokenLineFit result{best, {low, high}, fit.before, fit.after, fit.value, std::sqrt(fit.squares / nu)};
  const double allowed = fit.squares * (1 + boost::math::quantile(boost::math::fisher_f(1, nu), confidence) / nu);
  // The outermost crossings of the profile: it may rise above the limit and fall below it again.
  constexpr int kScan = 400;
  const auto end = [&](double from, double to) {
    double inside = best;
    double outside = from;
    for (int i = 0; i <= kScan; ++i) {
      const double b = from + (to - from) * i / kScan;
      if (squares(b) <= allowed) {
        inside = b;
        break;
      }
      outside = b;
    }
    if (inside == from) return from;
    for (int i = 0; i < 60; ++i) {
      const double middle = 0.5 * (inside + outside);
      (squares(middle) <= allowed ? inside : outside) = middle;
    }
    return inside;
  };
  result.interval = {end(low, best), end(high, best)};
  return result;
}

}  // namespace brink
