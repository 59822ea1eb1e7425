/* SPDX-License-Identifier: MIT */
/* The scalar layer: RFC 9669, groups base64 and divmul64, on eleven registers and a stack. */
#include <string.h>

#include "program/block.h"

void ub_block_begin(struct ub_block *b, uint32_t index, uint64_t fuel)
{
	b->index = index;
	b->pc = 0;
	b->fuel = fuel;
	memset(b->reg, 0, sizeof(b->reg));
	b->reg[1] = UB_VISA_ARGS_BASE;
	b->reg[2] = b->args_len;
	b->reg[UB_VISA_FRAME] = UB_VISA_STACK_BASE + UB_VISA_STACK_BYTES;
	memset(b->stack, 0, sizeof(b->stack));
	memset(b->tile, 0, sizeof(b->tile));
	b->fault = b->argument = 0;
}

/* ---- Arithmetic ---- */
static uint64_t divide(uint64_t x, uint64_t y, bool is_signed)
{
	if (!y)
		return 0;
	if (!is_signed)
		return x / y;
	return y == UINT64_MAX ? -x : (uint64_t)((int64_t)x / (int64_t)y);
}

static uint64_t modulo(uint64_t x, uint64_t y, bool is_signed)
{
	if (!y)
		return x;
	if (!is_signed)
		return x % y;
	return y == UINT64_MAX ? 0 : (uint64_t)((int64_t)x % (int64_t)y);
}

static uint64_t sign_extend(uint64_t x, unsigned bits)
{
	switch (bits) {
	case 8:
		return (uint64_t)(int8_t)x;
	case 16:
		return (uint64_t)(int16_t)x;
	case 32:
		return (uint64_t)(int32_t)x;
	default:
		return x;
	}
}

/* The machine is little-endian: to that order a number is only cut. */
static uint64_t byte_order(const struct ub_visa_insn *i, uint64_t x)
{
	bool swap = UB_BPF_CLASS(i->opcode) == UB_BPF_ALU64 || i->opcode & UB_BPF_X;

	switch (i->imm) {
	case 16:
		return swap ? __builtin_bswap16((uint16_t)x) : (uint16_t)x;
	case 32:
		return swap ? __builtin_bswap32((uint32_t)x) : (uint32_t)x;
	default:
		return swap ? __builtin_bswap64(x) : x;
	}
}

static uint64_t alu64(const struct ub_visa_insn *i, uint64_t x, uint64_t y)
{
	switch (UB_BPF_CODE(i->opcode)) {
	case UB_BPF_ADD:
		return x + y;
	case UB_BPF_SUB:
		return x - y;
	case UB_BPF_MUL:
		return x * y;
	case UB_BPF_DIV:
		return divide(x, y, i->offset);
	case UB_BPF_OR:
		return x | y;
	case UB_BPF_AND:
		return x & y;
	case UB_BPF_LSH:
		return x << (y & 63);
	case UB_BPF_RSH:
		return x >> (y & 63);
	case UB_BPF_NEG:
		return -x;
	case UB_BPF_MOD:
		return modulo(x, y, i->offset);
	case UB_BPF_XOR:
		return x ^ y;
	case UB_BPF_MOV:
		return sign_extend(y, (unsigned)i->offset);
	case UB_BPF_ARSH:
		return (uint64_t)((int64_t)x >> (y & 63));
	default:
		return byte_order(i, x);
	}
}

/* Both operands are cut to 32 bits, and so is the result. */
static uint64_t alu32(const struct ub_visa_insn *i, uint64_t x, uint64_t y)
{
	switch (UB_BPF_CODE(i->opcode)) {
	case UB_BPF_DIV:
	case UB_BPF_MOD:
		if (i->offset) {
			x = sign_extend(x, 32);
			y = sign_extend(y, 32);
		} else {
			x = (uint32_t)x;
			y = (uint32_t)y;
		}
		return (uint32_t)alu64(i, x, y);
	case UB_BPF_LSH:
		return (uint32_t)((uint32_t)x << (y & 31));
	case UB_BPF_RSH:
		return (uint32_t)x >> (y & 31);
	case UB_BPF_ARSH:
		return (uint32_t)((int32_t)x >> (y & 31));
	case UB_BPF_END:
		return byte_order(i, x);
	default:
		return (uint32_t)alu64(i, x, y);
	}
}

/* ---- Jumps ---- */
static bool holds(unsigned code, uint64_t x, uint64_t y, int64_t sx, int64_t sy)
{
	switch (code) {
	case UB_BPF_JEQ:
		return x == y;
	case UB_BPF_JNE:
		return x != y;
	case UB_BPF_JGT:
		return x > y;
	case UB_BPF_JGE:
		return x >= y;
	case UB_BPF_JLT:
		return x < y;
	case UB_BPF_JLE:
		return x <= y;
	case UB_BPF_JSET:
		return x & y;
	case UB_BPF_JSGT:
		return sx > sy;
	case UB_BPF_JSGE:
		return sx >= sy;
	case UB_BPF_JSLT:
		return sx < sy;
	case UB_BPF_JSLE:
		return sx <= sy;
	default:
		return true;
	}
}

