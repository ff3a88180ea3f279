// Every derivative of every model: against difference quotients with step refinement, and against nested dual numbers
// on the model written once more with plain loops.

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "brink/base/error.hpp"
#include "brink/network/derivative_check.hpp"
#include "brink/network/models.hpp"
#include "brink/network/network_objective.hpp"
#include "network/hyper_dual.hpp"
#include "oracle/random.hpp"

using brink::Index;
using brink::LossKind;
using brink::Network;
using brink::RowMatrix;
using brink::Vector;
using brink::test::Dual3;

namespace {

Eigen::MatrixXd oracle_matrix(Index rows, Index columns, unsigned seed) {
  oracle::Random random(seed);
  return random.normals(static_cast<int>(rows), static_cast<int>(columns));
}

/// Outputs of one sample from θ, written out for one model.
using Reference = std::function<std::vector<Dual3>(const std::vector<Dual3>& theta, const double* x)>;

struct Model {
  std::string name;
  Network network;
  Reference reference;
};

Dual3 activate(const std::string& name, const Dual3& z) {
  if (name == "tanh") return brink::test::tanh_of(z);
  if (name == "relu") return real_part(z) > 0 ? z : Dual3(0.0);
  if (name == "gelu") return z * (Dual3(1.0) + erf_of(z * Dual3(1 / std::sqrt(2.0)))) * Dual3(0.5);
  if (name == "silu") return z / (Dual3(1.0) + exp_of(Dual3(-1.0) * z));
  if (name == "erf") return erf_of(z);
  return z;
}

/// Dense layers: per layer W (out × in, row by row), then b.
Reference dense_reference(std::vector<Index> widths, std::string activation, bool bias) {
  return [=](const std::vector<Dual3>& theta, const double* x) {
    std::vector<Dual3> a(x, x + widths[0]);
    std::size_t next = 0;
    for (std::size_t l = 1; l < widths.size(); ++l) {
      std::vector<Dual3> z(static_cast<std::size_t>(widths[l]));
      for (auto& one : z)
        for (const auto& input : a) one = one + theta[next++] * (l > 1 ? activate(activation, input) : input);
      if (bias)
        for (auto& one : z) one = one + theta[next++];
      a = z;
    }
    return a;
  };
}

std::vector<Model> models() {
  std::vector<Model> all;
  for (const char* activation : {"tanh", "relu", "gelu", "silu", "erf", "identity"}) {
    for (const bool bias : {false, true}) {
      const std::vector<Index> widths = {3, 5, 4, 2};
      all.push_back({std::string(activation) + (bias ? " with biases" : ""),
                     brink::fully_connected(widths, activation, bias), dense_reference(widths, activation, bias)});
    }
  }
  all.push_back({"diagonal u*v", brink::diagonal_linear(4, false), [](const auto& t, const double* x) {
                   Dual3 f(0.0);
                   for (std::size_t i = 0; i < 4; ++i) f = f + t[i] * t[4 + i] * Dual3(x[i]);
                   return std::vector<Dual3>{f};
                 }});
  all.push_back({"diagonal u*u - v*v", brink::diagonal_linear(4, true), [](const auto& t, const double* x) {
                   Dual3 f(0.0);
                   for (std::size_t i = 0; i < 4; ++i) f = f + (t[i] * t[i] - t[4 + i] * t[4 + i]) * Dual3(x[i]);
                   return std::vector<Dual3>{f};
                 }});
  all.push_back({"sensing U V'", brink::matrix_sensing(3, 2, 2), [](const auto& t, const double* x) {
                   Dual3 f(0.0);  // θ = (Vᵀ: rank × columns, U: rows × rank)
                   for (std::size_t i = 0; i < 3; ++i)
                     for (std::size_t j = 0; j < 2; ++j)
                       for (std::size_t k = 0; k < 2; ++k)
                         f = f + Dual3(x[2 * i + j]) * t[4 + 2 * i + k] * t[2 * k + j];
                   return std::vector<Dual3>{f};
                 }});
  all.push_back({"sensing U U'", brink::symmetric_sensing(3, 2), [](const auto& t, const double* x) {
                   Dual3 f(0.0);
                   for (std::size_t i = 0; i < 3; ++i)
                     for (std::size_t j = 0; j < 3; ++j)
                       for (std::size_t k = 0; k < 2; ++k) f = f + Dual3(x[3 * i + j]) * t[2 * i + k] * t[2 * j + k];
                   return std::vector<Dual3>{f};
                 }});
  all.push_back({"autoencoder", brink::single_neuron_autoencoder(3, "tanh"), [](const auto& t, const double* x) {
                   Dual3 z(0.0);
                   for (std::size_t i = 0; i < 3; ++i) z = z + t[i] * Dual3(x[i]);
                   std::vector<Dual3> f;
                   for (std::size_t i = 0; i < 3; ++i) f.push_back(t[i] * activate("tanh", z));
                   return f;
                 }});
  all.push_back({"convolutions", brink::convolutional(4, {2, 3}, 2, 2, "tanh"), [](const auto& t, const double* x) {
                   // 4 × 4 pixels → 3 × 3 × 2 → 2 × 2 × 3 → mean → 2, windows as (line, column, channel)
                   std::vector<Dual3> image(x, x + 16);
                   std::size_t side = 4, depth = 1, next = 0;
                   for (const std::size_t wide : {2UL, 3UL}) {
                     const std::size_t places = side - 1, window = 4 * depth;
                     std::vector<Dual3> out(places * places * wide);
                     for (std::size_t y = 0; y < places; ++y)
                       for (std::size_t c = 0; c < places; ++c)
                         for (std::size_t w = 0; w < wide; ++w) {
                           Dual3 z = t[next + wide * window + w];
                           for (std::size_t i = 0; i < 2; ++i)
                             for (std::size_t j = 0; j < 2; ++j)
                               for (std::size_t d = 0; d < depth; ++d)
                                 z = z + t[next + w * window + (2 * i + j) * depth + d] *
                                             image[((y + i) * side + c + j) * depth + d];
                           out[(y * places + c) * wide + w] = activate("tanh", z);
                         }
                     next += wide * window + wide;
                     image = out;
                     side = places;
                     depth = wide;
                   }
                   std::vector<Dual3> f;
                   for (std::size_t j = 0; j < 2; ++j) {
                     Dual3 sum = t[next + 6 + j];
                     for (std::size_t i = 0; i < image.size(); ++i)
                       sum = sum + t[next + 3 * j + i % 3] * image[i] / Dual3(4.0);
                     f.push_back(sum);
                   }
                   return f;
                 }});
  return all;
}

Dual3 reference_loss(LossKind loss, const std::vector<Dual3>& f, const double* y) {
  Dual3 sum(0.0);
  if (loss == LossKind::cross_entropy) {
    Dual3 normalizer(0.0);
    for (const auto& one : f) normalizer = normalizer + exp_of(one);
    for (std::size_t j = 0; j < f.size(); ++j) sum = sum + Dual3(y[j]) * (log_of(normalizer) - f[j]);
    return sum;
  }
  for (std::size_t j = 0; j < f.size(); ++j) {
    const Dual3 r = f[j] - Dual3(y[j]);
    if (loss == LossKind::half_square) sum = sum + r * r * Dual3(0.5);
    if (loss == LossKind::log_cosh) sum = sum + log_of((exp_of(r) + exp_of(Dual3(-1.0) * r)) * Dual3(0.5));
  }
  return sum;
}

struct Problem {
  RowMatrix inputs, targets;
  Vector theta, u, w;
  std::vector<std::uint32_t> samples = {4, 1, 1, 3};  // a batch with a repeated sample
  brink::Batch batch() const { return {samples, 3}; }
};

Problem problem_of(const Model& model, LossKind loss, std::uint64_t seed) {
  oracle::Random random(seed);
  const auto normal = [&](Index, Index) { return random.normal(); };
  Problem problem;
  problem.inputs = RowMatrix::NullaryExpr(6, model.network.inputs, normal);
  problem.targets = RowMatrix::NullaryExpr(6, model.network.outputs, normal);
  if (loss == LossKind::cross_entropy) {
    problem.targets = problem.targets.array().exp().matrix();
    for (Index k = 0; k < 6; ++k) problem.targets.row(k) /= problem.targets.row(k).sum();
  }
  const auto vector = [&](Index) { return random.normal(); };
  problem.theta = 0.7 * Vector::NullaryExpr(model.network.parameters, vector);
  problem.u = Vector::NullaryExpr(model.network.parameters, vector);
  problem.w = Vector::NullaryExpr(model.network.parameters, vector);
  return problem;
}

std::vector<LossKind> losses_of(const Model& model) {
  std::vector<LossKind> losses = {LossKind::half_square, LossKind::log_cosh};
  if (model.network.outputs >= 2) losses.push_back(LossKind::cross_entropy);
  return losses;
}

}  // namespace

