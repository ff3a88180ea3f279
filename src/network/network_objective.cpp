#include "brink/network/network_objective.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "brink/base/error.hpp"
#include "layer_pass.hpp"
#include "loss_pass.hpp"

namespace brink {

LossKind loss_kind(const std::string& name) {
  if (name == "square") return LossKind::half_square;
  if (name == "cross-entropy") return LossKind::cross_entropy;
  if (name == "log-cosh") return LossKind::log_cosh;
  fail_argument("network", "loss", fmt::format("\"{}\"", name), "\"square\", \"cross-entropy\" or \"log-cosh\"");
}

namespace {

using network_detail::LayerPass;
using network_detail::Point;
using network_detail::Series;

/// Samples that go through the layers together: enough for the speed of matrix products, few enough for the cache.
constexpr Index kChunk = 512;

/// Numbers that a Hessian may keep: some ten megabytes, which a cache can hold, and of which every thread has its own.
constexpr Index kKeptNumbers = Index{1} << 22;

/// Samples on their way through the layers.
template <class Real>
struct Workspace {
  VectorOf<Real> input, targets;
  std::vector<VectorOf<Real>> values;    ///< after each layer
  std::vector<VectorOf<Real>> adjoints;  ///< ∂L/∂values of layer l, in place l modulo their number

  [[nodiscard]] Real* adjoint(std::size_t layer) { return adjoints[layer % adjoints.size()].data(); }

  static void reserve(VectorOf<Real>& buffer, Index size) {
    if (buffer.size() < size) buffer.resize(size);
  }
};

template <class Real>
class NetworkOnData final : public NetworkObjective<Real> {
 public:
  NetworkOnData(const Network& network, const RowMatrix& inputs, const RowMatrix& targets, LossKind loss)
      : loss_(loss),
        parameters_(network.parameters),
        outputs_(network.outputs),
        inputs_(inputs.cast<Real>()),
        targets_(targets.cast<Real>()),
        everything_(static_cast<std::size_t>(inputs.rows())) {
    std::iota(everything_.begin(), everything_.end(), 0U);
    Index used = 0;
    Index covered = 0;
    for (const Layer& layer : network.layers) {
      auto pass = network_detail::make_pass<Real>(layer);
      const bool plain = layer.kind == LayerKind::dense || layer.kind == LayerKind::activation;
      if (layers_.empty() && plain && !pass->has_parameters()) {
        evaluate_once(*pass, layer.width_out());
        continue;
      }
      layers_.push_back(std::move(pass));
      widths_.push_back(layer.width_out());
      widest_ = std::max({widest_, layer.width_in(), layer.width_out()});
      const Index weights =
          layer.weights < 0 ? 0 : layer.inputs * (layer.kind == LayerKind::diagonal ? 1 : layer.outputs);
      used += weights + (layer.bias < 0 ? 0 : layer.outputs);
      covered = std::max({covered, layer.weights + weights, layer.bias < 0 ? 0 : layer.bias + layer.outputs});
    }
    // Layers then tile θ without sharing, provided they do not overlap otherwise, which offsets of append_* never do.
    tiled_ = used == parameters_ && covered == parameters_ && !shares(network);
    while (!layers_[first_]->has_parameters()) ++first_;
  }

  Index samples() const override { return inputs_.rows(); }
  Index parameters() const override { return parameters_; }
  Index outputs() const override { return outputs_; }
  Batch all() const override { return {everything_, static_cast<double>(everything_.size())}; }

  Real loss(const VectorOf<Real>& theta, const Batch& batch) const override {
    double sum = 0;
    each_chunk(theta, nullptr, 0, batch, [&](Workspace<Real>& work, Index, Index count) {
      sum += network_detail::loss_pass<Real>(loss_, count, outputs_, output(work, count, 0), work.targets.data(), 1,
                                             nullptr);
    });
    return static_cast<Real>(sum / batch.divisor);
  }

