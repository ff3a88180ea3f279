#pragma once
// A file of lines that survives its writer: every line carries a checksum, so that a program that was killed while it
// wrote loses that line and no other.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace brink {

/// The lines of a log up to the first that is damaged or unfinished, without their checksums.
[[nodiscard]] std::vector<std::string> read_log(std::string_view content);

/// One line of a log: CRC-32 of the text in eight hexadecimal digits, a blank, the text, a line end.
[[nodiscard]] std::string log_line(std::string_view text);

/// An open log, locked: one program at a time. An append is one write to the operating system, which keeps it whatever
/// becomes of the program; power failures may cost the lines of the last seconds.
class AppendLog {
 public:
  /// Opens the file, made empty if it does not exist, cuts off what is damaged and reads the rest. Throws InvalidInput
  /// with the path when it cannot be written or another program has it open.
  explicit AppendLog(std::filesystem::path path);
  ~AppendLog();
  AppendLog(const AppendLog&) = delete;
  AppendLog& operator=(const AppendLog&) = delete;

  /// What was in the file when it was opened.
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

  /// Appends a line; `text` must not hold a line end. Throws InvalidInput with the system's reason (no space, …), and
  /// then the file is as it was.
  void append(std::string_view text);

  /// Empties the file.
  void clear();

 private:
  void cut(std::size_t size);

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::size_t size_ = 0;  ///< of the whole lines
  std::vector<std::string> lines_;
};

}  // namespace brink
