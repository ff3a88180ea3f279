#pragma once
// The measurements of a verification on disk, so that an interrupted run is taken up and a finished one is not
// repeated.

#include <map>
#include <string>
#include <string_view>

#include "brink/verification/verification.hpp"

namespace brink {

/// {"schema":"brink.checkpoint/1","build":…,"units":[…]}: numbers read back to the same bits. `build` names what made
/// them.
[[nodiscard]] std::string checkpoint_json(const std::map<std::size_t, Measurement>& units, std::string_view build);

/// The units of a checkpoint of the same build; none when `text` is of another build or no checkpoint.
[[nodiscard]] std::map<std::size_t, Measurement> read_checkpoint(const std::string& text, std::string_view build);

/// Version, commit, and size and time of the running program: another program may round differently.
[[nodiscard]] std::string running_build();

}  // namespace brink
