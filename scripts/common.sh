# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the scripts beside it share: they source it first. It brings them to the root of the
# repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p build

# quietly COMMAND...: shows what the command said only if it fails.
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
