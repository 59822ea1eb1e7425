/* SPDX-License-Identifier: MIT */
/*
 * Something is taken away from a process that waits in every way there is, with commands in flight:
 * one queue after the other, its context, or the device. All waits end in bounded time as they
 * should, no WQE completes twice, and the next one who opens the device is served.
 *
 *   recover_matrix [NODE [unplug]]
 *
 * With "unplug" it says "crowded", for somebody else to unplug the device, and "emptied", to have
 * it back.
 */
#include <stdio.h>

#include "crowd.h"
#include "ctl.h"

/* ---- The acts ---- */
static void act_context(struct crowd *c)
{
	assert_int_equal(reset_context(c->tid), 0);
}

static void act_device(struct crowd *c)
{
	(void)c;
	assert_int_equal(reset_device(true), 0);
}

static void act_flr(struct crowd *c)
{
	char path[96];

	(void)c;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", pci_address());
	write_file(path, "1");
}

static void act_unbind(struct crowd *c)
{
	(void)c;
	write_file("/sys/bus/pci/drivers/ubnpu/unbind", pci_address());
	assert_true(access(device, F_OK));
	write_file("/sys/bus/pci/drivers/ubnpu/bind", pci_address());
}

static void act_remove(struct crowd *c)
{
	char path[96];

	(void)c;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", pci_address());
	write_file(path, "1");
	assert_true(access(device, F_OK));
	write_file("/sys/bus/pci/rescan", "1");
}

static bool node_is_gone(void *arg)
{
	(void)arg;
	return access(device, F_OK);
}

/* It comes again as well. */
static void act_unplug(struct crowd *c)
{
	(void)c;
	puts("crowded");
	assert_true(wait_until(node_is_gone, NULL));
	puts("emptied");
}

static void context_is_reset(void **state)
{
	int other = open_device();
	const volatile struct ub_status_page *status =
		mmap(NULL, PAGE, PROT_READ, MAP_SHARED, other, UB_MMAP_STATUS);
	uint64_t resets = health("admin_resets");

	(void)state;
	assert_true(status != MAP_FAILED);
	lose_by(act_context, UB_LOST_CONTEXT);
	/* Others have seen nothing of it. */
	assert_int_equal(status->lost, UB_LOST_NO);
	works(other);
	munmap((void *)status, PAGE);
	close(other);
	assert_int_equal(health("admin_resets"), resets + 1);
}

static void device_is_reset(void **state)
{
	uint64_t resets = health("admin_resets");

	(void)state;
	lose_by(act_device, UB_LOST_DEVICE);
	assert_int_equal(health("admin_resets"), resets + 1);
}

static void function_level_reset(void **state)
{
	uint64_t resets = health("admin_resets");

	(void)state;
	lose_by(act_flr, UB_LOST_DEVICE);
	assert_int_equal(health("admin_resets"), resets + 1);
}

static void driver_is_unbound(void **state)
{
	(void)state;
	lose_by(act_unbind, UB_LOST_DEVICE);
}

static void device_is_removed(void **state)
{
	(void)state;
	lose_by(act_remove, UB_LOST_DEVICE);
}

static void device_is_unplugged(void **state)
{
	(void)state;
	lose_by(act_unplug, UB_LOST_DEVICE);
}

/* ---- Queues alone: the waits go on ---- */
static bool mapped_is_flushed(void *arg)
{
	struct crowd *c = arg;

	return __atomic_load_n(&c->done_cqes, __ATOMIC_ACQUIRE) && c->queue_errors == 4;
}

/* WQEs that succeeded and WQEs that were flushed are all there are. */
static void check_mapped_flush(struct crowd *c)
{
	assert_true(wait_until(mapped_is_flushed, c));
	crowd_nothing_twice(c);
	assert_int_equal(c->succeeded + c->flushed, GEMMS);
	assert_true(c->flushed);
	assert_int_equal(c->done_cqes, 1);
	assert_int_equal(mapped_state(&c->m), UB_STATE_ERROR);
	assert_int_equal(c->status->lost, UB_LOST_NO);
}

static bool two_reaped(void *arg)
{
	return __atomic_load_n(&((struct crowd *)arg)->nr_reaped, __ATOMIC_ACQUIRE) == 2;
}

static void check_kernel_flush(struct crowd *c)
{
	int res[TAGS];

	crowd_uring_ended(c, 2, res);
	assert_int_equal(res[TAG_SEND], UB_CR_WR_FLUSH_ERR);
	assert_true(res[TAG_GEMM] == UB_CR_WR_FLUSH_ERR || !res[TAG_GEMM]);
	assert_true(wait_until(two_reaped, c));
	assert_int_equal(c->reaped[0].status, UB_CR_WR_FLUSH_ERR);
	assert_int_equal(c->reaped[1].status, UB_CR_WR_FLUSH_ERR_DONE);
}

static void each_queue_is_reset(void **state)
{
	struct counts before = counts_now();
	struct crowd *c = calloc(1, sizeof(*c));
	uint64_t resets = health("admin_resets");
	int res[TAGS];

	(void)state;
	crowd_start(c);
	assert_int_equal(reset_queue(UB_OBJ_JFS, c->m.jfs), 0);
	assert_int_equal(reset_queue(UB_OBJ_JFS, c->send_jfs), 0);
	assert_int_equal(reset_queue(UB_OBJ_JFS, c->gemm_jfs), 0);
	assert_int_equal(reset_queue(UB_OBJ_JFS, c->reap_jfs), 0);
	check_kernel_flush(c);
	check_mapped_flush(c);
	/* It works again once its owner says so. */
	modify_jfs(c->fd, c->reap_jfs, UB_STATE_RESET);
	modify_jfs(c->fd, c->reap_jfs, UB_STATE_READY);
	works(c->fd);
	assert_int_equal(health("admin_resets"), resets + 4);
	act_context(c);
	crowd_joined(c);
	crowd_uring_ended(c, 1, res);
	assert_int_equal(res[TAG_WAIT], -ENODEV);
	crowd_finish(c);
	assert_counts(&before);
	free(c);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_queue_is_reset), cmocka_unit_test(context_is_reset),
		cmocka_unit_test(device_is_reset), cmocka_unit_test(function_level_reset),
		cmocka_unit_test(driver_is_unbound), cmocka_unit_test(device_is_removed),
	};
	const struct CMUnitTest unplug[] = { cmocka_unit_test(device_is_unplugged) };

	uapi_args(argc, argv);
	if (argc > 2 && !strcmp(argv[2], "unplug"))
		return cmocka_run_group_tests(unplug, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
