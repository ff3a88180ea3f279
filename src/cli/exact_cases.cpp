#include "exact_cases.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "brink/base/error.hpp"
#include "brink/model/loss_alignment.hpp"
#include "brink/stability/closed_form.hpp"
#include "brink/stability/criterion.hpp"
#include "brink/stability/critical_mode.hpp"
#include "brink/stability/escape.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/stability/reshuffling.hpp"
#include "brink/stability/stationary.hpp"

namespace brink::cli {
namespace {

constexpr double kFull = 1e-11;  // literals of twelve digits and more, and exact fractions
constexpr double kSixDigits = 2e-6;
constexpr double kFourDigits = 2e-4;

constexpr const char* kRecursion = "second-moment recursion, solved by hand";
constexpr const char* kBruteForce = "dense second-moment operator, 12 digits";
constexpr const char* kGaussian = "Gaussian rows: sum of s/(1-s) = 1";

LinearizedModel model_of(const RowMatrix& rows, const RowMatrix& gradient_noise = {}) {
  return LinearizedModel::from_rows(rows, 1, std::numeric_limits<double>::epsilon(), gradient_noise);
}

RowMatrix matrix(Index rows, Index columns, const std::vector<double>& values) {
  return Eigen::Map<const RowMatrix>(values.data(), rows, columns);
}

/// A model of one parameter whose samples have the given curvatures.
LinearizedModel scalar_model(const std::vector<double>& curvatures, const RowMatrix& gradient_noise = {}) {
  RowMatrix rows(static_cast<Index>(curvatures.size()), 1);
  for (Index k = 0; k < rows.rows(); ++k) rows(k, 0) = std::sqrt(curvatures[static_cast<std::size_t>(k)]);
  return model_of(rows, gradient_noise);
}

struct Setting {
  const char* rule = "sgd";
  double momentum = 0;
  const char* law = "without-replacement";
  Index batch = 1;
};

std::unique_ptr<UpdateRule> rule_of(const Setting& setting) {
  RuleParameters parameters;
  parameters.momentum = setting.momentum;
  return make_update_rule(setting.rule, parameters);
}

double threshold(const LinearizedModel& model, const Setting& s) {
  return mean_square_threshold(model, *rule_of(s), *make_batch_law(s.law), s.batch).eta;
}

double closed_form(const LinearizedModel& model, const Setting& s) {
  return closed_form_threshold(model, *rule_of(s), *make_batch_law(s.law), s.batch).eta;
}

double growth(const LinearizedModel& model, const Setting& s, double eta) {
  return mean_square_growth(model, *rule_of(s), *make_batch_law(s.law), s.batch, eta).log_growth;
}

double sharpness_times_eta(const LinearizedModel& model, const Setting& s) {
  const auto law = make_batch_law(s.law);
  const auto at_threshold = mean_square_threshold(model, *rule_of(s), *law, s.batch);
  return at_threshold.eta * batch_sharpness(model, *law, s.batch, at_threshold.critical_mode);
}

using Cases = std::vector<ExactCase>;

void add_noise_free_edges(Cases& cases) {
  const auto edge = [&](const char* name, const char* rule, RuleParameters parameters, double expected) {
    cases.push_back({"noise-free edge", name, make_update_rule(rule, parameters)->deterministic_edge(), expected, kFull,
                     "characteristic polynomial of the update rule"});
  };
  RuleParameters p;
  edge("sgd: 2", "sgd", p, 2);
  p.momentum = 0.9;
  edge("heavy-ball 0.9: 2(1+b)", "heavy-ball", p, 3.8);
  edge("nesterov 0.9: 2(1+b)/(1+2b)", "nesterov", p, 19.0 / 14.0);
  edge("ema 0.9: 2(1+b)/(1-b)", "ema", p, 38);
  edge("qhm 0.9, nu 0.7: 2(1+b)/(1+b(1-2nu))", "qhm", p, 5.9375);
  p.dampening = 0.5;
  edge("dampened 0.9, tau 0.5: 2(1+b)/(1-tau)", "dampened", p, 7.6);
  p.dampening = 0;
  p.momentum = -0.5;
  edge("nesterov -0.5: 1+1/|b|", "nesterov", p, 3);
}

void add_scalar(Cases& cases) {
  const auto two = scalar_model({1, 2});
  const auto add = [&](const char* name, double computed, double expected, double tolerance) {
    cases.push_back({"one parameter", name, computed, expected, tolerance, kRecursion});
  };
  add("curvatures 1 and 2, sgd: 6/5", threshold(two, {}), 6.0 / 5.0, kFull);
  add("curvatures 1 and 2, heavy-ball 0.5, the best momentum: 3/2", threshold(two, {"heavy-ball", 0.5}), 1.5, kFull);
  add("curvatures 1 and 2, heavy-ball 0.9: 57/70", threshold(two, {"heavy-ball", 0.9}), 57.0 / 70.0, kFull);
  add("curvatures 1 and 2, ln growth at 1.3", growth(two, {}, 1.3), 0.281412459438, kFull);
  const double root = std::sqrt(0.1);
  add("mean 1, variance 0.1, nesterov 0.9", threshold(scalar_model({1 - root, 1 + root}), {"nesterov", 0.9}), 1.180353,
      kSixDigits);
  add("mean 1, variance 1, nesterov 0.9", threshold(scalar_model({0, 2}), {"nesterov", 0.9}), 0.423897, kSixDigits);
  add("mean 1, variance 10, nesterov 0.9",
      threshold(scalar_model({11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), {"nesterov", 0.9}), 0.023032, 3e-5);
  const auto noisy = scalar_model({1, 2}, matrix(2, 1, {1, -1}));
  const Setting sgd;
  add("curvatures 1 and 2, gradients 1 and -1, E x^2 at 1/2: 2/7",
      stationary_state(noisy, *rule_of(sgd), *make_batch_law(sgd.law), 1, 0.5).trace, 2.0 / 7.0, kFull);
}

void add_geometries(Cases& cases) {
  const auto add = [&](const char* name, double computed, double expected) {
    cases.push_back({"special rows", name, computed, expected, kFull, kRecursion});
  };
  const auto equal_norms = model_of(matrix(5, 3, {2, 0, 0, 0, 2, 0, 1.2, 1.6, 0, 0, 1.2, -1.6, 0, 0, 2}));
  add("rank-one rows of squared norm 4, B = 1: 1/2", threshold(equal_norms, {}), 0.5);

  RowMatrix orthogonal = RowMatrix::Zero(4, 4);
  for (Index k = 0; k < 4; ++k) orthogonal(k, k) = std::sqrt(static_cast<double>(k + 1));
  const auto axes = model_of(orthogonal);
  add("orthogonal rows, squared norms 1 to 4, B = 2, without replacement: 2B/L",
      threshold(axes, {"sgd", 0, "without-replacement", 2}), 1);
  add("the same, bernoulli: 2B/L", threshold(axes, {"sgd", 0, "bernoulli", 2}), 1);
  add("the same, with replacement: 2nB/(L(n+B-1))", threshold(axes, {"sgd", 0, "with-replacement", 2}), 0.8);

  const double half = 0.5;
  const double high = std::sqrt(0.75);
  const auto frame = model_of(matrix(3, 2, {1, 0, -half, high, -half, -high}));
  add("tight frame of three unit rows, sgd: 2", threshold(frame, {}), 2);
  add("tight frame of three unit rows, heavy-ball 0.5: 3/2", threshold(frame, {"heavy-ball", 0.5}), 1.5);
}

double reshuffled(const LinearizedModel& model, const Setting& s, LastBatch last = LastBatch::smaller) {
  const auto rule = rule_of(s);
  const ReshuffledEpoch epoch(model, *rule, {model.samples().samples, s.batch, last});
  return reshuffled_threshold(epoch, threshold(model, s)).eta;
}

void add_shuffled_epochs(Cases& cases) {
  const auto add = [&](const char* name, double computed, double expected) {
    cases.push_back({"shuffled epochs", name, computed, expected, kFull, "product over an epoch, solved by hand"});
  };
  add("curvatures 1 and 2, B = 1: 3/2", reshuffled(scalar_model({1, 2}), {}), 1.5);
  add("curvatures 0.2 and 3.8, B = 1, the first of two stable ranges", reshuffled(scalar_model({0.2, 3.8}), {}),
      (4 - std::sqrt(16 - 8 * 0.76)) / (2 * 0.76));
  RowMatrix orthogonal = RowMatrix::Zero(5, 5);
  for (Index k = 0; k < 5; ++k) orthogonal(k, k) = std::sqrt(static_cast<double>(k + 1));
  const auto axes = model_of(orthogonal);
  add("orthogonal rows, squared norms 1 to 5, B = 1: 2B/L", reshuffled(axes, {}), 0.4);
  add("the same, B = 2, a last batch of one: 2m/(L((m-1)/B+1/s))",
      reshuffled(axes, {"sgd", 0, "without-replacement", 2}), 0.6);
  add("the same, last batch dropped: 2B/L", reshuffled(axes, {"sgd", 0, "without-replacement", 2}, LastBatch::dropped),
      0.8);
  const auto two = scalar_model({1, 2});
  add("curvatures 1 and 2, heavy-ball 0.5, one batch an epoch: the noise-free edge 2",
      reshuffled(two, {"heavy-ball", 0.5, "without-replacement", 2}), 2);
}

void add_alignment(Cases& cases) {
  const auto add = [&](const char* name, double computed, double expected, const char* source) {
    cases.push_back({"alignment", name, computed, expected, kFull, source});
  };
  const char* definition = "tr(S1 H)/(2L |H|^2), by hand";
  const Vector one = Vector::Ones(1);
  add("curvatures 1 and 2: variance over squared mean, 1/9", loss_alignment(scalar_model({1, 2}), one).mu, 1.0 / 9.0,
      definition);
  const auto population = LinearizedModel::from_spectrum(Vector{{4, 2, 1}});
  const Vector ones = Vector::Ones(3);
  add("gaussian rows diag(1,2,4), x = (1,1,1): 1 + 73/147",
      loss_alignment(population, ones, NoiseSource::gaussian_rows).mu, 1 + 73.0 / 147.0, "1 + xH^3x/(xHx |H|^2)");
  const Setting sgd;
  const auto g1 = model_of(matrix(3, 2, {1, 0, 1, 1, 0, 2}));
  const auto bound = escape_bound(g1, *rule_of(sgd), *make_batch_law(sgd.law), sgd.batch);
  add("rows (1,0) (1,1) (0,2), smallest factor", bound.smallest_mu, 0.198450593846, "dense pencil, 12 digits");
  const auto isotropic = LinearizedModel::from_spectrum(Vector::Constant(5, 2));
  const auto gaussian = make_batch_law("gaussian");
  add("identity times 2, d = 5, B = d + 1: the bound is the threshold 1/2",
      escape_bound(isotropic, *rule_of(sgd), *gaussian, 6).eta.value_or(0), 0.5, "(1-y)^2 + y^2 = 1");
}

void add_gaussian(Cases& cases) {
  const auto add = [&](const std::string& name, double computed, double expected, const char* source) {
    cases.push_back({"gaussian rows", name, computed, expected, kFull, source});
  };
  const auto isotropic = LinearizedModel::from_spectrum(Vector::Ones(10));
  const char* closed = "2B(1-b^2)/((1+b)(d+1)+B(1-b))";
  add("identity, d = 10, B = 4, heavy-ball 0.9", threshold(isotropic, {"heavy-ball", 0.9, "gaussian", 4}),
      0.0713615023474178, closed);
  add("the same, eta * batch sharpness", sharpness_times_eta(isotropic, {"heavy-ball", 0.9, "gaussian", 4}),
      0.335399061032864, "eta (B^2+3B(d+1)+d^2+3d+4)/(B(B+d+1))");

  const auto model = LinearizedModel::from_spectrum(Vector{{4, 2, 1}});
  const struct {
    double momentum;
    Index batch;
    double expected;
  } values[] = {{0, 1, 0.146446609406726}, {0.5, 1, 0.0883702648435275}, {0.9, 1, 0.01930261719998},
                {0, 16, 0.44258524501767}, {0.5, 16, 0.531947004127398}, {0.9, 16, 0.244382111551634}};
  for (const auto& value : values) {
    add("diag(1,2,4), B = " + std::to_string(value.batch) + ", heavy-ball " +
            std::to_string(value.momentum).substr(0, 3),
        threshold(model, {"heavy-ball", value.momentum, "gaussian", value.batch}), value.expected, kGaussian);
  }
}

const char* const kG1 = "rows (1,0) (1,1) (0,2)";

void add_g1_thresholds(const LinearizedModel& g1, Cases& cases) {
  const struct {
    const char* law;
    Index batch;
    double momentum;
    double expected;
  } values[] = {{"without-replacement", 1, 0, 0.576039492188993},   {"without-replacement", 1, 0.5, 0.43179774766624},
                {"without-replacement", 1, 0.9, 0.117807922439132}, {"without-replacement", 2, 0, 0.938164490399912},
                {"without-replacement", 2, 0.5, 1.03660356202709},  {"without-replacement", 2, 0.9, 0.42328015546237},
                {"with-replacement", 2, 0, 0.781507658557685},      {"bernoulli", 2, 0, 0.872909817406041}};
  for (const auto& value : values) {
    const Setting setting{"heavy-ball", value.momentum, value.law, value.batch};
    const std::string name = std::string(value.law) + ", B = " + std::to_string(value.batch) + ", heavy-ball " +
                             std::to_string(value.momentum).substr(0, 3);
    cases.push_back({kG1, name + ", transfer form", threshold(g1, setting), value.expected, kFull, kBruteForce});
    cases.push_back({kG1, name + ", closed form", closed_form(g1, setting), value.expected, kFull, kBruteForce});
  }
  cases.push_back({kG1, "full batch, heavy-ball 0.9: 2(1+b)/lambda_max",
                   threshold(g1, {"heavy-ball", 0.9, "without-replacement", 3}), 3.8 / 1.767591879244, kFull,
                   "gradient descent"});
}

void add_g1(Cases& cases) {
  const auto g1 = model_of(matrix(3, 2, {1, 0, 1, 1, 0, 2}));
  cases.push_back({kG1, "lambda_1: (7+sqrt(13))/6", g1.spectrum()[0], 1.767591879244, kFull, "quadratic formula"});
  cases.push_back({kG1, "lambda_2: (7-sqrt(13))/6", g1.spectrum()[1], 0.565741454089, kFull, "quadratic formula"});
  add_g1_thresholds(g1, cases);
  cases.push_back({kG1, "ln growth at 0.65, sgd, B = 1", growth(g1, {}, 0.65), 0.232287737857, kFull, kBruteForce});
  cases.push_back({kG1, "eta * batch sharpness, heavy-ball 0.9, B = 1", sharpness_times_eta(g1, {"heavy-ball", 0.9}),
                   0.4201, kFourDigits, kBruteForce});

  const struct {
    const char* name;
    double expected;
    double tolerance;
  } bounds[] = {{"mean", 2 / 1.767591879244, kFull},    {"wu-ma-e", 0.535525031677, kFull},
                {"wu-ma-e-box", 0.5665, kFourDigits},   {"frobenius", 1.2095, kFourDigits},
                {"mulayoff-15", 0.669129343208, kFull}, {"mulayoff-16", 2.0 / 3.0, kFull},
                {"rank-one", 0.58431801508019, kFull}};
  const Setting sgd;
  const auto evaluated = evaluate_criteria(g1, *rule_of(sgd), *make_batch_law(sgd.law), sgd.batch);
  for (const auto& expected : bounds) {
    const auto bound = std::find_if(evaluated.begin(), evaluated.end(),
                                    [&](const Bound& candidate) { return candidate.name == expected.name; });
    if (bound == evaluated.end() || !bound->eta) {
      throw NotConverged(std::string("check: the bound ") + expected.name + " was not computed");
    }
    cases.push_back({kG1, "bound " + bound->name + ", sgd, B = 1", *bound->eta, expected.expected, expected.tolerance,
                     bound->source});
  }
}

}  // namespace

bool ExactCase::passes() const { return std::abs(difference()) <= tolerance * std::abs(expected); }

std::vector<ExactCase> exact_cases() {
  Cases cases;
  add_noise_free_edges(cases);
  add_scalar(cases);
  add_geometries(cases);
  add_shuffled_epochs(cases);
  add_alignment(cases);
  add_gaussian(cases);
  add_g1(cases);
  const Cases moments = exact_moment_cases();
  cases.insert(cases.end(), moments.begin(), moments.end());
  return cases;
}

}  // namespace brink::cli
