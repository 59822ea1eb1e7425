/* SPDX-License-Identifier: MIT */
/*
 * Devices of two processes on one fabric: every transaction, what is refused, and what becomes of
 * requests when the other process ends, stands still, or the connection is cut.
 */
#include "fabric_owner.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE 65536u

/* The asking side, and the process it asks. */
struct pair {
	char folder[64], asks[128], owns[128];
	struct rig r;
	struct owner *o;
	struct mem m;
	unsigned others; /* owners beside o */
};

/* err_timeout: of who must not give up on a slow machine (69 s), of who waits in vain (34 ms). */
enum { PATIENT = 24, HASTY = 13 };

static void use_timeout(struct pair *p, uint16_t err_timeout)
{
	struct ub_jfs_cfg cfg = { .jfc = p->r.jfc, .depth = 256, .err_timeout = err_timeout };

	assert_int_equal(ub_delete_jfs(p->r.jfs), 0);
	p->r.jfs = ub_create_jfs(p->r.ctx, &cfg);
	assert_non_null(p->r.jfs);
}

static int pair_setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	strcpy(p->folder, "/tmp/ub-fabric-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->asks, sizeof(p->asks), "soft:name=asks,fabric=%s", p->folder);
	snprintf(p->owns, sizeof(p->owns), "soft:name=owns,fabric=%s", p->folder);
	p->o = owner_start(p->owns);
	if (atomic_load(&p->o->ready) != 1)
		fail_msg("%s", p->o->error);
	rig_open(&p->r, p->asks);
	use_timeout(p, PATIENT);
	p->m = mem_make(p->r.ctx, OWNER_BYTES, RWA);
	*state = p;
	return 0;
}

