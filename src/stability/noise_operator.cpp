#include "brink/stability/noise_operator.hpp"

#include "brink/base/error.hpp"

namespace brink {

NoiseOperator::NoiseOperator(const LinearizedModel& model, const BatchLaw& law, Index batch_size) : model_(&model) {
  if (law.fresh_gaussian_rows()) {
    check_argument(batch_size >= 1, "NoiseOperator", "batch size", batch_size, "an integer >= 1");
    p1_ = p2_ = 1.0 / static_cast<double>(batch_size);
    return;
  }
  const auto moment = law.second_moment(model.samples().samples, batch_size);
  p1_ = moment.p1;
  p2_ = moment.p2;
  products_.emplace(model);
}

void NoiseOperator::mean_product(const Matrix& x, Matrix& out) const {
  if (products_) {
    products_->gather(x, q_);
    products_->spread(q_, out);
    out /= static_cast<double>(products_->samples());
    return;
  }
  const Vector& lambda = model_->spectrum();
  out = 2 * (lambda.asDiagonal() * x * lambda.asDiagonal());
  out.diagonal() += lambda.dot(x.diagonal()) * lambda;
}

Matrix NoiseOperator::of_diagonal(const Vector& x) const {
  const Vector& lambda = model_->spectrum();
  Matrix out;
  if (products_) {
    products_->gather_diagonal(x, q_);
    products_->spread(q_, out);
    out *= p1_ / static_cast<double>(products_->samples());
  } else {
    const Vector mean = 2 * lambda.cwiseAbs2().cwiseProduct(x) + lambda.dot(x) * lambda;
    out = (p1_ * mean).asDiagonal();
  }
  out.diagonal() -= p2_ * lambda.cwiseAbs2().cwiseProduct(x);
  return out;
}

double NoiseOperator::mean_squared_curvature(const Vector& v) const {
  if (!products_) {
    const double curvature = v.cwiseAbs2().dot(model_->spectrum());
    return 3 * curvature * curvature;
  }
  const SampleRows& samples = model_->samples();
  Vector squares = (samples.rows * v).cwiseAbs2();
  if (samples.is_signed()) squares = squares.cwiseProduct(samples.signs);
  double sum = 0;
  for (Index k = 0; k < samples.samples; ++k) {
    const double curvature = squares.segment(k * samples.outputs, samples.outputs).sum();
    sum += curvature * curvature;
  }
  return sum / static_cast<double>(samples.samples);
}

}  // namespace brink
