// SPDX-License-Identifier: GPL-2.0-only
/*
 * One doorbell for a batch: while io_uring issues several commands it has a block plug open, whose
 * callback runs when the batch is over or the task sleeps. Until then the device knows the WQEs by
 * PI, but is not rung.
 */
#include <linux/file.h>
#include <linux/slab.h>

#include "compat.h"
#include "kqueue/kqueue.h"

struct ubnpu_plug {
	struct blk_plug_cb cb;
	struct file *file;	/* keeps the context */
	u32 jfs;
};

static void plug_kick(struct file *file, u32 id)
{
	struct ubnpu_kjfs *jfs;
	struct ub_ioc_hdr hdr;

	rcu_read_lock();
	jfs = ubnpu_kjfs_find(file->private_data, id, &hdr);
	if (!IS_ERR(jfs))
		ubnpu_kjfs_kick(jfs);
	rcu_read_unlock();
}

/* May be called where nothing may sleep. */
static void plug_end(struct blk_plug_cb *cb, bool from_schedule)
{
	struct ubnpu_plug *plug = container_of(cb, struct ubnpu_plug, cb);

	plug_kick(plug->file, plug->jfs);
	fput(plug->file);
	kfree(plug);
}

/*
 * Whether the JFS will be rung for what is put into it before the caller sleeps. Another JFS of the
 * file is rung now: a batch is for one as a rule.
 */
bool ubnpu_plugged(struct file *file, u32 jfs)
{
	struct blk_plug_cb *cb = ubnpu_check_plugged(plug_end, file, sizeof(struct ubnpu_plug));
	struct ubnpu_plug *plug = container_of(cb, struct ubnpu_plug, cb);

	if (!cb)
		return false;
	if (!plug->file)
		plug->file = get_file(file);
	else if (plug->jfs != jfs)
		plug_kick(file, plug->jfs);
	plug->jfs = jfs;
	return true;
}
