#include "cli/gnuplot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

#include "brink/base/error.hpp"
#include "cli/plots.hpp"

extern char** environ;  // NOLINT: the name POSIX gives it

namespace brink::cli {
namespace {

namespace fs = std::filesystem;

std::string_view script_body(std::string_view name) {
  for (const auto& script : plot_scripts()) {
    if (script.name == name) return script.body;
  }
  fail_argument("write_figures", "script", name, "the name of a script in plots/");
}

/// The script with every `load here.'NAME.gp'` replaced by what it loads.
std::string standalone_script(const FigureData& figure) {
  constexpr std::string_view kLoad = "load here.'";
  std::string text = fmt::format(
      "# Redraws {0}.pdf from {0}.csv:  gnuplot {0}.gp\nif (!exists(\"stem\")) stem = '{0}'\n", figure.name);
  if (figure.width > 0) text += fmt::format("if (!exists(\"width\")) width = {}\n", figure.width);
  text += "\n";
  std::string_view body = script_body(figure.script);
  while (!body.empty()) {
    const auto end = std::min(body.find('\n'), body.size() - 1);
    const auto line = body.substr(0, end);
    body.remove_prefix(end + 1);
    if (line.rfind("here = ", 0) == 0) continue;
    if (line.rfind(kLoad, 0) == 0) {
      const auto file = line.substr(kLoad.size(), line.find(".gp'") - kLoad.size());
      text += script_body(file);
    } else {
      text += fmt::format("{}\n", line);
    }
  }
  return text;
}

/// 'text' as gnuplot reads it between single quotes.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "''" : std::string(1, c);
  return result + "'";
}

/// The environment without what would change a figure, and with a decimal point.
std::vector<std::string> clean_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const bool changes_figures = text.rfind("GNUTERM", 0) == 0 || text.rfind("GNUPLOT", 0) == 0 ||
                                 text.rfind("GNUFITLOG", 0) == 0 || text.rfind("GDFONTPATH", 0) == 0 ||
                                 text.rfind("LC_", 0) == 0 || text.rfind("LANG", 0) == 0;
    if (!changes_figures) variables.emplace_back(text);
  }
  variables.emplace_back("LC_ALL=C.UTF-8");
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct Outcome {
  int status = 0;  ///< of waitpid
  std::string complaints;
};

std::string read_to_end(int descriptor) {
  std::string text;
  char buffer[4096];
  while (true) {
    const auto count = ::read(descriptor, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

/// Standard error without the lines that are not gnuplot's: fontconfig tells when it has no place for its cache.
std::string without_font_cache_notes(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1);
    const auto line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    if (line.rfind("Fontconfig ", 0) != 0 && line != "\n") result += line;
  }
  return result;
}

Outcome run_gnuplot(const fs::path& directory, std::vector<std::string> arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    fail_argument("gnuplot", "pipe", std::strerror(errno), "a free file descriptor");
  }
  auto environment = clean_environment();
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  ::posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  pid_t process = 0;
  const int error =
      ::posix_spawnp(&process, "gnuplot", &actions, nullptr, pointers(arguments).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  Outcome outcome;
  if (error == 0) {
    outcome.complaints = without_font_cache_notes(read_to_end(ends[0]));
    while (::waitpid(process, &outcome.status, 0) < 0 && errno == EINTR) {
    }
  }
  ::close(ends[0]);
  if (error != 0) fail_argument("gnuplot", "gnuplot", std::strerror(error), "a program that can be started");
  return outcome;
}

/// A directory that goes away with everything in it.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(fs::path path) : path_(std::move(path)) {
    std::error_code error;
    fs::remove_all(path_, error);
    if (!fs::create_directory(path_, error)) {
      fail_argument("draw_figure", "figures", path_.parent_path().string(),
                    fmt::format("a directory that can be written ({})", error.message()));
    }
  }
  ~ScratchDirectory() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string output_name(const std::string& name, const std::string& terminal) {
  const bool raster_or_vector = terminal == "pdf" || terminal == "svg" || terminal == "png";
  return raster_or_vector ? fmt::format("{}.{}", name, terminal) : fmt::format("{}-{}.tex", name, terminal);
}

