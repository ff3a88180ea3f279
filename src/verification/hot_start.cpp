#include "hot_start.hpp"

namespace brink {
namespace {

class HotStart final : public Engine {
 public:
  HotStart(std::unique_ptr<Engine> hot, std::unique_ptr<Engine> engine, std::uint32_t switch_step)
      : hot_(std::move(hot)), engine_(std::move(engine)), switch_step_(switch_step) {}

  Index state_size() const override { return engine_->state_size(); }
  void initialize(std::uint32_t replica, double* state) const override { engine_->initialize(replica, state); }
  void advance(std::uint32_t step, std::uint32_t first_stream, Index count, double* states) const override {
    (step < switch_step_ ? hot_ : engine_)->advance(step, first_stream, count, states);
  }
  double squared_norm(const double* state) const override { return engine_->squared_norm(state); }
  void scale(double* state, double factor) const override { engine_->scale(state, factor); }
  Matrix state_basis() const override { return engine_->state_basis(); }
  std::string name() const override { return engine_->name(); }

 private:
  std::unique_ptr<Engine> hot_;
  std::unique_ptr<Engine> engine_;
  std::uint32_t switch_step_;
};

}  // namespace

std::unique_ptr<Engine> make_hot_start(std::unique_ptr<Engine> hot, std::unique_ptr<Engine> engine,
                                       std::uint32_t switch_step) {
  return std::make_unique<HotStart>(std::move(hot), std::move(engine), switch_step);
}

}  // namespace brink
