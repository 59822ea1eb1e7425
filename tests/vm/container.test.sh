#!/bin/bash
# SPDX-License-Identifier: MIT
# Containers in a VM of their own: they take cgroups and kernel modules that others do not.
set -eu
cd "$(dirname "$0")/../.."
. tests/vm/limits.sh
qemu_device/ubvm run "${vm_limits[@]}" -- tests/vm/container.sh
