#include "brink/verification/population.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

#include "brink/base/error.hpp"
#include "brink/simulation/growth.hpp"
#include "brink/simulation/measured_threshold.hpp"
#include "brink/stability/criterion.hpp"
#include "brink/stability/critical_mode.hpp"
#include "brink/stability/escape.hpp"
#include "brink/stability/mean_square.hpp"
#include "brink/verification/reshuffled_stability.hpp"

namespace brink {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kSeedKey = "seed";

/// One cell of one model, and everything about it that was computed so far.
class CellColumns {
 public:
  CellColumns(const LinearizedModel& model, const Cell& cell, const SampleMoments* moments, TransferBasis* basis,
              const LinearPopulationPlan& plan, std::uint64_t seed, const Monitor& monitor)
      : model_(model),
        cell_(cell),
        moments_(moments),
        plan_(plan),
        seed_(seed),
        monitor_(monitor),
        rule_(make_update_rule(cell.rule, cell.parameters)),
        law_(make_batch_law(cell.sampling)),
        threshold_(mean_square_threshold(model, *rule_, *law_, cell.batch_size, basis)) {}

  [[nodiscard]] double eta_mean_square() const { return threshold_.eta; }

  [[nodiscard]] Estimate value(const std::string& name, double eta) const {
    if (name == "measured_log_growth") return growth(eta, 2);
    if (name == "measured_lyapunov") return growth(eta, 0);
    if (name == "measured_threshold") return measured();
    if (name == "eta_reshuffled") return reshuffled();
    Estimate exact;
    exact.value = computed(name, eta);
    return exact;
  }

 private:
  double computed(const std::string& name, double eta) const {
    if (name == "eta_mean_square") return threshold_.eta;
    if (name == "eta_deterministic") return threshold_.eta_deterministic;
    if (name == "batch_sharpness_in_times_eta")
      return moments_ ? moments_->in_times_eta(*law_, cell_.batch_size, threshold_).value_or(kNaN) : kNaN;
    if (name == "smallest_mu") return escape_bound(model_, *rule_, *law_, cell_.batch_size).smallest_mu;
    return mean_square_growth(model_, *rule_, *law_, cell_.batch_size, eta).log_growth;
  }
  EngineFactory engines() const {
    return [this](const Dynamics& dynamics) { return make_linear_engine(model_, dynamics); };
  }
  Dynamics dynamics(double eta) const { return {rule_, law_, cell_.batch_size, eta, seed_}; }
  SimulationOptions options(double moment) const { return {plan_.replicas, plan_.steps, plan_.burn_in, moment, 1}; }
  Estimate growth(double eta, double moment) const {
    const Dynamics at = dynamics(eta);
    return moment_growth(*engines()(at), at, options(moment), {{}, monitor_.interrupted}).log_growth;
  }
  Estimate measured() const {
    return measure_threshold(engines(), dynamics(threshold_.eta), threshold_.eta, options(2),
                             {{}, monitor_.interrupted})
        .eta;
  }
  Estimate reshuffled() const {
    const Epoch epoch{model_.samples().samples, cell_.batch_size, LastBatch::smaller};
    const auto independent =
        mean_square_threshold(model_, *rule_, *make_batch_law("without-replacement"), cell_.batch_size);
    ReshuffledOptions options;
    options.replicas = plan_.replicas;
    options.seed = seed_;
    return reshuffled_stability(model_, rule_, epoch, independent, options, {{}, monitor_.interrupted}).eta;
  }

