# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# Distribution kernels for ubvm: fetched by apt, unpacked in the cache, never installed on the host.
# Sourced; uses $cache and die. Whoever wants another system's kernels sets kernel_apt_options.

# In the order in which they depend on each other, as far as modprobe does not tell. A kernel that
# has no virtio_iommu boots without: it reaches no device behind one.
kernel_boot_modules=(virtio_pci virtio_iommu 9pnet_virtio 9p overlay virtio_console)
kernel_optional_modules=' virtio_iommu '

kernel_apt_options=()

kernel_dir() { echo "$cache/kernel/$1"; }

# The image, and the packages that image and modules are in where they are apart.
kernel_packages() {
    echo "linux-image-$1"
    apt-cache "${kernel_apt_options[@]}" depends "linux-image-$1" 2> /dev/null |
        sed -n 's/^ *Depends: \(linux-\(base\|binary\|modules\)-[0-9].*\)$/\1/p'
}

# The release that a metapackage stands for.
kernel_of_package() {
    apt-cache depends "$1" 2> /dev/null |
        sed -n 's/^ *Depends: linux-image-\([0-9][^ ]*\)$/\1/p' | head -n 1
}

# A series such as 6.12 is its newest release that the distribution or else the cache has; a release
# is itself.
kernel_resolve() {
    local release=''
    case $1 in
        *-*) echo "$1"; return ;;
    esac
    release=$(kernel_of_package "linux-image-$1-amd64")
    [ -n "$release" ] || release=$(
        {
            kernel_cached
            apt-cache pkgnames "linux-image-$1." 2> /dev/null | sed -n 's/^linux-image-//p'
        } | grep -E "^${1//./\\.}\\.[0-9.+a-z-]*-amd64\$" | grep -vE 'rt-|cloud-' | sort -rV |
            head -n 1
    )
    [ -n "$release" ] || 
        die 125 "no kernel $1; ubvm kernels lists what is there, apt-get update finds more"
    echo "$release"
}

# The release that the distribution's metapackage stands for, without asking the network. apt takes
# a second to tell, so what it said is kept until its lists change.
kernel_default() {
    local kept=$cache/kernel/default release
    if [ "$kept" -nt /var/lib/apt/lists ]; then
        cat "$kept"
        return
    fi
    release=$(kernel_of_package linux-image-amd64)
    [ -n "$release" ] || release=$(kernel_cached | head -n 1)
    [ -n "$release" ] || die 125 "no kernel known; run apt-get update, or ubvm fetch-kernel VERSION"
    mkdir -p "$cache/kernel"
    echo "$release" > "$kept.$$" && mv "$kept.$$" "$kept"
    echo "$release"
}

