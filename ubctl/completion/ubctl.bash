# SPDX-License-Identifier: MIT
# bash completion for ubctl

_ubctl_devices() {
    "$1" --no-header list 2> /dev/null | while read -r name _; do echo "$name"; done
    echo soft:
}

_ubctl_faults="status poison stall cqe-delay cqe-torn lost-irq lost-doorbell admin-status
    admin-silent link-down event fatal"

# The names of completion statuses, which are the codes from 100.
_ubctl_statuses() {
    "$1" --no-header explain 2> /dev/null | while read -r code name _; do
        [[ $code == UB-E01* ]] && echo "$name"
    done
}

# Prints what may follow the words given, options left out.
_ubctl_words() {
    case $1 in
        "") echo "list device context memory queue health monitor submit selftest bench version help schema explain" ;;
        device) echo "list show info caps reset" ;;
        context | memory) echo list ;;
        queue) echo "list show" ;;
        health) echo "show dump inject faults" ;;
        submit) echo "nop copy fill crc32c gemm" ;;
        help) echo "list device context memory queue health monitor submit selftest bench version schema explain" ;;
        "help "*) _ubctl_words "${1#help }" ;;
    esac
}

_ubctl_options() {
    echo "-d --device -o --output --no-header -q --quiet --timeout -h --help"
    case $1 in
        "") echo --version ;;
        "device reset") echo "--scope --tid --queue --type --force" ;;
        "health dump") echo --discard ;;
        "health inject"*) echo "--id --count --skip --status --substatus --end --delay --offset" \
            "--bytes --type --tid --info --remove" ;;
        monitor) echo "-n --count" ;;
        bench) echo --seconds ;;
        "submit nop") echo "-n --count --depth" ;;
        "submit fill") echo "--pattern --pattern-size --size" ;;
        "submit gemm") echo "--alpha --beta --c --trans-a --trans-b" ;;
    esac
}

_ubctl() {
    local cur prev words cword path="" skip=0 i
    # A device's name may hold colons, which are one word here.
    _get_comp_words_by_ref -n : cur prev words cword 2> /dev/null || {
        cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
        words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
    }
    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
            -d | --device | -o | --output | --timeout | --seconds | --scope | --tid | --queue | --type) skip=1 ;;
            -n | --count | --id | --skip | --status | --substatus | --end | --delay) skip=1 ;;
            --offset | --bytes | --info | --depth | --pattern | --pattern-size | --size) skip=1 ;;
            -*) ;;
            *) if ((skip)); then skip=0; else path+=${path:+ }${words[i]}; fi ;;
        esac
    done
    local choices=""
    case $prev in
        -d | --device) choices=$(_ubctl_devices "${words[0]}") ;;
        -o | --output) choices="table json" ;;
        --pattern-size) choices="1 2 4 8" ;;
        --scope) choices="device context queue flr" ;;
        --end) choices="queue context device time" ;;
        --type) [[ $path == device* ]] && choices="jfs jfr" ;;
        --status | --info) choices=$(_ubctl_statuses "${words[0]}") ;;
        *)
            case $cur,$path in
                -*) choices=$(_ubctl_options "$path") ;;
                *,"device show" | *,"device info" | *,"device caps" | *,"device reset")
                    choices=$(_ubctl_devices "${words[0]}") ;;
                *,"health show") choices=$(_ubctl_devices "${words[0]}") ;;
                *,"health inject") choices=$_ubctl_faults ;;
                *,schema) choices=$("${words[0]}" --no-header schema 2> /dev/null) ;;
                *,explain) choices=$("${words[0]}" --no-header explain 2> /dev/null |
                    while read -r code name _; do echo "$code $name"; done) ;;
                *) choices=$(_ubctl_words "$path") ;;
            esac
            ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$cur")
    if [[ -z $choices && $path == "submit "* ]]; then
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
    declare -F __ltrim_colon_completions > /dev/null && __ltrim_colon_completions "$cur"
    return 0
}

complete -F _ubctl ubctl
