// Finite rows in the eigenbasis of H. The gradient of a batch is (1/B) Σ_k A_kᵀ Σ_k A_k x; when the batch holds more
// than half of the samples, each once, it is cheaper as the full gradient (n/B)·λ∘x less the samples left out.

#include <algorithm>
#include <vector>

#include "../sampling/distinct_tile.hpp"
#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "filter_engine.hpp"
#include "gaussian_engine.hpp"
#include "row_kernel.hpp"
#include "row_store.hpp"

namespace brink {
namespace {

/// Room of one thread, sized at its first step with an engine.
struct Workspace {
  std::vector<double> gradients;
  std::vector<std::uint32_t> batch;
  std::vector<std::uint32_t> rows;
  std::vector<unsigned char> included;
};

class LinearEngine final : public FilterEngine {
 public:
  LinearEngine(const LinearizedModel& model, const Dynamics& dynamics, bool with_gradient_noise)
      : FilterEngine("make_linear_engine", dynamics, padded_length(model.rank())),
        tiles_(dynamic_cast<const TileLaw*>(dynamics.law.get())),
        samples_(model.samples().samples),
        outputs_(model.samples().outputs),
        rank_(model.rank()),
        per_sample_(1 / static_cast<double>(dynamics.batch_size)),
        signs_(model.samples().signs) {
    const SampleRows& source = model.samples();
    check_argument(dynamics.batch_size >= 1 && dynamics.batch_size <= samples_, "make_linear_engine",
                   "dynamics.batch_size", dynamics.batch_size, "1 <= batch_size <= samples");
    require_memory(8.0 * static_cast<double>(source.rows.rows()) * static_cast<double>(length()),
                   "the rows of a simulation");
    rows_ = RowStore(source.rows);
    spectrum_ = Vector::Zero(length());
    spectrum_.head(rank_) = model.spectrum();
    if (with_gradient_noise) noise_ = model.gradient_noise();
  }

  void initialize(std::uint32_t replica, double* state) const override {
    start(random_direction(dynamics().seed, replica, rank_), state);
  }

  void advance(std::uint32_t step, std::uint32_t first_stream, Index count, double* states) const override {
    thread_local Workspace workspace;
    resize(workspace);
    for (Index done = 0; done < count; done += Philox::kStreams) {
      const auto stream = first_stream + static_cast<std::uint32_t>(done);
      advance_tile(step, stream, std::min<Index>(Philox::kStreams, count - done), states + done * state_size(),
                   workspace);
    }
  }

  Matrix state_basis() const override { return Matrix::Identity(length(), rank_); }
  std::string name() const override { return "linear"; }

 private:
  void resize(Workspace& workspace) const {
    // Batches of a tile lie one behind the other; the last still needs the room that a draw may write to.
    const auto room = static_cast<std::size_t>(std::max(samples_, dynamics().batch_size));
    workspace.gradients.resize(static_cast<std::size_t>(Philox::kStreams * length()));
    workspace.batch.resize(Philox::kStreams * room);
    if (outputs_ > 1) workspace.rows.resize(Philox::kStreams * room * static_cast<std::size_t>(outputs_));
    workspace.included.resize(static_cast<std::size_t>(samples_));
  }

  void advance_tile(std::uint32_t step, std::uint32_t first_stream, Index count, double* states,
                    Workspace& workspace) const {
    RowSum sums[Philox::kStreams];
    draw(step, first_stream, count, workspace, sums);
    std::uint32_t* rows = workspace.rows.data();
    for (Index i = 0; i < count; ++i) {
      const Index drawn = sums[i].count;
      std::uint32_t* batch = workspace.batch.data() + (sums[i].wanted - workspace.batch.data());
      double* gradient = workspace.gradients.data() + i * length();
      if (noise_.size() != 0) start_from_noise(sums[i], gradient);
      if (2 * drawn > samples_ && replace_by_complement(batch, drawn, workspace)) {
        start_from_full_gradient(sums[i], states + i * state_size(), gradient);
      }
      if (outputs_ > 1) rows = expand_outputs(sums[i], rows);
    }
    add_row_gradients({rows_.data(), rows_.length(), signs_.size() == 0 ? nullptr : signs_.data()}, sums, count, states,
                      state_size(), workspace.gradients.data());
    update(workspace.gradients.data(), count, states);
  }

