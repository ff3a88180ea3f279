#include "brink/verification/phase_interpolation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace brink {
namespace {

/// A point of a line where ln ρ is known.
struct Node {
  Index position = -1;    ///< of the cell; −1: the threshold
  double coordinate = 0;  ///< η, B or β
  double scaled = 0;      ///< on the scale of the axis
  double log_growth = 0;
  double error = 0;
};

/// Points on either side that the enclosure looks at: lines through closer pairs are the higher ones.
constexpr std::ptrdiff_t kReach = 3;
/// Without the proof a threshold this close to a cell, in gaps, is left out: a slope between the two would be residual.
constexpr double kTooClose = 0.02;
/// Without it one cell in fifty of heavy ball on three rows is off by more than the errors of its neighbours.
constexpr double kSafety = 2;

/// (ρ − 1)/η between `left` and `right` (the node after it), and what bounds it.
std::optional<InterpolatedGrowth> enclosed(const std::vector<Node>& nodes, std::ptrdiff_t left, double eta) {
  const auto convex = [](const Node& node) { return std::expm1(node.log_growth) / node.coordinate; };
  const auto error = [](const Node& node) { return std::exp(node.log_growth) * node.error / node.coordinate; };
  const auto at = [&](std::ptrdiff_t i) -> const Node& { return nodes[static_cast<std::size_t>(i)]; };
  const auto size = static_cast<std::ptrdiff_t>(nodes.size());
  const Node& a = at(left);
  const Node& b = at(left + 1);
  const double share = (eta - a.coordinate) / (b.coordinate - a.coordinate);
  const double upper = (1 - share) * (convex(a) + error(a)) + share * (convex(b) + error(b));
  double lower = -1 / eta;  // ρ ≥ 0
  const auto extend = [&](const Node& near, const Node& far) {
    const double ratio = (eta - near.coordinate) / (near.coordinate - far.coordinate);
    const double value = convex(near) + ratio * (convex(near) - convex(far));
    lower = std::max(lower, value - (1 + ratio) * error(near) - ratio * error(far));
  };
  for (std::ptrdiff_t i = std::max<std::ptrdiff_t>(0, left - kReach + 1); i <= left; ++i) {
    for (std::ptrdiff_t j = i + 1; j <= left; ++j) extend(at(j), at(i));
  }
  for (std::ptrdiff_t i = left + 1; i < std::min(size, left + 1 + kReach); ++i) {
    for (std::ptrdiff_t j = i + 1; j < std::min(size, left + 1 + kReach); ++j) extend(at(i), at(j));
  }
  lower = std::min(lower, upper);
  if (lower * eta <= -1) return std::nullopt;  // ρ may be 0: no bound on its logarithm
  const double low = std::log1p(eta * lower);
  const double high = std::log1p(eta * upper);
  return InterpolatedGrowth{0.5 * (low + high), 0.5 * (high - low) + 1e-15, true,
                            "enclosure by convexity of (rho - 1)/eta"};
}

/// Slope at node i that keeps the cubics between the values of their ends [Fritsch & Butland 1984]: zero at an
/// extremum, else a harmonic mean of the secants on either side.
double slope(const std::vector<Node>& nodes, std::size_t i) {
  const auto secant = [&](std::size_t k) {
    return (nodes[k + 1].log_growth - nodes[k].log_growth) / (nodes[k + 1].scaled - nodes[k].scaled);
  };
  const auto gap = [&](std::size_t k) { return nodes[k + 1].scaled - nodes[k].scaled; };
  const std::size_t last = nodes.size() - 1;
  if (i == 0) return secant(0);
  if (i == last) return secant(last - 1);
  const double before = secant(i - 1);
  const double after = secant(i);
  if (!(before * after > 0)) return 0;
  const double first = 2 * gap(i) + gap(i - 1);
  const double second = gap(i) + 2 * gap(i - 1);
  return (first + second) / (first / before + second / after);
}

/// The cubic on [left, left + 1] at `scaled`; at least three nodes.
double cubic(const std::vector<Node>& nodes, std::size_t left, double scaled) {
  const Node& a = nodes[left];
  const Node& b = nodes[left + 1];
  const double h = b.scaled - a.scaled;
  const double t = (scaled - a.scaled) / h;
  const double u = 1 - t;
  return u * u * (1 + 2 * t) * a.log_growth + t * t * (1 + 2 * u) * b.log_growth +
         h * t * u * (u * slope(nodes, left) - t * slope(nodes, left + 1));
}

/// Error of the cubic at every node but the ends, which are left out in turn.
std::vector<double> left_out_errors(const std::vector<Node>& nodes) {
  std::vector<double> errors(nodes.size(), 0);
  for (std::size_t i = 1; i + 1 < nodes.size(); ++i) {
    std::vector<Node> others;
    // Slopes look one node further than the gap.
    const std::size_t first = i >= 3 ? i - 3 : 0;
    for (std::size_t k = first; k < std::min(nodes.size(), i + 4); ++k) {
      if (k != i) others.push_back(nodes[k]);
    }
    errors[i] = std::abs(cubic(others, i - 1 - first, nodes[i].scaled) - nodes[i].log_growth);
  }
  return errors;
}

bool is_plain_sgd(const std::string& rule, double momentum) {
  return rule == "sgd" || ((rule == "heavy-ball" || rule == "nesterov") && momentum == 0);
}

class Line {
 public:
  Line(const PhasePlan& plan, const PhaseGrid& grid, const PhaseCells& cells, Index line)
      : grid_(grid), line_(line), axis_(grid.lines_along_x() ? plan.x : plan.y) {
    const auto first = grid.cell(line, 0);
    proven_ = grid.has_eta_axis() && is_plain_sgd(plan.rule, grid.setting(first).momentum);
    for (Index position = 0; position < grid.line_length(); ++position) {
      const auto found = cells.find(grid.cell(line, position));
      if (found == cells.end()) continue;
      const auto& growth = found->second.growth.estimate;
      if (!growth) {
        gaps_.push_back(position);
        continue;
      }
      nodes_.push_back({position, coordinate(position), scaled(coordinate(position)), growth->value, growth->error});
    }
    add_threshold(cells, first);
  }

