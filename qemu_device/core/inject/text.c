/* SPDX-License-Identifier: MIT */
/* Faults on demand as text, for hosts: KIND[:KEY=VALUE,...], docs/faults.md. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <ub/ub_names.h>

#include "inject/inject.h"

#define SEPARATORS	":,;"

struct text {
	char *error;
	size_t size;
	const struct ub_fault_names *names;
	struct ub_fault_spec fault;
};

static bool wrong(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->error, t->size, fmt, ap);
	va_end(ap);
	return false;
}

static void append(char *to, size_t size, const char *word)
{
	size_t n = strlen(to);

	snprintf(to + n, size - n, "%s%s", n ? ", " : "", word);
}

static bool find_kind(struct text *t, const char *word)
{
	char all[200] = "";

	for (unsigned kind = 1; kind <= UB_FAULT_MAX; kind++) {
		append(all, sizeof(all), ub_inject_names(kind)->kind);
		if (strcmp(word, ub_inject_names(kind)->kind) == 0) {
			t->fault.kind = kind;
			t->names = ub_inject_names(kind);
			return true;
		}
	}
	return wrong(t, "fault \"%.40s\" is none of %s", word, all);
}

static bool is(const char *name, const char *key)
{
	return name && strcmp(name, key) == 0;
}

static bool to_number(struct text *t, const char *key, const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (*text >= '0' && *text <= '9' && !*end && !errno)
		return true;
	return wrong(t, "%s=%.40s is not a number; write it as 12 or 0xc", key, text);
}

static bool to_u32(struct text *t, const char *key, const char *text, uint32_t *value)
{
	uint64_t wide;

	if (!to_number(t, key, text, &wide))
		return false;
	*value = (uint32_t)wide;
	return wide == *value ||
	       wrong(t, "%s=%.40s is not from 0 to %u", key, text, UINT32_MAX);
}

/* What ends a stall has names. */
static bool to_end(struct text *t, const char *text, uint64_t *value)
{
	static const char *const ends[] = {
#define END(NAME, text) text,
		UB_STALL_ENDS(END)
	};

	for (*value = 0; *value < 4; ++*value)
		if (strcmp(text, ends[*value]) == 0)
			return true;
	if (*text >= '0' && *text <= '9')
		return to_number(t, "end", text, value);
	return wrong(t, "end=%.40s is none of time, queue, context, device", text);
}

static bool unknown_key(struct text *t, const char *key)
{
	char all[100] = "";

	if (t->names->id)
		append(all, sizeof(all), t->names->id);
	append(all, sizeof(all), "count, skip");
	for (unsigned i = 0; i < 2; i++)
		if (t->names->arg[i])
			append(all, sizeof(all), t->names->arg[i]);
	if (t->fault.kind == UB_FAULT_EVENT)
		append(all, sizeof(all), "tid");
	return wrong(t, "%s takes no \"%.40s\"; it takes %s", t->names->kind, key, all);
}

static bool set_event(struct text *t, const char *key, const char *text)
{
	uint32_t word;

	if (!to_u32(t, key, text, &word))
		return false;
	if (is("tid", key))
		t->fault.arg[1] = (t->fault.arg[1] & UINT32_MAX) | (uint64_t)word << 32;
	else
		t->fault.arg[1] = (t->fault.arg[1] & ~(uint64_t)UINT32_MAX) | word;
	return true;
}

static bool set(struct text *t, const char *key, const char *text)
{
	if (is(t->names->id, key))
		return to_u32(t, key, text, &t->fault.id);
	if (is("skip", key))
		return to_u32(t, key, text, &t->fault.skip);
	if (is("count", key) && strcmp(text, "forever") == 0) {
		t->fault.count = UB_FAULT_FOREVER;
		return true;
	}
	if (is("count", key))
		return to_u32(t, key, text, &t->fault.count);
	if (t->fault.kind == UB_FAULT_EVENT && (is("tid", key) || is("info", key)))
		return set_event(t, key, text);
	if (is("end", key) && t->fault.kind == UB_FAULT_STALL)
		return to_end(t, text, &t->fault.arg[0]);
	for (unsigned i = 0; i < 2; i++)
		if (is(t->names->arg[i], key))
			return to_number(t, key, text, &t->fault.arg[i]);
	return unknown_key(t, key);
}

static bool parse(struct text *t, char *text)
{
	char *save, *word = strtok_r(text, SEPARATORS, &save);

	if (!find_kind(t, word ? word : ""))
		return false;
	while ((word = strtok_r(NULL, SEPARATORS, &save))) {
		char *value = strchr(word, '=');

		if (!value)
			return wrong(t, "\"%.40s\" is not KEY=VALUE", word);
		*value = 0;
		if (!set(t, word, value + 1))
			return false;
	}
	return true;
}

static const char *field_name(const struct text *t, uint32_t field)
{
	if (field == UB_ADMIN_OFF(id))
		return "id";
	if (field == UB_ADMIN_OFF(inject.count))
		return "count";
	if (field == UB_ADMIN_OFF(inject.skip))
		return "skip";
	return t->names->arg[field != UB_ADMIN_OFF(inject.arg)];
}

static bool explain(struct text *t, const struct ub_refusal *why)
{
	if (why->status == UB_ADMIN_LIMIT)
		return wrong(t, "%llu faults are armed, the limit; remove one with count=0",
			     (unsigned long long)why->most);
	return wrong(t, "%s: %s=%llu is not from %llu to %llu", t->names->kind,
		     field_name(t, why->field), (unsigned long long)why->value,
		     (unsigned long long)why->least, (unsigned long long)why->most);
}

int ub_core_inject_text(struct ub_core *core, const char *text, char *error, size_t size)
{
	struct text t = { .error = error, .size = size, .fault.count = 1 };
	struct ub_refusal why;
	struct ub_after after;
	char copy[200];
	bool ok;

	if (!core->cfg.inject)
		return wrong(&t, "this device takes no faults: give it inject=on") - 1;
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return wrong(&t, "a fault is at most %zu characters long", sizeof(copy) - 1) - 1;
	if (!parse(&t, copy))
		return -1;
	ub_after_init(&after, core);
	ok = ub_inject_set(core, &t.fault, &why, &after);
	ub_after_run(&after);
	return ok || explain(&t, &why) ? 0 : -1;
}
