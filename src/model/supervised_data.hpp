#pragma once
// Inputs and targets of a configuration: what the kinds of model on real data share.

#include <filesystem>
#include <string>
#include <vector>

#include "brink/base/options.hpp"
#include "brink/linalg/matrix.hpp"

namespace brink {

struct SupervisedOptions {
  std::string data = "fashion-mnist";
  std::string part = "train";
  std::vector<std::int64_t> classes;
  std::int64_t samples = 0;
  std::string selection = "balanced";
  std::int64_t outputs = 0;
  bool center = false;
  std::string scaling = "none";
  std::uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("data", self.data, "\"fashion-mnist\" (pixels divided by 255), or a CSV file of numbers",
          "\"fashion-mnist\" or the name of a .csv file");
    field("part", self.part, "which part of Fashion-MNIST", "\"train\" or \"test\"");
    field(
        "classes", self.classes,
        "classes taken; empty: 0 and 1 of Fashion-MNIST, or for CSV no classes: targets are numbers. With classes, the "
        "last CSV column is the class",
        "a list of different integers");
    field("samples", self.samples, "n; 0: 256 images, or every line of a CSV file", "an integer >= 0");
    field("selection", self.selection,
          "equal numbers of every class in the order of the file, the first ones, or a random subset",
          "\"balanced\", \"first\" or \"shuffled\"");
    field("outputs", self.outputs,
          "c; classes: 0 or 1 for targets -1 and +1 of two classes, the number of classes for one-hot targets; CSV "
          "without classes: the last c columns are targets (0: one)",
          "an integer >= 0");
    field("center", self.center, "subtract the mean over the samples from every input column", "true or false");
    field("scaling", self.scaling,
          "after centering: divide inputs by one number (mean square 1), by the root mean square of each column, or of "
          "each sample",
          "\"none\", \"global\", \"columns\" or \"samples\"");
    field("seed", self.seed, "seed of every random choice of the model", "an integer >= 0");
  }
};

struct SupervisedData {
  RowMatrix inputs;   ///< n × d
  RowMatrix targets;  ///< n × c
  std::vector<std::string> notes;
};

/// Reads, selects, centers and scales; replaces automatic values in `options` by what was taken.
[[nodiscard]] SupervisedData read_supervised(SupervisedOptions& options, const std::filesystem::path& directory);

/// "the minimum does not interpolate …" when it does not.
[[nodiscard]] std::vector<std::string> residual_notes(double relative_residual);

}  // namespace brink
