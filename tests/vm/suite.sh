#!/bin/bash
# SPDX-License-Identifier: MIT
# Everything that is tested inside a VM with two devices: the programs given, then what concerns the
# life of processes and of the module.
#
#   suite.sh PROGRAM[@ARG]... ...
set -u
cd "$(dirname "$0")/../.." || exit
. tests/check.sh

rows() { build/ubctl --no-header "$1" list | wc -l; }
nothing_left() {
    local object
    for object in context memory queue; do
        for _ in $(seq 600); do
            [ "$(rows $object)" = 0 ] && continue 2
            sleep 0.1
        done
        build/ubctl "$object" list
        return 1
    done
}

# Starts a hog on $1 and waits until it has work in flight; its id is in hog.
start_hog() {
    local out
    out=$(mktemp)
    build/tests/vm/hog "$1" > "$out" &
    hog=$!
    for _ in $(seq 600); do
        grep -q ready "$out" && return 0
        sleep 0.1
    done
    return 1
}

kill_in_flight() {
    start_hog ub0 || return 1
    [ "$(rows context)" = 1 ] && [ "$(rows memory)" -ge 1 ] && [ "$(rows queue)" = 2 ] || return 1
    kill -9 "$hog"
    wait "$hog" 2> /dev/null
    nothing_left && build/ubctl -d ub0 submit nop > /dev/null
}

many_killed_at_once() {
    local hogs=()
    for _ in 1 2 3 4; do
        start_hog ub0 || return 1
        hogs+=("$hog")
    done
    kill -9 "${hogs[@]}"
    wait "${hogs[@]}" 2> /dev/null
    nothing_left
}

two_processes_at_once() {
    local first second
    build/ubctl -d ub0 selftest > /tmp/first.log 2>&1 &
    first=$!
    build/ubctl -d ub0 selftest > /tmp/second.log 2>&1 &
    second=$!
    wait "$first" && wait "$second" && nothing_left
}

every_file_of_sysfs_says_something() {
    local dir=/sys/class/ubnpu/ub1 file
    for file in "$dir"/{guid,eid,class_code,upi,hw_version,caps,opcodes,generation,state} \
        "$dir"/{limits,stats,health}/*; do
        [ -n "$(cat "$file")" ] || { echo "$file"; return 1; }
    done
    [ "$(cat "$dir/state")" = ready ] && [ "$(cat "$dir/class_code")" = 04/00 ]
}

unload_refused_while_open() {
    start_hog ub1 || return 1
    local refused=0
    rmmod ubnpu 2> /dev/null || refused=1
    kill -9 "$hog"
    wait "$hog" 2> /dev/null
    [ "$refused" = 1 ] && nothing_left
}

unload_and_load_while_idle() {
    rmmod ubnpu && [ ! -e /dev/ub/ub0 ] && insmod "$UBVM_MODULE" && [ -e /dev/ub/ub1 ] &&
        build/ubctl -d ub1 submit nop > /dev/null
}

examples_run() {
    local example
    for example in build/tests/examples/*; do
        "$example" ub0 ub1 > /tmp/example.log 2>&1 || { cat /tmp/example.log; return 1; }
    done
    nothing_left
}

lists_without_module() {
    rmmod ubnpu || return 1
    local object status=0
    for object in device context memory queue; do
        build/ubctl "$object" list > /dev/null || status=1
    done
    insmod "$UBVM_MODULE" && [ "$status" = 0 ]
}

tests/run.sh /tmp/vm-tests "$@" || failed=1
for log in /tmp/vm-tests/*.log; do
    [ "$failed" = 1 ] && { echo "--- $log"; tail -n 60 "$log"; }
done
check nothing_left_after_the_programs nothing_left
check examples_run_on_the_device examples_run
check kill_9_in_flight_frees_everything kill_in_flight
check four_killed_at_once_free_everything many_killed_at_once
check two_processes_on_one_device two_processes_at_once
check every_file_of_sysfs_says_something every_file_of_sysfs_says_something
check module_unload_refused_while_open unload_refused_while_open
check module_unload_and_load_while_idle unload_and_load_while_idle
check lists_are_empty_without_the_module lists_without_module
exit $failed
