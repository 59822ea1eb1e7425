# SPDX-License-Identifier: MIT
# bash completion for ubctl. Made by `make ubctl-docs` of ubctl/docs/ubctl.bash.in and the commands.

# What may follow the words given.
_ubctl_words() {
    case "$*" in
        '') echo 'list device context memory queue health monitor doctor stat top export topo submit selftest bench version help schema explain' ;;
        device) echo 'list show info caps reset' ;;
        context) echo 'list' ;;
        memory) echo 'list' ;;
        queue) echo 'list show' ;;
        health) echo 'show dump inject faults' ;;
        export) echo 'prometheus' ;;
        submit) echo 'nop copy fill crc32c gemm' ;;
    esac
}

# Options of a command; without one, of all.
_ubctl_options() {
    case "$*" in
        '') echo '-d --device -o --output --no-header -q --quiet --timeout' ;;
        'device reset') echo '--scope --tid --queue --type --force' ;;
        'health dump') echo '--discard' ;;
        'health inject') echo '--id --count --skip --status --substatus --end --delay --offset --bytes --type --tid --info --remove' ;;
        'monitor') echo '-n --count' ;;
        'stat') echo '--by' ;;
        'top') echo '--once --interval --sort --filter --by' ;;
        'export prometheus') echo '--contexts' ;;
        'topo') echo '--format' ;;
        'submit nop') echo '-n --count --depth' ;;
        'submit fill') echo '--pattern --pattern-size --size' ;;
        'submit gemm') echo '--alpha --beta --c --trans-a --trans-b' ;;
        'bench') echo '--seconds' ;;
    esac
}

# Whether a value follows the option.
_ubctl_takes_value() {
    case "$*" in
        -d | \
            --device | \
            -o | \
            --output | \
            --timeout | \
            --scope | \
            --tid | \
            --queue | \
            --type | \
            --id | \
            --count | \
            --skip | \
            --status | \
            --substatus | \
            --end | \
            --delay | \
            --offset | \
            --bytes | \
            --info | \
            -n | \
            --by | \
            --interval | \
            --sort | \
            --filter | \
            --format | \
            --depth | \
            --pattern | \
            --pattern-size | \
            --size | \
            --alpha | \
            --beta | \
            --c | \
            --seconds) ;;
        *) return 1 ;;
    esac
}

# What the value of a command's option is.
_ubctl_value() {
    case "$*" in
        *' -d' | *' --device') echo 'devices' ;;
        *' -o' | *' --output') echo 'words table json' ;;
        'device reset --scope') echo 'words device context queue flr' ;;
        'device reset --type') echo 'words jfs jfr' ;;
        'health inject --count') echo 'words forever' ;;
        'health inject --status') echo 'statuses' ;;
        'health inject --end') echo 'words queue context device time' ;;
        'health inject --type') echo 'words JFC_ERR JFS_ERR JFR_ERR JFR_LIMIT JETTY_ERR JETTY_LIMIT JETTY_GRP_ERR PORT_ACTIVE PORT_DOWN DEV_FATAL EID_CHANGE ELR_ERR ELR_DONE' ;;
        'health inject --info') echo 'statuses' ;;
        'stat --by') echo 'words device context queue' ;;
        'top --sort') echo 'words busy commands bytes pending p50 p99 doorbells saved interrupts errors pinned' ;;
        'top --by') echo 'words device context queue' ;;
        'topo --format') echo 'words tree dot svg' ;;
        'submit fill --pattern-size') echo 'words 1 2 4 8' ;;
        'submit gemm --c') echo 'files' ;;
    esac
}

# What the arguments of a command are.
_ubctl_argument() {
    case "$*" in
        'device show') echo 'devices' ;;
        'device info') echo 'devices' ;;
        'device caps') echo 'devices' ;;
        'device reset') echo 'devices' ;;
        'health show') echo 'devices' ;;
        'health dump') echo 'files' ;;
        'health inject') echo 'words status poison stall cqe-delay cqe-torn lost-irq lost-doorbell admin-status admin-silent link-down event fatal' ;;
        'export prometheus') echo 'files' ;;
        'submit copy') echo 'files' ;;
        'submit fill') echo 'files' ;;
        'submit crc32c') echo 'files' ;;
        'submit gemm') echo 'files' ;;
        'help') echo 'commands' ;;
        'schema') echo 'schemas' ;;
        'explain') echo 'codes' ;;
    esac
}

# Prints what a value of that source may be. The first argument is the tool.
_ubctl_values() {
    local tool=$1
    shift
    case $1 in
        words) echo "${@:2}" ;;
        devices)
            "$tool" --no-header list 2> /dev/null | while read -r name _; do echo "$name"; done
            echo soft:
            ;;
        codes)
            "$tool" --no-header explain 2> /dev/null |
                while read -r code name _; do echo "$code $name"; done
            ;;
        statuses) # the codes from 100
            "$tool" --no-header explain 2> /dev/null | while read -r code name _; do
                [[ $code == UB-E01* ]] && echo "$name"
            done
            ;;
        schemas) "$tool" --no-header schema 2> /dev/null ;;
        commands) _ubctl_words ;;
    esac
}

_ubctl() {
    local cur prev words cword path="" asked="" skip=0 i source choices=""
    # A device's name may hold colons, which are one word here.
    _get_comp_words_by_ref -n : cur prev words cword 2> /dev/null || {
        cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
        words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
    }
    for ((i = 1; i < cword; i++)); do
        if ((skip)); then
            skip=0
        elif [[ ${words[i]} == -* ]]; then
            _ubctl_takes_value "${words[i]}" && skip=1
        elif [[ $path == help || $path == "help "* ]]; then
            asked+=${asked:+ }${words[i]} path="help $asked"
        elif [[ " $(_ubctl_words $path) " == *" ${words[i]} "* ]]; then
            path+=${path:+ }${words[i]}
        fi
    done
    if ((skip)); then
        source=$(_ubctl_value "$path $prev")
    elif [[ $cur == -* ]]; then
        source="words $(_ubctl_options $path) $(_ubctl_options) -h --help"
        [[ -n $path ]] || source+=" --version"
    elif [[ $path == "help "* ]]; then
        source="words $(_ubctl_words $asked)"
    else
        source=$(_ubctl_argument "$path")
        [[ -n $source ]] || source="words $(_ubctl_words $path)"
    fi
    if [[ $source == files ]]; then
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return 0
    fi
    choices=$(_ubctl_values "${words[0]}" $source)
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$cur")
    declare -F __ltrim_colon_completions > /dev/null && __ltrim_colon_completions "$cur"
    return 0
}

complete -F _ubctl ubctl
