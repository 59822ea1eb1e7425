# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# Sourced by test scripts: check NAME COMMAND... says how the command ended, as tests/run.sh counts
# it.
failed=0

check() {
    local name=$1
    shift
    if "$@"; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        failed=1
    fi
}
