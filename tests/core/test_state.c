/* SPDX-License-Identifier: MIT */
/*
 * Device state: saved in the middle of something, loaded into a fresh device, and nothing is lost,
 * done twice or forgotten.
 */
#include "inject.h"
#include "migrate.h"

#define BIG (1u << 20)
#define STOP_AT 5

/* ---- Stopping in the middle of a command ---- */
struct stop {
	struct gate gate;
	atomic_uint maps;
	bool writes;			/* counts those for writing, else the others */
};

static void stop_on_map(struct rig *rig, uint64_t addr, bool is_write)
{
	struct stop *stop = rig->hook;

	(void)addr;
	if (is_write == stop->writes && atomic_fetch_add(&stop->maps, 1) + 1 == STOP_AT)
		gate_pass(&stop->gate);
}

static void *pause_thread(void *arg)
{
	ub_core_pause(((struct rig *)arg)->core);
	return NULL;
}

/* Has one device's engine inside a burst of what is posted next, then pauses it there. */
static void arm_stop(struct rig *rig, struct stop *stop, bool writes)
{
	memset(stop, 0, sizeof(*stop));
	gate_init(&stop->gate);
	stop->writes = writes;
	rig->map_limit = 16384;
	rig->hook = stop;
	atomic_store(&rig->on_map, stop_on_map);
}

static void pause_inside(struct rig *rig, struct rig *mapped, struct stop *stop)
{
	pthread_t thread;

	gate_wait(&stop->gate);
	pthread_create(&thread, NULL, pause_thread, rig);
	sleep_ms(20);
	gate_open(&stop->gate);
	pthread_join(thread, NULL);
	atomic_store(&mapped->on_map, NULL);
	mapped->map_limit = 0;
}

static void fill_pattern(uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(i * 7 + i / 251);
}

static void check_pattern(const uint8_t *at, size_t from, size_t len)
{
	for (size_t i = from; i < len; i++)
		if (at[i] != (uint8_t)(i * 7 + i / 251))
			fail_msg("byte %zu differs", i);
}

static void move_on(struct set *s)
{
	struct rig *rig = &s->rig;
	struct stream state;

	save(rig, &state);
	load_all(&rig, &state, 1);
}

static void test_idle(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1);
	uint64_t wqes;

	for (unsigned i = 0; i < 70; i++)
		run(&s->jfs, &w);
	wqes = STAT(&s->rig, wqes);
	migrate(&s->rig);
	assert_int_equal(STAT(&s->rig, wqes), wqes);
	assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFS, s->jfs.id), UB_STATE_READY);
	assert_int_equal(s->rig.reply.count, 70);
	assert_int_equal(s->rig.reply.ci, 70);
	for (unsigned i = 0; i < 200; i++)
		run(&s->jfs, &w);
	expect_none(&s->jfc);
	assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFC, s->jfc.id), UB_STATE_READY);
	assert_int_equal(s->rig.reply.count, 270);
}

static void test_paused_does_nothing(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1);

	ub_core_pause(s->rig.core);
	post(&s->jfs, &w);
	expect_none(&s->jfc);
	ub_core_resume(s->rig.core);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
}

/* What has moved stays as it was moved: its source may have changed since. */
static void mid_write(struct set *s, unsigned op)
{
	union twqe w = wqe_new(op, UB_WQE_COMPLETE, 2);
	uint8_t *from = op == UB_OP_READ ? s->b.ptr : s->a.ptr;
	uint8_t *to = op == UB_OP_READ ? s->a.ptr : s->b.ptr;
	struct stop stop;
	size_t moved;

	fill_pattern(from, BIG);
	memset(to, 0, BIG);
	wqe_target(&w, s->eid, s->b.va, s->b.id, s->b.token);
	if (op == UB_OP_WRITE_NOTIFY)
		*wqe_ext(&w) = (union ub_hw_wqe_ext){ .imm_data = 0x1122, .notify_addr = s->b.va,
						      .notify_id = s->b.id,
						      .notify_token = s->b.token };
	wqe_sge(&w, s->a.va, BIG, s->a.id);
	arm_stop(&s->rig, &stop, true);
	post(&s->jfs, &w);
	pause_inside(&s->rig, &s->rig, &stop);
	for (moved = BIG; moved && !to[moved - 1]; moved--)
		;
	moved &= ~4095ull;
	assert_in_range(moved, 1, BIG - 1);
	memset(from, 0xee, moved);
	move_on(s);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, 2).len, BIG);
	check_pattern(to, op == UB_OP_WRITE_NOTIFY ? 8 : 0, BIG);
	if (op == UB_OP_WRITE_NOTIFY)
		assert_int_equal(*(uint64_t *)to, 0x1122);
	expect_none(&s->jfc);
}

