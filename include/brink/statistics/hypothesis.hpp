#pragma once
// A hypothesis about a population of runs, stated before the runs are made, and its judgement.
//
// A rule turns the runs of one seed into a few numbers, the contrasts, each with limits that the claim promises: how
// far a quantity is from its prediction in every cell, how a curve bends, by how much one optimizer beats another.
// The claim is that the mean over seeds of every contrast lies between its limits. Seeds are the independent units:
// whatever one seed's runs share is inside its numbers.
//
//   p_supported = max over contrasts of p("the mean is not between the limits")   [intersection-union test, Berger
//   1982] p_refuted   = min(1, K · min over the K contrasts of p("it is"))              [Bonferroni]
//
// both by Student's t (equivalence_test), and both corrected over the hypotheses of a file [Holm 1979]. Supported when
// the first corrected p-value is at most the level, refuted when the second is, otherwise "cannot tell". So over the
// whole file the probability of any false "supported" is at most the level, and so is that of any false "refuted".

#include <optional>
#include <string>
#include <vector>

#include "brink/statistics/mean_tests.hpp"
#include "brink/statistics/observation.hpp"
#include "brink/statistics/onset.hpp"

namespace brink {

/// One hypothesis as its file states it: a section [hypothesis.NAME].
struct Hypothesis {
  std::string claim;
  std::string quantity;
  std::string rule = "equal";
  std::string predicted = "0";
  std::string scale;
  double margin = 0;
  double minimal_effect = 0;
  std::string direction = "above";
  std::string factor = "batch";
  std::vector<std::string> group;
  std::string where = "true";
  std::string left;
  std::string right;
  std::vector<std::string> match = {"batch", "effective_rate"};
  std::string rescaled;
  std::vector<std::string> exclude;
  double most_excluded = 0.1;
  double power = 0.9;
  std::string expected_verdict = "supported";

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("claim", self.claim, "the claim in words", "text");
    field("quantity", self.quantity, "what is measured of every run", "an expression of columns and parameters");
    field("rule", self.rule, "what the claim says about the quantity",
          "one of equal, one-sided, slope, monotone, crossover, break, difference, plateau, independent, collapse");
    field("predicted", self.predicted,
          "the value of equal and one-sided, the exponent of slope, the place of crossover and break, the difference "
          "of difference",
          "an expression");
    field("scale", self.scale, "how deviations are measured: y − p, y/p − 1, or ln(y/p)",
          "absolute, relative or log; empty: log where the rule compares curves, otherwise absolute");
    field("margin", self.margin, "largest deviation that the claim allows, on that scale",
          "a number > 0, for every rule but one-sided, monotone and a difference with a direction");
    field("minimal_effect", self.minimal_effect,
          "smallest effect that matters: one-sided and difference must exceed it, monotone may fall back by less",
          "a number >= 0; for monotone > 0");
    field("direction", self.direction, "of one-sided, monotone and difference",
          "above or below; for monotone increasing or decreasing; for difference also both (then margin counts)");
    field("factor", self.factor, "what slope, monotone, crossover, break, independent and collapse vary",
          "a numeric parameter, such as batch, eta, momentum");
    field("group", self.group, "parameters that keep curves apart", "names of parameters; none: all but the factor");
    field("where", self.where, "the runs that the claim is about", "an expression that is true or false");
    field("left", self.left, "of difference: the runs whose quantity is compared …", "an expression");
    field("right", self.right, "… with that of these", "an expression");
    field("match", self.match, "of difference: what a pair has in common, beside the seed", "expressions");
    field("rescaled", self.rescaled,
          "of collapse: the abscissa on which the curves become one; of crossover: the "
          "level that the quantity crosses",
          "an expression");
    field("exclude", self.exclude, "runs that are left out, counted with the expression that left them out",
          "expressions that are true or false");
    field("most_excluded", self.most_excluded, "above this share of excluded runs nothing is decided",
          "a number in [0, 1)");
    field("power", self.power, "power wanted", "a number in (0, 1)");
    field("expected_verdict", self.expected_verdict, "what the author expects", "supported or refuted");
  }
};

/// Expressions parsed, words checked. Throws InvalidInput with the field, the value and what is allowed.
void check_hypothesis(const std::string& name, const Hypothesis& hypothesis);

/// Every expression of a hypothesis: what the population has to offer.
[[nodiscard]] std::vector<Expression> expressions_of(const Hypothesis& hypothesis);

