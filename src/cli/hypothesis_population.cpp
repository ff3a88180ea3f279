#include "hypothesis_population.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

#include "brink/base/error.hpp"
#include "brink/base/parallel.hpp"
#include "brink/report/hypothesis_report.hpp"
#include "train_probes.hpp"

namespace brink::cli {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

bool varies(const HypothesisFile& file, const char* what) { return contains(file.population.vary, what); }

/// Rule, momentum, batch size, sampling; sgd with momentum 0 alone.
std::vector<Cell> cells_of(const GridOptions& grid) {
  std::vector<Cell> cells;
  for (const auto& rule : grid.optimizer.rule) {
    std::vector<double> momenta = grid.optimizer.momentum;
    if (rule == "sgd") {
      momenta = {0};
    } else if (momenta.empty()) {
      momenta = {kUsualMomentum};
    }
    for (const double momentum : momenta)
      for (const std::int64_t size : grid.batch.size)
        for (const auto& sampling : grid.batch.sampling)
          cells.push_back({rule,
                           {momentum, grid.optimizer.nu, grid.optimizer.dampening, grid.optimizer.weight_decay},
                           sampling,
                           size});
  }
  return cells;
}

/// One training run of the grid.
struct TrainingUnit {
  Cell cell;
  double step = 0;  ///< as the grid gives it
};

class TrainingPopulation {
 public:
  TrainingPopulation(const HypothesisFile& file, const GridOptions& grid) : file_(file), grid_(grid) {
    const auto known = trace_functions();
    for (const auto& [name, text] : file.wanted.calls) {
      if (std::find(known.begin(), known.end(), name) != known.end())
        want_traces(text);
      else
        check_argument(name == "threshold", "expression", name, "\"" + text + "\"",
                       fmt::format("threshold or one of {}", fmt::join(known, ", ")));
    }
    traces_.insert("step");
    for (const auto& name : file.wanted.names) {
      const std::vector<std::string> columns = {"seed", "rule",           "sampling", "momentum",          "batch",
                                                "eta",  "effective_rate", "steps",    "eta_over_threshold"};
      if (std::find(columns.begin(), columns.end(), name) == columns.end())
        throw InvalidInput(
            fmt::format("population: column \"{}\" is unknown, the nearest known one is \"{}\"; traces "
                        "are asked for as final(\"loss\"), tail(\"sharpness\")",
                        name, nearest_name(name, columns)));
    }
    const auto steps = grid.grid.eta_over_threshold.empty() ? grid.grid.eta : grid.grid.eta_over_threshold;
    check_argument(!steps.empty(), "[grid]", "eta", "an empty list", "at least one step size for training runs");
    for (const Cell& cell : cells_of(grid))
      for (const double step : steps) units_.push_back({cell, step});
  }

  [[nodiscard]] std::size_t size() const { return units_.size(); }

