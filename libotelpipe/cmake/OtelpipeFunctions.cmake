# The building functions of the house. A folder names its files once; everything else follows.

# Warnings and sanitizers of our own code only; never exported.
add_library(otelpipe_private_flags INTERFACE)
target_compile_options(otelpipe_private_flags INTERFACE -Wall -Wextra -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict> $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-class-memaccess>)
set_property(GLOBAL PROPERTY OTELPIPE_REGISTER_CALLS "")

# Gives a test its limit in seconds, multiplied by OTELPIPE_TEST_TIME_FACTOR; the test sees the factor in its environment.
function(otelpipe_test_limit name seconds)
  math(EXPR limit "${seconds} * ${OTELPIPE_TEST_TIME_FACTOR}")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${limit} ENVIRONMENT OTELPIPE_TEST_TIME_FACTOR=${OTELPIPE_TEST_TIME_FACTOR})
endfunction()

# A Catch2 binary; `ctest -L <label>` selects.
function(otelpipe_test target)
  cmake_parse_arguments(T "" "" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT OTELPIPE_BUILD_TESTS)
    return()
  endif()
  add_executable(${target} ${T_SOURCES})
  target_link_libraries(${target} PRIVATE otelpipe_private_flags ${T_LIBS} Catch2::Catch2WithMain)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/components ${PROJECT_SOURCE_DIR}/libotelpipe/src)
  target_compile_definitions(${target} PRIVATE OTELPIPE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${target} COMMAND ${target})
  otelpipe_test_limit(${target} 300)
  if(T_LABELS)
    set_tests_properties(${target} PROPERTIES LABELS "${T_LABELS}")
  endif()
endfunction()

# libFuzzer targets (fuzz preset, clang): one binary per file, with the corpus folder beside it when there is one. WITH: sources that each needs.
function(otelpipe_fuzz)
  cmake_parse_arguments(F "" "" "SOURCES;WITH;LIBS" ${ARGN})
  if(NOT OTELPIPE_BUILD_FUZZ)
    return()
  endif()
  foreach(source ${F_SOURCES})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source} ${F_WITH})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE otelpipe_private_flags ${F_LIBS})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/components ${PROJECT_SOURCE_DIR}/libotelpipe/src)
    set_property(GLOBAL APPEND PROPERTY OTELPIPE_FUZZ_TARGETS ${name})
  endforeach()
endfunction()

# A room of the library: libotelpipe/src/<name>. DEPS are the external targets it needs to compile; they become part of otelpipe::core.
function(otelpipe_room)
  cmake_parse_arguments(R "" "NAME" "SOURCES;TESTS;FUZZ;FUZZ_SOURCES;DEPS;TEST_DEPS" ${ARGN})
  set(target otelpipe_room_${R_NAME})
  add_library(${target} OBJECT ${R_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/libotelpipe/include ${PROJECT_BINARY_DIR}/include
    PRIVATE ${PROJECT_SOURCE_DIR}/libotelpipe/src)
  target_link_libraries(${target} PUBLIC ${R_DEPS} PRIVATE otelpipe_private_flags)
  target_sources(otelpipe_core PRIVATE $<TARGET_OBJECTS:${target}>)
  target_link_libraries(otelpipe_core PUBLIC ${R_DEPS})
  if(R_TESTS)
    otelpipe_test(otelpipe_${R_NAME}_test SOURCES ${R_TESTS} LIBS otelpipe_core ${R_TEST_DEPS} LABELS unit)
  endif()
  otelpipe_fuzz(SOURCES ${R_FUZZ} WITH ${R_FUZZ_SOURCES} LIBS otelpipe_core)
endfunction()

function(otelpipe_private_library_ target)
  cmake_parse_arguments(L "" "LABEL;TEST" "SOURCES;TESTS;FUZZ;DEPS;TEST_DEPS" ${ARGN})
  add_library(${target} OBJECT ${L_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/components)
  target_link_libraries(${target} PUBLIC otelpipe_core_interface ${L_DEPS} PRIVATE otelpipe_private_flags)
  target_sources(otelpipe_components PRIVATE $<TARGET_OBJECTS:${target}>)
  target_link_libraries(otelpipe_components PUBLIC ${L_DEPS})
  if(L_TESTS)
    otelpipe_test(${L_TEST} SOURCES ${L_TESTS} LIBS otelpipe_components otelpipe_core ${L_TEST_DEPS} LABELS ${L_LABEL})
  endif()
  otelpipe_fuzz(SOURCES ${L_FUZZ} LIBS otelpipe_components otelpipe_core)
endfunction()

# Code two components share: components/shared/<name>. DEPS: external targets only.
function(otelpipe_shared_library)
  cmake_parse_arguments(L "" "NAME" "SOURCES;HEADERS;TESTS;FUZZ;DEPS;TEST_DEPS" ${ARGN})
  otelpipe_private_library_(otelpipe_shared_${L_NAME} LABEL unit TEST otelpipe_shared_${L_NAME}_test
    SOURCES ${L_SOURCES} TESTS ${L_TESTS} FUZZ ${L_FUZZ} DEPS ${L_DEPS} TEST_DEPS ${L_TEST_DEPS})
endfunction()

# A component: components/<kind>/<name>, registered by the function its source defines with OTELPIPE_REGISTER(kind, name, registry).
function(otelpipe_component)
  cmake_parse_arguments(C "" "KIND;NAME" "SOURCES;TESTS;FUZZ;DEPS;TEST_DEPS" ${ARGN})
  if(NOT "all" IN_LIST OTELPIPE_COMPONENTS AND NOT "${C_KIND}/${C_NAME}" IN_LIST OTELPIPE_COMPONENTS)
    return()
  endif()
  otelpipe_private_library_(otelpipe_${C_KIND}_${C_NAME} LABEL component TEST otelpipe_${C_KIND}_${C_NAME}_test
    SOURCES ${C_SOURCES} TESTS ${C_TESTS} FUZZ ${C_FUZZ} DEPS ${C_DEPS} TEST_DEPS ${C_TEST_DEPS})
  set_property(GLOBAL APPEND PROPERTY OTELPIPE_REGISTER_CALLS ${C_KIND}_${C_NAME})
endfunction()

# Writes register_all.cc: one plain call per component, so nothing is lost when linked from an archive.
function(otelpipe_generate_registration output)
  get_property(calls GLOBAL PROPERTY OTELPIPE_REGISTER_CALLS)
  list(SORT calls)
  set(declarations "")
  set(body "")
  foreach(call ${calls})
    string(APPEND declarations "absl::Status otelpipe_register_${call}(::otelpipe::Registry& registry);\n")
    string(APPEND body "  OTELPIPE_RETURN_IF_ERROR(otelpipe_register_${call}(registry));\n")
  endforeach()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT [[// Generated from the component folders; see libotelpipe/cmake/OtelpipeFunctions.cmake.
#include "otelpipe/base/status_macros.h"
#include "otelpipe/service.h"

@declarations@
namespace otelpipe {
absl::Status RegisterAllComponents(Registry& registry) {
@body@  return absl::OkStatus();
}
}  // namespace otelpipe
]])
endfunction()
