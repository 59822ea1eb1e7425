/* SPDX-License-Identifier: MIT */
/*
 * Holds the headers of both contracts against figures: layout.def, the tables of
 * docs/hardware.md, and what a 32-bit compiler makes of the same structures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ub/ub_uapi.h>

struct figure {
	const char *name;
	uint32_t is, figure;
};

static const struct figure figures[] = {
#define SIZE(type, size) { "sizeof " #type, sizeof(type), size },
#define FIELD(type, field, offset) { #type "." #field, offsetof(type, field), offset },
#define IOCTL(name, nr, type) { #name, name, 3u << 30 | sizeof(struct type) << 16 | 0xb500 | (nr) },
#include "layout.def"
#undef SIZE
#undef FIELD
#undef IOCTL
};
#define NFIGURES (sizeof(figures) / sizeof(figures[0]))

static void layout_is_as_figured(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < NFIGURES; i++) {
		if (figures[i].is == figures[i].figure)
			continue;
		print_error("%s is 0x%x, figure 0x%x\n", figures[i].name, figures[i].is,
			    figures[i].figure);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* The section that the 32-bit compiler filled, in the same order. */
static void layout_is_the_same_with_32_bits(void **state)
{
	uint32_t table[NFIGURES + 1];
	FILE *f = fopen(LAYOUT32, "rb");

	(void)state;
	assert_non_null(f);
	assert_int_equal(fread(table, 4, NFIGURES + 1, f), NFIGURES);
	fclose(f);
	for (size_t i = 0; i < NFIGURES; i++)
		if (table[i] != figures[i].is)
			fail_msg("%s is %u, with 32 bits %u", figures[i].name, figures[i].is,
				 table[i]);
}

/* ---- Tables of the document ---- */
struct name {
	const char *name;
	uint64_t value;
};

#define REG(n) { #n, UB_REG_##n }
static const struct name registers[] = {
	REG(MAGIC),	    REG(VERSION),	REG(GUID),	  REG(EID),
	REG(CLASS_CODE),    REG(UPI),		REG(CAPS),	  REG(OPCODES),
	REG(MAX_CTX),	    REG(MAX_SEG),	REG(MAX_JFS),	  REG(MAX_JFR),
	REG(MAX_JFC),	    REG(MAX_EQ),	REG(DB_PAGES),	  REG(MAX_JFS_DEPTH),
	REG(MAX_JFR_DEPTH), REG(MAX_JFC_DEPTH), REG(MAX_SGE),	  REG(MAX_INLINE),
	REG(MAX_MSG),	    REG(MAX_GEMM_DIM),	REG(ENGINES),	  REG(HBM_SIZE),
	REG(TOTAL_UE),	    REG(PORTS),		REG(FABRIC_WIN),  REG(VISA_VERSION),
	REG(MAX_PROGRAM),   REG(CTRL),		REG(STATUS),	  REG(GENERATION),
	REG(ERR_CAUSE),	    REG(ERR_INFO),	REG(PORT0_STATE), REG(RUNNING),
	REG(ADMIN_BASE),    REG(ADMIN_DEPTH),	REG(ADMIN_PI),	  REG(ADMIN_CI),
	REG(STATS),	    { NULL, 0 },
};

#define ADM(n) { #n, UB_ADMIN_##n }
static const struct name admin_ops[] = {
	ADM(NOP),
	ADM(CREATE_CTX),
	ADM(DESTROY_CTX),
	ADM(CREATE_SEG),
	ADM(MODIFY_SEG),
	ADM(DESTROY_SEG),
	ADM(CREATE_EQ),
	ADM(DESTROY_EQ),
	ADM(CREATE_PROGRAM),
	ADM(DESTROY_PROGRAM),
	ADM(CREATE_JFC),
	ADM(MODIFY_JFC),
	ADM(QUERY_JFC),
	ADM(DESTROY_JFC),
	ADM(CREATE_JFS),
	ADM(MODIFY_JFS),
	ADM(QUERY_JFS),
	ADM(DESTROY_JFS),
	ADM(CREATE_JFR),
	ADM(MODIFY_JFR),
	ADM(QUERY_JFR),
	ADM(DESTROY_JFR),
	ADM(INJECT),
	ADM(QUERY_INJECT),
	ADM(QUERY_USAGE),
	{ NULL, 0 },
};

#define OP(name, number, cap) { &#name[sizeof("UB_OP_") - 1], number },
static const struct name opcodes[] = { UB_HW_OPCODES(OP) { NULL, 0 } };

