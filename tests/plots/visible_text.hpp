#pragma once

#include <filesystem>
#include <string>

namespace brink::test {

/// The text of an SVG without its markup and without blanks, of any width.
[[nodiscard]] std::string visible_text(const std::filesystem::path& svg);

}  // namespace brink::test
