#include "brink/report/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "brink/base/error.hpp"

namespace brink {
namespace {

[[noreturn]] void fail_system(std::string_view function, const std::filesystem::path& path, std::string_view need,
                              int error) {
  fail_argument(function, "path", path.string(), fmt::format("{} ({})", need, std::strerror(error)));
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int number() const { return number_; }
  int close() {
    const int result = number_ < 0 ? 0 : ::close(number_);
    number_ = -1;
    return result;
  }

 private:
  int number_;
};

/// The system's error number, 0 when everything is on the disk.
int write_flushed(const std::filesystem::path& path, std::string_view content) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.number() < 0) return errno;
  while (!content.empty()) {
    const auto written = ::write(file.number(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written == 0 ? ENOSPC : errno;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  // EINVAL: the place (a pipe, some network file systems) has nothing to flush.
  if (::fsync(file.number()) != 0 && errno != EINVAL) return errno;
  return file.close() == 0 ? 0 : errno;
}

}  // namespace

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  constexpr const char* kNeed = "a place that can be written";
  const auto temporary = path.parent_path() / fmt::format(".{}.{}.partial", path.filename().string(), ::getpid());
  ::unlink(temporary.c_str());  // of a killed process with the same number
  if (const int error = write_flushed(temporary, content)) {
    ::unlink(temporary.c_str());
    fail_system("write_file_atomically", path, kNeed, error);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    fail_system("write_file_atomically", path, kNeed, error);
  }
  // The name is on the disk once its directory is; file systems that cannot flush a directory need no flush.
  const auto directory = path.parent_path().empty() ? std::filesystem::path(".") : path.parent_path();
  const Descriptor descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.number() >= 0) ::fsync(descriptor.number());
}

std::string read_file(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) fail_system("read_file", path, "a file that can be read", errno);
  std::string content;
  std::string buffer(1 << 16, '\0');
  while (true) {
    const auto count = ::read(file.number(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_system("read_file", path, "a file that can be read", errno);
    if (count == 0) return content;
    content.append(buffer, 0, static_cast<std::size_t>(count));
  }
}

}  // namespace brink
