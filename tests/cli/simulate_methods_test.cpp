// brink simulate beyond growth rates: escape, horizon, controls, and what does not go together.

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "brink/data/npy.hpp"
#include "cli/program.hpp"

using nlohmann::json;
using program::run;
using program::Scratch;

namespace {

json rows_of(const Scratch& scratch, const std::string& arguments) {
  const auto outcome = run("simulate --jacobian G1.npy --quiet --format json " + arguments, scratch.path());
  CAPTURE(arguments, outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  return json::parse(outcome.output)["rows"];
}

}  // namespace

TEST_CASE("simulate tells escape times, horizons, controls and differences", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  const auto escape = rows_of(scratch, "--eta 0.8 --method escape --steps 100 --replicas 200")[0];
  CHECK(escape["escape"]["horizon"] == 100);
  CHECK(escape["escape"]["survival"].size() > 3);
  CHECK(escape["escape"]["mean_log_growth"].get<double>() > 0);
  CHECK(escape["log_growth"].is_null());

  const auto horizon = rows_of(scratch, "--eta 0.65 --method horizon --steps 64 --replicas 200")[0]["horizon_curve"];
  CHECK(horizon["log_growth_exact"].get<double>() == Approx(0.232287737857).epsilon(1e-8));
  CHECK(horizon["points"].back()["steps"] == 64);

  const auto controls =
      rows_of(scratch, "--eta 0.6,0.61 --control none,gaussian-noise,cyclic --replicas 500 --steps 300 --burn-in 30");
  REQUIRE(controls.size() == 6);
  CHECK(controls[1]["control"] == "gaussian-noise");
  CHECK(std::abs(controls[1]["log_growth"].get<double>() - controls[0]["log_growth"].get<double>()) <
        5 * std::hypot(controls[1]["standard_error"].get<double>(), controls[0]["standard_error"].get<double>()));
  CHECK_FALSE(controls[2].contains("difference"));
  CHECK(controls[3]["difference"]["eta_before"] == 0.6);
  CHECK(controls[3]["difference"]["variance_reduction"].get<double>() > 2);

  CHECK(controls[0]["log_growth_exact"] == controls[1]["log_growth_exact"]);
  CHECK_FALSE(controls[2].contains("log_growth_exact"));

  const auto loss = rows_of(scratch, "--eta 0.3 --method trajectories --steps 30 --replicas 4000")[0]["trajectories"];
  CHECK(loss["points"].size() == 31);
  CHECK(loss["points"][0]["exact"] == 1.0);
  for (const auto& point : loss["points"])
    CHECK(std::abs(point["mean"].get<double>() - point["exact"].get<double>()) <
          5 * point["standard_error"].get<double>() + 1e-12);

  const auto bias = rows_of(scratch, "--eta 0.65 --replicas 64 --steps 300 --measure-bias true")[0]["population_bias"];
  CHECK(bias["points"].size() == 3);
}

TEST_CASE("simulate tells how fast the stationary state forgets", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  // Curvatures 1 and 2, each with gradients 1 and -1: the correlation falls by E(1 - eta h)^2 a step.
  brink::write_npy(scratch.path() / "G1.npy", brink::RowMatrix{{1}, {1}, {std::sqrt(2.0)}, {std::sqrt(2.0)}});
  brink::write_npy(scratch.path() / "b.npy", brink::RowMatrix{{1}, {-1}, {1}, {-1}});
  const auto row = rows_of(scratch, "--gradient-noise b.npy --eta 0.1 --method mixing --replicas 100 --steps 1000")[0];
  const auto& mixing = row["mixing"];
  const double exact = -std::log((0.81 + 0.64) / 2);
  CHECK(mixing["rate_exact"].get<double>() == Approx(exact).epsilon(1e-9));
  CHECK(std::abs(mixing["rate"].get<double>() - exact) < 4.5 * mixing["rate_standard_error"].get<double>());
  CHECK(mixing["relaxation_time"].get<double>() == Approx(1 / mixing["rate"].get<double>()));
  CHECK(mixing["correlation"][0]["correlation"] == 1.0);
  CHECK(row["log_growth"].is_null());
}

TEST_CASE("simulate refuses methods and controls that do not go together", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  for (const auto& [arguments, named] : {std::pair{"--method tail", "gradient noise"},
                                         {"--method mixing", "gradient noise"},
                                         {"--control cyclic --method trajectories", "--control"},
                                         {"--control noise", "--control"},
                                         {"--control cyclic --sampling reshuffled", "--control"},
                                         {"--control cyclic --method escape", "--control"},
                                         {"--control cyclic --sampling gaussian", "--control"},
                                         {"--method escape --escape-level 1", "--escape-level"},
                                         {"--method escape --escape-level nan", "--escape-level"},
                                         {"--method lyapunov --measure-bias true", "--measure-bias"},
                                         {"--method horizon --steps 10", "steps"}}) {
    const auto outcome = run(std::string("simulate --jacobian G1.npy --eta 0.5 --quiet ") + arguments, scratch.path());
    CAPTURE(arguments, outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.errors.find(named) != std::string::npos);
  }
}
