#pragma once
// The numbers behind a figure: one CSV a figure, which its gnuplot script reads.

#include <string>
#include <vector>

#include "brink/model/linearized_model.hpp"
#include "brink/report/results.hpp"
#include "brink/report/table.hpp"
#include "brink/verification/verification.hpp"

namespace brink {

/// One figure: figures/NAME.csv, drawn by plots/SCRIPT.gp.
struct FigureData {
  std::string name;    ///< "thresholds", or "thresholds-RULE-SAMPLING" where a run has several rules or samplings
  std::string script;  ///< the script that draws it: "thresholds", "plateaus", "bounds" or "coupling"
  Table data;
  double width = 0;  ///< mm, where it is not one column of a paper
};

/// The figures of a verification, for every pair of rule and sampling:
///
/// - thresholds: the mean-square threshold η* against the batch size B, one curve a momentum β, with the measured
///   thresholds (95% interval) and the noise-free edges;
/// - plateaus: η*·batch sharpness at the critical mode against B, one curve a β, with the levels it runs between:
///   η·λ_max at the noise-free edge (2(1+β) for heavy ball), reached where batches have no noise, and 2η/η_ef (2(1−β)
///   for heavy ball), η_ef the effective step size of a slowly changing gradient, where noise dominates. Left out when
///   no cell has a critical mode.
///
/// `curve` holds cells of which only theory was computed (their measured_* fields are 0), at more batch sizes than were
/// simulated; a cell that the report has too is taken from the report. Rows are sorted by β, then B; `series` numbers
/// the β. What was not measured, or is not a positive finite number, is an empty field.
[[nodiscard]] std::vector<FigureData> verification_figures(const LinearizedModel& model,
                                                           const VerificationReport& report,
                                                           const std::vector<CellResult>& curve = {});

/// Every stability condition against the batch size, one figure a rule, momentum and sampling: "bounds", or
/// "bounds-RULE-MOMENTUM-SAMPLING" where there are several. Conditions without any value are left out.
[[nodiscard]] std::vector<FigureData> bound_figures(const std::vector<ThresholdRow>& rows);

/// The step size that keeps the margin of the old setting against the batch size, one curve a momentum, beside the
/// rules of thumb: "coupling", or "coupling-RULE-SAMPLING" where there are several.
[[nodiscard]] std::vector<FigureData> coupling_figures(const Cell& from, double eta,
                                                       const std::vector<CouplingRow>& rows);

}  // namespace brink
