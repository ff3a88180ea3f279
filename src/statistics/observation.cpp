#include "brink/statistics/observation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/base/options.hpp"
#include "brink/statistics/regression.hpp"
#include "brink/statistics/time_series.hpp"
#include "sample.hpp"

namespace brink {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kUsualShare = 0.5;

void check_numbers(const std::string& function, const std::vector<double>& numbers, bool right, const char* allowed) {
  if (right) return;
  std::string given;
  for (const double number : numbers) given += fmt::format("{}{}", given.empty() ? "" : ", ", number);
  fail_argument("expression", function, given.empty() ? "no number" : given, allowed);
}

/// The last share of the records.
std::vector<double> stretch(const std::string& function, const std::vector<double>& values,
                            const std::vector<double>& numbers) {
  check_numbers(function, numbers, numbers.empty() || (numbers.size() == 1 && numbers[0] > 0 && numbers[0] <= 1),
                "a share in (0, 1], or none: 0.5");
  const double share = numbers.empty() ? kUsualShare : numbers[0];
  const auto skipped = static_cast<std::ptrdiff_t>((1 - share) * static_cast<double>(values.size()));
  return {values.begin() + skipped, values.end()};
}

std::vector<double> within_steps(const std::string& function, const std::vector<double>& steps,
                                 const std::vector<double>& values, const std::vector<double>& numbers) {
  check_numbers(function, numbers, numbers.empty() || numbers.size() == 2, "two steps, from and to, or none");
  if (numbers.empty()) return values;
  std::vector<double> chosen;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (steps[i] >= numbers[0] && steps[i] < numbers[1]) chosen.push_back(values[i]);
  return chosen;
}

double onset(const std::vector<double>& steps, const std::vector<double>& values, const std::vector<double>& numbers) {
  check_numbers("onset", numbers, numbers.size() == 1, "one number: the level");
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] > numbers[0]) return steps[i];
  return std::numeric_limits<double>::infinity();
}

double end_of(const std::string& function, const std::vector<double>& values, const std::vector<double>& numbers) {
  check_numbers(function, numbers, numbers.empty(), "no number");
  if (values.empty()) return kNaN;
  return function == "first" ? values.front() : values.back();
}

template <class Map>
[[noreturn]] void fail_name(const char* what, const std::string& name, const Map& known) {
  std::vector<std::string> names;
  for (const auto& [each, value] : known) names.push_back(each);
  throw InvalidInput(fmt::format("expression: {} \"{}\" is unknown, the nearest known one is \"{}\"", what, name,
                                 nearest_name(name, names)));
}

const std::vector<double>& steps_of(const Observation& observation, const std::string& column) {
  const auto steps = observation.traces.find("step");
  if (steps == observation.traces.end())
    throw InvalidInput(
        fmt::format("expression: \"{}\" of a run that has no traces, need training runs: they have", column));
  return steps->second;
}

/// A column, or an expression of columns, record by record.
std::vector<double> series_of(const Observation& observation, const std::string& column) {
  const auto trace = observation.traces.find(column);
  if (trace != observation.traces.end()) return trace->second;
  const Expression expression = Expression::parse(column);
  std::vector<double> series;
  std::size_t record = 0;
  ExpressionScope scope;
  scope.variable = [&](const std::string& name) -> ExpressionValue {
    const auto found = observation.traces.find(name);
    if (found != observation.traces.end()) return found->second[record];
    const auto number = observation.numbers.find(name);
    if (number != observation.numbers.end()) return number->second;
    fail_name("trace", name, observation.traces);
  };
  scope.function = [](const std::string& name, const std::string& text, const std::vector<double>&) -> double {
    throw InvalidInput(
        fmt::format("expression: {}(\"{}\") inside a trace, need columns and numbers there", name, text));
  };
  const std::size_t records = steps_of(observation, column).size();
  for (; record < records; ++record) series.push_back(expression.number(scope));
  return series;
}

}  // namespace

const std::vector<std::string>& trace_functions() {
  static const std::vector<std::string> names = {"first", "final", "mean",  "largest",         "smallest",
                                                 "tail",  "drift", "onset", "correlation_time"};
  return names;
}

double trace_value(const Observation& observation, const std::string& function, const std::string& column,
                   const std::vector<double>& numbers) {
  const std::vector<double> series = series_of(observation, column);
  const std::vector<double>& all_steps = steps_of(observation, column);
  std::vector<double> steps;
  std::vector<double> values;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (!std::isfinite(series[i])) continue;
    steps.push_back(all_steps[i]);
    values.push_back(series[i]);
  }
  if (function == "first" || function == "final") return end_of(function, values, numbers);
  if (function == "onset") return onset(steps, values, numbers);
  if (function == "mean") return mean_of(within_steps(function, steps, values, numbers));
  if (function == "largest" || function == "smallest") {
    const auto chosen = within_steps(function, steps, values, numbers);
    if (chosen.empty()) return kNaN;
    const auto [low, high] = std::minmax_element(chosen.begin(), chosen.end());
    return function == "largest" ? *high : *low;
  }
  constexpr std::size_t kFewestOfTail = 4;
  constexpr std::size_t kFewestOfDrift = 32;
  const auto chosen = stretch(function, values, numbers);
  if (function == "tail") return chosen.size() < kFewestOfTail ? kNaN : mean_of(chosen);
  if (function == "correlation_time") return chosen.size() < kFewestOfDrift ? kNaN : autocorrelation_time(chosen);
  if (function == "drift") {
    if (chosen.size() < kFewestOfDrift) return kNaN;
    const Drift drift = trace_drift(chosen);
    return drift.change.value / std::abs(drift.mean);
  }
  throw InvalidInput(fmt::format("expression: function \"{}\" of a trace is unknown, the nearest known one is \"{}\"",
                                 function, nearest_name(function, trace_functions())));
}

ExpressionScope scope_of(const Observation& observation) {
  ExpressionScope scope;
  scope.variable = [&observation](const std::string& name) -> ExpressionValue {
    if (name == "seed") return static_cast<double>(observation.seed);
    const auto number = observation.numbers.find(name);
    if (number != observation.numbers.end()) return number->second;
    const auto text = observation.texts.find(name);
    if (text != observation.texts.end()) return text->second;
    fail_name("name", name, observation.numbers);
  };
  scope.function = [&observation](const std::string& name, const std::string& text,
                                  const std::vector<double>& numbers) {
    const auto known = observation.numbers.find(fmt::format("{}(\"{}\")", name, text));
    if (known != observation.numbers.end()) {
      check_numbers(name, numbers, numbers.empty(), "no number after the text");
      return known->second;
    }
    return trace_value(observation, name, text, numbers);
  };
  return scope;
}

}  // namespace brink
