#include "brink/model/linearized_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/linalg/symmetric_eigen.hpp"
#include "row_decomposition.hpp"

namespace brink {
namespace {

constexpr double kMeanTolerance = 1e-6;      // of gradient noise, relative to its root mean square
constexpr double kLargestCurvature = 1e124;  // this and its inverse have squares
constexpr double kRangeTolerance = 1e-6;     // of gradient noise outside range(H), relative to its norm

template <class Rows>
void check_finite(const Rows& a, std::string_view function, std::string_view name) {
  if (a.allFinite()) return;
  for (Index i = 0; i < a.rows(); ++i) {
    for (Index j = 0; j < a.cols(); ++j) {
      check_argument(std::isfinite(a(i, j)), function, fmt::format("{}[{}, {}]", name, i, j), a(i, j),
                     "a finite number");
    }
  }
}

/// Results that would overflow or vanish are refused here, by the name of what is to be scaled.
void check_scale(double largest, double bound, std::string_view function, std::string_view name) {
  if (largest == 0 || (largest >= 1 / bound && largest <= bound)) return;
  fail_argument(function, fmt::format("largest entry of {}", name), largest,
                fmt::format("a size between {:g} and {:g} (use other units)", 1 / bound, bound));
}

void check_rows(const RowMatrix& a, Index outputs, double input_epsilon, std::string_view function) {
  check_argument(outputs >= 1, function, "outputs", outputs, "an integer >= 1");
  check_argument(input_epsilon > 0 && input_epsilon < 1, function, "input_epsilon", input_epsilon, "0 < value < 1");
  check_argument(a.size() > 0 && a.rows() % outputs == 0, function, "rows", fmt::format("{} x {}", a.rows(), a.cols()),
                 fmt::format("a non-empty multiple of outputs = {} rows", outputs));
  check_finite(a, function, "rows");
  check_scale(a.cwiseAbs().maxCoeff(), std::sqrt(kLargestCurvature), function, "rows");
}

void check_gradient_noise(const RowMatrix& noise, Index samples, Index parameters) {
  constexpr std::string_view function = "LinearizedModel";
  if (noise.rows() != samples || noise.cols() != parameters) {
    fail_argument(function, "gradient_noise", fmt::format("{} x {}", noise.rows(), noise.cols()),
                  fmt::format("{} x {} (samples x parameters)", samples, parameters));
  }
  check_finite(noise, function, "gradient_noise");
  check_scale(noise.cwiseAbs().maxCoeff(), kLargestCurvature, function, "gradient_noise");
}

void check_mean(const RowMatrix& noise) {
  const double rms = noise.norm() / std::sqrt(static_cast<double>(noise.rows()));
  const double mean = noise.colwise().mean().norm();
  if (mean <= kMeanTolerance * rms) return;
  fail_argument("LinearizedModel", "mean of gradient_noise", fmt::format("{:.3g} of its root mean square", mean / rms),
                fmt::format("at most {:g} (the mean gradient vanishes at a minimum)", kMeanTolerance));
}

/// b_k in the eigenbasis; empty when there is none.
RowMatrix rotate_noise(const RowMatrix& noise, const Matrix& basis, std::vector<std::string>& warnings) {
  if (noise.size() == 0 || noise.isZero(0)) return {};
  check_mean(noise);
  RowMatrix rotated = noise * basis;
  const double outside = (noise - rotated * basis.transpose()).norm() / noise.norm();
  if (outside > kRangeTolerance) {
    warnings.push_back(
        fmt::format("a part of the gradient noise ({:.3g} of its norm) lies outside the range of H, where nothing but "
                    "weight decay restores the parameters; it was left out, and E|x|^2 is that on the range of H",
                    outside));
  }
  return rotated;
}

void warn_of_negative_curvature(const Vector& spectrum, std::vector<std::string>& warnings) {
  const Index negative = (spectrum.array() < 0).count();
  if (negative == 0) return;
  warnings.push_back(fmt::format(
      "H has {} negative eigenvalue{} (the smallest is {:.6g}): this is not a minimum, and every step size is unstable "
      "there",
      negative, negative == 1 ? "" : "s", spectrum[spectrum.size() - 1]));
}

}  // namespace

LinearizedModel LinearizedModel::from_rows(const RowMatrix& a, Index outputs, double input_epsilon,
                                           const RowMatrix& gradient_noise) {
  check_rows(a, outputs, input_epsilon, "LinearizedModel::from_rows");
  const Index samples = a.rows() / outputs;
  if (gradient_noise.size() != 0) check_gradient_noise(gradient_noise, samples, a.cols());
  RowDecomposition parts = decompose_rows(a, samples, input_epsilon);
  LinearizedModel model;
  model.origin_ = std::move(parts.origin);
  model.spectrum_ = std::move(parts.values);
  model.samples_ = SampleRows{std::move(parts.rows), samples, outputs, {}};
  model.gradient_noise_ = rotate_noise(gradient_noise, parts.basis, model.origin_.warnings);
  model.basis_ = std::make_shared<const Matrix>(std::move(parts.basis));
  return model;
}

LinearizedModel LinearizedModel::from_gram(const Matrix& k, Index outputs, double input_epsilon) {
  constexpr std::string_view function = "LinearizedModel::from_gram";
  check_argument(outputs >= 1, function, "outputs", outputs, "an integer >= 1");
  check_argument(input_epsilon > 0 && input_epsilon < 1, function, "input_epsilon", input_epsilon, "0 < value < 1");
  if (k.size() == 0 || k.rows() != k.cols() || k.rows() % outputs != 0) {
    fail_argument(function, "Gram matrix", fmt::format("{} x {}", k.rows(), k.cols()),
                  fmt::format("a square matrix whose size is a multiple of outputs = {}", outputs));
  }
  check_finite(k, function, "Gram matrix");
  check_scale(k.cwiseAbs().maxCoeff(), kLargestCurvature, function, "Gram matrix");
  const Index rows = k.rows();
  require_memory(linearization_bytes(rows, rows), function);

  const SymmetricEigen eigen = symmetric_eigen(0.5 * (k + k.transpose()));
  const double largest = eigen.values[0];
  const double tolerance = static_cast<double>(rows) * input_epsilon * std::max(largest, 0.0);
  Index row = 0;
  Index column = 0;
  const double asymmetry = (k - k.transpose()).cwiseAbs().maxCoeff(&row, &column);
  if (asymmetry > tolerance) {
    fail_argument(function, fmt::format("Gram matrix entries ({}, {}) and ({}, {})", row, column, column, row),
                  fmt::format("{:.12g} and {:.12g}", k(row, column), k(column, row)),
                  fmt::format("a symmetric matrix (difference at most n*c*eps*lambda_max = {:.3g})", tolerance));
  }
  const double smallest = eigen.values[rows - 1];
  if (-smallest > tolerance) {
    fail_argument(function, "smallest eigenvalue of the Gram matrix", fmt::format("{:.12g}", smallest),
                  fmt::format("a positive semidefinite matrix (at least -n*c*eps*lambda_max = -{:.3g})", tolerance));
  }

  LinearizedModel model;
  const Index samples = rows / outputs;
  const auto n = static_cast<double>(samples);
  const Index rank = model_rank(eigen.values, static_cast<double>(rows) * input_epsilon, function);
  model.spectrum_ = eigen.values.head(rank) / n;
  model.samples_ =
      SampleRows{eigen.vectors.leftCols(rank) * eigen.values.head(rank).cwiseSqrt().asDiagonal(), samples, outputs, {}};
  model.origin_.route = "gram";
  model.origin_.rank_tolerance = static_cast<double>(rows) * input_epsilon;
  model.origin_.dropped = rows - rank;
  model.origin_.largest_dropped = rank < rows ? std::max(eigen.values[rank], 0.0) / n : 0.0;
  model.origin_.eigen_residual = eigen.residual;
  return model;
}

LinearizedModel LinearizedModel::from_signed_rows(const RowMatrix& a, const Vector& signs, Index outputs,
                                                  double input_epsilon, const RowMatrix& gradient_noise) {
  constexpr std::string_view function = "LinearizedModel::from_signed_rows";
  check_rows(a, outputs, input_epsilon, function);
  check_argument(signs.size() == a.rows() && (signs.array().abs() == 1).all(), function, "signs",
                 fmt::format("{} numbers", signs.size()), "+1 or -1 for every row");
  if ((signs.array() > 0).all()) return from_rows(a, outputs, input_epsilon, gradient_noise);
  const Index samples = a.rows() / outputs;
  if (gradient_noise.size() != 0) check_gradient_noise(gradient_noise, samples, a.cols());

  RowDecomposition span = decompose_rows(a, samples, input_epsilon);
  const Index dimension = span.values.size();
  const Matrix hessian = span.rows.transpose() * signs.asDiagonal() * span.rows / static_cast<double>(samples);
  const SymmetricEigen eigen = symmetric_eigen(hessian);

  LinearizedModel model;
  const double round_off = static_cast<double>(dimension) * std::numeric_limits<double>::epsilon() * span.values[0];
  model.spectrum_ = eigen.values.unaryExpr([&](double value) { return std::abs(value) <= round_off ? 0.0 : value; });
  check_argument(model.spectrum_[0] > 0, function, "largest eigenvalue of H", model.spectrum_[0],
                 "a positive one (this is not a minimum)");
  model.samples_ = SampleRows{span.rows * eigen.vectors, samples, outputs, signs};
  Matrix basis = span.basis * eigen.vectors;
  model.origin_ = std::move(span.origin);
  model.origin_.eigen_residual = std::max(model.origin_.eigen_residual, eigen.residual);
  warn_of_negative_curvature(model.spectrum_, model.origin_.warnings);
  model.gradient_noise_ = rotate_noise(gradient_noise, basis, model.origin_.warnings);
  model.basis_ = std::make_shared<const Matrix>(std::move(basis));
  return model;
}

LinearizedModel LinearizedModel::from_hessians(const RowMatrix& hessians, Index samples, double input_epsilon,
                                               const RowMatrix& gradient_noise) {
  constexpr std::string_view function = "LinearizedModel::from_hessians";
  check_argument(samples >= 1, function, "samples", samples, "an integer >= 1");
  if (hessians.size() == 0 || hessians.rows() != samples * hessians.cols()) {
    fail_argument(function, "hessians", fmt::format("{} x {}", hessians.rows(), hessians.cols()),
                  fmt::format("{} stacked square matrices", samples));
  }
  check_finite(hessians, function, "hessians");
  check_scale(hessians.cwiseAbs().maxCoeff(), kLargestCurvature, function, "hessians");
  const SignedRows split = split_hessians(hessians, samples, input_epsilon);
  LinearizedModel model = from_signed_rows(split.rows, split.signs, split.outputs, input_epsilon, gradient_noise);
  model.origin_.route = "hessians";
  return model;
}

LinearizedModel LinearizedModel::from_independent_outputs(const LinearizedModel& single, Index outputs,
                                                          const RowMatrix& residuals) {
  constexpr std::string_view function = "LinearizedModel::from_independent_outputs";
  const SampleRows& one = single.samples();
  check_argument(one.outputs == 1 && !one.is_signed() && single.interpolates(), function, "model",
                 fmt::format("{} outputs", one.outputs), "an interpolating model with one unsigned output");
  check_argument(outputs >= 1, function, "outputs", outputs, "an integer >= 1");
  const Index samples = one.samples;
  const Index rank = single.rank();
  const Index parameters = single.basis().rows();
  if (residuals.size() != 0 && (residuals.rows() != samples || residuals.cols() != outputs)) {
    fail_argument(function, "residuals", fmt::format("{} x {}", residuals.rows(), residuals.cols()),
                  fmt::format("{} x {} (samples x outputs)", samples, outputs));
  }
  const double columns = static_cast<double>(rank * outputs);
  require_memory(8 * columns * static_cast<double>(outputs * (samples + parameters) + samples), function);

  LinearizedModel model;
  model.origin_ = single.origin_;
  model.origin_.dropped *= outputs;
  model.spectrum_.resize(rank * outputs);
  SampleRows rows{RowMatrix::Zero(samples * outputs, rank * outputs), samples, outputs, {}};
  Matrix basis = Matrix::Zero(parameters * outputs, rank * outputs);
  for (Index i = 0; i < rank; ++i) {
    for (Index j = 0; j < outputs; ++j) {
      const Index column = i * outputs + j;
      model.spectrum_[column] = single.spectrum_[i];
      for (Index k = 0; k < samples; ++k) rows.rows(k * outputs + j, column) = one.rows(k, i);
      if (parameters > 0) basis.col(column).segment(j * parameters, parameters) = single.basis().col(i);
    }
  }
  if (residuals.size() != 0 && !residuals.isZero(0)) {
    check_finite(residuals, function, "residuals");
    model.gradient_noise_.resize(samples, rank * outputs);
    for (Index k = 0; k < samples; ++k) {
      for (Index i = 0; i < rank; ++i) {
        model.gradient_noise_.row(k).segment(i * outputs, outputs) = one.rows(k, i) * residuals.row(k);
      }
    }
    check_mean(model.gradient_noise_);
  }
  model.samples_ = std::move(rows);
  model.basis_ = std::make_shared<const Matrix>(std::move(basis));
  return model;
}

LinearizedModel LinearizedModel::from_spectrum(const Vector& spectrum) {
  constexpr std::string_view function = "LinearizedModel::from_spectrum";
  check_argument(spectrum.size() > 0, function, "spectrum", "empty", "at least one eigenvalue");
  for (Index i = 0; i < spectrum.size(); ++i) {
    check_argument(spectrum[i] > 0 && std::isfinite(spectrum[i]), function, fmt::format("spectrum[{}]", i), spectrum[i],
                   "a finite number > 0");
  }
  check_scale(spectrum.maxCoeff(), kLargestCurvature, function, "spectrum");
  LinearizedModel model;
  model.spectrum_ = spectrum;
  std::sort(model.spectrum_.begin(), model.spectrum_.end(), std::greater<>());
  model.origin_.route = "spectrum";
  return model;
}

const SampleRows& LinearizedModel::samples() const {
  check_argument(has_samples(), "LinearizedModel::samples", "model", "a spectrum alone",
                 "a model with finite samples (a spectrum alone goes with the \"gaussian\" batch law only)");
  return *samples_;
}

}  // namespace brink
