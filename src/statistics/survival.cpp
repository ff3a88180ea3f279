#include "brink/statistics/survival.hpp"

#include <algorithm>
#include <cmath>

#include "brink/base/error.hpp"

namespace brink {

Survival kaplan_meier(std::vector<Lifetime> lives, double confidence) {
  check_argument(!lives.empty(), "kaplan_meier", "lives", "an empty list", "at least one life");
  check_argument(confidence > 0 && confidence < 1, "kaplan_meier", "confidence", confidence, "0 < confidence < 1");
  std::sort(lives.begin(), lives.end(), [](const Lifetime& a, const Lifetime& b) { return a.time < b.time; });
  check_argument(lives.front().time >= 1, "kaplan_meier", "time", lives.front().time, "an integer >= 1");

  Survival result;
  result.confidence = confidence;
  result.lives = static_cast<std::int64_t>(lives.size());
  const double z = normal_quantile(0.5 + 0.5 * confidence);
  double survival = 1;
  double greenwood = 0;  // Σ d/(n(n − d))
  double upper = 1;
  for (std::size_t i = 0; i < lives.size();) {
    const std::int64_t time = lives[i].time;
    const auto at_risk = static_cast<std::int64_t>(lives.size() - i);
    std::int64_t ended = 0;
    for (; i < lives.size() && lives[i].time == time; ++i) {
      ended += lives[i].ended ? 1 : 0;
      result.exposure += time;
    }
    if (ended == 0) continue;
    result.ended += ended;
    SurvivalPoint point{time, at_risk, ended, 0, 0, {0, upper}};
    if (ended < at_risk) {
      const auto n = static_cast<double>(at_risk);
      const auto d = static_cast<double>(ended);
      survival *= (n - d) / n;
      greenwood += d / (n * (n - d));
      point.survival = survival;
      point.standard_error = survival * std::sqrt(greenwood);
      const double log_survival = std::log(survival);
      const double spread = std::exp(z * std::sqrt(greenwood) / std::abs(log_survival));
      point.interval = {std::exp(log_survival * spread), std::exp(log_survival / spread)};
      upper = point.interval.upper;
    }
    result.curve.push_back(point);
  }
  result.hazard = static_cast<double>(result.ended) / static_cast<double>(result.exposure);
  result.hazard_interval = clopper_pearson(result.ended, result.exposure, confidence);
  return result;
}

RestrictedMean restricted_mean(const Survival& survival, std::int64_t horizon) {
  check_argument(horizon >= 1, "restricted_mean", "horizon", horizon, "an integer >= 1");
  double area = 0;  // from the point at hand to the horizon
  double variance = 0;
  std::int64_t end = horizon;
  for (std::size_t i = survival.curve.size(); i-- > 0;) {
    const SurvivalPoint& point = survival.curve[i];
    if (point.time >= horizon) continue;
    area += point.survival * static_cast<double>(end - point.time);
    end = point.time;
    const auto n = static_cast<double>(point.at_risk);
    const auto d = static_cast<double>(point.ended);
    if (point.ended < point.at_risk) variance += area * area * d / (n * (n - d));
  }
  return {area + static_cast<double>(end), std::sqrt(variance)};
}

}  // namespace brink
