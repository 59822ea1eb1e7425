#!/bin/bash
# SPDX-License-Identifier: MIT
# Put the device into a QEMU source tree, 7.2 or later, as hw/misc/ubnpu; again to bring it up to
# date. Then configure and build QEMU as usual; the device's option is CONFIG_UBNPU.
#
#   qemu-in-tree.sh QEMU_SOURCE_DIR
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
tree=${1:?usage: qemu-in-tree.sh QEMU_SOURCE_DIR}
dir=$tree/hw/misc/ubnpu

die() {
    echo "qemu-in-tree: $*" >&2
    exit 1
}

# append FILE LINE: unless it is there.
append() { grep -qxF "$2" "$1" || printf '%s\n' "$2" >> "$1"; }

# 'a.c', 'b.c' of the folder $1.
meson_list() {
    # shellcheck disable=SC2086 # a pattern
    (cd "$dir" && shopt -s nullglob && printf "'%s', " $1) | sed 's/, $//'
}

put_files() {
    local from=$here/qemu_device
    rm -rf "$dir"
    mkdir -p "$dir/uapi" "$dir/ub" "$dir/visa"
    (cd "$from" && find core -name '*.[ch]' -exec cp --parents -t "$dir" {} +)
    cp "$from"/qemu/*.[ch] "$from"/in_tree/{register.c,trace.h,trace-events,Kconfig} "$dir/"
    rm "$dir/load.c"
    cp "$here"/kmod/uapi/ub_hw*.h "$dir/uapi/"
    cp "$here"/kmod/uapi/ub_{hw*,names}.h "$here"/visa/include/ub/ub_visa_ops.h "$dir/ub/"
    cp "$here"/visa/*.[ch] "$dir/visa/"
    # compat.h tells the rest where it is.
    sed -i '0,/^#define UBNPU_COMPAT_H$/s//&\n#define UBNPU_IN_TREE/' "$dir/compat.h"
    sed -e "s|@CORE@|$(meson_list 'core/*.c core/*/*.c visa/*.c')|" \
        -e "s|@GLUE@|$(meson_list '*.c')|" \
        "$from/in_tree/meson.build" > "$dir/meson.build"
    cp "$from/in_tree/ubnpu.mak" "$tree/configs/devices/x86_64-softmmu/"
    cp "$from/in_tree/ubnpu.rst" "$tree/docs/system/devices/"
}

# QEMU's own files name each folder with devices, options, trace events or documentation.
name_it() {
    append "$tree/hw/misc/meson.build" "subdir('ubnpu')"
    append "$tree/hw/misc/Kconfig" 'source ubnpu/Kconfig'
    grep -q "'hw/misc/ubnpu'" "$tree/meson.build" ||
        sed -i "s|^ *'hw/misc/macio',|&\n    'hw/misc/ubnpu',|" "$tree/meson.build"
    grep -q "'hw/misc/ubnpu'" "$tree/meson.build" || die "no list of trace events in meson.build"
    grep -q 'devices/ubnpu' "$tree/docs/system/device-emulation.rst" ||
        sed -i 's|^   devices/nvme.*|&\n   devices/ubnpu.rst|' \
            "$tree/docs/system/device-emulation.rst"
}

[ -e "$tree/hw/misc/Kconfig" ] || die "$tree: not a QEMU source tree"
put_files
name_it