static bool is_taken(const struct ub_visa_insn *i, uint64_t x, uint64_t y)
{
	unsigned code = UB_BPF_CODE(i->opcode);

	if (UB_BPF_CLASS(i->opcode) == UB_BPF_JMP)
		return holds(code, x, y, (int64_t)x, (int64_t)y);
	return holds(code, (uint32_t)x, (uint32_t)y, (int32_t)x, (int32_t)y);
}

/* ---- Memory: the stack, and the argument block to be read ---- */
static void *find(struct ub_block *b, uint64_t addr, unsigned size, bool is_write)
{
	uint64_t at = addr - UB_VISA_STACK_BASE;

	if (at <= UB_VISA_STACK_BYTES - size)
		return b->stack + at;
	at = addr - UB_VISA_ARGS_BASE;
	if (!is_write && size <= b->args_len && at <= b->args_len - size)
		return b->args + at;
	return NULL;
}

static bool load(struct ub_block *b, const struct ub_visa_insn *i)
{
	unsigned size = ub_bpf_size(i->opcode);
	const void *at =
		find(b, b->reg[ub_visa_src(i)] + (uint64_t)(int64_t)i->offset, size, false);
	uint64_t value = 0;

	if (!at)
		return ub_block_fault(b, UB_VISA_FAULT_MEMORY, 0);
	memcpy(&value, at, size);
	if (UB_BPF_MODE(i->opcode) == UB_BPF_MEMSX)
		value = sign_extend(value, size * 8);
	b->reg[ub_visa_dst(i)] = value;
	return true;
}

static bool store(struct ub_block *b, const struct ub_visa_insn *i, uint64_t value)
{
	unsigned size = ub_bpf_size(i->opcode);
	void *at = find(b, b->reg[ub_visa_dst(i)] + (uint64_t)(int64_t)i->offset, size, true);

	if (!at)
		return ub_block_fault(b, UB_VISA_FAULT_MEMORY, 0);
	memcpy(at, &value, size);
	return true;
}

/* ---- Steps ---- */
static enum ub_block_stop call(struct ub_block *b, const struct ub_visa_insn *i)
{
	if (!ub_block_call(b, (uint32_t)i->imm))
		return UB_BLOCK_FAULT;
	memset(&b->reg[1], 0, 5 * sizeof(b->reg[0]));
	b->pc++;
	return UB_BLOCK_CALL;
}

static enum ub_block_stop step(struct ub_block *b)
{
	const struct ub_visa_insn *i = &b->insns[b->pc];
	uint64_t *dst = &b->reg[ub_visa_dst(i)];
	uint64_t y = i->opcode & UB_BPF_X ? b->reg[ub_visa_src(i)] : (uint64_t)(int64_t)i->imm;
	bool ok = true;

	switch (UB_BPF_CLASS(i->opcode)) {
	case UB_BPF_ALU64:
		*dst = alu64(i, *dst, y);
		break;
	case UB_BPF_ALU:
		*dst = alu32(i, *dst, y);
		break;
	case UB_BPF_LD:
		*dst = (uint32_t)i->imm | (uint64_t)(uint32_t)i[1].imm << 32;
		b->pc++;
		break;
	case UB_BPF_LDX:
		ok = load(b, i);
		break;
	case UB_BPF_ST:
		ok = store(b, i, (uint64_t)(int64_t)i->imm);
		break;
	case UB_BPF_STX:
		ok = store(b, i, b->reg[ub_visa_src(i)]);
		break;
	default:
		if (i->opcode == (UB_BPF_JMP | UB_BPF_CALL << 4))
			return call(b, i);
		if (i->opcode == (UB_BPF_JMP | UB_BPF_EXIT << 4))
			return UB_BLOCK_EXIT;
		if (i->opcode == UB_BPF_JMP32)
			b->pc += (uint32_t)i->imm;
		else if (is_taken(i, *dst, y))
			b->pc += (uint32_t)(int32_t)i->offset;
	}
	if (!ok)
		return UB_BLOCK_FAULT;
	b->pc++;
	return UB_BLOCK_BUDGET;
}

enum ub_block_stop ub_block_run(struct ub_block *b, uint32_t insns)
{
	enum ub_block_stop stop = UB_BLOCK_BUDGET;

	while (stop == UB_BLOCK_BUDGET && insns--) {
		if (!b->fuel) {
			ub_block_fault(b, UB_VISA_FAULT_FUEL, 0);
			return UB_BLOCK_FAULT;
		}
		stop = step(b);
		b->fuel--;
	}
	return stop;
}
