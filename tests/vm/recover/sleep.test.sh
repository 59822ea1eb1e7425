#!/bin/bash
# SPDX-License-Identifier: MIT
# The system sleeps with a device at work, in each way that there is: to idle, to RAM, to disk, and
# parts of these; also while the device is reset, silent, stuck or unplugged.
set -u
cd "$(dirname "$0")/../../.." || exit
# shellcheck source=tests/vm/initrd.sh
. tests/vm/initrd.sh
# shellcheck source=tests/check.sh
. tests/check.sh
splats='WARNING:|BUG:|Oops|Kernel panic|Call Trace|possible recursive|possible circular'
splats+='|inconsistent lock|suspicious RCU|blocked for more than|refusing to freeze|DMA-API'

# A bzImage: what firmware has not started it cannot wake from sleep in RAM.
compressed=$(kernel_dir "$kernel")/vmlinuz

make_guest() {
    put_modules virtio_pci virtio_blk
    make_initrd build/tests/vm/recover_power build/ubctl << 'END'
while read -r module; do b insmod "/modules/$module"; done < /modules/order
[ "$(word bare)" ] || b insmod /ubnpu.ko
while ! [ -e /dev/ub/ub0 ] && ! [ "$(word bare)" ]; do b sleep 0.1; done
if [ "$(word resume)" ]; then
    b cat /sys/block/vda/dev > /sys/power/resume
    echo "guest status: no image"
    b sleep 1000
fi
[ ! -e /dev/vda ] || b swapon /dev/vda
echo 1 > /sys/module/suspend/parameters/pm_test_delay
for file in /sys/devices/platform/i8042/serio*/power/wakeup; do echo enabled > "$file"; done
/bin/recover_power /dev/ub/ub0 $(word tests | b tr , ' ')
status=$?
b sleep 1
/bin/ubctl --device ub0 --timeout 30 --quiet selftest || echo "selftest failed: $?"
echo "guest status $status"
b sleep 1000
END
}

# start IMAGE PROCESSORS WORDS [ARGUMENT]...
start() {
    local image=$1 smp=$2 words=$3
    shift 3
    start_qemu "$image" "quiet oops=panic no_console_suspend $words" -smp "$smp" \
        -device pcie-root-port,id=port0,chassis=1,slot=1 \
        -device ubnpu,id=ub0,guid-sequence=1,bus=port0 "$@"
}

quiet() {
    ! grep -a -E "$splats" "$dir/console"
}

ended_well() {
    until_in "$dir/console" '^guest status' 2400 || return 1
    quit
    grep -a -q '^guest status 0' "$dir/console" &&
        ! grep -a 'selftest failed' "$dir/console" && quiet
}

# slept IMAGE PROCESSORS TEST[,TEST]... [ARGUMENT]...
slept() {
    local image=$1 smp=$2 tests=$3
    shift 3
    : > "$dir/console"
    start "$image" "$smp" "tests=$tests" "$@"
    ended_well
}

new_disk() {
    truncate -s 512M "$dir/disk" &&
        PATH=$PATH:/sbin:/usr/sbin mkswap "$dir/disk" > "$dir/mkswap" 2>&1
}

# shellcheck disable=SC2054 # the commas are QEMU's
disk=(-drive "if=none,id=disk,file=$dir/disk,format=raw" -device virtio-blk-pci,drive=disk)

# No alarm of the emulated clock ends sleep to idle, but a key does.
slept_idle() {
    : > "$dir/console"
    start "$(kernel_image "$kernel")" 2 tests=sleep_idle
    until_in "$dir/console" '^asleep' || return 1
    for _ in $(seq 20); do
        sleep 2
        tell "sendkey ret"
        until_in "$dir/console" '^guest status' 30 && break
    done
    ended_well
}

# woken_in_another_machine [WORDS]: its driver has the device already when it loads the image,
# unless WORDS says "bare=1".
woken_in_another_machine() {
    new_disk || return 1
    : > "$dir/console"
    start "$compressed" 1 tests=sleep_disk "${disk[@]}"
    until_in "$dir/console" '^saving' || return 1
    finish
    start "$compressed" 1 "resume=1 ${1:-}" "${disk[@]}"
    ended_well
}

unplugged_while_asleep() {
    : > "$dir/console"
    start "$compressed" 1 tests=sleep_and_lose_it
    until_in "$dir/console" '^asleep' || return 1
    for _ in $(seq 600); do
        tell 'info status'
        until_in "$dir/said" 'paused (suspended)' 2 && break
    done
    tell 'device_del ub0'
    sleep 1
    tell system_wakeup
    until_in "$dir/console" '^guest status' || return 1
    quit
    grep -a -q '^guest status 0' "$dir/console" && quiet
}

make_guest
check sleep_to_idle try slept_idle
check sleep_of_devices_and_of_tasks_alone \
    try slept "$(kernel_image "$kernel")" 2 sleep_devices,sleep_of_tasks_alone
check sleep_amid_resets_and_with_a_device_that_hangs \
    try slept "$(kernel_image "$kernel")" 2 \
    sleep_amid_resets,sleep_with_silent_device,sleep_with_stuck_queue
# Where an HPET stands in for the real time clock, its alarm may wake nobody.
check sleep_to_ram \
    try slept "$compressed" 1 sleep_ram,sleep_ram_twice,sleep_ram_unwatched -machine hpet=off
check sleep_to_disk_without_one try slept "$compressed" 1 sleep_disk_fails
check sleep_to_disk_woken_in_another_machine try woken_in_another_machine
check sleep_to_disk_woken_without_a_driver try woken_in_another_machine bare=1
check unplugged_while_asleep try unplugged_while_asleep
exit $failed
