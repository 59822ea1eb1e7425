/* SPDX-License-Identifier: MIT */
/* Queues, WQEs, completions. */
#include <sched.h>
#include <time.h>

#include "harness.h"

/* ---- Creation ---- */
static uint64_t ring_new(struct tctx *ctx, uint64_t bytes, void **ring, void **rec,
			 uint64_t *rec_va)
{
	uint8_t *p;
	uint64_t va = mem_new(ctx, bytes + PAGE, RW, &p);

	*ring = p;
	*rec = p + bytes;
	*rec_va = va + bytes;
	return va;
}

struct ub_admin_cmd jfc_cmd(struct tctx *ctx, struct tjfc *jfc, uint32_t depth)
{
	struct rig *rig = ctx->rig;
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_JFC, .id = rig->next_id++ };
	void *ring, *rec;

	memset(jfc, 0, sizeof(*jfc));
	jfc->rig = rig;
	jfc->id = cmd.id;
	jfc->depth = depth;
	jfc->page = rig->next_page++;
	jfc->ring_va = ring_new(ctx, depth * sizeof(struct ub_hw_cqe), &ring, &rec, &jfc->rec_va);
	jfc->ring = ring;
	jfc->rec = rec;
	cmd.jfc.ring = jfc->ring_va;
	cmd.jfc.rec = jfc->rec_va;
	cmd.jfc.tid = ctx->tid;
	cmd.jfc.depth = depth;
	cmd.jfc.db_page = jfc->page;
	cmd.jfc.eq = 1;
	return cmd;
}

void jfc_new(struct tctx *ctx, struct tjfc *jfc, uint32_t depth)
{
	struct ub_admin_cmd cmd = jfc_cmd(ctx, jfc, depth);

	assert_int_equal(admin(ctx->rig, &cmd), UB_ADMIN_OK);
}

struct ub_admin_cmd jfs_cmd(struct tctx *ctx, struct tjfs *jfs, struct tjfc *jfc, uint32_t depth)
{
	struct rig *rig = ctx->rig;
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_JFS, .id = rig->next_id++ };
	void *ring, *rec;
	uint64_t rec_va;

	memset(jfs, 0, sizeof(*jfs));
	jfs->rig = rig;
	jfs->jfc = jfc;
	jfs->id = cmd.id;
	jfs->depth = depth;
	jfs->page = rig->next_page++;
	cmd.jfs.ring = ring_new(ctx, depth * UB_HW_WQEBB_SIZE, &ring, &rec, &rec_va);
	jfs->ring = ring;
	jfs->rec = rec;
	cmd.jfs.rec = rec_va;
	cmd.jfs.tid = ctx->tid;
	cmd.jfs.depth = depth;
	cmd.jfs.db_page = jfs->page;
	cmd.jfs.jfc = jfc->id;
	return cmd;
}

void jfs_new(struct tctx *ctx, struct tjfs *jfs, struct tjfc *jfc, uint32_t depth, uint32_t flags)
{
	struct ub_admin_cmd cmd = jfs_cmd(ctx, jfs, jfc, depth);

	cmd.jfs.flags = flags;
	assert_int_equal(admin(ctx->rig, &cmd), UB_ADMIN_OK);
}

void jetty_new(struct tctx *ctx, struct tjfs *jfs, struct tjfc *jfc, struct tjfr *jfr)
{
	struct ub_admin_cmd cmd = jfs_cmd(ctx, jfs, jfc, 64);

	cmd.jfs.flags = UB_JFS_F_JETTY;
	cmd.jfs.jfr = jfr->id;
	assert_int_equal(admin(ctx->rig, &cmd), UB_ADMIN_OK);
}

