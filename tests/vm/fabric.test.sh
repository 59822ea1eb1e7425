#!/bin/bash
# SPDX-License-Identifier: MIT
# Devices of two VMs and of a process of the host on one fabric.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/check.sh
dir=$(mktemp -d)
program=build/tests/vm/fabric
fabric=$dir/fabric
mkdir "$fabric"
owners=()
stop_owners() {
    local pid
    for pid in "${owners[@]}"; do
        { kill "$pid" && wait "$pid"; } 2> /dev/null
    done
    owners=()
}
trap 'stop_owners; rm -rf "$dir"' EXIT

# Until the file has a whole line, while the process lives.
wait_line() {
    until [ "$(wc -l < "$1")" -gt 0 ]; do
        kill -0 "$2" 2> /dev/null || { cat "$1" "$1.err"; return 1; }
        sleep 0.2
    done
}

# own NAME DEVICE COMMAND...: an owner in the background; what it exports goes to $dir/NAME.
own() {
    local name=$1 device=$2
    shift 2
    "$@" "$program" own "$device" > "$dir/$name" 2> "$dir/$name.err" &
    owners+=($!)
    wait_line "$dir/$name" $!
}

host_owns() { own host "soft:name=owner,fabric=$fabric" env; }
vm_owns() { own vm ub0 qemu_device/ubvm run --fabric "$fabric" --; }

host_asks_the_vm() {
    # shellcheck disable=SC2046 # two words
    "$program" ask "soft:name=asker,fabric=$fabric" $(cat "$dir/vm")
}

# The owner's QEMU is killed while this one writes to its memory.
vm_asks_both_and_loses_the_vm() {
    local asker status
    # shellcheck disable=SC2016 # for the guest
    qemu_device/ubvm run --fabric "$fabric" -- sh -c '"$1" ask ub0 $2 && "$1" ask ub0 $3 &&
        exec "$1" lose ub0 $3' sh "$program" "$(cat "$dir/host")" "$(cat "$dir/vm")" \
        > "$dir/asker" 2> "$dir/asker.err" &
    asker=$!
    until grep -q asking "$dir/asker"; do
        kill -0 "$asker" 2> /dev/null || break
        sleep 0.2
    done
    stop_owners
    wait "$asker"
    status=$?
    cat "$dir/asker" "$dir/asker.err"
    return "$status"
}

a_folder_is_needed() {
    ! qemu_device/ubvm run --fabric "$dir/none" -- true 2> "$dir/err" &&
        grep -q "no such folder" "$dir/err"
}

check a_process_of_the_host_owns host_owns
check a_vm_owns vm_owns
check a_process_of_the_host_asks_a_vm host_asks_the_vm
check a_vm_asks_both_and_loses_the_other vm_asks_both_and_loses_the_vm
# EIDs of VMs have small numbers at their end, those of soft: any.
no_vm_leaves_a_socket() {
    local left
    left=$(find "$fabric" -name 'fd3455420200000000000*')
    [ -z "$left" ] || { echo "$left"; return 1; }
}

check no_vm_leaves_a_socket no_vm_leaves_a_socket
check a_fabric_is_a_folder a_folder_is_needed
exit "$failed"
