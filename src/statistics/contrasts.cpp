#include "contrasts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "brink/base/error.hpp"
#include "brink/base/options.hpp"
#include "brink/statistics/regression.hpp"
#include "sample.hpp"

namespace brink::hypotheses {
namespace {

std::string parameter_text(const Observation& run, const std::string& name) {
  const auto number = run.numbers.find(name);
  if (number != run.numbers.end()) return fmt::format("{:.9g}", number->second);
  const auto text = run.texts.find(name);
  if (text != run.texts.end()) return text->second;
  throw InvalidInput(fmt::format("hypothesis: \"{}\" is no parameter of the population, need one of {}", name,
                                 fmt::format("{}", fmt::join(run.parameters, ", "))));
}

/// The parameters that take more than one value among the runs.
std::vector<std::string> varying(const std::vector<Measured>& runs) {
  std::vector<std::string> names;
  for (const auto& name : runs.front().run->parameters) {
    std::set<std::string> values;
    for (const auto& each : runs) values.insert(parameter_text(*each.run, name));
    if (values.size() > 1) names.push_back(name);
  }
  return names;
}

std::string label(const Observation& run, const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, parameter_text(run, name));
  return text.empty() ? "all runs" : text;
}

/// Groups in order of their first run.
template <class Key>
std::vector<std::pair<std::string, std::vector<Measured>>> grouped(const std::vector<Measured>& runs, const Key& key) {
  std::vector<std::pair<std::string, std::vector<Measured>>> groups;
  std::map<std::string, std::size_t> index;
  for (const auto& each : runs) {
    const auto [entry, added] = index.emplace(key(*each.run), groups.size());
    if (added) groups.emplace_back(entry->first, std::vector<Measured>());
    groups[entry->second].second.push_back(each);
  }
  return groups;
}

/// What keeps curves apart: the group of the file, or every varying parameter but the factor.
std::vector<std::string> curve_parameters(const Hypothesis& hypothesis, const std::vector<Measured>& runs) {
  if (!hypothesis.group.empty()) return hypothesis.group;
  std::vector<std::string> names = varying(runs);
  std::erase(names, hypothesis.factor);
  return names;
}

double factor_of(const Hypothesis& hypothesis, const Observation& run) {
  const auto found = run.numbers.find(hypothesis.factor);
  if (found == run.numbers.end())
    throw InvalidInput(
        fmt::format("hypothesis: factor = {}, need a numeric parameter or column of the runs", hypothesis.factor));
  return found->second;
}

/// One curve of one seed, its points ascending in the factor. Two runs at one point are an ambiguity of the file.
struct Curve {
  std::int64_t seed = 0;
  std::vector<Measured> points;
  std::vector<double> x;
};

std::vector<Curve> curves_of(const Hypothesis& hypothesis, std::vector<Measured> runs) {
  std::map<std::int64_t, Curve> by_seed;
  for (const auto& each : runs) by_seed[each.run->seed].points.push_back(each);
  std::vector<Curve> curves;
  for (auto& [seed, curve] : by_seed) {
    curve.seed = seed;
    const auto factor = [&](const Measured& each) { return factor_of(hypothesis, *each.run); };
    std::stable_sort(curve.points.begin(), curve.points.end(),
                     [&](const Measured& a, const Measured& b) { return factor(a) < factor(b); });
    for (const auto& point : curve.points) curve.x.push_back(factor(point));
    for (std::size_t i = 1; i < curve.x.size(); ++i)
      if (!(curve.x[i] > curve.x[i - 1]))
        throw InvalidInput(
            fmt::format("hypothesis: two runs of one curve have {} = {}, need `where` or `group` to "
                        "keep them apart",
                        hypothesis.factor, curve.x[i]));
    curves.push_back(std::move(curve));
  }
  return curves;
}

using Groups = std::vector<std::pair<std::string, std::vector<Measured>>>;

Groups curve_groups(const Hypothesis& hypothesis, const std::vector<Measured>& runs) {
  const auto names = curve_parameters(hypothesis, runs);
  return grouped(runs, [&](const Observation& run) { return label(run, names); });
}

double predicted_at(const Hypothesis& hypothesis, const Observation& run) {
  return Expression::parse(hypothesis.predicted).number(scope_of(run));
}

std::vector<double> logarithms(const std::vector<double>& values) {
  std::vector<double> logs;
  for (const double value : values) logs.push_back(std::log(value));
  return logs;
}

std::vector<double> values_of(const Curve& curve) {
  std::vector<double> values;
  for (const auto& point : curve.points) values.push_back(point.value);
  return values;
}

bool all_positive(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return value > 0; });
}

