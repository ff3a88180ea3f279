#pragma once
// Parallel loops whose result does not depend on the number of threads: the caller fixes the units of work, and every
// unit writes only its own output.

#include <cstdint>
#include <functional>

namespace brink {

/// Runs task(i) for i in [0, count) on at most `threads` threads, dynamically scheduled. The first exception thrown by
/// a task is rethrown here after all running tasks ended. threads >= 1. Loops may be nested: an inner one has its own
/// `threads` in each task.
void parallel_for(std::int64_t count, int threads, const std::function<void(std::int64_t)>& task);

/// Sets the number of threads inside BLAS and LAPACK. Brink parallelizes over cells and replicas, never inside BLAS
/// (two BLAS threads on two busy cores collapse, and results would depend on the number of threads).
void use_single_threaded_blas();

}  // namespace brink
