/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device's view of memory, which an IOMMU of the guest may translate.
 *
 * A translation that faults has the IOMMU raise an interrupt, so it wants the big lock. A thread
 * that holds it translates at once. Another asks: a bottom half answers, or whoever holds the big
 * lock and waits for that thread meanwhile, as reset does. Answers are kept until the IOMMU says
 * that they end. Then, and when the address space changes, the core is told, which touches nothing
 * through them any more when it returns; so the guest's unmap is complete when the guest sees it
 * complete.
 *
 * Without an IOMMU at work all of that costs one look at a flag.
 */
#include "qemu/osdep.h"

#include <pthread.h>

#include "iommu.h"
#include "ubnpu.h"

#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/queue.h"
#include "qemu/rcu.h"
#include "uapi/ub_hw.h"

#define KEPT		4096u		/* answers */
#define AHEAD		64u		/* pages that one question is answered for */
#define PAGE		((hwaddr)UB_HW_PAGE_SIZE)

/* Before 10.0 intel-iommu tells of what a whole domain loses by its walks for MAP alone. */
#if QEMU_SINCE(10, 0)
#define INTEL_WANTS	IOMMU_NOTIFIER_UNMAP
#else
#define INTEL_WANTS	IOMMU_NOTIFIER_IOTLB_EVENTS
#endif

/* IOMMUs whose notifications are known, by the type of their memory regions. */
typedef struct UbIommuKind {
	const char *region;
	IOMMUNotifierFlag wants;
	/* It tells before it unmaps, and of nothing else; else after it, and of more than that. */
	bool tells_first;
} UbIommuKind;

static const UbIommuKind kinds[] = {
	{ "intel-iommu-iommu-memory-region", INTEL_WANTS, false },
	{ "virtio-iommu-memory-region", IOMMU_NOTIFIER_UNMAP, true },
};

typedef struct UbIommuRegion {
	IOMMUNotifier notifier;
	IOMMUMemoryRegion *mr;
	UbNpu *npu;
	const UbIommuKind *kind;
	hwaddr offset;			/* of the address space to the region's addresses */
	unsigned sections;
	bool registered;
	QLIST_ENTRY(UbIommuRegion) next;
} UbIommuRegion;

typedef struct UbAnswer {
	hwaddr page;
	MemoryRegion *mr;		/* referenced; NULL: none */
	uint8_t *ptr;
	bool may_write;
} UbAnswer;

struct UbIommu {
	UbNpu *npu;
	MemoryListener listener;
	QLIST_HEAD(, UbIommuRegion) regions;
	bool translated;		/* set before, and cleared after, an IOMMU translates */
	bool deaf;			/* it does not tell us: nothing is mapped */
	bool changed;			/* the address space, in this transaction */
	bool late;			/* that waits for the bottom half */
	unsigned busy;
	pthread_mutex_t lock;
	UbAnswer kept[KEPT];
};

typedef struct UbQuestion {
	UbNpu *npu;
	hwaddr addr;
	size_t len;
	bool is_write, answered;
	void *ptr;
	QSIMPLEQ_ENTRY(UbQuestion) next;
} UbQuestion;

/* One for all devices: a thread of one may ask for another, its peer. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	QSIMPLEQ_HEAD(, UbQuestion) questions;
} desk = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.answered = PTHREAD_COND_INITIALIZER,
	.questions = QSIMPLEQ_HEAD_INITIALIZER(desk.questions),
};

/* Under the big lock: how many translations this thread is in. */
static unsigned translating;

/* ---- Translation ---- */
/* Only memory that the process can address: never MMIO, whose access would need the big lock. */
static void *translate(UbNpu *npu, hwaddr addr, size_t *len, bool is_write, MemoryRegion **mr)
{
	hwaddr xlat, l = *len;

	RCU_READ_LOCK_GUARD();
	*mr = address_space_translate(pci_get_address_space(&npu->parent), addr, &xlat, &l,
				      is_write, MEMTXATTRS_UNSPECIFIED);
	if (!l || !memory_region_is_ram(*mr) || memory_region_is_ram_device(*mr) ||
	    (is_write && ((*mr)->readonly || (*mr)->rom_device)))
		return NULL;
	memory_region_ref(*mr);
	*len = l;
	return (char *)memory_region_get_ram_ptr(*mr) + xlat;
}

