// The training loop: what it records, when it stops, what interventions do, and that a run continues to the same bits.

#include "brink/training/training.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "brink/network/models.hpp"
#include "brink/network/network_objective.hpp"
#include "training/objectives.hpp"

using namespace brink;
using namespace brink::test;

namespace {

template <class Real>
TrainingState<Real> run(const Objective<Real>& objective, const TrainingPlan& plan, const VectorOf<Real>& start,
                        const std::vector<Probe<Real>>& probes = {}) {
  auto state = start_training<Real>(objective, plan, start);
  train<Real>(objective, plan, probes, state);
  return state;
}

TrainingPlan heavy_ball_plan() {
  TrainingPlan plan;
  plan.rule = "heavy-ball";
  plan.parameters.momentum = 0.8;
  plan.eta = 0.05;
  plan.batch = {"without-replacement", 3};
  plan.steps = 40;
  plan.seed = 6;
  return plan;
}

/// Heavy ball written out, with what an intervention may change from step to step.
struct ByHand {
  const Objective<double>& objective;
  Batches batches;
  Vector theta;
  Vector m = Vector::Zero(theta.size());
  Vector g = Vector::Zero(theta.size());

  void step(Index t, double eta, double beta) {
    const Batch batch = batches.draw(t);
    objective.gradient(theta, batch, g);
    m = beta * m + g;
    theta -= eta * m;
  }
};

}  // namespace

TEST_CASE("training is the recursion on the batches, with warm-up", "[fast][training]") {
  const auto net = tiny_net();
  TrainingPlan plan = heavy_ball_plan();
  plan.warm_up = 10;
  const auto state = run<double>(net, plan, tiny_start(net));
  CHECK(state.status == TrainingStatus::steps_done);
  REQUIRE(state.records.size() == 41);

  ByHand hand{net, Batches(plan.batch, 12, 6), tiny_start(net)};
  Vector g(hand.theta.size());
  for (Index t = 0; t < 40; ++t) {
    const auto& record = state.records[static_cast<std::size_t>(t)];
    const double eta = t < 10 ? 0.05 * static_cast<double>(t + 1) / 10 : 0.05;
    CHECK(record[0] == static_cast<double>(t));
    CHECK(record[1] == Approx(eta));
    CHECK(record[4] == Approx(net.gradient(hand.theta, net.all(), g)).epsilon(1e-12));
    CHECK(record[5] == Approx(g.norm()).epsilon(1e-12));
    hand.step(t, eta, 0.8);
  }
  CHECK((state.rule.theta - hand.theta).norm() < 1e-13 * hand.theta.norm());
}

TEST_CASE("full batches take the gradient that was recorded", "[fast][training]") {
  const auto net = tiny_net();
  TrainingPlan plan = heavy_ball_plan();
  plan.batch.size = 0;
  const auto every = run<double>(net, plan, tiny_start(net));
  plan.record_every = 7;
  const auto some = run<double>(net, plan, tiny_start(net));
  CHECK(every.rule.theta == some.rule.theta);
  CHECK(some.records.size() == 7);  // 0, 7, …, 35 and the last
  CHECK(some.records.back() == every.records.back());
  ByHand hand{net, Batches(plan.batch, 12, 6), tiny_start(net)};
  for (Index t = 0; t < 40; ++t) hand.step(t, 0.05, 0.8);
  CHECK((every.rule.theta - hand.theta).norm() < 1e-13 * hand.theta.norm());
}

TEMPLATE_TEST_CASE("steps that parameters take by themselves are steps", "[fast][training]", float, double) {
  const Network network = fully_connected({40, 60, 50, 2}, "tanh", true);
  oracle::Random random(4);
  const auto objective = make_network_objective<TestType>(network, normal_matrix(30, 40, random),
                                                          normal_matrix(30, 2, random), LossKind::half_square);
  const VectorOf<TestType> start = (0.2 * normal_vector(network.parameters, random)).cast<TestType>();
  const double decay = GENERATE(0.0, 0.01);
  for (const auto& name : training_rule_names()) {
    INFO(name);
    if (name == "gradient-flow") continue;  // of full batches
    TrainingPlan plan = heavy_ball_plan();
    plan.rule = name;
    plan.parameters.momentum = name == "sgd" ? 0 : 0.8;
    plan.parameters.weight_decay = decay;
    plan.batch.size = 8;
    const auto rule = make_training_rule<TestType>(name, plan.parameters);
    const auto found = run<TestType>(*objective, plan, start);

    Batches batches(plan.batch, 30, plan.seed);
    auto expected = initial_state(*rule, start);
    VectorOf<TestType> gradient(start.size());
    for (Index t = 0; t < plan.steps; ++t) {
      const Batch batch = batches.draw(t);
      objective->gradient(expected.theta, batch, gradient);
      rule->step(plan.eta, gradient, {}, expected);
    }
    const auto tolerance = 1000 * std::numeric_limits<TestType>::epsilon();
    CHECK((found.rule.theta - expected.theta).norm() <= tolerance * (expected.theta - start).norm());
  }
}

