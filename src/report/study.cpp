#include "brink/report/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <mutex>

#include "brink/base/error.hpp"
#include "brink/base/parallel.hpp"
#include "brink/statistics/mean_tests.hpp"

namespace brink {
namespace {

constexpr double kConfidence = 0.95;

Finding start(const Claim& claim, const std::vector<double>& values, std::string rule) {
  Finding finding;
  finding.claim = claim.claim;
  finding.quantity = claim.quantity;
  finding.published = claim.published;
  finding.note = claim.note;
  finding.rule = std::move(rule);
  finding.measured = seed_mean(values);
  return finding;
}

}  // namespace

SeedMean seed_mean(const std::vector<double>& values) {
  std::vector<double> kept;
  std::copy_if(values.begin(), values.end(), std::back_inserter(kept), [](double v) { return std::isfinite(v); });
  constexpr double infinity = std::numeric_limits<double>::infinity();
  SeedMean result;
  result.seeds = static_cast<std::int64_t>(kept.size());
  result.excluded = static_cast<std::int64_t>(values.size() - kept.size());
  if (kept.size() < 2) {
    result.mean = kept.empty() ? std::numeric_limits<double>::quiet_NaN() : kept.front();
    result.standard_error = infinity;
    result.lower = -infinity;
    result.upper = infinity;
    return result;
  }
  const MeanEstimate mean = mean_estimate(kept);
  const Interval interval = t_interval(mean, kConfidence);
  result.mean = mean.value;
  result.standard_error = mean.standard_error;
  result.lower = interval.lower;
  result.upper = interval.upper;
  return result;
}

Finding judge_equal(const Claim& claim, const std::vector<double>& values, double predicted, double margin) {
  Finding finding = start(claim, values, fmt::format("within {:.3g} of {:.4g}", margin, predicted));
  finding.predicted = predicted;
  const SeedMean& m = finding.measured;
  if (m.lower >= predicted - margin && m.upper <= predicted + margin) finding.decision = Decision::supported;
  if (m.lower > predicted + margin || m.upper < predicted - margin) finding.decision = Decision::refuted;
  return finding;
}

Finding judge_at_least(const Claim& claim, const std::vector<double>& values, double bound) {
  Finding finding = start(claim, values, fmt::format("at least {:.4g}", bound));
  const SeedMean& m = finding.measured;
  if (m.lower >= bound) finding.decision = Decision::supported;
  if (m.upper < bound) finding.decision = Decision::refuted;
  return finding;
}

Finding judge_at_most(const Claim& claim, const std::vector<double>& values, double bound) {
  Finding finding = start(claim, values, fmt::format("at most {:.4g}", bound));
  const SeedMean& m = finding.measured;
  if (m.upper <= bound) finding.decision = Decision::supported;
  if (m.lower > bound) finding.decision = Decision::refuted;
  return finding;
}

Finding judge_exact(const Claim& claim, const std::vector<double>& values, double tolerance) {
  Finding finding = start(claim, values, fmt::format("no difference from theory above {:.3g}", tolerance));
  finding.predicted = 0;
  SeedMean& m = finding.measured;
  double largest = 0;
  // A NaN stays: no comparison with it is true.
  for (const double v : values) largest = std::isnan(v) || std::isnan(largest) ? NAN : std::max(largest, std::abs(v));
  // The largest difference is what is judged; it has no sampling error.
  m.mean = largest;
  m.standard_error = 0;
  m.lower = m.upper = largest;
  if (!values.empty()) finding.decision = largest <= tolerance ? Decision::supported : Decision::refuted;
  return finding;
}

std::string study_line(const std::string& key, const std::vector<double>& values) {
  std::string line = key;
  for (const double value : values) line += std::isnan(value) ? "\tnan" : fmt::format("\t{}", value);
  return line;
}

std::optional<std::pair<std::string, std::vector<double>>> read_study_line(const std::string& line) {
  std::vector<double> values;
  std::size_t at = line.find('\t');
  std::pair<std::string, std::vector<double>> result;
  result.first = line.substr(0, at);
  while (at != std::string::npos) {
    const std::size_t next = line.find('\t', at + 1);
    const std::string_view field(line.data() + at + 1, (next == std::string::npos ? line.size() : next) - at - 1);
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
    result.second.push_back(value);
    at = next;
  }
  return result;
}

std::vector<std::vector<double>> StudyContext::measure(const std::vector<StudyUnit>& units) const {
  std::vector<std::vector<double>> results(units.size());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < units.size(); ++i) {
    check_argument(units[i].key.find_first_of("\t\n") == std::string::npos, "StudyContext::measure", "key",
                   units[i].key, "text without tabs and line ends");
    auto known = store != nullptr ? store->find(units[i].key) : std::nullopt;
    if (known) {
      results[i] = std::move(*known);
    } else {
      missing.push_back(i);
    }
  }
  std::mutex mutex;
  std::vector<double> fractions(missing.size(), 0.0);
  double done = 0;
  parallel_for(static_cast<std::int64_t>(missing.size()), threads, [&](std::int64_t task) {
    const auto m = static_cast<std::size_t>(task);
    const StudyUnit& unit = units[missing[m]];
    monitor.check();
    const auto report = [&](double fraction) {
      const std::lock_guard lock(mutex);
      done += fraction - fractions[m];
      fractions[m] = fraction;
      monitor.report(done / static_cast<double>(missing.size()));
    };
    const Monitor own = {report, monitor.interrupted};
    auto values = unit.compute(own);
    // A unit that was cut short by Ctrl-C is no measurement.
    monitor.check();
    if (store != nullptr) store->keep(unit.key, values);
    results[missing[m]] = std::move(values);
    report(1);
  });
  return results;
}

}  // namespace brink
