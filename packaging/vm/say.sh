# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# How a check inside a VM says what came out. Sourced; uses $out.

export HOME=/root DEBIAN_FRONTEND=noninteractive

check() {
    local name=$1 start=$SECONDS
    shift
    if "$@" > "$out" 2>&1; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        sed 's/^/# /' "$out"
    fi
    echo "$name took $((SECONDS - start)) s" > /dev/kmsg
}
