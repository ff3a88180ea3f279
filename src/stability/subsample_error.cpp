#include "brink/stability/subsample_error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"

namespace brink {
namespace {

constexpr Index kGroups = 20;

/// The model without the samples of one group.
LinearizedModel without_group(const SampleRows& samples, Index group, Index groups) {
  const Index c = samples.outputs;
  RowMatrix rows(samples.rows.rows(), samples.rows.cols());
  Vector signs(samples.rows.rows());
  Index kept = 0;
  for (Index k = 0; k < samples.samples; ++k) {
    if (k % groups == group) continue;
    rows.middleRows(kept * c, c) = samples.rows.middleRows(k * c, c);
    if (samples.is_signed()) signs.segment(kept * c, c) = samples.signs.segment(k * c, c);
    ++kept;
  }
  const RowMatrix left = rows.topRows(kept * c);
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  if (samples.is_signed()) return LinearizedModel::from_signed_rows(left, signs.head(kept * c), c, kEpsilon);
  return LinearizedModel::from_rows(left, c, kEpsilon);
}

}  // namespace

SubsampleError subsample_error(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                               Index batch_size) {
  const SampleRows& samples = model.samples();
  check_argument(samples.samples >= 3, "subsample_error", "samples", samples.samples, "at least 3 samples");
  const Index groups = std::min(kGroups, samples.samples);
  Vector thresholds(groups);
  for (Index g = 0; g < groups; ++g) {
    thresholds[g] = mean_square_threshold(without_group(samples, g, groups), rule, law, batch_size).eta;
  }
  const auto g = static_cast<double>(groups);
  const double variance = (g - 1) / g * (thresholds.array() - thresholds.mean()).square().sum();
  const double sampled = static_cast<double>(samples.samples) / static_cast<double>(law.population(samples.samples));
  return {std::sqrt(variance * std::max(0.0, 1 - sampled)), groups};
}

}  // namespace brink
