#pragma once
// Batch-size regimes in every form: JSON (schema brink.regimes/1), tables, text.

#include <string>
#include <vector>

#include "brink/model/model_source.hpp"
#include "brink/report/figure_data.hpp"
#include "brink/report/table.hpp"
#include "brink/verification/batch_regimes.hpp"

namespace brink {

/// {"schema":"brink.regimes/1","model":{…},"agree","rows":[{"rule","momentum","sampling","edge","curves":[{"source",
/// "noise_dominated_up_to":{"batch","interval","reason"},"half","curvature_dominated_from","points":[…]}],
/// "comparisons":[…]}]}.
[[nodiscard]] std::string regimes_json(const LoadedModel& model, const std::vector<BatchRegimes>& rows);

/// One line a rule and source: the boundaries with their intervals.
[[nodiscard]] Table regime_table(const std::vector<BatchRegimes>& rows);

/// One line a point of a curve.
[[nodiscard]] Table regime_point_table(const std::vector<BatchRegimes>& rows);

/// One line a boundary that was measured: theory read at the same batch sizes, measurement, whether they agree.
[[nodiscard]] Table regime_comparison_table(const std::vector<BatchRegimes>& rows);

/// Share of the noise-free edge against the batch size on logarithmic axes, one panel a rule and momentum: theory,
/// measured thresholds with 95% intervals, the regimes of theory as bands, proportionality as a dashed line.
[[nodiscard]] FigureData regime_figure(const std::vector<BatchRegimes>& rows);

}  // namespace brink
