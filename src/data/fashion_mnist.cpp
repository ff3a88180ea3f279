#include <fmt/format.h>

#include <cstdlib>

#include "brink/base/error.hpp"
#include "brink/base/memory.hpp"
#include "brink/data/data_set.hpp"
#include "brink/data/idx.hpp"

namespace brink {
namespace {

IdxArray read_part(const std::string& name, std::size_t axes) {
  const std::filesystem::path path = data_directory() / "fashion-mnist" / name;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    fail_argument(
        "read_fashion_mnist", path.string(), "no such file",
        "the Debian package dataset-fashion-mnist (apt-get install dataset-fashion-mnist), or the environment "
        "variable BRINK_DATA_DIR naming the directory that holds fashion-mnist/");
  }
  IdxArray array = read_idx(path);
  check_argument(array.shape.size() == axes, "read_fashion_mnist", path.string(),
                 fmt::format("an array of {} axes", array.shape.size()), fmt::format("{} axes", axes));
  return array;
}

}  // namespace

std::filesystem::path data_directory() {
  const char* const directory = std::getenv("BRINK_DATA_DIR");
  return directory != nullptr && *directory != '\0' ? directory : "/usr/share/datasets";
}

DataSet read_fashion_mnist(std::string_view part, const SampleSelection& selection) {
  check_argument(part == "train" || part == "test", "read_fashion_mnist", "part", part, "\"train\" or \"test\"");
  const std::string prefix = part == "train" ? "train" : "t10k";
  const IdxArray label_bytes = read_part(prefix + "-labels-idx1-ubyte.gz", 1);
  const IdxArray images = read_part(prefix + "-images-idx3-ubyte.gz", 3);
  check_argument(label_bytes.shape[0] == images.shape[0], "read_fashion_mnist", "number of labels",
                 label_bytes.shape[0], fmt::format("one for each of the {} images", images.shape[0]));

  const std::vector<int> labels(label_bytes.values.begin(), label_bytes.values.end());
  const std::vector<Index> chosen = select_samples(labels, selection);
  const Index pixels = images.shape[1] * images.shape[2];
  require_memory(8.0 * static_cast<double>(pixels) * static_cast<double>(chosen.size()), "read_fashion_mnist");
  DataSet data;
  data.inputs.resize(static_cast<Index>(chosen.size()), pixels);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const std::uint8_t* const image = images.values.data() + chosen[i] * pixels;
    const Eigen::Map<const Eigen::Matrix<std::uint8_t, 1, Eigen::Dynamic>> bytes(image, pixels);
    data.inputs.row(static_cast<Index>(i)) = bytes.cast<double>() / 255.0;
    data.labels.push_back(labels[static_cast<std::size_t>(chosen[i])]);
  }
  return data;
}

}  // namespace brink
