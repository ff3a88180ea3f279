#include "brink/base/parallel.hpp"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "brink/base/error.hpp"

extern "C" void openblas_set_num_threads(int threads);

namespace brink {

void parallel_for(std::int64_t count, int threads, const std::function<void(std::int64_t)>& task) {
  check_argument(threads >= 1, "parallel_for", "threads", threads, "an integer >= 1");
  // A loop inside a task of another one has threads of its own where it asks for them; OpenMP's default is one.
  if (threads > 1) omp_set_max_active_levels(std::max(omp_get_max_active_levels(), omp_get_active_level() + 1));
  std::exception_ptr first_failure;
  std::mutex failure_mutex;
  std::atomic<bool> failed{false};
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::int64_t i = 0; i < count; ++i) {
    if (failed.load(std::memory_order_relaxed)) continue;
    try {
      task(i);
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!first_failure) first_failure = std::current_exception();
      failed = true;
    }
  }
  if (first_failure) std::rethrow_exception(first_failure);
}

void use_single_threaded_blas() { openblas_set_num_threads(1); }

}  // namespace brink