static void test_mid_write(void **state)
{
	mid_write(*state, UB_OP_WRITE);
}

static void test_mid_read(void **state)
{
	mid_write(*state, UB_OP_READ);
}

static void test_mid_write_notify(void **state)
{
	mid_write(*state, UB_OP_WRITE_NOTIFY);
}

static void test_mid_crc(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_CRC32C, UB_WQE_COMPLETE, 3);
	uint64_t whole;
	struct stop stop;

	fill_pattern(s->a.ptr, BIG);
	wqe_sge(&w, s->a.va, BIG, s->a.id);
	whole = run(&s->jfs, &w).imm_data;
	w = wqe_new(UB_OP_CRC32C, UB_WQE_COMPLETE, 3);
	wqe_sge(&w, s->a.va, BIG, s->a.id);
	arm_stop(&s->rig, &stop, false);
	post(&s->jfs, &w);
	pause_inside(&s->rig, &s->rig, &stop);
	s->a.ptr[0] ^= 1;
	move_on(s);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, 3).imm_data, whole);
}

static void test_mid_fill(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_FILL, UB_WQE_COMPLETE, 4);
	struct stop stop;

	w.w.pattern = 0x0102030405060708;
	w.w.pattern_size = 8;
	wqe_sge(&w, s->a.va, BIG / 2, s->a.id);
	wqe_sge(&w, s->b.va, BIG / 2, s->b.id);
	arm_stop(&s->rig, &stop, true);
	post(&s->jfs, &w);
	pause_inside(&s->rig, &s->rig, &stop);
	move_on(s);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, 4).len, BIG);
	for (unsigned i = 0; i < BIG / 2; i += 8) {
		assert_int_equal(*(uint64_t *)(s->a.ptr + i), 0x0102030405060708);
		assert_int_equal(*(uint64_t *)(s->b.ptr + i), 0x0102030405060708);
	}
}

/* Reads its matrices again, as it has written nothing. */
static void test_mid_gemm(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_GEMM_F32, UB_WQE_COMPLETE, 5);
	float *a = (float *)s->a.ptr, *c = (float *)s->b.ptr;
	const unsigned n = 256;
	struct stop stop;

	w.w.gemm.m = w.w.gemm.n = w.w.gemm.k = w.w.gemm.lda = w.w.gemm.ldb = w.w.gemm.ldc = n;
	w.w.gemm.alpha = w.w.gemm.beta = 0x3f800000;
	for (unsigned i = 0; i < n * n; i++) {
		a[i] = (float)(i % n == i / n);
		a[n * n + i] = (float)(i % 100);
		c[i] = 1;
	}
	wqe_sge(&w, s->a.va, n * n * 4, s->a.id);
	wqe_sge(&w, s->a.va + n * n * 4, n * n * 4, s->a.id);
	wqe_sge(&w, s->b.va, n * n * 4, s->b.id);
	arm_stop(&s->rig, &stop, false);
	post(&s->jfs, &w);
	pause_inside(&s->rig, &s->rig, &stop);
	move_on(s);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, 5).len, n * n * 4);
	for (unsigned i = 0; i < n * n; i++)
		assert_true(c[i] == (float)(i % 100) + 1);
}

