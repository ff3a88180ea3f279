// Fresh rows a ~ N(0, H) at every step: an infinite population with Gaussian features. There are no sample indices, so
// the coefficients and the draw of the finite laws do not exist here; whoever meets fresh_gaussian_rows() uses
// N(X) = (HXH + tr(HX) H)/B instead.

#include "brink/base/error.hpp"
#include "builtin_laws.hpp"

namespace brink {
namespace {

class Gaussian final : public BatchLaw {
 public:
  std::string_view name() const override { return "gaussian"; }
  bool fresh_gaussian_rows() const override { return true; }

  SecondMoment second_moment(Index, Index) const override { refuse("second_moment"); }
  ThirdMoment third_moment(Index, Index) const override { refuse("third_moment"); }
  Index draw(Index, Index, Philox&, std::uint32_t*) const override { refuse("draw"); }

 private:
  [[noreturn]] static void refuse(std::string_view function) {
    fail_argument(function, "law", "gaussian", "a law that draws from finitely many samples");
  }
};

}  // namespace

std::shared_ptr<const BatchLaw> make_gaussian() { return std::make_shared<Gaussian>(); }

}  // namespace brink
