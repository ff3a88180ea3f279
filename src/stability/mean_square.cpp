#include "brink/stability/mean_square.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "accuracy.hpp"
#include "brink/base/error.hpp"
#include "brink/stability/monotone_root.hpp"
#include "brink/stability/transfer_kernel.hpp"
#include "gaussian_rows.hpp"

namespace brink {
namespace {

// Fourth powers of ηλ stay representable between this and its inverse.
constexpr double kSmallestStep = 1e-60;
// ln ρ below this is not resolved: the kernel would overflow.
constexpr double kSmallestLogGrowth = -30;

void check_batch_size(const LinearizedModel& model, const BatchLaw& law, Index batch_size) {
  if (model.has_samples()) {
    const Index n = law.population(model.samples().samples);
    check_argument(batch_size >= 1 && batch_size <= n, "mean-square theory", "batch size", batch_size,
                   fmt::format("an integer in 1..{} (the number of samples)", n));
  } else {
    check_argument(batch_size >= 1, "mean-square theory", "batch size", batch_size, "an integer >= 1");
  }
}

/// How the transfer form is to be solved in one setting: M at s, as a map into [0, ∞).
struct NoiseSetting {
  bool gaussian = false;
  double p1 = 0;
  double p2 = 0;
};

NoiseSetting noise_setting(const LinearizedModel& model, const BatchLaw& law, Index batch_size) {
  check_batch_size(model, law, batch_size);
  if (law.fresh_gaussian_rows()) return {true, 1.0 / static_cast<double>(batch_size), 0};
  const auto [p1, p2] = law.second_moment(model.samples().samples, batch_size);
  return {false, p1, p2};
}

/// Solves λ_max(M(s)) = 1, or evaluates λ_max(M(guess)) when find_root is false, with (η, ln ρ) given by `at`.
template <class At>
TransferSolution solve_transfer(const LinearizedModel& model, const TransferKernel& kernel, const NoiseSetting& noise,
                                TransferBasis* basis, double guess, double upper, bool find_root, At at) {
  if (noise.gaussian) {
    const Vector& spectrum = model.spectrum();
    const auto loads = [&](double s) -> Vector {
      const auto [eta, log_rho] = at(s);
      return noise.p1 * spectrum.cwiseAbs2().cwiseProduct(kernel.diagonal(eta, log_rho));
    };
    const auto eigenvalue = [&](double s) { return gaussian_noise_eigenvalue(loads(s)); };
    TransferSolution solution;
    solution.s = guess;
    if (find_root) {
      const MonotoneRoot root = monotone_root(eigenvalue, guess, eigenvalue(guess), upper);
      solution.s = root.s;
      solution.at_upper = root.at_upper;
    }
    solution.eigenvalue = eigenvalue(solution.s);
    const Vector s = loads(solution.s);
    solution.mode = (s.array() / ((solution.eigenvalue - s.array()) * spectrum.array())).matrix().asDiagonal();
    solution.mode /= solution.mode.trace();
    solution.error = find_root && !solution.at_upper ? std::abs(solution.eigenvalue - 1) + 1e-15 : 1e-14;
    solution.converged = true;
    solution.positive = true;
    return solution;
  }
  std::optional<TransferBasis> own;
  if (basis == nullptr) basis = &own.emplace(model);
  TransferProblem problem;
  problem.kernel = &kernel;
  problem.at = at;
  problem.p2 = noise.p2;
  problem.noise_scale = noise.p1 / static_cast<double>(model.samples().samples);
  problem.guess = guess;
  problem.upper = upper;
  return find_root ? basis->solve(problem) : basis->top_eigenvalue_at(problem);
}

void check_solution(const TransferSolution& solution, std::vector<std::string>& warnings) {
  if (!solution.converged) {
    throw NotConverged(
        fmt::format("mean-square theory: the error of the transfer form is still {:.2g} after {} products, need 1e-10: "
                    "rounding, or eigenvalues next to the leading one, keep the search from it",
                    solution.error, solution.products));
  }
  if (!solution.positive && !solution.at_upper) {
    warnings.emplace_back(
        "the critical mode is not positive semidefinite to rounding: the eigenvalue may not be the "
        "leading one");
  }
}

}  // namespace

MeanSquareThreshold mean_square_threshold(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                          Index batch_size, TransferBasis* basis) {
  const NoiseSetting noise = noise_setting(model, law, batch_size);
  const TransferKernel kernel(rule, model.spectrum());
  MeanSquareThreshold result;
  result.eta_deterministic = kernel.deterministic_edge();
  if (result.eta_deterministic == 0) {
    result.method = "sign of the spectrum";
    result.warnings.emplace_back("H has an eigenvalue <= 0 in the span of the samples: no step size is stable");
    return result;
  }
  if (noise.p1 == 0) {
    result.eta = result.eta_deterministic;
    result.residual = 1e-15;
    result.method = "noise-free edge";
    return result;
  }
  const double upper = std::log(result.eta_deterministic) + std::log1p(-kEdgeMargin);
  TransferSolution solution = solve_transfer(model, kernel, noise, basis, upper - 1, upper, true, [](double s) {
    return TransferPoint{std::exp(s), 0.0};
  });
  check_solution(solution, result.warnings);
  result.products = solution.products;
  if (solution.at_upper) {
    result.eta = result.eta_deterministic;
    result.residual = kEdgeMargin;
    result.method = "noise-free edge (the noise is too weak to matter before it)";
    return result;
  }
  result.eta = std::exp(solution.s);
  result.residual = solution.error;
  result.method = noise.gaussian ? "secular equation of Gaussian rows" : "transfer form, Rayleigh-Ritz";
  result.critical_mode = std::move(solution.mode);
  result.critical_blocks = std::move(solution.blocks);
  return result;
}

MeanSquareGrowth mean_square_growth(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                    Index batch_size, double eta, TransferBasis* basis) {
  check_argument(eta >= 0 && std::isfinite(eta), "mean_square_growth", "eta", eta, "a finite number >= 0");
  const double scaled = eta * model.spectrum().cwiseAbs().maxCoeff();
  check_argument(eta == 0 || (scaled >= kSmallestStep && scaled <= 1 / kSmallestStep), "mean_square_growth", "eta", eta,
                 fmt::format("a number with {0:g} <= eta*lambda_max <= {1:g}", kSmallestStep, 1 / kSmallestStep));
  const NoiseSetting noise = noise_setting(model, law, batch_size);
  const TransferKernel kernel(rule, model.spectrum());
  MeanSquareGrowth result;
  const double noise_free = kernel.log_noise_free_growth(eta);
  result.log_growth = noise_free;
  result.residual = 1e-15;
  result.method = "spectral radius without noise";
  if (noise.p1 > 0 && eta > 0) {
    // The eigenvalue of M falls with ρ, so the search runs in s = −ln ρ up to the noise-free growth.
    const double upper = -std::max(noise_free, kSmallestLogGrowth) - kEdgeMargin;
    const TransferSolution solution =
        solve_transfer(model, kernel, noise, basis, upper - 0.1, upper, true, [eta](double s) {
          return TransferPoint{eta, -s};
        });
    check_solution(solution, result.warnings);
    result.products = solution.products;
    if (solution.at_upper) {
      result.residual = kEdgeMargin;
    } else {
      result.log_growth = -solution.s;
      result.mode = std::move(solution.mode);
      result.residual = solution.error;
      result.method = noise.gaussian ? "secular equation of Gaussian rows" : "transfer form, Rayleigh-Ritz";
    }
  }
  if (result.mode.size() == 0) {
    const Index leading = kernel.noise_free_leading_mode(eta);
    result.mode = Matrix::Zero(model.rank(), model.rank());
    result.mode(leading, leading) = 1;
  }
  result.stable = result.log_growth < 0;
  return result;
}

double noise_kernel_norm(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law, Index batch_size,
                         double eta, TransferBasis* basis) {
  const NoiseSetting noise = noise_setting(model, law, batch_size);
  const TransferKernel kernel(rule, model.spectrum());
  const double edge = kernel.deterministic_edge();
  check_argument(eta > 0 && eta < edge, "noise_kernel_norm", "eta", eta,
                 fmt::format("a number in (0, {:.12g}), below the noise-free edge", edge));
  if (noise.p1 == 0) return 0;
  const TransferSolution solution =
      solve_transfer(model, kernel, noise, basis, std::log(eta), std::log(edge), false, [](double s) {
        return TransferPoint{std::exp(s), 0.0};
      });
  std::vector<std::string> warnings;
  check_solution(solution, warnings);
  return solution.eigenvalue;
}

}  // namespace brink
