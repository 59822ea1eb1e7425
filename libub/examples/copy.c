/* SPDX-License-Identifier: MIT */
/* Copies a buffer with the device: a WRITE from one segment of ours to another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ub/ub.h>

#define SIZE (1u << 20)

static void die(const char *what)
{
	const struct ub_error *e = ub_last_error();

	fprintf(stderr, "copy: %s: %s: %s%s%s\n", what, e->object, e->message, *e->hint ? "; " : "",
		e->hint);
	exit(1);
}

static struct ub_seg *register_buffer(struct ub_context *ctx, void *buf)
{
	struct ub_seg_cfg cfg = { .va = buf, .len = SIZE };
	struct ub_seg *seg = ub_register_seg(ctx, &cfg);

	if (!seg)
		die("register memory");
	return seg;
}

/* Polls for five seconds at most. */
static void wait_one(struct ub_jfc *jfc, struct ub_cr *cr)
{
	time_t end = time(NULL) + 5;

	while (ub_poll_jfc(jfc, cr, 1) == 0)
		if (time(NULL) > end) {
			fprintf(stderr, "copy: no completion within 5 s\n");
			exit(1);
		}
}

int main(int argc, char **argv)
{
	struct ub_context *ctx = ub_create_context(argc > 1 ? argv[1] : "ub0");
	unsigned char *from = ub_alloc_buf(SIZE), *to = ub_alloc_buf(SIZE);

	if (!ctx)
		die("open device");
	if (!from || !to)
		die("allocate");

	struct ub_jfc *jfc = ub_create_jfc(ctx, &(struct ub_jfc_cfg){ .depth = 64 });
	if (!jfc)
		die("create JFC");
	struct ub_jfs *jfs = ub_create_jfs(ctx, &(struct ub_jfs_cfg){ .jfc = jfc, .depth = 64 });
	if (!jfs)
		die("create JFS");

	struct ub_seg *source = register_buffer(ctx, from), *sink = register_buffer(ctx, to);
	struct ub_desc desc;
	ub_describe_seg(sink, &desc); /* a peer would get this by message */
	struct ub_target target = ub_import(&desc);

	for (unsigned i = 0; i < SIZE; i++)
		from[i] = (unsigned char)(i * 31 >> 3);
	ub_sge_t sge = { .len = SIZE, .token_id = source->token_id, .va = source->va };
	struct ub_jfs_wr wr = { .opcode = UB_OP_WRITE, .flags = UB_WR_COMPLETE, .num_sge = 1,
				.sge = &sge, .target = &target, .rmt_addr = sink->va };
	struct ub_cr cr;
	if (ub_post_jfs_wr(jfs, &wr, 1, NULL))
		die("post");
	wait_one(jfc, &cr);

	int ok = cr.status == UB_CR_SUCCESS && memcmp(from, to, SIZE) == 0;
	printf("%s: copied %u bytes: %s, %s\n", ub_context_name(ctx), cr.len,
	       ub_cr_status_str(cr.status), ok ? "contents equal" : "contents differ");

	ub_unregister_seg(source);
	ub_unregister_seg(sink);
	ub_delete_jfs(jfs);
	ub_delete_jfc(jfc);
	ub_free_buf(from, SIZE);
	ub_free_buf(to, SIZE);
	ub_delete_context(ctx);
	return !ok;
}
