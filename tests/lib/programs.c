/* SPDX-License-Identifier: MIT */
/* Programs and launches by the library: made, refused, run, ended; found in objects. */
#include "common.h"
#include "../visa/insns.h"

#include <elf.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CFG(program_insns, n)                                                                  \
	{                                                                                      \
		.insns = (program_insns), .len = (uint32_t)((n) * sizeof((program_insns)[0])), \
		.tiles = 4, .fuel = 1u << 20                                                   \
	}

static struct ub_program *make(struct ub_context *ctx, const struct ub_visa_insn *insns, size_t n)
{
	struct ub_program_cfg cfg = CFG(insns, n);
	struct ub_program *program = ub_create_program(ctx, &cfg);

	if (!program)
		fail_msg("%s", ub_last_error()->message);
	return program;
}

#define PROGRAM(ctx, ...)                                             \
	({                                                            \
		const struct ub_visa_insn insns_[] = { __VA_ARGS__ }; \
		make(ctx, insns_, N(insns_));                         \
	})

static struct ub_jfs_wr launch(const struct ub_program *program, const ub_sge_t *sge, uint8_t n,
			       uint32_t blocks)
{
	return (struct ub_jfs_wr){
		.opcode = UB_OP_LAUNCH,
		.flags = UB_WR_COMPLETE,
		.user_ctx = 5,
		.sge = sge,
		.num_sge = n,
		.launch = { program->id, { blocks, 1, 1 } },
	};
}

/* c = a + b, 64 elements a block. */
static void adds_vectors(void **state)
{
	enum { BLOCKS = 40, COUNT = 64 * BLOCKS };
	struct rig *r = *state;
	struct mem m = mem_make(r->ctx, 3 * COUNT * sizeof(float), UB_ACCESS_LOCAL_ONLY);
	float *a = (float *)m.buf, *b = a + COUNT, *c = b + COUNT;
	struct ub_program *program = PROGRAM(
		r->ctx, CALL1(UB_VISA_block, 0), MOV_REG(6, 0), INSN(0x67, 6, 0, 0, 8), MOV(1, 0),
		MOV(2, 0), MOV_REG(3, 6), MOV(4, 64 << 16 | 1), CALL(UB_VISA_tload), MOV(1, 1),
		MOV(2, 1), MOV_REG(3, 6), MOV(4, 64 << 16 | 1), CALL(UB_VISA_tload),
		CALL3(UB_VISA_tadd, 0, 0, 1), MOV(1, 0), MOV(2, 2), MOV_REG(3, 6), MOV(4, UB_F32),
		CALL(UB_VISA_tstore), EXIT);
	ub_sge_t sge[4] = { mem_sge(&m, 0, 0), mem_sge(&m, 0, COUNT * 4),
			    mem_sge(&m, COUNT * 4, COUNT * 4),
			    mem_sge(&m, 2 * COUNT * 4, COUNT * 4) };
	struct ub_jfs_wr wr = launch(program, sge, 4, BLOCKS);

	for (unsigned i = 0; i < COUNT; i++) {
		a[i] = (float)i;
		b[i] = (float)i * 0.5f;
	}
	run_ok(r, &wr);
	for (unsigned i = 0; i < COUNT; i++)
		assert_true(c[i] == (float)i * 1.5f);
	assert_int_equal(ub_delete_program(program), 0);
	wr = launch(&(struct ub_program){ .id = 77 }, sge, 4, 1);
	assert_status(run(r, &wr), UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM);
	mem_free(&m);
}

static void refused_with_the_rule(void **state)
{
	const struct ub_visa_insn bad[] = { MOV(0, 0), MOV(10, 0), EXIT }, good[] = { EXIT };
	struct ub_program_cfg cfg = CFG(bad, N(bad));
	struct rig *r = *state;

	assert_refused(ub_verify_program(&cfg), EINVAL, UB_EXT_BAD_PROGRAM);
	assert_fails(ub_create_program(r->ctx, &cfg), EINVAL, UB_EXT_BAD_PROGRAM);
	assert_int_equal(ub_last_error()->limit, 1);
	assert_non_null(strstr(ub_last_error()->message, "r10 is never written"));
	cfg = (struct ub_program_cfg)CFG(good, 1);
	assert_int_equal(ub_verify_program(&cfg), 0);
	cfg.len = 4;
	assert_fails(ub_create_program(r->ctx, &cfg), EINVAL, UB_EXT_BAD_PROGRAM);
	cfg.len = 1 << 30;
	assert_fails(ub_create_program(r->ctx, &cfg), EINVAL, UB_EXT_BAD_PROGRAM);
	cfg.len = 8;
	cfg.tiles = 17;
	assert_fails(ub_create_program(r->ctx, &cfg), EINVAL, UB_EXT_BAD_PROGRAM);
	assert_null(ub_create_program(NULL, &cfg));
	assert_null(ub_create_program(r->ctx, NULL));
	assert_int_equal(ub_delete_program(NULL), -EINVAL);
}

