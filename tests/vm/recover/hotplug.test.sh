#!/bin/bash
# SPDX-License-Identifier: MIT
# A device is unplugged while work is in flight on it, then plugged in again, by QEMU's monitor;
# with doorbells that trap and with doorbells by eventfd.
set -u
cd "$(dirname "$0")/../../.." || exit
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
. tests/vm/limits.sh
failed=0

in_guest='
wait_for() { for _ in $(seq 1200); do "$@" && return; sleep 0.1; done; return 1; }
build/tests/vm/hog ub1 > /run/hog &
wait_for grep -q ready /run/hog || exit 1
echo busy
wait_for test ! -e /dev/ub/ub1 || exit 2
build/ubctl -d ub0 selftest > /dev/null || exit 3
kill -9 $!
echo unplugged
wait_for test -e /dev/ub/ub1 || exit 4
build/ubctl -d ub1 selftest > /dev/null || exit 5
build/tests/vm/recover_matrix /dev/ub/ub1 unplug || exit 6
'

# Waits until the guest said $1, then gives the monitor the other arguments, a line each.
when() {
    local word=$1
    shift
    until grep -q "^$word" "$dir/out"; do
        kill -0 "$ubvm" 2> /dev/null || return
        sleep 0.1
    done
    printf '%s\n' "$@" >&"$monitor"
}

unplug_and_plug() {
    local ubvm monitor reader status
    rm -f "$dir"/*
    mkfifo "$dir/monitor.in" "$dir/monitor.out"
    : > "$dir/out"
    qemu_device/ubvm run --devices 2 --hotplug --device-arg "ioeventfd=$1" "${vm_limits[@]}" \
        --qemu-arg -monitor --qemu-arg "pipe:$dir/monitor" -- bash -c "$in_guest" \
        > "$dir/out" 2>&1 &
    ubvm=$!
    cat "$dir/monitor.out" > "$dir/said" &
    reader=$!
    exec {monitor}<> "$dir/monitor.in"
    when busy 'device_del ub1'
    when unplugged 'device_add ubnpu,id=ub1,bus=port1,engines=99' \
        'device_add ubnpu,id=ub1,bus=port1,guid-sequence=1' \
        "device_add ubnpu,id=ub1,bus=port1,guid-sequence=9,ioeventfd=$1"
    when crowded 'device_del ub1'
    # The guest lets go of the slot a moment after it has lost the device.
    when emptied 'info name'
    sleep 2
    when emptied "device_add ubnpu,id=ub1,bus=port1,guid-sequence=9,ioeventfd=$1"
    wait "$ubvm"
    status=$?
    kill "$reader" 2> /dev/null
    wait "$reader" 2> /dev/null
    exec {monitor}>&-
    [ "$status" = 0 ] || { echo "exit status $status"; cat "$dir/out" "$dir/said"; return 1; }
    grep -q 'engines must be' "$dir/said" && grep -q 'has this EID' "$dir/said"
}

for ioeventfd in off on; do
    if unplug_and_plug "$ioeventfd"; then
        echo "ok - unplug_in_flight_and_plug_again_ioeventfd_$ioeventfd"
    else
        echo "not ok - unplug_in_flight_and_plug_again_ioeventfd_$ioeventfd"
        failed=1
    fi
done
exit $failed
