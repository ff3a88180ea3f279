// Limits of large models against closed forms, brute-force sums over the Green function, and finite models.

#include "brink/stability/limit.hpp"

#include <boost/math/constants/constants.hpp>
#include <boost/math/tools/roots.hpp>
#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/stability/mean_square.hpp"
#include "oracle/examples.hpp"
#include "stability/spectra.hpp"

using stability_test::spectral_law;

namespace {

constexpr double kPi = boost::math::constants::pi<double>();

/// Of SGD and heavy ball with Marchenko–Pastur, from its Stieltjes transform.
double marchenko_pastur_threshold(double y, double noise, double beta) {
  const double k = noise * (1 + beta) / (1 - beta);
  return k >= std::sqrt(y) ? 2 * (1 + beta) / ((1 + k) * (1 + y / k)) : 2 * (1 + beta) / std::pow(1 + std::sqrt(y), 2);
}

/// Of heavy ball with λ_j = j⁻², from the partial fractions of the cotangent.
double inverse_square_threshold(double batch, double beta) {
  const double k = (1 + beta) / (1 - beta) / batch;
  const auto excess = [&](double w) { return 1 - kPi * w / std::tan(kPi * w) - 2 * (1 + k) / k; };
  std::uintmax_t iterations = 200;
  const auto root = boost::math::tools::toms748_solve(excess, 1e-6, 1 - 1e-9,
                                                      boost::math::tools::eps_tolerance<double>(50), iterations);
  return 2 * (1 + beta) * root.first * root.first / (1 + k);
}

/// ν ∫ λ² Σ_s ρ^{−s} g(s)² dμ by running the rule on an impulse, with a midpoint rule in the angle.
double brute_force_kernel(const oracle::Rule& rule, double y, double noise, double eta, double log_rho) {
  const auto recursion = rule.reference();
  constexpr int kNodes = 60, kSteps = 1500;
  double sum = 0;
  for (int q = 0; q < kNodes; ++q) {
    const double theta = kPi * (q + 0.5) / kNodes;
    const double curvature = 1 + y - 2 * std::sqrt(y) * std::cos(theta);
    const oracle::Matrix map = oracle::lifted_map(recursion, eta, oracle::Matrix::Constant(1, 1, curvature));
    oracle::Vector state = oracle::lifted_input(recursion, eta, oracle::Vector::Ones(1));
    double squares = 0;
    for (int s = 1; s <= kSteps; ++s) {
      squares += std::exp(-log_rho * s) * state[0] * state[0];
      state = map * state;
    }
    sum += 2 / kPi * std::pow(std::sin(theta), 2) / curvature * curvature * curvature * squares * kPi / kNodes;
  }
  return noise * sum;
}

}  // namespace

TEST_CASE("Marchenko-Pastur thresholds are those of its Stieltjes transform", "[fast][stability]") {
  for (const double y : {0.1, 0.5, 1.0, 2.0})
    for (const double noise : {0.05, 0.5, 1.5, 20.0, 1e4})
      for (const double beta : {0.0, 0.5, 0.9, -0.5}) {
        INFO("y = " << y << ", noise = " << noise << ", beta = " << beta);
        const auto found =
            brink::limit_threshold(*spectral_law("marchenko-pastur", y), *oracle::heavy_ball(beta).make(), noise);
        const double exact = marchenko_pastur_threshold(y, noise, beta);
        CHECK(found.eta == Approx(exact).epsilon(1e-12));
        CHECK(found.at_edge == (noise * (1 + beta) / (1 - beta) < std::sqrt(y)));
        CHECK(std::abs(found.eta / exact - 1) <= found.residual);
      }
  // Scale and weight decay: curvatures in other units.
  CHECK(brink::limit_threshold(*spectral_law("marchenko-pastur", 0.5, 4), *oracle::sgd().make(), 2).eta ==
        Approx(marchenko_pastur_threshold(0.5, 2, 0) / 4).epsilon(1e-12));
}

TEST_CASE("the residual holds up to the transition where the threshold meets the edge", "[fast][stability]") {
  const double y = 0.5;
  for (const double excess : {1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-7, 0.0, -1e-7, -1e-4}) {
    INFO("excess " << excess);
    const double noise = std::sqrt(y) * (1 + excess);
    const auto found = brink::limit_threshold(*spectral_law("marchenko-pastur", y), *oracle::sgd().make(), noise);
    const double exact = marchenko_pastur_threshold(y, noise, 0);
    CHECK(std::abs(found.eta / exact - 1) <= found.residual);
    CHECK(found.residual < 1e-8);
  }
}

TEST_CASE("a point mass is the limit of isotropic Gaussian rows", "[fast][stability]") {
  for (const double noise : {0.1, 1.0, 30.0})
    for (const double beta : {0.0, 0.9}) {
      const double found =
          brink::limit_threshold(*spectral_law("point-mass", 0, 3), *oracle::heavy_ball(beta).make(), noise).eta;
      CHECK(found == Approx(2 * (1 - beta * beta) / (3 * ((1 + beta) * noise + 1 - beta))).epsilon(1e-13));
    }
}

TEST_CASE("inverse squares sum to a cotangent", "[fast][stability]") {
  for (const double batch : {1.0, 2.0, 16.0, 1000.0})
    for (const double beta : {0.0, 0.5, 0.9}) {
      INFO("B = " << batch << ", beta = " << beta);
      const auto found =
          brink::limit_threshold(*spectral_law("power-law", 2), *oracle::heavy_ball(beta).make(), 1 / batch);
      CHECK(found.eta == Approx(inverse_square_threshold(batch, beta)).epsilon(1e-12));
      CHECK(found.residual < 1e-12);
    }
}

