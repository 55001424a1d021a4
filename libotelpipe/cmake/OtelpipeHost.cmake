# For embedders and plugin authors; installed with the package.

# otelpipe_host(target): lets plugins find the library's symbols in this program. Links all of core, so that every symbol a plugin may need exists once.
function(otelpipe_host target)
  target_link_libraries(${target} PRIVATE otelpipe::core)
  set_target_properties(${target} PROPERTIES ENABLE_EXPORTS ON LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,otelpipe::core")
endfunction()

# otelpipe_plugin(name SOURCES a.cc ...): a shared library for LoadPlugin. It compiles against the headers and links no part of the library.
function(otelpipe_plugin name)
  cmake_parse_arguments(P "" "" "SOURCES" ${ARGN})
  add_library(${name} MODULE ${P_SOURCES})
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden)
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_include_directories(${name} PRIVATE $<TARGET_PROPERTY:otelpipe::core,INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(${name} PRIVATE $<TARGET_PROPERTY:otelpipe::core,INTERFACE_COMPILE_DEFINITIONS>)
endfunction()
