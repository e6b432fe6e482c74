/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/job-private.h"

#include <glib/gi18n.h>

#include "engine/background.h"
#include "engine/engine-enums.h"
#include "nn/nn-error.h"

#define POLL_MS 100
/* Speed is measured over the last few seconds, so that the time left follows a change of pace. */
#define SPEED_WINDOW_US (4 * G_TIME_SPAN_SECOND)

/* What the job's thread writes and the main thread reads, under the mutex. */
typedef struct {
  char *detail;
  char *noun;
  guint64 done, total;
  guint failed;
  gint64 mark_us;      /* start of the present speed window */
  guint64 mark_done;
  double speed;        /* items a second; 0 not known */
} Snapshot;

struct _FoveaJob {
  GObject parent_instance;

  FoveaJobKind kind;
  char *title;
  char *target; /* (nullable) */
  FoveaJobFunc func;
  gpointer data;
  GDestroyNotify destroy;
  GMainContext *context;
  GSource *timer;
  GCancellable *cancellable;

  GMutex mutex;
  GCond cond; /* pause, resume, cancel, end */
  Snapshot now;
  FoveaJobState live_state;
  gboolean over; /* the thread has left func */
  char *live_summary, *live_note;
  char *result_json;
  GError *error;
  GPtrArray *rows; /* FoveaReportRow */
  GArray *curve;   /* FoveaTrainingPoint */

  /* What the main thread has shown last. */
  char *detail, *speed, *summary, *note;
  double fraction, eta_seconds;
  guint failed;
  FoveaJobState state;
  gboolean finished_emitted;
};

G_DEFINE_FINAL_TYPE (FoveaJob, fovea_job, G_TYPE_OBJECT)

enum {
  PROP_0, PROP_TITLE, PROP_DETAIL, PROP_FRACTION, PROP_ETA_SECONDS, PROP_SPEED, PROP_STATE, PROP_FAILED_COUNT, PROP_SUMMARY, PROP_NOTE, N_PROPS
};
static GParamSpec *props[N_PROPS];
enum { FINISHED, N_SIGNALS };
static guint signals[N_SIGNALS];

void
fovea_report_row_free (FoveaReportRow *row)
{
  if (row == NULL)
    return;
  g_free (row->path);
  g_free (row->description);
  g_free (row->details);
  g_free (row);
}