TEST_CASE("derivatives are those of nested dual numbers", "[network][fast]") {
  for (const auto& model : models()) {
    for (const LossKind loss : losses_of(model)) {
      const Problem at = problem_of(model, loss, 31);
      std::vector<Dual3> theta;
      for (Index i = 0; i < at.theta.size(); ++i)
        theta.push_back(brink::test::dual3(at.theta[i], at.u[i], at.u[i], at.w[i]));
      Dual3 sum(0.0);
      for (const auto k : at.samples)
        sum = sum + reference_loss(loss, model.reference(theta, at.inputs.row(k).data()), at.targets.row(k).data()) /
                        Dual3(3.0);
      const double value = sum.value.value.value;
      const double gradient_w = sum.slope.value.value;  // ∇L·w
      const double hessian_uw = sum.slope.value.slope;  // wᵀ∇²L u
      const double third = sum.slope.slope.slope;       // ∇³L(u, u, w)

      CAPTURE(model.name, static_cast<int>(loss));
      const auto check = [&](auto zero, double accuracy) {
        using Real = decltype(zero);
        const auto objective = brink::make_network_objective<Real>(model.network, at.inputs, at.targets, loss);
        REQUIRE(objective->parameters() == at.theta.size());
        const brink::VectorOf<Real> t = at.theta.cast<Real>(), u = at.u.cast<Real>(), w = at.w.cast<Real>();
        brink::VectorOf<Real> out(t.size());
        CHECK(objective->loss(t, at.batch()) == Approx(value).epsilon(accuracy));
        CHECK(objective->gradient(t, at.batch(), out) == Approx(value).epsilon(accuracy));
        CHECK(out.dot(w) == Approx(gradient_w).epsilon(accuracy).margin(accuracy * out.norm() * w.norm()));
        objective->hessian_product(t, at.batch(), u, out);
        CHECK(out.dot(w) == Approx(hessian_uw).epsilon(accuracy).margin(accuracy * out.norm() * w.norm()));
        objective->third_derivative(t, at.batch(), u, out);
        CHECK(out.dot(w) == Approx(third).epsilon(accuracy).margin(accuracy * out.norm() * w.norm()));
      };
      check(0.0, 1e-12);
      check(0.0F, 2e-5);
    }
  }
}

