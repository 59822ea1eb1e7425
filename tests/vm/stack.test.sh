#!/bin/bash
# SPDX-License-Identifier: MIT
# The whole stack in a VM with two devices, on the default kernel.
set -eu
cd "$(dirname "$0")/../.."
mapfile -t programs < build/vm-tests
qemu_device/ubvm run --devices 2 --timeout 800 -- tests/vm/suite.sh "${programs[@]}"
