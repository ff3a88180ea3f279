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
#include "brink/stability/inverse.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/stability/reshuffling.hpp"
#include "brink/stability/stationary.hpp"

namespace brink::cli {
namespace {

constexpr double kSixDigits = 2e-6;
constexpr double kFourDigits = 2e-4;

constexpr const char* kRecursion = "second-moment recursion, solved by hand";
constexpr const char* kBruteForce = "dense second-moment operator, 12 digits";
constexpr const char* kGaussian = "Gaussian rows: sum of s/(1-s) = 1";

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

double decayed_threshold(const LinearizedModel& model, const Setting& s, double weight_decay) {
  RuleParameters parameters;
  parameters.momentum = s.momentum;
  parameters.weight_decay = weight_decay;
  return mean_square_threshold(model, *make_update_rule(s.rule, parameters), *make_batch_law(s.law), s.batch).eta;
}

double growth(const LinearizedModel& model, const Setting& s, double eta) {
  return mean_square_growth(model, *rule_of(s), *make_batch_law(s.law), s.batch, eta).log_growth;
}

double sharpness_times_eta(const LinearizedModel& model, const Setting& s) {
  const auto law = make_batch_law(s.law);
  const auto at_threshold = mean_square_threshold(model, *rule_of(s), *law, s.batch);
  return at_threshold.eta * batch_sharpness(model, *law, s.batch, at_threshold.critical_mode);
}

/// One condition; its eta is there, or the check is worth nothing.
Bound bound(const LinearizedModel& model, const Setting& s, const std::string& name) {
  for (const auto& criterion : criteria()) {
    if (criterion->name() != name) continue;
    Bound found = criterion->evaluate(model, *rule_of(s), *make_batch_law(s.law), s.batch);
    found.name = criterion->name();
    found.source = criterion->source();
    if (found.eta) return found;
  }
  throw NotConverged("check: the bound " + name + " was not computed");
}

/// "0.9"
std::string digits(double momentum) { return std::to_string(momentum).substr(0, 3); }

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
  add("curvatures 1 and 2, bound batch-gap, sgd: (2/a)/(1+Var/a^2) = 6/5", bound(two, {}, "batch-gap").eta.value(),
      6.0 / 5.0, kFull);
  add("the same, bernoulli: 2/((1+p1)a + p1 Var/a) = 6/7", bound(two, {"sgd", 0, "bernoulli"}, "batch-gap").eta.value(),
      6.0 / 7.0, kFull);
  add("the same, bernoulli, the threshold: 6/7", threshold(two, {"sgd", 0, "bernoulli"}), 6.0 / 7.0, kFull);
  add("curvatures 1 and 2, weight decay k = 1/2, sgd: 2(a+k)/((a+k)^2+v) = 16/17", decayed_threshold(two, {}, 0.5),
      16.0 / 17.0, kFull);
  add("the same, heavy-ball 0.5: 2(1-b)(a+k)/((a+k)^2(1-b)/(1+b)+v) = 24/19",
      decayed_threshold(two, {"heavy-ball", 0.5}, 0.5), 24.0 / 19.0, kFull);
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
  const Setting momentum{"heavy-ball", 0.5};
  const auto state = stationary_state(noisy, *rule_of(momentum), *make_batch_law(momentum.law), 1, 0.5);
  add("the same with heavy-ball 0.5: 1/2", state.trace, 1.0 / 2.0, kFull);
  add("the same, excess loss: 3/8", state.excess_loss, 3.0 / 8.0, kFull);
  add("the same, squared norm of the gradient: 9/8", state.gradient_norm_squared, 9.0 / 8.0, kFull);
  add("curvatures 1 and 2, the best momentum: 1/2",
      best_momentum(two, "heavy-ball", {}, *make_batch_law(sgd.law), 1).momentum, 0.5, kSixDigits);
  const BestMomentum negative =
      best_momentum(scalar_model({0, 0, 0, 4}), "heavy-ball", {}, *make_batch_law(sgd.law), 1);
  add("curvatures 0, 0, 0, 4, the best momentum: (1-s)/(1+s), s = sqrt(3)", negative.momentum, std::sqrt(3.0) - 2,
      kSixDigits);
  add("the same, the threshold there: 4a/(a+sqrt(v))^2 = 4 - 2 sqrt(3)", negative.eta, 4 - 2 * std::sqrt(3.0), kFull);
  add("curvatures 0 and 2 twice, with replacement, B = 3 = (Var/a^2)(1+b)/(1-b), heavy-ball 0.5: half of 2(1+b)/a",
      threshold(scalar_model({0, 2, 0, 2}), {"heavy-ball", 0.5, "with-replacement", 3}), 1.5, kFull);
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

  add("the same, bernoulli, bound coherence: 2B/L", bound(axes, {"sgd", 0, "bernoulli", 2}, "coherence").eta.value(),
      1);

