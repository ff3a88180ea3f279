#pragma once
// What bounds the accuracy of every threshold and growth of this room.

namespace brink {

/// What rounding of the products and of the eigenbasis leaves in any eigenvalue, relative: part of every reported
/// error.
constexpr double kRounding = 1e-14;

/// Searches stop this close (relative) to the noise-free edge, where the transfer kernel diverges.
constexpr double kEdgeMargin = 1e-10;

}  // namespace brink
