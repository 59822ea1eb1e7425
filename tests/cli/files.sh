#!/bin/bash
# SPDX-License-Identifier: MIT
# Output files of the tool: what was there survives any failure, links, modes and pipes are kept,
# and the matrices that are read are those that NumPy reads.
set -u
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

head -c 300000 /dev/urandom > "$dir/in"
cp "$dir/in" "$dir/copy_of_in"
out=$dir/out
mkdir "$out"
run() { "$ubctl" "${soft[@]}" "$@"; }
hint() { grep -q "^hint: .*$1" "$dir/err"; }
nothing_beside() { [ -z "$(find "$out" -name '.ubctl-*')" ]; }
old() { echo old > "$1"; }
is_old() { [ "$(cat "$1")" = old ] && nothing_beside; }

# ---- what was there -----------------------------------------------------------------------------
"$here/helper.py" npy 3 3 1 "$dir/a.npy"
"$here/helper.py" npy 900 900 8 "$dir/big.npy"
short=(--timeout 0.000001)
survives_timeout() {
    old "$out/file" && fails 124 ETIMEDOUT run "${short[@]}" submit "$@" "$out/file" &&
        is_old "$out/file"
}
check gemm_that_fails_keeps_what_was_there survives_timeout gemm "$dir/big.npy" "$dir/big.npy"
fails_anew() {
    rm -f "$out/new"
    fails 124 ETIMEDOUT run "${short[@]}" submit gemm "$dir/big.npy" "$dir/big.npy" \
        "$out/new" &&
        [ ! -e "$out/new" ] && nothing_beside
}
check failure_leaves_nothing fails_anew
survives_limit() {
    old "$out/file"
    (ulimit -f 16 && fails 1 EFBIG run submit "$@" "$out/file") && hint 'ulimit -f' &&
        is_old "$out/file"
}
check copy_over_the_size_limit survives_limit copy "$dir/in"
check fill_over_the_size_limit survives_limit fill --pattern 1 --size 8M
full_disk() {
    mkdir -p "$dir/small"
    unshare -rm bash -c '
        mount -t tmpfs -o size=64k none "$1/small" && echo old > "$1/small/file" || exit 77
        "$2" -d soft: submit copy "$1/in" "$1/small/file" 2> "$1/err"
        [ $? = 1 ] && [ "$(cat "$1/small/file")" = old ] && [ "$(ls -A "$1/small")" = file ]' \
        full_disk "$dir" "$ubctl" && grep -q ENOSPC "$dir/err" && hint 'free space'
}
if unshare -rm true 2> /dev/null; then
    check full_disk_keeps_what_was_there full_disk
else
    echo "ok - full_disk_keeps_what_was_there # SKIP no user namespaces"
fi
replaced() {
    old "$out/file" && run -q submit copy "$dir/in" "$out/file" && cmp "$dir/in" "$out/file" &&
        nothing_beside
}
check complete_output_replaces replaced
other_name_keeps() {
    old "$out/file" && ln -f "$out/file" "$out/other" &&
        run -q submit copy "$dir/in" "$out/file" && is_old "$out/other"
}
check other_names_of_the_file_keep_the_old other_name_keeps
never_there_in_part() {
    mkfifo "$dir/slow" && exec 9<> "$dir/slow"
    rm -f "$out/part"
    run -q submit copy "$dir/slow" "$out/part" 9>&- &
    local pid=$!
    printf 'first' >&9
    wait_for_beside
    [ ! -e "$out/part" ] || return 1
    exec 9>&-
    wait "$pid" && [ "$(cat "$out/part")" = first ] && nothing_beside
}
wait_for_beside() {
    for _ in $(seq 600); do
        nothing_beside || return 0
        sleep 0.05
    done
    return 1
}
check nothing_is_there_before_it_is_complete never_there_in_part

