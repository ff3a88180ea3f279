#include "brink/stability/critical_mode.hpp"

#include "brink/base/error.hpp"
#include "brink/stability/sample_products.hpp"

namespace brink {
namespace {

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

MomentTraces moment_traces(const LinearizedModel& model, const Matrix& x) {
  const SampleRows& samples = model.samples();
  const Vector& lambda = model.spectrum();
  const auto n = static_cast<double>(samples.samples);
  const Index c = samples.outputs;
  const SampleProducts products(model);
  // Per sample, with T = A Aᵀ, v = A Λ Aᵀ and q = A X Aᵀ (c × c): tr(H_k² X) = tr(ΣT Σq), tr(H_k³ X) = tr(ΣT ΣT Σq) and
  // tr(H_k S₁ H_k X) = n tr(Σv Σq), S₁ = nΛ. With Y = Σ_k H_k² = Σ_k AᵀΣTΣA: tr(S₁ Y X) = n tr(ΛYX).
  RowMatrix q;
  RowMatrix t;
  RowMatrix v;
  products.gather(x, q);
  products.gather_diagonal(Vector::Ones(lambda.size()), t);
  products.gather_diagonal(lambda, v);
  Matrix y;
  products.spread(t, y);
  mirror_lower(y);
  MomentTraces traces;
  for (Index k = 0; k < samples.samples; ++k) {
    Matrix signed_q = q.middleRows(k * c, c);
    Matrix signed_t = t.middleRows(k * c, c);
    Matrix signed_v = v.middleRows(k * c, c);
    if (samples.is_signed()) {
      const auto signs = samples.signs.segment(k * c, c);
      for (Matrix* block : {&signed_q, &signed_t, &signed_v}) *block = (signs.asDiagonal() * *block).eval();
    }
    const Matrix tq = signed_t * signed_q;
    traces.s2 += tq.trace();
    traces.s3 += (signed_t * tq).trace();
    traces.mixed += n * (signed_v * signed_q).trace();
  }
  for (Index j = 0; j < lambda.size(); ++j) traces.mixed += 2 * n * lambda.cwiseProduct(y.col(j)).dot(x.col(j));
  return traces;
}

}  // namespace

double batch_sharpness(const LinearizedModel& model, const BatchLaw& law, Index batch_size, const Matrix& covariance) {
  const Index r = model.rank();
  check_argument(covariance.rows() == r && covariance.cols() == r, "batch_sharpness", "covariance dimension",
                 covariance.rows(), "the rank of the model");
  const auto b = static_cast<double>(batch_size);
  if (law.fresh_gaussian_rows()) return gaussian_batch_sharpness(model.spectrum(), b, covariance);

  const auto n = static_cast<double>(model.samples().samples);
  const auto [p1, p2] = law.second_moment(model.samples().samples, batch_size);
  const auto [c1, c2, c3] = law.third_moment(model.samples().samples, batch_size);
  const MomentTraces traces = moment_traces(model, covariance);
  const double h2 = model.spectrum().cwiseAbs2().dot(covariance.diagonal());
  const double h3 = model.spectrum().array().cube().matrix().dot(covariance.diagonal());
  const double second = p1 / n * traces.s2 + (1 - p2) * h2;
  const double third = (c1 * traces.s3 + c2 * traces.mixed + c3 * n * n * n * h3) / (b * b * b);
  return third / second;
}

}  // namespace brink
