#include "hypothesis_file.hpp"

#include <algorithm>

#include "brink/base/error.hpp"
#include "brink/base/sha256.hpp"
#include "brink/report/atomic_file.hpp"

namespace brink::cli {
namespace {

constexpr std::string_view kPrefix = "hypothesis.";

void check_population(const PopulationSection& population) {
  constexpr const char* here = "[population]";
  check_argument(population.runs == "linear" || population.runs == "training", here, "runs", population.runs,
                 "linear or training");
  check_argument(population.seeds >= 2, here, "seeds", population.seeds, "an integer >= 2");
  check_argument(population.first_seed >= 0, here, "first_seed", population.first_seed, "an integer >= 0");
  check_argument(population.pilot_seeds == 0 || population.pilot_seeds >= 3, here, "pilot_seeds",
                 population.pilot_seeds, "0 or an integer >= 3");
  check_argument(!population.vary.empty(), here, "vary", "an empty list", "names among model, batches");
  for (const auto& name : population.vary)
    check_argument(name == "model" || name == "batches", here, "vary", name, "names among model, batches");
}

}  // namespace

std::filesystem::path HypothesisFile::registration() const {
  return path.parent_path() / (path.stem().string() + ".registration.json");
}

Sections HypothesisFile::sections() const {
  Sections sections = configuration.sections;
  sections["population"] = write_options(population);
  sections["hypotheses"] = write_options(common);
  for (const auto& [name, hypothesis] : hypotheses) sections[std::string(kPrefix) + name] = write_options(hypothesis);
  return sections;
}

HypothesisFile read_hypothesis_file(const std::filesystem::path& path) {
  HypothesisFile file;
  file.path = path;
  file.text = read_file(path);
  file.hash = sha256(file.text);
  file.configuration.directory = path.parent_path().empty() ? std::filesystem::path(".") : path.parent_path();
  file.configuration.name = path.stem().string();
  file.configuration.sections = parse_configuration(file.text, path.string());
  read_section(file.configuration, "population", file.population);
  read_section(file.configuration, "hypotheses", file.common);
  check_population(file.population);
  check_argument(file.common.level > 0 && file.common.level < 0.5, "[hypotheses]", "level", file.common.level,
                 "0 < level < 0.5");
  for (const auto& [section, options] : file.configuration.sections) {
    if (section.rfind(kPrefix, 0) != 0) continue;
    NamedHypothesis named{section.substr(kPrefix.size()), {}};
    read_options("[" + section + "]", options, named.hypothesis);
    check_hypothesis(named.name, named.hypothesis);
    for (const auto& expression : expressions_of(named.hypothesis)) file.wanted.add(expression);
    if (!named.hypothesis.factor.empty()) file.wanted.names.insert(named.hypothesis.factor);
    file.hypotheses.push_back(std::move(named));
  }
  check_argument(!file.hypotheses.empty(), path.string(), "[hypothesis.NAME]", "none", "at least one");
  if (file.configuration.sections.count("model") == 0)
    fail_argument(path.string(), "[model]", "none", "a section [model] with a kind");
  return file;
}

}  // namespace brink::cli
