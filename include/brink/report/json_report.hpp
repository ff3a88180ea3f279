#pragma once
// Results as JSON, for other programs: the schemas brink.threshold/1, brink.couple/1, brink.simulate/1,
// brink.verify/1 and brink.inspect/1.
//
// Keys are only ever added. Every number has its error beside it. No number is NaN or infinite: it is null then, and
// the object that holds it carries `status` and `reason`. Numbers are shortest round-trip decimals, so equal results
// are equal bytes.

#include <string>
#include <vector>

#include "brink/model/model_source.hpp"
#include "brink/report/results.hpp"

namespace brink {

struct ThresholdReportOptions {
  bool bounds = false;       ///< write `bounds`
  bool growth = false;       ///< write `growth`
  bool reshuffling = false;  ///< write `reshuffled`
};

/// {"schema":"brink.threshold/1","model":{…},"rows":[…]}, indented, with a final newline; and "solutions" where inverse
/// questions were asked.
[[nodiscard]] std::string threshold_json(const LoadedModel& model, const std::vector<ThresholdRow>& rows,
                                         const ThresholdReportOptions& options = {},
                                         const std::vector<SolutionRow>& solutions = {});

/// {"schema":"brink.couple/1","model":{…},"from":{…},"rows":[…]}: `from` is the setting that `eta` is carried over
/// from.
[[nodiscard]] std::string coupling_json(const LoadedModel& model, const Cell& from, double eta,
                                        const MeanSquareThreshold& threshold, const std::vector<CouplingRow>& rows);

/// {"schema":"brink.simulate/1","model":{…},"rows":[…]}.
[[nodiscard]] std::string simulation_json(const LoadedModel& model, const std::vector<SimulationRow>& rows);

/// {"schema":"brink.verify/1","agree":…,"model":{…},"cells":[…],"comparisons":[…]}.
[[nodiscard]] std::string verification_json(const LoadedModel& model, const VerificationReport& report);

/// {"schema":"brink.inspect/1","model":{…}}: the model alone, with the head of its spectrum.
[[nodiscard]] std::string inspection_json(const LoadedModel& model);

}  // namespace brink
