// Laws of eigenvalues against their moments in closed form.

#include "brink/model/spectral_law.hpp"

#include <boost/math/special_functions/zeta.hpp>
#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"

namespace {

std::shared_ptr<const brink::SpectralLaw> marchenko_pastur(double ratio, double scale = 1) {
  return brink::make_spectral_law({"marchenko-pastur", ratio, 1.5, scale});
}

std::shared_ptr<const brink::SpectralLaw> power_law(double exponent, double scale = 1) {
  return brink::make_spectral_law({"power-law", 0.5, exponent, scale});
}

double moment(const brink::SpectralLaw& law, int level, double power) {
  const auto nodes = law.nodes(level);
  return nodes.weights.dot(nodes.curvatures.array().pow(power).matrix());
}

}  // namespace

TEST_CASE("Marchenko-Pastur has its moments, at every level", "[fast][model]") {
  for (const double y : {0.01, 0.5, 1.0, 3.0})
    for (const double scale : {1.0, 0.3})
      for (const int level : {0, 3}) {
        INFO("y = " << y << ", scale = " << scale << ", level = " << level);
        const auto law = marchenko_pastur(y, scale);
        CHECK(moment(*law, level, 1) == Approx(scale).epsilon(1e-13));
        CHECK(moment(*law, level, 2) == Approx(scale * scale * (1 + y)).epsilon(1e-13));
        CHECK(moment(*law, level, 3) == Approx(std::pow(scale, 3) * (1 + 3 * y + y * y)).epsilon(1e-13));
        CHECK(law->mean() == scale);
        CHECK(law->largest() == Approx(scale * std::pow(1 + std::sqrt(y), 2)));
        CHECK(law->smallest() == Approx(scale * std::pow(1 - std::sqrt(y), 2)).margin(1e-15));
        CHECK(law->nodes(level).curvatures.maxCoeff() < law->largest());
        CHECK(law->nodes(level).curvatures.minCoeff() > law->smallest());
      }
  // The mass that is not at zero.
  CHECK(moment(*marchenko_pastur(0.5), 3, 0) == Approx(1).epsilon(1e-13));
  CHECK(moment(*marchenko_pastur(3), 3, 0) == Approx(1.0 / 3).epsilon(1e-13));
}

TEST_CASE("Marchenko-Pastur integrates a resolvent to its Stieltjes transform", "[fast][model]") {
  for (const double y : {0.2, 1.0, 2.0}) {
    const double z = 1.1 * std::pow(1 + std::sqrt(y), 2);
    const auto nodes = marchenko_pastur(y)->nodes(3);
    const double sum = nodes.weights.dot((nodes.curvatures.array() / (z - nodes.curvatures.array())).matrix());
    const double u = z - 1 - y;
    CHECK(sum == Approx((u - std::sqrt(u * u - 4 * y)) / (2 * y)).epsilon(1e-12));
  }
}

TEST_CASE("sums over a power law are zeta functions", "[fast][model]") {
  for (const double a : {1.01, 1.1, 1.5, 2.0, 5.0})
    for (const double power : {1.0, 1.5, 2.0}) {
      INFO("a = " << a << ", power = " << power);
      const double exact = boost::math::zeta(a * power);
      // Where λ is too small to be a number, only what is linear in it is summed right.
      if (power == 1 || a > 1.1) {
        CHECK(moment(*power_law(a), 0, power) == Approx(exact).epsilon(1e-11));
        CHECK(moment(*power_law(a), 2, power) == Approx(exact).epsilon(2e-13));
      }
      CHECK(moment(*power_law(a, 3), 2, power) ==
            Approx(std::pow(3, power) * moment(*power_law(a), 2, power)).epsilon(1e-13));
    }
  CHECK(power_law(1.5)->mean() == Approx(boost::math::zeta(1.5)).epsilon(1e-12));
  CHECK(power_law(1.5)->smallest() == 0);
}

TEST_CASE("draws have the spectrum of their law", "[fast][model]") {
  const auto wide = marchenko_pastur(2, 0.5)->draw(60, 7);
  CHECK(wide.rank() == 30);
  CHECK(wide.samples().samples == 30);
  CHECK(wide.trace() / 60 == Approx(0.5).epsilon(0.15));
  CHECK(marchenko_pastur(2, 0.5)->draw(60, 7).trace() == wide.trace());
  CHECK(marchenko_pastur(2, 0.5)->draw(60, 8).trace() != wide.trace());
  CHECK(power_law(2, 3)->draw(5, 1).spectrum()[1] == 0.75);
  CHECK(brink::make_spectral_law({"point-mass", 0.5, 1.5, 2})->draw(4, 1).trace() == 8);
  const auto noisy = marchenko_pastur(0.5, 4)->draw_with_label_noise(30, 3);
  CHECK_FALSE(noisy.interpolates());
  CHECK(noisy.rank() == 30);
  CHECK(noisy.trace() / 30 == Approx(4).epsilon(0.2));
  CHECK_THROWS_AS(marchenko_pastur(1)->draw_with_label_noise(30, 3), brink::InvalidInput);
  CHECK_THROWS_AS(power_law(2)->draw_with_label_noise(30, 3), brink::InvalidInput);
}

TEST_CASE("laws that do not exist are refused", "[fast][model]") {
  CHECK_THROWS_AS(brink::make_spectral_law({"uniform", 0.5, 1.5, 1}), brink::InvalidInput);
  CHECK_THROWS_AS(marchenko_pastur(0), brink::InvalidInput);
  CHECK_THROWS_AS(marchenko_pastur(-1), brink::InvalidInput);
  CHECK_THROWS_AS(marchenko_pastur(std::nan("")), brink::InvalidInput);
  CHECK_THROWS_AS(marchenko_pastur(0.5, 0), brink::InvalidInput);
  CHECK_THROWS_AS(power_law(1), brink::InvalidInput);
  CHECK_THROWS_AS(power_law(2, INFINITY), brink::InvalidInput);
}
