// Shuffled epochs, exact or measured: which it is, and that both agree.

#include "brink/verification/reshuffled_stability.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "oracle/epochs.hpp"
#include "oracle/examples.hpp"
#include "oracle/second_moment.hpp"

using namespace brink;
using oracle::Example;

namespace {

MeanSquareThreshold independent(const LinearizedModel& model, const UpdateRule& rule, Index batch_size) {
  return mean_square_threshold(model, rule, *make_batch_law("without-replacement"), batch_size);
}

ReshuffledStability stability(const LinearizedModel& model, const oracle::Rule& cell, const Epoch& epoch,
                              const ReshuffledOptions& options = {}) {
  const std::shared_ptr<const UpdateRule> rule = cell.make();
  return reshuffled_stability(model, rule, epoch, independent(model, *rule, epoch.batch_size), options);
}

}  // namespace

TEST_CASE("few samples are exact, many are measured, and both agree", "[verification]") {
  // 5 orthogonal planes of three rows: 15 samples, in which an enumeration would need too much; the same rows in one
  // plane have the exact operator.
  const Example small = oracle::random_rows(6, 2, 1, 861);
  const auto model = small.model();
  ReshuffledOptions options;
  options.etas = {0.2, 0.6};
  const auto exact = stability(model, oracle::heavy_ball(0.5), {6, 2, LastBatch::smaller}, options);
  CHECK(exact.eta.kind == ErrorKind::residual);
  CHECK(exact.eta.error < 1e-9);
  const oracle::SecondMoment moment = [&](double eta) {
    return oracle::epoch_second_moment(small.hessians(), 2, false, oracle::heavy_ball(0.5).reference(), eta);
  };
  CHECK(exact.eta.value == Approx(oracle::threshold(moment, 0.02)).epsilon(1e-9));
  REQUIRE(exact.log_growth.size() == 2);
  CHECK(exact.log_growth[1].value == Approx(oracle::log_growth(moment(0.6)) / 3).epsilon(1e-9));
  REQUIRE(exact.mean.has_value());
  CHECK(exact.mean->eta >= exact.eta.value * (1 - 1e-9));
  REQUIRE(exact.cyclic.has_value());
}

TEST_CASE("in one dimension the partition into batches is random, though their order is irrelevant",
          "[verification][fast]") {
  // Mean over the three ways to pair curvatures 1, 2, 3, 4 of the squared product of both steps.
  const auto moment = [](double eta) {
    const auto product = [eta](double a, double b) { return std::pow((1 - eta * a / 2) * (1 - eta * b / 2), 2); };
    return (product(1 + 2, 3 + 4) + product(1 + 3, 2 + 4) + product(1 + 4, 2 + 3)) / 3;
  };
  double low = 0.5, high = 1;
  while (high - low > 1e-14) (moment((low + high) / 2) < 1 ? low : high) = (low + high) / 2;
  ReshuffledOptions options;
  options.etas = {0.3, 0.9};
  const auto found =
      stability(oracle::one_parameter({1, 2, 3, 4}).model(), oracle::sgd(), {4, 2, LastBatch::smaller}, options);
  CHECK(found.eta.value == Approx(low).epsilon(1e-10));
  CHECK(found.eta.value == Approx(0.847492200568).epsilon(1e-11));
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(found.log_growth[i].value == Approx(std::log(moment(options.etas[i])) / 2).epsilon(1e-10));
  REQUIRE(found.mean.has_value());
  CHECK(found.mean->eta >= found.eta.value);

  const auto single = stability(oracle::one_parameter({1, 2}).model(), oracle::sgd(), {2, 1, LastBatch::smaller});
  CHECK(single.eta.value == Approx(1.5).epsilon(1e-12));
}

TEST_CASE("a measurement beyond enumeration meets a closed form", "[verification]") {
  // 40 orthogonal rows, B = 16: batches of 16, 16 and 8, threshold 2m/(L[(m−1)/B + 1/s]).
  RowMatrix rows = RowMatrix::Zero(40, 40);
  for (Index k = 0; k < 40; ++k) rows(k, k) = std::sqrt(1 + 0.05 * static_cast<double>(k % 4));
  rows(39, 39) = std::sqrt(3.0);
  const auto model = LinearizedModel::from_rows(rows, 1, 2.3e-16);
  ReshuffledOptions options;
  options.seed = 862;
  const auto found = stability(model, oracle::sgd(), {40, 16, LastBatch::smaller}, options);
  const double exact = 2 * 3 / (3.0 * (2.0 / 16 + 1.0 / 8));
  INFO(found.eta.value << " ± " << found.eta.error << ", exact " << exact);
  CHECK(found.eta.kind == ErrorKind::standard_error);
  CHECK(std::abs(found.eta.value - exact) < 4 * found.eta.error);
  CHECK(found.eta.error < 0.01 * exact);
  CHECK(found.lower < found.upper);
  CHECK_FALSE(found.mean.has_value());
  CHECK_THAT(found.mean_reason, Catch::Contains("40 samples"));
  // In the order of the data the longest row is in the last batch, alone with seven others: 2s/L.
  REQUIRE(found.cyclic.has_value());
  CHECK(found.cyclic->eta == Approx(2 * 8 / 3.0).epsilon(1e-10));
}

TEST_CASE("cases that need no enumeration are exact at any size", "[fast][verification]") {
  const auto model = oracle::random_rows(50, 3, 1, 863).model();
  ReshuffledOptions options;
  options.etas = {0.1};
  const auto rule = oracle::heavy_ball(0.9).make();
  const auto full = stability(model, oracle::heavy_ball(0.9), {50, 50, LastBatch::smaller}, options);
  CHECK(full.eta.value == Approx(rule->deterministic_edge() / model.lambda_max()).epsilon(1e-12));
  CHECK(full.eta.kind == ErrorKind::residual);
  CHECK(full.cyclic->eta == Approx(full.eta.value).epsilon(1e-8));
  const auto half = stability(model, oracle::heavy_ball(0.9), {50, 30, LastBatch::dropped}, options);
  CHECK(half.eta.value == independent(model, *rule, 30).eta);
  CHECK(half.log_growth[0].value ==
        mean_square_growth(model, *rule, *make_batch_law("without-replacement"), 30, 0.1).log_growth);

  const auto line = oracle::random_rows(50, 1, 1, 864).model();
  const auto commuting = stability(line, oracle::sgd(), {50, 1, LastBatch::smaller}, options);
  CHECK(commuting.eta.kind == ErrorKind::residual);
  double growth = 0;
  for (Index k = 0; k < 50; ++k)
    growth += std::log(std::abs(1 - commuting.eta.value * std::pow(line.samples().rows(k, 0), 2)));
  CHECK(std::abs(growth) < 1e-9);
}

TEST_CASE("shuffled epochs need samples and a stable step size", "[fast][verification]") {
  const std::shared_ptr<const UpdateRule> sgd = oracle::sgd().make();
  const auto model = oracle::three_rows().model();
  const auto at = independent(model, *sgd, 1);
  ReshuffledOptions few;
  few.epochs = 63;
  CHECK_THROWS_AS(reshuffled_stability(model, sgd, {3, 1, {}}, at, few), InvalidInput);
  CHECK_THROWS_AS(reshuffled_stability(model, sgd, {3, 1, {}}, MeanSquareThreshold{}, {}), InvalidInput);
  CHECK_THROWS_AS(reshuffled_stability(LinearizedModel::from_spectrum(Vector::Ones(2)), sgd, {3, 1, {}}, at, {}),
                  InvalidInput);
}
