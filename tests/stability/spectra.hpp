#pragma once

#include "brink/model/spectral_law.hpp"

namespace stability_test {

inline std::shared_ptr<const brink::SpectralLaw> spectral_law(const char* kind, double parameter = 0.5,
                                                              double scale = 1) {
  return brink::make_spectral_law({kind, parameter, parameter, scale});
}

}  // namespace stability_test
