#pragma once
// The gnuplot scripts of plots/, carried inside the program.

#include <string_view>
#include <vector>

namespace brink::cli {

struct PlotScript {
  std::string_view name;  ///< the file name without ".gp"
  std::string_view body;
};

/// Every plots/*.gp; defined in a source that the build generates.
[[nodiscard]] const std::vector<PlotScript>& plot_scripts();

}  // namespace brink::cli