/*
 * Under the big lock. By the page's first byte: for the last one virtio-iommu, which looks at two,
 * may find the mapping after it.
 */
static void *translate_locked(UbNpu *npu, hwaddr addr, size_t *len, bool is_write,
			      MemoryRegion **mr)
{
	hwaddr off = addr % PAGE;
	size_t from_page = off + *len;
	uint8_t *ptr;

	if (npu->iommu->deaf)
		return NULL;
	translating++;
	ptr = translate(npu, addr - off, &from_page, is_write, mr);
	translating--;
	if (ptr && from_page <= off) {
		memory_region_unref(*mr);
		return NULL;
	}
	*len = from_page - off;
	return ptr ? ptr + off : NULL;
}

/* ---- Answers that are kept ---- */
static UbAnswer *place_of(UbIommu *iommu, hwaddr page)
{
	return &iommu->kept[page / PAGE % KEPT];
}

static void *recall(UbIommu *iommu, hwaddr addr, size_t *len, bool is_write)
{
	hwaddr page = addr & ~(PAGE - 1);
	UbAnswer *a = place_of(iommu, page);
	void *ptr = NULL;

	pthread_mutex_lock(&iommu->lock);
	if (a->mr && a->page == page && (a->may_write || !is_write)) {
		memory_region_ref(a->mr);
		ptr = a->ptr + (addr - page);
		*len = MIN(*len, PAGE - (addr - page));
	}
	pthread_mutex_unlock(&iommu->lock);
	return ptr;
}

/* With the lock held, and the big lock: the last reference may go. */
static void drop(UbAnswer *a)
{
	if (a->mr)
		memory_region_unref(a->mr);
	a->mr = NULL;
}

static bool keep(UbNpu *npu, hwaddr page, bool is_write)
{
	UbIommu *iommu = npu->iommu;
	UbAnswer *a = place_of(iommu, page);
	size_t len = PAGE;
	MemoryRegion *mr;
	void *ptr = translate_locked(npu, page, &len, is_write, &mr);

	if (!ptr)
		return false;
	if (len < PAGE) {
		memory_region_unref(mr);
		return false;
	}
	pthread_mutex_lock(&iommu->lock);
	drop(a);
	*a = (UbAnswer){ page, mr, ptr, is_write };
	pthread_mutex_unlock(&iommu->lock);
	return true;
}

static void forget(UbIommu *iommu, hwaddr addr, hwaddr last)
{
	pthread_mutex_lock(&iommu->lock);
	for (unsigned i = 0; i < KEPT; i++)
		if (iommu->kept[i].page <= last && iommu->kept[i].page + (PAGE - 1) >= addr)
			drop(&iommu->kept[i]);
	pthread_mutex_unlock(&iommu->lock);
}

/* ---- Questions ---- */
static void answer(UbQuestion *q, bool kept)
{
	hwaddr page = q->addr & ~(PAGE - 1), end = q->addr + q->len;
	MemoryRegion *mr;

	q->len = MIN(q->len, PAGE - (q->addr - page));
	q->ptr = translate_locked(q->npu, q->addr, &q->len, q->is_write, &mr);
	for (unsigned n = 0; kept && q->ptr && n < AHEAD && page < end; n++, page += PAGE)
		kept = keep(q->npu, page, q->is_write);
}

static void answer_all(bool kept)
{
	UbQuestion *q;

	pthread_mutex_lock(&desk.lock);
	while ((q = QSIMPLEQ_FIRST(&desk.questions))) {
		QSIMPLEQ_REMOVE_HEAD(&desk.questions, next);
		pthread_mutex_unlock(&desk.lock);
		answer(q, kept);
		pthread_mutex_lock(&desk.lock);
		q->answered = true;
		pthread_cond_broadcast(&desk.answered);
	}
	pthread_mutex_unlock(&desk.lock);
}

/* Who waits may do so in the middle of an unmap: what is answered now is for now. */
void ubnpu_iommu_attend(void)
{
	if (bql_locked())
		answer_all(false);
}

static void *ask(UbNpu *npu, hwaddr addr, size_t *len, bool is_write)
{
	UbQuestion q = { .npu = npu, .addr = addr, .len = *len, .is_write = is_write };

	pthread_mutex_lock(&desk.lock);
	QSIMPLEQ_INSERT_TAIL(&desk.questions, &q, next);
	qemu_bh_schedule(npu->bh);
	while (!q.answered)
		pthread_cond_wait(&desk.answered, &desk.lock);
	pthread_mutex_unlock(&desk.lock);
	*len = q.len;
	return q.ptr;
}

