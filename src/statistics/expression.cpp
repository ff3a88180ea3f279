#include "brink/statistics/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "brink/base/error.hpp"

namespace brink {

struct Expression::Node {
  enum class Kind { number, text, variable, call, arithmetic, comparison, logic };
  Kind kind = Kind::number;
  double number = 0;
  std::string name;  ///< of a variable or function, the text of a text, the operator
  std::vector<std::shared_ptr<const Node>> operands;
};

namespace {

using Node = Expression::Node;
using NodePointer = std::shared_ptr<const Node>;

constexpr std::size_t kMostArguments = 8;

struct Function {
  std::string_view name;
  std::size_t fewest;
  std::size_t most;
  double (*apply)(const std::vector<double>& x);
};

const std::vector<Function>& numeric_functions() {
  using Values = const std::vector<double>&;
  static const std::vector<Function> functions = {
      {"ln", 1, 1, [](Values x) { return std::log(x[0]); }},
      {"exp", 1, 1, [](Values x) { return std::exp(x[0]); }},
      {"sqrt", 1, 1, [](Values x) { return std::sqrt(x[0]); }},
      {"abs", 1, 1, [](Values x) { return std::abs(x[0]); }},
      {"floor", 1, 1, [](Values x) { return std::floor(x[0]); }},
      {"min", 1, kMostArguments, [](Values x) { return *std::min_element(x.begin(), x.end()); }},
      {"max", 1, kMostArguments, [](Values x) { return *std::max_element(x.begin(), x.end()); }},
  };
  return functions;
}

const Function* find_function(std::string_view name) {
  for (const auto& function : numeric_functions())
    if (function.name == name) return &function;
  return nullptr;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

NodePointer make(Node::Kind kind, std::string name, std::vector<NodePointer> operands, double number = 0) {
  Node node;
  node.kind = kind;
  node.number = number;
  node.name = std::move(name);
  node.operands = std::move(operands);
  return std::make_shared<const Node>(std::move(node));
}

/// Recursive descent, one function a level of precedence; every recursion is counted.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  NodePointer whole() {
    NodePointer node = disjunction();
    skip();
    if (at_ != text_.size()) fail("an operator or the end");
    return node;
  }

 private:
  [[noreturn]] void fail(std::string_view expected) const {
    throw InvalidInput(fmt::format("expression: \"{}\", column {}, need {}", text_, at_ + 1, expected));
  }

  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }

  bool take(std::string_view token) {
    skip();
    if (text_.substr(at_, token.size()) != token) return false;
    if (is_letter(token.front()) && at_ + token.size() < text_.size()) {
      const char next = text_[at_ + token.size()];
      if (is_letter(next) || is_digit(next)) return false;
    }
    at_ += token.size();
    return true;
  }

  /// Counts nested calls, and the length of chains: both become depth of the tree.
  struct Deeper {
    explicit Deeper(Parser& owner) : parser(owner) {
      if (++parser.depth_ > Expression::kDeepest) parser.fail("fewer nested operations");
    }
    ~Deeper() { --parser.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    Parser& parser;
  };

  template <class Next>
  NodePointer chain(Node::Kind kind, const std::vector<std::string_view>& operators, Next next) {
    NodePointer left = next();
    for (int links = 0;;) {
      const auto found =
          std::find_if(operators.begin(), operators.end(), [&](std::string_view op) { return take(op); });
      if (found == operators.end()) return left;
      if (++links > Expression::kDeepest) fail("fewer operations in a row");
      left = make(kind, std::string(*found), {left, next()});
    }
  }

