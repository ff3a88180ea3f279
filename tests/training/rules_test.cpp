// Every update rule against its defining recursion, written here in plain loops over one number.

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "brink/base/error.hpp"
#include "brink/training/training_rule.hpp"
#include "training/objectives.hpp"

using namespace brink;
using namespace brink::test;

namespace {

constexpr int kSteps = 60;
constexpr Index kParameters = 1030;  // more than a few registers, and not a multiple of one

/// Feeds the same gradients to the rule that the reference saw; no objective is involved.
template <class Real>
VectorOf<Real> run_rule(const std::string& name, const TrainingRuleParameters& parameters, double eta,
                        const std::vector<Vector>& gradients, const Vector& start) {
  const auto rule = make_training_rule<Real>(name, parameters);
  auto state = initial_state<Real>(*rule, start.cast<Real>());
  const GradientAt<Real> nowhere = [](const VectorOf<Real>&, VectorOf<Real>&) -> Real {
    throw std::logic_error("a rule of one gradient asked for another");
  };
  for (const Vector& each : gradients) {
    VectorOf<Real> gradient = each.cast<Real>();
    rule->step(eta, gradient, nowhere, state);
  }
  return state.theta;
}

/// x⁺ from (x, gradient, memory of this coordinate, step from 1).
using Recursion = std::function<double(double x, double g, double* memory, int t)>;

void check_rule(const std::string& name, const TrainingRuleParameters& parameters, double eta,
                const Recursion& recursion) {
  INFO(name);
  oracle::Random random(17);
  const Vector start = normal_vector(kParameters, random);
  std::vector<Vector> gradients;
  for (int t = 0; t < kSteps; ++t) gradients.push_back(normal_vector(kParameters, random));
  Vector expected(kParameters);
  for (Index i = 0; i < kParameters; ++i) {
    double memory[3] = {0, 0, 0};
    double x = start[i];
    for (int t = 0; t < kSteps; ++t) x = recursion(x, gradients[static_cast<std::size_t>(t)][i], memory, t + 1);
    expected[i] = x;
  }
  const Vector precise = run_rule<double>(name, parameters, eta, gradients, start);
  CHECK((precise - expected).cwiseAbs().maxCoeff() < 1e-12 * expected.cwiseAbs().maxCoeff());
  const Vector single = run_rule<float>(name, parameters, eta, gradients, start).cast<double>();
  CHECK((single - expected).cwiseAbs().maxCoeff() < 2e-5 * expected.cwiseAbs().maxCoeff());
}

TrainingRuleParameters with_momentum(double momentum) {
  TrainingRuleParameters parameters;
  parameters.momentum = momentum;
  return parameters;
}

}  // namespace

TEST_CASE("weight decay of less than rounding a step adds up in single precision", "[fast][training]") {
  const double eta = 1e-3, decay = 2e-5;  // 1 − ηκ is 1 in single precision
  for (const char* name : {"sgd", "nesterov", "heavy-ball"}) {
    INFO(name);
    TrainingRuleParameters parameters = with_momentum(std::string(name) == "sgd" ? 0 : 0.9);
    const auto plain = make_training_rule<float>(name, parameters);
    parameters.weight_decay = decay;
    const auto decaying = make_training_rule<float>(name, parameters);
    // Gradients of zero mean move both runs across many roundings; what they differ by is the decay.
    oracle::Random random(23);
    constexpr Index kMany = 4000;
    constexpr int kLong = 2000;
    auto a = initial_state<float>(*plain, VectorOf<float>::Ones(kMany));
    auto b = initial_state<float>(*decaying, VectorOf<float>::Ones(kMany));
    for (int t = 0; t < kLong; ++t) {
      VectorOf<float> g = normal_vector(kMany, random).cast<float>();
      VectorOf<float> same = g;
      plain->step(eta, g, {}, a);
      decaying->step(eta, same, {}, b);
    }
    const double momentum = parameters.momentum;
    const double expected = eta * decay * kLong / (1 - momentum);
    const double found = (a.theta - b.theta).cast<double>().mean();
    CHECK(found == Approx(expected).epsilon(0.05));
  }
}

TEST_CASE("linear filters follow their recursions", "[fast][training]") {
  const double eta = 0.03;
  const double beta = 0.85;
  check_rule("sgd", with_momentum(0), eta, [=](double x, double g, double*, int) { return x - eta * g; });
  check_rule("heavy-ball", with_momentum(beta), eta, [=](double x, double g, double* m, int) {
    m[0] = beta * m[0] + g;
    return x - eta * m[0];
  });
  check_rule("heavy-ball", with_momentum(0), eta, [=](double x, double g, double*, int) { return x - eta * g; });
  check_rule("nesterov", with_momentum(0), eta, [=](double x, double g, double*, int) { return x - eta * g; });
  check_rule("nesterov", with_momentum(beta), eta, [=](double x, double g, double* m, int) {
    m[0] = beta * m[0] + g;
    return x - eta * (g + beta * m[0]);
  });
  check_rule("ema", with_momentum(beta), eta, [=](double x, double g, double* m, int) {
    m[0] = beta * m[0] + (1 - beta) * g;
    return x - eta * m[0];
  });
  TrainingRuleParameters parameters = with_momentum(beta);
  parameters.nu = 0.4;
  parameters.weight_decay = 0.02;
  check_rule("qhm", parameters, eta, [=](double x, double g, double* m, int) {
    g += 0.02 * x;
    m[0] = beta * m[0] + (1 - beta) * g;
    return x - eta * (0.6 * g + 0.4 * m[0]);
  });
  parameters.dampening = 0.3;
  check_rule("dampened", parameters, eta, [=](double x, double g, double* m, int) {
    g += 0.02 * x;
    m[0] = beta * m[0] + 0.7 * g;
    return x - eta * m[0];
  });
}

