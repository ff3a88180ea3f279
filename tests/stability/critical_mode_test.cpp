// The critical mode: a covariance, a fixed point of the brute-force dynamics, and the batch sharpness along it.

#include "brink/stability/critical_mode.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/stability/closed_form.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/examples.hpp"
#include "oracle/second_moment.hpp"

using oracle::Example;
using oracle::Matrix;
using oracle::Rule;
using oracle::Vector;

namespace {

std::vector<Example> mode_models() {
  return {oracle::three_rows(), oracle::random_rows(5, 3, 1, 61), oracle::random_rows(4, 2, 2, 62),
          oracle::random_indefinite(4, 2, 63)};
}

std::vector<Rule> mode_rules() {
  Rule decaying = oracle::heavy_ball(0.7);
  decaying.parameters.weight_decay = 0.2;
  Rule quasi_hyperbolic{"qhm", {}};
  quasi_hyperbolic.parameters.momentum = 0.9;
  return {oracle::sgd(),
          oracle::heavy_ball(0.5),
          oracle::heavy_ball(0.9),
          oracle::heavy_ball(-0.5),
          oracle::nesterov(0.9),
          quasi_hyperbolic,
          decaying};
}

/// A covariance in the eigenbasis, back in parameter space.
Matrix in_parameters(const brink::LinearizedModel& model, const Matrix& covariance) {
  return model.basis() * covariance * model.basis().transpose();
}

Matrix noise(const Example& example, const std::string& law, int batch_size, const Matrix& x) {
  if (law == "gaussian") return oracle::gaussian_gradient_covariance(example.mean_hessian(), batch_size, x);
  const auto batches = oracle::all_batches(law, example.samples(), batch_size);
  return oracle::gradient_covariance(example.hessians(), batches, batch_size, x);
}

oracle::HessianMoments moments_of(const Example& example, const std::string& law, int batch_size) {
  if (law == "gaussian") return oracle::gaussian_hessian_moments(example.mean_hessian(), batch_size);
  return oracle::hessian_moments(oracle::all_batches(law, example.samples(), batch_size), batch_size,
                                 example.hessians());
}

void check_covariance(const Matrix& x) {
  CHECK((x - x.transpose()).norm() <= 1e-14);
  CHECK(x.trace() == Approx(1).epsilon(1e-12));
  CHECK(oracle::symmetric_eigenvalues(x)[0] >= -1e-11);
}

}  // namespace

TEST_CASE("the critical mode is a covariance and answers its own noise", "[fast][stability][oracle]") {
  for (const auto& example : mode_models()) {
    const auto model = example.model();
    for (const auto& cell : mode_rules())
      for (const auto& law : oracle::all_laws())
        for (const int batch_size : {1, 2}) {
          if (law == "gaussian" && example.signs.size() != 0) continue;
          INFO(example.name << ", " << cell.label() << ", " << law << " B=" << batch_size);
          const auto found = brink::mean_square_threshold(model, *cell.make(), *brink::make_batch_law(law), batch_size);
          REQUIRE(found.critical_mode.rows() == model.rank());
          check_covariance(found.critical_mode);
          const Matrix x = in_parameters(model, found.critical_mode);
          const Matrix again =
              oracle::response(example.mean_hessian(), cell.reference(), found.eta, noise(example, law, batch_size, x));
          CHECK((again - x).norm() <= 1e-7);
        }
  }
}

TEST_CASE("the critical mode is the leading covariance of the brute-force second moment", "[fast][stability][oracle]") {
  const Example example = oracle::random_rows(5, 3, 1, 64);
  const auto model = example.model();
  for (const auto& cell : mode_rules())
    for (const auto& law : oracle::all_laws()) {
      INFO(cell.label() << ", " << law);
      const auto found = brink::mean_square_threshold(model, *cell.make(), *brink::make_batch_law(law), 2);
      const auto moment = oracle::second_moment_of(law, example.hessians(), 2, cell.reference());
      const Matrix expected = oracle::leading_covariance(moment(found.eta), 3);
      CHECK((in_parameters(model, found.critical_mode) - expected).norm() <= 1e-6);
    }
}

