#!/bin/sh
# SPDX-License-Identifier: MIT
# States a second of the explorer beside those of Spin's verifier, on the same worlds, in the same run.
#
#   race.sh TWIN [NAME SIZE]...      by default, the largest worlds that both visit
#
# TWIN is promela-twin of an optimised build. Each must first find as many states, transitions and refusals as the other.
# Exit: 0, 1 they do not find the same, 3 something is broken, 64 usage, 77 no Spin.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib.sh"
[ $# -gt 0 ] && [ $(($# % 2)) -eq 1 ] || { sed -n 's/^#   //p' "$0" >&2; exit 64; }
twin=$1
shift
[ $# -gt 0 ] || set -- importers-three - poll - children-sharing fds=3 everything fds=2,references=2,attachments=1,mappings=1
need_spin
work=$(mktemp -d "${TMPDIR:-/tmp}/promela.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
grep -m 1 '^model name' /proc/cpuinfo || true
spin -V
PAN_CFLAGS=-O2
while [ $# -gt 0 ]; do
  pan "$work/pan" "$1" "$2" -DSAFETY -DPLAIN
  ours=$($twin count "$1" "$2")
  # Plain, pan does not tell refusals from transitions, nor from the step that starts the process.
  theirs=$(counts "$work/pan")
  if [ "$(echo "$ours" | awk '{ print $1, $2 + $3 }')" != "${theirs% *}" ]; then
    echo "race: the model finds $ours in $1 $2, pan $theirs" >&2
    exit 1
  fi
  [ "$2" = - ] || echo "$2"
  # A table of 2^22 places: no world here fills it.
  $twin race "$1" "$2" "cd '$work/pan' && ./pan -m2000000 -w22 > log 2>&1"
  shift 2
done
