/* SPDX-License-Identifier: MIT */
/*
 * A device core over made-up guest memory: an arena is the bus address space, page tables and rings
 * are built in it, and short helpers drive the admin ring, queues and doorbells.
 */
#ifndef UB_TEST_HARNESS_H
#define UB_TEST_HARNESS_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ub/ub_hw.h>

#include "../../qemu_device/core/ub_core.h"

#define BUS_BASE	0x10000000ull
#define ARENA_SIZE	(96ull << 20)
#define HBM_TEST_SIZE	(4ull << 20)
#define PAGE		4096ull
#define RWA		(UB_PTE_READ | UB_PTE_WRITE | UB_PTE_ATOMIC)
#define RW		(UB_PTE_READ | UB_PTE_WRITE)

struct rig {
	struct ub_core *core;
	struct ub_core_config config;
	uint8_t *arena;
	uint64_t used;
	uint8_t *hbm;
	atomic_long maps;		/* outstanding */
	atomic_uint irq[64];
	atomic_uint errors;		/* guest_error() lines */
	atomic_uint pages_on, pages_off;
	size_t map_limit;		/* largest contiguous map, 0: no limit */
	atomic_ullong taken, taken_end;	/* bus addresses that map() does not find */
	bool attends;			/* the host has attend(), which calls on_attend */
	void (*_Atomic on_attend)(struct rig *rig);
	/* Called first thing by the host operations, on whatever thread; may block. */
	void (*_Atomic on_map)(struct rig *rig, uint64_t addr, bool is_write);
	void (*_Atomic on_irq)(struct rig *rig, unsigned vector);
	void *hook;			/* of the test */
	atomic_ullong fake_ns;		/* the device's clock, 0: the real one */
	uint64_t admin_base;
	uint32_t admin_depth, admin_pi;
	struct ub_admin_reply reply;	/* of the last command */
	uint64_t eq_ring[8];
	uint32_t eq_ci[8], eq_depth;
	uint32_t next_id, next_page;
};

struct tctx {
	struct rig *rig;
	uint32_t tid;
	uint64_t root;			/* bus address of the level 4 table */
	uint64_t next_va;
};

struct tjfc {
	struct rig *rig;
	uint32_t id, depth, page, ci;
	uint64_t ring_va, rec_va;
	struct ub_hw_cqe *ring;
	struct ub_hw_jfc_rec *rec;
};

struct tjfs {
	struct rig *rig;
	struct tjfc *jfc;
	uint32_t id, depth, page, pi;
	uint8_t *ring;
	struct ub_hw_jfs_rec *rec;
};

/* The token of each JFR of the tests. */
#define JFR_TOKEN 0x5e11

struct tjfr {
	struct rig *rig;
	uint32_t id, depth, pi;
	struct ub_hw_recv_wqe *ring;
	struct ub_hw_jfr_rec *rec;
};

struct tseg {
	uint32_t id, token;
	uint64_t va, len;
	uint8_t *ptr;			/* contiguous in the arena */
};

/* A WQE under construction: up to four blocks. */
union twqe {
	struct ub_hw_wqe w;
	struct {
		uint8_t head[48];
		union ub_hw_wqe_ext ext;
	};
	uint8_t raw[256];
};

/* ---- Devices ---- */
void rig_init(struct rig *rig, unsigned number);
void rig_init_config(struct rig *rig, const struct ub_core_config *config);
void rig_config(struct rig *rig, struct ub_core_config *config, unsigned number);
/* Also checks that nothing stayed mapped. */
void rig_fini(struct rig *rig);
/* Admin ring and event queues 0 and 1. */
void rig_enable(struct rig *rig);
const struct ub_core_host *rig_host(void);

/* ---- Memory: bus addresses ---- */
uint64_t bus_alloc(struct rig *rig, uint64_t bytes, uint64_t align);
void *bus_ptr(struct rig *rig, uint64_t bus);

/* ---- Admin ---- */
unsigned admin(struct rig *rig, const struct ub_admin_cmd *cmd);
unsigned admin_simple(struct rig *rig, unsigned op, uint32_t id);
unsigned query(struct rig *rig, unsigned op, uint32_t id);

/* ---- Contexts and page tables ---- */
void ctx_new(struct rig *rig, struct tctx *ctx);
void pt_set(struct tctx *ctx, uint64_t uba, uint64_t pte);
uint64_t *pt_entry(struct tctx *ctx, uint64_t uba, unsigned level);
void pt_map(struct tctx *ctx, uint64_t uba, uint64_t bus, uint64_t len, uint64_t rights);
/* Fresh memory mapped with 4 KiB leaves; its address for WQEs is the UBA. */
uint64_t mem_new(struct tctx *ctx, uint64_t len, uint64_t rights, uint8_t **ptr);