TEST_CASE("the closed form has the critical mode of the transfer form", "[fast][stability]") {
  for (const auto& example : mode_models()) {
    const auto model = example.model();
    for (const double beta : {-0.5, 0.0, 0.9}) {
      const auto rule = oracle::heavy_ball(beta).make();
      const auto law = brink::make_batch_law("bernoulli");
      const auto closed = brink::closed_form_threshold(model, *rule, *law, 1);
      const auto transfer = brink::mean_square_threshold(model, *rule, *law, 1);
      INFO(example.name << " beta=" << beta);
      check_covariance(closed.critical_mode);
      CHECK((closed.critical_mode - transfer.critical_mode).norm() <= 1e-6);
    }
  }
}

TEST_CASE("the noise-kernel norm is 1 at the threshold, below 1 before it and above 1 after it", "[stability]") {
  for (const auto& example : mode_models()) {
    const auto model = example.model();
    for (const auto& cell : mode_rules())
      for (const auto& law_name : oracle::all_laws()) {
        if (law_name == "gaussian" && example.signs.size() != 0) continue;
        INFO(example.name << ", " << cell.label() << ", " << law_name);
        const auto rule = cell.make();
        const auto law = brink::make_batch_law(law_name);
        const double eta = brink::mean_square_threshold(model, *rule, *law, 1).eta;
        CHECK(brink::noise_kernel_norm(model, *rule, *law, 1, eta) == Approx(1).epsilon(1e-8));
        double previous = 0;
        for (const double ratio : {0.1, 0.5, 0.9, 0.999}) {
          const double norm = brink::noise_kernel_norm(model, *rule, *law, 1, ratio * eta);
          CHECK(norm > previous);
          CHECK(norm < 1);
          previous = norm;
        }
        CHECK(brink::noise_kernel_norm(model, *rule, *law, 1, 1.0001 * eta) > 1);
      }
  }
}

TEST_CASE("batch sharpness of any covariance is the ratio of enumerated third and second moments",
          "[fast][stability][oracle]") {
  for (const auto& example :
       {oracle::random_rows(5, 3, 1, 65), oracle::random_rows(4, 3, 2, 66), oracle::random_indefinite(4, 2, 67)}) {
    const auto model = example.model();
    const auto r = model.rank();
    Matrix root = Matrix::Identity(r, r);
    root(0, 1) = 0.7;
    root(1, 0) = -0.2;
    const Matrix covariance = root * root.transpose();
    for (const auto& law : oracle::all_laws())
      for (int batch_size = 1; batch_size <= example.samples(); ++batch_size) {
        if (law == "gaussian" && example.signs.size() != 0) continue;
        INFO(example.name << ", " << law << " B=" << batch_size);
        const double expected =
            oracle::batch_sharpness(moments_of(example, law, batch_size), in_parameters(model, covariance));
        CHECK(brink::batch_sharpness(model, *brink::make_batch_law(law), batch_size, covariance) ==
              Approx(expected).epsilon(1e-11));
      }
  }
}

TEST_CASE("batch sharpness at the critical mode of three rows, momentum .9, one sample a batch", "[fast][stability]") {
  const auto model = oracle::three_rows().model();
  const auto law = brink::make_batch_law("without-replacement");
  const auto found = brink::mean_square_threshold(model, *oracle::heavy_ball(0.9).make(), *law, 1);
  CHECK(found.eta * brink::batch_sharpness(model, *law, 1, found.critical_mode) == Approx(.4201).margin(5e-5));
}

