#include "svg_inlining.hpp"

#include <algorithm>

namespace brink {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// Every "url(#name)" of a value with the prefix before the name.
std::string with_prefix(std::string value, std::string_view prefix) {
  for (std::size_t at = value.find("url(#"); at != std::string::npos; at = value.find("url(#", at + 1))
    value.insert(at + 5, prefix);
  return value;
}

/// The position after the '>' that ends the tag at `begin`; quotes may hold one.
std::size_t end_of_tag(std::string_view svg, std::size_t begin) {
  char quote = 0;
  for (std::size_t i = begin; i < svg.size(); ++i) {
    if (quote != 0) {
      if (svg[i] == quote) quote = 0;
    } else if (svg[i] == '"' || svg[i] == '\'') {
      quote = svg[i];
    } else if (svg[i] == '>') {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

bool keep(const std::string& attribute, const std::string& value) {
  const std::string name = lower(attribute);
  if (name.rfind("on", 0) == 0) return false;
  if (name == "href" || name == "xlink:href") return !value.empty() && value.front() == '#';
  // Markers, gradients and clips inside the drawing are url(#…).
  const std::string text = lower(value);
  for (std::size_t at = text.find("url("); at != std::string::npos; at = text.find("url(", at + 1))
    if (text.compare(at, 5, "url(#") != 0) return false;
  return text.find("@import") == std::string::npos && text.find("javascript:") == std::string::npos;
}

/// A tag, "<name a='b' …>", rebuilt from the attributes that are kept.
std::string rebuilt(std::string_view tag, std::string_view prefix) {
  std::size_t at = 1;
  while (at < tag.size() && !is_blank(tag[at]) && tag[at] != '>' && tag[at] != '/') ++at;
  std::string out(tag.substr(0, at));
  while (at < tag.size()) {
    while (at < tag.size() && is_blank(tag[at])) ++at;
    if (at >= tag.size() || tag[at] == '>' || tag[at] == '/') break;
    const std::size_t name_begin = at;
    while (at < tag.size() && tag[at] != '=' && !is_blank(tag[at]) && tag[at] != '>' && tag[at] != '/') ++at;
    const std::string name(tag.substr(name_begin, at - name_begin));
    while (at < tag.size() && is_blank(tag[at])) ++at;
    if (at >= tag.size() || tag[at] != '=') continue;  // no value: not XML
    ++at;
    while (at < tag.size() && is_blank(tag[at])) ++at;
    if (at >= tag.size() || (tag[at] != '"' && tag[at] != '\'')) continue;
    const char quote = tag[at];
    const std::size_t value_begin = ++at;
    while (at < tag.size() && tag[at] != quote) ++at;
    std::string value(tag.substr(value_begin, at - value_begin));
    ++at;
    if (!keep(name, value)) continue;
    const std::string plain = lower(name);
    if (plain == "id") value.insert(0, prefix);
    if (plain == "href" || plain == "xlink:href") value.insert(1, prefix);
    out += ' ' + name + '=' + quote + with_prefix(std::move(value), prefix) + quote;
  }
  return out + (tag.size() > 1 && tag[tag.size() - 2] == '/' ? "/>" : ">");
}

}  // namespace

std::string inlined_svg(std::string_view svg, std::string_view prefix) {
  std::string out;
  std::size_t at = svg.find("<svg");
  int depth = 0;
  while (at < svg.size()) {
    if (svg[at] != '<') {
      const std::size_t next = std::min(svg.find('<', at), svg.size());
      out += svg.substr(at, next - at);
      at = next;
      continue;
    }
    if (svg.substr(at, 4) == "<!--") {
      const std::size_t end = svg.find("-->", at);
      if (end == std::string_view::npos) return "";
      at = end + 3;
      continue;
    }
    const std::size_t end = end_of_tag(svg, at);
    if (end == std::string_view::npos) return "";
    const std::string_view tag = svg.substr(at, end - at);
    at = end;
    if (tag[1] == '!' || tag[1] == '?') continue;
    const bool closes = tag[1] == '/';
    const std::string name =
        lower(tag.substr(closes ? 2 : 1, tag.find_first_of(" \n\t\r/>", closes ? 2 : 1) - (closes ? 2 : 1)));
    const bool empty = tag[tag.size() - 2] == '/';
    if (name == "script" || name == "style" || name == "foreignobject") {
      if (closes || empty) continue;
      const std::size_t close = lower(svg.substr(at)).find("</" + name);
      if (close == std::string::npos) return "";
      at = end_of_tag(svg, at + close);
      continue;
    }
    // Names keep their case: clipPath is one.
    out += closes ? std::string(tag) : rebuilt(tag, prefix);
    if (name == "svg" && !empty) depth += closes ? -1 : 1;
    if (depth == 0) return out;
  }
  return "";
}

}  // namespace brink