/* Nothing but the sockets of those that were killed is left behind. */
static int pair_teardown(void **state)
{
	struct pair *p = *state;
	char command[200];

	mem_free(&p->m);
	rig_close(&p->r);
	owner_stop(p->o);
	snprintf(command, sizeof(command), "test $(ls %s | wc -l) -le %u && rm -r %s", p->folder,
		 1 + p->others, p->folder);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

#define pair_test(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

static void fill(uint8_t *at, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(i * 7 + i / 256 * 13 + seed);
}

/* At the owner's segment, from its start. */
static struct ub_jfs_wr at_owner(const struct pair *p, uint8_t opcode, const ub_sge_t *sge)
{
	return (struct ub_jfs_wr){ .opcode = opcode,
				   .num_sge = sge->len ? 1 : 0,
				   .sge = sge,
				   .target = &p->o->target,
				   .rmt_addr = (uintptr_t)p->o->memory };
}

static struct ub_jfs_wr to_receiver(const struct pair *p, uint8_t opcode, const ub_sge_t *sge)
{
	return (struct ub_jfs_wr){
		.opcode = opcode, .num_sge = sge->len ? 1 : 0, .sge = sge, .target = &p->o->receiver
	};
}

static const uint32_t sizes[] = { 0,	     1, 8, 4097, PIECE - 1, PIECE, PIECE + 1, 9 * PIECE + 5,
				  OWNER_RECV };
#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* ---- Every transaction ---- */
static void memory_is_written_and_read(void **state)
{
	struct pair *p = *state;

	for (unsigned i = 0; i < N_SIZES; i++) {
		ub_sge_t sge = mem_sge(&p->m, 3, sizes[i]);
		struct ub_jfs_wr wr = at_owner(p, UB_OP_WRITE, &sge);
		struct ub_cr cr;

		fill(p->m.buf, p->m.size, i);
		memset(p->o->memory, 0xee, OWNER_BYTES);
		wr.rmt_addr += 5;
		cr = run(&p->r, &wr);
		assert_success(cr);
		assert_int_equal(cr.len, sizes[i]);
		assert_memory_equal(p->o->memory + 5, p->m.buf + 3, sizes[i]);
		assert_int_equal(p->o->memory[4], 0xee);
		assert_int_equal(p->o->memory[5 + sizes[i]], 0xee);
		fill(p->o->memory, OWNER_BYTES, i + 100);
		memset(p->m.buf, 0xee, p->m.size);
		wr.opcode = UB_OP_READ;
		cr = run(&p->r, &wr);
		assert_success(cr);
		assert_int_equal(cr.len, sizes[i]);
		assert_memory_equal(p->o->memory + 5, p->m.buf + 3, sizes[i]);
		assert_int_equal(p->m.buf[2], 0xee);
		assert_int_equal(p->m.buf[3 + sizes[i]], 0xee);
	}
}

static void inline_data_and_many_pieces(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge[3] = { mem_sge(&p->m, 0, PIECE - 10), mem_sge(&p->m, 2 * PIECE, 20),
			    mem_sge(&p->m, 3 * PIECE, 2 * PIECE) };
	struct ub_jfs_wr wr = at_owner(p, UB_OP_WRITE, sge);
	ub_sge_t few = mem_sge(&p->m, 0, 60);

	fill(p->m.buf, p->m.size, 1);
	wr.num_sge = 3;
	run_ok(&p->r, &wr);
	assert_memory_equal(p->o->memory, p->m.buf, PIECE - 10);
	assert_memory_equal(p->o->memory + PIECE - 10, p->m.buf + 2 * PIECE, 20);
	assert_memory_equal(p->o->memory + PIECE + 10, p->m.buf + 3 * PIECE, 2 * PIECE);
	wr.num_sge = 1;
	wr.sge = &few;
	wr.flags = UB_WR_INLINE;
	wr.rmt_addr += OWNER_BYTES / 2;
	run_ok(&p->r, &wr);
	assert_memory_equal(p->o->memory + OWNER_BYTES / 2, p->m.buf, 60);
}

static void write_notify_stores_after_it_wrote(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->m, 0, 3 * PIECE + 1);
	struct ub_jfs_wr wr = at_owner(p, UB_OP_WRITE_NOTIFY, &sge);

	fill(p->m.buf, p->m.size, 2);
	wr.imm_data = 0x1122334455667788u;
	wr.notify = &p->o->target;
	wr.notify_addr = (uintptr_t)p->o->memory + 4 * PIECE;
	run_ok(&p->r, &wr);
	assert_memory_equal(p->o->memory, p->m.buf, 3 * PIECE + 1);
	assert_int_equal(*(uint64_t *)(p->o->memory + 4 * PIECE), wr.imm_data);
	wr.notify_addr += 4;
	assert_status(run(&p->r, &wr), UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
}

static void messages_arrive_whole_and_in_order(void **state)
{
	struct pair *p = *state;

	owner_receive(p->o, N_SIZES);
	for (unsigned i = 0; i < N_SIZES; i++) {
		ub_sge_t sge = mem_sge(&p->m, 1, sizes[i]);
		struct ub_jfs_wr wr = to_receiver(p, i % 2 ? UB_OP_SEND_IMM : UB_OP_SEND, &sge);
		struct ub_cr cr;

		fill(p->m.buf, p->m.size, i);
		wr.imm_data = i % 2 ? 0xabc0 + i : 0;
		run_ok(&p->r, &wr);
		cr = owner_cr(p->o, i);
		assert_success(cr);
		assert_int_equal(cr.user_ctx, i);
		assert_int_equal(cr.len, sizes[i]);
		assert_int_equal(cr.flags, UB_CQE_RECV | (i % 2 ? UB_CQE_IMM : 0));
		assert_int_equal(cr.imm_data, wr.imm_data);
		assert_int_equal(cr.rmt_id, p->r.jfs->id);
		assert_memory_equal(p->o->messages + i % 2 * OWNER_RECV, p->m.buf + 1, sizes[i]);
	}
}

static void write_imm_writes_and_tells(void **state)
{
	struct pair *p = *state;

	owner_receive(p->o, N_SIZES);
	for (unsigned i = 0; i < N_SIZES; i++) {
		ub_sge_t sge = mem_sge(&p->m, 0, sizes[i]);
		struct ub_jfs_wr wr = at_owner(p, UB_OP_WRITE_IMM, &sge);
		struct ub_cr cr;

		fill(p->m.buf, p->m.size, i + 9);
		wr.imm_data = i;
		wr.notify = &p->o->receiver;
		run_ok(&p->r, &wr);
		cr = owner_cr(p->o, i);
		assert_success(cr);
		assert_int_equal(cr.len, sizes[i]);
		assert_int_equal(cr.imm_data, i);
		assert_memory_equal(p->o->memory, p->m.buf, sizes[i]);
	}
}

static void atomics_of_both_widths(void **state)
{
	static const struct {
		uint8_t opcode;
		uint64_t before, operand, compare, after;
	} cases[] = {
		{ UB_OP_CAS, 5, 9, 5, 9 },	   { UB_OP_CAS, 5, 9, 6, 5 },
		{ UB_OP_SWAP, 5, 77, 0, 77 },	   { UB_OP_FADD, 5, 3, 0, 8 },
		{ UB_OP_FSUB, 5, 3, 0, 2 },	   { UB_OP_FAND, 0xf0f, 0xff, 0, 0xf },
		{ UB_OP_FOR, 0xf0, 0xf, 0, 0xff }, { UB_OP_FXOR, 0xff, 0xf0, 0, 0xf },
	};
	struct pair *p = *state;

	for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned c = i / 2, len = i % 2 ? 8 : 4;
		ub_sge_t sge = mem_sge(&p->m, 8, len);
		struct ub_jfs_wr wr = at_owner(p, cases[c].opcode, &sge);

		memset(p->m.buf, 0xee, 32);
		memcpy(p->o->memory, &cases[c].before, 8);
		wr.operand = cases[c].operand;
		wr.compare = cases[c].compare;
		run_ok(&p->r, &wr);
		assert_memory_equal(p->m.buf + 8, &cases[c].before, len);
		assert_int_equal(p->m.buf[8 + len], 0xee);
		assert_memory_equal(p->o->memory, &cases[c].after, 8);
	}
}