/* ---- Messages ---- */
struct pair {
	struct rig rig[2];
	struct tctx ctx[2];
	struct tjfc jfc[2];
	struct tjfs jfs;
	struct tjfr jfr;
	struct tseg from, to;
};

static void pair_init(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	for (unsigned i = 0; i < 2; i++) {
		rig_init(&p->rig[i], i + 1);
		ctx_new(&p->rig[i], &p->ctx[i]);
		jfc_new(&p->ctx[i], &p->jfc[i], 64);
	}
	jfs_new(&p->ctx[0], &p->jfs, &p->jfc[0], 64, 0);
	jfr_new(&p->ctx[1], &p->jfr, &p->jfc[1], 64);
	seg_new(&p->ctx[0], &p->from, BIG, UB_ACCESS_LOCAL_ONLY, 0);
	seg_new(&p->ctx[1], &p->to, BIG, UB_ACCESS_LOCAL_ONLY, 0);
}

static void pair_fini(struct pair *p)
{
	rig_fini(&p->rig[0]);
	rig_fini(&p->rig[1]);
}

static void pair_move_on(struct pair *p)
{
	struct rig *rigs[] = { &p->rig[0], &p->rig[1] };
	struct stream states[2];

	ub_core_pause(p->rig[1].core);
	save(&p->rig[0], &states[0]);
	save(&p->rig[1], &states[1]);
	load_all(rigs, states, 2);
}

static union twqe send_imm(struct pair *p)
{
	union twqe w = wqe_new(UB_OP_SEND_IMM, UB_WQE_COMPLETE, 6);

	wqe_target(&w, p->rig[1].config.eid, 0, p->jfr.id, JFR_TOKEN);
	wqe_ext(&w)->imm_data = 0xabcd;
	wqe_sge(&w, p->from.va, BIG, p->from.id);
	return w;
}

/* The receive WQE was taken before, and is not taken again. */
static void test_mid_send_between_devices(void **state)
{
	struct pair p;
	union twqe w;
	struct ub_hw_cqe cqe;
	struct stop stop;

	(void)state;
	pair_init(&p);
	w = send_imm(&p);
	fill_pattern(p.from.ptr, BIG);
	post_recv(&p.jfr, 70, &p.to, BIG);
	post_recv(&p.jfr, 71, &p.to, BIG);
	arm_stop(&p.rig[1], &stop, true);
	post(&p.jfs, &w);
	pause_inside(&p.rig[0], &p.rig[1], &stop);
	assert_int_equal(p.jfr.rec->ci, 1);
	memset(p.jfr.ring, 0, sizeof(*p.jfr.ring));
	pair_move_on(&p);
	assert_int_equal(expect(&p.jfc[0], UB_CR_SUCCESS, 0, 6).len, BIG);
	cqe = expect(&p.jfc[1], UB_CR_SUCCESS, 0, 70);
	assert_int_equal(cqe.len, BIG);
	assert_int_equal(cqe.imm_data, 0xabcd);
	assert_int_equal(cqe.idx, 0);
	check_pattern(p.to.ptr, 0, BIG);
	assert_int_equal(p.jfr.rec->ci, 1);
	expect_none(&p.jfc[1]);
	pair_fini(&p);
}

/* A peer that does not come along is one that is not there. */
static void test_peer_stays_behind(void **state)
{
	struct pair p;
	struct rig *rig = &p.rig[0];
	struct stream saved;
	union twqe w;
	struct stop stop;

	(void)state;
	pair_init(&p);
	w = send_imm(&p);
	post_recv(&p.jfr, 70, &p.to, BIG);
	arm_stop(&p.rig[1], &stop, true);
	post(&p.jfs, &w);
	pause_inside(&p.rig[0], &p.rig[1], &stop);
	save(rig, &saved);
	replace_core(rig);
	rig_fini(&p.rig[1]);
	ub_core_pause(rig->core);
	assert_int_equal(load(rig, &saved, (char[200]){ 0 }, 200), 0);
	free(saved.data);
	ub_core_resume(rig->core);
	expect(&p.jfc[0], UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID, 6);
	rig_fini(rig);
}

