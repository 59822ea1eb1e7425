/* SPDX-License-Identifier: MIT */
/* The table of all ioctls, each with an argument it takes. */
#include "uapi.h"

static void fill_nothing(struct world *w, union arg *a)
{
	(void)w;
	(void)a;
}

static void undo_nothing(struct world *w, const union arg *a, bool done)
{
	(void)w;
	(void)a;
	(void)done;
}

static void fill_reg_seg(struct world *w, union arg *a)
{
	a->reg_seg = (struct ub_ioc_reg_seg){ .addr = (uintptr_t)w->data, .len = PAGE,
					      .access = RW, .token_policy = UB_TOKEN_PLAIN_TEXT,
					      .token_value = 7 };
}

static void undo_reg_seg(struct world *w, const union arg *a, bool done)
{
	if (done)
		dereg(w->fd, a->reg_seg.token_id);
}

static void fill_dereg_seg(struct world *w, union arg *a)
{
	w->victim = make_seg(w->fd, w->data, PAGE);
	a->dereg_seg.token_id = w->victim;
}

static void undo_dereg_seg(struct world *w, const union arg *a, bool done)
{
	(void)a;
	if (!done)
		dereg(w->fd, w->victim);
}

static void fill_set_token(struct world *w, union arg *a)
{
	a->set_token.token_id = w->seg;
	a->set_token.token_value = 0x12345678;
}

static void undo_create_jfce(struct world *w, const union arg *a, bool done)
{
	(void)w;
	if (done)
		assert_int_equal(close(a->create_jfce.fd), 0);
}

static void fill_create_jfc(struct world *w, union arg *a)
{
	a->create_jfc = (struct ub_ioc_create_jfc){ .mem = queue_mem(w->mem[3]), .depth = DEPTH,
						    .jfce_fd = -1 };
}

static void fill_create_jfs(struct world *w, union arg *a)
{
	a->create_jfs = (struct ub_ioc_create_jfs){ .mem = queue_mem(w->mem[3]), .depth = DEPTH,
						    .jfc = w->jfc, .priority = 15,
						    .rnr_retry = 7 };
}

static void fill_create_jfr(struct world *w, union arg *a)
{
	a->create_jfr = (struct ub_ioc_create_jfr){ .mem = queue_mem(w->mem[3]), .depth = DEPTH,
						    .jfc = w->jfc, .min_rnr_timer = 19 };
}

