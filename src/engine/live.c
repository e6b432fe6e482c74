/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/live-private.h"

#include <glib/gi18n.h>

#include "engine/background.h"
#include "engine/engine-enums.h"
#include "engine/live-fit-private.h"

#define FOLLOW_GAP_US G_TIME_SPAN_SECOND
#define FOLLOW_SHARE 5

/* Shared with the thread; counted, so that neither has to wait for the other's end. */
typedef struct {
  gatomicrefcount ref_count;
  FoveaCore *core; /* until the thread has ended */
  GMainContext *context;

  GMutex mutex;
  GCond cond;
  gboolean wanted, reset, quit, estimating;
  guint64 person;            /* generation of what people changed, at the last run */
  gint64 end_us, took_us;    /* of the last run */
  GCancellable *cancellable; /* of what the thread does now */
  FoveaLive *live;           /* NULL when closed; used on the main thread alone */
} Shared;

struct _FoveaLive {
  GObject parent_instance;

  Shared *shared;
  GThread *thread;
  gboolean enabled, closed;

  FoveaLiveState state;
  gboolean busy, exclusive, presumed;
  guint n_concepts, n_labelled, n_suggested;
  double accuracy, accuracy_low, accuracy_high;
  guint n_evaluated;
  char *problem; /* (nullable) why the last fit failed */
  FoveaLiveScores *scores;
};

G_DEFINE_FINAL_TYPE (FoveaLive, fovea_live, G_TYPE_OBJECT)

