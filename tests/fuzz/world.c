/* SPDX-License-Identifier: MIT */
/* Guest memory, host operations, devices. */
#include <sanitizer/asan_interface.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "input.h"
#include "world.h"

#define MAX_MAPS	8192
#define STATE_ROOM	(1u << 20)
#define PATIENCE_NS	30000000000ull

struct region {
	uint64_t bus;
	size_t bytes;
	bool split, rom;
	uint8_t *host;
};

static struct region regions[] = {
	{ .bus = RAM_BUS, .bytes = RAM_PAGES * PAGE },
	{ .bus = SPLIT_BUS, .bytes = SPLIT_PAGES * PAGE, .split = true },
	{ .bus = ROM_BUS, .bytes = PAGE, .rom = true },
	{ .bus = SHORT_BUS, .bytes = SHORT_BYTES },
	{ .bus = TOP_BUS, .bytes = PAGE },
};

#define REGIONS (sizeof(regions) / sizeof(regions[0]))

struct map {
	void *ptr;
	size_t len;
	bool is_write;
};

struct device {
	struct ub_core *core;
	uint8_t *hbm;
	pthread_mutex_t lock;
	struct map map[MAX_MAPS];
	unsigned maps;
	bool page[FUZZ_DB_PAGES];
};

static struct device devices[DEVICES];
static unsigned used_pages;

void world_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- Memory ---- */
/* Pages of memory, each run of them between pages that cannot be touched. */
static uint8_t *guarded(unsigned pages, bool split)
{
	size_t run = split ? 1 : pages, step = run + 1, runs = pages / run;
	size_t bytes = (runs * step + 1) * PAGE;
	uint8_t *at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			   0);

	must(at != MAP_FAILED);
	for (size_t i = 0; i < runs; i++)
		must(!mprotect(at + (i * step + 1) * PAGE, run * PAGE, PROT_READ | PROT_WRITE));
	return at + PAGE;
}

static void make_region(struct region *r)
{
	unsigned pages = (unsigned)((r->bytes + PAGE - 1) / PAGE);

	r->host = guarded(pages, r->split);
	if (r->rom)
		must(!mprotect(r->host, pages * PAGE, PROT_READ));
	if (r->bytes % PAGE)
		ASAN_POISON_MEMORY_REGION(r->host + r->bytes, pages * PAGE - r->bytes);
}

static void zero_region(struct region *r)
{
	if (r->rom)
		return;
	for (size_t at = 0; r->split && at < r->bytes; at += PAGE)
		memset(r->host + at * 2, 0, PAGE);
	if (!r->split)
		memset(r->host, 0, r->bytes);
}

/* What is at addr, and how much of it in one piece. */
static uint8_t *find(uint64_t addr, size_t *len, bool is_write)
{
	for (unsigned i = 0; i < REGIONS; i++) {
		struct region *r = &regions[i];
		uint64_t off = addr - r->bus;
		size_t room;

		if (addr < r->bus || off >= r->bytes)
			continue;
		if (is_write && r->rom)
			return NULL;
		room = r->split ? PAGE - off % PAGE : r->bytes - off;
		if (*len > room)
			*len = room;
		return r->host + (r->split ? off / PAGE * PAGE + off : off);
	}
	return NULL;
}

void *world_ptr(uint64_t bus, size_t len)
{
	size_t have = len;
	uint8_t *ptr = find(bus, &have, true);

	return have == len ? ptr : NULL;
}

uint64_t world_alloc(unsigned pages)
{
	uint64_t bus = RAM_BUS + used_pages * PAGE;

	used_pages += pages;
	must(used_pages <= RAM_PAGES);
	memset(world_ptr(bus, pages * PAGE), 0, pages * PAGE);
	return bus;
}

void world_rewind(unsigned page)
{
	used_pages = page;
}

uint64_t world_some_bus(struct input *in)
{
	static const uint64_t ends[] = { 0, RAM_BUS - PAGE, RAM_BUS + RAM_PAGES * PAGE, ROM_BUS,
					 SHORT_BUS, SHORT_BUS + PAGE, TOP_BUS };
	uint8_t how = in_u8(in);

	switch (how >> 6) {
	case 0:
	case 1: return RAM_BUS + how % RAM_PAGES * PAGE;
	case 2: return SPLIT_BUS + how % SPLIT_PAGES * PAGE;
	default: return how & 32 ? in_u64(in) : ends[how % 7];
	}
}

