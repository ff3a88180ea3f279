#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "brink/report/json_report.hpp"
#include "brink/report/provenance.hpp"
#include "brink/report/result_tables.hpp"
#include "report/examples.hpp"

using brink::LoadedModel;
using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::string> keys(const ordered_json& object) {
  std::vector<std::string> names;
  for (const auto& entry : object.items()) names.push_back(entry.key());
  return names;
}

/// The keys of the contract are there, in its order.
void check_keys(const ordered_json& object, const std::vector<std::string>& contract) {
  const auto names = keys(object);
  auto place = names.begin();
  for (const auto& name : contract) {
    CAPTURE(name, object.dump());
    place = std::find(place, names.end(), name);
    REQUIRE(place != names.end());
  }
}

/// Every null that stands for a number comes with the status and reason of its object.
void check_nulls(const json& value) {
  if (value.is_object()) {
    for (const auto& [key, entry] : value.items()) {
      CAPTURE(key);
      if (entry.is_null()) {
        REQUIRE(value.contains("status"));
        REQUIRE(value.contains("reason"));
        CHECK(!value["reason"].get<std::string>().empty());
      }
    }
  }
  if (value.is_structured()) {
    for (const auto& entry : value) check_nulls(entry);
  }
}

}  // namespace

TEST_CASE("threshold reports keep the contract", "[report][fast]") {
  const LoadedModel model = brink::test::example_model();
  const auto text = threshold_json(model, brink::test::example_thresholds(), {true, true});
  CHECK(text.back() == '\n');
  const auto report = ordered_json::parse(text);
  check_keys(report, {"schema", "model", "rows"});
  CHECK(report["schema"] == "brink.threshold/1");
  check_keys(report["model"], {"samples", "outputs", "rank", "lambda_max", "trace", "frobenius", "loss_convention"});
  CHECK(report["model"]["samples"] == 3);
  CHECK(report["model"]["loss_convention"] == "mean of half squares");
  CHECK(report["model"]["options"]["file"] == "J.npy");

  REQUIRE(report["rows"].size() == 2);
  const auto& row = report["rows"][0];
  check_keys(row, {"rule", "momentum", "sampling", "batch", "eta_deterministic", "eta_mean_square", "residual",
                   "method", "bounds", "critical", "growth"});
  CHECK(row["rule"] == "heavy-ball");
  CHECK(row["momentum"] == 0.9);
  CHECK(row["batch"] == 2);
  CHECK(row["eta_mean_square"].get<double>() == 0.42328015546237);
  CHECK(row["critical"]["batch_sharpness_in_times_eta"] == 0.42);
  check_keys(row["bounds"][0], {"name", "eta", "status", "vacuous", "reason", "source"});
  CHECK(row["bounds"][0]["status"] == "necessary");
  CHECK(row["bounds"][0]["details"]["alignment"] == 1.5);
  CHECK(row["bounds"][1]["eta"].is_null());
  check_keys(row["growth"][0], {"eta", "log_growth", "log_growth_error", "stable", "stationary"});
  check_keys(row["growth"][0]["stationary"], {"trace", "excess_loss", "gradient_norm_squared"});
  CHECK_FALSE(row["growth"][1].contains("stationary"));
  CHECK(row["growth"][1]["stable"] == false);
  check_nulls(report["rows"]);
}

TEST_CASE("bounds and growth appear only where they were asked for", "[report][fast]") {
  const auto report = json::parse(threshold_json(brink::test::example_model(), brink::test::example_thresholds()));
  CHECK_FALSE(report["rows"][0].contains("bounds"));
  CHECK_FALSE(report["rows"][0].contains("growth"));
}

TEST_CASE("no number of a report is NaN or infinite", "[report][fast]") {
  auto rows = brink::test::example_thresholds();
  rows[0].threshold.eta_deterministic = kInfinity;
  rows[0].threshold.residual = kNan;
  rows[0].growth[0].growth.log_growth = -kInfinity;
  rows[0].bounds[0].eta = kInfinity;
  const auto report = json::parse(threshold_json(brink::test::example_model(), rows, {true, true}));
  const auto& row = report["rows"][0];
  CHECK(row["eta_deterministic"].is_null());
  CHECK(row["residual"].is_null());
  CHECK(row["status"] == "not finite");
  CHECK(row["reason"] == "eta_deterministic: infinite; residual: not a number");
  CHECK(row["growth"][0]["log_growth"].is_null());
  check_nulls(report["rows"]);

  auto verification = brink::test::example_verification();
  verification.comparisons[0].detectable_threshold_error = kInfinity;
  verification.comparisons[0].z = kNan;
  verification.cells[1].detectable_threshold_error = kInfinity;
  check_nulls(json::parse(verification_json(brink::test::example_model(), verification)));
}

