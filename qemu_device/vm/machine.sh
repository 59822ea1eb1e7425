# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154
# The machine: QEMU's command line, and QEMU itself. Sourced; uses $run, the options and die.

qemu_pid='' preload=''

# The most that the root bus has room for beside what ubvm itself puts there.
most_on_root=16

# Each port is a function of slots that nothing else takes by itself.
port() {
    local n=$1
    printf 'pcie-root-port,id=port%d,chassis=%d,slot=%d,multifunction=on,addr=%#x.%d' \
        "$n" $((n + 1)) $((n + 1)) $((16 + n / 8)) $((n % 8))
}

# The devices' part of the line, in array device_line, and what a QEMU that is killed leaves in the
# fabric's folder: sockets with the names of its EIDs.
device_line=()
make_device_line() {
    local plugin=${UBVM_PLUGIN-$(default_plugin)} n bus port first=1 args=$device_args
    [ "$devices" -gt 0 ] || return 0
    [ -z "$plugin" ] || [ -e "$plugin" ] ||
        die 125 "$plugin: no such file; $plugin_hint, or use --devices 0"
    [[ $plugin != *[[:space:]:]* ]] ||
        die 125 "$plugin: a path with spaces or colons cannot be preloaded; set UBVM_PLUGIN"
    preload=$plugin
    # EIDs follow from sequence numbers, and on a fabric each VM's are its own.
    if [ -n "$fabric" ]; then
        args+=,fabric=${fabric//,/,,}
        first=$(($$ * 256 + 1))
    fi
    for ((n = 0; n < devices; n++)); do
        bus=''
        if [ "$hotplug" = 1 ] || [ "$devices" -gt $most_on_root ]; then
            port=$(port "$n")
            device_line+=(-device "$port")
            bus=",bus=port$n"
        fi
        [ -z "$fabric" ] || {
            printf -v port %016x $((first + n))
            sockets+=("$fabric/fd34554202000000$port")
        }
        device_line+=(-device "ubnpu,id=ub$n,guid-sequence=$((first + n))$bus$args")
    done
}

# Under TCG the guest counts the host's TSC and calibrates it by emulated timers. On a loaded
# machine that may go wrong, and then its clock runs at another speed than the world. What one guest
# found twice alike, early and refined, is told to those that follow.
tsc_file() { echo "$cache/tsc/$(cat /proc/sys/kernel/random/boot_id)"; }
known_tsc() {
    [ "$accel" != tcg ] || sed 's/^/ tsc_early_khz=/' "$(tsc_file)" 2> /dev/null || true
}
keep_tsc() {
    local khz file
    [ "$accel" = tcg ] || return 0
    file=$(tsc_file)
    [ ! -e "$file" ] || return 0
    khz=$(sed -nE 's/.*: Refined TSC clocksource .*: ([0-9]+)\.([0-9]{3}) MHz.*/\1\2/p' \
        "$run/log" 2> /dev/null) || true
    [[ $khz =~ ^[1-9][0-9]{5,7}$ ]] || return 0
    mkdir -p "$cache/tsc"
    echo "$khz" > "$file.$$" && mv "$file.$$" "$file"
}

# The line, in array line. It is made of variables alone, since bash 5.2 takes a signal amid a list
# with commands in it for an error of syntax. In paths a comma is doubled, as it separates. Without
# ioeventfd what was written has arrived when the write returns, also at the end.
line=()
# shellcheck disable=SC2054 # the commas are QEMU's
make_line() {
    local image initrd cpu tsc port number=0 at=${run//,/,,}
    cpu=$(accel_cpu "$accel")
    tsc=$(known_tsc)
    image=$(kernel_image "$kernel")
    initrd=$(kernel_initrd "$kernel" "$here/vm/init")
    line=(-nodefaults -no-user-config -nographic -no-reboot -machine "q35,accel=$accel"
        -cpu "$cpu" -smp "$smp" -m "$mem" -kernel "$image" -initrd "$initrd"
        -append "console=ttyS0 loglevel=7 edd=off panic=-1 oops=panic tsc=reliable nokaslr \
no_timer_check transparent_hugepage=always random.trust_cpu=on$tsc$append"
        -fsdev "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"
        -device virtio-9p-pci,fsdev=host,mount_tag=host
        -fsdev "local,id=job,path=$at/job,security_model=none,readonly=on"
        -device virtio-9p-pci,fsdev=job,mount_tag=job
        -chardev "file,id=log,path=$at/log" -serial chardev:log)
    if [ "$mode" = shell ]; then
        line+=(-chardev stdio,id=tty,mux=on,signal=off -serial chardev:tty -mon chardev=tty)
    else
        line+=(-device virtio-serial-pci,ioeventfd=off)
        for port in out err status; do
            number=$((number + 1))
            line+=(-chardev "file,id=$port,path=$at/$port"
                -device "virtserialport,chardev=$port,nr=$number")
        done
    fi
    [ -z "$gdb" ] || line+=(-gdb "tcp:127.0.0.1:$gdb")
    line+=("${device_line[@]}" "${qemu_args[@]}")
}

# QEMU alone gets the preload, and does not outlive this script however that ends.
start_qemu() {
    setpriv --pdeathsig KILL env ${preload:+LD_PRELOAD="$preload"} "$qemu" "${line[@]}" \
        < /dev/null > "$run/qemu" 2>&1 &
    qemu_pid=$!
}

# The same on this terminal; ends with QEMU, or when a signal comes.
run_qemu_here() {
    setpriv --pdeathsig KILL env ${preload:+LD_PRELOAD="$preload"} "$qemu" "${line[@]}" \
        <&0 2> "$run/qemu" &
    qemu_pid=$!
    qemu_status=0
    wait "$qemu_pid" 2> /dev/null || qemu_status=$?
    qemu_pid=''
}

kill_qemu() {
    [ -n "$qemu_pid" ] || return 0
    kill -KILL "$qemu_pid" 2> /dev/null || true
    wait "$qemu_pid" 2> /dev/null || true
    qemu_pid=''
}

# What to type to attach gdb. A module's addresses are known once it is loaded; nokaslr, which every
# VM has, lets them be the same in the next one.
say_gdb() {
    local image file module=${UBVM_KMOD:-$(default_module "$kernel")}
    image=$(kernel_image "$kernel")
    for file in "/usr/lib/debug/"{"lib/modules/$kernel/vmlinux","boot/vmlinux-$kernel"}; do
        [ ! -e "$file" ] || image=$file
    done
    cat >&2 << END
ubvm: gdb -ex 'target remote 127.0.0.1:$gdb' $image
ubvm: in the VM: cat /sys/module/ubnpu/sections/.text; then in gdb: add-symbol-file $module ADDRESS
END
}