static void test_rnr_wait(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd;
	union twqe w = wqe_new(UB_OP_SEND, UB_WQE_COMPLETE, 8);
	struct tjfr jfr;
	struct tjfs jfs;

	cmd = jfr_cmd(&s->ctx, &jfr, &s->jfc, 64);
	cmd.jfr.min_rnr_timer = 15;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	cmd = jfs_cmd(&s->ctx, &jfs, &s->jfc, 64);
	cmd.jfs.rnr_retry = 7;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	wqe_target(&w, s->eid, 0, jfr.id, JFR_TOKEN);
	post(&jfs, &w);
	migrate(&s->rig);
	post_recv(&jfr, 9, NULL, 0);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 9);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 8);
}

/* ---- Queues and events ---- */
static void test_armed_serial(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1);
	struct ub_hw_eqe eqe;
	unsigned irqs;

	rearm(&s->jfc, 1, false);
	run(&s->jfs, &w);
	eqe = wait_eqe(&s->rig, 1);
	assert_int_equal(eqe.info, 1);
	rearm(&s->jfc, 2, false);
	migrate(&s->rig);
	irqs = atomic_load(&s->rig.irq[1]);
	run(&s->jfs, &w);
	eqe = wait_eqe(&s->rig, 1);
	assert_int_equal(eqe.info, 2);
	/* An engine that is at the queue still raises it after the entry. */
	for (unsigned i = 0; i < 20000 && atomic_load(&s->rig.irq[1]) == irqs; i++)
		sleep_ms(1);
	assert_true(atomic_load(&s->rig.irq[1]) > irqs);
	migrate(&s->rig);
	/* Stale: it has fired. */
	rearm(&s->jfc, 2, false);
	run(&s->jfs, &w);
	sleep_ms(20);
	assert_false(poll_eqe(&s->rig, 1, &eqe));
}

/* Events held back by moderation are held back there as well, and come. */
static void test_held_back(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_MODIFY_JFC, .id = s->jfc.id };
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1);
	struct ub_hw_eqe eqe;

	cmd.jfc.mod_count = 3;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	rearm(&s->jfc, 1, false);
	run(&s->jfs, &w);
	run(&s->jfs, &w);
	migrate(&s->rig);
	sleep_ms(20);
	assert_false(poll_eqe(&s->rig, 1, &eqe));
	run(&s->jfs, &w);
	eqe = wait_eqe(&s->rig, 1);
	assert_int_equal(eqe.info, 1);
	assert_int_equal(STAT(&s->rig, moderated), 1);
	/* By time alone: what is left of it passes in the new device. */
	cmd.jfc.mod_count = 0;
	cmd.jfc.mod_usec = 60000;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	rearm(&s->jfc, 2, false);
	run(&s->jfs, &w);
	migrate(&s->rig);
	eqe = wait_eqe(&s->rig, 1);
	assert_int_equal(eqe.info, 2);
}

static void test_states(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1);

	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0);
	post(&s->jfs, &w);
	migrate(&s->rig);
	expect_none(&s->jfc);
	assert_int_equal(query(&s->rig, UB_ADMIN_QUERY_JFS, s->jfs.id), UB_STATE_SUSPENDED);
	ub_core_pause(s->rig.core);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	migrate(&s->rig);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 1);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
	migrate(&s->rig);
	assert_int_equal(s->jfs.rec->state, UB_STATE_ERROR);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_RESET), UB_ADMIN_OK);
	rings_reset(&s->jfs);
	migrate(&s->rig);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_READY), UB_ADMIN_OK);
	run(&s->jfs, &w);
}

/* The tables changed since: the ring stays where it was. */
static void test_ring_unmapped_since(void **state)
{
	struct set *s = *state;
	union twqe w = wqe_new(UB_OP_NOP, UB_WQE_COMPLETE, 1);

	pt_set(&s->ctx, s->jfc.ring_va, 0);
	migrate(&s->rig);
	run(&s->jfs, &w);
}