  Real gradient(const VectorOf<Real>& theta, const Batch& batch, VectorOf<Real>& out) const override {
    return derivative(theta, nullptr, 0, batch, out);
  }

  Real descend(const Batch& batch, const LinearStep<Real>& step, VectorOf<Real>& theta, VectorOf<Real>& buffer,
               VectorOf<Real>& scratch) const override {
    const Index total = count_of(batch);
    if (!tiled_ || total == 0 || total > kChunk) return Objective<Real>::descend(batch, step, theta, buffer, scratch);
    check_length("scratch", scratch.size());
    if (buffer.size() != 0) check_length("buffer", buffer.size());
    const network_detail::Moving<Real> moving{step, theta.data(), buffer.size() == 0 ? nullptr : buffer.data()};
    Real loss = 0;
    each_chunk(theta, nullptr, 0, batch, [&](Workspace<Real>& work, Index, Index count) {
      loss = static_cast<Real>(differentiate_loss(work, count, 0, batch.divisor) / batch.divisor);
      if (!std::isfinite(loss)) return;
      backward({theta.data(), nullptr}, work, count, 0, 0,
               [&](const LayerPass<Real>& layer, const auto& in, const auto& d_out) {
                 layer.descend(count, in, d_out, scratch.data(), moving);
               });
    });
    return loss;
  }

  void hessian_product(const VectorOf<Real>& theta, const Batch& batch, const VectorOf<Real>& v,
                       VectorOf<Real>& out) const override {
    derivative(theta, &v, 1, batch, out);
  }

  std::unique_ptr<HessianProducts<Real>> hessian_at(const VectorOf<Real>& theta, const Batch& batch) const override {
    Index kept = inputs_.cols() + outputs_;
    for (const Index width : widths_) kept += 4 * width;
    if (kept * count_of(batch) > kKeptNumbers) return Objective<Real>::hessian_at(theta, batch);
    return std::make_unique<KeptHessian>(*this, theta, batch);
  }

  void third_derivative(const VectorOf<Real>& theta, const Batch& batch, const VectorOf<Real>& u,
                        VectorOf<Real>& out) const override {
    derivative(theta, &u, 2, batch, out);
    out *= 2;
  }

  void evaluate(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& f) const override {
    f.resize(count_of(batch), outputs_);
    each_chunk(theta, nullptr, 0, batch, [&](Workspace<Real>& work, Index first, Index count) {
      std::copy_n(output(work, count, 0).first, count * outputs_, f.data() + first * outputs_);
    });
  }

  void residuals(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& r) const override {
    r.resize(count_of(batch), outputs_);
    each_chunk(theta, nullptr, 0, batch, [&](Workspace<Real>& work, Index first, Index count) {
      const Series<Real> d{r.data() + first * outputs_, count * outputs_, 0};
      network_detail::loss_pass<Real>(loss_, count, outputs_, output(work, count, 0), work.targets.data(), 1, &d);
    });
  }

  void jacobian(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& rows) const override {
    sample_rows(theta, batch, rows, LossKind::half_square);
  }

  void gauss_newton_rows(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& rows) const override {
    sample_rows(theta, batch, rows, loss_);
  }

  void gauss_newton_product(const VectorOf<Real>& theta, const Batch& batch, const VectorOf<Real>& v,
                            VectorOf<Real>& out) const override {
    check_length("out", out.size());
    check_length("v", v.size());
    out.setZero();
    each_chunk(theta, v.data(), 1, batch, [&](Workspace<Real>& work, Index, Index count) {
      const Series<Real> f = output(work, count, 1);
      network_detail::curvature_product<Real>(loss_, count, outputs_, f.first, work.targets.data(), f.block(1),
                                              static_cast<Real>(1 / batch.divisor), work.adjoint(layers_.size() - 1));
      backward({theta.data(), nullptr}, work, count, 1, 0,
               [&](const LayerPass<Real>& layer, const auto& in, const auto& d) {
                 layer.add_gradient(count, in, d, out.data(), false);
               });
    });
  }

