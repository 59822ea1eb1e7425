/* SPDX-License-Identifier: MIT */
/* Programs and LAUNCH: made, refused, run, ended by faults and from outside, preempted, moved. */
#include "migrate.h"
#include "tests/visa/insns.h"

#define FUEL 1000000u

/* ---- Programs ---- */
static struct ub_admin_cmd program_cmd(struct set *s, const struct ub_visa_insn *insns, size_t n)
{
	memcpy(s->b.ptr, insns, n * sizeof(*insns));
	return (struct ub_admin_cmd){
		.opcode = UB_ADMIN_CREATE_PROGRAM,
		.id = ++s->rig.next_id,
		.program = { .addr = s->b.va,
			     .token_id = s->b.id,
			     .tid = s->ctx.tid,
			     .len = (uint32_t)(n * sizeof(*insns)),
			     .tiles = 4,
			     .fuel = FUEL },
	};
}

static uint32_t make_program(struct set *s, const struct ub_visa_insn *insns, size_t n,
			     uint64_t fuel)
{
	struct ub_admin_cmd cmd = program_cmd(s, insns, n);

	cmd.program.fuel = fuel;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	memset(s->b.ptr, 0, n * sizeof(*insns));
	return cmd.id;
}

#define PROGRAM(s, fuel, ...)                                         \
	({                                                            \
		const struct ub_visa_insn insns_[] = { __VA_ARGS__ }; \
		make_program(s, insns_, N(insns_), fuel);             \
	})

static void refused(struct set *s, const struct ub_admin_cmd *cmd, unsigned status, uint32_t detail)
{
	assert_int_equal(admin(&s->rig, cmd), status);
	assert_int_equal(s->rig.reply.detail, detail);
}

#define OFF(member) offsetof(struct ub_admin_cmd, member)
#define WITH(member, value)                       \
	({                                        \
		struct ub_admin_cmd with_ = good; \
		with_.member = (value);           \
		with_;                            \
	})

static void bad_commands_are_refused(void **state)
{
	const struct ub_visa_insn insns[] = { EXIT };
	struct set *s = *state;
	struct ub_admin_cmd good = program_cmd(s, insns, 1), cmd;
	struct tctx other;

	ctx_new(&s->rig, &other);
	cmd = WITH(id, 0), refused(s, &cmd, UB_ADMIN_BAD_ID, OFF(id));
	cmd = WITH(id, 1025), refused(s, &cmd, UB_ADMIN_BAD_ID, OFF(id));
	cmd = WITH(program.tid, 99), refused(s, &cmd, UB_ADMIN_BAD_ID, OFF(program.tid));
	cmd = WITH(program.tid, other.tid);
	refused(s, &cmd, UB_ADMIN_BAD_ID, OFF(program.token_id));
	cmd = WITH(program.token_id, 99), refused(s, &cmd, UB_ADMIN_BAD_ID, OFF(program.token_id));
	cmd = WITH(program.addr, s->b.va + s->b.len - 4);
	refused(s, &cmd, UB_ADMIN_BAD_ADDRESS, OFF(program.addr));
	cmd = WITH(program.rsvd[0], 1);
	refused(s, &cmd, UB_ADMIN_BAD_FIELD, OFF(program.rsvd));
	pt_set(&s->ctx, s->b.va, 0);
	refused(s, &good, UB_ADMIN_BAD_ADDRESS, OFF(program.addr));
}

static void bad_programs_are_refused(void **state)
{
	const struct ub_visa_insn insns[] = { MOV(0, 0), MOV(10, 0), EXIT };
	struct set *s = *state;
	struct ub_admin_cmd good = program_cmd(s, insns, N(insns)), cmd;

	refused(s, &good, UB_ADMIN_BAD_PROGRAM, 1 << 8 | UB_VISA_RULE_REGISTER);
	cmd = WITH(program.len, 0), refused(s, &cmd, UB_ADMIN_BAD_PROGRAM, UB_VISA_RULE_LENGTH);
	cmd = WITH(program.len, 7), refused(s, &cmd, UB_ADMIN_BAD_PROGRAM, UB_VISA_RULE_LENGTH);
	cmd = WITH(program.len, 0xfffffff8);
	refused(s, &cmd, UB_ADMIN_BAD_PROGRAM, UB_VISA_RULE_LENGTH);
	cmd = WITH(program.tiles, 17), refused(s, &cmd, UB_ADMIN_BAD_PROGRAM, UB_VISA_RULE_TILES);
	cmd = WITH(program.fuel, 0), refused(s, &cmd, UB_ADMIN_BAD_PROGRAM, UB_VISA_RULE_FUEL);
}

