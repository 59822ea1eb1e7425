/* SPDX-License-Identifier: GPL-2.0-only */
/* The doors of user space: the device node's file and what is called through it. */
#ifndef UBNPU_ENTRY_H
#define UBNPU_ENTRY_H

#include "kqueue/uring.h"
#include "recover/recover.h"

struct io_comp_batch;

/* ioctl.c */
long ubnpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* uring.c */
int ubnpu_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);

/* mmap.c */
int ubnpu_mapping_init(struct ubnpu_dev *ub);
void ubnpu_mapping_free(struct ubnpu_dev *ub);
int ubnpu_mmap(struct file *file, struct vm_area_struct *vma);

/* fdinfo.c */
void ubnpu_show_fdinfo(struct seq_file *m, struct file *file);

/* file.c */
extern const struct file_operations ubnpu_fops;

#endif
