#!/bin/sh
# SPDX-License-Identifier: MIT
# Has Spin prove properties of the twin: that assertions hold in every state (safety), and LTL formulas for every run
# (liveness). Of each property there is a broken variant, which Spin must refute.
#
#   prove.sh [--jobs N] [CONFIGURATION...]
#
# Exit: 0 all proved and every broken variant refuted, 1 not, 3 something is broken, 64 usage, 77 no Spin.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib.sh"
usage() { sed -n 's/^#   //p' "$0" >&2; exit 64; }

# PROPERTY MODE CONFIGURATION SIZE PLANT: with a mistake planted it must be refuted.
properties() {
  for name in $(grep '^[^ ]*  *- ' "$here/bounds.txt" | cut -d' ' -f1); do
    echo "safety - $name - 0"
  done
  cat << END
safety - sharing - 8
safety - sharing-created - 10
safety - importers-eager - 3
safety - importers-eager - 7
safety - importers-migrating - 11
safety - poll-vgem - 14
safety - dynamic - 17
END
  for name in sharing-created handles importers-caching importers-refusing importers-migrating importers-vgem cpu-access \
    cpu-mappings cpu-mappings-migrating calls reshaped children-prime children-importers poll-vgem \
    sync-files-shared dynamic dynamic-6.12; do echo "all_can_be_released TEARDOWN $name - 0"; done
  cat << END
all_can_be_released TEARDOWN importers-eager - 9
stalled_moves_proceed STALLS importers-migrating - 0
stalled_moves_proceed STALLS importers-migrating references=1,mappings=3 0
stalled_moves_proceed STALLS everything buffers=1,fds=2,references=2,attachments=2,mappings=2 0
stalled_moves_proceed STALLS importers-migrating - 9
END
  for name in sharing-created handles importers-eager cpu-mappings children poll-vgem; do
    echo "release_follows_the_last_put WORKER $name - 0"
  done
  echo "release_follows_the_last_put WORKER sharing-created - 12"
}
# What a property says, for people.
says() {
  case $1 in
    safety) echo "assertions hold" ;;
    all_can_be_released) echo "once a teardown begins, all is released, in whatever order" ;;
    stalled_moves_proceed) echo "a map that waits for the storage to move proceeds once the others let go" ;;
    release_follows_the_last_put) echo "release follows the last put (weak fairness)" ;;
  esac
}
prove() {
  property=$1 mode=$2 name=$3 size=$4 plant=$5
  dir=$work/$property.$name.$size.$plant
  case $mode in
    -) flags=-DSAFETY options="" ;;
    WORKER) flags=-DNFAIR=4 options="-a -f" ;;
    *) flags="" options=-a ;;
  esac
  if [ "$mode" = - ]; then set --; else set -- -D"$mode"; fi
  pan "$dir" "$name" "$size" "$flags" -DPLANT="$plant" "$@"
  (cd "$dir" && ./pan $options -m2000000 -w20 > log 2>&1) || true
  found=unknown
  if grep -q 'max search depth too small\|reached -DMEMLIM' "$dir/log"; then found="not searched to the end"
  elif grep -q 'assertion violated\|acceptance cycle' "$dir/log"; then found=refuted
  elif grep -q 'errors: 0$' "$dir/log"; then found=proved
  fi
  states=$(awk '/states, stored/ { print $1 }' "$dir/log")
  why=$(sed -n 's/^pan:[0-9]*: *//p' "$dir/log" | sed 's/ (at depth.*//' | head -n 1)
  expected=proved
  [ "$plant" = 0 ] || expected=refuted
  verdict=ok
  [ "$found" = "$expected" ] || verdict=WRONG
  mistake=""
  [ "$plant" = 0 ] || mistake=" although $(sed -n "s/^ \* *$plant  //p" "$here/dmabuf.pml")"
  [ -z "$why" ] || why=" ($why)"
  [ "$size" = - ] || name="$name $size"
  printf '%-5s %-26s %8s states  %s%s%s\n' "$verdict" "$name" "$states" "$found" "$why" "$mistake" > "$dir.row"
  rm -rf "$dir"
}

jobs=2 only=""
while [ $# -gt 0 ]; do
  case $1 in
    --jobs) [ $# -gt 1 ] || usage; jobs=$2; shift ;;
    --prove) shift; work=$PROVE_WORK; prove "$@"; exit 0 ;;
    -*) usage ;;
    *) only="$only $1" ;;
  esac
  shift
done
need_spin
work=$(mktemp -d "${TMPDIR:-/tmp}/promela.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
properties | while read -r property mode name size plant; do
  case " $only " in "  " | *" $name "*) echo "$property $mode $name $size $plant" ;; esac
done > "$work/todo"
[ -s "$work/todo" ] || { echo "prove: nothing to prove:$only" >&2; exit 64; }
PROVE_WORK=$work
export PROVE_WORK
broken=0
xargs -P "$jobs" -L 1 sh "$0" --prove < "$work/todo" || broken=3
status=0 last=""
while read -r property mode name size plant; do
  [ "$property" = "$last" ] || echo "$property: $(says "$property")"
  last=$property
  row=$work/$property.$name.$size.$plant.row
  if [ -f "$row" ]; then cat "$row"; else echo "$name $size: not proved"; broken=3; fi
  if grep -q '^WRONG' "$row" 2> /dev/null; then status=1; fi
done < "$work/todo"
[ "$broken" = 0 ] || exit "$broken"
if [ "$status" = 0 ]; then echo "proved, and every broken variant refuted"; else echo "a property does not hold, or a broken one does"; fi
exit "$status"
