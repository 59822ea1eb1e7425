#!/bin/bash
# SPDX-License-Identifier: MIT
# Inside a VM with an IOMMU before its two devices: work, resets, processes that end in the middle
# of it. With the module pages are taken away under the device's hands.
#
#   iommu.sh translated|through [MODULE]
set -u
cd "$(dirname "$0")/../.." || exit
. tests/check.sh
how=$1 module=${2:-}
ubctl=build/ubctl
place=$(basename "$(readlink /sys/class/ubnpu/ub0/device)")
domain=$(cat "/sys/bus/pci/devices/$place/iommu_group/type")

domain_is_as_wanted() {
    case $how/$domain in
        translated/DMA | translated/DMA-FQ | through/identity) ;;
        *) echo "the device's domain is $domain"; return 1 ;;
    esac
}

two_at_once() {
    local first
    "$ubctl" -q -d ub0 --timeout 120 selftest > /tmp/first.log 2>&1 & first=$!
    "$ubctl" -q -d ub1 --timeout 120 selftest && wait "$first" || { cat /tmp/first.log; return 1; }
}

requests() {
    build/tests/vm/lib-ops ub0 ub1 > /tmp/requests.log 2>&1 || { cat /tmp/requests.log; return 1; }
}

killed_in_flight() {
    local hog
    build/tests/vm/hog ub0 > /tmp/hog.log & hog=$!
    for _ in $(seq 600); do
        ! grep -q ready /tmp/hog.log || break
        sleep 0.1
    done
    kill -9 "$hog"
    wait "$hog" 2> /dev/null
    "$ubctl" -d ub0 submit nop > /dev/null
}

resets() {
    "$ubctl" device reset ub0 > /dev/null && "$ubctl" device reset ub0 --scope flr > /dev/null &&
        "$ubctl" -q -d ub0 --timeout 120 selftest
}

no_fault_of_ours() { ! dmesg | grep -E 'DMAR:.*fault addr|virtio_iommu.*page fault'; }

check domain_is_as_wanted domain_is_as_wanted
check two_devices_at_once two_at_once
check requests requests
check killed_in_flight killed_in_flight
check resets resets
check no_fault_of_ours no_fault_of_ours
if [ -n "$module" ]; then
    build/tests/vm/iommu ub0 insmod "$module" "device=$place" || failed=1
    check works_after_that "$ubctl" -q -d ub0 --timeout 120 selftest
fi
check module_comes_and_goes sh -c 'rmmod ubnpu && insmod "$1"' sh "$UBVM_MODULE"
exit "$failed"