/* ---- What is refused ---- */
static void refused(struct set *s, struct stream *state, const char *why)
{
	char error[200] = "";

	assert_int_equal(load(&s->rig, state, error, sizeof(error)), -1);
	if (!strstr(error, why))
		fail_msg("\"%s\" where \"%s\" is due", error, why);
}

static void test_refused(void **state)
{
	struct set *s = *state;
	struct stream saved;
	size_t len;

	ub_core_pause(s->rig.core);
	save(&s->rig, &saved);
	len = saved.len;
	saved.data[0] ^= 1;
	refused(s, &saved, "not a device state");
	saved.data[0] ^= 1;
	saved.data[4] ^= 2;
	refused(s, &saved, "of version 6, this device takes 4");
	saved.data[4] ^= 2;
	saved.data[len / 2] ^= 1;
	refused(s, &saved, "checksum");
	saved.data[len / 2] ^= 1;
	saved.len = len / 2;
	refused(s, &saved, "ends early");
	saved.len = len;
	/* A refused state has changed nothing. */
	ub_core_resume(s->rig.core);
	run(&s->jfs, &(union twqe){ .w = { .opcode = UB_OP_NOP, .flags = UB_WQE_COMPLETE } });
	refused(s, &saved, "runs");
	free(saved.data);
}

static void test_other_device(void **state)
{
	struct set *s = *state;
	struct ub_core_config config = s->rig.config;
	struct stream saved;

	ub_core_pause(s->rig.core);
	save(&s->rig, &saved);
	s->rig.config.guid[15] ^= 1;
	replace_core(&s->rig);
	ub_core_pause(s->rig.core);
	refused(s, &saved, "another device");
	s->rig.config = config;
	s->rig.config.max_jfc = 17;
	replace_core(&s->rig);
	ub_core_pause(s->rig.core);
	refused(s, &saved, "other limits");
	s->rig.config = config;
	s->rig.config.direct_wqe = false;
	replace_core(&s->rig);
	ub_core_pause(s->rig.core);
	refused(s, &saved, "other features");
	s->rig.config = config;
	s->rig.config.hbm_size /= 2;
	replace_core(&s->rig);
	ub_core_pause(s->rig.core);
	refused(s, &saved, "hbm-size");
	free(saved.data);
}

/* ---- Faults on demand ---- */
static void test_armed_faults(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd = inject_cmd(UB_FAULT_STATUS, s->jfs.id, UB_CR_WR_UNHANDLED, 0);

	cmd.inject.skip = 2;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	inject(&s->rig, UB_FAULT_LINK_DOWN, 0, 0, 0);
	post_nop(&s->jfs, 1);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	migrate(&s->rig);
	post_nop(&s->jfs, 2);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 2);
	post_nop(&s->jfs, 3);
	expect(&s->jfc, UB_CR_WR_UNHANDLED, 0, 3);
	assert_int_equal(inject_given(&s->rig, UB_FAULT_STATUS), 1);
	assert_int_equal(inject_armed(&s->rig, UB_FAULT_LINK_DOWN), 1);
}

static void hang(struct tjfs *jfs, unsigned end, uint64_t ns)
{
	inject(jfs->rig, UB_FAULT_STALL, jfs->id, end, ns);
	post_nop(jfs, 7);
	while (!inject_given(jfs->rig, UB_FAULT_STALL))
		sched_yield();
}

static bool is_running(struct tjfs *jfs)
{
	query(jfs->rig, UB_ADMIN_QUERY_JFS, jfs->id);
	return jfs->rig->reply.flags & UB_ADMIN_REPLY_RUNNING;
}

/* It hangs where it is loaded as it hung where it was saved. */
static void test_stalled(void **state)
{
	struct set *s = *state;

	hang(&s->jfs, UB_STALL_QUEUE, 0);
	post_nop(&s->jfs, 8);
	migrate(&s->rig);
	while (!is_running(&s->jfs))
		sched_yield();
	expect_none(&s->jfc);
	migrate(&s->rig);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_SUSPENDED), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 7);
	expect(&s->jfc, UB_CR_WR_SUSPEND_DONE, 0, 0);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_READY), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 8);
}