struct ub_admin_cmd jfr_cmd(struct tctx *ctx, struct tjfr *jfr, struct tjfc *jfc, uint32_t depth)
{
	struct rig *rig = ctx->rig;
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_JFR, .id = rig->next_id++ };
	void *ring, *rec;
	uint64_t rec_va;

	memset(jfr, 0, sizeof(*jfr));
	jfr->rig = rig;
	jfr->id = cmd.id;
	jfr->depth = depth;
	cmd.jfr.ring = ring_new(ctx, depth * sizeof(struct ub_hw_recv_wqe), &ring, &rec, &rec_va);
	jfr->ring = ring;
	jfr->rec = rec;
	cmd.jfr.rec = rec_va;
	cmd.jfr.tid = ctx->tid;
	cmd.jfr.depth = depth;
	cmd.jfr.jfc = jfc->id;
	cmd.jfr.token_policy = UB_HW_TOKEN_PLAIN_TEXT;
	cmd.jfr.token_value = JFR_TOKEN;
	return cmd;
}

void jfr_new(struct tctx *ctx, struct tjfr *jfr, struct tjfc *jfc, uint32_t depth)
{
	struct ub_admin_cmd cmd = jfr_cmd(ctx, jfr, jfc, depth);

	assert_int_equal(admin(ctx->rig, &cmd), UB_ADMIN_OK);
}

void receiver_new(struct tctx *ctx, struct tjfc *jfc, struct tjfr *jfr)
{
	jfc_new(ctx, jfc, 64);
	jfr_new(ctx, jfr, jfc, 64);
}

unsigned jfs_modify(struct tjfs *jfs, unsigned state)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_MODIFY_JFS, .id = jfs->id };

	cmd.jfs.state = (uint8_t)state;
	return admin(jfs->rig, &cmd);
}

unsigned jfr_modify(struct tjfr *jfr, unsigned state)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_MODIFY_JFR, .id = jfr->id };

	cmd.jfr.state = (uint8_t)state;
	return admin(jfr->rig, &cmd);
}

/* What software does after RESET. */
void rings_reset(struct tjfs *jfs)
{
	jfs->pi = 0;
	__atomic_store_n(&jfs->rec->pi, 0, __ATOMIC_RELEASE);
	memset(jfs->ring, 0, jfs->depth * UB_HW_WQEBB_SIZE);
}

/* ---- WQEs ---- */
union twqe wqe_new(unsigned op, unsigned flags, uint64_t user_ctx)
{
	union twqe w;

	memset(&w, 0, sizeof(w));
	w.w.opcode = (uint8_t)op;
	w.w.flags = (uint16_t)flags;
	w.w.user_ctx = user_ctx;
	return w;
}

void wqe_target(union twqe *w, const uint8_t eid[16], uint64_t addr, uint32_t id, uint32_t token)
{
	memcpy(w->w.rmt_eid, eid, 16);
	w->w.rmt_addr = addr;
	w->w.rmt_id = id;
	w->w.rmt_token = token;
}

static bool has_ext(unsigned op)
{
	return op == UB_OP_WRITE_IMM || op == UB_OP_WRITE_NOTIFY || op == UB_OP_SEND_IMM ||
	       (op >= UB_OP_CAS && op <= UB_OP_FXOR);
}

static unsigned head(const union twqe *w)
{
	return has_ext(w->w.opcode) ? 80 : 48;
}

union ub_hw_wqe_ext *wqe_ext(union twqe *w)
{
	return &w->ext;
}

void wqe_sge(union twqe *w, uint64_t va, uint32_t len, uint32_t token_id)
{
	struct ub_hw_sge sge = { .len = len, .token_id = token_id, .va = va };

	memcpy(w->raw + head(w) + w->w.sge_num++ * sizeof(sge), &sge, sizeof(sge));
}

void wqe_inline(union twqe *w, const void *data, uint16_t len)
{
	w->w.flags |= UB_WQE_INLINE;
	w->w.inline_len = len;
	memcpy(w->raw + head(w), data, len);
}

union twqe wqe_send(const uint8_t *eid, uint32_t jfr, unsigned flags, uint64_t user_ctx)
{
	union twqe w = wqe_new(UB_OP_SEND, UB_WQE_COMPLETE | flags, user_ctx);