  const double half = 0.5;
  const double high = std::sqrt(0.75);
  const auto frame = model_of(matrix(3, 2, {1, 0, -half, high, -half, -high}));
  add("tight frame of three unit rows, sgd: 2", threshold(frame, {}), 2);
  add("tight frame of three unit rows, heavy-ball 0.5: 3/2", threshold(frame, {"heavy-ball", 0.5}), 1.5);
  add("the same, bernoulli, sgd: 12/7", threshold(frame, {"sgd", 0, "bernoulli"}), 12.0 / 7.0);
  add("the same, with replacement, B = 2, heavy-ball 0.5: 12/5",
      threshold(frame, {"heavy-ball", 0.5, "with-replacement", 2}), 2.4);
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
  const Vector x = g1.basis().transpose() * Vector::Ones(2);
  const LossStep step = loss_step(g1, *make_batch_law(sgd.law), sgd.batch, 0.5, x * x.transpose());
  add("the same rows, one step of 1/2 from (1,1), mean loss: 23/36", step.contraction + step.noise, 23.0 / 36.0,
      "the three steps, by hand");
  const auto bound = escape_bound(g1, *rule_of(sgd), *make_batch_law(sgd.law), sgd.batch);
  add("rows (1,0) (1,1) (0,2), smallest factor", bound.smallest_mu, 0.198450593846, "dense pencil, 12 digits");
  const auto isotropic = LinearizedModel::from_spectrum(Vector::Constant(5, 2));
  const auto gaussian = make_batch_law("gaussian");
  add("identity times 2, d = 5, any x: 1 + 1/d",
      loss_alignment(isotropic, Vector(Vector::Unit(5, 2)), NoiseSource::gaussian_rows).mu, 1.2,
      "1 + xH^3x/(xHx |H|^2)");
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

  const auto square = [](Index d) {
    return sharpness_times_eta(LinearizedModel::from_spectrum(Vector::Ones(d)), {"sgd", 0, "gaussian", d});
  };
  cases.push_back({"gaussian rows", "identity, B = d, sgd, eta * batch sharpness, extrapolated to infinite d: 5/2",
                   2 * square(160) - square(80), 2.5, 1e-4, "2(1+3c+c^2)/(1+c)^2, c = d/B"});

  const Setting tight{"sgd", 0, "gaussian", 11};
  add("identity, d = 10, B = d+1 = 11, sgd: 1", threshold(isotropic, tight), 1, closed);
  add("the same, bound frobenius: tight", bound(isotropic, tight, "frobenius").eta.value(), 1, closed);

