#!/bin/bash
# SPDX-License-Identifier: MIT
# Build and test for arm64 in a root that has the cross compiler, arm64's libraries and an emulator.
#
#   run.sh BUILD    keeps what was built there for the next time
#
# The emulator runs on this machine's memory, whose order is stricter than arm64's: what is shown is
# that it builds, and what the instructions do, not that each barrier is where it must be.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$(realpath -m "$1")
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}

# shellcheck source=packaging/root.sh
. packaging/root.sh

tools='make crossbuild-essential-arm64 gcc qemu-user libcli11-dev nlohmann-json3-dev'
libraries='libcmocka-dev libfmt-dev libncurses-dev libnl-3-dev libnl-genl-3-dev
    libopenblas-pthread-dev libudev-dev liburing-dev'

fill_root() {
    in_root dpkg --add-architecture arm64 && root_apt update &&
        root_apt install $tools $(printf '%s:arm64 ' $libraries)
}

# The tree as it is here, and what an earlier run built of it.
copy_in() {
    mkdir -p "$root/src/build" "$out"
    git ls-files -z --cached --others --exclude-standard | tar -c --null -T - |
        tar -C "$root/src" -x
    cp -a "$out/." "$root/src/build/"
}

keep_built() {
    rm -rf "$out"
    cp -a "$root/src/build" "$out"
}

log=$(mktemp)
root_make arm64 "$(declare -f fill_root) $tools $libraries" fill_root > "$log" 2>&1 || {
    tail -n 20 "$log" >&2
    exit 1
}
rm "$log"
copy_in
status=0
in_root make -C /src arm64-inside || status=$?
keep_built
exit $status
