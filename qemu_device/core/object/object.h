/* SPDX-License-Identifier: MIT */
/* Objects: rows of kinds, lives, counters, what admin commands share; contexts and segments. */
#ifndef UB_CORE_OBJECT_H
#define UB_CORE_OBJECT_H

#include "memory/memory.h"
#include "visa/visa.h"

struct ub_after;
struct ub_admin;
struct ub_in;
struct ub_out;

#define UB_KIND_PINS	2

/* One row for a kind; kinds.c has them all. What is NULL or 0 a kind does not have. */
struct ub_kind_row {
	uint8_t create_op;		/* of an admin command, and of records of saved state */
	uint16_t size;			/* bytes of its structure */
	uint16_t limit;			/* where struct ub_core_config says how many there can be */
	uint8_t first_id;		/* 1; of EQs 0 */
	uint8_t slot;			/* bytes of an entry of its ring, which its context maps */
	uint16_t pin[UB_KIND_PINS];	/* where its struct ub_pinned are: ring and record */
	bool pin_written[UB_KIND_PINS];	/* and whether the device writes there */
	uint32_t stats;			/* bit n: it counts enum ub_stat n itself */
	int (*create)(struct ub_admin *a);
	/* Under the write side of dma_lock: from now on nothing is touched on its behalf. */
	void (*kill)(struct ub_obj *obj);
	/* As above, and with admin_lock held: its kept memory was taken away. */
	void (*lose)(struct ub_obj *obj, struct ub_after *after);
	/* It is dead, its memory still pinned: stop what goes on without dma_lock. */
	void (*quiesce)(struct ub_obj *obj);
	/* It is dead and its memory is let go: whoever has it is to let go as well. */
	void (*leave)(struct ub_obj *obj);
	/* A reset has taken it away. */
	void (*tell_reset)(struct ub_obj *obj);
	/* The last reference is gone: put what it refers to; its structure is freed after that. */
	void (*end)(struct ub_obj *obj);
	/* On an engine thread without a lock: its timer has run out. */
	void (*expire)(struct ub_obj *obj);
	uint64_t (*count)(struct ub_obj *obj, enum ub_stat stat);
	/* The admin command that would create it, what it has been through since, and back. */
	void (*describe)(struct ub_obj *obj, struct ub_admin_cmd *cmd);
	void (*save)(struct ub_obj *obj, struct ub_out *out);
	void (*load)(struct ub_obj *obj, struct ub_in *in);
};

/* ---- objects.c ---- */
/* NULL: no memory. Free it as long as nobody has it. */
void *ub_obj_new(struct ub_core *core, enum ub_kind kind, uint32_t id);
/* By its own id; NULL: none. */
struct ub_obj *ub_obj_find(struct ub_core *core, enum ub_kind kind, uint32_t id);
bool ub_obj_id_valid(struct ub_core *core, enum ub_kind kind, uint32_t id);
/* Room for a valid id. 0, or negative: no memory. */
int ub_obj_reserve(struct ub_core *core, enum ub_kind kind, uint32_t id);
/* It can be found by its id from now on, or no more. */
void ub_obj_publish(struct ub_obj *obj);
void ub_obj_unpublish(struct ub_obj *obj);
void ub_obj_get(struct ub_obj *obj);
void ub_obj_put(struct ub_obj *obj);
/* With admin_lock held: a reference that keeps the driver from destroying it. */
void ub_obj_use(struct ub_obj *obj);
/* Its n-th memory that is kept, or NULL. */
struct ub_pinned *ub_obj_pin(struct ub_obj *obj, unsigned n);
/* Under the write side of dma_lock: from now on nothing is touched on its behalf. */
void ub_obj_kill(struct ub_obj *obj);
/* Let go of pinned memory; the object is dead. */
void ub_obj_detach(struct ub_obj *obj);
/* Kill, take out of its map, detach and put. */
void ub_obj_destroy(struct ub_obj *obj);

