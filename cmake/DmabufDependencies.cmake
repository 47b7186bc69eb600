# SPDX-License-Identifier: MIT
# Packages, all from Debian bookworm; the names to install are in ./run and ./test.
include_guard(GLOBAL)
find_package(Boost 1.81 REQUIRED)           # MSM of 1.74 does not compile as C++20
find_package(fmt 9 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(rapidcheck REQUIRED)
find_package(Threads REQUIRED)
set(ZLIB_USE_STATIC_LIBS ${DMABUF_STATIC})
find_package(ZLIB REQUIRED)
if(DMABUF_TESTS)
  find_package(GTest 1.12 REQUIRED)
endif()
if(DMABUF_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

# Debian ships libfmt as a shared library only; guests need everything in one static file.
add_library(dmabuf_fmt INTERFACE)
add_library(dmabuf::fmt ALIAS dmabuf_fmt)
target_link_libraries(dmabuf_fmt INTERFACE fmt::fmt-header-only)
