#pragma once
// Independent batches for probes, evaluated in rounds, with the stop rule they share.

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "brink/base/parallel.hpp"
#include "brink/curvature/batch_curvature.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {

/// Checks the options, and tells how many batches are enough at once: 1 where every batch is the full one.
inline Index first_round(const BatchProbeOptions& options, Index samples) {
  check_argument(options.law != nullptr && !options.law->fresh_gaussian_rows(), "batch probe", "law",
                 options.law ? options.law->name() : "none", "a law of finite samples");
  check_argument(options.batch_size >= 1 && options.batch_size <= samples, "batch probe", "batch_size",
                 options.batch_size, "an integer from 1 to the number of samples");
  check_argument(options.relative_error > 0, "batch probe", "relative_error", options.relative_error, "a number > 0");
  check_argument(options.min_batches >= 2, "batch probe", "min_batches", options.min_batches, "an integer >= 2");
  check_argument(options.max_batches >= options.min_batches, "batch probe", "max_batches", options.max_batches,
                 "an integer >= min_batches");
  check_argument(options.threads >= 1, "batch probe", "threads", options.threads, "an integer >= 1");
  return options.law->second_moment(samples, options.batch_size).p1 == 0 ? 1 : options.min_batches;
}

/// The batch of one draw; `room` keeps its indices.
inline Batch drawn_batch(const BatchProbeOptions& options, Index samples, Index number,
                         std::vector<std::uint32_t>& room) {
  room.resize(static_cast<std::size_t>(std::max(samples, options.batch_size)));
  Philox random(options.seed, Purpose::probe, static_cast<std::uint32_t>(number), options.step);
  const Index count = options.law->draw(samples, options.batch_size, random, room.data());
  return {{room.data(), static_cast<std::size_t>(count)}, static_cast<double>(options.batch_size)};
}

/// Calls evaluate(number, batch) for batches 0, 1, … until enough(batches so far) or max_batches; rounds double.
/// evaluate must write only what belongs to its number. Returns how many were evaluated.
inline Index draw_batches(const BatchProbeOptions& options, Index samples, const Monitor& monitor,
                          const std::function<void(Index)>& make_room,
                          const std::function<void(Index, const Batch&)>& evaluate,
                          const std::function<bool(Index)>& enough) {
  Index done = 0;
  Index wanted = first_round(options, samples);
  const bool full = wanted == 1;
  while (true) {
    make_room(wanted);
    parallel_for(wanted - done, options.threads, [&, done](std::int64_t i) {
      monitor.check();
      std::vector<std::uint32_t> room;
      const Index number = done + i;
      evaluate(number, drawn_batch(options, samples, number, room));
    });
    done = wanted;
    if (full || done >= options.max_batches || enough(done)) return done;
    wanted = std::min(options.max_batches, 2 * done);
  }
}

/// E[a]/E[b] with its standard error to first order (b = 1: a mean). `left_out` values are NaN in a.
struct RatioOfMeans {
  double value = 0;
  double standard_error = 0;
};
inline RatioOfMeans ratio_of_means(const std::vector<double>& a, const std::vector<double>& b) {
  double sum_a = 0;
  double sum_b = 0;
  double count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i])) continue;
    sum_a += a[i];
    sum_b += b[i];
    ++count;
  }
  RatioOfMeans ratio;
  ratio.value = sum_a / sum_b;
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!std::isnan(a[i])) squares += std::pow(a[i] - ratio.value * b[i], 2);
  if (count > 1) ratio.standard_error = std::sqrt(squares * count / (count - 1)) / std::abs(sum_b);
  return ratio;
}

}  // namespace brink