void *ubnpu_iommu_map(UbNpu *npu, hwaddr addr, size_t *len, bool is_write)
{
	MemoryRegion *mr;
	void *ptr;

	if (!qatomic_read(&npu->iommu->translated))
		return translate(npu, addr, len, is_write, &mr);
	if (bql_locked())
		return translate_locked(npu, addr, len, is_write, &mr);
	ptr = recall(npu->iommu, addr, len, is_write);
	return ptr ? ptr : ask(npu, addr, len, is_write);
}

/* ---- Translations end ---- */
static void end_translations(UbNpu *npu, hwaddr addr, hwaddr last, bool gone)
{
	if (!npu->core)
		return;
	npu->iommu->busy++;
	forget(npu->iommu, addr, last);
	ub_core_unmapped(npu->core, addr, last, gone);
	npu->iommu->busy--;
}

bool ubnpu_iommu_is_busy(UbNpu *npu)
{
	return npu->iommu->busy;
}

static void notified(IOMMUNotifier *notifier, IOMMUTLBEntry *entry)
{
	UbIommuRegion *region = container_of(notifier, UbIommuRegion, notifier);
	hwaddr addr = entry->iova + region->offset;

	if (entry->perm == IOMMU_NONE)
		end_translations(region->npu, addr, addr + entry->addr_mask,
				 region->kind->tells_first);
}

/* ---- The address space ---- */
static const UbIommuKind *kind_of(IOMMUMemoryRegion *mr)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (object_dynamic_cast(OBJECT(mr), kinds[i].region))
			return &kinds[i];
	return NULL;
}

static UbIommuRegion *find_region(UbIommu *iommu, IOMMUMemoryRegion *mr)
{
	UbIommuRegion *region;

	QLIST_FOREACH(region, &iommu->regions, next)
		if (region->mr == mr)
			return region;
	return NULL;
}

/* Of the whole region: a notification that is in two sections would stop QEMU. */
static void hear(UbIommuRegion *region)
{
	Error *err = NULL;
	int index = memory_region_iommu_attrs_to_index(region->mr, MEMTXATTRS_UNSPECIFIED);

	region->kind = kind_of(region->mr);
	if (!region->kind) {
		region->npu->iommu->deaf = true;
		return;
	}
	iommu_notifier_init(&region->notifier, notified, region->kind->wants, 0, HWADDR_MAX, index);
	region->registered = !memory_region_register_iommu_notifier(MEMORY_REGION(region->mr),
								    &region->notifier, &err);
	if (region->registered)
		return;
	region->npu->iommu->deaf = true;
	error_prepend(&err, "ubnpu: the device reaches no memory: ");
	error_report_err(err);
}

static void add_region(UbNpu *npu, MemoryRegionSection *section)
{
	IOMMUMemoryRegion *mr = memory_region_get_iommu(section->mr);
	UbIommuRegion *region = find_region(npu->iommu, mr);

	if (!region) {
		region = g_new0(UbIommuRegion, 1);
		region->npu = npu;
		region->mr = mr;
		region->offset = section->offset_within_address_space -
				 section->offset_within_region;
		QLIST_INSERT_HEAD(&npu->iommu->regions, region, next);
		hear(region);
	}
	region->sections++;
}

static void del_region(UbNpu *npu, MemoryRegionSection *section)
{
	UbIommuRegion *region = find_region(npu->iommu, memory_region_get_iommu(section->mr));

	if (!region || --region->sections)
		return;
	if (region->registered)
		memory_region_unregister_iommu_notifier(MEMORY_REGION(region->mr),
							&region->notifier);
	QLIST_REMOVE(region, next);
	g_free(region);
	if (QLIST_EMPTY(&npu->iommu->regions))
		npu->iommu->deaf = false;
}

static UbIommu *iommu_of(MemoryListener *listener)
{
	return container_of(listener, UbIommu, listener);
}

