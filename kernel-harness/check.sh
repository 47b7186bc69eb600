#!/bin/sh
# SPDX-License-Identifier: MIT
# Holds the module against the kernel's own standards: checkpatch --strict, W=1 and sparse, with every
# kernel's headers there are. Builds in a directory of its own.
#   kernel-harness/check.sh [HEADERS...]      CHECKPATCH=/path/to/scripts/checkpatch.pl to name one
# Exits 0 if all is clean, 1 if not, 77 if some of it could not be looked at.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
missing=0
lacks() { echo "SKIPPED: $1. Remedy: $2" >&2; missing=1; }
fails() { echo "FAILED: $1" >&2; status=1; }

# Debian's headers come without checkpatch. A source package brings it, unpacked or not.
checkpatch() {
  for script in "${CHECKPATCH:-}" /usr/src/linux-source-*/scripts/checkpatch.pl \
                "/lib/modules/$(uname -r)/build/scripts/checkpatch.pl"; do
    [ -f "$script" ] && { echo "$script"; return; }
  done
  for source in /usr/src/linux-source-*.tar.xz; do
    [ -f "$source" ] || continue
    name=$(basename "$source" .tar.xz)
    tar -C "$work" -xf "$source" "$name/scripts/checkpatch.pl" "$name/scripts/spelling.txt" \
        "$name/scripts/const_structs.checkpatch" && echo "$work/$name/scripts/checkpatch.pl"
    return
  done
}

cp -r "$here/module" "$here/include" "$work"
script=$(checkpatch)
if ! command -v perl > /dev/null || [ -z "$script" ]; then
  lacks "no checkpatch.pl" "apt-get install perl linux-source-6.12, or CHECKPATCH=.../scripts/checkpatch.pl"
else
  echo "== checkpatch --strict ($script)"
  make -s -C "$work/module" check CHECKPATCH="$script" || fails "checkpatch"
fi

sparse=yes
command -v sparse > /dev/null || { sparse=no; lacks "no sparse" "apt-get install sparse"; }
# Debian's headers name the compiler that their kernel was built with; a kernel newer than this Debian wants a newer one.
compiler_of() {
  named=$(sed -n 's/.*\$(CROSS_COMPILE)\(gcc[^ ]*\).*/\1/p' "$1/.kernelvariables" 2> /dev/null | head -n 1)
  echo "${named:-gcc}"
}

if [ $# -eq 0 ]; then
  # Installed ones, or those that were unpacked to build the module for a guest; a draft is still being unpacked.
  seen=" "
  for headers in /usr/src/linux-headers-* \
                 "${XDG_CACHE_HOME:-${HOME:-/root}/.cache}"/dmabuf-conform/headers/*/usr/src/linux-headers-*; do
    [ -f "$headers/Module.symvers" ] || continue
    name=${headers##*/}
    case $headers in */headers/*.draft/*) continue ;; esac
    case $seen in *" $name "*) continue ;; esac
    seen="$seen$name "
    compiler=$(compiler_of "$headers")
    command -v "$compiler" > /dev/null || { echo "left out: $name wants $compiler" >&2; continue; }
    set -- "$@" "$headers"
  done
fi
[ $# -gt 0 ] || lacks "no kernel headers" "apt-get install linux-headers-amd64"
for headers in "$@"; do
  name=$(basename "$headers")
  set -- W=1
  [ $sparse = no ] || set -- "$@" C=2 'CF=-D__CHECK_ENDIAN__'
  echo "== $* ($name)"
  log="$work/$name.log"
  make -C "$headers" "M=$work/module" CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules > "$log" 2>&1 || fails "$name: no module"
  # A check that was not made finds nothing: sparse says CHECK once for each source file.
  [ $sparse = no ] || [ "$(grep -c '^ *CHECK .*\.c$' "$log")" -ge "$(ls "$work"/module/*.c | grep -vc '\.mod\.c$')" ] ||
    fails "$name: sparse has not run"
  # Another pahole or build of the compiler than the kernel's is not the module's doing.
  if grep -v '^warning: .* differs from the one used to build the kernel' "$log" | grep -E 'warning:|error:|\*\*\*' >&2; then fails "$name: see above"; fi
  make -s -C "$headers" "M=$work/module" clean > /dev/null
done

[ $status -eq 0 ] || exit $status
[ $missing -eq 0 ] || exit 77
echo "clean"
