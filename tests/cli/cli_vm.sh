#!/bin/bash
# SPDX-License-Identifier: MIT
# The tool with a driver: lists that are not empty, reset, loss, permission, limits. For a VM with
# two devices, as root.
set -u
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"
helper=$here/helper.py
chmod 755 "$dir"
users=()
trap 'kill "${users[@]}" 2> /dev/null; rm -rf "$dir"' EXIT

first_jfs() { "$ubctl" --no-header -d ub0 queue list | awk '$2 == "jfs" { print $3; exit }'; }
# The first value of a key of a JSON document on standard input; of a list its first element.
value() {
    grep -A 1 "^ *\"$1\": " | tr -d ' \n' | sed -E 's/^"[a-z_]+":\[?"?([^",}]*)"?.*/\1/'
}
get() { "$ubctl" -o json "${@:2}" | value "$1"; }
rows() { "$ubctl" --no-header "$@" | wc -l; }
# Fails, and says nothing on standard output.
refused() { fails "$@" && [ ! -s "$dir/stdout" ]; }
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

# A process on ub0 that works until its device goes, by polling ($1 = nop) or asleep ($1 = gemm).
start_user() {
    case $1 in
        nop) "$ubctl" -d ub0 submit nop -n 1000000000 --depth 8 > "$dir/user" 2>&1 & ;;
        gemm)
            "$ubctl" -d ub0 submit gemm "$dir/big.npy" "$dir/big.npy" "$dir/c.npy" \
                > "$dir/user" 2>&1 &
            ;;
    esac
    users+=($!)
    for _ in $(seq 600); do
        [ "$(rows -d ub0 queue list)" = 2 ] && return 0
        sleep 0.1
    done
    return 1
}
end_of_user() {
    local got
    wait "${users[-1]}"
    got=$?
    cat "$dir/user"
    [ "$got" = "$1" ]
}

# ---- lists -------------------------------------------------------------------------------------
# A product of zeros that takes a minute; the file has holes only.
"$helper" npy-header 8192 8192 "$dir/big.npy"
check start start_user nop
pid=${users[-1]}
for object in device context memory queue; do
    "$ubctl" -o json $object list > "$docs/$object.json"
done
"$ubctl" -o json device show ub0 > "$docs/show.json"
"$ubctl" -o json topo > "$docs/topo.json"
topo_shows_both() {
    "$ubctl" topo | grep '^ *ub0 .*0000:' && "$ubctl" topo | grep '^ *ub1 .*0000:' &&
        "$ubctl" topo --format svg | grep -c '<rect .*stroke-width="2"' | grep -qx 2
}
check topo_shows_both_devices topo_shows_both
"$ubctl" -o json top --once --interval 0.2 > "$docs/usage.json"
"$ubctl" -o json device info ub0 > "$docs/info.json"
check two_devices test "$(rows list)" = 2
check device_shows_its_user test "$(value pids < "$docs/show.json")" = "$pid"
check context_of_the_user test "$(value pid < "$docs/context.json")" = "$pid"
check other_device_has_none test "$(rows context list -d ub1)" = 0
check queue_names_its_process test "$(value comm < "$docs/queue.json")" = ubctl
# What a queue has done, in words and as JSON, from the one that is at work.
jfs=$(first_jfs)
"$ubctl" -o json queue show -d ub0 "$jfs" > "$docs/queue-show.json"
queue_at_work() {
    "$ubctl" -d ub0 queue show "$jfs" > "$dir/out" &&
        grep -q '^run on the doorbell.s path  *[1-9]' \
        "$dir/out" && grep -q '^weight  *1$' "$dir/out"
}
check queue_shows_what_it_did queue_at_work
check queue_of_no_such_id refused 3 UB-E0010 "$ubctl" -d ub0 queue show 1048575
check class_codes_agree test "$(value class_code < "$docs/device.json")" = \
    "$(value class_code < "$docs/info.json")"
for key in name node bus_addr eid; do
    id=$(get "$key" device show ub1)
    check "found_by_$key" test "$(get device -d "$id" submit nop)" = ub1
done

