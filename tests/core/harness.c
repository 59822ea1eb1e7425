/* SPDX-License-Identifier: MIT */
/* Devices, guest memory, page tables, admin ring. */
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "harness.h"

/* ---- Host operations ---- */
static void *host_map(void *opaque, uint64_t addr, size_t *len, bool is_write)
{
	struct rig *rig = opaque;
	void (*hook)(struct rig *, uint64_t, bool) = atomic_load(&rig->on_map);

	if (hook)
		hook(rig, addr, is_write);
	if (addr < BUS_BASE || addr >= BUS_BASE + ARENA_SIZE)
		return NULL;
	if (addr < atomic_load(&rig->taken_end) && addr + *len > atomic_load(&rig->taken)) {
		if (addr >= atomic_load(&rig->taken))
			return NULL;
		*len = atomic_load(&rig->taken) - addr;
	}
	if (*len > BUS_BASE + ARENA_SIZE - addr)
		*len = BUS_BASE + ARENA_SIZE - addr;
	if (rig->map_limit && *len > rig->map_limit)
		*len = rig->map_limit;
	atomic_fetch_add(&rig->maps, 1);
	return rig->arena + (addr - BUS_BASE);
}

static void host_unmap(void *opaque, void *ptr, size_t len, bool is_write, size_t written)
{
	struct rig *rig = opaque;

	(void)ptr;
	if (written > len || (!is_write && written))
		abort();
	atomic_fetch_sub(&rig->maps, 1);
}

static void host_interrupt(void *opaque, unsigned vector)
{
	struct rig *rig = opaque;
	void (*hook)(struct rig *, unsigned) = atomic_load(&rig->on_irq);

	if (hook)
		hook(rig, vector);
	atomic_fetch_add(&rig->irq[vector], 1);
}

static uint64_t host_clock(void *opaque)
{
	struct rig *rig = opaque;
	uint64_t fake = atomic_load(&rig->fake_ns);
	struct timespec ts;

	if (fake)
		return fake;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void host_guest_error(void *opaque, const char *line)
{
	struct rig *rig = opaque;

	if (strchr(line, '\n') || !line[0])
		abort();
	atomic_fetch_add(&rig->errors, 1);
}

static void host_db_page(void *opaque, uint32_t page, bool in_use)
{
	struct rig *rig = opaque;

	(void)page;
	atomic_fetch_add(in_use ? &rig->pages_on : &rig->pages_off, 1);
}

static void host_attend(void *opaque)
{
	struct rig *rig = opaque;
	void (*hook)(struct rig *) = atomic_load(&rig->on_attend);

	if (hook)
		hook(rig);
}

const struct ub_core_host *rig_host(void)
{
	static const struct ub_core_host host = {
		.map = host_map,
		.unmap = host_unmap,
		.interrupt = host_interrupt,
		.clock_ns = host_clock,
		.guest_error = host_guest_error,
		.db_page = host_db_page,
	};

	return &host;
}

/* ---- Devices ---- */
/* One for all tests of a program. */
static struct ub_fabric *shared_fabric(void)
{
	static struct ub_fabric *fabric;

	if (!fabric)
		fabric = ub_fabric_new();
	assert_non_null(fabric);
	return fabric;
}

void rig_config(struct rig *rig, struct ub_core_config *config, unsigned number)
{
	memset(rig, 0, sizeof(*rig));
	rig->hbm = aligned_alloc(PAGE, HBM_TEST_SIZE);
	memset(rig->hbm, 0, HBM_TEST_SIZE);
	ub_core_config_init(config);
	config->fabric = shared_fabric();
	memset(config->guid, 0x11, 16);
	config->guid[15] = (uint8_t)number;
	memset(config->eid, 0x22, 16);
	config->eid[15] = (uint8_t)number;
	config->hbm = rig->hbm;
	config->hbm_size = HBM_TEST_SIZE;
	config->own_process = true;
}

void rig_init_config(struct rig *rig, const struct ub_core_config *config)
{
	struct ub_core_host host = *rig_host();
	const char *error;

	if (rig->attends)
		host.attend = host_attend;

	rig->arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	assert_ptr_not_equal(rig->arena, MAP_FAILED);
	/* As QEMU asks for guests' memory. */
	madvise(rig->arena, ARENA_SIZE, MADV_HUGEPAGE);
	rig->config = *config;
	rig->next_id = 1;
	rig->next_page = 1;
	rig->core = ub_core_new(config, &host, rig, &error);
	if (!rig->core)
		fail_msg("%s", error);
	assert_null(error);
}

void rig_init(struct rig *rig, unsigned number)
{
	struct ub_core_config config;

	rig_config(rig, &config, number);
	rig_init_config(rig, &config);
	rig_enable(rig);
}

void rig_fini(struct rig *rig)
{
	ub_core_free(rig->core);
	assert_int_equal(atomic_load(&rig->maps), 0);
	assert_int_equal(atomic_load(&rig->pages_on), atomic_load(&rig->pages_off));
	munmap(rig->arena, ARENA_SIZE);
	free(rig->hbm);
}

static void eq_new(struct rig *rig, uint32_t id)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_EQ, .id = id };

	rig->eq_depth = 64;
	rig->eq_ci[id] = 0;
	rig->eq_ring[id] = bus_alloc(rig, PAGE * 2, PAGE);
	memset(bus_ptr(rig, rig->eq_ring[id]), 0, PAGE * 2);
	cmd.eq.base = rig->eq_ring[id];
	cmd.eq.rec = rig->eq_ring[id] + PAGE;
	cmd.eq.depth = rig->eq_depth;
	assert_int_equal(admin(rig, &cmd), UB_ADMIN_OK);
}

