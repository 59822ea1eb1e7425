/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCG plugin that counts the guest's instructions between two marks of sections.cpp, on all its
 * processors, kernel and user. Writes one number a line to the file given as out=FILE.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define MAX_CPUS 64

/* Each written by its processor's thread alone; one cache line each. */
static struct {
	uint64_t value;
	uint64_t rest[7];
} count[MAX_CPUS];
static uint64_t at_begin;
static FILE *out;

static uint64_t all(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < MAX_CPUS; i++)
		sum += __atomic_load_n(&count[i].value, __ATOMIC_RELAXED);
	return sum;
}

static void block_runs(unsigned int cpu, void *insns)
{
	count[cpu % MAX_CPUS].value += (uintptr_t)insns;
}

static void begin_runs(unsigned int cpu, void *unused)
{
	(void)cpu;
	(void)unused;
	at_begin = all();
}

static void end_runs(unsigned int cpu, void *unused)
{
	(void)cpu;
	(void)unused;
	fprintf(out, "%" PRIu64 "\n", all() - at_begin);
	fflush(out);
}

static void look_for_mark(struct qemu_plugin_insn *insn)
{
	static const uint8_t begin[] = { 0x0f, 0x1f, 0x80, 0x01, 0x00, 0x42, 0x55 };
	static const uint8_t end[] = { 0x0f, 0x1f, 0x80, 0x02, 0x00, 0x42, 0x55 };

	if (qemu_plugin_insn_size(insn) != sizeof(begin))
		return;
	if (!memcmp(qemu_plugin_insn_data(insn), begin, sizeof(begin)))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, begin_runs, QEMU_PLUGIN_CB_NO_REGS,
						       NULL);
	else if (!memcmp(qemu_plugin_insn_data(insn), end, sizeof(end)))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, end_runs, QEMU_PLUGIN_CB_NO_REGS,
						       NULL);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < n; i++)
		look_for_mark(qemu_plugin_tb_get_insn(tb, i));
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, QEMU_PLUGIN_CB_NO_REGS, (void *)n);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
					   char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "insn_plugin: out=FILE is wanted\n");
		return -1;
	}
	out = fopen(argv[0] + 4, "w");
	if (!out) {
		perror(argv[0] + 4);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
