#include "row_decomposition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "brink/linalg/triangular_product.hpp"

namespace brink {
namespace {

/// The smaller of AᵀA/n and AAᵀ/n, lower triangle.
Matrix smaller_product(const RowMatrix& a, bool tall, Index samples) {
  Matrix product;
  if (tall) {
    lower_of_transposed_product(a, a, product);
  } else {
    product = Matrix::Zero(a.rows(), a.rows());
    product.selfadjointView<Eigen::Lower>().rankUpdate(a);
  }
  product /= static_cast<double>(samples);
  return product;
}

}  // namespace

double linearization_bytes(Index rows, Index parameters) {
  const auto small = static_cast<double>(std::min(rows, parameters));
  const auto sum = static_cast<double>(rows) + static_cast<double>(parameters);
  // The product, its eigenvectors twice and LAPACK's workspace of 2m²; then rows and basis in the eigenbasis.
  return 8 * (5 * small * small + small * sum);
}

Index model_rank(const Vector& values, double tolerance, std::string_view function) {
  const double largest = values[0];
  check_argument(largest >= std::numeric_limits<double>::min(), function, "rank", "0",
                 "a model with at least one direction of positive curvature");
  return (values.array() > tolerance * largest).count();
}

RowDecomposition decompose_rows(const RowMatrix& a, Index samples, double input_epsilon) {
  constexpr std::string_view function = "LinearizedModel::from_rows";
  require_memory(linearization_bytes(a.rows(), a.cols()), function);
  const bool tall = a.cols() <= a.rows();
  const SymmetricEigen eigen = symmetric_eigen(smaller_product(a, tall, samples));

  RowDecomposition parts;
  const Index smaller = eigen.values.size();
  parts.origin.route = "rows";
  parts.origin.rank_tolerance = static_cast<double>(smaller) * input_epsilon;
  const Index rank = model_rank(eigen.values, parts.origin.rank_tolerance, function);
  parts.origin.dropped = smaller - rank;
  parts.origin.largest_dropped = rank < smaller ? std::max(eigen.values[rank], 0.0) : 0.0;
  parts.origin.eigen_residual = eigen.residual;
  parts.values = eigen.values.head(rank);
  if (tall) {
    parts.basis = eigen.vectors.leftCols(rank);
    full_product(a, parts.basis, parts.rows);
  } else {
    const Vector singular = (parts.values * static_cast<double>(samples)).cwiseSqrt();
    parts.rows = eigen.vectors.leftCols(rank) * singular.asDiagonal();
    parts.basis = a.transpose() * eigen.vectors.leftCols(rank) * singular.cwiseInverse().asDiagonal();
  }
  return parts;
}

SignedRows split_hessians(const RowMatrix& hessians, Index samples, double input_epsilon) {
  constexpr std::string_view function = "LinearizedModel::from_hessians";
  const Index d = hessians.cols();
  require_memory(16.0 * static_cast<double>(hessians.size()) + linearization_bytes(d, d), function);
  std::vector<SymmetricEigen> eigen;
  double scale = 0;
  for (Index k = 0; k < samples; ++k) {
    const auto block = hessians.middleRows(k * d, d);
    eigen.push_back(symmetric_eigen(0.5 * (block + block.transpose())));
    scale = std::max(scale, eigen.back().values.cwiseAbs().maxCoeff());
  }
  const double tolerance = static_cast<double>(d) * input_epsilon * scale;
  const auto kept = [&](double value) { return std::abs(value) > tolerance; };

  SignedRows split;
  for (Index k = 0; k < samples; ++k) {
    const auto block = hessians.middleRows(k * d, d);
    Index row = 0;
    Index column = 0;
    const double asymmetry = (block - block.transpose()).cwiseAbs().maxCoeff(&row, &column);
    if (asymmetry > tolerance) {
      fail_argument(function, fmt::format("hessians[{0}, {1}, {2}] and [{0}, {2}, {1}]", k, row, column),
                    fmt::format("{:.12g} and {:.12g}", block(row, column), block(column, row)),
                    fmt::format("symmetric matrices (difference at most d*eps*max|H_k| = {:.3g})", tolerance));
    }
    const Vector& values = eigen[static_cast<std::size_t>(k)].values;
    split.outputs = std::max<Index>(split.outputs, std::count_if(values.begin(), values.end(), kept));
  }
  check_argument(split.outputs > 0, function, "rank", "0", "Hessians that are not all zero");

  split.rows = RowMatrix::Zero(samples * split.outputs, d);
  split.signs = Vector::Ones(samples * split.outputs);
  for (Index k = 0; k < samples; ++k) {
    const auto& [values, vectors, residual] = eigen[static_cast<std::size_t>(k)];
    Index row = k * split.outputs;
    for (Index i = 0; i < d; ++i) {
      if (!kept(values[i])) continue;
      split.rows.row(row) = std::sqrt(std::abs(values[i])) * vectors.col(i).transpose();
      split.signs[row++] = values[i] > 0 ? 1.0 : -1.0;
    }
  }
  return split;
}

}  // namespace brink