/* ---- stats.c: those that each command moves are counted in its queues ---- */
uint64_t ub_stat_read(struct ub_core *core, enum ub_stat stat);
/* Under the write side of dma_lock: the queue is dead, what it counted stays. */
void ub_stat_retire(struct ub_obj *obj);
/* A queue of a loaded state brings what it counted, which the core's counters hold as well. */
void ub_stat_adopt(struct ub_obj *obj);

/* ---- checks.c: admin commands ---- */
struct ub_admin {			/* one command under way */
	struct ub_core *core;
	const struct ub_admin_cmd *cmd;
	struct ub_admin_reply *reply;
	struct ub_after *after;
	uint32_t page;			/* db_page() to be told of it, 0: nothing */
	bool page_in_use;
	bool injected;			/* the status is a fault's */
	struct ub_kept *kept;		/* of a loaded state: a queue's memory, else NULL */
	struct ub_in *saved;		/* of a loaded state: what follows the command, else NULL */
};

struct ub_kept {
	struct ub_pinned ring, rec;
};

int ub_admin_fail(struct ub_admin *a, enum ub_admin_status status, uint32_t detail);
/* Checks a create has in common; 0 or the status that was set. */
int ub_admin_check_new(struct ub_admin *a, enum ub_kind kind);
int ub_admin_check_ring(struct ub_admin *a, uint64_t ring, uint64_t rec, uint32_t depth,
			uint32_t depth_off);
int ub_admin_check_page(struct ub_admin *a, uint32_t page, uint32_t off);
/* Ring and record of a JFS, JFR or JFC. */
int ub_admin_pin_queue(struct ub_admin *a, struct ub_ctx *ctx, struct ub_obj *obj);
struct ub_ctx *ub_admin_ctx(struct ub_admin *a, uint32_t tid, uint32_t off);
/* The object cmd.id names, or NULL with BAD_ID set. */
struct ub_obj *ub_admin_obj(struct ub_admin *a, enum ub_kind kind);

/* Ends an object of the context if no command holds it, else BUSY with how many do. */
int ub_admin_end_unheld(struct ub_admin *a, struct ub_obj *obj, const atomic_uint *holds,
			struct ub_ctx *ctx);

/* ---- ctx.c, seg.c: admin commands, 0 or the status that was set ---- */
int ub_ctx_create(struct ub_admin *a);
int ub_ctx_destroy(struct ub_admin *a);
int ub_seg_create(struct ub_admin *a);
int ub_seg_modify(struct ub_admin *a);
int ub_seg_destroy(struct ub_admin *a);
void ub_seg_end(struct ub_obj *obj);

/* ---- program.c ---- */
struct ub_program {
	struct ub_obj obj;
	struct ub_ctx *ctx;
	struct ub_visa_insn *insns;
	uint32_t count;
	struct ub_visa_needs needs;
	atomic_uint holds;		/* launches under way */
};

int ub_program_create(struct ub_admin *a);
int ub_program_destroy(struct ub_admin *a);
void ub_program_end(struct ub_obj *obj);
/* Under dma_lock: the program of that id, referenced and held; NULL: the context has none. */
struct ub_program *ub_program_hold(struct ub_ctx *ctx, uint32_t id);
void ub_program_unhold(struct ub_program *program);

/* ---- seg.c: the checks of section 4 up to the leaves; under dma_lock ---- */
/* 0 or UB_SUB_*; fills mem with a referenced segment. */
int ub_seg_local(struct ub_ctx *ctx, uint32_t token_id, uint64_t addr, uint64_t len,
		 struct ub_mem *mem);
/* user: whose queue asks. token: NULL if it was checked before. */
int ub_seg_token(struct ub_core *owner, const struct ub_ctx *user, uint32_t token_id,
		 const uint32_t *token, uint32_t access, uint64_t addr, uint64_t len,
		 struct ub_mem *mem);
void ub_mem_hold(struct ub_mem *mem);
void ub_mem_unhold(struct ub_mem *mem);
void ub_mem_put(struct ub_mem *mem);

#endif
