#include "brink/statistics/expression.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "brink/base/error.hpp"
#include "oracle/random.hpp"

using namespace brink;

namespace {

ExpressionScope scope() {
  static const std::map<std::string, ExpressionValue> known = {
      {"eta", 0.1}, {"momentum", 0.5}, {"batch", 8.0}, {"rule", std::string("sgd")}, {"or_else", 3.0}};
  return {[](const std::string& name) -> ExpressionValue {
            const auto found = known.find(name);
            if (found == known.end()) throw InvalidInput("unknown " + name);
            return found->second;
          },
          [](const std::string& name, const std::string& text, const std::vector<double>& numbers) {
            if (name != "threshold") throw InvalidInput("unknown " + name);
            double value = static_cast<double>(text.size());
            for (const double number : numbers) value += number;
            return value;
          }};
}

double number(const std::string& text) { return Expression::parse(text).number(scope()); }
bool truth(const std::string& text) { return Expression::parse(text).truth(scope()); }

}  // namespace

TEST_CASE("expressions have the value of algebra", "[statistics][fast]") {
  CHECK(number("2*(1-momentum)/eta") == Approx(10));
  CHECK(number("1 - 2 - 3") == -4);
  CHECK(number("8/4/2") == 1);
  CHECK(number("2^3^2") == 512);
  CHECK(number("-2^2") == -4);
  CHECK(number("2^-1") == 0.5);
  CHECK(number("--3") == 3);
  CHECK(number("1e-3*2E3 + .5") == Approx(2.5));
  CHECK(number("ln(exp(2)) + sqrt(9) + abs(-1) + floor(2.9) + min(3, 1, 2) + max(1, batch)") == Approx(17));
  CHECK(number("threshold(\"mean-square\", 2)") == 13);
  CHECK(number("or_else") == 3);  // a name that begins like an operator
  CHECK(std::isinf(number("1/0")));
  CHECK(std::isnan(number("max(1, ln(-1))")));
}

TEST_CASE("conditions", "[statistics][fast]") {
  CHECK(truth("batch <= 8 and rule == \"sgd\""));
  CHECK(truth("rule != \"nesterov\" and not batch > 8"));
  CHECK(truth("batch == 1 or batch == 2 or 3 < batch"));
  CHECK_FALSE(truth("false or not (1 < 2)"));
  CHECK(truth("1 + 1 == 2"));
}

TEST_CASE("a comparison asks for each side once", "[statistics][fast]") {
  int asked = 0;
  const ExpressionScope counting{[&](const std::string&) -> ExpressionValue {
                                   ++asked;
                                   return 1.0;
                                 },
                                 {}};
  CHECK(Expression::parse("a <= b").truth(counting));
  CHECK(asked == 2);
}

TEST_CASE("an expression tells what it asks for", "[statistics][fast]") {
  const Expression expression = Expression::parse("eta*threshold(\"mean\") + eta + tail(\"loss\", 0.5)");
  CHECK(expression.variables() == std::vector<std::string>{"eta"});
  REQUIRE(expression.calls().size() == 2);
  CHECK(expression.calls()[1].text == "loss");
  CHECK(expression.calls()[1].numbers == std::vector<double>{0.5});
}

TEST_CASE("what is no expression is refused with its place", "[statistics][fast]") {
  for (const char* text : {"", "1 +", "(1", "1)", "1 2", "foo(1)", "ln()", "ln(1,2)", "\"open", "1..2", "a = 2", "$x",
                           "threshold(\"a\", b)", "1e999", "sqrt", "not", "min(1,2,3,4,5,6,7,8,9)"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Expression::parse(text).number(scope()), InvalidInput);
  }
  CHECK_THROWS_WITH(Expression::parse("1 + * 2"), Catch::Contains("column 5"));
  CHECK_THROWS_AS(truth("batch"), InvalidInput);
  CHECK_THROWS_AS(number("rule"), InvalidInput);
  CHECK_THROWS_AS(number("rule + 1"), InvalidInput);
  CHECK_THROWS_AS(truth("rule < \"sgd\""), InvalidInput);
}

TEST_CASE("no text takes more than bounded depth", "[statistics][fast]") {
  CHECK_THROWS_AS(Expression::parse(std::string(1500, '(')), InvalidInput);
  CHECK_THROWS_AS(Expression::parse(std::string(1500, '-') + "1"), InvalidInput);
  CHECK_THROWS_AS(Expression::parse(std::string(3000, ' ') + "1"), InvalidInput);
  std::string chain = "1";
  for (int i = 0; i < 900; ++i) chain += "+1";
  CHECK_THROWS_AS(Expression::parse(chain), InvalidInput);
  std::string powers = "1";
  for (int i = 0; i < 900; ++i) powers += "^1";
  CHECK_THROWS_AS(Expression::parse(powers), InvalidInput);
}

TEST_CASE("random texts are read or refused, never worse", "[statistics][fast]") {
  oracle::Random random(17);
  const std::string alphabet = "0123.e+-*/^()<>=! \"abnotrdlnmix,_";
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    const int length = 1 + random.below(24);
    for (int k = 0; k < length; ++k)
      text += alphabet[static_cast<std::size_t>(random.below(static_cast<int>(alphabet.size())))];
    try {
      static_cast<void>(Expression::parse(text).evaluate(scope()));
      ++read;
    } catch (const InvalidInput&) {
    }
  }
  CHECK(read > 20);
}
