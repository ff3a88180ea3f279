#include "transfer_indefinite.hpp"

#include <algorithm>

#include "brink/base/error.hpp"
#include "brink/linalg/eigen_solver.hpp"
#include "brink/linalg/packed_symmetric.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/stability/monotone_root.hpp"
#include "brink/stability/sample_products.hpp"
#include "transfer_space.hpp"

namespace brink {

TransferSolution solve_indefinite(const LinearizedModel& model, const TransferProblem& problem, TransferTask task) {
  const SampleProducts products(model);
  const Index r = model.rank();
  TransferSolution solution;
  solution.s = problem.guess;
  Vector root_weights;
  Matrix z = Matrix::Zero(r, r);
  Matrix image;
  RowMatrix q;
  SymmetricOperator op;
  op.dimension = r * (r + 1) / 2;
  op.apply = [&](const Vector& x, Vector& y) {
    unpack_symmetric(root_weights.cwiseProduct(x), z);
    products.gather(z, q);
    products.spread(q, image);
    pack_symmetric(image, y);
    y.array() *= root_weights.array();
    ++solution.products;
  };
  Vector start;
  pack_symmetric(Matrix::Identity(r, r), start);
  TopEigenResult top;
  double scale = 0;
  // The eigenvector is carried from one s to the next.
  const auto eigenvalue = [&](double s) {
    const auto [eta, log_rho] = problem.at(s);
    scale = problem.noise_scale * problem.kernel->packed_weights(eta, log_rho, problem.p2, root_weights);
    if (!(root_weights.minCoeff() >= 0)) {
      throw NotConverged("mean-square theory of indefinite Hessians needs a rule whose transfer kernel is positive");
    }
    root_weights = root_weights.cwiseSqrt().eval();
    top = top_eigenpair(op, {}, start);
    start = top.vector;
    return scale * top.value;
  };
  const double first = eigenvalue(solution.s);
  if (task == TransferTask::root) {
    const MonotoneRoot root = monotone_root(eigenvalue, solution.s, first, problem.upper);
    solution.s = root.s;
    solution.at_upper = root.at_upper;
    constexpr double step = 1e-3;
    const double before = eigenvalue(root.s - step);
    solution.eigenvalue = eigenvalue(root.s);
    solution.slope = (solution.eigenvalue - before) / step;
  } else {
    solution.eigenvalue = first;
  }
  solution.residual = scale * top.residual;
  // The Ritz value may meet its residual exactly; what went into the operator is still rounded.
  constexpr double rounding = 1e-14;
  solution.error = solution.residual / std::max(solution.slope, 1e-3) + rounding;
  solution.converged = top.converged;
  unpack_symmetric(root_weights.cwiseProduct(top.vector), z);
  solution.mode = z / z.trace();
  solution.positive = is_positive_semidefinite(solution.mode);
  mirror_lower(solution.mode);
  products.gather(solution.mode, solution.blocks);
  return solution;
}

}  // namespace brink
