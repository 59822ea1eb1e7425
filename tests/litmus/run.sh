#!/bin/bash
# SPDX-License-Identifier: MIT
# Check the protocols that must not lose a wake-up in every interleaving, with store buffers; and
# that the check would notice: without any one of their pieces it has to fail.
set -u
cd "$(dirname "$0")" || exit 1
here=$PWD
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

# explore MODEL [MACRO]...: says "proven", what it found violated, or "unfinished".
explore() {
    local model=$1 macros=()
    shift
    for macro; do macros+=("-D$macro"); done
    rm -f pan* ./*.trail
    : > pan.log
    if ! spin "${macros[@]}" -a "$here/$model.pml" > pan.log 2>&1 ||
        ! gcc -O1 -w -DSAFETY -o pan pan.c >> pan.log 2>&1; then
        echo unfinished
        return
    fi
    ./pan -m1000000 > pan.log 2>&1
    if grep -q 'max search depth too small\|out of memory' pan.log; then
        echo unfinished
    elif grep -q 'errors: 0$' pan.log; then
        echo proven
    else
        grep -o 'assertion violated .*\|invalid end state' pan.log | head -n 1 | grep . ||
            echo unfinished
    fi
}

# expect WHAT NAME MODEL [MACRO]...
expect() {
    local wanted=$1 name=$2 got
    shift 2
    got=$(explore "$@")
    case $got in
        "$wanted" | "assertion violated $wanted"*) echo "ok - $name" ;;
        *)
            echo "not ok - $name (wanted $wanted, got $got)"
            sed 's/^/# /' pan.log
            failed=1
            ;;
    esac
}

command -v spin > /dev/null || { echo "not ok - spin is not installed; run: make deps"; exit 1; }

expect proven doorbell_tso doorbell
expect proven doorbell_weak doorbell WEAK
expect '(ci==2' doorbell_needs_the_user_barrier doorbell NO_USER_BARRIER
expect '(ci==2' doorbell_needs_the_device_barrier doorbell NO_DEVICE_BARRIER
expect '(ci==2' doorbell_needs_the_last_look doorbell NO_LAST_LOOK
expect '(mem' doorbell_needs_the_release doorbell WEAK NO_RELEASE
expect '(ci==2' doorbell_needs_the_right_test doorbell LATE_BY_ONE
expect proven rearm rearm
expect '((ci==4' rearm_needs_the_look_back rearm NO_LOOK_BACK
expect '((ci==4' rearm_needs_the_lock rearm NO_LOCK
expect '((ci==4' rearm_needs_the_timer rearm NO_TIMER
expect ' !(armed' rearm_needs_the_stale_check rearm NO_STALE_CHECK
exit $failed
