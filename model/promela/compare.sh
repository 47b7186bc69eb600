#!/bin/sh
# SPDX-License-Identifier: MIT
# Explores the twin in Promela with Spin and compares what it finds with what the program says of itself.
#
#   compare.sh [--twin TWIN] [--jobs N] PROGRAM [CONFIGURATION...]   counts, smaller worlds, the liveness property
#   compare.sh [--twin TWIN] --plant PROGRAM                         mistakes planted in the twin: all must be noticed
#
# PROGRAM is dmabuf-conform. TWIN (twin.cpp) counts worlds of other sizes and shows the first difference as a
# trace; it is looked for beside the program's build directory.
# Exit: 0 all the same, 1 a difference (with --plant always: that is what it is for), 3 something is broken,
# 64 usage, 77 no Spin or no compiler.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
usage() { sed -n 's/^#   //p' "$0" >&2; exit 64; }

# Worlds of other sizes: buffers,fds,references,attachments,mappings,CPU mappings,messages.
other_sizes="sharing:1,1,1,0,0,0,1 sharing:1,2,1,0,0,0,1 sharing:1,3,2,0,0,0,1 sharing:2,2,2,0,0,0,1 sharing:2,3,2,0,0,0,2
importers-caching:1,1,1,1,1,0,0 importers-caching:1,1,1,1,2,0,0 importers-caching:1,2,1,2,1,0,0 importers-caching:1,1,1,2,3,0,0
everything:1,1,1,1,1,0,1 everything:1,2,2,1,1,0,1 everything:2,2,1,1,1,0,0 everything:1,2,2,2,2,0,1 everything:2,2,2,1,1,0,1"
live="sharing-created handles importers-caching importers-refusing importers-migrating importers-vgem cpu-access
cpu-mappings cpu-mappings-migrating calls"
# Mistake and the configuration that must notice it: as a difference, as an assertion, as an endless run.
planted="1:importers-caching 2:sharing-created 3:importers-eager 4:sharing 5:importers-deferred 6:cpu-access-udmabuf"
planted_unsafe="7:importers-eager 8:sharing"
planted_endless="9:importers-eager"

# Builds pan for a configuration into a directory: pan DIRECTORY CONFIGURATION CFLAGS SPINFLAGS...
# -o2: Spin would leave variables out of the state that are written and never read.
pan() {
  pan_dir=$1 pan_name=$2 pan_flags=$3
  shift 3
  mkdir -p "$pan_dir"
  (cd "$pan_dir" && spin -a -o2 "$@" "$here/configurations/$pan_name.pml" > spin.log 2>&1 &&
    ${CC:-gcc} -O2 -w -DNOREDUCE -DMEMLIM=4000 -I"$here" $pan_flags pan.c -o pan 2> gcc.log) || {
    cat "$pan_dir/spin.log" "$pan_dir/gcc.log" >&2 2> /dev/null || true
    echo "compare: Spin makes no verifier of $pan_name" >&2
    return 3
  }
}
# What the slots of a size are called in Promela.
defines() {
  [ "$1" = - ] && return 0
  echo "$1" | sed 's/^\(.*\),\(.*\),\(.*\),\(.*\),\(.*\),\(.*\),\(.*\)$/-DBUFFERS=\1 -DFDS=\2 -DREFERENCES=\3 -DATTACHMENTS=\4 -DMAPPINGS=\5 -DVMAS=\6 -DMESSAGES=\7/'
}
# "STATES TRANSITIONS", without the step that starts the process; "violated: ..." where an assertion fails.
counts() {
  (cd "$1" && ./pan -m2000000 -w20 > pan.log 2>&1) || true
  awk '/^pan:[0-9]+: / || /max search depth too small/ || /reached -DMEMLIM/ { sub(/^pan:[0-9]*: */, ""); print "violated:", $0; bad = 1; exit }
       /states, stored/ { states = $1 } / transitions \(/ { steps = $1 } / errors: 0$/ { clean = 1 }
       END { if (!bad) { if (clean && states ~ /^[0-9]+$/ && steps ~ /^[0-9]+$/) print states, steps - 1; else print "violated: no exact counts" } }' "$1/pan.log"
}
# The shortest trace to a difference.
trace() {
  if [ -z "$twin" ]; then
    echo "  (no trace: give --twin, the program built from twin.cpp)"
    return 0
  fi
  trace_dir=$work/trace.$1.$2
  trace_name=$1 trace_size=$2
  shift 2
  pan "$trace_dir" "$trace_name" -DSAFETY -DEDGES -DREFUSALS $(defines "$trace_size") "$@" || return 0
  (cd "$trace_dir" && EDGES=edges ./pan -A -m2000000 -w20 > pan.log 2>&1) || true
  "$twin" "$trace_name" "$trace_size" "$trace_dir/edges" 2>&1 | sed 's/^/  /'
  rm -rf "$trace_dir"
}
# A row: NAME SIZE "states transitions refusals" of the program. A process of its own, hence the file.
row() {
  name=$1 size=$2 states=$3 steps=$4 refusals=$5
  dir=$work/$name.$size
  pan "$dir" "$name" -DSAFETY $(defines "$size") && plain=$(counts "$dir") || exit 3
  pan "$dir" "$name" -DSAFETY -DREFUSALS $(defines "$size") && all=$(counts "$dir") || exit 3
  rm -rf "$dir"
  label=$name
  [ "$size" = - ] || label="$name $size"
  verdict=same
  refused=?
  case $plain$all in
    *violated*) verdict="DIFFERENT: $plain"; plain="? ?" ;;
    *) refused=$((${all#* } - ${plain#* })) ;;
  esac
  [ "$plain $refused ${all%% *}" = "$states $steps $refusals $states" ] || [ "$verdict" != same ] || verdict=DIFFERENT
  {
    printf '%-40s %8s %8s %9s %9s %9s %9s  %s\n' "$label" ${plain% *} "$states" ${plain#* } "$steps" "$refused" "$refusals" "$verdict"
    [ "$verdict" = same ] || trace "$name" "$size"
  } > "$work/row.$name.$size"
}

twin="" jobs=2 plant=no program="" only=""
while [ $# -gt 0 ]; do
  case $1 in
    --twin) [ $# -gt 1 ] || usage; twin=$2; shift ;;
    --jobs) [ $# -gt 1 ] || usage; jobs=$2; shift ;;
    --plant) plant=yes ;;
    --row) shift; work=$COMPARE_WORK twin=$COMPARE_TWIN; row "$@"; exit 0 ;;
    -*) usage ;;
    *) if [ -z "$program" ]; then program=$1; else only="$only $1"; fi ;;
  esac
  shift
