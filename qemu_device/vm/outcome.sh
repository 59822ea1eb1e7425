# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# What became of a VM, by what it left in $run. Sourced; uses $run, $qemu_status and die.

splats='WARNING:|BUG:|Oops|Kernel panic|general protection fault|Call Trace|UBSAN:|KASAN|KFENCE'
splats+='|possible recursive locking|possible circular locking|inconsistent lock state'
splats+='|suspicious RCU|blocked for more than|rcu.*stall|soft lockup|hard LOCKUP|refcount_t:'
splats+='|unreferenced object|suspected memory leak|DMA-API: .*: |scheduling while atomic'
splats+='|page allocation failure|Bad page'

# A console as lines of text, indented: firmware moves a cursor about.
as_text() {
    sed -E 's/\x1b(\[[0-9;?]*[A-Za-z]|[a-zA-Z])//g' | LC_ALL=C tr -cd '\n\t\040-\176' |
        sed 's/^/  /'
}

console_end() { tail -n 15 "$run/log" 2> /dev/null | as_text; }
qemu_said() { head -n 5 "$run/qemu" 2> /dev/null | as_text | sed 's/^ */  qemu: /'; }

# give_up STATUS WHAT: with all that could tell why.
give_up() {
    if [ -s "$run/log" ]; then
        echo "ubvm: $2; the console ends with:" >&2
        console_end >&2 || true
    else
        echo "ubvm: $2; nothing came to its console" >&2
    fi
    qemu_said >&2 || true
    done_with "$1"
}

check_kernel_was_quiet() {
    [ "$warnings" != 1 ] && grep -a -q -s -E "$splats" "$run/log" || return 0
    echo "ubvm: the kernel warned:" >&2
    grep -a -m 1 -A 25 -E "$splats" "$run/log" | as_text >&2
    done_with 125
}

# QEMU ends with status 0 when the guest does.
check_qemu_ended_well() {
    local how="ended with status $qemu_status"
    [ "$qemu_status" != 0 ] || return 0
    ((qemu_status <= 128)) || how="was killed by signal $((qemu_status - 128))"
    [ -s "$run/qemu" ] || how+=' and said nothing'
    echo "ubvm: $qemu $how" >&2
    qemu_said >&2 || true
    done_with 125
}

end_as_the_command_did() {
    check_qemu_ended_well
    check_kernel_was_quiet
    [ -s "$run/status" ] || give_up 125 "the VM ended before the command did"
    done_with "$(tr -dc 0-9 < "$run/status")"
}
