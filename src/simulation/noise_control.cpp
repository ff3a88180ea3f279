#include <cmath>
#include <numeric>
#include <vector>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/simulation/controls.hpp"
#include "filter_engine.hpp"
#include "row_kernel.hpp"

namespace brink {
namespace {

constexpr const char* kHere = "make_noise_control_engine";

/// One draw of ξ ~ N(0, Σ(x)), added to `gradient`; arrays as long as a padded row.
class ControlNoise {
 public:
  virtual ~ControlNoise() = default;
  virtual void add(Philox& random, const double* x, double* gradient) const = 0;
};

/// Σ(x) = (p1/n) Σ_k h_k h_kᵀ − p2 hhᵀ with h_k = H_k x and h = Hx their mean: ξ = √(p1/n) Σ_k u_k h_k, where u = w −
/// c w̄ with w standard normal has covariance I − (2c − c²) 11ᵀ/n, and 2c − c² = p2/p1.
class SampleNoise final : public ControlNoise {
 public:
  SampleNoise(const LinearizedModel& model, const Dynamics& dynamics, Index length)
      : samples_(model.samples().samples), outputs_(model.samples().outputs), signs_(model.samples().signs) {
    const SampleRows& source = model.samples();
    require_memory(8.0 * static_cast<double>(source.rows.rows()) * static_cast<double>(length),
                   "the rows of a simulation");
    rows_ = RowMatrix::Zero(source.rows.rows(), length);
    rows_.leftCols(model.rank()) = source.rows;
    all_.resize(static_cast<std::size_t>(rows_.rows()));
    std::iota(all_.begin(), all_.end(), 0U);
    const auto [p1, p2] = dynamics.law->second_moment(samples_, dynamics.batch_size);
    amplitude_ = std::sqrt(p1 / static_cast<double>(samples_));
    centring_ = p1 > 0 ? 1 - std::sqrt(std::max(0.0, 1 - p2 / p1)) : 0;
  }

  void add(Philox& random, const double* x, double* gradient) const override {
    if (amplitude_ == 0) return;
    thread_local Vector draws;
    thread_local Vector factors;
    if (draws.size() != samples_) draws.resize(samples_);
    if (factors.size() != rows_.rows()) factors.resize(rows_.rows());
    for (double& draw : draws) draw = random.normal();
    const double mean = draws.sum() / static_cast<double>(samples_);
    for (Index j = 0; j < factors.size(); ++j) {
      factors[j] = (signs_.size() == 0 ? 1.0 : signs_[j]) * (draws[j / outputs_] - centring_ * mean);
    }
    const RowSum sum{all_.data(), rows_.rows(), amplitude_, true};
    add_row_gradients({rows_.data(), rows_.cols(), factors.data()}, &sum, 1, x, rows_.cols(), gradient);
  }

 private:
  Index samples_;
  Index outputs_;
  Vector signs_;
  RowMatrix rows_;
  std::vector<std::uint32_t> all_;
  double amplitude_ = 0;
  double centring_ = 0;
};

/// Fresh rows: Σ(x) = (h hᵀ + (xᵀΛx) Λ)/B with h = λ∘x [Isserlis].
class PopulationNoise final : public ControlNoise {
 public:
  PopulationNoise(const Vector& spectrum, Index batch_size)
      : spectrum_(spectrum), roots_(spectrum.cwiseSqrt()), amplitude_(1 / std::sqrt(static_cast<double>(batch_size))) {}

  void add(Philox& random, const double* x, double* gradient) const override {
    const Eigen::Map<const Vector> at(x, spectrum_.size());
    const double along = amplitude_ * random.normal();
    const double spread = amplitude_ * std::sqrt(at.cwiseAbs2().dot(spectrum_));
    for (Index i = 0; i < spectrum_.size(); ++i) {
      gradient[i] += along * spectrum_[i] * x[i] + spread * roots_[i] * random.normal();
    }
  }

 private:
  Vector spectrum_;
  Vector roots_;
  double amplitude_;
};

/// tr Σ(x)/r in every direction; tr Σ(x) = xᵀQx.
class IsotropicNoise final : public ControlNoise {
 public:
  explicit IsotropicNoise(Matrix q) : q_(std::move(q)) {}

  void add(Philox& random, const double* x, double* gradient) const override {
    const Eigen::Map<const Vector> at(x, q_.rows());
    double trace = 0;
    for (Index i = 0; i < q_.rows(); ++i) trace += at[i] * q_.col(i).dot(at);
    const double deviation = std::sqrt(std::max(0.0, trace) / static_cast<double>(q_.rows()));
    for (Index i = 0; i < q_.rows(); ++i) gradient[i] += deviation * random.normal();
  }

