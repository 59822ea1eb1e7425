#!/bin/bash
# SPDX-License-Identifier: MIT
# Inside a VM with two devices that know no direct WQEs, no leaves of 2 MiB, no progress and
# no usage.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/check.sh
ubctl=build/ubctl
hang_timeout=/sys/module/ubnpu/parameters/hang_timeout_ms

missing() { "$ubctl" --no-header -d ub0 device caps | awk '$3 == "no" { printf "%s ", $2 }'; }
the_tool_tells() { [ "$(missing)" = 'direct_wqe huge_leaf progress usage ' ]; }
# Twice as many looks as would end it as a hang.
what_stands_still_is_no_hang() {
    echo 200 > $hang_timeout
    "$ubctl" -d ub0 health inject stall --end time --delay 2s > /dev/null &&
        "$ubctl" -d ub0 submit nop > /dev/null && [ "$(cat /sys/class/ubnpu/ub0/health/hangs)" = 0 ]
}
silence_is_found_all_the_same() {
    echo 500 > /sys/module/ubnpu/parameters/admin_timeout_ms
    "$ubctl" -d ub0 health inject admin-silent > /dev/null &&
        ! "$ubctl" -d ub0 submit nop > /dev/null 2>&1 || return 1
    for _ in $(seq 600); do
        "$ubctl" -d ub0 submit nop > /dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}
huge_pages() {
    echo 16 > /proc/sys/vm/nr_hugepages
    build/tests/vm/lib-memory ub0 ub1
}

check the_tool_tells_what_is_missing the_tool_tells
check data_is_right_all_the_same "$ubctl" -d ub0 selftest
check memory huge_pages
check doors build/tests/vm/lib-doors ub0
check requests build/tests/vm/lib-ops ub0 ub1
check queues build/tests/vm/lib-queues ub0 ub1
check what_stands_still_is_no_hang what_stands_still_is_no_hang
check silence_is_found_all_the_same silence_is_found_all_the_same
exit "$failed"
