// A target of libFuzzer: the reader BRINK_FUZZED_READER on one input, which it finds in a file (TMPDIR says where).

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const auto path = std::filesystem::temp_directory_path() / ("input-" + std::to_string(getpid()));
  static const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (ftruncate(file, 0) != 0 || pwrite(file, bytes, size, 0) != static_cast<ssize_t>(size)) std::abort();
  brink::test::read_or_refuse(BRINK_FUZZED_READER, path);
  return 0;
}
