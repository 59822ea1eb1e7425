# SPDX-License-Identifier: MIT
# fish completion for ubctl. Made by `make ubctl-docs` of ubctl/docs/ubctl.fish.in and the commands.

# The words so far, without options and their values.
function __ubctl_path
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
        else if string match -q -- '-*' $word
            contains -- $word $__ubctl_with_value; and set skip 1
        else
            echo $word
        end
    end
end

# Whether the words are these and no more.
function __ubctl_at
    set -l words (__ubctl_path)
    test "$words" = "$argv"
end

# Whether the words begin with these.
function __ubctl_in
    set -l words (__ubctl_path)
    test "$words[1..$(count $argv)]" = "$argv"
end

function __ubctl_run
    set -l tool (commandline -opc)[1]
    command $tool --no-header $argv 2>/dev/null
end

function __ubctl_devices
    __ubctl_run list | string replace -r '\s.*' ''
    echo soft:
end

function __ubctl_codes
    __ubctl_run explain | string replace -rf '^(\S+)\s+(\S+)\s+\S+\s+\S+\s+(.*)' '$1\t$3'
    __ubctl_run explain | string replace -rf '^\S+\s+(\S+)\s+\S+\s+\S+\s+(.*)' '$1\t$2'
end

# The codes from 100.
function __ubctl_statuses
    __ubctl_run explain | string replace -rf '^UB-E01\S+\s+(\S+)\s+\S+\s+\S+\s+(.*)' '$1\t$2'
end

function __ubctl_schemas
    __ubctl_run schema
end

complete -c ubctl -f
complete -c ubctl -s h -l help -d 'help for the command so far'
complete -c ubctl -n __ubctl_at -l version -d 'the version of the tool alone'
set -g __ubctl_with_value -d \
    --device \
    -o \
    --output \
    --timeout \
    --scope \
    --tid \
    --queue \
    --type \
    --id \
    --count \
    --skip \
    --status \
    --substatus \
    --end \
    --delay \
    --offset \
    --bytes \
    --info \
    -n \
    --by \
    --interval \
    --sort \
    --filter \
    --format \
    --depth \
    --pattern \
    --pattern-size \
    --size \
    --alpha \
    --beta \
    --c \
    --seconds

