#include "brink/model/inspection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "brink/data/array_file.hpp"

namespace brink {
namespace {

std::vector<std::string> conventions_of(const std::vector<Index>& shape) {
  std::vector<std::string> found;
  if (shape.size() == 2) {
    found.push_back(fmt::format("jacobian: (n*c, p) with n*c = {}, p = {}", shape[0], shape[1]));
    if (shape[0] == shape[1]) found.push_back(fmt::format("gram: (n*c, n*c) with n*c = {}", shape[0]));
    found.push_back(fmt::format("gradient_noise: (n, p) with n = {}, p = {}", shape[0], shape[1]));
  } else if (shape.size() == 3) {
    found.push_back(fmt::format("jacobian: (n, c, p) with n = {}, c = {}, p = {}", shape[0], shape[1], shape[2]));
    if (shape[1] == shape[2]) {
      found.push_back(fmt::format("hessians: (n, d, d) with n = {}, d = {}", shape[0], shape[1]));
      found.push_back(fmt::format("output_curvature: (n, c, c) with n = {}, c = {}", shape[0], shape[1]));
    }
  }
  return found;
}

/// The largest |M − Mᵀ| over the trailing square blocks, relative to the largest entry.
double relative_asymmetry(const NpyArray& array) {
  const Index d = array.values.cols();
  double worst = 0;
  for (Index row = 0; row < array.values.rows(); row += d) {
    const auto block = array.values.middleRows(row, d);
    worst = std::max(worst, (block - block.transpose()).cwiseAbs().maxCoeff());
  }
  const double scale = array.values.cwiseAbs().maxCoeff();
  return scale > 0 ? worst / scale : 0.0;
}

}  // namespace

ArrayInspection inspect_array(const std::filesystem::path& path) {
  const NpyArray array = read_array(path, NonFinite::keep);
  const NpyHeader& header = array.header;
  ArrayInspection result;
  result.path = path;
  result.version = header.version;
  result.type = header.type;
  result.order = header.fortran_order ? "Fortran" : "C";
  result.shape = header.shape;
  result.bytes = header.body_bytes;
  result.epsilon = header.epsilon;
  result.conventions = conventions_of(header.shape);
  if (result.conventions.empty()) {
    result.problems.push_back(fmt::format(
        "shape {} fits no convention: need (n, p), (n, c, p), (n*c, n*c) or (n, d, d)", shape_text(header.shape)));
  }
  bool any_finite = false;
  for (Index i = 0; i < array.values.size(); ++i) {
    const double value = array.values.data()[i];
    if (!std::isfinite(value)) continue;
    result.smallest = any_finite ? std::min(result.smallest, value) : value;
    result.largest = any_finite ? std::max(result.largest, value) : value;
    any_finite = true;
  }
  if (const auto bad = first_non_finite(array)) {
    result.problems.push_back(fmt::format("entry [{}] is {}", fmt::join(bad->index, ", "), bad->value));
    return result;
  }
  if (result.smallest == 0 && result.largest == 0) result.problems.push_back("every entry is zero");
  if (header.shape.size() >= 2 && header.shape.back() == header.shape[header.shape.size() - 2]) {
    const double asymmetry = relative_asymmetry(array);
    if (asymmetry > static_cast<double>(header.shape.back()) * header.epsilon) {
      result.problems.push_back(
          fmt::format("not symmetric (by {:.3g} of the largest entry): neither a Gram matrix nor Hessians", asymmetry));
    }
  }
  return result;
}

ModelInspection inspect_model(const LoadedModel& loaded) {
  const LinearizedModel& model = loaded.model;
  const Vector& spectrum = model.spectrum();
  ModelInspection result;
  result.kind = loaded.kind;
  result.route = model.origin().route;
  result.parameters = loaded.original ? loaded.original->dimension() : 0;
  result.rank = model.rank();
  result.dropped = model.origin().dropped;
  result.largest_dropped = model.origin().largest_dropped;
  result.rank_tolerance = model.origin().rank_tolerance;
  result.interpolates = model.interpolates();
  result.top.assign(spectrum.begin(), spectrum.begin() + std::min<Index>(10, spectrum.size()));
  result.smallest = spectrum[spectrum.size() - 1];
  result.trace = model.trace();
  result.frobenius = model.frobenius();
  result.effective_dimension = std::pow(result.trace / result.frobenius, 2);
  result.warnings = model.origin().warnings;
  result.notes = loaded.notes;
  if (!model.interpolates()) {
    result.gradient_noise =
        model.gradient_noise().norm() / std::sqrt(static_cast<double>(model.gradient_noise().rows()));
  }
  if (!model.has_samples()) return result;

  const SampleRows& samples = model.samples();
  const auto n = static_cast<double>(samples.samples);
  result.samples = samples.samples;
  result.outputs = samples.outputs;
  result.indefinite = samples.is_signed();
  for (Index k = 0; k < samples.samples; ++k) {
    const double size = samples.rows.middleRows(k * samples.outputs, samples.outputs).squaredNorm();
    result.largest_sample = std::max(result.largest_sample, size);
    result.mean_sample += size / n;
  }
  Matrix hessian = samples.is_signed() ? Matrix(samples.rows.transpose() * samples.signs.asDiagonal() * samples.rows)
                                       : Matrix(samples.rows.transpose() * samples.rows);
  hessian /= n;
  hessian.diagonal() -= spectrum;
  result.consistency = hessian.cwiseAbs().maxCoeff() / model.lambda_max();
  return result;
}

}  // namespace brink