/* ---- What is refused ---- */
static void statuses_are_those_of_one_process(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->m, 0, 2 * PIECE);
	struct ub_jfs_wr good = at_owner(p, UB_OP_WRITE, &sge), wr = good;
	struct ub_target other = p->o->target;

	memset(p->o->memory, 0xee, OWNER_BYTES);
	other.token_value ^= 1;
	wr.target = &other;
	assert_status(run(&p->r, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	wr = good;
	wr.rmt_addr += OWNER_BYTES - PIECE;
	assert_status(run(&p->r, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_BOUNDS);
	assert_int_equal(p->o->memory[OWNER_BYTES - PIECE], 0xee);
	sge.token_id ^= 0x5000;
	assert_status(run(&p->r, &good), UB_CR_LOC_ACCESS_ERR, UB_SUB_TOKEN_ID);
	assert_int_equal(p->o->memory[0], 0xee);
	sge = mem_sge(&p->m, 0, 8);
	wr = at_owner(p, UB_OP_FADD, &sge);
	wr.rmt_addr += 4;
	assert_status(run(&p->r, &wr), UB_CR_LOC_OPERATION_ERR, UB_SUB_ALIGNMENT);
	run_ok(&p->r, &good);
}

static void messages_that_nobody_takes(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->m, 0, OWNER_RECV + 1);
	struct ub_jfs_wr wr = to_receiver(p, UB_OP_SEND, &sge);
	struct ub_target nowhere = p->o->receiver;

	assert_int_equal(run(&p->r, &wr).status, UB_CR_RNR_RETRY_CNT_EXC_ERR);
	owner_receive(p->o, 2);
	assert_status(run(&p->r, &wr), UB_CR_REM_RESP_LEN_ERR, UB_SUB_LENGTH);
	assert_int_equal(owner_cr(p->o, 0).status, UB_CR_LOC_LEN_ERR);
	nowhere.token_value ^= 1;
	wr.target = &nowhere;
	assert_status(run(&p->r, &wr), UB_CR_REM_ACCESS_ABORT_ERR, UB_SUB_TOKEN);
	sge = mem_sge(&p->m, 0, 100);
	wr.target = &p->o->receiver;
	run_ok(&p->r, &wr);
	assert_success(owner_cr(p->o, 1));
}

static void nobody_is_there(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->m, 0, 8);
	struct ub_jfs_wr wr = at_owner(p, UB_OP_READ, &sge);
	struct ub_target nobody = p->o->target;

	nobody.eid.raw[15] ^= 1;
	wr.target = &nobody;
	assert_status(run(&p->r, &wr), UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID);
	wr.target = &p->o->target;
	run_ok(&p->r, &wr);
}

