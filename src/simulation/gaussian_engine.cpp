#include "gaussian_engine.hpp"

#include <cmath>

#include "brink/base/error.hpp"
#include "filter_engine.hpp"

namespace brink {
namespace {

/// The gradient (1/B) Σ_k a_k a_kᵀx with B fresh rows a_k = √λ∘ξ_k is drawn exactly with r + B normals instead of r·B:
/// with u = √λ∘x, Σ_k (ξ_k·u) ξ_k is χ·u along u, χ ~ χ²_B, and given χ its part across u is √χ·|u| times a standard
/// normal vector projected on the complement of u, because the parts of every ξ_k along and across u are independent.
class GaussianEngine final : public FilterEngine {
 public:
  GaussianEngine(const Vector& spectrum, const Dynamics& dynamics)
      : FilterEngine("make_linear_engine", dynamics, spectrum.size()), roots_(spectrum.cwiseMax(0).cwiseSqrt()) {
    check_argument(spectrum.minCoeff() >= 0, "make_linear_engine", "spectrum", spectrum.minCoeff(),
                   "eigenvalues >= 0 for Gaussian rows");
    check_argument(dynamics.batch_size >= 1, "make_linear_engine", "dynamics.batch_size", dynamics.batch_size,
                   "batch_size >= 1");
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
    if (norm == 0) {
      g.setZero();
      return;
    }
    u /= norm;
    double chi_squared = 0;
    for (Index k = 0; k < dynamics().batch_size; ++k) {
      const double along = random.normal();
      chi_squared += along * along;
    }
    for (double& entry : g) entry = random.normal();
    const double root = std::sqrt(chi_squared);
    g = (norm / batch_size) * roots_.cwiseProduct(root * g + (chi_squared - root * u.dot(g)) * u);
  }

  Vector roots_;
};

}  // namespace

std::unique_ptr<Engine> make_gaussian_engine(const Vector& spectrum, const Dynamics& dynamics) {
  return std::make_unique<GaussianEngine>(spectrum, dynamics);
}

}  // namespace brink
