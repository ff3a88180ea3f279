#include <limits>

#include "brink/model/least_squares.hpp"
#include "kinds.hpp"
#include "supervised_data.hpp"

namespace brink {
namespace {

struct RegressionOptions : SupervisedOptions {
  bool intercept = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor&& field) {
    SupervisedOptions::visit(self, field);
    field("intercept", self.intercept, "append a constant column of ones to the inputs", "true or false");
  }
};

LoadedModel load_regression(const OptionTable& table, const std::filesystem::path& directory) {
  RegressionOptions options;
  read_options("model", table, options);
  SupervisedData data = read_supervised(options, directory);
  if (options.intercept) {
    data.inputs.conservativeResize(Eigen::NoChange, data.inputs.cols() + 1);
    data.inputs.rightCols(1).setOnes();
  }
  LeastSquares solved =
      solve_least_squares(std::move(data.inputs), std::move(data.targets), std::numeric_limits<double>::epsilon());
  LoadedModel loaded{std::move(solved.model), std::move(solved.problem), {}, write_options(options), data.notes};
  for (auto& note : residual_notes(solved.relative_residual)) loaded.notes.push_back(std::move(note));
  return loaded;
}

}  // namespace

ModelKind regression_kind() {
  return {"regression", "Linear least squares on Fashion-MNIST or a CSV file.", describe_options<RegressionOptions>(),
          load_regression};
}

}  // namespace brink
