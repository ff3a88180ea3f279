#include "brink/verification/verification.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/model/array_problems.hpp"

namespace brink {
namespace {

RowsData g1_rows() {
  RowsData data;
  data.rows = RowMatrix{{1, 0}, {1, 1}, {0, 2}};
  return data;
}

LoadedModel g1() {
  const RowsData data = g1_rows();
  LoadedModel loaded{linearize(data), nullptr, "jacobian", {}, {}};
  loaded.original = make_problem(data, loaded.model);
  return loaded;
}

Cell cell(const char* rule, double momentum, Index batch, const char* sampling = "without-replacement") {
  Cell made;
  made.rule = rule;
  made.parameters.momentum = momentum;
  made.sampling = sampling;
  made.batch_size = batch;
  return made;
}

VerificationPlan small_plan() {
  VerificationPlan plan;
  plan.cells = {cell("sgd", 0, 1), cell("heavy-ball", 0.5, 2), cell("nesterov", 0.5, 1, "bernoulli"),
                cell("heavy-ball", 0.9, 3)};
  plan.eta_over_threshold = {0.9, 1.0, 1.2};
  plan.replicas = 400;
  plan.steps = 512;
  plan.burn_in = 90;
  plan.seed = 11;
  return plan;
}

/// Per-sample losses without the half that the linearized model has: what a wrong convention looks like.
class DoubledProblem final : public OriginalProblem {
 public:
  explicit DoubledProblem(std::shared_ptr<const OriginalProblem> inner) : inner_(std::move(inner)) {}
  Index samples() const override { return inner_->samples(); }
  Index dimension() const override { return inner_->dimension(); }
  const Vector& minimum() const override { return inner_->minimum(); }
  void sum_of_gradients(const double* theta, const std::uint32_t* batch, Index count, double* gradient,
                        double* workspace) const override {
    inner_->sum_of_gradients(theta, batch, count, gradient, workspace);
    for (Index i = 0; i < dimension(); ++i) gradient[i] *= 2;
  }
  Index workspace_size() const override { return inner_->workspace_size(); }
  double loss(const Vector& theta) const override { return 2 * inner_->loss(theta); }
  Vector project_to_range(const Vector& direction) const override { return inner_->project_to_range(direction); }