  const auto model = LinearizedModel::from_spectrum(Vector{{4, 2, 1}});
  const struct {
    const char* rule;
    double momentum;
    Index batch;
    double expected;
  } values[] = {{"heavy-ball", 0, 1, 0.146446609406726},    {"heavy-ball", 0.5, 1, 0.0883702648435275},
                {"heavy-ball", 0.9, 1, 0.01930261719998},   {"heavy-ball", 0, 16, 0.44258524501767},
                {"heavy-ball", 0.5, 16, 0.531947004127398}, {"heavy-ball", 0.9, 16, 0.244382111551634},
                {"nesterov", 0.5, 1, 0.0853364879107058},   {"nesterov", 0.9, 1, 0.029859189360032},
                {"nesterov", 0.5, 16, 0.323335509952016},   {"nesterov", 0.9, 16, 0.281471011349465}};
  for (const auto& value : values) {
    add("diag(1,2,4), B = " + std::to_string(value.batch) + ", " + value.rule + " " + digits(value.momentum),
        threshold(model, {value.rule, value.momentum, "gaussian", value.batch}), value.expected, kGaussian);
  }
}

const char* const kG1 = "rows (1,0) (1,1) (0,2)";

void add_g1_thresholds(const LinearizedModel& g1, Cases& cases) {
  constexpr double kMomenta[] = {0, 0.5, 0.9};
  const struct {
    const char* law;
    Index batch;
    double expected[3];  // at kMomenta
    double nesterov;     // momentum 0.9
  } values[] = {{"without-replacement", 1, {0.576039492188993, 0.43179774766624, 0.117807922439132}, 0.232749876394},
                {"without-replacement", 2, {0.938164490399912, 1.03660356202709, 0.42328015546237}, 0.571143926545},
                {"without-replacement", 3, {1.131482908179, 1.697224362268, 2.149817525539}, 0.767791973407},
                {"with-replacement", 1, {0.576039492188993, 0.43179774766624, 0.117807922439132}, 0.232749876394},
                {"with-replacement", 2, {0.781507658557685, 0.714647141159, 0.229356183749}, 0.415473836780},
                {"with-replacement", 3, {0.881019972112, 0.904032867822, 0.330856377602}, 0.513296389393},
                {"bernoulli", 1, {0.503336947406, 0.356600970207, 0.089150640442}, 0.183907238660},
                {"bernoulli", 2, {0.872909817406041, 0.895061684142, 0.322379209435}, 0.514229833705}};
  for (const auto& value : values) {
    const std::string name = std::string(value.law) + ", B = " + std::to_string(value.batch) + ", ";
    for (int i = 0; i < 3; ++i) {
      const double momentum = kMomenta[i];
      const Setting setting{"heavy-ball", momentum, value.law, value.batch};
      const std::string rule = "heavy-ball " + digits(momentum);
      cases.push_back(
          {kG1, name + rule + ", transfer form", threshold(g1, setting), value.expected[i], kFull, kBruteForce});
      cases.push_back(
          {kG1, name + rule + ", closed form", closed_form(g1, setting), value.expected[i], kFull, kBruteForce});
    }
    cases.push_back({kG1, name + "nesterov 0.9", threshold(g1, {"nesterov", 0.9, value.law, value.batch}),
                     value.nesterov, kFull, kBruteForce});
  }
}

void add_g1(Cases& cases) {
  const auto g1 = model_of(matrix(3, 2, {1, 0, 1, 1, 0, 2}));
  cases.push_back({kG1, "lambda_1: (7+sqrt(13))/6", g1.spectrum()[0], 1.767591879244, kFull, "quadratic formula"});
  cases.push_back({kG1, "lambda_2: (7-sqrt(13))/6", g1.spectrum()[1], 0.565741454089, kFull, "quadratic formula"});
  add_g1_thresholds(g1, cases);
  cases.push_back({kG1, "ln growth at 0.65, sgd, B = 1", growth(g1, {}, 0.65), 0.232287737857, kFull, kBruteForce});
  cases.push_back({kG1, "ln growth at 0.4, sgd, B = 1", growth(g1, {}, 0.4), -0.389421457574, kFull, kBruteForce});
  const auto twice = model_of(matrix(3, 2, {2, 0, 2, 2, 0, 4}));
  cases.push_back(
      {kG1, "all rows doubled, sgd, B = 1: a quarter", threshold(twice, {}), 0.576039492188993 / 4, kFull, "scaling"});
  const auto rotated = model_of(matrix(3, 2, {0.6, 0.8, -0.2, 1.4, -1.6, 1.2}));
  cases.push_back(
      {kG1, "all rows rotated, sgd, B = 1: the same", threshold(rotated, {}), 0.576039492188993, kFull, "rotation"});
  const struct {
    double momentum;
    double expected;
  } sharpness[] = {{0, 2.150521}, {0.5, 1.593386}, {0.9, 0.420126}};
  for (const auto& value : sharpness) {
    cases.push_back({kG1, "eta * batch sharpness, heavy-ball " + digits(value.momentum) + ", B = 1",
                     sharpness_times_eta(g1, {"heavy-ball", value.momentum}), value.expected, kSixDigits, kBruteForce});
  }
  const Setting whole{"heavy-ball", 0.9, "without-replacement", 3};
  Matrix sharpest = Matrix::Zero(2, 2);
  sharpest(0, 0) = 1;
  cases.push_back({kG1, "eta * batch sharpness, heavy-ball 0.9, full batch, sharpest direction: 2(1+b)",
                   threshold(g1, whole) * batch_sharpness(g1, *make_batch_law(whole.law), whole.batch, sharpest), 3.8,
                   kFull, "2(1+b)/lambda_1 * lambda_1"});

  const struct {
    const char* name;
    double expected;
    double tolerance;
  } bounds[] = {{"noise-kernel", 0.576039492188993, kFull}, {"mean", 2 / 1.767591879244, kFull},
                {"wu-ma-e", 0.535525031677, kFull},         {"wu-ma-e-box", 0.5665, kFourDigits},
                {"frobenius", 1.209523209351, kFull},       {"trace", 6.0 / 7.0, kFull},
                {"mulayoff-15", 0.669129343208, kFull},     {"mulayoff-16", 2.0 / 3.0, kFull},
                {"rank-one", 0.58431801508019, kFull},      {"every-batch", 0.5, kFull}};
  for (const auto& expected : bounds) {
    const Bound found = bound(g1, {}, expected.name);
    cases.push_back({kG1, "bound " + found.name + ", sgd, B = 1", found.eta.value(), expected.expected,
                     expected.tolerance, found.source});
  }
  const Bound frobenius = bound(g1, {}, "frobenius");
  const auto alignment = std::find_if(frobenius.details.begin(), frobenius.details.end(),
                                      [](const auto& detail) { return detail.first == "alignment_factor"; });
  cases.push_back({kG1, "smallest alignment factor", alignment->second, 0.198450593846, kFull, frobenius.source});
}

}  // namespace

LinearizedModel model_of(const RowMatrix& rows, const RowMatrix& gradient_noise) {
  return LinearizedModel::from_rows(rows, 1, std::numeric_limits<double>::epsilon(), gradient_noise);
}

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
  const Cases limits = exact_limit_cases();
  cases.insert(cases.end(), limits.begin(), limits.end());
  return cases;
}

}  // namespace brink::cli
