/* SPDX-License-Identifier: MIT */
/* Work for a device: mapped queues by hand, kernel queues, and WQEs that take long. */
#ifndef TESTS_VM_LOAD_H
#define TESTS_VM_LOAD_H

#include "uapi.h"

#define BLOCK	UB_HW_WQEBB_SIZE
#define NO_END	(~0u)

struct block {
	struct ub_hw_wqe wqe;
	struct ub_hw_sge first;	/* or the end of a WQE of one block */
};
_Static_assert(sizeof(struct block) == BLOCK, "a WQEBB");

/* A JFC and a JFS in user space, with their doorbells. */
struct mapped {
	int fd;
	uint8_t *jfc_mem, *jfs_mem;
	volatile uint8_t *jfc_db, *jfs_db;
	uint32_t jfc, jfs;
	uint32_t pi, ci;
};

void mapped_open(struct mapped *m, int fd, int jfce);
void mapped_close(struct mapped *m);
/* One WQE of n blocks; its user_ctx is the count of WQEBBs before it. */
void mapped_post(struct mapped *m, struct block *blocks, unsigned int n);
/* The same, and the device is not told. */
void mapped_put(struct mapped *m, struct block *blocks, unsigned int n);
bool mapped_poll(struct mapped *m, struct ub_hw_cqe *cqe);
/* Waits for it in a bounded time. */
bool mapped_await(struct mapped *m, struct ub_hw_cqe *cqe);
void mapped_arm(struct mapped *m, uint32_t sn);
uint32_t mapped_state(const struct mapped *m);

/* Each fills WQEs and returns their number of blocks. */
unsigned int put_nop(struct block *b);
/* A SEND of nothing to a JFR of the same device that has no receive: it waits for one. */
unsigned int put_send(struct block *b, int fd, uint32_t jfr);
/* C = A B of dim x dim, all three matrices at addr of segment seg. */
unsigned int put_gemm(struct block *b, uint32_t seg, void *addr, uint32_t dim);

/* A JFR whose senders wait as long as they may, and a JFS that waits so: mapped or kernel. */
/* Its token is 0, which put_send() presents. */
uint32_t make_slow_jfr(int fd, void *mem, uint32_t jfc);
uint32_t make_patient_jfs(int fd, void *mem, uint32_t jfc, uint64_t *db);

void submit(int fd, uint32_t jfs, const struct block *blocks, unsigned int n);
/* 0 or the errno; count gets how many. */
int reap(int fd, uint32_t jfc, struct ub_hw_cqe *cqes, uint32_t max, uint32_t min, uint64_t ns,
	 uint32_t *count);

uint32_t tid_of(int fd);
void modify_jfs(int fd, uint32_t id, uint32_t state);
/* A work that others do at the same time still goes. */
void works(int fd);

#endif
