#pragma once
// Configuration files: TOML with the sections [model], [optimizer], [batch], [grid], [simulation], [verify], [moments],
// [sweep], [training], [population], [hypotheses] and any number of [hypothesis.NAME].

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "brink/base/options.hpp"

namespace brink::cli {

/// The sections as they stand in the file, or as they were resolved.
using Sections = std::map<std::string, OptionTable>;

struct Configuration {
  std::filesystem::path directory;  ///< where the file is: the files it names are relative to this
  std::string name;                 ///< the file name without ".toml"
  Sections sections;
};

/// Reads a file. Throws InvalidInput, which names the file and the place, for text that is not TOML, an unknown section
/// (with the nearest known one), and values other than a truth value, a number, text or a list of numbers or texts.
[[nodiscard]] Configuration read_configuration(const std::filesystem::path& file);

/// The same from text; `origin` is what messages call it.
[[nodiscard]] Sections parse_configuration(std::string_view text, std::string_view origin);

/// TOML text that parse_configuration reads back to the same values; sections in the order of the documentation.
[[nodiscard]] std::string write_configuration(const Sections& sections);

/// read_options with the file and the section in the message.
template <class Section>
void read_section(const Configuration& configuration, const std::string& section, Section& options) {
  const auto found = configuration.sections.find(section);
  if (found != configuration.sections.end()) read_options("[" + section + "]", found->second, options);
}

}  // namespace brink::cli
