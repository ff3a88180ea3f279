#pragma once
// ln ρ in the cells of a phase diagram that were not computed, with how far off it may be.
//
// Along η, plain SGD has a proof. One step maps the second moment X to T(η)X = E[(I − ηH_B)X(I − ηH_B)], which is
// self-adjoint and keeps the positive semidefinite cone, so that ρ is its largest eigenvalue, and
//
//     (ρ − 1)/η = max over ‖X‖ = 1 of −⟨X, HX + XH⟩ + η⟨X, E[H_B X H_B]⟩,
//
// a maximum of functions affine in η, is convex. So it lies below the chord between the neighbours on either side, and
// above the lines through any two points on the same side; the exact threshold, where it is 0, is a point too. The
// value is the middle of that enclosure, the bound its half-width with the residuals of the points.
//
// Otherwise (momentum, lines along B) there is no such convexity: the value is a monotone cubic between the neighbours
// [Fritsch & Butland 1984], on the scale of the axis. The bound is twice the larger error of the same interpolation at
// the two neighbours, each left out in turn (it looks across two gaps for what happens in one), or the distance from
// the chord where that is larger. It is an estimate, not a proof: what the curve does inside one gap alone is not seen,
// and about one cell in a hundred is further off (docs/sweep.md).

#include <map>
#include <string>

#include "brink/verification/phase_diagram.hpp"

namespace brink {

struct InterpolatedGrowth {
  double log_growth = 0;
  double bound = 0;     ///< of |log_growth − ln ρ|, residuals included
  bool proven = false;  ///< the bound is a theorem, not an estimate
  std::string method;
};

/// The cells that were not computed and lie between enough computed ones (two, or four without the proof; never beyond
/// a cell without ln ρ). Along a line whose threshold is known the sign is that of η − η*. O(cells).
[[nodiscard]] std::map<Index, InterpolatedGrowth> interpolate_growth(const PhasePlan& plan, const PhaseCells& cells);

}  // namespace brink