enum {
  PROP_0,
  PROP_ENABLED,
  PROP_STATE,
  PROP_BUSY,
  PROP_ACCURACY,
  PROP_ACCURACY_LOW,
  PROP_ACCURACY_HIGH,
  PROP_N_EVALUATED,
  PROP_N_LABELLED,
  PROP_N_SUGGESTED,
  N_PROPS
};
static GParamSpec *props[N_PROPS];
enum { UPDATED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
shared_unref (Shared *shared)
{
  if (!g_atomic_ref_count_dec (&shared->ref_count))
    return;
  g_clear_pointer (&shared->core, fovea_core_unref);
  g_main_context_unref (shared->context);
  g_clear_object (&shared->cancellable);
  g_mutex_clear (&shared->mutex);
  g_cond_clear (&shared->cond);
  g_free (shared);
}

/* ---- from the thread to the object ---- */

typedef enum { NEWS_FITTING, NEWS_OUTCOME, NEWS_ESTIMATE, NEWS_IDLE, NEWS_PROBLEM } NewsKind;

typedef struct {
  Shared *shared;
  NewsKind kind;
  FoveaLiveOutcome outcome;
  FoveaLiveEstimate estimate;
  FoveaLiveScores *scores;
  char *problem;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  fovea_live_outcome_clear (&news->outcome);
  g_clear_pointer (&news->scores, fovea_live_scores_unref);
  g_free (news->problem);
  shared_unref (news->shared);
  g_free (news);
}

static void
set_uint (FoveaLive *self, guint *field, guint value, int prop)
{
  if (*field == value)
    return;
  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

static void
set_double (FoveaLive *self, double *field, double value, int prop)
{
  if (ABS (*field - value) < 1e-12)
    return;
  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

static void
set_state (FoveaLive *self, FoveaLiveState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

static void
set_busy (FoveaLive *self, gboolean busy)
{
  if (self->busy == busy)
    return;
  self->busy = busy;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BUSY]);
}

static void
take_estimate (FoveaLive *self, const FoveaLiveEstimate *estimate)
{
  set_double (self, &self->accuracy_low, estimate->low, PROP_ACCURACY_LOW);
  set_double (self, &self->accuracy_high, estimate->high, PROP_ACCURACY_HIGH);
  set_uint (self, &self->n_evaluated, estimate->n_evaluated, PROP_N_EVALUATED);
  set_double (self, &self->accuracy, estimate->accuracy, PROP_ACCURACY);
}

static void
forget_estimate (FoveaLive *self)
{
  const FoveaLiveEstimate unknown = { .accuracy = -1, .low = -1, .high = -1 };

  take_estimate (self, &unknown);
}

/* NULL: no suggestions any more. */
static void
take_scores (FoveaLive *self, FoveaLiveScores *scores)
{
  gboolean changes = scores != NULL || self->scores != NULL;

  g_clear_pointer (&self->scores, fovea_live_scores_unref);
  self->scores = scores;
  if (changes)
    g_signal_emit (self, signals[UPDATED], 0);
}

static void
take_outcome (FoveaLive *self, FoveaLiveOutcome *outcome)
{
  g_clear_pointer (&self->problem, g_free);
  self->exclusive = outcome->exclusive;
  self->presumed = outcome->presumed;
  self->n_concepts = outcome->n_concepts;
  set_uint (self, &self->n_labelled, outcome->n_labelled, PROP_N_LABELLED);
  set_uint (self, &self->n_suggested, outcome->n_suggested, PROP_N_SUGGESTED);
  if (outcome->state != FOVEA_LIVE_READY)
    forget_estimate (self);
  set_state (self, outcome->state);
  take_scores (self, g_steal_pointer (&outcome->scores));
}

static gboolean
on_news (gpointer data)
{
  News *news = data;
  FoveaLive *self = news->shared->live;

  if (self == NULL || !self->enabled)
    return G_SOURCE_REMOVE;
  g_object_ref (self); /* a handler may close the project */
  switch (news->kind)
    {
    case NEWS_FITTING:
      set_state (self, FOVEA_LIVE_FITTING);
      break;
    case NEWS_OUTCOME:
      take_outcome (self, &news->outcome);
      break;
    case NEWS_ESTIMATE:
      take_estimate (self, &news->estimate);
      if (news->scores != NULL)
        take_scores (self, g_steal_pointer (&news->scores));
      break;
    case NEWS_PROBLEM:
      g_free (self->problem);
      self->problem = g_steal_pointer (&news->problem);
      if (self->scores == NULL)
        set_state (self, FOVEA_LIVE_WAITING_FOR_VECTORS);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
      break;
    case NEWS_IDLE:
    default:
      set_busy (self, FALSE);
    }
  g_object_unref (self);
  return G_SOURCE_REMOVE;
}

static News *
news_new (Shared *shared, NewsKind kind)
{
  News *news = g_new0 (News, 1);

  g_atomic_ref_count_inc (&shared->ref_count);
  news->shared = shared;
  news->kind = kind;
  return news;
}

static void
post (News *news)
{
  g_autoptr (GSource) idle = g_idle_source_new ();

  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, on_news, news, news_free);
  g_source_attach (idle, news->shared->context);
}

/* ---- the thread ---- */

static void
on_fitting (gpointer data)
{
  post (news_new (data, NEWS_FITTING));
}

static void
report_problem (Shared *shared, GError *error)
{
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      News *news = news_new (shared, NEWS_PROBLEM);

      g_info ("Suggestions could not be worked out: %s", error->message);
      news->problem = g_strdup (error->message);
      post (news);
    }
  g_clear_error (&error);
}

static gboolean
fit_once (Shared *shared, FoveaLiveFit *fit, GCancellable *cancellable)
{
  g_autoptr (FoveaStore) reader = NULL;
  News *news = news_new (shared, NEWS_OUTCOME);
  gboolean changed = FALSE, ok;
  GError *error = NULL;

  reader = fovea_core_open_reader (shared->core, &error);
  ok = reader != NULL && fovea_live_fit_run (fit, reader, on_fitting, shared, cancellable, &news->outcome, &changed, &error);
  if (ok && changed)
    post (news);
  else
    news_free (news);
  report_problem (shared, error);
  return ok;
}

static void
evaluate_once (Shared *shared, FoveaLiveFit *fit, GCancellable *cancellable)
{
  News *news = news_new (shared, NEWS_ESTIMATE);
  GError *error = NULL;

  g_mutex_lock (&shared->mutex);
  shared->estimating = TRUE;
  if (shared->wanted)
    g_cancellable_cancel (cancellable);
  g_mutex_unlock (&shared->mutex);
  if (fovea_live_fit_evaluate (fit, cancellable, &news->estimate, &news->scores, &error))
    post (news);
  else
    news_free (news);
  g_mutex_lock (&shared->mutex);
  shared->estimating = FALSE;
  g_mutex_unlock (&shared->mutex);
  report_problem (shared, error);
}

