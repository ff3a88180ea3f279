// Every (A, b) against the real update of the same rule, and both against the recursion that defines the rule.

#include <catch2/catch.hpp>
#include <vector>

#include "oracle/examples.hpp"
#include "oracle/random.hpp"

using brink::UpdateRule;
using oracle::Matrix;
using oracle::Vector;

namespace {

const double kEtas[] = {0.0, 0.03, 1.7};
const double kCurvatures[] = {-0.4, 0.0, 0.2, 3.0, 40.0};

/// The k states of one mode after one real step of the library with gradient λx + ξ.
Vector real_step(const UpdateRule& rule, double eta, double curvature, double noise, const Vector& state) {
  double gradient = curvature * state[0] + noise;
  Vector next = state;
  rule.step(eta, &gradient, next.data(), next.data() + 1, 1);
  return next;
}

}  // namespace

TEST_CASE("z⁺ = A(λ) z + b ξ is the real step of every rule on a quadratic", "[fast][optimizer]") {
  oracle::Random random(1);
  for (const auto& cell : oracle::all_rules()) {
    const auto rule = cell.make();
    for (const double eta : kEtas)
      for (const double curvature : kCurvatures) {
        INFO(cell.label() << " eta=" << eta << " curvature=" << curvature);
        const Vector state = random.normals(static_cast<int>(rule->states()), 1);
        const double noise = random.normal();
        const Vector predicted = rule->transition(eta, curvature) * state + rule->filter(eta).b * noise;
        const Vector stepped = real_step(*rule, eta, curvature, noise, state);
        CHECK((predicted - stepped).norm() <= 1e-14 * (1 + stepped.norm()) * (1 + curvature));
      }
  }
}

TEST_CASE("A(λ) and b are those of the recursion in the PyTorch convention", "[fast][optimizer]") {
  for (const auto& cell : oracle::all_rules()) {
    const auto rule = cell.make();
    const auto reference = cell.reference();
    CHECK(rule->name() == cell.name);
    CHECK(rule->momentum() == cell.parameters.momentum);
    CHECK(rule->weight_decay() == cell.parameters.weight_decay);
    REQUIRE(rule->states() == reference.states());
    for (const double eta : kEtas)
      for (const double curvature : kCurvatures) {
        INFO(cell.label() << " eta=" << eta << " curvature=" << curvature);
        const Matrix expected = oracle::lifted_map(reference, eta, Matrix::Constant(1, 1, curvature));
        CHECK((rule->transition(eta, curvature) - expected).norm() <= 1e-14 * (1 + expected.norm()));
        CHECK((rule->filter(eta).b - oracle::lifted_input(reference, eta, Vector::Ones(1))).norm() <= 1e-15);
      }
  }
}

TEST_CASE("many coordinates move as each would alone", "[fast][optimizer]") {
  oracle::Random random(2);
  const int size = 13;
  for (const auto& cell : oracle::all_rules()) {
    INFO(cell.label());
    const auto rule = cell.make();
    const int states = static_cast<int>(rule->states());
    // One column a state, so that the buffers lie one after another behind x.
    Matrix together = random.normals(size, states);
    Matrix alone = together;
    for (int time = 0; time < 5; ++time) {
      Vector gradient = random.normals(size, 1);
      for (int i = 0; i < size; ++i) {
        Vector state = alone.row(i).transpose();
        alone.row(i) = real_step(*rule, 0.3, 0, gradient[i], state).transpose();
      }
      rule->step(0.3, gradient.data(), together.data(), together.data() + size, size);
    }
    CHECK((together - alone).norm() <= 1e-14);
  }
}

TEST_CASE("weight decay writes g + κx into the gradient, and no decay leaves it alone", "[fast][optimizer]") {
  for (const auto& cell : oracle::all_rules()) {
    INFO(cell.label());
    const auto rule = cell.make();
    Vector gradient{{2.0}};
    Vector state = Vector::Constant(rule->states(), 3.0);
    rule->step(0.1, gradient.data(), state.data(), state.data() + 1, 1);
    CHECK(gradient[0] == Approx(2.0 + 3.0 * cell.parameters.weight_decay).epsilon(1e-15));
  }
}

TEST_CASE("rules that are special cases of one another have the same filter", "[fast][optimizer]") {
  const auto make = [](const char* name, double momentum, double nu, double dampening) {
    return brink::make_update_rule(name, {momentum, nu, dampening, 0});
  };
  const auto same = [](const UpdateRule& a, const UpdateRule& b, double eta_a, double eta_b) {
    // Buffers may differ by a factor, so compare what x sees: e₁ᵀ A^s b.
    Vector state_a = a.filter(eta_a).b, state_b = b.filter(eta_b).b;
    for (int s = 0; s < 8; ++s) {
      CHECK(state_a[0] == Approx(state_b[0]).epsilon(1e-12));
      state_a = a.transition(eta_a, 1.3) * state_a;
      state_b = b.transition(eta_b, 1.3) * state_b;
    }
  };
  same(*make("ema", 0.8, 0.7, 0), *make("dampened", 0.8, 0.7, 0.8), 0.4, 0.4);
  same(*make("ema", 0.8, 0.7, 0), *make("heavy-ball", 0.8, 0.7, 0), 0.4, 0.08);
  same(*make("qhm", 0.8, 1, 0), *make("ema", 0.8, 0.7, 0), 0.4, 0.4);
  same(*make("qhm", 0.8, 0, 0), *make("sgd", 0, 0.7, 0), 0.4, 0.4);
  same(*make("qhm", 0.8, 0.8, 0), *make("nesterov", 0.8, 0.7, 0), 0.4, 0.08);
  same(*make("heavy-ball", 0, 0.7, 0), *make("sgd", 0, 0.7, 0), 0.4, 0.4);
  same(*make("nesterov", 0, 0.7, 0), *make("sgd", 0, 0.7, 0), 0.4, 0.4);
}