/// A number a seed, and the limits that the claim promises for their mean. One limit may be infinite.
struct Contrast {
  std::string name;  ///< "momentum = 0.9, batch = 8"
  std::vector<double> values;
  double lower = 0;
  double upper = 0;
  /// Where some curve does not reach its crossing: what is known of every crossing over its prediction, to be fitted by
  /// fit_onset instead of the mean of the values.
  std::vector<CensoredOnset> onsets;
};

struct ReasonCount {
  std::string reason;
  std::int64_t runs = 0;
};

/// The contrasts of a hypothesis, and what became of its runs.
struct Contrasts {
  std::vector<Contrast> contrasts;
  std::int64_t runs = 0;  ///< that the claim is about
  std::int64_t excluded = 0;
  std::int64_t censored = 0;  ///< curves without a crossing
  std::vector<ReasonCount> reasons;
};

/// Throws InvalidInput for expressions that do not fit the runs, and where no run is one the claim is about.
[[nodiscard]] Contrasts make_contrasts(const Hypothesis& hypothesis, const std::vector<Observation>& runs);

enum class Decision { supported, refuted, cannot_tell };
[[nodiscard]] std::string to_string(Decision decision);

struct ContrastResult {
  std::string name;
  double lower = 0;
  double upper = 0;
  MeanEstimate mean;
  Interval interval;  ///< of the mean, confidence 1 − 2·level: inside the limits where the claim holds
  std::optional<Interval> bootstrap;  ///< BCa, from 8 seeds on
  std::int64_t seeds = 0;
  std::int64_t censored = 0;
  EquivalenceTest test;

  /// False where too few seeds are usable, or censored crossings cannot be fitted: mean and interval are nothing then.
  [[nodiscard]] bool measured() const { return mean.degrees_of_freedom > 0; }
};

struct Judgement {
  std::string name;
  Hypothesis hypothesis;
  Decision decision = Decision::cannot_tell;
  double p_supported = 1;
  double p_refuted = 1;
  double p_supported_corrected = 1;
  double p_refuted_corrected = 1;
  /// The contrast that is furthest from what the claim promises: with the largest p_outside, and of several the one
  /// whose mean is least inside its limits, in standard errors.
  std::size_t decisive = 0;
  std::vector<ContrastResult> contrasts;
  std::int64_t runs = 0;
  std::int64_t excluded = 0;
  std::int64_t censored = 0;
  std::vector<ReasonCount> reasons;
  std::vector<std::string> warnings;
};

struct NamedHypothesis {
  std::string name;
  Hypothesis hypothesis;
};

/// Judges every hypothesis of a file. 0 < level < 0.5. `seed` is that of the bootstrap.
[[nodiscard]] std::vector<Judgement> judge_hypotheses(const std::vector<NamedHypothesis>& hypotheses,
                                                      const std::vector<Observation>& runs, double level,
                                                      std::uint64_t seed);

/// What a pilot promises.
struct PowerForecast {
  Decision decision = Decision::cannot_tell;  ///< the one that the pilot's means point to
  double power = 0;                           ///< to reach it with the seeds planned, at the strictest level of Holm
  std::optional<std::int64_t> seeds_needed;   ///< for the power wanted
  std::int64_t seeds_planned = 0;
  std::int64_t pilot_seeds = 0;
  /// Number of times the steps of the trajectories for the power wanted with the seeds planned; 1: those planned do.
  /// Nothing where no number of steps does, or no column is measured on trajectories of the linearized model.
  std::optional<double> steps_factor_needed;
  std::string limiting;       ///< the contrast with the least power
  double deviation = 0;       ///< of it, standard deviation between seeds as planned with
  double measured_share = 0;  ///< of its variance, what the errors of measured columns make: falls as 1/steps
  std::string reason;         ///< why there is no forecast; empty otherwise
};

/// Power from a pilot: its means are taken for the truth, its standard deviations at their upper limit of confidence
/// 0.8, so that the power announced is reached in about four of five pilots. Over several contrasts the chances to miss
/// add up (supported), or the best one decides (refuted). `hypotheses` is the number in the file. How far more steps
/// help is seen by drawing measured columns anew within their standard errors: the part of the variance that makes
/// falls as 1/steps, the rest, of the seeds' models, stays.
[[nodiscard]] PowerForecast forecast_power(const Hypothesis& hypothesis, const std::vector<Observation>& pilot,
                                           std::int64_t seeds, double level, std::size_t hypotheses);

}  // namespace brink
