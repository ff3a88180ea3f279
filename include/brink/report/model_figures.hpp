#pragma once
// The numbers behind the figures of `brink threshold`: what the model is, and where each setting becomes unstable.

#include <vector>

#include "brink/report/figure_data.hpp"

namespace brink {

/// - thresholds: η* against the batch size B, one curve a momentum, with the noise-free edges (as in a verification,
///   without measurements);
/// - effective-rate: the same as the effective step size η*·(what a unit gradient finally moves x by: 1/(1−β) for heavy
///   ball), so that settings of equal effective rate lie at equal height;
/// - critical-mode: the share of each eigendirection in the covariance of x at the threshold against its curvature, one
///   curve a batch size, for every momentum;
/// - spectrum: the eigenvalues of H in order.
///
/// One figure a rule and sampling (a momentum too for critical-mode) where there are several: "NAME-RULE-SAMPLING".
/// Rows without a threshold, or without a critical mode, are left out of their figures; an empty figure too.
[[nodiscard]] std::vector<FigureData> threshold_figures(const LinearizedModel& model,
                                                        const std::vector<ThresholdRow>& rows);

/// What a unit gradient, applied once, has finally moved x by at step size 1: Σ_s e₁ᵀA₀^{s−1}b = η_ef/η. 1 for SGD,
/// 1/(1−β) for heavy ball.
[[nodiscard]] double effective_rate(const Cell& cell);

}  // namespace brink
