# Turns plots/*.gp into one generated source: brink_embedded_plots.cpp defines the table declared in src/cli/plots.hpp.
file(GLOB BRINK_PLOT_SCRIPTS CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/plots/*.gp)
set(BRINK_EMBEDDED_PLOTS ${CMAKE_CURRENT_BINARY_DIR}/brink_embedded_plots.cpp)
add_custom_command(
  OUTPUT ${BRINK_EMBEDDED_PLOTS}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${BRINK_EMBEDDED_PLOTS} "-DSCRIPTS=${BRINK_PLOT_SCRIPTS}"
          -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/EmbedPlotsScript.cmake
  DEPENDS ${BRINK_PLOT_SCRIPTS} ${CMAKE_CURRENT_SOURCE_DIR}/cmake/EmbedPlotsScript.cmake
  VERBATIM)