# ---- reset and loss ----------------------------------------------------------------------------
busy() { refused 1 UB-E0011 "$ubctl" device reset ub0 && grep -q "by pid $pid (ubctl)" "$dir/err"; }
check reset_of_a_busy_device_is_refused busy
check the_user_goes_on kill -0 "$pid"
generation=$(get generation device show ub0)
"$ubctl" -o json device reset ub0 --force > "$docs/reset.json"
check forced_reset_tells_what_died test "$(value pids < "$docs/reset.json")" = "$pid"
check generation_grew test "$(get generation device show ub0)" = $((generation + 1))
check polling_user_ends_as_lost end_of_user 5
check start_sleeper start_user gemm
sleeper_is_lost() { "$ubctl" device reset ub0 --force && end_of_user 5; }
check sleeping_user_ends_as_lost sleeper_is_lost
check idle_reset "$ubctl" device reset ub0
generation=$(get generation device show ub0)
"$ubctl" -o json device reset ub0 --scope flr > "$docs/flr.json"
check function_level_reset test "$(get generation device show ub0)" -gt "$generation"
check start_another start_user nop
busy_flr() {
    refused 1 UB-E0011 "$ubctl" device reset ub0 --scope flr &&
        grep -q "by pid ${users[-1]} " "$dir/err"
}
check function_level_reset_of_a_busy_device_is_refused busy_flr
forced_flr() { "$ubctl" device reset ub0 --scope flr --force && end_of_user 5; }
check forced_function_level_reset forced_flr
check reset_of_no_such_context refused 3 UB-E0010 "$ubctl" device reset ub0 --scope context --tid 99
check reset_of_no_such_queue refused 3 UB-E0010 "$ubctl" device reset ub0 --scope queue --queue 99

# ---- monitor -----------------------------------------------------------------------------------
# Runs until it was told of both devices; its process is in monitor, what it says in $dir/events.
start_monitor() {
    "$ubctl" "$@" monitor > "$dir/events" 2>&1 &
    monitor=$!
    # shellcheck disable=SC2206 # one number a process
    users+=($monitor)
    told '"event":"present"\|  present  '
}
told() {
    for _ in $(seq 600); do
        grep -q "$1" "$dir/events" && return 0
        sleep 0.1
    done
    cat "$dir/events"
    return 1
}
end_monitor() { kill $monitor 2> /dev/null; wait $monitor 2> /dev/null; return 0; }
resets_are_told() {
    start_monitor -o json && "$ubctl" -q device reset ub1 || return 1
    told '"event":"device","device":"ub1","generation":[1-9]' || return 1
    end_monitor
    split -l 1 "$dir/events" "$docs/event-" --additional-suffix=.json
}
only_one_device() {
    start_monitor -d ub1 && "$ubctl" -q device reset ub0 && "$ubctl" -q device reset ub1 &&
        told 'ub1    device ' || return 1
    end_monitor
    ! grep ub0 "$dir/events"
}
# Whose context was reset: root is told, anybody else that there was a reset.
events_name_users_to_administrators() {
    local stranger tid
    start_user nop && start_monitor -o json || return 1
    as_nobody "$ubctl" -o json monitor > "$dir/stranger" 2>&1 &
    stranger=$!
    users+=("$stranger")
    for _ in $(seq 100); do
        grep -q '"event":"present"' "$dir/stranger" && break
        sleep 0.1
    done
    tid=$("$ubctl" -o json context list -d ub0 | value tid)
    "$ubctl" -q device reset ub0 --scope context --tid "$tid" --force
    told '"event":"reset".*"tid":'"$tid"',' || return 1
    end_monitor
    for _ in $(seq 100); do
        grep -q '"event":"reset"' "$dir/stranger" && break
        sleep 0.1
    done
    kill "$stranger"
    wait "$stranger" 2> /dev/null
    grep '"event":"reset".*"tid":null,.*"pid":null,' "$dir/stranger" > /dev/null ||
        { cat "$dir/stranger"; return 1; }
}
ends_after_a_count() {
    "$ubctl" -d ub0 monitor -n 1 > "$dir/events" &
    users+=($!)
    told present && "$ubctl" -q device reset ub0 && wait "${users[-1]}" &&
        tail -n 1 "$dir/events" | grep -q 'ub0 .* device .* generation'
}
lost_events_are_told() {
    local was status=0
    was=$(cat /proc/sys/net/core/rmem_max)
    echo 2304 > /proc/sys/net/core/rmem_max
    start_monitor || status=1
    echo "$was" > /proc/sys/net/core/rmem_max
    kill -STOP $monitor
    for _ in $(seq 12); do
        "$ubctl" -q device reset ub1 || status=1
    done
    kill -CONT $monitor
    told ' events-lost' && "$ubctl" -q device reset ub0 && told 'ub0    device ' || status=1
    end_monitor
    return $status
}
check monitor_tells_resets resets_are_told
check monitor_of_one_device only_one_device
check events_name_users_to_administrators events_name_users_to_administrators
check monitor_ends_after_a_count ends_after_a_count
check monitor_tells_what_it_lost lost_events_are_told
check works_after_resets "$ubctl" -d ub0 selftest