/* Before the new view holds: from now on no thread translates without the big lock. */
static void region_add(MemoryListener *listener, MemoryRegionSection *section)
{
	UbIommu *iommu = iommu_of(listener);

	iommu->changed = true;
	if (!memory_region_is_iommu(section->mr))
		return;
	add_region(iommu->npu, section);
	if (qatomic_xchg(&iommu->translated, true))
		return;
	/* A translation that turns itself off turns none on. */
	if (!translating && iommu->npu->core)
		ub_core_drain(iommu->npu->core);
}

static void region_del(MemoryListener *listener, MemoryRegionSection *section)
{
	UbIommu *iommu = iommu_of(listener);

	iommu->changed = true;
	if (memory_region_is_iommu(section->mr))
		del_region(iommu->npu, section);
}

/*
 * The new view holds. intel-iommu may change it in the middle of a translation, when it finds that
 * the device is to pass through; the core holds locks then.
 */
static void commit(MemoryListener *listener)
{
	UbIommu *iommu = iommu_of(listener);

	if (!iommu->changed)
		return;
	iommu->changed = false;
	if (translating) {
		iommu->late = true;
		qemu_bh_schedule(iommu->npu->bh);
		return;
	}
	qatomic_set(&iommu->translated, !QLIST_EMPTY(&iommu->regions));
	end_translations(iommu->npu, 0, HWADDR_MAX, false);
}

void ubnpu_iommu_bh(UbNpu *npu)
{
	answer_all(true);
	if (!npu->iommu->late)
		return;
	npu->iommu->late = false;
	npu->iommu->changed = true;
	commit(&npu->iommu->listener);
}

/* ---- What can be followed ---- */
static IOMMUMemoryRegion *find_iommu(MemoryRegion *mr)
{
	IOMMUMemoryRegion *found = memory_region_get_iommu(mr);
	MemoryRegion *sub;

	if (mr->alias)
		return found;
	QTAILQ_FOREACH(sub, &mr->subregions, subregions_link) {
		if (found)
			break;
		found = find_iommu(sub);
	}
	return found;
}

/* Options that change what an IOMMU tells. */
static const char *missing_option(Object *owner, const UbIommuKind *kind)
{
	if (kind->tells_first)
		return NULL;
	if (object_property_get_bool(owner, "snoop-control", NULL))
		return "snoop-control=off";
	if (kind->wants != IOMMU_NOTIFIER_UNMAP &&
	    !object_property_get_bool(owner, "caching-mode", NULL))
		return "caching-mode=on";
	return NULL;
}

bool ubnpu_iommu_check(UbNpu *npu, Error **errp)
{
	IOMMUMemoryRegion *mr =
		find_iommu(pci_device_iommu_address_space(&npu->parent)->root);
	const UbIommuKind *kind = mr ? kind_of(mr) : NULL;
	const char *option, *name;
	Object *owner;

	if (!mr)
		return true;
	owner = memory_region_owner(MEMORY_REGION(mr));
	name = owner ? object_get_typename(owner) : "this IOMMU";
	option = kind ? missing_option(owner, kind) : NULL;
	if (!kind)
		error_setg(errp, "ubnpu: %s does not tell the device what it unmaps; use "
			   "intel-iommu or virtio-iommu, or none", name);
	else if (option)
		error_setg(errp, "ubnpu: %s of QEMU %d.%d does not tell the device all that it "
			   "unmaps; give it %s", name, QEMU_VERSION_MAJOR, QEMU_VERSION_MINOR,
			   option);
	return kind && !option;
}

/* ---- Life ---- */
void ubnpu_iommu_init(UbNpu *npu)
{
	UbIommu *iommu = g_new0(UbIommu, 1);

	iommu->npu = npu;
	QLIST_INIT(&iommu->regions);
	pthread_mutex_init(&iommu->lock, NULL);
	iommu->listener = (MemoryListener){
		.name = "ubnpu",
		.region_add = region_add,
		.region_del = region_del,
		.commit = commit,
	};
	npu->iommu = iommu;
}

void ubnpu_iommu_start(UbNpu *npu)
{
	memory_listener_register(&npu->iommu->listener, pci_get_address_space(&npu->parent));
}

void ubnpu_iommu_stop(UbNpu *npu)
{
	memory_listener_unregister(&npu->iommu->listener);
}

void ubnpu_iommu_cleanup(UbNpu *npu)
{
	forget(npu->iommu, 0, HWADDR_MAX);
	pthread_mutex_destroy(&npu->iommu->lock);
	g_free(npu->iommu);
	npu->iommu = NULL;
}