# ---- signals ------------------------------------------------------------------------------------
# A copy from a pipe that does not end, over a file; it is ended by a signal.
start_endless() {
    rm -f "$dir/endless"
    mkfifo "$dir/endless" && exec 8<> "$dir/endless"
    old "$out/file"
    env --default-signal "$ubctl" "${soft[@]}" -q submit copy "$dir/endless" "$out/file" \
        8>&- &
    endless=$!
    wait_for_beside
}
signalled() {
    local got
    start_endless && kill -"$1" "$endless"
    wait "$endless" 2> /dev/null
    got=$?
    exec 8>&-
    [ "$got" = $((128 + $(kill -l "$1"))) ]
}
removes() { signalled "$1" && is_old "$out/file"; }
for signal in INT TERM HUP QUIT USR1; do
    check "sig${signal,,}_leaves_what_was_there" removes $signal
done
killed() {
    signalled KILL && [ "$(cat "$out/file")" = old ] && rm "$out"/.ubctl-* && nothing_beside
}
check sigkill_leaves_what_was_there killed
gemm_signalled() {
    "$here/helper.py" npy-header 4096 4096 "$dir/zeros.npy"
    old "$out/m.npy"
    env --default-signal "$ubctl" "${soft[@]}" submit gemm "$dir/zeros.npy" "$dir/zeros.npy" \
        "$out/m.npy" &
    wait_for_beside && kill -TERM $!
    wait $! 2> /dev/null
    [ $? = 143 ] && is_old "$out/m.npy"
}
check signal_leaves_no_part_of_a_matrix gemm_signalled
ignored() {
    rm -f "$dir/endless"
    mkfifo "$dir/endless" && exec 8<> "$dir/endless"
    (trap '' HUP; exec "$ubctl" "${soft[@]}" -q submit copy "$dir/endless" "$out/file") \
        8>&- &
    local pid=$!
    wait_for_beside && kill -HUP $pid && printf 'whole' >&8
    exec 8>&-
    wait $pid && [ "$(cat "$out/file")" = whole ]
}
check an_ignored_signal_stays_ignored ignored

# ---- links, modes, places -----------------------------------------------------------------------
through_a_link() {
    mkdir -p "$out/target" && old "$out/target/file"
    ln -sfn target/file "$out/link" && ln -sfn "$out/link" "$dir/link_to_link"
    run -q submit copy "$dir/in" "$dir/link_to_link" && [ -L "$dir/link_to_link" ] &&
        [ -L "$out/link" ] && cmp "$dir/in" "$out/target/file" && nothing_beside
}
check a_link_stays_and_its_target_is_replaced through_a_link
failure_through_a_link() {
    old "$out/target/file" &&
        fails 124 ETIMEDOUT run "${short[@]}" submit gemm "$dir/big.npy" "$dir/big.npy" \
        "$out/link" &&
        [ -L "$out/link" ] && is_old "$out/target/file"
}
check failure_through_a_link_keeps_both failure_through_a_link
dangling() {
    ln -sfn target/fresh "$out/dangling" && run -q submit copy "$dir/in" "$out/dangling" &&
        [ -L "$out/dangling" ] && cmp "$dir/in" "$out/target/fresh"
}
check a_link_to_nothing_gets_its_target dangling
circle() {
    ln -sfn circle "$out/circle" && fails 1 ELOOP run submit copy "$dir/in" "$out/circle" &&
        hint circle
}
check a_link_in_a_circle circle
keeps_mode() {
    old "$out/mode" && chmod 604 "$out/mode" && run -q submit copy "$dir/in" "$out/mode" &&
        [ "$(stat -c %a "$out/mode")" = 604 ]
}
check mode_is_kept keeps_mode
takes_umask() {
    rm -f "$out/fresh"
    (umask 027 && run -q submit copy "$dir/in" "$out/fresh") &&
        [ "$(stat -c %a "$out/fresh")" = 640 ]
}
check a_new_file_follows_the_umask takes_umask
if [ "$(id -u)" = 0 ]; then
    chmod 755 "$dir" && chmod 1777 "$out"
    as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
    keeps_owner() {
        old "$out/owned" && chown 65534:65533 "$out/owned" &&
            run -q submit copy "$dir/in" "$out/owned" &&
            [ "$(stat -c %u:%g "$out/owned")" = 65534:65533 ]
    }
    check owner_and_group_are_kept keeps_owner
    foreign() {
        old "$out/foreign" && chmod 666 "$out/foreign" &&
            fails 4 EPERM as_nobody "$ubctl" "${soft[@]}" submit copy "$dir/in" "$out/foreign" &&
            grep -q 'owner 0 and group 0 cannot be kept' "$dir/err" && is_old "$out/foreign"
    }
    check what_cannot_keep_its_owner_is_refused foreign
    no_directory() {
        mkdir -p "$out/closed" && echo old > "$out/closed/file" && chmod 666 "$out/closed/file"
        fails 4 EACCES as_nobody "$ubctl" "${soft[@]}" submit copy "$dir/in" "$out/closed/file" &&
            hint 'directory must be writable' && is_old "$out/closed/file" &&
            as_nobody "$ubctl" "${soft[@]}" -q submit copy "$dir/in" /dev/stdout \
                > "$out/closed/file" && cmp "$dir/in" "$out/closed/file"
    }
    check a_directory_without_permission_is_named no_directory
    read_only() {
        old "$out/locked" && chown 65534:65534 "$out/locked" && chmod 444 "$out/locked" &&
            fails 4 EACCES as_nobody "$ubctl" "${soft[@]}" submit copy "$dir/in" "$out/locked" &&
            hint permissions && is_old "$out/locked"
    }
    check a_read_only_file_is_not_replaced read_only