static void lives(void **state)
{
	struct set *s = *state;
	uint32_t id = PROGRAM(s, FUEL, EXIT);

	refused(s, &(struct ub_admin_cmd){ .opcode = UB_ADMIN_CREATE_PROGRAM, .id = id },
		UB_ADMIN_ID_IN_USE, OFF(id));
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_CTX, s->ctx.tid), UB_ADMIN_BUSY);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_PROGRAM, id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_PROGRAM, id), UB_ADMIN_BAD_ID);
	/* What is left at the end goes with the device. */
	PROGRAM(s, FUEL, EXIT);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_VISA_VERSION, 4), UB_VISA_VERSION);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_MAX_PROGRAM, 4), 1024);
}

/* ---- Launches ---- */
/* Segment 0 is a, its second half segment 1; arguments are the first bytes of b. */
static union twqe launch(struct set *s, uint32_t program, uint32_t x, uint32_t y, uint32_t z)
{
	union twqe w = wqe_new(UB_OP_LAUNCH, UB_WQE_COMPLETE, 1);

	w.w.launch.program = program;
	w.w.launch.grid[0] = x;
	w.w.launch.grid[1] = y;
	w.w.launch.grid[2] = z;
	wqe_sge(&w, s->b.va, 16, s->b.id);
	wqe_sge(&w, s->a.va, (uint32_t)s->a.len / 2, s->a.id);
	wqe_sge(&w, s->a.va + s->a.len / 2, (uint32_t)s->a.len / 2, s->a.id);
	return w;
}

static void blocks_see_their_place(void **state)
{
	struct set *s = *state;
	/* word[x + 3 y + 6 z] of the segment = 100 x + 10 y + z + second argument */
	uint32_t id =
		PROGRAM(s, FUEL, LOAD64(9, 1, 8), CALL1(UB_VISA_block, 0), MOV_REG(6, 0),
			CALL1(UB_VISA_block, 1), MOV_REG(7, 0), CALL1(UB_VISA_block, 2),
			MOV_REG(8, 0), MOV_REG(3, 6), INSN(0x27, 3, 0, 0, 100),
			INSN(0x0f, 9, 3, 0, 0), MOV_REG(3, 7), INSN(0x27, 3, 0, 0, 10),
			INSN(0x0f, 9, 3, 0, 0), INSN(0x0f, 9, 8, 0, 0), CALL1(UB_VISA_grid, 1),
			INSN(0x2f, 8, 0, 0, 0), INSN(0x0f, 7, 8, 0, 0), CALL1(UB_VISA_grid, 0),
			INSN(0x2f, 7, 0, 0, 0), INSN(0x0f, 6, 7, 0, 0), INSN(0x67, 6, 0, 0, 3),
			MOV(1, 0), MOV_REG(2, 6), MOV_REG(3, 9), CALL(UB_VISA_word_store), EXIT);
	union twqe w = launch(s, id, 3, 2, 4);
	uint64_t *words = (uint64_t *)s->a.ptr;

	((uint64_t *)s->b.ptr)[1] = 5000;
	post(&s->jfs, &w);
	assert_int_equal(expect(&s->jfc, UB_CR_SUCCESS, 0, 1).len, 0);
	for (unsigned i = 0; i < 24; i++)
		assert_int_equal(words[i], i % 3 * 100 + i / 3 % 2 * 10 + i / 6 + 5000);
	assert_int_equal(words[24], 0);
}

static void tiles_move_and_compute(void **state)
{
	struct set *s = *state;
	float *a = (float *)s->a.ptr, *b = (float *)(s->a.ptr + s->a.len / 2);
	uint32_t id = PROGRAM(s, FUEL, TLOAD(0, 0, 0, 4, 8), TLOAD(1, 1, 4000, 8, 4),
			      CALL3(UB_VISA_tmatmul, 2, 0, 1), TSTORE(2, 0, 8192, 1000), EXIT);
	union twqe w = launch(s, id, 1, 1, 1);

	for (unsigned i = 0; i < 32; i++) {
		a[i] = (float)i;
		b[1000 + i] = (float)(i % 5);
	}
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	for (unsigned r = 0; r < 4; r++) {
		for (unsigned c = 0; c < 4; c++) {
			float sum = 0;

			for (unsigned k = 0; k < 8; k++)
				sum += a[r * 8 + k] * b[1000 + k * 4 + c];
			assert_true(a[2048 + r * 1000 + c] == sum);
		}
		assert_true(a[2048 + r * 1000 + 4] == 0);
	}
}