TEST_CASE("simulation reports keep the contract", "[report][fast]") {
  const auto report =
      ordered_json::parse(simulation_json(brink::test::example_model(), brink::test::example_simulation()));
  CHECK(report["schema"] == "brink.simulate/1");
  REQUIRE(report["rows"].size() == 2);
  for (const auto& row : report["rows"]) {
    check_keys(row, {"rule", "momentum", "sampling", "batch", "eta", "moment", "log_growth", "standard_error", "method",
                     "lyapunov", "lyapunov_standard_error", "warnings"});
  }
  CHECK(report["rows"][0]["log_growth"] == 0.25);
  CHECK(report["rows"][0]["standard_error"] == 0.001);
  CHECK(report["rows"][0]["lyapunov"].is_null());
  CHECK(report["rows"][0]["warnings"] == json({"few ancestors"}));
  CHECK(report["rows"][1]["log_growth"].is_null());
  CHECK(report["rows"][1]["lyapunov"] == -0.5);
  check_nulls(report["rows"]);
}

TEST_CASE("verification reports keep the contract", "[report][fast]") {
  const auto report =
      ordered_json::parse(verification_json(brink::test::example_model(), brink::test::example_verification()));
  check_keys(report, {"schema", "agree", "comparisons"});
  CHECK(report["schema"] == "brink.verify/1");
  CHECK(report["agree"] == true);
  REQUIRE(report["comparisons"].size() == 1);
  const auto& comparison = report["comparisons"][0];
  check_keys(comparison, {"quantity", "rule", "momentum", "sampling", "batch", "eta", "eta_over_threshold", "theory",
                          "estimate", "standard_error", "z", "detectable_threshold_error", "verdict"});
  CHECK(comparison["momentum"] == 0.5);
  CHECK(comparison["verdict"] == brink::to_string(brink::Verdict::agree));
  CHECK(report["cells"][0]["eta_measured"] == 0.51);
  CHECK(report["cells"][1]["eta_measured"].is_null());
  check_nulls(report);
}

TEST_CASE("a population has no samples to count", "[report][fast]") {
  const auto report = json::parse(inspection_json(brink::test::example_population()));
  CHECK(report["model"]["samples"].is_null());
  CHECK(report["model"]["rank"] == 3);
  CHECK(report["model"]["spectrum_head"] == json({4.0, 2.0, 1.0}));
  check_nulls(report);
}

TEST_CASE("text that is not UTF-8 does not fail a report", "[report][fast]") {
  auto model = brink::test::example_model();
  model.notes.push_back("file \xff\xfe.npy");
  CHECK_NOTHROW(json::parse(inspection_json(model)));
}

TEST_CASE("tables hold the numbers of the reports", "[report][fast]") {
  const auto csv = to_csv(threshold_table(brink::test::example_thresholds(), true));
  CHECK(csv.find("rule,momentum,sampling,batch,eta_deterministic,eta_mean_square,residual") == 0);
  CHECK(csv.find("heavy-ball,0.9,without-replacement,2,2.15,0.42328015546237,1e-12,0.42,") != std::string::npos);
  const auto verification = brink::test::example_verification();
  CHECK(to_csv(comparison_table(verification)).find("\nlog_growth,heavy-ball,0.5,without-replacement,1,0.5,") !=
        std::string::npos);
  CHECK(cell_table(verification).rows().size() == 2);
  CHECK(bound_table(brink::test::example_thresholds()).rows().size() == 2);
  const auto simulation = to_csv(simulation_table(brink::test::example_simulation()));
  CHECK(simulation.find(",0.25,0.001,cloning,,,few ancestors\n") != std::string::npos);
}

TEST_CASE("provenance names the program and the machine", "[report][fast]") {
  const auto report = json::parse(brink::provenance_json({"brink verify a.toml", "seed = 1\n", 2, 1.5}));
  CHECK(report["schema"] == "brink.provenance/1");
  CHECK(report["version"] == brink::version());
  CHECK(brink::version().find('.') != std::string::npos);
  CHECK_FALSE(brink::commit().empty());
  CHECK(report["blas"].get<std::string>().find("OpenBLAS") != std::string::npos);
  CHECK(report["configuration"] == "seed = 1\n");
  CHECK(report["threads"] == 2);
  CHECK(report["date"].get<std::string>().size() == 20);
}
