#include "brink/simulation/reshuffled_engine.hpp"

#include <vector>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "filter_engine.hpp"
#include "row_kernel.hpp"

namespace brink {
namespace {

class ReshuffledEngine final : public FilterEngine {
 public:
  ReshuffledEngine(const LinearizedModel& model, const Epoch& epoch, const Dynamics& dynamics)
      : FilterEngine("make_reshuffled_engine", dynamics, padded_length(model.rank())),
        epoch_(epoch),
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
      shuffle(epoch_.samples, epoch_.used(), random, order.data());
      expand_outputs(order, rows);
      double* state = states + i * state_size();
      const std::uint32_t* wanted = rows.data();
      for (Index step = 0; step < epoch_.steps(); ++step) {
        const Index size = epoch_.size(step);
        const RowSum sum{wanted, size * outputs_, 1 / static_cast<double>(size), false};
        add_row_gradients(padded, &sum, 1, state, state_size(), gradient.data());
        update(gradient.data(), 1, state);
        wanted += sum.count;
      }
    }
  }

  Matrix state_basis() const override { return Matrix::Identity(length(), rank_); }
  std::string name() const override { return "reshuffled"; }

 private:
  void expand_outputs(const std::vector<std::uint32_t>& order, std::vector<std::uint32_t>& rows) const {
    const auto outputs = static_cast<std::uint32_t>(outputs_);
    for (std::size_t k = 0; k < static_cast<std::size_t>(epoch_.used()); ++k) {
      for (std::uint32_t j = 0; j < outputs; ++j) rows[k * outputs + j] = order[k] * outputs + j;
    }
  }

  Epoch epoch_;
  Index outputs_;
  Index rank_;
  Vector signs_;
  RowMatrix rows_;
};

}  // namespace

std::unique_ptr<Engine> make_reshuffled_engine(const LinearizedModel& model, const Epoch& epoch,
                                               const Dynamics& dynamics) {
  return std::make_unique<ReshuffledEngine>(model, epoch, dynamics);
}

}  // namespace brink
