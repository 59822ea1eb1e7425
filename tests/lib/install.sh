#!/bin/bash
# SPDX-License-Identifier: MIT
# The library as it is installed: headers alone, exported symbols, pkg-config, examples.
#
#   install.sh [DEVICE]
set -u
cd "$(dirname "$0")/../.." || exit
device=${1:-soft:}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=tests/check_quiet.sh
. tests/check_quiet.sh

# compile COMPILER FLAG HEADER: the header alone, strictly.
compile() {
    local suffix=c
    [ "$1" = gcc ] || [ "$1" = clang ] || suffix=cpp
    printf '#include <%s>\nint main(void) { return 0; }\n' "$3" > "$dir/one.$suffix"
    "$1" "-std=$2" -Wall -Wextra -Wpedantic -Wshadow -Werror -I"$prefix/include" "${@:4}" \
        -c "$dir/one.$suffix" -o "$dir/one.o"
}

# in_order COMPILER FLAG HEADER...: all in one file, in this order and the reverse, so that each is
# once before and once after every other.
in_order() {
    local suffix=c compiler=$1 standard=$2 header
    shift 2
    [ "$compiler" = gcc ] || suffix=cpp
    {
        for header in "$@"; do echo "#include <$header>"; done
        echo 'int main(void) { return 0; }'
    } > "$dir/forth.$suffix"
    { sed '$d' "$dir/forth.$suffix" | tac; tail -n 1 "$dir/forth.$suffix"; } > "$dir/back.$suffix"
    "$compiler" "-std=$standard" -Wall -Wextra -Werror -fsyntax-only -I"$prefix/include" \
        "$dir/forth.$suffix" "$dir/back.$suffix"
}

# A program of someone else's, built by CMake: shared and static.
builds_by_cmake() {
    mkdir -p "$dir/cmake" && cat > "$dir/cmake/CMakeLists.txt" << END
cmake_minimum_required(VERSION 3.16)
project(one CXX C)
find_package(libub 0.1 CONFIG REQUIRED)
add_executable(shared $PWD/libub/examples/copy.c)
target_link_libraries(shared libub::libub)
add_executable(static $PWD/libub/examples/copy.c)
target_link_libraries(static libub::static)
END
    cmake -S "$dir/cmake" -B "$dir/cmake/b" -DCMAKE_PREFIX_PATH="$prefix" &&
        cmake --build "$dir/cmake/b" && mkdir -p "$dir/cmake/b/ub" &&
        cp "$prefix/lib/ub/ub-soft.so" "$dir/cmake/b/ub" && "$dir/cmake/b/shared" "$device" &&
        "$dir/cmake/b/static" "$device" &&
        ! ldd "$dir/cmake/b/static" | grep -q libub.so
}

# Symbols of the library, those the map lists, those the header declares.
symbols_equal_map_and_header() {
    nm -D --defined-only "$prefix/lib/libub.so" | sed -n 's/.* T \(.*\)@@UB_1.0$/\1/p' | sort \
        > "$dir/exported"
    sed -n 's/^\t\(ub_[a-z_0-9]*\);$/\1/p' libub/libub.map | sort > "$dir/map"
    grep -h -A1 '^UB_API' "$prefix"/include/ub/ub_{context,program,queue,wr}.h | tr '\n' ' ' |
        grep -o 'ub_[a-z_0-9]*(' | tr -d '(' | sort -u > "$dir/declared"
    [ -s "$dir/map" ] && diff "$dir/exported" "$dir/map" && diff "$dir/map" "$dir/declared"
}

# A new function is a line in each of the three.
debian_symbols_equal_map() {
    sed -n 's/^ \(ub_[a-z_0-9]*\)@UB_.*/\1/p' packaging/deb/libub1.symbols | sort > "$dir/debian"
    diff "$dir/debian" "$dir/map"
}

nothing_else_is_exported() {
    ! nm -D --defined-only "$prefix/lib/libub.so" | grep -v -e '@@UB_1.0$' -e ' A UB_1.0$'
}

needs_no_linear_algebra() {
    ! ldd "$prefix/lib/libub.so" | grep -i blas
    objdump -p "$prefix/lib/libub.so" | grep -q 'SONAME *libub.so.1$'
}

run_example() {
    "$dir/$1" "$device" | tee "$dir/out"
    [ "${PIPESTATUS[0]}" = 0 ] && [ -s "$dir/out" ]
}