static void test_stalled_for_a_time(void **state)
{
	struct set *s = *state;

	hang(&s->jfs, UB_STALL_TIME, 50000000);
	migrate(&s->rig);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 7);
}

/* In ERROR, and the command of a life before RESET: only its own end ends it. */
static void test_stalled_for_good(void **state)
{
	struct set *s = *state;

	hang(&s->jfs, UB_STALL_DEVICE, 0);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	migrate(&s->rig);
	while (!is_running(&s->jfs))
		sched_yield();
	expect_none(&s->jfc);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_RESET), UB_ADMIN_OK);
	migrate(&s->rig);
	while (!is_running(&s->jfs))
		sched_yield();
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, s->jfs.id), UB_ADMIN_BUSY);
	ub_core_reset(s->rig.core);
}

static void test_late_completions(void **state)
{
	struct set *s = *state;
	struct tjfc rjfc;
	struct tjfr jfr;
	union twqe w;

	receiver_new(&s->ctx, &rjfc, &jfr);
	w = send_wqe(s, &jfr);
	post_recv(&jfr, 11, &s->b, 4096);
	inject(&s->rig, UB_FAULT_CQE_DELAY, rjfc.id, 100000000, 0);
	inject(&s->rig, UB_FAULT_CQE_TORN, s->jfc.id, 30000000, 0);
	post(&s->jfs, &w);
	while (!inject_given(&s->rig, UB_FAULT_CQE_DELAY))
		sched_yield();
	migrate(&s->rig);
	assert_int_equal(expect(&rjfc, UB_CR_SUCCESS, 0, 11).len, 100);
	migrate(&s->rig);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 3);
	expect_none(&rjfc);
	expect_none(&s->jfc);
	assert_int_equal(inject_given(&s->rig, UB_FAULT_CQE_TORN), 1);
}

/* The message failed, and its receiver hears of that late: of this very failure. */
static void test_late_failure(void **state)
{
	struct set *s = *state;
	struct tjfc rjfc;
	struct tjfr jfr;
	union twqe w;

	receiver_new(&s->ctx, &rjfc, &jfr);
	w = send_wqe(s, &jfr);
	post_recv(&jfr, 11, &s->b, 50);
	inject(&s->rig, UB_FAULT_CQE_DELAY, rjfc.id, 100000000, 0);
	post(&s->jfs, &w);
	migrate(&s->rig);
	expect(&rjfc, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH, 11);
	expect(&s->jfc, UB_CR_REM_RESP_LEN_ERR, UB_SUB_LENGTH, 3);
}

static void test_faults_need_the_property(void **state)
{
	struct set *s = *state;
	struct stream saved;
	char error[200] = "";

	inject(&s->rig, UB_FAULT_LOST_DB, 0, 0, 0);
	ub_core_pause(s->rig.core);
	save(&s->rig, &saved);
	s->rig.config.inject = false;
	replace_core(&s->rig);
	ub_core_pause(s->rig.core);
	assert_int_equal(load(&s->rig, &saved, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "inject=on"));
	free(saved.data);
	ub_core_resume(s->rig.core);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_idle),
		T(test_paused_does_nothing),
		T(test_mid_write),
		T(test_mid_read),
		T(test_mid_write_notify),
		T(test_mid_crc),
		T(test_mid_fill),
		T(test_mid_gemm),
		cmocka_unit_test(test_mid_send_between_devices),
		cmocka_unit_test(test_peer_stays_behind),
		T(test_rnr_wait),
		T(test_armed_serial),
		T(test_held_back),
		T(test_states),
		T(test_ring_unmapped_since),
		T(test_refused),
		T(test_other_device),
		T(test_armed_faults),
		T(test_stalled),
		T(test_stalled_for_a_time),
		T(test_stalled_for_good),
		T(test_late_completions),
		T(test_late_failure),
		T(test_faults_need_the_property),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
