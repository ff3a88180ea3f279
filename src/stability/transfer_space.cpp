#include "transfer_space.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "accuracy.hpp"
#include "brink/linalg/packed_symmetric.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/stability/monotone_root.hpp"

namespace brink {
namespace {

// More vectors than this are compressed to the best few.
constexpr Index kLargestBasis = 20;
constexpr Index kKeptAtCompression = 6;
// Accuracy asked for of s, the logarithm of a step size or of a growth factor. The error falls by a factor of 100 or so
// with every product, so what is reached is usually better.
constexpr double kLogTolerance = 1e-12;
// Single precision is left at this residual (relative to the eigenvalue): its own rounding is near, and the error of
// the eigenvalue is the square.
constexpr double kSingleResidual = 5e-7;
// Inside a cluster of leading eigenvalues the Ritz gap is no gap: it is believed only if the residual is this much
// smaller.
constexpr double kResolved = 1e-3;
// Closer eigenvalues (relative) are one to single precision.
constexpr double kSingleGap = 1e-5;
// A mode with an eigenvalue below minus this (relative to its trace) is not positive, however rough its vector.
constexpr double kLargestNegative = 1e-2;
// Packed matrices are visited in pieces that fit a cache for all vectors at once; sums over a piece are taken in
// Scalar, sums of pieces in double.
constexpr Index kPiece = 1024;

template <class Scalar>
constexpr bool kIsSingle = std::is_same_v<Scalar, float>;
template <class Scalar>
constexpr Index kLargestProducts = kIsSingle<Scalar> ? 30 : 600;

template <class Visit>
void for_each_piece(Index length, Visit visit) {
  for (Index at = 0; at < length; at += kPiece) visit(at, std::min(kPiece, length - at));
}

/// The symmetric part of every c × c block.
void symmetrize_blocks(RowMatrix& q) {
  const Index c = q.cols();
  for (Index first = 0; first < q.rows(); first += c) {
    for (Index i = 1; i < c; ++i) {
      for (Index j = 0; j < i; ++j) q(first + i, j) = q(first + j, i) = 0.5 * (q(first + i, j) + q(first + j, i));
    }
  }
}

/// Σ w_i y_i², with y² given.
template <class Packed>
double dot(const Packed& w, const Packed& squares) {
  double sum = 0;
  for_each_piece(w.size(), [&](Index at, Index count) {
    sum += static_cast<double>(w.segment(at, count).dot(squares.segment(at, count)));
  });
  return sum;
}

}  // namespace

template <class Scalar>
TransferSpace<Scalar>::TransferSpace(const LinearizedModel& model)
    : products_(model), is_signed_(model.samples().is_signed()), spectrum_(model.spectrum()) {}

template <class Scalar>
void TransferSpace<Scalar>::add_ones() {
  const Index c = products_.outputs();
  RowMatrix ones(products_.samples() * c, c);
  for (Index k = 0; k < products_.samples(); ++k) ones.middleRows(k * c, c).setIdentity();
  if (is_signed_) {
    add(ones);
    return;
  }
  only_ones_ = size() == 0;
  const double norm = ones.norm();
  vectors_.push_back(ones / norm);
  const Index r = spectrum_.size();
  Packed image = Packed::Zero(r * (r + 1) / 2);
  const double factor = static_cast<double>(products_.samples()) / (norm * products_.unit());
  for (Index j = 0; j < r; ++j) image[j * r - j * (j - 1) / 2] = static_cast<Scalar>(factor * spectrum_[j]);
  images_.push_back(std::move(image));
}

template <class Scalar>
bool TransferSpace<Scalar>::add(const RowMatrix& q) {
  const double norm = q.norm();
  if (!(norm > 0) || !std::isfinite(norm)) return false;
  RowMatrix remainder = q / norm;
  for (int pass = 0; pass < 2; ++pass) {
    for (const RowMatrix& vector : vectors_) remainder -= vector.cwiseProduct(remainder).sum() * vector;
  }
  // Rounding breaks the symmetry of blocks, and normalizing a small remainder magnifies what is left of it, which the
  // image, a lower triangle, would take for a symmetric part.
  symmetrize_blocks(remainder);
  const double left = remainder.norm();
  if (left < 1e-14) return false;
  // The image is made from the orthonormal vector itself, never by combining images: later cells may use this vector
  // with a large coefficient, and a small remainder would then carry the rounding of the large parts.
  vectors_.push_back(remainder / left);
  products_.spread(vectors_.back(), mode_);
  pack_symmetric(mode_, images_.emplace_back());
  only_ones_ = false;
  return true;
}

template <class Scalar>
void TransferSpace<Scalar>::clear() {
  vectors_.clear();
  images_.clear();
}

template <class Scalar>
void TransferSpace<Scalar>::weigh(const TransferProblem& problem, double s) {
  const auto [eta, log_rho] = problem.at(s);
  const double unit = products_.unit();
  scale_ = problem.noise_scale * unit * unit * problem.kernel->packed_weights(eta, log_rho, problem.p2, weights_);
}

template <class Scalar>
double TransferSpace<Scalar>::quotient_of_ones(const TransferProblem& problem, double s) const {
  const auto [eta, log_rho] = problem.at(s);
  const Vector response = problem.kernel->diagonal(eta, log_rho);
  const double unit = products_.unit();
  const Index r = spectrum_.size();
  double sum = 0;
  for (Index j = 0; j < r; ++j) {
    const auto y = static_cast<double>(images_[0][j * r - j * (j - 1) / 2]);
    sum += response[j] / (1 + problem.p2 * spectrum_[j] * spectrum_[j] * response[j]) * y * y;
  }
  return problem.noise_scale * unit * unit * sum;
}

template <class Scalar>
typename TransferSpace<Scalar>::Ritz TransferSpace<Scalar>::ritz() const {
  using Block = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  const Index m = size();
  Matrix projected = Matrix::Zero(m, m);
  Block plain(kPiece, m);
  Block weighted(kPiece, m);
  Block part = Block::Zero(m, m);
  for_each_piece(weights_.size(), [&](Index at, Index count) {
    for (Index a = 0; a < m; ++a) {
      plain.col(a).head(count) = images_[a].segment(at, count);
      weighted.col(a).head(count) = weights_.segment(at, count).cwiseProduct(plain.col(a).head(count));
    }
    part.template triangularView<Eigen::Lower>() = weighted.topRows(count).transpose() * plain.topRows(count);
    projected += part.template cast<double>();
  });
  SymmetricEigen eigen = symmetric_eigen(projected);
  return {scale_ * eigen.values, std::move(eigen.vectors)};
}

template <class Scalar>
typename TransferSpace<Scalar>::Packed TransferSpace<Scalar>::combine_images(const Vector& coefficients) const {
  Packed y(weights_.size());
  for_each_piece(y.size(), [&](Index at, Index count) {
    auto piece = y.segment(at, count);
    piece = static_cast<Scalar>(coefficients[0]) * images_[0].segment(at, count);
    for (Index a = 1; a < size(); ++a) piece += static_cast<Scalar>(coefficients[a]) * images_[a].segment(at, count);
  });
  return y;
}

template <class Scalar>
RowMatrix TransferSpace<Scalar>::combine_vectors(const Vector& coefficients) const {
  RowMatrix q = coefficients[0] * vectors_[0];
  for (Index a = 1; a < size(); ++a) q += coefficients[a] * vectors_[a];
  return q;
}

template <class Scalar>
void TransferSpace<Scalar>::compress() {
  const Ritz pairs = ritz();
  std::vector<RowMatrix> vectors;
  std::vector<Packed> images;
  for (Index a = 0; a < kKeptAtCompression; ++a) {
    vectors.push_back(combine_vectors(pairs.vectors.col(a)));
    images.push_back(combine_images(pairs.vectors.col(a)));
  }
  vectors_ = std::move(vectors);
  images_ = std::move(images);
}

template <class Scalar>
typename TransferSpace<Scalar>::Ritz TransferSpace<Scalar>::solve_inside(const TransferProblem& problem,
                                                                         TransferTask task, double accuracy,
                                                                         TransferSolution& solution) {
  // Alternate the top Ritz vector at s with the root in s for that vector. The Ritz value is stationary in the vector,
  // so the error of s is squared by every round, and its slope [Hellmann–Feynman] starts the next search.
  const double resolution = kIsSingle<Scalar> ? 1e-8 : 2e-16;
  Ritz pairs;
  Packed squares;
  for (int round = 0; round < 30; ++round) {
    if (only_ones_ && task == TransferTask::root) {
      // One vector, whose image is diagonal: nothing of order r² until the root is known.
      const auto quotient = [&](double s) { return quotient_of_ones(problem, s); };
      take_root(monotone_root(quotient, solution.s, quotient(solution.s), problem.upper, resolution), solution);
      weigh(problem, solution.s);
      image_ = images_[0];
      return {Vector::Ones(1), Matrix::Ones(1, 1)};
    }
    weigh(problem, solution.s);
    pairs = ritz();
    image_ = combine_images(pairs.vectors.col(0));
    if (task == TransferTask::eigenvalue) return pairs;
    squares = image_.cwiseAbs2();
    double weighed_at = solution.s;
    const auto quotient = [&](double s) {
      weigh(problem, s);
      weighed_at = s;
      return scale_ * dot(weights_, squares);
    };
    const double here = scale_ * dot(weights_, squares);
    const double before = solution.s;
    take_root(monotone_root(quotient, solution.s, here, problem.upper, resolution, slope_known_ ? solution.slope : 0),
              solution);
    if (weighed_at != solution.s) weigh(problem, solution.s);
    if (std::abs(solution.s - before) <= accuracy * (1 + std::abs(solution.s))) break;
  }
  return pairs;
}

template <class Scalar>
void TransferSpace<Scalar>::take_root(const MonotoneRoot& root, TransferSolution& solution) {
  solution.s = root.s;
  solution.at_upper = root.at_upper;
  if (root.slope > 0) {
    solution.slope = root.slope;
    slope_known_ = true;
  }
}

template <class Scalar>
TransferSolution TransferSpace<Scalar>::solve(const TransferProblem& problem, TransferTask task, double known_gap) {
  TransferSolution solution;
  solution.s = problem.guess;
  slope_known_ = false;
  RowMatrix q;
  RowMatrix product;
  double least_error = std::numeric_limits<double>::infinity();
  double accuracy = kIsSingle<Scalar> ? 1e-3 : 1e-14;
  int without_progress = 0;
  bool clearly_below = false;
  bool resolved = false;
  Ritz pairs;
  const Index r = spectrum_.size();
  while (true) {
    pairs = solve_inside(problem, task, accuracy, solution);
    q = combine_vectors(pairs.vectors.col(0));
    weights_.array() *= image_.array();
    if (only_ones_) {
      Vector diagonal(r);
      for (Index j = 0; j < r; ++j) diagonal[j] = static_cast<double>(weights_[j * r - j * (j - 1) / 2]);
      products_.gather_diagonal(diagonal, product);
    } else {
      mode_.resize(r, r);
      unpack_symmetric(weights_, mode_);
      products_.gather(mode_, product);
    }
    product *= scale_;
    ++solution.products;

    const double top = product.cwiseProduct(q).sum();
    solution.eigenvalue = top;
    solution.residual = (product - top * q).norm();
    // Kato–Temple: the Ritz value misses the eigenvalue by at most residual²/gap; half the Ritz gap stands for the gap.
    // Two vectors know nothing of the gap, unless a start in single precision does.
    solution.gap = size() > 2                     ? 0.5 * (pairs.values[0] - pairs.values[1])
                   : known_gap > kSingleGap * top ? known_gap
                                                  : 0;
    // Without a gap, (λ − μ)⟨q*, q⟩ = ⟨q*, Mq − μq⟩ ≤ residual, q* the leading vector; on q = 1 it overlaps 1/√(nc) or
    // more, as its blocks are positive.
    resolved = solution.residual < kResolved * solution.gap;
    const double eigenvalue_error = resolved ? solution.residual * solution.residual / solution.gap
                                             : std::sqrt(static_cast<double>(q.rows())) * solution.residual;
    solution.error = eigenvalue_error / std::max(solution.slope, 1e-3);

    const bool accurate = solution.error <= kLogTolerance;
    // A residual bounds the distance to some eigenvalue; a small one, reached from a start that overlaps every positive
    // mode, belongs to the top.
    clearly_below = solution.at_upper && top + solution.residual < 1 && solution.residual < 0.01 * top;
    if (solution.error < 0.5 * least_error) {
      least_error = solution.error;
      without_progress = 0;
    } else {
      ++without_progress;
    }
    const bool rounding_floor = kIsSingle<Scalar> ? solution.residual < kSingleResidual * top || without_progress >= 2
                                                  : without_progress >= 6 && solution.error < 1e-10;
    if (accurate || clearly_below || rounding_floor || solution.products >= kLargestProducts<Scalar>) break;
    if (!add(product)) break;
    // Single precision stops far above its own rounding: inside the space it need not be better than what the next
    // residual, a tenth of this one or less, will show.
    if (kIsSingle<Scalar>) accuracy = std::clamp(0.01 * solution.residual / top, 3e-8, 1e-3);
    if (size() >= kLargestBasis) {
      weigh(problem, solution.s);
      compress();
    }
  }
  solution.converged = clearly_below || solution.error < 1e-10;
  // The eigenvalue is rounded too; it hardly depends on s where the noise of nearly equal samples cancels.
  solution.error += kRounding;
  if (slope_known_)
    solution.error += 4 * std::numeric_limits<double>::epsilon() * std::abs(solution.eigenvalue) / solution.slope;
  solution.vector = std::move(q);
  if constexpr (!kIsSingle<Scalar>) {
    finish(solution, product);
    if (!solution.positive && !solution.at_upper) reconsider(problem, pairs, resolved, solution);
  }
  return solution;
}

template <class Scalar>
void TransferSpace<Scalar>::reconsider(const TransferProblem& problem, const Ritz& pairs, bool resolved,
                                       TransferSolution& solution) {
  const double width = solution.residual / kResolved;
  weigh(problem, solution.s);
  const double largest_weight = static_cast<double>(weights_.maxCoeff());
  if (!resolved && size() > 1 && width > 0) {
    // Every mixture of a cluster is as good an eigenvector. exp(M/width)1 is a positive one.
    Vector of_ones(size());
    for (Index a = 0; a < size(); ++a) {
      double trace = 0;
      for (Index row = 0; row < vectors_[a].rows(); ++row) trace += vectors_[a](row, row % vectors_[a].cols());
      of_ones[a] = trace;
    }
    Vector along = pairs.vectors.transpose() * of_ones;
    along.array() *= ((pairs.values.array() - pairs.values[0]) / width).exp();
    const Vector coefficients = (pairs.vectors * along).normalized();
    solution.vector = combine_vectors(coefficients);
    image_ = combine_images(coefficients);
    weights_.array() *= image_.array();
    mode_.resize(spectrum_.size(), spectrum_.size());
    unpack_symmetric(weights_, mode_);
    RowMatrix product;
    products_.gather(mode_, product);
    product *= scale_;
    ++solution.products;
    finish(solution, product);
  } else {
    weights_.array() *= image_.array();
  }
  if (solution.positive) return;
  // The vector is right to residual/gap only, and ‖w ∘ Y(δ)‖² ≤ max w ⟨δ, Mδ⟩/scale.
  const double error = resolved ? solution.residual / solution.gap : kResolved;
  const double error_of_mode =
      error * std::sqrt(largest_weight * solution.eigenvalue / scale_) / std::abs(trace_of_mode());
  solution.positive = is_positive_semidefinite(solution.mode, std::min(1e-11 + error_of_mode, kLargestNegative));
}

template <class Scalar>
double TransferSpace<Scalar>::trace_of_mode() const {
  const Index r = spectrum_.size();
  double trace = 0;
  for (Index j = 0; j < r; ++j) trace += static_cast<double>(weights_[j * r - j * (j - 1) / 2]);
  return trace;
}

template <class Scalar>
void TransferSpace<Scalar>::finish(TransferSolution& solution, const RowMatrix& product) const {
  const Index r = spectrum_.size();
  Matrix mode(r, r);
  unpack_symmetric(weights_.template cast<double>(), mode);
  const double trace = mode.trace();
  solution.mode = mode / trace;
  solution.blocks = product / (scale_ * trace);
  solution.positive = is_positive_semidefinite(solution.mode);
  mirror_lower(solution.mode);
}

template class TransferSpace<double>;
template class TransferSpace<float>;

}  // namespace brink
