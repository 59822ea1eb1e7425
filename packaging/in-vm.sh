#!/bin/bash
# SPDX-License-Identifier: MIT
# In a VM with one device, under systemd, as root: what the packages promise.
set -u
out=$(mktemp)

check() {
    local name=$1
    shift
    if "$@" > "$out" 2>&1; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        sed 's/^/# /' "$out"
    fi
}

udev_has_settled() { udevadm settle --timeout=60; }

# Nothing asks for it by name; the device's modalias did.
module_is_loaded() { grep '^ubnpu ' /proc/modules && ! grep -r ubnpu /etc/modules*; }
module_is_dkms() { modinfo -n ubnpu | grep '/updates/dkms/ubnpu.ko'; }

node_is_0660_root_ub() {
    stat -c '%a %U:%G' /dev/ub/ub0 | tee /dev/stderr | grep -x '660 root:ub'
}
links_by_path_and_eid() {
    [ "$(readlink -f /dev/ub/by-path/*)" = /dev/ub/ub0 ] &&
        [ "$(readlink -f /dev/ub/by-eid/*)" = /dev/ub/ub0 ]
}

insider_runs_selftest() { runuser -u insider -- ubctl selftest; }

# The right message: permission, not absence, and what to do.
outsider_is_told() {
    ! runuser -u outsider -- ubctl -d ub0 selftest > "$out.said" 2>&1 || return 1
    cat "$out.said"
    grep 'you may not open it' "$out.said" && grep 'join the group ub' "$out.said" &&
        ! grep -i 'no device' "$out.said"
}
outsider_sees_the_device() { runuser -u outsider -- ubctl list | grep ub0; }
outsider_has_soft_devices() { runuser -u outsider -- ubctl -d soft: selftest; }

# A process holds the device while all packages go: it is not disturbed, nor is the module.
removal_disturbs_nobody() {
    local holder
    sleep 600 3<> /dev/ub/ub0 &
    holder=$!
    dpkg --purge ubstack ubstack-tests ubstack-tools ubstack-udev ubstack-dkms libub1-soft libub1 &&
        kill -0 "$holder" && [ -e /dev/ub/ub0 ] && grep '^ubnpu ' /proc/modules &&
        kill "$holder" && ! find /lib/modules -name 'ubnpu*' | grep .
}
rmmod_works_then() { wait; rmmod ubnpu && [ ! -e /dev/ub/ub0 ]; }

kernel_did_not_warn() { ! dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace|UBSAN:'; }

check udev_has_settled udev_has_settled
check module_is_loaded_by_modalias module_is_loaded
check module_is_the_one_of_dkms module_is_dkms
check node_is_0660_root_ub node_is_0660_root_ub
check links_by_path_and_eid links_by_path_and_eid
check user_in_group_runs_selftest insider_runs_selftest
check user_outside_is_told outsider_is_told
check user_outside_sees_the_device outsider_sees_the_device
check user_outside_has_soft_devices outsider_has_soft_devices
check removal_disturbs_nobody removal_disturbs_nobody
check module_unloads_when_free rmmod_works_then
check kernel_did_not_warn kernel_did_not_warn
echo 'all tests have run'
