/* SPDX-License-Identifier: MIT */
#include "load.h"
#include "ctl.h"

#define PROT_RW (PROT_READ | PROT_WRITE)

static struct ub_hw_jfs_rec *jfs_rec(const struct mapped *m)
{
	return (struct ub_hw_jfs_rec *)(m->jfs_mem + PAGE);
}

static struct ub_hw_jfc_rec *jfc_rec(const struct mapped *m)
{
	return (struct ub_hw_jfc_rec *)(m->jfc_mem + PAGE);
}

static volatile uint8_t *map_db(int fd, uint64_t offset)
{
	void *p = mmap(NULL, PAGE, PROT_RW, MAP_SHARED, fd, (off_t)offset);

	assert_true(p != MAP_FAILED);
	return p;
}

void mapped_open(struct mapped *m, int fd, int jfce)
{
	struct ub_ioc_create_jfc jfc = { .depth = DEPTH, .jfce_fd = jfce };
	uint64_t db;

	*m = (struct mapped){ .fd = fd, .jfc_mem = map_pages(2), .jfs_mem = map_pages(2) };
	jfc.mem = queue_mem(m->jfc_mem);
	expect_ok("CREATE_JFC", fd, UB_IOC_CREATE_JFC, &jfc);
	m->jfc = jfc.id;
	m->jfs = make_patient_jfs(fd, m->jfs_mem, m->jfc, &db);
	m->jfc_db = map_db(fd, jfc.db_offset);
	m->jfs_db = map_db(fd, db);
}

/* What the driver has of it ended before. */
void mapped_close(struct mapped *m)
{
	munmap((void *)m->jfc_db, PAGE);
	munmap((void *)m->jfs_db, PAGE);
	munmap(m->jfc_mem, QUEUE_LEN);
	munmap(m->jfs_mem, QUEUE_LEN);
}

void mapped_put(struct mapped *m, struct block *blocks, unsigned int n)
{
	struct block *ring = (struct block *)m->jfs_mem;
	struct ub_hw_wqe *wqe = &blocks->wqe;

	wqe->idx = (uint16_t)m->pi;
	wqe->flags = (uint16_t)(wqe->flags | UB_WQE_COMPLETE |
				(m->pi & DEPTH ? 0 : UB_WQE_OWNER));
	wqe->user_ctx = m->pi;
	for (unsigned int i = 0; i < n; i++)
		ring[(m->pi + i) % DEPTH] = blocks[i];
	m->pi += n;
	__atomic_store_n(&jfs_rec(m)->pi, m->pi, __ATOMIC_RELEASE);
}

void mapped_post(struct mapped *m, struct block *blocks, unsigned int n)
{
	mapped_put(m, blocks, n);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*(volatile uint32_t *)(m->jfs_db + UB_DB_JFS) = m->pi;
}

bool mapped_poll(struct mapped *m, struct ub_hw_cqe *cqe)
{
	struct ub_hw_cqe *at = (struct ub_hw_cqe *)m->jfc_mem + m->ci % DEPTH;
	uint8_t owner = m->ci & DEPTH ? 0 : UB_CQE_OWNER;

	if ((__atomic_load_n(&at->flags, __ATOMIC_ACQUIRE) & UB_CQE_OWNER) != owner)
		return false;
	*cqe = *at;
	m->ci++;
	__atomic_store_n(&jfc_rec(m)->ci, m->ci, __ATOMIC_RELEASE);
	return true;
}

struct awaited {
	struct mapped *m;
	struct ub_hw_cqe *cqe;
};

static bool polled(void *arg)
{
	struct awaited *a = arg;

	return mapped_poll(a->m, a->cqe);
}

bool mapped_await(struct mapped *m, struct ub_hw_cqe *cqe)
{
	struct awaited a = { m, cqe };

	return wait_until(polled, &a);
}

void mapped_arm(struct mapped *m, uint32_t sn)
{
	*(volatile uint64_t *)(m->jfc_db + UB_DB_JFC) =
		(m->ci & UB_DB_JFC_CI_MASK) | (uint64_t)sn << UB_DB_JFC_ARM_SN_SHIFT |
		(uint64_t)m->jfc << UB_DB_JFC_ID_SHIFT;
}

uint32_t mapped_state(const struct mapped *m)
{
	return __atomic_load_n(&jfs_rec(m)->state, __ATOMIC_ACQUIRE);
}

unsigned int put_nop(struct block *b)
{
	*b = (struct block){ .wqe = { .opcode = UB_OP_NOP } };
	return 1;
}