kernel_cached() {
    local dir
    for dir in "$cache"/kernel/*/complete; do
        [ -e "$dir" ] && basename "$(dirname "$dir")"
    done | sort -rV
}

# The default first, then what is in the cache.
kernel_list() {
    local default
    default=$(kernel_default)
    echo "$default"
    kernel_cached | grep -vxF "$default" || true
}

kernel_fetch() {
    local release=$1 dir work deb
    dir=$(kernel_dir "$release")
    [ -e "$dir/complete" ] && return 0
    [[ $release =~ ^[0-9][A-Za-z0-9.+~-]*$ ]] || die 2 "$release: not a kernel release"
    mkdir -p "$cache/kernel"
    (
        flock 9
        [ -e "$dir/complete" ] && exit 0
        work=$(mktemp -d "$cache/kernel/.work.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        cd "$work" || exit
        # shellcheck disable=SC2046 # one word a package
        apt-get -q -o APT::Sandbox::User=root "${kernel_apt_options[@]}" download \
            $(kernel_packages "$release") > apt.log 2>&1 ||
            die 125 "linux-image-$release cannot be had: $(tail -n 1 apt.log)"
        for deb in *.deb; do
            dpkg -x "$deb" root
        done
        mkdir -p tree/lib
        mv root/boot/vmlinuz-* tree/vmlinuz 2> /dev/null ||
            mv "root/usr/lib/modules/$release/vmlinuz" tree/vmlinuz
        if [ -d root/usr/lib/modules ]; then
            mv root/usr/lib/modules tree/lib/
        else
            mv root/lib/modules tree/lib/
        fi
        PATH=$PATH:/sbin:/usr/sbin depmod -b tree "$release"
        rm -rf "$dir"
        mv tree "$dir"
        touch "$dir/complete"
    ) 9> "$cache/kernel/.lock"
}

# What QEMU boots: the kernel unpacked, which spares a slow guest the work. It is entered by its PVH
# note; where that or the unpacker is missing, the image as it came.
kernel_image() {
    local dir image
    dir=$(kernel_dir "$1")
    image=$dir/vmlinux
    if [ ! -e "$image" ]; then
        (
            trap 'rm -f "$image.$$"' EXIT
            [ -s "$dir/vmlinuz" ] || die 125 "$dir: no kernel in it; remove that folder"
            # What is not as expected ends the inner shell.
            (kernel_unpack "$dir/vmlinuz" > "$image.$$") 2> /dev/null ||
                cp "$dir/vmlinuz" "$image.$$" || die 125 "$image: cannot be written"
            mv "$image.$$" "$image"
        )
    fi
    echo "$image"
}

# A 32-bit number at an offset in a file.
kernel_word() { od -A n -t u4 -j "$2" -N 4 "$1" | tr -d ' '; }

# The payload of a bzImage; its place is in the setup header, and it ends with its unpacked size.
kernel_unpack() {
    local image=$1 sectors start length unpacker
    sectors=$(od -A n -t u1 -j $((0x1f1)) -N 1 "$image" | tr -d ' ')
    start=$(((sectors + 1) * 512 + $(kernel_word "$image" $((0x248)))))
    length=$(($(kernel_word "$image" $((0x24c))) - 4))
    case $(od -A n -t x1 -j "$start" -N 4 "$image" | tr -d ' ') in
        fd377a58) unpacker='xz -d' ;;
        28b52ffd) unpacker='zstd -d -q' ;;
        1f8b*) unpacker='gzip -d' ;;
        *) return 1 ;;
    esac
    head -c "$((start + length))" "$image" | tail -c "$length" | $unpacker
}

kernel_has_module() {
    PATH=$PATH:/sbin:/usr/sbin modprobe -d "$(kernel_dir "$1")" -S "$1" --show-depends "$2" \
        > /dev/null 2>&1
}

kernel_module_files() {
    local release=$1 module
    for module in "${kernel_boot_modules[@]}"; do
        [[ $kernel_optional_modules != *" $module "* ]] || kernel_has_module "$release" "$module" ||
            continue
        PATH=$PATH:/sbin:/usr/sbin modprobe -d "$(kernel_dir "$release")" -S "$release" \
            --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
    done | awk '!seen[$0]++'
}

# An initramfs of busybox, the modules to reach the host's files, and the init given; kept by
# content.
kernel_initrd() {
    local release=$1 init=$2 busybox key image
    busybox=$(command -v busybox) || die 125 "busybox: not found; apt-get install busybox-static"
    key=$({ cat "$init" "$busybox" && echo "${kernel_boot_modules[@]}"; } | sha256sum |
        cut -c 1-16)
    image=$(kernel_dir "$release")/initrd-$key
    [ -e "$image" ] || kernel_make_initrd "$release" "$init" "$busybox" "$image"
    echo "$image"
}

kernel_make_initrd() (
    release=$1 init=$2 busybox=$3 image=$4
    work=$(mktemp -d "$cache/kernel/.work.XXXXXX")
    trap 'rm -rf "$work" "$image.$$"' EXIT
    mkdir -p "$work/bin" "$work/modules"
    cp "$busybox" "$work/bin/busybox"
    install -m 755 "$init" "$work/init"
    while read -r file; do
        cp "$file" "$work/modules/"
        basename "${file%.xz}" >> "$work/modules/order"
    done < <(kernel_module_files "$release")
    ! compgen -G "$work/modules/*.xz" > /dev/null || unxz "$work"/modules/*.xz
    (cd "$work" && find . | cpio --quiet -o -H newc) > "$image.$$"
    mv "$image.$$" "$image"
)
