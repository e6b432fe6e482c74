/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FoveaJob:
 *
 * Work that takes longer than a moment: import, embedding, training, prediction of many. It runs on a thread of its
 * own; what it says of itself is an atomic snapshot that a timer of the thread-default main context it was made in
 * reads ten times a second and turns into property changes. All properties and signals belong to that context (the
 * main thread).
 *
 * Properties (all read-only, with notify): "title" string · "detail" string (what it is at, e.g. "412 of 800
 * pictures") ·
 * "fraction" double 0..1, -1 not known · "eta-seconds" double, -1 not known · "speed" string ("61 pictures/s", "" not
 * known) ·
 * "note" string (a sentence that holds for all of the work and is said before it begins, e.g. that memory is short; "" none) ·
 * "state" FoveaJobState · "failed-count" uint (rows of the report that are not fine) · "summary" string when it ended
 * ("798 imported, 1 duplicate, 1 could not be read").
 * Signal "finished": once, when state became DONE, FAILED or CANCELLED.
 */
#define FOVEA_TYPE_JOB (fovea_job_get_type ())
G_DECLARE_FINAL_TYPE (FoveaJob, fovea_job, FOVEA, JOB, GObject)

typedef enum {
  FOVEA_JOB_RUNNING,
  FOVEA_JOB_PAUSED,
  FOVEA_JOB_DONE,
  FOVEA_JOB_FAILED,
  FOVEA_JOB_CANCELLED
} FoveaJobState;

typedef enum {
  FOVEA_JOB_IMPORT,
  FOVEA_JOB_EMBED,
  FOVEA_JOB_TRAIN,
  FOVEA_JOB_EVALUATE,
  FOVEA_JOB_PREDICT,
  FOVEA_JOB_EXPORT,
  FOVEA_JOB_UNPACK,
  FOVEA_JOB_RELOCATE,
  FOVEA_JOB_BACKUP,
  FOVEA_JOB_IMPORT_MODEL
} FoveaJobKind;

FoveaJobKind  fovea_job_get_kind (FoveaJob *self);
const char   *fovea_job_get_title (FoveaJob *self);
const char   *fovea_job_get_target (FoveaJob *self);  /* (nullable) id of the model that it is about */
const char   *fovea_job_get_detail (FoveaJob *self);
const char   *fovea_job_get_note (FoveaJob *self);
double        fovea_job_get_fraction (FoveaJob *self);
double        fovea_job_get_eta_seconds (FoveaJob *self);
const char   *fovea_job_get_speed (FoveaJob *self);
FoveaJobState fovea_job_get_state (FoveaJob *self);
const char   *fovea_job_get_summary (FoveaJob *self); /* "" until it ended */
guint         fovea_job_get_failed_count (FoveaJob *self);
const GError *fovea_job_get_error (FoveaJob *self);   /* (nullable) set when FAILED */

/* A job in a state after which nothing comes. */
gboolean fovea_job_is_over (FoveaJob *self);

/* Take effect at the next batch. A cancelled job leaves a consistent project; an import that is started again goes
 * on. */
void fovea_job_pause (FoveaJob *self);
void fovea_job_resume (FoveaJob *self);
void fovea_job_cancel (FoveaJob *self);

/* What came out, one row a file that was not simply taken (duplicates, failures), in the order of the work. Safe to
 * call at any time; rows are only ever appended. */
typedef struct {
  char *path;        /* as the file system gives it; g_filename_display_name() before it is shown */
  int code;          /* Clarifai's: 10000 fine, 30100 duplicate, 10020 failure … */
  char *description; /* a few words: "Duplicate", "Could not be read" */
  char *details;     /* the reason in full */
} FoveaReportRow;

guint           fovea_job_get_n_report_rows (FoveaJob *self);
FoveaReportRow *fovea_job_dup_report_row (FoveaJob *self, guint i) G_GNUC_WARN_UNUSED_RESULT; /* (nullable) */
void            fovea_report_row_free (FoveaReportRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaReportRow, fovea_report_row_free)

/* The curves of a training, to be drawn while it runs: one point every few steps, in order; only ever appended, at any
 * thread's call. Not a number where nothing was measured at that step. */
typedef struct {
  guint64 step;         /* so far */
  double loss;          /* mean since the point before, on the varied pictures that are learned from */
  double learning_rate; /* of the last layer */
  double validation_loss, validation_accuracy; /* on pictures that were held out */
} FoveaTrainingPoint;

guint    fovea_job_get_n_training_points (FoveaJob *self);
gboolean fovea_job_get_training_point (FoveaJob *self, guint i, FoveaTrainingPoint *ret_point); /* FALSE: there is none */

/* What the job made, as the command line prints it (import report, model version, evaluation …): a JSON document.
 * (nullable) before the end, and where the kind has none. */
const char *fovea_job_get_result_json (FoveaJob *self);

/* Blocks until the job is over; for callers without a main loop (the command line). @progress (nullable) is called on
 * the calling thread about ten times a second and once at the end. FALSE with the job's own error when it failed
 * or was cancelled. */
typedef void (*FoveaJobProgressFunc) (FoveaJob *job, gpointer data);
gboolean fovea_job_wait (FoveaJob *self, FoveaJobProgressFunc progress, gpointer data, GError **error);

G_END_DECLS
