#include "brink/simulation/stable_scan.hpp"

#include <fmt/format.h>

#include <cmath>

#include "brink/base/error.hpp"
#include "noisy_zero.hpp"

namespace brink {
namespace {

enum class Sign { stable, unclear, growing };

Sign sign_of(const Estimate& growth) {
  if (growth.value < -kClearly * growth.error) return Sign::stable;
  return growth.value > kClearly * growth.error ? Sign::growing : Sign::unclear;
}

void take_warnings(StableSteps& steps, const MeasuredThreshold& crossing) {
  for (const auto& warning : crossing.eta.warnings) {
    const std::string text = fmt::format("near eta = {:.6g}: {}", crossing.eta.value, warning);
    steps.warnings.push_back(text);
  }
}

}  // namespace

StableSteps measured_stable_steps(const EngineFactory& make_engine, const Dynamics& dynamics,
                                  const std::vector<ScannedGrowth>& scan, const SimulationOptions& options,
                                  const Monitor& monitor) {
  check_argument(!scan.empty(), "measured_stable_steps", "scan", "empty", "at least one step size");
  for (std::size_t i = 1; i < scan.size(); ++i) {
    check_argument(scan[i - 1].eta < scan[i].eta, "measured_stable_steps", "scan", scan[i].eta, "ascending step sizes");
  }
  StableSteps steps;
  steps.searched_to = scan.back().eta;
  steps.error_kind = ErrorKind::standard_error;
  steps.method =
      fmt::format("{}, scanned at {} step sizes", options.moment == 0 ? "Lyapunov exponent" : "cloning", scan.size());
  StableInterval open;
  Sign state = Sign::stable;
  double last_clear = 0;
  Index unclear = 0;
  Dynamics at = dynamics;
  for (const ScannedGrowth& point : scan) {
    const Sign sign = sign_of(point.log_growth);
    if (sign == Sign::unclear) {
      ++unclear;
      continue;
    }
    if (sign != state) {
      at.seed += 1;
      const MeasuredThreshold crossing =
          last_clear == 0 ? measure_threshold(make_engine, at, point.eta, options, monitor)
                          : measure_crossing(make_engine, at, sign == Sign::stable ? point.eta : last_clear,
                                             sign == Sign::stable ? last_clear : point.eta, options, monitor);
      take_warnings(steps, crossing);
      if (sign == Sign::growing) {
        open.upper = crossing.eta.value;
        open.upper_error = crossing.eta.error;
        steps.intervals.push_back(open);
      } else {
        open = {crossing.eta.value, crossing.eta.error, 0, 0, false};
      }
      state = sign;
    } else if (unclear > 0) {
      steps.warnings.push_back(fmt::format(
          "growth between eta = {:.6g} and {:.6g} is too near to zero to tell its sign: an interval may be missed",
          last_clear, point.eta));
    }
    unclear = 0;
    last_clear = point.eta;
  }
  if (state == Sign::stable) {
    open.upper = scan.back().eta;
    open.ends_with_search = true;
    steps.intervals.push_back(open);
  }
  return steps;
}

}  // namespace brink
