// The program: one subcommand a file, errors mapped to exit codes, nothing else.

#include <fmt/format.h>

#include <exception>
#include <new>

#include "blas_kernels.hpp"
#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/base/parallel.hpp"
#include "brink/report/provenance.hpp"
#include "brink/training/network_model.hpp"
#include "command.hpp"
#include "console.hpp"
#include "interrupt.hpp"

namespace brink::cli {
namespace {

std::string command_line;

int fail(ExitCode code, const std::string& message) {
  std::string line = message;
  for (char& c : line) c = c == '\n' ? ' ' : c;
  fmt::print(stderr, "brink: {}\n", line);
  return code;
}

int parse_and_run(int argc, char** argv) {
  CLI::App program("Where stochastic gradient descent, with or without momentum, stops being stable at a minimum.",
                   "brink");
  program.footer(
      "Every subcommand has its own --help with examples.\n"
      "Exit codes: 0 done and agreeing, 1 a comparison failed, 2 wrong input or usage, 3 a numerical method did not\n"
      "converge, 130 interrupted.");
  program.set_version_flag("--version", fmt::format("brink {} ({})", version(), commit()));
  program.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Action>> commands;
  for (const auto add :
       {add_threshold_command, add_simulate_command, add_verify_command, add_inspect_command, add_check_command,
        add_couple_command, add_moments_command, add_limit_command, add_alignment_command, add_sweep_command,
        add_merge_command, add_train_command, add_study_command, add_regimes_command, add_hypothesis_command,
        add_figure_command, add_report_command}) {
    Action action = add(program);
    commands.emplace_back(program.get_subcommands(nullptr).back(), std::move(action));
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = program.get_subcommands();
    write_result(chosen.empty() ? program.help() : chosen.front()->help("brink"));
    return kDone;
  } catch (const CLI::CallForVersion& version_text) {
    write_result(std::string(version_text.what()) + "\n");
    return kDone;
  } catch (const CLI::ParseError& error) {
    const auto chosen = program.get_subcommands();
    if (chosen.empty() && !program.remaining().empty()) {
      std::string names;
      for (const auto& [app, action] : commands) names += (names.empty() ? "" : ", ") + app->get_name();
      return fail(kWrongInput, fmt::format("subcommand = {}, need one of {}", program.remaining().front(), names));
    }
    return fail(kWrongInput, fmt::format("{}; see brink {}--help", error.what(),
                                         chosen.empty() ? "" : chosen.front()->get_name() + " "));
  }
  for (const auto& [app, action] : commands) {
    if (app->parsed()) return action();
  }
  return kWrongInput;
}

int guarded(int argc, char** argv) {
  try {
    check_standard_streams();
    catch_interrupts();
    use_single_threaded_blas();
    prepare_heap();
    register_network_model();
    return parse_and_run(argc, argv);
  } catch (const InvalidInput& error) {
    return fail(kWrongInput, error.what());
  } catch (const NotConverged& error) {
    return fail(kNotConverged, error.what());
  } catch (const Interrupted&) {
    return fail(kInterrupted,
                "interrupted; the same command goes on from what is kept (verify, sweep, train, study) or starts over");
  } catch (const std::bad_alloc&) {
    return fail(kWrongInput, "memory: not enough for this model, need a smaller one or a larger machine");
  } catch (const std::exception& error) {
    return fail(kNotConverged, fmt::format("internal error: {}", error.what()));
  }
}

}  // namespace

const std::string& typed_command_line() { return command_line; }

}  // namespace brink::cli

int main(int argc, char** argv) {
  brink::cli::choose_blas_kernels(argv);
  for (int i = 0; i < argc; ++i) brink::cli::command_line += (i == 0 ? "" : " ") + std::string(argv[i]);
  return brink::cli::guarded(argc, argv);
}
