#pragma once
// Where a result came from: everything that is not a function of configuration and seed, kept apart from the result.

#include <string>

namespace brink {

/// "0.1.0"
[[nodiscard]] std::string version();

/// The commit the program was built from, with "-dirty" when the tree had changes; "unknown" outside a repository.
[[nodiscard]] std::string commit();

/// Compiler and its version, e.g. "GNU 12.2.0".
[[nodiscard]] std::string compiler();

/// Name and build configuration of the BLAS the program runs on, as the library itself states it.
[[nodiscard]] std::string blas();

struct Provenance {
  std::string command;        ///< the command line
  std::string configuration;  ///< resolved configuration, TOML text
  int threads = 1;
  double wall_seconds = 0;
};

/// {"schema":"brink.provenance/1", version, commit, compiler, build, BLAS, threads, host, date (UTC), wall time,
/// command, configuration}, with a final newline. The date is now.
[[nodiscard]] std::string provenance_json(const Provenance& provenance);

}  // namespace brink
