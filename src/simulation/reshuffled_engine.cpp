#include "brink/simulation/reshuffled_engine.hpp"

#include <numeric>
#include <vector>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "filter_engine.hpp"
#include "row_kernel.hpp"

namespace brink {
namespace {

class BatchOrderEngine final : public FilterEngine {
 public:
  BatchOrderEngine(const LinearizedModel& model, const Epoch& epoch, BatchOrder batches, const Dynamics& dynamics)
      : FilterEngine("make_reshuffled_engine", dynamics, padded_length(model.rank())),
        epoch_(epoch),
        batches_(batches),
        outputs_(model.samples().outputs),
        rank_(model.rank()),
        signs_(model.samples().signs) {
    epoch.check("make_reshuffled_engine");
    const SampleRows& source = model.samples();
    check_argument(epoch.samples == source.samples, "make_reshuffled_engine", "epoch.samples", epoch.samples,
                   "the number of samples of the model");
    require_memory(8.0 * static_cast<double>(source.rows.rows()) * static_cast<double>(length()),
                   "the rows of a simulation");
    rows_ = RowMatrix::Zero(source.rows.rows(), length());
    rows_.leftCols(rank_) = source.rows;
  }

  void initialize(std::uint32_t replica, double* state) const override {
    start(random_direction(dynamics().seed, replica, rank_), state);
  }

  void advance(std::uint32_t epoch, std::uint32_t first_stream, Index count, double* states) const override {
    thread_local std::vector<std::uint32_t> order;
    thread_local std::vector<std::uint32_t> rows;
    thread_local Vector gradient;  // aligned: the last bits of sums follow the alignment
    order.resize(static_cast<std::size_t>(epoch_.samples));
    rows.resize(static_cast<std::size_t>(epoch_.samples * outputs_));
    if (gradient.size() != length()) gradient.resize(length());
    const PaddedRows padded{rows_.data(), length(), signs_.size() == 0 ? nullptr : signs_.data()};
    for (Index i = 0; i < count; ++i) {
      Philox random(dynamics().seed, Purpose::batch, first_stream + static_cast<std::uint32_t>(i), epoch);
      if (batches_ == BatchOrder::reshuffled) {
        shuffle(epoch_.samples, epoch_.used(), random, order.data());
      } else {
        std::iota(order.begin(), order.end(), 0U);
      }
      expand_outputs(order, rows);
      double* state = states + i * state_size();
      const auto move = [&](Index batch) {
        const Index size = epoch_.size(batch);
        const RowSum sum{rows.data() + batch * epoch_.batch_size * outputs_, size * outputs_,
                         1 / static_cast<double>(size), false};
        add_row_gradients(padded, &sum, 1, state, state_size(), gradient.data());
        update(gradient.data(), 1, state);
      };
      if (batches_ == BatchOrder::fixed) {
        move(random.below(static_cast<std::uint32_t>(epoch_.used())) / epoch_.batch_size);
      } else {
        for (Index batch = 0; batch < epoch_.steps(); ++batch) move(batch);
      }
    }
  }

  Matrix state_basis() const override { return Matrix::Identity(length(), rank_); }
  std::string name() const override {
    return batches_ == BatchOrder::reshuffled ? "reshuffled"
           : batches_ == BatchOrder::cyclic   ? "cyclic"
                                              : "fixed-batches";
  }

 private:
  void expand_outputs(const std::vector<std::uint32_t>& order, std::vector<std::uint32_t>& rows) const {
    const auto outputs = static_cast<std::uint32_t>(outputs_);
    for (std::size_t k = 0; k < static_cast<std::size_t>(epoch_.used()); ++k) {
      for (std::uint32_t j = 0; j < outputs; ++j) rows[k * outputs + j] = order[k] * outputs + j;
    }
  }

  Epoch epoch_;
  BatchOrder batches_;
  Index outputs_;
  Index rank_;
  Vector signs_;
  RowMatrix rows_;
};

}  // namespace

std::unique_ptr<Engine> make_reshuffled_engine(const LinearizedModel& model, const Epoch& epoch,
                                               const Dynamics& dynamics) {
  return make_batch_order_engine(model, epoch, BatchOrder::reshuffled, dynamics);
}

std::unique_ptr<Engine> make_batch_order_engine(const LinearizedModel& model, const Epoch& epoch, BatchOrder order,
                                                const Dynamics& dynamics) {
  return std::make_unique<BatchOrderEngine>(model, epoch, order, dynamics);
}

}  // namespace brink
