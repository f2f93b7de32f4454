# SPDX-License-Identifier: MIT
#
# Who else starts programs: what is here becomes part of spawn_bench, and what is not is named there
# with the reason, so that every table has a row for it.
set(peer_list "")

# add_peer(NAME FUNCTIONS name... [FOUND variable MISSING why] [SOURCES file...] [LIBRARIES
# target...] [DEFINITIONS definition...])
# FUNCTIONS are those that peer.cpp calls. Where FOUND is false, NAME is missing.
function(add_peer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MISSING" "FUNCTIONS;FOUND;SOURCES;LIBRARIES;DEFINITIONS")
  if(DEFINED arg_FOUND AND NOT (${arg_FOUND}))
    string(APPEND peer_list "SYSFD_MISSING(\"${name}\", \"${arg_MISSING}\")\n")
    message(STATUS "bench: ${name} is missing: ${arg_MISSING}")
  else()
    foreach(function IN LISTS arg_FUNCTIONS)
      string(APPEND peer_list "SYSFD_PEER(${function})\n")
    endforeach()
    # Each by itself: what one library defines for those who use it is not for the others.
    list(TRANSFORM arg_SOURCES PREPEND peers/)
    list(GET arg_FUNCTIONS 0 target)
    add_library(${target} OBJECT ${arg_SOURCES})
    sysfd_compile_strictly(${target})
    target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_compile_definitions(${target} PRIVATE ${arg_DEFINITIONS})
    target_link_libraries(${target} PRIVATE ${arg_LIBRARIES})
    target_link_libraries(spawn_bench PRIVATE ${target})
  endif()
  set(peer_list "${peer_list}" PARENT_SCOPE)
endfunction()

# build_loop(RESULT SOURCE OUTPUT COMMAND...): builds a peer in another language now, if its source
# is newer than what there is, so that one that does not build is a missing peer and no error.
# RESULT becomes whether it is there.
function(build_loop result source output)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  if(${source} IS_NEWER_THAN ${output})
    execute_process(COMMAND ${ARGN} OUTPUT_QUIET ERROR_QUIET RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
      file(REMOVE ${output})
    endif()
  endif()
  if(EXISTS ${output})
    set(${result} TRUE PARENT_SCOPE)
  else()
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

# What a compiler says of its version: the line's word that begins with a digit.
function(ask_version result)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE answer ERROR_QUIET)
  string(REGEX MATCH "[0-9]+\\.[0-9.]+" version "${answer}")
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

target_sources(spawn_bench PRIVATE peers/peer.cpp peers/by_pid.cpp peers/loop.cpp)
add_peer("by hand" FUNCTIONS vfork_peer fork_peer SOURCES fork.cpp)
add_peer("glibc" FUNCTIONS posix_spawn_peer posix_spawn_closing_peer pidfd_spawn_peer
  SOURCES posix_spawn.cpp LIBRARIES ${CMAKE_DL_LIBS})
add_peer("sysfd" FUNCTIONS sysfd_peer sysfd_prepared_peer sysfd_status_peer sysfd_prepared_status_peer
    sysfd_async_peer sysfd_all_peer sysfd_retrying_peer
  SOURCES sysfd.cpp LIBRARIES sysfd::spawn DEFINITIONS SYSFD_BENCH_VERSION="${SYSFD_VERSION}")

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(BENCH_LIBUV QUIET IMPORTED_TARGET libuv)
  pkg_check_modules(BENCH_GLIB QUIET IMPORTED_TARGET "glib-2.0>=2.68")
endif()
add_peer("libuv" FUNCTIONS libuv_peer FOUND BENCH_LIBUV_FOUND MISSING "pkg-config finds no libuv (libuv1-dev)"
  SOURCES libuv.cpp LIBRARIES PkgConfig::BENCH_LIBUV)
add_peer("GLib" FUNCTIONS glib_peer glib_leaving_open_peer
  FOUND BENCH_GLIB_FOUND MISSING "pkg-config finds no glib-2.0 of 2.68 or newer (libglib2.0-dev)"
  SOURCES glib.cpp LIBRARIES PkgConfig::BENCH_GLIB)

find_package(Boost 1.80 QUIET COMPONENTS filesystem) # the first with version 2 of Process
add_peer("Boost.Process v2" FUNCTIONS boost_peer
  FOUND Boost_FOUND MISSING "CMake finds no Boost of 1.80 or newer (libboost1.81-dev, libboost-filesystem1.81-dev)"
  SOURCES boost.cpp LIBRARIES Boost::filesystem)
find_package(Qt5 QUIET COMPONENTS Core)
add_peer("Qt QProcess" FUNCTIONS qt_peer FOUND Qt5_FOUND MISSING "CMake finds no Qt 5 (qtbase5-dev)"
  SOURCES qt.cpp LIBRARIES Qt5::Core)
find_package(Poco QUIET COMPONENTS Foundation)
add_peer("Poco" FUNCTIONS poco_peer FOUND Poco_FOUND MISSING "CMake finds no Poco (libpoco-dev)"
  SOURCES poco.cpp LIBRARIES Poco::Foundation)

set(loops ${CMAKE_CURRENT_SOURCE_DIR}/peers)
find_program(SYSFD_BENCH_RUSTC rustc)
set(rust_loop ${CMAKE_CURRENT_BINARY_DIR}/loop_rust)
build_loop(rust_built ${loops}/loop.rs ${rust_loop}
  ${SYSFD_BENCH_RUSTC} --edition 2021 -O -o ${rust_loop} ${loops}/loop.rs)
ask_version(rust_version ${SYSFD_BENCH_RUSTC} --version)
add_peer("Rust std" FUNCTIONS rust_peer FOUND rust_built MISSING "no rustc that builds loop.rs (rustc)"
  SOURCES rust.cpp DEFINITIONS SYSFD_BENCH_RUST="${rust_loop}" SYSFD_BENCH_RUST_VERSION="${rust_version}")

find_program(SYSFD_BENCH_GOLANG go)
set(go_loop ${CMAKE_CURRENT_BINARY_DIR}/loop_go)
build_loop(go_built ${loops}/loop.go ${go_loop}
  ${CMAKE_COMMAND} -E env GO111MODULE=off GOFLAGS= GOCACHE=${CMAKE_CURRENT_BINARY_DIR}/go-cache
  ${SYSFD_BENCH_GOLANG} build -o ${go_loop} ${loops}/loop.go)
ask_version(go_version ${SYSFD_BENCH_GOLANG} version)
add_peer("Go os/exec" FUNCTIONS go_peer FOUND go_built MISSING "no go that builds loop.go (golang-go)"
  SOURCES go.cpp DEFINITIONS SYSFD_BENCH_GO="${go_loop}" SYSFD_BENCH_GO_VERSION="${go_version}")

find_package(Python3 QUIET COMPONENTS Interpreter)
if(Python3_FOUND) # itself, not a script that finds it
  execute_process(COMMAND ${Python3_EXECUTABLE} -c "import sys; print(sys.executable)"
    OUTPUT_VARIABLE Python3_EXECUTABLE OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
add_peer("Python subprocess" FUNCTIONS python_peer FOUND Python3_FOUND MISSING "CMake finds no Python 3 (python3)"
  SOURCES python.cpp DEFINITIONS SYSFD_BENCH_PYTHON="${Python3_EXECUTABLE}" SYSFD_BENCH_PEERS="${loops}")
find_program(SYSFD_BENCH_NODEJS NAMES node nodejs)
add_peer("Node child_process" FUNCTIONS node_peer FOUND SYSFD_BENCH_NODEJS MISSING "no node on PATH (nodejs)"
  SOURCES node.cpp DEFINITIONS SYSFD_BENCH_NODE="${SYSFD_BENCH_NODEJS}" SYSFD_BENCH_PEERS="${loops}")

file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/peers/peer_list.inc CONTENT "@peer_list@" @ONLY)
target_include_directories(spawn_bench PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/peers)
