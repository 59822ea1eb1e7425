#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest with work on two devices is saved in the middle of it, taken on by another QEMU, and
# again; its own checks tell whether anything was lost or done twice. Then it goes on where it was
# saved, a device of other limits refuses the state, and a system reset comes in the middle. The
# guest runs from memory: a mounted host folder would keep it from being moved.
set -u
cd "$(dirname "$0")/../../.." || exit
dir=$(mktemp -d)
qemu_pid=''
clean_up() {
    [ -z "$qemu_pid" ] || kill -KILL "$qemu_pid" 2> /dev/null
    rm -rf "$dir"
}
trap clean_up EXIT
here=qemu_device
cache=${UBSTACK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ubstack}
die() { echo "not ok - $2"; exit 1; }
# shellcheck source=qemu_device/vm/kernel.sh
. "$here/vm/kernel.sh"
kernel=$(qemu_device/ubvm fetch-kernel "${KERNEL:-}") || die 1 "no kernel"
module=${UBVM_KMOD:-build/kmod/$kernel/ubnpu.ko}
plugin=${UBVM_PLUGIN-$PWD/build/qemu/ubnpu.so}
accel=${UBVM_ACCEL:-$(qemu_device/ubvm accel)}

# shellcheck source=tests/check.sh
. tests/check.sh

# Shows what guest and QEMU said if it fails.
try() {
    "$@" && return
    tail -n 15 "$dir/console" "$dir/said" 2> /dev/null
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

make_initrd() {
    mkdir -p "$dir/root"/{bin,proc,sys,dev,lib}
    cp "$(command -v busybox)" "$dir/root/bin/busybox"
    cp "$module" "$dir/root/ubnpu.ko"
    put_program build/tests/vm/migrate_guest
    cat > "$dir/root/init" << 'END'
#!/bin/busybox sh
alias b=/bin/busybox
b mount -t proc proc /proc
b mount -t sysfs sysfs /sys
b mount -t devtmpfs dev /dev
exec > /dev/ttyS0 2>&1
b insmod /ubnpu.ko
while ! [ -e /dev/ub/ub1 ]; do b sleep 0.1; done
export LD_LIBRARY_PATH=/lib
/bin/migrate_guest "$(b sed -n 's/.*rounds=\([0-9]*\).*/\1/p' /proc/cmdline)"
echo "guest status $?"
b dmesg | b grep -E 'WARNING|BUG:|ubnpu.*(timeout|reset)' && echo "kernel warned"
b poweroff -f
END
    chmod +x "$dir/root/init"
    (cd "$dir/root" && find . | cpio --quiet -o -H newc) > "$dir/initrd"
}

# start ROUNDS [QEMU ARGUMENT]...: a QEMU with its monitor on a pipe.
start() {
    local rounds=$1
    shift
    rm -f "$dir"/monitor.*
    mkfifo "$dir/monitor.in" "$dir/monitor.out"
    setpriv --pdeathsig KILL env ${plugin:+LD_PRELOAD="$plugin"} \
        "${UBVM_QEMU:-qemu-system-x86_64}" -nodefaults -no-user-config -nographic \
            -machine "q35,accel=$accel" -cpu max -smp 2 -m 512M \
        -kernel "$(kernel_image "$kernel")" -initrd "$dir/initrd" \
        -append "console=ttyS0 quiet panic=-1 tsc=reliable rounds=$rounds" \
        -chardev "file,id=console,path=$dir/console,append=on" -serial chardev:console \
        -device ubnpu,id=ub0,guid-sequence=1 -device "ubnpu,id=ub1,guid-sequence=2${second:-}" \
        -monitor "pipe:$dir/monitor" "$@" < /dev/null > "$dir/qemu" 2>&1 &
    qemu_pid=$!
    cat "$dir/monitor.out" > "$dir/said" &
    exec {monitor}<> "$dir/monitor.in"
}

tell() { printf '%s\n' "$@" >&"$monitor"; }

# until_in FILE PATTERN: within the time, and as long as QEMU lives.
until_in() {
    for _ in $(seq "${3:-1200}"); do
        grep -a -q "$2" "$1" && return 0
        kill -0 "$qemu_pid" 2> /dev/null || { grep -a -q "$2" "$1"; return; }
        sleep 0.1
    done
    return 1
}

finish() {
    for _ in $(seq 600); do
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

save() {
    tell 'migrate_set_parameter max-bandwidth 10G' "migrate \"exec:cat > $dir/state\""
    for _ in $(seq 300); do
        tell 'info migrate'
        until_in "$dir/said" '[Ss]tatus:[[:space:]]*completed' 3 && return 0
    done
    return 1
}

# Waits for round $1, then moves the guest to a new QEMU by a file.
move_at_round() {
    until_in "$dir/console" "^round $1" && save || return 1
    quit
    start "$2" -incoming "exec:cat $dir/state"
}

ended_well() {
    until_in "$dir/console" '^guest status' || return 1
    finish
    grep -a -q '^guest status 0' "$dir/console" && ! grep -a -q 'kernel warned' "$dir/console"
}

moved_twice_in_the_middle_of_work() {
    : > "$dir/console"
    start 24
    move_at_round 2 24 && move_at_round 8 24 && ended_well
}

# Once saved, the machine may as well go on where it is.
saved_and_goes_on() {
    : > "$dir/console"
    start 8
    until_in "$dir/console" '^round 2' && save || return 1
    tell cont
    ended_well
}

# The devices are as new for the guest that boots next.
reset_in_the_middle_of_work() {
    : > "$dir/console"
    start 5
    until_in "$dir/console" '^round 2' || return 1
    tell system_reset
    ended_well && [ "$(grep -a -c 'round 1' "$dir/console")" = 2 ]
}

# A snapshot of the middle, gone back to by the QEMU that made it and by another.
back_to_a_snapshot() {
    local disk=(-drive "if=none,id=disk,file=$dir/disk,format=qcow2")
    qemu-img create -q -f qcow2 "$dir/disk" 64M || return 1
    : > "$dir/console"
    start 10 "${disk[@]}"
    until_in "$dir/console" '^round 3' || return 1
    tell 'savevm middle'
    until_in "$dir/console" '^round 7' || return 1
    tell 'loadvm middle'
    ended_well && [ "$(grep -a -c '^round 7' "$dir/console")" = 2 ] || return 1
    : > "$dir/console"
    start 10 "${disk[@]}" -loadvm middle
    ended_well && ! grep -a -q '^round 2' "$dir/console"
}

other_device_is_refused() {
    local second=,max-jfc=17
    start 24 -incoming "exec:cat $dir/state"
    finish
    grep -q 'other limits' "$dir/qemu"
}

make_initrd
check moved_twice_in_the_middle_of_work try moved_twice_in_the_middle_of_work
check state_of_another_device_is_refused try other_device_is_refused
check snapshot_in_the_middle_of_work try back_to_a_snapshot
check saved_and_goes_on_where_it_was try saved_and_goes_on
check system_reset_in_the_middle_of_work try reset_in_the_middle_of_work
exit $failed
