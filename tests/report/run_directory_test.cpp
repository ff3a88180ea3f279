#include "brink/report/run_directory.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "brink/base/error.hpp"
#include "brink/report/atomic_file.hpp"
#include "report/scratch.hpp"

namespace fs = std::filesystem;
using brink::InvalidInput;
using brink::read_file;
using brink::RunDirectory;
using brink::write_file_atomically;
using brink::test::listing;
using brink::test::message_of;
using brink::test::Scratch;

namespace {

/// No file may grow beyond `bytes` while this lives: the nearest thing to a full disk that a test can arrange.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("a file is replaced whole or not at all", "[report][fast]") {
  const Scratch scratch;
  const auto file = scratch.path() / "result.json";
  write_file_atomically(file, "old");
  CHECK(read_file(file) == "old");
  {
    const FileSizeLimit limit(1000);
    const auto message = message_of<InvalidInput>([&] { write_file_atomically(file, std::string(100000, 'x')); });
    CHECK(message.find(file.string()) != std::string::npos);
    CHECK(message.find("File too large") != std::string::npos);
  }
  CHECK(read_file(file) == "old");
  CHECK(listing(scratch.path()) == "result.json\n");
  const std::string large(300000, 'y');
  write_file_atomically(file, large);
  CHECK(read_file(file) == large);
}

TEST_CASE("a place that cannot be written is named", "[report][fast]") {
  const Scratch scratch;
  const auto missing = scratch.path() / "no" / "such" / "place.csv";
  const auto message = message_of<InvalidInput>([&] { write_file_atomically(missing, "text"); });
  CHECK(message.find(missing.string()) != std::string::npos);
  CHECK(message.find("No such file or directory") != std::string::npos);
  CHECK_THROWS_AS(write_file_atomically("/proc/version", "text"), InvalidInput);
  CHECK_THROWS_AS(read_file(missing), InvalidInput);
  CHECK_THROWS_AS(read_file(scratch.path()), InvalidInput);

  // A name already taken by a directory cannot be renamed over, and nothing stays behind.
  fs::create_directory(scratch.path() / "taken");
  CHECK_THROWS_AS(write_file_atomically(scratch.path() / "taken", "text"), InvalidInput);
  CHECK(listing(scratch.path()) == "taken\n");
}

TEST_CASE("result.json appears last and marks a complete run", "[report][fast]") {
  const Scratch scratch;
  const auto out = scratch.path() / "runs" / "first";
  auto run = RunDirectory::create(out, "steps = 100\n");
  CHECK(read_file(out / "config.toml").find("steps = 100\n") != std::string::npos);
  run.write("tables/cells.csv", "a\n1\n");
  CHECK(read_file(out / "tables" / "cells.csv") == "a\n1\n");
  CHECK_FALSE(run.complete());
  run.finish("{}\n", "{\"host\":1}\n");
  CHECK(run.complete());
  CHECK(read_file(out / "provenance.json") == "{\"host\":1}\n");
  CHECK(RunDirectory::existing(out).complete());
}

TEST_CASE("the same configuration takes a run up again and withdraws its result on the first write", "[report][fast]") {
  const Scratch scratch;
  const auto out = scratch.path() / "run";
  RunDirectory::create(out, "steps = 100\n").finish("{}\n", "{}\n");
  auto again = RunDirectory::create(out, "steps = 100\n");
  CHECK(again.complete());
  again.write("tables/cells.csv", "a\n");
  CHECK_FALSE(again.complete());
  again.finish("{}\n", "{}\n");
  CHECK(again.complete());

  auto opened = RunDirectory::existing(out);
  opened.write("figures/thresholds.gp", "plot x\n");
  CHECK(opened.complete());
}

TEST_CASE("a run of another configuration is refused and replaced with force", "[report][fast]") {
  const Scratch scratch;
  const auto out = scratch.path() / "run";
  auto run = RunDirectory::create(out, "seed = 7\nsteps = 100\n");
  run.write("figures/old.csv", "a\n");
  run.write("findings.md", "| claim |\n");
  run.finish("{}\n", "{}\n");
  std::ofstream(out / "notes.txt") << "mine";

  const auto message = message_of<InvalidInput>([&] { (void)RunDirectory::create(out, "seed = 7\nsteps = 200\n"); });
  CHECK(message.find(out.string()) != std::string::npos);
  CHECK(message.find("`steps = 100`") != std::string::npos);
  CHECK(message.find("`steps = 200`") != std::string::npos);
  CHECK(message.find("--force") != std::string::npos);
  CHECK(RunDirectory::existing(out).complete());

  const auto replaced = RunDirectory::create(out, "seed = 7\nsteps = 200\n", true);
  CHECK_FALSE(replaced.complete());
  CHECK_FALSE(fs::exists(out / "figures"));
  CHECK_FALSE(fs::exists(out / "findings.md"));
  CHECK(read_file(out / "notes.txt") == "mine");
  CHECK(read_file(out / "config.toml").find("steps = 200") != std::string::npos);
}

TEST_CASE("files of the user's are neither overwritten nor removed", "[report][fast]") {
  const Scratch scratch;
  std::ofstream(scratch.path() / "config.toml") << "steps = 100\n";
  for (const bool force : {false, true}) {
    const auto message =
        message_of<InvalidInput>([&] { (void)RunDirectory::create(scratch.path(), "a = 1\n", force); });
    CHECK(message.find("config.toml") != std::string::npos);
    CHECK(read_file(scratch.path() / "config.toml") == "steps = 100\n");
  }
  CHECK_THROWS_AS(RunDirectory::existing(scratch.path()), InvalidInput);
  CHECK_THROWS_AS(RunDirectory::existing(scratch.path() / "nowhere"), InvalidInput);
}

TEST_CASE("a run stays inside its directory", "[report][fast]") {
  const Scratch scratch;
  std::ofstream(scratch.path() / "file") << "x";
  CHECK_THROWS_AS(RunDirectory::create(scratch.path() / "file", "a = 1\n"), InvalidInput);
  CHECK_THROWS_AS(RunDirectory::create("/proc/brink", "a = 1\n"), InvalidInput);
  auto run = RunDirectory::create(scratch.path() / "run", "a = 1\n");
  for (const char* name : {"../escape", "/tmp/escape", "a/../../escape", "", "tables/"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(run.write(name, "x"), InvalidInput);
  }
  CHECK_FALSE(fs::exists(scratch.path() / "escape"));
}
