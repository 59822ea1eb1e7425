/* SPDX-License-Identifier: MIT */
/* What all processes of a run share: counts, the coverage map, programs that reached something new.
 */
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>

constexpr unsigned MAX_ERRNO = 134, PROCESSES = 3, THREADS = 2, LINEAGE = 8, MAX_KEPT = 8192,
                   RECENT = 16, MAP_BITS = 1u << 16;

/* A program is made of its first number and changed by each further one. */
struct lineage {
    uint32_t length;
    uint64_t seeds[LINEAGE];
};

enum op : uint32_t {
    OP_IOCTL_FIRST, /* one for each ioctl, in the order of the table */
    OP_IOCTL_LAST = OP_IOCTL_FIRST + 20,
    OP_IOCTL_RAW,
    OP_OPEN,
    OP_CLOSE,
    OP_DUP,
    OP_MMAP,
    OP_MUNMAP,
    OP_MREMAP,
    OP_MPROTECT,
    OP_DOORBELL,
    OP_RING,
    OP_READ,
    OP_POLL,
    OP_MADVISE,
    OP_FORK,
    OP_URING_OPEN,
    OP_URING_SUBMIT,
    OP_URING_WAIT,
    OP_URING_SEG,
    OP_URING_REAP,
    OP_URING_CANCEL,
    OP_URING_RAW,
    OP_URING_CQES,
    OP_NETLINK_GET,
    OP_SYSFS,
    /* The administrator's */
    OP_RESET,
    OP_INJECT,
    OP_PARAMETER,
    OP_FUNCTION_RESET,
    OP_REBIND,
    OP_DUMP,
    OPS
};

struct shared {
    std::atomic<uint64_t> calls[OPS][MAX_ERRNO];
    std::atomic<uint64_t> programs;
    std::atomic<bool> stop;
    std::atomic<uint8_t> map[MAP_BITS];
    std::atomic<uint32_t> places; /* bits set in map */
    std::atomic<uint32_t> kept;
    std::atomic<uint32_t> tids[RECENT], queues[RECENT]; /* for the administrator */
    lineage corpus[MAX_KEPT];
    lineage running[PROCESSES + 1][THREADS];
};

extern shared *all;

/* result: of a system call; its errno is counted. */
inline long count(op o, long result) {
    int e = result < 0 ? errno : 0;
    all->calls[o][e < static_cast<int>(MAX_ERRNO) ? e : MAX_ERRNO - 1]++;
    return result;
}

extern const char *const op_names[OPS];
