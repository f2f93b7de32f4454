#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# check.sh MODEL: lets spin(1) try every order of steps of a model. The model must hold, and spin
# must find each of the bugs that can be put into it: otherwise the model would not find them in the
# library either. Lines of the model's comment say with which options it "holds" or "fails".
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

while read -r verdict options; do
  case $verdict in holds) wanted=0 ;; fails) wanted=1 ;; esac
  # shellcheck disable=SC2086 # one word each
  expect $wanted $options
done < <(sed -nE 's/^ [*] (holds|fails)(( -D[A-Z_]+)*)$/\1\2/p' "$model")
exit "$status"
