#include "brink/training/network_model.hpp"

#include <fmt/format.h>

#include <limits>
#include <span>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/model/model_source.hpp"
#include "brink/network/trainable_problem.hpp"
#include "brink/training/minimum.hpp"

namespace brink {
namespace {

/// Deviations of the direct engine, relative to ‖θ*‖: small against the curvature of the network, large against
/// rounding.
constexpr double kRelativeRadius = 1e-6;

class NetworkProblem final : public OriginalProblem {
 public:
  NetworkProblem(std::shared_ptr<const NetworkObjective<double>> objective, Vector minimum, double radius,
                 std::shared_ptr<const Matrix> basis)
      : objective_(std::move(objective)), minimum_(std::move(minimum)), radius_(radius), basis_(std::move(basis)) {}

  Index samples() const override { return objective_->samples(); }
  Index dimension() const override { return minimum_.size(); }
  const Vector& minimum() const override { return minimum_; }

  void sum_of_gradients(const double* theta, const std::uint32_t* batch, Index count, double* gradient,
                        double*) const override {
    thread_local Vector at, out, inside;
    at = minimum_ + radius_ * (Eigen::Map<const Vector>(theta, dimension()) - minimum_);
    out.resize(dimension());
    objective_->gradient(at, {std::span(batch, static_cast<std::size_t>(count)), 1}, out);
    // Without the part that no sample's first order sees: it is of second order in the deviation, moves θ along the
    // set of minima, and does not decay with the rest.
    inside.noalias() = basis_->transpose() * out;
    Eigen::Map<Vector>(gradient, dimension()).noalias() = *basis_ * (inside / radius_);
  }

  double loss(const Vector& theta) const override { return objective_->loss(theta, objective_->all()); }

  Vector project_to_range(const Vector& direction) const override {
    return *basis_ * (basis_->transpose() * direction);
  }

 private:
  std::shared_ptr<const NetworkObjective<double>> objective_;
  Vector minimum_;
  double radius_;
  std::shared_ptr<const Matrix> basis_;
};

/// The rows themselves, not their Gram matrix: the direct engine moves in the space that they span.
LinearizedModel linearized_at(const NetworkObjective<double>& objective, const Minimum& minimum) {
  const Batch all = objective.all();
  const Index n = objective.samples();
  const Index p = objective.parameters();
  const double entries = static_cast<double>(n * objective.outputs()) * static_cast<double>(p);
  require_memory(8 * entries + linearization_bytes(n * objective.outputs(), p), "model: network");
  RowMatrix rows;
  objective.gauss_newton_rows(minimum.theta, all, rows);
  RowMatrix noise;
  if (!minimum.certificate.interpolates) {
    noise.resize(n, p);
    Vector gradient(p);
    for (Index k = 0; k < n; ++k) {
      objective.gradient(minimum.theta, {all.samples.subspan(static_cast<std::size_t>(k), 1), 1}, gradient);
      noise.row(k) = gradient;
    }
  }
  return LinearizedModel::from_rows(rows, objective.outputs(), std::numeric_limits<double>::epsilon(), noise);
}

LoadedModel load_network_model(const OptionTable& table, const std::filesystem::path& directory) {
  OptionTable options = table;
  options["kind"] = std::string("network");
  TrainableProblem problem = load_trainable(options, directory);
  const auto objective = problem.precise();
  Minimum minimum = find_minimum(*objective, problem.start);
  const MinimumCertificate& found = minimum.certificate;
  if (!minimum.converged || !found.is_minimum) {
    throw NotConverged(fmt::format(
        "model: network: no minimum from this start: loss {:.3g}, gradient norm {:.3g} (of {:.3g}), smallest "
        "eigenvalue {:.3g}; {}",
        found.loss, found.gradient_norm, found.gradient_scale, found.smallest_eigenvalue,
        minimum.advice.empty() ? "train it first (brink train) and give its theta.npy as `parameters`"
                               : minimum.advice));
  }
  LoadedModel loaded{linearized_at(*objective, minimum), nullptr, "network", problem.resolved, problem.notes};
  const double radius = kRelativeRadius * std::max(minimum.theta.norm(), 1e-300);
  loaded.notes.push_back(fmt::format("minimum by {}: loss {:.3g}, gradient norm {:.3g}, {}", minimum.method, found.loss,
                                     found.gradient_norm,
                                     found.interpolates ? "every sample at its own minimum" : "does not interpolate"));
  if (!found.interpolates)
    loaded.notes.emplace_back(
        "the linearized model has the Gauss-Newton matrix, which is not the Hessian where residuals remain");
  loaded.notes.push_back(fmt::format("direct engine: the network itself, at deviations of {:.2g} from θ*", radius));
  loaded.original = make_network_problem(objective, minimum.theta, radius, loaded.model.shared_basis());
  return loaded;
}

}  // namespace

std::shared_ptr<const OriginalProblem> make_network_problem(std::shared_ptr<const NetworkObjective<double>> objective,
                                                            Vector minimum, double radius,
                                                            std::shared_ptr<const Matrix> basis) {
  check_argument(minimum.size() == objective->parameters(), "make_network_problem", "size of the minimum",
                 minimum.size(), "the number of parameters");
  check_argument(radius > 0, "make_network_problem", "radius", radius, "a number > 0");
  return std::make_shared<NetworkProblem>(std::move(objective), std::move(minimum), radius, std::move(basis));
}

void register_network_model() {
  for (const auto& kind : trainable_kinds()) {
    if (kind.name != "network") continue;
    register_model_kind(
        {"network", "A network, trained to a minimum and linearized there.", kind.options, load_network_model});
  }
}

}  // namespace brink
