#pragma once
// What a reader of a finished run needs, on one page: the question, the set-up, the tables, the figures, the verdicts,
// the warnings, where it comes from and how to make it again. As one HTML file that needs no other, as Markdown, and
// the tables as LaTeX.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "brink/report/run_directory.hpp"

namespace brink {

/// A table as it stands in a CSV file: text, and whether a column is numeric.
struct TextTable {
  std::string name;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;

  [[nodiscard]] bool is_numeric(std::size_t column) const;
};

struct PageFigure {
  std::string name;
  std::string svg;  ///< empty when it was not drawn
};

/// One decided statement: a hypothesis, a cell of a verification.
struct PageVerdict {
  std::string subject;
  std::string verdict;  ///< "supported", "agree", …
  std::string detail;
};

struct RunPage {
  std::string title;
  std::string question;
  std::string schema;
  std::string configuration;  ///< TOML
  std::vector<PageVerdict> verdicts;
  std::vector<std::string> warnings;
  std::vector<TextTable> tables;
  std::vector<PageFigure> figures;
  std::vector<std::pair<std::string, std::string>> provenance;
  std::string rerun;  ///< the command
};

/// RFC 4180 text with a header line. Throws InvalidInput, with the line, for rows of another length and quotes that do
/// not close.
[[nodiscard]] TextTable read_text_table(std::string name, std::string_view csv);

/// Collects the page of a complete run. Throws InvalidInput for a run without result.json.
[[nodiscard]] RunPage read_run_page(const RunDirectory& run);

/// Rows of a table that a page shows; longer ones end with a line that says how many are in the CSV file.
inline constexpr std::size_t kRowsOnPage = 60;

/// One self-contained HTML 5 page: style and SVG inside, no script, nothing fetched. All text is escaped; of an SVG
/// only its drawing is kept (no script, no reference outside of itself), its ids made unique on the page.
[[nodiscard]] std::string page_html(const RunPage& page);

/// The same as Markdown; figures are links into the run.
[[nodiscard]] std::string page_markdown(const RunPage& page);

/// A table for LaTeX with booktabs: numbers in math mode with four significant digits, text escaped. `caption` is plain
/// text.
[[nodiscard]] std::string latex_table(const TextTable& table, const std::string& caption);

}  // namespace brink
