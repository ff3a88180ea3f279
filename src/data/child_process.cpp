#include "child_process.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <mutex>

#include "brink/base/error.hpp"

namespace brink {
namespace {

constexpr char kResult = 'r';
constexpr char kError = 'e';
constexpr char kComplete = '.';

/// Ends the copy: the answer through the pipe, and no destructor or exit handler of what was copied.
[[noreturn]] void answer(int pipe, const std::function<std::string()>& work, unsigned long seconds) {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU}) std::signal(signal, SIG_DFL);
  const rlimit no_core{0, 0};
  const rlimit processor{seconds, seconds + 1};
  setrlimit(RLIMIT_CORE, &no_core);
  setrlimit(RLIMIT_CPU, &processor);
  std::string message;
  try {
    message = kResult + work();
  } catch (const std::exception& error) {
    message = std::string(1, kError) + error.what();
  }
  message += kComplete;
  for (std::size_t done = 0; done < message.size();) {
    const ssize_t written = write(pipe, message.data() + done, message.size() - done);
    if (written < 0 && errno != EINTR) break;
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  _exit(0);
}

std::string read_to_end(int pipe) {
  std::string text;
  char bytes[4096];
  for (;;) {
    const ssize_t got = read(pipe, bytes, sizeof(bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(bytes, static_cast<std::size_t>(got));
  }
}

}  // namespace

std::optional<std::string> in_child_process(const std::function<std::string()>& work, unsigned long seconds) {
  static std::mutex one;  // a second copy would hold the pipe of the first open
  const std::lock_guard<std::mutex> lock(one);
  int ends[2] = {};
  if (pipe(ends) != 0) fail_argument("in_child_process", "pipe", std::strerror(errno), "one more file");
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    answer(ends[1], work, seconds);
  }
  const int failure = errno;
  close(ends[1]);
  const std::string message = child > 0 ? read_to_end(ends[0]) : "";
  close(ends[0]);
  if (child < 0) fail_argument("in_child_process", "fork", std::strerror(failure), "one more process");
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (message.size() < 2 || message.back() != kComplete) return std::nullopt;
  const std::string content = message.substr(1, message.size() - 2);
  if (message.front() == kError) throw InvalidInput(content);
  return content;
}

}  // namespace brink
