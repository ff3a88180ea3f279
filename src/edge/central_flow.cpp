#include "brink/edge/central_flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "brink/base/error.hpp"
#include "brink/linalg/symmetric_eigen.hpp"

namespace brink {
namespace {

constexpr double kEdge = 2;

void check_options(const CentralFlowOptions& options) {
  check_argument(options.eta > 0 && std::isfinite(options.eta), "central_flow", "eta", options.eta, "a number > 0");
  check_argument(options.averaging > 0 && options.averaging < 1, "central_flow", "averaging", options.averaging,
                 "a number in (0, 1)");
  check_argument(options.largest_count >= 1, "central_flow", "largest_count", options.largest_count, ">= 1");
  check_argument(options.near > 0 && options.near < 1, "central_flow", "near", options.near, "a number in (0, 1)");
  check_argument(options.substeps >= 1, "central_flow", "substeps", options.substeps, ">= 1");
}

/// P as a vector of p entries.
Vector preconditioner(const CentralFlowOptions& options, const CentralFlowState& state) {
  const Index p = state.w.size();
  switch (options.optimizer) {
    case FlowOptimizer::gradient_descent:
      return Vector::Constant(p, 1 / options.eta);
    case FlowOptimizer::scalar_rms_prop:
      return Vector::Constant(p, std::sqrt(state.nu[0]) / options.eta);
    case FlowOptimizer::rms_prop:
      break;
  }
  return state.nu.cwiseSqrt() / options.eta;
}

/// The directions near the edge at one point: P-orthonormal columns of U, and the eigenvalues 2 is compared with.
struct NearEdge {
  Matrix u;  ///< p × k
  std::vector<Estimate> eigenvalues;
  Index tracked = 0;
  Index products = 0;
};

NearEdge near_edge(const Objective<double>& objective, const CentralFlowOptions& options, const Vector& p_diagonal,
                   CentralFlowState& state) {
  const Index p = state.w.size();
  const Vector root = p_diagonal.cwiseSqrt();
  NearEdge result;
  Vector scaled(p);
  const SymmetricOperator op{p, [&](const Vector& x, Vector& y) {
                               scaled = x.cwiseQuotient(root);
                               objective.hessian_product(state.w, objective.all(), scaled, y);
                               y = y.cwiseQuotient(root);
                               ++result.products;
                             }};
  TopEigenOptions solver;
  solver.tolerance = options.tolerance;
  // One more than were near the edge before, and as many as it takes to find one that is not.
  Index count = std::min<Index>(p, std::max<Index>(1, static_cast<Index>(state.vectors.size())));
  std::vector<TopEigenResult> pairs;
  const double threshold = kEdge * (1 - options.near);
  for (;; ++count) {
    pairs = top_eigenpairs(op, count, solver, state.vectors);
    state.vectors.clear();
    for (const auto& pair : pairs) state.vectors.push_back(pair.vector);
    if (count == p || pairs.back().value < threshold) break;
    if (count > options.largest_count)
      throw NotConverged(fmt::format("central_flow: more than {} eigenvalues above {:.3g}; raise largest_count",
                                     options.largest_count, threshold));
  }
  for (const auto& pair : pairs) {
    if (!pair.converged) throw NotConverged("central_flow: an eigenvalue did not converge; raise the tolerance");
    if (pair.value >= threshold) ++result.tracked;
  }
  // Keep one beyond the tracked ones: the next that may arrive.
  const auto keep = std::min<std::size_t>(pairs.size(), static_cast<std::size_t>(result.tracked) + 1);
  state.vectors.resize(keep);
  result.u.resize(p, result.tracked);
  for (std::size_t i = 0; i < keep; ++i) {
    result.eigenvalues.push_back(
        {pairs[i].value, pairs[i].residual, ErrorKind::residual, "Lanczos with deflation", {}});
    if (static_cast<Index>(i) < result.tracked)
      result.u.col(static_cast<Index>(i)) = pairs[i].vector.cwiseQuotient(root);
  }
  return result;
}

/// ∇H_ij = ∇³L(u_i, u_j) as columns in the order of to_half_vector, entries off the diagonal times √2, by
/// polarization: k(k+1)/2 third derivatives.
Matrix curvature_gradients(const Objective<double>& objective, const Vector& w, const Matrix& u) {
  const Index k = u.cols();
  Matrix gradients(w.size(), k * (k + 1) / 2);
  Matrix pure(w.size(), k);
  Vector out(w.size());
  for (Index i = 0; i < k; ++i) {
    objective.third_derivative(w, objective.all(), u.col(i), out);
    pure.col(i) = out;
  }
  Index entry = 0;
  for (Index j = 0; j < k; ++j)
    for (Index i = j; i < k; ++i, ++entry) {
      if (i == j) {
        gradients.col(entry) = pure.col(i);
        continue;
      }
      objective.third_derivative(w, objective.all(), u.col(i) + u.col(j), out);
      gradients.col(entry) = (out - pure.col(i) - pure.col(j)) / std::sqrt(2.0);
    }
  return gradients;
}

/// u_i ∘ u_j in the same order and scaling.
Matrix entry_products(const Matrix& u) {
  const Index k = u.cols();
  Matrix products(u.rows(), k * (k + 1) / 2);
  Index entry = 0;
  for (Index j = 0; j < k; ++j)
    for (Index i = j; i < k; ++i)
      products.col(entry++) = u.col(i).cwiseProduct(u.col(j)) * (i == j ? 1.0 : std::sqrt(2.0));
  return products;
}

}  // namespace

CentralFlowState start_central_flow(const Objective<double>& objective, const CentralFlowOptions& options, Vector theta,
                                    Vector nu) {
  check_options(options);
  const Index p = objective.parameters();
  check_argument(theta.size() == p, "start_central_flow", "size of theta", theta.size(), "the number of parameters");
  CentralFlowState state;
  state.w = std::move(theta);
  if (options.optimizer == FlowOptimizer::gradient_descent) return state;
  const Index expected = options.optimizer == FlowOptimizer::rms_prop ? p : 1;
  if (nu.size() == 0) {
    Vector gradient(p);
    objective.gradient(state.w, objective.all(), gradient);
    nu = expected == p ? Vector(gradient.cwiseAbs2()) : Vector::Constant(1, gradient.squaredNorm());
  }
  check_argument(nu.size() == expected, "start_central_flow", "size of nu", nu.size(), "1 or the number of parameters");
  check_argument(nu.minCoeff() > 0, "start_central_flow", "smallest nu", nu.minCoeff(), "> 0");
  state.nu = std::move(nu);
  return state;
}

CentralFlowReading central_flow_step(const Objective<double>& objective, const CentralFlowOptions& options,
                                     CentralFlowState& state) {
  check_options(options);
  const Index p = state.w.size();
  const double dt = 1.0 / options.substeps;
  const bool adaptive = options.optimizer != FlowOptimizer::gradient_descent;
  const double kappa = (1 - options.averaging) / options.averaging;
  CentralFlowReading reading;
  Vector gradient(p);
  for (int substep = 0; substep < options.substeps; ++substep) {
    const Vector pre = preconditioner(options, state);
    const NearEdge near = near_edge(objective, options, pre, state);
    reading.hessian_products += near.products;
    const double loss = objective.gradient(state.w, objective.all(), gradient);
    const Index k = near.tracked;

    Vector pull = gradient;          // ∇L + ½∇⟨H, Σ⟩
    Vector noise = Vector::Zero(p);  // diag(HΣH) = P² diag(Σ)·4
    Vector oscillation = Vector::Zero(0);
    Matrix x = Matrix::Zero(k, k);
    double variance = 0;
    double loss_excess = 0;
    double residual = 0;
    if (k > 0) {
      const Matrix bends = curvature_gradients(objective, state.w, near.u);
      const Matrix scaled = pre.cwiseInverse().asDiagonal() * bends;
      Vector linear = scaled.transpose() * gradient;
      Matrix quadratic = 0.5 * bends.transpose() * scaled;
      const Matrix squares = entry_products(near.u);
      if (options.optimizer == FlowOptimizer::rms_prop) {
        // −2UᵀṖU with Ṗ = ν̇/(2Pη²), ν̇ = κ(g∘g + 4P²∘diag(Σ) − ν).
        const double factor = kappa / (options.eta * options.eta);
        linear += factor * squares.transpose() * (gradient.cwiseAbs2() - state.nu).cwiseQuotient(pre);
        quadratic += 4 * factor * squares.transpose() * pre.asDiagonal() * squares;
      } else if (options.optimizer == FlowOptimizer::scalar_rms_prop) {
        const double factor = kappa / (options.eta * options.eta);
        const Vector ones = squares.colwise().sum().transpose();  // u_i·u_j
        linear += factor * (gradient.squaredNorm() - state.nu[0]) / pre[0] * ones;
        quadratic += 4 * factor * pre[0] * ones * ones.transpose();
      }
      Matrix a = from_half_vector(linear);
      for (Index i = 0; i < k; ++i) a(i, i) += (kEdge - near.eigenvalues[static_cast<std::size_t>(i)].value) / dt;
      quadratic = (0.5 * (quadratic + quadratic.transpose())).eval();
      const Matrix start = state.oscillation.rows() == k ? state.oscillation : Matrix();
      const ComplementaritySolution solution = solve_complementarity(a, quadratic, start);
      if (!(solution.residual < 1e-6))
        throw NotConverged(fmt::format("central_flow: the complementarity problem of order {} stays at residual {:.2g}",
                                       k, solution.residual));
      x = solution.x;
      residual = solution.residual;
      pull += 0.5 * bends * to_half_vector(x);
      const Matrix half = near.u * x;
      const Vector diagonal = half.cwiseProduct(near.u).rowwise().sum();  // of Σ
      variance = diagonal.sum();
      // HΣH with HU = PUΛ; Λ within `near` of the edge.
      for (Index i = 0; i < k; ++i) loss_excess += 0.5 * near.eigenvalues[static_cast<std::size_t>(i)].value * x(i, i);
      noise = kEdge * kEdge * diagonal.cwiseProduct(pre.cwiseAbs2());
      // The nonzero eigenvalues of UXUᵀ are those of X^{½}(UᵀU)X^{½}.
      const SymmetricEigen split = symmetric_eigen(x);
      const Matrix spread = near.u * split.vectors * split.values.cwiseMax(0.0).cwiseSqrt().asDiagonal();
      oscillation = symmetric_eigenvalues(spread.transpose() * spread);
    }
    if (substep == 0) {
      reading.loss = loss;
      reading.time_averaged_loss = loss + loss_excess;
      reading.time_averaged_gradient = gradient.squaredNorm() + noise.sum();
      reading.eigenvalues = near.eigenvalues;
      reading.tracked = k;
      reading.variance = variance;
      reading.oscillation = oscillation;
      reading.oscillating = 0;
      for (Index i = 0; i < oscillation.size(); ++i)
        if (oscillation[i] > 1e-9 * oscillation[0] && oscillation[0] > 0) ++reading.oscillating;
      reading.residual = residual;
    }
    state.oscillation = x;
    state.w -= dt * pull.cwiseQuotient(pre);
    if (adaptive) {
      if (options.optimizer == FlowOptimizer::rms_prop)
        state.nu += dt * kappa * (gradient.cwiseAbs2() + noise - state.nu);
      else
        state.nu[0] += dt * kappa * (gradient.squaredNorm() + noise.sum() - state.nu[0]);
      state.nu = state.nu.cwiseMax(1e-300);
    }
    if (!state.w.allFinite()) throw NotConverged("central_flow: the flow left the finite numbers");
  }
  return reading;
}

}  // namespace brink
