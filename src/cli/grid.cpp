#include "grid.hpp"

#include <fmt/format.h>

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/sampling/population_law.hpp"
#include "brink/stability/mean_square.hpp"
#include "sections.hpp"

namespace brink::cli {
namespace {

void check_batch(const LinearizedModel& model, const std::string& sampling, Index size, std::optional<Index> population,
                 bool allow_epochs) {
  if (sampling == kReshuffled) {
    check_argument(
        allow_epochs, "batch", "sampling", sampling,
        "independent batches, such as --sampling without-replacement; for shuffled epochs use brink threshold "
        "--sampling without-replacement --reshuffling (theory) or brink simulate --sampling reshuffled");
    check_argument(model.has_samples(), "batch", "sampling", sampling, "a model with samples to shuffle");
    check_argument(size >= 1 && size <= model.samples().samples, "batch", "size", size,
                   fmt::format("an integer in 1..{} (the number of samples)", model.samples().samples));
    return;
  }
  const auto law = law_of(sampling, population);
  const bool fresh_rows = law->fresh_gaussian_rows();
  if (!model.has_samples()) {
    check_argument(fresh_rows, "batch", "sampling", sampling, "gaussian: the model is a spectrum without samples");
    check_argument(size >= 1, "batch", "size", size, "an integer >= 1");
    return;
  }
  const Index n = law->population(model.samples().samples);
  check_argument(size >= 1 && size <= n, "batch", "size", size,
                 fmt::format("an integer in 1..{} (the number of samples)", n));
}

template <class Value>
void check_not_empty(const std::vector<Value>& list, const char* section, const char* key) {
  check_argument(!list.empty(), section, key, "an empty list", "at least one value");
}

}  // namespace

void GridOptions::read(const Configuration& configuration) {
  read_section(configuration, "optimizer", optimizer);
  read_section(configuration, "batch", batch);
  read_section(configuration, "grid", grid);
}

void GridFlags::add(CLI::App& app, bool step_sizes) {
  optimizer_.add<OptimizerSection>(app);
  batch_.add<BatchSection>(app, {{"size", "--batch"}});
  grid_.add<GridSection>(app, {{"eta", step_sizes ? "--eta" : ""}, {"eta_over_threshold", ""}});
}

void GridFlags::apply(GridOptions& options) const {
  optimizer_.apply(options.optimizer);
  batch_.apply(options.batch);
  const std::vector<double> before = options.grid.eta;
  grid_.apply(options.grid);
  if (options.grid.eta != before) options.grid.eta_over_threshold.clear();
}

std::shared_ptr<const BatchLaw> law_of(const std::string& sampling, std::optional<Index> population) {
  auto law = make_batch_law(sampling);
  return population ? make_population_law(std::move(law), *population) : law;
}

std::vector<Cell> make_cells(const GridOptions& options, const LinearizedModel& model, std::optional<Index> population,
                             bool allow_epochs) {
  const auto& [optimizer, batch, grid] = options;
  check_not_empty(optimizer.rule, "optimizer", "rule");
  check_not_empty(batch.size, "batch", "size");
  check_not_empty(batch.sampling, "batch", "sampling");
  std::vector<Cell> cells;
  for (const auto& rule : optimizer.rule) {
    const std::vector<double> usual = {rule == "sgd" ? 0.0 : kUsualMomentum};
    for (const double momentum : optimizer.momentum.empty() ? usual : optimizer.momentum) {
      const RuleParameters parameters{momentum, optimizer.nu, optimizer.dampening, optimizer.weight_decay};
      (void)make_update_rule(rule, parameters);  // refuses what does not exist
      for (const std::int64_t size : batch.size) {
        for (const auto& sampling : batch.sampling) {
          check_batch(model, sampling, size, population, allow_epochs);
          cells.push_back({rule, parameters, sampling, size});
        }
      }
    }
  }
  return cells;
}

void check_step_sizes(const GridSection& grid) {
  for (const double eta : grid.eta) check_argument(eta > 0 && std::isfinite(eta), "grid", "eta", eta, "a number > 0");
  for (const double factor : grid.eta_over_threshold)
    check_argument(factor > 0 && std::isfinite(factor), "grid", "eta_over_threshold", factor, "a number > 0");
  check_argument(grid.eta.empty() || grid.eta_over_threshold.empty(), "grid", "eta and eta_over_threshold", "both",
                 "one of them");
}

std::shared_ptr<const BatchLaw> nearest_law(const std::string& sampling) {
  return make_batch_law(sampling == kReshuffled ? "without-replacement" : sampling);
}

std::vector<double> step_sizes(const LinearizedModel& model, const Cell& cell, const GridSection& grid) {
  if (grid.eta_over_threshold.empty()) return grid.eta;
  const double threshold = mean_square_threshold(model, *make_update_rule(cell.rule, cell.parameters),
                                                 *nearest_law(cell.sampling), cell.batch_size)
                               .eta;
  check_argument(threshold > 0 && std::isfinite(threshold), "grid", "eta_over_threshold", threshold,
                 "a model with a positive finite threshold to take multiples of, or eta");
  std::vector<double> etas;
  for (const double factor : grid.eta_over_threshold) etas.push_back(factor * threshold);
  return etas;
}

}  // namespace brink::cli
