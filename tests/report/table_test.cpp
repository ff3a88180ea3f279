#include <catch2/catch.hpp>
#include <clocale>
#include <cmath>
#include <limits>
#include <random>

#include "brink/base/error.hpp"
#include "brink/report/table.hpp"

using brink::shortest;
using brink::Table;

TEST_CASE("CSV quotes as RFC 4180 asks and leaves missing values empty", "[report][fast]") {
  // Empty in quotes at the end of a line: gnuplot does not see a column after the last comma.
  Table table({{"name"}, {"a,b"}, {"n"}, {"flag"}});
  table.add_row({std::string("plain"), 0.1, std::int64_t{-3}, true});
  table.add_row({std::string("say \"no\", twice"), {}, {}, false});
  table.add_row({std::string("two\nlines"), std::numeric_limits<double>::quiet_NaN(), std::int64_t{0}, {}});
  table.add_row({std::string(), -std::numeric_limits<double>::infinity(), {}, {}});
  CHECK(to_csv(table) ==
        "name,\"a,b\",n,flag\n"
        "plain,0.1,-3,true\n"
        "\"say \"\"no\"\", twice\",,,false\n"
        "\"two\nlines\",,0,\"\"\n"
        ",,,\"\"\n");
}

TEST_CASE("numbers read back to the same double", "[report][fast]") {
  CHECK(shortest(0.1) == "0.1");
  CHECK(shortest(1e-8) == "1e-08");
  CHECK(shortest(2) == "2");
  CHECK(shortest(-0.0) == "0");
  std::mt19937_64 random(7);
  for (int i = 0; i < 10000; ++i) {
    const double value = std::ldexp(static_cast<double>(random() >> 11U), static_cast<int>(random() % 2000) - 1050);
    REQUIRE(std::stod(shortest(value)) == value);
  }
}

TEST_CASE("CSV does not follow the locale", "[report][fast]") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, name) == nullptr) continue;
    Table table({{"x"}});
    table.add_row({1234567.25});
    CHECK(to_csv(table) == "x\n1234567.25\n");
    CHECK(to_text(table).find("1.23457e+06") != std::string::npos);
  }
  std::setlocale(LC_ALL, before.c_str());
}

TEST_CASE("the text table aligns its columns and rounds", "[report][fast]") {
  Table table({{"rule"}, {"eta", 3}, {"batch"}});
  table.add_row({std::string("heavy-ball"), 0.123456, std::int64_t{4}});
  table.add_row({std::string("η"), {}, std::int64_t{256}});
  CHECK(to_text(table) ==
        "rule          eta  batch\n"
        "──────────  ─────  ─────\n"
        "heavy-ball  0.123      4\n"
        "η               –    256\n");
}

TEST_CASE("long column names are broken after underscores to fit their values", "[report][fast]") {
  Table table({{"eta_mean_square"}, {"standard_error", 2}, {"deterministic"}, {"_"}});
  table.add_row({0.5, 0.001, true, {}});
  CHECK(to_text(table) ==
        "eta_mean_  standard_\n"
        "   square      error  deterministic  _\n"
        "─────────  ─────────  ─────────────  ─\n"
        "      0.5      0.001  yes            –\n");
}

TEST_CASE("a row of the wrong length is refused", "[report][fast]") {
  Table table({{"a"}, {"b"}});
  CHECK_THROWS_AS(table.add_row({1.0}), brink::InvalidInput);
  CHECK(table.rows().empty());
}
