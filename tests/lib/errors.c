/* SPDX-License-Identifier: MIT */
/* Each way a call can fail: errno, extended code and words. */
#include "common.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Each of them, as it may be given. */
static const char *const soft_options[] = {
	"name", "eid", "engines", "max_ctx", "max_seg", "max_jfs", "max_jfr", "max_jfc", "memlock",
	"poll_us", "inline_bytes", "fault",
};

static void opening(void **state)
{
	char text[300];

	(void)state;
	assert_fails(ub_create_context(NULL), EINVAL, 0);
	assert_fails(ub_create_context("nonsense"), EINVAL, 0);
	assert_fails(ub_create_context("ub"), EINVAL, 0);
	assert_fails(ub_create_context("ub987"), ENODEV, 0);
	assert_string_equal(ub_last_error()->object, "ub987");
	assert_true(strlen(ub_last_error()->hint) > 0);
	assert_fails(ub_create_context("/dev/ub/ub987"), ENODEV, 0);
	assert_fails(ub_create_context("00ff:00:04.0"), ENODEV, 0);
	assert_fails(ub_create_context("fe80::1234:5678"), ENODEV, 0);
	assert_fails(ub_create_context("soft:color=red"), EINVAL, 0);
	assert_string_equal(ub_last_error()->message,
			    "the option 'color=red' of soft: is not known");
	for (unsigned int i = 0; i < sizeof(soft_options) / sizeof(*soft_options); i++)
		assert_non_null(strstr(ub_last_error()->hint, soft_options[i]));
	assert_fails(ub_create_context("soft:engines=17"), EINVAL, 0);
	assert_string_equal(ub_last_error()->message,
			    "the option 'engines=17' of soft: must be a number from 1 to 16");
	assert_fails(ub_create_context("soft:engines"), EINVAL, 0);
	assert_non_null(strstr(ub_last_error()->message, "'engines' of soft: has no value"));
	/* A name that is longer than any message is cut. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "soft:", 5);
	memcpy(text + sizeof(text) - 3, "=1", 3);
	assert_fails(ub_create_context(text), EINVAL, 0);
	assert_non_null(strstr(ub_last_error()->message, "x' of soft: is not known"));
	assert_fails(ub_create_context("soft:engines=0"), EINVAL, 0);
	assert_fails(ub_create_context("soft:max_seg=12x"), EINVAL, 0);
	assert_fails(ub_create_context("soft:eid=::zz"), EINVAL, 0);
	assert_fails(ub_create_context("soft:name="), EINVAL, 0);
}

static struct ub_seg *reg(struct rig *r, void *va, uint64_t len, uint32_t access, uint32_t flags)
{
	struct ub_seg_cfg cfg = { .va = va, .len = len, .access = access, .flags = flags };

	return ub_register_seg(r->ctx, &cfg);
}

static void segment_arguments(void **state)
{
	struct rig *r = *state;
	void *buf = ub_alloc_buf(8192);
	struct ub_seg_cfg cfg = { .va = buf, .len = 4096, .access = RW, .token_policy = 3 };

	assert_fails(ub_register_seg(NULL, &cfg), EINVAL, 0);
	assert_fails(ub_register_seg(r->ctx, NULL), EINVAL, 0);
	assert_fails(ub_register_seg(r->ctx, &cfg), EINVAL, UB_EXT_BAD_VALUE);
	assert_int_equal(ub_last_error()->limit, UB_TOKEN_NONE);
	assert_fails(reg(r, buf, 0, RW, 0), EINVAL, UB_EXT_BAD_LENGTH);
	assert_fails(reg(r, buf, UINT64_MAX, RW, 0), EINVAL, UB_EXT_BAD_LENGTH);
	assert_fails(reg(r, buf, 4096, UB_ACCESS_WRITE, 0), EINVAL, UB_EXT_BAD_ACCESS);
	assert_fails(reg(r, buf, 4096, UB_ACCESS_READ | UB_ACCESS_ATOMIC, 0), EINVAL,
		     UB_EXT_BAD_ACCESS);
	assert_fails(reg(r, buf, 4096, UB_ACCESS_LOCAL_ONLY | UB_ACCESS_READ, 0), EINVAL,
		     UB_EXT_BAD_ACCESS);
	assert_fails(reg(r, buf, 4096, RW | 64, 0), EINVAL, UB_EXT_BAD_ACCESS);
	assert_fails(reg(r, buf, 4096, RW, UB_SEG_F_READ_ONLY), EINVAL, UB_EXT_BAD_ACCESS);
	assert_fails(reg(r, buf, 4096, RW, 2), EINVAL, UB_EXT_BAD_FLAGS);
	assert_int_equal(ub_last_error()->limit, UB_SEG_F_READ_ONLY);
	assert_refused(ub_unregister_seg(NULL), EINVAL, 0);
	assert_refused(ub_set_seg_token(NULL, 1), EINVAL, 0);
	ub_free_buf(buf, 8192);
}

static void segment_memory(void **state)
{
	struct rig *r = *state;
	uint8_t *map = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	struct ub_seg *seg;

	map[0] = map[4096] = 1;
	munmap(map + 2 * 4096, 4096);
	assert_fails(reg(r, map + 2 * 4096, 100, RW, 0), EFAULT, UB_EXT_BAD_ADDRESS);
	assert_fails(reg(r, map + 100, 3 * 4096, RW, 0), EFAULT, UB_EXT_BAD_ADDRESS);
	assert_int_equal(ub_last_error()->limit, 2 * 4096 - 100);
	assert_fails(reg(r, NULL, 100, RW, 0), EFAULT, UB_EXT_BAD_ADDRESS);
	mprotect(map + 4096, 4096, PROT_NONE);
	assert_fails(reg(r, map + 4096, 100, RW, 0), EFAULT, UB_EXT_NO_ACCESS);
	mprotect(map + 4096, 4096, PROT_READ);
	assert_fails(reg(r, map, 8192, RW, 0), EACCES, UB_EXT_READ_ONLY);
	assert_fails(reg(r, map, 8192, UB_ACCESS_LOCAL_ONLY, 0), EACCES, UB_EXT_READ_ONLY);
	seg = reg(r, map, 8192, UB_ACCESS_READ, UB_SEG_F_READ_ONLY);
	assert_non_null(seg);
	assert_int_equal(ub_unregister_seg(seg), 0);
	munmap(map, 4 * 4096);
}

/* The driver exempts who may lock memory without limit. */
static void set_ipc_lock(bool on)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	uint32_t bit = 1u << CAP_IPC_LOCK;

	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	data[0].effective = on ? data[0].effective | bit : data[0].effective & ~bit;
	data[0].effective &= data[0].permitted;
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

static void locked_memory(void **state)
{
	struct ub_context *ctx =
		ub_create_context(is_soft() ? "soft:name=locked,memlock=65536" : device_a);
	struct ub_seg_cfg cfg = { .len = 1u << 20, .access = RW };
	struct rlimit old, low = { 65536, 65536 };

	(void)state;
	assert_non_null(ctx);
	cfg.va = ub_alloc_buf(cfg.len);
	getrlimit(RLIMIT_MEMLOCK, &old);
	low.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &low);
	set_ipc_lock(false);
	assert_fails(ub_register_seg(ctx, &cfg), EPERM, UB_EXT_MEMLOCK);
	assert_int_equal(ub_last_error()->limit, 65536);
	set_ipc_lock(true);
	setrlimit(RLIMIT_MEMLOCK, &old);
	ub_free_buf(cfg.va, cfg.len);
	assert_int_equal(ub_delete_context(ctx), 0);
}

