#include "questions.hpp"

#include <algorithm>
#include <atomic>
#include <memory>

#include "brink/base/error.hpp"
#include "brink/base/parallel.hpp"
#include "brink/stability/transfer_basis.hpp"
#include "grid.hpp"

namespace brink::cli {
namespace {

void answer_one(const LinearizedModel& model, SolutionRow& row, std::optional<Index> population, TransferBasis* basis) {
  const auto law = law_of(row.cell.sampling, population);
  const auto rule = make_update_rule(row.cell.rule, row.cell.parameters);
  if (row.quantity == "batch") {
    check_argument(model.has_samples(), "command line", "--solve", "batch",
                   "a model with samples, so that B ends at n");
    row.batch = smallest_stable_batch(model, *rule, *law, row.eta, law->population(model.samples().samples), basis);
  } else if (row.quantity == "momentum") {
    row.momenta = stable_momenta(model, row.cell.rule, row.cell.parameters, *law, row.cell.batch_size, row.eta, basis);
  } else if (row.quantity == "best-eta") {
    row.best_step = best_step(model, *rule, *law, row.cell.batch_size, basis);
  } else {
    row.best_momentum = best_momentum(model, row.cell.rule, row.cell.parameters, *law, row.cell.batch_size, basis);
  }
}

}  // namespace

std::vector<SolutionRow> make_questions(const std::vector<Cell>& cells, const std::vector<double>& etas,
                                        const std::vector<std::string>& solve) {
  std::vector<SolutionRow> rows;
  for (const auto& quantity : solve) {
    const bool needs_eta = quantity == "batch" || quantity == "momentum";
    check_argument(needs_eta || quantity == "best-eta" || quantity == "best-momentum", "command line", "--solve",
                   quantity, kQuestions);
    check_argument(!needs_eta || !etas.empty(), "command line", "--eta", "none",
                   "at least one step size for --solve " + quantity);
    const std::size_t first = rows.size();
    for (const Cell& cell : cells) {
      const auto asked = [&](const SolutionRow& row) {
        return row.cell.rule == cell.rule && row.cell.sampling == cell.sampling &&
               (quantity == "batch" || row.cell.batch_size == cell.batch_size) &&
               (quantity == "momentum" || quantity == "best-momentum" ||
                row.cell.parameters.momentum == cell.parameters.momentum);
      };
      if (std::any_of(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.end(), asked)) continue;
      for (const double eta : needs_eta ? etas : std::vector<double>{0}) {
        rows.emplace_back();
        rows.back().quantity = quantity;
        rows.back().cell = cell;
        rows.back().eta = eta;
      }
    }
  }
  return rows;
}

std::vector<SolutionRow> answer(const LinearizedModel& model, std::vector<SolutionRow> questions,
                                std::optional<Index> population, int threads, const Monitor& monitor) {
  std::atomic<std::size_t> done{0};
  parallel_for(static_cast<std::int64_t>(questions.size()), threads, [&](std::int64_t i) {
    monitor.check();
    std::unique_ptr<TransferBasis> basis;
    if (model.has_samples()) basis = std::make_unique<TransferBasis>(model);
    answer_one(model, questions[static_cast<std::size_t>(i)], population, basis.get());
    monitor.report(static_cast<double>(++done) / static_cast<double>(questions.size()));
  });
  return questions;
}

}  // namespace brink::cli