	wqe_target(&w, eid, 0, jfr, JFR_TOKEN);
	return w;
}

unsigned wqe_blocks(const union twqe *w)
{
	unsigned payload = w->w.flags & UB_WQE_INLINE ? w->w.inline_len : w->w.sge_num * 16u;
	unsigned n = (head(w) + payload + 63) / 64;

	return n > 4 ? 4 : n;
}

void wqe_put(struct tjfs *jfs, union twqe *w)
{
	unsigned owner = !(jfs->pi & jfs->depth), n = wqe_blocks(w);

	w->w.idx = (uint16_t)jfs->pi;
	w->w.flags = (uint16_t)((w->w.flags & ~UB_WQE_OWNER) | owner);
	for (unsigned i = 0; i < n; i++, jfs->pi++)
		memcpy(jfs->ring + (jfs->pi & (jfs->depth - 1)) * 64ull, w->raw + i * 64, 64);
}

void publish(struct tjfs *jfs)
{
	__atomic_store_n(&jfs->rec->pi, jfs->pi, __ATOMIC_RELEASE);
}

bool ring_db(struct tjfs *jfs, uint32_t old_pi)
{
	uint32_t event_idx;

	__atomic_store_n(&jfs->rec->pi, jfs->pi, __ATOMIC_SEQ_CST);
	event_idx = __atomic_load_n(&jfs->rec->event_idx, __ATOMIC_SEQ_CST);
	if (jfs->pi - event_idx - 1 >= jfs->pi - old_pi)
		return false;
	ub_core_db_write(jfs->rig->core, jfs->page * PAGE + UB_DB_JFS, jfs->pi, 4);
	return true;
}

void post(struct tjfs *jfs, union twqe *w)
{
	uint32_t old = jfs->pi;

	wqe_put(jfs, w);
	ring_db(jfs, old);
}

void recv_put(struct tjfr *jfr, uint64_t user_ctx, const struct tseg *seg, uint32_t len)
{
	struct ub_hw_recv_wqe *wqe = &jfr->ring[jfr->pi & (jfr->depth - 1)];

	memset(wqe, 0, sizeof(*wqe));
	wqe->idx = (uint16_t)jfr->pi;
	wqe->flags = !(jfr->pi & jfr->depth);
	wqe->user_ctx = user_ctx;
	if (seg) {
		wqe->sge_num = 1;
		wqe->sge[0] = (struct ub_hw_sge){ len, seg->id, seg->va };
	}
	jfr->pi++;
}

void recv_publish(struct tjfr *jfr)
{
	__atomic_store_n(&jfr->rec->pi, jfr->pi, __ATOMIC_RELEASE);
}

void post_recv(struct tjfr *jfr, uint64_t user_ctx, const struct tseg *seg, uint32_t len)
{
	recv_put(jfr, user_ctx, seg, len);
	recv_publish(jfr);
}