void rig_enable(struct rig *rig)
{
	rig->admin_depth = 16;
	rig->admin_pi = 0;
	rig->admin_base = bus_alloc(rig, PAGE, PAGE);
	memset(bus_ptr(rig, rig->admin_base), 0, PAGE);
	ub_core_reg_write(rig->core, UB_REG_ADMIN_BASE, rig->admin_base, 8);
	ub_core_reg_write(rig->core, UB_REG_ADMIN_DEPTH, rig->admin_depth, 4);
	ub_core_reg_write(rig->core, UB_REG_CTRL, UB_CTRL_ENABLE, 4);
	assert_int_equal(ub_core_reg_read(rig->core, UB_REG_CTRL, 4), UB_CTRL_ENABLE);
	eq_new(rig, 0);
	eq_new(rig, 1);
}

/* ---- Memory ---- */
uint64_t bus_alloc(struct rig *rig, uint64_t bytes, uint64_t align)
{
	uint64_t at = (rig->used + align - 1) & ~(align - 1);

	assert_true(at + bytes <= ARENA_SIZE);
	rig->used = at + bytes;
	return BUS_BASE + at;
}

void *bus_ptr(struct rig *rig, uint64_t bus)
{
	return rig->arena + (bus - BUS_BASE);
}

/* ---- Admin ---- */
unsigned admin(struct rig *rig, const struct ub_admin_cmd *cmd)
{
	uint32_t at = rig->admin_pi & (rig->admin_depth - 1);
	struct ub_admin_slot *slot = (struct ub_admin_slot *)bus_ptr(rig, rig->admin_base) + at;
	unsigned owner = !(rig->admin_pi & rig->admin_depth);
	unsigned irqs = atomic_load(&rig->irq[0]);
	uint32_t head;

	memset(slot, 0xee, sizeof(*slot));
	((uint8_t *)&slot->reply)[1] = (uint8_t)!owner;
	slot->cmd = *cmd;
	slot->cmd.tag = (uint16_t)(rig->admin_pi * 3 + 1);
	ub_core_reg_write(rig->core, UB_REG_ADMIN_PI, ++rig->admin_pi, 4);
	head = __atomic_load_n((uint32_t *)&slot->reply, __ATOMIC_ACQUIRE);
	assert_int_equal(head >> 8 & UB_ADMIN_REPLY_OWNER, owner);
	assert_int_equal(ub_core_reg_read(rig->core, UB_REG_ADMIN_CI, 4), rig->admin_pi);
	assert_true(atomic_load(&rig->irq[0]) > irqs);
	rig->reply = slot->reply;
	assert_int_equal(rig->reply.tag, slot->cmd.tag);
	return rig->reply.status;
}

unsigned admin_simple(struct rig *rig, unsigned op, uint32_t id)
{
	struct ub_admin_cmd cmd = { .opcode = (uint8_t)op, .id = id };

	return admin(rig, &cmd);
}

