#include "brink/statistics/tail.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "brink/base/error.hpp"
#include "sample.hpp"

namespace brink {
namespace {

constexpr double kAgreement = 3.5;
constexpr std::size_t kBack = 4;  // points of the plot: a quarter of the exceedances

struct Extreme {
  double log_value = 0;
  Index row = 0;
};

/// 1/α above a threshold, with its standard error.
struct Inverse {
  Index exceedances = 0;
  double threshold = 0;
  double value = 0;
  double error = 0;
  double rows = 0;  ///< effective number of rows that the exceedances come from
};

/// `largest` holds the extremes in descending order, more than k of them.
Inverse above(const std::vector<Extreme>& largest, Index k, Index rows) {
  const double log_threshold = largest[static_cast<std::size_t>(k)].log_value;
  Vector sums = Vector::Zero(rows);
  Vector counts = Vector::Zero(rows);
  for (Index i = 0; i < k; ++i) {
    const Extreme& extreme = largest[static_cast<std::size_t>(i)];
    sums[extreme.row] += extreme.log_value - log_threshold;
    counts[extreme.row] += 1;
  }
  const auto groups = static_cast<double>(rows);
  Inverse inverse{k, std::exp(log_threshold), sums.sum() / counts.sum(), 0,
                  counts.sum() * counts.sum() / counts.squaredNorm()};
  const double spread = (sums - inverse.value * counts).squaredNorm() * groups / (groups - 1);
  inverse.error = std::sqrt(spread) / counts.sum();
  return inverse;
}

/// The interval of α: t standard errors of ln(1/α), then `bias` of 1/α, on either side. The error of 1/α is
/// proportional to its value: a run that happens to miss the largest excursions underestimates both.
Interval inverted(const Inverse& inverse, double t, double bias) {
  const double factor = std::exp(t * inverse.error / inverse.value);
  const double lowest = inverse.value / factor - bias;
  return {1 / (inverse.value * factor + bias), lowest > 0 ? 1 / lowest : kInfinity};
}

}  // namespace

TailFit hill_tail(const RowMatrix& values, double confidence) {
  constexpr const char* here = "hill_tail";
  check_argument(values.rows() >= kFewestRows, here, "rows", values.rows(), "at least 8 independent rows");
  check_argument(confidence > 0 && confidence < 1, here, "confidence", confidence, "0 < confidence < 1");
  const Index most = values.size() / 10;
  check_argument(most > kFewestExceedances, here, "values", values.size(), "more than 640 values");
  const double smallest = values.minCoeff();
  check_argument(smallest > 0 && values.allFinite(), here, "values", smallest, "finite numbers > 0");

  std::vector<Extreme> all(static_cast<std::size_t>(values.size()));
  for (Index i = 0; i < values.size(); ++i) {
    all[static_cast<std::size_t>(i)] = {std::log(values.data()[i]), i / values.cols()};
  }
  const auto descending = [](const Extreme& a, const Extreme& b) {
    return a.log_value != b.log_value ? a.log_value > b.log_value : a.row < b.row;
  };
  std::partial_sort(all.begin(), all.begin() + most + 1, all.end(), descending);
  all.resize(static_cast<std::size_t>(most) + 1);

  TailFit fit;
  fit.confidence = confidence;
  const double t = student_quantile(0.5 + 0.5 * confidence, static_cast<double>(values.rows() - 1));
  std::vector<Inverse> inverses;
  for (double k = kFewestExceedances; k <= static_cast<double>(most); k *= std::numbers::sqrt2) {
    const Inverse inverse = above(all, static_cast<Index>(k), values.rows());
    if (!(inverse.value > 0))
      throw NotConverged("hill_tail: the largest values are equal; there is no tail to measure");
    inverses.push_back(inverse);
    fit.plot.push_back(
        {inverse.exceedances, inverse.threshold, 1 / inverse.value, inverse.error, inverted(inverse, t, 0)});
  }

  std::size_t first = 0;
  while (first < inverses.size() && inverses[first].rows < 0.5 * static_cast<double>(values.rows())) ++first;
  if (first == inverses.size()) {
    throw NotConverged("hill_tail: the largest values come from few of the rows; use longer or more runs");
  }
  std::size_t furthest = first;
  for (std::size_t i = first + 1; i < inverses.size(); ++i) {
    bool agrees = true;
    for (std::size_t j = first; j < i; ++j) {
      agrees = agrees && std::abs(inverses[i].value - inverses[j].value) <= kAgreement * inverses[j].error;
    }
    if (!agrees) break;
    furthest = i;
  }
  const Inverse& chosen = inverses[furthest >= first + kBack ? furthest - kBack : first];
  fit.exceedances = chosen.exceedances;
  fit.alpha = 1 / chosen.value;
  fit.bias = inverses[furthest].value - chosen.value;
  fit.interval = inverted(chosen, t, std::abs(fit.bias));
  return fit;
}

}  // namespace brink
