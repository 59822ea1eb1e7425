#!/bin/bash
# SPDX-License-Identifier: MIT
# The driver's unit tests, in a VM without a device and without the driver itself.
set -eu
cd "$(dirname "$0")/../.."
. tests/vm/limits.sh
kernel=$(qemu_device/ubvm fetch-kernel "${UBVM_KERNEL:-}")
module=${UBVM_KMOD_UNIT:-build/kmod-unit/$kernel/ubnpu_unit.ko}
qemu_device/ubvm run --devices 0 --smp 2 --mem 1G "${vm_limits[@]}" -- \
    sh -euc 'insmod "$1" && rmmod ubnpu_unit
    dmesg | sed -n "s/.*ubnpu_unit: //p"' sh "$module"
