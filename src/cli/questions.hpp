#pragma once
// The inverse questions of `threshold --solve`, and what they are asked about.

#include <optional>
#include <string>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/report/results.hpp"

namespace brink::cli {

inline constexpr const char* kQuestions = "names among batch, momentum, best-eta, best-momentum";

struct QuestionSection {
  std::vector<std::string> solve;
  std::int64_t population = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("solve", self.solve,
          "inverse questions: the smallest stable batch and the stable ranges of momentum at every --eta, the eta of "
          "fastest mean-square decay, the momentum of the largest threshold",
          kQuestions);
    field("population", self.population,
          "the rows are a random subsample of so many samples: batches are drawn from these, and thresholds carry the "
          "standard error of the subsample",
          "an integer >= the number of samples");
  }
};

/// The questions in the order asked; each nests as the grid does, without what it solves for. Throws InvalidInput for
/// an unknown one, and for one that needs step sizes when there are none.
[[nodiscard]] std::vector<SolutionRow> make_questions(const std::vector<Cell>& cells, const std::vector<double>& etas,
                                                      const std::vector<std::string>& solve);

/// Every question with its answer. The result does not depend on the number of threads.
[[nodiscard]] std::vector<SolutionRow> answer(const LinearizedModel& model, std::vector<SolutionRow> questions,
                                              std::optional<Index> population, int threads, const Monitor& monitor);

}  // namespace brink::cli
