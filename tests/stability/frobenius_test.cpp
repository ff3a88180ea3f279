// The Frobenius bound [Wu, Wang & Su 2022] and its alignment factor.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "brink/stability/criterion.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/examples.hpp"

using oracle::Example;
using oracle::Matrix;

namespace {

brink::Bound frobenius(const brink::LinearizedModel& model, const std::string& law, int batch_size) {
  const auto rule = oracle::sgd().make();
  for (const auto& criterion : brink::criteria())
    if (criterion->name() == "frobenius")
      return criterion->evaluate(model, *rule, *brink::make_batch_law(law), batch_size);
  throw std::runtime_error("no criterion called frobenius");
}

/// μ₀: the smallest eigenvalue of the pencil (mean H_kHH_k − H³, H) over ‖H‖_F².
double smallest_alignment(const Example& example) {
  const Matrix h = example.mean_hessian();
  Matrix pencil = -h * h * h;
  for (const auto& sample : example.hessians()) pencil += sample * h * sample / example.samples();
  return oracle::pencil_eigenvalues(0.5 * (pencil + pencil.transpose()), h)[0] / h.squaredNorm();
}

}  // namespace

TEST_CASE("three rows in the plane: the smallest alignment and a vacuous bound", "[fast][stability]") {
  const Example example = oracle::three_rows();
  CHECK(smallest_alignment(example) == Approx(.198450593846).epsilon(1e-11));
  const auto bound = frobenius(example.model(), "without-replacement", 1);
  REQUIRE(bound.eta.has_value());
  CHECK(*bound.eta == Approx(1 / std::sqrt(31.0 / 9 * .198450593846)).epsilon(1e-11));
  CHECK(*bound.eta == Approx(1.2095).margin(5e-5));
  CHECK(bound.status == brink::BoundStatus::necessary);
  CHECK(bound.vacuous);
  CHECK(!bound.reason.empty());
}

TEST_CASE("the Frobenius bound is (1/‖H‖_F)·√(1/(p1 μ₀)) and never below the exact threshold", "[fast][stability]") {
  for (const auto& example : {oracle::three_rows(), oracle::random_rows(5, 3, 1, 101),
                              oracle::random_rows(6, 4, 2, 102), oracle::random_rows(20, 3, 1, 103)}) {
    const auto model = example.model();
    const double n = example.samples(), mu = smallest_alignment(example);
    const auto sgd = oracle::sgd().make();
    for (const auto& law : oracle::finite_laws())
      for (const int b : {1, 2, 4}) {
        if (b >= n) continue;
        INFO(example.name << ", " << law << " B=" << b);
        const auto bound = frobenius(model, law, b);
        REQUIRE(bound.eta.has_value());
        const auto exact = brink::mean_square_threshold(model, *sgd, *brink::make_batch_law(law), b);
        CHECK(*bound.eta >= exact.eta * (1 - 1e-9));
        CHECK(bound.vacuous == (*bound.eta > exact.eta_deterministic));
        const double p1 = law == "without-replacement" ? (n - b) / (b * (n - 1)) : 1.0 / b;
        if (law != "bernoulli") CHECK(*bound.eta == Approx(1 / (std::sqrt(p1 * mu) * model.frobenius())).epsilon(1e-9));
      }
  }
}

TEST_CASE("isotropic Gaussian rows: the bound is tight exactly at B = d + 1", "[fast][stability]") {
  const int d = 6;
  const auto model = brink::LinearizedModel::from_spectrum(oracle::Vector::Constant(d, 0.5));
  const auto sgd = oracle::sgd().make();
  for (const int b : {1, 4, 7, 10, 40}) {
    const double exact = brink::mean_square_threshold(model, *sgd, *brink::make_batch_law("gaussian"), b).eta;
    const auto bound = frobenius(model, "gaussian", b);
    REQUIRE(bound.eta.has_value());
    // E L⁺/L = (1−ηλ)² + η²λ²(1 + d)/B, and the bound asks only that the last term be at most 1.
    CHECK(*bound.eta == Approx(std::sqrt(b / (d + 1.0)) / 0.5).epsilon(1e-11));
    if (b == d + 1)
      CHECK(*bound.eta == Approx(exact).epsilon(1e-10));
    else
      CHECK(*bound.eta > exact * (1 + 1e-3));
  }
}

TEST_CASE("the Frobenius bound is a statement about plain SGD", "[fast][stability]") {
  const auto model = oracle::three_rows().model();
  const auto law = brink::make_batch_law("without-replacement");
  for (const auto& cell : {oracle::heavy_ball(0.9), oracle::nesterov(0.9)})
    for (const auto& bound : brink::evaluate_criteria(model, *cell.make(), *law, 1))
      if (bound.name == "frobenius") {
        CHECK(!bound.eta.has_value());
        CHECK(bound.status == brink::BoundStatus::not_applicable);
        CHECK(!bound.reason.empty());
      }
  // Heavy ball without momentum is plain SGD. No noise at full batch: the bound says nothing.
  const auto full = frobenius(model, "without-replacement", 3);
  CHECK((!full.eta.has_value() || full.vacuous));
}
