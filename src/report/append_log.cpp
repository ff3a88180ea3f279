#include "brink/report/append_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

#include "brink/base/error.hpp"
#include "brink/report/atomic_file.hpp"

namespace brink {
namespace {

constexpr std::size_t kChecksumDigits = 8;

std::string checksum(std::string_view text) {
  return fmt::format("{:08x}", ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view allowed) {
  fail_argument("AppendLog", "path", path.string(), allowed);
}

}  // namespace

std::vector<std::string> read_log(std::string_view content) {
  std::vector<std::string> lines;
  while (true) {
    const auto end = content.find('\n');
    if (end == std::string_view::npos || end <= kChecksumDigits || content[kChecksumDigits] != ' ') return lines;
    const auto text = content.substr(kChecksumDigits + 1, end - kChecksumDigits - 1);
    if (content.substr(0, kChecksumDigits) != checksum(text)) return lines;
    lines.emplace_back(text);
    content.remove_prefix(end + 1);
  }
}

std::string log_line(std::string_view text) { return fmt::format("{} {}\n", checksum(text), text); }

AppendLog::AppendLog(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(path_, fmt::format("a file that can be written ({})", std::strerror(errno)));
  try {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      fail(path_, errno == EWOULDBLOCK ? "a run directory that no other program is working in"
                                       : fmt::format("a file that can be locked ({})", std::strerror(errno)));
    }
    lines_ = read_log(read_file(path_));
    for (const auto& line : lines_) size_ += log_line(line).size();
    cut(size_);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

AppendLog::~AppendLog() { ::close(descriptor_); }

void AppendLog::append(std::string_view text) {
  const std::string line = log_line(text);
  std::string_view rest = line;
  while (!rest.empty()) {
    const auto written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int reason = errno;
      cut(size_);  // other threads may go on, and their lines would be lost behind half a line
      fail(path_, fmt::format("a file that takes another line ({})", std::strerror(reason)));
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  size_ += line.size();
}

void AppendLog::clear() {
  cut(0);
  size_ = 0;
  lines_.clear();
}

void AppendLog::cut(std::size_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0)
    fail(path_, fmt::format("a file that can be shortened ({})", std::strerror(errno)));
}

}  // namespace brink
