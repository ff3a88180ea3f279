// brink simulate beyond growth rates: escape, horizon, controls, and what does not go together.

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

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

  const auto bias = rows_of(scratch, "--eta 0.65 --replicas 64 --steps 300 --measure-bias true")[0]["population_bias"];
  CHECK(bias["points"].size() == 3);
}

TEST_CASE("simulate refuses methods and controls that do not go together", "[cli][fast]") {
  const Scratch scratch;
  scratch.write_small_arrays();
  for (const auto& [arguments, named] : {std::pair{"--method tail", "gradient noise"},
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