std::vector<Contrast> cells(const Hypothesis& hypothesis, const std::vector<Measured>& runs, double lower,
                            double upper) {
  const auto names = varying(runs);
  std::vector<Contrast> contrasts;
  for (const auto& [name, group] : grouped(runs, [&](const Observation& run) { return label(run, names); })) {
    Contrast contrast{name, {}, lower, upper, {}};
    for (const auto& each : group) {
      const double value = deviation(scale_of(hypothesis), each.value, predicted_at(hypothesis, *each.run));
      if (std::isfinite(value)) contrast.values.push_back(value);
    }
    contrasts.push_back(std::move(contrast));
  }
  return contrasts;
}

std::vector<Contrast> equal(const Hypothesis& hypothesis, const std::vector<Measured>& runs) {
  return cells(hypothesis, runs, -hypothesis.margin, hypothesis.margin);
}

std::vector<Contrast> one_sided(const Hypothesis& hypothesis, const std::vector<Measured>& runs) {
  return hypothesis.direction == "below" ? cells(hypothesis, runs, -kInfinity, -hypothesis.minimal_effect)
                                         : cells(hypothesis, runs, hypothesis.minimal_effect, kInfinity);
}

std::vector<Contrast> slope(const Hypothesis& hypothesis, const std::vector<Measured>& runs) {
  constexpr std::size_t kFewestPoints = 3;
  std::vector<Contrast> contrasts;
  for (const auto& [name, group] : curve_groups(hypothesis, runs)) {
    Contrast contrast{name, {}, -hypothesis.margin, hypothesis.margin, {}};
    for (const Curve& curve : curves_of(hypothesis, group)) {
      const auto values = values_of(curve);
      if (curve.x.size() < kFewestPoints || !all_positive(values) || !all_positive(curve.x)) continue;
      contrast.values.push_back(fit_power_law(curve.x, values).slope.value -
                                predicted_at(hypothesis, *curve.points.front().run));
    }
    contrasts.push_back(std::move(contrast));
  }
  return contrasts;
}

std::vector<Contrast> monotone(const Hypothesis& hypothesis, const std::vector<Measured>& runs) {
  const double sign = hypothesis.direction == "decreasing" ? -1 : 1;
  std::vector<Contrast> contrasts;
  for (const auto& [name, group] : curve_groups(hypothesis, runs)) {
    std::map<std::pair<double, double>, std::vector<double>> steps;
    for (const Curve& curve : curves_of(hypothesis, group))
      for (std::size_t i = 1; i < curve.x.size(); ++i) {
        const double value = deviation(scale_of(hypothesis), curve.points[i].value, curve.points[i - 1].value);
        if (std::isfinite(value)) steps[{curve.x[i - 1], curve.x[i]}].push_back(sign * value);
      }
    for (auto& [ends, values] : steps)
      contrasts.push_back(
          {fmt::format("{}: {} from {:.9g} to {:.9g}", name, hypothesis.factor, ends.first, ends.second),
           std::move(values),
           -hypothesis.minimal_effect,
           kInfinity,
           {}});
  }
  return contrasts;
}

std::vector<Contrast> independent(const Hypothesis& hypothesis, const std::vector<Measured>& runs) {
  const std::string scale = scale_of(hypothesis);
  std::vector<Contrast> contrasts;
  for (const auto& [name, group] : curve_groups(hypothesis, runs)) {
    const auto curves = curves_of(hypothesis, group);
    std::size_t levels = 0;
    for (const Curve& curve : curves) levels = std::max(levels, curve.x.size());
    std::map<double, std::vector<double>> deviations;
    for (const Curve& curve : curves) {
      if (curve.x.size() < levels || levels < 2) continue;  // a level is missing: the mean would be another one
      double centre = 0;
      for (const auto& point : curve.points)
        centre += (scale == "log" ? std::log(point.value) : point.value) / static_cast<double>(levels);
      if (scale == "log") centre = std::exp(centre);
      for (std::size_t i = 0; i < levels; ++i) {
        const double value = deviation(scale, curve.points[i].value, centre);
        if (std::isfinite(value)) deviations[curve.x[i]].push_back(value);
      }
    }
    for (auto& [level, values] : deviations)
      contrasts.push_back(
          {fmt::format("{}: {} = {:.9g} against the mean over {}", name, hypothesis.factor, level, hypothesis.factor),
           std::move(values),
           -hypothesis.margin,
           hypothesis.margin,
           {}});
  }
  return contrasts;
}

