#pragma once
// Hypothesis files: the sections of a population of runs, and one section [hypothesis.NAME] for every claim about it.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "brink/statistics/hypothesis.hpp"
#include "brink/verification/population.hpp"
#include "configuration.hpp"
#include "grid.hpp"
#include "sections.hpp"

namespace brink::cli {

/// [population]: which runs are made.
struct PopulationSection {
  std::string runs = "linear";
  std::int64_t seeds = 20;
  std::int64_t first_seed = 1;
  std::int64_t pilot_seeds = 6;
  std::vector<std::string> vary = {"model", "batches"};
  bool eta_is_effective = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("runs", self.runs, "linear: theory and simulation of the linearized model; training: brink train",
          "linear or training");
    field("seeds", self.seeds, "independent repetitions of the whole grid", "an integer >= 2");
    field("first_seed", self.first_seed, "the first of them; the pilot has the seeds after the last",
          "an integer >= 0");
    field("pilot_seeds", self.pilot_seeds, "repetitions from which register forecasts the power; 0: none",
          "0 or an integer >= 3");
    field("vary", self.vary, "what a seed is the seed of", "names among model, batches");
    field("eta_is_effective", self.eta_is_effective,
          "[grid] eta is η/(1 − β): rules are compared at equal effective rate", "true or false");
  }
};

/// [hypotheses]: what all of them share.
struct HypothesesSection {
  double level = 0.05;
  std::uint64_t bootstrap_seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("level", self.level, "probability of any false \"supported\" over the file, and of any false \"refuted\"",
          "a number with 0 < level < 0.5");
    field("bootstrap_seed", self.bootstrap_seed, "of the resampled intervals", "an integer >= 0");
  }
};

struct HypothesisFile {
  std::filesystem::path path;
  std::string text;  ///< its bytes, as they were before the runs
  std::string hash;  ///< SHA-256 of these
  Configuration configuration;
  PopulationSection population;
  HypothesesSection common;
  std::vector<NamedHypothesis> hypotheses;
  WantedColumns wanted;

  /// Where its registration is: NAME.registration.json beside it.
  [[nodiscard]] std::filesystem::path registration() const;
  /// Every section, resolved as far as it does not depend on the model.
  [[nodiscard]] Sections sections() const;
};

/// Reads and checks a file. Throws InvalidInput, which names the place.
[[nodiscard]] HypothesisFile read_hypothesis_file(const std::filesystem::path& path);

}  // namespace brink::cli
