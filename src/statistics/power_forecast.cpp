#include <cmath>
#include <limits>

#include "brink/statistics/hypothesis.hpp"
#include "sample.hpp"

namespace brink {
namespace {

constexpr double kConfidenceOfSpread = 0.8;
constexpr std::size_t kFewestPilotSeeds = 3;
constexpr std::int64_t kMostSeeds = 100'000;

/// What the pilot says of one contrast.
struct Planned {
  const Contrast* contrast = nullptr;
  double mean = 0;
  double deviation = 0;
};

bool inside(const Planned& planned) {
  return planned.mean > planned.contrast->lower && planned.mean < planned.contrast->upper;
}

double power_between(const Planned& planned, std::int64_t n, double lower, double upper, double level) {
  if (planned.deviation == 0) return planned.mean > lower && planned.mean < upper ? 1 : 0;
  return equivalence_power(planned.mean, planned.deviation, n, lower, upper, level);
}

struct Forecast {
  double power = 0;
  std::size_t limiting = 0;
};

/// To show that every contrast is within its limits: the chances to miss add up.
Forecast supporting(const std::vector<Planned>& planned, std::int64_t n, double level) {
  Forecast forecast{1, 0};
  double least = 2;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const Contrast& contrast = *planned[i].contrast;
    const double power = power_between(planned[i], n, contrast.lower, contrast.upper, level);
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
Forecast refuting(const std::vector<Planned>& planned, std::int64_t n, double level) {
  Forecast forecast;
  const double each = level / static_cast<double>(planned.size());
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const Contrast& contrast = *planned[i].contrast;
    const double power = planned[i].mean >= contrast.upper
                             ? power_between(planned[i], n, contrast.upper, kInfinity, each)
                             : power_between(planned[i], n, -kInfinity, contrast.lower, each);
    if (power > forecast.power) forecast = {power, i};
  }
  return forecast;
}

}  // namespace

PowerForecast forecast_power(const Hypothesis& hypothesis, const std::vector<Observation>& pilot, std::int64_t seeds,
                             double level, std::size_t hypotheses) {
  PowerForecast forecast;
  forecast.seeds_planned = seeds;
  const Contrasts made = make_contrasts(hypothesis, pilot);
  std::vector<Planned> planned;
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  for (const auto& contrast : made.contrasts) {
    fewest = std::min(fewest, contrast.values.size());
    if (contrast.values.size() < kFewestPilotSeeds) continue;
    const MeanEstimate mean = mean_estimate(contrast.values);
    const auto n = static_cast<std::int64_t>(contrast.values.size());
    const double deviation = mean.standard_error * std::sqrt(static_cast<double>(n));
    planned.push_back({&contrast, mean.value, standard_deviation_limit(deviation, n, kConfidenceOfSpread)});
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
  const auto at = [&](std::int64_t n) {
    return all_inside ? supporting(planned, n, strictest) : refuting(planned, n, strictest);
  };
  const Forecast now = at(seeds);
  forecast.power = now.power;
  forecast.limiting = planned[now.limiting].contrast->name;
  forecast.deviation = planned[now.limiting].deviation;
  std::int64_t high = 2;
  while (at(high).power < hypothesis.power) {
    if (high >= kMostSeeds) return forecast;
    high = std::min(2 * high, kMostSeeds);
  }
  std::int64_t low = high / 2;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (at(middle).power >= hypothesis.power ? high : low) = middle;
  }
  forecast.seeds_needed = high;
  return forecast;
}

}  // namespace brink
