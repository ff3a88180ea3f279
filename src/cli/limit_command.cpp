// brink limit: thresholds, growth rates and loss curves of infinitely large models, against finite ones.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "brink/base/error.hpp"
#include "brink/report/limit_report.hpp"
#include "command.hpp"
#include "console.hpp"
#include "option_flags.hpp"
#include "output.hpp"
#include "sections.hpp"

namespace brink::cli {
namespace {

struct SpectrumSection {
  SpectralLawParameters law;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("spectrum", self.law.kind, "law of the eigenvalues of H", "one of marchenko-pastur, power-law, point-mass");
    field("ratio", self.law.ratio, "d/n of marchenko-pastur, parameters over samples", "a number > 0");
    field("exponent", self.law.exponent, "a of power-law, whose eigenvalues are 1, 2^-a, 3^-a, …", "a number > 1");
    field("scale", self.law.scale, "factor of all eigenvalues", "a number > 0");
  }
};

struct LimitBatchSection {
  std::vector<std::string> sampling = {"gaussian"};
  std::vector<double> batch_per_dimension;
  std::vector<std::int64_t> size;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("sampling", self.sampling, "how a batch is drawn; only marchenko-pastur has samples",
          "names among gaussian, without-replacement, with-replacement, bernoulli");
    field("batch_per_dimension", self.batch_per_dimension, "B/d of marchenko-pastur and point-mass; none given: 0.25",
          "numbers > 0");
    field("size", self.size, "B of power-law; none given: 1", "integers >= 1");
  }
};

struct ComparisonSection {
  std::vector<double> eta;
  std::vector<std::int64_t> dimensions;
  std::int64_t draws = 20;
  std::int64_t loss_steps = 0;
  double irreducible = 0;
  std::int64_t replicas = 0;
  std::uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("eta", self.eta, "step sizes η: growth, and the loss curve", "numbers > 0");
    field("dimensions", self.dimensions, "finite dimensions d whose exact thresholds are put beside the limit",
          "integers >= 1, ascending");
    field("draws", self.draws, "random models at every dimension", "an integer >= 1");
    field("loss_steps", self.loss_steps, "length of the expected loss curve at every η; 0: none",
          "an integer in 0..20000");
    field("irreducible", self.irreducible,
          "loss at the minimum (half the variance of label noise) over the excess loss at the start", "a number >= 0");
    field("replicas", self.replicas, "trajectories simulated at the last of --dimensions beside the loss curve",
          "0, or an integer >= 2");
    field("seed", self.seed, "seed of every random stream", "an integer >= 0");
  }
};

struct Options {
  SpectrumSection spectrum;
  OptimizerSection optimizer;
  LimitBatchSection batch;
  ComparisonSection comparison;
};

struct LimitFlags {
  SectionFlags spectrum, optimizer, batch, comparison;
  CommonFlags common;
};

Options read(const LimitFlags& flags) {
  Options options;
  flags.spectrum.apply(options.spectrum);
  flags.optimizer.apply(options.optimizer);
  flags.batch.apply(options.batch);
  flags.comparison.apply(options.comparison);
  if (flags.common.seed) options.comparison.seed = *flags.common.seed;
  auto& batch = options.batch;
  if (make_spectral_law(options.spectrum.law)->proportional()) {
    check_argument(batch.size.empty(), "command line", "--batch", "given",
                   "--batch-per-dimension: in this limit the batch grows with the dimension");
    if (batch.batch_per_dimension.empty()) batch.batch_per_dimension = {0.25};
  } else {
    check_argument(batch.batch_per_dimension.empty(), "command line", "--batch-per-dimension", "given",
                   "--batch: in this limit the dimension is infinite and the batch is not");
    if (batch.size.empty()) batch.size = {1};
  }
  return options;
}

