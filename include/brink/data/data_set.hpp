#pragma once
// Labelled data: which samples are taken, how inputs are scaled, how labels become targets.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "brink/linalg/matrix.hpp"

namespace brink {

struct DataSet {
  RowMatrix inputs;         ///< one sample a row
  std::vector<int> labels;  ///< its class
};

/// Which samples of a labelled collection are taken.
struct SampleSelection {
  std::vector<int> classes;        ///< wanted classes, without repeats; empty: every class present, ascending
  Index samples = 256;             ///< how many, ≥ 1
  std::string order = "balanced";  ///< "balanced", "first" or "shuffled", see select_samples
  std::uint64_t seed = 0;          ///< of "shuffled"
};

/// Indices of the selected samples, among those of the wanted classes:
///   "balanced"  the first samples/#classes of every class, one more for the first classes when it does not divide; in
///               the order of the file;
///   "first"     the first ones in the order of the file;
///   "shuffled"  a uniformly random subset in random order (Fisher–Yates over the stream of `seed`).
/// Throws InvalidInput for a class that does not occur, too few samples, or an unknown order.
[[nodiscard]] std::vector<Index> select_samples(const std::vector<int>& labels, const SampleSelection& selection);

/// The classes a selection takes: as given, or every label present, ascending.
[[nodiscard]] std::vector<int> selected_classes(const std::vector<int>& labels, const SampleSelection& selection);

/// Targets of a square loss. `outputs` = 0 chooses: two classes give one output, −1 for the first class and +1 for the
/// second; any other number gives one output a class, 1 for the class of the sample and 0 elsewhere (one-hot).
/// `outputs` = 1 asks for ±1 (two classes only), `outputs` = number of classes asks for one-hot. Returns n × outputs.
[[nodiscard]] RowMatrix class_targets(const std::vector<int>& labels, const std::vector<int>& classes, Index outputs);

/// Subtracts the mean over the samples from every column.
void center_columns(RowMatrix& inputs);

/// Scales inputs in place:
///   "none"     leaves them;
///   "global"   divides everything by one number, so that the mean square of all entries is 1;
///   "columns"  divides every column by its root mean square (columns that are zero stay zero);
///   "samples"  divides every row x by its own root mean square, so that ‖x‖² is the number of columns.
/// Throws InvalidInput for an unknown name, and where a divisor would be zero (except constant columns).
void scale_inputs(RowMatrix& inputs, std::string_view scaling);

/// Where data sets lie: the environment variable BRINK_DATA_DIR, or /usr/share/datasets.
[[nodiscard]] std::filesystem::path data_directory();

/// Fashion-MNIST [Xiao, Rasul & Vollgraf 2017]: `part` is "train" (60,000 images) or "test" (10,000). Inputs are the
/// selected 28 × 28 images as rows of 784 pixels divided by 255, so in [0, 1]. Read from fashion-mnist/ under
/// data_directory(); a missing file names the Debian package that brings it.
[[nodiscard]] DataSet read_fashion_mnist(std::string_view part, const SampleSelection& selection);

}  // namespace brink