  [[nodiscard]] Observation run(std::int64_t seed, std::size_t unit, const Monitor& monitor) const {
    const auto& [cell, step] = units_[unit];
    Configuration configuration = file_.configuration;
    Sections& sections = configuration.sections;
    if (varies(file_, "model")) sections["model"]["seed"] = seed;
    const std::vector<std::string> rule(1, cell.rule);
    const std::vector<std::string> sampling(1, cell.sampling);
    sections["optimizer"]["rule"] = rule;
    sections["optimizer"]["momentum"] = std::vector<double>(1, cell.parameters.momentum);
    sections["batch"]["size"] = std::vector<double>(1, static_cast<double>(cell.batch_size));
    sections["batch"]["sampling"] = sampling;

    Observation result;
    result.seed = seed;
    result.parameters = {"rule", "sampling", "momentum", "batch"};
    result.texts = {{"rule", cell.rule}, {"sampling", cell.sampling}};
    const double momentum = cell.parameters.momentum;
    result.numbers = {{"momentum", momentum}, {"batch", static_cast<double>(cell.batch_size)}};
    const bool by_multiple = !grid_.grid.eta_over_threshold.empty();
    double eta = file_.population.eta_is_effective ? step_of_effective_rate(step, momentum) : step;
    if (by_multiple) eta = kUnknown;
    const auto column = [](const std::string& text) { return fmt::format("threshold(\"{}\")", text); };
    // Conditions on runs see these of a run that fails too.
    for (const auto& trace : traces_) result.traces[trace];
    for (const auto& [name, text] : file_.wanted.calls)
      if (name == "threshold") result.numbers[column(text)] = kUnknown;
    try {
      std::optional<LoadedModel> model;
      if (by_multiple || wants_threshold()) model = load_model(sections["model"], configuration.directory);
      if (by_multiple) eta = step * named_threshold(model->model, cell, "mean-square");
      for (const auto& [name, text] : file_.wanted.calls)
        if (name == "threshold") result.numbers[column(text)] = named_threshold(model->model, cell, text);
    } catch (const NotConverged& error) {
      result.failure = std::string("not converged: ") + error.what();
    }
    const char* parameter = by_multiple                         ? "eta_over_threshold"
                            : file_.population.eta_is_effective ? "effective_rate"
                                                                : "eta";
    result.parameters.emplace_back(parameter);
    result.numbers["eta"] = eta;
    result.numbers["effective_rate"] = eta / (1 - momentum);
    result.numbers[parameter] = step;
    if (!result.failure.empty()) return result;
    sections["training"]["eta"] = eta;

    const TrainableProblem problem = load_trainable(sections["model"], configuration.directory);
    const auto precise = problem.precise();
    const auto batch_seed = varies(file_, "batches") ? std::optional<std::uint64_t>(seed) : std::nullopt;
    const TrainJob job = read_train_job(configuration, batch_seed, precise->samples(), precise->parameters());
    try {
      if (job.training.precision == "float") {
        train_into(*problem.single(), problem.start, job, result, monitor);
      } else {
        train_into(*precise, problem.start, job, result, monitor);
      }
    } catch (const NotConverged& error) {  // a probe
      result.failure = std::string("not converged: ") + error.what();
    }
    return result;
  }

 private:
  /// Every name in the text that is a column of the record; others may be parameters.
  void want_traces(const std::string& text) {
    const auto recorded = record_names(curvature_columns());
    bool any = false;
    const Expression expression = Expression::parse(text);
    for (const auto& name : expression.variables()) {
      if (std::find(recorded.begin(), recorded.end(), name) == recorded.end()) continue;
      traces_.insert(name);
      any = true;
    }
    if (!any)
      throw InvalidInput(fmt::format("expression: \"{}\" names no column of the record, the nearest one is \"{}\"",
                                     text, nearest_name(text, recorded)));
  }

  static std::vector<std::string> curvature_columns() {
    std::vector<std::string> columns;
    for (const auto& name : curvature_probe_names()) {
      columns.push_back(name);
      columns.push_back(name + "_error");
    }
    return columns;
  }

  [[nodiscard]] bool wants_threshold() const {
    return std::any_of(file_.wanted.calls.begin(), file_.wanted.calls.end(),
                       [](const auto& call) { return call.first == "threshold"; });
  }

  template <class Real>
  void train_into(const Objective<Real>& objective, const Vector& start, const TrainJob& job, Observation& result,
                  const Monitor& monitor) const {
    const auto probes = probes_of(objective, probe_settings(job, 1));
    std::vector<std::string> names;
    for (const auto& probe : probes) names.push_back(probe.name);
    names = record_names(names);
    TrainingState<Real> state = start_training<Real>(objective, job.plan, start.cast<Real>());
    TrainingSurroundings<Real> surroundings;
    surroundings.monitor.interrupted = monitor.interrupted;
    train<Real>(objective, job.plan, probes, state, surroundings);
    if (state.status == TrainingStatus::running) throw Interrupted("interrupted");
    result.numbers["steps"] = static_cast<double>(state.step);
    if (state.status == TrainingStatus::diverged) result.failure = "diverged: " + state.reason;
    for (const auto& trace : traces_) {
      const auto column = std::find(names.begin(), names.end(), trace);
      if (column == names.end())
        throw InvalidInput(
            fmt::format("expression: trace \"{}\" is not recorded, need one of {}", trace, fmt::join(names, ", ")));
      auto& values = result.traces[trace];
      for (const auto& record : state.records)
        values.push_back(record[static_cast<std::size_t>(column - names.begin())]);
    }
  }