static void fault_is_told(void **state)
{
	struct rig *r = *state;
	struct mem m = mem_make(r->ctx, 4096, UB_ACCESS_LOCAL_ONLY);
	struct ub_program *program = PROGRAM(r->ctx, CALL2(UB_VISA_tmov, 0, 1), EXIT);
	ub_sge_t none = mem_sge(&m, 0, 0);
	struct ub_jfs_wr wr = launch(program, &none, 1, 3);
	struct ub_cr cr = run(r, &wr);

	assert_status(cr, UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM);
	assert_true(cr.flags & UB_CQE_IMM);
	assert_int_equal(cr.imm_data, UB_VISA_RECORD(UB_VISA_FAULT_EMPTY, 2, 2, 0));
	assert_string_equal(ub_program_fault_str(cr.imm_data), "the tile has not been written");
	assert_int_equal(ub_delete_program(program), 0);
	mem_free(&m);
}

/* Stores 1 in the word at 0 of segment 0 and goes round for as long as it is let. */
static struct ub_program *endless(struct ub_context *ctx)
{
	const struct ub_visa_insn insns[] = { CALL3(UB_VISA_word_store, 0, 0, 1), JA(-1) };
	struct ub_program_cfg cfg = CFG(insns, N(insns));
	struct ub_program *program;

	cfg.fuel = UB_VISA_MAX_FUEL;
	program = ub_create_program(ctx, &cfg);
	assert_non_null(program);
	return program;
}

static void start_endless(struct rig *r, const struct ub_program *program, const struct mem *m)
{
	ub_sge_t sge[2] = { mem_sge(m, 0, 0), mem_sge(m, 0, 4096) };
	struct ub_jfs_wr wr = launch(program, sge, 2, 1);

	post(r->jfs, &wr);
	while (!__atomic_load_n((uint64_t *)m->buf, __ATOMIC_ACQUIRE))
		usleep(1000);
}

static void busy_while_it_runs(void **state)
{
	struct rig *r = *state;
	struct mem m = mem_make(r->ctx, 4096, UB_ACCESS_LOCAL_ONLY);
	struct ub_program *program = endless(r->ctx);

	start_endless(r, program, &m);
	assert_refused(ub_delete_program(program), EBUSY, UB_EXT_BUSY);
	assert_int_equal(ub_delete_context(r->ctx), -EBUSY);
	assert_int_equal(ub_modify_jfs(r->jfs, UB_STATE_ERROR), 0);
	assert_status(wait_cr(r->jfc), UB_CR_WR_FLUSH_ERR, UB_SUB_NONE);
	assert_status(wait_cr(r->jfc), UB_CR_WR_FLUSH_ERR_DONE, UB_SUB_NONE);
	assert_int_equal(ub_delete_program(program), 0);
	mem_free(&m);
}

static void of_another_context(void **state)
{
	struct rig *r = *state, other;
	struct mem m = mem_make(r->ctx, 4096, UB_ACCESS_LOCAL_ONLY);
	ub_sge_t none = mem_sge(&m, 0, 0);
	struct ub_program *program;
	struct ub_jfs_wr wr;

	rig_open(&other, device_a);
	program = PROGRAM(other.ctx, EXIT);
	wr = launch(program, &none, 1, 1);
	assert_status(run(r, &wr), UB_CR_LOC_OPERATION_ERR, UB_SUB_PROGRAM);
	assert_int_equal(ub_delete_program(program), 0);
	rig_close(&other);
	mem_free(&m);
}

