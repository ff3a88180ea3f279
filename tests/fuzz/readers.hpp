#pragma once
// What is fuzzed: every reader of files that somebody else may have made.

#include <filesystem>
#include <string_view>
#include <vector>

namespace brink::test {

struct FuzzedReader {
  std::string_view name;                            ///< of its target and of its folder in corpus/
  void (*read)(const std::filesystem::path& path);  ///< everything the file holds; may throw InvalidInput
};

[[nodiscard]] const std::vector<FuzzedReader>& fuzzed_readers();

/// The reader of a name reads a file; InvalidInput is an answer, and anything else that is thrown is not caught.
void read_or_refuse(std::string_view reader, const std::filesystem::path& path);

}  // namespace brink::test
