#include "report/examples.hpp"

#include <limits>

namespace brink::test {

Cell example_cell(double momentum, Index batch_size, const std::string& rule, const std::string& sampling) {
  Cell cell;
  cell.rule = rule;
  cell.parameters.momentum = momentum;
  cell.sampling = sampling;
  cell.batch_size = batch_size;
  return cell;
}

LoadedModel example_model() {
  RowMatrix rows(3, 2);
  rows << 1, 0, 1, 1, 0, 2;
  return {LinearizedModel::from_rows(rows, 1, std::numeric_limits<double>::epsilon()),
          nullptr,
          "jacobian",
          {{"file", std::string("J.npy")}, {"outputs", std::int64_t{1}}},
          {"loss scaled by 0.5"}};
}

LoadedModel example_population() {
  Vector spectrum(3);
  spectrum << 4, 2, 1;
  return {LinearizedModel::from_spectrum(spectrum), nullptr, "quadratic", {}, {}};
}

std::vector<ThresholdRow> example_thresholds() {
  ThresholdRow row;
  row.cell = example_cell(0.9, 2);
  row.threshold.eta = 0.42328015546237;
  row.threshold.residual = 1e-12;
  row.threshold.eta_deterministic = 2.15;
  row.threshold.method = "transfer form";
  row.batch_sharpness_in_times_eta = 0.42;
  row.bounds = {{"mean", 2.15, 1e-15, BoundStatus::necessary, false, "", "folklore", {{"alignment", 1.5}}},
                {"coherence", {}, 0, BoundStatus::not_applicable, false, "Bernoulli only", "Dexter et al. 2024", {}}};
  GrowthRow stable;
  stable.eta = 0.1;
  stable.growth.log_growth = -0.01;
  stable.growth.stable = true;
  StationaryState state;
  state.trace = 3;
  state.excess_loss = 2;
  state.gradient_norm_squared = 1;
  stable.stationary = state;
  GrowthRow unstable;
  unstable.eta = 1;
  unstable.growth.log_growth = 0.7;
  row.growth = {stable, unstable};

  ThresholdRow full = row;
  full.cell = example_cell(0.9, 3);
  full.batch_sharpness_in_times_eta.reset();
  full.bounds.clear();
  full.growth.clear();
  return {row, full};
}

std::vector<SimulationRow> example_simulation() {
  GrowthEstimate estimate;
  estimate.log_growth = {0.25, 0.001, ErrorKind::standard_error, "cloning", {"few ancestors"}};
  SimulationRow cloning{example_cell(0.9, 2), 0.65, 2, "cloning", estimate, {}, {}};
  estimate.log_growth = {-0.5, 0.01, ErrorKind::standard_error, "lyapunov", {}};
  SimulationRow lyapunov{example_cell(0.9, 2), 0.65, 2, "lyapunov", {}, estimate, {}};
  return {cloning, lyapunov};
}

VerificationReport example_verification() {
  CellResult measured;
  measured.cell = example_cell(0.5, 1);
  measured.eta_deterministic = 1.7;
  measured.eta_mean_square = 0.5;
  measured.residual = 1e-12;
  measured.measured_eta = 0.51;
  measured.measured_lower = 0.49;
  measured.measured_upper = 0.53;
  measured.measured_standard_error = 0.01;
  measured.batch_sharpness_times_eta = 1.4;
  measured.verdict = Verdict::agree;
  CellResult full;
  full.cell = example_cell(0.5, 3);
  full.eta_deterministic = 1.7;
  full.eta_mean_square = 1.7;
  full.batch_sharpness_times_eta = 1.7 * example_model().model.lambda_max();
  full.verdict = Verdict::agree;

  Comparison comparison;
  comparison.quantity = "log_growth";
  comparison.engine = "linear";
  comparison.eta = 0.5;
  comparison.eta_over_threshold = 1;
  comparison.standard_error = 0.001;
  comparison.verdict = Verdict::agree;

  VerificationReport report;
  report.agree = true;
  report.cells = {measured, full};
  report.comparisons = {comparison};
  return report;
}

}  // namespace brink::test
