// E1–E4: SGD with and without momentum at equal effective rates.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "analysis/extremes.hpp"
#include "analysis/list.hpp"
#include "analysis/models.hpp"
#include "analysis/momentum_detectors.hpp"
#include "analysis/unit_columns.hpp"
#include "brink/curvature/linearization.hpp"
#include "brink/network/models.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/sampling/philox.hpp"
#include "brink/stability/mean_square.hpp"

namespace brink::analysis {
namespace {

constexpr Index kRegressionSamples = 200;
constexpr Index kMeasuredEvery = 9;     // odd: both sides of an oscillation of period 2
constexpr Index kThresholdEvery = 180;  // steps between two exact thresholds
const std::vector<double> kMomenta = {0, 0.5, 0.9};
const std::vector<double> kRates = {0.02, 0.05, 0.1, 0.2, 0.4};
const std::vector<Index> kBatches = {kRegressionSamples, 20};

/// 10-30-30-1, tanh, on Gaussian inputs; ±1 labels of a random network, 10% of them flipped.
Task regression_task(std::uint64_t seed) {
  std::mt19937_64 random(3000 + seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Task task;
  task.network = fully_connected({10, 30, 30, 1}, "tanh", true);
  task.inputs = RowMatrix::NullaryExpr(kRegressionSamples, 10, [&](Index, Index) { return normal(random); });
  const RowMatrix hidden =
      RowMatrix::NullaryExpr(10, 30, [&](Index, Index) { return normal(random) / std::sqrt(10.0); });
  const Vector out = Vector::NullaryExpr(30, [&](Index) { return normal(random); });
  const Vector scores = (task.inputs * hidden).array().tanh().matrix() * out;
  task.targets.resize(kRegressionSamples, 1);
  for (Index k = 0; k < kRegressionSamples; ++k) {
    const bool flipped = uniform(random) < 0.1;
    task.targets(k, 0) = (scores[k] > 0) != flipped ? 1 : -1;
  }
  return task;
}

/// The smallest threshold of SGD on the way where `wants_threshold`, else NaN; then at every kMeasuredEvery-th step the
/// loss on all samples, and dᵀHd/‖d‖² along the update d. Ends where it diverges.
std::vector<double> measure_run(double mu, double rate, Index batch, Index steps, std::uint64_t seed,
                                bool wants_threshold, const Monitor& monitor) {
  const Task task = regression_task(seed);
  const auto objective = task.precise();
  Vector theta = initial_parameters(task.network, "default", 1, seed);
  const double eta = rate * (1 - mu);
  Vector buffer = Vector::Zero(theta.size());
  Vector gradient(theta.size()), product(theta.size());
  std::vector<std::uint32_t> order(static_cast<std::size_t>(kRegressionSamples));
  std::iota(order.begin(), order.end(), 0U);
  const auto sgd = make_update_rule("sgd", {});
  const auto law = make_batch_law("without-replacement");
  std::vector<double> values = {std::nan("")};
  for (Index t = 0; t < steps; ++t) {
    Batch now = objective->all();
    if (batch < kRegressionSamples) {
      Philox draw(seed, Purpose::batch, 0, static_cast<std::uint32_t>(t));
      for (Index b = 0; b < batch; ++b)
        std::swap(order[static_cast<std::size_t>(b)],
                  order[static_cast<std::size_t>(b) + draw.below(static_cast<std::uint32_t>(kRegressionSamples - b))]);
      now = {std::span(order).first(static_cast<std::size_t>(batch)), static_cast<double>(batch)};
    }
    objective->gradient(theta, now, gradient);
    buffer = mu * buffer + gradient;
    if (t % kMeasuredEvery == 0) {
      monitor.check();
      const double loss = objective->loss(theta, objective->all());
      if (!(loss < 1e3)) break;
      objective->hessian_product(theta, objective->all(), buffer, product);
      values.push_back(loss);
      values.push_back(buffer.dot(product) / buffer.squaredNorm());
    }
    if (wants_threshold && t % kThresholdEvery == 0) {
      const double threshold = mean_square_threshold(linearize_at(*objective, theta), *sgd, *law, batch).eta;
      values.front() = std::fmin(values.front(), threshold);
    }
    theta -= eta * buffer;
  }
  return values;
}

/// Losses, or with 1 sharpnesses, of measure_run.
std::vector<double> record_column(const std::vector<double>& values, std::size_t which) {
  return unit_column(values, 1 + which, 2);
}

/// Whether heavy ball contracts on the curvature h: 30000 steps from x = 1.
bool contracts(double eta, double mu, double h) {
  double x = 1, m = 0;
  for (int t = 0; t < 30000; ++t) {
    m = mu * m + h * x;
    x -= eta * m;
    if (!(std::abs(x) < 1e6)) return false;
  }
  return std::abs(x) < 1;
}

StudyReport run_momentum_helps(const StudyContext& context) {
  const Index steps = context.choose<Index>(3600, 18000);
  const int seeds = context.choose(3, 8);
  const auto records = static_cast<std::size_t>((steps + kMeasuredEvery - 1) / kMeasuredEvery);
  std::vector<StudyUnit> units;
  for (const Index batch : kBatches)
    for (const double rate : kRates)
      for (const double mu : kMomenta)
        for (int s = 0; s < seeds; ++s)
          units.push_back({"B " + std::to_string(batch) + " rate " + shortest(rate) + " mu " + shortest(mu) + " seed " +
                               std::to_string(s),
                           [=, &context](const Monitor& monitor) {
                             return measure_run(mu, rate, batch, steps, context.seed + static_cast<std::uint64_t>(s),
                                                mu == 0 && rate == kRates.front(), monitor);
                           }});
  const auto values = context.measure(units);
  const auto at = [&](std::size_t b, std::size_t r, std::size_t m, int s) -> const std::vector<double>& {
    return values[((b * kRates.size() + r) * kMomenta.size() + m) * static_cast<std::size_t>(seeds) +
                  static_cast<std::size_t>(s)];
  };

  StudyReport report;
  if (!context.full) report.reductions.push_back("3 seeds and 3600 steps; 8 and 18000 in full");
  Table table({{"batch"},
               {"rate"},
               {"momentum"},
               {"seed"},
               {"final_loss"},
               {"largest_directional_sharpness"},
               {"jump"},
               {"split"}});
  std::vector<CurvePanel> panels;
  std::vector<double> false_alarms, false_splits, lag, jumped, quiet;
  std::vector<std::vector<double>> gain;  // by batch, at rate 0.2
  for (std::size_t b = 0; b < kBatches.size(); ++b) {
    const std::string where = ", B = " + std::to_string(kBatches[b]);
    CurvePanel panel{"B = " + std::to_string(kBatches[b]), "η_ef", "final loss", true, true, {}};
    for (std::size_t m = 0; m < kMomenta.size(); ++m)
      panel.curves.push_back({"μ = " + shortest(kMomenta[m]), CurveKind::joined, static_cast<int>(m) + 1, {}});
    for (std::size_t r = 0; r < kRates.size(); ++r) {
      std::vector<double> spread, ratio;
      std::vector<std::vector<double>> finals(kMomenta.size());
      for (int s = 0; s < seeds; ++s) {
        for (std::size_t m = 0; m < kMomenta.size(); ++m) {
          const auto& v = at(b, r, m, s);
          const auto sharpness = record_column(v, 1);
          finals[m].push_back(final_loss(record_column(v, 0), records));
          const Index jump = first_jump(sharpness, kRates[r]);
          const Index split = m == 0 ? first_split(record_column(v, 0), record_column(at(b, r, 2, s), 0)) : -1;
          const double largest = largest_after_start(sharpness);
          table.add_row({static_cast<std::int64_t>(kBatches[b]), kRates[r], kMomenta[m], std::int64_t{s},
                         finals[m].back(), largest, static_cast<std::int64_t>(jump * (jump < 0 ? 1 : kMeasuredEvery)),
                         static_cast<std::int64_t>(split * (split < 0 ? 1 : kMeasuredEvery))});
          if (r == 0) false_alarms.push_back(jump >= 0 ? 1 : 0);
          if (r == 0 && m == 0) false_splits.push_back(split >= 0 ? 1 : 0);
          if (b == 0 && m == 0 && kRates[r] >= 0.1 && jump >= 0 && split >= 0)
            lag.push_back(static_cast<double>((split - jump) * kMeasuredEvery) * kRates[r]);
          if (b == 0 && kRates[r] == 0.2) (m == 0 ? jumped : quiet).push_back(largest * kRates[r] / 2);
        }
        const std::vector<double> all = {finals[0].back(), finals[1].back(), finals[2].back()};
        spread.push_back(largest_of(all) / smallest_of(all) - 1);
        ratio.push_back(std::log(finals[0].back() / finals[2].back()));
      }
      for (std::size_t m = 0; m < kMomenta.size(); ++m) {
        const SeedMean mean = seed_mean(finals[m]);
        if (mean.seeds > 0) panel.curves[m].points.push_back({kRates[r], mean.mean, mean.lower, mean.upper});
      }
      if (r < 2)
        report.findings.push_back(
            judge_at_most({"E1", "largest over smallest final loss − 1, η_ef = " + shortest(kRates[r]) + where, "< 3%"},
                          spread, 0.03));
      if (kRates[r] == 0.2) {
        report.findings.push_back(
            judge_at_least({"E2", "ln of the final loss of SGD over that of μ = 0.9, η_ef = 0.2" + where,
                            b == 0 ? "ln 5.3" : "ln 2.2"},
                           ratio, std::log(1.5)));
        gain.push_back(ratio);
      }
    }
    std::vector<double> thresholds;
    for (int s = 0; s < seeds; ++s) thresholds.push_back(at(b, 0, 0, s).front());
    const double threshold = seed_mean(thresholds).mean;
    double low = INFINITY, high = 0;
    for (const auto& curve : panel.curves)
      for (const auto& point : curve.points) low = std::min(low, point.y), high = std::max(high, point.y);
    panel.curves.push_back(
        {"smallest η* on the way at η_ef = 0.02", CurveKind::dashed, 7, {{threshold, low}, {threshold, high}}});
    panels.push_back(std::move(panel));
  }
  std::vector<double> more;
  for (std::size_t s = 0; s < gain[0].size(); ++s) more.push_back(gain[0][s] - gain[1][s]);
  report.findings.push_back(judge_at_least({"E2", "the former less the latter", "ln 2.4"}, more, 0));
  report.findings.push_back(judge_at_most({"E3", "false alarms of the detector at η_ef = 0.02"}, false_alarms, 0.1));
  report.findings.push_back(
      judge_at_most({"E3", "false alarms of the detector of splits at η_ef = 0.02"}, false_splits, 0.1));
  report.findings.push_back(
      judge_at_least({"E3", "SGD, B = n, η_ef = 0.2: largest directional sharpness over 2/η_ef", "1.06"}, jumped, 0.8));
  report.findings.push_back(judge_at_most({"E3", "the same with momentum", ".003"}, quiet, 0.5));
  report.findings.push_back(
      judge_equal({"E3", "time η_ef·t from the jump to the split, B = n, η_ef ≥ 0.1", "", "runs in which both happen"},
                  lag, 0, 10));
  std::vector<double> wrong;
  for (const double mu : {0.0, 0.5, 0.9, 0.95}) {
    const double rate = 0.1, eta = rate * (1 - mu), edge = 2 / rate * (1 + mu) / (1 - mu);
    wrong.push_back(contracts(eta, mu, 0.999 * edge) && !contracts(eta, mu, 1.001 * edge) ? 0 : 1);
  }
  report.findings.push_back(judge_exact(
      {"E4", "momenta whose edge at equal η_ef is not (1+μ)/(1−μ) times that of SGD to 0.1%", "", "full batch"}, wrong,
      0));
  report.tables.emplace_back("runs", std::move(table));

  const std::size_t shown = 3;  // η_ef = 0.2
  CurvePanel curves{"η_ef = 0.2, B = n", "step", "loss", false, true, {}};
  CurvePanel along{"directional sharpness", "step", "dᵀHd/‖d‖²", false, false, {}};
  for (std::size_t m = 0; m < kMomenta.size(); ++m) {
    Curve loss{"μ = " + shortest(kMomenta[m]), CurveKind::line, static_cast<int>(m) + 1, {}};
    Curve sharpness = loss;
    const auto& v = at(0, shown, m, 0);
    for (std::size_t i = 1; i + 2 <= v.size(); i += 2) {
      const double x = static_cast<double>((i - 1) / 2 * kMeasuredEvery);
      loss.points.push_back({x, v[i]});
      sharpness.points.push_back({x, v[i + 1]});
    }
    curves.curves.push_back(std::move(loss));
    along.curves.push_back(std::move(sharpness));
  }
  const double level = 2 / kRates[shown];
  along.curves.push_back({"2/η_ef", CurveKind::dashed, 7, {{0, level}, {static_cast<double>(steps), level}}});
  panels.push_back(std::move(curves));
  panels.push_back(std::move(along));
  report.figures.push_back(curve_figure("momentum-helps", panels));
  return report;
}

}  // namespace

Study momentum_helps() {
  return {
      "momentum-helps",
      "E1, E2, E3, E4",
      "When is SGD with momentum better than SGD at the same effective rate?",
      "Fu et al. 2023, arXiv 2306.09000",
      "over seeds, final loss = geometric mean over the last fifth: spread over μ at most 3% at η_ef ≤ 0.05; SGD at "
      "least 1.5 times μ = 0.9 at η_ef = 0.2, more so at B = n; detector of abrupt sharpening: 3 records in a row with "
      "directional sharpness above 1/η_ef after a tenth of the run; detector of the split: 20 records in a row apart "
      "by 20%; each at most 10% false alarms at η_ef = 0.02; jump and split within 10 units of η_ef·t",
      run_momentum_helps};
}

}  // namespace brink::analysis
