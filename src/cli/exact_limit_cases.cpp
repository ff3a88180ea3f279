// Exact cases of infinitely large models.

#include <cmath>
#include <memory>

#include "brink/stability/limit.hpp"
#include "brink/stability/loss_curve.hpp"
#include "exact_cases.hpp"

namespace brink::cli {
namespace {

std::shared_ptr<const SpectralLaw> law(const char* kind, double parameter) {
  return make_spectral_law({kind, parameter, parameter, 1});
}

std::unique_ptr<UpdateRule> heavy_ball(double momentum) {
  RuleParameters parameters;
  parameters.momentum = momentum;
  return make_update_rule("heavy-ball", parameters);
}

}  // namespace

std::vector<ExactCase> exact_limit_cases() {
  std::vector<ExactCase> cases;
  const auto add = [&](const char* name, double computed, double expected, const char* source) {
    cases.push_back({"infinitely large", name, computed, expected, kFull, source});
  };
  const auto half = law("marchenko-pastur", 0.5);
  const char* stieltjes = "Stieltjes transform of the Marchenko-Pastur law";
  add("Marchenko-Pastur d/n = 1/2, B/d = 1/2, sgd: 8/15",
      limit_threshold(*half, *heavy_ball(0), limit_noise(*half, "gaussian", 0.5)).eta, 8.0 / 15.0, stieltjes);
  add("the same, heavy-ball 0.5: 36/91",
      limit_threshold(*half, *heavy_ball(0.5), limit_noise(*half, "gaussian", 0.5)).eta, 36.0 / 91.0, stieltjes);
  add("the same, without replacement, sgd: 3/5",
      limit_threshold(*half, *heavy_ball(0), limit_noise(*half, "without-replacement", 0.5)).eta, 3.0 / 5.0, stieltjes);
  add("the same, B/d = 2, fresh rows: noise-free edge 2/(1+sqrt(d/n))^2",
      limit_threshold(*half, *heavy_ball(0), limit_noise(*half, "gaussian", 2)).eta,
      2 / std::pow(1 + std::sqrt(0.5), 2), stieltjes);
  const auto point = law("point-mass", 0.5);
  add("equal eigenvalues 1, B/d = 1, heavy-ball 0.9: 1-b^2", limit_threshold(*point, *heavy_ball(0.9), 1).eta, 0.19,
      "2(1-b^2)/((1+b)d/B+1-b)");
  add("the same, ln growth at 3/2, sgd: ln(5/2)", limit_growth(*point, *heavy_ball(0), 1, 1.5).log_growth,
      std::log(2.5), "(1-eta)^2 + eta^2 d/B");
  const auto squares = law("power-law", 2);
  const char* cotangent = "1 - pi w cot(pi w) = 2(1+k)/k, eta = 2(1+b)w^2/(1+k), k = (1+b)/((1-b)B)";
  add("eigenvalues 1/j^2, B = 1, sgd", limit_threshold(*squares, *heavy_ball(0), 1).eta, 0.610985662265438, cotangent);
  add("eigenvalues 1/j^2, B = 16, heavy-ball 0.9", limit_threshold(*squares, *heavy_ball(0.9), 1.0 / 16).eta,
      1.022259254476994, cotangent);
  const auto curve = limit_loss_curve(*point, *heavy_ball(0), 1, 0.5, {10, 0});
  add("equal eigenvalues 1, B/d = 1, sgd at 1/2, loss after 10 steps: 1/1024", curve.loss.back(), 1.0 / 1024.0,
      "((1-eta)^2 + eta^2 d/B)^t");
  add("the same with label noise of loss 1, limit: 1/2",
      limit_loss_curve(*point, *heavy_ball(0), 1, 0.5, {10, 1}).limit_loss.value(), 1.0 / 2.0,
      "|K|/(1-|K|), |K| = 1/3");
  return cases;
}

}  // namespace brink::cli
