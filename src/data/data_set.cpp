#include "brink/data/data_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "brink/base/error.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {
namespace {

constexpr std::uint32_t kShuffleStream = 1;

std::size_t position_of(int label, const std::vector<int>& classes) {
  return static_cast<std::size_t>(std::find(classes.begin(), classes.end(), label) - classes.begin());
}

void require_enough(Index available, Index wanted, std::string_view of) {
  if (available >= wanted) return;
  fail_argument("select_samples", "samples", fmt::format("{} of {}", wanted, of),
                fmt::format("at most the {} in the data", available));
}

std::vector<Index> balanced(const std::vector<int>& labels, const std::vector<int>& classes, Index samples) {
  const auto count = static_cast<Index>(classes.size());
  std::vector<Index> missing(classes.size(), samples / count);
  for (std::size_t i = 0; i < static_cast<std::size_t>(samples % count); ++i) ++missing[i];
  const std::vector<Index> wanted = missing;
  std::vector<Index> chosen;
  for (std::size_t k = 0; k < labels.size(); ++k) {
    const std::size_t position = position_of(labels[k], classes);
    if (position == classes.size() || missing[position] == 0) continue;
    --missing[position];
    chosen.push_back(static_cast<Index>(k));
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    require_enough(wanted[i] - missing[i], wanted[i], fmt::format("class {}", classes[i]));
  }
  return chosen;
}

}  // namespace

std::vector<int> selected_classes(const std::vector<int>& labels, const SampleSelection& selection) {
  std::vector<int> classes = selection.classes;
  if (classes.empty()) classes = labels;
  std::sort(classes.begin(), classes.end());
  const auto repeat = std::unique(classes.begin(), classes.end());
  if (selection.classes.empty()) {
    classes.erase(repeat, classes.end());
    return classes;
  }
  check_argument(repeat == classes.end(), "select_samples", "classes",
                 fmt::format("[{}]", fmt::join(selection.classes, ", ")), "every class at most once");
  for (const int wanted : selection.classes) {
    check_argument(std::find(labels.begin(), labels.end(), wanted) != labels.end(), "select_samples", "classes",
                   fmt::format("[{}]", fmt::join(selection.classes, ", ")),
                   fmt::format("classes that occur in the data ({} does not)", wanted));
  }
  return selection.classes;
}

std::vector<Index> select_samples(const std::vector<int>& labels, const SampleSelection& selection) {
  check_argument(selection.samples >= 1, "select_samples", "samples", selection.samples, "an integer >= 1");
  const std::vector<int> classes = selected_classes(labels, selection);
  if (selection.order == "balanced") return balanced(labels, classes, selection.samples);
  check_argument(selection.order == "first" || selection.order == "shuffled", "select_samples", "selection",
                 selection.order, "\"balanced\", \"first\" or \"shuffled\"");
  std::vector<Index> chosen;
  for (std::size_t k = 0; k < labels.size(); ++k) {
    if (position_of(labels[k], classes) != classes.size()) chosen.push_back(static_cast<Index>(k));
  }
  require_enough(static_cast<Index>(chosen.size()), selection.samples, "the selected classes");
  if (selection.order == "shuffled") {
    Philox random(selection.seed, Purpose::model, 0, kShuffleStream);
    for (std::size_t i = 0; i < static_cast<std::size_t>(selection.samples); ++i) {
      std::swap(chosen[i], chosen[i + random.below(static_cast<std::uint32_t>(chosen.size() - i))]);
    }
  }
  chosen.resize(static_cast<std::size_t>(selection.samples));
  return chosen;
}

RowMatrix class_targets(const std::vector<int>& labels, const std::vector<int>& classes, Index outputs) {
  const auto count = static_cast<Index>(classes.size());
  if (outputs == 0) outputs = count == 2 ? 1 : count;
  check_argument((outputs == 1 && count == 2) || (outputs == count && count >= 1), "class_targets", "outputs", outputs,
                 fmt::format("0, the number of classes ({}), or 1 when there are two classes", count));
  const bool plus_minus = outputs == 1 && count == 2;
  RowMatrix targets = RowMatrix::Zero(static_cast<Index>(labels.size()), outputs);
  for (std::size_t k = 0; k < labels.size(); ++k) {
    const auto position = static_cast<Index>(position_of(labels[k], classes));
    check_argument(position < count, "class_targets", "labels", labels[k], "one of the classes");
    const auto row = static_cast<Index>(k);
    if (plus_minus) {
      targets(row, 0) = position == 0 ? -1.0 : 1.0;
    } else {
      targets(row, position) = 1.0;
    }
  }
  return targets;
}

void center_columns(RowMatrix& inputs) {
  for (Index j = 0; j < inputs.cols(); ++j) {
    auto column = inputs.col(j);
    // The mean of equal numbers rounds: what would be left of a constant column is noise that scaling could blow up.
    if (column.minCoeff() == column.maxCoeff()) {
      column.setZero();
    } else {
      column.array() -= column.mean();
    }
  }
}

void scale_inputs(RowMatrix& inputs, std::string_view scaling) {
  if (scaling == "none") return;
  if (scaling == "global") {
    const double rms = std::sqrt(inputs.squaredNorm() / static_cast<double>(inputs.size()));
    check_argument(rms > 0, "scale_inputs", "inputs", "all zero", "inputs that vary, or scaling \"none\"");
    inputs /= rms;
  } else if (scaling == "columns") {
    for (Index j = 0; j < inputs.cols(); ++j) {
      const double rms = std::sqrt(inputs.col(j).squaredNorm() / static_cast<double>(inputs.rows()));
      if (rms > 0) inputs.col(j) /= rms;
    }
  } else if (scaling == "samples") {
    for (Index k = 0; k < inputs.rows(); ++k) {
      const double rms = std::sqrt(inputs.row(k).squaredNorm() / static_cast<double>(inputs.cols()));
      check_argument(rms > 0, "scale_inputs", fmt::format("sample {}", k), "all zero",
                     "samples that are not zero, or another scaling");
      inputs.row(k) /= rms;
    }
  } else {
    fail_argument("scale_inputs", "scaling", scaling, "\"none\", \"global\", \"columns\" or \"samples\"");
  }
}

}  // namespace brink
