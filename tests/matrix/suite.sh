# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# One Debian suite of the matrix: a kept root with its compilers, kernel headers and QEMU, in which
# the driver and the plug-in are built. Sourced; uses $cache, $out and die.

# shellcheck source=packaging/root.sh
. packaging/root.sh
# shellcheck source=qemu_device/vm/kernel.sh
. qemu_device/vm/kernel.sh

suite_packages='gcc clang sparse make pkgconf dpkg-dev libc6-dev linux-headers-amd64 qemu-system-x86
libglib2.0-dev libpixman-1-dev libfdt-dev meson ninja-build python3 python3-venv flex bison
libopenblas-pthread-dev'

# tests_of full|quick
tests_of() {
    case $1 in
        full) printf '%s\n' tests/vm/*.test.sh tests/vm/*/*.test.sh ;;
        quick) printf '%s\n' tests/matrix/quick.test.sh tests/vm/iommu.test.sh ;;
        *) die 2 "MATRIX=$1: there are full and quick" ;;
    esac
}

suite_libraries=usr/lib/x86_64-linux-gnu

# The kernel that this suite's headers are for.
suite_kernel() {
    (cd "$root/usr/src" && ls -d linux-headers-*-amd64) | sed 's/^linux-headers-//' | sort -V |
        tail -n 1
}

# suite_own_binary FOLDER: the package of QEMU in it, if there is one.
suite_own_binary() { compgen -G "$1/qemu-system-x86_*_amd64.deb"; }

suite_qemu_version() {
    local file
    if file=$(suite_own_binary "$1"); then
        dpkg-deb -f "$file" Version
    else
        dpkg-query --root="$root" -W -f '${Version}' qemu-system-x86
    fi
}

suite_compilers() {
    in_root sh -c 'gcc -dumpfullversion; clang -dumpversion; sparse --version' | paste -sd ' '
}

# The kernel's image by the system's apt, with what the root knows of its suite.
suite_fetch_kernel() {
    kernel_apt_options=(-o "Dir::Etc::sourcelist=$root/etc/apt/sources.list" -o \
        Dir::Etc::sourceparts=-
        -o "Dir::State::lists=$root/var/lib/apt/lists" -o Dir::State::status=/dev/null
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
    kernel_fetch "$1"
}

# QEMU outside of its root, by the root's own loader: so it sees the host's files and needs no
# chroot. busybox is static, hence the plug-in that is preloaded does not disturb the script.
# suite_write_qemu FILE [BINARY [FOLDER]], with the files and modules that are unpacked in the
# folder
suite_write_qemu() {
    local files=${3:-$root}
    cat > "$1" << END
#!$(command -v busybox) sh
export QEMU_MODULE_DIR=$files/$suite_libraries/qemu
exec $root/$suite_libraries/ld-linux-x86-64.so.2 \\
    --library-path $root/$suite_libraries:$root/$suite_libraries/openblas-pthread \\
    ${2:-$files/usr/bin/qemu-system-x86_64} -L $files/usr/share/qemu -L $root/usr/share/seabios \
    "\$@"
END
    chmod 755 "$1"
}

# Beside the root's QEMU, that of the packages in a folder.
suite_unpack_qemu() {
    local unpacked=$out/$suite/qemu-unpacked file
    rm -rf "$unpacked"
    mkdir "$unpacked"
    for file in "$1"/qemu-system-{x86,common}_*_amd64.deb "$1"/qemu-system-data_*_all.deb; do
        dpkg-deb -x "$file" "$unpacked"
    done
    suite_write_qemu "$out/$suite/qemu-system-x86_64" '' "$PWD/$unpacked"
}

# Source, and perhaps packages, of a QEMU that no archive lists any more, or not yet.
# suite_own_qemu FOLDER
suite_own_qemu() {
    ! suite_own_binary "$1" > /dev/null || suite_unpack_qemu "$1"
    root_binds=("$PWD" "$cache" "$1")
    headers=$(in_root env QEMU_PACKAGES="$1" "$PWD/qemu_device/qemu/headers.sh" "$cache")
}

# In the root, with a build folder of its own; what is up to date stays.
suite_make() {
    root_binds=("$PWD" "$cache")
    in_root make --no-print-directory -C "$PWD" BUILD="$out/$suite" CACHE="$cache" \
        KERNEL="$kernel" "$@"
}

# The checks of kmod-check, once for each content of the sources and compilers.
suite_check_module() {
    local key stamp
    key=$({ find kmod -type f | sort | xargs cat; suite_compilers; } |
        sha256sum | cut -c 1-16)
    stamp=$out/$suite/kmod-check-$kernel-$key
    [ -e "$stamp" ] || { suite_make kmod-check-one CHECK_RELEASE="$kernel" && touch "$stamp"; }
}

# suite_prepare SUITE [FOLDER]: all of it below $out/SUITE; says what came out as KEY=VALUE in
# $out/SUITE/facts. The folder holds packages of a QEMU to take instead of the suite's own.
suite_prepare() {
    local suite=$1 qemu_packages=${2:-} kernel headers=''
    mkdir -p "$out/$suite"
    # shellcheck disable=SC2086 # one word a package
    root_of_suite "$suite" $suite_packages
    root_add_for_qemu "$(suite_qemu_version "$qemu_packages")"
    kernel=$(suite_kernel)
    {
        printf 'kernel=%s\nqemu=%s\n' "$kernel" "$(suite_qemu_version "$qemu_packages")"
        printf 'compilers="%s"\n' "$(suite_compilers)"
    } > "$out/$suite/facts"
    suite_fetch_kernel "$kernel"
    suite_write_qemu "$out/$suite/qemu-system-x86_64"
    [ -z "$qemu_packages" ] || suite_own_qemu "$qemu_packages"
    suite_check_module && suite_make kmod kmod-unit || echo 'kernel_fails=1' >> "$out/$suite/facts"
    suite_make "$out/$suite/qemu/ubnpu.so" ${headers:+QEMU_HEADERS="$headers"} ||
        echo 'qemu_fails=1' >> "$out/$suite/facts"
}