TEST_CASE("derivatives are those of difference quotients", "[network][fast]") {
  for (const auto& model : models()) {
    if (model.name.find("relu") != std::string::npos) continue;  // quotients see its kinks
    for (const LossKind loss : losses_of(model)) {
      const Problem at = problem_of(model, loss, 7);
      const auto objective = brink::make_network_objective<double>(model.network, at.inputs, at.targets, loss);
      for (const auto& one : check_derivatives(*objective, at.theta, at.batch(), 2, 3)) {
        CAPTURE(model.name, static_cast<int>(loss), one.quantity);
        CHECK(one.resolution < 1e-7);
        CHECK(one.error < 1e-7);
      }
    }
  }
}

TEST_CASE("Gauss-Newton rows and residuals belong to the loss", "[network][fast]") {
  for (const auto& model : models()) {
    for (const LossKind loss : losses_of(model)) {
      const Problem at = problem_of(model, loss, 5);
      const auto objective = brink::make_network_objective<double>(model.network, at.inputs, at.targets, loss);
      CAPTURE(model.name, static_cast<int>(loss));
      RowMatrix rows, jacobian, r;
      objective->gauss_newton_rows(at.theta, at.batch(), rows);
      objective->jacobian(at.theta, at.batch(), jacobian);
      objective->residuals(at.theta, at.batch(), r);
      Vector product(at.theta.size()), gradient(at.theta.size());
      objective->gauss_newton_product(at.theta, at.batch(), at.u, product);
      CHECK(product.isApprox(rows.transpose() * (rows * at.u) / 3, 1e-12));
      objective->gradient(at.theta, at.batch(), gradient);
      CHECK(gradient.isApprox(jacobian.transpose() * Eigen::Map<const Vector>(r.data(), r.size()) / 3, 1e-12));
    }
  }
}

