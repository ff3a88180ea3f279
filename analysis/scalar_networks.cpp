// F6: networks of a few scalars, whose edge is known in closed form.

#include <cmath>

#include "analysis/list.hpp"
#include "brink/report/curve_figure.hpp"
#include "brink/sampling/philox.hpp"

namespace brink::analysis {
namespace {

constexpr int kScalarSeeds = 5;

/// xyzw with the target 1: gradient descent from a balanced start near the edge, until it has converged. Returns
/// (2/η − S)/η, or NaN when it did not converge to a minimum.
std::vector<double> product_gap(double eta, std::uint64_t seed, Index steps, const Monitor& monitor) {
  // On the minima xyzw = 1 the sharpness is Σ 1/θ_i². Two pairs (r, r, 1/r, 1/r) have 2r² + 2/r²: a start whose minimum
  // would lie a little above the edge.
  Philox stream(seed, Purpose::initial_state, 0, 0x78797a77);
  const double wanted = 2 / eta * (1.05 + 0.2 * stream.uniform());
  const double r2 = 0.25 * (wanted + std::sqrt(wanted * wanted - 16));
  Eigen::Vector4d theta;
  theta << std::sqrt(r2), std::sqrt(r2), 1 / std::sqrt(r2), 1 / std::sqrt(r2);
  for (Index i = 0; i < 4; ++i) theta[i] *= 1 + 0.02 * (stream.uniform() - 0.5);
  double residual = 1;
  for (Index t = 0; t < steps; ++t) {
    if (t % 65536 == 0) monitor.check();
    const double product = theta[0] * theta[1] * theta[2] * theta[3];
    residual = product - 1;
    if (!(std::abs(residual) < 1e3)) return {NAN, residual};
    if (std::abs(residual) < 1e-14) break;
    theta -= eta * residual * product * theta.cwiseInverse();
  }
  if (std::abs(residual) > 1e-10) return {NAN, residual};
  const double sharpness = theta.cwiseInverse().squaredNorm();
  return {(2 / eta - sharpness) / eta, residual};
}

/// ℓ(xy) with ℓ = ln cosh: ℓ'(z)/z = 1 − c z² + … with c = 1/3, and the trajectory ends at y² = 2/η − η/(2c).
/// One sample, x and y scalars, minimum xy = 0. Returns (2/η − y²)/η.
std::vector<double> flat_tail_gap(double eta, std::uint64_t seed, Index steps, const Monitor& monitor) {
  Philox stream(seed, Purpose::initial_state, 0, 0x6c6e6368);
  double y = std::sqrt(2 / eta * (1.05 + 0.3 * stream.uniform()));
  double x = 0.05 + 0.1 * stream.uniform();
  for (Index t = 0; t < steps; ++t) {
    if (t % 65536 == 0) monitor.check();
    const double slope = std::tanh(x * y);
    const double next = x - eta * slope * y;
    y -= eta * slope * x;
    x = next;
    if (std::abs(x * y) < 1e-14) return {(2 / eta - (x * x + y * y)) / eta, std::abs(x * y)};
  }
  return {NAN, std::abs(x * y)};
}

/// Whether a period-2 orbit of gradient descent on f bifurcates to the stable side where η·f'' passes 2: measured by
/// iterating just above the edge. f = z²/2 + c3 z³/6 + c4 z⁴/24.
bool flip_is_gentle(double c3, double c4) {
  const double eta = 2 * (1 + 1e-4);
  double z = 1e-4;
  double largest = 0;
  for (int t = 0; t < 400000; ++t) {
    z -= eta * (z + 0.5 * c3 * z * z + c4 * z * z * z / 6);
    if (!(std::abs(z) < 1)) return false;
    if (t > 390000) largest = std::max(largest, std::abs(z));
  }
  return largest < 0.2;
}

/// Single-neuron autoencoder f(x) = a wᵀx with separate a and w on orthonormal inputs: returns the part of ‖w‖² in its
/// largest entry, the cosine of w with its start, and ‖w‖² + ‖a‖².
struct Autoencoder {
  double concentration, cosine, norms;
};

Autoencoder train_autoencoder(Index dimension, Index batch, double eta, Index steps, std::uint64_t seed,
                              const Monitor& monitor) {
  Philox stream(seed, Purpose::initial_state, 0, 0x61757465);
  Vector w(dimension), a(dimension);
  for (Index i = 0; i < dimension; ++i) w[i] = stream.normal();
  w *= 0.6 / w.norm();
  a = w;
  const Vector start = w.normalized();
  for (Index t = 0; t < steps; ++t) {
    if (t % 4096 == 0) monitor.check();
    Philox draw(seed, Purpose::batch, 0, static_cast<std::uint32_t>(t));
    Vector gradient_w = Vector::Zero(dimension);
    Vector gradient_a = Vector::Zero(dimension);
    // Samples √d·e_k, so that the mean loss over all of them is ½‖a wᵀ − I‖²_F.
    std::vector<Index> order(static_cast<std::size_t>(dimension));
    for (Index i = 0; i < dimension; ++i) order[static_cast<std::size_t>(i)] = i;
    for (Index b = 0; b < batch; ++b) {
      const auto pick = b + static_cast<Index>(draw.below(static_cast<std::uint32_t>(dimension - b)));
      std::swap(order[static_cast<std::size_t>(b)], order[static_cast<std::size_t>(pick)]);
      const Index k = order[static_cast<std::size_t>(b)];
      Vector residual = a * w[k];
      residual[k] -= 1;
      const double scale = static_cast<double>(dimension) / static_cast<double>(batch);
      gradient_a += scale * w[k] * residual;
      gradient_w[k] += scale * a.dot(residual);
    }
    w -= eta * gradient_w;
    a -= eta * gradient_a;
  }
  return {w.cwiseAbs2().maxCoeff() / w.squaredNorm(), std::abs(w.dot(start)) / w.norm(),
          w.squaredNorm() + a.squaredNorm()};
}

StudyReport run_scalar_networks(const StudyContext& context) {
  StudyReport report;
  const std::vector<double> etas =
      context.full ? std::vector<double>{0.1, 0.05, 0.02, 0.01} : std::vector<double>{0.1, 0.05, 0.02};
  std::vector<StudyUnit> units;
  for (const double eta : etas)
    for (int s = 0; s < kScalarSeeds; ++s) {
      const std::uint64_t seed = context.seed + static_cast<std::uint64_t>(s);
      units.push_back({"product " + shortest(eta) + " seed " + std::to_string(s),
                       [=](const Monitor& monitor) { return product_gap(eta, seed, 3000000, monitor); }});
      units.push_back({"ln cosh " + shortest(eta) + " seed " + std::to_string(s),
                       [=](const Monitor& monitor) { return flat_tail_gap(eta, seed, 30000000, monitor); }});
    }
  const auto values = context.measure(units);
  Table gaps({{"loss"}, {"eta"}, {"seed"}, {"gap_over_eta"}, {"residual"}});
  std::size_t unit = 0;
  for (const double eta : etas) {
    std::vector<double> product, tail;
    for (int s = 0; s < kScalarSeeds; ++s) {
      for (auto* group : {&product, &tail}) {
        const auto& v = values[unit++];
        gaps.add_row(
            {std::string(group == &product ? "(xyzw−1)²/2" : "ln cosh(xy)"), eta, std::int64_t{s}, v[0], v[1]});
        group->push_back(v[0]);
      }
    }
    const std::string where = ", η = " + shortest(eta);
    report.findings.push_back(judge_equal({"F6", "xyzw: (2/η − S)/η at the end" + where, "→ 1/2"}, product, 0.5, 0.1));
    report.findings.push_back(
        judge_equal({"F6", "ln cosh(xy): (2/η − S)/η at the end" + where, "1/(2c)"}, tail, 1.5, 0.3));
  }
  report.tables.emplace_back("gaps", std::move(gaps));

  // 3f'''² > f''f'''': gentle period doubling.
  Table flips({{"third"}, {"fourth"}, {"criterion"}, {"gentle"}});
  std::vector<double> wrong;
  for (const double c3 : {0.5, 1.0, 2.0})
    for (const double factor : {-1.0, 0.0, 0.5, 0.9, 1.1, 1.5}) {
      context.monitor.check();
      const double c4 = factor * 3 * c3 * c3;
      const bool criterion = 3 * c3 * c3 > c4;
      const bool gentle = flip_is_gentle(c3, c4);
      flips.add_row({c3, c4, criterion, gentle});
      wrong.push_back(criterion == gentle ? 0 : 1);
    }
  report.findings.push_back(judge_exact({"F6", "flips whose kind 3f'''² > f''f'''' does not tell"}, wrong, 0));
  report.tables.emplace_back("flips", std::move(flips));

  // B = 1 ends with one entry, B = n keeps its direction.
  constexpr Index kDimension = 10;
  Table neurons({{"batch"}, {"seed"}, {"largest_part"}, {"cosine"}, {"norms"}});
  for (const Index batch : {Index{1}, Index{3}, kDimension}) {
    std::vector<double> part, cosine, norms;
    for (int s = 0; s < kScalarSeeds; ++s) {
      const Autoencoder end = train_autoencoder(kDimension, batch, 0.02, context.choose<Index>(150000, 1000000),
                                                context.seed + static_cast<std::uint64_t>(s), context.monitor);
      neurons.add_row({static_cast<std::int64_t>(batch), std::int64_t{s}, end.concentration, end.cosine, end.norms});
      part.push_back(end.concentration);
      cosine.push_back(end.cosine);
      norms.push_back(end.norms);
    }
    const std::string where = ", B = " + std::to_string(batch) + " of 10";
    if (batch < kDimension)
      report.findings.push_back(
          judge_at_least({"F6", "autoencoder: part of ‖w‖² in its largest entry" + where, "1"}, part, 0.999));
    else
      report.findings.push_back(
          judge_at_least({"F6", "autoencoder: cosine of w with its start" + where, "1"}, cosine, 0.999));
    if (batch == kDimension)
      report.findings.push_back(judge_equal({"F6", "autoencoder: ‖w‖² + ‖a‖²" + where, "2"}, norms, 2, 0.05));
  }
  report.tables.emplace_back("autoencoders", std::move(neurons));

  CurvePanel panel{"where gradient descent ends", "η", "(2/η − S)/η", true, false, {}};
  for (const int which : {0, 1}) {
    Curve curve{which == 0 ? "xyzw" : "ln cosh(xy)", CurveKind::joined, which + 1, {}};
    for (std::size_t e = 0; e < etas.size(); ++e) {
      std::vector<double> group;
      for (std::size_t s = 0; s < kScalarSeeds; ++s) group.push_back(values[(e * kScalarSeeds + s) * 2 + which][0]);
      const SeedMean m = seed_mean(group);
      curve.points.push_back({etas[e], m.mean, m.lower, m.upper});
    }
    panel.curves.push_back(std::move(curve));
    const double level = which == 0 ? 0.5 : 1.5;
    panel.curves.push_back(
        {which == 0 ? "predicted" : "", CurveKind::dashed, 7, {{etas.back(), level}, {etas[0], level}}});
  }
  report.figures.push_back(curve_figure("scalar-networks", {panel}));
  return report;
}

}  // namespace

Study scalar_networks() {
  return {
      "scalar-networks",
      "F6",
      "Where does gradient descent end on networks of a few scalars, and what does the batch do to one neuron?",
      "Zhu et al. 2022 (xyzw); Ahn et al. 2022 (ℓ(xy)); the flip of one-dimensional maps; single-neuron autoencoders",
      "over seeds: gap/η within 0.1 of 1/2 (xyzw) and within 20% of 1/(2c) (ln cosh, c = 1/3); every flip told by "
      "3f'''² > f''f''''; one entry holds 99.9% for B < n, the direction is kept to 0.999 for B = n, with norms "
      "within 0.05 of 2",
      run_scalar_networks};
}

}  // namespace brink::analysis
