/* SPDX-License-Identifier: MIT */
#include "ring.h"

#include <sys/syscall.h>

#include "uapi.h"

#define ENTRIES		8u
#define SQE_SIZE	128u
#define CQE_SIZE	32u

static uint32_t *word(uint8_t *ring, uint32_t offset)
{
	return (uint32_t *)(void *)(ring + offset);
}

static uint8_t *map(struct ring *r, size_t len, off_t offset)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
			offset);

	assert_true(at != MAP_FAILED);
	return at;
}

static size_t sq_len(const struct ring *r)
{
	return r->p.sq_off.array + r->p.sq_entries * sizeof(uint32_t);
}

static size_t cq_len(const struct ring *r)
{
	return r->p.cq_off.cqes + r->p.cq_entries * CQE_SIZE;
}

void ring_open(struct ring *r, unsigned int flags)
{
	memset(r, 0, sizeof(*r));
	r->p.flags = flags | IORING_SETUP_SQE128 | IORING_SETUP_CQE32;
	r->fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &r->p);
	assert_true(r->fd >= 0);
	r->sq = map(r, sq_len(r), IORING_OFF_SQ_RING);
	r->cq = map(r, cq_len(r), IORING_OFF_CQ_RING);
	r->sqes = map(r, (size_t)r->p.sq_entries * SQE_SIZE, IORING_OFF_SQES);
}

void ring_close(struct ring *r)
{
	munmap(r->sq, sq_len(r));
	munmap(r->cq, cq_len(r));
	munmap(r->sqes, (size_t)r->p.sq_entries * SQE_SIZE);
	assert_int_equal(close(r->fd), 0);
}

struct io_uring_sqe *ring_sqe(struct ring *r, int fd, uint32_t op, const struct ub_uring_cmd *cmd,
			      const void *wqe)
{
	uint32_t tail = *word(r->sq, r->p.sq_off.tail);
	uint32_t index = tail & *word(r->sq, r->p.sq_off.ring_mask);
	uint8_t *at = r->sqes + (size_t)index * SQE_SIZE;
	struct io_uring_sqe *sqe = (struct io_uring_sqe *)(void *)at;

	memset(at, 0, SQE_SIZE);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->off = op;
	memcpy(at + offsetof(struct io_uring_sqe, addr3), cmd, sizeof(*cmd));
	if (wqe)
		memcpy(at + SQE_SIZE - UB_HW_WQEBB_SIZE, wqe, UB_HW_WQEBB_SIZE);
	word(r->sq, r->p.sq_off.array)[index] = index;
	return sqe;
}

int ring_run(struct ring *r)
{
	uint32_t *sq_tail = word(r->sq, r->p.sq_off.tail), *head = word(r->cq, r->p.cq_off.head);
	const uint8_t *cqe;
	int res;

	__atomic_store_n(sq_tail, *sq_tail + 1, __ATOMIC_RELEASE);
	assert_int_equal(syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0),
			 1);
	assert_true(__atomic_load_n(word(r->cq, r->p.cq_off.tail), __ATOMIC_ACQUIRE) != *head);
	cqe = r->cq + r->p.cq_off.cqes +
	      (size_t)(*head & *word(r->cq, r->p.cq_off.ring_mask)) * CQE_SIZE;
	memcpy(&res, cqe + offsetof(struct io_uring_cqe, res), sizeof(res));
	memcpy(&r->extra, cqe + sizeof(struct io_uring_cqe), sizeof(r->extra));
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return res;
}