  NodePointer disjunction() {
    const Deeper deeper(*this);
    return chain(Node::Kind::logic, {"or"}, [&] { return conjunction(); });
  }
  NodePointer conjunction() {
    return chain(Node::Kind::logic, {"and"}, [&] { return negation(); });
  }
  NodePointer negation() {
    if (!take("not")) return comparison();
    const Deeper deeper(*this);
    return make(Node::Kind::logic, "not", {negation()});
  }
  NodePointer comparison() {
    NodePointer left = sum();
    for (const std::string_view op : {"<=", ">=", "==", "!=", "<", ">"})
      if (take(op)) return make(Node::Kind::comparison, std::string(op), {left, sum()});
    return left;
  }
  NodePointer sum() {
    return chain(Node::Kind::arithmetic, {"+", "-"}, [&] { return product(); });
  }
  NodePointer product() {
    return chain(Node::Kind::arithmetic, {"*", "/"}, [&] { return sign(); });
  }
  NodePointer sign() {
    const Deeper deeper(*this);
    if (take("-")) return make(Node::Kind::arithmetic, "-", {make(Node::Kind::number, "", {}, 0), sign()});
    if (take("+")) return sign();
    NodePointer base = primary();
    if (take("^")) return make(Node::Kind::arithmetic, "^", {base, sign()});
    return base;
  }

  NodePointer primary() {
    skip();
    if (at_ >= text_.size()) fail("a number, a name or (");
    const char c = text_[at_];
    if (take("(")) {
      NodePointer inside = disjunction();
      if (!take(")")) fail(")");
      return inside;
    }
    if (is_digit(c) || c == '.') return number();
    if (c == '"') return make(Node::Kind::text, quoted(), {});
    if (is_letter(c)) return name();
    fail("a number, a name or (");
  }

  NodePointer number() {
    double value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || !std::isfinite(value)) fail("a finite number");
    at_ += static_cast<std::size_t>(end - begin);
    return make(Node::Kind::number, "", {}, value);
  }

  std::string quoted() {
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') ++at_;
    if (at_ == text_.size()) fail("a closing \"");
    return std::string(text_.substr(begin, at_++ - begin));
  }

