// Finite rows in the eigenbasis of H. The gradient of a batch is (1/B) Σ_k A_kᵀ Σ_k A_k x; when the batch holds more
// than half of the samples, each once, it is cheaper as the full gradient (n/B)·λ∘x less the samples left out.

#include <algorithm>
#include <vector>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "filter_engine.hpp"
#include "gaussian_engine.hpp"
#include "row_kernel.hpp"

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
        samples_(model.samples().samples),
        outputs_(model.samples().outputs),
        rank_(model.rank()),
        signs_(model.samples().signs) {
    const SampleRows& source = model.samples();
    check_argument(dynamics.batch_size >= 1 && dynamics.batch_size <= samples_, "make_linear_engine",
                   "dynamics.batch_size", dynamics.batch_size, "1 <= batch_size <= samples");
    require_memory(8.0 * static_cast<double>(source.rows.rows()) * static_cast<double>(length()),
                   "the rows of a simulation");
    rows_ = RowMatrix::Zero(source.rows.rows(), length());
    rows_.leftCols(rank_) = source.rows;
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
    const auto room = static_cast<std::size_t>(std::max(samples_, dynamics().batch_size));
    workspace.gradients.resize(static_cast<std::size_t>(Philox::kStreams * length()));
    workspace.batch.resize(room);
    if (outputs_ > 1) workspace.rows.resize(room * static_cast<std::size_t>(outputs_));
    workspace.included.resize(static_cast<std::size_t>(samples_));
  }

  void advance_tile(std::uint32_t step, std::uint32_t first_stream, Index count, double* states,
                    Workspace& workspace) const {
    Philox::FirstBlock first_blocks[Philox::kStreams];
    Philox::first_blocks(dynamics().seed, Purpose::batch, first_stream, step, first_blocks);
    for (Index i = 0; i < count; ++i) {
      const auto stream = first_stream + static_cast<std::uint32_t>(i);
      Philox random(dynamics().seed, Purpose::batch, stream, step, first_blocks[i]);
      const Index drawn = dynamics().law->draw(samples_, dynamics().batch_size, random, workspace.batch.data());
      batch_gradient(drawn, states + i * state_size(), workspace.gradients.data() + i * length(), workspace);
    }
    update(workspace.gradients.data(), count, states);
  }

  void batch_gradient(Index drawn, const double* x, double* gradient, Workspace& workspace) const {
    const double per_sample = 1 / static_cast<double>(dynamics().batch_size);
    Eigen::Map<Vector> sum(gradient, length());
    if (noise_.size() == 0) {
      sum.setZero();
    } else {
      add_noise(drawn, per_sample, workspace, sum);
    }
    double scale = per_sample;
    if (2 * drawn > samples_ && replace_by_complement(drawn, workspace)) {
      sum +=
          (per_sample * static_cast<double>(samples_)) * spectrum_.cwiseProduct(Eigen::Map<const Vector>(x, length()));
      drawn = samples_ - drawn;
      scale = -per_sample;
    }
    const PaddedRows rows{rows_.data(), length(), signs_.size() == 0 ? nullptr : signs_.data()};
    if (outputs_ == 1) {
      add_row_gradients(rows, workspace.batch.data(), drawn, scale, x, gradient);
      return;
    }
    std::uint32_t* row = workspace.rows.data();
    const auto outputs = static_cast<std::uint32_t>(outputs_);
    for (Index k = 0; k < drawn; ++k) {
      for (std::uint32_t j = 0; j < outputs; ++j) *row++ = workspace.batch[static_cast<std::size_t>(k)] * outputs + j;
    }
    add_row_gradients(rows, workspace.rows.data(), drawn * outputs_, scale, x, gradient);
  }

  /// Replaces the batch by the samples outside it; false, and nothing done, when a sample occurs twice.
  bool replace_by_complement(Index drawn, Workspace& workspace) const {
    std::fill(workspace.included.begin(), workspace.included.end(), static_cast<unsigned char>(0));
    for (Index k = 0; k < drawn; ++k) {
      unsigned char& included = workspace.included[workspace.batch[static_cast<std::size_t>(k)]];
      if (included != 0) return false;
      included = 1;
    }
    std::size_t outside = 0;
    for (std::size_t k = 0; k < workspace.included.size(); ++k) {
      if (workspace.included[k] == 0) workspace.batch[outside++] = static_cast<std::uint32_t>(k);
    }
    return true;
  }

  void add_noise(Index drawn, double per_sample, const Workspace& workspace, Eigen::Map<Vector>& sum) const {
    sum.setZero();
    for (Index k = 0; k < drawn; ++k) {
      sum.head(rank_) += per_sample * noise_.row(workspace.batch[static_cast<std::size_t>(k)]).transpose();
    }
  }

  Index samples_;
  Index outputs_;
  Index rank_;
  Vector signs_;
  RowMatrix rows_;
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
