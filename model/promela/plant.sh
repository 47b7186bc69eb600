#!/bin/sh
# SPDX-License-Identifier: MIT
# Puts mistakes into the twin, and into the model's tables, one at a time: the comparison has to notice each, by its
# counts and by its walks alone where both can show it, and show the first difference as a program.
#
#   plant.sh TWIN
#
# TWIN is the program promela-twin. Exit: 0 each was noticed, 1 one was not, 3 something is broken, 64 usage, 77 no Spin.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib.sh"
[ $# -eq 1 ] || { sed -n 's/^#   //p' "$0" >&2; exit 64; }
program=$1 twin=$1
command -v "$twin" > /dev/null || { echo "plant: no program at $twin" >&2; exit 64; }
need_spin
work=$(mktemp -d "${TMPDIR:-/tmp}/promela.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Mistakes of dmabuf.pml (-DPLANT) and the configuration that must notice each.
planted="1:importers-caching 2:sharing-created 3:importers-eager 5:importers-deferred 6:cpu-access-udmabuf
  13:children 15:fences 16:dynamic 18:handles-prime 19:lists"
# Which process an fd is in decides nothing in these worlds: a walk cannot show it, the states do.
remembered="4:sharing"
# They end, by as many steps, in states that are there anyway: counts cannot show it, a walk does.
same_counts="20:queues-vivid 21:full-prime"
most_walks=40
missed=0

# by_counts NAME FLAG...: is what differs now seen?
by_counts() {
  name=$1
  shift
  pan "$work/pan" "$name" - -DSAFETY "$@" || exit 3
  if [ "$($twin count "$name" -)" = "$(counts "$work/pan")" ]; then
    echo "  NOT NOTICED by counts: $name"
    missed=1
  else
    shown=$(first_difference "$work/pan" "$name" -)
    echo "$shown" | sed 's/^/  /'
    case $shown in *"the first difference"*) ;; *) echo "  NOT SHOWN as a program"; missed=1 ;; esac
  fi
}
# A walk shows what one side can do and the other cannot: of a mistake, one of the two directions, or both.
by_walks() {
  name=$1
  shift
  if shown=$(twin_walks "$work/pan" "$name" - 1 $most_walks "$@") &&
    shown=$(program_walks "$work/pan" "$name" - 1 $most_walks); then
    echo "  NOT NOTICED by $most_walks walks: $name"
    missed=1
  else
    echo "  and by a walk:"
    echo "$shown" | sed 's/^/  /'
    case $shown in *"cannot follow"*) ;; *) echo "  NOT SHOWN as a program"; missed=1 ;; esac
  fi
}

for entry in $planted; do
  echo "in the twin: $(sed -n "s/^ \*  *${entry%%:*}  //p" "$here/dmabuf.pml")"
  by_counts "${entry#*:}" -DPLANT="${entry%%:*}"
  by_walks "${entry#*:}" -DPLANT="${entry%%:*}"
done
for entry in $remembered; do
  echo "in the twin: $(sed -n "s/^ \*  *${entry%%:*}  //p" "$here/dmabuf.pml")"
  by_counts "${entry#*:}" -DPLANT="${entry%%:*}"
done
for entry in $same_counts; do
  echo "in the twin: $(sed -n "s/^ \*  *${entry%%:*}  //p" "$here/dmabuf.pml")"
  pan "$work/pan" "${entry#*:}" - -DSAFETY -DPLANT="${entry%%:*}" || exit 3
  by_walks "${entry#*:}" -DPLANT="${entry%%:*}"
done
"$program" mistakes > "$work/mistakes"
[ -s "$work/mistakes" ] || exit 3
while read -r mistake name what; do
  echo "in the tables: $what"
  twin="$program --spoilt $mistake"
  by_counts "$name"
  by_walks "$name"
done < "$work/mistakes"
[ "$missed" = 0 ] || { echo "plant: a planted mistake went unnoticed"; exit 1; }
echo "every planted mistake was noticed"
