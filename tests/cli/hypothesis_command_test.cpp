// brink hypothesis and brink report from outside.

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "oracle/random.hpp"
#include "program.hpp"

using Catch::Contains;
using nlohmann::json;
using program::Scratch;

namespace {

constexpr const char* kLinear = R"([model]
kind = "quadratic"
dimension = 16
exponent = 0
samples = 64
[optimizer]
rule = ["sgd", "heavy-ball"]
momentum = [0.5]
[batch]
size = [1, 2, 4]
[population]
seeds = 5
pilot_seeds = 4
[hypothesis.scaling]
claim = "proportional to the batch size"
quantity = "eta_mean_square"
rule = "slope"
predicted = "1"
margin = 0.3
[hypothesis.wrong]
claim = "independent of the batch size"
quantity = "eta_mean_square"
rule = "slope"
predicted = "0"
margin = 0.3
expected_verdict = "refuted"
)";

constexpr const char* kTraining = R"([model]
kind = "regression"
data = "d.csv"
[optimizer]
rule = "sgd"
[batch]
size = [2, 6]
[grid]
eta_over_threshold = [0.3]
[training]
steps = 400
[population]
runs = "training"
seeds = 4
pilot_seeds = 0
vary = ["batches"]
[hypothesis.decays]
claim = "the loss falls to a hundredth"
quantity = 'final("loss")/first("loss")'
rule = "one-sided"
direction = "below"
scale = "absolute"
predicted = "0.01"
[hypothesis.stable]
claim = "all runs are below the threshold"
quantity = 'eta/threshold("mean-square")'
rule = "equal"
predicted = "0.3"
margin = 0.01
)";

std::string plane_table(int rows) {
  oracle::Random random(8);
  std::string text;
  for (int k = 0; k < rows; ++k) {
    const double x = random.normal();
    const double y = random.normal();
    text += fmt::format("{},{},{}\n", x, y, 2 * x - y);
  }
  return text;
}

}  // namespace

TEST_CASE("a registered file is judged, and its verdicts are kept", "[cli][fast]") {
  const Scratch scratch;
  scratch.write("h.toml", kLinear);
  const auto registered = scratch.brink("hypothesis register h.toml --quiet");
  INFO(registered.errors);
  REQUIRE(registered.exit_code == 0);
  CHECK_THAT(registered.output, Contains("SHA-256") && Contains("scaling: the pilot points to \"supported\""));
  const json registration = json::parse(scratch.read("h.registration.json"));
  CHECK(registration["hash"].get<std::string>().size() == 64);
  CHECK(registration["forecasts"][0]["power"].get<double>() > 0.9);
  CHECK(scratch.brink("hypothesis register h.toml --quiet").exit_code == 0);  // the same content: nothing to do

  const auto judged = scratch.brink("hypothesis h.toml --out r --format json --quiet --threads 2");
  INFO(judged.errors);
  CHECK(judged.exit_code == 0);
  const json result = json::parse(judged.output);
  CHECK(result["schema"] == "brink.hypothesis/1");
  CHECK(result["registered"] == true);
  CHECK(result["registration"]["hash"] == registration["hash"]);
  CHECK(result["population"] == 30);
  const json& scaling = result["hypotheses"][0];
  CHECK(scaling["name"] == "scaling");
  CHECK(scaling["verdict"] == "supported");
  CHECK(scaling["p_supported_corrected"].get<double>() >= scaling["p_supported"].get<double>());
  CHECK(scaling["announced_power"].get<double>() > 0.9);
  CHECK(result["hypotheses"][1]["verdict"] == "refuted");
  CHECK(scratch.read("r/hypothesis.toml") == kLinear);
  CHECK(scratch.has("r/registration.json"));
  CHECK(scratch.has("r/tables/verdicts.csv"));
  CHECK_THAT(scratch.read("r/tables/population.csv"), Contains("heavy-ball"));
  const std::string first = scratch.read("r/result.json");

  // The same from the checkpoint, and from the beginning on one thread, to the byte.
  CHECK(scratch.brink("hypothesis judge h.toml --out r --quiet").exit_code == 0);
  CHECK(scratch.read("r/result.json") == first);
  CHECK(scratch.brink("hypothesis judge h.toml --out r --quiet --threads 1 --force").exit_code == 0);
  CHECK(scratch.read("r/result.json") == first);

  const auto report = scratch.brink("report r");
  INFO(report.errors);
  REQUIRE(report.exit_code == 0);
  CHECK_THAT(scratch.read("r/report.html"), Contains("proportional to the batch size") && Contains("supported"));
  CHECK_THAT(scratch.read("r/report.md"), Contains("| scaling | **supported** |"));
  CHECK_THAT(scratch.read("r/tables/verdicts.tex"), Contains("\\toprule"));
  CHECK(scratch.read("r/result.json") == first);
}