TEST_CASE("a batch longer than a chunk is the sum of its parts", "[network][fast]") {
  const Network network = brink::fully_connected({3, 4, 2}, "tanh", true);
  oracle::Random random(2);
  const auto normal = [&](Index, Index) { return random.normal(); };
  const RowMatrix inputs = RowMatrix::NullaryExpr(1500, 3, normal), targets = RowMatrix::NullaryExpr(1500, 2, normal);
  const auto objective = brink::make_network_objective<double>(network, inputs, targets, LossKind::half_square);
  const Vector theta = initial_parameters(network, "default", 1, 3);
  Vector whole(theta.size()), part(theta.size()), sum = Vector::Zero(theta.size());
  objective->gradient(theta, objective->all(), whole);
  for (std::uint32_t k = 0; k < 1500; ++k) {
    const std::vector<std::uint32_t> one = {k};
    objective->gradient(theta, {one, 1500}, part);
    sum += part;
  }
  CHECK(whole.isApprox(sum, 1e-12));
}

// One sample, eight and a hundred take different products: with few rows, of BLAS, and of Eigen beside few columns.
TEMPLATE_TEST_CASE("derivatives of a batch are the sums of those of its parts", "[network][fast]", float, double) {
  using Numbers = brink::VectorOf<TestType>;
  const Network network = brink::fully_connected({30, 50, 20, 3}, "tanh", true);
  const auto objective = brink::make_network_objective<TestType>(network, oracle_matrix(100, 30, 51),
                                                                 oracle_matrix(100, 3, 52), LossKind::half_square);
  const Numbers theta = (0.3 * oracle_matrix(network.parameters, 1, 53).col(0)).cast<TestType>();
  const Numbers u = oracle_matrix(network.parameters, 1, 54).col(0).cast<TestType>();
  const std::span<const std::uint32_t> all = objective->all().samples;
  Numbers whole(theta.size()), part(theta.size());
  const auto check = [&](const auto& derivative) {
    derivative(brink::Batch{all, 1}, whole);
    for (const std::size_t size : {1UL, 8UL, 13UL}) {
      INFO("parts of " << size);
      Vector sum = Vector::Zero(theta.size());
      for (std::size_t first = 0; first < all.size(); first += size) {
        derivative(brink::Batch{all.subspan(first, std::min(size, all.size() - first)), 1}, part);
        sum += part.template cast<double>();
      }
      REQUIRE(whole.allFinite());
      CHECK((whole.template cast<double>() - sum).norm() <=
            40 * static_cast<double>(std::numeric_limits<TestType>::epsilon()) * sum.norm());
    }
  };
  check([&](const brink::Batch& batch, Numbers& out) { objective->gradient(theta, batch, out); });
  check([&](const brink::Batch& batch, Numbers& out) { objective->hessian_product(theta, batch, u, out); });
  check([&](const brink::Batch& batch, Numbers& out) { objective->third_derivative(theta, batch, u, out); });
}

