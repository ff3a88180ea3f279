#include "program.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "brink/data/npy.hpp"

namespace program {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

nlohmann::json parse(const Outcome& outcome) {
  INFO(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  return nlohmann::json::parse(outcome.output);
}

std::filesystem::path program_path() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "brink";
}

std::vector<std::string> Outcome::error_lines() const {
  std::vector<std::string> lines;
  std::istringstream in(errors);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Outcome run(const std::string& arguments, const std::filesystem::path& directory) {
  return run_under("", arguments, directory);
}

Outcome run_under(const std::string& wrapper, const std::string& arguments, const std::filesystem::path& directory) {
  const auto output = directory / ".stdout";
  const auto errors = directory / ".stderr";
  const std::string command = "cd '" + directory.string() + "' && " + wrapper + " '" + program_path().string() +
                              "' >'" + output.string() + "' 2>'" + errors.string() + "' " + arguments;
  const int status = std::system(command.c_str());
  Outcome outcome;
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.output = content_of(output);
  outcome.errors = content_of(errors);
  return outcome;
}

void Scratch::write(const std::string& name, const std::string& content) const {
  std::ofstream(path() / name, std::ios::binary) << content;
}

std::string Scratch::read(const std::string& name) const { return content_of(path() / name); }

bool Scratch::has(const std::string& name) const { return std::filesystem::exists(path() / name); }

void Scratch::write_small_arrays() const {
  brink::write_npy(path() / "G1.npy", brink::RowMatrix{{1, 0}, {1, 1}, {0, 2}});
  brink::write_npy(path() / "K1.npy", brink::RowMatrix{{1, 1, 0}, {1, 2, 2}, {0, 2, 4}});
}

}  // namespace program