/* ---- Refused and ended by faults ---- */
static void launches_are_checked(void **state)
{
	struct set *s = *state;
	uint32_t id = PROGRAM(s, FUEL, EXIT);
	union twqe w = launch(s, id, 0, 1, 1);
	struct ub_hw_cqe cqe;

	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH, 1);
	w = launch(s, id, 65536, 65536, 1), post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH, 1);
	w = launch(s, id, 0xffffffff, 0xffffffff, 0xffffffff), post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_OPERATION_ERR, UB_SUB_LENGTH, 1);
	w = launch(s, id, 1, 1, 1), w.w.launch.rsvd[15] = 1, post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_OPERATION_ERR, UB_SUB_FLAGS, 1);
	w = wqe_new(UB_OP_LAUNCH, 0, 1), w.w.launch.grid[0] = 1, post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_OPERATION_ERR, UB_SUB_SGE_COUNT, 1);
	w = launch(s, id, 1, 1, 1), ((struct ub_hw_sge *)(w.raw + 48))->len = 4097;
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_LEN_ERR, UB_SUB_LENGTH, 1);
	w = launch(s, id, 1, 1, 1), ((struct ub_hw_sge *)(w.raw + 48))[1].token_id = 99;
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID, 1);
	w = launch(s, id + 1, 1, 1, 1), post(&s->jfs, &w);
	cqe = expect(&s->jfc, UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM, 1);
	assert_int_equal(cqe.flags & UB_CQE_IMM, 0);
	w = launch(s, id, 1, 1, 1), post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
}

static void program_of_another_context(void **state)
{
	struct set *s = *state;
	uint32_t id = PROGRAM(s, FUEL, EXIT);
	struct tctx other;
	struct tjfc jfc;
	struct tjfs jfs;
	struct tseg seg;
	union twqe w = wqe_new(UB_OP_LAUNCH, 0, 1);

	ctx_new(&s->rig, &other);
	jfc_new(&other, &jfc, 64);
	jfs_new(&other, &jfs, &jfc, 64, 0);
	seg_new(&other, &seg, 4096, UB_ACCESS_LOCAL_ONLY, 0);
	w.w.launch.program = id;
	w.w.launch.grid[0] = w.w.launch.grid[1] = w.w.launch.grid[2] = 1;
	wqe_sge(&w, seg.va, 0, seg.id);
	post(&jfs, &w);
	expect(&jfc, UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM, 1);
}

static void expect_fault(struct set *s, uint32_t program, unsigned status, unsigned sub,
			 uint64_t record)
{
	union twqe w = launch(s, program, 2, 2, 1);
	struct ub_hw_cqe cqe;

	post(&s->jfs, &w);
	cqe = expect(&s->jfc, status, sub, 1);
	assert_int_equal(cqe.flags & UB_CQE_IMM, UB_CQE_IMM);
	assert_int_equal(cqe.imm_data, record);
}

static void faults_leave_a_record(void **state)
{
	struct set *s = *state;
	uint32_t id = PROGRAM(s, 100, JA(-1));

	expect_fault(s, id, UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM,
		     UB_VISA_RECORD(UB_VISA_FAULT_FUEL, 0, 0, 0));
	/* Of the third block alone. */
	id = PROGRAM(s, FUEL, CALL1(UB_VISA_block, 1), JNE(0, 0, 1), EXIT,
		     CALL2(UB_VISA_tmov, 0, 1), EXIT);
	expect_fault(s, id, UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM,
		     UB_VISA_RECORD(UB_VISA_FAULT_EMPTY, 2, 6, 2));
	id = PROGRAM(s, FUEL, LOAD64(0, 1, 8), LOAD64(0, 1, 9), EXIT);
	expect_fault(s, id, UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM,
		     UB_VISA_RECORD(UB_VISA_FAULT_MEMORY, 0, 1, 0));
	id = PROGRAM(s, FUEL, TLOAD(0, 2, 0, 1, 1), EXIT);
	expect_fault(s, id, UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM,
		     UB_VISA_RECORD(UB_VISA_FAULT_SEGMENT, 2, 5, 0));
	id = PROGRAM(s, FUEL, TLOAD(0, 0, 512 << 10, 1, 1), EXIT);
	expect_fault(s, id, UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM,
		     UB_VISA_RECORD(UB_VISA_FAULT_BOUNDS, 3, 5, 0));
	/* Pages that are not there, or not to be written. */
	id = PROGRAM(s, FUEL, TLOAD(0, 0, 0, 1, 1), TSTORE(0, 0, 4096, 1), EXIT);
	pt_set(&s->ctx, s->a.va + 4096, *pt_entry(&s->ctx, s->a.va + 4096, 1) & ~RW);
	expect_fault(s, id, UB_CR_LOC_ACCESS_ERR, UB_SUB_PTE_RIGHTS,
		     UB_VISA_RECORD(UB_VISA_FAULT_ACCESS, 3, 11, 0));
	pt_set(&s->ctx, s->a.va, 0);
	expect_fault(s, id, UB_CR_LOC_ACCESS_ERR, UB_SUB_UNMAPPED,
		     UB_VISA_RECORD(UB_VISA_FAULT_ACCESS, 3, 5, 0));
}

