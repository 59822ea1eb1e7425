/* SPDX-License-Identifier: MIT */
/* Devices, names and notations. */
#include "common.h"

static void list_is_ordered_and_ends_with_null(void **state)
{
	int num = -1;
	struct ub_device **list = ub_get_device_list(&num);

	(void)state;
	assert_non_null(list);
	assert_true(num >= 0);
	assert_null(list[num]);
	for (int i = 1; i < num; i++)
		assert_true(strverscmp(list[i - 1]->name, list[i]->name) < 0);
	ub_free_device_list(list);
	ub_free_device_list(NULL);
}

static void list_agrees_with_the_open_device(void **state)
{
	struct ub_context *ctx = ub_create_context(device_a);
	struct ub_device_attr attr;
	int num, seen = 0;
	struct ub_device **list = ub_get_device_list(&num);

	(void)state;
	assert_int_equal(ub_query_device(ctx, &attr), 0);
	for (int i = 0; i < num; i++) {
		if (strcmp(list[i]->name, device_a))
			continue;
		seen++;
		assert_memory_equal(list[i]->eid.raw, attr.eid.raw, 16);
		assert_memory_equal(list[i]->guid, attr.guid, 16);
		assert_int_equal(list[i]->class_code, attr.class_code);
		assert_int_equal(list[i]->generation, attr.generation);
		assert_int_equal(strncmp(list[i]->node, "/dev/ub/", 8), 0);
		assert_int_equal(strlen(list[i]->bus_addr), 12);
	}
	assert_int_equal(seen, is_soft() ? 0 : 1);
	ub_free_device_list(list);
	assert_int_equal(ub_delete_context(ctx), 0);
}

static void open_by(const char *name, const char *own_name)
{
	struct ub_context *ctx = ub_create_context(name);

	if (!ctx)
		fail_msg("%s: %s", name, ub_last_error()->message);
	assert_string_equal(ub_context_name(ctx), own_name);
	assert_int_equal(ub_delete_context(ctx), 0);
}

static void opens_by_node_address_and_eid(void **state)
{
	int num;
	struct ub_device **list = ub_get_device_list(&num);
	char eid[40];

	(void)state;
	for (int i = 0; i < num; i++) {
		open_by(list[i]->name, list[i]->name);
		open_by(list[i]->node, list[i]->name);
		open_by(list[i]->bus_addr, list[i]->name);
		open_by(ub_eid_str(&list[i]->eid, eid), list[i]->name);
	}
	ub_free_device_list(list);
	open_by(device_a, device_a);
}

static void query_gives_the_limits(void **state)
{
	struct ub_context *ctx = ub_create_context(device_a);
	struct ub_device_attr attr;
	static const ub_eid_t zero;

	(void)state;
	assert_non_null(ctx);
	assert_int_equal(ub_query_device(ctx, &attr), 0);
	assert_int_equal(attr.hw_version >> 16, 1);
	assert_int_equal(attr.class_code, UB_HW_UB_CLASS);
	assert_true(attr.caps & UB_CAP_EMULATED);
	assert_true(attr.opcodes & UB_OPCAP_GEMM_F32);
	assert_int_equal(attr.max_sge, 13);
	assert_int_equal(attr.max_inline, 208);
	assert_int_equal(attr.max_msg, 1u << 30);
	assert_true(attr.comp_vectors >= 1);
	assert_true(attr.engines >= 1);
	assert_true(attr.max_jfs_depth >= UB_HW_MIN_DEPTH);
	assert_true(memcmp(&attr.eid, &zero, sizeof(zero)));
	assert_true(ub_context_fd(ctx) >= 0);
	assert_false(ub_context_lost(ctx));
	assert_int_equal(ub_delete_context(ctx), 0);
}

static void contexts_of_one_name_share_a_device(void **state)
{
	struct ub_context *one = ub_create_context(device_a), *two = ub_create_context(device_a);
	struct ub_context *other = ub_create_context(device_b);
	struct ub_device_attr a, b, c;

	(void)state;
	assert_int_equal(ub_query_device(one, &a), 0);
	assert_int_equal(ub_query_device(two, &b), 0);
	assert_int_equal(ub_query_device(other, &c), 0);
	assert_memory_equal(&a.eid, &b.eid, sizeof(a.eid));
	assert_true(memcmp(&a.eid, &c.eid, sizeof(a.eid)));
	assert_int_equal(ub_delete_context(one), 0);
	assert_int_equal(ub_delete_context(two), 0);
	assert_int_equal(ub_delete_context(other), 0);
}