TEST_CASE("a step reads every parameter before it changes it, and no other after", "[network][fast]") {
  std::vector<Model> all = models();
  all.push_back({"wide", brink::fully_connected({3, 1500, 7, 2}, "tanh", true), {}});
  for (const auto& [name, network, reference] : all) {
    INFO(name);
    const RowMatrix inputs = oracle_matrix(600, network.inputs, 21);
    const RowMatrix targets = oracle_matrix(600, network.outputs, 22);
    const auto objective = brink::make_network_objective<double>(network, inputs, targets, LossKind::half_square);
    const Vector theta = 0.3 * oracle_matrix(network.parameters, 1, 23).col(0);
    const Vector start = oracle_matrix(network.parameters, 1, 24).col(0);
    Vector gradient(theta.size()), scratch(theta.size());
    // Steps that put the gradient itself in the place of the parameters, so that whoever reads them later is far off.
    const brink::LinearStep<double> replace{.xx = -1, .xg = 1};
    const brink::LinearStep<double> replace_and_keep{.xx = -1, .xm = 2, .xg = 1, .mx = 3, .mm = 5, .mg = 7};
    const brink::LinearStep<double> heavy_ball{.xm = -0.1, .mm = 0.9, .mg = 1};
    for (const std::size_t count : {0UL, 1UL, 8UL, 9UL, 600UL}) {
      INFO("samples: " << count);
      const brink::Batch batch{objective->all().samples.first(count), 7};
      const double loss = objective->gradient(theta, batch, gradient);
      const auto near = [&](const Vector& found, const Vector& expected) {
        REQUIRE(found.allFinite());
        CHECK((found - expected).cwiseAbs().maxCoeff() <= 1e-13 * (1 + expected.cwiseAbs().maxCoeff()));
      };
      Vector moving = theta, none, buffer = start;
      CHECK(objective->descend(batch, replace, moving, none, scratch) == Approx(loss).epsilon(1e-14));
      near(moving, gradient);
      moving = theta;
      objective->descend(batch, replace_and_keep, moving, buffer, scratch);
      near(buffer, 3 * theta + 5 * start + 7 * gradient);
      near(moving, 2 * buffer + gradient);
      moving = theta;
      buffer = start;
      objective->descend(batch, heavy_ball, moving, buffer, scratch);
      near(buffer, 0.9 * start + gradient);
      near(moving, theta - 0.1 * buffer);
    }
    const Vector nowhere = Vector::Constant(theta.size(), 1e200);
    for (const std::size_t count : {8UL, 600UL}) {
      const brink::Batch batch{objective->all().samples.first(count), 7};
      Vector moving = nowhere, buffer = start;
      CHECK_FALSE(std::isfinite(objective->descend(batch, heavy_ball, moving, buffer, scratch)));
      CHECK(moving == nowhere);
      CHECK(buffer == start);
    }
  }
}

TEST_CASE("a Hessian that keeps its point has the products of one that does not", "[network][fast]") {
  for (const auto& [name, network, reference] : models()) {
    for (const LossKind loss : {LossKind::half_square, LossKind::log_cosh}) {
      INFO(name);
      const RowMatrix inputs = oracle_matrix(600, network.inputs, 31);
      const RowMatrix targets = oracle_matrix(600, network.outputs, 32);
      const auto objective = brink::make_network_objective<double>(network, inputs, targets, loss);
      Vector theta = 0.3 * oracle_matrix(network.parameters, 1, 33).col(0);
      for (const std::size_t count : {0UL, 1UL, 5UL, 600UL}) {
        INFO("samples: " << count);
        const brink::Batch batch{objective->all().samples.first(count), 7};
        const Vector at = theta;
        const auto hessian = objective->hessian_at(theta, batch);
        theta.setConstant(NAN);  // it keeps its own
        for (const unsigned seed : {34U, 35U}) {
          const Vector v = oracle_matrix(network.parameters, 1, seed).col(0);
          Vector expected(v.size()), found = Vector::Constant(v.size(), NAN);
          objective->hessian_product(at, batch, v, expected);
          hessian->apply(v, found);
          REQUIRE(found.allFinite());
          CHECK((found - expected).cwiseAbs().maxCoeff() <= 1e-14 * expected.cwiseAbs().maxCoeff());
        }
        theta = at;
      }
    }
  }
}

