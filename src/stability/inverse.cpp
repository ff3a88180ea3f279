#include "brink/stability/inverse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <functional>

#include "brink/base/error.hpp"

namespace brink {
namespace {

constexpr int kScan = 48;  // points of a scan
constexpr double kLargestMomentum = 0.9999;
constexpr int kEvenShares = 32;        // of η*
constexpr std::size_t kValleys = 4;    // local minima of a scan that are searched
constexpr double kResolution = 4e-15;  // of a logarithm of a minimizer

/// β = tanh u: evenly spaced u resolves the ends of the range, where thresholds change fastest.
double momentum_at(int i) {
  const double end = std::atanh(kLargestMomentum);
  return std::tanh(-end + 2 * end * i / kScan);
}

/// Logarithms of shares of η* in (0, 1]: evenly spaced, and by a constant ratio towards 0. With momentum the best step
/// may be as small as (1 − √|β|)²/λ_max, where the most curved mode is damped critically.
std::vector<double> shares_of_threshold(double momentum) {
  const double smallest = std::min(1e-3, 0.1 * std::pow(1 - std::sqrt(std::abs(momentum)), 2));
  std::vector<double> shares;
  for (double share = smallest; share < 1.0 / kEvenShares; share *= 1.5) shares.push_back(std::log(share));
  for (int i = 1; i <= kEvenShares; ++i) shares.push_back(std::log(static_cast<double>(i) / kEvenShares));
  return shares;
}

void require_momentum(const std::string& rule, const char* function) {
  check_argument(rule != "sgd", function, "rule", rule, "a rule with momentum");
}

std::unique_ptr<UpdateRule> with_momentum(const std::string& rule, RuleParameters parameters, double momentum) {
  parameters.momentum = momentum;
  return make_update_rule(rule, parameters);
}

/// f at a point, and how far it may be off.
struct Sampled {
  double x = 0;
  double value = 0;
  double error = 0;
};

using SampledFunction = std::function<Sampled(double)>;

/// The minimum of f over [low, high]. Every minimizer of a function that falls to one valley lies within `below` and
/// `above` of x: beyond them f is larger than at x by more than both may be off, or the range ends.
struct Minimum {
  Sampled at;
  double below = 0;
  double above = 0;
  bool at_end = false;  ///< nothing found inside is smaller than f at one end
};

bool clearly_above(const Sampled& high, const Sampled& low) { return high.value - low.value > high.error + low.error; }

/// Golden section: f is a maximum of smooth branches, so a minimum is often a kink, where parabolas mislead.
/// Stops where f is flat to its errors.
Sampled golden_minimum(const SampledFunction& f, Sampled low, Sampled best, Sampled high, double resolution) {
  constexpr double kShort = 0.381966011250105;  // (3 − √5)/2
  while (high.x - low.x > resolution) {
    if (!clearly_above(low, best) && !clearly_above(high, best)) break;
    const bool upwards = high.x - best.x > best.x - low.x;
    const Sampled next = f(best.x + kShort * (upwards ? high.x - best.x : low.x - best.x));
    if (!(next.x > low.x && next.x < high.x) || next.x == best.x) break;
    if (next.value < best.value) {
      (upwards ? low : high) = best;
      best = next;
    } else {
      (upwards ? high : low) = next;
    }
  }
  return best;
}

/// How far from the minimum f may still be as small, in the direction of `end`.
double flat_width(const SampledFunction& f, const Sampled& minimum, double end, double resolution) {
  const double room = std::abs(end - minimum.x);
  for (double width = resolution; width < room; width *= 4)
    if (clearly_above(f(minimum.x + (end > minimum.x ? width : -width)), minimum)) return width;
  return room;
}

/// The smallest minimum of f: each valley of the scanned points is searched that may hold it, to `resolution`.
/// The first and the last point are the ends of the range.
Minimum scanned_minimum(const SampledFunction& f, const std::vector<double>& points, double resolution) {
  std::vector<Sampled> scan;
  scan.reserve(points.size());
  for (const double point : points) scan.push_back(f(point));
  const std::size_t last = scan.size() - 1;
  Sampled best = scan[0];
  for (const Sampled& point : scan)
    if (point.value < best.value) best = point;
  std::vector<std::size_t> valleys;
  for (std::size_t i = 0; i <= last; ++i)
    if ((i == 0 || scan[i].value <= scan[i - 1].value) && (i == last || scan[i].value < scan[i + 1].value))
      valleys.push_back(i);
  std::sort(valleys.begin(), valleys.end(),
            [&](std::size_t i, std::size_t j) { return scan[i].value < scan[j].value; });
  if (valleys.size() > kValleys) valleys.resize(kValleys);
  for (const std::size_t i : valleys) {
    Sampled middle = scan[i];
    Sampled low = scan[i == 0 ? 0 : i - 1];
    Sampled high = scan[std::min(i + 1, last)];
    if (i == 0 || i == last) {
      // The bracket has no middle yet: go towards the end until one is smaller than it, or the end is reached.
      const Sampled end = middle;
      Sampled& inner = i == 0 ? high : low;
      Sampled& outer = i == 0 ? low : high;
      outer = end;
      while (std::abs(inner.x - end.x) > resolution) {
        middle = f(0.5 * (inner.x + end.x));
        if (middle.value < end.value) break;
        inner = middle;
      }
      if (!(middle.value < end.value)) {
        if (end.value < best.value) best = end;
        continue;
      }
    }
    const Sampled found = golden_minimum(f, low, middle, high, resolution);
    if (found.value < best.value) best = found;
  }
  Minimum result{best, 0, 0, best.x == points.front() || best.x == points.back()};
  result.below = flat_width(f, best, points.front(), resolution);
  result.above = flat_width(f, best, points.back(), resolution);
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
  const auto growth_at = [&](double beta) {
    return mean_square_growth(model, *with_momentum(rule, parameters, beta), law, batch_size, eta, basis);
  };
  const auto growth = [&](double beta) { return growth_at(beta).log_growth; };
  // Up to here, one way or the other, the sign of ln ρ is in doubt.
  const auto doubt = [&](double crossing, double end, double resolution) {
    const double room = std::abs(end - crossing);
    for (double width = resolution; width < room; width *= 4) {
      const MeanSquareGrowth here = growth_at(crossing + (end > crossing ? width : -width));
      if (std::abs(here.log_growth) > here.residual) return width;
    }
    return room;
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
        const double resolution = bracket.second - bracket.first + kResolution;
        error = std::max(doubt(crossing, previous_beta, resolution), doubt(crossing, beta, resolution));
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
  // In shares of η*, so that units do not matter.
  const SampledFunction growth = [&](double log_share) {
    const double eta = threshold * std::exp(log_share);
    const MeanSquareGrowth here = mean_square_growth(model, rule, law, batch_size, eta, basis);
    return Sampled{log_share, here.log_growth, here.residual};
  };
  const Minimum minimum = scanned_minimum(growth, shares_of_threshold(rule.momentum()), kResolution);
  const double eta = threshold * std::exp(minimum.at.x);
  const double error = eta * (std::max(std::expm1(minimum.above), -std::expm1(-minimum.below)) + kResolution);
  return BestStep{eta, error, minimum.at.value, minimum.at.error};
}

BestMomentum best_momentum(const LinearizedModel& model, const std::string& rule, const RuleParameters& parameters,
                           const BatchLaw& law, Index batch_size, TransferBasis* basis) {
  require_momentum(rule, "best_momentum");
  // In atanh β, which resolves both ends, and ln η*.
  const double end = std::atanh(kLargestMomentum);
  std::vector<double> points;
  for (int i = 0; i <= kScan; ++i) points.push_back(-end + 2 * end * i / kScan);
  const auto threshold_at = [&](double u) {
    return mean_square_threshold(model, *with_momentum(rule, parameters, std::tanh(u)), law, batch_size, basis);
  };
  const SampledFunction minus_log_threshold = [&](double u) {
    const MeanSquareThreshold here = threshold_at(u);
    return Sampled{u, -std::log(here.eta), here.residual};
  };
  const Minimum minimum = scanned_minimum(minus_log_threshold, points, kResolution);
  const double u = minimum.at.x;
  const double momentum = std::tanh(u);
  const double error =
      std::max(std::tanh(u + minimum.above) - momentum, momentum - std::tanh(u - minimum.below)) + kResolution;
  const MeanSquareThreshold best = threshold_at(u);
  return {momentum, error, best.eta, best.residual, minimum.at_end};
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
