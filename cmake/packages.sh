# SPDX-License-Identifier: MIT
# Sourced by ./run and ./test: installs Debian packages that are missing, as root or through sudo.
# Usage: need package...   Nothing is asked of apt when all are there. Returns 1 if some could not be had.

build_packages="g++ cmake ninja-build ccache pkg-config libboost1.81-dev librapidcheck-dev libgtest-dev libgmock-dev
  libbenchmark-dev libcli11-dev libfmt-dev nlohmann-json3-dev libexpected-dev zlib1g-dev libdrm-dev linux-libc-dev"
guest_packages="qemu-system-x86 make gcc gcc-12 libelf-dev xz-utils kmod cpio bc flex bison"

# Readers of other people's formats, and Spin, which knows the contract a second time; a test without its reader is
# skipped and names the package.
test_packages="spin linux-source-6.12 libxml2-utils python3-jsonschema perl gcc sparse bash zsh fish man-db groff-base"

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo > /dev/null; then sudo "$@"
  else echo "needs root or sudo: $*" >&2; return 1
  fi
}

need() {
  missing=""
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q "ok installed" || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  echo "installing:$missing" >&2
  # A list that apt has already may do; only if it does not is it fetched anew.
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing > /dev/null 2>&1; then
    as_root apt-get update -qq > /dev/null 2>&1 || echo "apt-get update failed: no network?" >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2 || return 1
  fi
}

# apt's lists must know the kernels; a bare machine's know none, or no more than the release did when it was installed.
knows_kernels() {
  for version in 6.1 6.12; do
    [ -n "$(apt-cache search --names-only "^linux-image-$version\\..*-amd64\$" 2> /dev/null)" ] || return 1
  done
}

# Where they are nowhere to be had, apt is asked once a day and not each time.
need_lists() {
  asked="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/dmabuf-conform/apt-asked"
  if knows_kernels || [ -n "$(find "$asked" -mtime -1 2> /dev/null)" ]; then return 0; fi
  echo "fetching apt's lists: they lack a kernel" >&2
  as_root apt-get update -qq > /dev/null 2>&1 || return 1
  mkdir -p "${asked%/*}" && touch "$asked"
}
