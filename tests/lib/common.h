/* SPDX-License-Identifier: MIT */
/* What the library's tests share. Each program takes two device names; the defaults need no VM. */
#ifndef TESTS_LIB_COMMON_H
#define TESTS_LIB_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <ub/ub.h>

/* How long a test waits for what must come; an emulated machine needs more. */
#ifdef TEST_WAIT_MS
#define TIMEOUT_MS TEST_WAIT_MS
#else
#define TIMEOUT_MS 120000
#endif
#define RW (UB_ACCESS_READ | UB_ACCESS_WRITE)
#define RWA (RW | UB_ACCESS_ATOMIC)

extern const char *device_a, *device_b;

/* Reads argv. */
void common_args(int argc, char **argv);
/* The devices are in this process. */
bool is_soft(void);

/* A context with one queue of each kind but for receiving. */
struct rig {
	struct ub_context *ctx;
	struct ub_jfce *jfce;
	struct ub_jfc *jfc;
	struct ub_jfs *jfs;
};

bool has_feature(struct ub_context *ctx, uint64_t cap);

void rig_open(struct rig *r, const char *device);
void rig_close(struct rig *r);
int rig_setup(void **state);
int rig_teardown(void **state);

struct mem {
	uint8_t *buf;
	size_t size;
	struct ub_seg *seg;
	struct ub_target target;
};

struct mem mem_make(struct ub_context *ctx, size_t size, uint32_t access);
void mem_free(struct mem *m);
ub_sge_t mem_sge(const struct mem *m, size_t offset, size_t len);

struct ub_jfc *make_jfc(struct ub_context *ctx, struct ub_jfce *jfce, uint32_t depth);
struct ub_jfs *make_jfs(struct ub_context *ctx, struct ub_jfc *jfc, uint32_t depth);
struct ub_jfr *make_jfr(struct ub_context *ctx, struct ub_jfc *jfc, uint32_t depth);
struct ub_target jfr_target(const struct ub_jfr *jfr);
struct ub_target jetty_target(const struct ub_jetty *jetty);

/* One completion, or the test fails. */
struct ub_cr wait_cr(struct ub_jfc *jfc);
/* Nothing more comes for a while. */
void expect_no_cr(struct ub_jfc *jfc);
/* Post one request, take its completion. */
struct ub_cr run(struct rig *r, const struct ub_jfs_wr *wr);
void run_ok(struct rig *r, const struct ub_jfs_wr *wr);
void post(struct ub_jfs *jfs, const struct ub_jfs_wr *wr);
void post_recv(struct ub_jfr *jfr, const ub_sge_t *sge, uint32_t num_sge, uint64_t user_ctx);
struct ub_jfs_wr nop(uint64_t user_ctx);

#define assert_status(cr, want_status, want_sub) do { \
	struct ub_cr cr_ = (cr); \
	assert_string_equal(ub_cr_status_str(cr_.status), ub_cr_status_str(want_status)); \
	assert_string_equal(ub_cr_substatus_str(cr_.substatus), ub_cr_substatus_str(want_sub)); \
} while (0)

#define assert_success(cr) assert_status(cr, UB_CR_SUCCESS, UB_SUB_NONE)

/* The last failure was this one, and says so in words. */
void assert_error(int errnum, uint32_t ext_code);

/* An expression of pointer type is NULL with this failure. */
#define assert_fails(pointer, errnum, ext) do { \
	errno = 0; \
	assert_null(pointer); \
	assert_int_equal(errno, errnum); \
	assert_error(errnum, ext); \
} while (0)

/* A call returns -errnum with this failure. */
#define assert_refused(call, errnum, ext) do { \
	assert_int_equal(call, -(errnum)); \
	assert_error(errnum, ext); \
} while (0)

/* A test with a rig on the first device. */
#define rig_test(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

#define run_all(argc, argv, tests) \
	(common_args(argc, argv), cmocka_run_group_tests(tests, NULL, NULL))

#endif
