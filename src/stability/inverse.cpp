#include "brink/stability/inverse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <functional>

#include "brink/base/error.hpp"

namespace brink {
namespace {

constexpr int kScan = 48;  // points of a scan
constexpr double kLargestMomentum = 0.9999;
constexpr int kBits = 26;  // Brent's method resolves a minimum to the square root of rounding

/// β = tanh u: evenly spaced u resolves the ends of the range, where thresholds change fastest.
double momentum_at(int i) {
  const double end = std::atanh(kLargestMomentum);
  return std::tanh(-end + 2 * end * i / kScan);
}

void require_momentum(const std::string& rule, const char* function) {
  check_argument(rule != "sgd", function, "rule", rule, "a rule with momentum");
}

std::unique_ptr<UpdateRule> with_momentum(const std::string& rule, RuleParameters parameters, double momentum) {
  parameters.momentum = momentum;
  return make_update_rule(rule, parameters);
}

/// The minimum of f over [x_first, x_last]: the best of the scanned points, then Brent's method between its neighbours.
struct Minimum {
  double x = 0;
  double value = 0;
  double error = 0;
  bool at_end = false;
};

Minimum scanned_minimum(const std::function<double(double)>& f, const std::vector<double>& points) {
  std::size_t best = 0;
  std::vector<double> values;
  values.reserve(points.size());
  for (const double point : points) values.push_back(f(point));
  for (std::size_t i = 1; i < points.size(); ++i)
    if (values[i] < values[best]) best = i;
  const double low = points[best == 0 ? 0 : best - 1];
  const double high = points[std::min(best + 1, points.size() - 1)];
  const auto [x, value] = boost::math::tools::brent_find_minima(f, low, high, kBits);
  Minimum result{x, value, std::ldexp(high - low, -kBits) + 1e-8 * std::abs(x), false};
  if (values[best] < value) {
    result.x = points[best];
    result.value = values[best];
  }
  result.at_end = best == 0 || best + 1 == points.size();
  return result;
}

}  // namespace

std::optional<Index> smallest_stable_batch(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                           double eta, Index largest, TransferBasis* basis) {
  check_argument(largest >= 1, "smallest_stable_batch", "largest", largest, "an integer >= 1");
  const auto stable = [&](Index b) { return mean_square_growth(model, rule, law, b, eta, basis).stable; };
  if (!stable(largest)) return std::nullopt;
  Index unstable = 0;
  Index smallest = largest;
  while (smallest - unstable > 1) {
    const Index middle = unstable + (smallest - unstable) / 2;
    (stable(middle) ? smallest : unstable) = middle;
  }
  return smallest;
}

std::vector<MomentumRange> stable_momenta(const LinearizedModel& model, const std::string& rule,
                                          const RuleParameters& parameters, const BatchLaw& law, Index batch_size,
                                          double eta, TransferBasis* basis) {
  require_momentum(rule, "stable_momenta");
  const auto growth = [&](double beta) {
    return mean_square_growth(model, *with_momentum(rule, parameters, beta), law, batch_size, eta, basis).log_growth;
  };
  std::vector<MomentumRange> ranges;
  double previous_beta = -1;
  double previous = 1;  // as if unstable before the scan
  for (int i = 0; i <= kScan; ++i) {
    const double beta = momentum_at(i);
    const double here = growth(beta);
    if ((here < 0) != (previous < 0)) {
      double crossing = here < 0 ? -1.0 : 1.0;
      double error = 0;
      if (i > 0) {
        std::uintmax_t iterations = 100;
        const auto bracket = boost::math::tools::toms748_solve(
            growth, previous_beta, beta, previous, here, boost::math::tools::eps_tolerance<double>(44), iterations);
        crossing = 0.5 * (bracket.first + bracket.second);
        error = bracket.second - bracket.first + 1e-12;
      }
      if (here < 0) {
        ranges.push_back({crossing, 1, error});
      } else {
        ranges.back().upper = crossing;
        ranges.back().error = std::max(ranges.back().error, error);
      }
    }
    previous_beta = beta;
    previous = here;
  }
  return ranges;
}

std::optional<BestStep> best_step(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                  Index batch_size, TransferBasis* basis) {
  const double threshold = mean_square_threshold(model, rule, law, batch_size, basis).eta;
  if (!(threshold > 0)) return std::nullopt;
  std::vector<double> points;
  for (int i = 1; i < kScan; ++i) points.push_back(threshold * i / kScan);
  const auto growth = [&](double eta) {
    return mean_square_growth(model, rule, law, batch_size, eta, basis).log_growth;
  };
  const Minimum minimum = scanned_minimum(growth, points);
  const MeanSquareGrowth best = mean_square_growth(model, rule, law, batch_size, minimum.x, basis);
  return BestStep{minimum.x, minimum.error, best.log_growth, best.residual};
}

BestMomentum best_momentum(const LinearizedModel& model, const std::string& rule, const RuleParameters& parameters,
                           const BatchLaw& law, Index batch_size, TransferBasis* basis) {
  require_momentum(rule, "best_momentum");
  std::vector<double> points;
  for (int i = 0; i <= kScan; ++i) points.push_back(momentum_at(i));
  const auto minus_threshold = [&](double beta) {
    return -mean_square_threshold(model, *with_momentum(rule, parameters, beta), law, batch_size, basis).eta;
  };
  const Minimum minimum = scanned_minimum(minus_threshold, points);
  const auto best = mean_square_threshold(model, *with_momentum(rule, parameters, minimum.x), law, batch_size, basis);
  return {minimum.x, minimum.error, best.eta, best.residual, minimum.at_end};
}

CoupledStep couple(const LinearizedModel& model, const MeanSquareThreshold& from, double eta, double momentum,
                   Index batch_size, const UpdateRule& new_rule, const BatchLaw& law, Index new_batch_size,
                   TransferBasis* basis) {
  check_argument(eta > 0 && eta < from.eta, "couple", "eta", eta,
                 fmt::format("a stable step size, in (0, {:.12g})", from.eta));
  CoupledStep result;
  result.threshold = mean_square_threshold(model, new_rule, law, new_batch_size, basis);
  result.eta = eta * result.threshold.eta / from.eta;
  result.residual = from.residual + result.threshold.residual;
  const double ratio = static_cast<double>(new_batch_size) / static_cast<double>(batch_size);
  result.thumb = {{"linear", eta * ratio},
                  {"square-root", eta * std::sqrt(ratio)},
                  {"effective-rate", eta * (1 - new_rule.momentum()) / (1 - momentum)}};
  return result;
}

}  // namespace brink
