#include "brink/simulation/loss_statistics.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/base/parallel.hpp"

namespace brink {
namespace {

constexpr Index kBlock = 16;  // replicas that move together

void check_options(const LossStatisticsOptions& options) {
  constexpr std::string_view function = "loss_statistics";
  check_argument(options.replicas >= 2 && options.replicas <= 1000000000, function, "replicas", options.replicas,
                 "an integer in 2..1e9");
  check_argument(!options.steps.empty() && std::is_sorted(options.steps.begin(), options.steps.end()) &&
                     options.steps.front() >= 0,
                 function, "steps", static_cast<double>(options.steps.size()), "ascending integers >= 0, at least one");
  check_argument(options.start_loss > 0 && std::isfinite(options.start_loss), function, "start_loss",
                 options.start_loss, "a number > 0");
  check_argument(options.confidence > 0 && options.confidence < 1, function, "confidence", options.confidence,
                 "a number in (0, 1)");
}

double quantile(const std::vector<double>& sorted, double probability) {
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - std::floor(position)) * (sorted[above] - sorted[below]);
}

LossStatistics summary(Index step, std::vector<double> losses, double confidence) {
  const auto count = static_cast<double>(losses.size());
  LossStatistics result;
  result.step = step;
  for (const double loss : losses) result.mean += loss / count;
  double squares = 0;
  for (const double loss : losses) squares += (loss - result.mean) * (loss - result.mean);
  result.standard_error = std::sqrt(squares / (count - 1) / count);
  std::sort(losses.begin(), losses.end());
  result.median = quantile(losses, 0.5);
  result.lower = quantile(losses, 0.5 * (1 - confidence));
  result.upper = quantile(losses, 0.5 * (1 + confidence));
  return result;
}

}  // namespace

std::vector<LossStatistics> loss_statistics(const Engine& engine, const Vector& spectrum,
                                            const LossStatisticsOptions& options, const Monitor& monitor) {
  check_options(options);
  // Of a random unit vector in r dimensions E x_i² = 1/r.
  const double mean_curvature = spectrum.mean();
  const double scale = std::sqrt(2 * options.start_loss / mean_curvature);
  const Index replicas = options.replicas;
  const Index size = engine.state_size();
  RowMatrix losses(static_cast<Index>(options.steps.size()), replicas);
  std::atomic<Index> done{0};
  const Index blocks = (replicas + kBlock - 1) / kBlock;
  parallel_for(blocks, options.threads, [&](std::int64_t block) {
    monitor.check();
    const Index first = block * kBlock;
    const Index count = std::min(kBlock, replicas - first);
    RowMatrix states(count, size);
    for (Index i = 0; i < count; ++i) {
      engine.initialize(static_cast<std::uint32_t>(first + i), states.row(i).data());
      engine.scale(states.row(i).data(), scale);
    }
    Index step = 0;
    for (std::size_t record = 0; record < options.steps.size(); ++record) {
      for (; step < options.steps[record]; ++step) {
        if (step % 64 == 0) monitor.check();
        engine.advance(static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(first), count, states.data());
      }
      losses.row(static_cast<Index>(record)).segment(first, count) =
          0.5 * (states.leftCols(spectrum.size()).array().square().matrix() * spectrum).transpose();
    }
    monitor.report(static_cast<double>(done += count) / static_cast<double>(replicas));
  });
  std::vector<LossStatistics> result;
  for (std::size_t record = 0; record < options.steps.size(); ++record) {
    const auto row = losses.row(static_cast<Index>(record));
    result.push_back(summary(options.steps[record], {row.data(), row.data() + replicas}, options.confidence));
  }
  return result;
}

}  // namespace brink
