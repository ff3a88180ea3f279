// Loss curves against the full second moment of the lifted state, closed forms, and each other.

#include "brink/stability/loss_curve.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "brink/base/error.hpp"
#include "brink/stability/limit.hpp"
#include "oracle/examples.hpp"
#include "stability/spectra.hpp"

using oracle::Matrix;
using oracle::Vector;
using stability_test::spectral_law;

namespace {

/// ψ_t from E z zᵀ of the whole lifted state: Z⁺ = T Z Tᵀ + V N Vᵀ, V what a gradient adds to the state, and
/// N = (HXH + tr(HX) H + 2σH)/B. Starts with E x xᵀ = I scaled to ψ_0 = 1.
std::vector<double> reference_curve(const oracle::Rule& rule, const Vector& spectrum, int batch, double eta, int steps,
                                    double irreducible) {
  const auto recursion = rule.reference();
  const auto d = spectrum.size();
  const Matrix h = spectrum.asDiagonal();
  const Matrix map = oracle::lifted_map(recursion, eta, h);
  Matrix input(map.rows(), d);
  for (Eigen::Index i = 0; i < d; ++i) input.col(i) = oracle::lifted_input(recursion, eta, Vector::Unit(d, i));
  Matrix z = Matrix::Zero(map.rows(), map.rows());
  z.topLeftCorner(d, d) = 2 / spectrum.sum() * Matrix::Identity(d, d);
  std::vector<double> losses;
  for (int t = 0; t <= steps; ++t) {
    const Matrix x = z.topLeftCorner(d, d);
    losses.push_back(0.5 * (h * x).trace());
    const Matrix noise = (h * x * h + ((h * x).trace() + 2 * irreducible) * h) / batch;
    z = (map * z * map.transpose() + input * noise * input.transpose()).eval();
  }
  return losses;
}

}  // namespace

TEST_CASE("fresh Gaussian rows: the Volterra equation is the second moment, exactly", "[fast][stability]") {
  const Vector spectrum{{3, 1, 0.2}};
  for (const auto& rule : oracle::all_rules())
    for (const double irreducible : {0.0, 0.7}) {
      INFO(rule.label() << ", irreducible " << irreducible);
      const auto curve = brink::gaussian_loss_curve(spectrum, *rule.make(), 2, 0.05, {40, irreducible});
      const auto reference = reference_curve(rule, spectrum, 2, 0.05, 40, irreducible);
      REQUIRE(curve.loss.size() == 41);
      REQUIRE(curve.kernel.size() == 40);
      for (std::size_t t = 0; t <= 40; ++t) CHECK(curve.loss[t] == Approx(reference[t]).epsilon(1e-12));
    }
}

TEST_CASE("a point mass has a geometric loss curve", "[fast][stability]") {
  const double noise = 0.8, eta = 0.4, scale = 1.5;
  const auto curve =
      brink::limit_loss_curve(*spectral_law("point-mass", 0, scale), *oracle::sgd().make(), noise, eta, {50, 0});
  const double factor = std::pow(1 - eta * scale, 2) + noise * std::pow(eta * scale, 2);
  for (std::size_t t = 0; t <= 50; ++t)
    CHECK(curve.loss[t] == Approx(std::pow(factor, static_cast<double>(t))).epsilon(1e-12));
  CHECK(curve.kernel_norm.value() == Approx(noise * eta * scale / (2 - eta * scale)).epsilon(1e-13));
}

TEST_CASE("the kernel sums up to its norm, which is 1 at the threshold", "[fast][stability]") {
  for (const auto& rule : {oracle::sgd(), oracle::heavy_ball(0.8), oracle::nesterov(0.8)})
    for (const auto& spectrum : {spectral_law("marchenko-pastur", 0.3), spectral_law("power-law", 2.0)}) {
      INFO(rule.label() << " " << spectrum->name());
      const auto made = rule.make();
      const double noise = 0.9;
      const double threshold = brink::limit_threshold(*spectrum, *made, noise).eta;
      const auto curve = brink::limit_loss_curve(*spectrum, *made, noise, threshold, {1500, 0});
      CHECK(curve.kernel_norm.value() == Approx(1).epsilon(1e-10));
      const double sum = std::accumulate(curve.kernel.begin(), curve.kernel.end(), 0.0);
      // Of this power law the kernel has a long tail: λ² dj = λ^{1/2} dλ/2 up to λ ~ 1/(ηt) makes it t^{−3/2}.
      CHECK(sum < 1 + 1e-9);
      CHECK(sum == Approx(1).epsilon(spectrum->smallest() > 0 ? 1e-6 : 0.05));
      CHECK(curve.error < 1e-10);
    }
}

