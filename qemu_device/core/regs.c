/* SPDX-License-Identifier: MIT */
/* BAR 0: registers. */
#include "core.h"
#include "op/op.h"

/* Registers of 64 bits and, for the rest, where 32-bit ones are. */
static const struct {
	uint16_t start, end;
	uint8_t width;
} layout[] = {
	{ UB_REG_MAGIC, UB_REG_GUID, 4 },
	{ UB_REG_GUID, UB_REG_CLASS_CODE, 8 },
	{ UB_REG_CLASS_CODE, UB_REG_CAPS, 4 },
	{ UB_REG_CAPS, UB_REG_MAX_CTX, 8 },
	{ UB_REG_MAX_CTX, UB_REG_MAX_MSG, 4 },
	{ UB_REG_MAX_MSG, UB_REG_MAX_GEMM_DIM, 8 },
	{ UB_REG_MAX_GEMM_DIM, UB_REG_HBM_SIZE, 4 },
	{ UB_REG_HBM_SIZE, UB_REG_TOTAL_UE, 8 },
	{ UB_REG_TOTAL_UE, UB_REG_FABRIC_WIN, 4 },
	{ UB_REG_FABRIC_WIN, UB_REG_VISA_VERSION, 8 },
	{ UB_REG_VISA_VERSION, UB_REG_MAX_PROGRAM + 4, 4 },
	{ UB_REG_CTRL, UB_REG_GENERATION + 4, 4 },
	{ UB_REG_ERR_CAUSE, UB_REG_ERR_CAUSE + 4, 4 },
	{ UB_REG_ERR_INFO, UB_REG_ERR_INFO + 8, 8 },
	{ UB_REG_PORT0_STATE, UB_REG_PORT0_STATE + 4, 4 },
	{ UB_REG_RUNNING, UB_REG_RUNNING + 4, 4 },
	{ UB_REG_ADMIN_BASE, UB_REG_ADMIN_BASE + 8, 8 },
	{ UB_REG_ADMIN_DEPTH, UB_REG_ADMIN_CI + 4, 4 },
	{ UB_REG_STATS, UB_REG_STATS + sizeof(struct ub_hw_stats), 8 },
};

/* Width of the register at offset, 0 if there is none. */
static unsigned width_at(uint64_t offset)
{
	for (size_t i = 0; i < sizeof(layout) / sizeof(layout[0]); i++)
		if (offset >= layout[i].start && offset < layout[i].end)
			return layout[i].width;
	return 0;
}

static bool access_ok(uint64_t offset, unsigned size)
{
	unsigned width = width_at(offset);

	return (size == 4 || size == 8) && size <= width && offset % size == 0;
}

static void bad_access(struct ub_core *core, const char *what, uint64_t offset, unsigned size)
{
	ub_capture(core, UB_ERR_BAD_ACCESS, offset);
	ub_guest_error(core, "%s of %u bytes at register offset 0x%llx: no such register", what,
		       size, (unsigned long long)offset);
}

static uint64_t read_err(struct ub_core *core, bool info)
{
	uint64_t v;

	pthread_mutex_lock(&core->err_lock);
	v = info ? core->err_info : core->err_cause;
	pthread_mutex_unlock(&core->err_lock);
	return v;
}

static uint64_t read_bytes(const uint8_t *bytes, uint64_t at)
{
	uint64_t v;

	memcpy(&v, bytes + at, 8);
	return v;
}

/* Identity and limits; false if there is no such register here. */
static bool read_const(struct ub_core *core, uint64_t offset, uint64_t *v)
{
	const struct ub_core_config *c = &core->cfg;

	switch (offset) {
	case UB_REG_MAGIC: *v = UB_HW_MAGIC; break;
	case UB_REG_VERSION: *v = UB_HW_VERSION; break;
	case UB_REG_GUID:
	case UB_REG_GUID + 8: *v = read_bytes(c->guid, offset - UB_REG_GUID); break;
	case UB_REG_EID:
	case UB_REG_EID + 8: *v = read_bytes(c->eid, offset - UB_REG_EID); break;
	case UB_REG_CLASS_CODE: *v = UB_HW_UB_CLASS; break;
	case UB_REG_UPI: *v = c->upi; break;
	case UB_REG_CAPS: *v = ub_caps(c); break;
	case UB_REG_OPCODES: *v = ub_op_caps(); break;
	case UB_REG_MAX_CTX: *v = c->max_ctx; break;
	case UB_REG_MAX_SEG: *v = c->max_seg; break;
	case UB_REG_MAX_JFS: *v = c->max_jfs; break;
	case UB_REG_MAX_JFR: *v = c->max_jfr; break;
	case UB_REG_MAX_JFC: *v = c->max_jfc; break;
	case UB_REG_MAX_PROGRAM:
		*v = c->max_program;
		break;
	case UB_REG_VISA_VERSION:
		*v = UB_VISA_VERSION;
		break;
	case UB_REG_MAX_EQ: *v = c->vectors; break;
	case UB_REG_DB_PAGES: *v = c->db_pages; break;
	case UB_REG_MAX_JFS_DEPTH:
	case UB_REG_MAX_JFR_DEPTH:
	case UB_REG_MAX_JFC_DEPTH: *v = c->max_depth; break;
	case UB_REG_MAX_SGE: *v = UB_MAX_SGE; break;
	case UB_REG_MAX_INLINE: *v = UB_HW_WQE_BYTES - sizeof(struct ub_hw_wqe); break;
	case UB_REG_MAX_MSG: *v = UB_MAX_MSG; break;
	case UB_REG_MAX_GEMM_DIM: *v = UB_MAX_GEMM_DIM; break;
	case UB_REG_ENGINES: *v = c->engines; break;
	case UB_REG_HBM_SIZE: *v = c->hbm_size; break;
	default: return false;
	}
	return true;
}

