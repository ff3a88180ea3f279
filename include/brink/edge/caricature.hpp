#pragma once
// The smallest problem with an edge: L(x, w) = ½(S* + gw)x² − aw. Gradient descent on it is self-stabilization without
// approximation, and nearly everything about it is known in closed form.
//
// α = ag, β_s = g², δ = √(2a/g), ε = η√α/(1−β). In X = |x|/δ, Y = (S − S*)/√α and time εt it is, for small ε,
// Ẋ = XY, Ẏ = 1 − X²: closed orbits around X = 1, Y = 0. A step of finite size makes them spirals that open.

#include <vector>

#include "brink/edge/edge_point.hpp"

namespace brink {

struct Caricature {
  EdgeRule rule;
  double a = 1;  ///< > 0: how the loss pulls w
  double g = 1;  ///< > 0: how the curvature follows w

  [[nodiscard]] double alpha() const { return a * g; }
  [[nodiscard]] double beta() const { return g * g; }
  [[nodiscard]] double delta() const;    ///< √(2a/g)
  [[nodiscard]] double epsilon() const;  ///< η√α/(1−β)
};

struct CaricaturePoint {
  double x = 0;
  double y = 0;  ///< S − S* = gw
};

/// x and y at steps 0 … steps, exactly the update rule on L plus `noise[t]` added to the gradient along x at step t
/// (empty: none). Momentum starts as a period-2 oscillation in x and a steady drift in w. Throws InvalidInput for
/// a, g ≤ 0, and for noise of another length.
[[nodiscard]] std::vector<CaricaturePoint> run_caricature(const Caricature& problem, CaricaturePoint start, Index steps,
                                                          const std::vector<double>& noise = {});

/// h = X²/2 − ln X + Y²/2, docs/edge.md, (E.10): conserved as ε → 0, ½ at the fixed point. Infinite at x = 0.
[[nodiscard]] double conserved(const Caricature& problem, CaricaturePoint point);

/// The period in steps of the orbit of a given h > ½ as ε → 0, docs/edge.md, (E.11), by Gauss–Chebyshev quadrature
/// (error below 1e-10, relative, for h up to 50). √2π/ε for h → ½.
[[nodiscard]] double orbit_period(const Caricature& problem, double h);

/// The largest S − S* of the orbit through (x₀, 0) with 0 < x₀ ≤ δ as ε → 0:
/// √α·√(2 ln(δ/x₀) + (x₀/δ)² − 1), docs/edge.md, (E.12).
[[nodiscard]] double largest_overshoot(const Caricature& problem, double x0);

/// d ln(h − ½)/dt of the spiral near the fixed point, to leading order in ε: 2ε²(1+β)/(1−β), docs/edge.md, (E.13).
[[nodiscard]] double spiral_growth(const Caricature& problem);

}  // namespace brink
