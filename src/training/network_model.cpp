#include "brink/training/network_model.hpp"

#include <fmt/format.h>

#include <limits>
#include <span>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/model/model_source.hpp"
#include "brink/network/gauss_newton.hpp"
#include "brink/network/trainable_problem.hpp"
#include "brink/training/linearization.hpp"
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

/// The rows themselves where they are not too many: the direct engine moves in the space that they span.
LinearizedModel linearized_at(const NetworkObjective<double>& objective, const Minimum& minimum, double rows_memory) {
  const bool interpolates = minimum.certificate.interpolates;
  const Index rows = objective.samples() * objective.outputs();
  const Index p = objective.parameters();
  const double entries = static_cast<double>(rows) * static_cast<double>(p);
  if (interpolates && rows < p && 8e-9 * entries > rows_memory)
    return linearized_model(linearize_network(objective, minimum.theta, true));
  require_memory(8 * entries + linearization_bytes(rows, p), "model: network");
  const Batch all = objective.all();
  return LinearizedModel::from_rows(gauss_newton_rows(objective, minimum.theta, all), objective.outputs(),
                                    std::numeric_limits<double>::epsilon(),
                                    interpolates ? RowMatrix() : sample_gradients(objective, minimum.theta, all));
}

LoadedModel load_network_model(const std::string& kind, const OptionTable& table,
                               const std::filesystem::path& directory) {
  OptionTable options = table;
  options["kind"] = kind;
  TrainableProblem problem = load_trainable(options, directory);
  const auto objective = problem.precise();
  const double rows_memory = std::get<double>(problem.resolved.at("rows_memory"));
  check_argument(rows_memory >= 0, "model", "rows_memory", rows_memory, "a number >= 0");
  Minimum minimum = find_minimum(*objective, problem.start);
  const MinimumCertificate& found = minimum.certificate;
  if (!minimum.converged || !found.is_minimum) {
    throw NotConverged(
        fmt::format("model: {}: no minimum from this start: loss {:.3g}, gradient norm {:.3g} (of {:.3g}), smallest "
                    "eigenvalue {:.3g}; {}",
                    kind, found.loss, found.gradient_norm, found.gradient_scale, found.smallest_eigenvalue,
                    minimum.advice.empty() ? "train it first (brink train) and give its theta.npy as `parameters`"
                                           : minimum.advice));
  }
  LoadedModel loaded{linearized_at(*objective, minimum, rows_memory), nullptr, kind, problem.resolved, problem.notes};
  const double radius = kRelativeRadius * std::max(minimum.theta.norm(), 1e-300);
  loaded.notes.push_back(fmt::format("minimum by {}: loss {:.3g}, gradient norm {:.3g}, {}", minimum.method, found.loss,
                                     found.gradient_norm,
                                     found.interpolates ? "every sample at its own minimum" : "does not interpolate"));
  if (!found.interpolates)
    loaded.notes.emplace_back(
        "the linearized model has the Gauss-Newton matrix, which is not the Hessian where residuals remain");
  if (loaded.model.basis().size() == 0) {
    loaded.notes.push_back(
        fmt::format("linearized through the Gram matrix, as the rows take more than rows_memory = {} GB: the network "
                    "itself takes no "
                    "part in verify",
                    rows_memory));
    return loaded;
  }
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
    if (kind.name != "network" && kind.name != "matrix-sensing") continue;
    register_model_kind({kind.name, kind.summary.substr(0, kind.summary.size() - 1) + ", linearized at its minimum.",
                         kind.options,
                         [name = kind.name](const OptionTable& table, const std::filesystem::path& directory) {
                           return load_network_model(name, table, directory);
                         }});
  }
}

}  // namespace brink
