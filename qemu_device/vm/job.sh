# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# What the guest is to do, as files of $run/job, which it has as /run/ubvm. Sourced; uses $run, the
# options and die.

# The driver as insmod wants it: the guest's /lib/modules is not the host's.
copy_module() {
    local unpacker=cat
    [ -e "$1" ] || die 125 "$1: no such file; $(module_hint "$kernel"), or use --no-module"
    case $1 in
        *.xz) unpacker='xz -dc' ;;
        *.zst) unpacker='zstd -dqc' ;;
        *.gz) unpacker='gzip -dc' ;;
    esac
    $unpacker < "$1" > "$run/job/ubnpu.ko" || die 125 "$1: cannot be copied to $run"
}

# One word for any shell.
quote() { printf "'%s' " "${1//\'/\'\\\'\'}"; }

write_settings() {
    local size=''
    [ "$mode" = run ] ||
        size=$(stty size | sed -n 's/^\([1-9][0-9]*\) \([1-9][0-9]*\)$/rows \1 cols \2/p')
    printf '%s=' job_kernel && quote "$kernel" && echo
    printf '%s=' job_modules && quote "$(kernel_dir "$kernel")" && echo
    printf '%s=' job_module && quote "$1" && echo
    printf 'job_mode=%s job_devices=%s\n' "$mode" "$devices"
    printf 'job_terminal="%s"\n' "$size"
}

# The tools that were built beside ubvm come first; programs find the library that was.
write_places() {
    local tool libraries
    mkdir "$run/job/bin"
    while read -r tool; do
        ln -s "$tool" "$run/job/bin/"
    done < <(built_tools)
    quote "PATH=/run/ubvm/bin:${PATH:-/usr/sbin:/usr/bin:/sbin:/bin}"
    libraries=$(built_libraries)
    [ -z "$libraries" ] || quote "LD_LIBRARY_PATH=$libraries"
}

# The command in the caller's directory and with the part of the caller's environment that means the
# same in the guest.
write_command() {
    local name word
    printf "cd %s || { echo 'ubvm: the VM does not see this directory' >&2; exit 125; }\n" \
        "$(quote "$PWD")"
    printf 'exec /usr/bin/env -i UBVM=1 '
    quote "UBVM_MODULE=$1"
    write_places
    for name in HOME USER LOGNAME SHELL TERM LANG "${!LC_@}"; do
        [ -z "${!name:-}" ] || quote "$name=${!name}"
    done
    for word in "${command[@]}"; do
        quote "$word"
    done
    echo
}

write_job() {
    local ko=''
    mkdir "$run/job"
    if [ "$devices" != 0 ] && [ "$module" != 0 ]; then
        copy_module "${UBVM_KMOD:-$(default_module "$kernel")}"
        ko=/run/ubvm/ubnpu.ko
    fi
    cp "$here/vm/guest" "$run/job/guest"
    write_settings "$ko" > "$run/job/settings"
    write_command "$ko" > "$run/job/command"
}
