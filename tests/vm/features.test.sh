#!/bin/bash
# SPDX-License-Identifier: MIT
# A device without the features that driver and library can do without: what stands in for them.
set -eu
cd "$(dirname "$0")/../.."
. tests/vm/limits.sh
qemu_device/ubvm run --devices 2 --device-arg direct-wqe=off --device-arg huge-leaf=off \
    --device-arg progress=off --device-arg usage=off "${vm_limits[@]}" -- tests/vm/features.sh