unsigned int put_send(struct block *b, int fd, uint32_t jfr)
{
	struct ub_ioc_query_device q = { 0 };

	expect_ok("QUERY_DEVICE", fd, UB_IOC_QUERY_DEVICE, &q);
	*b = (struct block){ .wqe = { .opcode = UB_OP_SEND, .rmt_id = jfr } };
	memcpy(b->wqe.rmt_eid, q.eid, sizeof(q.eid));
	return 1;
}

unsigned int put_gemm(struct block *b, uint32_t seg, void *addr, uint32_t dim)
{
	uint32_t len = dim * dim * 4;
	float alpha = 1.0f;
	uint8_t bytes[2 * BLOCK] = { 0 };
	struct ub_hw_wqe wqe = { .opcode = UB_OP_GEMM_F32, .sge_num = 3 };

	wqe.gemm.m = wqe.gemm.n = wqe.gemm.k = dim;
	wqe.gemm.lda = wqe.gemm.ldb = wqe.gemm.ldc = dim;
	memcpy(&wqe.gemm.alpha, &alpha, sizeof(alpha));
	memcpy(bytes, &wqe, sizeof(wqe));
	for (unsigned int i = 0; i < 3; i++) {
		struct ub_hw_sge sge = { .len = len, .token_id = seg,
					 .va = (uintptr_t)addr + (uint64_t)i * len };

		memcpy(bytes + sizeof(wqe) + i * sizeof(sge), &sge, sizeof(sge));
	}
	memcpy(b, bytes, sizeof(bytes));
	return 2;
}

uint32_t make_slow_jfr(int fd, void *mem, uint32_t jfc)
{
	struct ub_ioc_create_jfr a = { .mem = queue_mem(mem),
				       .depth = DEPTH,
				       .jfc = jfc,
				       .min_rnr_timer = UB_HW_MAX_RNR_TIMER,
				       .token_policy = UB_TOKEN_PLAIN_TEXT };

	expect_ok("CREATE_JFR", fd, UB_IOC_CREATE_JFR, &a);
	return a.id;
}

uint32_t make_patient_jfs(int fd, void *mem, uint32_t jfc, uint64_t *db)
{
	struct ub_ioc_create_jfs a = { .depth = DEPTH, .jfc = jfc,
				       .rnr_retry = UB_HW_MAX_RNR_RETRY };

	if (mem)
		a.mem = queue_mem(mem);
	expect_ok("CREATE_JFS", fd, UB_IOC_CREATE_JFS, &a);
	if (db)
		*db = a.db_offset;
	return a.id;
}

void submit(int fd, uint32_t jfs, const struct block *blocks, unsigned int n)
{
	struct ub_ioc_submit a = { .wqes = (uintptr_t)blocks, .id = jfs, .nblocks = n };

	expect_ok("SUBMIT", fd, UB_IOC_SUBMIT, &a);
	assert_int_equal(a.taken, n);
}

int reap(int fd, uint32_t jfc, struct ub_hw_cqe *cqes, uint32_t max, uint32_t min, uint64_t ns,
	 uint32_t *count)
{
	struct ub_ioc_reap a = { .cqes = (uintptr_t)cqes, .timeout_ns = ns, .id = jfc, .max = max,
				 .min = min };
	int err = call(fd, UB_IOC_REAP, &a);

	*count = err ? 0 : a.count;
	return err;
}

uint32_t tid_of(int fd)
{
	struct ub_ioc_query_device q = { 0 };

	expect_ok("QUERY_DEVICE", fd, UB_IOC_QUERY_DEVICE, &q);
	return q.tid;
}

void modify_jfs(int fd, uint32_t id, uint32_t state)
{
	struct ub_ioc_modify_queue a = { .id = id, .state = state };

	expect_ok("MODIFY_JFS", fd, UB_IOC_MODIFY_JFS, &a);
}

void works(int fd)
{
	uint32_t count, jfc = make_kernel_jfc(fd), jfs = make_kernel_jfs(fd, jfc);
	struct ub_hw_cqe cqe;
	struct block b;

	submit(fd, jfs, &b, put_nop(&b));
	assert_int_equal(reap(fd, jfc, &cqe, 1, 1, WAIT_MS * 1000000ull, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(cqe.status, UB_CR_SUCCESS);
	destroy(fd, UB_IOC_DESTROY_JFS, jfs);
	destroy(fd, UB_IOC_DESTROY_JFC, jfc);
}