else
    for name in owner_and_group_are_kept what_cannot_keep_its_owner_is_refused \
        a_directory_without_permission_is_named a_read_only_file_is_not_replaced; do
        echo "ok - $name # SKIP needs root"
    done
fi
# One more user, who may read.
access_list() {
    python3 - "$@" <<'END'
import os, struct, sys
entries = [(1, 6, 2**32 - 1), (2, 4, 65533), (4, 4, 2**32 - 1), (16, 4, 2**32 - 1),
           (32, 4, 2**32 - 1)]
text = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
name = "system.posix_acl_access"
if sys.argv[1] == "set":
    os.setxattr(sys.argv[2], name, text)
else:
    assert os.getxattr(sys.argv[2], name) == text
END
}
keeps_access_list() {
    old "$out/acl" && access_list set "$out/acl" && run -q submit copy "$dir/in" "$out/acl" &&
        access_list get "$out/acl"
}
touch "$dir/x"
if access_list set "$dir/x" 2> /dev/null; then
    check access_list_is_kept keeps_access_list
else
    echo "ok - access_list_is_kept # SKIP the file system has none"
fi

# ---- what is written as it is -------------------------------------------------------------------
to_stdout() { run -q submit copy "$dir/in" /dev/stdout; }
check standard_output_by_name cmp "$dir/in" <(to_stdout)
appends() {
    echo head > "$out/log" && to_stdout >> "$out/log" &&
        cmp "$out/log" <(echo head; cat "$dir/in")
}
check standard_output_is_appended_to appends
keeps_its_inode() {
    local inode
    : > "$out/opened"
    inode=$(stat -c %i "$out/opened")
    to_stdout > "$out/opened" && [ "$(stat -c %i "$out/opened")" = "$inode" ] &&
        cmp "$dir/in" "$out/opened"
}
check what_the_shell_opened_is_written keeps_its_inode
to_a_fifo() {
    mkfifo "$out/fifo"
    cat "$out/fifo" > "$out/got" &
    run -q submit copy "$dir/in" "$out/fifo" && wait $! && cmp "$dir/in" "$out/got" &&
        [ -p "$out/fifo" ]
}
check a_fifo_is_written to_a_fifo
check a_device_is_written eval 'run -q submit copy "$dir/in" /dev/null && [ -c /dev/null ]'
check a_matrix_goes_through_a_pipe eval '
    run -q submit gemm "$dir/a.npy" "$dir/a.npy" "$out/m.npy" &&
        run -q submit gemm "$dir/a.npy" "$dir/a.npy" /dev/stdout | cmp "$out/m.npy" -'
