#include "brink/verification/batch_regimes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"

using namespace brink;

namespace {

LoadedModel scalar(std::int64_t samples) {
  return load_model({{"kind", std::string("quadratic")},
                     {"spectrum", std::vector<double>{1}},
                     {"samples", samples},
                     {"seed", std::int64_t{3}}},
                    ".");
}

Cell heavy_ball(double momentum) { return {"heavy-ball", {momentum, 0.7, 0, 0}, "without-replacement", 1}; }

/// Var(h)/a² of the samples of a scalar model.
double relative_variance(const LinearizedModel& model) {
  const Eigen::ArrayXd h = model.samples().rows.array().square();
  return (h - h.mean()).square().mean() / (h.mean() * h.mean());
}

}  // namespace

TEST_CASE("the crossover of a scalar problem is where the closed form has it", "[verification][fast]") {
  const LoadedModel model = scalar(512);
  const double r = relative_variance(model.model);
  for (const double beta : {0.0, 0.5, 0.9}) {
    CAPTURE(beta);
    RegimeOptions options;
    options.theory_points = 40;
    const BatchRegimes regimes = batch_regimes(model, heavy_ball(beta), options);
    // η* = edge/(1 + p r (1+β)/(1−β)), p = (n − B)/(B(n − 1)): a share s of the edge where p = (1/s −
    // 1)/(r(1+β)/(1−β)).
    const double n = 512;
    const auto batch_at = [&](double share) {
      const double p = (1 / share - 1) / (r * (1 + beta) / (1 - beta));
      return n / (1 + p * (n - 1));
    };
    REQUIRE(regimes.theory.half.batch);
    CHECK(*regimes.theory.half.batch == Approx(batch_at(0.5)).epsilon(0.03));
    CHECK(regimes.theory.half.interval.lower <= batch_at(0.5) * 1.0001);
    CHECK(regimes.theory.half.interval.upper >= batch_at(0.5) * 0.9999);
    REQUIRE(regimes.theory.curvature_dominated_from.batch);
    CHECK(*regimes.theory.curvature_dominated_from.batch == Approx(batch_at(kSaturated)).epsilon(0.03));
    CHECK(regimes.edge == Approx(2 * (1 + beta) / model.model.lambda_max()).epsilon(1e-9));
    CHECK(regimes.theory.regime.back() == BatchRegime::curvature_dominated);
    REQUIRE(regimes.theory.residual.size() == regimes.theory.eta.size());
    for (const double residual : regimes.theory.residual) CHECK((residual >= 0 && residual < 1e-6));
    CHECK(*std::max_element(regimes.theory.residual.begin(), regimes.theory.residual.end()) > 0);
    if (beta == 0.9) CHECK(regimes.theory.regime.front() == BatchRegime::noise_dominated);
    // SGD on one dimension has no proportional part: B½ = 2 is where it would end.
    if (beta == 0) CHECK(regimes.theory.noise_dominated_up_to.reason.rfind("below", 0) == 0);
  }
}

TEST_CASE("regimes measured from trajectories and from real SGD are those of theory", "[verification][slow]") {
  const LoadedModel model = load_model({{"kind", std::string("quadratic")},
                                        {"dimension", std::int64_t{8}},
                                        {"exponent", 0.0},
                                        {"samples", std::int64_t{256}},
                                        {"seed", std::int64_t{1}}},
                                       ".");
  RegimeOptions options;
  options.measure = {"linear", "direct"};
  options.replicas = 512;
  options.steps = 400;
  std::vector<BatchRegimes> rows = {batch_regimes(model, heavy_ball(0.5), options)};
  judge_regimes(rows);
  CHECK(regimes_agree(rows) == true);
  const BatchRegimes& regimes = rows.front();
  REQUIRE(regimes.measured.size() == 2);
  REQUIRE(regimes.comparisons.size() >= 4);
  for (const auto& each : regimes.comparisons) {
    CAPTURE(each.source, each.boundary, each.theory, each.measured);
    CHECK(std::abs(std::log(each.measured / each.theory)) < 0.15);
    CHECK(each.interval.lower < each.interval.upper);
    CHECK(each.agrees);
    CHECK(each.critical_z > 2.2);  // of one comparison 1.96
  }
  // Full batch has no noise to measure.
  CHECK(regimes.measured[0].batch.back() < 256);
  // One boundary that is off by 10% does not go unnoticed.
  for (auto& each : rows.front().comparisons)
    if (each.boundary == "half") each.z += std::log(1.1) / (std::log(each.interval.upper / each.interval.lower) / 3.92);
  judge_regimes(rows);
  CHECK(regimes_agree(rows) == false);
}

TEST_CASE("a measurement that nothing could be compared with does not agree", "[verification][fast]") {
  std::vector<BatchRegimes> rows(2);
  judge_regimes(rows);
  CHECK_FALSE(regimes_agree(rows).has_value());  // theory alone
  rows[0].measured.resize(1);
  judge_regimes(rows);
  CHECK(regimes_agree(rows) == false);
  rows[0].comparisons.resize(1);
  judge_regimes(rows);
  CHECK(regimes_agree(rows) == true);
  rows[0].comparisons[0].z = 3;
  judge_regimes(rows);
  CHECK(regimes_agree(rows) == false);
}

TEST_CASE("what has no regimes is refused", "[verification][fast]") {
  CHECK_THROWS_AS(batch_regimes(scalar(4), heavy_ball(0.5), {}), InvalidInput);
  RegimeOptions options;
  options.measure = {"trajectories"};
  CHECK_THROWS_AS(batch_regimes(scalar(64), heavy_ball(0.5), options), InvalidInput);
}
