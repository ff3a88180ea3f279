// The exact step of the loss, against every batch; the escape it promises, against the exact growth.

#include "brink/stability/escape.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/model/loss_alignment.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/batches.hpp"
#include "oracle/examples.hpp"
#include "oracle/random.hpp"

using oracle::Example;
using oracle::Matrix;
using oracle::Vector;

TEST_CASE("the one-step identity of the loss holds over all batches", "[fast][stability]") {
  oracle::Random random(811);
  for (const auto& example : {oracle::three_rows(), oracle::random_rows(5, 3, 1, 812),
                              oracle::random_rows(4, 3, 2, 813), oracle::random_indefinite(5, 2, 814)}) {
    const auto model = example.model();
    const Matrix h = example.mean_hessian();
    const auto hessians = example.hessians();
    const double n = example.samples();
    for (const auto& law : oracle::finite_laws())
      for (const int b : {1, 2, 3}) {
        INFO(example.name << ", " << law << " B=" << b);
        const Vector x = model.basis() * random.normals(static_cast<int>(model.rank()), 1).col(0);
        const double eta = random.uniform(0.1, 3);
        double after = 0;
        for (const auto& batch : oracle::all_batches(law, example.samples(), b)) {
          const Vector next = x - eta * (oracle::batch_mean(batch, b, hessians) * x);
          after += batch.probability * 0.5 * next.dot(h * next);
        }
        const Vector inside = model.basis().transpose() * x;
        const auto drawn = brink::make_batch_law(law);
        const auto step = brink::loss_step(model, *drawn, b, eta, inside * inside.transpose());
        CHECK(step.contraction + step.noise == Approx(after).epsilon(1e-11));
        const Vector mean_step = x - eta * (h * x);
        CHECK(step.contraction == Approx(0.5 * mean_step.dot(h * mean_step)).epsilon(1e-11).margin(1e-13));
        // ½η² tr(N(xxᵀ)H) = η² p ‖H‖² μ L where p1 = p2, and more than that for Bernoulli batches.
        const auto [p1, p2] = oracle::law_coefficients(law, n, b);
        const double mu = brink::loss_alignment(model, inside).mu;
        const double promised = eta * eta * p1 * h.squaredNorm() * mu * 0.5 * x.dot(h * x);
        if (p1 == p2)
          CHECK(step.noise == Approx(promised).epsilon(1e-10).margin(1e-14));
        else
          CHECK(step.noise >= promised * (1 - 1e-12));
      }
  }
}

TEST_CASE("one step of fresh Gaussian rows", "[fast][stability]") {
  // E L⁺/L = (1 − ηλ)² + η²λ²(d + 1)/B for H = λI.
  const auto model = brink::LinearizedModel::from_spectrum(Vector::Constant(4, 0.5));
  const auto step = brink::loss_step(model, *brink::make_batch_law("gaussian"), 3, 1.2, Matrix::Identity(4, 4));
  const double loss = 0.5 * 0.5 * 4;
  CHECK(step.contraction == Approx(loss * 0.4 * 0.4).epsilon(1e-13));
  CHECK(step.noise == Approx(loss * 0.36 * 5 / 3).epsilon(1e-13));
}

TEST_CASE("no direction is less aligned than the bound says, and one is as little", "[fast][stability]") {
  oracle::Random random(815);
  const auto sgd = oracle::sgd().make();
  const auto law = brink::make_batch_law("without-replacement");
  for (const auto& example : {oracle::three_rows(), oracle::random_rows(6, 2, 1, 816)}) {
    const auto model = example.model();
    const auto bound = brink::escape_bound(model, *sgd, *law, 1);
    REQUIRE(bound.eta.has_value());
    double least = 1e300;
    for (int i = 0; i < 20000; ++i) {
      const double angle = 3.14159265358979 * i / 20000;
      const Vector x{{std::cos(angle), std::sin(angle)}};
      const double mu = brink::loss_alignment(model, x).mu;
      least = std::min(least, mu);
    }
    CHECK(least >= bound.smallest_mu * (1 - 1e-10));
    CHECK(least == Approx(bound.smallest_mu).epsilon(1e-5));
  }
  const auto g1 = brink::escape_bound(oracle::three_rows().model(), *sgd, *law, 1);
  CHECK(g1.smallest_mu == Approx(.198450593846).epsilon(1e-11));
  CHECK(*g1.eta == Approx(1.209523209351).epsilon(1e-11));
  CHECK_FALSE(g1.reason.empty());  // above the noise-free edge 1.1315
  CHECK(g1.log_growth(2 * *g1.eta).value() == Approx(2 * std::log(2.0)));
}

