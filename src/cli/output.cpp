#include "output.hpp"

#include "brink/report/provenance.hpp"
#include "command.hpp"
#include "console.hpp"

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
      write_result(to_text(output.table));
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

}  // namespace brink::cli
