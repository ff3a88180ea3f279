#include "brink/base/memory.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

#include "brink/base/error.hpp"

namespace brink {
namespace {

std::optional<std::uint64_t> first_number_of(const char* path) {
  std::ifstream in(path);
  std::uint64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

std::uint64_t machine_available() {
  std::ifstream in("/proc/meminfo");
  for (std::string key; in >> key;) {
    std::uint64_t kibibytes = 0;
    in >> kibibytes;
    if (key == "MemAvailable:") return kibibytes * 1024;
    in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::numeric_limits<std::uint64_t>::max();
}

std::uint64_t control_group_available() {
  const auto limit = first_number_of("/sys/fs/cgroup/memory.max");
  const auto used = first_number_of("/sys/fs/cgroup/memory.current");
  if (!limit || !used) return std::numeric_limits<std::uint64_t>::max();
  return *limit > *used ? *limit - *used : 0;
}

std::uint64_t address_space_available() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return std::numeric_limits<std::uint64_t>::max();
  const auto pages = first_number_of("/proc/self/statm").value_or(0);
  const std::uint64_t used = pages * 4096;
  return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

}  // namespace

std::uint64_t available_memory() {
  return std::min({machine_available(), control_group_available(), address_space_available()});
}

void require_memory(double bytes, std::string_view what) {
  const auto available = static_cast<double>(available_memory());
  if (bytes <= available) return;
  constexpr double gibibyte = 1024.0 * 1024.0 * 1024.0;
  throw InvalidInput(fmt::format("{} needs about {:.3g} GiB of memory, need at most the {:.3g} GiB available", what,
                                 bytes / gibibyte, available / gibibyte));
}

void prepare_heap() {
  constexpr int mebibyte = 1024 * 1024;
  constexpr int reserve = 256 * mebibyte;
  // The largest threshold that glibc accepts: above it, every allocation is a mapping of its own.
  mallopt(M_MMAP_THRESHOLD, 32 * mebibyte);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  // The heap grows by the whole reserve when it next grows; pages are taken only when they are written.
  mallopt(M_TOP_PAD, reserve);
  constexpr std::uintptr_t huge_page = 2 * mebibyte;
  const auto end = (reinterpret_cast<std::uintptr_t>(sbrk(0)) + huge_page - 1) / huge_page * huge_page;
  void* volatile grow = std::malloc(mebibyte);  // volatile: compilers drop a pair of calls that does nothing
  std::free(grow);
  mallopt(M_TOP_PAD, 0);
  madvise(reinterpret_cast<void*>(end), reserve - huge_page, MADV_HUGEPAGE);  // a wish: where it fails nothing changes
}

}  // namespace brink