  NodePointer name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    std::string word(text_.substr(begin, at_ - begin));
    if (word == "true" || word == "false") return make(Node::Kind::logic, word, {});
    if (!take("(")) return make(Node::Kind::variable, std::move(word), {});
    std::vector<NodePointer> arguments;
    if (!take(")")) {
      do {
        if (arguments.size() == kMostArguments) fail("fewer arguments");
        arguments.push_back(disjunction());
      } while (take(","));
      if (!take(")")) fail(", or )");
    }
    if (!arguments.empty() && arguments.front()->kind == Node::Kind::text) {
      for (std::size_t i = 1; i < arguments.size(); ++i)
        if (arguments[i]->kind != Node::Kind::number) fail("numbers after the text in a call");
      return make(Node::Kind::call, std::move(word), std::move(arguments));
    }
    const Function* function = find_function(word);
    if (!function) {
      std::string known;
      for (const auto& each : numeric_functions())
        known += std::string(known.empty() ? "" : ", ") + std::string(each.name);
      fail(fmt::format("one of {}, or a name with a text in parentheses, before (", known));
    }
    if (arguments.size() < function->fewest || arguments.size() > function->most)
      fail(fmt::format("{} to {} arguments of {}", function->fewest, function->most, word));
    return make(Node::Kind::arithmetic, std::move(word), std::move(arguments));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

ExpressionValue value_of(const Node& node, const ExpressionScope& scope);

/// `value` as a number; `node` is what it is the value of.
double as_number(const Node& node, const ExpressionValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  throw InvalidInput(fmt::format("expression: {} is no number, need numbers here",
                                 node.name.empty() ? "an operand" : "\"" + node.name + "\""));
}

double number_of(const Node& node, const ExpressionScope& scope) { return as_number(node, value_of(node, scope)); }

bool truth_of(const Node& node, const ExpressionScope& scope) {
  const ExpressionValue value = value_of(node, scope);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  throw InvalidInput(fmt::format("expression: {} is neither true nor false, need a comparison here",
                                 node.name.empty() ? "an operand" : "\"" + node.name + "\""));
}

double arithmetic(const Node& node, const ExpressionScope& scope) {
  std::vector<double> x;
  for (const auto& operand : node.operands) x.push_back(number_of(*operand, scope));
  if (const Function* function = find_function(node.name)) {
    // min and max would lose a NaN, depending on its place.
    for (const double value : x)
      if (std::isnan(value)) return value;
    return function->apply(x);
  }
  switch (node.name[0]) {
    case '+':
      return x[0] + x[1];
    case '-':
      return x[0] - x[1];
    case '*':
      return x[0] * x[1];
    case '/':
      return x[0] / x[1];
    default:
      return std::pow(x[0], x[1]);
  }
}

bool comparison(const Node& node, const ExpressionScope& scope) {
  const ExpressionValue left = value_of(*node.operands[0], scope);
  const ExpressionValue right = value_of(*node.operands[1], scope);
  if (std::holds_alternative<std::string>(left) && std::holds_alternative<std::string>(right)) {
    if (node.name == "==") return left == right;
    if (node.name == "!=") return left != right;
  }
  const double a = as_number(*node.operands[0], left);
  const double b = as_number(*node.operands[1], right);
  if (node.name == "<") return a < b;
  if (node.name == "<=") return a <= b;
  if (node.name == ">") return a > b;
  if (node.name == ">=") return a >= b;
  return (a == b) == (node.name == "==");
}

bool logic(const Node& node, const ExpressionScope& scope) {
  if (node.operands.empty()) return node.name == "true";
  const bool first = truth_of(*node.operands[0], scope);
  if (node.name == "not") return !first;
  if (node.name == "and") return first && truth_of(*node.operands[1], scope);
  return first || truth_of(*node.operands[1], scope);
}

ExpressionValue value_of(const Node& node, const ExpressionScope& scope) {
  switch (node.kind) {
    case Node::Kind::number:
      return node.number;
    case Node::Kind::text:
      return node.name;
    case Node::Kind::variable:
      return scope.variable(node.name);
    case Node::Kind::call: {
      std::vector<double> numbers;
      for (std::size_t i = 1; i < node.operands.size(); ++i) numbers.push_back(node.operands[i]->number);
      return scope.function(node.name, node.operands.front()->name, numbers);
    }
    case Node::Kind::arithmetic:
      return arithmetic(node, scope);
    case Node::Kind::comparison:
      return comparison(node, scope);
    case Node::Kind::logic:
      break;
  }
  return logic(node, scope);
}

void collect(const Node& node, std::vector<std::string>& variables, std::vector<ExpressionCall>& calls) {
  if (node.kind == Node::Kind::variable && std::find(variables.begin(), variables.end(), node.name) == variables.end())
    variables.push_back(node.name);
  if (node.kind == Node::Kind::call) {
    ExpressionCall call{node.name, node.operands.front()->name, {}};
    for (std::size_t i = 1; i < node.operands.size(); ++i) call.numbers.push_back(node.operands[i]->number);
    const auto same = [&](const ExpressionCall& other) {
      return other.name == call.name && other.text == call.text && other.numbers == call.numbers;
    };
    if (std::none_of(calls.begin(), calls.end(), same)) calls.push_back(std::move(call));
  }
  for (const auto& operand : node.operands) collect(*operand, variables, calls);
}

}  // namespace

Expression Expression::parse(std::string_view text) {
  if (text.size() > kLongest)
    throw InvalidInput(fmt::format("expression: {} characters, need at most {}", text.size(), kLongest));
  Expression expression;
  expression.text_ = text;
  expression.root_ = Parser(expression.text_).whole();
  collect(*expression.root_, expression.variables_, expression.calls_);
  return expression;
}

ExpressionValue Expression::evaluate(const ExpressionScope& scope) const { return value_of(*root_, scope); }
double Expression::number(const ExpressionScope& scope) const { return number_of(*root_, scope); }
bool Expression::truth(const ExpressionScope& scope) const { return truth_of(*root_, scope); }

}  // namespace brink
