#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "brink/sampling/philox.hpp"
#include "brink/statistics/hypothesis.hpp"
#include "sample.hpp"

namespace brink {
namespace {

constexpr double kConfidenceOfSpread = 0.8;
constexpr std::size_t kFewestPilotSeeds = 3;
constexpr std::int64_t kMostSeeds = 100'000;
constexpr double kMostSteps = 1024;  ///< times those planned
constexpr double kStepsTolerance = 1.05;
constexpr int kDraws = 64;
constexpr std::uint32_t kMeasurements = 4;  ///< streams of their own beside those of resampling

/// What the pilot says of one contrast.
struct Planned {
  const Contrast* contrast = nullptr;
  double mean = 0;
  double deviation = 0;
  double measured_share = 0;

  /// Standard deviation between seeds with `factor` times the steps.
  [[nodiscard]] double deviation_at(double factor) const {
    return deviation * std::sqrt(1 - measured_share + measured_share / factor);
  }
};

/// What the errors of measured columns add to the variance of every contrast.
std::vector<double> measurement_variances(const Hypothesis& hypothesis, const std::vector<Observation>& pilot,
                                          const std::vector<Contrast>& contrasts) {
  std::vector<double> sums(contrasts.size(), 0);
  std::vector<std::int64_t> counts(contrasts.size(), 0);
  const bool measured =
      std::any_of(pilot.begin(), pilot.end(), [](const Observation& run) { return !run.standard_errors.empty(); });
  if (!measured) return sums;
  for (int draw = 0; draw < kDraws; ++draw) {
    Philox random(0, Purpose::bootstrap, kMeasurements, static_cast<std::uint32_t>(draw));
    std::vector<Observation> again = pilot;
    for (auto& run : again)
      for (const auto& [name, error] : run.standard_errors) run.numbers[name] += error * random.normal();
    const Contrasts made = make_contrasts(hypothesis, again);
    for (std::size_t c = 0; c < std::min(contrasts.size(), made.contrasts.size()); ++c) {
      const auto& before = contrasts[c].values;
      const auto& after = made.contrasts[c].values;
      if (after.size() != before.size()) continue;  // an expression excluded a run that it had not, or the reverse
      for (std::size_t i = 0; i < before.size(); ++i) sums[c] += (after[i] - before[i]) * (after[i] - before[i]);
      counts[c] += static_cast<std::int64_t>(before.size());
    }
  }
  for (std::size_t c = 0; c < sums.size(); ++c)
    if (counts[c] != 0) sums[c] /= static_cast<double>(counts[c]);
  return sums;
}

bool inside(const Planned& planned) {
  return planned.mean > planned.contrast->lower && planned.mean < planned.contrast->upper;
}

/// How much is spent: seeds, and steps as a multiple of those planned.
struct Effort {
  std::int64_t seeds = 0;
  double steps = 1;
};

double power_between(const Planned& planned, const Effort& effort, double lower, double upper, double level) {
  const double deviation = planned.deviation_at(effort.steps);
  if (deviation == 0) return planned.mean > lower && planned.mean < upper ? 1 : 0;
  return equivalence_power(planned.mean, deviation, effort.seeds, lower, upper, level);
}

struct Forecast {
  double power = 0;
  std::size_t limiting = 0;
};

/// To show that every contrast is within its limits: the chances to miss add up.
Forecast supporting(const std::vector<Planned>& planned, const Effort& effort, double level) {
  Forecast forecast{1, 0};
  double least = 2;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const Contrast& contrast = *planned[i].contrast;
    const double power = power_between(planned[i], effort, contrast.lower, contrast.upper, level);
    forecast.power -= 1 - power;
    if (power < least) {
      least = power;
      forecast.limiting = i;
    }
  }
  forecast.power = std::max(forecast.power, 0.0);
  return forecast;
}

/// To show that one contrast is outside: the best of them.
Forecast refuting(const std::vector<Planned>& planned, const Effort& effort, double level) {
  Forecast forecast;
  const double each = level / static_cast<double>(planned.size());
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const Contrast& contrast = *planned[i].contrast;
    const double power = planned[i].mean >= contrast.upper
                             ? power_between(planned[i], effort, contrast.upper, kInfinity, each)
                             : power_between(planned[i], effort, -kInfinity, contrast.lower, each);
    if (power > forecast.power) forecast = {power, i};
  }
  return forecast;
}

