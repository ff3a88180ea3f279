// F4, F5: where the randomness of SGD pushes the mean of θ: along the flow of a modified loss when epochs are shuffled
// (shuffled_epochs.hpp), and towards flat minima under label noise.

#include <array>
#include <cmath>

#include "analysis/label_noise.hpp"
#include "analysis/list.hpp"
#include "analysis/models.hpp"
#include "analysis/shuffled_epochs.hpp"
#include "analysis/unit_columns.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/stability/mean_square.hpp"

namespace brink::analysis {
namespace {

// F5: label noise with all samples, where the claim is exact for small λ, and with one.

struct NoiseArm {
  Index batch;  ///< 3 of 3 or 1
  double momentum;
  std::string model;
};

constexpr double kPartOfEdge = 1.2;        // ηλ_max/(1+β) with all samples: the noise-free edge is at 2
constexpr double kPartOfThreshold = 0.5;   // η/η* with one
constexpr double kVarianceWeight = 1e-12;  // λ so small that θ does not drift meanwhile
constexpr double kSlowTime = 0.3;          // ληt/(1−β) at the end of a drift
constexpr std::size_t kNoiseRecords = 8;
constexpr std::size_t kDirections = 3;
constexpr std::array kLaws = {NoiseLaw::exact, NoiseLaw::claimed, NoiseLaw::simple};
// A unit: for every direction ηh/(2(1+β)) and the variance over that of each law; tr H at the end over the start; at
// every record how much of the predicted way was measured and is said by each law.
constexpr std::size_t kColumns = 1 + kLaws.size();
constexpr std::size_t kTrace = kDirections * kColumns, kWay = kTrace + 1;

const std::vector<NoiseArm>& noise_arms() {
  static const std::vector<NoiseArm> all = [] {
    std::vector<NoiseArm> arms;
    for (const Index batch : {3, 1})
      for (const double beta : {0.0, 0.5, 0.9})
        for (const char* model : {"diagonal", "tanh"}) arms.push_back({batch, beta, model});
    return arms;
  }();
  return all;
}

/// What is followed: the coordinates u_i² − v_i² that gradient flow conserves, or θ itself.
Vector followed(const std::string& model, const Vector& theta) {
  if (model != "diagonal") return theta;
  const Index half = theta.size() / 2;
  return theta.head(half).cwiseAbs2() - theta.tail(half).cwiseAbs2();
}

struct NoiseSizes {
  Index steps, variance_replicas, drift_replicas;
};

std::vector<double> measure_noise(const NoiseArm& arm, std::uint64_t seed, const NoiseSizes& sizes,
                                  const Monitor& monitor) {
  const FittedNetwork network = fitted_network(arm.model, seed);
  const auto& objective = *network.objective;
  const CurvatureRange at = curvature_range(objective, network.theta);
  NoisySteps steps{kPartOfEdge * (1 + arm.momentum) / at.curvature[0], arm.momentum, arm.batch};
  if (arm.batch == 1)
    steps.eta = kPartOfThreshold * mean_square_threshold(LinearizedModel::from_rows(at.rows, 1, 1e-15),
                                                         *rule_with("heavy-ball", arm.momentum),
                                                         *make_batch_law("without-replacement"), 1)
                                       .eta;
  const auto replicas = [&](Index count, double weight, const std::function<void(Index, const Vector&)>& see) {
    for (Index replica = 0; replica < count; ++replica) {
      monitor.check();
      run_label_noise(network, steps, weight, sizes.steps, seed * 1000003 + static_cast<std::uint64_t>(replica), see);
    }
  };

  const Index burn_in = sizes.steps / 10;
  Vector variance = Vector::Zero(at.curvature.size());
  replicas(sizes.variance_replicas, kVarianceWeight, [&](Index t, const Vector& theta) {
    if (t > burn_in) variance += (at.basis.transpose() * (theta - network.theta)).cwiseAbs2();
  });
  variance /= static_cast<double>((sizes.steps - burn_in) * sizes.variance_replicas) * kVarianceWeight;
  std::vector<double> values;
  for (Index i = 0; i < variance.size(); ++i) {
    values.push_back(steps.eta * at.curvature[i] / (2 * (1 + arm.momentum)));
    for (const NoiseLaw law : kLaws) values.push_back(variance[i] / stationary_covariance(at, steps, law)(i, i));
  }

  const Vector origin = followed(arm.model, network.theta);
  std::array<std::vector<Vector>, kColumns> ways;  // measured, then of every law
  ways[0].assign(kNoiseRecords, Vector::Zero(origin.size()));
  const double weight = kSlowTime * (1 - arm.momentum) / (steps.eta * static_cast<double>(sizes.steps));
  const Index every = sizes.steps / static_cast<Index>(kNoiseRecords);
  replicas(sizes.drift_replicas, weight, [&](Index t, const Vector& theta) {
    if (t % every == 0)
      ways[0][static_cast<std::size_t>(t / every - 1)] +=
          (followed(arm.model, theta) - origin) / static_cast<double>(sizes.drift_replicas);
  });
  for (std::size_t law = 0; law < kLaws.size(); ++law) {
    const GradientAt<double> field = [&](const Vector& theta, Vector& out) {
      return drift_gradient(objective, steps, kLaws[law], theta, out);
    };
    Vector theta = network.theta;
    for (std::size_t k = 0; k < kNoiseRecords; ++k) {
      theta = flowed(field, theta, kSlowTime / kNoiseRecords);
      ways[law + 1].push_back(followed(arm.model, theta) - origin);
    }
    if (law == 0) values.push_back(curvature_range(objective, theta).curvature.sum() / at.curvature.sum());
  }

  const Vector predicted = ways[1].back();
  for (std::size_t k = 0; k < kNoiseRecords; ++k)
    for (const auto& way : ways) values.push_back(way[k].dot(predicted) / predicted.squaredNorm());
  return values;
}

/// The measured way, then of every law, at every record.
std::vector<double> way_column(const std::vector<double>& values, std::size_t column) {
  return unit_column({values.begin() + kWay, values.end()}, column, kColumns);
}

void report_noise(const std::vector<std::vector<double>>& units, int seeds, StudyReport& report) {
  Table variances({{"batch"},
                   {"momentum"},
                   {"model"},
                   {"seed"},
                   {"direction"},
                   {"eta_h_over_edge"},
                   {"over_exact"},
                   {"over_claimed"},
                   {"over_half"}});
  Table drifts({{"batch"},
                {"momentum"},
                {"model"},
                {"seed"},
                {"trace_end_over_start"},
                {"over_exact"},
                {"over_claimed"},
                {"over_quarter_trace"}});
  auto& findings = report.findings;
  const auto within = [&](const char* claim, const std::string& quantity, const std::vector<double>& values) {
    findings.push_back(judge_equal({claim, quantity}, values, 1, 0.05));
  };
  const auto above = [&](const char* claim, const std::string& quantity, const std::vector<double>& values) {
    findings.push_back(judge_at_least({claim, quantity}, values, 1.05));
  };
  std::vector<double> others;
  std::array<std::vector<double>, kLaws.size()> top, every, drift;  // both models
  for (std::size_t a = 0; a < noise_arms().size(); ++a) {
    const NoiseArm& arm = noise_arms()[a];
    std::array<std::vector<double>, kLaws.size()> own;
    for (int s = 0; s < seeds; ++s) {
      const auto& v = units[a * static_cast<std::size_t>(seeds) + static_cast<std::size_t>(s)];
      for (std::size_t i = 0; i < kDirections; ++i) {
        const double* c = &v[i * kColumns];
        for (std::size_t law = 0; law < kLaws.size(); ++law) {
          every[law].push_back(c[1 + law]);
          if (i == 0) top[law].push_back(c[1 + law]);
        }
        if (i > 0 && arm.batch > 1) others.push_back(c[2]);
        variances.add_row({static_cast<std::int64_t>(arm.batch), arm.momentum, arm.model, std::int64_t{s},
                           static_cast<std::int64_t>(i + 1), c[0], c[1], c[2], c[3]});
      }
      for (std::size_t law = 0; law < kLaws.size(); ++law) {
        own[law].push_back(drift_ratio(way_column(v, 0), way_column(v, 1 + law)));
        drift[law].push_back(own[law].back());
      }
      drifts.add_row({static_cast<std::int64_t>(arm.batch), arm.momentum, arm.model, std::int64_t{s}, v[kTrace],
                      own[0].back(), own[1].back(), own[2].back()});
    }
    const std::string where = ", β = " + shortest(arm.momentum);
    if (arm.batch > 1) within("F5", "drift over the claimed, " + arm.model + where, own[1]);
    if (arm.model == "diagonal") continue;  // both models are there
    if (arm.batch > 1) {
      above("F5", "drift over that of ¼tr H" + where, drift[2]);
      within("F5", "variance over the claimed, top direction" + where, top[1]);
      above("F5", "variance over λ/2, top direction" + where, top[2]);
    } else {
      within("F5, B = 1", "variance over that with sampling, every direction" + where, every[0]);
      above("F5, B = 1", "variance over the claimed, every direction" + where, every[1]);
      within("F5, B = 1", "drift over that with sampling" + where, drift[0]);
      above("F5, B = 1", "drift over the claimed" + where, drift[1]);
    }
    top = every = drift = {};
  }
  within("F5", "variance over the claimed, other directions, every β", others);
  report.tables.emplace_back("variances", std::move(variances));
  report.tables.emplace_back("drifts", std::move(drifts));
}

Curve way_curve(const std::vector<double>& values, std::size_t column, const std::string& label, CurveKind kind,
                int colour) {
  Curve curve{label, kind, colour, {{0, 0}}};
  for (const double way : way_column(values, column))
    curve.points.push_back({kSlowTime * static_cast<double>(curve.points.size()) / kNoiseRecords, way});
  return curve;
}

std::vector<CurvePanel> noise_panels(const std::vector<std::vector<double>>& units, std::size_t seeds) {
  CurvePanel variance{"label noise: variance", "ηh/(2(1+β))", "variance over λ/2", false, false, {}};
  CurvePanel all{"drift of u² − v², all samples", "ληt/(1−β)", "part of the way", false, false, {}};
  CurvePanel one{"drift of u² − v², B = 1, β = 0.5", "ληt/(1−β)", "part of the way", false, false, {}};
  Curve sampled{"B = 1", CurveKind::points, 4, {}};
  for (std::size_t a = 0; a < noise_arms().size(); ++a) {
    const NoiseArm& arm = noise_arms()[a];
    const int colour = static_cast<int>(a / 2) + 1;
    if (arm.batch > 1 && arm.model == "diagonal") {
      const std::string name = "β = " + shortest(arm.momentum);
      variance.curves.push_back({name, CurveKind::points, colour, {}});
      all.curves.push_back(way_curve(units[a * seeds], 0, name, CurveKind::points, colour));
    }
    Curve& points = arm.batch > 1 ? variance.curves.back() : sampled;
    for (std::size_t s = 0; s < seeds; ++s)
      for (std::size_t i = 0; i < kDirections; ++i) {
        const double* c = &units[a * seeds + s][i * kColumns];
        points.points.push_back({c[0], c[kColumns - 1]});
      }
    if (arm.batch == 1 && arm.model == "diagonal" && arm.momentum == 0.5)
      one.curves = {way_curve(units[a * seeds], 0, "measured", CurveKind::points, 4),
                    way_curve(units[a * seeds], 1, "with sampling", CurveKind::line, 4),
                    way_curve(units[a * seeds], 2, "claimed", CurveKind::dashed, 7),
                    way_curve(units[a * seeds], 3, "¼tr H", CurveKind::dashed, 5)};
  }
  all.curves.push_back(way_curve(units[0], 2, "claimed", CurveKind::dashed, 7));
  all.curves.push_back(way_curve(units[0], 3, "¼tr H", CurveKind::dashed, 5));
  Curve claimed{"claimed", CurveKind::dashed, 7, {}};
  for (int i = 0; i <= 62; ++i) claimed.points.push_back({i / 100.0, 1 / (1 - i / 100.0)});
  variance.curves.push_back(std::move(sampled));
  variance.curves.push_back(std::move(claimed));
  return {variance, all, one};
}

StudyReport run_implicit_drift(const StudyContext& context) {
  const int seeds = context.choose(4, 8);
  const NoiseSizes sizes = context.choose(NoiseSizes{20000, 40, 16}, NoiseSizes{40000, 80, 32});
  std::vector<StudyUnit> shuffles, noises;
  for (int s = 0; s < seeds; ++s)
    shuffles.push_back({"epochs seed " + std::to_string(s), [=, &context](const Monitor&) {
                          return shuffled_epochs(context.seed + static_cast<std::uint64_t>(s));
                        }});
  for (const NoiseArm& arm : noise_arms())
    for (int s = 0; s < seeds; ++s)
      noises.push_back({arm.model + " B " + std::to_string(arm.batch) + " beta " + shortest(arm.momentum) + " seed " +
                            std::to_string(s),
                        [=, &context](const Monitor& monitor) {
                          return measure_noise(arm, context.seed + static_cast<std::uint64_t>(s), sizes, monitor);
                        }});
  StudyReport report;
  if (!context.full)
    report.reductions.push_back("4 seeds, 20000 steps, 40 and 16 replicas; 8, 40000, 80 and 32 in full");
  std::vector<CurvePanel> panels = {report_shuffles(context.measure(shuffles), report)};
  const auto units = context.measure(noises);
  report_noise(units, seeds, report);
  for (CurvePanel& panel : noise_panels(units, static_cast<std::size_t>(seeds))) panels.push_back(std::move(panel));
  report.figures.push_back(curve_figure("implicit-drift", panels));
  return report;
}

}  // namespace

Study implicit_drift() {
  return {
      "implicit-drift",
      "F4, F5",
      "Where do shuffled epochs and label noise push the mean of the parameters?",
      "Smith, Dherin, Barrett & De 2021, arXiv 2101.12176; Damian, Ma & Lee 2021, arXiv 2106.06530",
      "over seeds. F4, mean over all orders of one epoch of 4 batches, mε·λ_max from 0.1 to 0.003: ln distance against "
      "ln ε has slope 3 ± 0.2 from the flow of the modified loss and 2 ± 0.2 from that of the loss; 2 ± 0.2 for one "
      "order. F5, all samples, ηλ_max = 1.2(1+β), λ = ησ²/(B(1−β)): variance in the eigen-directions of H within 5% of "
      "½λ(I − ηH/(2(1+β)))⁻¹, drift along the minima within 5% of the flow of −λ(1+β)/(2η)·tr log(I − ηH/(2(1+β))); at "
      "least 5% above ½λ and the flow of ¼λ tr H. One sample, half of the mean-square threshold, where the claim "
      "leaves something out: within 5% of what the covariance with the noise of sampling says, at least 5% above the "
      "claim",
      run_implicit_drift};
}

}  // namespace brink::analysis
