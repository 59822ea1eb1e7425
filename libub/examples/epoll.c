/* SPDX-License-Identifier: MIT */
/*
 * An event-driven program: one epoll loop serves the device's completions beside other files, here
 * a timer that submits work. No call but epoll_wait() blocks.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <ub/ub.h>
#include <unistd.h>

#define SIZE 4096
#define REQUESTS 20

struct app {
	struct ub_context *ctx;
	struct ub_jfce *jfce;
	struct ub_jfc *jfc;
	struct ub_jfs *jfs;
	struct ub_seg *seg;
	uint8_t *buf;
	unsigned sent, completed, wakeups, empty;
};

static void die(const char *what)
{
	const struct ub_error *e = ub_last_error();

	fprintf(stderr, "epoll: %s: %s: %s%s%s\n", what, e->object, e->message,
		*e->hint ? "; " : "", e->hint);
	exit(1);
}

static void set_up(struct app *app, const char *device)
{
	struct ub_seg_cfg seg = { .len = SIZE };
	struct ub_jfc_cfg jfc = { .depth = 64 };
	struct ub_jfs_cfg jfs = { .depth = 64 };

	app->ctx = ub_create_context(device);
	if (!app->ctx)
		die("open device");
	app->buf = seg.va = ub_alloc_buf(SIZE);
	app->jfce = jfc.jfce = ub_create_jfce(app->ctx);
	if (!app->buf || !app->jfce)
		die("set up");
	app->jfc = jfs.jfc = ub_create_jfc(app->ctx, &jfc);
	if (!app->jfc)
		die("create JFC");
	app->jfs = ub_create_jfs(app->ctx, &jfs);
	app->seg = ub_register_seg(app->ctx, &seg);
	if (!app->jfs || !app->seg)
		die("set up");
}

static void tear_down(struct app *app)
{
	ub_unregister_seg(app->seg);
	ub_delete_jfs(app->jfs);
	ub_delete_jfc(app->jfc);
	ub_delete_jfce(app->jfce);
	ub_free_buf(app->buf, SIZE);
	ub_delete_context(app->ctx);
}

/* Request i fills byte i of the buffer with i + 1. */
static void submit(struct app *app)
{
	ub_sge_t sge = { .len = 1, .token_id = app->seg->token_id, .va = app->seg->va + app->sent };
	struct ub_jfs_wr wr = { .opcode = UB_OP_FILL, .flags = UB_WR_COMPLETE, .num_sge = 1,
				.sge = &sge, .user_ctx = app->sent, .pattern = app->sent + 1,
				.pattern_size = 1 };

	if (ub_post_jfs_wr(app->jfs, &wr, 1, NULL))
		die("post");
	app->sent++;
}

/* Returns how many completions there were. */
static unsigned drain(struct app *app)
{
	unsigned before = app->completed;
	struct ub_cr cr[16];
	int n;

	while ((n = ub_poll_jfc(app->jfc, cr, 16)) > 0)
		for (int i = 0; i < n; i++, app->completed++)
			if (cr[i].status != UB_CR_SUCCESS) {
				fprintf(stderr, "epoll: request %llu: %s\n",
					(unsigned long long)cr[i].user_ctx,
					ub_cr_status_str(cr[i].status));
				exit(1);
			}
	return app->completed - before;
}

/*
 * Take the event, poll until there is nothing, then arm again. A completion that comes between the
 * two makes the arm fire at once; arming first would fire for what the poll then takes.
 */
static void on_completion(struct app *app)
{
	struct ub_jfc *jfc;
	uint32_t one = 1;

	if (ub_wait_jfc(app->jfce, 1, 0, &jfc) == 1) {
		app->wakeups++;
		ub_ack_jfc(&jfc, &one, 1);
		if (!drain(app))
			app->empty++;
		ub_rearm_jfc(app->jfc, false);
	}
}

static void on_timer(struct app *app, int timer)
{
	uint64_t ticks;

	if (read(timer, &ticks, sizeof(ticks)) == sizeof(ticks) && app->sent < REQUESTS)
		submit(app);
}

static void watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) {
		perror("epoll: epoll_ctl");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct app app = { 0 };
	struct itimerspec every_ms = { { 0, 1000000 }, { 0, 1000000 } };
	int epoll = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, 0);
	int wrong = 0;

	set_up(&app, argc > 1 ? argv[1] : "ub0");
	watch(epoll, ub_jfce_fd(app.jfce));
	watch(epoll, timer);
	timerfd_settime(timer, 0, &every_ms, NULL);
	ub_rearm_jfc(app.jfc, false);
	while (app.completed < REQUESTS) {
		struct epoll_event event;

		if (epoll_wait(epoll, &event, 1, 5000) <= 0) {
			fprintf(stderr, "epoll: nothing happened for 5 s\n");
			return 1;
		}
		if (event.data.fd == timer)
			on_timer(&app, timer);
		else
			on_completion(&app);
	}
	for (unsigned i = 0; i < REQUESTS; i++)
		wrong += app.buf[i] != i + 1;
	printf("%s: %u requests, %u wake-ups, %u for nothing, %d wrong bytes\n",
	       ub_context_name(app.ctx), app.completed, app.wakeups, app.empty, wrong);
	tear_down(&app);
	return wrong || app.empty;
}