static void device_limits(void **state)
{
	struct ub_context *ctx = ub_create_context(
		"soft:name=small,max_ctx=1,max_seg=1,max_jfs=1,max_jfr=1,max_jfc=1");
	struct mem m = mem_make(ctx, 4096, RW);
	struct ub_seg_cfg seg = { .va = m.buf, .len = 1, .access = RW };
	struct ub_jfc *jfc = make_jfc(ctx, NULL, 64);
	struct ub_jfs *jfs = make_jfs(ctx, jfc, 64);
	struct ub_jfr *jfr = make_jfr(ctx, jfc, 64);
	struct ub_jfc_cfg jfc_cfg = { .depth = 64 };
	struct ub_jfs_cfg jfs_cfg = { .jfc = jfc };
	struct ub_jfr_cfg jfr_cfg = { .jfc = jfc };

	(void)state;
	assert_fails(ub_create_context("soft:name=small"), ENOSPC, UB_EXT_DEV_LIMIT);
	assert_int_equal(ub_last_error()->limit, 1);
	assert_fails(ub_register_seg(ctx, &seg), ENOSPC, UB_EXT_DEV_LIMIT);
	assert_non_null(strstr(ub_last_error()->message, "segment"));
	assert_fails(ub_create_jfc(ctx, &jfc_cfg), ENOSPC, UB_EXT_DEV_LIMIT);
	assert_fails(ub_create_jfs(ctx, &jfs_cfg), ENOSPC, UB_EXT_DEV_LIMIT);
	assert_fails(ub_create_jfr(ctx, &jfr_cfg), ENOSPC, UB_EXT_DEV_LIMIT);
	assert_fails(ub_create_jetty(ctx, &jfs_cfg, jfr, NULL), ENOSPC, UB_EXT_DEV_LIMIT);
	assert_int_equal(ub_delete_jfs(jfs), 0);
	assert_int_equal(ub_delete_jfr(jfr), 0);
	assert_int_equal(ub_delete_jfc(jfc), 0);
	mem_free(&m);
	assert_int_equal(ub_delete_context(ctx), 0);
}

