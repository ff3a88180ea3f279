// The extension promise: a rule with two buffers and a batch law, each defined here by one class and one registration
// line, get exact theory without any other change.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/stability/criterion.hpp"
#include "brink/stability/critical_mode.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/stability/stationary.hpp"
#include "brink/training/training_rule.hpp"
#include "oracle/examples.hpp"
#include "oracle/second_moment.hpp"

using brink::Index;
using oracle::Example;
using oracle::Matrix;
using oracle::Vector;

namespace {

/// Aggregated momentum [Lucas et al. 2019] with two buffers, β₁ = β and β₂ = β/2:
/// m_i⁺ = β_i m_i + g, x⁺ = x − (η/2)(m₁⁺ + m₂⁺).
class AggregatedMomentum final : public brink::UpdateRule {
 public:
  explicit AggregatedMomentum(const brink::RuleParameters& parameters) : UpdateRule(parameters) {}
  std::string_view name() const override { return "aggregated-momentum"; }
  Index states() const override { return 3; }
  brink::Filter filter(double eta) const override {
    const double first = momentum(), second = momentum() / 2;
    brink::Filter filter{Matrix(3, 3), Vector(3)};
    filter.a0 << 1, -eta * first / 2, -eta * second / 2,  //
        0, first, 0,                                      //
        0, 0, second;
    filter.b << -eta, 1, 1;
    return filter;
  }

 private:
  void apply(double eta, const double* gradient, double* x, double* buffers, Index size) const override {
    for (Index i = 0; i < size; ++i) {
      double& first = buffers[i];
      double& second = buffers[size + i];
      first = momentum() * first + gradient[i];
      second = momentum() / 2 * second + gradient[i];
      x[i] -= eta / 2 * (first + second);
    }
  }
};

oracle::Recursion aggregated_recursion(double beta) {
  oracle::Recursion rule;
  rule.buffers = 2;
  rule.update = [beta](double eta, const Vector& g, Vector& x, std::vector<Vector>& m) {
    m[0] = beta * m[0] + g;
    m[1] = beta / 2 * m[1] + g;
    x -= eta / 2 * (m[0] + m[1]);
  };
  return rule;
}

/// Batch augmentation [Hoffer et al. 2020] at a fixed curvature: B/2 distinct samples, each taken twice. B even.
class RepeatedSamples final : public brink::BatchLaw {
 public:
  std::string_view name() const override { return "repeated-samples"; }
  SecondMoment second_moment(Index samples, Index batch_size) const override {
    const double n = static_cast<double>(samples), half = distinct(samples, batch_size);
    const double p = n > 1 ? (n - half) / (half * (n - 1)) : 0;
    return {p, p};
  }
  ThirdMoment third_moment(Index samples, Index batch_size) const override {
    const double n = static_cast<double>(samples), half = distinct(samples, batch_size);
    const double q1 = half / n;
    const double q2 = n > 1 ? q1 * (half - 1) / (n - 1) : 0;
    const double q3 = n > 2 ? q2 * (half - 2) / (n - 2) : 0;
    return {8 * (q1 - 3 * q2 + 2 * q3), 8 * (q2 - q3), 8 * q3};
  }
  Index draw(Index samples, Index batch_size, brink::Philox& random, std::uint32_t* batch) const override {
    const Index half = batch_size / 2;
    // Rejection of repeats: half a batch is much smaller than the data in every use of this law.
    for (Index drawn = 0; drawn < half;) {
      const std::uint32_t candidate = random.below(static_cast<std::uint32_t>(samples));
      bool fresh = true;
      for (Index i = 0; i < drawn; ++i) fresh = fresh && batch[i] != candidate;
      if (fresh) batch[drawn++] = candidate;
    }
    for (Index i = 0; i < half; ++i) batch[half + i] = batch[i];
    return batch_size;
  }

