#!/bin/bash
# SPDX-License-Identifier: MIT
# The whole stack in a VM with two devices, on the default kernel.
set -eu
cd "$(dirname "$0")/../.."
. tests/vm/limits.sh
mapfile -t programs < build/vm-tests
qemu_device/ubvm run --devices 2 "${vm_limits[@]}" -- tests/vm/suite.sh "${programs[@]}"
