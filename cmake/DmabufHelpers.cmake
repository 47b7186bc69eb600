# SPDX-License-Identifier: MIT
# How every library, test and program of this project is made, so that the rooms need no flags.
include_guard(GLOBAL)
include(CTest)
include(GoogleTest)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(DMABUF_SANITIZE "" CACHE STRING "Sanitizers for everything, e.g. address;undefined or thread")
if(DMABUF_SANITIZE)
  list(JOIN DMABUF_SANITIZE "," _sanitizers)
  add_compile_options(-fsanitize=${_sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${_sanitizers})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# Ours only: never inherited by those who link to us.
function(dmabuf_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
    # g++ 12 sees overlapping copies in std::string operations that have none (GCC bug 105651).
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
endfunction()

# dmabuf_library(name SOURCES ... HEADERS ... PUBLIC libs PRIVATE libs)
# Makes dmabuf_<name> with the alias dmabuf::<name>; headers live under include/.
function(dmabuf_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  set(target dmabuf_${name})
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
    dmabuf_warnings(${target})
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(dmabuf::${name} ALIAS ${target})
  target_include_directories(${target} ${scope}
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>)
  target_link_libraries(${target} ${scope} ${ARG_PUBLIC})
  if(ARG_SOURCES)
    target_link_libraries(${target} PRIVATE ${ARG_PRIVATE})
  endif()
endfunction()

# dmabuf_program(name SOURCES ... LIBS ...)
function(dmabuf_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  dmabuf_warnings(${name})
  if(DMABUF_STATIC)
    target_link_options(${name} PRIVATE -static)
  endif()
endfunction()

# A gate that fails by the luck of the draw names the wrong change: tests draw from one seed, the same
# in every run. `random` draws anew, for soaks; ctest --output-on-failure names the seed.
set(DMABUF_TEST_SEED 1 CACHE STRING "Seed of random tests, a number or `random`")

# dmabuf_test(name SOURCES ... LIBS ... LABELS one-label TIMEOUT seconds RAPIDCHECK parameters)
# One GoogleTest program; every test of it becomes a ctest of its own.
function(dmabuf_test name)
  if(NOT DMABUF_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT;RAPIDCHECK" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  list(LENGTH ARG_LABELS count)
  if(count GREATER 1)  # gtest_discover_tests would take the second for another property
    message(FATAL_ERROR "dmabuf_test(${name}): one label, not '${ARG_LABELS}'")
  endif()
  set(seed "")
  if(NOT DMABUF_TEST_SEED STREQUAL "random")
    string(APPEND ARG_RAPIDCHECK " seed=${DMABUF_TEST_SEED}")
    set(seed ENVIRONMENT_MODIFICATION "DMABUF_CONFORM_SEED=set:${DMABUF_TEST_SEED}")
  endif()
  string(STRIP "${ARG_RAPIDCHECK}" ARG_RAPIDCHECK)
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gtest GTest::gmock GTest::gtest_main)
  dmabuf_warnings(${name})
  set(lock "")
  if(ARG_LABELS STREQUAL "kernel" OR ARG_LABELS STREQUAL "sid")
    set(lock RESOURCE_LOCK qemu)  # one guest at a time: their watchdogs count wall time
  endif()
  gtest_discover_tests(${name}
    DISCOVERY_TIMEOUT 120
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} ${seed}
               ENVIRONMENT "RC_PARAMS=${ARG_RAPIDCHECK}" ${lock})
endfunction()

# dmabuf_benchmark(name SOURCES ... LIBS ...)
function(dmabuf_benchmark name)
  if(NOT DMABUF_BENCHMARKS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  dmabuf_program(${name} SOURCES ${ARG_SOURCES} LIBS ${ARG_LIBS} benchmark::benchmark)
endfunction()