std::vector<Contrast> crossover(const Hypothesis& hypothesis, const std::vector<Measured>& runs) {
  const Expression level = Expression::parse(hypothesis.rescaled);
  std::vector<Contrast> contrasts;
  for (const auto& [name, group] : curve_groups(hypothesis, runs)) {
    Contrast contrast{name, {}, -hypothesis.margin, hypothesis.margin, {}};
    bool censored = false;
    for (const Curve& curve : curves_of(hypothesis, group)) {
      std::vector<double> above;
      for (const auto& point : curve.points)
        above.push_back(deviation(scale_of(hypothesis), point.value, level.number(scope_of(*point.run))));
      const double predicted = predicted_at(hypothesis, *curve.points.front().run);
      const bool usable = std::all_of(above.begin(), above.end(), [](double value) { return std::isfinite(value); });
      if (curve.x.size() < 2 || !usable || !all_positive(curve.x) || !(predicted > 0)) continue;
      const Crossing crossing = isotonic_crossing(logarithms(curve.x), above, 0);
      contrast.onsets.push_back(
          {std::exp(crossing.censored.lower) / predicted, std::exp(crossing.censored.upper) / predicted});
      censored = censored || !crossing.x;
      if (crossing.x) contrast.values.push_back(*crossing.x - std::log(predicted));
    }
    if (!censored) contrast.onsets.clear();
    contrasts.push_back(std::move(contrast));
  }
  return contrasts;
}

std::vector<Contrast> break_point(const Hypothesis& hypothesis, const std::vector<Measured>& runs) {
  constexpr std::size_t kFewestPoints = 6;
  std::vector<Contrast> contrasts;
  for (const auto& [name, group] : curve_groups(hypothesis, runs)) {
    Contrast contrast{name, {}, -hypothesis.margin, hypothesis.margin, {}};
    for (const Curve& curve : curves_of(hypothesis, group)) {
      const auto values = values_of(curve);
      const double predicted = predicted_at(hypothesis, *curve.points.front().run);
      if (curve.x.size() < kFewestPoints || !all_positive(values) || !all_positive(curve.x) || !(predicted > 0))
        continue;
      contrast.values.push_back(fit_broken_line(logarithms(curve.x), logarithms(values), 0.95).break_point -
                                std::log(predicted));
    }
    contrasts.push_back(std::move(contrast));
  }
  return contrasts;
}

std::vector<Contrast> difference(const Hypothesis& hypothesis, const std::vector<Measured>& runs) {
  std::vector<Expression> match;
  for (const auto& text : hypothesis.match) match.push_back(Expression::parse(text));
  const Expression left = Expression::parse(hypothesis.left);
  const Expression right = Expression::parse(hypothesis.right);
  const auto key = [&](const Observation& run) {
    std::string text;
    for (const auto& expression : match) {
      const ExpressionValue value = expression.evaluate(scope_of(run));
      const auto* number = std::get_if<double>(&value);
      text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", expression.text(),
                          number                                       ? fmt::format("{:.9g}", *number)
                          : std::holds_alternative<std::string>(value) ? std::get<std::string>(value)
                          : std::get<bool>(value)                      ? "true"
                                                                       : "false");
    }
    return text.empty() ? std::string("all runs") : text;
  };
  double lower = -hypothesis.margin;
  double upper = hypothesis.margin;
  if (hypothesis.direction == "above") {
    lower = hypothesis.minimal_effect;
    upper = kInfinity;
  } else if (hypothesis.direction == "below") {
    lower = -kInfinity;
    upper = -hypothesis.minimal_effect;
  }
  std::vector<Contrast> contrasts;
  for (const auto& [name, group] : grouped(runs, key)) {
    std::map<std::int64_t, std::pair<std::vector<Measured>, std::vector<Measured>>> pairs;
    for (const auto& each : group) {
      if (left.truth(scope_of(*each.run))) pairs[each.run->seed].first.push_back(each);
      if (right.truth(scope_of(*each.run))) pairs[each.run->seed].second.push_back(each);
    }
    Contrast contrast{name, {}, lower, upper, {}};
    bool paired = false;
    for (const auto& [seed, pair] : pairs) {
      if (pair.first.size() > 1 || pair.second.size() > 1)
        throw InvalidInput(
            fmt::format("hypothesis: several runs of seed {} are left or right at {}, need `match` to "
                        "tell them apart",
                        seed, name));
      if (pair.first.empty() || pair.second.empty()) continue;
      paired = true;
      const double value = deviation(scale_of(hypothesis), pair.first.front().value, pair.second.front().value) -
                           predicted_at(hypothesis, *pair.first.front().run);
      if (std::isfinite(value)) contrast.values.push_back(value);
    }
    if (paired) contrasts.push_back(std::move(contrast));
  }
  return contrasts;
}