/* ---- Segments ---- */
struct ub_admin_cmd seg_cmd(struct rig *rig, struct tctx *ctx, uint64_t va, uint64_t len,
			    uint32_t access, uint32_t token);
void seg_new(struct tctx *ctx, struct tseg *seg, uint64_t len, uint32_t access, uint32_t token);

/* ---- Queues ---- */
struct ub_admin_cmd jfc_cmd(struct tctx *ctx, struct tjfc *jfc, uint32_t depth);
void jfc_new(struct tctx *ctx, struct tjfc *jfc, uint32_t depth);
struct ub_admin_cmd jfs_cmd(struct tctx *ctx, struct tjfs *jfs, struct tjfc *jfc, uint32_t depth);
void jfs_new(struct tctx *ctx, struct tjfs *jfs, struct tjfc *jfc, uint32_t depth, uint32_t flags);
void jetty_new(struct tctx *ctx, struct tjfs *jfs, struct tjfc *jfc, struct tjfr *jfr);
struct ub_admin_cmd jfr_cmd(struct tctx *ctx, struct tjfr *jfr, struct tjfc *jfc, uint32_t depth);
void jfr_new(struct tctx *ctx, struct tjfr *jfr, struct tjfc *jfc, uint32_t depth);
/* With a JFC of its own, 64 deep each. */
void receiver_new(struct tctx *ctx, struct tjfc *jfc, struct tjfr *jfr);
void rings_reset(struct tjfs *jfs);
unsigned jfs_modify(struct tjfs *jfs, unsigned state);
unsigned jfr_modify(struct tjfr *jfr, unsigned state);

/* ---- WQEs ---- */
union twqe wqe_new(unsigned op, unsigned flags, uint64_t user_ctx);
void wqe_target(union twqe *w, const uint8_t eid[16], uint64_t addr, uint32_t id, uint32_t token);
union ub_hw_wqe_ext *wqe_ext(union twqe *w);
void wqe_sge(union twqe *w, uint64_t va, uint32_t len, uint32_t token_id);
void wqe_inline(union twqe *w, const void *data, uint16_t len);
/* SEND without a payload yet to a JFR of jfr_new(), which tells of itself. */
union twqe wqe_send(const uint8_t *eid, uint32_t jfr, unsigned flags, uint64_t user_ctx);
unsigned wqe_blocks(const union twqe *w);
/* Into the ring with idx and owner bit, without publishing. */
void wqe_put(struct tjfs *jfs, union twqe *w);
void publish(struct tjfs *jfs);
/* Publish and ring if event_idx asks for it; whether it did. */
bool ring_db(struct tjfs *jfs, uint32_t old_pi);
void post(struct tjfs *jfs, union twqe *w);
void recv_put(struct tjfr *jfr, uint64_t user_ctx, const struct tseg *seg, uint32_t len);
void recv_publish(struct tjfr *jfr);
void post_recv(struct tjfr *jfr, uint64_t user_ctx, const struct tseg *seg, uint32_t len);

/* ---- Completions ---- */
bool poll_cqe(struct tjfc *jfc, struct ub_hw_cqe *cqe);
/* How long the test waits, then fails; an emulated machine needs more. */
#ifndef TEST_WAIT_MS
#define TEST_WAIT_MS 120000
#endif
struct ub_hw_cqe wait_cqe(struct tjfc *jfc);
struct ub_hw_cqe expect(struct tjfc *jfc, unsigned status, unsigned sub, uint64_t user_ctx);
/* Nothing for some milliseconds. */
void expect_none(struct tjfc *jfc);
struct ub_hw_cqe run(struct tjfs *jfs, union twqe *w);
void rearm(struct tjfc *jfc, unsigned sn, bool solicited);
bool poll_eqe(struct rig *rig, unsigned eq, struct ub_hw_eqe *eqe);
struct ub_hw_eqe wait_eqe(struct rig *rig, unsigned eq);
void sleep_ms(unsigned ms);

/* A place where an engine stops until it is let go on; opened once. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool reached, open;
};

void gate_init(struct gate *gate);
void gate_pass(struct gate *gate);
/* Until somebody has reached it. */
void gate_wait(struct gate *gate);
void gate_open(struct gate *gate);

uint64_t stat_of(struct rig *rig, size_t offset);
#define STAT(rig, field) stat_of(rig, offsetof(struct ub_hw_stats, field))

/* ---- A usual set: one device, one context, JFC, JFS, two segments of 1 MiB ---- */
struct set {
	struct rig rig;
	struct tctx ctx;
	struct tjfc jfc;
	struct tjfs jfs;
	struct tseg a, b;
	const uint8_t *eid;
};

int set_up(void **state);
/* With one engine thread. */
int set_up_one_engine(void **state);
/* As set_up(), of a configuration that rig_config() has begun. */
void set_up_config(struct set *s, const struct ub_core_config *config);
int set_down(void **state);

#endif