TEST_CASE("the smallest mu is that of the model, whatever the batches", "[fast][stability]") {
  const auto sgd = oracle::sgd().make();
  // One parameter: mu = Var(h)/a^2.
  for (const auto& curvatures : {std::vector<double>{1, 2}, std::vector<double>{0.3, 1, 5, 2}}) {
    double mean = 0, square = 0;
    for (const double h : curvatures) {
      mean += h / static_cast<double>(curvatures.size());
      square += h * h / static_cast<double>(curvatures.size());
    }
    const double mu = square / (mean * mean) - 1;
    const auto model = oracle::one_parameter(curvatures).model();
    for (const auto& law : oracle::finite_laws()) {
      INFO(law);
      const auto drawn = brink::make_batch_law(law);
      const auto bound = brink::escape_bound(model, *sgd, *drawn, 1);
      CHECK(bound.smallest_mu == Approx(mu).epsilon(1e-12));
      const auto [p1, p2] = drawn->second_moment(static_cast<brink::Index>(curvatures.size()), 1);
      CHECK(*bound.eta == Approx(1 / std::sqrt(p1 * square - p2 * mean * mean)).epsilon(1e-12));
    }
    CHECK(brink::escape_bound(model, *sgd, *brink::make_batch_law("gaussian"), 3).smallest_mu == Approx(2));
  }
  // Samples that are all alike have no noise of their own, though the size of a Bernoulli batch varies.
  const auto alike = oracle::one_parameter({2, 2, 2}).model();
  const auto bound = brink::escape_bound(alike, *sgd, *brink::make_batch_law("bernoulli"), 1);
  CHECK(bound.smallest_mu == 0);
  CHECK(*bound.eta == Approx(1 / std::sqrt(2.0 / 3 * 4)));
  for (const auto& law : oracle::finite_laws())
    for (const int b : {1, 2})
      CHECK(brink::escape_bound(oracle::three_rows().model(), *sgd, *brink::make_batch_law(law), b).smallest_mu ==
            Approx(.198450593846).epsilon(1e-11));
}

TEST_CASE("escape is at least as fast as the bound", "[fast][stability]") {
  const auto sgd = oracle::sgd().make();
  for (const std::uint64_t seed : {821U, 822U, 823U, 824U}) {
    const auto model = oracle::random_rows(6, 3, 1, seed).model();
    for (const auto& name : oracle::finite_laws())
      for (const int b : {1, 3}) {
        const auto law = brink::make_batch_law(name);
        const auto bound = brink::escape_bound(model, *sgd, *law, b);
        REQUIRE(bound.eta.has_value());
        for (const double eta : {0.5 * *bound.eta, *bound.eta, 3 * *bound.eta, 100 * *bound.eta}) {
          INFO("seed " << seed << ", " << name << " B=" << b << ", eta " << eta);
          const auto exact = brink::mean_square_growth(model, *sgd, *law, b, eta);
          CHECK(exact.log_growth >= bound.log_growth(eta).value() - 1e-12);
        }
      }
  }
  // Isotropic Gaussian rows at B = d + 1: E L⁺ = L[(1 − ηλ)² + η²λ²], the bound drops the first term, which is 0 at
  // 1/λ.
  const auto isotropic = brink::LinearizedModel::from_spectrum(Vector::Constant(5, 2));
  const auto gaussian = brink::make_batch_law("gaussian");
  const auto bound = brink::escape_bound(isotropic, *sgd, *gaussian, 6);
  CHECK(*bound.eta == Approx(brink::mean_square_threshold(isotropic, *sgd, *gaussian, 6).eta).epsilon(1e-10));
  CHECK(brink::mean_square_growth(isotropic, *sgd, *gaussian, 6, 0.5).log_growth ==
        Approx(bound.log_growth(0.5).value()).margin(1e-9));
}

TEST_CASE("the bound is one of plain SGD", "[fast][stability]") {
  const auto model = oracle::three_rows().model();
  const auto law = brink::make_batch_law("without-replacement");
  const auto bound = brink::escape_bound(model, *oracle::heavy_ball(0.9).make(), *law, 1);
  CHECK_FALSE(bound.eta.has_value());
  CHECK_FALSE(bound.log_growth(1).has_value());
  CHECK_FALSE(bound.reason.empty());
  CHECK_FALSE(brink::escape_bound(model, *oracle::sgd().make(), *law, 3).eta.has_value());
  CHECK_THROWS_AS(brink::loss_step(model, *law, 1, 0.1, Matrix::Identity(3, 3)), brink::InvalidInput);
  CHECK_THROWS_AS(brink::loss_step(model, *law, 4, 0.1, Matrix::Identity(2, 2)), brink::InvalidInput);
}
