#!/bin/bash
# SPDX-License-Identifier: MIT
# What ubvm refuses before there is a VM, in one line and with status 2, and the least it takes.
. "$(dirname "$0")/common.sh"

# refuses NAME VALUE... : each with one line that names option and value.
refuses() {
    local option=$1 value
    shift
    for value in "$@"; do
        run "$option" "$value" -- true
        ended 2 "$option $value: " && [ "$(wc -l < "$dir/err")" = 1 ] || return 1
    done
}
refuses_gdb() {
    local port
    for port in 0 65536 70000 x; do
        run --gdb="$port" -- true
        ended 2 "--gdb=$port: not a port" || return 1
    done
}
refuses_more_memory_than_there_is() {
    local kib
    kib=$(awk '$1 == "MemTotal:" || $1 == "SwapTotal:" { n += $2 } END { print n }' /proc/meminfo)
    refuses --mem $((kib / 1024 + 2048))M 999999G
}
refuses_words() {
    run --no-such-thing -- true
    ended 2 'unknown option --no-such-thing' || return 1
    run --mem
    ended 2 '--mem wants a value' || return 1
    run
    ended 2 'run wants a command' || return 1
    "$ubvm" walk 2> "$dir/err"
    ended 2 'unknown command walk' || return 1
    UBVM_ACCEL=xen run -- true
    ended 2 'UBVM_ACCEL=xen: there are kvm and tcg'
}
help_is_there() {
    "$ubvm" help | grep -q '^usage: ubvm run' && "$ubvm" run --help | grep -q -- --idle-timeout
}
help_that_cannot_be_written_fails() {
    "$ubvm" help > /dev/full 2> "$dir/err"
    ended 125 'No space left on device' || return 1
    "$ubvm" kernels > /dev/full 2> "$dir/err"
    ended 125 'No space left on device'
}
man_page_has_each_option() {
    local option
    for option in $("$ubvm" help | grep -oE '^  --[a-z-]+' | cut -c 3-); do
        grep -qE "^\.It Fl ..${option#--}( |\$)" qemu_device/ubvm.1 || { echo "$option"; return 1; }
    done
}
takes_the_least() { run --smp 1 --mem 256M --timeout 0600 -- true; }

check devices_out_of_range refuses --devices x -1 33 1000 0x10 '' 99999999999999999999
check smp_out_of_range refuses --smp 0 256 999 1.5 ''
check mem_out_of_range refuses --mem 0 0G 16M 255M 2GB 2g '' -1
check mem_of_another_machine refuses_more_memory_than_there_is
check timeout_out_of_range refuses --timeout 0 -5 1e3 9999999999
check idle_timeout_out_of_range refuses --idle-timeout 0 x
check gdb_out_of_range refuses_gdb
check words_that_are_none refuses_words
check help_is_there help_is_there
check help_that_cannot_be_written_fails help_that_cannot_be_written_fails
check man_page_has_each_option man_page_has_each_option
check takes_the_least takes_the_least
check nothing_left nothing_left
exit "$failed"
