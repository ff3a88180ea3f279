#include "brink/simulation/stationary_tail.hpp"

#include <atomic>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/base/parallel.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {

RowMatrix stationary_norms(const Engine& engine, const StationaryOptions& options, const Monitor& monitor) {
  constexpr const char* here = "stationary_norms";
  constexpr Index most = std::numeric_limits<std::uint32_t>::max() / 2;
  check_argument(options.replicas >= 2 && options.replicas <= most, here, "replicas", options.replicas,
                 "2 <= replicas < 2^31");
  check_argument(options.steps >= 1 && options.steps <= most, here, "steps", options.steps, "1 <= steps < 2^31");
  check_argument(options.burn_in >= 0 && options.burn_in <= most, here, "burn_in", options.burn_in,
                 "0 <= burn_in < 2^31");
  check_argument(options.keep_every >= 1 && options.keep_every <= options.steps, here, "keep_every", options.keep_every,
                 "1 <= keep_every <= steps");
  check_argument(options.threads >= 1, here, "threads", options.threads, "an integer >= 1");
  const Index kept = options.steps / options.keep_every;
  require_memory(8.0 * static_cast<double>(options.replicas) * static_cast<double>(kept),
                 "the norms of a stationary run");
  RowMatrix norms(options.replicas, kept);
  const Index blocks = (options.replicas + Philox::kStreams - 1) / Philox::kStreams;
  std::atomic<Index> done{0};
  parallel_for(blocks, options.threads, [&](std::int64_t block) {
    const Index first = block * Philox::kStreams;
    const Index count = std::min<Index>(Philox::kStreams, options.replicas - first);
    RowMatrix states(count, engine.state_size());
    for (Index i = 0; i < count; ++i) engine.initialize(static_cast<std::uint32_t>(first + i), states.row(i).data());
    for (Index t = 0; t < options.burn_in + kept * options.keep_every; ++t) {
      if (t % 256 == 0) monitor.check();
      engine.advance(static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(first), count, states.data());
      const Index after = t + 1 - options.burn_in;
      if (after < 1 || after % options.keep_every != 0) continue;
      for (Index i = 0; i < count; ++i) {
        norms(first + i, after / options.keep_every - 1) = std::sqrt(engine.squared_norm(states.row(i).data()));
      }
    }
    if (!norms.middleRows(first, count).allFinite()) {
      throw NotConverged(
          "stationary_norms: a replica overflowed: nothing settles at this step size; use a smaller one");
    }
    monitor.report(static_cast<double>(++done) / static_cast<double>(blocks));
  });
  return norms;
}

}  // namespace brink
