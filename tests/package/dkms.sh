#!/bin/bash
# SPDX-License-Identifier: MIT
# dkms makes the driver for a kernel that gcc built and for one that clang built, with the tools
# that each wants: the distribution's headers, and the same as if clang had built them.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/check.sh
command -v dkms clang ld.lld llvm-nm > /dev/null || {
    echo "ok - dkms # SKIP needs dkms, clang, lld and llvm"
    exit 0
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
kernel=${UBVM_KERNEL:-$(basename "$(dirname "$(ls -t build/kmod/*/ubnpu.ko | head -n 1)")")}
gcc_headers=$(kmod/headers.sh find "$kernel")
clang_headers=$(kmod/clang-headers.sh "$gcc_headers" "$dir/headers")
rm "$clang_headers/.config"
sed 's/^CONFIG_CC_IS_GCC=y/CONFIG_CC_IS_CLANG=y/' "$gcc_headers/.config" > "$clang_headers/.config"
make -s install-dkms DESTDIR="$dir" PREFIX=/usr > /dev/null
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$dir"/usr/src/ubstack-*/dkms.conf)
mkdir -p "$dir/tree"

in_dkms() {
    local action=$1
    shift
    dkms "$action" --dkmstree "$dir/tree" --sourcetree "$dir/usr/src" \
        --installtree "$dir/modules" -m ubstack -v "$version" "$@"
}

# built_by COMPILER HEADERS LLVM: the module names its compiler, make's command its tools.
built_by() {
    in_dkms build -k "$kernel" --kernelsourcedir "$2" --force > "$dir/said" 2>&1 ||
        { cat "$dir/said" "$dir"/tree/ubstack/*/build/make.log; return 1; }
    local module llvm=no
    module=$(find "$dir/tree/ubstack/$version/$kernel" -name 'ubnpu.ko*')
    case $module in *.xz) xz -d "$module" && module=${module%.xz} ;; esac
    readelf -p .comment "$module" | grep -qi "$1" || return 1
    grep -q 'LLVM=1' "$dir/said" && llvm=yes
    [ "$llvm" = "$3" ]
}

check dkms_adds in_dkms add
check dkms_builds_with_gcc built_by GCC "$gcc_headers" no
check dkms_builds_with_llvm built_by clang "$clang_headers" yes
exit $failed
