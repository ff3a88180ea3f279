#include "brink/report/hypothesis_report.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "brink/base/error.hpp"

using namespace brink;
using nlohmann::json;

namespace {

Registration registration() {
  Registration r;
  r.hash = std::string(64, 'a');
  r.date = "2026-01-31T12:00:00Z";
  r.version = "0.1.0";
  PowerForecast forecast;
  forecast.decision = Decision::refuted;
  forecast.power = 0.93;
  forecast.seeds_needed = 17;
  forecast.steps_factor_needed = 3.5;
  forecast.measured_share = 0.25;
  forecast.seeds_planned = 20;
  forecast.pilot_seeds = 6;
  forecast.limiting = "batch = 8";
  forecast.deviation = 0.25;
  r.forecasts.emplace_back("one", forecast);
  forecast.seeds_needed.reset();
  forecast.steps_factor_needed.reset();
  forecast.reason = "why";
  r.forecasts.emplace_back("two", forecast);
  r.superseded = {"b", "c"};
  return r;
}

HypothesisReport report() {
  HypothesisReport r;
  r.file = "f.toml";
  r.hash = std::string(64, 'a');
  r.registration = registration();
  Judgement judgement;
  judgement.name = "one";
  judgement.hypothesis.claim = "it is so";
  judgement.decision = Decision::supported;
  ContrastResult contrast;
  contrast.name = "all runs";
  contrast.lower = -std::numeric_limits<double>::infinity();
  contrast.upper = 1;
  contrast.mean = {0.5, 0.1, 7};
  contrast.interval = {0.3, 0.7};
  contrast.seeds = 8;
  judgement.contrasts.push_back(contrast);
  judgement.reasons = {{"diverged", 2}};
  judgement.excluded = 2;
  r.judgements.push_back(judgement);
  return r;
}

}  // namespace

TEST_CASE("a registration is read back as it was written", "[report][fast]") {
  const Registration before = registration();
  const Registration after = registration_of(registration_json(before), "r.json");
  CHECK(after.hash == before.hash);
  CHECK(after.date == before.date);
  CHECK(after.superseded == before.superseded);
  REQUIRE(after.forecasts.size() == 2);
  CHECK(after.forecasts[0].second.power == 0.93);
  CHECK(after.forecasts[0].second.seeds_needed == 17);
  CHECK(after.forecasts[0].second.steps_factor_needed == 3.5);
  CHECK(after.forecasts[0].second.measured_share == 0.25);
  CHECK_FALSE(after.forecasts[1].second.steps_factor_needed);
  CHECK(after.forecasts[0].second.decision == Decision::refuted);
  CHECK_FALSE(after.forecasts[1].second.seeds_needed);
  CHECK(after.forecasts[1].second.reason == "why");
  CHECK(registration_json(after) == registration_json(before));
  for (const char* text : {"", "{}", "[]", "{\"schema\":\"brink.registration/1\"}", "{\"schema\":\"brink.verify/1\"}"})
    CHECK_THROWS_WITH(registration_of(text, "r.json"), Catch::Contains("r.json is no registration"));
}

TEST_CASE("runs come back from a checkpoint bit by bit", "[report][fast]") {
  Observation run;
  run.seed = 3;
  run.parameters = {"rule", "batch"};
  run.numbers = {
      {"x", 0.1 + 0.2}, {"inf", INFINITY}, {"minus", -INFINITY}, {"nan", NAN}, {"threshold(\"mean\")", 5e-324}};
  run.standard_errors = {{"x", 0.1}};
  run.texts = {{"rule", "heavy-ball"}};
  run.traces = {{"step", {0, 1}}, {"loss", {1.0 / 3, NAN}}};
  run.failure = "diverged: \"1e9\"\nat step 7";
  const std::string line = observations_line({run, Observation{}});
  CHECK(line.find('\n') == std::string::npos);
  const auto back = observations_of(line);
  REQUIRE(back.size() == 2);
  CHECK(back[0].seed == 3);
  CHECK(back[0].parameters == run.parameters);
  CHECK(back[0].numbers.at("x") == 0.1 + 0.2);
  CHECK(back[0].numbers.at("inf") == INFINITY);
  CHECK(back[0].numbers.at("minus") == -INFINITY);
  CHECK(std::isnan(back[0].numbers.at("nan")));
  CHECK(back[0].numbers.at("threshold(\"mean\")") == 5e-324);
  CHECK(back[0].standard_errors == run.standard_errors);
  CHECK(back[0].texts == run.texts);
  CHECK(back[0].traces.at("loss")[0] == 1.0 / 3);
  CHECK(std::isnan(back[0].traces.at("loss")[1]));
  CHECK(back[0].failure == run.failure);
  CHECK(observations_line(back) == line);
  CHECK_THROWS_AS(observations_of("[{}]"), InvalidInput);
  CHECK_THROWS_AS(observations_of("nothing"), InvalidInput);
}

