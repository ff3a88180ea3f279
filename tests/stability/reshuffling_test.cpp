// Shuffled epochs: the operator by subsets of used samples against every permutation, closed forms, thresholds.

#include "brink/stability/reshuffling.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "brink/base/error.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/epochs.hpp"
#include "oracle/examples.hpp"
#include "oracle/random.hpp"
#include "oracle/second_moment.hpp"

using brink::Epoch;
using brink::LastBatch;
using brink::ReshuffledEpoch;
using oracle::Example;
using oracle::Matrix;

namespace {

Epoch epoch_of(const Example& example, int batch_size, LastBatch last = LastBatch::smaller) {
  return {example.samples(), batch_size, last};
}

Example rows_on_axes(const std::vector<double>& squared_norms) {
  const auto n = static_cast<int>(squared_norms.size());
  Example example{"orthogonal rows", Matrix::Zero(n, n)};
  for (int k = 0; k < n; ++k) example.rows(k, k) = std::sqrt(squared_norms[static_cast<std::size_t>(k)]);
  return example;
}

double independent(const Example& example, const brink::UpdateRule& rule, int batch_size) {
  return brink::mean_square_threshold(example.model(), rule, *brink::make_batch_law("without-replacement"), batch_size)
      .eta;
}

brink::EpochThreshold epoch_threshold(const Example& example, const oracle::Rule& cell, int batch_size,
                                      LastBatch last = LastBatch::smaller) {
  const auto rule = cell.make();
  const auto model = example.model();
  const ReshuffledEpoch epoch(model, *rule, epoch_of(example, batch_size, last));
  return brink::reshuffled_threshold(epoch, independent(example, *rule, batch_size));
}

double largest_modulus(const Matrix& a) { return oracle::spectral_radius(a); }

}  // namespace

TEST_CASE("an epoch is cut as a data loader cuts it", "[fast][stability]") {
  const Epoch smaller{7, 3, LastBatch::smaller};
  CHECK(smaller.steps() == 3);
  CHECK(smaller.size(1) == 3);
  CHECK(smaller.size(2) == 1);
  CHECK(smaller.used() == 7);
  const Epoch dropped{7, 3, LastBatch::dropped};
  CHECK(dropped.steps() == 2);
  CHECK(dropped.used() == 6);
  const Epoch whole{6, 3, LastBatch::dropped};
  CHECK(whole.steps() == 2);
  CHECK(whole.used() == 6);
  CHECK(brink::last_batch_of("dropped") == LastBatch::dropped);
  CHECK_THROWS_AS(brink::last_batch_of("half"), brink::InvalidInput);
}

TEST_CASE("epoch operators are the means over all permutations, for every rule", "[fast][stability]") {
  const Example examples[] = {oracle::three_rows(), oracle::random_rows(4, 2, 1, 701),
                              oracle::random_rows(4, 2, 2, 702), oracle::random_indefinite(3, 2, 703)};
  for (const auto& example : examples) {
    const auto model = example.model();
    const auto hessians = example.hessians();
    for (const auto& cell : oracle::all_rules())
      for (int b = 1; b <= example.samples(); ++b)
        for (const LastBatch last : {LastBatch::smaller, LastBatch::dropped}) {
          const bool drop = last == LastBatch::dropped;
          INFO(example.name << ", " << cell.label() << ", B=" << b << (drop ? ", dropped" : ""));
          const auto rule = cell.make();
          const double eta = 0.31;
          const ReshuffledEpoch epoch(model, *rule, epoch_of(example, b, last));
          const Matrix moment = oracle::epoch_second_moment(hessians, b, drop, cell.reference(), eta);
          const double expected = std::exp(oracle::log_growth(moment));
          const auto found = epoch.second_moment_radius(eta);
          CHECK(found.value == Approx(expected).epsilon(1e-9));
          CHECK(std::abs(found.value - expected) < 10 * found.error + 1e-12);
          const int steps = oracle::epoch_steps(example.samples(), b, drop);
          CHECK(epoch.log_growth(eta).value == Approx(std::log(expected) / steps).epsilon(1e-9).margin(1e-11));
          const auto products = oracle::all_epochs(hessians, b, drop, cell.reference(), eta);
          CHECK(epoch.mean_radius(eta).value == Approx(largest_modulus(oracle::mean(products))).epsilon(1e-7));
          std::vector<int> order(static_cast<std::size_t>(example.samples()));
          std::iota(order.begin(), order.end(), 0);
          const Matrix in_order = oracle::epoch_in_order(hessians, order, b, drop, cell.reference(), eta);
          CHECK(brink::cyclic_log_growth(model, *rule, epoch_of(example, b, last), eta).value ==
                Approx(2 * std::log(largest_modulus(in_order)) / steps).epsilon(1e-7).margin(1e-9));
        }
  }
}