static void context_limits(void **state)
{
	enum { MOST = 1024 };
	static struct ub_jfc *jfc[MOST];
	struct ub_jfc_cfg cfg = { .depth = 64 };
	struct ub_context *ctx = ub_create_context(device_a);

	(void)state;
	for (int i = 0; i < MOST; i++)
		jfc[i] = make_jfc(ctx, NULL, 64);
	assert_fails(ub_create_jfc(ctx, &cfg), EDQUOT, UB_EXT_CTX_LIMIT);
	assert_int_equal(ub_last_error()->limit, MOST);
	assert_non_null(strstr(ub_last_error()->message, "JFC"));
	for (int i = 0; i < MOST; i++)
		assert_int_equal(ub_delete_jfc(jfc[i]), 0);
	assert_int_equal(ub_delete_context(ctx), 0);
}

static void jfc_arguments(void **state)
{
	struct rig *r = *state;
	struct ub_device_attr attr;
	struct ub_jfc_cfg cfg = { .depth = 64 };
	struct rig other;

	assert_int_equal(ub_query_device(r->ctx, &attr), 0);
	assert_fails(ub_create_jfc(NULL, &cfg), EINVAL, 0);
	assert_fails(ub_create_jfc(r->ctx, NULL), EINVAL, 0);
	cfg.depth = attr.max_jfc_depth + 1;
	assert_fails(ub_create_jfc(r->ctx, &cfg), EINVAL, UB_EXT_BAD_DEPTH);
	assert_int_equal(ub_last_error()->limit, attr.max_jfc_depth);
	cfg.depth = UINT32_MAX;
	assert_fails(ub_create_jfc(r->ctx, &cfg), EINVAL, UB_EXT_BAD_DEPTH);
	cfg.depth = 64;
	cfg.comp_vector = attr.comp_vectors;
	assert_fails(ub_create_jfc(r->ctx, &cfg), EINVAL, UB_EXT_BAD_VALUE);
	assert_int_equal(ub_last_error()->limit, attr.comp_vectors - 1);
	cfg.comp_vector = 0;
	rig_open(&other, device_a);
	cfg.jfce = other.jfce;
	assert_fails(ub_create_jfc(r->ctx, &cfg), EINVAL, 0);
	rig_close(&other);
}

static void jfs_arguments(void **state)
{
	struct rig *r = *state, other;
	struct ub_jfs_cfg good = { .jfc = r->jfc, .depth = 64 }, cfg = good;

	assert_fails(ub_create_jfs(NULL, &cfg), EINVAL, 0);
	assert_fails(ub_create_jfs(r->ctx, NULL), EINVAL, 0);
	cfg.jfc = NULL;
	assert_fails(ub_create_jfs(r->ctx, &cfg), EINVAL, 0);
	cfg = good;
	cfg.depth = 1u << 20;
	assert_fails(ub_create_jfs(r->ctx, &cfg), EINVAL, UB_EXT_BAD_DEPTH);
	cfg = good;
	cfg.priority = 16;
	assert_fails(ub_create_jfs(r->ctx, &cfg), EINVAL, UB_EXT_BAD_VALUE);
	assert_int_equal(ub_last_error()->limit, 15);
	cfg = good;
	cfg.rnr_retry = 8;
	assert_fails(ub_create_jfs(r->ctx, &cfg), EINVAL, UB_EXT_BAD_VALUE);
	cfg = good;
	cfg.flags = UB_JFS_F_JETTY;
	assert_fails(ub_create_jfs(r->ctx, &cfg), EINVAL, UB_EXT_BAD_FLAGS);
	rig_open(&other, device_a);
	cfg = good;
	cfg.jfc = other.jfc;
	assert_fails(ub_create_jfs(r->ctx, &cfg), EINVAL, 0);
	rig_close(&other);
}

