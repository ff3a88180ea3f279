#include "brink/stability/transfer_basis.hpp"

#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/linalg/eigen_solver.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/stability/monotone_root.hpp"

namespace brink {
namespace {

// More vectors than this are compressed to the best few: the images are r × r each.
constexpr Index kLargestBasis = 20;
constexpr Index kKeptAtCompression = 6;
constexpr Index kLargestProducts = 600;
// Accuracy asked for of s, the logarithm of a step size or of a growth factor. The error falls by a factor of 100 or so
// with every product, so what is reached is usually better.
constexpr double kTolerance = 1e-12;
// What rounding of the products and of the eigenbasis leaves in any eigenvalue, relative: part of every reported error.
constexpr double kRounding = 1e-14;
// Models of this rank and more start in single precision, which is left at this residual (relative to the eigenvalue):
// its own rounding is near, and the error of the eigenvalue is the square.
constexpr Index kSingleAbove = 200;
constexpr double kSingleResidual = 5e-7;
constexpr Index kLargestSingle = 30;

/// Whether the symmetric matrix (lower triangle) is positive semidefinite up to rounding.
bool is_positive_semidefinite(Matrix lower) {
  const double shift = 1e-11 * lower.diagonal().cwiseAbs().sum();
  lower.diagonal().array() += shift;
  const auto r = static_cast<lapack_int>(lower.rows());
  return LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', r, lower.data(), r) == 0;
}

/// ⟨Y, w ∘ Y⟩ over the full symmetric matrices, from lower triangles.
double weighted_square(const Matrix& weights, const Matrix& y) {
  double sum = 0;
  const Index r = y.rows();
  for (Index j = 0; j < r; ++j) {
    const auto column = y.col(j).tail(r - j - 1).array();
    sum += weights(j, j) * y(j, j) * y(j, j) + 2 * (weights.col(j).tail(r - j - 1).array() * column * column).sum();
  }
  return sum;
}

void multiply_lower(const Matrix& weights, Matrix& y) {
  const Index r = y.rows();
  for (Index j = 0; j < r; ++j) y.col(j).tail(r - j).array() *= weights.col(j).tail(r - j).array();
}

}  // namespace

TransferBasis::TransferBasis(const LinearizedModel& model, Precision precision)
    : model_(&model),
      precision_(precision),
      products_(model, precision),
      indefinite_(model.samples().is_signed() && model.samples().outputs > 1),
      spectrum_(model.spectrum()) {}

double TransferBasis::start(const TransferProblem& problem, bool find_root) {
  add_ones();
  if (precision_ == Precision::single_precision || products_.rank() < kSingleAbove) return 0;
  TransferBasis single(*model_, Precision::single_precision);
  single.add_ones();
  const TransferSolution found = single.iterate(problem, find_root, 0);
  add(found.vector);
  return found.gap;
}

bool TransferBasis::add_ones() {
  // q = 1 on every sample. It overlaps every positive mode, and for unsigned rows its image is n diag(λ).
  const Index c = products_.outputs();
  RowMatrix ones(products_.samples() * c, c);
  for (Index k = 0; k < products_.samples(); ++k) ones.middleRows(k * c, c).setIdentity();
  if (model_->samples().is_signed()) return add(ones);
  const double norm = ones.norm();
  vectors_.push_back(ones / norm);
  images_.emplace_back((static_cast<double>(products_.samples()) / norm * spectrum_).asDiagonal());
  return true;
}

bool TransferBasis::add(const RowMatrix& q) {
  const double norm = q.norm();
  if (!(norm > 0) || !std::isfinite(norm)) return false;
  RowMatrix remainder = q / norm;
  for (int pass = 0; pass < 2; ++pass) {
    for (Index a = 0; a < size(); ++a) remainder -= vectors_[a].cwiseProduct(remainder).sum() * vectors_[a];
  }
  const double left = remainder.norm();
  if (left < 1e-14) return false;
  // The image is made from the orthonormal vector itself, never by combining images: later cells may use this vector
  // with a large coefficient, and a small remainder would then carry the rounding of the large parts.
  vectors_.push_back(remainder / left);
  products_.spread(vectors_.back(), images_.emplace_back());
  return true;
}

TransferBasis::Ritz TransferBasis::ritz(const Matrix& weights) const {
  const Index m = size();
  const Index r = weights.rows();
  Matrix projected = Matrix::Zero(m, m);
  Vector folded(r);
  for (Index j = 0; j < r; ++j) {
    const Index count = r - j;
    for (Index b = 0; b < m; ++b) {
      auto scaled = folded.head(count);
      scaled = 2 * weights.col(j).tail(count).cwiseProduct(images_[b].col(j).tail(count));
      scaled[0] *= 0.5;
      for (Index a = b; a < m; ++a) projected(a, b) += scaled.dot(images_[a].col(j).tail(count));
    }
  }
  const SymmetricEigen eigen = symmetric_eigen(projected);
  return {eigen.values[0], m > 1 ? eigen.values[1] : 0.0, eigen.vectors.col(0)};
}

Matrix TransferBasis::combine_images(const Vector& coefficients) const {
  Matrix y = coefficients[0] * images_[0];
  for (Index a = 1; a < size(); ++a) y += coefficients[a] * images_[a];
  return y;
}

RowMatrix TransferBasis::combine_vectors(const Vector& coefficients) const {
  RowMatrix q = coefficients[0] * vectors_[0];
  for (Index a = 1; a < size(); ++a) q += coefficients[a] * vectors_[a];
  return q;
}

void TransferBasis::compress(const Matrix& weights) {
  const Index m = size();
  Matrix projected(m, m);
  for (Index a = 0; a < m; ++a) {
    Matrix weighted = images_[a];
    multiply_lower(weights, weighted);
    for (Index b = a; b < m; ++b) projected(b, a) = symmetric_dot(weighted, images_[b]);
  }
  const SymmetricEigen eigen = symmetric_eigen(projected);
  std::vector<RowMatrix> vectors;
  std::vector<Matrix> images;
  for (Index a = 0; a < kKeptAtCompression; ++a) {
    vectors.push_back(combine_vectors(eigen.vectors.col(a)));
    images.push_back(combine_images(eigen.vectors.col(a)));
  }
  vectors_ = std::move(vectors);
  images_ = std::move(images);
}

TransferSolution TransferBasis::iterate(const TransferProblem& problem, bool find_root, double known_gap) {
  TransferSolution solution;
  solution.s = problem.guess;
  Matrix weights;
  Matrix image;
  RowMatrix q;
  RowMatrix product;
  double least_error = std::numeric_limits<double>::infinity();
  int without_progress = 0;
  while (true) {
    // Inside the subspace: alternate the top Ritz vector at s with the root in s for that vector. The Ritz value is
    // stationary in the vector, so this converges quadratically.
    Ritz ritz_pair;
    for (int round = 0; round < 30; ++round) {
      problem.weights(solution.s, weights);
      ritz_pair = ritz(weights);
      ritz_pair.top *= problem.noise_scale;
      ritz_pair.second *= problem.noise_scale;
      if (!find_root) break;
      image = combine_images(ritz_pair.coefficients);
      const auto quotient = [&](double s) {
        Matrix& w = weights;
        problem.weights(s, w);
        return problem.noise_scale * weighted_square(w, image);
      };
      const MonotoneRoot root = monotone_root(quotient, solution.s, ritz_pair.top, problem.upper);
      const double moved = std::abs(root.s - solution.s);
      solution.s = root.s;
      solution.at_upper = root.at_upper;
      if (moved <= 1e-14 * (1 + std::abs(solution.s))) break;
    }
    image = combine_images(ritz_pair.coefficients);
    double slope = 1;
    if (find_root) {
      // Hellmann–Feynman: the derivative of the eigenvalue is that of the Rayleigh quotient of its vector.
      constexpr double step = 1e-3;
      problem.weights(solution.s - step, weights);
      const double before = problem.noise_scale * weighted_square(weights, image);
      problem.weights(solution.s, weights);
      slope = (problem.noise_scale * weighted_square(weights, image) - before) / step;
    }
    multiply_lower(weights, image);
    q = combine_vectors(ritz_pair.coefficients);
    products_.gather(image, product);
    product *= problem.noise_scale;
    ++solution.products;

    const double top = product.cwiseProduct(q).sum();
    solution.eigenvalue = top;
    solution.residual = (product - top * q).norm();
    // Kato–Temple: the Ritz value misses the eigenvalue by at most residual²/gap; half the Ritz gap stands for the gap.
    // Two vectors know nothing of the gap, unless a start in single precision does.
    solution.gap = size() > 2 ? 0.5 * (ritz_pair.top - ritz_pair.second) : known_gap;
    const double eigenvalue_error =
        solution.gap > solution.residual ? solution.residual * solution.residual / solution.gap : solution.residual;
    solution.error = find_root ? eigenvalue_error / std::max(slope, 1e-3) : eigenvalue_error;

    const bool accurate = solution.error <= kTolerance;
    // A residual bounds the distance to some eigenvalue; a small one, reached from a start that overlaps every positive
    // mode, belongs to the top.
    const bool clearly_below = solution.at_upper && top + solution.residual < 1 && solution.residual < 0.01 * top;
    if (solution.error < 0.5 * least_error) {
      least_error = solution.error;
      without_progress = 0;
    } else {
      ++without_progress;
    }
    const bool single = precision_ == Precision::single_precision;
    const bool rounding_floor = single ? solution.residual < kSingleResidual * top || without_progress >= 2 ||
                                             solution.products >= kLargestSingle
                                       : without_progress >= 6 && solution.error < 1e-10;
    if (accurate || clearly_below || rounding_floor || solution.products >= kLargestProducts || !add(product)) {
      solution.converged = accurate || clearly_below || solution.error < 1e-10;
      break;
    }
    if (size() >= kLargestBasis) compress(weights);
  }
  solution.error += kRounding;
  solution.positive = is_positive_semidefinite(image.diagonal().sum() < 0 ? Matrix(-image) : image);
  solution.vector = std::move(q);
  solution.mode = std::move(image);
  mirror_lower(solution.mode);
  solution.mode /= solution.mode.trace();
  return solution;
}

TransferSolution TransferBasis::iterate_indefinite(const TransferProblem& problem, bool find_root) {
  // For indefinite H_k with several outputs M is not symmetric in q, but Z ↦ √w ∘ Σ_k H_k (√w ∘ Z) H_k is, with the
  // same leading eigenvalue. The eigenvector is carried from one s to the next.
  const Index r = spectrum_.size();
  TransferSolution solution;
  solution.s = problem.guess;
  Matrix weights;
  Matrix z = Matrix::Zero(r, r);
  Matrix image;
  RowMatrix q;
  SymmetricOperator op;
  op.dimension = r * (r + 1) / 2;
  op.apply = [&](const Vector& x, Vector& y) {
    unpack_symmetric(x, z);
    multiply_lower(weights, z);
    products_.gather(z, q);
    products_.spread(q, image);
    multiply_lower(weights, image);
    pack_symmetric(image, y);
    ++solution.products;
  };
  Vector start = Vector::Zero(op.dimension);
  Matrix identity = Matrix::Identity(r, r);
  pack_symmetric(identity, start);
  TopEigenResult top;
  const auto eigenvalue = [&](double s) {
    problem.weights(s, weights);
    for (Index j = 0; j < r; ++j) {
      auto column = weights.col(j).tail(r - j);
      if (!(column.minCoeff() >= 0)) {
        throw NotConverged("mean-square theory of indefinite Hessians needs a rule whose transfer kernel is positive");
      }
      column = column.cwiseSqrt();
    }
    top = top_eigenpair(op, {}, start);
    start = top.vector;
    return problem.noise_scale * top.value;
  };
  const double first = eigenvalue(solution.s);
  if (find_root) {
    const MonotoneRoot root = monotone_root(eigenvalue, solution.s, first, problem.upper);
    solution.s = root.s;
    solution.at_upper = root.at_upper;
    const double before = eigenvalue(root.s - 1e-3);
    solution.eigenvalue = eigenvalue(root.s);
    solution.error = problem.noise_scale * top.residual / std::max((solution.eigenvalue - before) / 1e-3, 1e-3);
  } else {
    solution.eigenvalue = first;
    solution.error = problem.noise_scale * top.residual;
  }
  solution.residual = problem.noise_scale * top.residual;
  solution.converged = top.converged;
  unpack_symmetric(top.vector, z);
  multiply_lower(weights, z);
  if (z.diagonal().sum() < 0) z = -z;
  solution.positive = is_positive_semidefinite(z);
  solution.mode = z;
  mirror_lower(solution.mode);
  solution.mode /= solution.mode.trace();
  return solution;
}

TransferSolution TransferBasis::solve(const TransferProblem& problem) {
  if (indefinite_) return iterate_indefinite(problem, true);
  return iterate(problem, true, size() == 0 ? start(problem, true) : 0);
}

TransferSolution TransferBasis::top_eigenvalue_at(const TransferProblem& problem) {
  if (indefinite_) return iterate_indefinite(problem, false);
  return iterate(problem, false, size() == 0 ? start(problem, false) : 0);
}

}  // namespace brink