static void words_are_atomic(void **state)
{
	struct set *s = *state;
	uint64_t *words = (uint64_t *)s->a.ptr;
	uint32_t id = PROGRAM(s, FUEL, CALL3(UB_VISA_word_add, 0, 8, 5), MOV_REG(6, 0), MOV(1, 0),
			      MOV(2, 16), MOV_REG(3, 6), CALL(UB_VISA_word_swap), MOV(1, 0),
			      MOV(2, 24), MOV(3, 7), MOV(4, 9), CALL(UB_VISA_word_cas), EXIT);
	union twqe w = launch(s, id, 2, 1, 1);

	words[1] = 100;
	words[3] = 7;
	post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
	assert_int_equal(words[1], 110);
	assert_int_equal(words[2], 105);
	assert_int_equal(words[3], 9);
	pt_set(&s->ctx, s->a.va, *pt_entry(&s->ctx, s->a.va, 1) & ~UB_PTE_ATOMIC);
	expect_fault(s, id, UB_CR_LOC_ACCESS_ERR, UB_SUB_PTE_RIGHTS,
		     UB_VISA_RECORD(UB_VISA_FAULT_ACCESS, 2, 3, 0));
}

/* ---- Ended from outside ---- */
/* It tells that it runs, and does so for ever, as far as a test can see. */
static uint32_t endless(struct set *s)
{
	return PROGRAM(s, UB_VISA_MAX_FUEL, CALL3(UB_VISA_word_store, 0, 0, 1), JA(-1));
}

static void post_endless(struct set *s, uint32_t program)
{
	union twqe w = launch(s, program, 1, 1, 1);

	post(&s->jfs, &w);
	while (!__atomic_load_n((uint64_t *)s->a.ptr, __ATOMIC_ACQUIRE))
		sleep_ms(1);
}

static uint32_t progress(struct set *s)
{
	query(&s->rig, UB_ADMIN_QUERY_JFS, s->jfs.id);
	assert_true(s->rig.reply.flags & UB_ADMIN_REPLY_RUNNING);
	return s->rig.reply.detail;
}

static void error_flushes_it(void **state)
{
	struct set *s = *state;
	uint32_t id = endless(s), before;

	post_endless(s, id);
	before = progress(s);
	while (progress(s) == before)
		sleep_ms(1);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_PROGRAM, id), UB_ADMIN_BUSY);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	assert_int_equal(expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 1).flags & UB_CQE_IMM, 0);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR_DONE, 0, 0);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_PROGRAM, id), UB_ADMIN_OK);
}

static void destroy_ends_it(void **state)
{
	struct set *s = *state;
	uint32_t id = endless(s);

	post_endless(s, id);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_JFS, s->jfs.id), UB_ADMIN_OK);
	/* Let go of at once, whether its thread has seen that or not. */
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_PROGRAM, id), UB_ADMIN_OK);
	assert_int_equal(admin_simple(&s->rig, UB_ADMIN_DESTROY_SEG, s->a.id), UB_ADMIN_OK);
}

static void reset_of_the_device_ends_it(void **state)
{
	struct set *s = *state;

	post_endless(s, endless(s));
	ub_core_reset(s->rig.core);
	assert_int_equal(ub_core_reg_read(s->rig.core, UB_REG_RUNNING, 4), 0);
}

static void urgent_queue_goes_first(void **state)
{
	struct set *s = *state;
	struct ub_admin_cmd cmd;
	struct tjfc jfc;
	struct tjfs high;
	union twqe w = wqe_new(UB_OP_FILL, UB_WQE_COMPLETE, 2);

	jfc_new(&s->ctx, &jfc, 64);
	cmd = jfs_cmd(&s->ctx, &high, &jfc, 64);
	cmd.jfs.priority = 15;
	assert_int_equal(admin(&s->rig, &cmd), UB_ADMIN_OK);
	post_endless(s, endless(s));
	w.w.pattern_size = 8;
	wqe_sge(&w, s->b.va, 65536, s->b.id);
	post(&high, &w);
	expect(&jfc, UB_CR_SUCCESS, 0, 2);
	expect_none(&s->jfc);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 1);
}

