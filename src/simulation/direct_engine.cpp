// Real SGD on the parameters θ of the problem as it was given: no eigenbasis, no linearized model, no scaling of ours
// between the user's loss and the update.

#include <algorithm>
#include <vector>

#include "brink/base/error.hpp"
#include "filter_engine.hpp"

namespace brink {
namespace {

class DirectEngine final : public FilterEngine {
 public:
  DirectEngine(std::shared_ptr<const OriginalProblem> problem, const Dynamics& dynamics)
      : FilterEngine("make_direct_engine", dynamics, problem->dimension()), problem_(std::move(problem)) {
    check_argument(!dynamics.law->fresh_gaussian_rows(), "make_direct_engine", "dynamics.law", dynamics.law->name(),
                   "a law that draws from finitely many samples");
    check_argument(dynamics.batch_size >= 1 && dynamics.batch_size <= problem_->samples(), "make_direct_engine",
                   "dynamics.batch_size", dynamics.batch_size, "1 <= batch_size <= samples");
  }

  void initialize(std::uint32_t replica, double* state) const override {
    start(problem_->project_to_range(random_direction(dynamics().seed, replica, length())), state);
  }

  void advance(std::uint32_t step, std::uint32_t first_stream, Index count, double* states) const override {
    const Index samples = problem_->samples();
    thread_local std::vector<std::uint32_t> batch;
    thread_local Vector workspace;  // aligned, as sums of the problem may depend on it in their last bits
    const Index wanted = 3 * length() + problem_->workspace_size();
    batch.resize(static_cast<std::size_t>(std::max(samples, dynamics().batch_size)));
    if (workspace.size() != wanted) workspace.resize(wanted);
    double* theta = workspace.data();
    double* gradient = theta + length();
    double* gradient_at_minimum = gradient + length();
    double* inside = gradient_at_minimum + length();

    for (Index i = 0; i < count; ++i) {
      Philox random(dynamics().seed, Purpose::batch, first_stream + static_cast<std::uint32_t>(i), step);
      const Index drawn = dynamics().law->draw(samples, dynamics().batch_size, random, batch.data());
      double* state = states + i * state_size();
      Eigen::Map<Vector>(theta, length()) = problem_->minimum() + Eigen::Map<const Vector>(state, length());
      problem_->sum_of_gradients(theta, batch.data(), drawn, gradient, inside);
      problem_->sum_of_gradients(problem_->minimum().data(), batch.data(), drawn, gradient_at_minimum, inside);
      Eigen::Map<Vector> difference(gradient, length());
      difference -= Eigen::Map<const Vector>(gradient_at_minimum, length());
      difference /= static_cast<double>(dynamics().batch_size);
      update(gradient, 1, state);
    }
  }

  Matrix state_basis() const override {
    // Projected random directions, orthogonalized twice each, until one brings nothing new.
    Matrix basis(length(), 0);
    for (std::uint32_t replica = 0; basis.cols() < length(); ++replica) {
      Vector direction = problem_->project_to_range(random_direction(dynamics().seed, replica, length()));
      const double norm = direction.norm();
      for (int pass = 0; pass < 2; ++pass) direction -= basis * (basis.transpose() * direction).eval();
      if (!(direction.norm() > 1e-9 * norm)) break;
      basis.conservativeResize(Eigen::NoChange, basis.cols() + 1);
      basis.rightCols<1>() = direction.normalized();
    }
    return basis;
  }

  std::string name() const override { return "direct"; }

 private:
  std::shared_ptr<const OriginalProblem> problem_;
};

}  // namespace

std::unique_ptr<Engine> make_direct_engine(std::shared_ptr<const OriginalProblem> problem, const Dynamics& dynamics) {
  check_argument(problem != nullptr, "make_direct_engine", "problem", "null", "a problem");
  return std::make_unique<DirectEngine>(std::move(problem), dynamics);
}

}  // namespace brink
