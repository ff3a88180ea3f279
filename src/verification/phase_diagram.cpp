#include "brink/verification/phase_diagram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "brink/base/parallel.hpp"

namespace brink {
namespace {

constexpr const char* kAxis = "axis";

bool is_quantity(const std::string& name) { return name == "eta" || name == "batch" || name == "momentum"; }

/// Signs of a cell, one for each criterion of refinement; 0 where there is none.
struct Signs {
  int growth = 0;
  int lyapunov = 0;
  bool operator==(const Signs&) const = default;
};

Signs signs_of(const PhasePlan& plan, const PhaseCell& cell) {
  Signs signs;
  if (plan.refine_growth && cell.stable) signs.growth = *cell.stable ? -1 : 1;
  if (plan.refine_lyapunov && cell.lyapunov && cell.lyapunov->estimate)
    signs.lyapunov = cell.lyapunov->estimate->value < 0 ? -1 : 1;
  return signs;
}

/// The positions of the first grid of a line; the last cell is always one of them.
std::vector<Index> coarse_positions(Index length, Index coarse) {
  std::vector<Index> positions;
  for (Index position = 0; position < length - 1; position += coarse) positions.push_back(position);
  positions.push_back(length - 1);
  return positions;
}

/// Computed cells of a line, by position.
std::vector<std::pair<Index, const PhaseCell*>> computed_cells(const PhaseGrid& grid, const PhaseCells& cells,
                                                               Index line) {
  std::vector<std::pair<Index, const PhaseCell*>> computed;
  for (Index position = 0; position < grid.line_length(); ++position) {
    const auto found = cells.find(grid.cell(line, position));
    if (found != cells.end()) computed.emplace_back(position, &found->second);
  }
  return computed;
}

/// Calls action(a, b) for neighbouring computed positions of a line that differ in sign and are not adjacent.
template <class Action>
void for_each_open_gap(const PhasePlan& plan, const PhaseGrid& grid, const PhaseCells& cells, Index line,
                       Action action) {
  const auto computed = computed_cells(grid, cells, line);
  for (std::size_t i = 1; i < computed.size(); ++i) {
    const auto& [a, before] = computed[i - 1];
    const auto& [b, after] = computed[i];
    if (b - a > 1 && !(signs_of(plan, *before) == signs_of(plan, *after))) action(a, b);
  }
}

/// The positions wanted between a and b, which differ in sign: those on either side of the exact threshold of the line
/// where it lies between them and is what is refined, the middle otherwise.
std::vector<Index> positions_between(const PhasePlan& plan, const PhaseGrid& grid, const PhaseCells& cells, Index line,
                                     Index a, Index b) {
  const std::vector<Index> middle = {a + (b - a) / 2};
  if (!grid.has_eta_axis() || !plan.refine_growth) return middle;
  const auto sign = [&](Index position) { return signs_of(plan, cells.at(grid.cell(line, position))); };
  if (sign(a).growth == sign(b).growth || sign(a).lyapunov != sign(b).lyapunov) return middle;
  const auto holder = cells.find(grid.threshold_cell(grid.cell(line, a)));
  if (holder == cells.end() || !holder->second.threshold || !holder->second.threshold->reason.empty()) return middle;
  const double threshold = holder->second.threshold->eta_mean_square;
  const auto eta = [&](Index position) { return grid.setting(grid.cell(line, position)).eta; };
  if (!(eta(a) < threshold && threshold < eta(b))) return middle;
  Index below = a;
  while (eta(below + 1) < threshold) ++below;
  std::vector<Index> positions;
  for (const Index position : {below, below + 1}) {
    if (position > a && position < b) positions.push_back(position);
  }
  return positions;
}

/// Cells that bisection is still going to want when every open gap holds one change of sign.
double expected_cells(const PhasePlan& plan, const PhaseCells& known, const Shard& shard, std::size_t wanted_now) {
  const PhaseGrid grid(plan);
  double more = static_cast<double>(wanted_now);
  for (Index line = shard.number; line < grid.lines(); line += shard.count) {
    if (known.count(grid.cell(line, 0)) == 0) {
      more += plan.refine_lyapunov ? std::log2(static_cast<double>(plan.coarse)) : plan.refine_growth ? 2 : 0;
    } else {
      for_each_open_gap(plan, grid, known, line,
                        [&](Index a, Index b) { more += std::max(0.0, std::log2(static_cast<double>(b - a)) - 1); });
    }
  }
  return more;
}

}  // namespace

GridAxis make_axis(const std::string& quantity, double low, double high, std::int64_t points, bool logarithmic) {
  check_argument(is_quantity(quantity), kAxis, "quantity", quantity, "one of eta, batch, momentum");
  const std::string range = fmt::format("{} range", quantity);
  check_argument(std::isfinite(low) && std::isfinite(high) && low < high, kAxis, range,
                 fmt::format("{} to {}", low, high), "two finite numbers, the smaller one first");
  check_argument(points >= 2 && points <= 100000, kAxis, quantity + " cells", points, "an integer in 2..100000");
  check_argument(!logarithmic || low > 0, kAxis, range, low, "numbers > 0 on a logarithmic axis");
  if (quantity == "eta") check_argument(low > 0, kAxis, range, low, "step sizes > 0");
  if (quantity == "batch") {
    const double bad = low >= 1 ? high : low;
    check_argument(low >= 1 && high < 1e15, kAxis, range, bad, "batch sizes with 1 <= batch < 1e15");
  }
  if (quantity == "momentum") {
    const double bad = low > -1 ? high : low;
    check_argument(low > -1 && high < 1, kAxis, range, bad, "numbers with -1 < momentum < 1");
  }
  GridAxis axis{quantity, logarithmic, {}};
  for (std::int64_t i = 0; i < points; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(points - 1);
    double value =
        logarithmic ? std::exp((1 - share) * std::log(low) + share * std::log(high)) : (1 - share) * low + share * high;
    if (i == 0) value = low;
    if (i == points - 1) value = high;
    if (quantity == "batch") value = std::round(value);
    if (axis.values.empty() || value > axis.values.back()) axis.values.push_back(value);
  }
  check_argument(axis.values.size() >= 2, kAxis, range, fmt::format("{} to {}", low, high), "two different values");
  return axis;
}

std::string PhasePlan::third_quantity() const {
  for (const char* name : {"eta", "batch", "momentum"}) {
    if (x.quantity != name && y.quantity != name) return name;
  }
  return "";
}

PhaseGrid::PhaseGrid(const PhasePlan& plan)
    : plan_(&plan),
      panels_(static_cast<Index>(plan.third.size())),
      rows_(static_cast<Index>(plan.y.values.size())),
      columns_(static_cast<Index>(plan.x.values.size())) {
  has_eta_axis_ = plan.x.quantity == "eta" || plan.y.quantity == "eta";
  lines_along_x_ = plan.x.quantity == (has_eta_axis_ ? "eta" : "batch");
}

PhaseGrid::Setting PhaseGrid::setting(Index cell) const {
  Setting setting;
  setting.x = cell % columns_;
  setting.y = cell / columns_ % rows_;
  setting.panel = cell / (columns_ * rows_);
  const auto assign = [&](const std::string& quantity, double value) {
    if (quantity == "eta") setting.eta = value;
    if (quantity == "momentum") setting.momentum = value;
    if (quantity == "batch") setting.batch_size = static_cast<Index>(value);
  };
  assign(plan_->x.quantity, plan_->x.values[static_cast<std::size_t>(setting.x)]);
  assign(plan_->y.quantity, plan_->y.values[static_cast<std::size_t>(setting.y)]);
  assign(plan_->third_quantity(), plan_->third[static_cast<std::size_t>(setting.panel)]);
  return setting;
}

Index PhaseGrid::cell(Index line, Index position) const {
  if (lines_along_x_) return line * columns_ + position;
  const Index panel = line / columns_;
  return (panel * rows_ + position) * columns_ + line % columns_;
}

Index PhaseGrid::threshold_cell(Index cell) const {
  if (!has_eta_axis_) return cell;
  return lines_along_x_ ? cell - cell % columns_ : cell - cell / columns_ % rows_ * columns_;
}

std::vector<Index> wanted_cells(const PhasePlan& plan, const PhaseCells& known, const Shard& shard) {
  const PhaseGrid grid(plan);
  std::vector<Index> wanted;
  const auto coarse = coarse_positions(grid.line_length(), plan.coarse);
  for (Index line = shard.number; line < grid.lines(); line += shard.count) {
    const auto before = wanted.size();
    for (const Index position : coarse) {
      if (known.count(grid.cell(line, position)) == 0) wanted.push_back(grid.cell(line, position));
    }
    if (wanted.size() > before) continue;
    for_each_open_gap(plan, grid, known, line, [&](Index a, Index b) {
      for (const Index position : positions_between(plan, grid, known, line, a, b))
        wanted.push_back(grid.cell(line, position));
    });
  }
  return wanted;
}

int threads_of_cell(int threads, std::size_t cells) {
  return std::max(1, threads / static_cast<int>(std::clamp<std::size_t>(cells, 1, static_cast<std::size_t>(threads))));
}

CellWorkers cell_threads(const LoadedModel& model, const PhasePlan& plan, const Monitor& monitor) {
  const Monitor interruptible{{}, monitor.interrupted};
  return [&model, &plan, interruptible](const std::vector<Index>& cells,
                                        const std::function<void(Index, PhaseCell)>& done) {
    const int inner = threads_of_cell(plan.threads, cells.size());
    parallel_for(static_cast<std::int64_t>(cells.size()), plan.threads / inner, [&](std::int64_t i) {
      interruptible.check();
      const Index cell = cells[static_cast<std::size_t>(i)];
      done(cell, compute_phase_cell(model, plan, cell, interruptible, inner));
    });
  };
}

PhaseCells compute_phase_diagram(const LoadedModel& model, const PhasePlan& plan, PhaseCells known, const Shard& shard,
                                 const Monitor& monitor,
                                 const std::function<void(Index cell, const PhaseCell& value)>& keep,
                                 const CellWorkers& workers) {
  check_plan(plan, model);
  check_argument(shard.count >= 1 && shard.number >= 0 && shard.number < shard.count, "compute_phase_diagram",
                 "shard.number", shard.number, "0 <= number < count");
  const CellWorkers compute = workers ? workers : cell_threads(model, plan, monitor);
  std::mutex keeping;
  double computed = 0;
  for (auto wanted = wanted_cells(plan, known, shard); !wanted.empty(); wanted = wanted_cells(plan, known, shard)) {
    const double total = computed + expected_cells(plan, known, shard, wanted.size());
    compute(wanted, [&](Index cell, PhaseCell value) {
      const std::lock_guard lock(keeping);
      if (keep) keep(cell, value);
      known.emplace(cell, std::move(value));
      monitor.report(++computed / total);
    });
  }
  return known;
}

std::vector<Index> inherited_from(const PhasePlan& plan, const PhaseCells& cells) {
  const PhaseGrid grid(plan);
  std::vector<Index> sources(static_cast<std::size_t>(grid.cells()));
  for (Index line = 0; line < grid.lines(); ++line) {
    const auto computed = computed_cells(grid, cells, line);
    check_argument(!computed.empty(), "inherited_from", "computed cells of a line", 0, "at least one");
    std::size_t next = 0;
    for (Index position = 0; position < grid.line_length(); ++position) {
      while (next + 1 < computed.size() &&
             std::abs(computed[next + 1].first - position) < std::abs(computed[next].first - position))
        ++next;
      sources[static_cast<std::size_t>(grid.cell(line, position))] = grid.cell(line, computed[next].first);
    }
  }
  return sources;
}

}  // namespace brink
