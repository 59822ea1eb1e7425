#!/bin/bash
# SPDX-License-Identifier: MIT
# The rules under a real udevd, in the VM: owner, mode and names of the nodes, after a coldplug and
# after the module came anew.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/check.sh

start_udevd() {
    mkdir -p /run/udev/rules.d
    systemd-sysusers "$PWD/udev/ubstack.conf" && getent group ub > /dev/null || return 1
    cp udev/60-ubnpu.rules /run/udev/rules.d/
    /lib/systemd/systemd-udevd --daemon && udevadm control --ping
}

all_ours() {
    local node
    udevadm settle
    for node in ub0 ub1; do
        [ "$(stat -c '%a %U:%G %F' "/dev/ub/$node")" = '660 root:ub character special file' ] ||
            { ls -l /dev/ub; return 1; }
    done
}

coldplug() {
    chmod 600 /dev/ub/ub0 /dev/ub/ub1
    udevadm trigger --action=add --subsystem-match=ubnpu && all_ours
}

# Each device is found under its EID and under its place, and nothing else is.
links_lead_home() {
    local n eid place
    for n in 0 1; do
        eid=$(cat "/sys/class/ubnpu/ub$n/eid")
        place=pci-$(basename "$(readlink "/sys/class/ubnpu/ub$n/device")")
        [ "$(readlink -f "/dev/ub/by-eid/$eid")" = "/dev/ub/ub$n" ] &&
            [ "$(readlink -f "/dev/ub/by-path/$place")" = "/dev/ub/ub$n" ] || return 1
    done
    [ "$(ls /dev/ub/by-eid | wc -l)" = 2 ] && [ "$(ls /dev/ub/by-path | wc -l)" = 2 ]
}

links_go_with_the_module() {
    rmmod ubnpu && udevadm settle && [ ! -e /dev/ub/by-eid ] && [ ! -e /dev/ub/by-path ]
}

hotplug() {
    insmod "$UBVM_MODULE" && all_ours && links_lead_home
}

# setpriv: root's right to pass over modes is what must not decide here.
group_alone_may_open() {
    local group
    group=$(getent group ub | cut -d: -f3)
    setpriv --reuid 4321 --regid "$group" --clear-groups build/ubctl -d ub0 submit nop \
        > /dev/null ||
        return 1
    ! setpriv --reuid 4321 --regid 4321 --clear-groups build/ubctl -d ub0 submit nop \
        > /run/out 2>&1 &&
        grep -q 'may not open it' /run/out && grep -q 'hint: .*usermod' /run/out
}

check udevd_runs start_udevd
check coldplug_gives_the_node_to_the_group coldplug
check links_by_eid_and_by_path links_lead_home
check links_go_with_the_module links_go_with_the_module
check a_module_that_comes_anew_is_served hotplug
check members_of_the_group_may_open_others_not group_alone_may_open
udevadm control --exit
exit $failed
