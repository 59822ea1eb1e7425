#!/bin/bash
# SPDX-License-Identifier: MIT
# A small part of the VM suite: some programs, then what concerns the life of processes and of the
# module.
set -eu
cd "$(dirname "$0")/../.."
. tests/vm/limits.sh
mapfile -t programs < build/matrix/quick-tests
qemu_device/ubvm run --devices 2 "${vm_limits[@]}" -- tests/vm/suite.sh "${programs[@]}"