static void jfr_and_jetty_arguments(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_cfg jfs_cfg = { .jfc = r->jfc, .priority = 99 };
	struct ub_jfr_cfg cfg = { .jfc = r->jfc, .min_rnr_timer = 20 };

	assert_fails(ub_create_jfr(r->ctx, &cfg), EINVAL, UB_EXT_BAD_VALUE);
	assert_int_equal(ub_last_error()->limit, 19);
	cfg.min_rnr_timer = 0;
	cfg.token_policy = 7;
	assert_fails(ub_create_jfr(r->ctx, &cfg), EINVAL, UB_EXT_BAD_VALUE);
	cfg.token_policy = 0;
	cfg.depth = 1u << 30;
	assert_fails(ub_create_jfr(r->ctx, &cfg), EINVAL, UB_EXT_BAD_DEPTH);
	cfg.depth = 0;
	assert_fails(ub_create_jetty(r->ctx, &jfs_cfg, NULL, &cfg), EINVAL, UB_EXT_BAD_VALUE);
	assert_fails(ub_create_jetty(r->ctx, &jfs_cfg, NULL, NULL), EINVAL, 0);
	cfg.jfc = NULL;
	assert_fails(ub_create_jfr(r->ctx, &cfg), EINVAL, 0);
}

static void depth_is_rounded_up(void **state)
{
	struct rig *r = *state;
	struct ub_jfs *jfs = make_jfs(r->ctx, r->jfc, 0);
	struct ub_jfc *jfc = make_jfc(r->ctx, NULL, 65);
	struct ub_jfr *jfr = make_jfr(r->ctx, r->jfc, 1000);

	assert_int_equal(jfs->depth, 64);
	assert_int_equal(jfc->depth, 128);
	assert_int_equal(jfr->depth, 1024);
	assert_int_equal(ub_delete_jfs(jfs), 0);
	assert_int_equal(ub_delete_jfc(jfc), 0);
	assert_int_equal(ub_delete_jfr(jfr), 0);
}

static void in_use(void **state)
{
	struct rig *r = *state;
	struct ub_jfs_cfg jfs_cfg = { .jfc = r->jfc };
	struct ub_jfr *jfr = make_jfr(r->ctx, r->jfc, 64);
	struct ub_jetty *jetty = ub_create_jetty(r->ctx, &jfs_cfg, jfr, NULL);

	assert_non_null(jetty);
	assert_refused(ub_delete_context(r->ctx), EBUSY, 0);
	assert_refused(ub_delete_jfce(r->jfce), EBUSY, 0);
	assert_int_equal(ub_last_error()->limit, 1);
	assert_refused(ub_delete_jfc(r->jfc), EBUSY, UB_EXT_BUSY);
	assert_int_equal(ub_last_error()->limit, 3);
	assert_refused(ub_delete_jfr(jfr), EBUSY, UB_EXT_BUSY);
	assert_int_equal(strncmp(ub_last_error()->object, "jfr ", 4), 0);
	assert_int_equal(ub_delete_jetty(jetty), 0);
	assert_int_equal(ub_delete_jfr(jfr), 0);
}

/* Registers, starts a long command and tries to deregister. @return the attempt's result */
static int unregister_in_use(struct rig *r)
{
	enum { DIM = 1024, BYTES = DIM * DIM * 4 };
	struct mem m = mem_make(r->ctx, 3 * BYTES, RW);
	ub_sge_t sge[3] = { mem_sge(&m, 0, BYTES), mem_sge(&m, BYTES, BYTES),
			    mem_sge(&m, 2 * BYTES, BYTES) };
	struct ub_jfs_wr wr = { .opcode = UB_OP_GEMM_F32, .flags = UB_WR_COMPLETE, .num_sge = 3,
				.sge = sge, .gemm = { DIM, DIM, DIM, DIM, DIM, DIM, 1, 0 } };
	int ret;

	post(r->jfs, &wr);
	usleep(5000);
	ret = ub_unregister_seg(m.seg);
	if (ret)
		assert_error(EBUSY, UB_EXT_BUSY);
	wait_cr(r->jfc);
	if (ret)
		assert_int_equal(ub_unregister_seg(m.seg), 0);
	ub_free_buf(m.buf, m.size);
	return ret;
}