/* The object's state, or fails. */
unsigned query(struct rig *rig, unsigned op, uint32_t id)
{
	assert_int_equal(admin_simple(rig, op, id), UB_ADMIN_OK);
	return rig->reply.state;
}

/* ---- Contexts and page tables ---- */
void ctx_new(struct rig *rig, struct tctx *ctx)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_CTX };

	ctx->rig = rig;
	ctx->tid = rig->next_id++;
	ctx->root = bus_alloc(rig, PAGE, PAGE);
	ctx->next_va = 0x7f0000000000ull + ((uint64_t)ctx->tid << 32);
	cmd.id = ctx->tid;
	cmd.ctx.pt_base = ctx->root;
	assert_int_equal(admin(rig, &cmd), UB_ADMIN_OK);
}

uint64_t *pt_entry(struct tctx *ctx, uint64_t uba, unsigned level)
{
	uint64_t table = ctx->root;

	for (unsigned at = 4;; at--) {
		uint64_t *entry = (uint64_t *)bus_ptr(ctx->rig, table) +
				  (uba >> (12 + 9 * (at - 1)) & 511);

		if (at == level)
			return entry;
		if (!(*entry & UB_PTE_VALID))
			*entry = bus_alloc(ctx->rig, PAGE, PAGE) | UB_PTE_VALID;
		table = *entry & UB_PTE_ADDR_MASK;
	}
}

void pt_set(struct tctx *ctx, uint64_t uba, uint64_t pte)
{
	*pt_entry(ctx, uba, 1) = pte;
}

void pt_map(struct tctx *ctx, uint64_t uba, uint64_t bus, uint64_t len, uint64_t rights)
{
	for (uint64_t off = 0; off < len; off += PAGE)
		pt_set(ctx, uba + off, (bus + off) | rights | UB_PTE_VALID);
}

uint64_t mem_new(struct tctx *ctx, uint64_t len, uint64_t rights, uint8_t **ptr)
{
	uint64_t bytes = (len + PAGE - 1) & ~(PAGE - 1), bus = bus_alloc(ctx->rig, bytes, PAGE);
	uint64_t va = ctx->next_va;

	ctx->next_va += bytes + PAGE;	/* an unmapped page between any two */
	pt_map(ctx, va, bus, bytes, rights);
	*ptr = bus_ptr(ctx->rig, bus);
	return va;
}

/* ---- Segments ---- */
struct ub_admin_cmd seg_cmd(struct rig *rig, struct tctx *ctx, uint64_t va, uint64_t len,
			    uint32_t access, uint32_t token)
{
	struct ub_admin_cmd cmd = { .opcode = UB_ADMIN_CREATE_SEG, .id = rig->next_id++ };

	cmd.seg.va = va;
	cmd.seg.uba = va;
	cmd.seg.len = len;
	cmd.seg.tid = ctx->tid;
	cmd.seg.access = access;
	cmd.seg.token_policy = UB_HW_TOKEN_PLAIN_TEXT;
	cmd.seg.token_value = token;
	return cmd;
}

void seg_new(struct tctx *ctx, struct tseg *seg, uint64_t len, uint32_t access, uint32_t token)
{
	struct ub_admin_cmd cmd;

	seg->va = mem_new(ctx, len, RWA, &seg->ptr);
	seg->len = len;
	seg->token = token;
	cmd = seg_cmd(ctx->rig, ctx, seg->va, len, access, token);
	seg->id = cmd.id;
	assert_int_equal(admin(ctx->rig, &cmd), UB_ADMIN_OK);
}

uint64_t stat_of(struct rig *rig, size_t offset)
{
	return ub_core_reg_read(rig->core, UB_REG_STATS + offset, 8);
}

void sleep_ms(unsigned ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

/* ---- Gates ---- */
void gate_init(struct gate *gate)
{
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->cond, NULL);
	gate->reached = gate->open = false;
}

void gate_pass(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->reached = true;
	pthread_cond_broadcast(&gate->cond);
	while (!gate->open)
		pthread_cond_wait(&gate->cond, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

void gate_wait(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	while (!gate->reached)
		pthread_cond_wait(&gate->cond, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

void gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->open = true;
	pthread_cond_broadcast(&gate->cond);
	pthread_mutex_unlock(&gate->lock);
}
