#pragma once
// The two streams of the program: standard output carries the result and nothing else; progress, logs and warnings go
// to standard error.

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "brink/base/monitor.hpp"

namespace brink::cli {

/// Makes sure that standard input, output and error are open, so that no file of the run can take their numbers. Throws
/// InvalidInput when standard output is closed.
void check_standard_streams();

/// Writes the result. Throws InvalidInput with the system's reason when not all of it could be written (a full disk, a
/// reader that went away).
void write_result(std::string_view text);

/// Progress and messages on standard error: a bar with the time left on a terminal, a plain line every tenth of the
/// work otherwise, only warnings when quiet. Safe to use from any thread.
class Console {
 public:
  explicit Console(bool quiet);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// What the next stretch of work is, e.g. "verify: 15 cells".
  void start(std::string title);
  /// Ends the stretch: the bar goes away.
  void finish();

  /// A line for the reader; nothing when quiet.
  void note(std::string_view message);
  /// A line that is written even when quiet.
  void warn(std::string_view message);

  /// Reports to this console and stops on Ctrl-C and SIGTERM. The console must outlive the monitor.
  [[nodiscard]] Monitor monitor();

 private:
  using Clock = std::chrono::steady_clock;

  void report(double fraction);
  void draw_bar(double fraction);
  void erase_bar();

  bool quiet_;
  bool terminal_;
  std::mutex mutex_;
  std::string title_;
  bool active_ = false;
  bool bar_drawn_ = false;
  double best_ = 0;  // threads report out of order: the bar never goes back
  int tenths_ = 0;   // plain lines written so far
  Clock::time_point started_;
  Clock::time_point drawn_;
};

}  // namespace brink::cli
