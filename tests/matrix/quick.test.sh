#!/bin/bash
# SPDX-License-Identifier: MIT
# A small part of the VM suite: some programs, then what concerns the life of processes and of the
# module.
set -eu
cd "$(dirname "$0")/../.."
mapfile -t programs < build/matrix/quick-tests
qemu_device/ubvm run --devices 2 --timeout 800 -- tests/vm/suite.sh "${programs[@]}"
