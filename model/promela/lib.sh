# SPDX-License-Identifier: MIT
# Sourced by the scripts beside it, which set $here to this directory: Spin, its verifiers, and worlds in other sizes.

# What pan writes of a world without end must not fill a disk: 4 GiB, and it is stopped.
ulimit -f 8388608

slots="BUFFERS FDS REFERENCES ATTACHMENTS MAPPINGS VMAS MESSAGES PAGES FENCES SYNC_FILES VMAPS MEMFDS INDICES"

# Ends with 77 and the remedy if a tool is missing.
need_spin() {
  for tool in spin ${CC:-gcc}; do
    command -v "$tool" > /dev/null && continue
    echo "SKIPPED: $tool is missing, so the model was not compared with its twin; on Debian: apt-get install spin gcc" >&2
    exit 77
  done
}

# The slots of a configuration in a size as defines: the file's own, but for those that the size names.
#   defines importers-eager mappings=3
defines() {
  awk -v slots="$slots" -v size="$2" '
    BEGIN { n = split(slots, all, " "); for (i = 1; i <= n; i++) slot[all[i]] = 1
            n = split(size == "-" ? "" : size, some, ","); for (i = 1; i <= n; i++) { split(some[i], kv, "="); value[toupper(kv[1])] = kv[2] } }
    /^#define [A-Z_]+ [0-9]+$/ && $2 in slot && !($2 in value) { value[$2] = $3 }
    END { for (name in value) printf "-D%s=%s ", name, value[name] }' "$here/configurations/$1.pml"
}

# Promela as Spin reads it: macros expanded, strings joined (it joins none), and no "=" in the text that C compares
# labels with, where Spin would take it for an assignment.
#   expand NAME SIZE FLAG... > FILE
expand() {
  expand_name=$1 expand_size=$2
  shift 2
  ${CC:-gcc} -E -P -x c $(defines "$expand_name" "$expand_size") "$@" "$here/configurations/$expand_name.pml" |
    sed -e 's/" *"//g' -e ':again' -e 's/\(named([^)=]*\)=/\1\\075/' -e 't again'
}

# A verifier: pan DIRECTORY NAME SIZE CFLAGS FLAG...
# -o2: Spin would leave variables out of the state that are written and never read.
pan() {
  pan_dir=$1 pan_name=$2 pan_size=$3 pan_cflags=$4
  shift 4
  mkdir -p "$pan_dir"
  expand "$pan_name" "$pan_size" "$@" > "$pan_dir/model.pml" 2> "$pan_dir/log" &&
    (cd "$pan_dir" && spin -a -o2 model.pml > log 2>&1 &&
      ${CC:-gcc} ${PAN_CFLAGS:--O0} -w -DNOREDUCE -DMEMLIM=4000 -I"$here" $pan_cflags pan.c -o pan > log 2>&1) || {
    cat "$pan_dir/log" >&2
    echo "promela: Spin makes no verifier of $pan_name $pan_size" >&2
    return 3
  }
}

# "STATES TRANSITIONS REFUSALS" that pan finds, without the step that starts the process; or "violated: ...".
counts() {
  (cd "$1" && ./pan -m2000000 -w20 > log 2>&1) || true
  awk '/^pan:[0-9]+: / || /max search depth too small/ || /reached -DMEMLIM/ { sub(/^pan:[0-9]*: */, ""); print "violated:", $0; bad = 1; exit }
       /states, stored/ { states = $1 } / transitions \(/ { steps = $1 } / errors: 0$/ { clean = 1 } /^refusals / { refused = $2 }
       END { if (!bad) { if (clean && states ~ /^[0-9]+$/ && steps ~ /^[0-9]+$/) print states, steps - 1 - refused, refused
                         else print "violated: no exact counts" } }' "$1/log"
}

# The shortest program after which both part, from all steps of both: first_difference DIRECTORY NAME SIZE
first_difference() {
  (cd "$1" && EDGES=edges ./pan -A -m2000000 -w20 > log 2>&1) || true
  $twin compare "$2" "$3" "$1/edges" 2>&1 || true
  rm -f "$1/edges"
}

# Walks of one that the other has to be able to take; what comes is how many of their lines differ, or the difference.
# Spin's simulator draws those of the twin: twin_walks DIRECTORY NAME SIZE FROM TO FLAG...
twin_walks() {
  walks_dir=$1 walks_name=$2 walks_size=$3 seed=$4 last=$5
  shift 5
  expand "$walks_name" "$walks_size" -DSAY "$@" > "$walks_dir/simulated.pml"
  : > "$walks_dir/lines"
  while [ "$seed" -le "$last" ]; do
    # Its last words are about its processes; ours begin with a small letter or a parenthesis, in the first column.
    # In a directory of its own: Spin writes its preprocessed input where it is.
    (cd "$walks_dir" && spin -T -B -n"$seed" -u400 simulated.pml 2>&1) | grep -E '^[a-z(][a-z_]*( |$)' | grep -v -e '^depth-limit' -e '^timeout' > "$walks_dir/walk" || true
    [ -s "$walks_dir/walk" ] || { echo "Spin simulates nothing of $walks_name $walks_size"; return 1; }
    $twin accept "$walks_name" "$walks_size" "$walks_dir/walk" > "$walks_dir/said" 2>&1 || { cat "$walks_dir/said"; return 1; }
    cat "$walks_dir/walk" >> "$walks_dir/lines"
    seed=$((seed + 1))
  done
  sort -u "$walks_dir/lines" | wc -l
}
# Spin's verifier is held to those of the program: program_walks DIRECTORY NAME SIZE FROM TO
program_walks() {
  seed=$4
  : > "$1/lines"
  while [ "$seed" -le "$5" ]; do
    $twin walk "$2" "$3" "$seed" 250 > "$1/walk" || { echo "no walk of $2 $3"; return 1; }
    followed=$(cd "$1" && FOLLOW=walk ./pan -m100000 -w16 2>&1 | sed -n 's/^followed //p')
    if [ "$followed" != "250 of 250" ]; then
      $twin shorten "$2" "$3" "$1/walk" $((${followed%% *} + 1)) 2>&1 || true
      echo "    promela: not a step"
      return 1
    fi
    cat "$1/walk" >> "$1/lines"
    seed=$((seed + 1))
  done
  sort -u "$1/lines" | wc -l
}
