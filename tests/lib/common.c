/* SPDX-License-Identifier: MIT */
#include "common.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

const char *device_a = "soft:";
const char *device_b = "soft:name=b";

void common_args(int argc, char **argv)
{
	if (argc > 1)
		device_a = argv[1];
	if (argc > 2)
		device_b = argv[2];
}

bool is_soft(void)
{
	return !strncmp(device_a, "soft:", 5);
}

struct ub_jfc *make_jfc(struct ub_context *ctx, struct ub_jfce *jfce, uint32_t depth)
{
	struct ub_jfc_cfg cfg = { .depth = depth, .jfce = jfce };
	struct ub_jfc *jfc = ub_create_jfc(ctx, &cfg);

	if (!jfc)
		fail_msg("JFC: %s", ub_last_error()->message);
	return jfc;
}

struct ub_jfs *make_jfs(struct ub_context *ctx, struct ub_jfc *jfc, uint32_t depth)
{
	struct ub_jfs_cfg cfg = { .jfc = jfc, .depth = depth };
	struct ub_jfs *jfs = ub_create_jfs(ctx, &cfg);

	if (!jfs)
		fail_msg("JFS: %s", ub_last_error()->message);
	return jfs;
}

struct ub_jfr *make_jfr(struct ub_context *ctx, struct ub_jfc *jfc, uint32_t depth)
{
	struct ub_jfr_cfg cfg = { .jfc = jfc, .depth = depth };
	struct ub_jfr *jfr = ub_create_jfr(ctx, &cfg);

	if (!jfr)
		fail_msg("JFR: %s", ub_last_error()->message);
	return jfr;
}

struct ub_target jfr_target(const struct ub_jfr *jfr)
{
	struct ub_desc desc;

	ub_describe_jfr(jfr, &desc);
	return ub_import(&desc);
}

struct ub_target jetty_target(const struct ub_jetty *jetty)
{
	struct ub_desc desc;

	ub_describe_jetty(jetty, &desc);
	return ub_import(&desc);
}

bool has_feature(struct ub_context *ctx, uint64_t cap)
{
	struct ub_device_attr attr;

	assert_int_equal(ub_query_device(ctx, &attr), 0);
	return attr.caps & cap;
}

void rig_open(struct rig *r, const char *device)
{
	r->ctx = ub_create_context(device);
	if (!r->ctx)
		fail_msg("%s: %s", device, ub_last_error()->message);
	r->jfce = ub_create_jfce(r->ctx);
	assert_non_null(r->jfce);
	r->jfc = make_jfc(r->ctx, r->jfce, 1024);
	r->jfs = make_jfs(r->ctx, r->jfc, 256);
}

void rig_close(struct rig *r)
{
	assert_int_equal(ub_delete_jfs(r->jfs), 0);
	assert_int_equal(ub_delete_jfc(r->jfc), 0);
	assert_int_equal(ub_delete_jfce(r->jfce), 0);
	assert_int_equal(ub_delete_context(r->ctx), 0);
}

int rig_setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	*state = r;
	rig_open(r, device_a);
	return 0;
}

int rig_teardown(void **state)
{
	rig_close(*state);
	free(*state);
	return 0;
}

struct mem mem_make(struct ub_context *ctx, size_t size, uint32_t access)
{
	struct mem m = { .buf = ub_alloc_buf(size), .size = size };
	struct ub_seg_cfg cfg = { .va = m.buf, .len = size, .access = access };
	struct ub_desc desc;

	assert_non_null(m.buf);
	m.seg = ub_register_seg(ctx, &cfg);
	if (!m.seg)
		fail_msg("segment: %s", ub_last_error()->message);
	ub_describe_seg(m.seg, &desc);
	m.target = ub_import(&desc);
	return m;
}

void mem_free(struct mem *m)
{
	assert_int_equal(ub_unregister_seg(m->seg), 0);
	ub_free_buf(m->buf, m->size);
}

ub_sge_t mem_sge(const struct mem *m, size_t offset, size_t len)
{
	return (ub_sge_t){ .len = (uint32_t)len, .token_id = m->seg->token_id,
			   .va = m->seg->va + offset };
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct ub_cr wait_cr(struct ub_jfc *jfc)
{
	uint64_t end = now_ms() + TIMEOUT_MS;
	struct ub_cr cr;

	while (ub_poll_jfc(jfc, &cr, 1) == 0) {
		if (now_ms() > end)
			fail_msg("no completion");
		usleep(20);
	}
	return cr;
}

void expect_no_cr(struct ub_jfc *jfc)
{
	struct ub_cr cr;

	usleep(20000);
	assert_int_equal(ub_poll_jfc(jfc, &cr, 1), 0);
}

void post(struct ub_jfs *jfs, const struct ub_jfs_wr *wr)
{
	if (ub_post_jfs_wr(jfs, wr, 1, NULL))
		fail_msg("post: %s", ub_last_error()->message);
}

void post_recv(struct ub_jfr *jfr, const ub_sge_t *sge, uint32_t num_sge, uint64_t user_ctx)
{
	struct ub_jfr_wr wr = { .user_ctx = user_ctx, .sge = sge, .num_sge = num_sge };

	if (ub_post_jfr_wr(jfr, &wr, 1, NULL))
		fail_msg("post: %s", ub_last_error()->message);
}

struct ub_cr run(struct rig *r, const struct ub_jfs_wr *wr)
{
	struct ub_jfs_wr copy = *wr;

	copy.flags |= UB_WR_COMPLETE;
	post(r->jfs, &copy);
	return wait_cr(r->jfc);
}

void run_ok(struct rig *r, const struct ub_jfs_wr *wr)
{
	assert_success(run(r, wr));
}

struct ub_jfs_wr nop(uint64_t user_ctx)
{
	return (struct ub_jfs_wr){ .opcode = UB_OP_NOP, .flags = UB_WR_COMPLETE,
				   .user_ctx = user_ctx };
}

void assert_error(int errnum, uint32_t ext_code)
{
	const struct ub_error *e = ub_last_error();

	assert_int_equal(e->errnum, errnum);
	assert_int_equal(e->ext_code, ext_code);
	assert_true(strlen(e->message) > 10);
	assert_null(strchr(e->message, '{'));
	assert_null(strchr(e->hint, '{'));
}