  const HypothesisFile& file_;
  const GridOptions& grid_;
  std::set<std::string> traces_;
  std::vector<TrainingUnit> units_;
};

LinearPopulationPlan linear_plan(const HypothesisFile& file, const GridOptions& grid) {
  SimulationSection simulation;
  simulation.replicas = 1024;
  simulation.steps = 500;
  simulation.burn_in = 200;
  read_section(file.configuration, "simulation", simulation);
  LinearPopulationPlan plan;
  plan.model = file.configuration.sections.at("model");
  plan.directory = file.configuration.directory;
  plan.vary_model = varies(file, "model");
  plan.vary_batches = varies(file, "batches");
  plan.cells = cells_of(grid);
  plan.eta = grid.grid.eta;
  plan.eta_over_threshold = grid.grid.eta_over_threshold;
  plan.eta_is_effective = file.population.eta_is_effective;
  plan.replicas = simulation.replicas;
  plan.steps = simulation.steps;
  plan.burn_in = simulation.burn_in;
  return plan;
}

/// Finished units by "KEY UNIT", as the log holds them.
std::map<std::string, std::string> finished(const AppendLog* log) {
  std::map<std::string, std::string> lines;
  if (!log) return lines;
  for (const auto& line : log->lines()) {
    const auto first = line.find(' ');
    const auto second = first == std::string::npos ? first : line.find(' ', first + 1);
    if (second != std::string::npos) lines[line.substr(0, second)] = line.substr(second + 1);
  }
  return lines;
}

}  // namespace

std::vector<Observation> make_population(const HypothesisFile& file, std::int64_t first, std::int64_t seeds,
                                         int threads, const Monitor& monitor, AppendLog* log, const std::string& key) {
  GridOptions grid;
  grid.read(file.configuration);
  check_step_sizes(grid.grid);
  const bool training = file.population.runs == "training";
  std::optional<TrainingPopulation> trained;
  if (training) trained.emplace(file, grid);
  const LinearPopulationPlan plan = linear_plan(file, grid);
  const std::int64_t per_seed = training ? static_cast<std::int64_t>(trained->size()) : 1;
  const std::int64_t units = per_seed * seeds;
  const auto known = finished(log);
  std::vector<std::vector<Observation>> runs(static_cast<std::size_t>(units));
  std::mutex mutex;
  std::atomic<std::int64_t> done{0};
  parallel_for(units, threads, [&](std::int64_t unit) {
    monitor.check();
    const std::int64_t seed = first + unit / per_seed;
    const std::string name = fmt::format("{} {}", key, unit);
    auto& made = runs[static_cast<std::size_t>(unit)];
    const auto taken = known.find(name);
    if (taken != known.end()) {
      made = observations_of(taken->second);
    } else {
      if (training) {
        made = {trained->run(seed, static_cast<std::size_t>(unit % per_seed), monitor)};
      } else {
        made = linear_population(plan, seed, file.wanted, monitor);
      }
      if (log) {
        const std::lock_guard lock(mutex);
        log->append(name + " " + observations_line(made));
      }
    }
    monitor.report(static_cast<double>(++done) / static_cast<double>(units));
  });
  std::vector<Observation> all;
  for (auto& each : runs)
    all.insert(all.end(), std::make_move_iterator(each.begin()), std::make_move_iterator(each.end()));
  return all;
}

}  // namespace brink::cli
