#pragma once
// Text of damaged files in messages.

#include <string>
#include <string_view>

namespace brink {

/// What a file says about itself, fit for one line of a terminal.
inline std::string printable(std::string_view text) {
  std::string shown(text.substr(0, 120));
  for (char& c : shown) c = c >= ' ' && c <= '~' ? c : '?';
  return shown;
}

}  // namespace brink
