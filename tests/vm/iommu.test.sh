#!/bin/bash
# SPDX-License-Identifier: MIT
# Devices behind an IOMMU that translates, lazily and not, or lets pass; and IOMMUs that cannot be
# followed, which are refused at start. Debian's 6.1 has no driver of virtio-iommu; and that driver
# splits no mapping, so pages are taken away from under the device with intel-iommu alone.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/check.sh
kernel=$(qemu_device/ubvm fetch-kernel "${UBVM_KERNEL:-}") || exit
take=$(dirname "${UBVM_KMOD_UNIT:-build/kmod-unit/$kernel/ubnpu_unit.ko}")/ubnpu_take.ko
qemu=${UBVM_QEMU:-qemu-system-x86_64}
major=$("$qemu" --version | sed -n '1s/.*version \([0-9]*\).*/\1/p')
# shellcheck source=tests/vm/limits.sh
. tests/vm/limits.sh
intel='intel-iommu,intremap=on,caching-mode=on'
virtio='virtio-iommu-pci'

# vm APPEND DEVICE COMMAND...
vm() {
    local append=$1 device=$2
    shift 2
    qemu_device/ubvm run --devices 2 "${vm_limits[@]}" --append " $append" \
        --qemu-arg -device --qemu-arg "$device" -- "$@"
}

# NAME APPEND DEVICE translated|through [MODULE]: a list of its own
works() {
    vm "$2" "$3" tests/vm/iommu.sh "${@:4}" | sed "s/^\(ok\|not ok\) - /&$1_/"
    [ "${PIPESTATUS[0]}" = 0 ] || failed=1
}

# refused DEVICE WORDS: in one line, and the guest does not run
refused() {
    local out
    out=$(vm '' "$1" true 2>&1) && return 1
    grep -q "ubnpu: .*$2" <<< "$out" || { echo "$out"; return 1; }
}

works intel_strict 'intel_iommu=on iommu=nopt iommu.strict=1' "$intel" translated "$take"
works intel_through 'intel_iommu=on iommu=pt' "$intel" through
if [ "$major" -ge 10 ]; then
    works intel_lazy 'intel_iommu=on iommu=nopt iommu.strict=0' intel-iommu,intremap=on \
        translated "$take"
else
    check intel_without_caching_mode_refused refused intel-iommu,intremap=on caching-mode=on
fi
if [[ $kernel != 6.1.* ]]; then
    works virtio_strict 'iommu=nopt iommu.strict=1' "$virtio" translated
    works virtio_lazy 'iommu=nopt iommu.strict=0' "$virtio" translated
    works virtio_through 'iommu=pt' "$virtio" through
fi
check amd_iommu_refused refused amd-iommu amd-iommu
exit "$failed"
