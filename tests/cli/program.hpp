#pragma once
// Runs the real program and looks at it from outside: exit code, standard output, standard error.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/scratch.hpp"

namespace program {

struct Outcome {
  int exit_code = 0;
  std::string output;
  std::string errors;

  [[nodiscard]] std::vector<std::string> error_lines() const;
};

/// The program that was built with these tests: they lie in <build>/tests.
[[nodiscard]] std::filesystem::path program_path();

/// Runs `brink ARGUMENTS` through the shell in `directory`. What the arguments redirect themselves is not captured.
[[nodiscard]] Outcome run(const std::string& arguments, const std::filesystem::path& directory);

/// The same, with the program started by `wrapper` (such as timeout).
[[nodiscard]] Outcome run_under(const std::string& wrapper, const std::string& arguments,
                                const std::filesystem::path& directory);

/// The JSON on standard output; fails the test that asks unless the program is done.
[[nodiscard]] nlohmann::json parse(const Outcome& outcome);

/// The directory of one test, with what the program needs in it.
class Scratch : public brink::test::Scratch {
 public:
  void write(const std::string& name, const std::string& content) const;
  [[nodiscard]] std::string read(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name) const;
  /// Rows (1,0), (1,1), (0,2) as G1.npy, and their Gram matrix as K1.npy.
  void write_small_arrays() const;

  [[nodiscard]] Outcome brink(const std::string& arguments) const { return run(arguments, path()); }
};

}  // namespace program
