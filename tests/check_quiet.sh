# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by test scripts that have a folder of their own, $dir: as check.sh, but what a command
# says is shown when it failed, and then its end alone.
failed=0

check() {
    local name=$1
    shift
    if "$@" > "$dir/log" 2>&1; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        sed 's/^/# /' "$dir/log" | tail -n 20
        failed=1
    fi
}
