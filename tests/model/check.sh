#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# check.sh MODEL: lets spin(1) try every order of steps of the model of spawn_async(). The model
# must hold, and spin must find each of the bugs that can be put into it: otherwise the model would
# not find them in the library either.
set -euo pipefail
model=$(realpath "$1")
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"

# verify OPTION...: prints the number of errors that spin finds, or what failed.
verify() {
  rm -f pan
  { spin -a "$@" "$model" && cc -O2 -DSAFETY -o pan pan.c; } >log 2>&1 || true
  if [ -x pan ]; then ./pan -m100000 >>log 2>&1 || true; fi
  if ! grep -q 'errors: [0-9]' log || grep -q 'max search depth too small' log; then
    cat log >&2
    echo "broken"
    return
  fi
  sed -n 's/.*errors: \([0-9]*\).*/\1/p' log
}

status=0
expect() {
  local wanted=$1 found
  shift
  found=$(verify "$@")
  printf '%-32s %s\n' "${*:-(as it is)}" "$found error(s), $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' log) states"
  if [ "$found" != "$wanted" ]; then
    echo "expected $wanted"
    status=1
  elif [ "$wanted" = 0 ] && grep -A1 '^unreached in' log | grep -v -e '^unreached' -e '^--' | grep -qv '(0 of'; then
    sed -n '/^unreached in/,$p' log
    status=1
  fi
}

expect 0
expect 0 -DLOOKS
expect 0 -DLOOKS -DDUMPS
expect 1 -DDUMPS # no process would report it
expect 1 -DGIVES_BACK_EARLY
expect 1 -DWAITS_ONCE
expect 1 -DSLEEPS_LATE
expect 1 -DWAKES_FIRST
expect 1 -DREPORTS_FIRST
exit "$status"
