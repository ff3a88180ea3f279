#pragma once
// Drawings of other programs inside a page.

#include <string>
#include <string_view>

namespace brink {

/// The <svg> element of an SVG file, fit to stand in a page beside others: ids and references to them get a prefix;
/// scripts, style sheets, foreign objects, event handlers and references to anything outside are left out. Empty where
/// there is no drawing, or it does not end.
[[nodiscard]] std::string inlined_svg(std::string_view svg, std::string_view prefix);

}  // namespace brink