static void
fovea_job_finalize (GObject *object)
{
  FoveaJob *self = FOVEA_JOB (object);

  if (self->destroy != NULL)
    self->destroy (self->data);
  g_clear_pointer (&self->timer, g_source_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_ptr_array_unref (self->rows);
  g_array_unref (self->curve);
  g_free (self->title);
  g_free (self->target);
  g_free (self->now.detail);
  g_free (self->now.noun);
  g_free (self->live_summary);
  g_free (self->live_note);
  g_free (self->result_json);
  g_free (self->detail);
  g_free (self->speed);
  g_free (self->summary);
  g_free (self->note);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (fovea_job_parent_class)->finalize (object);
}

static void
fovea_job_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FoveaJob *self = FOVEA_JOB (object);

  switch (id)
    {
    case PROP_TITLE: g_value_set_string (value, self->title); break;
    case PROP_DETAIL: g_value_set_string (value, self->detail); break;
    case PROP_FRACTION: g_value_set_double (value, self->fraction); break;
    case PROP_ETA_SECONDS: g_value_set_double (value, self->eta_seconds); break;
    case PROP_SPEED: g_value_set_string (value, self->speed); break;
    case PROP_STATE: g_value_set_enum (value, self->state); break;
    case PROP_FAILED_COUNT: g_value_set_uint (value, self->failed); break;
    case PROP_SUMMARY: g_value_set_string (value, self->summary); break;
    case PROP_NOTE: g_value_set_string (value, self->note); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
fovea_job_class_init (FoveaJobClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = fovea_job_finalize;
  object_class->get_property = fovea_job_get_property;
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, "", flags);
  props[PROP_DETAIL] = g_param_spec_string ("detail", NULL, NULL, "", flags);
  props[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, -1, 1, -1, flags);
  props[PROP_ETA_SECONDS] = g_param_spec_double ("eta-seconds", NULL, NULL, -1, G_MAXDOUBLE, -1, flags);
  props[PROP_SPEED] = g_param_spec_string ("speed", NULL, NULL, "", flags);
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, FOVEA_TYPE_JOB_STATE, FOVEA_JOB_RUNNING, flags);
  props[PROP_FAILED_COUNT] = g_param_spec_uint ("failed-count", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[PROP_SUMMARY] = g_param_spec_string ("summary", NULL, NULL, "", flags);
  props[PROP_NOTE] = g_param_spec_string ("note", NULL, NULL, "", flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[FINISHED] = g_signal_new ("finished", FOVEA_TYPE_JOB, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
fovea_job_init (FoveaJob *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->cancellable = g_cancellable_new ();
  self->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_report_row_free);
  self->curve = g_array_new (FALSE, FALSE, sizeof (FoveaTrainingPoint));
  self->detail = g_strdup ("");
  self->speed = g_strdup ("");
  self->summary = g_strdup ("");
  self->note = g_strdup ("");
  self->now.detail = g_strdup ("");
  self->now.noun = g_strdup ("");
  self->live_summary = g_strdup ("");
  self->live_note = g_strdup ("");
  self->fraction = self->eta_seconds = -1;
}

FoveaJob *
fovea_job_new (FoveaJobKind kind, const char *title, FoveaJobFunc func, gpointer data, GDestroyNotify destroy)
{
  FoveaJob *self = g_object_new (FOVEA_TYPE_JOB, NULL);

  self->kind = kind;
  self->title = g_strdup (title);
  self->func = func;
  self->data = data;
  self->destroy = destroy;
  self->context = g_main_context_ref_thread_default ();
  return self;
}

/* ---- main thread: from snapshot to properties ---- */

static void
take_string (FoveaJob *self, char **field, char *value, int prop)
{
  if (g_strcmp0 (*field, value) == 0)
    {
      g_free (value);
      return;
    }
  g_free (*field);
  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

static void
take_double (FoveaJob *self, double *field, double value, int prop)
{
  if (ABS (*field - value) < 1e-9)
    return;
  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

/* What is counted: other languages bend the word after a number. */
static const struct {
  const char *of, *a_second;
} nouns[] = {
  { NC_ ("120 of 800", "pictures"), NC_ ("so many a second", "pictures") },
  { NC_ ("120 of 800", "pictures read"), NC_ ("so many a second", "pictures") },
  { NC_ ("120 of 800", "files"), NC_ ("so many a second", "files") },
  { NC_ ("120 of 800", "steps"), NC_ ("so many a second", "steps") },
  { NC_ ("120 of 800", "pages"), NC_ ("so many a second", "pages") },
  { NC_ ("120 of 800", "MB"), NC_ ("so many a second", "MB") },
  { NC_ ("120 of 800", "percent fitted"), NC_ ("so many a second", "percent fitted") },
};

static guint
find_noun (const char *noun)
{
  for (guint i = 0; i < G_N_ELEMENTS (nouns); i++)
    if (g_str_equal (nouns[i].of, noun))
      return i;
  g_return_val_if_reached (0);
}

static char *
detail_of (const Snapshot *now)
{
  g_autofree char *done = g_strdup_printf ("%" G_GUINT64_FORMAT, now->done);
  g_autofree char *total = g_strdup_printf ("%" G_GUINT64_FORMAT, now->total);

  if (now->total == 0)
    return g_strdup (now->detail);
  /* Translators: how far a job is: "120 of 800 pictures" */
  return g_strdup_printf (_("%s of %s %s"), done, total, g_dpgettext2 (NULL, "120 of 800", nouns[find_noun (now->noun)].of));
}

static char *
speed_of (const Snapshot *now)
{
  const char *noun;

  if (now->speed <= 0)
    return g_strdup ("");
  noun = g_dpgettext2 (NULL, "so many a second", nouns[find_noun (now->noun)].a_second);
  /* Translators: how fast a job is: "9.5 pictures/s", and "85 pictures/s" */
  return now->speed < 10 ? g_strdup_printf (_("%.1f %s/s"), now->speed, noun) : g_strdup_printf (_("%.0f %s/s"), now->speed, noun);
}

/* Copies the snapshot into the properties. TRUE: the job is over and said so. */
static gboolean
refresh (FoveaJob *self)
{
  g_autofree char *summary = NULL, *note = NULL;
  char *detail, *speed;
  double fraction, eta;
  guint failed;
  FoveaJobState state;

  g_mutex_lock (&self->mutex);
  detail = detail_of (&self->now);
  speed = speed_of (&self->now);
  fraction = self->now.total > 0 ? MIN (1, (double) self->now.done / (double) self->now.total) : -1;
  eta = self->now.total > 0 && self->now.speed > 0
          ? (double) (self->now.total - MIN (self->now.total, self->now.done)) / self->now.speed : -1;
  failed = self->now.failed;
  state = self->live_state;
  summary = g_strdup (self->live_summary);
  note = g_strdup (self->live_note);
  g_mutex_unlock (&self->mutex);

  take_string (self, &self->detail, detail, PROP_DETAIL);
  take_string (self, &self->speed, speed, PROP_SPEED);
  take_string (self, &self->summary, g_steal_pointer (&summary), PROP_SUMMARY);
  take_string (self, &self->note, g_steal_pointer (&note), PROP_NOTE);
  take_double (self, &self->fraction, fraction, PROP_FRACTION);
  take_double (self, &self->eta_seconds, eta, PROP_ETA_SECONDS);
  if (self->failed != failed)
    {
      self->failed = failed;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FAILED_COUNT]);
    }
  if (self->state != state)
    {
      self->state = state;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
    }
  return fovea_job_is_over (self);
}

static void
emit_finished_once (FoveaJob *self)
{
  if (self->finished_emitted)
    return;
  self->finished_emitted = TRUE;
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_signal_emit (self, signals[FINISHED], 0);
}

static gboolean
on_timer (gpointer data)
{
  FoveaJob *self = data;

  if (!refresh (self))
    return G_SOURCE_CONTINUE;
  emit_finished_once (self);
  return G_SOURCE_REMOVE;
}

/* The worker's reference is dropped here, in the main context, so that finalize never runs on the job's thread. */
static gboolean
on_thread_left (gpointer data)
{
  FoveaJob *self = data;

  if (refresh (self))
    emit_finished_once (self);
  g_object_unref (self);
  return G_SOURCE_REMOVE;
}

/* However deep the work was when it was stopped, that is no failure of it. */
static GError *
take_as_cancelled (GError *error)
{
  if (!g_error_matches (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_CANCELLED))
    return error;
  g_error_free (error);
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled");
}

static FoveaJobState
end_state (gboolean ok, const GError *error)
{
  if (ok)
    return FOVEA_JOB_DONE;
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? FOVEA_JOB_CANCELLED : FOVEA_JOB_FAILED;
}

static void
finish (FoveaJob *self, gboolean ok, GError *error)
{
  g_autoptr (GSource) idle = g_idle_source_new ();

  g_mutex_lock (&self->mutex);
  error = take_as_cancelled (error);
  self->error = error;
  self->live_state = end_state (ok, error);
  if (self->live_state == FOVEA_JOB_FAILED && error != NULL)
    {
      g_free (self->live_summary);
      self->live_summary = g_strdup (error->message);
    }
  self->over = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);

  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, on_thread_left, self, NULL);
  g_source_attach (idle, self->context);
}

static gpointer
job_main (gpointer data)
{
  FoveaJob *self = data;
  GError *error = NULL;
  gboolean ok;

  fovea_background_enter ();
  ok = self->func (self, self->data, &error);
  finish (self, ok, error);
  return NULL;
}

static void
start_timer (FoveaJob *self)
{
  self->timer = g_timeout_source_new (POLL_MS);
  g_source_set_callback (self->timer, on_timer, g_object_ref (self), g_object_unref);
  g_source_attach (self->timer, self->context);
}

void
fovea_job_start (FoveaJob *self)
{
  start_timer (self);
  g_thread_unref (g_thread_new ("job", job_main, g_object_ref (self)));
}

void
fovea_job_start_failed (FoveaJob *self, const GError *error)
{
  g_object_ref (self);
  finish (self, FALSE, g_error_copy (error));
}

/* ---- job thread ---- */

GCancellable *
fovea_job_get_cancellable (FoveaJob *self)
{
  return self->cancellable;
}

gboolean
fovea_job_checkpoint (FoveaJob *self, GError **error)
{
  g_mutex_lock (&self->mutex);
  while (self->live_state == FOVEA_JOB_PAUSED && !g_cancellable_is_cancelled (self->cancellable))
    {
      g_cond_wait (&self->cond, &self->mutex);
      self->now.mark_us = 0; /* the pause is no part of the speed */
    }
  g_mutex_unlock (&self->mutex);
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

/* The mutex is held. */
static void
measure_speed (Snapshot *now)
{
  gint64 t = g_get_monotonic_time ();
  double seconds;

  if (now->mark_us == 0 || now->done < now->mark_done)
    {
      now->mark_us = t;
      now->mark_done = now->done;
      return;
    }
  seconds = (double) (t - now->mark_us) / G_TIME_SPAN_SECOND;
  if (seconds < 0.5)
    return;
  now->speed = (double) (now->done - now->mark_done) / seconds;
  if (t - now->mark_us > SPEED_WINDOW_US)
    {
      now->mark_us = t;
      now->mark_done = now->done;
    }
}

void
fovea_job_set_progress (FoveaJob *self, guint64 done, guint64 total, const char *noun)
{
  g_mutex_lock (&self->mutex);
  if (g_strcmp0 (self->now.noun, noun) != 0 || self->now.total != total)
    {
      g_free (self->now.noun);
      self->now.noun = g_strdup (noun);
      self->now.mark_us = 0;
      self->now.speed = 0;
    }
  self->now.done = done;
  self->now.total = total;
  measure_speed (&self->now);
  g_mutex_unlock (&self->mutex);
}

void
fovea_job_set_detail (FoveaJob *self, const char *detail)
{
  g_mutex_lock (&self->mutex);
  g_free (self->now.detail);
  self->now.detail = g_strdup (detail);
  self->now.done = self->now.total = 0;
  self->now.speed = 0;
  self->now.mark_us = 0;
  g_mutex_unlock (&self->mutex);
}

void
fovea_job_set_summary (FoveaJob *self, const char *summary)
{
  g_mutex_lock (&self->mutex);
  g_free (self->live_summary);
  self->live_summary = g_strdup (summary);
  g_mutex_unlock (&self->mutex);
}

void
fovea_job_set_note (FoveaJob *self, const char *note)
{
  g_mutex_lock (&self->mutex);
  g_free (self->live_note);
  self->live_note = g_strdup (note);
  g_mutex_unlock (&self->mutex);
}

void
fovea_job_set_result_json (FoveaJob *self, char *json)
{
  g_mutex_lock (&self->mutex);
  g_free (self->result_json);
  self->result_json = json;
  g_mutex_unlock (&self->mutex);
}

void
fovea_job_add_report_row (FoveaJob *self, const char *path, int code, const char *description, const char *details)
{
  FoveaReportRow *row = g_new (FoveaReportRow, 1);

  row->path = g_strdup (path);
  row->code = code;
  row->description = g_strdup (description);
  row->details = g_strdup (details != NULL ? details : "");
  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->rows, row);
  self->now.failed++;
  g_mutex_unlock (&self->mutex);
}

void
fovea_job_add_training_point (FoveaJob *self, const FoveaTrainingPoint *point)
{
  g_mutex_lock (&self->mutex);
  g_array_append_val (self->curve, *point);
  g_mutex_unlock (&self->mutex);
}

void
fovea_job_count_failure (FoveaJob *self)
{
  g_mutex_lock (&self->mutex);
  self->now.failed++;
  g_mutex_unlock (&self->mutex);
}

/* ---- any thread ---- */

static void
set_paused (FoveaJob *self, FoveaJobState from, FoveaJobState to)
{
  g_mutex_lock (&self->mutex);
  if (self->live_state == from)
    self->live_state = to;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

void
fovea_job_pause (FoveaJob *self)
{
  set_paused (self, FOVEA_JOB_RUNNING, FOVEA_JOB_PAUSED);
}

void
fovea_job_resume (FoveaJob *self)
{
  set_paused (self, FOVEA_JOB_PAUSED, FOVEA_JOB_RUNNING);
}

void
fovea_job_cancel (FoveaJob *self)
{
  g_cancellable_cancel (self->cancellable);
  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

guint
fovea_job_get_n_training_points (FoveaJob *self)
{
  guint n;

  g_mutex_lock (&self->mutex);
  n = self->curve->len;
  g_mutex_unlock (&self->mutex);
  return n;
}

gboolean
fovea_job_get_training_point (FoveaJob *self, guint i, FoveaTrainingPoint *ret_point)
{
  gboolean found;

  g_mutex_lock (&self->mutex);
  found = i < self->curve->len;
  if (found)
    *ret_point = g_array_index (self->curve, FoveaTrainingPoint, i);
  g_mutex_unlock (&self->mutex);
  return found;
}

guint
fovea_job_get_n_report_rows (FoveaJob *self)
{
  guint n;

  g_mutex_lock (&self->mutex);
  n = self->rows->len;
  g_mutex_unlock (&self->mutex);
  return n;
}

FoveaReportRow *
fovea_job_dup_report_row (FoveaJob *self, guint i)
{
  FoveaReportRow *copy = NULL;

  g_mutex_lock (&self->mutex);
  if (i < self->rows->len)
    {
      const FoveaReportRow *row = g_ptr_array_index (self->rows, i);

      copy = g_new (FoveaReportRow, 1);
      copy->path = g_strdup (row->path);
      copy->code = row->code;
      copy->description = g_strdup (row->description);
      copy->details = g_strdup (row->details);
    }
  g_mutex_unlock (&self->mutex);
  return copy;
}

const char *
fovea_job_get_result_json (FoveaJob *self)
{
  const char *json;

  g_mutex_lock (&self->mutex);
  json = self->over ? self->result_json : NULL;
  g_mutex_unlock (&self->mutex);
  return json;
}

gboolean
fovea_job_wait (FoveaJob *self, FoveaJobProgressFunc progress, gpointer data, GError **error)
{
  gboolean over = FALSE;

  while (!over)
    {
      g_mutex_lock (&self->mutex);
      if (!self->over)
        g_cond_wait_until (&self->cond, &self->mutex, g_get_monotonic_time () + POLL_MS * 1000);
      over = self->over;
      g_mutex_unlock (&self->mutex);

      refresh (self);
      if (progress != NULL)
        progress (self, data);
    }
  emit_finished_once (self);
  if (self->state == FOVEA_JOB_DONE)
    return TRUE;
  if (error != NULL && self->error != NULL)
    *error = g_error_copy (self->error);
  return FALSE;
}

/* ---- main thread: getters ---- */

FoveaJobKind fovea_job_get_kind (FoveaJob *self) { return self->kind; }
const char *fovea_job_get_title (FoveaJob *self) { return self->title; }
const char *fovea_job_get_target (FoveaJob *self) { return self->target; }
const char *fovea_job_get_detail (FoveaJob *self) { return self->detail; }
const char *fovea_job_get_note (FoveaJob *self) { return self->note; }
double fovea_job_get_fraction (FoveaJob *self) { return self->fraction; }
double fovea_job_get_eta_seconds (FoveaJob *self) { return self->eta_seconds; }
const char *fovea_job_get_speed (FoveaJob *self) { return self->speed; }
FoveaJobState fovea_job_get_state (FoveaJob *self) { return self->state; }
const char *fovea_job_get_summary (FoveaJob *self) { return self->summary; }
guint fovea_job_get_failed_count (FoveaJob *self) { return self->failed; }

const GError *
fovea_job_get_error (FoveaJob *self)
{
  return self->state == FOVEA_JOB_FAILED ? self->error : NULL;
}

void
fovea_job_return_error (FoveaJob *self, GTask *task)
{
  const GError *error = fovea_job_get_error (self);

  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled");
}

gboolean
fovea_job_is_over (FoveaJob *self)
{
  return self->state == FOVEA_JOB_DONE || self->state == FOVEA_JOB_FAILED || self->state == FOVEA_JOB_CANCELLED;
}

void
fovea_job_set_target (FoveaJob *self, const char *target)
{
  g_free (self->target);
  self->target = g_strdup (target);
}
