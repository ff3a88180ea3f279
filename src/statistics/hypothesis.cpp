#include "brink/statistics/hypothesis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/statistics/multiplicity.hpp"
#include "brink/statistics/resampling.hpp"
#include "contrasts.hpp"
#include "sample.hpp"

namespace brink {
namespace {

constexpr std::size_t kFewestForBootstrap = 8;

void check_one_of(const std::string& name, const char* field, const std::string& value,
                  const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  fail_argument("[hypothesis." + name + "]", field, value, fmt::format("one of {}", fmt::join(allowed, ", ")));
}

void count_reason(std::vector<ReasonCount>& reasons, const std::string& reason) {
  for (auto& each : reasons)
    if (each.reason == reason) {
      ++each.runs;
      return;
    }
  reasons.push_back({reason, 1});
}

/// Mean of ln(crossing/prediction) where some crossings are censored, on the scale of Student's t.
std::optional<MeanEstimate> censored_mean(const std::vector<CensoredOnset>& onsets) {
  constexpr double kConfidence = 0.9;
  try {
    const OnsetFit fit = fit_onset(onsets, kConfidence);
    MeanEstimate mean;
    mean.value = std::log(fit.median);
    mean.degrees_of_freedom = static_cast<double>(onsets.size()) - 1;
    // The wider side: the profile of censored data is skewed.
    const double width = std::max(std::log(fit.interval.upper / fit.median), std::log(fit.median / fit.interval.lower));
    mean.standard_error = width / student_quantile(0.5 + 0.5 * kConfidence, mean.degrees_of_freedom);
    return mean;
  } catch (const NotConverged&) {
    return std::nullopt;
  } catch (const InvalidInput&) {
    return std::nullopt;  // fewer than three curves
  }
}

std::optional<MeanEstimate> contrast_mean(const Contrast& contrast) {
  if (!contrast.onsets.empty()) return censored_mean(contrast.onsets);
  if (contrast.values.size() < 2) return std::nullopt;
  return mean_estimate(contrast.values);
}

ContrastResult result_of(const Contrast& contrast, double level, std::uint64_t seed, std::size_t index) {
  ContrastResult result{contrast.name, contrast.lower, contrast.upper, {}, {}, {}, 0, 0, {}};
  result.seeds = static_cast<std::int64_t>(contrast.onsets.empty() ? contrast.values.size() : contrast.onsets.size());
  result.censored = result.seeds - static_cast<std::int64_t>(contrast.values.size());
  const auto mean = contrast_mean(contrast);
  if (!mean) return result;
  result.mean = *mean;
  result.interval = t_interval(*mean, 1 - 2 * level);
  result.test = equivalence_test(*mean, contrast.lower, contrast.upper);
  if (contrast.onsets.empty() && contrast.values.size() >= kFewestForBootstrap && mean->standard_error > 0) {
    BootstrapOptions options;
    options.confidence = 1 - 2 * level;
    options.seed = seed + index;
    result.bootstrap = bootstrap_bca(contrast.values, mean_of, options).interval;
  }
  return result;
}

/// How far the mean is inside its limits, in standard errors; 0 where it was not measured: neither inside nor outside.
double slack(const ContrastResult& result) {
  if (!result.measured()) return 0;
  const double room = std::min(result.mean.value - result.lower, result.upper - result.mean.value);
  if (result.mean.standard_error > 0) return room / result.mean.standard_error;
  return room == 0 ? 0 : std::copysign(std::numeric_limits<double>::infinity(), room);
}

Judgement evaluate(const NamedHypothesis& named, const std::vector<Observation>& runs, double level,
                   std::uint64_t seed) {
  Judgement judgement;
  judgement.name = named.name;
  judgement.hypothesis = named.hypothesis;
  const Contrasts made = make_contrasts(named.hypothesis, runs);
  judgement.runs = made.runs;
  judgement.excluded = made.excluded;
  judgement.censored = made.censored;
  judgement.reasons = made.reasons;
  double p_outside = 0;
  double p_inside = 1;
  for (std::size_t i = 0; i < made.contrasts.size(); ++i) {
    const ContrastResult result = result_of(made.contrasts[i], level, seed, i);
    if (result.seeds - result.censored < 2)
      judgement.warnings.push_back(
          fmt::format("{}: {} usable seeds, at least 2 decide", result.name, result.seeds - result.censored));
    if (result.mean.degrees_of_freedom > 0 && result.mean.standard_error == 0)
      judgement.warnings.push_back(
          fmt::format("{}: all seeds agree to the last digit: nothing random was measured", result.name));
    p_outside = std::max(p_outside, result.test.p_outside);
    p_inside = std::min(p_inside, result.test.p_inside);
    judgement.contrasts.push_back(result);
  }
  if (made.contrasts.empty()) {
    judgement.warnings.push_back("no contrast could be formed: see the excluded runs, `where` and `group`");
    return judgement;
  }
  const double share = static_cast<double>(made.excluded) / static_cast<double>(made.runs);
  if (share > named.hypothesis.most_excluded) {
    judgement.warnings.push_back(
        fmt::format("{} of {} runs were excluded, more than most_excluded = {} allows: "
                    "nothing is decided",
                    made.excluded, made.runs, named.hypothesis.most_excluded));
    p_outside = 1;
    p_inside = 1;
  }
  judgement.p_supported = p_outside;
  judgement.p_refuted = std::min(1.0, p_inside * static_cast<double>(made.contrasts.size()));
  const auto worst =
      std::min_element(judgement.contrasts.begin(), judgement.contrasts.end(), [](const auto& a, const auto& b) {
        return a.test.p_outside != b.test.p_outside ? a.test.p_outside > b.test.p_outside : slack(a) < slack(b);
      });
  judgement.decisive = static_cast<std::size_t>(worst - judgement.contrasts.begin());
  return judgement;
}

}  // namespace

std::string to_string(Decision decision) {
  switch (decision) {
    case Decision::supported:
      return "supported";
    case Decision::refuted:
      return "refuted";
    case Decision::cannot_tell:
      break;
  }
  return "cannot tell";
}

std::vector<Expression> expressions_of(const Hypothesis& hypothesis) {
  std::vector<Expression> expressions;
  const auto add = [&](const std::string& text) {
    if (!text.empty()) expressions.push_back(Expression::parse(text));
  };
  for (const auto* text : {&hypothesis.quantity, &hypothesis.predicted, &hypothesis.where, &hypothesis.left,
                           &hypothesis.right, &hypothesis.rescaled})
    add(*text);
  if (hypothesis.rule == "difference")
    for (const auto& text : hypothesis.match) add(text);
  for (const auto& text : hypothesis.exclude) add(text);
  return expressions;
}

void check_hypothesis(const std::string& name, const Hypothesis& hypothesis) {
  const std::string here = "[hypothesis." + name + "]";
  const auto& rule = hypotheses::find_rule(hypothesis.rule);
  check_argument(!hypothesis.claim.empty(), here, "claim", "empty", "the claim in words");
  check_argument(!hypothesis.quantity.empty(), here, "quantity", "empty", "an expression");
  if (!hypothesis.scale.empty()) check_one_of(name, "scale", hypothesis.scale, {"absolute", "relative", "log"});
  check_one_of(name, "expected_verdict", hypothesis.expected_verdict, {"supported", "refuted"});
  if (rule.name == "one-sided") check_one_of(name, "direction", hypothesis.direction, {"above", "below"});
  if (rule.name == "monotone") {
    check_one_of(name, "direction", hypothesis.direction, {"increasing", "decreasing"});
    check_argument(hypothesis.minimal_effect > 0, here, "minimal_effect", hypothesis.minimal_effect,
                   "a number > 0: no finite sample shows that a curve never falls back at all");
  }
  bool needs_margin = rule.needs_margin;
  if (rule.name == "difference") {
    check_one_of(name, "direction", hypothesis.direction, {"above", "below", "both"});
    needs_margin = hypothesis.direction == "both";
    check_argument(!hypothesis.left.empty(), here, "left", "empty", "an expression");
    check_argument(!hypothesis.right.empty(), here, "right", "empty", "an expression");
  }
  check_argument(!needs_margin || (hypothesis.margin > 0 && std::isfinite(hypothesis.margin)), here, "margin",
                 hypothesis.margin, "a number > 0");
  check_argument(hypothesis.minimal_effect >= 0, here, "minimal_effect", hypothesis.minimal_effect, "a number >= 0");
  check_argument(hypothesis.most_excluded >= 0 && hypothesis.most_excluded < 1, here, "most_excluded",
                 hypothesis.most_excluded, "a number in [0, 1)");
  check_argument(hypothesis.power > 0 && hypothesis.power < 1, here, "power", hypothesis.power, "a number in (0, 1)");
  if (rule.name == "crossover" || rule.name == "collapse")
    check_argument(!hypothesis.rescaled.empty(), here, "rescaled", "empty", "an expression");
  try {
    static_cast<void>(expressions_of(hypothesis));
  } catch (const InvalidInput& error) {
    throw InvalidInput(here + ": " + error.what());
  }
}

Contrasts make_contrasts(const Hypothesis& hypothesis, const std::vector<Observation>& runs) {
  const Expression where = Expression::parse(hypothesis.where);
  const Expression quantity = Expression::parse(hypothesis.quantity);
  std::vector<Expression> exclude;
  for (const auto& text : hypothesis.exclude) exclude.push_back(Expression::parse(text));
  Contrasts result;
  std::vector<hypotheses::Measured> measured;
  for (const auto& run : runs) {
    const ExpressionScope scope = scope_of(run);
    if (!where.truth(scope)) continue;
    ++result.runs;
    std::string reason = run.failure.substr(0, run.failure.find(':'));
    for (const auto& expression : exclude)
      if (reason.empty() && expression.truth(scope)) reason = expression.text();
    double value = 0;
    if (reason.empty()) {
      value = quantity.number(scope);
      if (!std::isfinite(value)) reason = "the quantity is no finite number";
    }
    if (!reason.empty()) {
      ++result.excluded;
      count_reason(result.reasons, reason);
      continue;
    }
    measured.push_back({&run, value});
  }
  if (result.runs == 0)
    throw InvalidInput(
        fmt::format("hypothesis: where = {}, need an expression that is true for some run", hypothesis.where));
  if (measured.empty()) return result;
  result.contrasts = hypotheses::find_rule(hypothesis.rule).make(hypothesis, measured);
  for (const auto& contrast : result.contrasts)
    if (!contrast.onsets.empty())
      result.censored += static_cast<std::int64_t>(contrast.onsets.size() - contrast.values.size());
  return result;
}

std::vector<Judgement> judge_hypotheses(const std::vector<NamedHypothesis>& hypotheses,
                                        const std::vector<Observation>& runs, double level, std::uint64_t seed) {
  check_argument(level > 0 && level < 0.5, "judge_hypotheses", "level", level, "0 < level < 0.5");
  std::vector<Judgement> judgements;
  std::vector<double> supported;
  std::vector<double> refuted;
  for (const auto& named : hypotheses) {
    judgements.push_back(evaluate(named, runs, level, seed));
    supported.push_back(judgements.back().p_supported);
    refuted.push_back(judgements.back().p_refuted);
  }
  const auto supported_corrected = holm(supported);
  const auto refuted_corrected = holm(refuted);
  for (std::size_t i = 0; i < judgements.size(); ++i) {
    judgements[i].p_supported_corrected = supported_corrected[i];
    judgements[i].p_refuted_corrected = refuted_corrected[i];
    if (supported_corrected[i] <= level) {
      judgements[i].decision = Decision::supported;
    } else if (refuted_corrected[i] <= level) {
      judgements[i].decision = Decision::refuted;
    }
  }
  return judgements;
}

}  // namespace brink
