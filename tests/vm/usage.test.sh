#!/bin/bash
# SPDX-License-Identifier: MIT
# What is told of busy devices, and of what is wrong with a machine, in a VM of its own: counters
# begin with zero there, and no device has had a fault.
set -eu
cd "$(dirname "$0")/../.."
. tests/vm/limits.sh
qemu_device/ubvm run --devices 2 "${vm_limits[@]}" -- \
    sh -c 'tests/vm/usage.sh; usage=$?; tests/vm/doctor.sh && exit $usage'