static void segment_of_a_running_command(void **state)
{
	int ret = 0;

	/* An engine may be late to start; then the command fails and nothing was in use. */
	for (int i = 0; i < 20 && !ret; i++)
		ret = unregister_in_use(*state);
	assert_int_equal(ret, -EBUSY);
}

static void state_changes(void **state)
{
	struct rig *r = *state;

	assert_refused(ub_modify_jfs(r->jfs, UB_STATE_RESET), EINVAL, UB_EXT_BAD_STATE);
	assert_int_equal(ub_last_error()->limit, UB_STATE_READY);
	assert_non_null(strstr(ub_last_error()->message, "READY"));
	assert_refused(ub_modify_jfs(r->jfs, (enum ub_queue_state)9), EINVAL, UB_EXT_BAD_VALUE);
	assert_refused(ub_modify_jfs(NULL, UB_STATE_READY), EINVAL, 0);
	assert_refused(ub_modify_jfr(NULL, UB_STATE_READY), EINVAL, 0);
}

static void refuse_post(struct rig *r, const struct ub_jfs_wr *wr, uint32_t ext, uint64_t limit)
{
	unsigned posted = 99;

	assert_refused(ub_post_jfs_wr(r->jfs, wr, 1, &posted), EINVAL, ext);
	assert_int_equal(posted, 0);
	assert_int_equal(ub_last_error()->limit, limit);
	assert_int_equal(strncmp(ub_last_error()->object, "jfs ", 4), 0);
}

static void posts(void **state)
{
	struct rig *r = *state;
	struct mem m = mem_make(r->ctx, 4096, RWA);
	ub_sge_t sge[16];
	struct ub_jfs_wr good = { .opcode = UB_OP_WRITE, .flags = UB_WR_COMPLETE, .num_sge = 13,
				  .sge = sge, .target = &m.target, .rmt_addr = m.seg->va };
	struct ub_jfs_wr wr = good;

	for (int i = 0; i < 16; i++)
		sge[i] = mem_sge(&m, 0, 13);
	run_ok(r, &wr);
	wr.num_sge = 14;
	refuse_post(r, &wr, 0, 13);
	wr.opcode = UB_OP_SEND_IMM;
	wr.num_sge = 12;
	refuse_post(r, &wr, 0, 11);
	wr = good;
	wr.flags |= UB_WR_INLINE;
	wr.num_sge = 16;
	run_ok(r, &wr);
	sge[0].len = 14;
	refuse_post(r, &wr, 0, 208);
	wr.opcode = UB_OP_READ;
	refuse_post(r, &wr, 0, 0);
	wr = good;
	wr.target = NULL;
	refuse_post(r, &wr, 0, 0);
	wr = good;
	wr.opcode = UB_OP_WRITE_IMM;
	refuse_post(r, &wr, 0, 0);
	wr = good;
	wr.sge = NULL;
	refuse_post(r, &wr, 0, 0);
	wr = good;
	wr.flags |= UB_WQE_OWNER;
	refuse_post(r, &wr, UB_EXT_BAD_FLAGS, UB_DP_WR_FLAGS);
	wr.flags = 0x8000;
	refuse_post(r, &wr, UB_EXT_BAD_FLAGS, UB_DP_WR_FLAGS);
	mem_free(&m);
}

static void receive_posts(void **state)
{
	struct rig *r = *state;
	struct ub_jfr *jfr = make_jfr(r->ctx, r->jfc, 64);
	ub_sge_t sge[4] = { 0 };
	struct ub_jfr_wr wr = { .sge = sge, .num_sge = 4 };
	unsigned posted;

	assert_refused(ub_post_jfr_wr(jfr, &wr, 1, &posted), EINVAL, 0);
	assert_int_equal(ub_last_error()->limit, UB_HW_RECV_SGE);
	wr.num_sge = 0;
	for (int i = 0; i < 64; i++)
		assert_int_equal(ub_post_jfr_wr(jfr, &wr, 1, &posted), 0);
	assert_refused(ub_post_jfr_wr(jfr, &wr, 1, &posted), ENOSPC, 0);
	assert_int_equal(posted, 0);
	assert_int_equal(ub_delete_jfr(jfr), 0);
}