  /// The batches of a tile, one behind the other.
  void draw(std::uint32_t step, std::uint32_t first_stream, Index count, Workspace& workspace, RowSum* sums) const {
    const auto& [rule, law, batch_size, eta, seed] = dynamics();
    std::uint32_t* batch = workspace.batch.data();
    if (tiles_ != nullptr && tiles_->draw_tile(samples_, batch_size, seed, first_stream, step, batch)) {
      for (Index i = 0; i < count; ++i) sums[i] = {batch + i * batch_size, batch_size, per_sample_, false};
      return;
    }
    Philox::FirstBlock first_blocks[Philox::kStreams];
    Philox::first_blocks(seed, Purpose::batch, first_stream, step, first_blocks);
    for (Index i = 0; i < count; ++i) {
      Philox random(seed, Purpose::batch, first_stream + static_cast<std::uint32_t>(i), step, first_blocks[i]);
      const Index drawn = law->draw(samples_, batch_size, random, batch);
      sums[i] = {batch, drawn, per_sample_, false};
      batch += drawn;
    }
  }

  void start_from_noise(RowSum& sum, double* gradient) const {
    Eigen::Map<Vector> start(gradient, length());
    start.setZero();
    for (Index k = 0; k < sum.count; ++k) start.head(rank_) += per_sample_ * noise_.row(sum.wanted[k]).transpose();
    sum.accumulate = true;
  }

  void start_from_full_gradient(RowSum& sum, const double* x, double* gradient) const {
    Eigen::Map<Vector> start(gradient, length());
    if (!sum.accumulate) start.setZero();
    start +=
        (per_sample_ * static_cast<double>(samples_)) * spectrum_.cwiseProduct(Eigen::Map<const Vector>(x, length()));
    sum.count = samples_ - sum.count;
    sum.scale = -per_sample_;
    sum.accumulate = true;
  }

  /// Replaces the batch by the samples outside it; false, and nothing done, when a sample occurs twice.
  bool replace_by_complement(std::uint32_t* batch, Index drawn, Workspace& workspace) const {
    std::fill(workspace.included.begin(), workspace.included.end(), static_cast<unsigned char>(0));
    for (Index k = 0; k < drawn; ++k) {
      unsigned char& included = workspace.included[batch[k]];
      if (included != 0) return false;
      included = 1;
    }
    for (std::size_t k = 0; k < workspace.included.size(); ++k) {
      if (workspace.included[k] == 0) *batch++ = static_cast<std::uint32_t>(k);
    }
    return true;
  }

  /// Sample numbers become row numbers, written from `rows` on; returns the end.
  std::uint32_t* expand_outputs(RowSum& sum, std::uint32_t* rows) const {
    const std::uint32_t* first = rows;
    const auto outputs = static_cast<std::uint32_t>(outputs_);
    for (Index k = 0; k < sum.count; ++k) {
      for (std::uint32_t j = 0; j < outputs; ++j) *rows++ = sum.wanted[k] * outputs + j;
    }
    sum.wanted = first;
    sum.count *= outputs_;
    return rows;
  }

  const TileLaw* tiles_;  // the law, if it draws for many replicas at once
  Index samples_;
  Index outputs_;
  Index rank_;
  double per_sample_;
  Vector signs_;
  RowStore rows_;
  Vector spectrum_;
  RowMatrix noise_;
};

}  // namespace

std::unique_ptr<Engine> make_linear_engine(const LinearizedModel& model, const Dynamics& dynamics,
                                           bool with_gradient_noise) {
  check_argument(dynamics.law != nullptr, "make_linear_engine", "dynamics.law", "null", "a batch law");
  check_argument(!with_gradient_noise || !model.interpolates(), "make_linear_engine", "with_gradient_noise", "true",
                 "a model with gradient noise");
  if (!dynamics.law->fresh_gaussian_rows()) {
    return std::make_unique<LinearEngine>(model, dynamics, with_gradient_noise);
  }
  check_argument(!with_gradient_noise, "make_linear_engine", "with_gradient_noise", "true",
                 "false for fresh Gaussian rows");
  return make_gaussian_engine(model.spectrum(), dynamics);
}

}  // namespace brink