 private:
  Matrix q_;
};

/// Q with tr N(xxᵀ) = xᵀQx: (p1/n) Σ_k H_k² − p2 H², for fresh rows (Λ² + tr(Λ) Λ)/B.
Matrix trace_form(const LinearizedModel& model, const Dynamics& dynamics) {
  const Vector& spectrum = model.spectrum();
  const auto batch_size = static_cast<double>(dynamics.batch_size);
  if (dynamics.law->fresh_gaussian_rows()) {
    return Matrix(((spectrum.cwiseAbs2() + spectrum.sum() * spectrum) / batch_size).asDiagonal());
  }
  const SampleRows& source = model.samples();
  const auto [p1, p2] = dynamics.law->second_moment(source.samples, dynamics.batch_size);
  // H_k² = A_kᵀ (Σ A_kA_kᵀ Σ) A_k: one product over all rows once they are mixed within their samples.
  RowMatrix mixed(source.rows.rows(), source.rows.cols());
  for (Index k = 0; k < source.samples; ++k) {
    const auto rows = source.rows.middleRows(k * source.outputs, source.outputs);
    Matrix inner = rows * rows.transpose();
    if (source.is_signed()) {
      const auto signs = source.signs.segment(k * source.outputs, source.outputs);
      inner = signs.asDiagonal() * inner * signs.asDiagonal();
    }
    mixed.middleRows(k * source.outputs, source.outputs).noalias() = inner * rows;
  }
  Matrix q = (p1 / static_cast<double>(source.samples)) * (source.rows.transpose() * mixed);
  q.diagonal() -= p2 * spectrum.cwiseAbs2();
  return q;
}

class NoiseControlEngine final : public FilterEngine {
 public:
  NoiseControlEngine(const LinearizedModel& model, const Dynamics& dynamics, NoiseControl control)
      : FilterEngine(kHere, dynamics, padded_length(model.rank()),
                     control == NoiseControl::frozen ? padded_length(model.rank()) : 0),
        control_(control),
        rank_(model.rank()) {
    spectrum_ = Vector::Zero(length());
    spectrum_.head(rank_) = model.spectrum();
    if (control == NoiseControl::isotropic) {
      source_ = std::make_unique<IsotropicNoise>(trace_form(model, dynamics));
    } else if (dynamics.law->fresh_gaussian_rows()) {
      source_ = std::make_unique<PopulationNoise>(model.spectrum(), dynamics.batch_size);
    } else {
      source_ = std::make_unique<SampleNoise>(model, dynamics, length());
    }
  }

  void initialize(std::uint32_t replica, double* state) const override {
    start(random_direction(dynamics().seed, replica, rank_), state);
    if (control_ == NoiseControl::frozen) std::copy(state, state + length(), state + state_size() - length());
  }

  void advance(std::uint32_t step, std::uint32_t first_stream, Index count, double* states) const override {
    thread_local Vector gradient;  // aligned: the last bits of sums follow the alignment
    if (gradient.size() != length()) gradient.resize(length());
    for (Index i = 0; i < count; ++i) {
      Philox random(dynamics().seed, Purpose::gaussian_rows, first_stream + static_cast<std::uint32_t>(i), step);
      double* state = states + i * state_size();
      gradient = spectrum_.cwiseProduct(Eigen::Map<const Vector>(state, length()));
      const double* origin = control_ == NoiseControl::frozen ? state + state_size() - length() : state;
      source_->add(random, origin, gradient.data());
      update(gradient.data(), 1, state);
    }
  }

  Matrix state_basis() const override { return Matrix::Identity(length(), rank_); }
  std::string name() const override { return std::string(to_string(control_)); }

 private:
  NoiseControl control_;
  Index rank_;
  Vector spectrum_;
  std::unique_ptr<ControlNoise> source_;
};

}  // namespace

std::string_view to_string(NoiseControl control) {
  switch (control) {
    case NoiseControl::gaussian:
      return "gaussian-noise";
    case NoiseControl::isotropic:
      return "isotropic";
    default:
      return "frozen";
  }
}

std::unique_ptr<Engine> make_noise_control_engine(const LinearizedModel& model, const Dynamics& dynamics,
                                                  NoiseControl control) {
  check_argument(dynamics.law != nullptr, kHere, "dynamics.law", "null", "a batch law");
  if (dynamics.law->fresh_gaussian_rows()) {
    check_argument(dynamics.batch_size >= 1, kHere, "dynamics.batch_size", dynamics.batch_size, "batch_size >= 1");
    check_argument(model.spectrum().minCoeff() >= 0, kHere, "spectrum", model.spectrum().minCoeff(),
                   "eigenvalues >= 0 for Gaussian rows");
  } else {
    check_argument(dynamics.batch_size >= 1 && dynamics.batch_size <= model.samples().samples, kHere,
                   "dynamics.batch_size", dynamics.batch_size, "1 <= batch_size <= samples");
  }
  return std::make_unique<NoiseControlEngine>(model, dynamics, control);
}

}  // namespace brink
