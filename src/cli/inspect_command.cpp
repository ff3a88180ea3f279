// brink inspect: what an array or a model is.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "brink/base/error.hpp"
#include "brink/data/array_file.hpp"
#include "brink/model/inspection.hpp"
#include "brink/report/json_report.hpp"
#include "command.hpp"
#include "console.hpp"
#include "grid.hpp"
#include "model_flags.hpp"
#include "output.hpp"

namespace brink::cli {
namespace {

struct InspectFlags {
  std::string file;
  std::string explain;
  ModelFlags model;
  GridFlags grid;
  CommonFlags common;
};

using Property = std::pair<std::string, TableValue>;

Table property_table(const std::vector<Property>& properties) {
  Table table({{"property"}, {"value", 10}});
  for (const auto& [name, value] : properties) table.add_row({name, value});
  return table;
}

TableValue integer(Index value) { return static_cast<std::int64_t>(value); }

void add_lines(const char* name, const std::vector<std::string>& lines, std::vector<Property>& properties) {
  for (const auto& line : lines) properties.emplace_back(name, line);
}

std::string shape_of(const ArrayInspection& array) { return fmt::format("({})", fmt::join(array.shape, ", ")); }

Output describe_array(const ArrayInspection& array) {
  nlohmann::ordered_json json;
  json["schema"] = "brink.inspect/1";
  json["array"] = {{"file", array.path.string()}, {"version", array.version},
                   {"type", array.type},          {"order", array.order},
                   {"shape", array.shape},        {"bytes", array.bytes},
                   {"epsilon", array.epsilon},    {"smallest", array.smallest},
                   {"largest", array.largest},    {"conventions", array.conventions},
                   {"problems", array.problems}};
  std::vector<Property> properties = {{"file", array.path.string()}};
  if (array.version > 0) properties.emplace_back("format version", static_cast<std::int64_t>(array.version));
  properties.insert(properties.end(), {{"type", array.type},
                                       {"order", array.order},
                                       {"shape", shape_of(array)},
                                       {"bytes", static_cast<std::int64_t>(array.bytes)},
                                       {"smallest entry", array.smallest},
                                       {"largest entry", array.largest}});
  add_lines("can be", array.conventions, properties);
  add_lines("problem", array.problems, properties);
  if (array.problems.empty()) properties.emplace_back("problem", "none found");
  return {json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n",
          property_table(properties)};
}

Output describe_model(const LoadedModel& loaded) {
  const ModelInspection model = inspect_model(loaded);
  std::vector<Property> properties = {{"kind", model.kind},
                                      {"route", model.route},
                                      {"samples n", integer(model.samples)},
                                      {"outputs c", integer(model.outputs)},
                                      {"parameters p", integer(model.parameters)},
                                      {"rank r", integer(model.rank)},
                                      {"directions without curvature", integer(model.dropped)},
                                      {"relative rank cut", model.rank_tolerance},
                                      {"loss convention", std::string(kLossConvention)},
                                      {"some sample Hessian is indefinite", model.indefinite},
                                      {"interpolates", model.interpolates},
                                      {"gradient noise (rms)", model.gradient_noise},
                                      {"trace of H", model.trace},
                                      {"Frobenius norm of H", model.frobenius},
                                      {"effective dimension", model.effective_dimension},
                                      {"smallest eigenvalue kept", model.smallest},
                                      {"largest trace of a sample", model.largest_sample},
                                      {"mean trace of a sample", model.mean_sample},
                                      {"max |G'G/n - diag(lambda)| / lambda_max", model.consistency}};
  for (std::size_t i = 0; i < model.top.size(); ++i)
    properties.emplace_back(fmt::format("lambda_{}", i + 1), model.top[i]);
  add_lines("warning", model.warnings, properties);
  add_lines("note", model.notes, properties);
  return {inspection_json(loaded), property_table(properties)};
}

int explain(const std::string& name, Format format) {
  std::vector<std::string> names;
  const ModelKind* kind = nullptr;
  for (const auto& candidate : model_kinds()) {
    names.push_back(candidate.name);
    if (candidate.name == name) kind = &candidate;
  }
  check_argument(kind != nullptr, "command line", "--explain", name,
                 fmt::format("one of {} (the nearest is {})", fmt::join(names, ", "), nearest_name(name, names)));
  nlohmann::ordered_json json;
  json["schema"] = "brink.explain/1";
  json["kind"] = kind->name;
  json["summary"] = kind->summary;
  json["options"] = nlohmann::ordered_json::array();
  Table table({{"key"}, {"default"}, {"allowed"}, {"meaning"}});
  for (const auto& option : kind->options) {
    const std::string by_default = to_string(option.default_value);
    table.add_row({option.name, by_default, option.allowed, option.help});
    json["options"].push_back(
        {{"key", option.name}, {"default", by_default}, {"allowed", option.allowed}, {"meaning", option.help}});
  }
  if (format == Format::table) write_result(fmt::format("kind = \"{}\": {}\n\n", kind->name, kind->summary));
  write_output({json.dump(2) + "\n", table}, format);
  return kDone;
}

/// The model of the flags, or of a positional file.
Configuration configuration_of(const InspectFlags& flags) {
  return flags.file.empty() ? flags.model.configuration() : read_configuration(flags.file);
}

Output inspect(const InspectFlags& flags, Sections& sections) {
  const std::string extension = std::filesystem::path(flags.file).extension().string();
  if (!flags.file.empty() && extension != ".toml") {
    check_argument(is_array_file(flags.file), "inspect", "file", flags.file,
                   fmt::format("an array ({}) or a .toml configuration", array_extensions()));
    sections["model"] = {{"file", flags.file}};
    return describe_array(inspect_array(flags.file));
  }
  const Configuration configuration = configuration_of(flags);
  GridOptions options;
  options.read(configuration);
  flags.grid.apply(options);
  check_step_sizes(options.grid);
  const LoadedModel model = load_configured_model(configuration);
  if (model.model.has_samples() || options.batch.sampling != BatchSection().sampling)
    (void)make_cells(options, model.model);  // refuses a grid that does not go with the model
  sections["model"] = model.resolved;
  return describe_model(model);
}

int run_inspect(const InspectFlags& flags) {
  if (!flags.explain.empty()) return explain(flags.explain, flags.common.format);
  check_argument(flags.file.empty() || !flags.model.given(), "inspect", "file", flags.file,
                 "either a file or one of --jacobian, --gram, --hessians, --config");
  Sections sections;
  const Output output = inspect(flags, sections);
  if (flags.common.out) {
    Run directory(*flags.common.out, sections, flags.common.force);
    directory.finish(output.json, {{"properties", output.table}}, flags.common.threads);
  }
  write_output(output, flags.common.format);
  return kDone;
}

}  // namespace

Action add_inspect_command(CLI::App& program) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* app = program.add_subcommand("inspect",
                                         "what an array or a model is: shape, convention, rank, spectrum, "
                                         "problems");
  app->add_option(
         "file", flags->file,
         "an array (read without taking it for a model): .npy, or .npz, .safetensors, .pt and .h5 with :NAME; or "
         "a .toml configuration")
      ->type_name("FILE");
  app->add_option("--explain", flags->explain, "the keys of a kind of model, with defaults and ranges")
      ->type_name("KIND");
  flags->model.add(*app);
  flags->grid.add(*app);
  add_common_flags(*app, flags->common);
  app->footer(
      "Grid flags are checked against the model and have no other effect here.\n\n"
      "Examples:\n"
      "  brink inspect J.npy\n"
      "  brink inspect model.pt:layer.weight\n"
      "  brink inspect --jacobian J.npy --outputs 10\n"
      "  brink inspect analysis/fashion_mnist.toml --format json\n"
      "  brink inspect --explain random-features");
  return [flags] { return run_inspect(*flags); };
}

}  // namespace brink::cli
