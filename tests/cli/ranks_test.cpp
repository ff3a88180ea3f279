// brink sweep as an MPI job of two to four ranks on one machine.

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "configurations.hpp"
#include "program.hpp"

namespace fs = std::filesystem;
using program::Scratch;
using program::sweep_results;

namespace {

/// One panel of the sweep, cells of `steps` steps.
std::unique_ptr<Scratch> scratch_with_cells(const std::string& steps) {
  return program::scratch_with_sweep({{"size", "1"}, {"steps", steps}, {"quantities", "[\"growth\", \"lyapunov\"]"}});
}

bool has_mpirun() { return std::system("command -v mpirun >/dev/null 2>&1") == 0; }

std::string ranks(int count) {
  return "env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -np " +
         std::to_string(count);
}

/// The process of one rank of the job in that directory, 0 while there is none.
pid_t process_of(const fs::path& directory, int rank) {
  const std::string wanted = "OMPI_COMM_WORLD_RANK=" + std::to_string(rank);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (fs::read_symlink(entry.path() / "cwd", error) != directory) continue;
    std::ifstream file(entry.path() / "environ", std::ios::binary);
    const std::string environment((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (environment.find(wanted + std::string(1, '\0')) != std::string::npos) return std::stoi(name);
  }
  return 0;
}

}  // namespace

TEST_CASE("two to four ranks give the bytes of one", "[cli]") {
  if (!has_mpirun()) {
    WARN("skipped: no mpirun");
    return;
  }
  const auto scratch = scratch_with_cells("200");
  REQUIRE(scratch->brink("sweep s.toml --out alone").exit_code == 0);
  for (const int count : {2, 3, 4}) {
    const std::string out = "ranks" + std::to_string(count);
    const auto outcome = program::run_under(ranks(count), "sweep s.toml --threads 1 --out " + out, scratch->path());
    CAPTURE(count, outcome.errors);
    REQUIRE(outcome.exit_code == 0);
    CHECK(sweep_results(*scratch, out) == sweep_results(*scratch, "alone"));
  }
  // What rank 0 refuses ends the others too.
  CHECK(program::run_under(ranks(2), "sweep nowhere.toml", scratch->path()).exit_code != 0);
  scratch->write("file", "");
  CHECK(program::run_under(ranks(2), "sweep s.toml --out file/run", scratch->path()).exit_code != 0);
}

TEST_CASE("a rank that is killed loses its cells and nothing else", "[cli]") {
  if (!has_mpirun()) {
    WARN("skipped: no mpirun");
    return;
  }
  const auto scratch = scratch_with_cells("4000");
  REQUIRE(scratch->brink("sweep s.toml --out calm").exit_code == 0);
  std::thread killer([&] {
    const fs::path log = scratch->path() / "hurt" / "checkpoint.log";
    std::error_code error;
    for (int i = 0; i < 200000 && (!fs::exists(log, error) || fs::file_size(log, error) < 3000); ++i) ::usleep(500);
    const pid_t process = process_of(fs::canonical(scratch->path()), 1);
    if (process > 0) ::kill(process, SIGKILL);
  });
  const auto hurt = program::run_under(ranks(3), "sweep s.toml --threads 1 --out hurt", scratch->path());
  killer.join();
  CHECK(hurt.exit_code != 0);
  CHECK_FALSE(scratch->has("hurt/result.json"));
  const auto again = program::run_under(ranks(2), "sweep s.toml --threads 1 --out hurt", scratch->path());
  INFO(again.errors);
  REQUIRE(again.exit_code == 0);
  CHECK(again.errors.find("taking up") != std::string::npos);
  CHECK(sweep_results(*scratch, "hurt") == sweep_results(*scratch, "calm"));
}