done
[ -n "$program" ] || usage
command -v "$program" > /dev/null || { echo "compare: no program at $program" >&2; exit 64; }
for tool in spin ${CC:-gcc}; do
  command -v "$tool" > /dev/null || { echo "compare: $tool is missing; on Debian: apt-get install spin gcc" >&2; exit 77; }
done
program=$(CDPATH= cd -- "$(dirname -- "$program")" && pwd)/$(basename -- "$program")
if [ -z "$twin" ]; then
  for candidate in "$(dirname "$program")/../../model/promela/promela-twin" "$(dirname "$program")/promela-twin"; do
    if [ -x "$candidate" ]; then twin=$candidate; break; fi
  done
fi
[ -z "$twin" ] || twin=$(CDPATH= cd -- "$(dirname -- "$twin")" && pwd)/$(basename -- "$twin")
work=$(mktemp -d "${TMPDIR:-/tmp}/promela.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# "NAME states transitions refusals" of every configuration of the program.
"$program" model check 2> /dev/null > "$work/check" || { echo "compare: '$program model check' fails" >&2; exit 3; }
awk '$1 == "configuration" { on = 1; next } on && NF >= 4 && $2 ~ /^[0-9]+$/ && $3 ~ /^[0-9]+$/ && $4 ~ /^[0-9]+$/ { print $1, $2, $3, $4 }' \
  "$work/check" > "$work/ours"
[ -s "$work/ours" ] || { echo "compare: '$program model check' prints no counts" >&2; exit 3; }

if [ "$plant" = yes ]; then
  missed=0
  for entry in $planted; do
    mistake=${entry%%:*} name=${entry#*:}
    echo "planted: $(sed -n "s/^ \*  $mistake  //p" "$here/dmabuf.pml")"
    pan "$work/plant" "$name" -DSAFETY -DPLANT="$mistake" || exit 3
    found=$(counts "$work/plant")
    ours=$(awk -v n="$name" '$1 == n { print $2, $3 }' "$work/ours")
    if [ "$found" = "$ours" ]; then
      echo "  NOT NOTICED: $name counts $ours on both sides"
      missed=1
    else
      echo "  $name: promela $found, program $ours"
      shown=$(trace "$name" - -DPLANT="$mistake")
      echo "$shown"
      case $shown in *"the first difference"* | *"no trace"*) ;; *) missed=1 ;; esac
    fi
    rm -rf "$work/plant"
  done
  for entry in $planted_unsafe; do
    mistake=${entry%%:*} name=${entry#*:}
    pan "$work/plant" "$name" -DSAFETY -DPLANT="$mistake" || exit 3
    found=$(counts "$work/plant")
    echo "planted: $(sed -n "s/^ \*  $mistake  //p" "$here/dmabuf.pml")"
    case $found in
      *"assertion violated"*) echo "  $name: $found" ;;
      *) echo "  NOT NOTICED: no assertion of $name fails"; missed=1 ;;
    esac
    rm -rf "$work/plant"
  done
  for entry in $planted_endless; do
    mistake=${entry%%:*} name=${entry#*:}
    pan "$work/plant" "$name" "" -DTEARDOWN -DPLANT="$mistake" || exit 3
    (cd "$work/plant" && ./pan -a -m2000000 -w20 > pan.log 2>&1) || true
    echo "planted: $(sed -n "s/^ \*  $mistake  //p" "$here/dmabuf.pml")"
    if grep -q 'acceptance cycle' "$work/plant/pan.log"; then echo "  $name: a run that never ends with all released"
    else echo "  NOT NOTICED: all is released in $name"; missed=1
    fi
    rm -rf "$work/plant"
  done
  [ "$missed" = 0 ] || { echo "compare: a planted mistake went unnoticed"; exit 3; }
  echo "every planted mistake was noticed"
  exit 1
fi

# What to compare: "NAME SIZE states transitions refusals".
: > "$work/todo"
while read -r name states steps refusals; do
  case " $only " in "  " | *" $name "*) ;; *) continue ;; esac
  # The twin knows no fences, no mapping that changes after mmap, and no child: see README.md.
  case "$name" in everything | fences* | poll* | sync-files* | reshaped | reshaped-* | children | children-*) continue ;; esac
  if [ ! -f "$here/configurations/$name.pml" ]; then
    echo "compare: no configurations/$name.pml: the program has a world its twin does not know" >&2
    exit 1
  fi
  echo "$name - $states $steps $refusals" >> "$work/todo"
