#!/bin/bash
# SPDX-License-Identifier: MIT
# Install what building, running and testing need on Debian 12; nothing when all is there.
#
#   deps.sh [benchmark | debug | packaging]
set -euo pipefail

packages=(
    # build
    gcc g++ make pkg-config git dpkg-dev libc6-dev
    libnl-3-dev libnl-genl-3-dev libudev-dev liburing-dev libcli11-dev libfmt-dev nlohmann-json3-dev
    libopenblas-pthread-dev linux-headers-amd64 sparse
    # the device: QEMU and what configures its source
    qemu-system-x86 qemu-utils libglib2.0-dev libpixman-1-dev libfdt-dev meson ninja-build python3 flex bison
    # the VM runner
    busybox-static kmod cpio xz-utils zstd util-linux iproute2 udev systemd
    # tests
    libcmocka-dev gcc-multilib clang cmake python3-jsonschema mandoc spin
)
# A group of its own: what make bench needs beside that, or the debug kernel, or packages.
benchmark=(
    fio rdma-core ibverbs-providers libibverbs-dev perftest python3-matplotlib
)
debug=(libelf-dev libssl-dev bc gcovr)
packaging=(
    debhelper dh-dkms lintian mmdebstrap debian-archive-keyring e2fsprogs rpm rpmlint abigail-tools
    ovmf openssl
)
case ${1:-} in
    '') ;;
    benchmark) packages+=("${benchmark[@]}") ;;
    debug) packages+=("${debug[@]}") ;;
    packaging) packages+=("${packaging[@]}") ;;
    *) echo "deps: $1: no such group; there are: benchmark debug packaging" >&2; exit 2 ;;
esac

missing() {
    local package
    for package in "${packages[@]}"; do
        case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2> /dev/null || true) in
            ii*) ;;
            *) echo "$package" ;;
        esac
    done
}

mapfile -t wanted < <(missing)
[ ${#wanted[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || {
        echo "deps: missing: ${wanted[*]}" >&2
        echo "hint: as root, run: apt-get install --no-install-recommends ${wanted[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() { "${as_root[@]}" apt-get install -y --no-install-recommends "${wanted[@]}"; }
echo "deps: installing ${wanted[*]}"
if ! install > "$log" 2>&1; then
    # Most often the lists are old or absent.
    if ! { "${as_root[@]}" apt-get update && install; } > "$log" 2>&1; then
        tail -n 5 "$log" >&2
        mapfile -t wanted < <(missing)
        echo "deps: not installed: ${wanted[*]}" >&2
        echo "hint: run: apt-get update && apt-get install --no-install-recommends ${wanted[*]}" >&2
        exit 1
    fi
fi