#define CR(n) { #n, UB_CR_##n }
static const struct name statuses[] = {
	CR(SUCCESS), CR(UNSUPPORTED_OPCODE_ERR), CR(LOC_LEN_ERR), CR(LOC_OPERATION_ERR),
	CR(LOC_ACCESS_ERR), CR(REM_RESP_LEN_ERR), CR(REM_UNSUPPORTED_REQ_ERR),
	CR(REM_OPERATION_ERR), CR(REM_ACCESS_ABORT_ERR), CR(ACK_TIMEOUT_ERR),
	CR(RNR_RETRY_CNT_EXC_ERR), CR(WR_FLUSH_ERR), CR(WR_SUSPEND_DONE), CR(WR_FLUSH_ERR_DONE),
	CR(WR_UNHANDLED), { "LOC_DATA_POISON, REM_DATA_POISON", UB_CR_LOC_DATA_POISON },
	{ NULL, 0 },
};

#define STRUCT(n) { #n, sizeof(struct n) }
static const struct name sizes[] = {
	STRUCT(ub_admin_slot), STRUCT(ub_admin_cmd), STRUCT(ub_admin_reply), STRUCT(ub_hw_wqe),
	{ "ub_hw_wqe_ext", sizeof(union ub_hw_wqe_ext) }, STRUCT(ub_hw_sge),
	STRUCT(ub_hw_recv_wqe), STRUCT(ub_hw_cqe), STRUCT(ub_hw_eqe), STRUCT(ub_hw_eq_rec),
	STRUCT(ub_hw_jfs_rec), STRUCT(ub_hw_jfr_rec), STRUCT(ub_hw_jfc_rec), STRUCT(ub_hw_stats),
	STRUCT(ub_hw_usage),
	{ NULL, 0 },
};

/* Cell n of a table row, trimmed, or false. */
static int cell(const char *row, unsigned n, char *out, size_t size)
{
	const char *end;

	for (unsigned i = 0; row && i <= n; i++)
		row = strchr(i ? row + 1 : row, '|');
	end = row ? strchr(row + 1, '|') : NULL;
	if (!end || (size_t)(end - row) >= size)
		return 0;
	row++;
	while (*row == ' ' || *row == '`')
		row++;
	while (end > row && (end[-1] == ' ' || end[-1] == '`'))
		end--;
	memcpy(out, row, (size_t)(end - row));
	out[end - row] = 0;
	return 1;
}

/* Every name has its row with its value, and no row of the section has another name. */
static void check_section(const char *heading, unsigned name_at, unsigned value_at,
			  const struct name *names)
{
	unsigned seen = 0, want = 0;
	char line[1024], text[128], value[128];
	FILE *f = fopen(HARDWARE_MD, "r");
	int inside = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		const struct name *n;

		if (!strncmp(line, "## ", 3))
			inside = !strncmp(line + 3, heading, strlen(heading));
		if (!inside || line[0] != '|' || !cell(line, name_at, text, sizeof(text)) ||
		    !cell(line, value_at, value, sizeof(value)) || value[0] < '0' ||
		    value[0] > '9')
			continue;
		for (n = names; n->name && strcmp(n->name, text); n++)
			;
		if (!n->name)
			fail_msg("%s: no constant for %s", heading, text);
		if (strtoull(value, NULL, 0) != n->value)
			fail_msg("%s: %s is %s in the document, 0x%llx in the header", heading,
				 text, value, (unsigned long long)n->value);
		seen++;
	}
	fclose(f);
	while (names[want].name)
		want++;
	assert_int_equal(seen, want);
}

static void document_registers(void **state)
{
	(void)state;
	check_section("2. Registers", 2, 0, registers);
}

static void document_admin_ops(void **state)
{
	(void)state;
	check_section("3. Admin ring", 1, 0, admin_ops);
}

static void document_opcodes(void **state)
{
	(void)state;
	check_section("7. Opcodes", 1, 0, opcodes);
}

static void document_statuses(void **state)
{
	(void)state;
	check_section("8. Completion status", 1, 0, statuses);
}

static void document_sizes(void **state)
{
	(void)state;
	check_section("14. Sizes", 0, 1, sizes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_is_as_figured),
		cmocka_unit_test(layout_is_the_same_with_32_bits),
		cmocka_unit_test(document_registers),
		cmocka_unit_test(document_admin_ops),
		cmocka_unit_test(document_opcodes),
		cmocka_unit_test(document_statuses),
		cmocka_unit_test(document_sizes),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
