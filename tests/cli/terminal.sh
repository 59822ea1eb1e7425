#!/bin/bash
# SPDX-License-Identifier: MIT
# What the tool writes to a terminal: tables fit, nothing of others controls it, and what is not
# taken is an error. To files and programs tables go whole.
set -u
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

# In a terminal of so many columns.
in_terminal() { env -u COLUMNS "$here/helper.py" pty "$@"; }
widest() { awk '{ if (length > most) most = length } END { print most + 0 }'; }
fits() {
    local columns=$1 least=$2
    shift 2
    in_terminal "$columns" "$ubctl" "$@" > "$dir/shown" || return 1
    cat "$dir/shown"
    [ "$(widest < "$dir/shown")" -le "$columns" ] && [ "$(wc -l < "$dir/shown")" -ge "$least" ]
}

# ---- tables -------------------------------------------------------------------------------------
for columns in 60 80 100; do
    check "explain_in_$columns" fits $columns 50 explain
    check "list_in_$columns" fits $columns 2 "${soft[@]}" list
    check "queues_in_$columns" fits $columns 1 "${soft[@]}" queue list
    check "memory_in_$columns" fits $columns 1 "${soft[@]}" memory list
    check "contexts_in_$columns" fits $columns 1 "${soft[@]}" context list
    check "caps_in_$columns" fits $columns 18 "${soft[@]}" device caps
    check "selftest_in_$columns" fits $columns 14 "${soft[@]}" selftest
    check "bench_in_$columns" fits $columns 30 "${soft[@]}" bench --seconds 0.001
    check "info_in_$columns" fits $columns 20 "${soft[@]}" device info
    check "one_code_in_$columns" fits $columns 6 explain MEMLOCK
done
tells_what_it_left_out() {
    in_terminal 80 "$ubctl" "${soft[@]}" list > "$dir/shown"
    cat "$dir/shown"
    grep -q '^NAME .* ACCESS  GEN$' "$dir/shown" &&
        grep -q '^(left out in 80 columns: CONTEXTS, SEGMENTS' "$dir/shown"
}
check left_out_columns_are_told tells_what_it_left_out
check no_note_without_a_header eval '! in_terminal 80 "$ubctl" "${soft[@]}" --no-header list |
    grep "left out"'
check wide_terminals_have_all eval '
    cmp <(in_terminal 200 "$ubctl" "${soft[@]}" list) <("$ubctl" "${soft[@]}" list)'
check a_terminal_without_a_size_has_80 eval '
    cmp <(in_terminal 0 "$ubctl" explain) <(in_terminal 80 "$ubctl" explain)'
check COLUMNS_says_otherwise eval '
    cmp <(COLUMNS=200 "$here/helper.py" pty 80 "$ubctl" "${soft[@]}" list) \
        <("$ubctl" "${soft[@]}" list)'
check pipes_get_all eval '"$ubctl" "${soft[@]}" list | grep -q PINNED &&
    COLUMNS=20 "$ubctl" "${soft[@]}" list | grep -q PINNED'
check json_is_never_cut eval '
    cmp <(in_terminal 40 "$ubctl" "${soft[@]}" -o json list) <("$ubctl" "${soft[@]}" -o json list)'

# ---- nothing is there ---------------------------------------------------------------------------
for words in "queue show" "health show"; do
    check "none_${words// /_}" eval '"$ubctl" "${soft[@]}" '"$words"' | grep -q "^no "'
    check "none_bare_${words// /_}" eval \
        '[ -z "$("$ubctl" "${soft[@]}" --no-header '"$words"')" ]'
done
check none_json eval '"$ubctl" "${soft[@]}" -o json queue show | grep -q "\"data\": \[\]"'

# ---- what controls a terminal -------------------------------------------------------------------
# C0 but for line ends, DEL, C1 in UTF-8 and in eight bits, what turns the direction of writing.
bad=$'a\033]0;x\a\b\t\r\nb\177\302\200\302\233\302\237\233c\342\200\256d'
control() { LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae|\x9bc' "$1"; }
clean() {
    "$ubctl" "$@" > "$dir/shown" 2>&1
    cat -v "$dir/shown"
    [ -s "$dir/shown" ] && ! control "$dir/shown" && [ "$(wc -l < "$dir/shown")" -le 2 ] || return 1
    "$ubctl" "$@" -o json > "$dir/shown" 2>&1
    ! control "$dir/shown" && python3 -m json.tool "$dir/shown" > "$dir/x"
}
head -c 100 /dev/zero > "$dir/in"
check clean_command clean "$bad"
check clean_verb clean device "$bad"
check clean_option clean list "--$bad"
check clean_device clean device info -d "$bad"
check clean_soft_option clean device info -d "soft:$bad=1"
check clean_soft_fault clean device info -d "soft:fault=$bad"
check clean_soft_name clean device show "soft:name=$bad"
check clean_id clean queue show "$bad"
check clean_number clean submit nop -n "$bad"
check clean_real clean --timeout "$bad" list
check clean_choice clean device reset ub0 --scope "$bad"
check clean_size clean submit fill --pattern 1 --size "$bad" "$dir/x"
check clean_pattern clean submit fill --pattern "$bad" --size 1 "$dir/x"
check clean_fault clean health inject "$bad"
check clean_status clean -d ub0 health inject status --status "$bad"
check clean_delay clean -d ub0 health inject cqe-delay --delay "$bad"
check clean_code clean explain "$bad"
check clean_schema clean schema "$bad"
check clean_help clean help "$bad"
check clean_input clean "${soft[@]}" submit crc32c "$dir/$bad"
check clean_output clean "${soft[@]}" submit copy "$dir/in" "$dir/none/$bad"
cp "$dir/in" "$dir/${bad//\//}.npy"
check clean_matrix clean "${soft[@]}" submit gemm "$dir/$bad.npy" "$dir/$bad.npy" "$dir/x"
"$here/helper.py" npy 2 2 1 "$dir/dtype.npy"
sed -i "s/<f4/\x1b[3/" "$dir/dtype.npy"
check clean_dtype clean "${soft[@]}" submit gemm "$dir/dtype.npy" "$dir/dtype.npy" "$dir/x"

# ---- standard output that takes nothing ---------------------------------------------------------
# Each command that prints, to a full device and to a closed descriptor.
lost() {
    "$ubctl" "$@" > /dev/full 2> "$dir/err"
    [ $? = 1 ] && tells ENOSPC && grep -q 'hint.*space' "$dir/err" || return 1
    "$ubctl" "$@" 2> "$dir/err" >&-
    [ $? = 1 ] && tells EBADF
}
tells() { grep -q UB-E0214 "$dir/err" && grep -qw "$1" "$dir/err"; }
while IFS= read -r words; do
    # shellcheck disable=SC2086
    check "lost_${words//[^a-z0-9-]/_}" lost $words
done <<END
--help
-h
--version
help
help submit copy
submit --help
submit copy --help
version
schema
schema ub.error/1
explain
explain MEMLOCK
-d soft: list
-d soft: device info
-d soft: device caps
-d soft: queue list
-d soft: queue show
-d soft: health show
-d soft: submit nop
-d soft: -q submit crc32c $dir/in
-d soft: selftest
-d soft: bench --seconds 0.001
-o json version
-o json help
-o json explain
-o json -d soft: list
-o json -d soft: submit nop
END
exit $failed
