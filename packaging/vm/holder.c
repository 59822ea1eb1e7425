/* SPDX-License-Identifier: MIT */
/*
 * A process that an upgrade must not disturb: it holds a context and registered memory and runs one
 * command after another until SIGTERM, each checked.
 *
 *   holder DEVICE COUNT_FILE    the file tells how many commands have ended well
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ub/ub.h>
#include <unistd.h>

#define SIZE (64u << 10)

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static void die(const char *what)
{
	const struct ub_error *e = ub_last_error();

	fprintf(stderr, "holder: %s: %s: %s; %s\n", what, e->object, e->message, e->hint);
	exit(1);
}

static struct ub_seg *make_seg(struct ub_context *ctx)
{
	struct ub_seg_cfg cfg = { .va = ub_alloc_buf(SIZE), .len = SIZE,
				  .access = UB_ACCESS_READ | UB_ACCESS_WRITE };
	struct ub_seg *seg = cfg.va ? ub_register_seg(ctx, &cfg) : NULL;

	if (!seg)
		die("memory");
	return seg;
}

/* One command: to gets what from holds, by the device. */
static void copy(struct ub_jfs *jfs, struct ub_jfc *jfc, struct ub_seg *from, struct ub_seg *to)
{
	ub_sge_t sge = { .len = SIZE, .token_id = from->token_id, .va = from->va };
	struct ub_desc desc;
	struct ub_target target;
	struct ub_cr cr;

	ub_describe_seg(to, &desc);
	target = ub_import(&desc);
	struct ub_jfs_wr wr = { .opcode = UB_OP_WRITE, .flags = UB_WR_COMPLETE, .num_sge = 1,
				.sge = &sge, .target = &target, .rmt_addr = to->va };
	if (ub_post_jfs_wr(jfs, &wr, 1, NULL))
		die("post");
	while (ub_poll_jfc(jfc, &cr, 1) == 0)
		if (ub_context_lost(jfs->ctx))
			die("the device is lost");
	if (cr.status != UB_CR_SUCCESS || memcmp((void *)from->va, (void *)to->va, SIZE)) {
		fprintf(stderr, "holder: %s\n", ub_cr_status_str(cr.status));
		exit(1);
	}
}

static void say(int fd, unsigned long count)
{
	char text[24];

	if (pwrite(fd, text, sprintf(text, "%lu\n", count), 0) < 0) {
		perror("holder");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct ub_context *ctx = argc == 3 ? ub_create_context(argv[1]) : NULL;
	int fd = argc == 3 ? open(argv[2], O_WRONLY | O_CREAT, 0644) : -1;
	unsigned long count;

	if (!ctx || fd < 0)
		die("open");
	struct ub_jfc *jfc = ub_create_jfc(ctx, &(struct ub_jfc_cfg){ .depth = 64 });
	struct ub_jfs *jfs =
		jfc ? ub_create_jfs(ctx, &(struct ub_jfs_cfg){ .jfc = jfc, .depth = 64 }) : NULL;
	struct ub_seg *from = make_seg(ctx), *to = make_seg(ctx);

	if (!jfs)
		die("queues");
	signal(SIGTERM, on_term);
	for (count = 0; !stop; say(fd, ++count)) {
		memset((void *)from->va, (int)count, SIZE);
		copy(jfs, jfc, from, to);
		usleep(20000); /* the upgrade wants the processor too */
	}
	printf("holder: %lu commands, all well\n", count);
	return 0;
}
