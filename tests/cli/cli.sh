#!/bin/bash
# SPDX-License-Identifier: MIT
# The tool's behaviour over the soft provider: golden outputs, schemas, files in and out, errors.
# UPDATE=1 writes the golden files anew, to be read before they are committed.
set -u
# shellcheck source=tests/cli/common.sh
. "$(dirname "$0")/common.sh"

# ---- what the tool knows of itself -------------------------------------------------------------
golden version version
golden help help
golden schema schema
golden explain explain
golden explain_memlock explain UB-E0009
json ub.version/1 version
json ub.help/1 help
json ub.schema.list/1 schema
json ub.explain/1 explain
json ub.explain/1 explain loc_access_err
golden explain_name explain ub_cr_loc_len_err
while read -r -a words; do
    check "help_${words[*]// /_}" grep -q "^Usage: ubctl ${words[*]} \[OPTIONS\]" \
        <("$ubctl" help "${words[@]}")
    check "help_option_${words[*]// /_}" cmp <("$ubctl" help "${words[@]}") \
        <("$ubctl" "${words[@]}" --help)
done < <("$ubctl" -o json help | python3 -c '
import json, sys
print("\n".join(row["command"] for row in json.load(sys.stdin)["data"]))')
while read -r name; do
    check "schema_$name" cmp "ubctl/schema/${name/\//.}.json" <("$ubctl" schema "$name")
done < <("$ubctl" --no-header schema)
check option_version test "$("$ubctl" --version)" = "$("$ubctl" -o json version |
    "$here/helper.py" get data.0.ubctl_version)"

# ---- lists -------------------------------------------------------------------------------------
json ub.device.list/1 list
for object in device context memory queue; do
    json "ub.$object.list/1" $object list
    json "ub.$object.list/1" $object list "${soft[@]}"
    golden "${object}_list" "${soft[@]}" $object list
    check "no_header_$object" diff <("$ubctl" "${soft[@]}" $object list | tail -n +2 | tr -s ' ') \
        <("$ubctl" "${soft[@]}" --no-header $object list | tr -s ' ')
done
check quiet_leaves_json_alone cmp <("$ubctl" "${soft[@]}" -o json list) \
    <("$ubctl" "${soft[@]}" -q --no-header -o json list)
for verb in show info caps; do
    golden "device_$verb" "${soft[@]}" device $verb
    json "ub.device.$verb/1" device $verb soft:
done

golden stat stat 0.1 1
json ub.doctor/1 doctor
golden export_prometheus export prometheus
no_json() { "$ubctl" -o json export prometheus 2>&1 | grep -q '"code": "UB-E0200"'; }
check export_is_no_json no_json
error export_of_a_soft_device 1 UB-E0208 "${soft[@]}" export prometheus
golden topo topo
golden topo_dot topo --format dot
golden topo_svg topo --format svg
json ub.topo/1 topo
error topo_of_a_soft_device 1 UB-E0208 "${soft[@]}" topo
golden top_once top --once --interval 0.1
json ub.usage/1 top --once --interval 0.1
json_line() {
    "$ubctl" -o json stat 0.1 1 | grep -q '^{"schema":"ub.usage/1",.*"data":\[\]}$'
}
check json_stat json_line
error top_of_a_soft_device 1 UB-E0208 "${soft[@]}" top --once
error stat_of_a_soft_device 1 UB-E0208 "${soft[@]}" stat
error top_without_a_terminal 2 UB-E0200 top
error stat_interval 2 UB-E0200 stat 0
error stat_count 2 UB-E0200 stat 1 0
golden top_metric top --sort bsuy
golden near_command lst
golden near_option list --outptu json
golden near_verb queue shw
golden health_show "${soft[@]}" health show
json ub.health/1 health show
json ub.health/1 health show soft:

# ---- submit ------------------------------------------------------------------------------------
head -c 1000 /dev/zero | tr '\0' 'x' > "$dir/small"
: > "$dir/empty"
python3 -c 'import random; random.seed(1)
open("'"$dir"'/odd", "wb").write(random.randbytes(5 * 1024 * 1024 + 12345))'
python3 -c 'import random; random.seed(2)
open("'"$dir"'/large", "wb").write(random.randbytes(40 * 1024 * 1024 + 1))'