static void deleted_null(void **state)
{
	struct ub_queue_attr attr;
	struct ub_async event;

	(void)state;
	assert_refused(ub_delete_context(NULL), EINVAL, 0);
	assert_refused(ub_delete_jfce(NULL), EINVAL, 0);
	assert_refused(ub_delete_jfc(NULL), EINVAL, 0);
	assert_refused(ub_delete_jfs(NULL), EINVAL, 0);
	assert_refused(ub_delete_jfr(NULL), EINVAL, 0);
	assert_refused(ub_delete_jetty(NULL), EINVAL, 0);
	assert_refused(ub_query_jfs(NULL, &attr), EINVAL, 0);
	assert_refused(ub_query_jfr(NULL, &attr), EINVAL, 0);
	assert_refused(ub_query_jfc(NULL, &attr), EINVAL, 0);
	assert_refused(ub_get_async_event(NULL, &event, 0), EINVAL, 0);
	assert_refused(ub_flush_jfs(NULL, 0, NULL), EINVAL, 0);
	assert_fails(ub_alloc_buf(0), ENOMEM, UB_EXT_NO_MEMORY);
	assert_fails(ub_alloc_buf(SIZE_MAX), ENOMEM, UB_EXT_NO_MEMORY);
	ub_free_buf(NULL, 1);
}

/* What a CQE's errno means: each has cause, object and remedy, none is the errno's words alone. */
static void uring(void **state)
{
	static const struct {
		uint32_t op, type;
		int errnums[9];
	} cases[] = {
		{ 0, 0, { EINVAL, ENOMEM, ENOSYS, EPERM, EBUSY, EMFILE, EINTR } },
		{ UB_URING_SUBMIT, UB_OBJ_JFS,
		  { EINVAL, EAGAIN, ECANCELED, ENODEV, ENOENT, EACCES, EFAULT, ENOMEM } },
		{ UB_URING_WAIT, UB_OBJ_JFC,
		  { EINVAL, ECANCELED, ENODEV, ENOENT, ENOMEM, EOPNOTSUPP } },
		{ UB_URING_REAP, UB_OBJ_JFC,
		  { EINVAL, ENOBUFS, EFAULT, ECANCELED, ENODEV, EOVERFLOW, EOPNOTSUPP, ENOENT } },
		{ UB_URING_CANCEL, UB_OBJ_JFS, { EINVAL, ENOENT, ENODEV, ECANCELED, EACCES } },
		{ UB_URING_REG_SEG, 0, { EINVAL, EFAULT, ENODEV, ENOTTY, ENOMEM } },
		{ UB_URING_DEREG_SEG, UB_OBJ_SEG, { EBUSY, ENOENT, ENODEV, EBADF } },
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (const int *e = cases[i].errnums; *e; e++) {
			const struct ub_error *error;

			assert_int_equal(ub_uring_failed(r->ctx, cases[i].op, cases[i].type, 7, 64,
							 -*e), -*e);
			error = ub_last_error();
			assert_int_equal(error->errnum, *e);
			assert_string_not_equal(error->message, strerror(*e));
			assert_true(strlen(error->hint) > 0 && strlen(error->object) > 0);
			assert_null(strchr(error->message, '{'));
			assert_true(strlen(error->message) < sizeof(error->message) - 1);
			assert_true(strlen(error->hint) < sizeof(error->hint) - 1);
		}
	ub_uring_failed(r->ctx, UB_URING_SUBMIT, UB_OBJ_JFS, 7, 64, -EAGAIN);
	assert_int_equal(ub_last_error()->ext_code, UB_EXT_QUEUE_FULL);
	assert_int_equal(ub_last_error()->limit, 64);
	assert_non_null(strstr(ub_last_error()->object, " 7"));
	assert_refused(ub_uring_failed(NULL, 0, 0, 0, 0, -EINVAL), EINVAL, 0);
	assert_refused(ub_uring_failed(r->ctx, 0, 0, 0, 0, 0), EINVAL, 0);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		rig_test(segment_arguments),
		rig_test(segment_memory),
		cmocka_unit_test(locked_memory),
		cmocka_unit_test(device_limits),
		cmocka_unit_test(context_limits),
		rig_test(jfc_arguments),
		rig_test(jfs_arguments),
		rig_test(jfr_and_jetty_arguments),
		rig_test(depth_is_rounded_up),
		rig_test(in_use),
		rig_test(segment_of_a_running_command),
		rig_test(state_changes),
		rig_test(posts),
		rig_test(receive_posts),
		cmocka_unit_test(deleted_null),
		rig_test(uring),
	};

	return run_all(argc, argv, tests);
}
