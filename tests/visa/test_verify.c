/* SPDX-License-Identifier: MIT */
/* The verifier: what is legal, and for each rule of the table what breaks it, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/visa/insns.h"

static const struct ub_visa_needs usual = { .tiles = 2, .fuel = 1000 };

static void expect(const struct ub_visa_insn *insns, size_t n, unsigned rule, unsigned at)
{
	struct ub_visa_refusal why;

	assert_int_equal(ub_visa_verify(insns, n * sizeof(*insns), &usual, &why), rule);
	assert_int_equal(why.rule, rule);
	assert_int_equal(why.insn, at);
}

#define LEGAL(...)                                                     \
	do {                                                           \
		const struct ub_visa_insn program[] = { __VA_ARGS__ }; \
		expect(program, N(program), 0, N(program));            \
	} while (0)
/* The rule, and the index of the instruction that breaks it. */
#define REFUSED(rule, at, ...)                                         \
	do {                                                           \
		const struct ub_visa_insn program[] = { __VA_ARGS__ }; \
		expect(program, N(program), UB_VISA_RULE_##rule, at);  \
	} while (0)
/* One instruction in front of an exit. */
#define REFUSED_ONE(rule, ...) REFUSED(rule, 0, __VA_ARGS__, EXIT)
#define LEGAL_ONE(...)	       LEGAL(__VA_ARGS__, EXIT)

static void length(void **state)
{
	static struct ub_visa_insn most[UB_VISA_MAX_INSNS + 1];
	const struct ub_visa_insn program[] = { EXIT };
	struct ub_visa_refusal why;

	(void)state;
	for (unsigned i = 0; i < N(most); i++)
		most[i] = program[0];
	expect(most, 0, UB_VISA_RULE_LENGTH, 0);
	expect(most, N(most), UB_VISA_RULE_LENGTH, 0);
	expect(most, N(most) - 1, 0, UB_VISA_MAX_INSNS);
	assert_int_equal(ub_visa_verify(most, 9, &usual, &why), UB_VISA_RULE_LENGTH);
}

static unsigned of_needs(uint32_t tiles, uint64_t fuel)
{
	const struct ub_visa_insn program[] = { EXIT };
	const struct ub_visa_needs needs = { tiles, fuel };
	struct ub_visa_refusal why;

	return ub_visa_verify(program, sizeof(program), &needs, &why);
}

static void needs(void **state)
{
	(void)state;
	assert_int_equal(of_needs(16, 1), 0);
	assert_int_equal(of_needs(17, 1), UB_VISA_RULE_TILES);
	assert_int_equal(of_needs(0, 0), UB_VISA_RULE_FUEL);
	assert_int_equal(of_needs(0, UB_VISA_MAX_FUEL), 0);
	assert_int_equal(of_needs(0, UB_VISA_MAX_FUEL + 1), UB_VISA_RULE_FUEL);
}

/* RFC 9669's opcodes of base64 and divmul64, written down once more, one after the other. */
static const uint8_t legal_opcodes[] = {
	0x04, 0x05, 0x06, 0x07, 0x0c, 0x0f, 0x14, 0x15, 0x16, 0x17, 0x18, 0x1c, 0x1d, 0x1e, 0x1f,
	0x24, 0x25, 0x26, 0x27, 0x2c, 0x2d, 0x2e, 0x2f, 0x34, 0x35, 0x36, 0x37, 0x3c, 0x3d, 0x3e,
	0x3f, 0x44, 0x45, 0x46, 0x47, 0x4c, 0x4d, 0x4e, 0x4f, 0x54, 0x55, 0x56, 0x57, 0x5c, 0x5d,
	0x5e, 0x5f, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e,
	0x6f, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x79, 0x7a, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f,
	0x81, 0x84, 0x85, 0x87, 0x89, 0x91, 0x94, 0x95, 0x97, 0x9c, 0x9f, 0xa4, 0xa5, 0xa6, 0xa7,
	0xac, 0xad, 0xae, 0xaf, 0xb4, 0xb5, 0xb6, 0xb7, 0xbc, 0xbd, 0xbe, 0xbf, 0xc4, 0xc5, 0xc6,
	0xc7, 0xcc, 0xcd, 0xce, 0xcf, 0xd4, 0xd5, 0xd6, 0xd7, 0xdc, 0xdd, 0xde,
};

static void opcodes(void **state)
{
	(void)state;
	for (unsigned opcode = 0; opcode < 256; opcode++) {
		const struct ub_visa_insn program[] = { INSN((uint8_t)opcode, 0, 0, 0, 0), EXIT };
		bool legal = memchr(legal_opcodes, (int)opcode, sizeof(legal_opcodes));
		struct ub_visa_refusal why;
		unsigned rule = ub_visa_verify(program, sizeof(program), &usual, &why);

		if (legal)
			assert_int_not_equal(rule, UB_VISA_RULE_OPCODE);
		else
			assert_int_equal(rule, UB_VISA_RULE_OPCODE);
	}
}

static void registers(void **state)
{
	(void)state;
	REFUSED_ONE(REGISTER, MOV(11, 0));
	REFUSED_ONE(REGISTER, MOV(10, 0));
	REFUSED_ONE(REGISTER, MOV_REG(0, 11));
	REFUSED_ONE(REGISTER, INSN(0x79, 10, 1, 0, 0));
	REFUSED(REGISTER, 0, WIDE(10, 0, 0), EXIT);
	LEGAL_ONE(MOV_REG(0, 10));
	LEGAL_ONE(INSN(0x7b, 10, 1, -8, 0));
}

static void reserved(void **state)
{
	(void)state;
	REFUSED_ONE(RESERVED, INSN(0x07, 0, 1, 0, 0)); /* add imm with a source */
	REFUSED_ONE(RESERVED, INSN(0x0f, 0, 1, 0, 1)); /* add register with imm */
	REFUSED_ONE(RESERVED, INSN(0x0f, 0, 1, 1, 0));
	REFUSED_ONE(RESERVED, INSN(0x87, 0, 0, 0, 1)); /* neg */
	REFUSED_ONE(RESERVED, INSN(0x3f, 0, 1, 2, 0)); /* div: 1 is signed */
	LEGAL_ONE(INSN(0x3f, 0, 1, 1, 0));
	LEGAL_ONE(INSN(0x97, 0, 0, 1, 7));
	REFUSED_ONE(RESERVED, INSN(0xb7, 0, 0, 8, 0));	/* movsx has a register */
	REFUSED_ONE(RESERVED, INSN(0xbc, 0, 1, 32, 0)); /* and in 32 bits not 32 */
	LEGAL_ONE(INSN(0xbf, 0, 1, 32, 0));
	LEGAL_ONE(INSN(0xbc, 0, 1, 16, 0));
	REFUSED_ONE(RESERVED, INSN(0xd4, 0, 0, 0, 8)); /* order of 16, 32 or 64 bits */
	LEGAL_ONE(INSN(0xdc, 0, 0, 0, 64));
	REFUSED_ONE(RESERVED, INSN(0x61, 0, 1, 0, 1)); /* load with imm */
	REFUSED_ONE(RESERVED, INSN(0x62, 1, 1, 0, 0)); /* store imm with a source */
	REFUSED_ONE(RESERVED, INSN(0x05, 0, 0, 0, 1)); /* ja has an offset, */
	REFUSED_ONE(RESERVED, INSN(0x06, 0, 0, 1, 0)); /* that of JMP32 an imm */
	REFUSED_ONE(RESERVED, INSN(0x15, 0, 1, 0, 0)); /* jeq imm with a source */
	REFUSED(RESERVED, 0, INSN(0x95, 0, 0, 0, 1));
	REFUSED(RESERVED, 0, INSN(0x18, 0, 1, 0, 0), INSN(0, 0, 0, 0, 0), EXIT);
}

static void wide(void **state)
{
	(void)state;
	LEGAL(WIDE(0, 1, 2), EXIT);
	REFUSED(WIDE, 0, INSN(0x18, 0, 0, 0, 0), EXIT);
	REFUSED(WIDE, 0, INSN(0x18, 0, 0, 0, 0), INSN(0, 1, 0, 0, 0), EXIT);
	REFUSED(WIDE, 0, INSN(0x18, 0, 0, 0, 0));
}

static void jumps(void **state)
{
	(void)state;
	LEGAL(JA(0), EXIT);
	LEGAL(JA(-1));
	REFUSED(JUMP, 0, JA(1), EXIT);
	REFUSED(JUMP, 0, JA(-2), EXIT);
	REFUSED(JUMP, 0, INSN(0x06, 0, 0, 0, 0x7fffffff), EXIT);
	REFUSED(JUMP, 0, INSN(0x06, 0, 0, 0, -2147483647 - 1), EXIT);
	REFUSED(JUMP, 2, WIDE(0, 0, 0), INSN(0x15, 0, 0, -2, 0), EXIT);
	LEGAL(WIDE(0, 0, 0), INSN(0x15, 0, 0, -3, 0), EXIT);
}

static void end(void **state)
{
	(void)state;
	REFUSED(END, 0, MOV(0, 0));
	REFUSED(END, 1, EXIT, INSN(0x15, 0, 0, -2, 0));
	REFUSED(END, 1, EXIT, CALL(UB_VISA_block));
	REFUSED(END, 2, EXIT, WIDE(0, 0x95, 0x95));
	LEGAL(EXIT, JA(-2));
	LEGAL(EXIT, INSN(0x06, 0, 0, 0, -2));
}

static void stack(void **state)
{
	(void)state;
	LEGAL_ONE(INSN(0x79, 0, 10, -512, 0));
	LEGAL_ONE(INSN(0x71, 0, 10, -1, 0));
	REFUSED_ONE(STACK, INSN(0x71, 0, 10, 0, 0));
	REFUSED_ONE(STACK, INSN(0x79, 0, 10, -7, 0));
	REFUSED_ONE(STACK, INSN(0x71, 0, 10, -513, 0));
	REFUSED_ONE(STACK, INSN(0x7b, 10, 0, -4, 0));
	REFUSED_ONE(STACK, INSN(0x62, 10, 0, -3, 0));
	/* By another register it is checked when it happens. */
	LEGAL(MOV_REG(2, 10), INSN(0x7b, 2, 0, 0, 0), EXIT);
}

static void calls(void **state)
{
	(void)state;
	for (unsigned number = 0; number < 300; number++) {
		const struct ub_visa_insn program[] = { CALL((int)number), EXIT };
		struct ub_visa_refusal why;

		assert_int_equal(ub_visa_verify(program, sizeof(program), &usual, &why),
				 ub_visa_find(number) ? 0 : UB_VISA_RULE_CALL);
	}
	REFUSED_ONE(CALL, CALL(-1));
	REFUSED_ONE(CALL, INSN(0x85, 0, 1, 0, 0)); /* of a local function */
	REFUSED_ONE(CALL, INSN(0x85, 0, 2, 0, 0)); /* by type */
	REFUSED_ONE(RESERVED, INSN(0x85, 0, 0, 1, UB_VISA_block));
}

static void arguments(void **state)
{
	(void)state;
	LEGAL(MOV(1, 1), MOV(2, 0), CALL(UB_VISA_tmov), EXIT);
	REFUSED(ARGUMENT, 2, MOV(1, 2), MOV(2, 0), CALL(UB_VISA_tmov), EXIT);
	REFUSED(ARGUMENT, 1, MOV(1, -1), CALL(UB_VISA_tmov), EXIT);
	REFUSED(ARGUMENT, 1, MOV(1, 3), CALL(UB_VISA_block), EXIT);
	REFUSED(ARGUMENT, 1, MOV(2, 12), CALL(UB_VISA_tload), EXIT);
	REFUSED(ARGUMENT, 1, MOV(4, 6), CALL(UB_VISA_tcmp), EXIT);
	REFUSED(ARGUMENT, 1, MOV(4, 5), CALL(UB_VISA_tstore), EXIT);
	REFUSED(ARGUMENT, 1, MOV(3, 2), CALL(UB_VISA_tcvt), EXIT);
	REFUSED(ARGUMENT, 1, MOV(3, 0), CALL(UB_VISA_trowexpand), EXIT);
	REFUSED(ARGUMENT, 1, MOV(3, 4097), CALL(UB_VISA_tcolexpand), EXIT);
	REFUSED(ARGUMENT, 1, MOV(2, 4096), CALL(UB_VISA_tget), EXIT);
	/* Shapes: empty, too many elements, a type that is none. */
	REFUSED(ARGUMENT, 2, WIDE(4, 1, 0), CALL(UB_VISA_tload), EXIT);
	REFUSED(ARGUMENT, 2, WIDE(4, 65 << 16 | 64, 0), CALL(UB_VISA_tload), EXIT);
	LEGAL(WIDE(4, 64 << 16 | 64, 0x401), CALL(UB_VISA_tload), EXIT);
	REFUSED(ARGUMENT, 2, WIDE(4, 64 << 16 | 64, 0x501), CALL(UB_VISA_tload), EXIT);
	REFUSED(ARGUMENT, 2, WIDE(3, 64 << 16 | 64, 0x102), CALL(UB_VISA_texpands), EXIT);
	/* A tile that may not be the one that is written. */
	REFUSED(ARGUMENT, 2, MOV(1, 1), MOV(2, 1), CALL(UB_VISA_ttrans), EXIT);
	REFUSED(ARGUMENT, 2, MOV(1, 1), MOV(3, 1), CALL(UB_VISA_tmatmul), EXIT);
	LEGAL(MOV(1, 1), MOV(2, 1), CALL(UB_VISA_trowexpandadd), EXIT);
	REFUSED(ARGUMENT, 2, MOV(1, 1), MOV(3, 1), CALL(UB_VISA_trowexpandadd), EXIT);
}

/* What the verifier knows of a register, and when it knows it no more. */
static void constants(void **state)
{
	(void)state;
	REFUSED(ARGUMENT, 2, MOV(6, 2), MOV_REG(1, 6), CALL(UB_VISA_tmov), EXIT);
	REFUSED(ARGUMENT, 1, INSN(0xb4, 1, 0, 0, -1), CALL(UB_VISA_tmov), EXIT);
	LEGAL(MOV(1, 2), INSN(0x07, 1, 0, 0, 1), CALL(UB_VISA_tmov), EXIT);
	LEGAL(MOV(1, 2), INSN(0x79, 1, 10, -8, 0), CALL(UB_VISA_tmov), EXIT);
	LEGAL(MOV(1, 2), INSN(0xbf, 1, 1, 8, 0), CALL(UB_VISA_tmov), EXIT);
	LEGAL(MOV(2, 7), CALL(UB_VISA_block), CALL(UB_VISA_tmov), EXIT);
	/* The call is jumped to: r1 may be another. */
	LEGAL(MOV(1, 2), CALL(UB_VISA_tmov), INSN(0x15, 0, 0, -2, 0), EXIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(length),    cmocka_unit_test(needs),
		cmocka_unit_test(opcodes),   cmocka_unit_test(registers),
		cmocka_unit_test(reserved),  cmocka_unit_test(wide),
		cmocka_unit_test(jumps),     cmocka_unit_test(end),
		cmocka_unit_test(stack),     cmocka_unit_test(calls),
		cmocka_unit_test(arguments), cmocka_unit_test(constants),
	};

	return cmocka_run_group_tests_name("visa-verify", tests, NULL, NULL);
}
