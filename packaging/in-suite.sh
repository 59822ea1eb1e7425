#!/bin/bash
# SPDX-License-Identifier: MIT
# Run a command in a kept root of another Debian, with what building the packages takes; the tree and
# the cache are where they are outside.
#
#   in-suite.sh SUITE COMMAND...
set -euo pipefail
cd "$(dirname "$0")/.."
suite=$1
shift
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}

# shellcheck source=packaging/root.sh
. packaging/root.sh

tools='build-essential debhelper dh-dkms lintian appstream git xz-utils
meson ninja-build python3 python3-venv flex bison libpixman-1-dev libfdt-dev'
# QEMU's configure asks for these from 11.1 on; a suite with an older QEMU has none of them.
qemu_11_packages='python3-pip python3-pycotap python3-qemu-qmp'

# The source package's, one a line, without versions, architectures and profiles.
build_depends() {
    sed -n '/^Build-Depends:/,/^Standards-Version:/ { /^Standards/d; s/^Build-Depends://; p }' \
        packaging/deb/control | sed -E 's/[[(<|].*//; s/[ ,]//g' |
        grep -v -e '^debhelper-compat' -e '^$'
}

qemu_version() { dpkg-query --root="$root" -W -f '${Version}' qemu-system-x86; }

# shellcheck disable=SC2046,SC2086 # one word a package
root_of_suite "$suite" $tools $(build_depends)
# shellcheck disable=SC2086
dpkg --compare-versions "$(qemu_version)" lt 1:11 || root_add $qemu_11_packages >&2
mapfile -t settings < <(env | grep -E '^(DEB_|QEMU_PACKAGES=)')
root_binds=("$PWD" "$cache" ${QEMU_PACKAGES:+"$QEMU_PACKAGES"})
in_root env -C "$PWD" CACHE="$cache" "${settings[@]}" "$@"