static uint64_t read_register(struct ub_core *core, uint64_t offset)
{
	uint64_t v = 0;

	if (read_const(core, offset, &v))
		return v;
	if (offset >= UB_REG_STATS)
		return ub_stat_read(core, (enum ub_stat)((offset - UB_REG_STATS) / 8));
	switch (offset) {
	case UB_REG_CTRL: return atomic_load(&core->ctrl);
	case UB_REG_STATUS: return atomic_load(&core->status);
	case UB_REG_GENERATION: return atomic_load(&core->generation);
	case UB_REG_ERR_CAUSE: return read_err(core, false);
	case UB_REG_ERR_INFO: return read_err(core, true);
	case UB_REG_RUNNING: return ub_jfs_count_running(core);
	case UB_REG_ADMIN_BASE: return atomic_load(&core->admin_base);
	case UB_REG_ADMIN_DEPTH: return atomic_load(&core->admin_depth);
	case UB_REG_ADMIN_PI: return atomic_load(&core->admin_pi);
	case UB_REG_ADMIN_CI: return atomic_load(&core->admin_ci);
	default: return 0;
	}
}

uint64_t ub_core_reg_read(struct ub_core *core, uint64_t offset, unsigned size)
{
	uint64_t v;

	if (!access_ok(offset, size)) {
		bad_access(core, "read", offset, size);
		return 0;
	}
	if (width_at(offset) == 4)
		return read_register(core, offset);
	v = read_register(core, offset & ~7ull);
	if (size == 8)
		return v;
	return offset & 4 ? v >> 32 : v & 0xffffffffu;
}

static bool may_enable(uint64_t base, uint32_t depth)
{
	return base % UB_HW_PAGE_SIZE == 0 && depth >= 2 && depth <= UB_HW_ADMIN_MAX_DEPTH &&
	       !(depth & (depth - 1));
}

static void write_ctrl(struct ub_core *core, uint32_t v)
{
	uint64_t base = atomic_load(&core->admin_base);
	uint32_t depth = atomic_load(&core->admin_depth);

	if (v & UB_CTRL_RESET) {
		ub_core_reset(core);
		return;
	}
	if (!(v & UB_CTRL_ENABLE) || atomic_load(&core->ctrl) & UB_CTRL_ENABLE) {
		atomic_store(&core->ctrl, v & UB_CTRL_ENABLE);
		return;
	}
	if (may_enable(base, depth))
		atomic_store(&core->ctrl, UB_CTRL_ENABLE);
	else
		ub_guest_error(core, "ENABLE with admin ring at 0x%llx, depth %u: not possible",
			       (unsigned long long)base, depth);
}

static void write_admin_base(struct ub_core *core, uint64_t offset, uint64_t value, unsigned size)
{
	uint64_t base = atomic_load(&core->admin_base);

	if (size == 8)
		base = value;
	else if (offset & 4)
		base = (base & 0xffffffffu) | value << 32;
	else
		base = (base & ~0xffffffffull) | (value & 0xffffffffu);
	atomic_store(&core->admin_base, base);
}

static void clear_err(struct ub_core *core)
{
	pthread_mutex_lock(&core->err_lock);
	core->err_cause = UB_ERR_NONE;
	core->err_info = 0;
	pthread_mutex_unlock(&core->err_lock);
}

void ub_core_reg_write(struct ub_core *core, uint64_t offset, uint64_t value, unsigned size)
{
	bool enabled = atomic_load(&core->ctrl) & UB_CTRL_ENABLE;

	if (!access_ok(offset, size)) {
		bad_access(core, "write", offset, size);
		return;
	}
	switch (offset) {
	case UB_REG_CTRL:
		write_ctrl(core, (uint32_t)value);
		break;
	case UB_REG_ERR_CAUSE:
		clear_err(core);
		break;
	case UB_REG_ADMIN_BASE:
	case UB_REG_ADMIN_BASE + 4:
		if (!enabled)
			write_admin_base(core, offset, value, size);
		break;
	case UB_REG_ADMIN_DEPTH:
		if (!enabled)
			atomic_store(&core->admin_depth, (uint32_t)value);
		break;
	case UB_REG_ADMIN_PI:
		ub_admin_doorbell(core, (uint32_t)value);
		break;
	default:
		break;
	}
}
