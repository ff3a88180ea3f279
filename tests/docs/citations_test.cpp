// Headers cite equations of docs/theory.md: every one of them must be there, and no public header of the theory may be
// without.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace fs = std::filesystem;

namespace {

const fs::path kRoot = BRINK_SOURCE_DIRECTORY;

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// The numbers that equations of docs/theory.md carry: "… \qquad (4.2)$$".
std::vector<std::string> equations() {
  const std::string text = text_of(kRoot / "docs" / "theory.md");
  const std::regex number(R"(\((\d+\.\d+)\)\$\$)");
  std::vector<std::string> numbers;
  for (std::sregex_iterator i(text.begin(), text.end(), number), end; i != end; ++i) numbers.push_back((*i)[1]);
  return numbers;
}

/// Comments with their line breaks taken out, so that a citation may run over the end of a line.
std::string without_breaks(const std::string& text) {
  return std::regex_replace(text, std::regex(R"(\n\s*///?<?\s*)"), " ");
}

/// The names in 'docs/theory.md, section "Estimators"'.
std::vector<std::string> cited_sections(const std::string& source) {
  const std::string text = without_breaks(source);
  const std::regex citation(R"re(docs/theory\.md, section "([^"]+)")re");
  std::vector<std::string> names;
  for (std::sregex_iterator i(text.begin(), text.end(), citation), end; i != end; ++i) names.push_back((*i)[1]);
  return names;
}

/// Every number in "docs/theory.md, (4.2)" and "docs/theory.md, (4.2) and (4.3)".
std::vector<std::string> cited(const std::string& source) {
  const std::string text = without_breaks(source);
  const std::regex citation(R"(docs/theory\.md, ((?:\(\d+\.\d+\)(?:, | and | or )?)+))");
  const std::regex number(R"(\((\d+\.\d+)\))");
  std::vector<std::string> numbers;
  for (std::sregex_iterator i(text.begin(), text.end(), citation), end; i != end; ++i) {
    const std::string list = (*i)[1];
    for (std::sregex_iterator j(list.begin(), list.end(), number); j != end; ++j) numbers.push_back((*j)[1]);
  }
  return numbers;
}

}  // namespace

TEST_CASE("equations of the theory are numbered once, in order", "[fast][docs]") {
  const auto numbers = equations();
  CHECK(numbers.size() > 20);
  CHECK(std::set<std::string>(numbers.begin(), numbers.end()).size() == numbers.size());
  const auto position = [](const std::string& number) {
    const auto dot = number.find('.');
    return std::pair(std::stoi(number.substr(0, dot)), std::stoi(number.substr(dot + 1)));
  };
  CHECK(std::is_sorted(numbers.begin(), numbers.end(),
                       [&](const auto& a, const auto& b) { return position(a) < position(b); }));
}

TEST_CASE("every equation that a header cites is in the theory", "[fast][docs]") {
  const auto numbers = equations();
  const std::string theory = text_of(kRoot / "docs" / "theory.md");
  std::size_t citations = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "include" / "brink")) {
    if (entry.path().extension() != ".hpp") continue;
    const std::string text = text_of(entry.path());
    const auto found = cited(text);
    citations += found.size();
    for (const auto& number : found) {
      INFO(entry.path().filename().string() << " cites (" << number << ")");
      CHECK(std::find(numbers.begin(), numbers.end(), number) != numbers.end());
    }
    const auto sections = cited_sections(text);
    for (const auto& name : sections) {
      INFO(entry.path().filename().string() << " cites section " << name);
      CHECK(std::regex_search(theory, std::regex("\n##+ (\\d+\\. )?" + name + "\n")));
    }
    // A citation in another form would not be checked.
    std::size_t mentions = 0;
    const std::string whole = without_breaks(text);
    for (std::size_t at = whole.find("docs/theory.md"); at != std::string::npos;
         at = whole.find("docs/theory.md", at + 1))
      ++mentions;
    INFO(entry.path().filename().string());
    CHECK(mentions <= found.size() + sections.size());
  }
  CHECK(citations > 20);
}

TEST_CASE("every public header that holds a formula cites it", "[fast][docs]") {
  for (const char* room : {"stability", "simulation", "optimizer"})
    for (const auto& entry : fs::directory_iterator(kRoot / "include" / "brink" / room)) {
      INFO(entry.path().filename().string());
      const std::string text = text_of(entry.path());
      CHECK(cited(text).size() + cited_sections(text).size() > 0);
    }
  for (const char* header :
       {"model/linearized_model", "model/loss_alignment", "model/spectral_law", "sampling/batch_law", "sampling/epoch",
        "sampling/population_law", "verification/limit_comparison", "verification/moment_study",
        "verification/phase_diagram", "verification/reshuffled_stability", "verification/verification"}) {
    INFO(header);
    const std::string text = text_of(kRoot / "include" / "brink" / (std::string(header) + ".hpp"));
    CHECK(cited(text).size() + cited_sections(text).size() > 0);
  }
}

TEST_CASE("every equation that the documentation mentions is in the theory", "[fast][docs]") {
  const auto numbers = equations();
  const std::regex mention(R"(\(([1-9]\d*\.[1-9]\d*)\))");  // no equation is (0.01)
  for (const auto& entry : fs::directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() != ".md") continue;
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator i(text.begin(), text.end(), mention), end; i != end; ++i) {
      INFO(entry.path().filename().string() << " mentions (" << (*i)[1] << ")");
      CHECK(std::find(numbers.begin(), numbers.end(), std::string((*i)[1])) != numbers.end());
    }
  }
}

TEST_CASE("citations are found in the forms in use", "[fast][docs]") {
  CHECK(cited("/// docs/theory.md, (4.2).") == std::vector<std::string>{"4.2"});
  CHECK(cited("/// docs/theory.md, (4.2) and (4.15), or (1.1)").size() == 2);
  CHECK(cited("/// see docs/theory.md,\n  /// (4.2) or (4.9).") == std::vector<std::string>{"4.2", "4.9"});
  CHECK(cited("/// Λ(2) of theory").empty());
  CHECK(cited_sections("// docs/theory.md, section\n// \"Reference\".") == std::vector<std::string>{"Reference"});
}

TEST_CASE("headers of the edge cite equations of docs/edge.md, which are numbered in order", "[fast][docs]") {
  const std::string text = text_of(kRoot / "docs" / "edge.md");
  const std::regex tag(R"(\(E\.(\d+)\)\$\$)");
  int last = 0;
  for (std::sregex_iterator i(text.begin(), text.end(), tag), end; i != end; ++i) CHECK(std::stoi((*i)[1]) == ++last);
  CHECK(last > 10);
  const std::regex mention(R"(\(E\.(\d+)\))");
  for (const auto& entry : fs::directory_iterator(kRoot / "include" / "brink" / "edge")) {
    INFO(entry.path().filename().string());
    const std::string header = without_breaks(text_of(entry.path()));
    CHECK(header.find("docs/edge.md, (E.") != std::string::npos);
    for (std::sregex_iterator i(header.begin(), header.end(), mention), end; i != end; ++i)
      CHECK(std::stoi((*i)[1]) <= last);
  }
}