/// Linear interpolation in ascending x, which holds `at` between its ends.
double interpolated(const std::vector<double>& x, const std::vector<double>& y, double at) {
  const auto above = std::lower_bound(x.begin(), x.end(), at);
  const auto i = static_cast<std::size_t>(above - x.begin());
  if (i == 0) return y.front();
  if (i == x.size()) return y.back();
  return y[i - 1] + (y[i] - y[i - 1]) * (at - x[i - 1]) / (x[i] - x[i - 1]);
}

/// Half the largest vertical distance between any two curves of a seed, over their common stretch of the rescaled axis.
std::optional<double> largest_spread(const std::vector<std::pair<std::vector<double>, std::vector<double>>>& curves) {
  double begin = -kInfinity;
  double end = kInfinity;
  std::vector<double> at;
  for (const auto& [x, y] : curves) {
    begin = std::max(begin, x.front());
    end = std::min(end, x.back());
    at.insert(at.end(), x.begin(), x.end());
  }
  if (curves.size() < 2 || !(begin < end)) return std::nullopt;
  double spread = 0;
  for (const double x : at) {
    if (x < begin || x > end) continue;
    double low = kInfinity;
    double high = -kInfinity;
    for (const auto& [abscissae, ordinates] : curves) {
      const double y = interpolated(abscissae, ordinates, x);
      low = std::min(low, y);
      high = std::max(high, y);
    }
    spread = std::max(spread, 0.5 * (high - low));
  }
  return spread;
}

std::vector<Contrast> collapse(const Hypothesis& hypothesis, const std::vector<Measured>& runs) {
  const Expression rescaled = Expression::parse(hypothesis.rescaled);
  const bool logarithmic = scale_of(hypothesis) == "log";
  std::map<std::int64_t, std::vector<std::pair<std::vector<double>, std::vector<double>>>> by_seed;
  for (const auto& [name, group] : curve_groups(hypothesis, runs))
    for (const Curve& curve : curves_of(hypothesis, group)) {
      std::vector<std::pair<double, double>> points;
      for (const auto& point : curve.points) {
        const double y = logarithmic ? std::log(point.value) : point.value;
        points.emplace_back(std::log(rescaled.number(scope_of(*point.run))), y);
      }
      const bool usable = std::all_of(points.begin(), points.end(), [](const auto& point) {
        return std::isfinite(point.first) && std::isfinite(point.second);
      });
      if (points.size() < 2 || !usable) continue;
      std::sort(points.begin(), points.end());
      auto& added = by_seed[curve.seed].emplace_back();
      for (const auto& [x, y] : points) {
        added.first.push_back(x);
        added.second.push_back(y);
      }
    }
  Contrast contrast{"largest half distance between curves", {}, -kInfinity, hypothesis.margin, {}};
  for (const auto& [seed, curves] : by_seed)
    if (const auto spread = largest_spread(curves)) contrast.values.push_back(*spread);
  return {contrast};
}

}  // namespace

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {
      {"equal", true, false, equal},
      {"one-sided", false, false, one_sided},
      {"slope", true, true, slope},
      {"monotone", false, true, monotone},
      {"crossover", true, true, crossover},
      {"break", true, true, break_point},
      {"difference", false, false, difference},
      {"plateau", true, false, equal},
      {"independent", true, true, independent},
      {"collapse", true, true, collapse},
  };
  return all;
}

const Rule& find_rule(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& rule : rules()) {
    if (rule.name == name) return rule;
    names.emplace_back(rule.name);
  }
  throw InvalidInput(fmt::format("hypothesis: rule = {}, need one of {}", name, fmt::join(names, ", ")));
}

std::string scale_of(const Hypothesis& hypothesis) {
  if (!hypothesis.scale.empty()) return hypothesis.scale;
  return find_rule(hypothesis.rule).compares_curves ? "log" : "absolute";
}

double deviation(const std::string& scale, double y, double p) {
  if (scale == "absolute") return y - p;
  if (scale == "relative") return y / p - 1;
  return y > 0 && p > 0 ? std::log(y / p) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace brink::hypotheses
