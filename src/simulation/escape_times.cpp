#include "brink/simulation/escape_times.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/memory.hpp"
#include "brink/base/parallel.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {
namespace {

constexpr double kEscapeConfidence = 0.95;

// A state is moved by this power of two when its loss leaves (2^−2·kShift, 1]: subnormal numbers are slow, and exact
// powers change nothing.
constexpr int kShift = 200;

void check_options(const EscapeOptions& options, const Engine& engine, const Vector& curvature) {
  constexpr const char* here = "escape_times";
  constexpr Index most = std::numeric_limits<std::uint32_t>::max();
  check_argument(options.replicas >= 2 && options.replicas <= most, here, "replicas", options.replicas,
                 "2 <= replicas < 2^32");
  check_argument(options.horizon >= 1 && options.horizon <= most / 2, here, "horizon", options.horizon,
                 "1 <= horizon < 2^31");
  check_argument(std::isfinite(options.level) && options.level > 1, here, "level", options.level,
                 "a finite number > 1");
  check_argument(options.threads >= 1, here, "threads", options.threads, "an integer >= 1");
  check_argument(curvature.size() >= 1 && curvature.size() <= engine.state_size(), here, "curvature",
                 static_cast<double>(curvature.size()), "one number for each coordinate of x");
  check_argument(curvature.minCoeff() >= 0, here, "curvature", curvature.minCoeff(), "numbers >= 0");
}

/// Replicas that move together, each until it escapes.
class Block {
 public:
  Block(const Engine& engine, const Vector& curvature, double level, Index first, Index count)
      : engine_(engine),
        curvature_(curvature),
        first_(first),
        states_(count, engine.state_size()),
        limits_(count),
        exponents_(static_cast<std::size_t>(count), 0),
        times_(static_cast<std::size_t>(count), 0),
        alive_(count) {
    for (Index i = 0; i < count; ++i) {
      engine_.initialize(static_cast<std::uint32_t>(first + i), states_.row(i).data());
      limits_[i] = level * loss(i);
    }
  }

  std::vector<Index> run(Index horizon, const Monitor& monitor) {
    constexpr Index steps_between_checks = 256;
    for (Index t = 0; t < horizon && alive_ > 0; ++t) {
      if (t % steps_between_checks == 0) monitor.check();
      engine_.advance(static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(first_), states_.rows(),
                      states_.data());
      for (Index i = 0; i < states_.rows(); ++i) {
        if (times_[static_cast<std::size_t>(i)] == 0) observe(i, t + 1);
      }
    }
    return std::move(times_);
  }

 private:
  double loss(Index i) const {
    return 0.5 * states_.row(i).head(curvature_.size()).cwiseAbs2().dot(curvature_.transpose());
  }

  void observe(Index i, Index time) {
    int& exponent = exponents_[static_cast<std::size_t>(i)];
    const double now = loss(i);
    if (!(now < std::ldexp(limits_[i], 2 * exponent))) {
      times_[static_cast<std::size_t>(i)] = time;
      states_.row(i).setZero();  // stays there: the dynamics is homogeneous
      --alive_;
    } else if (now > 0 && now < std::ldexp(1.0, -2 * kShift)) {
      move(i, kShift, exponent);
    } else if (exponent > 0 && now > 1) {
      move(i, -kShift, exponent);
    }
  }

  void move(Index i, int shift, int& exponent) {
    engine_.scale(states_.row(i).data(), std::ldexp(1.0, shift));
    exponent += shift;
  }

  const Engine& engine_;
  const Vector& curvature_;
  Index first_;
  RowMatrix states_;
  Vector limits_;               // level · L(x_0)
  std::vector<int> exponents_;  // the state held is 2^exponent times the true one
  std::vector<Index> times_;
  Index alive_;
};

}  // namespace

std::vector<Index> escape_times(const Engine& engine, const Vector& curvature, const EscapeOptions& options,
                                const Monitor& monitor) {
  check_options(options, engine, curvature);
  require_memory(8.0 * static_cast<double>(options.threads) * static_cast<double>(Philox::kStreams) *
                         static_cast<double>(engine.state_size()) +
                     16.0 * static_cast<double>(options.replicas),
                 "the replicas of a simulation");
  std::vector<Index> times(static_cast<std::size_t>(options.replicas));
  const Index blocks = (options.replicas + Philox::kStreams - 1) / Philox::kStreams;
  parallel_for(blocks, options.threads, [&](std::int64_t block) {
    const Index first = block * Philox::kStreams;
    const Index count = std::min<Index>(Philox::kStreams, options.replicas - first);
    const auto found = Block(engine, curvature, options.level, first, count).run(options.horizon, monitor);
    std::copy(found.begin(), found.end(), times.begin() + first);
  });
  return times;
}

Survival escape_survival(const std::vector<Index>& times, Index horizon) {
  std::vector<Lifetime> lives;
  lives.reserve(times.size());
  for (const Index time : times) {
    check_argument(time >= 0 && time <= horizon, "escape_survival", "times", time, "0 <= time <= horizon");
    lives.push_back(time == 0 ? Lifetime{horizon, false} : Lifetime{time, true});
  }
  return kaplan_meier(std::move(lives), kEscapeConfidence);
}

EscapeSummary summarize_escape(std::vector<Index> times, Index horizon) {
  check_argument(!times.empty(), "summarize_escape", "times", "an empty list", "at least one time");
  for (const Index time : times)
    check_argument(time >= 0 && time <= horizon, "summarize_escape", "times", time, "0 <= time <= horizon");
  EscapeSummary summary;
  const Survival survival = escape_survival(times, horizon);
  const RestrictedMean mean = restricted_mean(survival, horizon);
  summary.hazard = survival.hazard;
  summary.hazard_interval = survival.hazard_interval;
  summary.mean = mean.value;
  summary.mean_error = mean.standard_error;
  summary.horizon = horizon;
  summary.replicas = static_cast<Index>(times.size());
  times.erase(std::remove(times.begin(), times.end(), Index{0}), times.end());
  std::sort(times.begin(), times.end());
  summary.escaped = static_cast<Index>(times.size());
  summary.fraction = clopper_pearson(summary.escaped, summary.replicas, kEscapeConfidence);

  // The number of replicas below the true median is binomial with probability ½ (normal approximation of its
  // quantiles).
  const auto at_rank = [&](Index rank) -> std::optional<Index> {
    if (rank > summary.escaped) return {};
    return times[static_cast<std::size_t>(std::max<Index>(rank, 1) - 1)];
  };
  const auto count = static_cast<double>(summary.replicas);
  const double spread = normal_quantile(0.5 + 0.5 * kEscapeConfidence) * std::sqrt(count) / 2;
  summary.median = at_rank((summary.replicas + 1) / 2);
  summary.median_lower = at_rank(static_cast<Index>(std::floor(count / 2 - spread)));
  summary.median_upper = at_rank(std::min(summary.replicas, static_cast<Index>(std::ceil(count / 2 + spread)) + 1));
  return summary;
}

}  // namespace brink
