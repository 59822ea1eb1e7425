/* SPDX-License-Identifier: MIT */
/* What the tests of the bare interface share: they call ioctl(2) and mmap(2), no library. */
#ifndef TESTS_VM_UAPI_H
#define TESTS_VM_UAPI_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ub/ub_uapi.h>

#define PAGE		4096u
#define DEPTH		UB_HW_MIN_DEPTH
#define QUEUE_LEN	(2 * PAGE)	/* a ring of DEPTH entries, then the record */
#define HDR_SIZE	sizeof(struct ub_ioc_hdr)
#define MAX_ARG		((1u << _IOC_SIZEBITS) - 1)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define RW		(UB_ACCESS_READ | UB_ACCESS_WRITE)
#define KERNEL_ADDRESS	0xffff888000000000ull

/* The device node, and the index N of ubN. */
extern const char *device;
extern unsigned int device_index;

union arg {
	struct ub_ioc_hdr hdr;
	struct ub_ioc_query_device query_device;
	struct ub_ioc_reg_seg reg_seg;
	struct ub_ioc_dereg_seg dereg_seg;
	struct ub_ioc_set_token set_token;
	struct ub_ioc_create_jfce create_jfce;
	struct ub_ioc_create_jfc create_jfc;
	struct ub_ioc_create_jfs create_jfs;
	struct ub_ioc_create_jfr create_jfr;
	struct ub_ioc_modify_queue modify;
	struct ub_ioc_query_queue query;
	struct ub_ioc_destroy_queue destroy;
	struct ub_ioc_submit submit;
	struct ub_ioc_reap reap;
	struct ub_ioc_modify_jfc modify_jfc;
	struct ub_ioc_create_program create_program;
	struct ub_ioc_destroy_program destroy_program;
	uint8_t bytes[256];
};

/* What the driver says it has: of the device, and the caller's pinned memory (VmPin). */
struct counts {
	uint32_t contexts, segs, queues;
	uint64_t pinned, vm_pin;
};

struct counts counts_now(void);
void assert_counts(const struct counts *want);
/* Over netlink; 0 or the errno. */
int reset_device(bool force);
/* Sets a parameter of the module and returns what it was. */
unsigned int set_param(const char *name, unsigned int value);

/* A context with a segment, a program, one queue of each kind, and room for one queue more. */
struct world {
	struct counts before;
	int fd;
	uint8_t *data;		/* one page */
	uint8_t *mem[4];	/* of JFC, JFR, JFS and the one more */
	uint32_t jfc, jfr, jfs, seg, program;
	uint64_t jfc_db, jfs_db;
	uint32_t victim;	/* what the filler of an ioctl made for it */
	uint32_t kjfc, kjfs;	/* of these the kernel queues */
};

int open_device(void);
void *map_pages(unsigned int pages);
void world_open(struct world *w);
void world_close(struct world *w);
int world_setup(void **state);
int world_teardown(void **state);

/* 0 or the errno. */
int call(int fd, unsigned long cmd, void *arg);

/* One ioctl: an argument that it takes, and how to put the world back. */
struct ioc_case {
	const char *name;
	unsigned int cmd;
	size_t min;	/* size below which it could not tell what it made or took */
	void (*fill)(struct world *w, union arg *a);
	void (*undo)(struct world *w, const union arg *a, bool done);
};

#define IOC_CASES 21
extern const struct ioc_case ioc_cases[IOC_CASES];

static inline unsigned int sized(unsigned int cmd, unsigned int size)
{
	return _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size);
}

const struct ioc_case *ioc_case(unsigned int cmd);
/* One that does nothing; its instruction is put at the end of the data page. */
void fill_create_program(struct world *w, union arg *a);
void ioc_fill(const struct ioc_case *c, struct world *w, union arg *a);

/* Make one of a kind; fail the test if that fails. */
uint32_t make_seg(int fd, void *addr, uint64_t len);
uint32_t make_jfc(int fd, void *mem, uint64_t *db);
uint32_t make_jfr(int fd, void *mem, uint32_t jfc);
uint32_t make_jfs(int fd, void *mem, uint32_t jfc, uint64_t *db);
uint32_t make_program(int fd, struct ub_ioc_create_program *a);
uint32_t make_kernel_jfc(int fd);
uint32_t make_kernel_jfs(int fd, uint32_t jfc);
void destroy(int fd, unsigned int cmd, uint32_t id);
void dereg(int fd, uint32_t token_id);
struct ub_ioc_queue_mem queue_mem(void *mem);

struct failure {
	int err;
	uint32_t code, obj;
	uint64_t limit;
};

/* The call fails like this; what says of which case the message speaks. */
void expect_failure(const char *what, int fd, unsigned int cmd, void *arg, struct failure want);
void expect_errno(const char *what, int got, int want);
void expect_ok(const char *what, int fd, unsigned int cmd, void *arg);

/* Over a socket of the family AF_UNIX; they end the process when they fail. */
void send_fd(int sock, int fd);
int receive_fd(int sock);

/* Runs fn in a child, which says by check() what it finds wrong; the test fails if it did. */
void in_child(void (*fn)(void *), void *arg);
#define check(condition) do { \
	if (!(condition)) \
		child_failed(__FILE__, __LINE__, #condition); \
} while (0)
_Noreturn void child_failed(const char *file, int line, const char *condition);

#define world_test(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define run_all(argc, argv, tests) \
	(uapi_args(argc, argv), cmocka_run_group_tests(tests, NULL, NULL))
void uapi_args(int argc, char **argv);

#endif
