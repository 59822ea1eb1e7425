/* SPDX-License-Identifier: MIT */
/*
 * The device's state as bytes. A stream is a header, a body of records and a CRC-32C. Every record
 * but the last makes one object: the admin command that would create it, then what it has been
 * through since. So what a stream may say is checked by what checks a guest.
 */
#ifndef UB_CORE_STATE_H
#define UB_CORE_STATE_H

#include "base/bytes.h"
#include "engine/jfs.h"
#include "object/object.h"

#define UB_STATE_MAGIC		0x54534255u	/* "UBST" */
#define UB_STATE_VERSION	4u
#define UB_STATE_MAX		(1ull << 30)

/* ---- pin.c: kept memory, by its bus addresses ---- */
void ub_out_pin(struct ub_out *out, const struct ub_pinned *pin);
/* Memory of len bytes as it was written; false if it is not memory here, or not aligned. */
bool ub_in_pin(struct ub_in *in, struct ub_core *core, struct ub_pinned *pin, size_t len,
	       unsigned align, bool written);

/* ---- cmd.c: the command of a send queue ---- */
void ub_out_cmd(struct ub_out *out, struct ub_jfs *jfs);
void ub_in_cmd(struct ub_in *in, struct ub_jfs *jfs);

/* ---- save_load.c: describe(), save() and load() of each kind, see object/object.h ---- */
void ub_ctx_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd);
void ub_seg_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd);
void ub_eq_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd);
void ub_jfc_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd);
void ub_jfr_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd);
void ub_program_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd);
void ub_jfs_describe(struct ub_obj *obj, struct ub_admin_cmd *cmd);
void ub_ctx_save(struct ub_obj *obj, struct ub_out *out);
void ub_eq_save(struct ub_obj *obj, struct ub_out *out);
void ub_jfc_save(struct ub_obj *obj, struct ub_out *out);
void ub_jfr_save(struct ub_obj *obj, struct ub_out *out);
void ub_program_save(struct ub_obj *obj, struct ub_out *out);
void ub_jfs_save(struct ub_obj *obj, struct ub_out *out);
void ub_ctx_load(struct ub_obj *obj, struct ub_in *in);
void ub_eq_load(struct ub_obj *obj, struct ub_in *in);
void ub_jfc_load(struct ub_obj *obj, struct ub_in *in);
void ub_jfr_load(struct ub_obj *obj, struct ub_in *in);
void ub_jfs_load(struct ub_obj *obj, struct ub_in *in);

/* ---- records.c: all objects ---- */
void ub_out_objects(struct ub_out *out, struct ub_core *core);
void ub_in_objects(struct ub_in *in, struct ub_core *core);

#endif
