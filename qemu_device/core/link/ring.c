/* SPDX-License-Identifier: MIT */
/* Frames in memory that two processes map. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "link/ring.h"

#define ALIGN	   64u
#define CTL_BYTES  UB_HW_PAGE_SIZE
#define FILE_BYTES (CTL_BYTES + 2 * UB_RING_BYTES)
#define SEALS	   (F_SEAL_SHRINK | F_SEAL_GROW)

enum { RECORD_FILLING, RECORD_FRAME, RECORD_SKIP };

_Static_assert(2 * sizeof(struct ub_ring_ctl) <= CTL_BYTES, "both directions' words");

static uint32_t record_size(uint32_t length)
{
	return ((uint32_t)sizeof(struct ub_ring_record) + length + ALIGN - 1) & ~(ALIGN - 1);
}

/* ---- Files and mappings ---- */
int ub_ring_file(void)
{
	int fd = memfd_create("ub-fabric", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, FILE_BYTES) == 0 && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
		return fd;
	close(fd);
	return -1;
}

bool ub_ring_file_ok(int fd)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS && fstat(fd, &st) == 0 &&
	       st.st_size == FILE_BYTES;
}

/* Twice in a row, so that what reaches over the end is one piece. */
static uint8_t *map_twice(int fd, off_t at)
{
	const int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_FIXED;
	uint8_t *base =
		mmap(NULL, 2 * UB_RING_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	if (mmap(base, UB_RING_BYTES, prot, flags, fd, at) != MAP_FAILED &&
	    mmap(base + UB_RING_BYTES, UB_RING_BYTES, prot, flags, fd, at) != MAP_FAILED &&
	    madvise(base, 2 * UB_RING_BYTES, MADV_DONTFORK) == 0)
		return base;
	munmap(base, 2 * UB_RING_BYTES);
	return NULL;
}

bool ub_rings_map(struct ub_rings *rings, int fd, bool made_it)
{
	struct ub_ring *first = made_it ? &rings->out : &rings->in;
	struct ub_ring *second = made_it ? &rings->in : &rings->out;
	struct ub_ring_ctl *ctl;

	memset(rings, 0, sizeof(*rings));
	ctl = mmap(NULL, CTL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ctl == MAP_FAILED)
		return false;
	rings->ctl = ctl;
	first->ctl = &ctl[0];
	second->ctl = &ctl[1];
	first->base = map_twice(fd, CTL_BYTES);
	second->base = map_twice(fd, CTL_BYTES + UB_RING_BYTES);
	if (first->base && second->base)
		return true;
	ub_rings_unmap(rings);
	return false;
}

void ub_rings_unmap(struct ub_rings *rings)
{
	if (rings->out.base)
		munmap(rings->out.base, 2 * UB_RING_BYTES);
	if (rings->in.base)
		munmap(rings->in.base, 2 * UB_RING_BYTES);
	if (rings->ctl)
		munmap(rings->ctl, CTL_BYTES);
	memset(rings, 0, sizeof(*rings));
}

static struct ub_ring_record *record_at(struct ub_ring *ring)
{
	return (struct ub_ring_record *)(ring->base + ring->at % UB_RING_BYTES);
}

/* ---- Producer ---- */
static bool has_room(struct ub_ring *ring, uint32_t need)
{
	uint64_t used = ring->at - atomic_load(&ring->ctl->head);

	if (used > UB_RING_BYTES)
		ring->broken = true;
	return !ring->broken && UB_RING_BYTES - used >= need;
}

struct ub_ring_record *ub_ring_reserve(struct ub_ring *ring, uint32_t length)
{
	struct ub_ring_record *record = record_at(ring);
	uint32_t need = record_size(length);

	if (!has_room(ring, need)) {
		/* Say so, then look again. */
		atomic_store(&ring->ctl->starved, 1);
		if (!has_room(ring, need))
			return NULL;
	}
	atomic_store_explicit(&record->ready, RECORD_FILLING, memory_order_relaxed);
	record->size = need;
	ring->at += need;
	atomic_store_explicit(&ring->ctl->tail, ring->at, memory_order_release);
	return record;
}

bool ub_ring_post(struct ub_ring *ring, struct ub_ring_record *record, bool ok)
{
	atomic_store(&record->ready, ok ? RECORD_FRAME : RECORD_SKIP);
	return atomic_load(&ring->ctl->asleep) && atomic_exchange(&ring->ctl->asleep, 0);
}

/* ---- Consumer ---- */
static struct ub_ring_record *break_ring(struct ub_ring *ring)
{
	ring->broken = true;
	return NULL;
}

/* Bytes that are there; what the other side says is believed if it can be. */
static uint64_t bytes_there(struct ub_ring *ring)
{
	uint64_t n = atomic_load(&ring->ctl->tail) - ring->at;

	if (n <= UB_RING_BYTES && n % ALIGN == 0)
		return n;
	ring->broken = true;
	return 0;
}

/* The next record that is ready and as large as it may be; *size is read once. */
static struct ub_ring_record *next_record(struct ub_ring *ring, unsigned *ready, uint32_t *size)
{
	struct ub_ring_record *record = record_at(ring);
	uint64_t there = ring->broken ? 0 : bytes_there(ring);

	if (!there)
		return NULL;
	*ready = atomic_load(&record->ready);
	if (*ready == RECORD_FILLING)
		return NULL;
	*size = __atomic_load_n(&record->size, __ATOMIC_RELAXED);
	if (*size < record_size(0) || *size > record_size(UB_FRAME_PIECE) || *size % ALIGN ||
	    *size > there || *ready > RECORD_SKIP)
		return break_ring(ring);
	return record;
}

static void advance(struct ub_ring *ring, uint32_t size)
{
	ring->at += size;
	atomic_store(&ring->ctl->head, ring->at);
}

struct ub_ring_record *ub_ring_next(struct ub_ring *ring, struct ub_frame *frame)
{
	struct ub_ring_record *record;
	unsigned ready;
	uint32_t size;

	record = next_record(ring, &ready, &size);
	if (!record)
		return NULL;
	memset(frame, 0, sizeof(*frame));
	if (ready == RECORD_FRAME)
		memcpy(frame, &record->frame, sizeof(*frame));
	if (frame->length > UB_FRAME_PIECE || record_size(frame->length) > size)
		return break_ring(ring);
	ring->taking = size;
	return record;
}

bool ub_ring_take(struct ub_ring *ring)
{
	advance(ring, ring->taking);
	return atomic_load(&ring->ctl->starved) && atomic_exchange(&ring->ctl->starved, 0);
}

bool ub_ring_sleep(struct ub_ring *ring)
{
	unsigned ready;
	uint32_t size;

	atomic_store(&ring->ctl->asleep, 1);
	return !next_record(ring, &ready, &size) && !ring->broken;
}

void ub_ring_awake(struct ub_ring *ring)
{
	atomic_store_explicit(&ring->ctl->asleep, 0, memory_order_relaxed);
}