#define UNDO_CREATE(type, TYPE) \
static void undo_create_##type(struct world *w, const union arg *a, bool done) \
{ \
	if (done) \
		destroy(w->fd, UB_IOC_DESTROY_##TYPE, a->create_##type.id); \
}

UNDO_CREATE(jfc, JFC)
UNDO_CREATE(jfs, JFS)
UNDO_CREATE(jfr, JFR)

static void victim_jfc(struct world *w)
{
	w->victim = make_jfc(w->fd, w->mem[3], NULL);
}

static void victim_jfs(struct world *w)
{
	w->victim = make_jfs(w->fd, w->mem[3], w->jfc, NULL);
}

static void victim_jfr(struct world *w)
{
	w->victim = make_jfr(w->fd, w->mem[3], w->jfc);
}

#define ON_VICTIM(type, TYPE) \
static void fill_query_##type(struct world *w, union arg *a) \
{ \
	a->query.id = w->type; \
} \
static void fill_destroy_##type(struct world *w, union arg *a) \
{ \
	victim_##type(w); \
	a->destroy.id = w->victim; \
} \
static void undo_destroy_##type(struct world *w, const union arg *a, bool done) \
{ \
	(void)a; \
	if (!done) \
		destroy(w->fd, UB_IOC_DESTROY_##TYPE, w->victim); \
}

ON_VICTIM(jfc, JFC)
ON_VICTIM(jfs, JFS)
ON_VICTIM(jfr, JFR)

#define MODIFY_VICTIM(type, TYPE) \
static void fill_modify_##type(struct world *w, union arg *a) \
{ \
	victim_##type(w); \
	a->modify.id = w->victim; \
	a->modify.state = UB_STATE_ERROR; \
} \
static void undo_modify_##type(struct world *w, const union arg *a, bool done) \
{ \
	(void)a; \
	(void)done; \
	destroy(w->fd, UB_IOC_DESTROY_##TYPE, w->victim); \
}

MODIFY_VICTIM(jfs, JFS)
MODIFY_VICTIM(jfr, JFR)

static void make_kernel_queues(struct world *w)
{
	w->kjfc = make_kernel_jfc(w->fd);
	w->kjfs = make_kernel_jfs(w->fd, w->kjfc);
}

static void undo_kernel_queues(struct world *w, const union arg *a, bool done)
{
	(void)a;
	(void)done;
	destroy(w->fd, UB_IOC_DESTROY_JFS, w->kjfs);
	destroy(w->fd, UB_IOC_DESTROY_JFC, w->kjfc);
}

/* One NOP. */
static void fill_submit(struct world *w, union arg *a)
{
	struct ub_hw_wqe *wqe = (struct ub_hw_wqe *)w->data;

	make_kernel_queues(w);
	w->victim = w->kjfs;
	memset(wqe, 0, sizeof(*wqe));
	wqe->opcode = UB_OP_NOP;
	a->submit = (struct ub_ioc_submit){ .wqes = (uintptr_t)wqe, .id = w->kjfs, .nblocks = 1 };
}

/* Nothing is there, and nothing is waited for. */
static void fill_reap(struct world *w, union arg *a)
{
	make_kernel_queues(w);
	w->victim = w->kjfc;
	a->reap = (struct ub_ioc_reap){ .cqes = (uintptr_t)w->data, .id = w->kjfc, .max = 8 };
}

static void undo_create_program(struct world *w, const union arg *a, bool done)
{
	if (done)
		destroy(w->fd, UB_IOC_DESTROY_PROGRAM, a->create_program.id);
}

static void fill_destroy_program(struct world *w, union arg *a)
{
	union arg made = { 0 };

	fill_create_program(w, &made);
	w->victim = make_program(w->fd, &made.create_program);
	a->destroy_program.id = w->victim;
}

static void undo_destroy_program(struct world *w, const union arg *a, bool done)
{
	(void)a;
	if (!done)
		destroy(w->fd, UB_IOC_DESTROY_PROGRAM, w->victim);
}

static void fill_modify_jfc(struct world *w, union arg *a)
{
	a->modify_jfc.id = w->jfc;
	a->modify_jfc.flags = UB_JFC_F_ADAPTIVE;
	a->modify_jfc.mod_count = 8;
	a->modify_jfc.mod_usec = 100;
}

#define END(type, field) (offsetof(struct type, field) + sizeof(((struct type *)0)->field))
#define CASE(NAME, min, fill, undo) { #NAME, UB_IOC_##NAME, min, fill, undo }

const struct ioc_case ioc_cases[IOC_CASES] = {
	CASE(QUERY_DEVICE, HDR_SIZE, fill_nothing, undo_nothing),
	CASE(REG_SEG, END(ub_ioc_reg_seg, token_id), fill_reg_seg, undo_reg_seg),
	CASE(DEREG_SEG, HDR_SIZE, fill_dereg_seg, undo_dereg_seg),
	CASE(SET_TOKEN, HDR_SIZE, fill_set_token, undo_nothing),
	CASE(CREATE_JFCE, END(ub_ioc_create_jfce, fd), fill_nothing, undo_create_jfce),
	CASE(CREATE_JFC, END(ub_ioc_create_jfc, id), fill_create_jfc, undo_create_jfc),
	CASE(CREATE_JFS, END(ub_ioc_create_jfs, id), fill_create_jfs, undo_create_jfs),
	CASE(CREATE_JFR, END(ub_ioc_create_jfr, id), fill_create_jfr, undo_create_jfr),
	CASE(MODIFY_JFS, HDR_SIZE, fill_modify_jfs, undo_modify_jfs),
	CASE(MODIFY_JFR, HDR_SIZE, fill_modify_jfr, undo_modify_jfr),
	CASE(QUERY_JFS, HDR_SIZE, fill_query_jfs, undo_nothing),
	CASE(QUERY_JFR, HDR_SIZE, fill_query_jfr, undo_nothing),
	CASE(QUERY_JFC, HDR_SIZE, fill_query_jfc, undo_nothing),
	CASE(DESTROY_JFS, HDR_SIZE, fill_destroy_jfs, undo_destroy_jfs),
	CASE(DESTROY_JFR, HDR_SIZE, fill_destroy_jfr, undo_destroy_jfr),
	CASE(DESTROY_JFC, HDR_SIZE, fill_destroy_jfc, undo_destroy_jfc),
	CASE(SUBMIT, END(ub_ioc_submit, taken), fill_submit, undo_kernel_queues),
	CASE(REAP, END(ub_ioc_reap, count), fill_reap, undo_kernel_queues),
	CASE(MODIFY_JFC, HDR_SIZE, fill_modify_jfc, undo_nothing),
	CASE(CREATE_PROGRAM, END(ub_ioc_create_program, id), fill_create_program,
	     undo_create_program),
	CASE(DESTROY_PROGRAM, HDR_SIZE, fill_destroy_program, undo_destroy_program),
};

const struct ioc_case *ioc_case(unsigned int cmd)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ioc_cases); i++)
		if (ioc_cases[i].cmd == cmd)
			return &ioc_cases[i];
	fail_msg("0x%x is not an ioctl of the table", cmd);
	return NULL;
}

void ioc_fill(const struct ioc_case *c, struct world *w, union arg *a)
{
	memset(a, 0, sizeof(*a));
	c->fill(w, a);
}
