/* SPDX-License-Identifier: MIT */
/* Memory of the guest: kept translations, walks of page tables, pieces of segments as streams. */
#ifndef UB_CORE_MEMORY_H
#define UB_CORE_MEMORY_H

#include "base/device.h"

/* Memory that stays mapped as long as a queue lives, as one pointer a page. */
struct ub_run {
	void *ptr;
	size_t len;
	uint64_t addr;			/* bus address or, with hbm, offset in device memory */
	bool hbm;
};

struct ub_pinned {
	uint8_t **page;
	uint32_t npages, nruns;
	struct ub_run *run;
	bool is_write;
	bool lost;			/* taken away; its pages are private ones */
};

struct ub_ctx {
	struct ub_obj obj;
	uint64_t pt_base;
	struct ub_pinned root;		/* level 4 table */
	struct ub_hw_usage gone;	/* of its queues that are; dma_lock */
};

struct ub_seg {
	struct ub_obj obj;
	struct ub_ctx *ctx;
	uint64_t va, uba, len;
	uint32_t access, policy;
	atomic_uint token;
	atomic_uint holds;		/* commands of the own context under way */
};

struct ub_mem {				/* a piece of a segment */
	struct ub_seg *seg;		/* NULL for an empty piece */
	uint64_t addr;
	uint64_t len;
	bool held;
};

/* ---- ummu.c; all under dma_lock but for creation, which the admin lock covers ---- */
struct ub_walk {
	struct ub_ctx *ctx;
	uint64_t region;		/* 2 MiB regions; what table or huge is of */
	uint64_t *table;
	size_t table_len;
	uint64_t huge;
};

struct ub_leaf {
	uint64_t addr;			/* of the byte asked for */
	uint64_t len;			/* to the end of the leaf */
	bool hbm;
};

void ub_walk_init(struct ub_walk *walk, struct ub_ctx *ctx);
void ub_walk_end(struct ub_walk *walk);
/* 0 or UB_SUB_UNMAPPED, UB_SUB_PTE_RIGHTS. */
int ub_walk_leaf(struct ub_walk *walk, uint64_t uba, uint64_t rights, struct ub_leaf *leaf);
/* As above, over consecutive leaves at consecutive addresses, up to len bytes. */
int ub_walk_run(struct ub_walk *walk, uint64_t uba, uint64_t len, uint64_t rights,
		struct ub_leaf *leaf);

/* 0 or -1. */
int ub_pin_uba(struct ub_pinned *pin, struct ub_ctx *ctx, uint64_t uba, size_t len);
int ub_pin_bus(struct ub_pinned *pin, struct ub_core *core, uint64_t addr, size_t len,
	       bool is_write);
/* The steps of these: a table of pages, then pieces of memory in order. */
int ub_pin_alloc(struct ub_pinned *pin, size_t len, bool is_write);
int ub_pin_piece(struct ub_pinned *pin, struct ub_core *core, uint64_t addr, size_t at, size_t len,
		 size_t total, bool hbm);
/* The page pointers stay until the object is freed; drop takes them as well. */
void ub_unpin(struct ub_pinned *pin, struct ub_core *core);
void ub_pin_drop(struct ub_pinned *pin, struct ub_core *core);

/* ---- taken.c; under the write side of dma_lock ---- */
/* Whether a translation that ended in addr to last has taken some of it away. */
bool ub_pin_taken(const struct ub_pinned *pin, struct ub_core *core, uint64_t addr, uint64_t last,
		  bool gone);
/* Let go of it: what is read is zero, and what is written, if that can be, goes nowhere. */
void ub_pin_lose(struct ub_pinned *pin, struct ub_core *core, bool written);
/* Such a one from the start, its table of pages made. */
void ub_pin_nowhere(struct ub_pinned *pin, bool written);

static inline void *ub_pinned_at(const struct ub_pinned *pin, uint64_t off)
{
	return pin->page[off / UB_HW_PAGE_SIZE] + off % UB_HW_PAGE_SIZE;
}

/* ---- stream.c: bytes of a list of pieces, or of private memory, in order ---- */
struct ub_stream {
	struct ub_core *core;
	uint8_t *flat;			/* private memory, in place of pieces */
	const struct ub_mem *mem;
	unsigned n, i;
	uint64_t off;			/* in piece i */
	uint64_t rights;
	unsigned translations;		/* the core's, that walk and map_ptr are of */
	struct ub_walk walk;
	uint8_t *ptr;			/* mapped and not yet used */
	size_t len;
	void *map_ptr;			/* to be unmapped */
	size_t map_len;
	uint8_t sub;			/* why it failed */
};

void ub_stream_flat(struct ub_stream *s, void *ptr);
void ub_stream_mem(struct ub_stream *s, struct ub_core *core, const struct ub_mem *mem, unsigned n,
		   uint64_t rights);
/* Under dma_lock: make ptr and len show at least 1 byte. */
bool ub_stream_fill(struct ub_stream *s, uint64_t want);
/* All of these few bytes. */
bool ub_stream_fill_all(struct ub_stream *s, uint64_t len);
void ub_stream_skip(struct ub_stream *s, uint64_t n);
/* Go on after the first n bytes of a fresh stream. */
void ub_stream_start_at(struct ub_stream *s, uint64_t n);
/* Under dma_lock: let go of what is mapped. */
void ub_stream_end(struct ub_stream *s);
/*
 * Under dma_lock: end of a burst that is not the last. What is mapped of the own device stays, for
 * a segment's translations hold as long as it does; a peer may go away as a whole.
 */
void ub_stream_pause(struct ub_stream *s, struct ub_core *own);
/* Under dma_lock: start of the next burst; false when the segment is gone. */
bool ub_stream_resume(struct ub_stream *s);
/* Under dma_lock: to off of the same piece, which is not behind. */
void ub_stream_seek(struct ub_stream *s, uint64_t off);

#endif
