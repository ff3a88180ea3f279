// Units: rows of any size that the theory takes give the numbers of rows of size 1, and others are refused by name.

#include <catch2/catch.hpp>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/model/loss_alignment.hpp"
#include "brink/stability/criterion.hpp"
#include "brink/stability/critical_mode.hpp"
#include "brink/stability/escape.hpp"
#include "brink/stability/inverse.hpp"
#include "brink/stability/stationary.hpp"
#include "oracle/examples.hpp"
#include "oracle/random.hpp"

using oracle::Example;
using oracle::Matrix;
using oracle::Vector;

namespace {

Example scaled_rows(Example example, double s) {
  example.rows *= s;
  if (example.gradients.size() != 0) example.gradients *= s * s;
  return example;
}

constexpr double kScales[] = {1e-60, 1e-54, 1e-30, 1e30, 1e54, 1e60};

/// What a refusal says; empty when `make` is not refused.
template <class Make>
std::string refusal(Make make) {
  try {
    make();
  } catch (const brink::InvalidInput& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("thresholds, batch sharpness and conditions do not depend on units", "[fast][stability]") {
  for (const auto& example : {oracle::three_rows(), oracle::random_rows(5, 3, 2, 841)})
    for (const double s : kScales)
      for (const auto& law : oracle::all_laws())
        for (const auto& cell : {oracle::sgd(), oracle::heavy_ball(0.9)}) {
          INFO(example.name << " times " << s << ", " << law << ", " << cell.label());
          const auto drawn = brink::make_batch_law(law);
          const auto rule = cell.make();
          const auto here = example.model();
          const auto there = scaled_rows(example, s).model();
          const auto threshold = brink::mean_square_threshold(here, *rule, *drawn, 2);
          const auto other = brink::mean_square_threshold(there, *rule, *drawn, 2);
          CHECK(other.eta * s * s == Approx(threshold.eta).epsilon(1e-11));
          const auto sharpness = brink::SampleMoments(here).in_times_eta(*drawn, 2, threshold);
          const auto other_sharpness = brink::SampleMoments(there).in_times_eta(*drawn, 2, other);
          REQUIRE(sharpness.has_value());
          REQUIRE(other_sharpness.has_value());
          CHECK(*other_sharpness == Approx(*sharpness).epsilon(1e-8));
          const auto bounds = brink::evaluate_criteria(here, *rule, *drawn, 2);
          const auto others = brink::evaluate_criteria(there, *rule, *drawn, 2);
          REQUIRE(bounds.size() == others.size());
          for (std::size_t i = 0; i < bounds.size(); ++i) {
            INFO(bounds[i].name);
            REQUIRE(bounds[i].eta.has_value() == others[i].eta.has_value());
            if (bounds[i].eta) CHECK(*others[i].eta * s * s == Approx(*bounds[i].eta).epsilon(1e-8));
          }
        }
}

TEST_CASE("inverse questions, escape and alignment do not depend on units", "[fast][stability]") {
  oracle::Random random(842);
  for (const auto& example : {oracle::three_rows(), oracle::random_rows(5, 3, 2, 843)})
    for (const double s : kScales)
      for (const auto& law : oracle::finite_laws()) {
        INFO(example.name << " times " << s << ", " << law);
        const auto drawn = brink::make_batch_law(law);
        const auto sgd = oracle::sgd().make();
        const auto here = example.model();
        const auto there = scaled_rows(example, s).model();
        const auto best = brink::best_step(here, *sgd, *drawn, 1).value();
        const auto other = brink::best_step(there, *sgd, *drawn, 1).value();
        CHECK(other.eta * s * s == Approx(best.eta).epsilon(1e-6));
        CHECK(other.log_growth == Approx(best.log_growth).epsilon(1e-10));
        CHECK(brink::smallest_stable_batch(there, *sgd, *drawn, 0.8 / (s * s), example.samples()) ==
              brink::smallest_stable_batch(here, *sgd, *drawn, 0.8, example.samples()));
        const auto bound = brink::escape_bound(here, *sgd, *drawn, 1);
        const auto other_bound = brink::escape_bound(there, *sgd, *drawn, 1);
        REQUIRE(bound.eta.has_value());
        REQUIRE(other_bound.eta.has_value());
        CHECK(*other_bound.eta * s * s == Approx(*bound.eta).epsilon(1e-9));
        CHECK(other_bound.smallest_mu == Approx(bound.smallest_mu).epsilon(1e-9));
        const Vector x = random.normals(static_cast<int>(here.rank()), 1).col(0);
        // The eigenbasis of a scaled model may have other signs; a diagonal covariance does not see them.
        const Matrix diagonal = x.cwiseAbs2().asDiagonal();
        const auto even = brink::loss_step(here, *drawn, 1, 0.3, diagonal);
        const auto other_even = brink::loss_step(there, *drawn, 1, 0.3 / (s * s), diagonal);
        CHECK(even.noise > 0);
        CHECK(other_even.noise / (s * s) == Approx(even.noise).epsilon(1e-11));
        CHECK(other_even.contraction / (s * s) == Approx(even.contraction).epsilon(1e-11));
        const auto aligned = brink::loss_alignment(here, diagonal);
        const auto other_aligned = brink::loss_alignment(there, diagonal);
        CHECK(other_aligned.mu == Approx(aligned.mu).epsilon(1e-11));
        CHECK(other_aligned.direction == Approx(aligned.direction).epsilon(1e-11));
        CHECK(other_aligned.magnitude == Approx(aligned.magnitude).epsilon(1e-11));
      }
}

TEST_CASE("growth and the stationary state do not depend on units", "[fast][stability]") {
  const Example example = oracle::with_gradients(oracle::random_rows(5, 3, 1, 844), 845);
  for (const double s : kScales)
    for (const auto& law : oracle::finite_laws())
      for (const auto& cell : {oracle::sgd(), oracle::nesterov(0.8)}) {
        INFO("times " << s << ", " << law << ", " << cell.label());
        const auto drawn = brink::make_batch_law(law);
        const auto rule = cell.make();
        const auto here = example.model();
        const auto there = scaled_rows(example, s).model();
        const double eta = 0.5 * brink::mean_square_threshold(here, *rule, *drawn, 2).eta;
        CHECK(brink::mean_square_growth(there, *rule, *drawn, 2, eta / (s * s)).log_growth ==
              Approx(brink::mean_square_growth(here, *rule, *drawn, 2, eta).log_growth).epsilon(1e-9));
        const auto state = brink::stationary_state(here, *rule, *drawn, 2, eta);
        const auto other = brink::stationary_state(there, *rule, *drawn, 2, eta / (s * s));
        CHECK(other.trace == Approx(state.trace).epsilon(1e-9));
        CHECK(other.excess_loss / (s * s) == Approx(state.excess_loss).epsilon(1e-9));
      }
}

TEST_CASE("scales whose squares are no numbers are refused by name", "[fast][stability]") {
  for (const double s : {1e-150, 1e-100, 1e-75, 1e75, 1e100, 1e150}) {
    INFO("scale " << s);
    CHECK_THAT(refusal([&] { (void)scaled_rows(oracle::three_rows(), s).model(); }), Catch::Contains("rows"));
    CHECK_THAT(refusal([&] { (void)brink::LinearizedModel::from_gram(s * s * Matrix::Identity(2, 2), 1, 1e-16); }),
               Catch::Contains("Gram matrix"));
    CHECK_THAT(refusal([&] { (void)brink::LinearizedModel::from_hessians(s * s * Matrix::Identity(2, 2), 1, 1e-16); }),
               Catch::Contains("hessians"));
    CHECK_THAT(refusal([&] { (void)brink::LinearizedModel::from_spectrum(Vector::Constant(2, s * s)); }),
               Catch::Contains("spectrum"));
    Example noisy = oracle::with_gradients(oracle::three_rows(), 846);
    noisy.gradients *= s * s;
    CHECK_THAT(refusal([&] { (void)noisy.model(); }), Catch::Contains("gradient_noise"));
  }
}