void check_comparison(const ComparisonSection& comparison) {
  const auto& c = comparison;
  for (const double eta : c.eta) check_argument(eta > 0 && std::isfinite(eta), "grid", "eta", eta, "a number > 0");
  for (const auto dimension : c.dimensions) {
    check_argument(dimension >= 1 && dimension <= 20000, "command line", "--dimensions", static_cast<double>(dimension),
                   "integers in 1..20000");
  }
  check_argument(std::is_sorted(c.dimensions.begin(), c.dimensions.end()), "command line", "--dimensions",
                 "not ascending", "ascending integers");
  check_argument(c.draws >= 1 && c.draws <= 100000, "command line", "--draws", static_cast<double>(c.draws),
                 "an integer in 1..100000");
  check_argument(c.loss_steps >= 0 && c.loss_steps <= 20000, "command line", "--loss-steps",
                 static_cast<double>(c.loss_steps), "an integer in 0..20000");
  check_argument(c.irreducible >= 0 && std::isfinite(c.irreducible), "command line", "--irreducible", c.irreducible,
                 "a number >= 0");
  check_argument(c.replicas == 0 || c.replicas >= 2, "command line", "--replicas", static_cast<double>(c.replicas),
                 "0, or an integer >= 2");
  check_argument(c.loss_steps == 0 || !c.eta.empty(), "command line", "--eta", "none",
                 "at least one step size for --loss-steps");
  check_argument(c.replicas == 0 || (c.loss_steps > 0 && !c.dimensions.empty()), "command line", "--replicas",
                 static_cast<double>(c.replicas), "--loss-steps and --dimensions beside it");
  check_argument(c.irreducible == 0 || c.loss_steps > 0, "command line", "--irreducible", c.irreducible,
                 "--loss-steps beside it: the threshold does not depend on label noise");
}

/// Rule, momentum, batch size, sampling, the last fastest. `batches` replaces the batch sizes of the options.
std::vector<LimitRow> make_rows(const Options& options, const std::vector<double>& batches) {
  const auto law = make_spectral_law(options.spectrum.law);
  std::vector<LimitRow> rows;
  for (const auto& rule : options.optimizer.rule) {
    const std::vector<double> usual = {rule == "sgd" ? 0.0 : kUsualMomentum};
    for (const double momentum : options.optimizer.momentum.empty() ? usual : options.optimizer.momentum) {
      const RuleParameters parameters{momentum, options.optimizer.nu, options.optimizer.dampening,
                                      options.optimizer.weight_decay};
      const auto made = make_update_rule(rule, parameters);
      for (const double batch : batches) {
        for (const auto& sampling : options.batch.sampling) {
          LimitRow row;
          row.setting = {options.spectrum.law, rule, parameters, sampling, batch};
          row.noise = limit_noise(*law, sampling, batch);
          row.threshold = limit_threshold(*law, *made, row.noise);
          rows.push_back(row);
        }
      }
    }
  }
  return rows;
}

std::vector<double> batches_of(const Options& options) {
  const auto& sizes = options.batch.size;
  return sizes.empty() ? options.batch.batch_per_dimension : std::vector<double>(sizes.begin(), sizes.end());
}

/// Between the smallest and the largest batch size, for a smooth curve.
std::vector<double> dense_batches(const Options& options) {
  constexpr int kPoints = 60;
  const auto given = batches_of(options);
  const auto [low, high] = std::minmax_element(given.begin(), given.end());
  std::vector<double> dense;
  if (*low == *high) return dense;
  for (int i = 1; i < kPoints; ++i) {
    const double batch = *low * std::pow(*high / *low, static_cast<double>(i) / kPoints);
    if (std::find(given.begin(), given.end(), batch) == given.end()) dense.push_back(batch);
  }
  return dense;
}

LimitLoss loss_of(const LimitRow& row, double eta, const Options& options, int threads, const Monitor& monitor) {
  const auto& comparison = options.comparison;
  LimitLoss loss;
  loss.options = {comparison.loss_steps, comparison.irreducible};
  if (comparison.replicas > 0) {
    LossSimulationOptions simulation;
    simulation.curve = loss.options;
    simulation.dimension = comparison.dimensions.back();
    simulation.replicas = comparison.replicas;
    simulation.seed = comparison.seed;
    simulation.threads = threads;
    loss.simulated = simulated_loss(row.setting, eta, simulation, monitor);
    loss.curve = loss.simulated->limit;
    return loss;
  }
  const auto law = make_spectral_law(row.setting.spectrum);
  const auto rule = make_update_rule(row.setting.rule, row.setting.parameters);
  loss.curve = limit_loss_curve(*law, *rule, row.noise, eta, loss.options);
  return loss;
}