static void soft_takes_options(void **state)
{
	struct ub_context *ctx = ub_create_context(
		"soft:name=opt,eid=fd00::7,engines=2,max_seg=5,max_jfs=6,max_jfr=7,"
		"max_jfc=8,max_ctx=9");
	struct ub_device_attr attr;
	char eid[40];

	(void)state;
	assert_non_null(ctx);
	assert_int_equal(ub_query_device(ctx, &attr), 0);
	assert_string_equal(ub_eid_str(&attr.eid, eid), "fd00:0000:0000:0000:0000:0000:0000:0007");
	assert_int_equal(attr.engines, 2);
	assert_int_equal(attr.max_seg, 5);
	assert_int_equal(attr.max_jfs, 6);
	assert_int_equal(attr.max_jfr, 7);
	assert_int_equal(attr.max_jfc, 8);
	assert_int_equal(attr.max_ctx, 9);
	assert_fails(ub_create_context("soft:name=taken,eid=fd00::7"), EINVAL, 0);
	assert_non_null(strstr(ub_last_error()->message, "the soft device cannot be made: "));
	assert_non_null(strstr(ub_last_error()->message, "EID"));
	assert_int_equal(ub_delete_context(ctx), 0);
}

static void names_of_codes(void **state)
{
	(void)state;
	assert_string_equal(ub_cr_status_str(UB_CR_SUCCESS), "SUCCESS");
	assert_string_equal(ub_cr_status_str(UB_CR_REM_DATA_POISON), "REM_DATA_POISON");
	assert_string_equal(ub_cr_status_str(17), "UNKNOWN");
	assert_string_equal(ub_cr_substatus_str(UB_SUB_BOUNDS), "outside the segment");
	assert_string_equal(ub_cr_substatus_str(UB_SUB_JFC_FULL), "completion queue full");
	assert_string_equal(ub_cr_substatus_str(99), "unknown");
	assert_string_equal(ub_event_str(UB_EVENT_JFS_ERR), "JFS_ERR");
	assert_string_equal(ub_event_str(UB_EVENT_ELR_DONE), "ELR_DONE");
	assert_string_equal(ub_event_str(UB_EVENT_COMPLETION), "COMPLETION");
	assert_string_equal(ub_event_str(77), "UNKNOWN");
	assert_string_equal(ub_state_str(UB_STATE_SUSPENDED), "SUSPENDED");
	assert_string_equal(ub_state_str(4), "UNKNOWN");
	assert_string_equal(ub_opcode_str(UB_OP_WRITE_NOTIFY), "WRITE_NOTIFY");
	assert_string_equal(ub_opcode_str(UB_OP_GEMM_F32), "GEMM_F32");
	assert_string_equal(ub_opcode_str(0x42), "UNKNOWN");
	assert_true(strlen(ub_version()) >= 5);
}

static void eid_text_both_ways(void **state)
{
	ub_eid_t eid, again;
	char text[40];

	(void)state;
	assert_int_equal(ub_eid_parse("2001:db8::1", &eid), 0);
	assert_string_equal(ub_eid_str(&eid, text), "2001:0db8:0000:0000:0000:0000:0000:0001");
	assert_int_equal(ub_eid_parse(text, &again), 0);
	assert_memory_equal(&eid, &again, sizeof(eid));
	assert_refused(ub_eid_parse("not an eid", &eid), EINVAL, 0);
	assert_refused(ub_eid_parse(NULL, &eid), EINVAL, 0);
}

static void guid_text(void **state)
{
	static const uint8_t guid[16] = { 0x12, 0x34, 0x55, 0x42, 0x02, 0, 0, 0,
					  0, 0, 0, 0, 0, 0, 0, 1 };
	char text[48];

	(void)state;
	assert_string_equal(ub_guid_str(guid, text), "1234-5542-0-2-000000-0000000000000001");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_is_ordered_and_ends_with_null),
		cmocka_unit_test(list_agrees_with_the_open_device),
		cmocka_unit_test(opens_by_node_address_and_eid),
		cmocka_unit_test(query_gives_the_limits),
		cmocka_unit_test(contexts_of_one_name_share_a_device),
		cmocka_unit_test(soft_takes_options),
		cmocka_unit_test(names_of_codes),
		cmocka_unit_test(eid_text_both_ways),
		cmocka_unit_test(guid_text),
	};

	return run_all(argc, argv, tests);
}
