#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest with work on two devices is saved in the middle of it, taken on by another QEMU, and
# again; its own checks tell whether anything was lost or done twice. Then it goes on where it was
# saved, a device of other limits refuses the state, and a system reset comes in the middle. The
# guest runs from memory: a mounted host folder would keep it from being moved.
set -u
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/vm/initrd.sh
. tests/vm/initrd.sh
# shellcheck source=tests/check.sh
. tests/check.sh

make_guest() {
    make_initrd build/tests/vm/migrate_guest << 'END'
b insmod /ubnpu.ko
while ! [ -e /dev/ub/ub1 ]; do b sleep 0.1; done
/bin/migrate_guest "$(word rounds)"
echo "guest status $?"
b dmesg | b grep -E 'WARNING|BUG:|ubnpu.*(timeout|reset)' && echo "kernel warned"
b poweroff -f
END
}

# start ROUNDS [QEMU ARGUMENT]...
start() {
    local rounds=$1
    shift
    start_qemu "$(kernel_image "$kernel")" "quiet rounds=$rounds" -smp 2 \
        -device ubnpu,id=ub0,guid-sequence=1 -device "ubnpu,id=ub1,guid-sequence=2${second:-}" \
        "$@"
}

save() {
    tell 'migrate_set_parameter max-bandwidth 10G' "migrate \"exec:cat > $dir/state\""
    for _ in $(seq 1200); do
        tell 'info migrate'
        until_in "$dir/said" '[Ss]tatus:[[:space:]]*completed' 3 && return 0
    done
    return 1
}

# Waits for round $1, then moves the guest to a new QEMU by a file.
move_at_round() {
    until_in "$dir/console" "^round $1" && save || return 1
    quit
    start "$2" -incoming "exec:cat $dir/state"
}

ended_well() {
    until_in "$dir/console" '^guest status' || return 1
    finish
    grep -a -q '^guest status 0' "$dir/console" && ! grep -a -q 'kernel warned' "$dir/console"
}

moved_twice_in_the_middle_of_work() {
    : > "$dir/console"
    start 24
    move_at_round 2 24 && move_at_round 8 24 && ended_well
}

# Once saved, the machine may as well go on where it is.
saved_and_goes_on() {
    : > "$dir/console"
    start 40
    until_in "$dir/console" '^round 2' && save || return 1
    tell cont
    ended_well
}

# The devices are as new for the guest that boots next.
reset_in_the_middle_of_work() {
    : > "$dir/console"
    start 40
    until_in "$dir/console" '^round 2\b' || return 1
    tell system_reset
    ended_well && [ "$(grep -a -c 'round 1\b' "$dir/console")" = 2 ]
}

# A snapshot of the middle, gone back to by the QEMU that made it and by another.
back_to_a_snapshot() {
    local disk=(-drive "if=none,id=disk,file=$dir/disk,format=qcow2")
    qemu-img create -q -f qcow2 "$dir/disk" 64M || return 1
    : > "$dir/console"
    start 60 "${disk[@]}"
    until_in "$dir/console" '^round 3\b' || return 1
    tell 'savevm middle'
    until_in "$dir/console" '^round 7\b' || return 1
    tell 'loadvm middle'
    ended_well && [ "$(grep -a -c '^round 7\b' "$dir/console")" = 2 ] || return 1
    : > "$dir/console"
    start 60 "${disk[@]}" -loadvm middle
    ended_well && ! grep -a -q '^round 2\b' "$dir/console"
}

other_device_is_refused() {
    local second=,max-jfc=17
    start 24 -incoming "exec:cat $dir/state"
    finish
    grep -q 'other limits' "$dir/qemu"
}

# Whether doorbells are prefetchable, the guest has seen in the BAR.
other_bar_is_refused() {
    local second=,db-prefetch=off
    start 24 -incoming "exec:cat $dir/state"
    finish
    grep -q 'Failed to load PCIDevice:config' "$dir/qemu"
}

make_guest
check moved_twice_in_the_middle_of_work try moved_twice_in_the_middle_of_work
check state_of_another_device_is_refused try other_device_is_refused
check state_of_another_bar_is_refused try other_bar_is_refused
check snapshot_in_the_middle_of_work try back_to_a_snapshot
check saved_and_goes_on_where_it_was try saved_and_goes_on
check system_reset_in_the_middle_of_work try reset_in_the_middle_of_work
exit $failed