static void partitions_do_not_meet(void **state)
{
	struct pair *p = *state;
	char device[200];
	struct owner *o;
	ub_sge_t sge = mem_sge(&p->m, 0, 8);
	struct ub_jfs_wr wr = at_owner(p, UB_OP_READ, &sge);

	snprintf(device, sizeof(device), "soft:name=apart,upi=3,fabric=%s", p->folder);
	o = owner_start(device);
	assert_int_equal(atomic_load(&o->ready), 1);
	wr.target = &o->target;
	wr.rmt_addr = (uintptr_t)o->memory;
	assert_status(run(&p->r, &wr), UB_CR_ACK_TIMEOUT_ERR, UB_SUB_EID);
	owner_stop(o);
	p->others = 1;
}

static void an_eid_is_taken_once(void **state)
{
	struct pair *p = *state;
	struct owner *second = owner_start(p->owns);
	char pid[20];

	assert_int_equal(atomic_load(&second->ready), -1);
	snprintf(pid, sizeof(pid), "process %d", p->o->pid);
	if (!strstr(second->error, pid))
		fail_msg("%s", second->error);
	owner_stop(second);
}

static void a_fabric_is_a_folder(void **state)
{
	(void)state;
	assert_null(ub_create_context("soft:name=x,fabric=/nowhere/at/all"));
	assert_non_null(strstr(ub_last_error()->message, "/nowhere/at/all"));
	assert_non_null(strstr(ub_last_error()->message, "No such file or directory"));
	assert_null(ub_create_context("soft:name=x,fabric="));
}

/* ---- Loss ---- */
static void wait_event(struct pair *p, unsigned type)
{
	struct ub_async event;

	do
		assert_int_equal(ub_get_async_event(p->r.ctx, &event, TIMEOUT_MS), 0);
	while (event.type != type);
}

/* Each of n requests has completed once, some of them in success, the others as lost. */
static unsigned take_each_once(struct pair *p, unsigned n, unsigned *lost)
{
	bool seen[256] = { false };
	unsigned ok = 0;

	*lost = 0;
	for (unsigned i = 0; i < n; i++) {
		struct ub_cr cr = wait_cr(p->r.jfc);

		assert_true(cr.user_ctx < n && !seen[cr.user_ctx]);
		seen[cr.user_ctx] = true;
		if (cr.status == UB_CR_SUCCESS)
			ok++;
		else if (cr.status == UB_CR_ACK_TIMEOUT_ERR)
			++*lost;
		else
			fail_msg("%s", ub_cr_status_str(cr.status));
	}
	expect_no_cr(p->r.jfc);
	return ok;
}

static void post_many(struct pair *p, struct ub_jfs_wr wr, unsigned n)
{
	wr.flags = UB_WR_COMPLETE;
	for (unsigned i = 0; i < n; i++) {
		wr.user_ctx = i;
		post(p->r.jfs, &wr);
	}
}

static void the_owner_is_killed_and_comes_back(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->m, 0, 20 * PIECE);
	struct ub_jfs_wr wr = at_owner(p, UB_OP_WRITE, &sge);
	unsigned lost;

	run_ok(&p->r, &wr);
	use_timeout(p, HASTY);
	post_many(p, wr, 4);
	owner_kill(p->o);
	take_each_once(p, 4, &lost);
	wait_event(p, UB_EVENT_PORT_DOWN);
	assert_int_equal(run(&p->r, &wr).status, UB_CR_ACK_TIMEOUT_ERR);
	owner_restart(p->o, p->owns);
	assert_int_equal(atomic_load(&p->o->ready), 1);
	wait_event(p, UB_EVENT_PORT_ACTIVE);
	use_timeout(p, PATIENT);
	fill(p->m.buf, p->m.size, 44);
	run_ok(&p->r, &wr);
	assert_memory_equal(p->o->memory, p->m.buf, 20 * PIECE);
}

static void an_owner_that_stands_still(void **state)
{
	struct pair *p = *state;
	ub_sge_t sge = mem_sge(&p->m, 0, 8);
	struct ub_jfs_wr wr = at_owner(p, UB_OP_FADD, &sge);
	unsigned ok, lost;
	uint64_t total;

	memset(p->o->memory, 0, 8);
	wr.operand = 1;
	run_ok(&p->r, &wr);
	kill(p->o->pid, SIGSTOP);
	waitpid(p->o->pid, NULL, WUNTRACED);
	use_timeout(p, HASTY);
	post_many(p, wr, 2);
	ok = take_each_once(p, 2, &lost);
	assert_int_equal(ok, 0);
	/* One that nobody waits for is no obstacle, nor does it end late. */
	use_timeout(p, PATIENT);
	post(p->r.jfs, &wr);
	use_timeout(p, PATIENT);
	kill(p->o->pid, SIGCONT);
	run_ok(&p->r, &wr);
	total = *(uint64_t *)p->o->memory;
	assert_true(total >= 2 && total <= 5);
}

