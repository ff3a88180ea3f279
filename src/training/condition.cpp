#include "brink/training/condition.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "brink/base/error.hpp"

namespace brink {
namespace {

constexpr std::string_view kInterventions = "[training] interventions";
constexpr std::string_view kConditionForm = "QUANTITY < NUMBER or QUANTITY > NUMBER";
constexpr std::string_view kInterventionForm =
    "WHEN: CHANGE = VALUE, ... with WHEN step N, QUANTITY < NUMBER or QUANTITY > NUMBER";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Condition> read_condition(std::string_view text) {
  const auto sign = text.find_first_of("<>");
  if (sign == std::string_view::npos) return std::nullopt;
  const auto quantity = trimmed(text.substr(0, sign));
  const auto value = number_of<double>(trimmed(text.substr(sign + 1)));
  if (quantity.empty() || !value || !std::isfinite(*value)) return std::nullopt;
  return Condition{std::string(quantity), text[sign] == '>', *value};
}

template <class Number>
Number change_value(std::string_view text, std::string_view value, std::string_view allowed) {
  const auto number = number_of<Number>(value);
  check_argument(number.has_value(), kInterventions, text, value, allowed);
  return *number;
}

void read_change(std::string_view text, Intervention& intervention) {
  constexpr std::string_view kChanges = "eta, momentum, batch, buffers or model = VALUE";
  const auto sign = text.find('=');
  check_argument(sign != std::string_view::npos, kInterventions, "change", text, kChanges);
  const auto name = trimmed(text.substr(0, sign));
  const auto value = trimmed(text.substr(sign + 1));
  if (name == "eta") {
    intervention.eta = change_value<double>(name, value, "a number > 0");
    check_argument(*intervention.eta > 0 && std::isfinite(*intervention.eta), kInterventions, name, value,
                   "a number > 0");
  } else if (name == "momentum") {
    intervention.momentum = change_value<double>(name, value, "a number in (-1, 1)");
  } else if (name == "batch") {
    intervention.batch_size = change_value<Index>(name, value, "an integer in 1..n, or 0 for all samples");
  } else if (name == "buffers") {
    check_argument(value == "keep" || value == "zero", kInterventions, name, value, "keep or zero");
    intervention.zero_buffers = value == "zero";
  } else if (name == "model") {
    intervention.model = local_model_kind_of(value);
  } else {
    fail_argument(kInterventions, "change", name, kChanges);
  }
}

}  // namespace

Condition parse_condition(std::string_view text) {
  const auto condition = read_condition(text);
  check_argument(condition.has_value(), "[training]", "condition", text, kConditionForm);
  return *condition;
}

Intervention parse_intervention(std::string_view text) {
  const auto colon = text.find(':');
  check_argument(colon != std::string_view::npos, kInterventions, "intervention", text, kInterventionForm);
  Intervention intervention;
  const auto when = trimmed(text.substr(0, colon));
  intervention.condition = read_condition(when);
  if (!intervention.condition) {
    constexpr std::string_view kStep = "step ";
    const bool is_step = when.substr(0, kStep.size()) == kStep;
    intervention.step = is_step ? number_of<Index>(trimmed(when.substr(kStep.size()))) : std::nullopt;
    check_argument(intervention.step && *intervention.step >= 0, kInterventions, "intervention", text,
                   kInterventionForm);
  }
  auto changes = text.substr(colon + 1);
  while (true) {
    const auto comma = changes.find(',');
    read_change(changes.substr(0, comma), intervention);
    if (comma == std::string_view::npos) return intervention;
    changes.remove_prefix(comma + 1);
  }
}

}  // namespace brink
