/* SPDX-License-Identifier: MIT */
#include "pinned.h"

static struct ub_ioc_reg_seg seg_of(const void *addr, uint64_t len, uint32_t flags)
{
	return (struct ub_ioc_reg_seg){
		.addr = (uintptr_t)addr, .len = len, .flags = flags,
		.access = flags & UB_REG_F_READ_ONLY ? UB_ACCESS_READ : RW,
	};
}

void expect_pinned(struct world *w, const void *addr, uint64_t len, uint32_t flags,
		   uint64_t bytes)
{
	struct ub_ioc_reg_seg a = seg_of(addr, len, flags);
	struct counts was = counts_now(), with = was;

	with.segs++;
	with.pinned += bytes;
	with.vm_pin += bytes;
	expect_ok("REG_SEG", w->fd, UB_IOC_REG_SEG, &a);
	assert_counts(&with);
	assert_int_equal((a.leaf_4k + 512ull * a.leaf_2m) * PAGE, bytes);
	dereg(w->fd, a.token_id);
	assert_counts(&was);
}

void expect_not_pinned(struct world *w, const void *addr, uint64_t len, uint32_t flags,
		       struct failure want)
{
	struct ub_ioc_reg_seg a = seg_of(addr, len, flags);
	struct counts was = counts_now();

	expect_failure("REG_SEG", w->fd, UB_IOC_REG_SEG, &a, want);
	assert_counts(&was);
}

void expect_refused(struct world *w, const void *addr, uint64_t len, uint32_t code,
		    uint64_t could)
{
	const struct failure want = { EFAULT, code, 0, could };

	expect_not_pinned(w, addr, len, 0, want);
	expect_not_pinned(w, addr, len, UB_REG_F_READ_ONLY, want);
}
