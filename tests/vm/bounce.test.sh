#!/bin/bash
# SPDX-License-Identifier: MIT
# DMA that the kernel bounces, as in guests with encrypted memory: the device's view of memory is
# not the program's. Refused when the device is found, or where a single page would be bounced when
# it is registered.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/check.sh
kernel=$(qemu_device/ubvm fetch-kernel "${UBVM_KERNEL:-}") || exit
module=${UBVM_KMOD:-build/kmod/$kernel/ubnpu.ko}
take=$(dirname "${UBVM_KMOD_UNIT:-build/kmod-unit/$kernel/ubnpu_unit.ko}")/ubnpu_take.ko

refused_at_probe() {
    # shellcheck disable=SC2016 # for the guest
    qemu_device/ubvm run --no-module --append ' swiotlb=force' -- sh -c '
        insmod "$1" && [ ! -e /dev/ub/ub0 ] || exit 1
        dmesg | grep "error -EOPNOTSUPP: .*bounces it; boot without swiotlb=force" > /dev/null &&
            rmmod ubnpu' sh "$module"
}

an_iommu_helps() {
    qemu_device/ubvm run --qemu-arg -device \
        --qemu-arg intel-iommu,intremap=on,caching-mode=on \
        --append ' swiotlb=force intel_iommu=on iommu=nopt' -- build/ubctl -q -d ub0 selftest
}

# Memory above what the device's mask reaches, which the kernel gives first.
refused_at_registration() {
    # shellcheck disable=SC2016
    qemu_device/ubvm run --mem 6G -- sh -c '
        place=$(basename "$(readlink /sys/class/ubnpu/ub0/device)")
        build/ubctl -q -d ub0 selftest || exit 1
        insmod "$1" "device=$place" mask=32 2> /dev/null
        ! build/ubctl -q -d ub0 --timeout 20 selftest > /tmp/out 2>&1 &&
            grep "does not reach this memory where it is" /tmp/out > /dev/null &&
            grep "hint: use memory at lower addresses" /tmp/out > /dev/null && exit
        cat /tmp/out; exit 1' sh "$take"
}

check bounced_dma_is_refused_at_probe refused_at_probe
check with_an_iommu_it_works an_iommu_helps
check a_bounced_page_is_refused_at_registration refused_at_registration
exit "$failed"