TEST_CASE("momentum without gradient decays to zero in single precision, and the processor is as it was",
          "[fast][training]") {
  // Only the first of two parameters has curvature.
  const auto problem =
      make_network_objective<float>(fully_connected({2, 1}, "identity", false), RowMatrix{{1, 0}, {2, 0}},
                                    RowMatrix::Zero(2, 1), LossKind::half_square);
  TrainingPlan plan = heavy_ball_plan();
  plan.batch = {"without-replacement", GENERATE(1, 2)};  // one that parameters take by themselves, and whole ones
  plan.steps = 2000;
  plan.record_every = 2000;
  auto state = start_training<float>(*problem, plan, VectorOf<float>::Ones(2));
  state.rule.buffers = VectorOf<float>::Ones(2);
  train<float>(*problem, plan, {}, state);
  // Rounded to the nearest, the smallest subnormal number times 0.8 is itself: it would never end.
  CHECK(state.rule.buffers[1] == 0);
  volatile float tiny = std::numeric_limits<float>::min();
  CHECK(tiny / 4 > 0);
}

TEST_CASE("the gradient of a record is that of the step, subnormal numbers included", "[fast][training]") {
  // w2 w1 x with an adjoint of w1 x that is subnormal, and an x that would make a normal number of it again.
  const auto problem = make_network_objective<float>(fully_connected({1, 1, 1}, "identity", false), RowMatrix{{1e10}},
                                                     RowMatrix{{1e-10}}, LossKind::half_square);
  VectorOf<float> start(2);
  start << 1e-10F, 1e-30F;
  TrainingPlan plan;
  plan.rule = "sgd";
  plan.eta = 1e15;
  plan.steps = 1;
  auto once = start_training<float>(*problem, plan, start);
  auto continued = once;
  train<float>(*problem, plan, {}, once);
  REQUIRE(once.records.size() == 2);
  continued.records = {once.records.front()};  // as if it had been kept after its record
  train<float>(*problem, plan, {}, continued);
  CHECK(once.rule.theta == continued.rule.theta);
#ifdef __SSE2__
  CHECK(once.rule.theta[0] == start[0]);
#endif
}

TEST_CASE("stop rules end a run at the first record that meets them", "[fast][training]") {
  const auto net = tiny_net();
  TrainingPlan plan = heavy_ball_plan();
  plan.batch.size = 0;
  plan.steps = 5000;
  SECTION("loss") {
    plan.stop = {parse_condition("loss < 1e-2")};
    const auto state = run<double>(net, plan, tiny_start(net));
    CHECK(state.status == TrainingStatus::condition_met);
    CHECK(state.records.back()[4] < 1e-2);
    CHECK(state.records[state.records.size() - 2][4] >= 1e-2);
    CHECK(state.reason.find("loss = ") == 0);
  }
  SECTION("gradient norm") {
    plan.stop = {parse_condition("loss < 0"), parse_condition("gradient_norm < 1e-3")};
    const auto state = run<double>(net, plan, tiny_start(net));
    CHECK(state.status == TrainingStatus::condition_met);
    CHECK(state.records.back()[5] < 1e-3);
    CHECK(state.records[state.records.size() - 2][5] >= 1e-3);
  }
  SECTION("a probe, and its plateau") {
    const std::vector<Probe<double>> probes = {
        {"clock", [](Index step, const RuleState<double>&) { return static_cast<double>(std::min<Index>(step, 50)); }}};
    plan.stop = {parse_condition("clock > 20")};
    CHECK(run<double>(net, plan, tiny_start(net), probes).step == 21);
    plan.stop.clear();
    plan.plateau = {"clock", 5, 0.01};
    const auto state = run<double>(net, plan, tiny_start(net), probes);
    CHECK(state.status == TrainingStatus::plateau);
    // Step 57: (48 + 49 + 3·50)/5 = 49.4 before, 50 now, 1.2% more; step 58: 49.8 before, 0.4%.
    CHECK(state.step == 58);
    plan.plateau.quantity = "sharpness";
    CHECK_THROWS_AS(run<double>(net, plan, tiny_start(net), probes), InvalidInput);
  }
}

