#include "brink/training/local_model.hpp"

#include <fmt/format.h>

#include "brink/base/error.hpp"

namespace brink {
namespace {

template <class Real>
class LocalModel final : public Objective<Real> {
 public:
  LocalModel(const Objective<Real>& objective, LocalModelKind kind, VectorOf<Real> point)
      : objective_(objective), point_(std::move(point)) {
    check_argument(point_.size() == objective.parameters(), "make_local_model", "length of point", point_.size(),
                   fmt::format("the {} parameters", objective.parameters()));
    if (kind == LocalModelKind::gauss_newton) {
      network_ = dynamic_cast<const NetworkObjective<Real>*>(&objective);
      check_argument(network_ != nullptr, "make_local_model", "kind", "gauss-newton",
                     "quadratic for a loss that is no function of outputs");
    }
  }

  Index samples() const override { return objective_.samples(); }
  Index parameters() const override { return objective_.parameters(); }
  Batch all() const override { return objective_.all(); }

  Real loss(const VectorOf<Real>& theta, const Batch& batch) const override {
    thread_local VectorOf<Real> out;
    out.resize(theta.size());
    return gradient(theta, batch, out);
  }

  Real gradient(const VectorOf<Real>& theta, const Batch& batch, VectorOf<Real>& out) const override {
    thread_local VectorOf<Real> x;
    thread_local VectorOf<Real> bent;
    x = theta - point_;
    bent.resize(theta.size());
    const Real at_point = objective_.gradient(point_, batch, out);
    curve(batch, x, bent);
    const Real loss = at_point + out.dot(x) + bent.dot(x) / 2;
    out += bent;
    return loss;
  }

  void hessian_product(const VectorOf<Real>&, const Batch& batch, const VectorOf<Real>& v,
                       VectorOf<Real>& out) const override {
    curve(batch, v, out);
  }

  void third_derivative(const VectorOf<Real>&, const Batch&, const VectorOf<Real>&,
                        VectorOf<Real>& out) const override {
    out.setZero();
  }

 private:
  void curve(const Batch& batch, const VectorOf<Real>& v, VectorOf<Real>& out) const {
    if (network_) {
      network_->gauss_newton_product(point_, batch, v, out);
    } else {
      objective_.hessian_product(point_, batch, v, out);
    }
  }

  const Objective<Real>& objective_;
  const NetworkObjective<Real>* network_ = nullptr;  // set for Gauss–Newton
  VectorOf<Real> point_;
};

}  // namespace

LocalModelKind local_model_kind_of(std::string_view name) {
  if (name == "quadratic") return LocalModelKind::quadratic;
  if (name == "gauss-newton") return LocalModelKind::gauss_newton;
  fail_argument("training", "model", name, "quadratic or gauss-newton");
}

std::string_view to_string(LocalModelKind kind) {
  return kind == LocalModelKind::quadratic ? "quadratic" : "gauss-newton";
}

template <class Real>
std::unique_ptr<Objective<Real>> make_local_model(const Objective<Real>& objective, LocalModelKind kind,
                                                  VectorOf<Real> point) {
  return std::make_unique<LocalModel<Real>>(objective, kind, std::move(point));
}

template std::unique_ptr<Objective<float>> make_local_model(const Objective<float>&, LocalModelKind, VectorOf<float>);
template std::unique_ptr<Objective<double>> make_local_model(const Objective<double>&, LocalModelKind,
                                                             VectorOf<double>);

}  // namespace brink