/// Draws one terminal in a scratch directory and moves what came out beside the script. LaTeX terminals write two files
/// that name each other, so files keep their names and change directory only.
void draw_terminal(const fs::path& figures, const std::string& name, const std::string& terminal, double width,
                   std::vector<fs::path>& drawn) {
  const ScratchDirectory scratch(figures / fmt::format(".{}.{}.partial", name, ::getpid()));
  const std::string output = output_name(name, terminal);
  std::string settings = fmt::format("terminal = {}; csv = {}; output = {}", quoted(terminal),
                                     quoted("../" + name + ".csv"), quoted(output));
  if (width > 0) settings += fmt::format("; width = {}", width);
  const Outcome outcome =
      run_gnuplot(scratch.path(), {"gnuplot", "--default-settings", "-e", settings, "../" + name + ".gp"});

  const std::string figure = (figures / output).string();
  if (!WIFEXITED(outcome.status) || WEXITSTATUS(outcome.status) != 0 || !outcome.complaints.empty()) {
    fail_argument("gnuplot", "figure", figure,
                  fmt::format("a gnuplot that runs {}.gp without complaint; it says:\n{}", name, outcome.complaints));
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(scratch.path())) {
    const bool is_main = entry.path().filename() == output;
    files.insert(is_main ? files.begin() : files.end(), entry.path());
    if (entry.file_size() == 0) fail_argument("gnuplot", "figure", figure, "a file that is not empty");
  }
  if (files.empty() || files.front().filename() != output) {
    fail_argument("gnuplot", "figure", figure, "a gnuplot that writes it; it wrote nothing");
  }
  for (const auto& file : files) {
    std::error_code error;
    fs::rename(file, figures / file.filename(), error);
    if (error) {
      fail_argument("draw_figure", "figure", (figures / file.filename()).string(),
                    fmt::format("a place that can be written ({})", error.message()));
    }
    drawn.push_back(figures / file.filename());
  }
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

}  // namespace

const std::vector<std::string>& figure_terminals() {
  static const std::vector<std::string> terminals = {"pdf", "svg", "png", "epslatex", "cairolatex", "tikz"};
  return terminals;
}

void write_figures(RunDirectory& run, const std::vector<FigureData>& figures) {
  for (const auto& figure : figures) {
    run.write(fs::path("figures") / (figure.name + ".csv"), to_csv(figure.data));
    run.write(fs::path("figures") / (figure.name + ".gp"), standalone_script(figure));
  }
}

std::vector<std::string> figure_names(const RunDirectory& run) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(run.figures(), error), end; !error && entry != end; entry.increment(error)) {
    const auto& path = entry->path();
    if (path.extension() == ".gp" && fs::exists(fs::path(path).replace_extension(".csv"), error)) {
      names.push_back(path.stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool has_gnuplot() {
  const char* variable = std::getenv("PATH");
  std::string_view places = variable != nullptr ? variable : "";
  while (!places.empty()) {
    const auto end = std::min(places.find(':'), places.size());
    const fs::path candidate = fs::path(places.substr(0, end)) / "gnuplot";
    std::error_code error;
    if (fs::is_regular_file(candidate, error) && ::access(candidate.c_str(), X_OK) == 0) return true;
    places.remove_prefix(std::min(end + 1, places.size()));
  }
  return false;
}

std::vector<fs::path> draw_figure(const RunDirectory& run, const std::string& name, const DrawingOptions& options) {
  for (const auto& terminal : options.terminals) {
    const auto& known = figure_terminals();
    check_argument(std::find(known.begin(), known.end(), terminal) != known.end(), "draw_figure", "terminal", terminal,
                   "one of " + listed(known));
  }
  check_argument(options.width == 0 || (options.width >= 60 && options.width <= 400), "draw_figure", "width",
                 options.width, "60 <= width <= 400 (mm), or 0: what the figure was made for");
  const auto names = figure_names(run);
  check_argument(std::find(names.begin(), names.end(), name) != names.end(), "draw_figure", "figure", name,
                 "a figure of the run; it has " + listed(names));
  if (!has_gnuplot()) {
    fail_argument("draw_figure", "gnuplot", "not found in PATH",
                  fmt::format("the Debian package gnuplot-nox (apt-get install gnuplot-nox); the figure's script and "
                              "data are there: {} and .csv",
                              (run.figures() / (name + ".gp")).string()));
  }
  std::vector<fs::path> drawn;
  for (const auto& terminal : options.terminals) {
    draw_terminal(run.figures(), name, terminal, options.width, drawn);
  }
  return drawn;
}

}  // namespace brink::cli
