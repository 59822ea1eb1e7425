# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# Sourced by tests whose guest runs from memory: a mounted host folder would keep it from being
# moved, and would not be there after sleep. Guest and QEMU are stopped when the script ends.
dir=$(mktemp -d)
qemu_pid=''
initrd_clean_up() {
    [ -z "$qemu_pid" ] || kill -KILL "$qemu_pid" 2> /dev/null
    rm -rf "$dir"
}
trap initrd_clean_up EXIT
cache=${UBSTACK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}
die() { echo "not ok - $2"; exit 1; }
# shellcheck source=qemu_device/vm/kernel.sh
. qemu_device/vm/kernel.sh
kernel=$(qemu_device/ubvm fetch-kernel "${KERNEL:-}") || die 1 "no kernel"
module=${UBVM_KMOD:-build/kmod/$kernel/ubnpu.ko}
plugin=${UBVM_PLUGIN-$PWD/build/qemu/ubnpu.so}
accel=${UBVM_ACCEL:-$(qemu_device/ubvm accel)}

# Shows what guest and QEMU said if it fails.
try() {
    "$@" && return
    tail -n ${TRY_LINES:-15} "$dir/console" "$dir/said" 2> /dev/null
    return 1
}

# A program with its libraries, below $dir/root.
put_program() {
    local file
    install -D "$1" "$dir/root/bin/$(basename "$1")"
    while read -r file; do
        cp -L "$file" "$dir/root/lib/"
        case $file in /lib*/ld-*) install -D "$(readlink -f "$file")" "$dir/root/$file" ;; esac
    done < <(ldd "$1" | grep -o '/[^ ]*')
}

# Modules of the kernel with what they need, to be loaded in the order of /modules/order.
put_modules() {
    local module file
    mkdir -p "$dir/root/modules"
    for module in "$@"; do
        PATH=$PATH:/sbin:/usr/sbin modprobe -d "$(kernel_dir "$kernel")" -S "$kernel" \
            --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
    done | awk '!seen[$0]++' | while read -r file; do
        cp "$file" "$dir/root/modules/"
        basename "${file%.xz}" >> "$dir/root/modules/order"
    done
    ! compgen -G "$dir/root/modules/*.xz" > /dev/null || unxz "$dir"/root/modules/*.xz
}

# The programs given, and an init that goes on as standard input says once the driver is loaded.
make_initrd() {
    local program
    mkdir -p "$dir/root"/{bin,proc,sys,dev,lib,tmp}
    cp "$(command -v busybox)" "$dir/root/bin/busybox"
    cp "$module" "$dir/root/ubnpu.ko"
    for program in "$@"; do
        put_program "$program"
    done
    {
        cat << 'END'
#!/bin/busybox sh
alias b=/bin/busybox
b mount -t proc proc /proc
b mount -t sysfs sysfs /sys
b mount -t devtmpfs dev /dev
exec > /dev/ttyS0 2>&1
export LD_LIBRARY_PATH=/lib
# The value of a word NAME=VALUE of the kernel's command line.
word() { b sed -n "s/.*\<$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
END
        cat
    } > "$dir/root/init"
    chmod +x "$dir/root/init"
    (cd "$dir/root" && find . | cpio --quiet -o -H newc) > "$dir/initrd"
}

# start_qemu IMAGE APPEND [ARGUMENT]...: with its monitor on a pipe.
start_qemu() {
    local image=$1 append=$2
    shift 2
    rm -f "$dir"/monitor.*
    mkfifo "$dir/monitor.in" "$dir/monitor.out"
    setpriv --pdeathsig KILL env ${plugin:+LD_PRELOAD="$plugin"} \
        "${UBVM_QEMU:-qemu-system-x86_64}" -nodefaults -no-user-config -nographic \
        -machine "q35,accel=$accel" -cpu max -m 512M -kernel "$image" -initrd "$dir/initrd" \
        -append "console=ttyS0 panic=-1 tsc=reliable $append" \
        -chardev "file,id=console,path=$dir/console,append=on" -serial chardev:console \
        -monitor "pipe:$dir/monitor" "$@" < /dev/null > "$dir/qemu" 2>&1 &
    qemu_pid=$!
    cat "$dir/monitor.out" > "$dir/said" &
    exec {monitor}<> "$dir/monitor.in"
}

tell() { printf '%s\n' "$@" >&"$monitor"; }

# until_in FILE PATTERN: within the time, and as long as QEMU lives.
until_in() {
    for _ in $(seq "${3:-6000}"); do
        grep -a -q "$2" "$1" && return 0
        kill -0 "$qemu_pid" 2> /dev/null || { grep -a -q "$2" "$1"; return; }
        sleep 0.1
    done
    return 1
}

finish() {
    for _ in $(seq 3000); do
        kill -0 "$qemu_pid" 2> /dev/null || break
        sleep 0.1
    done
    kill -KILL "$qemu_pid" 2> /dev/null
    wait "$qemu_pid" 2> /dev/null
    qemu_pid=''
    exec {monitor}>&-
}

quit() {
    tell quit
    finish
}
