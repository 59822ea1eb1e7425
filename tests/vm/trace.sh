#!/bin/bash
# SPDX-License-Identifier: MIT
# The driver's tracepoints: each fires, what begins ends, and they name what a hang's report names.
# For a VM with two devices, as root.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/check.sh
ubctl=build/ubctl
tracing=/sys/kernel/tracing
timeout=/sys/module/ubnpu/parameters/hang_timeout_ms
[ -e $tracing/trace ] || mount -t tracefs tracefs $tracing || exit 1
had_timeout=$(cat $timeout)
trap 'echo 0 > $tracing/events/ubnpu/enable; echo "$had_timeout" > $timeout' EXIT

events() { basename -a $tracing/events/ubnpu/*/; }
# One line an event of ub0: its name, then its fields.
lines() { sed -nE "s/^.* (ubnpu_$1): dev=ub0 (.*)$/\1 \2/p" $tracing/trace; }
# The values of a field of an event.
values() { lines "$1" | grep -oE "\b$2=[^ ]+" | sort; }
same_values() { [ -n "$(values "$1" "$3")" ] && diff <(values "$1" "$3") <(values "$2" "$3"); }

hang() {
    "$ubctl" -d ub0 health inject stall --end "$1" > /dev/null &&
        ! timeout 60 "$ubctl" -d ub0 submit nop > /dev/null 2>&1
}
work() {
    echo 500 > $timeout
    echo > $tracing/trace
    echo 1 > $tracing/events/ubnpu/enable
    "$ubctl" -d ub0 selftest > /dev/null && hang queue && hang context &&
        "$ubctl" -d ub0 health inject event --type PORT_ACTIVE --info ACK_TIMEOUT_ERR > /dev/null &&
        "$ubctl" -d ub0 device reset --force > /dev/null
    local failed=$?
    echo 0 > $tracing/events/ubnpu/enable
    return $failed
}

every_event_fires() {
    local missing
    missing=$(comm -23 <(events) <(lines '[a-z_]+' | cut -d ' ' -f 1 | sort -u))
    echo "$missing"
    [ -z "$missing" ] && [ "$(events | wc -l)" -ge 11 ]
}
every_event_is_told_of() {
    local event
    for event in $(events); do
        grep -q "\`\(ubnpu\)\?_${event#ubnpu_}\`" docs/uapi.md || { echo "$event"; return 1; }
    done
}
# Two queues that hang; the second is not let go of until its context is reset.
hangs_name_scope_and_queue() {
    local second
    lines hang
    second=$(lines hang | tail -n 1 | cut -d ' ' -f 2,3)
    [ "$(lines hang | grep -o 'scope=[a-z]*' | tr '\n' ' ')" = \
        'scope=queue scope=queue scope=context ' ] && [ "$(lines hang | grep -c "$second")" = 2 ]
}
async_event_as_injected() {
    lines async_event
    lines async_event | grep -qx 'ubnpu_async_event ctx=0 type=7 queue=0 info=9'
}
commands_of_a_kind() { lines "admin_$1" | grep -oE 'opcode=[^ ]+ id=[0-9]+ seq=[0-9]+' | sort; }
every_command_is_answered() { diff <(commands_of_a_kind submit) <(commands_of_a_kind complete); }
generation_is_the_devices() {
    values reset generation
    values reset generation | grep -qx "generation=$(cat /sys/class/ubnpu/ub0/generation)"
}

check something_to_trace work
check every_event_fires every_event_fires
check every_event_is_told_of every_event_is_told_of
check what_is_registered_is_deregistered same_values reg_seg dereg_seg token_id
check queues_made_are_destroyed same_values queue_create queue_destroy queue
check hangs_name_scope_and_queue hangs_name_scope_and_queue
check async_event_as_injected async_event_as_injected
check every_command_is_answered every_command_is_answered
check generation_is_the_devices generation_is_the_devices
[ "$failed" = 0 ] || grep -v '^#' $tracing/trace | tail -n 60
exit "$failed"
