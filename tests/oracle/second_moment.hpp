#pragma once
// The second moment of the lifted state z = (x, m, …) in parameter space, as one dense matrix: brute force.
//
// With T_B the matrix of one step on batch B, E z⁺z⁺ᵀ = E[T_B Z T_Bᵀ] is the matrix E[T_B ⊗ T_B] on vec(Z). Its
// spectral radius is the growth factor per step, its first crossing of 1 the mean-square threshold.

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "oracle/batches.hpp"
#include "oracle/recursion.hpp"

namespace oracle {

/// E[T_B ⊗ T_B], (kd)² × (kd)², summed over all batches.
[[nodiscard]] Matrix second_moment(const std::vector<Matrix>& hessians, const std::vector<Batch>& batches,
                                   int batch_size, const Recursion& rule, double eta);

/// The same from E[δ ⊗ δ] = p1·mean H_k ⊗ H_k − p2·H ⊗ H, δ = H_B − H: any number of samples.
[[nodiscard]] Matrix second_moment_by_coefficients(const std::vector<Matrix>& hessians, double p1, double p2,
                                                   const Recursion& rule, double eta);

/// The same for B fresh rows a ~ N(0, H): E δ_ij δ_kl = (H_ik H_jl + H_il H_jk)/B.
[[nodiscard]] Matrix second_moment_gaussian(const Matrix& hessian, int batch_size, const Recursion& rule, double eta);

/// A second-moment matrix as a function of the step size.
using SecondMoment = std::function<Matrix(double eta)>;

/// The second moment of a named law, by enumeration ("gaussian": by Isserlis; only the mean of `hessians` matters).
[[nodiscard]] SecondMoment second_moment_of(std::string_view law, const std::vector<Matrix>& hessians, int batch_size,
                                            const Recursion& rule);

/// ln of the spectral radius, on symmetric matrices (the covariances), where the radius of the whole is attained.
[[nodiscard]] double log_growth(const Matrix& second_moment);

/// The first η > 0 with spectral radius 1: scan upwards from `smallest` by factors, then TOMS 748. Zero when the moment
/// grows at `smallest` already.
[[nodiscard]] double threshold(const SecondMoment& moment, double smallest);

/// The x-block (d × d, trace 1) of the covariance that belongs to the eigenvalue of largest modulus.
[[nodiscard]] Matrix leading_covariance(const Matrix& second_moment, int d);

/// The x-block that a gradient noise of covariance E[δXδ] (+ nothing else) produces in the long run at step size η:
/// equal to X exactly at the threshold when X is the critical mode.
[[nodiscard]] Matrix response(const Matrix& mean_hessian, const Recursion& rule, double eta,
                              const Matrix& gradient_covariance);

/// E[δ X δ], δ = H_B − H, over all batches.
[[nodiscard]] Matrix gradient_covariance(const std::vector<Matrix>& hessians, const std::vector<Batch>& batches,
                                         int batch_size, const Matrix& x);

/// The same for fresh Gaussian rows.
[[nodiscard]] Matrix gaussian_gradient_covariance(const Matrix& hessian, int batch_size, const Matrix& x);

/// The stationary covariance of the whole lifted state with gradients b_k at the minimum (n × d, columns sum to zero):
/// the discrete Lyapunov equation Z = E[T_B Z T_Bᵀ] + E[v_B v_Bᵀ] as one dense linear solve.
[[nodiscard]] Matrix stationary_covariance(const std::vector<Matrix>& hessians, const Matrix& gradients,
                                           const std::vector<Batch>& batches, int batch_size, const Recursion& rule,
                                           double eta);

[[nodiscard]] Matrix mean(const std::vector<Matrix>& matrices);

}  // namespace oracle
