// A log that is cut or damaged anywhere keeps the lines before.

#include <signal.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "brink/base/error.hpp"
#include "brink/report/append_log.hpp"
#include "brink/report/atomic_file.hpp"
#include "scratch.hpp"

using namespace brink;

TEST_CASE("a log cut at any byte keeps every whole line", "[report][fast]") {
  const std::vector<std::string> lines = {"first", "", "{\"a\": 0.1}"};
  std::string content;
  std::vector<std::size_t> ends = {0};
  for (const auto& line : lines) ends.push_back((content += log_line(line)).size());
  for (std::size_t size = 0; size <= content.size(); ++size) {
    std::size_t whole = 0;
    while (whole < lines.size() && ends[whole + 1] <= size) ++whole;
    CHECK(read_log(std::string_view(content).substr(0, size)) ==
          std::vector<std::string>(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(whole)));
  }
  for (std::size_t at = 0; at < content.size(); ++at) {
    std::string damaged = content;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    CHECK(read_log(damaged).size() < lines.size());
  }
  CHECK(log_line("123456789") == "cbf43926 123456789\n");  // the check value of CRC-32
}

TEST_CASE("a log goes on after a torn line", "[report][fast]") {
  const test::Scratch scratch;
  const auto path = scratch.path() / "a.log";
  {
    AppendLog log(path);
    CHECK(log.lines().empty());
    log.append("one");
    log.append("two");
    CHECK_THROWS_AS(AppendLog(path), InvalidInput);  // one program at a time
  }
  write_file_atomically(path, read_file(path) + "0000 torn");
  {
    AppendLog log(path);
    CHECK(log.lines() == std::vector<std::string>{"one", "two"});
    log.append("three");
  }
  CHECK(AppendLog(path).lines() == std::vector<std::string>{"one", "two", "three"});
  {
    AppendLog log(path);
    log.clear();
    log.append("new");
  }
  CHECK(AppendLog(path).lines() == std::vector<std::string>{"new"});
  CHECK_THROWS_AS(AppendLog(scratch.path() / "missing" / "a.log"), InvalidInput);
}

TEST_CASE("a line for which there is no room leaves nothing of itself", "[report][fast]") {
  const test::Scratch scratch;
  const auto path = scratch.path() / "a.log";
  AppendLog log(path);
  log.append("one");
  // A limit in the middle of the next line: the system writes as much as there is room for, then refuses.
  const auto before = ::signal(SIGXFSZ, SIG_IGN);
  rlimit usual{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &usual) == 0);
  rlimit small = usual;
  small.rlim_cur = log_line("one").size() + 12;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  CHECK_THROWS_AS(log.append("a line that is longer"), InvalidInput);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &usual) == 0);
  ::signal(SIGXFSZ, before);
  CHECK(read_file(path) == log_line("one"));
  log.append("two");
  CHECK(read_log(read_file(path)) == std::vector<std::string>{"one", "two"});
}