crc() { "$ubctl" "${soft[@]}" -o json submit crc32c "$1" | "$here/helper.py" get data.0.crc32c; }
copy_is_same() { "$ubctl" "${soft[@]}" submit copy "$1" "$dir/copy" && cmp "$1" "$dir/copy"; }
golden submit_nop "${soft[@]}" submit nop -n 1000 --depth 32
golden submit_copy "${soft[@]}" submit copy "$dir/small" "$dir/copy"
golden submit_crc32c "${soft[@]}" submit crc32c "$dir/small"
golden submit_crc32c_quiet "${soft[@]}" -q submit crc32c "$dir/small"
golden submit_copy_quiet "${soft[@]}" -q submit copy "$dir/small" "$dir/copy"
golden submit_fill "${soft[@]}" submit fill --pattern 0xab --size 1K "$dir/fill"
json ub.submit/1 submit nop "${soft[@]}"
json ub.submit/1 submit copy "${soft[@]}" "$dir/odd" "$dir/copy"
json ub.submit/1 submit fill "${soft[@]}" --pattern 7 --size 4096 "$dir/fill"
json ub.submit/1 submit crc32c "${soft[@]}" "$dir/odd"
for file in empty small odd large; do
    check "copy_$file" copy_is_same "$dir/$file"
done
for file in empty small odd; do
    check "crc32c_$file" test "$(crc "$dir/$file")" = "$("$here/helper.py" crc32c "$dir/$file")"
done
check crc32c_of_the_check_string test "$(crc <(printf 123456789))" = $((0xe3069283))
check copy_from_a_pipe cmp "$dir/odd" \
    <("$ubctl" "${soft[@]}" -q submit copy <(cat "$dir/odd") /dev/stdout)
filled() {
    local pattern=$1 size=$2
    shift 2
    "$ubctl" "${soft[@]}" submit fill --pattern "$pattern" --size "$size" "$@" "$dir/fill"
}
same_fill() { cmp "$dir/fill" <(python3 -c "import sys; sys.stdout.buffer.write($1)"); }
check fill_byte eval 'filled 0xab 1000003 && same_fill "b\"\xab\" * 1000003"'
check fill_word eval 'filled 0x1234 9M && same_fill "b\"\x34\x12\" * (9 * 2**19)"'
check fill_wide eval 'filled 0x0102030405060708 24 && same_fill "bytes(range(8, 0, -1)) * 3"'
check fill_padded eval 'filled 1 16 --pattern-size 4 && same_fill "b\"\1\0\0\0\" * 4"'
check fill_nothing eval 'filled 1 0 && [ ! -s "$dir/fill" ]'

# ---- matrices ----------------------------------------------------------------------------------
"$here/helper.py" npy 23 31 1 "$dir/a.npy"
"$here/helper.py" npy 31 17 2 "$dir/b.npy"
"$here/helper.py" npy 23 17 3 "$dir/c.npy"
"$here/helper.py" npy 31 23 4 "$dir/at.npy"
"$here/helper.py" npy 17 31 5 "$dir/bt.npy"
"$here/helper.py" npy 1 2100 6 "$dir/row.npy"
"$here/helper.py" npy 2100 1 7 "$dir/col.npy"
golden submit_gemm "${soft[@]}" submit gemm "$dir/a.npy" "$dir/b.npy" "$dir/out.npy"
json ub.submit/1 submit gemm "${soft[@]}" "$dir/a.npy" "$dir/b.npy" "$dir/out.npy"
product() {
    local want=$1
    shift
    # shellcheck disable=SC2086
    "$ubctl" "${soft[@]}" submit gemm "$@" "$dir/out.npy" &&
        "$here/helper.py" gemm $want "$dir/out.npy"
}
a=$dir/a.npy b=$dir/b.npy c=$dir/c.npy
check gemm product "1 0 0 0 $a $b -" "$a" "$b"
check gemm_alpha product "-2.5 0 0 0 $a $b -" "$a" "$b" --alpha -2.5
check gemm_c product "1 1 0 0 $a $b $c" "$a" "$b" --c "$c"
check gemm_beta product "0.5 -3 0 0 $a $b $c" "$a" "$b" --c "$c" --alpha 0.5 --beta -3
check gemm_trans_a product "1 0 1 0 $dir/at.npy $b -" "$dir/at.npy" "$b" --trans-a
check gemm_trans_b product "1 0 0 1 $a $dir/bt.npy -" "$a" "$dir/bt.npy" --trans-b
check gemm_trans_both product "1 0 1 1 $dir/at.npy $dir/bt.npy -" "$dir/at.npy" \
    "$dir/bt.npy" --trans-a --trans-b
