# For embedders and plugin authors; installed with the package.

# otelpipe_host(target): lets plugins find the library's symbols in this program. Links all of core, so that every symbol a plugin may need exists once.
# Core stands whole before everything else on the link line, so where it is named again, by otelpipe::components for one, nothing is left to take from it.
# LINK_LIBRARY:WHOLE_ARCHIVE would repeat the whole archive there, depending on the order in which a program names its libraries.
function(otelpipe_host target)
  target_link_libraries(${target} PRIVATE otelpipe::core)
  target_link_options(${target} PRIVATE "LINKER:--push-state,--whole-archive,$<TARGET_FILE:otelpipe::core>,--pop-state")
  set_target_properties(${target} PROPERTIES ENABLE_EXPORTS ON)
endfunction()

# otelpipe_plugin(name SOURCES a.cc ... [LIBS target ...]): a shared library for LoadPlugin. It compiles against the headers and links no part
# of the library. Shared libraries that the headers need (Abseil) are linked, as the host may not have kept all of them; static ones are left to the host,
# because a second copy in one process must not be.
function(otelpipe_plugin name)
  cmake_parse_arguments(P "" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} MODULE ${P_SOURCES})
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden)
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_include_directories(${name} PRIVATE $<TARGET_PROPERTY:otelpipe::core,INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(${name} PRIVATE $<TARGET_PROPERTY:otelpipe::core,INTERFACE_COMPILE_DEFINITIONS>)
  target_link_options(${name} PRIVATE -Wl,--as-needed)
  foreach(library absl::status absl::statusor absl::strings absl::str_format absl::time absl::any_invocable)
    get_target_property(type ${library} TYPE)
    if(type STREQUAL "SHARED_LIBRARY" OR type STREQUAL "INTERFACE_LIBRARY")
      target_link_libraries(${name} PRIVATE ${library})
    else()
      target_include_directories(${name} PRIVATE $<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>)
    endif()
  endforeach()
  target_link_libraries(${name} PRIVATE ${P_LIBS})
endfunction()