 private:
  /// Values and adjoints at θ, of order 0, stay where they are; a product adds those of order 1 along its direction.
  class KeptHessian final : public HessianProducts<Real> {
   public:
    KeptHessian(const NetworkOnData& network, const VectorOf<Real>& theta, const Batch& batch)
        : network_(network), theta_(theta), divisor_(batch.divisor) {
      network.check_length("theta", theta.size());
      const Index total = count_of(batch);
      for (Index first = 0; first < total; first += kChunk) {
        counts_.push_back(std::min(kChunk, total - first));
        Workspace<Real>& work = chunks_.emplace_back();
        network.make_room(work, counts_.back(), 1, true);
        network.load(batch, first, counts_.back(), work);
        network.forward({theta_.data(), nullptr}, work, counts_.back(), 0);
        pass_back({theta_.data(), nullptr}, work, counts_.back(), 0, [](const auto&, const auto&, const auto&) {});
      }
    }

    void apply(const VectorOf<Real>& v, VectorOf<Real>& out) override {
      network_.check_length("v", v.size());
      network_.check_length("out", out.size());
      if (!network_.tiled_ || chunks_.empty()) out.setZero();
      const Point<Real> at{theta_.data(), v.data(), 1};
      for (std::size_t i = 0; i < chunks_.size(); ++i) {
        network_.forward(at, chunks_[i], counts_[i], 1);
        pass_back(at, chunks_[i], counts_[i], 1, [&](const LayerPass<Real>& layer, const auto& in, const auto& d) {
          layer.add_gradient(counts_[i], in, d, out.data(), network_.tiled_ && i == 0);
        });
      }
    }

   private:
    template <class Visit>
    void pass_back(const Point<Real>& at, Workspace<Real>& work, Index count, int order, const Visit& visit) const {
      network_.differentiate_loss(work, count, order, divisor_);
      network_.backward(at, work, count, order, order, visit);
    }

    const NetworkOnData& network_;
    VectorOf<Real> theta_;
    double divisor_;
    std::vector<Index> counts_;
    std::vector<Workspace<Real>> chunks_;
  };

  static Index count_of(const Batch& batch) { return static_cast<Index>(batch.samples.size()); }

