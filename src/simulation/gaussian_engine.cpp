#include "gaussian_engine.hpp"

#include <cmath>

#include "brink/base/error.hpp"
#include "brink/simulation/streaming.hpp"
#include "filter_engine.hpp"

namespace brink {
namespace {

/// The gradient (1/B) Σ_k a_k (a_kᵀx − ε_k) with B fresh rows a_k = √λ∘ξ_k is drawn exactly with r + B normals (r + 2B
/// when labels are noisy) instead of r·B. With û the direction of √λ∘x the residual of a row is the number
/// r_k = |√λ∘x| ξ_k·û − ε_k, so Σ_k r_k ξ_k is Σ r_k ξ_k·û along û, and given the residuals its part across û is
/// √(Σ r_k²) times a standard normal vector projected on the complement of û, because the parts of every ξ_k along and
/// across û are independent.
class GaussianEngine final : public FilterEngine {
 public:
  GaussianEngine(std::string_view function, const Vector& spectrum, const Dynamics& dynamics, double label_variance)
      : FilterEngine(function, dynamics, spectrum.size()),
        roots_(spectrum.cwiseMax(0).cwiseSqrt()),
        label_deviation_(std::sqrt(label_variance)) {
    check_argument(spectrum.minCoeff() >= 0, function, "spectrum", spectrum.minCoeff(),
                   "eigenvalues >= 0 for Gaussian rows");
    check_argument(dynamics.batch_size >= 1, function, "dynamics.batch_size", dynamics.batch_size, "batch_size >= 1");
  }

  void initialize(std::uint32_t replica, double* state) const override {
    start(random_direction(dynamics().seed, replica, length()), state);
  }

  void advance(std::uint32_t step, std::uint32_t first_stream, Index count, double* states) const override {
    thread_local Vector workspace;  // aligned: the last bits of sums follow the alignment
    if (workspace.size() != 2 * length()) workspace.resize(2 * length());
    for (Index i = 0; i < count; ++i) {
      Philox random(dynamics().seed, Purpose::gaussian_rows, first_stream + static_cast<std::uint32_t>(i), step);
      double* state = states + i * state_size();
      draw_gradient(random, state, workspace.data(), workspace.data() + length());
      update(workspace.data(), 1, state);
    }
  }

  Matrix state_basis() const override { return Matrix::Identity(length(), length()); }
  std::string name() const override { return "gaussian"; }

 private:
  void draw_gradient(Philox& random, const double* x, double* gradient, double* direction) const {
    Eigen::Map<Vector> g(gradient, length());
    Eigen::Map<Vector> u(direction, length());
    const auto batch_size = static_cast<double>(dynamics().batch_size);
    u = roots_.cwiseProduct(Eigen::Map<const Vector>(x, length()));
    const double norm = u.norm();
    if (norm > 0) u /= norm;
    double squares = 0;  // Σ r_k²
    double overlap = 0;  // Σ r_k ξ_k·û
    for (Index k = 0; k < dynamics().batch_size; ++k) {
      const double along = random.normal();
      double residual = norm * along;
      if (label_deviation_ > 0) residual -= label_deviation_ * random.normal();
      squares += residual * residual;
      overlap += residual * along;
    }
    for (double& entry : g) entry = random.normal();
    const double root = std::sqrt(squares);
    g = roots_.cwiseProduct(root * g + (overlap - root * u.dot(g)) * u) / batch_size;
  }

  Vector roots_;
  double label_deviation_;
};

}  // namespace

std::unique_ptr<Engine> make_gaussian_engine(const Vector& spectrum, const Dynamics& dynamics) {
  return std::make_unique<GaussianEngine>("make_linear_engine", spectrum, dynamics, 0);
}

std::unique_ptr<Engine> make_streaming_engine(const Vector& spectrum, const Dynamics& dynamics, double label_variance) {
  check_argument(label_variance >= 0 && std::isfinite(label_variance), "make_streaming_engine", "label_variance",
                 label_variance, "a finite number >= 0");
  return std::make_unique<GaussianEngine>("make_streaming_engine", spectrum, dynamics, label_variance);
}

}  // namespace brink