TEST_CASE("the JSON of verdicts has no number that is not finite", "[report][fast]") {
  const json result = json::parse(hypothesis_json(report()));
  CHECK(result["schema"] == "brink.hypothesis/1");
  CHECK(result["registered"] == true);
  CHECK(result["as_expected"] == true);
  const json& one = result["hypotheses"][0];
  CHECK(one["verdict"] == "supported");
  CHECK(one["effect"] == 0.5);
  CHECK(one["effect_of"] == "all runs");
  CHECK(one["announced_power"] == 0.93);
  CHECK(one["reasons"][0]["runs"] == 2);
  CHECK(one["contrasts"][0]["lower_limit"].is_null());
  CHECK(one["contrasts"][0]["upper_limit"] == 1);
  HypothesisReport unregistered = report();
  unregistered.registration.reset();
  unregistered.not_registered = "changed";
  const json other = json::parse(hypothesis_json(unregistered));
  CHECK(other["registered"] == false);
  CHECK_THAT(other["reason"].get<std::string>(), Catch::Contains("changed"));
  CHECK(other["as_expected"] == false);
  CHECK(other["hypotheses"][0]["announced_power"].is_null());
}

TEST_CASE("a contrast that was not measured has no mean, and the reason", "[report][fast]") {
  HypothesisReport r = report();
  ContrastResult& contrast = r.judgements[0].contrasts[0];
  contrast.mean = {};
  contrast.interval = {};
  contrast.seeds = 1;
  const json one = json::parse(hypothesis_json(r))["hypotheses"][0];
  const json& first = one["contrasts"][0];
  for (const char* key : {"mean", "standard_error", "interval"}) {
    CAPTURE(key);
    CHECK(first[key].is_null());
    CHECK_THAT(first["reason"].get<std::string>(), Catch::Contains(key));
  }
  CHECK(first["status"] == "not measured");
  CHECK_THAT(first["reason"].get<std::string>(), Catch::Contains("fewer than two usable seeds"));
  CHECK(one["effect"].is_null());
  CHECK(one["interval"].is_null());
  CHECK(one["status"] == "not measured");
  CHECK_THAT(to_csv(verdict_table(r)), Catch::Contains("supported,,,,,1,all runs"));
  CHECK_THAT(to_csv(contrast_table(r)), Catch::Contains("one,all runs,,,,,,,,1,1,0"));
  CHECK_THAT(hypothesis_text(r), Catch::Contains("all runs: not measured, fewer than two usable seeds, promised"));
  contrast.seeds = 5;
  contrast.censored = 2;
  CHECK_THAT(hypothesis_json(r), Catch::Contains("have no fit"));
}

TEST_CASE("verdicts as table and text", "[report][fast]") {
  const Table table = verdict_table(report());
  REQUIRE(table.rows().size() == 1);
  CHECK(std::get<std::string>(table.rows()[0][1]) == "supported");
  CHECK_THAT(to_csv(table), Catch::Contains("0.5,0.3,0.7,,1,all runs"));  // no lower limit
  CHECK(contrast_table(report()).rows().size() == 1);
  const std::string text = hypothesis_text(report());
  CHECK_THAT(text, Catch::Contains("it is so") && Catch::Contains("promised below 1") &&
                       Catch::Contains("2 excluded: diverged") && Catch::Contains("announced power 0.930"));
  HypothesisReport empty = report();
  empty.judgements[0].contrasts.clear();
  CHECK(verdict_table(empty).rows().size() == 1);
  CHECK(forecast_table(registration().forecasts).rows().size() == 2);
}
