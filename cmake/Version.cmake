# brink_version.hpp: version, commit and build type. It is looked at in every build and rewritten only when it changed,
# so that a new commit recompiles one file.
set(BRINK_VERSION_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/version)
set(BRINK_BUILD_DESCRIPTION "${CMAKE_BUILD_TYPE}")
if(NOT BRINK_BUILD_DESCRIPTION)
  set(BRINK_BUILD_DESCRIPTION "None")
endif()
if(BRINK_NATIVE)
  string(APPEND BRINK_BUILD_DESCRIPTION ", native")
endif()
find_package(Git QUIET)
add_custom_target(brink_version ALL
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${BRINK_VERSION_DIRECTORY}/brink_version.hpp -DVERSION=${PROJECT_VERSION}
          "-DBUILD=${BRINK_BUILD_DESCRIPTION}" -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR} "-DGIT=${GIT_EXECUTABLE}"
          -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/VersionScript.cmake
  BYPRODUCTS ${BRINK_VERSION_DIRECTORY}/brink_version.hpp
  VERBATIM)
