#include "output.hpp"

#include "brink/base/error.hpp"
#include "brink/report/provenance.hpp"
#include "command.hpp"
#include "gnuplot.hpp"

namespace brink::cli {

void write_output(const Output& output, Format format) {
  switch (format) {
    case Format::json:
      write_result(output.json);
      return;
    case Format::csv:
      write_result(to_csv(output.table));
      return;
    case Format::table:
      write_result(output.text.empty() ? to_text(output.table) : output.text);
      return;
  }
}

Run::Run(const std::filesystem::path& directory, Sections sections, bool force)
    : configuration_(write_configuration(sections)),
      directory_(RunDirectory::create(directory, configuration_, force)),
      started_(std::chrono::steady_clock::now()) {}

void Run::finish(const std::string& json, const std::vector<std::pair<std::string, Table>>& tables, int threads) {
  for (const auto& [name, table] : tables) directory_.write("tables/" + name + ".csv", to_csv(table));
  Provenance provenance;
  provenance.command = typed_command_line();
  provenance.configuration = configuration_;
  provenance.threads = threads;
  provenance.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  directory_.finish(json, provenance_json(provenance));
}

void announce(Console& console, const LoadedModel& model) {
  for (const auto& note : model.notes) console.note(note);
  for (const auto& warning : model.model.origin().warnings) console.warn(warning);
}

void draw_figures(RunDirectory& run, const std::vector<FigureData>& figures, Console& console) {
  write_figures(run, figures);
  if (!has_gnuplot()) {
    console.warn("gnuplot is missing (Debian package gnuplot-nox): the figures were written as data only");
    return;
  }
  for (const auto& figure : figures) {
    try {
      for (const auto& file : draw_figure(run, figure.name)) console.note("figure: " + file.string());
    } catch (const InvalidInput& error) {
      console.warn(error.what());
    }
  }
}

}  // namespace brink::cli
