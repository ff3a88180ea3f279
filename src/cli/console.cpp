#include "console.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "interrupt.hpp"

namespace brink::cli {
namespace {

/// Messages for people: a failure to write them is not the result's business.
void write_error_stream(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string duration_text(double seconds) {
  if (!(seconds < 1e7)) return "?";
  const auto whole = static_cast<long>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr auto kPatience = std::chrono::seconds(2);  // work that ends sooner needs no progress

}  // namespace

void check_standard_streams() {
  // In this order: an open() takes the lowest free number.
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    const int taken = ::open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY);
    if (taken != stream || stream == STDOUT_FILENO)
      throw InvalidInput("standard output: it is closed, need a file, a pipe or a terminal");
  }
}

void write_result(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      throw InvalidInput(fmt::format("standard output: {}, need a place that takes the whole result",
                                     std::strerror(written < 0 ? errno : EIO)));
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

Console::Console(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}

Console::~Console() { finish(); }

void Console::start(std::string title) {
  const std::lock_guard lock(mutex_);
  erase_bar();
  title_ = std::move(title);
  active_ = true;
  best_ = 0;
  tenths_ = 0;
  started_ = Clock::now();
  drawn_ = {};
}

void Console::finish() {
  const std::lock_guard lock(mutex_);
  erase_bar();
  active_ = false;
}

void Console::note(std::string_view message) {
  if (quiet_) return;
  const std::lock_guard lock(mutex_);
  erase_bar();
  write_error_stream(fmt::format("{}\n", message));
}

void Console::warn(std::string_view message) {
  const std::lock_guard lock(mutex_);
  erase_bar();
  write_error_stream(fmt::format("warning: {}\n", message));
}

Monitor Console::monitor() {
  return {[this](double fraction) { report(fraction); }, interrupt_requested};
}

void Console::report(double fraction) {
  if (quiet_) return;
  const std::lock_guard lock(mutex_);
  if (!active_) return;
  best_ = std::max(best_, std::clamp(fraction, 0.0, 1.0));
  if (terminal_) {
    draw_bar(best_);
    return;
  }
  if (Clock::now() - started_ < kPatience) return;
  const int tenths = static_cast<int>(best_ * 10);
  if (tenths <= tenths_) return;
  tenths_ = tenths;
  const double elapsed = std::chrono::duration<double>(Clock::now() - started_).count();
  write_error_stream(
      fmt::format("{}: {}% done, {} left\n", title_, tenths * 10, duration_text(elapsed * (1 - best_) / best_)));
}

void Console::draw_bar(double fraction) {
  const auto now = Clock::now();
  if (bar_drawn_ && now - drawn_ < kRedraw) return;
  drawn_ = now;
  bar_drawn_ = true;
  constexpr int width = 30;
  const int filled = static_cast<int>(fraction * width);
  const double elapsed = std::chrono::duration<double>(now - started_).count();
  const std::string left = fraction > 0 ? duration_text(elapsed * (1 - fraction) / fraction) + " left" : "";
  write_error_stream(fmt::format("\r\033[K{} [{:=<{}}{: <{}}] {:3.0f}%  {}", title_, "", filled, "", width - filled,
                                 std::floor(100 * fraction), left));
}

void Console::erase_bar() {
  if (!bar_drawn_) return;
  write_error_stream("\r\033[K");
  bar_drawn_ = false;
}

}  // namespace brink::cli
