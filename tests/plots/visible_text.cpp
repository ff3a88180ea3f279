#include "plots/visible_text.hpp"

#include <string_view>

#include "brink/report/atomic_file.hpp"

namespace brink::test {

std::string visible_text(const std::filesystem::path& svg) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  constexpr std::string_view kZeroWidthSpace = "\u200b";
  const std::string file = read_file(svg);
  std::string text;
  bool inside = false;
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (file.compare(i, kZeroWidthSpace.size(), kZeroWidthSpace) == 0) {
      i += kZeroWidthSpace.size() - 1;
      continue;
    }
    if (file[i] == '<') inside = true;
    if (!inside && kBlanks.find(file[i]) == std::string_view::npos) text += file[i];
    if (file[i] == '>') inside = false;
  }
  return text;
}

}  // namespace brink::test