# Beyond one tile in k, then in m and n.
check gemm_long_sum product "1 0 0 0 $dir/row.npy $dir/col.npy -" "$dir/row.npy" "$dir/col.npy"
check gemm_tiles product "1 0 0 0 $dir/col.npy $dir/row.npy -" "$dir/col.npy" "$dir/row.npy"
"$here/helper.py" bad-npy good "$dir/v1.npy"
"$here/helper.py" bad-npy version2 "$dir/v2.npy"
check gemm_version_2 product "1 0 0 1 $dir/v1.npy $dir/v1.npy -" "$dir/v2.npy" "$dir/v2.npy" \
    --trans-b
for kind in empty short magic version9 truncated long header-cut header-huge dtype \
    big-endian-double bytes-dtype structured order-number order-word garbage-after nul-after \
    two-matrices one-dimension three-dimensions zero shape-huge shape-overflow shape-negative \
    shape-list shape-underscore many-dimensions key-twice extra-key no-brace nul; do
    "$here/helper.py" bad-npy $kind "$dir/$kind.npy"
    error "npy_$kind" 1 UB-E0204 "${soft[@]}" submit gemm "$dir/$kind.npy" "$b" "$dir/new.npy"
done
golden npy_dtype submit gemm "$dir/dtype.npy" "$b" "$dir/new.npy"
golden npy_three_dimensions submit gemm "$dir/three-dimensions.npy" "$b" "$dir/new.npy"
error gemm_shapes 1 UB-E0212 "${soft[@]}" submit gemm "$a" "$a" "$dir/new.npy"
error gemm_c_shape 1 UB-E0212 "${soft[@]}" submit gemm "$a" "$b" "$dir/new.npy" --c "$a"
error gemm_beta_without_c 2 UB-E0200 "${soft[@]}" submit gemm "$a" "$b" "$dir/new.npy" --beta 1
error gemm_over_input 2 UB-E0200 "${soft[@]}" submit gemm "$a" "$b" "$a"
check failures_leave_no_output test ! -e "$dir/new.npy"

# ---- self-test ---------------------------------------------------------------------------------
golden selftest "${soft[@]}" selftest
json ub.selftest/1 selftest "${soft[@]}"
check selftest_quiet test -z "$("$ubctl" "${soft[@]}" -q selftest)"

# ---- benchmark ---------------------------------------------------------------------------------
# Each line's figures differ from run to run; which lines there are, and the columns, do not.
bench_lines() { "$ubctl" "${soft[@]}" bench --seconds 0.001 | sed -E 's/ +/ /g; s/^ //' |
    sed -E 's/^((nop|write|gemm) [0-9]+ [0-9.]+ [KM]?i?B) .*/\1/' > "$dir/lines"; }
bench_golden() {
    bench_lines
    [ -z "${UPDATE:-}" ] || cp "$dir/lines" "$here/golden/bench"
    diff -u "$here/golden/bench" "$dir/lines"
}
check golden_bench bench_golden
json ub.bench/1 bench "${soft[@]}" --seconds 0.001
error bench_no_time 2 UB-E0200 "${soft[@]}" bench --seconds 0
bench_counts() {
    local document
    document=$("$ubctl" "${soft[@]}" -o json bench --seconds 0.01) && python3 -c '
import json, sys
for row in json.load(sys.stdin)["data"]:
    times = [row[f"latency_p{rank}_ns"] for rank in ("50", "99", "99_9")]
    assert row["commands"] >= row["depth"] and times == sorted(times) and times[0] > 0, row
    assert 0 <= row["doorbells_per_command"] <= 1 or row["depth"] > 1, row
    assert row["doorbells_per_command"] > 0 or row["operation"] != "nop" or row["depth"] > 1, \
        row' <<< "$document"
}
check bench_figures_agree bench_counts