TEST_CASE("every rule: the threshold solves the integral equation, the growth solves it with its rate", "[stability]") {
  const double y = 0.3, noise = 3;
  const auto spectrum = spectral_law("marchenko-pastur", y);
  for (const auto& rule : oracle::all_rules()) {
    INFO(rule.label());
    const auto made = rule.make();
    const auto found = brink::limit_threshold(*spectrum, *made, noise);
    REQUIRE_FALSE(found.at_edge);
    CHECK(brute_force_kernel(rule, y, noise, found.eta, 0) == Approx(1).epsilon(1e-8));
    CHECK(brink::limit_kernel_norm(*spectrum, *made, noise, found.eta) == Approx(1).epsilon(1e-11));
    for (const double factor : {0.97, 1.2}) {
      const auto growth = brink::limit_growth(*spectrum, *made, noise, factor * found.eta);
      CHECK(growth.stable == (factor < 1));
      CHECK((growth.log_growth < 0) == (factor < 1));
      const double kernel = brute_force_kernel(rule, y, noise, factor * found.eta, growth.log_growth);
      // Where the slowest mode decides, the integral stays below 1.
      if (growth.method.find("noise") == std::string::npos) CHECK(kernel == Approx(1).epsilon(1e-8));
      if (factor > 1) CHECK(growth.method.find("noise") == std::string::npos);
    }
  }
}

TEST_CASE("growth changes sign at the threshold", "[fast][stability]") {
  for (const auto& spectrum :
       {spectral_law("marchenko-pastur", 0.5), spectral_law("marchenko-pastur", 1.0), spectral_law("power-law", 1.5)})
    for (const auto& rule : {oracle::sgd(), oracle::nesterov(0.9)}) {
      INFO(spectrum->name() << " " << rule.label());
      const auto made = rule.make();
      const auto threshold = brink::limit_threshold(*spectrum, *made, 1);
      // A power law leaves its threshold slowly: 1 − ‖K‖ falls like (ln ρ)^{1−1/a}.
      const double distance = spectrum->proportional() ? 1e-6 : 1e-2;
      const auto above = brink::limit_growth(*spectrum, *made, 1, threshold.eta * (1 + distance));
      const auto below = brink::limit_growth(*spectrum, *made, 1, threshold.eta * (1 - distance));
      CHECK(above.log_growth > 0);
      CHECK_FALSE(above.stable);
      CHECK(below.log_growth <= 0);
      CHECK(below.stable);
      // Curvatures down to zero: nothing decays exponentially.
      if (spectrum->smallest() == 0) CHECK(below.log_growth == 0);
    }
}

TEST_CASE("a power law is the limit of its finite spectra", "[fast][stability]") {
  const auto rule = oracle::heavy_ball(0.9);
  const auto made = rule.make();
  const auto spectrum = spectral_law("power-law", 2);
  const double limit = brink::limit_threshold(*spectrum, *made, 1.0 / 4).eta;
  const auto gap = [&](brink::Index d) {
    return brink::mean_square_threshold(spectrum->draw(d, 0), *made, *brink::make_batch_law("gaussian"), 4).eta /
               limit -
           1;
  };
  // The eigenvalues left out sum up to 1/d.
  CHECK(gap(400) > 0);
  CHECK(gap(400) / gap(800) == Approx(2).epsilon(0.01));
  const double eta = 1.3 * limit;
  const double growth = brink::limit_growth(*spectrum, *made, 1.0 / 4, eta).log_growth;
  const auto finite =
      brink::mean_square_growth(spectrum->draw(1000, 0), *made, *brink::make_batch_law("gaussian"), 4, eta);
  CHECK(finite.log_growth == Approx(growth).epsilon(1e-3));
}

TEST_CASE("the noise of a batch in the limit", "[fast][stability]") {
  const auto mp = spectral_law("marchenko-pastur", 0.5);
  CHECK(brink::limit_noise(*mp, "gaussian", 0.25) == 4);
  CHECK(brink::limit_noise(*mp, "with-replacement", 0.25) == 4);
  CHECK(brink::limit_noise(*mp, "without-replacement", 0.25) == 3.5);
  CHECK(brink::limit_noise(*mp, "bernoulli", 2) == 0);
  CHECK(brink::limit_noise(*mp, "gaussian", 50) == 0.02);
  CHECK(brink::limit_noise(*spectral_law("power-law", 2), "gaussian", 4) == 0.25);
  CHECK_THROWS_AS(brink::limit_noise(*mp, "without-replacement", 2.01), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_noise(*mp, "shuffled", 1), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_noise(*mp, "gaussian", 0), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_noise(*mp, "gaussian", std::nan("")), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_noise(*spectral_law("power-law", 2), "bernoulli", 4), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_noise(*spectral_law("power-law", 2), "gaussian", 0.5), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_noise(*spectral_law("point-mass"), "without-replacement", 0.5), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_growth(*mp, *oracle::sgd().make(), 1, 0), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_threshold(*mp, *oracle::sgd().make(), -1), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_kernel_norm(*mp, *oracle::sgd().make(), 1, 5), brink::InvalidInput);
  // No noise: gradient descent.
  const auto quiet = brink::limit_threshold(*mp, *oracle::sgd().make(), 0);
  CHECK(quiet.at_edge);
  CHECK(quiet.eta == Approx(2 / mp->largest()));
  CHECK(brink::limit_growth(*mp, *oracle::sgd().make(), 0, 0.1).log_growth ==
        Approx(2 * std::log(1 - 0.1 * mp->smallest())));
}
