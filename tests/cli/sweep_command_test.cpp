// brink sweep and merge from outside: kills, interruption, shards, refusals.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "configurations.hpp"
#include "program.hpp"

extern char** environ;  // NOLINT: the name POSIX gives it

namespace fs = std::filesystem;
using nlohmann::json;
using program::Scratch;
using program::scratch_with_sweep;
using program::sweep_results;
using program::sweep_with;

namespace {

/// Starts `brink sweep s.toml --out killed` without gnuplot in its path, and sends `signal` once its checkpoint has
/// grown by `bytes`, after a pause. The wait status.
int start_and_signal(const Scratch& scratch, int signal, std::uintmax_t bytes, useconds_t pause) {
  std::vector<std::string> arguments = {program::program_path().string(),
                                        "sweep",
                                        (scratch.path() / "s.toml").string(),
                                        "--out",
                                        (scratch.path() / "killed").string(),
                                        "--quiet",
                                        "--threads",
                                        "2"};
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  REQUIRE(::posix_spawn(&process, pointers[0], &actions, nullptr, pointers.data(), environ) == 0);
  ::posix_spawn_file_actions_destroy(&actions);
  const fs::path log = scratch.path() / "killed" / "checkpoint.log";
  const auto size = [&] {
    std::error_code error;
    const auto now = fs::file_size(log, error);
    return error ? 0 : now;
  };
  const auto before = size();
  int status = 0;
  while (size() < before + bytes) {
    if (::waitpid(process, &status, WNOHANG) == process) return status;
    ::usleep(200);
  }
  ::usleep(pause);
  ::kill(process, signal);
  ::waitpid(process, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("a sweep that was killed ten times ends with the bytes of an undisturbed one", "[cli][slow]") {
  const auto scratch = scratch_with_sweep();
  REQUIRE(scratch->brink("sweep s.toml --out calm --threads 1").exit_code == 0);
  std::mt19937 random(2026);
  int kills = 0;
  std::uintmax_t held = 0;
  for (int i = 0; i < 10; ++i) {
    const int status =
        start_and_signal(*scratch, SIGKILL, 300 + random() % 3000, static_cast<useconds_t>(random() % 3000));
    kills += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 1 : 0;
    const auto now = fs::file_size(scratch->path() / "killed" / "checkpoint.log");
    CHECK(now + 2000 > held);  // a torn last line at most is taken back
    held = now;
  }
  CHECK(kills == 10);
  CHECK_FALSE(scratch->has("killed/result.json"));
  const auto outcome = scratch->brink("sweep s.toml --out killed --threads 2");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors.find("taking up") != std::string::npos);
  CHECK(sweep_results(*scratch, "killed") == sweep_results(*scratch, "calm"));
}

TEST_CASE("Ctrl-C keeps the finished cells and exits with 130", "[cli]") {
  const auto scratch = scratch_with_sweep();
  const int status = start_and_signal(*scratch, SIGINT, 3000, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
  CHECK(fs::file_size(scratch->path() / "killed" / "checkpoint.log") > 3000);
  CHECK_FALSE(scratch->has("killed/result.json"));
}

TEST_CASE("a damaged line of the checkpoint costs the cells from there on, not the result", "[cli]") {
  const auto scratch = scratch_with_sweep();
  const auto first = scratch->brink("sweep s.toml --out a --format json");
  REQUIRE(first.exit_code == 0);
  std::string log = scratch->read("a/checkpoint.log");
  log[log.size() / 2] ^= 1;
  scratch->write("a/checkpoint.log", log);
  const auto second = scratch->brink("sweep s.toml --out a --format json");
  CHECK(second.exit_code == 0);
  CHECK(second.output == first.output);
}

TEST_CASE("shards merge into the bytes of the whole sweep", "[cli]") {
  const auto scratch = scratch_with_sweep();
  REQUIRE(scratch->brink("sweep s.toml --out whole").exit_code == 0);
  for (const char* k : {"1", "2", "3"})
    REQUIRE(scratch->brink(std::string("sweep s.toml --shard ") + k + "/3").exit_code == 0);
  const std::string shards = " runs/s-3-of-3 runs/s-1-of-3 runs/s-2-of-3";
  fs::rename(scratch->path() / "G1.npy", scratch->path() / "away.npy");  // merging needs no model
  const auto merged = scratch->brink("merge joined" + shards);
  INFO(merged.errors);
  REQUIRE(merged.exit_code == 0);
  CHECK(sweep_results(*scratch, "joined") == sweep_results(*scratch, "whole"));
  fs::rename(scratch->path() / "away.npy", scratch->path() / "G1.npy");
  CHECK(scratch->brink("sweep s.toml --out joined").errors.find("taking up") != std::string::npos);

  const auto refused = [&](const std::string& arguments, const std::string& name) {
    const auto outcome = scratch->brink("merge other" + arguments);
    CAPTURE(arguments, outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.errors.find(name) != std::string::npos);
    CHECK_FALSE(scratch->has("other"));
  };
  refused(" runs/s-3-of-3 runs/s-1-of-3", "2/3");
  refused(shards + " runs/s-1-of-3", "runs/s-1-of-3");
  refused(" whole", "whole");
  refused(" nowhere", "nowhere");
  scratch->write("s.toml", sweep_with({{"seed", "6"}}));
  REQUIRE(scratch->brink("sweep s.toml --shard 2/3 --out foreign").exit_code == 0);
  refused(" runs/s-3-of-3 runs/s-1-of-3 foreign", "foreign");
  fs::remove(scratch->path() / "runs/s-2-of-3/result.json");
  refused(shards, "runs/s-2-of-3");
}

TEST_CASE("another configuration in the directory of a sweep needs --force", "[cli]") {
  const auto scratch = scratch_with_sweep();
  scratch->write("s.toml", sweep_with({{"quantities", "[\"growth\"]"}}));
  REQUIRE(scratch->brink("sweep s.toml --out a").exit_code == 0);
  scratch->write("t.toml", sweep_with({{"quantities", "[\"growth\", \"escape\"]"}}));
  CHECK(scratch->brink("sweep t.toml --out a").exit_code == 2);
  const auto outcome = scratch->brink("sweep t.toml --out a --force --format json");
  REQUIRE(outcome.exit_code == 0);
  const auto result = json::parse(outcome.output);
  CHECK(result["schema"] == "brink.sweep/1");
  CHECK(result["cells"].size() == 2 * 33 * 9);
  std::size_t computed = 0;
  for (const auto& cell : result["cells"]) {
    computed += cell["computed"].get<bool>() ? 1 : 0;
    CHECK(cell.contains("diverged_fraction") == cell["computed"].get<bool>());
  }
  CHECK(computed == result["cells_computed"]);
  CHECK(computed < 2 * 33 * 9 / 3);
}

TEST_CASE("a sweep refuses what makes no sense in one line", "[cli]") {
  const auto scratch = scratch_with_sweep();
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"x", "\"eta\""},          {"x", "\"beta\""},    {"y_range", "[0.0, 1.0]"},
      {"y_range", "[nan, 1.0]"}, {"y_range", "[2.0]"}, {"y_range", "[2, 1]"},
      {"y_cells", "1"},          {"y_cells", "-3"},    {"coarse", "0"},
      {"size", "[4]"},           {"size", "[0]"},      {"quantities", "[\"speed\"]"},
      {"x_range", "[0.0, 1.0]"}, {"rule", "\"sgd\""},  {"replicas", "1"},
      {"steps", "10"},           {"x_cells", "1e9"},   {"rule", "[\"sgd\", \"ema\"]"}};
  for (const auto& [key, value] : wrong) {
    scratch->write("wrong.toml", sweep_with({{key, value}}));
    const auto outcome = scratch->brink("sweep wrong.toml --out wrong");
    CAPTURE(key, value, outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.error_lines().size() == 1);
    CHECK_FALSE(scratch->has("wrong"));
  }
  for (const char* shard : {"0/3", "4/3", "1", "a/b", "1/0", "1/3x", "-1/3"}) {
    const auto outcome = scratch->brink(std::string("sweep s.toml --shard ") + shard);
    CAPTURE(shard, outcome.errors);
    CHECK(outcome.exit_code == 2);
  }
}
