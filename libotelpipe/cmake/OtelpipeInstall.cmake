# `cmake --install`: two archives, the headers, the building functions, a CMake package. Included by the top file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS otelpipe_core otelpipe_components EXPORT otelpipeTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET otelpipe_agent)
  install(TARGETS otelpipe_agent RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY libotelpipe/include/otelpipe DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_BINARY_DIR}/include/otelpipe/version.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/otelpipe)
install(EXPORT otelpipeTargets NAMESPACE otelpipe:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/otelpipe)
configure_package_config_file(libotelpipe/cmake/otelpipeConfig.cmake.in ${PROJECT_BINARY_DIR}/otelpipeConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/otelpipe)
# Before 1.0 every minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/otelpipeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/otelpipeConfig.cmake ${PROJECT_BINARY_DIR}/otelpipeConfigVersion.cmake
  libotelpipe/cmake/OtelpipeDependencies.cmake libotelpipe/cmake/OtelpipeHost.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/otelpipe)
