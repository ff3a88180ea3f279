#include "brink/verification/moment_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "brink/base/error.hpp"
#include "brink/base/parallel.hpp"
#include "brink/simulation/stable_scan.hpp"
#include "brink/stability/exact_moments.hpp"
#include "brink/stability/mean_square.hpp"

namespace brink {
namespace {

constexpr double kLargestMoment = 64;

void check_plan(const MomentPlan& plan) {
  const char* function = "study_moments";
  check_argument(!plan.moments.empty(), function, "moments", "none", "at least one");
  for (std::size_t i = 0; i < plan.moments.size(); ++i) {
    const double q = plan.moments[i];
    check_argument(q >= 0 && q <= kLargestMoment, function, "moments", q, "numbers in 0..64");
    check_argument(std::find(plan.moments.begin() + static_cast<std::ptrdiff_t>(i) + 1, plan.moments.end(), q) ==
                       plan.moments.end(),
                   function, "moments", q, "every moment once");
  }
  for (const double eta : plan.etas)
    check_argument(eta > 0 && std::isfinite(eta), function, "eta", eta, "a finite number > 0");
  if (!plan.scan) return;
  check_argument(plan.scan->from > 0 && std::isfinite(plan.scan->from), function, "scan from", plan.scan->from,
                 "a finite number > 0");
  check_argument(plan.scan->to > plan.scan->from && std::isfinite(plan.scan->to), function, "scan to", plan.scan->to,
                 "a finite number above the first");
  check_argument(plan.scan->count >= 2 && plan.scan->count <= 100'000, function, "scan count", plan.scan->count,
                 "an integer in 2..100000");
}

class Study {
 public:
  Study(const LinearizedModel& model, const Cell& cell, const MomentPlan& plan, const Monitor& monitor)
      : model_(model),
        plan_(plan),
        monitor_(monitor),
        dynamics_{make_update_rule(cell.rule, cell.parameters), make_batch_law(cell.sampling), cell.batch_size, 0,
                  plan.seed},
        exact_(model, dynamics_.rule, dynamics_.law, cell.batch_size) {
    result_.cell = cell;
  }

