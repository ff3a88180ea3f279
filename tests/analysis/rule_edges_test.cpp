// Edges against what the rules of the library do on a parabola, and readings after a crossing.

#include "analysis/rule_edges.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/training/training_rule.hpp"

using namespace brink;
using namespace brink::analysis;

namespace {

/// |x| after 3000 steps from 1 on ½hx².
double parabola_end(const RuleEdge& edge, double h) {
  TrainingRuleParameters parameters;
  parameters.momentum = edge.momentum;
  const auto rule = make_training_rule<double>(edge.rule, parameters);
  auto state = initial_state(*rule, Vector(Vector::Ones(1)));
  const GradientAt<double> at = [&](const Vector& theta, Vector& out) {
    out = h * theta;
    return 0.5 * h * theta.squaredNorm();
  };
  Vector gradient(1);
  for (int t = 0; t < 3000; ++t) {
    at(state.theta, gradient);
    rule->step(edge.eta, gradient, at, state);
  }
  return std::abs(state.theta[0]);
}

/// 100 records: below the edge, at 1 from `crossing` on.
std::vector<double> crossing_at(std::size_t crossing) {
  std::vector<double> ratio(100, 0.9);
  for (std::size_t i = crossing; i < ratio.size(); ++i) ratio[i] = 1;
  return ratio;
}

std::vector<double> counted(std::size_t count) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(1 + static_cast<double>(i));
  return values;
}

}  // namespace

TEST_CASE("a rule is stable just below its edge and unstable just above", "[study][fast]") {
  for (const RuleEdge& edge : {RuleEdge{"sgd", 0.1}, RuleEdge{"heavy-ball", 0.1, 0.5}, RuleEdge{"heavy-ball", 0.3, 0.9},
                               RuleEdge{"nesterov", 0.1, 0.5}, RuleEdge{"nesterov", 0.3, 0.9}}) {
    CAPTURE(edge.rule, edge.momentum);
    CHECK(parabola_end(edge, 0.99 * edge.at(1)) < 1e-3);
    CHECK(parabola_end(edge, 1.01 * edge.at(1)) > 1e3);
  }
}

TEST_CASE("the adaptive edges are those of their linear filters", "[study][fast]") {
  // m⁺ = βm + (1−β)g with x⁺ = x − ηm⁺ is heavy ball with (1−β)η.
  const RuleEdge adam{"adam", 0.002, 0.9};
  CHECK(adam.at(1) == Approx(RuleEdge{"heavy-ball", 0.1 * 0.002, 0.9}.at(1)).epsilon(1e-14));
  CHECK(adam.at(1) == Approx(38 / 0.002).epsilon(1e-14));
  CHECK(RuleEdge{"rmsprop", 0.002}.at(1) == Approx(1000));
}

TEST_CASE("at the edge of sharpness-aware steps the step overshoots by as much as it was off", "[study][fast]") {
  for (const double x : {1e-3, 0.1, 4.0})
    for (const double radius : {0.01, 0.5}) {
      // Along curvature h the gradient is hx: solve for the h that is its own edge.
      const RuleEdge edge{"sam", 0.2, 0, radius};
      double h = 1;
      for (int i = 0; i < 2000; ++i) h = 0.5 * (h + edge.at(h * x));
      CHECK(x - edge.eta * h * (x + radius) == Approx(-x).epsilon(1e-9));
    }
  CHECK(RuleEdge{"sam", 0.2, 0, 1e-7}.at(1) == Approx(10).epsilon(1e-5));  // ρ → 0
  CHECK(RuleEdge{"sam", 0.2, 0, 0.05}.at(1) < 10);
}

TEST_CASE("a run is looked at from twenty records after its crossing on", "[study][fast]") {
  const auto ratio = crossing_at(30);
  const auto values = counted(100);
  // Records 50 … 99 are 51 … 100.
  CHECK(mean_after_crossing(ratio, values) == Approx(75.5));
  CHECK(growth_after_crossing(ratio, values) == Approx(100.0 / 51));
  CHECK(mean_after_crossing(ratio, ratio) == 1);
  CHECK(growth_after_crossing(crossing_at(0), values) == Approx(100.0 / 21));

  // It goes below the edge again: the first crossing counts.
  auto twice = crossing_at(60);
  twice[30] = 1;
  CHECK(growth_after_crossing(twice, values) == Approx(100.0 / 51));
}

TEST_CASE("a run that crosses late or never says nothing", "[study][fast]") {
  const auto values = counted(100);
  CHECK(growth_after_crossing(crossing_at(60), values) == Approx(100.0 / 81));  // 20 records left
  for (const std::size_t late : {61, 99, 100}) {
    CHECK(std::isnan(mean_after_crossing(crossing_at(late), values)));
    CHECK(std::isnan(growth_after_crossing(crossing_at(late), values)));
  }
  CHECK(std::isnan(mean_after_crossing({}, {})));
  CHECK(std::isnan(mean_after_crossing(std::vector<double>(100, NAN), values)));
}
