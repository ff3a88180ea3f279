#include "judgement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "brink/statistics/intervals.hpp"

namespace brink {
namespace {

constexpr double kPower = 0.9;
constexpr double kNoiseFreeTolerance = 1e-8;
constexpr double kRounding = 1e-11;  // of a growth rate that was summed over thousands of steps
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Estimate minus theory, less what theory itself does not know.
double distance(const Comparison& comparison) {
  const double difference = comparison.estimate - comparison.theory;
  const double slack = comparison.theory_error + kRounding;
  return difference > slack ? difference - slack : difference < -slack ? difference + slack : 0.0;
}

/// Score, critical score and power of a comparison whose numbers are set. `slope` is d(theory)/d ln η.
void score(double slope, double level_of_one, Comparison& comparison) {
  if (comparison.standard_error > 0) {
    comparison.z = distance(comparison) / comparison.standard_error;
    comparison.critical_z = student_quantile(1 - level_of_one / 2, comparison.degrees_of_freedom);
    const double margin = (comparison.critical_z + normal_quantile(kPower)) * comparison.standard_error;
    comparison.own_detectable_error = slope != 0 ? margin / std::abs(slope) : kInfinity;
  } else {
    comparison.z = distance(comparison) / kNoiseFreeTolerance;
    comparison.critical_z = 1;
    comparison.own_detectable_error = slope != 0 ? 2 * kNoiseFreeTolerance / std::abs(slope) : kInfinity;
  }
}

Comparison compare(const CellTheory& theory, const MeasurementUnit& unit, const Measurement& measured,
                   double level_of_one) {
  Comparison comparison;
  comparison.cell = unit.cell;
  comparison.engine = measured.engine;
  comparison.estimate = measured.value;
  comparison.standard_error = measured.standard_error;
  comparison.degrees_of_freedom = measured.degrees_of_freedom;
  double slope = 0;
  if (unit.kind == MeasurementUnit::Kind::threshold) {
    comparison.quantity = "eta_mean_square";
    comparison.eta = theory.eta;
    comparison.eta_over_threshold = 1;
    comparison.theory = theory.result.eta_mean_square;
    comparison.theory_error = theory.result.residual * theory.result.eta_mean_square;
    slope = theory.eta;
  } else {
    const TheoryPoint& point = theory.points[unit.point];
    comparison.quantity = "log_growth";
    comparison.eta = point.eta;
    comparison.eta_over_threshold = point.eta_over_threshold;
    comparison.theory = point.log_growth;
    comparison.theory_error = point.error;
    slope = point.slope;
  }
  score(slope, level_of_one, comparison);
  return comparison;
}

/// The best comparison of every engine; then the worst engine.
double detectable_error(const std::vector<Comparison>& comparisons, std::size_t cell) {
  std::map<std::string, double> best;
  for (const auto& comparison : comparisons) {
    if (comparison.cell != cell) continue;
    const auto entry = best.emplace(comparison.engine, kInfinity).first;
    entry->second = std::min(entry->second, comparison.own_detectable_error);
  }
  double worst = best.empty() ? kInfinity : 0;
  for (const auto& [engine, error] : best) worst = std::max(worst, error);
  return worst;
}

void add_warnings(const std::vector<std::string>& from, std::vector<std::string>& to) {
  for (const auto& warning : from) {
    if (std::find(to.begin(), to.end(), warning) == to.end()) to.push_back(warning);
  }
}

}  // namespace

VerificationReport judge(const VerificationPlan& plan, const std::vector<CellTheory>& theories,
                         const std::vector<MeasurementUnit>& units, const std::vector<Measurement>& measurements) {
  VerificationReport report;
  for (const auto& theory : theories) report.cells.push_back(theory.result);

  const auto noisy = std::count_if(measurements.begin(), measurements.end(),
                                   [](const Measurement& measured) { return measured.standard_error > 0; });
  const double level_of_one = bonferroni_level(plan.level, std::max<std::int64_t>(1, noisy));
  for (std::size_t i = 0; i < units.size(); ++i) {
    const MeasurementUnit& unit = units[i];
    CellResult& cell = report.cells[unit.cell];
    report.comparisons.push_back(compare(theories[unit.cell], unit, measurements[i], level_of_one));
    add_warnings(measurements[i].warnings, cell.warnings);
    if (unit.kind != MeasurementUnit::Kind::threshold) continue;
    cell.measured_eta = measurements[i].value;
    cell.measured_standard_error = measurements[i].standard_error;
    cell.measured_lower = measurements[i].lower;
    cell.measured_upper = measurements[i].upper;
  }

  for (std::size_t i = 0; i < report.cells.size(); ++i) {
    report.cells[i].detectable_threshold_error = detectable_error(report.comparisons, i);
    const bool has_power = report.cells[i].detectable_threshold_error <= plan.largest_undetectable;
    report.cells[i].verdict = has_power ? Verdict::agree : Verdict::cannot_tell;
  }
  for (auto& comparison : report.comparisons) {
    CellResult& cell = report.cells[comparison.cell];
    comparison.detectable_threshold_error = cell.detectable_threshold_error;
    const bool has_power = cell.detectable_threshold_error <= plan.largest_undetectable;
    const bool within = std::abs(comparison.z) <= comparison.critical_z;
    comparison.verdict = !within ? Verdict::disagree : has_power ? Verdict::agree : Verdict::cannot_tell;
    if (!within) cell.verdict = Verdict::disagree;
  }
  report.agree = !report.cells.empty() && std::all_of(report.cells.begin(), report.cells.end(),
                                                      [](const auto& cell) { return cell.verdict == Verdict::agree; });
  return report;
}

}  // namespace brink
