#include "brink/linalg/eigen_solver.hpp"

#include <Spectra/SymEigsSolver.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <optional>

#include "brink/base/error.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/sampling/philox.hpp"

namespace brink {
namespace {

/// Lanczos ran out of directions inside an invariant subspace, and Spectra went on with 0/0.
struct Breakdown : std::exception {};

/// What Spectra expects of an operator; counts products and refuses non-finite ones.
class CountedProduct {
 public:
  using Scalar = double;
  explicit CountedProduct(const SymmetricOperator& op) : op_(op), x_(op.dimension), y_(op.dimension) {}

  [[nodiscard]] Index rows() const { return op_.dimension; }
  [[nodiscard]] Index cols() const { return op_.dimension; }
  void perform_op(const double* x, double* y) const {
    x_ = Eigen::Map<const Vector>(x, op_.dimension);
    if (!x_.allFinite()) throw Breakdown();
    op_.apply(x_, y_);
    check_argument(y_.allFinite(), "top_eigenpair", "operator product", "not finite", "finite numbers");
    Eigen::Map<Vector>(y, op_.dimension) = y_;
    ++count_;
  }
  [[nodiscard]] Index count() const { return count_; }

 private:
  const SymmetricOperator& op_;
  mutable Vector x_, y_;
  mutable Index count_ = 0;
};

TopEigenResult dense(const SymmetricOperator& op, const TopEigenOptions& options) {
  const Index d = op.dimension;
  Matrix a(d, d);
  const CountedProduct product(op);
  for (Index j = 0; j < d; ++j) {
    const Vector unit = Vector::Unit(d, j);
    product.perform_op(unit.data(), a.col(j).data());
  }
  a = (0.5 * (a + a.transpose())).eval();
  const SymmetricEigen eigen = symmetric_eigen(a);
  TopEigenResult result;
  result.value = eigen.values[0];
  result.vector = eigen.vectors.col(0);
  result.residual = (a * result.vector - result.value * result.vector).norm();
  result.products = d;
  result.converged = result.residual <= std::max(options.tolerance, 1e-12) * eigen.values.cwiseAbs().maxCoeff() +
                                            std::numeric_limits<double>::min();
  return result;
}

Vector random_vector(Index dimension, std::uint64_t seed, std::uint32_t restart) {
  Philox random(seed, Purpose::eigen_solver, restart, 0);
  Vector v(dimension);
  for (Index i = 0; i < dimension; ++i) v[i] = random.normal();
  return v.normalized();
}

struct Attempt {
  double value = 0;
  Vector vector;
  double residual = 0;
  double scale = 0;
};

/// One run of Lanczos from one vector; whatever Spectra says, the residual is measured here.
std::optional<Attempt> lanczos(const CountedProduct& product, const Vector& start, Index krylov, double tolerance,
                               Index max_restarts) {
  Spectra::SymEigsSolver<CountedProduct> solver(const_cast<CountedProduct&>(product), 1, krylov);
  try {
    solver.init(start.data());
    solver.compute(Spectra::SortRule::LargestAlge, max_restarts, tolerance, Spectra::SortRule::LargestAlge);
  } catch (const InvalidInput&) {
    throw;
  } catch (const std::exception&) {
    return std::nullopt;  // Spectra throws on a zero operator or a start inside the kernel
  }
  if (solver.eigenvalues().size() == 0) return std::nullopt;
  Attempt attempt;
  attempt.vector = solver.eigenvectors(1).col(0).normalized();
  Vector image(product.rows());
  product.perform_op(attempt.vector.data(), image.data());
  attempt.value = attempt.vector.dot(image);
  attempt.residual = (image - attempt.value * attempt.vector).norm();
  attempt.scale = std::max(std::abs(attempt.value), image.norm());
  return attempt;
}

}  // namespace

TopEigenResult top_eigenpair(const SymmetricOperator& op, const TopEigenOptions& options, const Vector& start) {
  check_argument(op.dimension >= 1, "top_eigenpair", "dimension", op.dimension, "an integer >= 1");
  check_argument(options.tolerance > 0, "top_eigenpair", "tolerance", options.tolerance, "a number > 0");
  if (op.dimension <= std::max<Index>(options.dense_below, 3)) return dense(op, options);

  const CountedProduct product(op);
  TopEigenResult best;
  best.value = -std::numeric_limits<double>::infinity();
  Index krylov = std::min<Index>(op.dimension, 20);
  // Two runs from different vectors: one run alone can settle on a lower eigenvalue, or stop inside an invariant
  // subspace.
  int confirmations = 0;
  for (std::uint32_t restart = 0; restart < 8 && product.count() < options.max_products; ++restart) {
    const bool given = restart == 0 && start.size() == op.dimension && start.norm() > 0;
    const Vector first = given ? Vector(start.normalized()) : random_vector(op.dimension, options.seed, restart);
    const Index restarts = std::max<Index>(1, (options.max_products - product.count()) / krylov);
    const auto attempt = lanczos(product, first, krylov, 0.1 * options.tolerance, restarts);
    if (!attempt) {  // a shorter recursion ends before the invariant subspace does
      krylov = std::max<Index>(2, krylov / 2);
      continue;
    }
    const bool accurate = attempt->residual <= options.tolerance * attempt->scale;
    const double agreement = 10 * options.tolerance * attempt->scale;
    if (accurate && best.converged && std::abs(attempt->value - best.value) <= agreement) ++confirmations;
    if (attempt->value > best.value + (best.converged ? agreement : 0) || (accurate && !best.converged)) {
      best.value = attempt->value;
      best.vector = attempt->vector;
      best.residual = attempt->residual;
      best.converged = accurate;
      confirmations = 0;
    }
    if (confirmations >= 1) break;
    krylov = std::min<Index>(op.dimension, 2 * krylov);
  }
  best.products = product.count();
  best.converged = best.converged && confirmations >= 1;
  if (best.vector.size() == 0) {
    // Every start was annihilated: the operator is zero as far as random vectors can tell.
    best.vector = random_vector(op.dimension, options.seed, 0);
    Vector image(op.dimension);
    op.apply(best.vector, image);
    best.value = best.vector.dot(image);
    best.residual = (image - best.value * best.vector).norm();
    best.converged = image.norm() == 0;
  }
  return best;
}

}  // namespace brink
