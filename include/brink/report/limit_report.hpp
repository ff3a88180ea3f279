#pragma once
// What `brink limit` reports: the schema brink.limit/1, its tables and its figures.

#include <optional>
#include <string>
#include <vector>

#include "brink/report/figure_data.hpp"
#include "brink/report/table.hpp"
#include "brink/verification/limit_comparison.hpp"

namespace brink {

/// The expected loss of one setting at one step size, and a simulation of it at a finite size (at whose ratios `curve`
/// is then taken).
struct LimitLoss {
  LossCurve curve;
  LossCurveOptions options;
  std::optional<SimulatedLoss> simulated;
};

/// A limit at one step size.
struct LimitGrowthRow {
  double eta = 0;
  LimitGrowth growth;
  std::optional<LimitLoss> loss;
};

/// One setting.
struct LimitRow {
  LimitSetting setting;
  double noise = 0;  ///< ν
  LimitThreshold threshold;
  std::vector<LimitGrowthRow> growth;
  std::vector<DrawnThreshold> draws;  ///< in the order of the dimensions
};

/// {"schema":"brink.limit/1","spectrum":{…},"rows":[…]}: all rows have the spectrum of the first.
[[nodiscard]] std::string limit_json(const std::vector<LimitRow>& rows);

/// One line a setting, or a setting and step size.
[[nodiscard]] Table limit_table(const std::vector<LimitRow>& rows);

/// One line a setting and dimension.
[[nodiscard]] Table limit_draws_table(const std::vector<LimitRow>& rows);

/// One line a setting, step size and recorded step.
[[nodiscard]] Table limit_loss_table(const std::vector<LimitRow>& rows);

/// The figures that the rows have data for, one for every rule and sampling (and batch, where the figure shows one):
///   limit-dimension  thresholds of finite models against the dimension, with the limit: two dimensions or more;
///   limit-batch      the limit against the batch size, with the finite models of the largest dimension: two batch
///   sizes
///                    or more. `curve` holds more batch sizes, of which only the threshold is read;
///   loss-curve       the expected loss, with median and band of the simulation.
[[nodiscard]] std::vector<FigureData> limit_figures(const std::vector<LimitRow>& rows,
                                                    const std::vector<LimitRow>& curve = {});

}  // namespace brink