TEST_CASE("a run that diverges has a status and only finite records", "[fast][training]") {
  const auto quadratics = small_quadratics();
  TrainingPlan plan;
  plan.eta = 50;
  plan.steps = 100000;
  plan.record_every = 3;
  SECTION("to infinity") {
    const auto state = run<double>(quadratics, plan, Vector::Ones(3));
    CHECK(state.status == TrainingStatus::diverged);
    CHECK(state.step < 1000);
    for (const auto& record : state.records)
      for (const double value : record) CHECK(std::isfinite(value));
  }
  SECTION("to a limit") {
    plan.diverged_above = 1e6;
    plan.record_every = 1;
    const auto state = run<double>(quadratics, plan, Vector::Ones(3));
    CHECK(state.status == TrainingStatus::diverged);
    CHECK(state.records.back()[4] > 1e6);
    CHECK(state.records[state.records.size() - 2][4] <= 1e6);
  }
}

TEST_CASE("interventions change a run from their step on", "[fast][training]") {
  const auto net = tiny_net();
  TrainingPlan plan = heavy_ball_plan();
  ByHand hand{net, Batches(plan.batch, 12, 6), tiny_start(net)};
  SECTION("step size, momentum and batch size at a step") {
    plan.interventions = {parse_intervention("step 15: eta = 0.02, momentum = 0.3"),
                          parse_intervention("step 25: batch = 8")};
    const auto state = run<double>(net, plan, tiny_start(net));
    for (Index t = 0; t < 15; ++t) hand.step(t, 0.05, 0.8);
    for (Index t = 15; t < 25; ++t) hand.step(t, 0.02, 0.3);
    hand.batches = Batches({"without-replacement", 8}, 12, 6, 1, 25);
    for (Index t = 25; t < 40; ++t) hand.step(t, 0.02, 0.3);
    CHECK((state.rule.theta - hand.theta).norm() < 1e-13 * hand.theta.norm());
    CHECK(state.records[24][3] == 3);
    CHECK(state.records[26][3] == 8);
    CHECK(state.fired_at == std::vector<Index>{15, 25});
  }
  SECTION("buffers set to zero, once, when the loss is low") {
    plan.interventions = {parse_intervention("loss < 0.4: buffers = zero"),
                          parse_intervention("step 39: buffers = keep")};
    const auto state = run<double>(net, plan, tiny_start(net));
    REQUIRE(state.fired_at[0] > 0);
    REQUIRE(state.fired_at[0] < 39);
    for (Index t = 0; t < 40; ++t) {
      if (t == state.fired_at[0]) {
        CHECK(net.loss(hand.theta, net.all()) < 0.4);
        hand.m.setZero();
      } else if (t < state.fired_at[0]) {
        CHECK(net.loss(hand.theta, net.all()) >= 0.4);
      }
      hand.step(t, 0.05, 0.8);
    }
    CHECK((state.rule.theta - hand.theta).norm() < 1e-13 * hand.theta.norm());
  }
  SECTION("a batch size that changes begins a fresh epoch") {
    plan.batch.sampling = "reshuffled";
    plan.interventions = {parse_intervention("step 6: batch = 4")};
    const auto state = run<double>(net, plan, tiny_start(net));
    hand.batches = Batches(plan.batch, 12, 6);
    for (Index t = 0; t < 6; ++t) hand.step(t, 0.05, 0.8);
    hand.batches = Batches({"reshuffled", 4}, 12, 6, 1, 6);
    for (Index t = 6; t < 40; ++t) hand.step(t, 0.05, 0.8);
    CHECK((state.rule.theta - hand.theta).norm() < 1e-13 * hand.theta.norm());
  }
}

