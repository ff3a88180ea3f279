#include "brink/stability/criterion.hpp"

#include "criteria/builtin_criteria.hpp"

namespace brink {

std::string to_string(BoundStatus status) {
  switch (status) {
    case BoundStatus::exact:
      return "exact";
    case BoundStatus::necessary:
      return "necessary";
    case BoundStatus::sufficient:
      return "sufficient";
    case BoundStatus::neither:
      return "neither";
    case BoundStatus::not_applicable:
      break;
  }
  return "not applicable";
}

namespace {

std::vector<std::unique_ptr<Criterion>>& registry() {
  static std::vector<std::unique_ptr<Criterion>> all = [] {
    std::vector<std::unique_ptr<Criterion>> built_in;
    built_in.push_back(make_noise_kernel_criterion());
    built_in.push_back(make_mean_criterion());
    built_in.push_back(make_wu_ma_e_criterion());
    built_in.push_back(make_wu_ma_e_box_criterion());
    built_in.push_back(make_frobenius_criterion());
    built_in.push_back(make_trace_criterion());
    built_in.push_back(make_mulayoff_15_criterion());
    built_in.push_back(make_mulayoff_16_criterion());
    built_in.push_back(make_rank_one_criterion());
    built_in.push_back(make_coherence_criterion());
    built_in.push_back(make_every_batch_criterion());
    built_in.push_back(make_batch_gap_criterion());
    return built_in;
  }();
  return all;
}

}  // namespace

const std::vector<std::unique_ptr<Criterion>>& criteria() { return registry(); }

void register_criterion(std::unique_ptr<Criterion> criterion) { registry().push_back(std::move(criterion)); }

std::vector<Bound> evaluate_criteria(const LinearizedModel& model, const UpdateRule& rule, const BatchLaw& law,
                                     Index batch_size) {
  std::vector<Bound> bounds;
  for (const auto& criterion : criteria()) {
    Bound bound = criterion->evaluate(model, rule, law, batch_size);
    bound.name = criterion->name();
    bound.source = criterion->source();
    bounds.push_back(std::move(bound));
  }
  return bounds;
}

}  // namespace brink
