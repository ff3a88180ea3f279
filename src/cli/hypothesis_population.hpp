#pragma once
// The runs that a hypothesis file asks for, kept in a checkpoint as they are made.

#include <functional>
#include <optional>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/report/append_log.hpp"
#include "hypothesis_file.hpp"

namespace brink::cli {

/// Makes the runs of `seeds` seeds from `first` on, in the order seed, rule, momentum, batch, sampling, step size. The
/// result does not depend on the number of threads. What the log holds already is not run again; `key` tells the
/// populations of one log apart. SGD takes part once, with momentum 0, where other momenta are listed too.
[[nodiscard]] std::vector<Observation> make_population(const HypothesisFile& file, std::int64_t first,
                                                       std::int64_t seeds, int threads, const Monitor& monitor,
                                                       AppendLog* log, const std::string& key);

}  // namespace brink::cli