TEST_CASE("thresholds of shuffled epochs are the first crossing of every permutation together", "[stability]") {
  for (const auto& example : {oracle::three_rows(), oracle::random_rows(5, 2, 1, 704)}) {
    const auto hessians = example.hessians();
    for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.5), oracle::nesterov(0.9)})
      for (const int b : {1, 2})
        for (const LastBatch last : {LastBatch::smaller, LastBatch::dropped}) {
          INFO(example.name << ", " << cell.label() << ", B=" << b);
          const auto found = epoch_threshold(example, cell, b, last);
          const oracle::SecondMoment moment = [&](double eta) {
            return oracle::epoch_second_moment(hessians, b, last == LastBatch::dropped, cell.reference(), eta);
          };
          const double expected = oracle::threshold(moment, 1e-3);
          CHECK(found.eta == Approx(expected).epsilon(1e-9));
          CHECK(found.residual < 1e-8);
        }
  }
}

TEST_CASE("six samples, the largest enumeration of orders: momentum in a plane", "[stability]") {
  const Example example = oracle::random_rows(6, 3, 1, 705);
  const auto model = example.model();
  const auto cell = oracle::heavy_ball(0.9);
  const auto rule = cell.make();
  for (const int b : {1, 2, 4}) {
    const ReshuffledEpoch epoch(model, *rule, epoch_of(example, b));
    const double expected =
        oracle::log_growth(oracle::epoch_second_moment(example.hessians(), b, false, cell.reference(), 0.1));
    CHECK(std::log(epoch.second_moment_radius(0.1).value) == Approx(expected).epsilon(1e-9));
  }
}

TEST_CASE("one parameter: order is irrelevant and the epoch grows as almost every trajectory", "[fast][stability]") {
  // (1 − η)(1 − 2η) = 1 at η = 3/2, and = −1 nowhere: the almost-sure threshold of independent batches.
  const auto half = epoch_threshold(oracle::one_parameter({1, 2}), oracle::sgd(), 1);
  CHECK(half.eta == Approx(1.5).epsilon(1e-12));
  CHECK(half.residual < 1e-10);
  const Example example = oracle::one_parameter({1, 2});
  const auto rule = oracle::sgd().make();
  const auto model = example.model();
  const ReshuffledEpoch epoch(model, *rule, epoch_of(example, 1));
  CHECK(epoch.log_growth(1.3).value == Approx(std::log(0.3 * 1.6)).epsilon(1e-12));
  CHECK_THROWS_AS(epoch.log_growth(1.0), brink::NotConverged);
  // The first of several stable ranges: curvatures 0.2 and 3.8.
  CHECK(epoch_threshold(oracle::one_parameter({0.2, 3.8}), oracle::sgd(), 1).eta ==
        Approx(.559471612102).epsilon(1e-11));
  // Momentum, curvatures 1 and 2 one after the other: both orders have the trace and determinant of one product.
  const auto momentum = epoch_threshold(example, oracle::heavy_ball(0.5), 1);
  CHECK(momentum.eta > 1.5);
}