  const LinearizedModel& model_;
  const Cell& cell_;
  const SampleMoments* moments_;
  const LinearPopulationPlan& plan_;
  std::uint64_t seed_;
  const Monitor& monitor_;
  std::shared_ptr<const UpdateRule> rule_;
  std::shared_ptr<const BatchLaw> law_;
  MeanSquareThreshold threshold_;
};

/// ⟨‖H_k‖_F²⟩/‖H‖_F² − 1: Var(h)/a² of a scalar problem.
double relative_noise(const LinearizedModel& model) {
  const SampleRows& rows = model.samples();
  double sum = 0;
  for (Index k = 0; k < rows.samples; ++k) {
    const RowMatrix a = rows.rows.middleRows(k * rows.outputs, rows.outputs);
    RowMatrix signed_rows = a;
    if (rows.is_signed()) signed_rows = rows.signs.segment(k * rows.outputs, rows.outputs).asDiagonal() * a;
    const RowMatrix product = a * signed_rows.transpose();
    sum += product.cwiseProduct(product.transpose()).sum();
  }
  return sum / (static_cast<double>(rows.samples) * model.spectrum().squaredNorm()) - 1;
}

std::optional<double> model_column(const LinearizedModel& model, const std::string& name) {
  if (name == "rank") return static_cast<double>(model.rank());
  if (name == "lambda_max") return model.lambda_max();
  if (name == "trace") return model.trace();
  if (name == "frobenius") return model.frobenius();
  if (name == "samples") return model.has_samples() ? static_cast<double>(model.samples().samples) : kNaN;
  if (name == "relative_noise") return model.has_samples() ? relative_noise(model) : kNaN;
  return std::nullopt;
}

bool is_parameter(const std::string& name) {
  for (const char* known :
       {"seed", "rule", "sampling", "momentum", "batch", "eta", "eta_over_threshold", "effective_rate"})
    if (name == known) return true;
  return false;
}

void check_wanted(const WantedColumns& wanted, bool has_eta) {
  std::vector<std::string> known;
  for (const auto& column : linear_columns()) known.push_back(column.name);
  for (const auto& name : wanted.names) {
    if (is_parameter(name)) {
      check_argument(has_eta || (name != "eta" && name != "eta_over_threshold" && name != "effective_rate"),
                     "population", name, "not set", "[grid] eta or eta_over_threshold");
      continue;
    }
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw InvalidInput(fmt::format("population: column \"{}\" is unknown, the nearest known one is \"{}\"", name,
                                     nearest_name(name, known)));
    const bool at_step = name == "log_growth" || name == "measured_log_growth" || name == "measured_lyapunov";
    check_argument(!at_step || has_eta, "population", name, "without a step size", "[grid] eta or eta_over_threshold");
  }
  for (const auto& [name, text] : wanted.calls)
    check_argument(name == "threshold", "population", name, "\"" + text + "\"",
                   "threshold(\"…\"): linear runs have no traces");
}

LoadedModel load_of_seed(const LinearPopulationPlan& plan, std::int64_t seed) {
  OptionTable options = plan.model;
  if (plan.vary_model) options[kSeedKey] = seed;
  return load_model(options, plan.directory);
}

}  // namespace

void WantedColumns::add(const Expression& expression) {
  names.insert(expression.variables().begin(), expression.variables().end());
  for (const auto& call : expression.calls()) calls.emplace(call.name, call.text);
}

const std::vector<ColumnDescription>& linear_columns() {
  static const std::vector<ColumnDescription> columns = {
      {"eta_mean_square", "η*, the exact mean-square threshold"},
      {"eta_deterministic", "the noise-free edge"},
      {"eta_reshuffled", "η* of shuffled epochs: exact where all orders can be enumerated, measured elsewhere"},
      {"batch_sharpness_in_times_eta", "η times batch sharpness at the critical mode of the threshold"},
      {"smallest_mu", "min μ: alignment of noise and curvature at its worst (sgd)"},
      {"log_growth", "exact growth of E‖z‖² a step at η"},
      {"measured_log_growth", "the same from trajectories, by cloning"},
      {"measured_lyapunov", "the top Lyapunov exponent at η, from trajectories"},
      {"measured_threshold", "zero of the measured growth"},
      {"lambda_max", "of the Hessian"},
      {"trace", "of the Hessian"},
      {"frobenius", "of the Hessian"},
      {"rank", "of the Hessian"},
      {"samples", "n"},
      {"relative_noise", "⟨‖H_k‖²⟩/‖H‖² − 1 (Frobenius norms): Var(h)/a² of a scalar problem"},
  };
  return columns;
}

double step_of_effective_rate(double effective, double momentum) { return effective * (1 - momentum); }