done < "$work/ours"
if [ -n "$twin" ]; then
  for entry in $other_sizes; do
    name=${entry%%:*} size=${entry#*:}
    case " $only " in "  " | *" $name "*) ;; *) continue ;; esac
    if ! counted=$("$twin" "$name" "$size"); then echo "compare: '$twin $name $size' fails" >&2; exit 3; fi
    echo "$name $size ${counted#* }" >> "$work/todo"
  done
fi
[ -s "$work/todo" ] || { echo "compare: nothing to compare$only" >&2; exit 64; }

COMPARE_WORK=$work COMPARE_TWIN=$twin
export COMPARE_WORK COMPARE_TWIN
broken=0
xargs -P "$jobs" -L 1 sh "$0" --row < "$work/todo" || broken=3
printf '%-40s %17s %19s %19s\n' "" "states" "transitions" "refusals"
printf '%-40s %8s %8s %9s %9s %9s %9s\n' "configuration" promela program promela program promela program
status=0
while read -r name size rest; do
  if [ -f "$work/row.$name.$size" ]; then cat "$work/row.$name.$size"; else echo "$name $size: not compared"; broken=3; fi
  if grep -q DIFFERENT "$work/row.$name.$size" 2> /dev/null; then status=1; fi
done < "$work/todo"
[ -n "$twin" ] || echo "only the program's own sizes: give --twin for others"

proven=""
for name in $live; do
  case " $only " in "  " | *" $name "*) ;; *) continue ;; esac
  pan "$work/live" "$name" "" -DTEARDOWN || exit 3
  (cd "$work/live" && ./pan -a -m2000000 -w20 > pan.log 2>&1) || true
  if grep -q 'errors: 0' "$work/live/pan.log" && ! grep -q 'max search depth too small\|reached -DMEMLIM' "$work/live/pan.log"; then
    proven="$proven $name"
  else
    echo "$name: not everything can be released"
    status=1
  fi
  rm -rf "$work/live"
done
[ -z "$proven" ] || echo "once a teardown begins, all is released, in whatever order:$proven"
[ "$broken" = 0 ] || exit "$broken"
if [ "$status" = 0 ]; then echo "the same: $(wc -l < "$work/todo") worlds"; else echo "the program and its twin differ"; fi
exit "$status"
