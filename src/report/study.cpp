#include "brink/report/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <mutex>
#include <numeric>

#include "brink/base/error.hpp"
#include "brink/base/parallel.hpp"
#include "brink/statistics/intervals.hpp"

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

std::string_view to_string(Judgement judgement) {
  switch (judgement) {
    case Judgement::supported:
      return "supported";
    case Judgement::refuted:
      return "refuted";
    case Judgement::cannot_tell:
      return "cannot tell";
  }
  return "cannot tell";
}

SeedMean seed_mean(const std::vector<double>& values) {
  std::vector<double> kept;
  std::copy_if(values.begin(), values.end(), std::back_inserter(kept), [](double v) { return std::isfinite(v); });
  constexpr double infinity = std::numeric_limits<double>::infinity();
  SeedMean result;
  result.seeds = static_cast<std::int64_t>(kept.size());
  result.excluded = static_cast<std::int64_t>(values.size() - kept.size());
  result.standard_error = infinity;
  result.lower = -infinity;
  result.upper = infinity;
  if (kept.empty()) {
    result.mean = std::numeric_limits<double>::quiet_NaN();
    return result;
  }
  const auto k = static_cast<double>(kept.size());
  result.mean = std::accumulate(kept.begin(), kept.end(), 0.0) / k;
  if (kept.size() < 2) return result;
  double squares = 0;
  for (const double v : kept) squares += (v - result.mean) * (v - result.mean);
  result.standard_error = std::sqrt(squares / (k - 1) / k);
  const double half = student_quantile(0.5 + kConfidence / 2, k - 1) * result.standard_error;
  result.lower = result.mean - half;
  result.upper = result.mean + half;
  return result;
}

Finding judge_equal(const Claim& claim, const std::vector<double>& values, double predicted, double margin) {
  Finding finding = start(claim, values, fmt::format("within {:.3g} of {:.4g}", margin, predicted));
  finding.predicted = predicted;
  const SeedMean& m = finding.measured;
  if (m.lower >= predicted - margin && m.upper <= predicted + margin) finding.judgement = Judgement::supported;
  if (m.lower > predicted + margin || m.upper < predicted - margin) finding.judgement = Judgement::refuted;
  return finding;
}

Finding judge_at_least(const Claim& claim, const std::vector<double>& values, double bound) {
  Finding finding = start(claim, values, fmt::format("at least {:.4g}", bound));
  const SeedMean& m = finding.measured;
  if (m.lower >= bound) finding.judgement = Judgement::supported;
  if (m.upper < bound) finding.judgement = Judgement::refuted;
  return finding;
}

Finding judge_at_most(const Claim& claim, const std::vector<double>& values, double bound) {
  Finding finding = start(claim, values, fmt::format("at most {:.4g}", bound));
  const SeedMean& m = finding.measured;
  if (m.upper <= bound) finding.judgement = Judgement::supported;
  if (m.lower > bound) finding.judgement = Judgement::refuted;
  return finding;
}

Finding judge_exact(const Claim& claim, const std::vector<double>& values, double tolerance) {
  Finding finding = start(claim, values, fmt::format("no difference from theory above {:.3g}", tolerance));
  finding.predicted = 0;
  SeedMean& m = finding.measured;
  double largest = 0;
  for (const double v : values) largest = std::isfinite(v) ? std::max(largest, std::abs(v)) : v;
  // The largest difference is what is judged; it has no sampling error.
  m.mean = largest;
  m.standard_error = 0;
  m.lower = m.upper = largest;
  if (!values.empty()) finding.judgement = largest <= tolerance ? Judgement::supported : Judgement::refuted;
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