double named_threshold(const LinearizedModel& model, const Cell& cell, const std::string& name) {
  const auto rule = make_update_rule(cell.rule, cell.parameters);
  const auto law = make_batch_law(cell.sampling);
  if (name == "mean-square") return mean_square_threshold(model, *rule, *law, cell.batch_size).eta;
  std::string known = "mean-square";
  for (const Bound& bound : evaluate_criteria(model, *rule, *law, cell.batch_size)) {
    if (bound.name == name) {
      if (!bound.eta) throw NotConverged(fmt::format("threshold(\"{}\"): {}", name, bound.reason));
      return *bound.eta;
    }
    known += ", " + bound.name;
  }
  throw InvalidInput(fmt::format("threshold(\"{}\"): need one of {}", name, known));
}

std::vector<Observation> linear_population(const LinearPopulationPlan& plan, std::int64_t seed,
                                           const WantedColumns& wanted, const Monitor& monitor) {
  const bool by_multiple = !plan.eta_over_threshold.empty();
  const bool has_eta = by_multiple || !plan.eta.empty();
  check_wanted(wanted, has_eta);
  const LoadedModel loaded = load_of_seed(plan, seed);
  const LinearizedModel& model = loaded.model;
  std::optional<SampleMoments> moments;
  if (wanted.names.count("batch_sharpness_in_times_eta") != 0) moments.emplace(model);
  std::optional<TransferBasis> basis;
  if (model.has_samples()) basis.emplace(model);
  const std::uint64_t batch_seed = plan.vary_batches ? static_cast<std::uint64_t>(seed) : 0;

  std::vector<Observation> runs;
  for (const Cell& cell : plan.cells) {
    monitor.check();
    Observation base;
    base.seed = seed;
    base.parameters = {"rule", "sampling", "momentum", "batch"};
    base.texts = {{"rule", cell.rule}, {"sampling", cell.sampling}};
    base.numbers = {{"momentum", cell.parameters.momentum}, {"batch", static_cast<double>(cell.batch_size)}};
    const auto column_of = [](const std::string& name, const std::string& text) {
      return fmt::format("{}(\"{}\")", name, text);
    };
    // Where a threshold is not found its column is there all the same: `where` asks for it.
    for (const auto& [name, text] : wanted.calls) base.numbers[column_of(name, text)] = kNaN;
    std::optional<CellColumns> columns;
    try {
      columns.emplace(model, cell, moments ? &*moments : nullptr, basis ? &*basis : nullptr, plan, batch_seed, monitor);
      for (const auto& [name, text] : wanted.calls)
        base.numbers[column_of(name, text)] = named_threshold(model, cell, text);
    } catch (const NotConverged& error) {
      base.failure = std::string("not converged: ") + error.what();
    }
    std::vector<double> steps = by_multiple ? plan.eta_over_threshold : plan.eta;
    if (!has_eta) steps = {kNaN};
    for (const double step : steps) {
      Observation run = base;
      double eta = step;
      if (by_multiple) eta = columns ? step * columns->eta_mean_square() : kNaN;
      if (!by_multiple && plan.eta_is_effective) eta = step_of_effective_rate(step, cell.parameters.momentum);
      if (has_eta) {
        const char* parameter = by_multiple ? "eta_over_threshold" : plan.eta_is_effective ? "effective_rate" : "eta";
        run.parameters.emplace_back(parameter);
        run.numbers["eta"] = eta;
        run.numbers["effective_rate"] = eta / (1 - cell.parameters.momentum);
        run.numbers[parameter] = step;
      }
      for (const auto& name : wanted.names) {
        if (is_parameter(name)) continue;
        if (const auto known = model_column(model, name)) {
          run.numbers[name] = *known;
          continue;
        }
        run.numbers[name] = kNaN;
        if (!run.failure.empty()) continue;
        try {
          const Estimate estimate = columns->value(name, eta);
          run.numbers[name] = estimate.value;
          if (estimate.kind == ErrorKind::standard_error && estimate.error > 0)
            run.standard_errors[name] = estimate.error;
        } catch (const NotConverged& error) {
          run.failure = std::string("not converged: ") + error.what();
        }
      }
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

}  // namespace brink
