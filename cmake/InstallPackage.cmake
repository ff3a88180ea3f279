# cmake --install and find_package(brink).
include(CMakePackageConfigHelpers)
install(TARGETS brink EXPORT brinkTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/brink DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT brinkTargets NAMESPACE brink:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/brink)
configure_package_config_file(cmake/brinkConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/brinkConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/brink)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/brinkConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/brinkConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/brinkConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/brink)
