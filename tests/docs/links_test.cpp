// Pages point to files that exist and are written to the end.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace fs = std::filesystem;

TEST_CASE("every picture and page that the documentation links to is there, and nothing is left to fill in",
          "[fast][docs]") {
  const fs::path root = BRINK_SOURCE_DIRECTORY;
  std::vector<fs::path> pages = {root / "README.md"};
  for (const auto& entry : fs::recursive_directory_iterator(root / "docs"))
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  REQUIRE(pages.size() > 5);
  const std::regex link(R"(\]\(([^)#:]+)(#[^)]*)?\))");
  for (const auto& page : pages) {
    std::ifstream file(page);
    std::stringstream text;
    text << file.rdbuf();
    const std::string content = text.str();
    CAPTURE(page.string());
    CHECK_FALSE(std::regex_search(content, std::regex(R"(@[A-Z_]+@|TODO|FIXME)")));
    for (std::sregex_iterator it(content.begin(), content.end(), link), end; it != end; ++it) {
      CAPTURE(page.string(), (*it)[1].str());
      CHECK(fs::exists(page.parent_path() / (*it)[1].str()));
    }
  }
}
