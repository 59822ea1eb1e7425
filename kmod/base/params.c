// SPDX-License-Identifier: GPL-2.0-only
/* Parameters of the module, but for hang_timeout_ms, which is the watcher's (watch.c). */
#include <linux/module.h>

#include "base/base.h"

unsigned int ubnpu_max_queues_per_ctx = 1024;
module_param_named(max_queues_per_ctx, ubnpu_max_queues_per_ctx, uint, 0644);
MODULE_PARM_DESC(max_queues_per_ctx, "JFS, JFR, JFC and JFCE each of one context (1024)");

unsigned int ubnpu_max_segs_per_ctx = 65536;
module_param_named(max_segs_per_ctx, ubnpu_max_segs_per_ctx, uint, 0644);
MODULE_PARM_DESC(max_segs_per_ctx, "segments of one context (65536)");

unsigned int ubnpu_max_ctxs_per_user = 256;
module_param_named(max_ctxs_per_user, ubnpu_max_ctxs_per_user, uint, 0644);
MODULE_PARM_DESC(max_ctxs_per_user, "contexts of one user on one device (256)");

unsigned int ubnpu_max_queues_per_user = 1024;
module_param_named(max_queues_per_user, ubnpu_max_queues_per_user, uint, 0644);
MODULE_PARM_DESC(max_queues_per_user, "JFS, JFR and JFC each of one user on one device (1024)");

unsigned int ubnpu_max_segs_per_user = 65536;
module_param_named(max_segs_per_user, ubnpu_max_segs_per_user, uint, 0644);
MODULE_PARM_DESC(max_segs_per_user, "segments of one user on one device (65536)");

unsigned int ubnpu_max_programs_per_user = 256;
module_param_named(max_programs_per_user, ubnpu_max_programs_per_user, uint, 0644);
MODULE_PARM_DESC(max_programs_per_user, "programs of one user on one device (256)");

unsigned int ubnpu_max_pinned_mb_per_user;
module_param_named(max_pinned_mb_per_user, ubnpu_max_pinned_mb_per_user, uint, 0644);
MODULE_PARM_DESC(max_pinned_mb_per_user,
		 "MiB that one user may pin for one device, 0: as RLIMIT_MEMLOCK allows (0)");

unsigned int ubnpu_admin_timeout_ms = 5000;
module_param_named(admin_timeout_ms, ubnpu_admin_timeout_ms, uint, 0644);
MODULE_PARM_DESC(admin_timeout_ms, "an admin command without answer so long: reset (5000)");