TEST_CASE("training goes on with the frozen quadratic or the Gauss-Newton model", "[fast][training]") {
  const auto net = tiny_net();
  const auto kind = GENERATE(LocalModelKind::quadratic, LocalModelKind::gauss_newton);
  TrainingPlan plan = heavy_ball_plan();
  Intervention change;
  change.step = 10;
  change.model = kind;
  plan.interventions = {change};
  const auto state = run<double>(net, plan, tiny_start(net));
  ByHand hand{net, Batches(plan.batch, 12, 6), tiny_start(net)};
  for (Index t = 0; t < 10; ++t) hand.step(t, 0.05, 0.8);
  const Vector point = hand.theta;
  for (Index t = 10; t < 40; ++t) {
    const Batch batch = hand.batches.draw(t);
    // The gradient at θ₀ plus the batch's curvature times the way gone: built from the Jacobian for Gauss–Newton.
    Vector slope(point.size());
    Vector bent(point.size());
    net.gradient(point, batch, slope);
    if (kind == LocalModelKind::gauss_newton) {
      RowMatrix j;
      net.jacobian(point, batch, j);
      bent = j.transpose() * (j * (hand.theta - point)) / batch.divisor;
    } else {
      net.hessian_product(point, batch, hand.theta - point, bent);
    }
    hand.m = 0.8 * hand.m + slope + bent;
    hand.theta -= 0.05 * hand.m;
  }
  CHECK((state.rule.theta - hand.theta).norm() < 1e-12 * hand.theta.norm());
  // The loss that is recorded is that of the model, to second order that of the net.
  const auto model = make_local_model<double>(net, kind, point);
  CHECK(state.records.back()[4] == Approx(model->loss(state.rule.theta, net.all())).epsilon(1e-12));
  if (kind == LocalModelKind::quadratic) {
    oracle::Random random(3);
    const Vector u = 1e-3 * normal_vector(point.size(), random).normalized();
    const double far = model->loss(point + u, net.all()) - net.loss(point + u, net.all());
    const double near = model->loss(point + 0.5 * u, net.all()) - net.loss(point + 0.5 * u, net.all());
    CHECK(far / near == Approx(8).epsilon(0.02));  // the error of a second-order expansion is cubic
  }
}

namespace {

/// Interrupts, writes the state, reads it and goes on, at each of `steps`; the bytes must be those of the undisturbed
/// run.
template <class Real>
void check_resume(const TrainingPlan& plan, const std::vector<Index>& steps) {
  const auto net = tiny_net<Real>();
  const VectorOf<Real> start = tiny_start<Real>(net);
  const std::vector<Probe<Real>> probes = {
      {"size", [](Index, const RuleState<Real>& state) { return static_cast<double>(state.theta.squaredNorm()); }}};
  const auto undisturbed = run<Real>(net, plan, start, probes);
  auto state = start_training<Real>(net, plan, start);
  for (const Index stop : steps) {
    TrainingSurroundings<Real> surroundings;
    surroundings.monitor.interrupted = [&] { return state.step >= stop; };
    train<Real>(net, plan, probes, state, surroundings);
    CHECK(state.step == stop);
    CHECK(state.status == TrainingStatus::running);
    // Also a copy kept by the run itself, not only one of its end.
    state = training_state_of<Real>(to_bytes(state));
  }
  train<Real>(net, plan, probes, state);
  CHECK(state.status == TrainingStatus::steps_done);
  CHECK(to_bytes(state) == to_bytes(undisturbed));
}

}  // namespace

TEST_CASE("an interrupted run continues to the same bytes", "[fast][training]") {
  TrainingPlan plan = heavy_ball_plan();
  plan.interventions = {parse_intervention("step 12: batch = 5, eta = 0.03"),
                        parse_intervention("loss < 0.4: model = quadratic, buffers = zero")};
  const std::vector<Index> often = {0, 1, 5, 12, 13, 30, 39};
  check_resume<double>(plan, often);
  check_resume<float>(plan, often);
  plan.batch.sampling = "reshuffled";
  plan.warm_up = 20;
  plan.record_every = 3;
  check_resume<double>(plan, often);
  plan.rule = "adam";
  check_resume<float>(plan, often);
  plan.interventions.clear();
  plan.gradient.label_noise = 0.1;
  plan.gradient.sam_radius = 0.05;
  plan.gradient.noise_factor = 0.01 * RowMatrix::Identity(32, 32);
  check_resume<double>(plan, often);
  plan.gradient = {};
  plan.rule = "gradient-flow";
  plan.parameters.momentum = 0;
  plan.batch.size = 0;
  check_resume<double>(plan, often);
}

TEST_CASE("copies kept along the way continue to the same bytes", "[fast][training]") {
  const auto net = tiny_net();
  const TrainingPlan plan = heavy_ball_plan();
  auto state = start_training<double>(net, plan, tiny_start(net));
  std::vector<std::string> kept;
  TrainingSurroundings<double> surroundings;
  surroundings.wants_to_keep = [&] { return state.step % 10 == 0; };
  surroundings.keep = [&](const TrainingState<double>& now) { kept.push_back(to_bytes(now)); };
  train<double>(net, plan, {}, state, surroundings);
  CHECK(kept.size() == 5);
  for (const auto& bytes : kept) {
    auto copy = training_state_of<double>(bytes);
    train<double>(net, plan, {}, copy);
    CHECK(to_bytes(copy) == to_bytes(state));
  }
}