TEST_CASE("a file that was changed or never registered is reported as not registered", "[cli][fast]") {
  const Scratch scratch;
  scratch.write("h.toml", kLinear);
  const auto never = scratch.brink("hypothesis h.toml --out never --format json --quiet");
  CHECK(never.exit_code == 1);
  CHECK(json::parse(never.output)["registered"] == false);
  CHECK_THAT(never.errors, Contains("not registered"));
  CHECK_THAT(json::parse(never.output)["reason"].get<std::string>(), Contains("h.registration.json"));

  REQUIRE(scratch.brink("hypothesis register h.toml --quiet").exit_code == 0);
  scratch.write("h.toml", std::string(kLinear) + "# a wider margin would come here\n");
  const auto changed = scratch.brink("hypothesis h.toml --out changed --format json --quiet");
  CHECK(changed.exit_code == 1);
  const json result = json::parse(changed.output);
  CHECK(result["registered"] == false);
  CHECK_THAT(result["reason"].get<std::string>(), Contains("has changed"));
  CHECK(result["hypotheses"][0]["verdict"] == "supported");

  const auto again = scratch.brink("hypothesis register h.toml --quiet");
  CHECK(again.exit_code == 2);
  CHECK_THAT(again.errors, Contains("--force"));
  CHECK(scratch.brink("hypothesis register h.toml --quiet --force").exit_code == 0);
  CHECK(json::parse(scratch.read("h.registration.json"))["superseded"].size() == 1);
}

TEST_CASE("the file kept with a run is the one that was judged, read once", "[cli][fast]") {
  const Scratch scratch;
  scratch.write("h.toml", kLinear);
  // A pipe has nothing left for a second reading.
  const auto judged = program::run_under("cat h.toml |", "hypothesis /dev/stdin --out r --quiet", scratch.path());
  INFO(judged.errors);
  CHECK(judged.exit_code == 1);  // not registered
  CHECK(scratch.read("r/hypothesis.toml") == kLinear);
}

TEST_CASE("hypotheses about training runs", "[cli][fast]") {
  const Scratch scratch;
  scratch.write("d.csv", plane_table(12));
  scratch.write("t.toml", kTraining);
  REQUIRE(scratch.brink("hypothesis register t.toml --quiet").exit_code == 0);
  const auto judged = scratch.brink("hypothesis t.toml --out r --format json --quiet");
  INFO(judged.errors << judged.output);
  CHECK(judged.exit_code == 0);
  const json result = json::parse(judged.output);
  CHECK(result["runs"] == "training");
  CHECK(result["hypotheses"][0]["verdict"] == "supported");
  CHECK(result["hypotheses"][0]["announced_power"].is_null());
  CHECK(result["hypotheses"][1]["verdict"] == "supported");
}

TEST_CASE("runs that diverge are excluded with the reason", "[cli][fast]") {
  const Scratch scratch;
  scratch.write("d.csv", plane_table(12));
  std::string text = kTraining;
  text.replace(text.find("[0.3]"), 5, "[0.3, 30]");
  scratch.write("t.toml", text);
  const auto judged = scratch.brink("hypothesis t.toml --out r --format json --quiet");
  CHECK(judged.exit_code == 1);
  const json result = json::parse(judged.output);
  CHECK(result["failures"][0]["reason"] == "diverged");
  CHECK(result["failures"][0]["runs"] == 8);
  CHECK(result["hypotheses"][0]["excluded"] == 8);
  CHECK(result["hypotheses"][0]["verdict"] == "cannot tell");
  CHECK_THAT(result["hypotheses"][0]["warnings"].back().get<std::string>(), Contains("most_excluded"));
}