# A static program looks for the plug-in beside itself, then in the library's LIBDIR.
links_statically() {
    mkdir -p "$dir/ub" && cp "$prefix/lib/ub/ub-soft.so" "$dir/ub" &&
        gcc -std=c11 -D_DEFAULT_SOURCE -I"$prefix/include" libub/examples/copy.c -o "$dir/static" \
            "$prefix/lib/libub.a" -ludev -lstdc++ && "$dir/static" "$device"
}

fails_well_without_the_plugin() {
    rm "$prefix/lib/ub/ub-soft.so"
    "$dir/copy" soft: 2> "$dir/err"
    [ $? = 1 ] && grep -q 'ub-soft.so cannot be loaded' "$dir/err"
}

prefix=$dir/prefix
check installs make --no-print-directory install-libub PREFIX="$prefix" LIBDIR="$prefix/lib" \
    BUILD="${BUILD:-build}"
c_headers=(ub/ub.h ub/ub_context.h ub/ub_queue.h ub/ub_wr.h ub/ub_data_path.h ub/ub_encode.h
    ub/ub_barrier.h
    ub/ub_uapi.h ub/ub_event.h ub/ub_netlink.h ub/ub_uring_cmd.h
    ub/ub_hw.h ub/ub_hw_device.h ub/ub_hw_admin.h ub/ub_hw_queue.h
    ub/ub_program.h ub/ub_visa_ops.h ub/tile.h)
for header in "${c_headers[@]}"; do
    check "$header is C11" compile gcc c11 "$header"
    check "$header is C++17" compile g++ c++17 "$header"
    check "$header is C++20" compile g++ c++20 "$header"
done
for header in ub/ub.hpp ub/ub_context.hpp ub/ub_queue.hpp ub/ub_request.hpp \
    ub/ub_program.hpp ub/ub_error.hpp; do
    check "$header is C++20" compile g++ c++20 "$header"
done
check "ub/ub_uring.h is C11" compile gcc c11 ub/ub_uring.h -D_DEFAULT_SOURCE
for header in ub/ub_uring.h ub/ub_uring.hpp ub/ub_task.hpp; do
    check "$header is C++20" compile g++ c++20 "$header"
done
check "headers in any order are C11" in_order gcc c11 "${c_headers[@]}"
check "headers in any order are C++17" in_order g++ c++17 "${c_headers[@]}"
check "headers in any order are C++20" in_order g++ c++20 "${c_headers[@]}" ub/ub.hpp \
    ub/ub_request.hpp ub/ub_error.hpp
check symbols_equal_map_and_header symbols_equal_map_and_header
check debian_symbols_equal_map debian_symbols_equal_map
check nothing_else_is_exported nothing_else_is_exported
check needs_no_linear_algebra needs_no_linear_algebra
check examples_build_by_pkg_config make --no-print-directory -C libub/examples OUT="$dir" \
    PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
# As a user does it, in a copy of the folder.
builds_uring_in_place() {
    cp -r libub/examples "$dir/examples" &&
        make --no-print-directory -C "$dir/examples" uring \
            PKG_CONFIG_PATH="$prefix/lib/pkgconfig" 2>&1 | tee "$dir/out" &&
        ! grep -i circular "$dir/out" && [ -x "$dir/examples/uring" ]
}
says_where_pkg_config_looks() {
    ! make --no-print-directory -C libub/examples OUT="$dir" PKG_CONFIG_PATH=/nowhere \
        PKG_CONFIG_LIBDIR=/nowhere 2> "$dir/err" && grep -q PKG_CONFIG_PATH=PREFIX "$dir/err"
}
check builds_uring_in_place builds_uring_in_place
check says_where_pkg_config_looks says_where_pkg_config_looks
for example in copy gemm epoll; do
    check "example $example" run_example "$example"
done
# Devices of this process by two names, and of two contexts by one.
check "example peers" "$dir/peers"
check "example peers, of one name" "$dir/peers" soft:name=a soft:name=a
peers_of_no_name() { ! "$dir/peers" soft:name= 2> "$dir/err" && grep -q "'name='" "$dir/err"; }
check "example peers, of no name" peers_of_no_name
check builds_by_cmake builds_by_cmake
check links_statically links_statically
if [ "$device" = soft: ]; then
    check fails_well_without_the_plugin fails_well_without_the_plugin
fi
exit $failed