/* ---- Completions ---- */
bool poll_cqe(struct tjfc *jfc, struct ub_hw_cqe *cqe)
{
	struct ub_hw_cqe *slot = &jfc->ring[jfc->ci & (jfc->depth - 1)];
	uint32_t first = __atomic_load_n((uint32_t *)slot, __ATOMIC_ACQUIRE);

	if ((first >> 24 & UB_CQE_OWNER) != (uint32_t)!(jfc->ci & jfc->depth))
		return false;
	*cqe = *slot;
	jfc->ci++;
	__atomic_store_n(&jfc->rec->ci, jfc->ci, __ATOMIC_RELEASE);
	return true;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct ub_hw_cqe wait_cqe(struct tjfc *jfc)
{
	uint64_t end = now_ms() + TEST_WAIT_MS;
	struct ub_hw_cqe cqe;

	while (!poll_cqe(jfc, &cqe)) {
		if (now_ms() > end)
			fail_msg("no completion on jfc %u", jfc->id);
		sched_yield();
	}
	assert_true(cqe.timestamp_ns != 0);
	return cqe;
}

struct ub_hw_cqe expect(struct tjfc *jfc, unsigned status, unsigned sub, uint64_t user_ctx)
{
	struct ub_hw_cqe cqe = wait_cqe(jfc);

	if (cqe.status != status || cqe.substatus != sub)
		fail_msg("status %u/%u where %u/%u is due", cqe.status, cqe.substatus, status, sub);
	assert_int_equal(cqe.user_ctx, user_ctx);
	return cqe;
}

void expect_none(struct tjfc *jfc)
{
	struct ub_hw_cqe cqe;

	sleep_ms(20);
	if (poll_cqe(jfc, &cqe))
		fail_msg("unexpected completion, status %u/%u", cqe.status, cqe.substatus);
}

struct ub_hw_cqe run(struct tjfs *jfs, union twqe *w)
{
	post(jfs, w);
	return wait_cqe(jfs->jfc);
}

void rearm(struct tjfc *jfc, unsigned sn, bool solicited)
{
	uint64_t word = (jfc->ci & UB_DB_JFC_CI_MASK) | (solicited ? UB_DB_JFC_SOLICITED : 0) |
			(uint64_t)sn << UB_DB_JFC_ARM_SN_SHIFT |
			(uint64_t)jfc->id << UB_DB_JFC_ID_SHIFT;

	ub_core_db_write(jfc->rig->core, jfc->page * PAGE + UB_DB_JFC, word, 8);
}

bool poll_eqe(struct rig *rig, unsigned eq, struct ub_hw_eqe *eqe)
{
	struct ub_hw_eqe *ring = bus_ptr(rig, rig->eq_ring[eq]);
	struct ub_hw_eq_rec *rec = bus_ptr(rig, rig->eq_ring[eq] + PAGE);
	struct ub_hw_eqe *slot = &ring[rig->eq_ci[eq] & (rig->eq_depth - 1)];
	uint32_t first = __atomic_load_n((uint32_t *)slot, __ATOMIC_ACQUIRE);

	if ((first >> 8 & UB_EQE_OWNER) != (uint32_t)!(rig->eq_ci[eq] & rig->eq_depth))
		return false;
	*eqe = *slot;
	rig->eq_ci[eq]++;
	__atomic_store_n(&rec->ci, rig->eq_ci[eq], __ATOMIC_RELEASE);
	return true;
}

struct ub_hw_eqe wait_eqe(struct rig *rig, unsigned eq)
{
	uint64_t end = now_ms() + TEST_WAIT_MS;
	struct ub_hw_eqe eqe;

	while (!poll_eqe(rig, eq, &eqe)) {
		if (now_ms() > end)
			fail_msg("no event on eq %u", eq);
		sched_yield();
	}
	return eqe;
}

/* ---- The usual set ---- */
void set_up_config(struct set *s, const struct ub_core_config *config)
{
	uint32_t all = UB_ACCESS_READ | UB_ACCESS_WRITE | UB_ACCESS_ATOMIC;

	rig_init_config(&s->rig, config);
	rig_enable(&s->rig);
	ctx_new(&s->rig, &s->ctx);
	jfc_new(&s->ctx, &s->jfc, 256);
	jfs_new(&s->ctx, &s->jfs, &s->jfc, 64, 0);
	seg_new(&s->ctx, &s->a, 1 << 20, all, 0xaaaa);
	seg_new(&s->ctx, &s->b, 1 << 20, all, 0xbbbb);
	s->eid = s->rig.config.eid;
}

static int set_up_engines(void **state, unsigned engines)
{
	struct set *s = calloc(1, sizeof(*s));
	struct ub_core_config config;

	rig_config(&s->rig, &config, 1);
	if (engines)
		config.engines = engines;
	set_up_config(s, &config);
	*state = s;
	return 0;
}

int set_up(void **state)
{
	return set_up_engines(state, 0);
}

int set_up_one_engine(void **state)
{
	return set_up_engines(state, 1);
}

int set_down(void **state)
{
	struct set *s = *state;

	rig_fini(&s->rig);
	free(s);
	return 0;
}
