// Every input of the corpus, under the ordinary build: what fuzzing found stays mended.

#include <catch2/catch.hpp>
#include <set>

#include "readers.hpp"

TEST_CASE("every reader survives its corpus", "[data][fast]") {
  const std::filesystem::path corpus = std::filesystem::path(BRINK_SOURCE_DIRECTORY) / "tests/fuzz/corpus";
  std::set<std::string> folders;
  for (const auto& folder : std::filesystem::directory_iterator(corpus))
    folders.insert(folder.path().filename().string());
  std::set<std::string> names;
  for (const auto& reader : brink::test::fuzzed_readers()) names.emplace(reader.name);
  REQUIRE(folders == names);
  for (const auto& name : names) {
    int files = 0;
    for (const auto& input : std::filesystem::directory_iterator(corpus / name)) {
      CAPTURE(input.path().string());
      CHECK_NOTHROW(brink::test::read_or_refuse(name, input.path()));
      ++files;
    }
    CHECK(files > 0);
  }
}