  static bool shares(const Network& network) {
    for (std::size_t i = 0; i < network.layers.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (network.layers[i].weights >= 0 && network.layers[i].weights == network.layers[j].weights) return true;
    return false;
  }

  void check_length(const char* name, Index size) const {
    if (size != parameters_) [[unlikely]]
      check_argument(false, "network", fmt::format("length of {}", name), size, fmt::format("{}", parameters_));
  }

  /// The layers before any parameter act on the data once and for all.
  void evaluate_once(const LayerPass<Real>& layer, Index width) {
    RowMatrixOf<Real> next(inputs_.rows(), width);
    layer.forward({}, inputs_.rows(), {inputs_.data(), inputs_.size(), 0}, {next.data(), next.size(), 0});
    inputs_.swap(next);
  }

  [[nodiscard]] Series<Real> output(Workspace<Real>& work, Index count, int order) const {
    return {work.values[layers_.size() - 1].data(), count * outputs_, order};
  }

  /// What layer l reads.
  [[nodiscard]] Series<Real> input_of(std::size_t l, Workspace<Real>& work, Index count, int order) const {
    if (l == 0) return {work.input.data(), count * inputs_.cols(), 0};
    return {work.values[l - 1].data(), count * widths_[l - 1], order};
  }

  /// Room for `room` samples; two adjoints, or one a layer.
  void make_room(Workspace<Real>& work, Index room, int order, bool every_adjoint) const {
    Workspace<Real>::reserve(work.input, room * inputs_.cols());
    Workspace<Real>::reserve(work.targets, room * outputs_);
    if (work.values.size() < layers_.size()) work.values.resize(layers_.size());
    for (std::size_t l = 0; l < layers_.size(); ++l)
      Workspace<Real>::reserve(work.values[l], (order + 1) * room * widths_[l]);
    work.adjoints.resize(every_adjoint ? layers_.size() : 2);
    for (std::size_t l = 0; l < work.adjoints.size(); ++l)
      Workspace<Real>::reserve(work.adjoints[l], (order + 1) * room * (every_adjoint ? widths_[l] : widest_));
  }

  void load(const Batch& batch, Index first, Index count, Workspace<Real>& work) const {
    for (Index i = 0; i < count; ++i) {
      const auto k = static_cast<Index>(batch.samples[static_cast<std::size_t>(first + i)]);
      std::copy_n(inputs_.data() + k * inputs_.cols(), inputs_.cols(), work.input.data() + i * inputs_.cols());
      std::copy_n(targets_.data() + k * outputs_, outputs_, work.targets.data() + i * outputs_);
    }
  }

  void forward(const Point<Real>& at, Workspace<Real>& work, Index count, int order) const {
    for (std::size_t l = 0; l < layers_.size(); ++l)
      layers_[l]->forward(at, count, input_of(l, work, count, order),
                          {work.values[l].data(), count * widths_[l], order});
  }

  /// Runs the samples forward, a chunk at a time, and hands over the filled workspace, which a thread keeps from call
  /// to call for all objectives.
  template <class Visit>
  void each_chunk(const VectorOf<Real>& theta, const Real* direction, int order, const Batch& batch,
                  const Visit& visit) const {
    check_length("theta", theta.size());
    thread_local Workspace<Real> work;
    const Index total = count_of(batch);
    make_room(work, std::min(total, kChunk), order, false);
    for (Index first = 0; first < total; first += kChunk) {
      const Index count = std::min(kChunk, total - first);
      load(batch, first, count, work);
      forward({theta.data(), direction}, work, count, order);
      visit(work, first, count);
    }
  }

  /// From ∂L/∂f, the adjoint of the last layer, back to the first layer with parameters. `order` is that of the values,
  /// `d_order` that of the adjoint. The parameters of a layer are not read any more once it is visited.
  template <class Visit>
  void backward(const Point<Real>& at, Workspace<Real>& work, Index count, int order, int d_order,
                const Visit& visit) const {
    for (std::size_t l = layers_.size(); l-- > first_;) {
      const Series<Real> in = input_of(l, work, count, order);
      const Series<Real> out{work.values[l].data(), count * widths_[l], order};
      const Series<Real> d_out{work.adjoint(l), count * widths_[l], d_order};
      if (l > first_) layers_[l]->backward(at, count, in, out, d_out, {work.adjoint(l - 1), in.size, d_order});
      visit(*layers_[l], in, d_out);
    }
  }

  /// Σ_k ℓ_k of the samples in `work`; the adjoint of the last layer becomes ∂L/∂f.
  double differentiate_loss(Workspace<Real>& work, Index count, int order, double divisor) const {
    const Series<Real> d{work.adjoint(layers_.size() - 1), count * outputs_, order};
    return network_detail::loss_pass<Real>(loss_, count, outputs_, output(work, count, order), work.targets.data(),
                                           static_cast<Real>(1 / divisor), &d);
  }

  /// out = the coefficient of ε^order of ∇L(θ + εu); returns the loss.
  Real derivative(const VectorOf<Real>& theta, const VectorOf<Real>* u, int order, const Batch& batch,
                  VectorOf<Real>& out) const {
    check_length("out", out.size());
    if (u != nullptr) check_length("direction", u->size());
    const Real* const direction = u == nullptr ? nullptr : u->data();
    if (!tiled_ || batch.samples.empty()) out.setZero();
    double sum = 0;
    each_chunk(theta, direction, order, batch, [&](Workspace<Real>& work, Index first, Index count) {
      sum += differentiate_loss(work, count, order, batch.divisor);
      backward({theta.data(), direction}, work, count, order, order,
               [&](const LayerPass<Real>& layer, const auto& in, const auto& d_out) {
                 layer.add_gradient(count, in, d_out, out.data(), tiled_ && first == 0);
               });
    });
    return static_cast<Real>(sum / batch.divisor);
  }

  /// Rows R_k J_k with R from the curvature of `loss` (the identity for half squares).
  void sample_rows(const VectorOf<Real>& theta, const Batch& batch, RowMatrixOf<Real>& rows, LossKind loss) const {
    rows.setZero(count_of(batch) * outputs_, parameters_);
    const Index stride = outputs_ * parameters_;
    each_chunk(theta, nullptr, 0, batch, [&](Workspace<Real>& work, Index first, Index count) {
      for (Index j = 0; j < outputs_; ++j) {
        network_detail::curvature_factor_row<Real>(loss, count, outputs_, j, output(work, count, 0).first,
                                                   work.targets.data(), work.adjoint(layers_.size() - 1));
        Real* const start = rows.data() + first * stride + j * parameters_;
        backward({theta.data(), nullptr}, work, count, 0, 0,
                 [&](const LayerPass<Real>& layer, const auto& in, const auto& d) {
                   layer.add_sample_gradients(count, in, d, start, stride);
                 });
      }
    });
  }

  LossKind loss_;
  Index parameters_, outputs_;
  RowMatrixOf<Real> inputs_;
  RowMatrixOf<Real> targets_;
  std::vector<std::uint32_t> everything_;
  std::vector<std::unique_ptr<LayerPass<Real>>> layers_;
  std::vector<Index> widths_;  ///< after each layer
  Index widest_ = 1;
  std::size_t first_ = 0;  ///< the first layer with parameters
  bool tiled_ = false;     ///< every parameter belongs to exactly one layer
};

void check_data(const Network& network, const RowMatrix& inputs, const RowMatrix& targets, LossKind loss) {
  constexpr std::string_view function = "make_network_objective";
  check_network(network);
  check_argument(inputs.rows() >= 1, function, "samples", inputs.rows(), ">= 1");
  check_argument(inputs.cols() == network.inputs, function, "columns of the inputs", inputs.cols(),
                 fmt::format("{}, the width of the network", network.inputs));
  check_argument(targets.rows() == inputs.rows(), function, "rows of the targets", targets.rows(),
                 fmt::format("{}, the samples", inputs.rows()));
  check_argument(targets.cols() == network.outputs, function, "columns of the targets", targets.cols(),
                 fmt::format("{}, the outputs of the network", network.outputs));
  check_argument(inputs.allFinite() && targets.allFinite(), function, "data", "not finite", "finite numbers");
  if (loss != LossKind::cross_entropy) return;
  check_argument(targets.cols() >= 2, function, "outputs of the cross-entropy", targets.cols(), ">= 2 classes");
  for (Index k = 0; k < targets.rows(); ++k) {
    check_argument(targets.row(k).minCoeff() >= 0 && std::abs(targets.row(k).sum() - 1) <= 1e-6, function,
                   fmt::format("sum of the targets of sample {}", k), targets.row(k).sum(),
                   "a distribution over the classes for the cross-entropy");
  }
}

}  // namespace

template <class Real>
std::shared_ptr<const NetworkObjective<Real>> make_network_objective(const Network& network, const RowMatrix& inputs,
                                                                     const RowMatrix& targets, LossKind loss) {
  check_data(network, inputs, targets, loss);
  return std::make_shared<NetworkOnData<Real>>(network, inputs, targets, loss);
}

template std::shared_ptr<const NetworkObjective<float>> make_network_objective(const Network&, const RowMatrix&,
                                                                               const RowMatrix&, LossKind);
template std::shared_ptr<const NetworkObjective<double>> make_network_objective(const Network&, const RowMatrix&,
                                                                                const RowMatrix&, LossKind);

}  // namespace brink