TEST_CASE("orthogonal rows: every direction is met once an epoch", "[fast][stability]") {
  const std::vector<double> norms = {1, 2, 3, 4, 5};
  const Example example = rows_on_axes(norms);
  for (const int b : {1, 5})
    CHECK(epoch_threshold(example, oracle::sgd(), b).eta == Approx(2.0 * b / 5).epsilon(1e-11));
  // B = 2: batches of 2, 2 and 1. The longest row is alone with probability 1/5:
  // 4/5 (1 − ηL/2)² + 1/5 (1 − ηL)² = 1 at η = 2m/(L[(m−1)/B + 1/s]), m = 3, s = 1.
  CHECK(epoch_threshold(example, oracle::sgd(), 2).eta == Approx(2 * 3 / (5 * (2.0 / 2 + 1))).epsilon(1e-11));
  // B = 3: 3 and 2.
  CHECK(epoch_threshold(example, oracle::sgd(), 3).eta == Approx(2 * 2 / (5 * (1.0 / 3 + 0.5))).epsilon(1e-11));
  // Dropped: a row is met with probability q, and q(1 − ηL/B)² + 1 − q = 1 at 2B/L whatever q.
  CHECK(epoch_threshold(example, oracle::sgd(), 2, LastBatch::dropped).eta == Approx(2.0 * 2 / 5).epsilon(1e-11));
  CHECK(epoch_threshold(example, oracle::sgd(), 3, LastBatch::dropped).eta == Approx(2.0 * 3 / 5).epsilon(1e-11));
  const auto rule = oracle::sgd().make();
  const auto model = example.model();
  const ReshuffledEpoch epoch(model, *rule, epoch_of(example, 1));
  CHECK(epoch.log_growth(0.5).value == Approx(2 * std::log(1.5) / 5).epsilon(1e-11));
}

TEST_CASE("rank-one rows of equal norm end at 2 over the squared norm", "[fast][stability]") {
  // Below it every step is a contraction; above it |det P| = |1 − η‖a‖²|^n > 1.
  Example example{"rows of norm 2", Matrix(4, 2)};
  const double half = std::sqrt(2.0);
  example.rows << 2, 0, 0, 2, half, half, half, -half;
  CHECK(epoch_threshold(example, oracle::sgd(), 1).eta == Approx(0.5).epsilon(1e-11));
}

TEST_CASE("without noise, shuffling changes nothing", "[fast][stability]") {
  Example same{"identical rows", Matrix(4, 2)};
  same.rows << 1, 2, 1, 2, 1, 2, 1, 2;
  for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.9), oracle::nesterov(0.5)}) {
    const auto rule = cell.make();
    const double edge = rule->deterministic_edge();
    INFO(cell.label());
    CHECK(epoch_threshold(same, cell, 2).eta == Approx(edge / 5).epsilon(1e-9));
    CHECK(epoch_threshold(same, cell, 3).eta == Approx(edge / 5).epsilon(1e-9));
    const Example full = oracle::random_rows(4, 3, 1, 706);
    const auto found = epoch_threshold(full, cell, 4);
    CHECK(found.eta == Approx(edge / full.model().lambda_max()).epsilon(1e-9));
    Example one{"one sample", Matrix(1, 2)};
    one.rows << 3, 4;
    CHECK(epoch_threshold(one, cell, 1).eta == Approx(edge / 25).epsilon(1e-9));
  }
}

TEST_CASE("one batch an epoch is independent sampling", "[fast][stability]") {
  const Example example = oracle::random_rows(5, 2, 1, 707);
  for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.5)}) {
    const auto rule = cell.make();
    CHECK(epoch_threshold(example, cell, 3, LastBatch::dropped).eta ==
          Approx(independent(example, *rule, 3)).epsilon(1e-10));
  }
}

