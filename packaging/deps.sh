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
    libncurses-dev libopenblas-pthread-dev linux-headers-amd64 sparse
    # the device: QEMU and what configures its source
    qemu-system-x86 qemu-utils libglib2.0-dev libpixman-1-dev libfdt-dev meson ninja-build python3 \
        flex bison
    # the VM runner
    busybox-static kmod cpio xz-utils zstd util-linux iproute2 udev systemd
    # tests
    libcmocka-dev gcc-multilib clang cmake python3-jsonschema mandoc spin zsh fish gdb tmux
    podman dkms lld llvm
    # make lint
    clang-format shellcheck codespell
)
# QEMU's configure asks for these from 11.1 on; a release with an older QEMU has none of them.
qemu_11=(python3-pip python3-pycotap python3-qemu-qmp)
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
    for package in "$@"; do
        case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2> /dev/null || true) in
            ii*) ;;
            *) echo "$package" ;;
        esac
    done
}

as_root=()
log=$(mktemp)
trap 'rm -f "$log"' EXIT
wanted=()
export DEBIAN_FRONTEND=noninteractive

needs_root() {
    [ "$(id -u)" != 0 ] || return 0
    command -v sudo > /dev/null || {
        echo "deps: missing: ${wanted[*]}" >&2
        echo "hint: as root, run: apt-get install --no-install-recommends ${wanted[*]}" >&2
        exit 1
    }
    as_root=(sudo)
}

install() { "${as_root[@]}" apt-get install -y --no-install-recommends "${wanted[@]}"; }

install_missing() {
    mapfile -t wanted < <(missing "$@")
    [ ${#wanted[@]} -gt 0 ] || return 0
    needs_root
    echo "deps: installing ${wanted[*]}"
    install > "$log" 2>&1 && return
    # Most often the lists are old or absent.
    if ! { "${as_root[@]}" apt-get update && install; } > "$log" 2>&1; then
        tail -n 5 "$log" >&2
        mapfile -t wanted < <(missing "$@")
        echo "deps: not installed: ${wanted[*]}" >&2
        echo "hint: run: apt-get update && apt-get install --no-install-recommends ${wanted[*]}" >&2
        exit 1
    fi
}

install_missing "${packages[@]}"
if dpkg --compare-versions "$(dpkg-query -W -f '${Version}' qemu-system-x86)" ge 1:11; then
    install_missing "${qemu_11[@]}"
fi
