#pragma once
// The cells of a sweep over the ranks of an MPI job: `mpirun -np N brink sweep CONFIG`.
//
// Rank 0 hands out cells as the others ask for them, computes with its own threads meanwhile, and alone reads and
// writes files. A worker sends each cell as the text that the checkpoint holds, which reads back to the same bits. The
// program is an MPI job only where it was started as one; built without MPI it refuses to be.

#include <memory>

#include "brink/base/monitor.hpp"
#include "brink/verification/phase_diagram.hpp"

namespace brink::cli {

class CellRanks {
 public:
  /// Joins the job of several ranks that started this process; does nothing outside of one. Throws InvalidInput in a
  /// job of a program built without MPI.
  CellRanks();
  /// On rank 0 tells every worker to leave; on a worker nothing is left to do.
  ~CellRanks();
  CellRanks(const CellRanks&) = delete;
  CellRanks& operator=(const CellRanks&) = delete;

  /// True on every rank but 0.
  [[nodiscard]] bool is_worker() const;

  /// Of a worker: computes what rank 0 hands out, until there is no more.
  void serve(const LoadedModel& model, const PhasePlan& plan, const Monitor& monitor);

  /// Of rank 0: its own threads and the other ranks. Empty where there are none. What a rank throws is thrown here,
  /// once the cells that are under way are done.
  [[nodiscard]] CellWorkers workers(const LoadedModel& model, const PhasePlan& plan, const Monitor& monitor);

 private:
  struct Job;
  std::unique_ptr<Job> job_;
};

}  // namespace brink::cli
