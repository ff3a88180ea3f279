#include "brink/stability/critical_mode.hpp"

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/linalg/packed_symmetric.hpp"
#include "brink/stability/sample_products.hpp"

namespace brink {
namespace {

/// A power of two near λ_max: in this unit third powers of curvatures neither overflow nor vanish.
double curvature_unit(const LinearizedModel& model) { return std::ldexp(1.0, std::ilogb(model.lambda_max())); }

/// Traces against X of everything the second and third moments of H_B consist of.
struct MomentTraces {
  double s2 = 0;     ///< tr(S₂ X)
  double s3 = 0;     ///< tr(S₃ X)
  double mixed = 0;  ///< tr((S₂S₁ + S₁S₂ + W) X)
};

/// Fresh Gaussian rows a ~ N(0, H), per row: E (aaᵀ)² = 2H² + tr(H) H and
/// E (aaᵀ)³ = (tr(H)² + 2 tr(H²)) H + 4 tr(H) H² + 8 H³ (Isserlis).
double gaussian_batch_sharpness(const Vector& lambda, double b, const Matrix& x) {
  const double tr1 = lambda.sum();
  const double tr2 = lambda.squaredNorm();
  const double h1 = lambda.dot(x.diagonal());
  const double h2 = lambda.cwiseAbs2().dot(x.diagonal());
  const double h3 = lambda.array().cube().matrix().dot(x.diagonal());
  const double square = 2 * h2 + tr1 * h1;
  const double cube = (tr1 * tr1 + 2 * tr2) * h1 + 4 * tr1 * h2 + 8 * h3;
  const double mixed = 2 * (2 * h3 + tr1 * h2) + 2 * h3 + tr2 * h1;
  const double second = (b * square + b * (b - 1) * h2) / (b * b);
  const double third = (b * cube + b * (b - 1) * mixed + b * (b - 1) * (b - 2) * h3) / (b * b * b);
  return third / second;
}

}  // namespace

struct SampleMoments::Finite {
  explicit Finite(const LinearizedModel& m) : model(&m), unit(curvature_unit(m)), lambda(m.spectrum() / unit) {
    const SampleProducts products(m);
    products.gather_diagonal(Vector::Ones(m.rank()), t);
    products.gather_diagonal(lambda, v);
    t /= unit;
    v /= unit;
    products.spread(t, squares);
    mirror_lower(squares);
    squares /= unit;
    for (RowMatrix* blocks : {&t, &v}) apply_signs(*blocks);
  }

  /// Σ times every block.
  void apply_signs(RowMatrix& blocks) const {
    const SampleRows& samples = model->samples();
    if (samples.is_signed()) blocks = samples.signs.asDiagonal() * blocks;
  }

  /// With Y = Σ_k H_k² = Σ_k AᵀΣTΣA and q = A X Aᵀ: tr(H_k² X) = tr(ΣT Σq), tr(H_k³ X) = tr(ΣT ΣT Σq),
  /// tr(H_k S₁ H_k X) = n tr(Σv Σq) with S₁ = nΛ, and tr(S₁ Y X) = n tr(ΛYX).
  [[nodiscard]] MomentTraces traces(const Matrix& x, RowMatrix q) const {
    const SampleRows& samples = model->samples();
    const auto n = static_cast<double>(samples.samples);
    const Index c = samples.outputs;
    q /= unit;
    apply_signs(q);
    MomentTraces sums;
    for (Index k = 0; k < samples.samples; ++k) {
      const auto tk = t.middleRows(k * c, c);
      const Matrix tq = tk * q.middleRows(k * c, c);
      sums.s2 += tq.trace();
      sums.s3 += (tk * tq).trace();
      sums.mixed += n * (v.middleRows(k * c, c) * q.middleRows(k * c, c)).trace();
    }
    for (Index j = 0; j < lambda.size(); ++j) sums.mixed += 2 * n * lambda.cwiseProduct(squares.col(j)).dot(x.col(j));
    return sums;
  }

  const LinearizedModel* model;
  double unit;  ///< of every curvature below
  Vector lambda;
  RowMatrix t;     ///< ΣT, a block a sample
  RowMatrix v;     ///< Σv
  Matrix squares;  ///< Y
};

SampleMoments::SampleMoments(const LinearizedModel& model) : model_(&model) {
  if (model.has_samples()) finite_ = std::make_unique<const Finite>(model);
}

SampleMoments::~SampleMoments() = default;

double SampleMoments::batch_sharpness(const BatchLaw& law, Index batch_size, const Matrix& covariance,
                                      const RowMatrix& blocks) const {
  const auto b = static_cast<double>(batch_size);
  const Vector& lambda = finite_->lambda;
  const auto n = static_cast<double>(model_->samples().samples);
  const auto [p1, p2] = law.second_moment(model_->samples().samples, batch_size);
  const auto [c1, c2, c3] = law.third_moment(model_->samples().samples, batch_size);
  const MomentTraces traces = finite_->traces(covariance, blocks);
  const double h2 = lambda.cwiseAbs2().dot(covariance.diagonal());
  const double h3 = lambda.array().cube().matrix().dot(covariance.diagonal());
  const double second = p1 / n * traces.s2 + (1 - p2) * h2;
  const double third = (c1 * traces.s3 + c2 * traces.mixed + c3 * n * n * n * h3) / (b * b * b);
  return finite_->unit * (third / second);
}

double SampleMoments::batch_sharpness(const BatchLaw& law, Index batch_size, const Matrix& covariance) const {
  const Index r = model_->rank();
  check_argument(covariance.rows() == r && covariance.cols() == r, "batch_sharpness", "covariance dimension",
                 covariance.rows(), "the rank of the model");
  if (law.fresh_gaussian_rows()) {
    const double unit = curvature_unit(*model_);
    return unit * gaussian_batch_sharpness(model_->spectrum() / unit, static_cast<double>(batch_size), covariance);
  }
  RowMatrix blocks;
  SampleProducts(*model_).gather(covariance, blocks);
  return batch_sharpness(law, batch_size, covariance, blocks);
}

double SampleMoments::batch_sharpness(const BatchLaw& law, Index batch_size,
                                      const MeanSquareThreshold& threshold) const {
  if (threshold.critical_blocks.size() == 0) return batch_sharpness(law, batch_size, threshold.critical_mode);
  return batch_sharpness(law, batch_size, threshold.critical_mode, threshold.critical_blocks);
}

std::optional<double> SampleMoments::in_times_eta(const BatchLaw& law, Index batch_size,
                                                  const MeanSquareThreshold& threshold) const {
  if (threshold.critical_mode.size() != 0) return threshold.eta * batch_sharpness(law, batch_size, threshold);
  if (!(threshold.eta > 0) || law.fresh_gaussian_rows()) return std::nullopt;
  const auto moment = law.second_moment(model_->samples().samples, batch_size);
  if (moment.p1 != 0 || moment.p2 != 0) return std::nullopt;
  return threshold.eta * model_->lambda_max();
}

double batch_sharpness(const LinearizedModel& model, const BatchLaw& law, Index batch_size, const Matrix& covariance) {
  return SampleMoments(model).batch_sharpness(law, batch_size, covariance);
}

}  // namespace brink
