#pragma once
// A study: a claim of a paper, the rule by which it will be judged, the measurements, and what was found.
//
// A study states its rule before it looks. Its measurements are units (one training run, say) that are kept as they
// come, so that an interrupted study goes on where it was; its findings are intervals over seeds against what the claim
// predicts. "Refuted" and "cannot tell" are results like any other.

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/report/figure_data.hpp"
#include "brink/report/table.hpp"
#include "brink/statistics/hypothesis.hpp"

namespace brink {

/// The mean over independent seeds with its Student interval. `values` without those that are not finite, whose number
/// is `excluded`.
struct SeedMean {
  double mean = 0;
  double standard_error = 0;  ///< infinite with fewer than 2 values
  double lower = 0;           ///< 95% interval
  double upper = 0;
  std::int64_t seeds = 0;
  std::int64_t excluded = 0;
};

/// The interval is mean ± t·s/√k with k − 1 degrees of freedom. With fewer than 2 values it is the whole line.
[[nodiscard]] SeedMean seed_mean(const std::vector<double>& values);

/// A claim about one quantity with what was measured.
struct Finding {
  std::string claim;     ///< "C1"
  std::string quantity;  ///< "η·batch sharpness at B = 8"
  std::string rule;      ///< "within 15% of 2(1−β) = 1", as it was stated before
  std::optional<double> predicted;
  std::string published;  ///< what the paper reports, in words; may be empty
  SeedMean measured;
  Decision decision = Decision::cannot_tell;
  std::string note;
};

/// What a rule is about; the rest of a Finding follows from the values.
struct Claim {
  std::string claim;
  std::string quantity;
  std::string published = {};
  std::string note = {};
};

/// "within `margin` of `predicted`" (absolute): supported when the 95% interval lies inside, refuted when it lies
/// outside.
[[nodiscard]] Finding judge_equal(const Claim& claim, const std::vector<double>& values, double predicted,
                                  double margin);
/// "at least `bound`", "at most `bound`": supported when the 95% interval lies on that side, refuted when on the other.
[[nodiscard]] Finding judge_at_least(const Claim& claim, const std::vector<double>& values, double bound);
[[nodiscard]] Finding judge_at_most(const Claim& claim, const std::vector<double>& values, double bound);
/// Something exact: `values` are differences from theory, which must all be at most `tolerance` in size.
[[nodiscard]] Finding judge_exact(const Claim& claim, const std::vector<double>& values, double tolerance);

/// One measurement: a function of its key and the seed of the study.
struct StudyUnit {
  std::string key;  ///< unique in the study, without tabs and line ends
  std::function<std::vector<double>(const Monitor&)> compute;
};

/// The units measured so far, kept by whoever runs the study. Safe to use from several threads.
class StudyStore {
 public:
  virtual ~StudyStore() = default;
  [[nodiscard]] virtual std::optional<std::vector<double>> find(const std::string& key) = 0;
  virtual void keep(const std::string& key, const std::vector<double>& values) = 0;
};

/// A unit as one line of text, and back: numbers read back to the same bits, NaN included.
[[nodiscard]] std::string study_line(const std::string& key, const std::vector<double>& values);
[[nodiscard]] std::optional<std::pair<std::string, std::vector<double>>> read_study_line(const std::string& line);

/// What a study works with.
class StudyContext {
 public:
  bool full = false;  ///< the published sizes; otherwise minutes
  std::uint64_t seed = 0;
  int threads = 1;
  Monitor monitor;
  StudyStore* store = nullptr;  ///< null: nothing is kept

  /// `quick` or `full_value`, as asked.
  template <class Value>
  [[nodiscard]] Value choose(Value quick, Value full_value) const {
    return full ? full_value : quick;
  }

  /// The values of every unit, in their order; those not yet in the store are computed on `threads` threads. The result
  /// does not depend on their number. Throws Interrupted once the user wants to stop; what was measured is kept.
  [[nodiscard]] std::vector<std::vector<double>> measure(const std::vector<StudyUnit>& units) const;
};

/// What was found.
struct StudyReport {
  std::vector<std::pair<std::string, Table>> tables;  ///< by name
  std::vector<FigureData> figures;
  std::vector<Finding> findings;
  std::vector<std::string> reductions;  ///< what differs from the published setting, quick or full
  std::vector<std::string> warnings;
};

/// One entry of the list of studies.
struct Study {
  std::string name;      ///< "two-plateaus"
  std::string claims;    ///< "C1": where the claims stand in the literature, in short
  std::string question;  ///< one sentence
  std::string source;    ///< the paper
  std::string rule;      ///< how it is judged, stated before the data
  StudyReport (*run)(const StudyContext& context) = nullptr;
};

/// claim, quantity, rule, predicted, published, measured, lower, upper, seeds, excluded, verdict, note.
[[nodiscard]] Table findings_table(const std::vector<Finding>& findings);

/// {"schema":"brink.study/1","study":…,"full":…,"findings":[…],"reductions":[…],"warnings":[…]}
[[nodiscard]] std::string study_json(const Study& study, bool full, std::uint64_t seed, const StudyReport& report);

/// The same for people: question, rule, findings line by line, what was reduced.
[[nodiscard]] std::string study_text(const Study& study, bool full, const StudyReport& report);

/// Markdown: the same with the findings as a table.
[[nodiscard]] std::string study_markdown(const Study& study, bool full, const StudyReport& report);

}  // namespace brink
