/* SPDX-License-Identifier: MIT */
/*
 * The device core: all behaviour of the UB NPU behind a small host interface. A front end (QEMU,
 * the soft provider of libub, a test) supplies the host operations and forwards register and
 * doorbell accesses. The core knows nothing of QEMU, of PCI or of who calls it.
 *
 * Threads: ub_core_reg_*, ub_core_db_* and ub_core_reset may be called from any thread, also at
 * once. Host operations are called from those callers' threads and from the core's engine threads;
 * none is called with a lock of the core held that a call into the core would take, except map and
 * unmap, which must not call back.
 */
#ifndef UB_CORE_H
#define UB_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ub_core;
struct ub_fabric;

struct ub_core_host {
	/*
	 * Translate bus address addr to memory of this process. On success *len is how many bytes
	 * from there are contiguous (at least 1, at most what was asked) and the pointer stays
	 * usable until unmap, or until ub_core_unmapped() says otherwise. NULL: not memory. It may
	 * wait for another thread, if that thread serves it in attend as well.
	 */
	void *(*map)(void *opaque, uint64_t addr, size_t *len, bool is_write);
	/* written: bytes from the start that may have changed. */
	void (*unmap)(void *opaque, void *ptr, size_t len, bool is_write, size_t written);
	/* Raise MSI-X vector. Must not block on a thread that is inside the core. */
	void (*interrupt)(void *opaque, unsigned vector);
	/* Monotonic nanoseconds; timers go by it. May be called with locks of the core held. */
	uint64_t (*clock_ns)(void *opaque);
	/* A guest did something wrong: one line, no newline, rate-limited. May be NULL. */
	void (*guest_error)(void *opaque, const char *line);
	/* Around the life of each engine thread. May be NULL. */
	void (*thread_enter)(void *opaque);
	void (*thread_leave)(void *opaque);
	/*
	 * A doorbell page was given to a JFS, or taken back. May be NULL. Called from admin
	 * commands and from reset, one call at a time; must not write ADMIN_PI, reset or free the
	 * device.
	 */
	void (*db_page)(void *opaque, uint32_t page, bool in_use);
	/*
	 * Memory that the device keeps mapped may have been written. May be NULL. Called from
	 * ub_core_pause() for each piece.
	 */
	void (*kept_written)(void *opaque, void *ptr, size_t len);
	/*
	 * The calling thread waits for others, which may be inside map: serve what map waits for,
	 * if this is the thread to do so. May be NULL. Called again and again, with locks held.
	 */
	void (*attend)(void *opaque);
};

struct ub_core_config {
	/* Whom the device reaches beside itself, and who reaches it; NULL: nobody. */
	struct ub_fabric *fabric;
	/*
	 * A folder in which devices of other processes of this host are met, and met by, instead of
	 * those of fabric: docs/fabric.md; or NULL.
	 */
	const char *fabric_path;
	uint8_t guid[16];
	uint8_t eid[16];	/* all zero: derived from guid */
	uint32_t upi;
	uint32_t engines;	/* 1 .. 16 */
	uint32_t max_ctx;	/* each limit: 1 .. UB_HW_ID_MASK */
	uint32_t max_seg;
	uint32_t max_jfs;
	uint32_t max_jfr;
	uint32_t max_jfc;
	uint32_t max_program;
	uint32_t vectors;	/* 2 .. 64 */
	uint32_t db_pages;	/* 2 .. 65536 */
	uint32_t max_depth;	/* of every ring, power of two, 64 .. 65536 */
	uint32_t poll_ns;	/* an idle engine polls so long at most, 0 .. 1000000 */
	bool inject;		/* takes faults on demand */
	/* The guest is told of these: of CAPS, what its software can do without. */
	bool direct_wqe;
	bool huge_leaf;
	bool progress;
	bool usage;
	uint32_t inline_bytes;	/* payload of what a doorbell store runs, 0: nothing, .. 65536 */
	void *hbm;		/* device memory, owned by the front end; NULL: none */
	uint64_t hbm_size;
	bool own_process;	/* may set process-wide options, such as the BLAS threads */
};