TEST_CASE("Adam and RMSProp follow the recursions of PyTorch", "[fast][training]") {
  const double eta = 0.01;
  check_rule("adam", with_momentum(0.9), eta, [=](double x, double g, double* s, int t) {
    s[0] = 0.9 * s[0] + 0.1 * g;
    s[1] = 0.999 * s[1] + 0.001 * g * g;
    const double m_hat = s[0] / (1 - std::pow(0.9, t));
    const double v_hat = s[1] / (1 - std::pow(0.999, t));
    return x - eta * m_hat / (std::sqrt(v_hat) + 1e-8);
  });
  TrainingRuleParameters parameters = with_momentum(0.8);
  parameters.second_momentum = 0.95;
  parameters.epsilon = 1e-3;
  parameters.weight_decay = 0.1;
  check_rule("adam", parameters, eta, [=](double x, double g, double* s, int t) {
    g += 0.1 * x;
    s[0] = 0.8 * s[0] + 0.2 * g;
    s[1] = 0.95 * s[1] + 0.05 * g * g;
    return x - eta * (s[0] / (1 - std::pow(0.8, t))) / (std::sqrt(s[1] / (1 - std::pow(0.95, t))) + 1e-3);
  });
  check_rule("rmsprop", with_momentum(0), eta, [=](double x, double g, double* s, int) {
    s[0] = 0.99 * s[0] + 0.01 * g * g;
    return x - eta * g / (std::sqrt(s[0]) + 1e-8);
  });
  check_rule("rmsprop", parameters, eta, [=](double x, double g, double* s, int) {
    g += 0.1 * x;
    s[0] = 0.95 * s[0] + 0.05 * g * g;
    s[1] = 0.8 * s[1] + g / (std::sqrt(s[0]) + 1e-3);
    return x - eta * s[1];
  });
}

TEST_CASE("two steps of Adam and RMSProp as torch.optim computes them", "[fast][training]") {
  // The first step of Adam is η·sign(g) up to ε, of RMSProp η·sign(g)/√(1−α) = 10 η sign(g).
  std::vector<Vector> once = {Vector::Constant(1, -0.25)};
  const Vector start = Vector::Constant(1, 1.0);
  CHECK(run_rule<double>("adam", with_momentum(0.9), 0.1, once, start)[0] == Approx(1.1).epsilon(1e-7));
  CHECK(run_rule<double>("rmsprop", with_momentum(0), 0.01, once, start)[0] == Approx(1.1).epsilon(1e-6));
}

TEST_CASE("rules of training by name", "[fast][training]") {
  const auto names = training_rule_names();
  for (const char* name :
       {"sgd", "heavy-ball", "nesterov", "dampened", "ema", "qhm", "rmsprop", "adam", "gradient-flow"})
    CHECK(std::find(names.begin(), names.end(), name) != names.end());
  CHECK_THROWS_AS(make_training_rule<double>("adamw", {}), InvalidInput);
  CHECK_THROWS_AS(make_training_rule<double>("sgd", with_momentum(0.5)), InvalidInput);
  CHECK_THROWS_AS(make_training_rule<double>("adam", with_momentum(-0.5)), InvalidInput);
  CHECK_THROWS_AS(make_training_rule<double>("adam", with_momentum(1)), InvalidInput);
  CHECK_THROWS_AS(make_training_rule<float>("gradient-flow", {}), InvalidInput);
  TrainingRuleParameters parameters;
  parameters.second_momentum = 1;
  CHECK_THROWS_AS(make_training_rule<double>("rmsprop", parameters), InvalidInput);
}

namespace {

/// x⁺ = x − η sign(g): an extension of a user.
template <class Real>
class SignDescent final : public TrainingRule<Real> {
 public:
  std::string_view name() const override { return "sign"; }
  Index buffers() const override { return 0; }
  void step(double eta, VectorOf<Real>& gradient, const GradientAt<Real>&, RuleState<Real>& state) const override {
    state.theta -= static_cast<Real>(eta) * gradient.cwiseSign();
  }
};

template <class Real>
std::unique_ptr<TrainingRule<Real>> make_sign_descent(const TrainingRuleParameters&) {
  return std::make_unique<SignDescent<Real>>();
}

}  // namespace

TEST_CASE("a rule is added in one line", "[fast][training]") {
  register_training_rule("sign", make_sign_descent<float>, make_sign_descent<double>);
  CHECK_THROWS_AS(register_training_rule("sgd", make_sign_descent<float>, make_sign_descent<double>), InvalidInput);
  check_rule("sign", {}, 0.1, [](double x, double g, double*, int) { return x - (g > 0 ? 0.1 : -0.1); });
}
