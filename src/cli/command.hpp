#pragma once
// A subcommand of the program: one file each, registered by one line in main.cpp.

#include <CLI/CLI.hpp>
#include <functional>

namespace brink::cli {

/// Exit codes of the program.
enum ExitCode : int {
  kDone = 0,          ///< done, and agreeing where something was compared
  kDisagrees = 1,     ///< a comparison failed or lacked power
  kWrongInput = 2,    ///< wrong input or usage
  kNotConverged = 3,  ///< a numerical method did not converge
  kInterrupted = 130,
};

/// Runs a subcommand whose flags were parsed; returns the exit code. Errors are exceptions (brink/base/error.hpp).
using Action = std::function<int()>;

/// Adds the subcommand to the program and returns what runs it.
Action add_threshold_command(CLI::App& program);
Action add_simulate_command(CLI::App& program);
Action add_verify_command(CLI::App& program);
Action add_inspect_command(CLI::App& program);
Action add_check_command(CLI::App& program);
Action add_couple_command(CLI::App& program);
Action add_moments_command(CLI::App& program);
Action add_limit_command(CLI::App& program);
Action add_alignment_command(CLI::App& program);
Action add_sweep_command(CLI::App& program);
Action add_merge_command(CLI::App& program);
Action add_train_command(CLI::App& program);
Action add_study_command(CLI::App& program);
Action add_regimes_command(CLI::App& program);
Action add_hypothesis_command(CLI::App& program);
Action add_figure_command(CLI::App& program);
Action add_report_command(CLI::App& program);

/// The command line as it was typed, for provenance.
[[nodiscard]] const std::string& typed_command_line();

}  // namespace brink::cli
