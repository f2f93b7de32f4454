# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Shared by the scripts in this directory, which source it first. It changes to the root of the
# repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p build

# quietly COMMAND...: shows the output of the command only if it fails.
quietly() {
  local log status=0
  log=$(mktemp build/log.XXXXXX)
  "$@" >"$log" 2>&1 || {
    status=$?
    cat "$log" >&2
  }
  rm -f "$log"
  return "$status"
}

# configure_cached PRESET ARG...: configures a preset of g++ whose files others compile in the same
# manner: "gcc" and "static" for the tests; "release" for other scripts; both for the tests that build
# sysfd as its users do. What one compiles, the others find. Warnings make no difference: who has them
# as errors always compiles first.
export CCACHE_DIR=${CCACHE_DIR:-$PWD/build/ccache} CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD/build} CCACHE_NOHASHDIR=1
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime # for precompiled headers
export CCACHE_IGNOREOPTIONS='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wframe-larger-than=*'
configure_cached() {
  if command -v ccache >/dev/null; then set -- "$@" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
  quietly cmake --preset "$@"
}

# build_c_library: builds $c_library, with debug information that has no path of this machine.
# shellcheck disable=SC2034 # for the scripts that source this
c_library=build/c_library/capi/libsysfd.so.0
build_c_library() {
  quietly cmake --preset gcc -B build/c_library -DSYSFD_BUILD_TESTS=OFF -DSYSFD_BUILD_EXAMPLES=OFF -DSYSFD_BUILD_RUN=OFF \
    -DCMAKE_CXX_FLAGS_DEBUG=-g "-DCMAKE_CXX_FLAGS=-ffile-prefix-map=$PWD=."
  quietly cmake --build build/c_library --target sysfd_capi
}
