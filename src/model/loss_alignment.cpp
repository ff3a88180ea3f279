#include "brink/model/loss_alignment.hpp"

#include <cmath>

#include "brink/base/error.hpp"

namespace brink {
namespace {

/// States are scaled to a loss of 1/2, which no factor depends on: then nothing is larger than H².
double checked_loss(double twice_loss) {
  check_argument(twice_loss > 0 && std::isfinite(twice_loss), "loss_alignment", "twice the loss", twice_loss,
                 "a finite number > 0: a state with curvature");
  return twice_loss;
}

/// `mean_part` is xᵀH³x, what the mean gradient takes off: where it is large against the noise, digits cancel.
LossAlignment alignment_of(double noise_along_h, double noise_norm, double twice_loss, double mean_part,
                           const Vector& lambda) {
  const double h_norm = lambda.norm();
  LossAlignment alignment;
  alignment.mu = noise_along_h / (twice_loss * h_norm * h_norm);
  alignment.direction = noise_norm > 0 ? noise_along_h / (noise_norm * h_norm) : 0;
  alignment.magnitude = noise_norm / (twice_loss * h_norm);
  const double rounding = 4e-16 * static_cast<double>(lambda.size() + 1);
  alignment.error = rounding * (noise_along_h + 2 * mean_part) / (twice_loss * h_norm * h_norm);
  return alignment;
}

/// The alignment of the noise covariance Σ₁.
LossAlignment alignment_of(const Matrix& noise, const Vector& lambda, double twice_loss, double mean_part) {
  return alignment_of(lambda.dot(noise.diagonal()), noise.norm(), twice_loss, mean_part, lambda);
}

double mean_part(const Vector& lambda, const Vector& squares) {
  return (lambda.array().square() * (lambda.array() * squares.array())).sum();
}

void check_size(Index size, const LinearizedModel& model) {
  check_argument(size == model.rank(), "loss_alignment", "size of the state", size, "the rank of the model");
}

}  // namespace

LossAlignment loss_alignment(const LinearizedModel& model, const Vector& x, NoiseSource source) {
  check_size(x.size(), model);
  const Vector& lambda = model.spectrum();
  const double scale = checked_loss(lambda.dot(x.cwiseAbs2()));
  const Vector scaled = x / std::sqrt(scale);
  const double twice_loss = 1;
  if (source == NoiseSource::gaussian_rows) {
    const Vector hx = lambda.cwiseProduct(scaled);
    Matrix noise = hx * hx.transpose();
    noise.diagonal() += twice_loss * lambda;
    return alignment_of(noise, lambda, twice_loss, 0);
  }
  const SampleRows& samples = model.samples();
  const Index n = samples.samples;
  const Index c = samples.outputs;
  Vector along = samples.rows * scaled;
  if (samples.is_signed()) along = along.cwiseProduct(samples.signs);
  RowMatrix gradients(n, model.rank());
  for (Index k = 0; k < n; ++k) {
    gradients.row(k).noalias() = along.segment(k * c, c).transpose() * samples.rows.middleRows(k * c, c) -
                                 lambda.cwiseProduct(scaled).transpose();
  }
  gradients /= std::sqrt(static_cast<double>(n));
  const double noise_along_h = (gradients.cwiseAbs2() * lambda).sum();
  // ‖ΓᵀΓ‖ = ‖ΓΓᵀ‖: the smaller of the two.
  const double noise_norm =
      n < model.rank() ? (gradients * gradients.transpose()).norm() : (gradients.transpose() * gradients).norm();
  return alignment_of(noise_along_h, noise_norm, twice_loss, mean_part(lambda, scaled.cwiseAbs2()), lambda);
}

LossAlignment loss_alignment(const LinearizedModel& model, const Matrix& covariance, NoiseSource source) {
  check_size(covariance.rows(), model);
  check_size(covariance.cols(), model);
  const Vector& lambda = model.spectrum();
  const Matrix scaled = covariance / checked_loss(lambda.dot(covariance.diagonal()));
  const double twice_loss = 1;
  if (source == NoiseSource::gaussian_rows) {
    Matrix noise = lambda.asDiagonal() * scaled * lambda.asDiagonal();
    noise.diagonal() += twice_loss * lambda;
    return alignment_of(noise, lambda, twice_loss, 0);
  }
  const SampleRows& samples = model.samples();
  const Index c = samples.outputs;
  RowMatrix spread = samples.rows * scaled;
  for (Index k = 0; k < samples.samples; ++k) {
    const auto rows = samples.rows.middleRows(k * c, c);
    Matrix block = spread.middleRows(k * c, c) * rows.transpose();
    if (samples.is_signed()) {
      const auto signs = samples.signs.segment(k * c, c).asDiagonal();
      block = (signs * block * signs).eval();
    }
    spread.middleRows(k * c, c) = block * rows;
  }
  Matrix noise = samples.rows.transpose() * spread / static_cast<double>(samples.samples);
  noise -= lambda.asDiagonal() * scaled * lambda.asDiagonal();
  return alignment_of(noise, lambda, twice_loss, mean_part(lambda, scaled.diagonal()));
}

}  // namespace brink