broken_pipe() {
    { run submit fill --pattern 1 --size 16M /dev/stdout 2> "$dir/err"; echo $? > "$dir/status"
    } | head -c 10 > "$dir/x"
    grep -q EPIPE "$dir/err" && [ "$(cat "$dir/status")" = 1 ]
}
check a_reader_that_went_away broken_pipe
check full_device fails 1 ENOSPC run submit copy "$dir/in" /dev/full
check its_hint hint 'free space'

# ---- errors name the cause, and the remedy is the errno's ---------------------------------------
check a_directory_as_output fails 1 EISDIR run submit copy "$dir/in" "$out"
check its_hint hint 'is a directory'
check a_directory_as_input fails 1 EISDIR run submit copy "$out" "$out/x"
check its_hint hint 'is a directory'
long=$(printf 'x%.0s' $(seq 300))
check a_name_that_is_too_long fails 1 ENAMETOOLONG run submit copy "$dir/in" "$out/$long"
check its_hint hint '255 bytes'
check a_path_through_a_file fails 1 ENOTDIR run submit copy "$dir/in" "$dir/in/x"
check its_hint hint 'not a directory'
check a_directory_that_is_not_there fails 3 ENOENT run submit copy "$dir/in" "$out/none/x"
check its_hint hint 'check the path'
check a_trailing_slash fails 1 EISDIR run submit copy "$dir/in" "$out/none/"
check no_name fails 3 ENOENT run submit copy "$dir/in" ""
closed_output() {
    "$ubctl" help 2> "$dir/err" >&-
    [ $? = 1 ] && grep -q EBADF "$dir/err"
}
check closed_standard_output closed_output
input_is_not_written() {
    fails 2 EINVAL run submit copy "$dir/in" "$dir/in" && cmp "$dir/in" "$dir/copy_of_in" &&
        ln -sfn in "$dir/alias" && fails 2 EINVAL run submit copy "$dir/in" "$dir/alias" &&
        cmp "$dir/in" "$dir/copy_of_in"
}
check an_output_that_is_an_input input_is_not_written
closed_descriptors() {
    run submit copy "$dir/in" "$out/closed_output" 2> "$dir/err" >&-
    [ $? = 1 ] && cmp "$dir/in" "$out/closed_output" && grep -q EBADF "$dir/err"
}
check a_closed_descriptor_is_not_taken_for_the_file closed_descriptors

# ---- matrices as others write them --------------------------------------------------------------
"$here/helper.py" npy-identity 4 "$dir/one.npy"
"$here/helper.py" some-npy plain "$dir/plain.npy"
run -q submit gemm "$dir/plain.npy" "$dir/one.npy" "$dir/want.npy"
read_as() {
    "$here/helper.py" some-npy "$1" "$dir/$1.npy" &&
        run -q submit gemm "$dir/$1.npy" "$dir/one.npy" "$dir/got.npy" &&
        cmp "$dir/got.npy" "$dir/want.npy"
}
for kind in version2 version3 python2 native bare float32 single any big-endian fortran hex plus \
    comment no-padding; do
    check "npy_$kind" read_as $kind
done
as_c_in_fortran_order() {
    run -q submit gemm "$dir/plain.npy" "$dir/one.npy" "$dir/want2.npy" --c "$dir/plain.npy" &&
        run -q submit gemm "$dir/plain.npy" "$dir/one.npy" "$dir/got.npy" \
            --c "$dir/fortran.npy" && cmp "$dir/got.npy" "$dir/want2.npy"
}
check npy_fortran_as_c as_c_in_fortran_order
transposed_fortran() {
    run -q submit gemm "$dir/plain.npy" "$dir/one.npy" "$dir/want2.npy" &&
        run -q submit gemm "$dir/fortran.npy" "$dir/plain.npy" "$dir/got.npy" --trans-a &&
        run -q submit gemm "$dir/plain.npy" "$dir/plain.npy" "$dir/want2.npy" --trans-a &&
        cmp "$dir/got.npy" "$dir/want2.npy"
}
check npy_fortran_transposed transposed_fortran
exit $failed
