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

# configure_release ARG...: configures the preset "release". What it compiles is found again by
# other scripts, and by the tests that build sysfd as its users do.
export CCACHE_DIR=${CCACHE_DIR:-$PWD/build/ccache}
configure_release() {
  if command -v ccache >/dev/null; then set -- -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"; fi
  quietly cmake --preset release "$@"
}

# build_c_library: builds $c_library, with debug information that has no path of this machine.
# shellcheck disable=SC2034 # for the scripts that source this
c_library=build/c_library/capi/libsysfd.so.0
build_c_library() {
  quietly cmake --preset gcc -B build/c_library -DSYSFD_BUILD_TESTS=OFF -DSYSFD_BUILD_EXAMPLES=OFF -DSYSFD_BUILD_RUN=OFF \
    -DCMAKE_CXX_FLAGS_DEBUG=-g "-DCMAKE_CXX_FLAGS=-ffile-prefix-map=$PWD=."
  quietly cmake --build build/c_library --target sysfd_capi
}
