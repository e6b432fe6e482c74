/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FoveaScheduler:
 *
 * All heavy work of the program goes through one scheduler: one compute thread (the kernels use every core already) and
 * one memory budget. A job runs on a thread of its own and hands the compute thread one unit at a time (one batch, one
 * fit); the waiting unit of the highest priority goes next, so an interactive prediction waits for at most one batch. After
 * a unit of the first two priorities others wait for 50 ms, so that the next of several is not behind a batch again.
 *
 *   job thread:  read, decode … ── fovea_scheduler_run (batch) ── write ── fovea_scheduler_run (batch) ──
 *   compute:                      └─ unit ─┘  └ a prediction ┘           └─ unit ─┘
 *
 * Thread: every function may be called from any thread, fovea_scheduler_run() from any but the compute thread itself.
 */
typedef struct _FoveaScheduler FoveaScheduler;

/* In the order in which they are served. */
typedef enum {
  FOVEA_PRIORITY_INTERACTIVE, /* a prediction that a person waits for */
  FOVEA_PRIORITY_REFIT,       /* the head after a label */
  FOVEA_PRIORITY_PREDICTION,
  FOVEA_PRIORITY_IMPORT,      /* embeddings */
  FOVEA_PRIORITY_TRAINING,
  FOVEA_N_PRIORITIES
} FoveaPriority;

/* One unit: returns within a few hundred milliseconds, or looks at @cancellable that often. */
typedef gboolean (*FoveaUnitFunc) (gpointer data, GCancellable *cancellable, GError **error);

/* TRUE while this priority should wait (on battery, say). Called on the compute thread, at most twice a second. */
typedef gboolean (*FoveaHoldFunc) (FoveaPriority priority, gpointer data);

/* @memory_bytes 0 = half of what is free now, by the smallest of the machine, the control group and RLIMIT_AS. */
FoveaScheduler *fovea_scheduler_new (gsize memory_bytes) G_GNUC_WARN_UNUSED_RESULT;
FoveaScheduler *fovea_scheduler_ref (FoveaScheduler *scheduler);
void            fovea_scheduler_unref (FoveaScheduler *scheduler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaScheduler, fovea_scheduler_unref)

/* The program's one scheduler; made at first use. */
FoveaScheduler *fovea_scheduler_get_default (void);

/* Ends the compute thread after the unit in progress; units that wait fail with CANCELLED. Called once, at shutdown. */
void fovea_scheduler_close (FoveaScheduler *scheduler);

/* Runs @func on the compute thread and waits for it. Cancelled while waiting in the queue: G_IO_ERROR_CANCELLED. */
gboolean fovea_scheduler_run (FoveaScheduler *scheduler, FoveaPriority priority, FoveaUnitFunc func, gpointer data,
                              GCancellable *cancellable, GError **error);

/* Holds lower priorities back: @func (nullable: none) is asked before a unit is started; refit and interactive
 * units are never held. */
void fovea_scheduler_set_hold (FoveaScheduler *scheduler, FoveaHoldFunc func, gpointer data);

gsize fovea_scheduler_get_memory_budget (FoveaScheduler *scheduler);
/* Of what is taken already nothing is given back. @bytes 0 = half of what is free now. */
void  fovea_scheduler_set_memory_budget (FoveaScheduler *scheduler, gsize bytes);

/* Takes @bytes out of the budget, waiting for others to give theirs back. A demand larger than the whole budget is
 * granted when nobody else holds anything: slow is better than never. FALSE: cancelled, nothing taken. */
gboolean fovea_scheduler_reserve (FoveaScheduler *scheduler, gsize bytes, GCancellable *cancellable, GError **error);
void     fovea_scheduler_release (FoveaScheduler *scheduler, gsize bytes);

/* Free memory in bytes as this process may use it (machine, control group, address space); for messages and
 * defaults. */
gsize fovea_available_memory (void);

G_END_DECLS
