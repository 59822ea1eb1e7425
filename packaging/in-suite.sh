#!/bin/bash
# SPDX-License-Identifier: MIT
# Run a command in a kept root of another Debian, with what building the packages takes; the tree
# and the cache are where they are outside.
#
#   in-suite.sh SUITE COMMAND...
#
# SUITE_QEMU: a folder with a source package of its QEMU, should its archive have none.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=$1
shift
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}

# shellcheck source=packaging/root.sh
. packaging/root.sh

tools='build-essential debhelper dh-dkms lintian appstream git xz-utils
meson ninja-build python3 python3-venv flex bison libpixman-1-dev libfdt-dev'

# The source package's, one a line, without versions, architectures and profiles.
build_depends() {
    sed -n '/^Build-Depends:/,/^Standards-Version:/ { /^Standards/d; s/^Build-Depends://; p }' \
        packaging/deb/control | sed -E 's/[[(<|].*//; s/[ ,]//g' |
        grep -v -e '^debhelper-compat' -e '^$'
}

# shellcheck disable=SC2046,SC2086 # one word a package
root_of_suite "$suite" $tools $(build_depends)
root_add_for_qemu "$(dpkg-query --root="$root" -W -f '${Version}' qemu-system-x86)" >&2
mapfile -t settings < <(env | grep '^DEB_')
root_binds=("$PWD" "$cache" ${SUITE_QEMU:+"$SUITE_QEMU"})
in_root env -C "$PWD" CACHE="$cache" QEMU_PACKAGES="${SUITE_QEMU:-}" "${settings[@]}" "$@"