std::optional<std::int64_t> seeds_needed(const std::function<bool(const Effort&)>& enough) {
  std::int64_t high = 2;
  while (!enough({high})) {
    if (high >= kMostSeeds) return std::nullopt;
    high = std::min(2 * high, kMostSeeds);
  }
  std::int64_t low = high / 2;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (enough({middle}) ? high : low) = middle;
  }
  return high;
}

std::optional<double> steps_needed(const std::function<bool(const Effort&)>& enough, std::int64_t seeds) {
  if (enough({seeds, 1})) return 1;
  double high = 2;
  while (!enough({seeds, high})) {
    if (high >= kMostSteps) return std::nullopt;
    high *= 2;
  }
  double low = high / 2;
  while (high > kStepsTolerance * low) {
    const double middle = std::sqrt(low * high);
    (enough({seeds, middle}) ? high : low) = middle;
  }
  return high;
}

}  // namespace

PowerForecast forecast_power(const Hypothesis& hypothesis, const std::vector<Observation>& pilot, std::int64_t seeds,
                             double level, std::size_t hypotheses) {
  PowerForecast forecast;
  forecast.seeds_planned = seeds;
  const Contrasts made = make_contrasts(hypothesis, pilot);
  std::vector<Planned> planned;
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  const std::vector<double> measured = measurement_variances(hypothesis, pilot, made.contrasts);
  for (std::size_t c = 0; c < made.contrasts.size(); ++c) {
    const Contrast& contrast = made.contrasts[c];
    fewest = std::min(fewest, contrast.values.size());
    if (contrast.values.size() < kFewestPilotSeeds) continue;
    const MeanEstimate mean = mean_estimate(contrast.values);
    const auto n = static_cast<std::int64_t>(contrast.values.size());
    const double deviation = mean.standard_error * std::sqrt(static_cast<double>(n));
    const double share = deviation > 0 ? std::min(1.0, measured[c] / (deviation * deviation)) : 0;
    planned.push_back({&contrast, mean.value, standard_deviation_limit(deviation, n, kConfidenceOfSpread), share});
  }
  forecast.pilot_seeds = made.contrasts.empty() ? 0 : static_cast<std::int64_t>(fewest);
  if (planned.empty() || planned.size() < made.contrasts.size()) {
    forecast.reason = "a contrast has fewer than 3 pilot seeds that count";
    return forecast;
  }
  if (seeds < 2) {
    forecast.reason = "fewer than 2 seeds are planned";
    return forecast;
  }
  bool all_inside = true;
  for (const auto& each : planned) all_inside = all_inside && inside(each);
  forecast.decision = all_inside ? Decision::supported : Decision::refuted;
  const double strictest = level / static_cast<double>(hypotheses);
  const auto at = [&](const Effort& effort) {
    return all_inside ? supporting(planned, effort, strictest) : refuting(planned, effort, strictest);
  };
  const Forecast now = at({seeds});
  forecast.power = now.power;
  forecast.limiting = planned[now.limiting].contrast->name;
  forecast.deviation = planned[now.limiting].deviation;
  forecast.measured_share = planned[now.limiting].measured_share;
  const auto enough = [&](const Effort& effort) { return at(effort).power >= hypothesis.power; };
  forecast.seeds_needed = seeds_needed(enough);
  forecast.steps_factor_needed = steps_needed(enough, seeds);
  return forecast;
}

}  // namespace brink