TEMPLATE_TEST_CASE("a Hessian keeps its point of the cross-entropy too, and nothing where that is too much",
                   "[network][fast]", float, double) {
  using Numbers = brink::VectorOf<TestType>;
  const Network network = brink::fully_connected({2, 5, 3}, "tanh", true);
  const Index samples = GENERATE(40, 150000);
  RowMatrix targets = RowMatrix::Zero(samples, 3);
  for (Index k = 0; k < samples; ++k) targets(k, k % 3) = 1;
  const auto objective =
      brink::make_network_objective<TestType>(network, oracle_matrix(samples, 2, 41), targets, LossKind::cross_entropy);
  const Numbers theta = oracle_matrix(network.parameters, 1, 42).col(0).cast<TestType>();
  const Numbers v = oracle_matrix(network.parameters, 1, 43).col(0).cast<TestType>();
  Numbers expected(theta.size()), found(theta.size());
  objective->hessian_product(theta, objective->all(), v, expected);
  objective->hessian_at(theta, objective->all())->apply(v, found);
  REQUIRE(found.allFinite());
  CHECK((found - expected).norm() <= 20 * std::numeric_limits<TestType>::epsilon() * expected.norm());
}

TEST_CASE("a frozen layer is a constant", "[network][fast]") {
  const Network network = brink::fully_connected({3, 4, 2}, "tanh", true);
  const Vector whole = initial_parameters(network, "default", 1, 3);
  Vector rest = whole;
  const Network frozen = freeze_layer(network, 0, rest);
  CHECK(rest.size() == 4 * 2 + 2);
  const Problem at = problem_of({"", network, {}}, LossKind::half_square, 9);
  const auto a = brink::make_network_objective<double>(network, at.inputs, at.targets, LossKind::half_square);
  const auto b = brink::make_network_objective<double>(frozen, at.inputs, at.targets, LossKind::half_square);
  Vector ga(whole.size()), gb(rest.size());
  CHECK(a->gradient(whole, a->all(), ga) == Approx(b->gradient(rest, b->all(), gb)).epsilon(1e-14));
  CHECK(gb.isApprox(ga.tail(rest.size()), 1e-13));
}

TEST_CASE("networks refuse what does not fit", "[network][fast]") {
  CHECK_THROWS_AS(brink::fully_connected({3}, "tanh", true), brink::InvalidInput);
  CHECK_THROWS_AS(brink::fully_connected({3, 2, 1}, "softplus", true), brink::InvalidInput);
  const Network network = brink::fully_connected({2, 2}, "tanh", true);
  const RowMatrix x = RowMatrix::Zero(3, 2), y = RowMatrix::Zero(3, 2);
  CHECK_THROWS_AS(brink::make_network_objective<double>(network, RowMatrix::Zero(3, 1), y, LossKind::half_square),
                  brink::InvalidInput);
  CHECK_THROWS_AS(brink::make_network_objective<double>(network, x, y, LossKind::cross_entropy), brink::InvalidInput);
  CHECK_THROWS_AS(
      brink::make_network_objective<double>(network, RowMatrix::Constant(3, 2, NAN), y, LossKind::half_square),
      brink::InvalidInput);
  CHECK_THROWS_AS(brink::loss_kind("hinge"), brink::InvalidInput);
  CHECK_THROWS_AS(initial_parameters(network, "orthogonal", 1, 0), brink::InvalidInput);
}