static void others_of_its_class_get_their_turn(void **state)
{
	struct set *s = *state;
	struct tjfc jfc;
	struct tjfs other;

	jfc_new(&s->ctx, &jfc, 64);
	jfs_new(&s->ctx, &other, &jfc, 64, 0);
	post_endless(s, endless(s));
	for (unsigned i = 0; i < 20; i++) {
		union twqe w = wqe_new(UB_OP_FILL, UB_WQE_COMPLETE, i);

		w.w.pattern_size = 8;
		wqe_sge(&w, s->b.va, 65536, s->b.id);
		post(&other, &w);
		expect(&jfc, UB_CR_SUCCESS, 0, i);
	}
	expect_none(&s->jfc);
	assert_int_equal(jfs_modify(&s->jfs, UB_STATE_ERROR), UB_ADMIN_OK);
	expect(&s->jfc, UB_CR_WR_FLUSH_ERR, 0, 1);
	query(&s->rig, UB_ADMIN_QUERY_JFS, s->jfs.id);
	assert_int_equal(s->rig.reply.count, 1);
}

/* ---- Moved to another device, again and again ---- */
#define MOVES  50u /* of a launch, at most */
#define ROUNDS 3000

static uint32_t rounds(struct set *s)
{
	return PROGRAM(
		s, FUEL, MOV(6, ROUNDS), TLOAD(0, 0, 64, 1, 64),
		CALL3(UB_VISA_tmuls, 0, 0, 0x3f800347), CALL3(UB_VISA_tadds, 0, 0, 0x3f000000),
		TSTORE(0, 0, 64, 64), CALL3(UB_VISA_word_add, 0, 8, 1), LOAD64(7, 10, -8),
		ADD(7, 1), STORE64(10, -8, 7), ADD(6, -1), JNE(6, 0, -29), MOV(1, 0), MOV(2, 16),
		MOV_REG(3, 7), CALL(UB_VISA_word_store), CALL3(UB_VISA_word_store, 0, 0, 1), EXIT);
}

static void moves_in_the_middle(void **state)
{
	struct set *s = *state;
	uint32_t id = rounds(s);
	union twqe w = launch(s, id, 2, 1, 1);
	float *x = (float *)(s->a.ptr + 64), wanted[64], factor;
	uint64_t *words = (uint64_t *)s->a.ptr, last = 0, now;
	struct ub_hw_cqe cqe;
	unsigned moved = 0;

	memcpy(&factor, &(uint32_t){ 0x3f800347 }, 4);
	for (unsigned i = 0; i < 64; i++) {
		wanted[i] = x[i] = (float)i / 7;
		for (unsigned n = 0; n < 2 * ROUNDS; n++) {
			volatile float product = wanted[i] * factor;

			wanted[i] = product + 0.5f;
		}
	}
	post(&s->jfs, &w);
	/* A move takes far longer than a round: without a bound the launch would hardly go on. */
	while (!poll_cqe(&s->jfc, &cqe)) {
		now = __atomic_load_n(&words[1], __ATOMIC_RELAXED);
		if (now == last || moved == MOVES) {
			sched_yield();
			continue;
		}
		migrate(&s->rig);
		moved += now < 2 * ROUNDS;
		last = now;
	}
	assert_int_equal(cqe.status, UB_CR_SUCCESS);
	assert_int_equal(words[1], 2 * ROUNDS);
	assert_int_equal(words[2], ROUNDS);
	assert_memory_equal(x, wanted, sizeof(wanted));
	print_message("moved %u times in the middle\n", moved);
	assert_true(moved);
	/* The program has gone along: what it was made of is gone. */
	w = launch(s, id, 1, 1, 1), post(&s->jfs, &w);
	expect(&s->jfc, UB_CR_SUCCESS, 0, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(bad_commands_are_refused),
		T(bad_programs_are_refused),
		T(lives),
		T(blocks_see_their_place),
		T(tiles_move_and_compute),
		T(launches_are_checked),
		T(program_of_another_context),
		T(faults_leave_a_record),
		T(words_are_atomic),
		T(error_flushes_it),
		T(destroy_ends_it),
		T(reset_of_the_device_ends_it),
		cmocka_unit_test_setup_teardown(urgent_queue_goes_first, set_up_one_engine,
						set_down),
		cmocka_unit_test_setup_teardown(others_of_its_class_get_their_turn,
						set_up_one_engine, set_down),
		T(moves_in_the_middle),
	};

	return cmocka_run_group_tests_name("core-launch", tests, NULL, NULL);
}