# ---- errors ------------------------------------------------------------------------------------
error no_command 2 UB-E0200
error unknown_command 2 UB-E0200 frobnicate
error missing_verb 2 UB-E0200 device
error unknown_verb 2 UB-E0200 device frobnicate
error queue_of_no_such_id 3 UB-E0010 queue show 7
error queue_id_no_number 2 UB-E0200 queue show seven
error unknown_option 2 UB-E0200 list --frobnicate
error extra_argument 2 UB-E0200 list extra
error option_without_value 2 UB-E0200 list --device
error bad_timeout 2 UB-E0200 --timeout 0 list
error count_zero 2 UB-E0200 "${soft[@]}" submit nop -n 0
error count_word 2 UB-E0200 "${soft[@]}" submit nop -n many
error depth_too_large 2 UB-E0200 "${soft[@]}" submit nop --depth 65536
error copy_one_file 2 UB-E0200 "${soft[@]}" submit copy "$dir/small"
error fill_pattern 2 UB-E0200 "${soft[@]}" submit fill --pattern zz --size 8 "$dir/new"
error fill_pattern_too_wide 2 UB-E0200 "${soft[@]}" submit fill --pattern 0x100 --pattern-size 1 \
    --size 8 "$dir/new"
error fill_pattern_size 2 UB-E0200 "${soft[@]}" submit fill --pattern 1 --pattern-size 3 --size 9 \
    "$dir/new"
error fill_size 2 UB-E0200 "${soft[@]}" submit fill --pattern 1 --size 1X "$dir/new"
error fill_size_negative 2 UB-E0200 "${soft[@]}" submit fill --pattern 1 --size -1 "$dir/new"
error fill_size_overflow 2 UB-E0200 "${soft[@]}" submit fill --pattern 1 --size 99999999T \
    "$dir/new"
error fill_not_a_multiple 2 UB-E0200 "${soft[@]}" submit fill --pattern 0x1234 --size 7 "$dir/new"
error soft_key 2 UB-E0200 -d soft:frobnicate=1 device info
error help_unknown 2 UB-E0200 help frobnicate
error two_ids 2 UB-E0200 -d ub0 device show ub1
error reset_without_id 2 UB-E0200 device reset
error reset_soft 1 UB-E0208 device reset soft:
error reset_unknown_scope 2 UB-E0200 device reset ub0 --scope frobnicate
error reset_queue_without_id 2 UB-E0200 device reset ub0 --scope queue
error reset_context_without_tid 2 UB-E0200 device reset ub0 --scope context
error reset_device_with_queue 2 UB-E0200 device reset ub0 --queue 3
error reset_queue_with_tid 2 UB-E0200 device reset ub0 --scope queue --queue 3 --tid 3
error reset_queue_zero 2 UB-E0200 device reset ub0 --scope queue --queue 0
error reset_queue_type 2 UB-E0200 device reset ub0 --scope queue --queue 3 --type jfc
error inject_no_kind 2 UB-E0200 health inject
error inject_unknown_kind 2 UB-E0200 -d ub0 health inject frobnicate
error inject_no_device 2 UB-E0200 health inject fatal
error inject_no_such_device 3 UB-E0201 -d ub99 health inject fatal
error inject_soft 1 UB-E0208 "${soft[@]}" health inject fatal
error inject_without_status 2 UB-E0200 -d ub0 health inject status
error inject_unknown_status 2 UB-E0200 -d ub0 health inject status --status FINE
error inject_large_status 2 UB-E0200 -d ub0 health inject status --status 256
error inject_admin_status_of_a_completion 2 UB-E0200 -d ub0 health inject admin-status \
    --status LOC_ACCESS_ERR