complete -c ubctl -n '__ubctl_at' -a list -d 'list devices'
complete -c ubctl -n '__ubctl_at' -a device -d 'devices'
complete -c ubctl -n '__ubctl_at' -a context -d 'open contexts'
complete -c ubctl -n '__ubctl_at' -a memory -d 'registered memory'
complete -c ubctl -n '__ubctl_at' -a queue -d 'queues'
complete -c ubctl -n '__ubctl_at' -a health -d 'faults and recoveries'
complete -c ubctl -n '__ubctl_at' -a monitor -d 'tell of faults, recoveries and resets as they happen'
complete -c ubctl -n '__ubctl_at' -a doctor -d 'what is wrong with this machine, and how to mend it'
complete -c ubctl -n '__ubctl_at' -a stat -d 'how busy devices are, a line each interval'
complete -c ubctl -n '__ubctl_at' -a top -d 'how busy devices, contexts and queues are, on the whole screen'
complete -c ubctl -n '__ubctl_at' -a export -d 'for monitoring systems'
complete -c ubctl -n '__ubctl_at' -a topo -d 'where devices are: NUMA node, PCI root, ports'
complete -c ubctl -n '__ubctl_at' -a submit -d 'run one operation on a device'
complete -c ubctl -n '__ubctl_at' -a selftest -d 'check a device with real data'
complete -c ubctl -n '__ubctl_at' -a bench -d 'how fast a device takes commands'
complete -c ubctl -n '__ubctl_at' -a version -d 'versions of tool, library and contracts'
complete -c ubctl -n '__ubctl_at' -a help -d 'commands, or one command'\''s options'
complete -c ubctl -n '__ubctl_at' -a schema -d 'JSON Schema of the machine-readable output'
complete -c ubctl -n '__ubctl_at' -a explain -d 'what an error code means and what to do'
complete -c ubctl -n '__ubctl_at device' -a list -d 'list devices'
complete -c ubctl -n '__ubctl_at device' -a show -d 'what a device is and who uses it'
complete -c ubctl -n '__ubctl_at device' -a info -d 'identity, versions and limits of a device'
complete -c ubctl -n '__ubctl_at device' -a caps -d 'which features and opcodes a device has'
complete -c ubctl -n '__ubctl_at device' -a reset -d 'reset a device, a context or a queue; what is lost dies'
complete -c ubctl -n '__ubctl_at context' -a list -d 'list your open contexts (as root, everybody'\''s)'
complete -c ubctl -n '__ubctl_at memory' -a list -d 'list your registered segments (as root, everybody'\''s)'
complete -c ubctl -n '__ubctl_at queue' -a list -d 'list your send, receive and completion queues (as root, everybody'\''s)'
complete -c ubctl -n '__ubctl_at queue' -a show -d 'a queue'\''s settings and what it has done'
complete -c ubctl -n '__ubctl_at health' -a show -d 'faults and recoveries of devices since they were bound'
complete -c ubctl -n '__ubctl_at health' -a dump -d 'the core dump that a device left when it hung'
complete -c ubctl -n '__ubctl_at health' -a inject -d 'make an emulated device misbehave'
complete -c ubctl -n '__ubctl_at health' -a faults -d 'which faults are armed, and how many were given'
complete -c ubctl -n '__ubctl_at export' -a prometheus -d 'counters and faults, as Prometheus reads them'
complete -c ubctl -n '__ubctl_at submit' -a nop -d 'post commands that do nothing, to time the path'
complete -c ubctl -n '__ubctl_at submit' -a copy -d 'copy a file through a device'
complete -c ubctl -n '__ubctl_at submit' -a fill -d 'write a file that a device fills with a pattern'
complete -c ubctl -n '__ubctl_at submit' -a crc32c -d 'CRC-32C of a file, computed by a device'
complete -c ubctl -n '__ubctl_at submit' -a gemm -d 'matrix product of .npy files, computed by a device'
complete -c ubctl -n '__ubctl_at help' -a list -d 'list devices'
complete -c ubctl -n '__ubctl_at help' -a device -d 'devices'
complete -c ubctl -n '__ubctl_at help' -a context -d 'open contexts'
complete -c ubctl -n '__ubctl_at help' -a memory -d 'registered memory'
complete -c ubctl -n '__ubctl_at help' -a queue -d 'queues'
complete -c ubctl -n '__ubctl_at help' -a health -d 'faults and recoveries'
complete -c ubctl -n '__ubctl_at help' -a monitor -d 'tell of faults, recoveries and resets as they happen'
complete -c ubctl -n '__ubctl_at help' -a doctor -d 'what is wrong with this machine, and how to mend it'
complete -c ubctl -n '__ubctl_at help' -a stat -d 'how busy devices are, a line each interval'
complete -c ubctl -n '__ubctl_at help' -a top -d 'how busy devices, contexts and queues are, on the whole screen'
complete -c ubctl -n '__ubctl_at help' -a export -d 'for monitoring systems'
complete -c ubctl -n '__ubctl_at help' -a topo -d 'where devices are: NUMA node, PCI root, ports'
complete -c ubctl -n '__ubctl_at help' -a submit -d 'run one operation on a device'
complete -c ubctl -n '__ubctl_at help' -a selftest -d 'check a device with real data'
complete -c ubctl -n '__ubctl_at help' -a bench -d 'how fast a device takes commands'
complete -c ubctl -n '__ubctl_at help' -a version -d 'versions of tool, library and contracts'
complete -c ubctl -n '__ubctl_at help' -a help -d 'commands, or one command'\''s options'
complete -c ubctl -n '__ubctl_at help' -a schema -d 'JSON Schema of the machine-readable output'
complete -c ubctl -n '__ubctl_at help' -a explain -d 'what an error code means and what to do'
complete -c ubctl -n '__ubctl_at help device' -a list -d 'list devices'
complete -c ubctl -n '__ubctl_at help device' -a show -d 'what a device is and who uses it'
complete -c ubctl -n '__ubctl_at help device' -a info -d 'identity, versions and limits of a device'
complete -c ubctl -n '__ubctl_at help device' -a caps -d 'which features and opcodes a device has'
complete -c ubctl -n '__ubctl_at help device' -a reset -d 'reset a device, a context or a queue; what is lost dies'
complete -c ubctl -n '__ubctl_at help context' -a list -d 'list your open contexts (as root, everybody'\''s)'
complete -c ubctl -n '__ubctl_at help memory' -a list -d 'list your registered segments (as root, everybody'\''s)'
complete -c ubctl -n '__ubctl_at help queue' -a list -d 'list your send, receive and completion queues (as root, everybody'\''s)'
complete -c ubctl -n '__ubctl_at help queue' -a show -d 'a queue'\''s settings and what it has done'
complete -c ubctl -n '__ubctl_at help health' -a show -d 'faults and recoveries of devices since they were bound'
complete -c ubctl -n '__ubctl_at help health' -a dump -d 'the core dump that a device left when it hung'
complete -c ubctl -n '__ubctl_at help health' -a inject -d 'make an emulated device misbehave'
complete -c ubctl -n '__ubctl_at help health' -a faults -d 'which faults are armed, and how many were given'
complete -c ubctl -n '__ubctl_at help export' -a prometheus -d 'counters and faults, as Prometheus reads them'
complete -c ubctl -n '__ubctl_at help submit' -a nop -d 'post commands that do nothing, to time the path'
complete -c ubctl -n '__ubctl_at help submit' -a copy -d 'copy a file through a device'
complete -c ubctl -n '__ubctl_at help submit' -a fill -d 'write a file that a device fills with a pattern'
complete -c ubctl -n '__ubctl_at help submit' -a crc32c -d 'CRC-32C of a file, computed by a device'
complete -c ubctl -n '__ubctl_at help submit' -a gemm -d 'matrix product of .npy files, computed by a device'
complete -c ubctl -s d -l device -x -a '(__ubctl_devices)' -d 'ub0, /dev/ub/ub0, a PCI address, an EID, or soft:[KEY=VALUE,...]'
complete -c ubctl -s o -l output -x -a 'table json' -d 'table or json'
complete -c ubctl -l no-header -d 'tables without their heading'
complete -c ubctl -s q -l quiet -d 'of commands that act, print the bare result or nothing'
complete -c ubctl -l timeout -x -d 'longest wait for one completion, 0.000001 to 1000000 seconds'
complete -c ubctl -n '__ubctl_in device show' -a '(__ubctl_devices)'
complete -c ubctl -n '__ubctl_in device info' -a '(__ubctl_devices)'
complete -c ubctl -n '__ubctl_in device caps' -a '(__ubctl_devices)'
complete -c ubctl -n '__ubctl_in device reset' -l scope -x -a 'device context queue flr' -d 'device, the default; context or queue alone; flr: by the PCI core'
complete -c ubctl -n '__ubctl_in device reset' -l tid -x -d 'the context, of --scope context'
complete -c ubctl -n '__ubctl_in device reset' -l queue -x -d 'the queue'\''s id, of --scope queue'
complete -c ubctl -n '__ubctl_in device reset' -l type -x -a 'jfs jfr' -d 'of the queue: jfs, the default, or jfr'
complete -c ubctl -n '__ubctl_in device reset' -l force -d 'also when something would die'
complete -c ubctl -n '__ubctl_in device reset' -a '(__ubctl_devices)'
complete -c ubctl -n '__ubctl_in health show' -a '(__ubctl_devices)'
complete -c ubctl -n '__ubctl_in health dump' -F
complete -c ubctl -n '__ubctl_in health dump' -l discard -d 'free it afterwards, so that the next can be kept'
complete -c ubctl -n '__ubctl_in health inject' -a 'status poison stall cqe-delay cqe-torn lost-irq lost-doorbell admin-status admin-silent link-down event fatal'
complete -c ubctl -n '__ubctl_in health inject' -l id -x -d 'the queue, segment, vector or opcode concerned'
complete -c ubctl -n '__ubctl_in health inject' -l count -x -a 'forever' -d 'how often: a number, by default 1, or forever'
complete -c ubctl -n '__ubctl_in health inject' -l skip -x -d 'occasions that pass before; default 0'
complete -c ubctl -n '__ubctl_in health inject' -l status -x -a '(__ubctl_statuses)' -d 'of status and admin-status: a name such as LOC_ACCESS_ERR, or a number'
complete -c ubctl -n '__ubctl_in health inject' -l substatus -x -d 'of status: a number'
complete -c ubctl -n '__ubctl_in health inject' -l end -x -a 'queue context device time' -d 'of stall, what ends it: the reset of its queue, the default, context or device, or time'
complete -c ubctl -n '__ubctl_in health inject' -l delay -x -d 'of cqe-delay, cqe-torn, stall --end time: such as 10ms, at most 10s'
complete -c ubctl -n '__ubctl_in health inject' -l offset -x -d 'of poison: where it begins; default 0'
complete -c ubctl -n '__ubctl_in health inject' -l bytes -x -d 'of poison: how long it is'
complete -c ubctl -n '__ubctl_in health inject' -l type -x -a 'JFC_ERR JFS_ERR JFR_ERR JFR_LIMIT JETTY_ERR JETTY_LIMIT JETTY_GRP_ERR PORT_ACTIVE PORT_DOWN DEV_FATAL EID_CHANGE ELR_ERR ELR_DONE' -d 'of event: such as JFS_ERR'
complete -c ubctl -n '__ubctl_in health inject' -l tid -x -d 'of event: the context told; default: all'
complete -c ubctl -n '__ubctl_in health inject' -l info -x -a '(__ubctl_statuses)' -d 'of event: its cause; default SUCCESS'
complete -c ubctl -n '__ubctl_in health inject' -l remove -d 'disarm those of this kind and --id'
complete -c ubctl -n '__ubctl_in monitor' -s n -l count -x -d 'end after so many events; default: never'
complete -c ubctl -n '__ubctl_in stat' -l by -x -a 'device context queue' -d 'whom a line tells of: device, context or queue'
complete -c ubctl -n '__ubctl_in top' -l once -d 'print the rates of one interval, and end'
complete -c ubctl -n '__ubctl_in top' -l interval -x -d 'from reading to reading, 0.1 to 86400; default: 1'
complete -c ubctl -n '__ubctl_in top' -l sort -x -a 'busy commands bytes pending p50 p99 doorbells saved interrupts errors pinned' -d 'begin sorted by busy, commands, bytes, pending, p50, p99, doorbells, saved, interrupts, errors, pinned'
complete -c ubctl -n '__ubctl_in top' -l filter -x -d 'begin with rows that have this text'
complete -c ubctl -n '__ubctl_in top' -l by -x -a 'device context queue' -d 'begin with this: device, context or queue'
complete -c ubctl -n '__ubctl_in export prometheus' -F
complete -c ubctl -n '__ubctl_in export prometheus' -l contexts -d 'also each context, with a histogram of service times'
complete -c ubctl -n '__ubctl_in topo' -l format -x -a 'tree dot svg' -d 'tree, the default; dot for Graphviz; svg, a picture'
complete -c ubctl -n '__ubctl_in submit nop' -s n -l count -x -d 'how many'
complete -c ubctl -n '__ubctl_in submit nop' -l depth -x -d 'how many at once'
complete -c ubctl -n '__ubctl_in submit copy' -F
complete -c ubctl -n '__ubctl_in submit copy' -F
complete -c ubctl -n '__ubctl_in submit fill' -l pattern -x -d 'number to repeat, little-endian; 0x for hex'
complete -c ubctl -n '__ubctl_in submit fill' -l pattern-size -x -a '1 2 4 8' -d 'its bytes; default: as few as hold it'
complete -c ubctl -n '__ubctl_in submit fill' -l size -x -d 'bytes of the file; K, M, G, T for powers of 1024'
complete -c ubctl -n '__ubctl_in submit fill' -F
complete -c ubctl -n '__ubctl_in submit crc32c' -F
complete -c ubctl -n '__ubctl_in submit gemm' -F
complete -c ubctl -n '__ubctl_in submit gemm' -F
complete -c ubctl -n '__ubctl_in submit gemm' -F
complete -c ubctl -n '__ubctl_in submit gemm' -l alpha -x -d 'factor of the product, default 1'
complete -c ubctl -n '__ubctl_in submit gemm' -l beta -x -d 'factor of C, default 1 with --c'
complete -c ubctl -n '__ubctl_in submit gemm' -l c -r -F -d '.npy file to add'
complete -c ubctl -n '__ubctl_in submit gemm' -l trans-a -d 'A is stored transposed'
complete -c ubctl -n '__ubctl_in submit gemm' -l trans-b -d 'B is stored transposed'
complete -c ubctl -n '__ubctl_in bench' -l seconds -x -d 'how long each line is measured, 0.001 to 3600; default 0.1'
complete -c ubctl -n '__ubctl_in schema' -a '(__ubctl_schemas)'
complete -c ubctl -n '__ubctl_in explain' -a '(__ubctl_codes)'