  MomentStudy run() {
    add_exact_notions();
    const std::vector<double> scan = scan_steps();
    result_.growth = growth_rows(plan_.etas);
    const bool measured_thresholds =
        std::any_of(plan_.moments.begin(), plan_.moments.end(), [&](double q) { return !is_exact(q); });
    if (plan_.curve || measured_thresholds) result_.curve = growth_rows(scan);
    fill(result_.growth, 0, 0.2);
    fill(result_.curve, 0.2, 0.6);
    add_tail_indices(0.6, 0.7);
    add_moment_notions(0.7, 1);
    // From the weakest notion to the strongest, as far as there is an order.
    std::stable_sort(result_.notions.begin(), result_.notions.end(),
                     [](const auto& a, const auto& b) { return a.moment.value_or(-1) < b.moment.value_or(-1); });
    if (!plan_.curve) result_.curve.clear();
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool is_exact(double q) const { return !plan_.simulate_always && exact_.unavailable(q).empty(); }

  [[nodiscard]] SimulationOptions options(double q) const {
    SimulationOptions result = plan_.simulation;
    result.moment = q;
    result.threads = 1;
    return result;
  }

  [[nodiscard]] EngineFactory engines() const {
    return [this](const Dynamics& at) { return make_linear_engine(model_, at); };
  }

  void add_exact_notions() {
    const MeanSquareThreshold threshold =
        mean_square_threshold(model_, *dynamics_.rule, *dynamics_.law, dynamics_.batch_size);
    edge_ = threshold.eta_deterministic;
    mean_square_ = threshold.eta;
    StableSteps mean;
    mean.method = "noise-free edge";
    mean.searched_to = edge_;
    mean.complete = dynamics_.rule->states() <= 2;  // Jury's conditions are then affine in ηλ
    if (edge_ > 0) mean.intervals.push_back({0, 0, edge_, 1e-14 * edge_, false});
    result_.notions.push_back({"mean", {}, mean, {}});
    result_.notions.push_back({"mean-square", 2.0, exact_.stable_steps(2), {}});
  }

  [[nodiscard]] std::vector<double> scan_steps() const {
    if (plan_.scan) return plan_.scan->steps();
    const double to = std::min(1.5 * edge_, 4 * mean_square_);
    if (!(to > 0)) return {};
    return StepScan{to / MomentPlan::kScanPoints, to, MomentPlan::kScanPoints}.steps();
  }

  [[nodiscard]] std::vector<MomentGrowthRow> growth_rows(const std::vector<double>& etas) const {
    std::vector<MomentGrowthRow> rows;
    for (const double eta : etas) {
      rows.push_back({eta, {}, {}, {}});
      for (const double q : plan_.moments) rows.back().moments.push_back({q, {}, {}});
    }
    return rows;
  }

  /// Exact growth in order, on this thread, because one theory serves all step sizes of a moment; then what must be
  /// measured, in parallel.
  void fill(std::vector<MomentGrowthRow>& rows, double from, double to) {
    struct Task {
      double eta;
      MomentGrowth* growth;
    };
    std::vector<Task> tasks;
    for (std::size_t i = 0; i < plan_.moments.size(); ++i) {
      const double q = plan_.moments[i];
      for (auto& row : rows) {
        if (is_exact(q)) {
          monitor_.check();
          row.moments[i].log_growth = exact_.log_growth(q, row.eta);
        } else {
          tasks.push_back({row.eta, &row.moments[i]});
        }
      }
    }
    in_parallel(tasks.size(), from, to, [&](std::size_t i, const Monitor& monitor) {
      Dynamics at = dynamics_;
      at.eta = tasks[i].eta;
      MomentGrowth& growth = *tasks[i].growth;
      try {
        growth.log_growth =
            moment_growth(*make_linear_engine(model_, at), at, options(growth.moment), monitor).log_growth;
      } catch (const NotConverged& error) {
        growth.reason = error.what();
      }
    });
  }

  void add_tail_indices(double from, double to) {
    if (!plan_.simulate_always && exact_.unavailable(0).empty()) {
      for (auto& row : result_.growth) {
        const TailIndex tail = exact_.tail_index(row.eta);
        row.tail_index = tail.alpha;
        row.no_tail_index = tail.reason;
      }
      return;
    }
    in_parallel(result_.growth.size(), from, to, [&](std::size_t i, const Monitor& monitor) {
      MomentGrowthRow& row = result_.growth[i];
      Dynamics at = dynamics_;
      at.eta = row.eta;
      try {
        const MeasuredTailIndex tail = measure_tail_index(engines(), at, options(2), monitor);
        row.tail_index = tail.alpha;
        row.no_tail_index = tail.reason;
      } catch (const NotConverged& error) {
        row.no_tail_index = error.what();
      }
    });
  }

  void add_moment_notions(double from, double to) {
    const std::size_t first = result_.notions.size();
    std::vector<std::size_t> columns;
    for (std::size_t i = 0; i < plan_.moments.size(); ++i) {
      const double q = plan_.moments[i];
      if (q == 2 && is_exact(q)) continue;
      result_.notions.push_back({q == 0 ? "almost-sure" : "moment", q, {}, {}});
      columns.push_back(i);
      if (!is_exact(q)) continue;
      monitor_.check();
      try {
        result_.notions.back().steps = exact_.stable_steps(q);
      } catch (const NotConverged& error) {
        result_.notions.back().reason = error.what();
      }
    }
    in_parallel(columns.size(), from, to, [&](std::size_t i, const Monitor& monitor) {
      StabilityNotion& notion = result_.notions[first + i];
      if (!is_exact(*notion.moment)) measure(notion, columns[i], monitor);
    });
  }

  void measure(StabilityNotion& notion, std::size_t column, const Monitor& monitor) const {
    std::vector<ScannedGrowth> scan;
    for (const auto& row : result_.curve) {
      const auto& growth = row.moments[column].log_growth;
      if (growth) scan.push_back({row.eta, *growth});
    }
    if (scan.empty()) {
      notion.reason = edge_ == 0 ? "no step size is stable" : "growth could not be measured at any step size";
      return;
    }
    try {
      notion.steps = measured_stable_steps(engines(), dynamics_, scan, options(*notion.moment), monitor);
    } catch (const NotConverged& error) {
      notion.reason = error.what();
    }
  }

  template <class Task>
  void in_parallel(std::size_t count, double from, double to, const Task& task) {
    std::mutex mutex;
    std::vector<double> fractions(count, 0.0);
    const auto report = [&](std::size_t i, double fraction) {
      const std::lock_guard lock(mutex);
      fractions[i] = fraction;
      double sum = 0;
      for (const double f : fractions) sum += f;
      monitor_.report(from + (to - from) * sum / static_cast<double>(count));
    };
    parallel_for(static_cast<std::int64_t>(count), plan_.simulation.threads, [&](std::int64_t index) {
      const auto i = static_cast<std::size_t>(index);
      monitor_.check();
      task(i, {[&report, i](double fraction) { report(i, fraction); }, monitor_.interrupted});
      report(i, 1);
    });
    monitor_.report(to);
  }

  const LinearizedModel& model_;
  const MomentPlan& plan_;
  const Monitor& monitor_;
  Dynamics dynamics_;
  ExactMoments exact_;
  double edge_ = 0;
  double mean_square_ = 0;
  MomentStudy result_;
};

}  // namespace

std::vector<double> StepScan::steps() const {
  std::vector<double> result;
  for (Index i = 0; i < count; ++i)
    result.push_back(from + (to - from) * static_cast<double>(i) / static_cast<double>(count - 1));
  return result;
}

MomentStudy study_moments(const LinearizedModel& model, const Cell& cell, const MomentPlan& plan,
                          const Monitor& monitor) {
  check_plan(plan);
  return Study(model, cell, plan, monitor).run();
}

}  // namespace brink
