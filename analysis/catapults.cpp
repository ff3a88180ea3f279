// B3, C6: at the edge a destabilizing change sends the loss up; the reverse change, or the same change before the edge,
// does not.

#include <algorithm>
#include <cmath>

#include "analysis/list.hpp"
#include "analysis/loss_rise.hpp"
#include "analysis/training_runs.hpp"
#include "brink/report/curve_figure.hpp"

namespace brink::analysis {
namespace {

constexpr Index kBatch = 64;
constexpr Index kWatched = 200;  // steps after the change
constexpr Index kEarly = 60;

struct Change {
  std::string name;
  bool momentum_arm;
  bool early;         ///< before the edge
  bool destabilizes;  ///< and at the edge: a catapult is predicted
  double eta = 1, batch = 1;
  double momentum = -1;  ///< the new β; −1: unchanged
  bool zero_buffers = false;
};

const std::vector<Change>& changes() {
  static const std::vector<Change> all = {
      {"SGD: η × 1.5 at the edge", false, false, true, 1.5, 1},
      {"SGD: B / 8 at the edge", false, false, true, 1, 0.125},
      {"SGD: η / 1.5 at the edge", false, false, false, 1 / 1.5, 1},
      {"SGD: B × 8 at the edge", false, false, false, 1, 8},
      {"SGD: η × 1.5 before the edge", false, true, false, 1.5, 1},
      {"SGD: B / 8 before the edge", false, true, false, 1, 0.125},
      {"heavy ball: η × 1.5 at the edge", true, false, true, 1.5, 1},
      {"heavy ball: B / 8 at the edge", true, false, true, 1, 0.125},
      {"heavy ball: β .5 → .8 at the edge", true, false, true, 1, 1, 0.8},
      {"heavy ball: β .5 → .8 at the edge; buffer zeroed", true, false, true, 1, 1, 0.8, true},
      {"heavy ball: η / 1.5 at the edge", true, false, false, 1 / 1.5, 1},
      {"heavy ball: β .5 → .8 before the edge", true, true, false, 1, 1, 0.8},
  };
  return all;
}

RunSetting setting_of(const Change& change, bool full, std::uint64_t seed) {
  RunSetting setting;
  setting.rule = change.momentum_arm ? "heavy-ball" : "sgd";
  setting.momentum = change.momentum_arm ? 0.5 : 0;
  setting.eta = kLossFactor * (change.momentum_arm ? 0.15 : 0.3);
  setting.batch = kBatch;
  const Index at = change.early ? kEarly : full ? 8000 : 3000;
  setting.steps = at + kWatched;
  setting.record_every = 5;
  setting.seed = seed;
  setting.initial_scale = 0.5 * std::sqrt(3.0);
  Intervention intervention;
  intervention.step = at;
  if (change.eta != 1) intervention.eta = change.eta * setting.eta;
  if (change.batch != 1) intervention.batch_size = static_cast<Index>(std::lround(change.batch * kBatch));
  if (change.momentum >= 0) intervention.momentum = change.momentum;
  intervention.zero_buffers = change.zero_buffers;
  setting.interventions = {intervention};
  return setting;
}

StudyReport run_catapults(const StudyContext& context) {
  const int seeds = context.choose(3, 10);
  std::vector<StudyUnit> units;
  for (const Change& change : changes()) {
    for (int s = 0; s < seeds; ++s) {
      const std::uint64_t seed = context.seed + static_cast<std::uint64_t>(s);
      const RunSetting setting = setting_of(change, context.full, seed);
      units.push_back({change.name + " " + std::to_string(s), [setting, seed](const Monitor& monitor) {
                         return train_run(teacher_task(seed), setting, monitor);
                       }});
    }
  }
  const auto values = context.measure(units);
  StudyReport report;
  Table table({{"change"}, {"seed"}, {"largest_loss_ratio"}, {"diverged"}});
  CurvePanel sgd{"SGD", "steps after the change", "loss", false, true, {}};
  CurvePanel ball{"heavy ball", "steps after the change", "loss", false, true, {}};
  std::size_t unit = 0;
  for (const Change& change : changes()) {
    const RunSetting setting = setting_of(change, context.full, 0);
    const Index at = *setting.interventions.front().step;
    std::vector<double> ratios;
    for (int s = 0; s < seeds; ++s, ++unit) {
      const Trace trace = trace_of(values[unit], setting);
      const double ratio = loss_rise(trace, at);
      ratios.push_back(log_rise(ratio));
      table.add_row({change.name, std::int64_t{s}, ratio, trace.diverged});
      if (s == 0) {
        CurvePanel& panel = change.momentum_arm ? ball : sgd;
        Curve curve{change.name.substr(change.name.find(": ") + 2),
                    change.destabilizes ? CurveKind::line : CurveKind::thin,
                    static_cast<int>(panel.curves.size()) + 1,
                    {}};
        for (const auto& row : trace.rows) {
          // A run that diverges leaves the picture.
          if (row[0] > static_cast<double>(at) - 60 && row[1] < 1e3)
            curve.points.push_back({row[0] - static_cast<double>(at), row[1]});
        }
        panel.curves.push_back(std::move(curve));
      }
    }
    const Claim claim{change.momentum_arm ? "C6" : "B3", change.name + ": ln of the largest loss over the loss before",
                      change.destabilizes ? "a factor 26 to 53" : "a factor 1.1 to 1.5"};
    report.findings.push_back(change.destabilizes ? judge_at_least(claim, ratios, std::log(3.0))
                                                  : judge_at_most(claim, ratios, std::log(2.0)));
  }
  report.figures.push_back(curve_figure("catapults", {sgd, ball}));
  report.tables.emplace_back("catapults", std::move(table));
  report.reductions.push_back(context.full ? "10 seeds"
                                           : "3 seeds and 3000 steps before the change (full: 10 and 8000)");
  return report;
}

}  // namespace

Study catapults() {
  return {"catapults",
          "B3, C6",
          "Is training at an edge: does a destabilizing change send the loss up there and nowhere else?",
          "Andreyev & Beneventano 2024, arXiv 2412.20553; Andreyev et al. 2026, arXiv 2604.14108",
          "geometric mean over seeds of the largest loss within 200 steps over the loss before: at least 3 for "
          "destabilizing changes at the edge, at most 2 for the reverse changes and for the same changes before it",
          run_catapults};
}

}  // namespace brink::analysis
