#pragma once
// What brink simulate does with one cell and step size, and the options that only it has.

#include <cstdint>
#include <string>
#include <vector>

#include "brink/base/monitor.hpp"
#include "brink/model/linearized_model.hpp"
#include "brink/report/results.hpp"
#include "brink/sampling/epoch.hpp"
#include "sections.hpp"

namespace brink::cli {

struct SimulateSection {
  std::vector<std::string> control = {"none"};
  double escape_level = 1000;
  bool measure_bias = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    field("control", self.control, "what is changed about the noise or the order of the batches",
          "names among none, gaussian-noise, isotropic, frozen, fixed-batches, cyclic, reshuffled");
    field("escape_level", self.escape_level,
          "of --method escape: loss at which a replica has escaped, over its loss at the start", "a number > 1");
    field("measure_bias", self.measure_bias,
          "of --method cloning: also measure the bias, by runs with N, N/2 and N/4 replicas (three times the work)",
          "true or false");
  }
};

/// One row of the result before it is computed.
struct SimulationTask {
  Cell cell;
  double eta = 0;
  std::string control = "none";
  std::size_t cell_number = 0;  ///< counts cells, not step sizes
};

/// Throws InvalidInput for options out of range or a method, control and sampling that do not go together.
void check_simulation(const SimulationSection& simulation, const SimulateSection& section,
                      const std::vector<std::string>& samplings, const LinearizedModel& model);

/// The row of a task. Differences to other rows are not its business.
[[nodiscard]] SimulationRow simulate(const LinearizedModel& model, const SimulationTask& task,
                                     const SimulationSection& simulation, const SimulateSection& section,
                                     LastBatch last_batch, const Monitor& monitor);

}  // namespace brink::cli