error inject_option_of_another_kind 2 UB-E0200 -d ub0 health inject fatal --id 1
error inject_remove_with_count 2 UB-E0200 -d ub0 health inject stall --remove --count 2
error inject_count_zero 2 UB-E0200 -d ub0 health inject stall --count 0
error inject_count_word 2 UB-E0200 -d ub0 health inject stall --count often
error inject_count_negative 2 UB-E0200 -d ub0 health inject stall --count=-1
error inject_skip_too_large 2 UB-E0200 -d ub0 health inject stall --skip 4294967296
error inject_without_delay 2 UB-E0200 -d ub0 health inject cqe-delay
error inject_delay_without_unit 2 UB-E0200 -d ub0 health inject cqe-delay --delay 10
error inject_delay_too_long 2 UB-E0200 -d ub0 health inject cqe-delay --delay 11s
error inject_delay_word 2 UB-E0200 -d ub0 health inject cqe-delay --delay longs
error inject_stall_end 2 UB-E0200 -d ub0 health inject stall --end never
error inject_stall_time_without_delay 2 UB-E0200 -d ub0 health inject stall --end time
error inject_stall_delay_without_time 2 UB-E0200 -d ub0 health inject stall --delay 1ms
error inject_poison_without_bytes 2 UB-E0200 -d ub0 health inject poison --id 1
error inject_poison_without_id 2 UB-E0200 -d ub0 health inject poison --bytes 1
error inject_event_without_type 2 UB-E0200 -d ub0 health inject event --id 1
error inject_event_type 2 UB-E0200 -d ub0 health inject event --id 1 --type NEWS
error faults_soft 1 UB-E0208 "${soft[@]}" health faults
error faults_no_device 2 UB-E0200 health faults
error dump_soft 1 UB-E0208 "${soft[@]}" health dump
error monitor_soft 1 UB-E0208 "${soft[@]}" monitor
error monitor_count_zero 2 UB-E0200 monitor -n 0
golden inject_status_names -d ub0 health inject status --status FINE
golden inject_kinds health inject frobnicate
error no_such_device 3 UB-E0201 -d ub99 device info
error no_such_eid 3 UB-E0201 -d ffff::1 device info
error no_such_device_list 3 UB-E0201 -d ub99 context list
error no_such_schema 3 UB-E0211 schema ub.nothing/1
error no_such_code 3 UB-E0211 explain UB-E9999
error missing_file 3 UB-E0203 "${soft[@]}" submit copy "$dir/none" "$dir/new"
error directory 1 UB-E0203 "${soft[@]}" submit crc32c "$dir"
error missing_directory 3 UB-E0203 "${soft[@]}" submit copy "$dir/small" "$dir/none/new"
error same_file 2 UB-E0200 "${soft[@]}" submit copy "$dir/small" "$dir/small"
check same_file_is_untouched test "$(stat -c %s "$dir/small")" = 1000
error full_disk 1 UB-E0203 "${soft[@]}" submit copy "$dir/small" /dev/full
check nothing_left_behind test ! -e "$dir/new"
"$here/helper.py" npy 900 900 8 "$dir/big.npy"
error timeout 124 UB-E0205 "${soft[@]}" --timeout 0.000001 submit gemm "$dir/big.npy" \
    "$dir/big.npy" "$dir/new.npy"
closed_output() {
    "$ubctl" help > /dev/full 2> "$dir/err"
    [ $? = 1 ] && grep -q 'UB-E0214' "$dir/err"
}
check output_that_cannot_be_written closed_output
if [ "$(id -u)" = 0 ]; then
    cp "$dir/small" "$dir/secret"
    chmod 600 "$dir/secret"
    chmod 755 "$dir"
    as_nobody() {
        setpriv --reuid 65534 --regid 65534 --clear-groups "$ubctl" "$@" > /dev/null 2> "$dir/err"
    }
    unreadable() {
        as_nobody "${soft[@]}" submit crc32c "$dir/secret"
        [ $? = 4 ] && grep -q 'EACCES' "$dir/err"
    }
    check unreadable_file unreadable
    small_memlock() { (ulimit -l 1024 && as_nobody "${soft[@]}" submit crc32c "$dir/odd"); }
    check small_memlock_limit small_memlock
else
    echo "ok - unreadable_file # SKIP needs root"
    echo "ok - small_memlock_limit # SKIP needs root"
fi

