#!/bin/bash
# SPDX-License-Identifier: MIT
# `ubctl doctor` where the kernel refuses the driver.
set -eu
cd "$(dirname "$0")/../.."
qemu_device/ubvm run --devices 1 --no-module --append module.sig_enforce=1 --idle-timeout 300 -- \
    tests/vm/doctor.sh refused
