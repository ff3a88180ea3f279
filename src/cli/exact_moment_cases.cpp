// The exact cases of moments and almost-sure stability.

#include <cmath>
#include <string>

#include "brink/base/error.hpp"
#include "brink/simulation/lyapunov_spectrum.hpp"
#include "brink/stability/exact_moments.hpp"
#include "exact_cases.hpp"

namespace brink::cli {
namespace {

constexpr double kQuadrature = 1e-9;

constexpr const char* kByHand = "E|1 - eta h|^q of two samples, solved by hand";
constexpr const char* kTensors = "dense operator on all tensors, 12 digits";

ExactMoments sgd(const LinearizedModel& model, const char* law, Index batch_size) {
  return ExactMoments(model, make_update_rule("sgd", {}), make_batch_law(law), batch_size);
}

void add_scalars(std::vector<ExactCase>& cases) {
  const char* group = "moments, one parameter";
  const LinearizedModel two = model_of(RowMatrix{{1}, {std::sqrt(2.0)}});
  const ExactMoments moments = sgd(two, "without-replacement", 1);
  const auto add = [&](const char* name, double computed, double expected) {
    cases.push_back({group, name, computed, expected, kFull, kByHand});
  };
  add("curvatures 1 and 2, threshold of q = 4", moments.stable_steps(4).threshold(), 1.09459760548);
  add("the same, q = 1: 4/3", moments.stable_steps(1).threshold(), 4.0 / 3);
  add("the same, almost sure: 3/2", moments.stable_steps(0).threshold(), 1.5);
  add("the same, Lyapunov exponent at 1.3", moments.log_growth(0, 1.3).value, -0.366984587540);
  const TailIndex tail = moments.tail_index(1.3);
  if (!tail.alpha) throw NotConverged("check: the tail index was not found");
  add("the same, tail index at 1.3", tail.alpha->value, 1.21189652498);

  const LinearizedModel far = model_of(RowMatrix{{std::sqrt(0.2)}, {std::sqrt(3.8)}});
  const StableSteps steps = sgd(far, "without-replacement", 1).stable_steps(0);
  if (steps.intervals.size() != 2) throw NotConverged("check: two almost surely stable intervals were expected");
  add("curvatures 0.2 and 3.8, almost surely stable below", steps.intervals[0].upper, 0.559471612102);
  add("the same, stable again above", steps.intervals[1].lower, 4.703686282635);
  add("the same, and below", steps.intervals[1].upper, 5.263157894737);
}

void add_three_rows(std::vector<ExactCase>& cases) {
  const char* group = "moments, rows (1,0) (1,1) (0,2)";
  const LinearizedModel rows = model_of(RowMatrix{{1, 0}, {1, 1}, {0, 2}});
  const ExactMoments moments = sgd(rows, "without-replacement", 1);
  cases.push_back(
      {group, "growth of q = 2 at 0.65", moments.log_growth(2, 0.65).value, 0.232287737857, kFull, kTensors});
  cases.push_back(
      {group, "growth of q = 4 at 0.65", moments.log_growth(4, 0.65).value, 0.927214009454, kFull, kTensors});
  RuleParameters parameters;
  parameters.momentum = 0.9;
  const Dynamics dynamics{make_update_rule("heavy-ball", parameters), make_batch_law("without-replacement"), 1, 0.2, 0};
  SimulationOptions options;
  options.replicas = 2;
  options.steps = 20;
  options.burn_in = 0;
  cases.push_back({group, "heavy ball 0.9: sum of the Lyapunov exponents, 2 ln b",
                   lyapunov_spectrum(*make_linear_engine(rows, dynamics), options).sum.value, 2 * std::log(0.9), kFull,
                   "determinant of one step"});
}

/// One step of SGD with a row of squared norm 4 multiplies by 1 − 4η along the row, and leaves what is across.
void add_equal_norms(std::vector<ExactCase>& cases) {
  const char* group = "moments, rows of squared norm 4";
  const char* reflection = "at 2/|a|^2 every step is a reflection";
  const LinearizedModel rows =
      model_of(RowMatrix{{2, 0, 0}, {0, 2, 0}, {1.2, 1.6, 0}, {0, 1.2, -1.6}, {0, 0, 2}, {1.6, 0, 1.2}});
  const ExactMoments moments = sgd(rows, "without-replacement", 1);
  for (const double q : {2.0, 4.0, 6.0}) {
    cases.push_back({group, "B = 1, threshold of q = " + std::to_string(static_cast<int>(q)) + ": 1/2",
                     moments.stable_steps(q).threshold(), 0.5, kFull, reflection});
  }
  const auto exponents = [&](double eta) {
    SimulationOptions options;
    options.replicas = 2;
    options.steps = 64;
    options.burn_in = 0;
    const Dynamics dynamics{make_update_rule("sgd", {}), make_batch_law("without-replacement"), 1, eta, 0};
    return lyapunov_spectrum(*make_linear_engine(rows, dynamics), options);
  };
  cases.push_back({group, "B = 1, almost surely: length after a step at 1/2",
                   std::exp(exponents(0.5).exponents.front().value), 1, kFull, reflection});
  cases.push_back({group, "B = 1, sum of the Lyapunov exponents at 0.3: ln|1 - 4 eta|", exponents(0.3).sum.value,
                   std::log(0.2), kFull, "determinant of one step"});
}

void add_gaussian_moments(std::vector<ExactCase>& cases) {
  const char* group = "moments, gaussian rows";
  const LinearizedModel line = LinearizedModel::from_spectrum(Vector::Ones(1));
  cases.push_back({group, "one direction, B = 2: Lyapunov exponent at 1, -Ei(1)/e",
                   sgd(line, "gaussian", 2).log_growth(0, 1).value, -0.697174883235066, kQuadrature,
                   "exponential integral"});
  // At the mean-square threshold 2B/(d+B+1) the second moment is neutral.
  const TailIndex tail = sgd(line, "gaussian", 2).tail_index(1);
  if (!tail.alpha) throw NotConverged("check: the tail index of Gaussian rows was not found");
  cases.push_back({group, "the same: tail index at the mean-square threshold 1: 2", tail.alpha->value, 2, kQuadrature,
                   "second moments"});
  const LinearizedModel many = LinearizedModel::from_spectrum(Vector::Ones(10));
  cases.push_back({group, "identity, d = 10, B = 4: threshold of q = 2, 2B/(d+B+1)",
                   sgd(many, "gaussian", 4).stable_steps(2).threshold(), 8.0 / 15, kQuadrature, "second moments"});
  // E(1 − 2cX + c²X² + c²XY)² with c = 1/8.
  cases.push_back({group, "the same: growth of q = 4 at 1/2, ln(553/512)",
                   sgd(many, "gaussian", 4).log_growth(4, 0.5).value, 0.07703337648282702, kQuadrature,
                   "moments of chi-squared variables"});
}

}  // namespace

std::vector<ExactCase> exact_moment_cases() {
  std::vector<ExactCase> cases;
  add_scalars(cases);
  add_three_rows(cases);
  add_equal_norms(cases);
  add_gaussian_moments(cases);
  return cases;
}

}  // namespace brink::cli
