# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# Roots of Debian: a scratch one of the system's own release, in which packages are installed, and
# kept ones of any suite, to build and run with what is in it. Sourced; uses $cache.

root='' root_work=''
# Folders that a root sees where they are outside of it.
root_binds=()

# Whose release a scratch root is of: the system's, unless $root_suite names another.
root_release() { echo "${root_suite:-$(. /etc/os-release && echo "$VERSION_CODENAME")}"; }

root_die() {
    echo "root: $*" >&2
    exit 1
}

# The system's own sources of its release, in apt's short form; with $1, those of that suite.
root_sources() {
    local codename suite key=/usr/share/keyrings/debian-archive-keyring.gpg
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    suite=${1:-$codename}
    [ -e "$key" ] || key=''
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        sort -u | while read -r uri release component; do
        case $suite/$release in
            sid/"$codename"-*) ;;
            */"$codename" | */"$codename"-updates | */"$codename"-security)
                echo "deb ${key:+[signed-by=$key] }$uri ${release/$codename/$suite} $component"
                ;;
        esac
    done
}

# What the system's apt was told of its mirror holds in a root as well.
root_apt_options() {
    apt-config dump | grep -E '^Acquire::(Check-|https?::Proxy )' | sed 's/^/--aptopt=/'
}

# root_bootstrap SUITE TARGET [OPTION]...
root_bootstrap() {
    local suite=$1 target=$2 options
    shift 2
    mapfile -t options < <(root_apt_options)
    # The name tells mmdebstrap what to make.
    root_sources "$suite" | mmdebstrap --quiet --mode=root --variant=apt \
        --dpkgopt=force-unsafe-io "${options[@]}" "$@" "$suite" "$target" - >&2 ||
        root_die "the root of $suite cannot be made; mmdebstrap says why above"
}

root_check() {
    [ "$(id -u)" = 0 ] || root_die "a root of its own needs root; run it with sudo"
    command -v mmdebstrap > /dev/null ||
        root_die "mmdebstrap: not found; run packaging/deps.sh packaging"
    mkdir -p "$cache/roots/archives/partial"
}

# root_of_suite SUITE PACKAGE...: sets $root to a root of that suite with these packages, kept for a
# week.
root_of_suite() {
    local suite=$1 key
    shift
    root_check
    key=$(date +%G-%V)-$(sha256sum <<< "$*" | cut -c 1-8)
    root=$cache/roots/$suite-$key
    exec {root_lock}> "$cache/roots/.$suite-lock"
    flock "$root_lock"
    if [ ! -e "$root/complete" ]; then
        find "$cache/roots" -maxdepth 1 -name "$suite-*-????????" ! -name "$suite-${key%-*}-*" \
            -exec rm -rf {} +
        rm -rf "$root"
        root_bootstrap "$suite" "$root" --include="$(tr ' ' , <<< "$*")" --skip=cleanup/apt/lists
        cp -L /etc/resolv.conf "$root/etc/resolv.conf"
        touch "$root/complete"
    fi
    exec {root_lock}>&-
}

# The minimal root, made once a week: security updates move on.
root_base() {
    local codename file
    codename=$(root_release)
    file=$cache/roots/$codename-$(date +%G-%V).tar
    if [ ! -s "$file" ]; then
        local root_new=$cache/roots/.new.$$.tar
        rm -f "$cache/roots/$codename"-*.tar
        root_bootstrap "$codename" "$root_new"
        mv "$root_new" "$file"
    fi
    echo "$file"
}

root_unpack() {
    mkdir "$root"
    tar -C "$root" -xpf "$1" || root_die "$1 cannot be unpacked; remove it"
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    mkdir -p "$root/packages"
}

# root_keep BASE NAME KEY COMMAND...: the root of NAME, made from BASE once for each KEY.
root_keep() {
    local base=$1 name=$2 key=$3 file
    shift 3
    file=${base%.tar}-$name-$(sha256sum <<< "$key" | cut -c 1-16).tar
    if [ -s "$file" ]; then
        root_unpack "$file"
        return
    fi
    rm -f "${base%.tar}-$name"-*.tar
    root_unpack "$base"
    "$@" >&2 || root_die "the root for $name cannot be made; the lines above say why"
    tar -C "$root" --one-file-system -cpf "$file.new" . && mv "$file.new" "$file"
}

# Makes $root anew; it goes with the shell that made it. With arguments it is one that COMMAND has
# put something into, kept as long as the minimal one:
#
#   root_make [NAME KEY COMMAND...]
root_make() {
    local base
    root_check
    # One at a time: they share what apt fetched.
    exec {root_lock}> "$cache/roots/.lock"
    flock "$root_lock"
    base=$(root_base) || exit 1
    root_work=$(mktemp -d "$cache/roots/.work.XXXXXX")
    trap 'rm -rf "$root_work"' EXIT
    root=$root_work/root
    if [ $# = 0 ]; then
        root_unpack "$base"
    else
        root_keep "$base" "$@"
        # Nothing is fetched any more, so nobody needs to wait.
        exec {root_lock}>&-
    fi
}

# Runs a command in the root, with mounts and processes that end with it.
in_root() {
    unshare --mount --pid --fork --kill-child -- /bin/sh -c '
        set -e
        root=$1 archives=$2 binds=$3
        shift 3
        mount -t proc proc "$root/proc"
        mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
        for node in null zero full random urandom tty; do
            [ -e "$root/dev/$node" ] || : > "$root/dev/$node"
            mount --bind "/dev/$node" "$root/dev/$node"
        done
        ln -sfn /proc/self/fd "$root/dev/fd"
        mkdir -p "$root/dev/shm"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        mount --bind "$archives" "$root/var/cache/apt/archives"
        for dir in $binds; do
            mkdir -p "$root$dir"
            mount --bind "$dir" "$root$dir"
        done
        exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
            LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
    ' sh "$root" "$cache/roots/archives" "${root_binds[*]}" "$@"
}

root_apt() {
    in_root apt-get -q -y --no-install-recommends -o APT::Sandbox::User=root \
        -o Dpkg::Use-Pty=0 "$@"
}

# root_add PACKAGE...: more for a kept root, once.
root_add() {
    in_root dpkg -s "$@" > /dev/null 2>&1 && return
    # The folder of what apt fetched is everybody's, and apt does not wait for it.
    exec {root_lock}> "$cache/roots/.lock"
    flock "$root_lock"
    root_apt install "$@"
    exec {root_lock}>&-
}

# root_add_for_qemu VERSION: what QEMU's configure asks for from 11.1 on; a suite with an older QEMU
# has none of it.
root_add_for_qemu() {
    dpkg --compare-versions "$1" lt 1:11 || root_add python3-pip python3-pycotap python3-qemu-qmp
}

# root_needs FOLDER NAME...: what the packages in a folder of the root need, without those names.
root_needs() {
    local folder=$1
    shift
    root_apt -s install $(cd "$root" && find ".$folder" -name '*.deb' -printf "$folder/%P\n") |
        sed -n 's/^Inst \([^ ]*\) .*/\1/p' | grep -vxF "$(printf '%s\n' "$@")"
}