  void interpolate(std::map<Index, InterpolatedGrowth>& result) const {
    const std::size_t fewest = proven_ ? 2 : 4;
    if (nodes_.size() < fewest) return;
    const auto errors = proven_ ? std::vector<double>() : left_out_errors(nodes_);
    std::size_t left = 0;
    for (Index position = 0; position < grid_.line_length(); ++position) {
      const double at = coordinate(position);
      while (left + 2 < nodes_.size() && nodes_[left + 1].coordinate <= at) ++left;
      const Node& a = nodes_[left];
      const Node& b = nodes_[left + 1];
      if (!(a.coordinate < at && at < b.coordinate) || is_unknown_between(a, b)) continue;
      std::optional<InterpolatedGrowth> value;
      if (proven_) {
        value = enclosed(nodes_, static_cast<std::ptrdiff_t>(left), at);
      } else {
        const double share = (scaled(at) - a.scaled) / (b.scaled - a.scaled);
        const double chord = (1 - share) * a.log_growth + share * b.log_growth;
        const double found = cubic(nodes_, left, scaled(at));
        const double bound = std::max(kSafety * std::max(errors[left], errors[left + 1]), std::abs(found - chord));
        value =
            InterpolatedGrowth{found, bound + a.error + b.error, false,
                               "monotone cubic; twice the error of points left out, or the distance from the chord"};
      }
      if (!value) continue;
      if (threshold_ && (at < *threshold_) != (value->log_growth < 0)) {
        value->bound += std::abs(value->log_growth);
        value->log_growth = at < *threshold_ ? -std::numeric_limits<double>::min() : 0;
      }
      result.emplace(grid_.cell(line_, position), *value);
    }
  }

 private:
  double coordinate(Index position) const { return axis_.values[static_cast<std::size_t>(position)]; }
  double scaled(double value) const { return axis_.logarithmic ? std::log(value) : value; }

  /// The threshold is a point of the curve where the cells on either side agree with it.
  void add_threshold(const PhaseCells& cells, Index first) {
    const auto found = cells.find(first);
    if (!grid_.has_eta_axis() || found == cells.end() || !found->second.threshold) return;
    const SettingThreshold& threshold = *found->second.threshold;
    if (!threshold.reason.empty() || !(threshold.eta_mean_square > 0)) return;
    const double eta = threshold.eta_mean_square;
    for (const Node& node : nodes_) {
      if ((node.coordinate < eta) != (node.log_growth < 0)) return;
    }
    threshold_ = eta;
    const auto after = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& n) { return n.coordinate >= eta; });
    if (after == nodes_.begin() || after == nodes_.end() || after->coordinate == eta) return;
    const auto before = after - 1;
    if (!proven_) {
      const double near = kTooClose * (after->scaled - before->scaled);
      if (scaled(eta) - before->scaled < near || after->scaled - scaled(eta) < near) return;
    }
    // d ln ρ/d ln η is of order one at the threshold: twice the relative residual covers it where ln ρ is no steeper
    // than η², and the chord across it otherwise.
    const double steepness =
        (after->log_growth - before->log_growth) / std::log(after->coordinate / before->coordinate);
    nodes_.insert(after, {-1, eta, scaled(eta), 0, threshold.residual * std::max(2.0, 4 * steepness)});
  }

  bool is_unknown_between(const Node& a, const Node& b) const {
    return std::any_of(gaps_.begin(), gaps_.end(), [&](Index position) {
      return a.coordinate < coordinate(position) && coordinate(position) < b.coordinate;
    });
  }

  const PhaseGrid& grid_;
  Index line_;
  const GridAxis& axis_;
  bool proven_ = false;
  std::optional<double> threshold_;
  std::vector<Node> nodes_;
  std::vector<Index> gaps_;  ///< computed positions without ln ρ
};

}  // namespace

std::map<Index, InterpolatedGrowth> interpolate_growth(const PhasePlan& plan, const PhaseCells& cells) {
  const PhaseGrid grid(plan);
  std::map<Index, InterpolatedGrowth> result;
  for (Index line = 0; line < grid.lines(); ++line) Line(plan, grid, cells, line).interpolate(result);
  return result;
}

}  // namespace brink
