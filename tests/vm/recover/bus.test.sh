#!/bin/bash
# SPDX-License-Identifier: MIT
# The bus above a device at work is reset behind the driver's back and by the PCI core, does not
# let an access through, and reports errors, which QEMU's monitor injects into the port.
set -u
cd "$(dirname "$0")/../../.." || exit
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkfifo "$dir/monitor.in" "$dir/monitor.out"
: > "$dir/out"

# What the tool says of a device that nothing is heard of, and what helps: in the guest.
tool='
. tests/check.sh
ubctl=build/ubctl
port=$(readlink -f /sys/class/ubnpu/ub0/device/..) address=$(basename "$port"/*:00.0)
command_of_port() { printf "%b" "$1" | dd of="$port/config" bs=1 seek=4 conv=notrunc status=none; }
told() {
    "$ubctl" device reset ub0 --scope "$1" --force > /run/out 2>&1
    [ $? = 5 ] && grep -q "devices/$address/remove; echo 1 > /sys/bus/pci/rescan" /run/out ||
        { cat /run/out; return 1; }
}
reset_told() { told device; }
flr_told() { told flr; }
log_says_so() { dmesg | grep -q "devices/$address/remove; echo 1 > /sys/bus/pci/rescan"; }
removed_and_scanned() {
    echo 1 > "$port/$address/remove"
    command_of_port "\x07\x01"
    echo 1 > /sys/bus/pci/rescan
    for _ in $(seq 600); do [ -e /dev/ub/ub0 ] && break; sleep 0.1; done
    "$ubctl" -q -d ub0 selftest
}
command_of_port "\x04\x01"
check reset_of_no_device_says_what_helps reset_told
check flr_of_no_device_says_what_helps flr_told
check log_says_what_helps log_says_so
check remove_and_rescan_help removed_and_scanned
exit $failed
'

. tests/vm/limits.sh
qemu_device/ubvm run --hotplug "${vm_limits[@]}" --qemu-arg -monitor \
    --qemu-arg "pipe:$dir/monitor" -- bash -c \
    'build/tests/vm/recover_power /dev/ub/ub0 "$@" && bash -c "$0"' "$tool" \
    bus_reset_is_found bus_reset_then_reset bus_reset_by_pci_core bus_reset_by_port no_answer \
    error_is_not_fatal error_is_fatal > "$dir/out" 2>&1 &
ubvm=$!
cat "$dir/monitor.out" > "$dir/said" &
reader=$!
exec {monitor}<> "$dir/monitor.in"

# when WORDS COMMAND: once the guest says so.
when() {
    until grep -q "^$1" "$dir/out"; do
        kill -0 "$ubvm" 2> /dev/null || return
        sleep 0.1
    done
    printf '%s\n' "$2" >&"$monitor"
}

when 'inject nonfatal' 'pcie_aer_inject_error port0 POISON_TLP'
when 'inject fatal' 'pcie_aer_inject_error port0 DLP'
wait "$ubvm"
status=$?
kill "$reader" 2> /dev/null
wait "$reader" 2> /dev/null
cat "$dir/out"
[ "$status" = 0 ] || grep -a -E "^(OK|error|invalid)" "$dir/said"
exit "$status"
