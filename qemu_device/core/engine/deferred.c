/* SPDX-License-Identifier: MIT */
/* Interrupts and guest errors, said when no lock is held. */
#include <stdarg.h>
#include <stdio.h>

#include "engine/engine.h"
#include "fault/fault.h"

#define ERRORS_PER_WINDOW	10
#define ERROR_WINDOW_NS		1000000000ull

void ub_after_init(struct ub_after *after, struct ub_core *core)
{
	after->core = core;
	after->irqs = 0;
	after->pinned = false;
	after->all_irqs = false;
	after->line[0] = 0;
}

void ub_after_irq(struct ub_after *after, unsigned vector)
{
	if (!after->pinned) {
		after->pinned = true;
		atomic_fetch_add(&after->core->callbacks, 1);
	}
	after->irqs |= 1ull << vector;
}

/* Whether this one may be said; *suppressed: how many were not, before it. */
static bool may_report_error(struct ub_core *core, unsigned *suppressed)
{
	uint64_t now = core->host.clock_ns(core->opaque);
	bool yes = false;

	pthread_mutex_lock(&core->err_lock);
	*suppressed = 0;
	if (core->err_printed == 0 || now - core->err_window_ns >= ERROR_WINDOW_NS) {
		core->err_window_ns = now;
		core->err_printed = 0;
		*suppressed = core->err_suppressed;
		core->err_suppressed = 0;
	}
	if (core->err_printed < ERRORS_PER_WINDOW) {
		core->err_printed++;
		yes = true;
	} else {
		core->err_suppressed++;
	}
	pthread_mutex_unlock(&core->err_lock);
	return yes;
}

static void report_error(struct ub_core *core, const char *text)
{
	char line[200];
	unsigned suppressed;

	if (!core->host.guest_error || !may_report_error(core, &suppressed))
		return;
	if (suppressed)
		snprintf(line, sizeof(line), "%s (%u more suppressed)", text, suppressed);
	else
		snprintf(line, sizeof(line), "%s", text);
	core->host.guest_error(core->opaque, line);
}

void ub_after_error(struct ub_after *after, const char *fmt, ...)
{
	va_list ap;

	ub_count(after->core, UB_ST_guest_errors, 1);
	if (after->line[0])
		return;
	va_start(ap, fmt);
	vsnprintf(after->line, sizeof(after->line), fmt, ap);
	va_end(ap);
	if (!after->pinned) {
		after->pinned = true;
		atomic_fetch_add(&after->core->callbacks, 1);
	}
}

void ub_guest_error(struct ub_core *core, const char *fmt, ...)
{
	char text[120];
	va_list ap;

	ub_count(core, UB_ST_guest_errors, 1);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report_error(core, text);
}

void ub_after_run(struct ub_after *after)
{
	struct ub_core *core = after->core;

	if (!after->pinned)
		return;
	while (after->irqs) {
		unsigned vector = (unsigned)__builtin_ctzll(after->irqs);

		after->irqs &= after->irqs - 1;
		if (!after->all_irqs &&
		    ub_inject_hit(core, &core->inject, UB_FAULT_LOST_IRQ, vector))
			continue;
		ub_count(core, UB_ST_interrupts, 1);
		core->host.interrupt(core->opaque, vector);
	}
	if (after->line[0])
		report_error(core, after->line);
	after->line[0] = 0;
	after->pinned = false;
	atomic_fetch_sub(&core->callbacks, 1);
}