# ---- reset of a part ---------------------------------------------------------------------------
check start_user_of_a_queue start_user nop
jfs=$(first_jfs)
busy_queue() {
    refused 1 UB-E0011 "$ubctl" device reset ub0 --scope queue --queue "$jfs" &&
        grep -q "jfs $jfs of ub0: it is READY, of pid ${users[-1]} (ubctl)" "$dir/err"
}
check reset_of_a_busy_queue_is_refused busy_queue
part() { "$ubctl" -o json device reset ub0 --force "$@" > "$docs/reset-${2}.json"; }
# Flushed with requests in flight, or told that there is none.
queue_reset() {
    part --scope queue --queue "$jfs" && end_of_user 1 && grep -q "UB-E011[13]" "$dir/user"
}
check reset_of_a_queue queue_reset
check start_user_of_a_context start_user nop
tid=$("$ubctl" --no-header -d ub0 context list | awk '{ print $2; exit }')
"$ubctl" -d ub0 submit gemm "$dir/big.npy" "$dir/big.npy" "$dir/c.npy" > "$dir/other" 2>&1 &
other=$!
users=("$other" "${users[@]}")
busy_context() {
    refused 1 UB-E0011 "$ubctl" device reset ub0 --scope context --tid "$tid" &&
        grep -q "context $tid of ub0: it is of pid ${users[-1]} (ubctl), with 2 queues" "$dir/err"
}
check reset_of_a_busy_context_is_refused busy_context
context_reset() { part --scope context --tid "$tid" && end_of_user 5 && kill -0 "$other"; }
check reset_of_a_context_leaves_the_others context_reset
kill "$other"
wait "$other" 2> /dev/null

# ---- faults on demand --------------------------------------------------------------------------
inject() { "$ubctl" -d ub0 health inject "$@"; }
# How many of a kind are armed (2) or were given (3). Python would take seconds to start here.
of_fault() {
    "$ubctl" -d ub0 --no-header health faults | awk -v k="$2" -v c="$1" '$1 == k { print $c }'
}
given=$(of_fault 3 status)
status_of_a_command() {
    inject -o json status --status loc_access_err --skip 1 --count 2 > "$docs/inject.json" ||
        return 1
    "$ubctl" -d ub0 submit nop && [ "$(of_fault 2 status)" = 1 ] || return 1
    refused 1 UB-E0104 "$ubctl" -d ub0 submit nop &&
        refused 1 UB-E0104 "$ubctl" -d ub0 submit nop &&
        "$ubctl" -d ub0 submit nop && [ "$(of_fault 2 status)" = 0 ] &&
        [ "$(of_fault 3 status)" = $((given + 2)) ]
}
check injected_status status_of_a_command
disarmed() {
    inject stall --id 5 --count forever && [ "$(of_fault 2 stall)" = 1 ] &&
        inject stall --id 5 --remove | grep -q '^removed .* yes$' &&
        [ "$(of_fault 2 stall)" = 0 ]
}
check removed_fault disarmed
delayed() {
    inject -q cqe-delay --delay 5ms && "$ubctl" -d ub0 submit nop &&
        [ "$(of_fault 3 cqe-delay)" -ge 1 ]
}
check delayed_completion delayed
link_down() {
    inject -q link-down && [ "$(of_fault 2 link-down)" = 1 ] && inject -q link-down --remove &&
        [ "$(of_fault 2 link-down)" = 0 ]
}
check link_down_and_up link_down
"$ubctl" -d ub0 -o json health faults > "$docs/faults.json"
check inject_no_such_object refused 3 UB-E0010 inject status --status 4 --id 1048575
check inject_an_argument_out_of_range refused 1 UB-E0019 inject status --status 200
check inject_needs_an_administrator refused 4 UB-E0202 as_nobody "$ubctl" -d ub0 health inject fatal
check faults_need_an_administrator refused 4 UB-E0202 as_nobody "$ubctl" -d ub0 health faults
check no_core_dump refused 3 UB-E0203 "$ubctl" health dump

# A queue that hangs: told, counted, dumped.
hangs() {
    local timeout status=0
    timeout=$(cat /sys/module/ubnpu/parameters/hang_timeout_ms)
    echo 400 > /sys/module/ubnpu/parameters/hang_timeout_ms
    start_monitor -o json && inject stall --end queue || status=1
    refused 1 UB-E0111 "$ubctl" -d ub0 --timeout 60 submit copy "$dir/big.npy" /dev/null || status=1
    told '"event":"hang","device":"ub0".*"scope":"queue".*"comm":"ubctl"' || status=1
    end_monitor
    echo "$timeout" > /sys/module/ubnpu/parameters/hang_timeout_ms
    split -l 1 "$dir/events" "$docs/hang-" --additional-suffix=.json
    return $status
}
check hang_is_told hangs
check hang_is_counted test "$(get hangs health show ub0)" = 1
check other_device_has_none test "$(get hangs health show ub1)" = 0
"$ubctl" -o json health show > "$docs/health.json"
dumped() {
    "$ubctl" health dump -d ub0 | head -n 3 | grep -q '^device: ub0 at ' &&
        refused 3 UB-E0203 "$ubctl" health dump -d ub1 &&
        "$ubctl" -o json health dump > "$docs/dump.json" &&
        "$ubctl" health dump "$dir/dump" --discard | grep -q '^discarded  *yes$' &&
        grep -q '^ubnpu device core dump' "$dir/dump" || return 1
    for _ in $(seq 600); do
        "$ubctl" health dump > "$dir/out" 2>&1 || return 0
        sleep 0.1
    done
    return 1
}
check dump_needs_root refused 4 UB-E0203 as_nobody "$ubctl" health dump
check dump_is_printed_written_and_discarded dumped
fatal_is_told() {
    start_monitor && inject fatal && told 'ub0    fatal  ' || return 1
    end_monitor
    for _ in $(seq 600); do
        "$ubctl" -d ub0 submit nop > "$dir/out" 2>&1 && return 0
        sleep 0.1
    done
    return 1
}
check fatal_error_is_told_and_recovered fatal_is_told