 private:
  static double distinct(Index samples, Index batch_size) {
    brink::check_argument(batch_size >= 2 && batch_size % 2 == 0 && batch_size / 2 <= samples, "repeated-samples",
                          "batch_size", batch_size, "an even number in 2...2n");
    return static_cast<double>(batch_size) / 2;
  }
};

void register_extensions() {
  static const bool once = [] {
    brink::register_update_rule("aggregated-momentum", [](const brink::RuleParameters& parameters) {
      return std::unique_ptr<brink::UpdateRule>(std::make_unique<AggregatedMomentum>(parameters));
    });
    brink::register_batch_law(
        "repeated-samples", [] { return std::shared_ptr<const brink::BatchLaw>(std::make_shared<RepeatedSamples>()); });
    return true;
  }();
  (void)once;
}

/// All batches of the law above: each subset of B/2 samples, twice.
std::vector<oracle::Batch> repeated_batches(int samples, int batch_size) {
  auto batches = oracle::all_batches("without-replacement", samples, batch_size / 2);
  for (auto& batch : batches) {
    const auto once = batch.samples;
    batch.samples.insert(batch.samples.end(), once.begin(), once.end());
  }
  return batches;
}

brink::RuleParameters momentum(double beta) {
  brink::RuleParameters parameters;
  parameters.momentum = beta;
  return parameters;
}

}  // namespace

TEMPLATE_TEST_CASE("a rule with two buffers trains", "[extension][fast]", float, double) {
  register_extensions();
  brink::TrainingRuleParameters parameters;
  parameters.momentum = 0.8;
  parameters.weight_decay = 0.1;
  const auto rule = brink::make_training_rule<TestType>("aggregated-momentum", parameters);
  CHECK_FALSE(rule->linear_step(0.1));
  Vector x = Vector::LinSpaced(5, -1, 2);
  std::vector<Vector> m(2, Vector::Zero(5));
  auto state = brink::initial_state<TestType>(*rule, x.template cast<TestType>());
  for (int t = 0; t < 20; ++t) {
    const Vector g = Vector::LinSpaced(5, 1, t - 3.0);
    brink::VectorOf<TestType> gradient = g.template cast<TestType>();
    rule->step(0.1, gradient, {}, state);
    aggregated_recursion(0.8).update(0.1, g + 0.1 * x, x, m);
  }
  const auto error = state.theta.template cast<double>() - x;
  CHECK(error.norm() <= 50 * static_cast<double>(std::numeric_limits<TestType>::epsilon()) * x.norm());
}

TEST_CASE("a rule with two buffers: edge, thresholds, growth and stationary state without further code",
          "[fast][stability][extension][oracle]") {
  register_extensions();
  const Example example = oracle::with_gradients(oracle::random_rows(4, 2, 1, 111), 112);
  const auto model = example.model();
  for (const double beta : {-0.7, 0.5, 0.95}) {
    const auto rule = brink::make_update_rule("aggregated-momentum", momentum(beta));
    const auto reference = aggregated_recursion(beta);
    CHECK(rule->deterministic_edge() == Approx(oracle::edge_by_scan(reference, 0.01, 50)).epsilon(1e-8));
    for (const auto& law_name : oracle::all_laws()) {
      INFO("beta=" << beta << ", " << law_name);
      const auto law = brink::make_batch_law(law_name);
      const auto moment = oracle::second_moment_of(law_name, example.hessians(), 2, reference);
      const double expected = oracle::threshold(moment, 1e-3);
      CHECK(brink::mean_square_threshold(model, *rule, *law, 2).eta == Approx(expected).epsilon(1e-8));
      for (const double ratio : {0.5, 1.5}) {
        const auto growth = brink::mean_square_growth(model, *rule, *law, 2, ratio * expected);
        CHECK(growth.log_growth == Approx(oracle::log_growth(moment(ratio * expected))).margin(1e-8));
      }
      if (law_name == "gaussian") continue;
      const Matrix lifted = oracle::stationary_covariance(
          example.hessians(), example.gradients, oracle::all_batches(law_name, 4, 2), 2, reference, 0.5 * expected);
      CHECK(brink::stationary_state(model, *rule, *law, 2, 0.5 * expected).trace ==
            Approx(lifted.topLeftCorner(2, 2).trace()).epsilon(1e-8));
    }
  }
}