/* ---- Host operations ---- */
static void *host_map(void *opaque, uint64_t addr, size_t *len, bool is_write)
{
	struct device *d = opaque;
	uint8_t *ptr;

	must(*len > 0);
	ptr = find(addr, len, is_write);
	if (!ptr)
		return NULL;
	pthread_mutex_lock(&d->lock);
	must(d->maps < MAX_MAPS);
	d->map[d->maps++] = (struct map){ ptr, *len, is_write };
	pthread_mutex_unlock(&d->lock);
	return ptr;
}

static void host_unmap(void *opaque, void *ptr, size_t len, bool is_write, size_t written)
{
	struct device *d = opaque;
	unsigned i;

	must(written <= len && (is_write || !written));
	pthread_mutex_lock(&d->lock);
	for (i = d->maps; i-- > 0;)
		if (d->map[i].ptr == ptr && d->map[i].len == len && d->map[i].is_write == is_write)
			break;
	must(i < d->maps);
	d->map[i] = d->map[--d->maps];
	pthread_mutex_unlock(&d->lock);
}

static void host_interrupt(void *opaque, unsigned vector)
{
	(void)opaque;
	must(vector < FUZZ_VECTORS);
}

static uint64_t host_clock(void *opaque)
{
	(void)opaque;
	return now_ns();
}

static void host_guest_error(void *opaque, const char *line)
{
	(void)opaque;
	must(line[0] && !strchr(line, '\n'));
}

static void host_db_page(void *opaque, uint32_t page, bool in_use)
{
	struct device *d = opaque;

	must(page > 0 && page < FUZZ_DB_PAGES && d->page[page] != in_use);
	d->page[page] = in_use;
}

static const struct ub_core_host host = {
	.map = host_map,
	.unmap = host_unmap,
	.interrupt = host_interrupt,
	.clock_ns = host_clock,
	.guest_error = host_guest_error,
	.db_page = host_db_page,
};

/* ---- Devices ---- */
static struct ub_fabric *fabric;

static void make_core(unsigned n)
{
	struct device *d = &devices[n];
	struct ub_core_config config;
	const char *error;

	ub_core_config_init(&config);
	config.fabric = fabric;
	memset(config.guid, 0x11, 16);
	config.guid[15] = (uint8_t)n;
	config.engines = 1 + n;
	config.max_ctx = 8;
	config.max_seg = FUZZ_MAX_SEG;
	config.max_jfs = FUZZ_MAX_JFS;
	config.max_jfr = FUZZ_MAX_JFR;
	config.max_jfc = FUZZ_MAX_JFC;
	config.max_program = FUZZ_MAX_PROGRAM;
	config.vectors = FUZZ_VECTORS;
	config.db_pages = FUZZ_DB_PAGES;
	config.max_depth = 256;
	config.hbm = d->hbm;
	config.hbm_size = HBM_BYTES;
	config.own_process = true;
	d->core = ub_core_new(&config, &host, d, &error);
	must(d->core);
}

static void make_world(void)
{
	for (unsigned i = 0; i < REGIONS; i++)
		make_region(&regions[i]);
	fabric = ub_fabric_new();
	must(fabric);
	for (unsigned i = 0; i < DEVICES; i++) {
		pthread_mutex_init(&devices[i].lock, NULL);
		devices[i].hbm = guarded(HBM_BYTES / PAGE, false);
		make_core(i);
	}
}

void world_replace(void)
{
	for (unsigned i = 0; i < DEVICES; i++) {
		ub_core_free(devices[i].core);
		must(devices[i].maps == 0);
		make_core(i);
	}
}

struct ub_core *world_core(unsigned dev)
{
	return devices[dev].core;
}

const uint8_t *world_eid(unsigned dev)
{
	return devices[dev].core->cfg.eid;
}

uint8_t *world_hbm(unsigned dev)
{
	return devices[dev].hbm;
}

void world_begin(void)
{
	if (!devices[0].core)
		make_world();
	for (unsigned i = 0; i < REGIONS; i++)
		zero_region(&regions[i]);
	for (unsigned i = 0; i < DEVICES; i++)
		memset(devices[i].hbm, 0, HBM_BYTES);
	used_pages = 0;
}

/* ---- Checks ---- */
static bool at_rest(struct ub_core *core)
{
	unsigned busy = 0, stalled = 0;

	for (uint32_t id = 1; id <= FUZZ_MAX_JFS; id++) {
		struct ub_obj *obj = ub_idmap_get(&core->map[UB_KIND_JFS], id);
		struct ub_jfs *jfs;
		unsigned s;

		if (!obj)
			continue;
		jfs = ub_container(obj, struct ub_jfs, obj);
		s = atomic_load(&jfs->sched) & UB_SCHED_MASK;
		if (s == UB_SCHED_RUNNING && atomic_load(&jfs->stall))
			stalled++;
		else if (s != UB_SCHED_IDLE && s != UB_SCHED_PARKED)
			busy++;
	}
	/* Where all engines hang, the others wait for a reset. */
	return !busy || stalled >= core->cfg.engines;
}