TEST_CASE("the mean survives longer than the second moment", "[fast][stability]") {
  for (const std::uint64_t seed : {708U, 709U, 710U}) {
    const Example example = oracle::random_rows(4, 2, 1, seed);
    const auto model = example.model();
    for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.5)}) {
      const auto rule = cell.make();
      const ReshuffledEpoch epoch(model, *rule, epoch_of(example, 1));
      const double scale = independent(example, *rule, 1);
      const double second = brink::reshuffled_threshold(epoch, scale).eta;
      const double mean = brink::reshuffled_mean_threshold(epoch, scale).eta;
      CHECK(second <= mean * (1 + 1e-9));
      const auto products = oracle::all_epochs(example.hessians(), 1, false, cell.reference(), mean);
      CHECK(largest_modulus(oracle::mean(products)) == Approx(1).epsilon(1e-8));
    }
  }
}

TEST_CASE("long products drawn at random have the second moment of the operator", "[stability]") {
  // E‖P₃P₂P₁z‖² over three independent epochs, by 40000 draws against the exact power of the operator.
  const Example example = oracle::three_rows();
  const auto cell = oracle::heavy_ball(0.5);
  const double eta = 0.5;
  const auto hessians = example.hessians();
  const auto products = oracle::all_epochs(hessians, 2, false, cell.reference(), eta);
  oracle::Random random(711);
  const oracle::Vector start = oracle::Vector::Ones(4);
  double sum = 0, squares = 0;
  constexpr int kDraws = 40000;
  for (int draw = 0; draw < kDraws; ++draw) {
    oracle::Vector z = start;
    for (int e = 0; e < 3; ++e)
      z = products[static_cast<std::size_t>(random.below(static_cast<int>(products.size())))] * z;
    sum += z.squaredNorm();
    squares += z.squaredNorm() * z.squaredNorm();
  }
  const double mean = sum / kDraws, error = std::sqrt((squares / kDraws - mean * mean) / kDraws);
  const Matrix moment = oracle::epoch_second_moment(hessians, 2, false, cell.reference(), eta);
  const oracle::Vector stacked = oracle::Vector::Ones(16);
  const oracle::Vector after = moment * (moment * (moment * stacked));
  double exact = 0;
  for (int i = 0; i < 4; ++i) exact += after[5 * i];
  CHECK(std::abs(mean - exact) < 4 * error);
}

TEST_CASE("what is out of reach says so", "[fast][stability]") {
  const auto rule = oracle::heavy_ball(0.9).make();
  const auto many = oracle::random_rows(30, 2, 1, 712).model();
  CHECK_THAT(ReshuffledEpoch::out_of_reach(many, *rule, {30, 1, LastBatch::smaller}), Catch::Contains("30 samples"));
  CHECK_THROWS_AS(ReshuffledEpoch(many, *rule, {30, 1, LastBatch::smaller}), brink::InvalidInput);
  const auto wide = oracle::random_rows(6, 24, 4, 713).model();
  CHECK_THAT(ReshuffledEpoch::out_of_reach(wide, *rule, {6, 1, LastBatch::smaller}), Catch::Contains("order 1176"));
  const auto small = oracle::three_rows().model();
  CHECK(ReshuffledEpoch::out_of_reach(small, *rule, {3, 1, LastBatch::smaller}).empty());
  CHECK_THROWS_AS(ReshuffledEpoch(small, *rule, {4, 1, LastBatch::smaller}), brink::InvalidInput);
  CHECK_THROWS_AS(ReshuffledEpoch(small, *rule, {3, 4, LastBatch::smaller}), brink::InvalidInput);
  const auto population = brink::LinearizedModel::from_spectrum(brink::Vector::Ones(2));
  CHECK_THROWS_AS(ReshuffledEpoch(population, *rule, {3, 1, LastBatch::smaller}), brink::InvalidInput);
}
