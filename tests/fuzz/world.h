/* SPDX-License-Identifier: MIT */
/*
 * Two devices on one made-up guest: memory with guard pages around every piece, an account of what
 * the devices have mapped, and the checks that hold whatever a guest does.
 */
#ifndef UB_FUZZ_WORLD_H
#define UB_FUZZ_WORLD_H

#include "queue/queue.h"

#define PAGE		4096u
#define DEVICES		2
#define HBM_BYTES	(16 * PAGE)

/* Bus addresses. All but TOP lie in one region of 2 MiB, as a huge leaf may have them. */
#define RAM_BUS		0x200000ull	/* contiguous */
#define RAM_PAGES	112
#define SPLIT_BUS	0x280000ull	/* no page beside the next */
#define SPLIT_PAGES	32
#define ROM_BUS		0x2c0000ull
#define SHORT_BUS	0x2e0000ull	/* ends in the middle of a page */
#define SHORT_BYTES	(PAGE + 0x7d4)
#define TOP_BUS		0xfffffffffffff000ull

#define FUZZ_MAX_JFS	16
#define FUZZ_MAX_JFR	8
#define FUZZ_MAX_JFC	8
#define FUZZ_MAX_SEG	40
#define FUZZ_MAX_PROGRAM 4
#define FUZZ_DB_PAGES	32
#define FUZZ_VECTORS	4

#define must(what) ((what) ? (void)0 : world_failed(#what, __FILE__, __LINE__))

_Noreturn void world_failed(const char *what, const char *file, int line);

/* The devices live as long as the process; memory is zeroed and the devices reset each time. */
void world_begin(void);
/* Waits for the engines, resets the devices, checks that nothing is left. */
void world_end(void);
struct ub_core *world_core(unsigned dev);
const uint8_t *world_eid(unsigned dev);
uint8_t *world_hbm(unsigned dev);
/* New, empty devices in place of the present ones. */
void world_replace(void);

/* Host address of guest memory, NULL if there is none for all of len. */
void *world_ptr(uint64_t bus, size_t len);
/* Pages of RAM, zeroed, one after another; from page n on again after a rewind. */
uint64_t world_alloc(unsigned pages);
void world_rewind(unsigned page);

/* Until no queue of any device has work that could go on; fails after a long time. */
void world_settle(void);
/* Reset of one device with the checks that follow it. */
void world_reset(unsigned dev);

/* Both devices stand still, are saved, emptied, loaded with what was saved, and go on. */
void world_migrate(void);
/* One device's state: saved, or loaded from; false and the reason if it is refused. */
size_t world_save(unsigned dev, uint8_t *to, size_t room);
bool world_load(unsigned dev, const uint8_t *state, size_t len, char *error, size_t size);

/* Some bus address, mostly of memory. */
struct input;
uint64_t world_some_bus(struct input *in);

#endif