/// Growth, loss curves and draws of one row; `progress` is told after each of them.
void complete(LimitRow& row, const Options& options, int threads, const Monitor& monitor,
              const std::function<void()>& progress) {
  const auto law = make_spectral_law(row.setting.spectrum);
  const auto rule = make_update_rule(row.setting.rule, row.setting.parameters);
  for (const double eta : options.comparison.eta) {
    monitor.check();
    LimitGrowthRow growth{eta, limit_growth(*law, *rule, row.noise, eta), {}};
    if (options.comparison.loss_steps > 0) growth.loss = loss_of(row, eta, options, threads, monitor);
    row.growth.push_back(std::move(growth));
    progress();
  }
  for (const auto dimension : options.comparison.dimensions) {
    row.draws.push_back(
        drawn_threshold(row.setting, dimension, options.comparison.draws, options.comparison.seed, threads, monitor));
    progress();
  }
}

int run_limit(const LimitFlags& flags) {
  const Options options = read(flags);
  check_comparison(options.comparison);
  auto rows = make_rows(options, batches_of(options));
  std::optional<Run> directory;
  if (flags.common.out) {
    directory.emplace(*flags.common.out,
                      Sections{{"model", write_options(options.spectrum)},
                               {"optimizer", write_options(options.optimizer)},
                               {"batch", write_options(options.batch)},
                               {"simulation", write_options(options.comparison)}},
                      flags.common.force);
  }
  Console console(flags.common.quiet);
  console.start("limit");
  const double units = static_cast<double>(rows.size()) *
                       static_cast<double>(options.comparison.eta.size() + options.comparison.dimensions.size());
  double done = 0;
  Monitor interrupt;
  interrupt.interrupted = console.monitor().interrupted;
  for (auto& row : rows) {
    complete(row, options, flags.common.threads, interrupt, [&] { console.monitor().report(++done / units); });
  }
  console.finish();

  const bool has_draws = !options.comparison.dimensions.empty();
  const bool has_loss = options.comparison.loss_steps > 0;
  Output output{limit_json(rows), limit_table(rows)};
  output.text = to_text(output.table);
  if (has_draws) output.text += "\nfinite models\n" + to_text(limit_draws_table(rows));
  if (has_loss) output.text += "\nexcess loss, in units of its start\n" + to_text(limit_loss_table(rows));
  if (directory) {
    draw_figures(directory->directory(), limit_figures(rows, make_rows(options, dense_batches(options))), console);
    std::vector<std::pair<std::string, Table>> tables = {{"limit", output.table}};
    if (has_draws) tables.emplace_back("draws", limit_draws_table(rows));
    if (has_loss) tables.emplace_back("loss-curve", limit_loss_table(rows));
    directory->finish(output.json, tables, flags.common.threads);
  }
  write_output(output, flags.common.format);
  return kDone;
}

}  // namespace

Action add_limit_command(CLI::App& program) {
  auto flags = std::make_shared<LimitFlags>();
  CLI::App* app = program.add_subcommand(
      "limit", "thresholds, growth and loss curves of infinitely large models, against finite ones");
  flags->spectrum.add<SpectrumSection>(*app);
  flags->optimizer.add<OptimizerSection>(*app);
  flags->batch.add<LimitBatchSection>(*app, {{"size", "--batch"}});
  flags->comparison.add<ComparisonSection>(*app, {{"seed", ""}});
  add_common_flags(*app, flags->common);
  app->footer(
      "Only the law of the eigenvalues of H counts in the limit. marchenko-pastur and point-mass grow with B/d and "
      "d/n\n"
      "fixed, power-law has infinitely many parameters at a fixed B. --dimensions puts exact thresholds of finite "
      "models\n"
      "beside the limit, --loss-steps adds the expected loss at every --eta, --replicas simulates it. --out DIR also\n"
      "draws the figures.\n\n"
      "Examples:\n"
      "  brink limit --ratio 0.5 --batch-per-dimension 0.1,1,2 --rule heavy-ball --momentum 0,0.9\n"
      "  brink limit --spectrum power-law --exponent 1.5 --batch 1,4,16 --dimensions 100,1000,10000\n"
      "  brink limit --batch-per-dimension 0.5 --eta 0.2,0.3 --loss-steps 200 --dimensions 400 --replicas 100 --out "
      "runs/limit");
  return [flags] { return run_limit(*flags); };
}

}  // namespace brink::cli
