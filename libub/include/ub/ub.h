/* SPDX-License-Identifier: MIT */
/**
 * @file
 * libub: the C interface to UB NPU devices. Names parallel liburma's.
 *
 * Return values. Functions that make an object return it, or NULL with errno set. Functions that
 * return int give 0 (or a count) on success and a negative errno on failure. After any failure
 * ub_last_error() tells cause, object, limit and remedy. The library never prints, never exits,
 * never aborts and reads no environment variable.
 *
 * Threads. Any function may be called from any thread on different objects at once. One object is
 * used by one thread at a time, with these exceptions: a context may be used by all threads to
 * make and delete objects; a JFS may be posted to by one thread while another polls its JFC; a JFCE
 * may be waited on by any number of threads. ub_last_error() is per thread.
 *
 * Ownership. An object keeps what it was made from in use: deleting a JFC, JFR or JFCE that a queue
 * still refers to gives -EBUSY. ub_delete_context() of a context with objects left gives -EBUSY.
 * Memory given to ub_register_seg() stays the caller's and must outlive the segment.
 *
 * Fork. A context belongs to the process that made it. In a child of fork() its objects may be
 * deleted, which gives back the child's memory and descriptors and nothing else; any other call
 * gives -EACCES, ub_context_lost() says true, and nothing may be posted: rings and doorbells are
 * not the parent's there. A child opens the device itself, also soft: under the same name, whatever
 * the parent's threads were at. vfork() and posix_spawn() change nothing for the parent.
 */
#ifndef UB_UB_H
#define UB_UB_H

#include <ub/ub_context.h>
#include <ub/ub_program.h>
#include <ub/ub_queue.h>
#include <ub/ub_wr.h>
#include <ub/ub_data_path.h>

#endif