/* Defaults for every field but guid, eid and hbm. */
void ub_core_config_init(struct ub_core_config *config);

/*
 * Devices of one process that reach each other by EID. The front end owns it: devices join it when
 * they are made, and all of them are freed before it is. NULL: no memory.
 */
struct ub_fabric *ub_fabric_new(void);
void ub_fabric_free(struct ub_fabric *fabric);

/*
 * Make a device and join it to its fabric. Returns NULL and sets *error when a field is out of
 * range, the EID is taken or memory or threads are not to be had; the text is the thread's, until
 * its next call.
 */
struct ub_core *ub_core_new(const struct ub_core_config *config, const struct ub_core_host *host,
			    void *opaque, const char **error);

/*
 * In a child of fork(), of a device of the parent: what it shares with other processes is let go,
 * so that they see when the parent ends. The device is not used in the child.
 */
void ub_core_forget(struct ub_core *core);

/* Stops the engines, drops every object. No other call may be under way or follow. */
void ub_core_free(struct ub_core *core);

/* Register window (BAR 0 below the MSI-X table); size 4 or 8, naturally aligned. */
uint64_t ub_core_reg_read(struct ub_core *core, uint64_t offset, unsigned size);
void ub_core_reg_write(struct ub_core *core, uint64_t offset, uint64_t value, unsigned size);

/* Doorbell window (BAR 2); size 1, 2, 4 or 8. Reads return zero. */
void ub_core_db_write(struct ub_core *core, uint64_t offset, uint64_t value, unsigned size);
/* A whole 64-byte direct WQE at once, for front ends that are not limited to 8-byte stores. */
void ub_core_db_direct(struct ub_core *core, uint32_t page, const void *wqe64);

/*
 * Function reset: on return no object exists and no engine touches memory of this device any
 * more; an engine may still be finishing arithmetic on private copies. Bounded by one 64 KiB copy.
 */
void ub_core_reset(struct ub_core *core);

/*
 * What map() gave for bus addresses addr to last holds no longer: on return nothing is touched
 * through it. Payload is translated anew when it is next touched. Kept memory stays if map() finds
 * it where it was; else, or in any case when gone is set, its object has lost it: a queue goes to
 * ERROR with its event, an event queue makes STATUS fatal, a context has no memory mapped any more.
 * Waits for a burst of 64 KiB and for products of matrices in place. Not from a host operation.
 */
void ub_core_unmapped(struct ub_core *core, uint64_t addr, uint64_t last, bool gone);
/* Wait until no thread is inside map(). */
void ub_core_drain(struct ub_core *core);

/*
 * Arm or remove a fault on demand, "KIND[:KEY=VALUE,...]" as docs/faults.md has it; from any
 * thread. 0, or -1 and *error says what is wrong and what is allowed.
 */
int ub_core_inject_text(struct ub_core *core, const char *text, char *error, size_t size);

/*
 * Stand still: on return no engine touches anything, until ub_core_resume(). Waits for a burst of
 * 64 KiB, or for a GEMM_F32 that is in a product of blocks or writes its result. Doorbells are
 * noted. Devices whose commands reach each other are paused together, and no other call but those
 * below and ub_core_reset() may be under way or follow before ub_core_resume().
 */
void ub_core_pause(struct ub_core *core);
void ub_core_resume(struct ub_core *core);

/* Moves len bytes out or in; 0, or anything else to give up. */
struct ub_core_stream {
	int (*move)(void *opaque, void *data, size_t len);
	void *opaque;
};

/*
 * The state of a paused device, without guest memory and device memory, which are the front end's
 * to save and to have in place before a load. Commands under way go along: data that has moved
 * does not move again, nothing completes twice. 0 or -1.
 */
int ub_core_save(struct ub_core *core, const struct ub_core_stream *to);
/*
 * Into a paused device of the same identity and limits, in place of whatever it had. On failure it
 * is as after a reset and *error says why. All devices are loaded before the first is resumed.
 */
int ub_core_load(struct ub_core *core, const struct ub_core_stream *from, char *error, size_t size);

#endif
