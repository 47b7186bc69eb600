#!/bin/sh
# SPDX-License-Identifier: MIT
# Explores the twin in Promela with Spin and compares what it finds with what the model finds, in the worlds of
# bounds.txt: how many states, transitions and refusals there are, and whether each can follow walks of the other.
#
#   compare.sh [--jobs N] [--walks N] TWIN [CONFIGURATION...]
#
# TWIN is the program promela-twin. The first difference is shown as the shortest program that leads to it.
# Exit: 0 all the same, 1 a difference, 3 something is broken, 64 usage, 77 no Spin or no compiler.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib.sh"
usage() { sed -n 's/^#   //p' "$0" >&2; exit 64; }

# A world: row NAME SIZE. A process of its own, hence the file.
row() {
  name=$1 size=${2#walks:} only_walks=no
  [ "$size" = "$2" ] || only_walks=yes
  dir=$work/$name.$size
  pan "$dir" "$name" "$size" -DSAFETY
  verdict=same difference=""
  if [ "$only_walks" = yes ]; then
    ours="- - -" theirs="- - -"
  else
    ours=$($twin count "$name" "$size")
    theirs=$(counts "$dir")
    if [ "$ours" != "$theirs" ]; then
      verdict=DIFFERENT difference=$(first_difference "$dir" "$name" "$size")
      case $theirs in violated*) difference="$theirs
$difference" theirs="? ? ?" ;; esac
    fi
  fi
  there="-" back="-"
  if [ "$verdict" = same ]; then
    there=$(twin_walks "$dir" "$name" "$size" 1 "$walks") || { verdict=DIFFERENT; difference=$there there=-; }
    back=$(program_walks "$dir" "$name" "$size" 1 "$walks") || { verdict=DIFFERENT; difference="$difference$back" back=-; }
  fi
  {
    printf '%-26s %-44s %8s %8s %9s %9s %8s %8s %6s %6s  %s\n' "$name" "$size" \
      $(echo "$theirs" | cut -d' ' -f1) $(echo "$ours" | cut -d' ' -f1) $(echo "$theirs" | cut -d' ' -f2) \
      $(echo "$ours" | cut -d' ' -f2) $(echo "$theirs" | cut -d' ' -f3) $(echo "$ours" | cut -d' ' -f3) "$there" "$back" "$verdict"
    [ -z "$difference" ] || echo "$difference" | sed 's/^/  /'
  } > "$dir.row"
  rm -rf "$dir"
}

jobs=2 walks=3 twin="" only=""
while [ $# -gt 0 ]; do
  case $1 in
    --jobs | --walks) [ $# -gt 1 ] || usage; if [ "$1" = --jobs ]; then jobs=$2; else walks=$2; fi; shift ;;
    --row) work=$COMPARE_WORK twin=$COMPARE_TWIN walks=$COMPARE_WALKS; row "$2" "$3"; exit 0 ;;
    -*) usage ;;
    *) if [ -z "$twin" ]; then twin=$1; else only="$only $1"; fi ;;
  esac
  shift
done
[ -n "$twin" ] || usage
command -v "$twin" > /dev/null || { echo "compare: no program at $twin" >&2; exit 64; }
need_spin
work=$(mktemp -d "${TMPDIR:-/tmp}/promela.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

grep -v '^#' "$here/bounds.txt" | while read -r name sizes; do
  case " $only " in "  " | *" $name "*) ;; *) continue ;; esac
  [ "$sizes" = none ] || for size in $sizes; do echo "$name $size"; done
done > "$work/todo"
[ -s "$work/todo" ] || { echo "compare: nothing to compare:$only" >&2; exit 64; }

COMPARE_WORK=$work COMPARE_TWIN=$twin COMPARE_WALKS=$walks
export COMPARE_WORK COMPARE_TWIN COMPARE_WALKS
broken=0 status=0
# Every world that the program explores is here, in four sizes that Spin visits, too; or the list says that it is not.
if [ -z "$only" ]; then
  for name in $($twin worlds); do
    case "$(sed -n "s/^$name  *//p" "$here/bounds.txt")" in
      none) ;;
      "") echo "compare: the program knows a world that bounds.txt does not: $name"; status=1 ;;
      *) [ "$(grep -c "^$name [^w]" "$work/todo")" -ge 4 ] || { echo "compare: fewer than four sizes of $name"; status=1; } ;;
    esac
  done
fi
xargs -P "$jobs" -L 1 sh "$0" --row < "$work/todo" || broken=3
printf '%-71s %17s %19s %17s %13s\n' "" states transitions refusals "walks of"
printf '%-26s %-44s %8s %8s %9s %9s %8s %8s %6s %6s\n' configuration size promela program promela program promela program twin program
while read -r name size; do
  row=$work/$name.${size#walks:}.row
  if [ -f "$row" ]; then cat "$row"; else echo "$name $size: not compared"; broken=3; fi
  if grep -q DIFFERENT "$row" 2> /dev/null; then status=1; fi
done < "$work/todo"
[ "$broken" = 0 ] || exit "$broken"
if [ "$status" = 0 ]; then echo "the same: $(wc -l < "$work/todo") worlds of $(cut -d' ' -f1 "$work/todo" | sort -u | wc -l) configurations"
else echo "the model and its twin differ"
fi
exit "$status"
