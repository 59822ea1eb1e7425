/* SPDX-License-Identifier: MIT */
/* Programs of the device, of <ub/ub.h>. What they are: docs/visa.md. */
#ifndef UB_UB_PROGRAM_H
#define UB_UB_PROGRAM_H

#include <ub/ub_context.h>
#include <ub/ub_visa_ops.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ub_program_cfg {
	const void *insns;	/**< instructions of 8 bytes; not used after the call */
	uint32_t len;		/**< bytes, at most 512 KiB */
	uint32_t tiles;		/**< the program uses tiles 0 .. n-1; at most 16 */
	uint64_t fuel;		/**< of each block, 1 .. 2^40 */
};

/** A program that the device has taken. Fields are read-only for the caller. */
struct ub_program {
	struct ub_context *ctx;
	uint32_t id;		/**< for struct ub_jfs_wr */
	uint32_t tiles;
	uint64_t fuel;
};

/**
 * Find a program in an object for BPF, as clang --target=bpf makes it: the section "ub/NAME".
 * @param object the bytes of the ELF file, 8-byte aligned
 * @param name the program's, or NULL: the only one there is
 * @param cfg insns, which points into object, and len are set; the rest is left alone
 * @return 0, -ENOEXEC: not such an object, or it is cut off, -ENOENT: no program of that name, or
 *   without a name none or several, -ELIBSCN: the section has relocations
 */
UB_API int ub_find_program(const void *object, size_t size, const char *name,
			   struct ub_program_cfg *cfg);

/**
 * Say whether a program is legal, as ub_create_program() does before it asks the device.
 * @return 0, or -EINVAL: ub_last_error() says the rule it breaks and where
 */
UB_API int ub_verify_program(const struct ub_program_cfg *cfg);

/**
 * Make a program of instructions, which the device copies and verifies. While it does so they are
 * in a segment, which counts against RLIMIT_MEMLOCK and the limits of segments.
 * @return NULL: EINVAL, the program is refused: ub_last_error() says the rule and the instruction;
 *   EDQUOT/ENOSPC limits, ENOMEM, and as ub_register_seg()
 */
UB_API struct ub_program *ub_create_program(struct ub_context *ctx,
					    const struct ub_program_cfg *cfg);
/** @return 0 or -EBUSY while a launch uses it */
UB_API int ub_delete_program(struct ub_program *program);

/** The fault in words that ended a launch; record is its completion's imm_data. */
UB_API const char *ub_program_fault_str(uint64_t record);

#ifdef __cplusplus
}
#endif

#endif