 private:
  std::shared_ptr<const OriginalProblem> inner_;
};

}  // namespace

TEST_CASE("A correct theory is confirmed, with power, by both engines", "[verification][fast]") {
  const auto report = verify(g1(), small_plan());
  CHECK(report.agree);
  REQUIRE(report.cells.size() == 4);
  // Three step sizes a cell, and three more of the direct engine in the cheapest noisy cell.
  REQUIRE(report.comparisons.size() == 15);
  int direct = 0;
  for (const auto& comparison : report.comparisons) {
    INFO(comparison.engine << " cell " << comparison.cell << " eta " << comparison.eta << " z " << comparison.z);
    CHECK(comparison.verdict == Verdict::agree);
    CHECK(std::abs(comparison.z) <= comparison.critical_z);
    direct += comparison.engine == "direct" ? 1 : 0;
    if (comparison.cell == 3) {
      CHECK(comparison.standard_error == 0);
      CHECK(std::abs(comparison.estimate - comparison.theory) <= 1e-8);
    } else {
      CHECK(comparison.standard_error > 0);
      CHECK(comparison.critical_z > 2.5);
    }
  }
  CHECK(direct == 3);
  for (const auto& result : report.cells) CHECK(result.detectable_threshold_error <= 0.02);
  CHECK(report.cells[0].eta_mean_square == Approx(0.576039492188993).epsilon(1e-9));
  CHECK(report.cells[0].batch_sharpness_times_eta.has_value());
  // The full batch has no noise: the top eigenvector, at the edge of the rule.
  const auto& full = report.cells[3];
  CHECK(full.batch_sharpness_times_eta.value_or(0) == Approx(2 * (1 + full.cell.parameters.momentum)).epsilon(1e-12));
}

TEST_CASE("A theory that is off by 3% is contradicted in every cell", "[verification]") {
  auto plan = small_plan();
  const auto correct = verify(g1(), plan);
  for (const double shift : {0.03, -0.03}) {
    plan.perturb_theory = shift;
    const auto report = verify(g1(), plan);
    CHECK_FALSE(report.agree);
    for (std::size_t i = 0; i < report.cells.size(); ++i) {
      INFO("cell " << i << ", shift " << shift);
      CHECK(report.cells[i].verdict == Verdict::disagree);
      CHECK(report.cells[i].eta_mean_square == Approx((1 + shift) * correct.cells[i].eta_mean_square).epsilon(1e-12));
    }
    // The trajectories are those of the unperturbed run.
    for (std::size_t i = 0; i < report.comparisons.size(); ++i) {
      CHECK(report.comparisons[i].eta == correct.comparisons[i].eta);
      CHECK(report.comparisons[i].estimate == correct.comparisons[i].estimate);
    }
  }
}

TEST_CASE("Wide error bars never pass", "[verification][fast]") {
  auto plan = small_plan();
  plan.cells = {cell("sgd", 0, 1)};
  plan.replicas = 8;
  plan.steps = 64;
  plan.burn_in = 30;
  const auto report = verify(g1(), plan);
  CHECK_FALSE(report.agree);
  CHECK(report.cells[0].verdict == Verdict::cannot_tell);
  CHECK(report.cells[0].detectable_threshold_error > 0.02);
  for (const auto& comparison : report.comparisons) CHECK(comparison.verdict == Verdict::cannot_tell);
}

TEST_CASE("A wrong half in the loss cannot hide: the direct engine sees it", "[verification][fast]") {
  auto model = g1();
  model.original = std::make_shared<DoubledProblem>(model.original);
  const auto report = verify(model, small_plan());
  CHECK_FALSE(report.agree);
  for (const auto& comparison : report.comparisons) {
    INFO(comparison.engine << " cell " << comparison.cell << " eta " << comparison.eta << " z " << comparison.z);
    CHECK((comparison.verdict == Verdict::disagree) == (comparison.engine == "direct"));
  }
}

TEST_CASE("A verification does not depend on the number of threads", "[verification][fast]") {
  auto plan = small_plan();
  plan.replicas = 64;
  plan.measure_threshold = true;
  const auto one = verify(g1(), plan);
  plan.threads = 3;
  const auto three = verify(g1(), plan);
  REQUIRE(one.comparisons.size() == three.comparisons.size());
  for (std::size_t i = 0; i < one.comparisons.size(); ++i) {
    INFO(one.comparisons[i].quantity << " by the " << one.comparisons[i].engine << " engine, cell "
                                     << one.comparisons[i].cell);
    CHECK(one.comparisons[i].theory == three.comparisons[i].theory);
    CHECK(one.comparisons[i].estimate == three.comparisons[i].estimate);
    CHECK(one.comparisons[i].standard_error == three.comparisons[i].standard_error);
    CHECK(one.comparisons[i].verdict == three.comparisons[i].verdict);
  }
  for (std::size_t i = 0; i < one.cells.size(); ++i) CHECK(one.cells[i].measured_eta == three.cells[i].measured_eta);
}

TEST_CASE("The rate of false alarms keeps to the level of the whole run", "[verification]") {
  const auto model = g1();
  auto plan = small_plan();
  plan.cells = {cell("sgd", 0, 1), cell("heavy-ball", 0.5, 2)};
  plan.replicas = 200;
  plan.steps = 256;
  plan.level = 0.2;
  constexpr int runs = 100;
  int alarms = 0;
  int beyond_two = 0;
  int scores = 0;
  for (int seed = 0; seed < runs; ++seed) {
    plan.seed = static_cast<std::uint64_t>(seed);
    const auto report = verify(model, plan);
    bool alarm = false;
    for (const auto& comparison : report.comparisons) {
      alarm = alarm || std::abs(comparison.z) > comparison.critical_z;
      beyond_two += std::abs(comparison.z) > 2.1 ? 1 : 0;
      ++scores;
    }
    alarms += alarm ? 1 : 0;
  }
  // Binomial(100, 0.2) exceeds 33 with probability 1e-3; Bonferroni is on the safe side of 0.2.
  CHECK(alarms <= 33);
  // About 5% of single scores, with room for their dependence.
  CHECK(beyond_two <= 0.09 * scores);
}

TEST_CASE("A spectrum with slow directions is judged with the horizon of the run", "[verification][fast]") {
  // λ_min is 1e-6 of λ_max: below the threshold the second moment decays on a scale of a million steps.
  RowsData data;
  data.rows = RowMatrix{{1, 0, 0.001}, {1, 1, -0.001}, {0, 2, 0.0005}, {0.5, 0.5, 0.001}};
  LoadedModel model{linearize(data), nullptr, "jacobian", {}, {}};
  model.original = make_problem(data, model.model);
  auto plan = small_plan();
  plan.cells = {cell("sgd", 0, 1), cell("heavy-ball", 0.9, 2)};
  plan.eta_over_threshold = {0.8, 1.0, 1.2};
  const auto report = verify(model, plan);
  for (const auto& comparison : report.comparisons) {
    INFO(comparison.engine << " cell " << comparison.cell << " eta/eta* " << comparison.eta_over_threshold << " z "
                           << comparison.z << " theory " << comparison.theory << " estimate " << comparison.estimate);
    CHECK(comparison.verdict != Verdict::disagree);
  }
}

TEST_CASE("Plans that cannot be run are refused", "[verification][fast]") {
  const auto model = g1();
  const auto refused = [&](const auto& change) {
    auto plan = small_plan();
    change(plan);
    CHECK_THROWS_AS(verify(model, plan), InvalidInput);
  };
  refused([](auto& plan) { plan.cells.clear(); });
  refused([](auto& plan) { plan.eta_over_threshold.clear(); });
  refused([](auto& plan) { plan.eta_over_threshold = {0.0}; });
  refused([](auto& plan) { plan.moment = 4; });
  refused([](auto& plan) { plan.method = "lyapunov"; });
  refused([](auto& plan) { plan.level = 0; });
  refused([](auto& plan) { plan.direct_cells = {4}; });
  refused([](auto& plan) { plan.perturb_theory = -1; });
  refused([](auto& plan) { plan.cells[0].batch_size = 4; });
  refused([](auto& plan) { plan.replicas = 1; });
}

TEST_CASE("A verification stops when it is asked to", "[verification][fast]") {
  Monitor monitor;
  monitor.interrupted = [] { return true; };
  CHECK_THROWS_AS(verify(g1(), small_plan(), monitor), Interrupted);
}

TEST_CASE("An interrupted verification goes on where it stopped, to the same report", "[verification][fast]") {
  const auto whole = verify(g1(), small_plan());
  Checkpoint checkpoint;
  std::map<std::size_t, Measurement> kept;
  std::size_t limit = 5;
  checkpoint.keep = [&](std::size_t unit, const Measurement& measurement) {
    CHECK(kept.emplace(unit, measurement).second);  // no unit twice
  };
  Monitor monitor;
  monitor.interrupted = [&] { return kept.size() >= limit; };
  CHECK_THROWS_AS(verify(g1(), small_plan(), monitor, checkpoint), Interrupted);
  CHECK(kept.size() == 5);
  checkpoint.known = kept;
  limit = 1000;
  const auto resumed = verify(g1(), small_plan(), monitor, checkpoint);
  CHECK(kept.size() == whole.comparisons.size());
  REQUIRE(resumed.comparisons.size() == whole.comparisons.size());
  for (std::size_t i = 0; i < whole.comparisons.size(); ++i) {
    CHECK(resumed.comparisons[i].estimate == whole.comparisons[i].estimate);
    CHECK(resumed.comparisons[i].z == whole.comparisons[i].z);
  }
}

TEST_CASE("Theory of a curve is the theory of its cells", "[verification][fast]") {
  const auto model = g1();
  const std::vector<Cell> cells = {cell("sgd", 0, 1), cell("sgd", 0, 2), cell("sgd", 0, 3)};
  const auto curve = theory_of_cells(model.model, cells, 0, 2);
  REQUIRE(curve.size() == 3);
  CHECK(curve[0].eta_mean_square == Approx(0.576039492188993).epsilon(1e-10));
  CHECK(curve[1].eta_mean_square == Approx(0.938164490399912).epsilon(1e-10));
  CHECK(curve[2].eta_mean_square == curve[2].eta_deterministic);
  CHECK(curve[0].measured_eta == 0);
}

}  // namespace brink