TEST_CASE("damaged states are refused", "[fast][training]") {
  const auto net = tiny_net();
  const auto state = run<double>(net, heavy_ball_plan(), tiny_start(net));
  const std::string bytes = to_bytes(state);
  CHECK_THROWS_AS(training_state_of<float>(bytes), InvalidInput);
  CHECK_THROWS_AS(training_state_of<double>(""), InvalidInput);
  for (const std::size_t size : {std::size_t{20}, bytes.size() / 2, bytes.size() - 1})
    CHECK_THROWS_AS(training_state_of<double>(bytes.substr(0, size)), InvalidInput);
  for (std::size_t place = 0; place < bytes.size(); place += 97) {
    std::string changed = bytes;
    changed[place] = static_cast<char>(changed[place] ^ 1);
    CHECK_THROWS_AS(training_state_of<double>(changed), InvalidInput);
  }
  CHECK(to_bytes(training_state_of<double>(bytes)) == bytes);
}

TEST_CASE("conditions and interventions are read, or refused with what is needed", "[fast][training]") {
  const Condition condition = parse_condition(" sharpness>4e1 ");
  CHECK(condition.quantity == "sharpness");
  CHECK(condition.above);
  CHECK(condition.value == 40);
  const Intervention all =
      parse_intervention("loss < 1e-3 : eta=0.5,momentum = -0.25, batch = 0, buffers=zero, model = gauss-newton");
  CHECK(all.condition->quantity == "loss");
  CHECK(*all.eta == 0.5);
  CHECK(*all.momentum == -0.25);
  CHECK(*all.batch_size == 0);
  CHECK(all.zero_buffers);
  CHECK(*all.model == LocalModelKind::gauss_newton);
  for (const char* bad : {"", "loss", "loss < ", "< 3", "loss < x", "loss < inf", "loss = 3"})
    CHECK_THROWS_AS(parse_condition(bad), InvalidInput);
  for (const char* bad : {"", "step 5", "step x: eta = 1", "step -5: eta = 1", "step 5: eta = 0", "step 5: eta = -1",
                          "step 5: eta", "step 5: lr = 1", "step 5: eta = 1,", "step 5: buffers = none",
                          "step 5: model = linear", "step 5: batch = 1.5", "loss: eta = 1"})
    CHECK_THROWS_AS(parse_intervention(bad), InvalidInput);
}

TEST_CASE("plans that cannot be are refused", "[fast][training]") {
  const auto net = tiny_net();
  const auto refused = [&](const std::function<void(TrainingPlan&)>& change) {
    TrainingPlan plan = heavy_ball_plan();
    change(plan);
    CHECK_THROWS_AS(run<double>(net, plan, tiny_start(net)), InvalidInput);
  };
  refused([](auto& plan) { plan.eta = 0; });
  refused([](auto& plan) { plan.eta = std::nan(""); });
  refused([](auto& plan) { plan.steps = -1; });
  refused([](auto& plan) { plan.steps = Index{1} << 40; });
  refused([](auto& plan) { plan.record_every = 0; });
  refused([](auto& plan) { plan.batch.size = 13; });
  refused([](auto& plan) { plan.rule = "adagrad"; });
  refused([](auto& plan) { plan.stop = {{"sharpness", true, 1}}; });
  refused([](auto& plan) { plan.interventions = {Intervention{}}; });
  refused([](auto& plan) { plan.interventions = {parse_intervention("step 3: batch = 13")}; });
  refused([](auto& plan) { plan.interventions = {parse_intervention("step 3: momentum = 1")}; });
  TrainingPlan plan = heavy_ball_plan();
  CHECK_THROWS_AS(start_training<double>(net, plan, Vector::Ones(3)), InvalidInput);
  CHECK_THROWS_AS(start_training<double>(net, plan, Vector::Constant(32, std::nan(""))), InvalidInput);
  const std::vector<Probe<double>> broken = {{"p", [](Index, const RuleState<double>&) { return std::nan(""); }}};
  CHECK_THROWS_AS(run<double>(net, plan, tiny_start(net), broken), InvalidInput);
  const std::vector<Probe<double>> unbounded = {{"p", [](Index step, const RuleState<double>&) {
                                                   return step < 2 ? 1 : std::numeric_limits<double>::infinity();
                                                 }}};
  CHECK(std::isinf(run<double>(net, plan, tiny_start(net), unbounded).records.back().back()));
  const std::vector<Probe<double>> twice = {{"loss", [](Index, const RuleState<double>&) { return 1.0; }}};
  CHECK_THROWS_AS(run<double>(net, plan, tiny_start(net), twice), InvalidInput);
  plan.steps = 0;
  CHECK(run<double>(net, plan, tiny_start(net)).records.size() == 1);
}
