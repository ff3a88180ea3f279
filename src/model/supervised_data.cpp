#include "supervised_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/data/csv.hpp"
#include "brink/data/data_set.hpp"
#include "brink/model/least_squares.hpp"

namespace brink {
namespace {

constexpr std::int64_t kDefaultImages = 256;

std::vector<int> checked_classes(const std::vector<std::int64_t>& classes) {
  std::vector<int> checked;
  for (const std::int64_t label : classes) {
    check_argument(std::abs(label) <= std::numeric_limits<int>::max(), "model", "classes", label, "a small integer");
    checked.push_back(static_cast<int>(label));
  }
  return checked;
}

SampleSelection selection_of(const SupervisedOptions& options) {
  return {checked_classes(options.classes), options.samples, options.selection, options.seed};
}

SupervisedData read_images(SupervisedOptions& options) {
  if (options.classes.empty()) options.classes = {0, 1};
  if (options.samples == 0) options.samples = kDefaultImages;
  const SampleSelection selection = selection_of(options);
  DataSet images = read_fashion_mnist(options.part, selection);
  SupervisedData data{std::move(images.inputs), class_targets(images.labels, selection.classes, options.outputs), {}};
  data.notes.push_back(fmt::format("{} images of Fashion-MNIST ({}), classes {}, pixels divided by 255",
                                   options.samples, options.part, fmt::join(options.classes, ", ")));
  return data;
}

RowMatrix take_rows(const RowMatrix& table, const std::vector<Index>& chosen, Index first, Index count) {
  RowMatrix taken(static_cast<Index>(chosen.size()), count);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    taken.row(static_cast<Index>(i)) = table.row(chosen[i]).segment(first, count);
  }
  return taken;
}

/// The last column as classes.
std::vector<int> class_column(const RowMatrix& table, const std::string& name) {
  std::vector<int> labels;
  for (Index k = 0; k < table.rows(); ++k) {
    const double label = table(k, table.cols() - 1);
    check_argument(label == std::floor(label) && std::abs(label) <= std::numeric_limits<int>::max(), "model",
                   fmt::format("class in the last column of {}, sample {}", name, k), label, "an integer");
    labels.push_back(static_cast<int>(label));
  }
  return labels;
}

SupervisedData read_table(SupervisedOptions& options, const std::filesystem::path& path) {
  const RowMatrix table = read_csv(path).values;
  const bool has_classes = !options.classes.empty();
  const Index target_columns = has_classes || options.outputs == 0 ? 1 : options.outputs;
  const Index width = table.cols() - target_columns;
  check_argument(width >= 1, "model", "columns of " + options.data, table.cols(),
                 fmt::format("at least one input beside {} target column(s)", target_columns));
  // Without classes every line belongs to one class.
  const std::vector<int> labels =
      has_classes ? class_column(table, options.data) : std::vector<int>(static_cast<std::size_t>(table.rows()), 0);
  SampleSelection selection = selection_of(options);
  if (selection.samples == 0) {
    const auto is_taken = [&](int label) {
      return !has_classes ||
             std::find(selection.classes.begin(), selection.classes.end(), label) != selection.classes.end();
    };
    selection.samples = std::count_if(labels.begin(), labels.end(), is_taken);
    // Every line is taken: a balance between the classes is not ours to make.
    if (options.selection == "balanced") selection.order = "first";
    check_argument(selection.samples >= 1, "model", "classes", "absent", "classes that occur in the data");
  }
  const std::vector<Index> chosen = select_samples(labels, selection);
  options.samples = static_cast<std::int64_t>(chosen.size());
  options.selection = selection.order;
  SupervisedData data{take_rows(table, chosen, 0, width), take_rows(table, chosen, width, target_columns), {}};
  if (has_classes) {
    std::vector<int> taken;
    for (const Index k : chosen) taken.push_back(labels[static_cast<std::size_t>(k)]);
    data.targets = class_targets(taken, selection.classes, options.outputs);
  }
  data.notes.push_back(fmt::format("{} lines of {}: {} input columns, {} outputs", options.samples, options.data, width,
                                   data.targets.cols()));
  return data;
}

}  // namespace

SupervisedData read_supervised(SupervisedOptions& options, const std::filesystem::path& directory) {
  check_argument(options.samples >= 0, "model", "samples", options.samples, "an integer >= 0");
  check_argument(options.outputs >= 0, "model", "outputs", options.outputs, "an integer >= 0");
  check_argument(options.data == "fashion-mnist" || options.data.ends_with(".csv"), "model", "data", options.data,
                 "\"fashion-mnist\" or the name of a .csv file");
  SupervisedData data =
      options.data == "fashion-mnist" ? read_images(options) : read_table(options, directory / options.data);
  options.outputs = data.targets.cols();
  if (options.center) {
    center_columns(data.inputs);
    data.notes.push_back("inputs centered: the mean over the samples was subtracted");
  }
  scale_inputs(data.inputs, options.scaling);
  if (options.scaling != "none") data.notes.push_back(fmt::format("inputs scaled: \"{}\"", options.scaling));
  return data;
}

std::vector<std::string> residual_notes(double relative_residual) {
  if (relative_residual <= kInterpolationTolerance) return {};
  return {
      fmt::format("the least-squares minimum does not interpolate (residual {:.3g} of the targets): the gradients of "
                  "the samples at the minimum are part of the model",
                  relative_residual)};
}

}  // namespace brink