/* Connections of this process end, as if the network had failed. */
static void cut_connections(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name), type = 0, listens = 0;
		socklen_t len = sizeof(int);

		if (fd < 3 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) ||
		    type != SOCK_SEQPACKET)
			continue;
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len);
		if (!listens)
			shutdown(fd, SHUT_RDWR);
	}
	closedir(dir);
}

struct cutter {
	atomic_bool stop;
	unsigned cuts;
};

static void *cut_often(void *arg)
{
	struct cutter *c = arg;

	while (!atomic_load(&c->stop)) {
		usleep(3000);
		cut_connections();
		c->cuts++;
	}
	return NULL;
}

static void every_addition_counts_once(void **state)
{
	enum { ADDITIONS = 10000, DEPTH = 64, CUTS = 100 };
	struct pair *p = *state;
	struct cutter c = { .cuts = 0 };
	ub_sge_t sge = mem_sge(&p->m, 0, 8);
	struct ub_jfs_wr wr = at_owner(p, UB_OP_FADD, &sge);
	unsigned posted = 0, done = 0;
	pthread_t thread;

	memset(p->o->memory, 0, 8);
	wr.operand = 1;
	wr.flags = UB_WR_COMPLETE;
	run_ok(&p->r, &wr);
	pthread_create(&thread, NULL, cut_often, &c);
	for (; done < ADDITIONS || c.cuts < CUTS; done++) {
		while (posted - done < DEPTH) {
			post(p->r.jfs, &wr);
			posted++;
		}
		assert_success(wait_cr(p->r.jfc));
	}
	atomic_store(&c.stop, true);
	pthread_join(thread, NULL);
	for (; done < posted; done++)
		assert_success(wait_cr(p->r.jfc));
	assert_int_equal(*(uint64_t *)p->o->memory, posted + 1);
}

/* Each message is received once and whole, and in order, however often the connection ends. */
static void messages_survive_cuts(void **state)
{
	enum { MESSAGES = 60 };
	struct pair *p = *state;
	struct cutter c = { .cuts = 0 };
	pthread_t thread;

	pthread_create(&thread, NULL, cut_often, &c);
	for (unsigned i = 0; i < MESSAGES; i++) {
		ub_sge_t sge = mem_sge(&p->m, 0, 10 * PIECE);
		struct ub_jfs_wr wr = to_receiver(p, UB_OP_SEND_IMM, &sge);
		struct ub_cr cr;

		fill(p->m.buf, 10 * PIECE, i);
		owner_receive(p->o, 1);
		wr.imm_data = i;
		run_ok(&p->r, &wr);
		cr = owner_cr(p->o, i);
		assert_success(cr);
		assert_int_equal(cr.imm_data, i);
		assert_memory_equal(p->o->messages + i % 2 * OWNER_RECV, p->m.buf, 10 * PIECE);
	}
	atomic_store(&c.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(atomic_load(&p->o->n_crs), MESSAGES);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		pair_test(memory_is_written_and_read),
		pair_test(inline_data_and_many_pieces),
		pair_test(write_notify_stores_after_it_wrote),
		pair_test(messages_arrive_whole_and_in_order),
		pair_test(write_imm_writes_and_tells),
		pair_test(atomics_of_both_widths),
		pair_test(statuses_are_those_of_one_process),
		pair_test(messages_that_nobody_takes),
		pair_test(nobody_is_there),
		pair_test(partitions_do_not_meet),
		pair_test(an_eid_is_taken_once),
		cmocka_unit_test(a_fabric_is_a_folder),
		pair_test(the_owner_is_killed_and_comes_back),
		pair_test(an_owner_that_stands_still),
		pair_test(every_addition_counts_once),
		pair_test(messages_survive_cuts),
	};

	return run_all(argc, argv, tests);
}