/* A process that is killed in the middle of a launch leaves nothing behind. */
static void killed_while_it_runs(void **state)
{
	int ready[2];
	char byte;
	pid_t child;

	(void)state;
	if (is_soft())
		skip();
	assert_int_equal(pipe(ready), 0);
	for (unsigned round = 0; round < 5; round++) {
		child = fork();
		if (!child) {
			struct rig r;
			struct mem m;

			rig_open(&r, device_a);
			m = mem_make(r.ctx, 4096, UB_ACCESS_LOCAL_ONLY);
			start_endless(&r, endless(r.ctx), &m);
			_exit(write(ready[1], "x", 1) != 1 || pause());
		}
		assert_int_equal(read(ready[0], &byte, 1), 1);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
	}
	close(ready[0]);
	close(ready[1]);
}

/* ---- Objects ---- */
struct object {
	Elf64_Ehdr header;
	Elf64_Shdr section[5]; /* none, names, two programs, relocations */
	char names[32];
	struct ub_visa_insn insns[4];
};

static void object_make(struct object *o)
{
	static const char names[] = "\0ub/one\0ub/two\0.names\0.rel";

	*o = (struct object){
		.header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB },
			    .e_machine = 247, .e_shoff = offsetof(struct object, section),
			    .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 4, .e_shstrndx = 1 },
		.section = {
			[1] = { .sh_name = 15, .sh_type = SHT_STRTAB, .sh_size = sizeof(names),
				.sh_offset = offsetof(struct object, names) },
			[2] = { .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_size = 8,
				.sh_offset = offsetof(struct object, insns) },
			[3] = { .sh_name = 8, .sh_type = SHT_PROGBITS, .sh_size = 24,
				.sh_offset = offsetof(struct object, insns[1]) },
			[4] = { .sh_name = 22, .sh_type = SHT_REL, .sh_size = 16, .sh_info = 3 },
		},
		.insns = { EXIT, MOV(0, 1), MOV(0, 2), EXIT },
	};
	memcpy(o->names, names, sizeof(names));
}

static void finds_programs(void **state)
{
	struct ub_program_cfg cfg = { .tiles = 3 };
	struct object o;

	(void)state;
	object_make(&o);
	assert_int_equal(ub_find_program(&o, sizeof(o), "two", &cfg), 0);
	assert_ptr_equal(cfg.insns, &o.insns[1]);
	assert_int_equal(cfg.len, 24);
	assert_int_equal(cfg.tiles, 3);
	assert_int_equal(ub_find_program(&o, sizeof(o), NULL, &cfg), -ENOENT);
	assert_int_equal(ub_find_program(&o, sizeof(o), "three", &cfg), -ENOENT);
	o.header.e_shnum = 3;
	assert_int_equal(ub_find_program(&o, sizeof(o), NULL, &cfg), 0);
	o.header.e_shnum = 5;
	assert_int_equal(ub_find_program(&o, sizeof(o), "one", &cfg), 0);
	assert_int_equal(ub_find_program(&o, sizeof(o), "two", &cfg), -ELIBSCN);
	assert_int_equal(ub_find_program(NULL, 0, NULL, &cfg), -EINVAL);
}

/* Whatever byte is another, it gives an answer and reads nothing outside. */
static void reads_no_bad_object(void **state)
{
	struct ub_program_cfg cfg;
	struct object o;

	(void)state;
	object_make(&o);
	for (size_t size = 0; size < sizeof(o); size++) {
		void *cut = malloc(size + 1);

		memcpy(cut, &o, size);
		assert_int_equal(ub_find_program(cut, size, "two", &cfg), -ENOEXEC);
		free(cut);
	}
	for (size_t at = 0; at < offsetof(struct object, names); at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			((uint8_t *)&o)[at] ^= (uint8_t)(1u << bit);
			ub_find_program(&o, sizeof(o), "two", &cfg);
			((uint8_t *)&o)[at] ^= (uint8_t)(1u << bit);
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		rig_test(adds_vectors),		  rig_test(refused_with_the_rule),
		rig_test(fault_is_told),	  rig_test(busy_while_it_runs),
		rig_test(of_another_context),	  cmocka_unit_test(killed_while_it_runs),
		cmocka_unit_test(finds_programs), cmocka_unit_test(reads_no_bad_object),
	};

	return run_all(argc, argv, tests);
}