# ---- completion, man page, udev ----------------------------------------------------------------
complete_words() {
    PATH=$PWD/build:$PATH bash -c '
        . ubctl/completion/ubctl.bash
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _ubctl
        echo "${COMPREPLY[*]}"' ubctl "$@"
}
check complete_objects test "$(complete_words ubctl s)" = "stat submit selftest schema"
check complete_verbs test "$(complete_words ubctl -o json device in)" = info
check complete_options test "$(complete_words ubctl submit gemm --trans)" = "--trans-a --trans-b"
check complete_codes test "$(complete_words ubctl explain MEML)" = MEMLOCK
complete_zsh() {
    PATH=$PWD/build:$PATH zsh -f -c '
        compadd() { [[ $1 == -a ]] && print -- ${(P)2} || print -- "$@" }
        _describe() { print -- ${${(P)2}%%:*} }
        _files() { print files }
        words=("$@") CURRENT=$#
        . ubctl/completion/_ubctl' zsh "$@" | tr -s ' \n' ' '
}
if command -v zsh > /dev/null; then
    check zsh_objects test "$(complete_zsh ubctl "" | cut -d ' ' -f 1-3)" = "list device context"
    check zsh_verbs test "$(complete_zsh ubctl -o json health "")" = "show dump inject faults "
    check zsh_help test "$(complete_zsh ubctl help queue "")" = "list show "
    check zsh_values test "$(complete_zsh ubctl device reset --scope "")" = \
        "device context queue flr "
    check zsh_options grep -q -- "--trans-a --trans-b.* --device" \
        <(complete_zsh ubctl submit gemm --)
    check zsh_codes grep -qw MEMLOCK <(complete_zsh ubctl explain "")
    check zsh_files test "$(complete_zsh ubctl submit copy "")" = "files "
    check zsh_parses zsh -n ubctl/completion/_ubctl
    check zsh_statuses grep -qw LOC_LEN_ERR \
        <(complete_zsh ubctl health inject status --status "")
    check zsh_schemas grep -q ub.health/1 <(complete_zsh ubctl schema "")
    check zsh_devices test "$(complete_zsh ubctl device show "")" = "soft: "
else
    echo "ok - zsh_completion # SKIP needs zsh"
fi
check bash_parses bash -n ubctl/completion/ubctl.bash
complete_fish() {
    PATH=$PWD/build:$PATH fish --no-config -c '. ubctl/completion/ubctl.fish
        complete -C $argv[1]' "$1" | cut -f 1 | tr '\n' ' '
}
if command -v fish > /dev/null; then
    check fish_parses fish --no-execute ubctl/completion/ubctl.fish
    check fish_objects test "$(complete_fish "ubctl s")" = "schema selftest stat submit "
    check fish_verbs test "$(complete_fish "ubctl -o json health ")" = "dump faults inject show "
    check fish_help test "$(complete_fish "ubctl help queue ")" = "list show "
    check fish_values test "$(complete_fish "ubctl device reset --scope ")" = \
        "context device flr queue "
    check fish_options test "$(complete_fish "ubctl submit gemm --trans")" = "--trans-a --trans-b "
    check fish_codes test "$(complete_fish "ubctl explain MEML")" = "MEMLOCK "
    check fish_statuses test "$(complete_fish "ubctl health inject status --status LOC_L")" = \
        "LOC_LEN_ERR "
    check fish_files test "$(complete_fish "ubctl submit copy Makef")" = "Makefile "
    check fish_devices test "$(complete_fish "ubctl device show s")" = "soft: "
else
    echo "ok - fish_completion # SKIP needs fish"
fi
check complete_faults test "$(complete_words ubctl -d ub0 health inject cqe)" = \
    "cqe-delay cqe-torn"
check complete_statuses test \
    "$(complete_words ubctl health inject status --status LOC_L)" = LOC_LEN_ERR
check complete_schemas test "$(complete_words ubctl schema ub.health/)" = ub.health/1
check complete_files test "$(complete_words ubctl submit copy Makef)" = Makefile
check complete_help test "$(complete_words ubctl help queue "")" = "list show"
check complete_devices test "$(complete_words ubctl -d so)" = soft:
check complete_scopes test "$(complete_words ubctl device reset --scope f)" = flr
commands_known_to_completion() {
    local path words
    while read -r path; do
        read -r -a words <<< "$path"
        grep -qw -- "${words[-1]}" <(complete_words ubctl "${words[@]:0:${#words[@]}-1}" "") ||
            { echo "$path"; return 1; }
    done < <("$ubctl" -o json help | python3 -c '
import json, sys
print("\n".join(row["command"] for row in json.load(sys.stdin)["data"]))')
}
check complete_every_command commands_known_to_completion
commands_in() {
    local path
    while read -r path; do
        grep -q -- "$path" "$1" || { echo "$path"; return 1; }
    done < <("$ubctl" -o json help | python3 -c '
import json, sys
print("\n".join(row["command"] for row in json.load(sys.stdin)["data"]))')
}
check man_page_has_every_command commands_in ubctl/ubctl.1
check man_page_is_clean test -z "$(mandoc -T lint ubctl/ubctl.1 2>&1)"

# ---- schemas -----------------------------------------------------------------------------------
"$here/helper.py" schemas ubctl/schema "$docs" || failed=1
exit $failed
