#pragma once
// Studies of all notions of stability as JSON, tables and figures.

#include <string>
#include <vector>

#include "brink/model/model_source.hpp"
#include "brink/report/figure_data.hpp"
#include "brink/report/table.hpp"
#include "brink/verification/moment_study.hpp"

namespace brink {

/// {"schema":"brink.moments/1","model":{…},"rows":[…]}: a row a setting, with `thresholds` (one a notion, with all its
/// stable `intervals`) and `growth` (one a step size, with `moments` and `tail_index`).
[[nodiscard]] std::string moments_json(const LoadedModel& model, const std::vector<MomentStudy>& studies);

/// One line a setting, notion and stable interval.
[[nodiscard]] Table moment_threshold_table(const std::vector<MomentStudy>& studies);

/// One line a setting, step size and moment.
[[nodiscard]] Table moment_growth_table(const std::vector<MomentStudy>& studies);

/// - moments: Λ(q)/q against the step size, one curve a moment (λ for q = 0), with the 95% band of what was measured
///   and the zeros; one figure a setting: "moments", or "moments-RULE-MOMENTUM-SAMPLING-BATCH";
/// - notions: stable step sizes of every notion against the batch size, one figure a rule, momentum and sampling:
///   "notions", or "notions-RULE-MOMENTUM-SAMPLING".
[[nodiscard]] std::vector<FigureData> moment_figures(const std::vector<MomentStudy>& studies);

}  // namespace brink
