#pragma once
// Registered hypotheses and their verdicts in every form: JSON (schema brink.hypothesis/1), tables, text; and the runs
// of a population as lines of a checkpoint.

#include <optional>
#include <string>
#include <vector>

#include "brink/report/figure_data.hpp"
#include "brink/report/table.hpp"
#include "brink/statistics/hypothesis.hpp"

namespace brink {

/// What was frozen before the runs were made.
struct Registration {
  std::string hash;                                              ///< SHA-256 of the file, byte by byte
  std::string date;                                              ///< UTC, "2026-01-31T12:00:00Z"
  std::string version;                                           ///< of Brink that registered it
  std::vector<std::pair<std::string, PowerForecast>> forecasts;  ///< by name of the hypothesis
  std::vector<std::string> superseded;                           ///< hashes of earlier registrations of this file
};

/// {"schema":"brink.registration/1","hash","date","version","forecasts":[…],"superseded":[…]} and back. Throws
/// InvalidInput for text that is no registration; `origin` is what messages call it.
[[nodiscard]] std::string registration_json(const Registration& registration);
[[nodiscard]] Registration registration_of(const std::string& json, const std::string& origin);

struct HypothesisReport {
  std::string file;  ///< its name, without directory
  std::string hash;
  std::optional<Registration> registration;  ///< of this very content
  std::string not_registered;                ///< why there is none; empty otherwise
  double level = 0.05;
  std::int64_t seeds = 0;
  std::string runs;  ///< "linear" or "training"
  std::int64_t population = 0;
  std::vector<ReasonCount> failures;  ///< runs without a result, whatever hypothesis they belong to
  std::vector<Judgement> judgements;

  /// Registered, and every verdict the one that the file expects.
  [[nodiscard]] bool as_expected() const;
};

/// {"schema":"brink.hypothesis/1","file","hash","registered","registration","level","seeds","population",
///  "hypotheses":[{"name","claim","verdict","expected_verdict","effect","interval","p_supported","p_refuted", … ,
///  "contrasts":[…]}]}.
[[nodiscard]] std::string hypothesis_json(const HypothesisReport& report);

/// One line a hypothesis: verdict, the decisive contrast with interval and limits, corrected p-values, runs excluded
/// and censored, announced power.
[[nodiscard]] Table verdict_table(const HypothesisReport& report);

/// One line a contrast.
[[nodiscard]] Table contrast_table(const HypothesisReport& report);

/// One line a run: seed, parameters, columns, failure. Traces are left out.
[[nodiscard]] Table population_table(const std::vector<Observation>& runs);

/// One line a forecast.
[[nodiscard]] Table forecast_table(const std::vector<std::pair<std::string, PowerForecast>>& forecasts);

/// Sentences for people.
[[nodiscard]] std::string hypothesis_text(const HypothesisReport& report);

/// "forest": the decisive contrast of every hypothesis, mean and interval in units of what the claim promises: ±1 is
/// the margin, and of a one-sided claim −1 is the limit. Columns: line, label, value, lower, upper, verdict, one_sided.
/// Empty where no contrast has an interval.
[[nodiscard]] std::vector<FigureData> hypothesis_figures(const HypothesisReport& report);

/// The runs of one unit of work as one line, and back, bit by bit. Throws InvalidInput for text of another form.
[[nodiscard]] std::string observations_line(const std::vector<Observation>& runs);
[[nodiscard]] std::vector<Observation> observations_of(const std::string& line);

}  // namespace brink