/* While a job changes rows all the time, following it takes at most a fifth of the time; a person is answered at once. Returns
 * when the next run may begin, 0: now. */
static gint64
find_start (Shared *shared)
{
  if (shared->end_us == 0 || shared->reset || shared->quit
      || fovea_columns_get_generation (fovea_core_get_columns (shared->core), FOVEA_CHANGED_BY_PERSON) != shared->person)
    return 0;
  return shared->end_us + MAX (FOLLOW_GAP_US, (FOLLOW_SHARE - 1) * shared->took_us);
}

/* FALSE: the end. */
static gboolean
wait_for_work (Shared *shared, GCancellable **ret_cancellable, gboolean *ret_reset)
{
  gboolean quit;
  gint64 start;

  g_mutex_lock (&shared->mutex);
  while (!shared->wanted && !shared->reset && !shared->quit)
    g_cond_wait (&shared->cond, &shared->mutex);
  while ((start = find_start (shared)) > g_get_monotonic_time ())
    g_cond_wait_until (&shared->cond, &shared->mutex, start);
  quit = shared->quit;
  *ret_reset = shared->reset;
  shared->wanted = shared->reset = FALSE;
  shared->person = fovea_columns_get_generation (fovea_core_get_columns (shared->core), FOVEA_CHANGED_BY_PERSON);
  g_clear_object (&shared->cancellable);
  shared->cancellable = g_cancellable_new ();
  *ret_cancellable = g_object_ref (shared->cancellable);
  g_mutex_unlock (&shared->mutex);
  return !quit;
}

static void
note_end (Shared *shared, gint64 start)
{
  gboolean idle;

  g_mutex_lock (&shared->mutex);
  shared->end_us = g_get_monotonic_time ();
  shared->took_us = shared->end_us - start;
  idle = !shared->wanted && !shared->reset;
  g_mutex_unlock (&shared->mutex);
  if (idle)
    post (news_new (shared, NEWS_IDLE));
}

static gpointer
live_main (gpointer data)
{
  Shared *shared = data;
  FoveaLiveFit *fit = fovea_live_fit_new (shared->core);
  gboolean reset, going = TRUE;

  fovea_background_enter ();
  while (going)
    {
      g_autoptr (GCancellable) cancellable = NULL;
      gint64 start;

      going = wait_for_work (shared, &cancellable, &reset);
      if (!going)
        break;
      start = g_get_monotonic_time ();
      if (reset)
        fovea_live_fit_reset (fit);
      else if (fit_once (shared, fit, cancellable))
        evaluate_once (shared, fit, cancellable);
      note_end (shared, start);
    }
  fovea_live_fit_free (fit);
  shared_unref (shared);
  return NULL;
}

/* An estimate of labels that have changed since is not worth its time; a fit is let through, so that whoever labels without
 * a pause sees suggestions. */
static void
wake (FoveaLive *self, gboolean reset)
{
  Shared *shared = self->shared;

  g_mutex_lock (&shared->mutex);
  if (reset)
    shared->reset = TRUE;
  else
    shared->wanted = TRUE;
  if (shared->cancellable != NULL && (reset || shared->estimating))
    g_cancellable_cancel (shared->cancellable);
  g_cond_signal (&shared->cond);
  g_mutex_unlock (&shared->mutex);
  if (self->thread == NULL)
    {
      g_atomic_ref_count_inc (&shared->ref_count);
      self->thread = g_thread_new ("live", live_main, shared);
    }
}

/* ---- object ---- */

static void
fovea_live_finalize (GObject *object)
{
  FoveaLive *self = FOVEA_LIVE (object);

  g_warn_if_fail (self->thread == NULL); /* fovea_live_close() was not called */
  self->shared->live = NULL;
  shared_unref (self->shared);
  g_clear_pointer (&self->scores, fovea_live_scores_unref);
  g_free (self->problem);
  G_OBJECT_CLASS (fovea_live_parent_class)->finalize (object);
}

