// The forms of a run's page: HTML, Markdown, LaTeX.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "brink/report/run_page.hpp"
#include "svg_inlining.hpp"

namespace brink {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light; }
body { font: 16px/1.5 Georgia, "Liberation Serif", serif; color: #1a1a1a; background: #fff; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem; }
h1, h2 { font-weight: 600; line-height: 1.2; }
h2 { margin-top: 2.2rem; border-bottom: 1px solid #ccc; }
table { border-collapse: collapse; font: 13px/1.4 "DejaVu Sans", Arial, sans-serif; }
th, td { padding: .2rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid #e4e4e4; }
th { border-bottom: 2px solid #888; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.scroll { overflow-x: auto; }
.verdict { font-weight: 700; white-space: nowrap; }
.good { color: #006d4e; } .bad { color: #a33a00; } .open { color: #5a5a5a; }
figure { margin: 1.5rem 0; } figure svg { max-width: 100%; height: auto; } figcaption { color: #444; }
pre { background: #f6f6f6; padding: .8rem; overflow-x: auto; font-size: 13px; }
.warning { background: #fff4df; border-left: 4px solid #c77700; padding: .3rem .8rem; margin: .4rem 0; }
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::optional<double> number_of(const std::string& cell) {
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (cell.empty() || error != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
  return value;
}

/// Five significant digits for people; whole numbers as they are.
std::string shown(const std::string& cell) {
  const auto value = number_of(cell);
  if (!value || cell.size() <= 6) return cell;
  return fmt::format("{:.5g}", *value);
}

std::string verdict_class(const std::string& verdict) {
  if (verdict == "supported" || verdict == "agree") return "good";
  if (verdict == "cannot tell") return "open";
  if (verdict == "refuted" || verdict == "not registered" || verdict == "diverged" || verdict == "do not all agree")
    return "bad";
  return "open";
}

std::string html_table(const TextTable& table) {
  std::string html = "<div class=\"scroll\"><table>\n<thead><tr>";
  std::vector<bool> numeric;
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    numeric.push_back(table.is_numeric(i));
    html += fmt::format("<th{}>{}</th>", numeric[i] ? " class=\"number\"" : "", escaped(table.header[i]));
  }
  html += "</tr></thead>\n<tbody>\n";
  const std::size_t count = std::min(table.rows.size(), kRowsOnPage);
  for (std::size_t r = 0; r < count; ++r) {
    html += "<tr>";
    for (std::size_t i = 0; i < table.rows[r].size(); ++i)
      html += fmt::format("<td{}>{}</td>", numeric[i] ? " class=\"number\"" : "", escaped(shown(table.rows[r][i])));
    html += "</tr>\n";
  }
  html += "</tbody></table></div>\n";
  if (count < table.rows.size())
    html += fmt::format("<p>{} of {} rows; all of them are in <code>tables/{}.csv</code>.</p>\n", count,
                        table.rows.size(), escaped(table.name));
  return html;
}

std::string markdown_cell(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string latex_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\textbackslash{}";
        break;
      case '~':
        out += "\\textasciitilde{}";
        break;
      case '^':
        out += "\\textasciicircum{}";
        break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        out += '\\';
        [[fallthrough]];
      default:
        out += c;
    }
  }
  return out;
}

std::string latex_number(const std::string& cell) {
  const auto value = number_of(cell);
  if (!value) return latex_escaped(cell);
  std::string text = cell.size() <= 6 && cell.find('e') == std::string::npos ? cell : fmt::format("{:.4g}", *value);
  const auto exponent = text.find('e');
  if (exponent == std::string::npos) return "$" + text + "$";
  int power = 0;
  const std::size_t begin = exponent + (text[exponent + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + begin, text.data() + text.size(), power);
  return fmt::format("${} \\times 10^{{{}}}$", text.substr(0, exponent), power);
}

}  // namespace

std::string page_html(const RunPage& page) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n"
      "<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n<p>{2}</p>\n",
      escaped(page.title), kStyle, escaped(page.question));
  for (const auto& warning : page.warnings) html += fmt::format("<p class=\"warning\">{}</p>\n", escaped(warning));
  if (!page.verdicts.empty()) {
    html += "<h2>Verdicts</h2>\n<table>\n";
    for (const auto& each : page.verdicts)
      html += fmt::format("<tr><td>{}</td><td class=\"verdict {}\">{}</td><td>{}</td></tr>\n", escaped(each.subject),
                          verdict_class(each.verdict), escaped(each.verdict), escaped(each.detail));
    html += "</table>\n";
  }
  if (!page.figures.empty()) html += "<h2>Figures</h2>\n";
  for (std::size_t i = 0; i < page.figures.size(); ++i) {
    const std::string drawing = inlined_svg(page.figures[i].svg, fmt::format("f{}-", i + 1));
    html +=
        fmt::format("<figure>\n{}\n<figcaption>{}{}</figcaption>\n</figure>\n", drawing, escaped(page.figures[i].name),
                    drawing.empty() ? ": not drawn; its numbers are in the run" : "");
  }
  if (!page.tables.empty()) html += "<h2>Tables</h2>\n";
  for (const auto& table : page.tables) html += fmt::format("<h3>{}</h3>\n{}", escaped(table.name), html_table(table));
  html += fmt::format("<h2>Set-up</h2>\n<pre>{}</pre>\n<h2>How to run it again</h2>\n<pre>{}</pre>\n",
                      escaped(page.configuration), escaped(page.rerun));
  html += "<h2>Provenance</h2>\n<table>\n";
  for (const auto& [key, value] : page.provenance)
    html += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escaped(key), escaped(value));
  html += "</table>\n</body>\n</html>\n";
  return html;
}

std::string page_markdown(const RunPage& page) {
  std::string text = fmt::format("# {}\n\n{}\n", page.title, page.question);
  for (const auto& warning : page.warnings) text += fmt::format("\n> Warning: {}\n", markdown_cell(warning));
  if (!page.verdicts.empty()) {
    text += "\n## Verdicts\n\n| | verdict | |\n| --- | --- | --- |\n";
    for (const auto& each : page.verdicts)
      text += fmt::format("| {} | **{}** | {} |\n", markdown_cell(each.subject), markdown_cell(each.verdict),
                          markdown_cell(each.detail));
  }
  if (!page.figures.empty()) text += "\n## Figures\n";
  for (const auto& figure : page.figures)
    text += figure.svg.empty()
                ? fmt::format("\n{}: not drawn; its numbers are in figures/{}.csv\n", figure.name, figure.name)
                : fmt::format("\n![{0}](figures/{0}.svg)\n", figure.name);
  if (!page.tables.empty()) text += "\n## Tables\n";
  for (const auto& table : page.tables) {
    text += fmt::format("\n### {}\n\n|", table.name);
    std::string rule = "|";
    for (std::size_t i = 0; i < table.header.size(); ++i) {
      text += " " + markdown_cell(table.header[i]) + " |";
      rule += table.is_numeric(i) ? " ---: |" : " --- |";
    }
    text += "\n" + rule + "\n";
    const std::size_t count = std::min(table.rows.size(), kRowsOnPage);
    for (std::size_t r = 0; r < count; ++r) {
      text += "|";
      for (const auto& cell : table.rows[r]) text += " " + markdown_cell(shown(cell)) + " |";
      text += "\n";
    }
    if (count < table.rows.size())
      text += fmt::format("\n{} of {} rows; all of them are in tables/{}.csv.\n", count, table.rows.size(), table.name);
  }
  text += fmt::format("\n## Set-up\n\n```toml\n{}```\n\n## How to run it again\n\n```sh\n{}\n```\n\n## Provenance\n\n",
                      page.configuration, page.rerun);
  for (const auto& [key, value] : page.provenance) text += fmt::format("- {}: {}\n", key, value);
  return text;
}

std::string latex_table(const TextTable& table, const std::string& caption) {
  std::string columns;
  std::string header;
  std::vector<bool> numeric;
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    numeric.push_back(table.is_numeric(i));
    columns += numeric[i] ? 'r' : 'l';
    header += (i == 0 ? "" : " & ") + latex_escaped(table.header[i]);
  }
  std::string text = fmt::format(
      "% needs \\usepackage{{booktabs}}\n\\begin{{table}}\n  \\centering\n  \\caption{{{}}}\n  "
      "\\begin{{tabular}}{{{}}}\n"
      "    \\toprule\n    {} \\\\\n    \\midrule\n",
      latex_escaped(caption), columns, header);
  for (const auto& row : table.rows) {
    text += "    ";
    for (std::size_t i = 0; i < row.size(); ++i)
      text += (i == 0 ? "" : " & ") + (numeric[i] ? latex_number(row[i]) : latex_escaped(row[i]));
    text += " \\\\\n";
  }
  return text + "    \\bottomrule\n  \\end{tabular}\n\\end{table}\n";
}

}  // namespace brink