# ---- permission and limits ---------------------------------------------------------------------
head -c 20000001 /dev/urandom > "$dir/in"
chmod 600 /dev/ub/ub0
check list_needs_no_permission as_nobody "$ubctl" list
denied() {
    refused 4 UB-E0202 as_nobody "$ubctl" -d ub0 submit nop && grep -q ub0.exists "$dir/err"
}
check no_permission_is_not_no_device denied
check flr_needs_an_administrator refused 4 UB-E0202 as_nobody "$ubctl" device reset ub1 --scope flr
check reset_needs_an_administrator refused 4 UB-E0202 as_nobody "$ubctl" device reset ub1
chmod 666 /dev/ub/ub0
over_memlock() { (ulimit -l 16 && as_nobody "$ubctl" -d ub0 submit copy "$dir/in" /dev/null); }
check over_the_memlock_limit refused 1 UB-E0009 over_memlock
mkdir -m 777 "$dir/all"
# Root of a container: the user, but none of the capabilities.
as_poor_root() {
    setpriv --bounding-set=-ipc_lock,-sys_resource,-sys_admin,-dac_override \
        --inh-caps=-all "$@"
}
# small_windows WHO KIB
small_windows() (
    ulimit -l "$2"
    rm -f "$dir/all"/*
    head -c 300001 "$dir/in" > "$dir/all/in" && "$helper" npy-header 200 100 "$dir/all/a.npy" &&
        "$helper" npy-header 100 150 "$dir/all/b.npy" && chmod 666 "$dir/all"/*
    "$1" "$ubctl" -d ub0 submit copy "$dir/all/in" "$dir/all/out" &&
        cmp "$dir/all/in" "$dir/all/out" &&
        "$1" "$ubctl" -d ub0 submit crc32c "$dir/all/in" &&
        "$1" "$ubctl" -d ub0 submit fill --pattern 7 --size 1M "$dir/all/filled" &&
        "$1" "$ubctl" -d ub0 submit gemm "$dir/all/a.npy" "$dir/all/b.npy" "$dir/all/c.npy" &&
        "$1" "$ubctl" -d ub0 selftest && "$1" "$ubctl" -d ub0 bench --seconds 0.01
) > /dev/null
for kib in 64 256; do
    check "windows_fit_${kib}_KiB" small_windows as_nobody $kib
    check "windows_of_root_fit_${kib}_KiB" small_windows as_poor_root $kib
done
limits=/sys/module/ubnpu/parameters
over_the_users_limit() {
    local was status
    was=$(cat $limits/$1)
    echo "$2" > $limits/$1
    refused 1 UB-E0025 as_nobody "$ubctl" -d ub0 submit copy "$dir/in" /dev/null
    status=$?
    echo "$was" > $limits/$1
    [ "$status" = 0 ] && grep -q "this user has all the $3 that" "$dir/err" &&
        grep -q "raise the driver's $1" "$dir/err"
}
check over_the_users_contexts over_the_users_limit max_ctxs_per_user 0 contexts
check over_the_users_queues over_the_users_limit max_queues_per_user 0 JFCs
check over_the_users_memory over_the_users_limit max_pinned_mb_per_user 1 \
    "1048576 bytes of pinned memory"
chmod 660 /dev/ub/ub0
check timeout refused 124 UB-E0205 "$ubctl" -d ub0 --timeout 0.000001 submit gemm "$dir/big.npy" \
    "$dir/big.npy" "$dir/c.npy"
nothing_left() {
    local object
    for object in context memory queue; do
        [ -z "$("$ubctl" --no-header "$object" list)" ] || return 1
    done
}
check nothing_is_left nothing_left
check documents_are_valid "$helper" schemas --some ubctl/schema "$docs"
exit $failed