static void
fovea_live_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FoveaLive *self = FOVEA_LIVE (object);

  switch (id)
    {
    case PROP_ENABLED: g_value_set_boolean (value, self->enabled); break;
    case PROP_STATE: g_value_set_enum (value, (int) self->state); break;
    case PROP_BUSY: g_value_set_boolean (value, self->busy); break;
    case PROP_ACCURACY: g_value_set_double (value, self->accuracy); break;
    case PROP_ACCURACY_LOW: g_value_set_double (value, self->accuracy_low); break;
    case PROP_ACCURACY_HIGH: g_value_set_double (value, self->accuracy_high); break;
    case PROP_N_EVALUATED: g_value_set_uint (value, self->n_evaluated); break;
    case PROP_N_LABELLED: g_value_set_uint (value, self->n_labelled); break;
    case PROP_N_SUGGESTED: g_value_set_uint (value, self->n_suggested); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
fovea_live_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ENABLED)
    fovea_live_set_enabled (FOVEA_LIVE (object), g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
fovea_live_class_init (FoveaLiveClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = fovea_live_finalize;
  object_class->get_property = fovea_live_get_property;
  object_class->set_property = fovea_live_set_property;
  props[PROP_ENABLED] = g_param_spec_boolean ("enabled", NULL, NULL, TRUE, flags | G_PARAM_WRITABLE);
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, FOVEA_TYPE_LIVE_STATE, FOVEA_LIVE_OFF, flags);
  props[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, flags);
  props[PROP_ACCURACY] = g_param_spec_double ("accuracy", NULL, NULL, -1, 1, -1, flags);
  props[PROP_ACCURACY_LOW] = g_param_spec_double ("accuracy-low", NULL, NULL, -1, 1, -1, flags);
  props[PROP_ACCURACY_HIGH] = g_param_spec_double ("accuracy-high", NULL, NULL, -1, 1, -1, flags);
  props[PROP_N_EVALUATED] = g_param_spec_uint ("n-evaluated", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[PROP_N_LABELLED] = g_param_spec_uint ("n-labelled", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[PROP_N_SUGGESTED] = g_param_spec_uint ("n-suggested", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[UPDATED] = g_signal_new ("updated", FOVEA_TYPE_LIVE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
fovea_live_init (FoveaLive *self)
{
  self->enabled = TRUE;
  self->state = FOVEA_LIVE_TOO_FEW;
  self->accuracy = self->accuracy_low = self->accuracy_high = -1;
}

FoveaLive *
fovea_live_new (FoveaCore *core)
{
  FoveaLive *self = g_object_new (FOVEA_TYPE_LIVE, NULL);
  Shared *shared = g_new0 (Shared, 1);

  g_atomic_ref_count_init (&shared->ref_count);
  g_mutex_init (&shared->mutex);
  g_cond_init (&shared->cond);
  shared->core = fovea_core_ref (core);
  shared->context = g_main_context_ref_thread_default ();
  shared->live = self;
  self->shared = shared;
  fovea_live_refresh (self);
  return self;
}

void
fovea_live_refresh (FoveaLive *self)
{
  if (!self->enabled || self->closed)
    return;
  set_busy (self, TRUE);
  wake (self, FALSE);
}

void
fovea_live_close (FoveaLive *self)
{
  Shared *shared = self->shared;

  self->closed = TRUE;
  g_mutex_lock (&shared->mutex);
  shared->quit = TRUE;
  if (shared->cancellable != NULL)
    g_cancellable_cancel (shared->cancellable);
  g_cond_signal (&shared->cond);
  g_mutex_unlock (&shared->mutex);
  g_clear_pointer (&self->thread, g_thread_join);
  g_clear_pointer (&shared->core, fovea_core_unref);
}

FoveaLiveScores *
fovea_live_ref_scores (FoveaLive *self)
{
  return self->scores != NULL ? fovea_live_scores_ref (self->scores) : NULL;
}

/* ---- public ---- */

void
fovea_live_set_enabled (FoveaLive *self, gboolean enabled)
{
  enabled = !!enabled;
  if (self->enabled == enabled)
    return;
  self->enabled = enabled;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ENABLED]);
  if (enabled)
    {
      set_state (self, FOVEA_LIVE_TOO_FEW);
      fovea_live_refresh (self);
      return;
    }
  if (!self->closed)
    wake (self, TRUE);
  set_busy (self, FALSE);
  forget_estimate (self);
  set_uint (self, &self->n_labelled, 0, PROP_N_LABELLED);
  set_uint (self, &self->n_suggested, 0, PROP_N_SUGGESTED);
  set_state (self, FOVEA_LIVE_OFF);
  take_scores (self, NULL);
}

gboolean
fovea_live_get_enabled (FoveaLive *self)
{
  return self->enabled;
}

FoveaLiveState
fovea_live_get_state (FoveaLive *self)
{
  return self->state;
}

gboolean
fovea_live_get_busy (FoveaLive *self)
{
  return self->busy;
}

gboolean
fovea_live_get_exclusive (FoveaLive *self)
{
  return self->exclusive;
}

double
fovea_live_get_accuracy (FoveaLive *self, double *ret_low, double *ret_high)
{
  if (ret_low != NULL)
    *ret_low = self->accuracy_low;
  if (ret_high != NULL)
    *ret_high = self->accuracy_high;
  return self->accuracy;
}

guint
fovea_live_get_n_evaluated (FoveaLive *self)
{
  return self->n_evaluated;
}

guint
fovea_live_get_n_labelled (FoveaLive *self)
{
  return self->n_labelled;
}

guint
fovea_live_get_n_suggested (FoveaLive *self)
{
  return self->n_suggested;
}

static char *
ready_message (FoveaLive *self)
{
  if (self->presumed)
    return g_strdup (_("Say “not” of some pictures too: until then a random sample of unlabelled ones stands in"));
  if (self->accuracy < 0)
    return g_strdup (_("Label about ten pictures of each concept and an estimate of the accuracy appears"));
  return g_strdup_printf (ngettext ("Of %u labelled picture, looked at as if it had no label, about %.0f %% get the right suggestion. "
                                    "By chance it may really be %.0f to %.0f %%.",
                                    "Of %u labelled pictures, each looked at as if it had no label, about %.0f %% get the right suggestion. "
                                    "By chance it may really be %.0f to %.0f %%.", self->n_evaluated),
                          self->n_evaluated, 100 * self->accuracy, 100 * self->accuracy_low, 100 * self->accuracy_high);
}

char *
fovea_live_dup_message (FoveaLive *self)
{
  if (self->problem != NULL)
    return g_strdup (self->problem);
  switch (self->state)
    {
    case FOVEA_LIVE_OFF: return g_strdup (_("Suggestions while labelling are switched off"));
    case FOVEA_LIVE_TOO_FEW: return g_strdup (_("Label two pictures of at least two concepts and suggestions appear"));
    case FOVEA_LIVE_WAITING_FOR_VECTORS: return g_strdup (_("Suggestions appear when the labelled pictures have been looked at"));
    case FOVEA_LIVE_FITTING: return g_strdup (_("Learning from the labels…"));
    case FOVEA_LIVE_READY:
    default: return ready_message (self);
    }
}

gint64
fovea_live_get_suggestion (FoveaLive *self, gint64 picture_id, double *ret_value, double *ret_doubt)
{
  const FoveaLiveScores *scores = self->scores;
  gssize row = scores != NULL ? fovea_columns_find (scores->ids, scores->n, picture_id) : -1;
  int strongest;

  if (row < 0)
    return 0;
  strongest = fovea_live_scores_get_held_out_strongest (scores, (gsize) row);
  if (ret_value != NULL)
    *ret_value = fovea_live_scores_get_held_out (scores, (gsize) row, strongest);
  if (ret_doubt != NULL)
    *ret_doubt = (double) scores->doubt[row];
  return scores->concepts[strongest];
}

double
fovea_live_get_value (FoveaLive *self, gint64 picture_id, gint64 concept_id)
{
  gssize row = self->scores != NULL ? fovea_columns_find (self->scores->ids, self->scores->n, picture_id) : -1;

  return row >= 0 ? fovea_live_scores_get (self->scores, (gsize) row, fovea_live_scores_find_concept (self->scores, concept_id)) : -1.0;
}

GArray *
fovea_live_list_confident (FoveaLive *self, gint64 concept_id, double min_value, guint max)
{
  return self->scores != NULL ? fovea_live_scores_list_confident (self->scores, concept_id, min_value, max)
                              : g_array_new (FALSE, FALSE, sizeof (gint64));
}

guint
fovea_live_count_confident (FoveaLive *self, gint64 concept_id, double min_value)
{
  return self->scores != NULL ? fovea_live_scores_each_confident (self->scores, concept_id, min_value, NULL, NULL) : 0;
}
