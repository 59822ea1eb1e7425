#!/bin/bash
# SPDX-License-Identifier: MIT
# The headers of a kernel that gcc built, as its configuration would be for clang: a tree of links
# with the configuration rewritten. For checks: such a module loads, but lacks what clang lacks.
#
#   clang-headers.sh HEADERS DIR    make DIR of HEADERS; print DIR as an absolute path
set -euo pipefail

from=$(realpath "$1")
to=$2

# What kconfig grants to gcc alone, or did not grant to clang 14.
gone=(CC_IS_GCC GCC_VERSION CLANG_VERSION CC_HAS_NAMED_AS USE_X86_SEG_SUPPORT
    CC_HAS_MIN_FUNCTION_ALIGNMENT
    CC_IMPLICIT_FALLTHROUGH FTRACE_MCOUNT_USE_CC UBSAN_BOUNDS_STRICT INIT_STACK_ALL_ZERO RETHUNK SLS
    MITIGATION_RETHUNK MITIGATION_SLS)
# clang's counterparts.
come=(CC_IS_CLANG FTRACE_MCOUNT_USE_OBJTOOL UBSAN_ARRAY_BOUNDS)

version=$(clang -dumpversion | awk -F. '{ printf "%d", $1 * 10000 + $2 * 100 + $3 }')

without_gone() {
    grep -vE "CONFIG_($(IFS='|' && echo "${gone[*]}"))( |=|\$)" "$1"
}

for_make() {
    without_gone "$1"
    printf 'CONFIG_%s=y\n' "${come[@]}"
    printf 'CONFIG_GCC_VERSION=0\nCONFIG_CLANG_VERSION=%s\n' "$version"
    echo 'CONFIG_CC_IMPLICIT_FALLTHROUGH=-Wimplicit-fallthrough'
}

for_compiler() {
    without_gone "$1"
    printf '#define CONFIG_%s 1\n' "${come[@]}"
    printf '#define CONFIG_GCC_VERSION 0\n#define CONFIG_CLANG_VERSION %s\n' "$version"
}

rm -rf "$to"
mkdir -p "$(dirname "$to")"
cp -rs "$from" "$to"
to=$(realpath "$to")
rm "$to/Makefile" "$to/include/config/auto.conf" "$to/include/generated/autoconf.h"
# Since 6.13 it names its own folder.
sed "s|^KBUILD_OUTPUT=.*|KBUILD_OUTPUT=$to|" "$from/Makefile" > "$to/Makefile"
for_make "$from/include/config/auto.conf" > "$to/include/config/auto.conf"
for_compiler "$from/include/generated/autoconf.h" > "$to/include/generated/autoconf.h"
echo "$to"
