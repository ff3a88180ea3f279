#include "brink/stability/transfer_basis.hpp"

#include "transfer_indefinite.hpp"
#include "transfer_space.hpp"

namespace brink {
namespace {

// Models of this rank and more are searched in single precision.
constexpr Index kSingleAbove = 200;

}  // namespace

TransferBasis::TransferBasis(const LinearizedModel& model) : model_(&model) {
  if (model.samples().is_signed() && model.samples().outputs > 1) return;
  space_ = std::make_unique<TransferSpace<double>>(model);
  if (model.rank() >= kSingleAbove) {
    scout_ = std::make_unique<TransferSpace<float>>(model);
    scout_->add_ones();
  } else {
    space_->add_ones();
  }
}

TransferBasis::TransferBasis(TransferBasis&&) noexcept = default;
TransferBasis& TransferBasis::operator=(TransferBasis&&) noexcept = default;
TransferBasis::~TransferBasis() = default;

TransferSolution TransferBasis::run(const TransferProblem& problem, TransferTask task) {
  if (!space_) return solve_indefinite(*model_, problem, task);
  if (!scout_) return space_->solve(problem, task, 0);
  const TransferSolution found = scout_->solve(problem, task, 0);
  space_->clear();
  if (!space_->add(found.vector)) space_->add_ones();
  TransferProblem refined = problem;
  if (task == TransferTask::root) refined.guess = found.s;
  return space_->solve(refined, task, found.gap);
}

TransferSolution TransferBasis::solve(const TransferProblem& problem) { return run(problem, TransferTask::root); }

TransferSolution TransferBasis::top_eigenvalue_at(const TransferProblem& problem) {
  return run(problem, TransferTask::eigenvalue);
}

}  // namespace brink