TEST_CASE("a batch law of one's own: thresholds, growth and batch sharpness without further code",
          "[fast][stability][extension][oracle]") {
  register_extensions();
  const Example example = oracle::random_rows(5, 2, 1, 113);
  const auto model = example.model();
  const auto hessians = example.hessians();
  const auto law = brink::make_batch_law("repeated-samples");
  for (const int batch_size : {2, 4})
    for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.9), oracle::nesterov(0.9)}) {
      INFO(cell.label() << " B=" << batch_size);
      const auto batches = repeated_batches(5, batch_size);
      const auto moment = [&](double eta) {
        return oracle::second_moment(hessians, batches, batch_size, cell.reference(), eta);
      };
      const double expected = oracle::threshold(moment, 1e-3);
      const auto found = brink::mean_square_threshold(model, *cell.make(), *law, batch_size);
      CHECK(found.eta == Approx(expected).epsilon(1e-8));
      CHECK(brink::mean_square_growth(model, *cell.make(), *law, batch_size, 2 * expected).log_growth ==
            Approx(oracle::log_growth(moment(2 * expected))).margin(1e-8));
      const Matrix x = model.basis() * found.critical_mode * model.basis().transpose();
      CHECK(brink::batch_sharpness(model, *law, batch_size, found.critical_mode) ==
            Approx(oracle::batch_sharpness(oracle::hessian_moments(batches, batch_size, hessians), x)).epsilon(1e-10));
    }
}

TEST_CASE("the law of one's own draws what its coefficients say", "[fast][sampling][extension]") {
  register_extensions();
  const auto law = brink::make_batch_law("repeated-samples");
  const int draws = 30000;
  int count[3] = {0, 0, 0};
  for (int step = 0; step < draws; ++step) {
    brink::Philox random(5, brink::Purpose::batch, 0, static_cast<std::uint32_t>(step));
    std::uint32_t batch[4];
    REQUIRE(law->draw(3, 4, random, batch) == 4);
    REQUIRE(batch[0] == batch[2]);
    REQUIRE(batch[1] == batch[3]);
    REQUIRE(batch[0] != batch[1]);
    ++count[3 - batch[0] - batch[1]];
  }
  // Each of the three pairs with probability 1/3: five standard deviations.
  for (const int hits : count) CHECK(std::abs(hits - draws / 3) < 5 * std::sqrt(draws * 2.0 / 9));
}

TEST_CASE("a name can be registered once", "[fast][extension]") {
  register_extensions();
  CHECK_THROWS_AS(brink::register_update_rule("aggregated-momentum", nullptr), brink::InvalidInput);
  CHECK_THROWS_AS(brink::register_batch_law("repeated-samples", nullptr), brink::InvalidInput);
}

namespace {

/// No single sample may be unstable on its own: sufficient for batches of one sample drawn by any law.
class SampleBySample final : public brink::Criterion {
 public:
  std::string_view name() const override { return "sample-by-sample"; }
  std::string_view source() const override { return "an extension"; }
  brink::Bound evaluate(const brink::LinearizedModel& model, const brink::UpdateRule&, const brink::BatchLaw&,
                        Index) const override {
    brink::Bound bound;
    bound.name = name();
    bound.source = source();
    bound.status = brink::BoundStatus::sufficient;
    bound.eta = 2 / model.samples().rows.rowwise().squaredNorm().maxCoeff();
    return bound;
  }
};

}  // namespace

TEST_CASE("a stability condition of one's own stands in the table", "[fast][stability]") {
  brink::register_criterion(std::make_unique<SampleBySample>());
  const Example example = oracle::three_rows();
  const auto rule = brink::make_update_rule("sgd", {});
  const auto law = brink::make_batch_law("without-replacement");
  const auto bounds = evaluate_criteria(example.model(), *rule, *law, 1);
  CHECK(bounds.back().name == "sample-by-sample");
  CHECK(bounds.back().eta.value() == Approx(0.5));  // the longest row is (0, 2)
  CHECK(bounds.back().eta.value() < mean_square_threshold(example.model(), *rule, *law, 1).eta);
}
