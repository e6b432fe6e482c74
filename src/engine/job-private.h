/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/job.h"

G_BEGIN_DECLS

/* What runs on the job's thread. It calls the functions below, no others of FoveaJob, and no GObject that has
 * signals. */
typedef gboolean (*FoveaJobFunc) (FoveaJob *job, gpointer data, GError **error);

/* @data is freed by @destroy on the thread the job was made on (in its main context), or by the last unref. */
FoveaJob *fovea_job_new (FoveaJobKind kind, const char *title, FoveaJobFunc func, gpointer data, GDestroyNotify destroy) G_GNUC_WARN_UNUSED_RESULT;
void      fovea_job_set_target (FoveaJob *self, const char *target); /* before it is in a list */
void      fovea_job_start (FoveaJob *self);

/* A job that failed before it could start: reported as any other. */
void fovea_job_start_failed (FoveaJob *self, const GError *error);

/* Returns from @task, in the main context, with why @self did not end well: its error, or G_IO_ERROR_CANCELLED. */
void fovea_job_return_error (FoveaJob *self, GTask *task);

/* ---- on the job's thread ---- */

GCancellable *fovea_job_get_cancellable (FoveaJob *self);

/* Between batches: waits while paused; FALSE with G_IO_ERROR_CANCELLED when the job is to end. */
gboolean fovea_job_checkpoint (FoveaJob *self, GError **error);

/* @noun plural, for "412 of 800 pictures"; one of those that job.c can say. @total 0: not known. Speed and time left follow from the calls. */
void fovea_job_set_progress (FoveaJob *self, guint64 done, guint64 total, const char *noun);
/* A phase without a count: "Looking for pictures". */
void fovea_job_set_detail (FoveaJob *self, const char *detail);
/* What is to be known of the work before it begins, a whole sentence; it stays. */
void fovea_job_set_note (FoveaJob *self, const char *note);
void fovea_job_set_summary (FoveaJob *self, const char *summary);
void fovea_job_set_result_json (FoveaJob *self, char *json); /* (transfer full) */
void fovea_job_add_report_row (FoveaJob *self, const char *path, int code, const char *description, const char *details);
void fovea_job_add_training_point (FoveaJob *self, const FoveaTrainingPoint *point);
/* Counts a row that is not fine without keeping it (outputs that say so themselves). */
void fovea_job_count_failure (FoveaJob *self);

G_END_DECLS