TEST_CASE("above the threshold the loss grows by the growth rate", "[fast][stability]") {
  for (const auto& rule : {oracle::sgd(), oracle::heavy_ball(0.5)})
    for (const auto& spectrum : {spectral_law("marchenko-pastur", 0.5), spectral_law("power-law", 1.5)}) {
      INFO(rule.label() << " " << spectrum->name());
      const auto made = rule.make();
      const double noise = 1.2;
      const double eta = 1.2 * brink::limit_threshold(*spectrum, *made, noise).eta;
      const auto curve = brink::limit_loss_curve(*spectrum, *made, noise, eta, {400, 0.3});
      const double growth = brink::limit_growth(*spectrum, *made, noise, eta).log_growth;
      CHECK(std::log(curve.loss[400] / curve.loss[399]) ==
            Approx(growth).epsilon(spectrum->smallest() > 0 ? 1e-6 : 2e-4));
      CHECK_FALSE(curve.limit_loss.has_value());
    }
}

TEST_CASE("below the threshold the loss settles where the noise keeps it", "[fast][stability]") {
  const auto spectrum = spectral_law("marchenko-pastur", 0.3);
  for (const auto& rule : {oracle::sgd(), oracle::heavy_ball(0.5)}) {
    const auto made = rule.make();
    const double eta = 0.5 * brink::limit_threshold(*spectrum, *made, 2).eta;
    const auto curve = brink::limit_loss_curve(*spectrum, *made, 2, eta, {1500, 0.4});
    CHECK(curve.loss.back() == Approx(curve.limit_loss.value()).epsilon(1e-9));
    CHECK(curve.limit_loss.value() > 0.01);
    // Finite: the stationary state of the same recursion.
    const auto finite = brink::gaussian_loss_curve(Vector{{2, 1, 0.5}}, *made, 3, 0.2, {2000, 0.4});
    CHECK(finite.loss.back() == Approx(finite.limit_loss.value()).epsilon(1e-9));
  }
}

TEST_CASE("finite curves tend to the limit like 1/d", "[fast][stability]") {
  const auto made = oracle::heavy_ball(0.6).make();
  const double noise = 0.5, eta = 0.3;
  const auto limit = brink::limit_loss_curve(*spectral_law("point-mass"), *made, noise, eta, {60, 0.2});
  const auto gap = [&](brink::Index d) {
    const auto finite = brink::gaussian_loss_curve(Vector::Ones(d), *made, 2 * d, eta, {60, 0.2});
    return finite.loss[30] - limit.loss[30];
  };
  CHECK(gap(100) > 0);
  CHECK(gap(100) / gap(200) == Approx(2).epsilon(0.02));
}

TEST_CASE("loss curves refuse what they cannot do", "[fast][stability]") {
  const auto spectrum = spectral_law("marchenko-pastur", 0.5);
  const auto made = oracle::sgd().make();
  CHECK_THROWS_AS(brink::limit_loss_curve(*spectrum, *made, 1, 0, {10, 0}), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_loss_curve(*spectrum, *made, 1, 0.1, {0, 0}), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_loss_curve(*spectrum, *made, 1, 0.1, {30000, 0}), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_loss_curve(*spectrum, *made, 1, 0.1, {10, -1}), brink::InvalidInput);
  CHECK_THROWS_AS(brink::limit_loss_curve(*spectrum, *made, -1, 0.1, {10, 0}), brink::InvalidInput);
  // 10^308 is passed on the way.
  CHECK_THROWS_AS(brink::limit_loss_curve(*spectrum, *made, 1, 50, {1000, 0}), brink::InvalidInput);
  CHECK_THROWS_AS(brink::gaussian_loss_curve(Vector(), *made, 1, 0.1, {10, 0}), brink::InvalidInput);
  CHECK_THROWS_AS(brink::gaussian_loss_curve(Vector{{1, -1}}, *made, 1, 0.1, {10, 0}), brink::InvalidInput);
  CHECK_THROWS_AS(brink::gaussian_loss_curve(Vector{{1, 1}}, *made, 0, 0.1, {10, 0}), brink::InvalidInput);
  CHECK_FALSE(brink::limit_loss_curve(*spectrum, *made, 1, 1, {10, 0}).kernel_norm.has_value());
}