static void wait_until(bool (*done)(struct ub_core *), struct ub_core *core)
{
	uint64_t end = now_ns() + PATIENCE_NS;

	while (!done(core)) {
		must(now_ns() < end);
		sched_yield();
	}
}

void world_settle(void)
{
	for (unsigned i = 0; i < DEVICES; i++)
		wait_until(at_rest, devices[i].core);
}

static bool engine_is_empty(struct ub_core *core)
{
	bool empty;

	pthread_mutex_lock(&core->engine.lock);
	empty = !core->engine.timers && !atomic_load(&core->engine.sched.ready);
	pthread_mutex_unlock(&core->engine.lock);
	return empty;
}

static bool no_object(struct ub_idmap *map)
{
	for (uint32_t id = 1; id <= map->max; id++)
		if (ub_idmap_get(map, id))
			return false;
	return true;
}

static bool no_objects(struct ub_core *core)
{
	for (unsigned i = 0; i < FUZZ_DB_PAGES; i++)
		if (atomic_load(&core->db[i]))
			return false;
	for (unsigned kind = 0; kind < UB_KINDS; kind++)
		if (!no_object(&core->map[kind]))
			return false;
	return true;
}

void world_reset(unsigned dev)
{
	struct device *d = &devices[dev];
	uint64_t generation = ub_core_reg_read(d->core, UB_REG_GENERATION, 4);

	ub_core_reset(d->core);
	pthread_mutex_lock(&d->lock);
	must(d->maps == 0);
	pthread_mutex_unlock(&d->lock);
	for (unsigned i = 0; i < FUZZ_DB_PAGES; i++)
		must(!d->page[i]);
	must(no_objects(d->core));
	must(ub_core_reg_read(d->core, UB_REG_STATUS, 4) == UB_STATUS_READY);
	must(ub_core_reg_read(d->core, UB_REG_CTRL, 4) == 0);
	must(ub_core_reg_read(d->core, UB_REG_ADMIN_CI, 4) == 0);
	must(ub_core_reg_read(d->core, UB_REG_ERR_CAUSE, 4) == 0);
	must((uint32_t)ub_core_reg_read(d->core, UB_REG_GENERATION, 4) ==
	     (uint32_t)(generation + 1));
	wait_until(engine_is_empty, d->core);
}

/* ---- State ---- */
struct bytes {
	uint8_t *at;
	size_t left;
};

static int take(void *opaque, void *data, size_t len)
{
	struct bytes *b = opaque;

	must(len <= b->left);
	memcpy(b->at, data, len);
	b->at += len;
	b->left -= len;
	return 0;
}

static int give(void *opaque, void *data, size_t len)
{
	struct bytes *b = opaque;

	if (len > b->left)
		return -1;
	memcpy(data, b->at, len);
	b->at += len;
	b->left -= len;
	return 0;
}

size_t world_save(unsigned dev, uint8_t *to, size_t room)
{
	struct bytes b = { to, room };

	must(!ub_core_save(devices[dev].core, &(struct ub_core_stream){ take, &b }));
	return room - b.left;
}

bool world_load(unsigned dev, const uint8_t *state, size_t len, char *error, size_t size)
{
	struct bytes b = { (uint8_t *)state, len };

	return !ub_core_load(devices[dev].core, &(struct ub_core_stream){ give, &b }, error, size);
}

void world_migrate(void)
{
	static uint8_t state[DEVICES][STATE_ROOM], again[STATE_ROOM];
	char error[200];
	size_t len[DEVICES];

	for (unsigned i = 0; i < DEVICES; i++)
		ub_core_pause(devices[i].core);
	for (unsigned i = 0; i < DEVICES; i++)
		len[i] = world_save(i, state[i], STATE_ROOM);
	for (unsigned i = 0; i < DEVICES; i++) {
		if (!world_load(i, state[i], len[i], error, sizeof(error)))
			world_failed(error, __FILE__, __LINE__);
		/* What was loaded is what was saved. */
		must(world_save(i, again, STATE_ROOM) == len[i]);
	}
	for (unsigned i = 0; i < DEVICES; i++)
		ub_core_resume(devices[i].core);
}

static bool peers_let_go(struct ub_core *core)
{
	return atomic_load(&core->refs) == 1 && atomic_load(&core->callbacks) == 0;
}

void world_end(void)
{
	world_settle();
	for (unsigned i = 0; i < DEVICES; i++)
		world_reset(i);
	for (unsigned i = 0; i < DEVICES; i++)
		wait_until(peers_let_go, devices[i].core);
}
