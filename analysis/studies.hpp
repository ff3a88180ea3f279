#pragma once
// The studies that ship with Brink: one file each in this folder, one line each in registry.cpp. They use the public
// library alone.

#include <vector>

#include "brink/report/study.hpp"

namespace brink::analysis {

/// All studies, in the order of the documentation.
[[nodiscard]] const std::vector<Study>& studies();

}  // namespace brink::analysis
