#!/bin/bash
# SPDX-License-Identifier: MIT
# The tool with a driver: lists that are not empty, reset, loss, permission, limits. For a VM with
# two devices, as root.
set -u
cd "$(dirname "$0")/../.." || exit 1
ubctl=build/ubctl
helper=tests/cli/helper.py
dir=$(mktemp -d)
docs=$dir/docs
mkdir "$docs"
chmod 755 "$dir"
users=()
trap 'kill "${users[@]}" 2> /dev/null; rm -rf "$dir"' EXIT
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

# The first value of a key of a JSON document on standard input; of a list its first element.
value() {
    grep -A 1 "^ *\"$1\": " | tr -d ' \n' | sed -E 's/^"[a-z_]+":\[?"?([^",}]*)"?.*/\1/'
}
get() { "$ubctl" -o json "${@:2}" | value "$1"; }
rows() { "$ubctl" --no-header "$@" | wc -l; }
# Ends with this exit status and this code on standard error.
fails() {
    local status=$1 code=$2 got
    shift 2
    "$@" > "$dir/out" 2> "$dir/err"
    got=$?
    cat "$dir/err"
    [ "$got" = "$status" ] && [ ! -s "$dir/out" ] && grep -q "\[$code, " "$dir/err"
}
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

# A process on ub0 that works until its device goes, by polling ($1 = nop) or asleep ($1 = gemm).
start_user() {
    case $1 in
        nop) "$ubctl" -d ub0 submit nop -n 1000000000 --depth 8 > "$dir/user" 2>&1 & ;;
        gemm)
            "$ubctl" -d ub0 submit gemm "$dir/big.npy" "$dir/big.npy" "$dir/c.npy" > "$dir/user" 2>&1 &
            ;;
    esac
    users+=($!)
    for _ in $(seq 100); do
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
"$ubctl" -o json device info ub0 > "$docs/info.json"
check two_devices test "$(rows list)" = 2
check device_shows_its_user test "$(value pids < "$docs/show.json")" = "$pid"
check context_of_the_user test "$(value pid < "$docs/context.json")" = "$pid"
check other_device_has_none test "$(rows context list -d ub1)" = 0
check queue_names_its_process test "$(value comm < "$docs/queue.json")" = ubctl
# What a queue has done, in words and as JSON, from the one that is at work.
jfs=$("$ubctl" -o json queue list -d ub0 | python3 -c '
import json, sys
print(next(q["id"] for q in json.load(sys.stdin)["data"] if q["type"] == "jfs"))')
"$ubctl" -o json queue show -d ub0 "$jfs" > "$docs/queue-show.json"
queue_at_work() {
    "$ubctl" -d ub0 queue show "$jfs" > "$dir/out" && grep -q '^run on the doorbell.s path  *[1-9]' \
        "$dir/out" && grep -q '^weight  *1$' "$dir/out"
}
check queue_shows_what_it_did queue_at_work
check queue_of_no_such_id fails 3 UB-E0010 "$ubctl" -d ub0 queue show 1048575
check class_codes_agree test "$(value class_code < "$docs/device.json")" = \
    "$(value class_code < "$docs/info.json")"
for key in name node bus_addr eid; do
    id=$(get "$key" device show ub1)
    check "found_by_$key" test "$(get device -d "$id" submit nop)" = ub1
done

# ---- reset and loss ----------------------------------------------------------------------------
busy() { fails 1 UB-E0011 "$ubctl" device reset ub0 && grep -q "by pid $pid (ubctl)" "$dir/err"; }
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
    fails 1 UB-E0011 "$ubctl" device reset ub0 --scope flr && grep -q "by pid ${users[-1]} " "$dir/err"
}
check function_level_reset_of_a_busy_device_is_refused busy_flr
forced_flr() { "$ubctl" device reset ub0 --scope flr --force && end_of_user 5; }
check forced_function_level_reset forced_flr
check reset_of_no_such_context fails 3 UB-E0010 "$ubctl" device reset ub0 --scope context --tid 99
check reset_of_no_such_queue fails 3 UB-E0010 "$ubctl" device reset ub0 --scope queue --queue 99

# ---- monitor -----------------------------------------------------------------------------------
# Runs until it was told of both devices; its process is in monitor, what it says in $dir/events.
start_monitor() {
    "$ubctl" "$@" monitor > "$dir/events" 2>&1 &
    monitor=$!
    users+=($monitor)
    told '"event":"present"\|  present  '
}
told() {
    for _ in $(seq 100); do
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
check monitor_ends_after_a_count ends_after_a_count
check monitor_tells_what_it_lost lost_events_are_told
check works_after_resets "$ubctl" -d ub0 selftest

# ---- permission and limits ---------------------------------------------------------------------
head -c 20000001 /dev/urandom > "$dir/in"
chmod 600 /dev/ub/ub0
check list_needs_no_permission as_nobody "$ubctl" list
denied() { fails 4 UB-E0202 as_nobody "$ubctl" -d ub0 submit nop && grep -q ub0.exists "$dir/err"; }
check no_permission_is_not_no_device denied
check flr_needs_an_administrator fails 4 UB-E0202 as_nobody "$ubctl" device reset ub1 --scope flr
check reset_needs_an_administrator fails 4 UB-E0202 as_nobody "$ubctl" device reset ub1
chmod 666 /dev/ub/ub0
over_memlock() { (ulimit -l 16 && as_nobody "$ubctl" -d ub0 submit copy "$dir/in" /dev/null); }
check over_the_memlock_limit fails 1 UB-E0009 over_memlock
mkdir -m 777 "$dir/all"
small_windows() {
    (ulimit -l 2048 && as_nobody "$ubctl" -d ub0 submit copy "$dir/in" "$dir/all/out") &&
        cmp "$dir/in" "$dir/all/out"
}
check windows_fit_the_memlock_limit small_windows
limits=/sys/module/ubnpu/parameters
over_the_users_limit() {
    local was status
    was=$(cat $limits/$1)
    echo "$2" > $limits/$1
    fails 1 UB-E0025 as_nobody "$ubctl" -d ub0 submit copy "$dir/in" /dev/null
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
check timeout fails 124 UB-E0205 "$ubctl" -d ub0 --timeout 0.000001 submit gemm "$dir/big.npy" \
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
