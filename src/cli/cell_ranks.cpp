#include "cell_ranks.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "brink/base/error.hpp"

#ifdef BRINK_MPI
#include <mpi.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>

#include "brink/report/phase_report.hpp"
#endif

namespace brink::cli {
namespace {

/// How many ranks started together, as the launchers of Open MPI, MPICH and Slurm's PMI leave it in the environment.
int ranks_started() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    const char* text = std::getenv(name);
    if (text != nullptr) return std::atoi(text);
  }
  return 1;
}

}  // namespace

#ifndef BRINK_MPI

struct CellRanks::Job {};

CellRanks::CellRanks() {
  check_argument(ranks_started() <= 1, "sweep", "ranks", ranks_started(),
                 "1: this program was built without MPI (install libopenmpi-dev and build again, or use --shard)");
}
CellRanks::~CellRanks() = default;
bool CellRanks::is_worker() const { return false; }
void CellRanks::serve(const LoadedModel&, const PhasePlan&, const Monitor&) {}
CellWorkers CellRanks::workers(const LoadedModel&, const PhasePlan&, const Monitor&) { return {}; }

#else

namespace {

constexpr int kToRoot = 1;    // a finished cell, what has failed there, or an empty text: the first request
constexpr int kToWorker = 2;  // a cell, or kNoMore
constexpr std::int64_t kNoMore = -1;
constexpr auto kPause = std::chrono::milliseconds(1);

// How the text of a cell that has failed begins; the record of a cell begins otherwise.
constexpr char kFailed = '!';
constexpr char kWrongInput = 'w';
constexpr char kNotConverged = 'c';
constexpr char kOtherFailure = 'o';

std::string failure_text(char kind, const std::exception& error) { return std::string{kFailed, kind} + error.what(); }

/// Throws at rank 0 what a worker has thrown, of the kinds that have an exit code of their own.
[[noreturn]] void throw_failure(const std::string& text) {
  const std::string message = text.substr(2);
  if (text[1] == kWrongInput) throw InvalidInput(message);
  if (text[1] == kNotConverged) throw NotConverged(message);
  throw std::runtime_error(message);
}

struct Message {
  int rank = 0;
  std::string text;
};

Message receive_text(const MPI_Status& pending) {
  int size = 0;
  MPI_Get_count(&pending, MPI_CHAR, &size);
  Message message{pending.MPI_SOURCE, std::string(static_cast<std::size_t>(size), ' ')};
  MPI_Recv(message.text.data(), size, MPI_CHAR, pending.MPI_SOURCE, kToRoot, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return message;
}

void send_cell(int rank, std::int64_t cell) { MPI_Send(&cell, 1, MPI_INT64_T, rank, kToWorker, MPI_COMM_WORLD); }

/// Cells of a round, taken one by one by threads and ranks.
class Queue {
 public:
  explicit Queue(const std::vector<Index>& cells) : cells_(cells) {}
  /// kNoMore when all are taken, or after close().
  std::int64_t take() {
    const std::lock_guard lock(mutex_);
    return next_ < cells_.size() ? cells_[next_++] : kNoMore;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    next_ = cells_.size();
  }

 private:
  const std::vector<Index>& cells_;
  std::size_t next_ = 0;
  std::mutex mutex_;
};

/// The threads of rank 0, at work on the same queue; the first error of one is kept.
class OwnThreads {
 public:
  OwnThreads(Queue& queue, int count, const std::function<void(Index)>& compute) {
    for (int t = 0; t < count; ++t) {
      threads_.emplace_back([this, &queue, compute] {
        try {
          for (auto cell = queue.take(); cell != kNoMore; cell = queue.take()) compute(cell);
        } catch (...) {
          const std::lock_guard lock(mutex_);
          if (!error_) error_ = std::current_exception();
          queue.close();
        }
        ++ended_;
      });
    }
  }
  ~OwnThreads() { join(); }
  OwnThreads(const OwnThreads&) = delete;
  OwnThreads& operator=(const OwnThreads&) = delete;

  [[nodiscard]] bool ended() const { return ended_ == static_cast<int>(threads_.size()); }
  void join() {
    for (auto& thread : threads_)
      if (thread.joinable()) thread.join();
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::vector<std::thread> threads_;
  std::atomic<int> ended_{0};
  std::mutex mutex_;
  std::exception_ptr error_;
};

}  // namespace

struct CellRanks::Job {
  int rank = 0;
  int size = 1;
  // Of rank 0:
  std::vector<int> waiting;         ///< workers that have asked and have nothing
  int busy = 0;                     ///< workers that have a cell, or have not asked yet
  std::vector<bool> first_request;  ///< rank → it has not asked yet
};

CellRanks::CellRanks() {
  if (ranks_started() <= 1) return;
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);  // only the main thread speaks
  job_ = std::make_unique<Job>();
  MPI_Comm_rank(MPI_COMM_WORLD, &job_->rank);
  MPI_Comm_size(MPI_COMM_WORLD, &job_->size);
  job_->busy = job_->size - 1;
  job_->first_request.assign(static_cast<std::size_t>(job_->size), true);
}

CellRanks::~CellRanks() {
  if (!job_) return;
  if (job_->rank == 0) {
    while (job_->busy > 0) {
      MPI_Status pending;
      MPI_Probe(MPI_ANY_SOURCE, kToRoot, MPI_COMM_WORLD, &pending);
      job_->waiting.push_back(receive_text(pending).rank);
      --job_->busy;
    }
    for (const int rank : job_->waiting) send_cell(rank, kNoMore);
  }
  MPI_Finalize();
}

bool CellRanks::is_worker() const { return job_ && job_->rank != 0; }

void CellRanks::serve(const LoadedModel& model, const PhasePlan& plan, const Monitor& monitor) {
  std::string text;
  while (true) {
    MPI_Send(text.data(), static_cast<int>(text.size()), MPI_CHAR, 0, kToRoot, MPI_COMM_WORLD);
    std::int64_t cell = kNoMore;
    MPI_Recv(&cell, 1, MPI_INT64_T, 0, kToWorker, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (cell == kNoMore) return;
    try {
      text = phase_record(cell, compute_phase_cell(model, plan, cell, {{}, monitor.interrupted}, plan.threads));
    } catch (const Interrupted&) {
      text.clear();  // rank 0 is interrupted too, or computes the cell when the command is run again
    } catch (const InvalidInput& error) {
      text = failure_text(kWrongInput, error);
    } catch (const NotConverged& error) {
      text = failure_text(kNotConverged, error);
    } catch (const std::exception& error) {
      text = failure_text(kOtherFailure, error);
    }
  }
}

CellWorkers CellRanks::workers(const LoadedModel& model, const PhasePlan& plan, const Monitor& monitor) {
  if (!job_) return {};
  return [this, &model, &plan, &monitor](const std::vector<Index>& cells,
                                         const std::function<void(Index, PhaseCell)>& done) {
    Queue queue(cells);
    const int inner = threads_of_cell(plan.threads, cells.size());
    OwnThreads own(queue, plan.threads / inner, [&](Index cell) {
      monitor.check();
      done(cell, compute_phase_cell(model, plan, cell, {{}, monitor.interrupted}, inner));
    });
    int out = 0;  // cells of this round at other ranks
    bool lost = false;
    std::string failure;  // the first of a worker
    while (true) {
      if (monitor.interrupted && monitor.interrupted()) queue.close();
      while (!job_->waiting.empty()) {
        const auto cell = queue.take();
        if (cell == kNoMore) break;
        send_cell(job_->waiting.back(), cell);
        job_->waiting.pop_back();
        ++job_->busy;
        ++out;
      }
      int arrived = 0;
      MPI_Status pending;
      MPI_Iprobe(MPI_ANY_SOURCE, kToRoot, MPI_COMM_WORLD, &arrived, &pending);
      if (arrived == 0) {
        if (own.ended() && out == 0) break;
        std::this_thread::sleep_for(kPause);
        continue;
      }
      const Message message = receive_text(pending);
      job_->waiting.push_back(message.rank);
      --job_->busy;
      if (job_->first_request[static_cast<std::size_t>(message.rank)]) {
        job_->first_request[static_cast<std::size_t>(message.rank)] = false;
        continue;
      }
      --out;
      if (message.text.empty()) {
        lost = true;
        continue;
      }
      if (message.text.front() == kFailed) {
        if (failure.empty()) failure = message.text;
        queue.close();
        continue;
      }
      auto [cell, value] = read_phase_record(message.text);
      done(cell, std::move(value));
    }
    own.join();
    own.rethrow();
    if (!failure.empty()) throw_failure(failure);
    monitor.check();
    if (lost) throw Interrupted("a rank was interrupted");
  };
}

#endif

}  // namespace brink::cli
