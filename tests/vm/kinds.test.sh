#!/bin/bash
# SPDX-License-Identifier: MIT
# Kinds of memory that a plain VM has not: secret, behind a protection key, persistent.
set -eu
cd "$(dirname "$0")/../.."
. tests/vm/limits.sh
qemu_device/ubvm run "${vm_limits[@]}" --append " secretmem.enable=1 memmap=64M!1G" \
    --qemu-arg -cpu --qemu-arg max -- \
    sh -euc 'build/tests/vm/uapi_kinds /dev/ub/ub0; build/tests/vm/uapi32_kinds /dev/ub/ub0'
