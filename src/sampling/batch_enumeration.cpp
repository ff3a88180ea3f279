#include "brink/sampling/batch_enumeration.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "brink/base/error.hpp"

namespace brink {
namespace {

/// Exact as long as the result is an integer that a double holds.
double binomial(double n, double k) {
  const double few = std::min(k, n - k);
  double result = 1;
  for (double j = 1; j <= few; ++j) {
    result = result * (n - few + j) / j;
    if (std::isinf(result)) break;
  }
  return result;
}

/// A batch is built sample by sample; what a count contributes to its probability depends on the law alone.
class Enumeration {
 public:
  Enumeration(const BatchLaw& law, Index samples, Index batch_size,
              const std::function<void(const std::vector<Index>&, double)>& visit)
      : bernoulli_(law.name() == "bernoulli"),
        repeats_(law.name() == "with-replacement"),
        samples_(samples),
        counts_(static_cast<std::size_t>(samples), 0),
        visit_(visit) {
    const auto n = static_cast<double>(samples);
    const auto b = static_cast<double>(batch_size);
    share_ = b / n;
    double start = 1;
    if (!bernoulli_ && !repeats_) start = 1 / binomial(n, b);
    if (repeats_)
      for (double j = 1; j <= b; ++j) start *= j / n;
    if (bernoulli_) {
      choose_freely(0, 1);
    } else {
      distribute(0, batch_size, start);
    }
  }

 private:
  void choose_freely(Index sample, double probability) {
    if (probability == 0) return;
    if (sample == samples_) {
      visit_(counts_, probability);
      return;
    }
    for (const Index count : {0, 1}) {
      counts_[static_cast<std::size_t>(sample)] = count;
      choose_freely(sample + 1, probability * (count == 1 ? share_ : 1 - share_));
    }
    counts_[static_cast<std::size_t>(sample)] = 0;
  }

  void distribute(Index sample, Index left, double probability) {
    if (left == 0) {
      visit_(counts_, probability);
      return;
    }
    // Without repeats the rest must fit into the samples that are left.
    if (sample == samples_ || (!repeats_ && left > samples_ - sample)) return;
    Index& count = counts_[static_cast<std::size_t>(sample)];
    const bool last = sample + 1 == samples_;
    const Index most = repeats_ ? left : 1;
    double factor = 1;  // 1/count!
    for (count = 0; count <= most; ++count) {
      if (count > 1) factor /= static_cast<double>(count);
      if (!last || count == left) distribute(sample + 1, left - count, probability * factor);
    }
    count = 0;
  }

  bool bernoulli_;
  bool repeats_;
  Index samples_;
  double share_ = 0;
  std::vector<Index> counts_;
  const std::function<void(const std::vector<Index>&, double)>& visit_;
};

}  // namespace

double number_of_batches(const BatchLaw& law, Index samples, Index batch_size) {
  const auto n = static_cast<double>(samples);
  const auto b = static_cast<double>(batch_size);
  if (!law.fresh_gaussian_rows() && law.population(samples) == samples) {
    if (law.name() == "without-replacement") return binomial(n, b);
    if (law.name() == "with-replacement") return binomial(n + b - 1, b);
    if (law.name() == "bernoulli") return b == n ? 1 : std::exp2(n);
  }
  return std::numeric_limits<double>::infinity();
}

void for_each_batch(const BatchLaw& law, Index samples, Index batch_size,
                    const std::function<void(const std::vector<Index>&, double)>& visit) {
  check_argument(batch_size >= 1 && batch_size <= samples, "for_each_batch", "batch_size", batch_size,
                 "1 <= batch_size <= samples");
  check_argument(std::isfinite(number_of_batches(law, samples, batch_size)), "for_each_batch", "law", law.name(),
                 "without-replacement, with-replacement or bernoulli on the samples of the model");
  Enumeration(law, samples, batch_size, visit);
}

}  // namespace brink
