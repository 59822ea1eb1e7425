/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fabric_owner.h"

/* ---- In the other process: no cmocka there ---- */
static void give_up(struct owner *o, const char *what)
{
	snprintf(o->error, sizeof(o->error), "%s: %s", what, ub_last_error()->message);
	atomic_store(&o->ready, -1);
	_exit(1);
}

static struct ub_seg *export_memory(struct owner *o, struct ub_context *ctx)
{
	struct ub_seg_cfg cfg = { .va = o->memory, .len = OWNER_BYTES, .access = RWA };
	struct ub_seg *seg = ub_register_seg(ctx, &cfg);

	if (!seg)
		give_up(o, "segment");
	ub_describe_seg(seg, &o->seg);
	return seg;
}

static void post_messages(struct owner *o, struct ub_jfr *jfr, const struct ub_seg *seg)
{
	unsigned n = atomic_load(&o->posted);
	ub_sge_t sge = { .len = OWNER_RECV, .token_id = seg->token_id };
	struct ub_jfr_wr wr = { .sge = &sge, .num_sge = 1 };

	for (; n != atomic_load(&o->wanted); atomic_store(&o->posted, ++n)) {
		sge.va = seg->va + n % 2 * OWNER_RECV;
		wr.user_ctx = n;
		if (ub_post_jfr_wr(jfr, &wr, 1, NULL))
			return;
	}
}

static void serve(struct owner *o, struct ub_jfr *jfr, struct ub_jfc *jfc, const struct ub_seg *seg)
{
	struct ub_cr cr;

	atomic_store(&o->ready, 1);
	for (;;) {
		post_messages(o, jfr, seg);
		while (ub_poll_jfc(jfc, &cr, 1) == 1) {
			o->cr[atomic_load(&o->n_crs) % OWNER_CRS] = cr;
			atomic_fetch_add(&o->n_crs, 1);
		}
		usleep(50);
	}
}

static void owner_main(struct owner *o, const char *device)
{
	struct ub_seg_cfg into = { .va = o->messages, .len = sizeof(o->messages), .access = 0 };
	struct ub_jfc_cfg jfc_cfg = { .depth = 2 * OWNER_DEPTH };
	struct ub_jfr_cfg jfr_cfg = { .depth = OWNER_DEPTH };
	struct ub_context *ctx = ub_create_context(device);
	struct ub_seg *seg;

	if (!ctx)
		give_up(o, "context");
	export_memory(o, ctx);
	into.access = UB_ACCESS_LOCAL_ONLY;
	seg = ub_register_seg(ctx, &into);
	jfr_cfg.jfc = ub_create_jfc(ctx, &jfc_cfg);
	if (!seg || !jfr_cfg.jfc)
		give_up(o, "receiver");
	struct ub_jfr *jfr = ub_create_jfr(ctx, &jfr_cfg);

	if (!jfr)
		give_up(o, "JFR");
	ub_describe_jfr(jfr, &o->jfr);
	serve(o, jfr, jfr_cfg.jfc, seg);
}

/* ---- In the test ---- */
void owner_restart(struct owner *o, const char *device)
{
	pid_t pid;

	atomic_store(&o->ready, 0);
	atomic_store(&o->posted, 0);
	atomic_store(&o->wanted, 0);
	atomic_store(&o->n_crs, 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		owner_main(o, device);
	}
	o->pid = pid;
	while (!atomic_load(&o->ready) && waitpid(o->pid, NULL, WNOHANG) == 0)
		usleep(500);
	if (atomic_load(&o->ready) == 1) {
		o->target = ub_import(&o->seg);
		o->receiver = ub_import(&o->jfr);
	}
}

struct owner *owner_start(const char *device)
{
	struct owner *o =
		mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(o, MAP_FAILED);
	owner_restart(o, device);
	return o;
}

void owner_kill(struct owner *o)
{
	assert_true(o->pid > 0);
	kill(o->pid, SIGKILL);
	waitpid(o->pid, NULL, 0);
}

void owner_stop(struct owner *o)
{
	owner_kill(o);
	munmap(o, sizeof(*o));
}

void owner_receive(struct owner *o, unsigned n)
{
	unsigned wanted = atomic_fetch_add(&o->wanted, n) + n;

	while (atomic_load(&o->posted) != wanted)
		usleep(50);
}

struct ub_cr owner_cr(struct owner *o, unsigned nth)
{
	for (unsigned ms = 0; atomic_load(&o->n_crs) <= nth; ms++) {
		if (ms > TIMEOUT_MS)
			fail_msg("the owner got no completion %u", nth);
		usleep(1000);
	}
	return o->cr[nth % OWNER_CRS];
}
