#!/bin/bash
# SPDX-License-Identifier: MIT
# A device without the features that driver and library can do without: what stands in for them.
set -eu
cd "$(dirname "$0")/../.."
qemu_device/ubvm run --devices 2 --device-arg direct-wqe=off --device-arg huge-leaf=off \
    --device-arg progress=off -- tests/vm/features.sh
