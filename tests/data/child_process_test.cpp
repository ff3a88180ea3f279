#include "../../src/data/child_process.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <stdexcept>

#include "support.hpp"

using namespace brink;

TEST_CASE("work in a child process answers, refuses, or dies alone", "[data][fast]") {
  int here = 1;
  CHECK(in_child_process([&] { return std::string("answer ") + std::to_string(++here); }, 5) == "answer 2");
  CHECK(here == 1);
  CHECK(in_child_process([] { return std::string(); }, 5) == "");
  const std::string large(1 << 20, 'x');
  CHECK(in_child_process([&] { return large; }, 5) == large);
  CHECK(test::refusal([] {
          (void)in_child_process([]() -> std::string { throw std::runtime_error("what is wrong"); }, 5);
        }) == "what is wrong");
  for (const int signal : {SIGSEGV, SIGABRT, SIGKILL})
    CHECK_FALSE(in_child_process(
        [&] {
          std::raise(signal);
          return std::string("survived");
        },
        5));
  CHECK_FALSE(in_child_process(
      []() -> std::string {
        for (volatile unsigned turns = 0;;) turns = turns + 1;
      },
      1));
}
