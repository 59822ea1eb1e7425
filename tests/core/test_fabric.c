/* SPDX-License-Identifier: MIT */
/* Who reaches whom: devices of one fabric, of two, and of none. */
#include "harness.h"

struct pair {
	struct set s;
	struct rig peer;
	struct tctx ctx;
	struct tseg seg;
};

/* A second device, number 2, of that fabric. */
static struct pair *pair_new(struct ub_fabric *mine, struct ub_fabric *peers)
{
	struct pair *p = calloc(1, sizeof(*p));
	struct ub_core_config config;

	rig_config(&p->s.rig, &config, 1);
	config.fabric = mine;
	set_up_config(&p->s, &config);
	rig_config(&p->peer, &config, 2);
	config.fabric = peers;
	rig_init_config(&p->peer, &config);
	rig_enable(&p->peer);
	ctx_new(&p->peer, &p->ctx);
	seg_new(&p->ctx, &p->seg, PAGE, UB_ACCESS_READ | UB_ACCESS_WRITE, 7);
	return p;
}

static void pair_free(struct pair *p)
{
	rig_fini(&p->peer);
	rig_fini(&p->s.rig);
	free(p);
}

static void write_gives(struct pair *p, const uint8_t *eid, const struct tseg *seg, unsigned status,
			unsigned sub)
{
	union twqe w = wqe_new(UB_OP_WRITE, UB_WQE_COMPLETE, 9);

	wqe_target(&w, eid, seg->va, seg->id, seg->token);
	wqe_sge(&w, p->s.a.va, 64, p->s.a.id);
	post(&p->s.jfs, &w);
	expect(&p->s.jfc, status, sub, 9);
}

static void one_fabric_joins_its_devices(void **state)
{
	struct ub_fabric *fabric = ub_fabric_new();
	struct pair *p = pair_new(fabric, fabric);

	(void)state;
	memset(p->s.a.ptr, 0x5a, 64);
	write_gives(p, p->peer.config.eid, &p->seg, UB_CR_SUCCESS, 0);
	assert_int_equal(p->seg.ptr[63], 0x5a);
	pair_free(p);
	ub_fabric_free(fabric);
}

static void two_fabrics_do_not_meet(void **state)
{
	struct ub_fabric *one = ub_fabric_new(), *two = ub_fabric_new();
	struct pair *p = pair_new(one, two);

	(void)state;
	write_gives(p, p->peer.config.eid, &p->seg, UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID);
	pair_free(p);
	ub_fabric_free(one);
	ub_fabric_free(two);
}

static void without_a_fabric_a_device_has_itself(void **state)
{
	struct pair *p = pair_new(NULL, NULL);

	(void)state;
	write_gives(p, p->s.rig.config.eid, &p->s.b, UB_CR_SUCCESS, 0);
	write_gives(p, p->peer.config.eid, &p->seg, UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID);
	pair_free(p);
}

static void an_eid_is_one_devices(void **state)
{
	struct ub_fabric *one = ub_fabric_new(), *two = ub_fabric_new();
	struct pair *p = pair_new(one, one);
	struct ub_core_config config = p->peer.config;
	const char *error = NULL;
	struct ub_core *other;

	(void)state;
	assert_null(ub_core_new(&config, rig_host(), &p->peer, &error));
	assert_string_equal(error, "another device of this process has this EID");
	config.fabric = two;
	other = ub_core_new(&config, rig_host(), &p->peer, &error);
	assert_non_null(other);
	ub_core_free(other);
	pair_free(p);
	ub_fabric_free(one);
	ub_fabric_free(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_fabric_joins_its_devices),
		cmocka_unit_test(two_fabrics_do_not_meet),
		cmocka_unit_test(without_a_fabric_a_device_has_itself),
		cmocka_unit_test(an_eid_is_one_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
