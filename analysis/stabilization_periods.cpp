#include "analysis/stabilization_periods.hpp"

#include <cmath>
#include <numbers>

namespace brink::analysis {
namespace {

/// An orbit that the end of a run cuts moves ⟨x²⟩/⟨δ²⟩ by up to 0.3 over the number of orbits: less than its tolerance.
constexpr double kFewestPeriods = 3;

}  // namespace

double measured_period(RunNumbers run, double critical) {
  std::vector<double> times;
  double before = 0;
  for (std::size_t t = 1; t < run.steps(); ++t) {
    const double now = 0.5 * (run.at(t, RunNumbers::tSharpness) + run.at(t - 1, RunNumbers::tSharpness)) - critical;
    if (t > 1 && before < 0 && now >= 0 && (times.empty() || static_cast<double>(t) > times.back() + 10))
      times.push_back(static_cast<double>(t));
    before = now;
  }
  if (times.size() < 2) return NAN;
  return (times.back() - times.front()) / static_cast<double>(times.size() - 1);
}

double periods_of(const SelfStabilization& record) {
  double sum = 0;
  for (const auto& step : record.steps) sum += step.epsilon;
  return sum / (std::numbers::sqrt2 * std::numbers::pi);
}

bool long_enough(double periods, RunNumbers run) {
  if (!run.arrived()) return false;
  const auto status = run.status();
  return periods >= kFewestPeriods || status == SelfStabilizationStatus::diverged ||
         status == SelfStabilizationStatus::prediction_diverged;
}

}  // namespace brink::analysis
