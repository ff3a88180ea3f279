#include "theory.hpp"

#include <algorithm>
#include <cmath>

#include "brink/base/parallel.hpp"
#include "brink/stability/critical_mode.hpp"

namespace brink {
namespace {

constexpr double kSlopeStep = 1e-3;  // relative step of the central difference in η

bool same_group(const Cell& a, const Cell& b) {
  const auto key = [](const Cell& cell) {
    const auto& p = cell.parameters;
    return std::tie(cell.rule, p.momentum, p.nu, p.dampening, p.weight_decay, cell.sampling);
  };
  return key(a) == key(b);
}

std::vector<std::vector<std::size_t>> groups_of(const std::vector<Cell>& cells) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto found = std::find_if(groups.begin(), groups.end(),
                                    [&](const auto& group) { return same_group(cells[group.front()], cells[i]); });
    if (found == groups.end()) {
      groups.push_back({i});
    } else {
      found->push_back(i);
    }
  }
  return groups;
}

LiftedMode start_of(const LinearizedModel& model, const CellTheory& theory, double eta,
                    const MeanSquareGrowth& growth) {
  return lifted_mode(*theory.rule, model.spectrum(), eta, growth.log_growth, growth.mode);
}

TheoryPoint point_at(const LinearizedModel& model, const CellTheory& theory, double eta, double perturbation,
                     TransferBasis* basis) {
  const auto growth = [&](double at) {
    return mean_square_growth(model, *theory.rule, *theory.law, theory.batch_size, at, basis);
  };
  TheoryPoint point;
  point.eta = eta;
  point.eta_over_threshold = theory.eta > 0 ? eta / theory.eta : 0;
  const MeanSquareGrowth shifted = growth(eta / (1 + perturbation));
  point.log_growth = shifted.log_growth;
  point.error = shifted.residual;
  point.slope =
      (growth(eta * (1 + kSlopeStep)).log_growth - growth(eta * (1 - kSlopeStep)).log_growth) / (2 * kSlopeStep);
  if (theory.has_noise) point.start = start_of(model, theory, eta, growth(eta));
  return point;
}

CellTheory theory_of(const LinearizedModel& model, const Cell& cell, const StepSizes& steps, double perturbation,
                     const SampleMoments& moments, TransferBasis* basis) {
  CellTheory theory;
  theory.rule = make_update_rule(cell.rule, cell.parameters);
  theory.law = make_batch_law(cell.sampling);
  theory.batch_size = cell.batch_size;
  MeanSquareThreshold threshold = mean_square_threshold(model, *theory.rule, *theory.law, cell.batch_size, basis);
  theory.has_noise = law_has_noise(model, *theory.law, cell.batch_size);
  theory.eta = threshold.eta;

  CellResult& result = theory.result;
  result.cell = cell;
  result.eta_deterministic = (1 + perturbation) * threshold.eta_deterministic;
  result.eta_mean_square = (1 + perturbation) * threshold.eta;
  result.residual = threshold.residual;
  result.warnings = threshold.warnings;
  if (const auto sharpness = moments.in_times_eta(*theory.law, cell.batch_size, threshold)) {
    result.batch_sharpness_times_eta = (1 + perturbation) * *sharpness;
  }
  std::vector<double> etas = steps.absolute;
  if (!steps.over_threshold.empty()) {
    etas.clear();
    if (threshold.eta > 0 && std::isfinite(threshold.eta)) {
      for (const double factor : steps.over_threshold) etas.push_back(factor * threshold.eta);
    } else {
      result.warnings.emplace_back("there is no threshold to take multiples of");
    }
  }
  for (const double eta : etas) theory.points.push_back(point_at(model, theory, eta, perturbation, basis));
  if (theory.has_noise && theory.eta > 0 && !etas.empty()) {
    theory.critical_start =
        start_of(model, theory, theory.eta,
                 mean_square_growth(model, *theory.rule, *theory.law, cell.batch_size, theory.eta, basis));
  }
  return theory;
}

}  // namespace

bool law_has_noise(const LinearizedModel& model, const BatchLaw& law, Index batch_size) {
  if (law.fresh_gaussian_rows()) return true;
  const auto moment = law.second_moment(model.samples().samples, batch_size);
  return moment.p1 != 0 || moment.p2 != 0;
}

std::vector<CellTheory> compute_theory(const LinearizedModel& model, const std::vector<Cell>& cells,
                                       const StepSizes& steps, double perturbation, int threads,
                                       const Monitor& monitor) {
  const auto groups = groups_of(cells);
  const SampleMoments moments(model);
  std::vector<CellTheory> theories(cells.size());
  parallel_for(static_cast<std::int64_t>(groups.size()), threads, [&](std::int64_t g) {
    std::optional<TransferBasis> basis;
    if (model.has_samples()) basis.emplace(model);
    for (const std::size_t i : groups[static_cast<std::size_t>(g)]) {
      monitor.check();
      theories[i] = theory_of(model, cells[i], steps, perturbation, moments, basis ? &*basis : nullptr);
    }
  });
  return theories;
}

std::vector<CellResult> theory_of_cells(const LinearizedModel& model, const std::vector<Cell>& cells,
                                        double perturb_theory, int threads, const Monitor& monitor) {
  std::vector<CellResult> results;
  for (auto& theory : compute_theory(model, cells, {}, perturb_theory, threads, monitor))
    results.push_back(std::move(theory.result));
  return results;
}

}  // namespace brink