TEST_CASE("what is wrong with a hypothesis file is said in one line", "[cli][fast]") {
  const Scratch scratch;
  const auto refused = [&](const std::string& from, const std::string& to, const std::string& says) {
    std::string text = kLinear;
    text.replace(text.find(from), from.size(), to);
    scratch.write("h.toml", text);
    const auto outcome = scratch.brink("hypothesis h.toml --quiet");
    CAPTURE(to, outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK_THAT(outcome.errors, Contains(says));
    CHECK(outcome.error_lines().size() <= 2);  // "not registered" comes before
  };
  refused("rule = \"slope\"", "rule = \"slop\"", "one of equal");
  refused("quantity = \"eta_mean_square\"", "quantity = \"eta_mean_sqare\"", "eta_mean_square");
  refused("quantity = \"eta_mean_square\"", "quantity = \"(eta\"", "column");
  refused("margin = 0.3", "margn = 0.3", "margin");
  refused("margin = 0.3", "margin = -1", "a number > 0");
  refused("seeds = 5", "seeds = 1", "an integer >= 2");
  refused("[hypothesis.scaling]", "[hypotheses.scaling]", "hypotheses");
  refused("kind = \"quadratic\"", "kind = \"cubic\"", "cubic");
  CHECK(scratch.brink("hypothesis nothing.toml").exit_code == 2);
  CHECK(scratch.brink("hypothesis judges h.toml").exit_code == 2);
  CHECK(scratch.brink("hypothesis h.toml --seed 3").exit_code == 2);
  CHECK(scratch.brink("report .").exit_code == 2);
}

TEST_CASE("regimes from the command line", "[cli][fast]") {
  const Scratch scratch;
  scratch.write("m.toml",
                "[model]\nkind = \"quadratic\"\ndimension = 4\nexponent = 0\nsamples = 64\n[optimizer]\nrule = "
                "\"heavy-ball\"\nmomentum = [0, 0.9]\n");
  const auto outcome = scratch.brink("regimes --config m.toml --format json --out r");
  INFO(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  const json result = json::parse(outcome.output);
  CHECK(result["schema"] == "brink.regimes/1");
  REQUIRE(result["rows"].size() == 2);
  const auto half = [&](int row) { return result["rows"][row]["curves"][0]["half"]["batch"].get<double>(); };
  CHECK(half(1) > 2 * half(0));      // momentum moves the crossover to larger batches
  CHECK(result["agree"].is_null());  // nothing was measured
  const json& point = result["rows"][0]["curves"][0]["points"][0];
  CHECK(point["residual"].get<double>() < 1e-6);
  CHECK(point["standard_error"].is_null());
  CHECK_THAT(scratch.read("r/tables/points.csv"), Contains("eta,residual,standard_error"));
  CHECK(scratch.brink("report r").exit_code == 0);
  CHECK(scratch.brink("regimes --config m.toml --measure nothing").exit_code == 2);
}

TEST_CASE("regimes with every boundary censored compare nothing, and say so", "[cli][fast]") {
  const Scratch scratch;
  // Curvatures that are nearly the same: noise matters at no batch size.
  std::string table;
  for (int k = 0; k < 6; ++k) table += "1,0\n1.01,0\n";
  scratch.write("d.csv", table);
  scratch.write("m.toml", "[model]\nkind = \"regression\"\ndata = \"d.csv\"\n");
  const auto outcome = scratch.brink(
      "regimes --config m.toml --measure linear --measured-points 4 --replicas 64 --steps 64 --burn-in 10 --format "
      "json");
  INFO(outcome.errors);
  CHECK(outcome.exit_code == 1);
  const json result = json::parse(outcome.output);
  CHECK(result["agree"] == false);
  CHECK(result["rows"][0]["comparisons"].empty());
  CHECK_THAT(outcome.errors, Contains("nothing was compared"));
}
