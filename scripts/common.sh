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
