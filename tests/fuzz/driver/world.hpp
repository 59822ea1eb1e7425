/* SPDX-License-Identifier: MIT */
/*
 * What the threads of one process act on, without locks: files, ids of objects, mappings. Places in
 * it hold what was made there last, which may be gone by now.
 */
#pragma once

#include "random.hpp"
#include "shared.hpp"

#include <atomic>
#include <cstdint>

#include <ub/ub_uapi.h>

constexpr unsigned FILES = 3, CHANNELS = 2, IDS = 6, MAPS = 6, PAGE = 4096, DEVICES = 2;
constexpr size_t ARENA = 6u << 20;

enum kind { SEG, JFC, JFS, JFR, KJFC, KJFS, PROGRAM, KINDS };

/* A context and what was made in it last. */
struct context {
    std::atomic<int> fd = -1;
    std::atomic<uint32_t> id[KINDS][IDS];
    std::atomic<uint64_t> db_offset[IDS];

    /* Anything of a kind, rarely nonsense. */
    uint32_t some_id(rng &r, kind k);
    void keep_id(rng &r, kind k, uint32_t value) { id[k][r.below(IDS)] = value; }
    /* As close(2) does; nothing if another thread did. */
    void shut();
};

struct world {
    context file[FILES];
    std::atomic<int> channel[CHANNELS];
    std::atomic<uint8_t *> map[MAPS];
    uint8_t *arena; /* ARENA bytes and a page that cannot be reached */
    int event_fd;
    uint8_t eid[16];

    world();
    /* Mostly an open one. */
    context &some_file(rng &r);
    /* An address in the arena or at its end, rarely nonsense. */
    uint64_t some_address(rng &r, uint64_t align);
};

/* A WQE or several that are well-formed, or nearly. Returns the WQEBBs. */
unsigned make_wqes(rng &r, world &w, context &c, uint8_t *to, unsigned max_blocks);

/* What a thread has of its own. */
struct thread_state {
    struct io *ring = nullptr;
    uint8_t *edge = nullptr; /* end of a page that is followed by nothing */
    int netlink = -1;
};

void run_op(op o, rng r, world &w, thread_state &t);
void run_ioctl(op o, rng &r, world &w, thread_state &t);
void run_uring(op o, rng &r, world &w, thread_state &t);
void run_admin(op o, rng &r, thread_state &t);
void uring_close(thread_state &t);
void open_file(rng &r, world &w, context &c);
/* One of each object, by calls with nothing wrong in them, and the doorbells mapped. */
void make_scene(rng &r, world &w, context &c);
/* From now on a store to a mapping that another thread took away does nothing. */
void survive_faults();
/* Parameters of the driver for a run. */
void set_limits();
/* Both devices bound, alive and without faults. */
bool devices_work();
