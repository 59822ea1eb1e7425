/* SPDX-License-Identifier: GPL-2.0-only */
/* A call from user space: what was asked, and what is told of its failure. */
#ifndef UBNPU_CALL_H
#define UBNPU_CALL_H

#include <linux/errno.h>

#include "uapi/ub.h"

struct file;

/* One ioctl: the caller's structure, and a file to install once it is copied back. */
struct ubnpu_call {
	union {
		struct ub_ioc_hdr hdr;
		struct ub_ioc_query_device query_device;
		struct ub_ioc_reg_seg reg_seg;
		struct ub_ioc_dereg_seg dereg_seg;
		struct ub_ioc_set_token set_token;
		struct ub_ioc_create_jfce create_jfce;
		struct ub_ioc_create_jfc create_jfc;
		struct ub_ioc_create_jfs create_jfs;
		struct ub_ioc_create_jfr create_jfr;
		struct ub_ioc_modify_queue modify_queue;
		struct ub_ioc_query_queue query_queue;
		struct ub_ioc_destroy_queue destroy_queue;
		struct ub_ioc_modify_jfc modify_jfc;
		struct ub_ioc_submit submit;
		struct ub_ioc_reap reap;
		struct ub_ioc_create_program create_program;
		struct ub_ioc_destroy_program destroy_program;
	};
	struct file *install;
	int fd;
};

static inline int ubnpu_fail(struct ub_ioc_hdr *hdr, int err, u32 code, u32 obj, u64 limit)
{
	hdr->ext_code = code;
	hdr->ext_obj = obj;
	hdr->ext_limit = limit;
	return err;
}

static inline int ubnpu_fail_nomem(struct ub_ioc_hdr *hdr)
{
	return ubnpu_fail(hdr, -ENOMEM, UB_EXT_NO_MEMORY, 0, 0);
}

#endif
