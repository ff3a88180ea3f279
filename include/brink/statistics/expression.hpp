#pragma once
// Expressions of hypothesis files: "ln(eta_mean_square/threshold(\"mean\"))", "rule == \"sgd\" and batch <= 8".
//
//   or, and, not                        of truth values
//   < <= > >= == !=                     of numbers; == and != of texts too
//   + - * / ^                           of numbers, ^ binds strongest and to the right
//   name                                a column or parameter of the run
//   ln exp sqrt abs floor min max       of numbers
//   name("text", number, …)             what the run offers under that name: threshold("mean-square"), tail("loss",
//   0.5)
//
// An expression computes and nothing else: no assignment, no loop, no access to anything but the scope it is given. Its
// length and depth are bounded, so that any file is read in bounded time and stack.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace brink {

using ExpressionValue = std::variant<double, bool, std::string>;

/// What an expression may ask for. A name that is not known throws InvalidInput (the message names those that are).
struct ExpressionScope {
  std::function<ExpressionValue(const std::string& name)> variable;
  /// name("text", numbers…)
  std::function<double(const std::string& name, const std::string& text, const std::vector<double>& numbers)> function;
};

/// A call with a text: threshold("mean-square").
struct ExpressionCall {
  std::string name;
  std::string text;
  std::vector<double> numbers;
};

class Expression {
 public:
  static constexpr std::size_t kLongest = 2000;  ///< characters
  static constexpr int kDeepest = 100;           ///< nested operations

  /// Throws InvalidInput, which names the text, the column and what was expected there.
  [[nodiscard]] static Expression parse(std::string_view text);

  /// Throws InvalidInput for an unknown name or operands of the wrong type. A result that is no finite number (ln(0),
  /// 1/0) is returned as it is: whether that excludes a run is for the caller to say.
  [[nodiscard]] ExpressionValue evaluate(const ExpressionScope& scope) const;
  [[nodiscard]] double number(const ExpressionScope& scope) const;
  [[nodiscard]] bool truth(const ExpressionScope& scope) const;

  /// Every name and every call with a text, in order of appearance, once each.
  [[nodiscard]] const std::vector<std::string>& variables() const { return variables_; }
  [[nodiscard]] const std::vector<ExpressionCall>& calls() const { return calls_; }
  [[nodiscard]] const std::string& text() const { return text_; }

  struct Node;

 private:
  std::string text_;
  std::shared_ptr<const Node> root_;
  std::vector<std::string> variables_;
  std::vector<ExpressionCall> calls_;
};

}  // namespace brink
