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

static bool text_fail(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool text_fail(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->error, t->size, fmt, ap);
	va_end(ap);
	return false;
}

static void text_append(char *to, size_t size, const char *word)
{
	size_t n = strlen(to);

	snprintf(to + n, size - n, "%s%s", n ? ", " : "", word);
}

static bool text_find_kind(struct text *t, const char *word)
{
	char all[200] = "";

	for (unsigned kind = 1; kind <= UB_FAULT_MAX; kind++) {
		text_append(all, sizeof(all), ub_inject_names(kind)->kind);
		if (strcmp(word, ub_inject_names(kind)->kind) == 0) {
			t->fault.kind = kind;
			t->names = ub_inject_names(kind);
			return true;
		}
	}
	return text_fail(t, "fault \"%.40s\" is none of %s", word, all);
}

static bool text_is_key(const char *name, const char *key)
{
	return name && strcmp(name, key) == 0;
}

static bool text_to_number(struct text *t, const char *key, const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (*text >= '0' && *text <= '9' && !*end && !errno)
		return true;
	return text_fail(t, "%s=%.40s is not a number; write it as 12 or 0xc", key, text);
}

static bool text_to_u32(struct text *t, const char *key, const char *text, uint32_t *value)
{
	uint64_t wide;

	if (!text_to_number(t, key, text, &wide))
		return false;
	*value = (uint32_t)wide;
	return wide == *value ||
	       text_fail(t, "%s=%.40s is not from 0 to %u", key, text, UINT32_MAX);
}

/* What ends a stall has names. */
static bool text_to_end(struct text *t, const char *text, uint64_t *value)
{
	static const char *const ends[] = {
#define END(NAME, text) text,
		UB_STALL_ENDS(END)
	};

	for (*value = 0; *value < 4; ++*value)
		if (strcmp(text, ends[*value]) == 0)
			return true;
	if (*text >= '0' && *text <= '9')
		return text_to_number(t, "end", text, value);
	return text_fail(t, "end=%.40s is none of time, queue, context, device", text);
}

static bool text_unknown_key(struct text *t, const char *key)
{
	char all[100] = "";

	if (t->names->id)
		text_append(all, sizeof(all), t->names->id);
	text_append(all, sizeof(all), "count, skip");
	for (unsigned i = 0; i < 2; i++)
		if (t->names->arg[i])
			text_append(all, sizeof(all), t->names->arg[i]);
	if (t->fault.kind == UB_FAULT_EVENT)
		text_append(all, sizeof(all), "tid");
	return text_fail(t, "%s takes no \"%.40s\"; it takes %s", t->names->kind, key, all);
}

static bool text_set_event(struct text *t, const char *key, const char *text)
{
	uint32_t word;

	if (!text_to_u32(t, key, text, &word))
		return false;
	if (text_is_key("tid", key))
		t->fault.arg[1] = (t->fault.arg[1] & UINT32_MAX) | (uint64_t)word << 32;
	else
		t->fault.arg[1] = (t->fault.arg[1] & ~(uint64_t)UINT32_MAX) | word;
	return true;
}

static bool text_set_key(struct text *t, const char *key, const char *text)
{
	if (text_is_key(t->names->id, key))
		return text_to_u32(t, key, text, &t->fault.id);
	if (text_is_key("skip", key))
		return text_to_u32(t, key, text, &t->fault.skip);
	if (text_is_key("count", key) && strcmp(text, "forever") == 0) {
		t->fault.count = UB_FAULT_FOREVER;
		return true;
	}
	if (text_is_key("count", key))
		return text_to_u32(t, key, text, &t->fault.count);
	if (t->fault.kind == UB_FAULT_EVENT &&
	    (text_is_key("tid", key) || text_is_key("info", key)))
		return text_set_event(t, key, text);
	if (text_is_key("end", key) && t->fault.kind == UB_FAULT_STALL)
		return text_to_end(t, text, &t->fault.arg[0]);
	for (unsigned i = 0; i < 2; i++)
		if (text_is_key(t->names->arg[i], key))
			return text_to_number(t, key, text, &t->fault.arg[i]);
	return text_unknown_key(t, key);
}

static bool text_parse(struct text *t, char *text)
{
	char *save, *word = strtok_r(text, SEPARATORS, &save);

	if (!text_find_kind(t, word ? word : ""))
		return false;
	while ((word = strtok_r(NULL, SEPARATORS, &save))) {
		char *value = strchr(word, '=');

		if (!value)
			return text_fail(t, "\"%.40s\" is not KEY=VALUE", word);
		*value = 0;
		if (!text_set_key(t, word, value + 1))
			return false;
	}
	return true;
}

static const char *text_field_name(const struct text *t, uint32_t field)
{
	if (field == UB_ADMIN_OFF(id))
		return "id";
	if (field == UB_ADMIN_OFF(inject.count))
		return "count";
	if (field == UB_ADMIN_OFF(inject.skip))
		return "skip";
	return t->names->arg[field != UB_ADMIN_OFF(inject.arg)];
}

static bool text_explain(struct text *t, const struct ub_refusal *why)
{
	if (why->status == UB_ADMIN_LIMIT)
		return text_fail(t, "%llu faults are armed, the limit; remove one with count=0",
				 (unsigned long long)why->most);
	return text_fail(t, "%s: %s=%llu is not from %llu to %llu", t->names->kind,
			 text_field_name(t, why->field), (unsigned long long)why->value,
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
		return text_fail(&t, "this device takes no faults: give it inject=on") - 1;
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return text_fail(&t, "a fault is at most %zu characters long", sizeof(copy) - 1) -
		       1;
	if (!text_parse(&t, copy))
		return -1;
	ub_after_init(&after, core);
	ok = ub_inject_set(core, &t.fault, &why, &after);
	ub_after_run(&after);
	return ok || text_explain(&t, &why) ? 0 : -1;
}