TEST_CASE("at full batch the batch sharpness times η is 2(1+β) along the critical direction", "[fast][stability]") {
  for (const auto& example : {oracle::three_rows(), oracle::random_rows(5, 3, 2, 68)}) {
    const auto model = example.model();
    const auto law = brink::make_batch_law("without-replacement");
    Matrix top = Matrix::Zero(model.rank(), model.rank());
    top(0, 0) = 1;
    for (const double beta : {-0.5, 0.0, 0.5, 0.9}) {
      const auto found = brink::mean_square_threshold(model, *oracle::heavy_ball(beta).make(), *law, example.samples());
      CHECK(found.eta * brink::batch_sharpness(model, *law, example.samples(), top) ==
            Approx(2 * (1 + beta)).epsilon(1e-10));
    }
  }
}

TEST_CASE("without noise the level is the edge of the rule, and absent only where no covariance grows first",
          "[fast][stability]") {
  const Example alike{"alike", Matrix{{1, 2}, {1, 2}, {1, 2}}};
  const Example single{"single", Matrix{{1, 2}}};
  for (const auto& example : {oracle::three_rows(), oracle::random_rows(4, 2, 2, 69), single, alike}) {
    const auto model = example.model();
    const brink::SampleMoments sharpness(model);
    const int n = example.samples();
    const auto law = brink::make_batch_law("without-replacement");
    for (const auto& rule : mode_rules()) {
      const auto made = rule.make();
      const auto found = brink::mean_square_threshold(model, *made, *law, n);
      INFO(example.name);
      // The batch is H itself, whose third moment over its second along the top eigenvector is λ_max.
      CHECK(sharpness.in_times_eta(*law, n, found).value_or(0) ==
            Approx(found.eta_deterministic * model.lambda_max()).epsilon(1e-12));
    }
    if (n == 1) continue;
    const auto noisy = brink::mean_square_threshold(model, *oracle::sgd().make(), *law, 1);
    CHECK(sharpness.in_times_eta(*law, 1, noisy).has_value() == (example.name != "alike"));
  }
}

TEST_CASE("batch sharpness at the critical mode of isotropic Gaussian rows", "[fast][stability]") {
  for (const int d : {1, 3, 20, 400})
    for (const int b : {1, 5, 80})
      for (const double beta : {0.0, 0.5, 0.9}) {
        INFO("d=" << d << " B=" << b << " beta=" << beta);
        const double lambda = 0.7;
        const auto model = brink::LinearizedModel::from_spectrum(Vector::Constant(d, lambda));
        const auto law = brink::make_batch_law("gaussian");
        // By symmetry the critical mode of the isotropic model is the identity.
        const Matrix x = Matrix::Identity(d, d) / d;
        const double eta = brink::mean_square_threshold(model, *oracle::heavy_ball(beta).make(), *law, b).eta;
        const double dd = d, bb = b;
        const double expected =
            eta * lambda * (bb * bb + 3 * bb * (dd + 1) + dd * dd + 3 * dd + 4) / (bb * (bb + dd + 1));
        CHECK(eta * brink::batch_sharpness(model, *law, b, x) == Approx(expected).epsilon(1e-11));
      }
}

TEST_CASE("the small-batch plateau 2(1−β) and the large-batch plateau 2(1+β) are limits in d", "[fast][stability]") {
  const int d = 600;
  const auto model = brink::LinearizedModel::from_spectrum(Vector::Constant(d, 1.0));
  const auto law = brink::make_batch_law("gaussian");
  for (const double beta : {0.0, 0.5, 0.9})
    for (const double ratio : {0.01, 1.0, 200.0}) {
      const int b = static_cast<int>(d / ratio);
      const double c = static_cast<double>(d) / b;
      const double eta = brink::mean_square_threshold(model, *oracle::heavy_ball(beta).make(), *law, b).eta;
      const double found = eta * brink::batch_sharpness(model, *law, b, Matrix::Identity(d, d));
      const double limit = 2 * (1 + 3 * c + c * c) / (1 + c) * (1 - beta * beta) / ((1 - beta) + c * (1 + beta));
      CHECK(found == Approx(limit).epsilon(0.01));
    }
}
