/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/training-advice.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n.h>

#include "engine/live-settings-private.h"
#include "engine/model-edit-private.h"
#include "engine/model-state-private.h"
#include "engine/project-private.h"
#include "engine/status-private.h"
#include "models/embedding-classifier.h"
#include "nn/half.h"
#include "store/store-vectors.h"

#define LEAST_ROWS 40
#define LEAST_EACH 5   /* pictures a concept, on average */
#define GOOD 0.97

/* Where deep training is taken to work as measured on larger sets. */
#define DEEP_EACH 20
#define DEEP_ROWS 200

/* One label in so many that is contradicted; training-advice.h has what was measured. */
#define CHECK_ONE_IN 10

typedef struct {
  double low, usual, high; /* share of a linear head's mistakes that it removes */
} Removed;

/* Clothes, 600 pictures of ten concepts: .25 in two minutes, .40 in five (EfficientNet-Lite2); small products .6, letters .7 (Lite0). */
static const Removed removed_on_enough = { 0.15, 0.3, 0.7 };
/* Clothes, Lite2: five of each .20, twelve of each .04 and .31 (two sets of three draws); grey medical pictures: nothing that is sure. */
static const Removed removed_on_few = { 0.0, 0.1, 0.35 };

void
fovea_training_advice_free (FoveaTrainingAdvice *advice)
{
  if (advice == NULL)
    return;
  g_free (advice->text);
  g_free (advice->reason);
  g_free (advice);
}

/* ---- the rule ---- */

static void
say_too_few (FoveaTrainingAdvice *advice)
{
  advice->advice = FOVEA_ADVICE_TOO_FEW;
  advice->text = g_strdup (_("Too few labels to say what would help most"));
  if (advice->n_concepts < 2)
    advice->reason = g_strdup (_("Label pictures of at least two concepts first."));
  else
    advice->reason
      = g_strdup_printf (ngettext ("%u labelled picture of %u concepts is not enough: label at least %u, %u of each concept.",
                                   "%u labelled pictures of %u concepts are not enough: label at least %u, %u of each concept.",
                                   (guint) advice->n_labelled),
                         (guint) advice->n_labelled, advice->n_concepts, MAX (LEAST_ROWS, LEAST_EACH * advice->n_concepts), LEAST_EACH);
}

static gboolean
has_enough (const FoveaTrainingAdvice *advice)
{
  return advice->n_labelled >= DEEP_ROWS && advice->n_labelled >= (gsize) DEEP_EACH * advice->n_concepts;
}

/* A head that has learnt nothing from many labels says nothing of what more would do either. */
static gboolean
is_guessing (const FoveaTrainingAdvice *advice)
{
  const FoveaLearningPoint *now = &advice->curve.points[FOVEA_LEARNING_PARTS - 1];

  return has_enough (advice) && now->accuracy < GOOD && now->low <= advice->curve.guessed;
}

/* What more would make of it. */
static char *
dup_outlook (const FoveaTrainingAdvice *advice)
{
  const FoveaLearningCurve *curve = &advice->curve;
  g_autofree char *twice = NULL, *deep = NULL;

  if (is_guessing (advice))
    return g_strdup (_("That may be no better than always saying the most frequent concept. Look at the labels first."));
  if (advice->advice == FOVEA_ADVICE_CHECK)
    return g_strdup_printf (_("At least %.0f %% of their labels look wrong, and deep training would learn such mistakes too."),
                            100.0 * (double) curve->n_contradicted / (double) MAX (curve->n_evaluated, 1));
  twice = g_strdup_printf (_("Twice the labels would probably make that %.0f %% (%.0f to %.0f %%)."), curve->twice * 100,
                           curve->twice_low * 100, curve->twice_high * 100);
  deep = g_strdup_printf (_("Deep training would probably make it about %.0f %% (%.0f to %.0f %%), going by the sets of pictures that it "
                            "was measured on."),
                          advice->deep * 100, advice->deep_low * 100, advice->deep_high * 100);
  return g_strjoin (" ", twice, deep, NULL);
}

static char *
dup_reason (const FoveaTrainingAdvice *advice)
{
  const FoveaLearningPoint *now = &advice->curve.points[FOVEA_LEARNING_PARTS - 1];
  guint n = (guint) advice->curve.n_evaluated;
  g_autofree char *is = g_strdup_printf (ngettext ("What the pretrained network learns from your labels is right on %.0f %% (%.0f to %.0f %%) "
                                                   "of %u picture that it had not seen.",
                                                   "What the pretrained network learns from your labels is right on %.0f %% (%.0f to %.0f %%) "
                                                   "of %u pictures that it had not seen.",
                                                   n),
                                         now->accuracy * 100, now->low * 100, now->high * 100, n);
  g_autofree char *outlook = dup_outlook (advice);

  return g_strjoin (" ", is, outlook, NULL);
}

static const char *
get_text (FoveaAdvice advice)
{
  switch (advice)
    {
    case FOVEA_ADVICE_GOOD: return _("There is little left to gain");
    case FOVEA_ADVICE_CHECK: return _("Putting wrong labels right is probably worth more than deep training");
    case FOVEA_ADVICE_LABELS: return _("More labels are probably worth more than deep training");
    case FOVEA_ADVICE_DEEP: return _("Deep training is probably worth it");
    case FOVEA_ADVICE_UNSURE:
    case FOVEA_ADVICE_TOO_FEW:
    default: return _("Neither deep training nor twice the labels is sure to help");
    }
}

static FoveaAdvice
decide (const FoveaTrainingAdvice *advice, double deep_gain)
{
  const FoveaLearningCurve *curve = &advice->curve;
  double now = curve->points[FOVEA_LEARNING_PARTS - 1].accuracy;
  double error = sqrt (now * (1 - now) / (double) MAX (curve->n_evaluated, 1)); /* standard error */

  if (now >= GOOD)
    return FOVEA_ADVICE_GOOD;
  if (is_guessing (advice))
    return FOVEA_ADVICE_UNSURE;
  if (has_enough (advice) && curve->n_contradicted >= curve->n_evaluated / CHECK_ONE_IN)
    return FOVEA_ADVICE_CHECK;
  if (deep_gain > error && deep_gain >= curve->gain)
    return FOVEA_ADVICE_DEEP;
  /* More labels also say more surely how good it is, so half as much is worth naming. */
  return curve->gain > error / 2 ? FOVEA_ADVICE_LABELS : FOVEA_ADVICE_UNSURE;
}

void
fovea_training_advice_decide (FoveaTrainingAdvice *advice)
{
  const FoveaLearningPoint *now = &advice->curve.points[FOVEA_LEARNING_PARTS - 1];
  const Removed *removed = has_enough (advice) ? &removed_on_enough : &removed_on_few;

  g_clear_pointer (&advice->text, g_free);
  g_clear_pointer (&advice->reason, g_free);
  if (advice->n_concepts < 2 || advice->n_labelled < MAX (LEAST_ROWS, (gsize) LEAST_EACH * advice->n_concepts) || advice->curve.n_evaluated == 0)
    {
      say_too_few (advice);
      return;
    }
  advice->deep = now->accuracy + removed->usual * (1 - now->accuracy);
  advice->deep_low = now->low + removed->low * (1 - now->low);
  advice->deep_high = now->high + removed->high * (1 - now->high);
  advice->advice = decide (advice, advice->deep - now->accuracy);
  if (advice->advice == FOVEA_ADVICE_CHECK || is_guessing (advice))
    advice->deep = advice->deep_low = advice->deep_high = 0;
  advice->text = g_strdup (get_text (advice->advice));
  advice->reason = dup_reason (advice);
}

/* ---- from a project ---- */

typedef struct {
  FoveaRows *rows;
  guint dim;
  float *vectors;  /* [rows->n, dim] */
  gboolean exclusive;
} Gathered;

static void
gathered_clear (Gathered *self)
{
  g_clear_pointer (&self->rows, fovea_rows_free);
  g_clear_pointer (&self->vectors, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Gathered, gathered_clear)

/* f32 [rows->n, dim]; rows that @space has no vector of are taken out of @found. */
static float *
read_space (FoveaStore *reader, gint64 space, const Gathered *self, gboolean *found, GError **error)
{
  const FoveaRows *rows = self->rows;
  g_autofree guint16 *halves = g_new (guint16, MAX (rows->n, 1) * self->dim);
  g_autofree gboolean *here = g_new0 (gboolean, MAX (rows->n, 1));
  float *vectors;

  if (!fovea_store_get_vectors (reader, space, FOVEA_STORE_OF_INPUT, rows->ids, rows->n, halves, here, error))
    return NULL;
  vectors = g_new0 (float, MAX (rows->n, 1) * self->dim);
  for (gsize i = 0; i < rows->n; i++)
    {
      if (here[i])
        fovea_f16_to_floats (halves + i * self->dim, vectors + i * self->dim, self->dim);
      found[i] &= here[i];
    }
  return vectors;
}

/* Rows without a vector teach nothing; the others move together. */
static void
keep_found (Gathered *self, const gboolean *found)
{
  FoveaRows *rows = self->rows;
  gsize k = rows->n_concepts, kept = 0;

  for (gsize i = 0; i < rows->n; i++)
    {
      if (!found[i])
        continue;
      memmove (self->vectors + kept * self->dim, self->vectors + i * self->dim, self->dim * sizeof (float));
      memmove (rows->labels + kept * k, rows->labels + i * k, k);
      rows->groups[kept++] = rows->groups[i];
    }
  for (gsize i = kept; i < rows->n; i++)
    g_clear_pointer (&rows->public_ids[i], g_free);
  rows->n = kept;
}

static gsize
count_found (const gboolean *found, gsize n)
{
  gsize n_found = 0;

  for (gsize i = 0; i < n; i++)
    n_found += found[i];
  return n_found;
}

/* Where a training has made those of the cut-out middle too, a head looks at both, as that training's does. */
static gboolean
add_crop (FoveaStore *reader, gint64 space, Gathered *self, gboolean *found, GError **error)
{
  g_autoptr (GPtrArray) spaces = fovea_store_list_vector_spaces (reader, error);
  const FoveaStoreVectorSpace *first = NULL, *crop = NULL;
  gsize n = self->rows->n;
  g_autofree gboolean *both = g_memdup2 (found, MAX (n, 1) * sizeof (gboolean));
  const float *fits[FOVEA_N_FITS] = { 0 };
  g_autofree float *vectors = NULL;

  for (guint i = 0; spaces != NULL && i < spaces->len; i++)
    if (((const FoveaStoreVectorSpace *) g_ptr_array_index (spaces, i))->id == space)
      first = g_ptr_array_index (spaces, i);
  for (guint i = 0; first != NULL && i < spaces->len; i++)
    {
      const FoveaStoreVectorSpace *other = g_ptr_array_index (spaces, i);

      if (g_strcmp0 (other->pack_hash, first->pack_hash) == 0 && other->preprocessing == first->preprocessing
          && g_strcmp0 (first->fit, fovea_fit_name (FOVEA_FIT_LETTERBOX)) == 0 && g_strcmp0 (other->fit, fovea_fit_name (FOVEA_FIT_CROP)) == 0)
        crop = other;
    }
  if (crop == NULL)
    return spaces != NULL;
  vectors = read_space (reader, crop->id, self, both, error);
  if (vectors == NULL)
    return FALSE;
  if (count_found (both, n) < count_found (found, n))
    return TRUE;
  fits[FOVEA_FIT_LETTERBOX] = self->vectors;
  fits[FOVEA_FIT_CROP] = vectors;
  fovea_views_combine (FOVEA_VIEWS_CROP_LETTERBOX, fits, n, self->dim, self->vectors);
  return TRUE;
}

static gboolean
load_vectors (FoveaStore *reader, gint64 space, Gathered *self, GError **error)
{
  g_autofree gboolean *found = g_new (gboolean, MAX (self->rows->n, 1));

  for (gsize i = 0; i < self->rows->n; i++)
    found[i] = TRUE;
  self->vectors = read_space (reader, space, self, found, error);
  if (self->vectors == NULL || !add_crop (reader, space, self, found, error))
    return FALSE;
  keep_found (self, found);
  return TRUE;
}

static guint
count_concepts (const FoveaRows *rows)
{
  guint n = 0;

  for (guint c = 0; c < rows->n_concepts; c++)
    {
      gboolean any = FALSE;

      for (gsize i = 0; i < rows->n && !any; i++)
        any = rows->labels[i * rows->n_concepts + c] > 0;
      n += any;
    }
  return n;
}

static gboolean
gather (FoveaStore *reader, Gathered *self, GError **error)
{
  g_autoptr (GObject) params = g_object_new (FOVEA_TYPE_EMBEDDING_CLASSIFIER, NULL);
  FoveaLiveSettings settings;

  self->rows = fovea_rows_load_to_learn (reader, error);
  if (self->rows == NULL || !fovea_model_infer_exclusive (reader, params, error))
    return FALSE;
  g_object_get (params, "concepts-mutually-exclusive", &self->exclusive, NULL);
  fovea_live_settings_read (reader, &settings);
  self->dim = settings.dim;
  if (settings.space != 0)
    return load_vectors (reader, settings.space, self, error);
  self->rows->n = 0;
  return TRUE;
}

/* Eats @reader, and lets it go before the computing begins: a project can be closed meanwhile. */
static FoveaTrainingAdvice *
advise (FoveaStore *reader, FoveaScheduler *scheduler, GCancellable *cancellable, GError **error)
{
  g_auto (Gathered) gathered = { 0 };
  g_autoptr (FoveaTrainingAdvice) advice = g_new0 (FoveaTrainingAdvice, 1);
  FoveaHeadData data;
  gboolean ok = gather (reader, &gathered, error);

  fovea_store_free (reader);
  if (!ok)
    return NULL;
  advice->n_labelled = gathered.rows->n;
  advice->n_concepts = count_concepts (gathered.rows);
  data = (FoveaHeadData){ .n_rows = gathered.rows->n, .dim = gathered.dim, .n_concepts = gathered.rows->n_concepts,
                          .labels = gathered.rows->labels, .groups = gathered.rows->groups };
  data.vectors[FOVEA_FIT_LETTERBOX] = gathered.vectors; /* a name only: there is one kind of vectors */
  if (advice->n_concepts >= 2 && advice->n_labelled >= MAX (LEAST_ROWS, (gsize) LEAST_EACH * advice->n_concepts)
      && !fovea_learning_curve_make (&data, gathered.exclusive, scheduler, cancellable, &advice->curve, error))
    return NULL;
  fovea_training_advice_decide (advice);
  return g_steal_pointer (&advice);
}

FoveaTrainingAdvice *
fovea_project_advise (FoveaProject *self, GError **error)
{
  FoveaCore *core = fovea_project_get_core (self);
  FoveaStore *reader = fovea_core_open_reader (core, error);

  return reader != NULL ? advise (reader, fovea_core_get_scheduler (core), NULL, error) : NULL;
}

/* ---- in the background ---- */

typedef struct {
  GTask *task;
  FoveaStore *reader;
  FoveaScheduler *scheduler;
  FoveaTrainingAdvice *advice;
  GError *error;
} Advising;

static gboolean
on_advised (gpointer data)
{
  Advising *self = data;

  if (self->advice != NULL)
    g_task_return_pointer (self->task, self->advice, (GDestroyNotify) fovea_training_advice_free);
  else
    g_task_return_error (self->task, self->error);
  g_object_unref (self->task);
  fovea_scheduler_unref (self->scheduler);
  g_free (self);
  return G_SOURCE_REMOVE;
}

static gpointer
advise_on_thread (gpointer data)
{
  Advising *self = data;
  g_autoptr (GSource) idle = g_idle_source_new ();

  self->advice = advise (g_steal_pointer (&self->reader), self->scheduler, g_task_get_cancellable (self->task), &self->error);
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, on_advised, self, NULL);
  g_source_attach (idle, g_task_get_context (self->task));
  return NULL;
}

void
fovea_project_advise_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  FoveaCore *core = fovea_project_get_core (self);
  GTask *task = g_task_new (NULL, cancellable, callback, data);
  GError *error = NULL;
  FoveaStore *reader = fovea_core_open_reader (core, &error);
  Advising *advising;

  if (reader == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  advising = g_new0 (Advising, 1);
  advising->task = task;
  advising->reader = reader;
  advising->scheduler = fovea_scheduler_ref (fovea_core_get_scheduler (core));
  g_thread_unref (g_thread_new ("advice", advise_on_thread, advising));
}

FoveaTrainingAdvice *
fovea_project_advise_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- JSON ---- */

static void
add_interval (JsonObject *object, const char *name, double accuracy, double low, double high)
{
  JsonObject *member = name != NULL ? json_object_new () : object;

  json_object_set_double_member (member, "accuracy", accuracy);
  json_object_set_double_member (member, "low", low);
  json_object_set_double_member (member, "high", high);
  if (name != NULL)
    json_object_set_object_member (object, name, member);
}

JsonNode *
fovea_training_advice_dup_json (const FoveaTrainingAdvice *advice)
{
  static const char *const names[] = { "too-few", "good", "check", "labels", "deep", "unsure" };
  JsonNode *node = fovea_json_take_object (json_object_new ());
  JsonObject *object = json_node_get_object (node);
  JsonArray *curve = json_array_new ();

  json_object_set_string_member (object, "advice", names[advice->advice]);
  json_object_set_string_member (object, "text", advice->text);
  json_object_set_string_member (object, "reason", advice->reason);
  json_object_set_int_member (object, "labelled", (gint64) advice->n_labelled);
  json_object_set_int_member (object, "concepts", advice->n_concepts);
  json_object_set_array_member (object, "curve", curve);
  if (advice->advice == FOVEA_ADVICE_TOO_FEW)
    return node;
  for (guint i = 0; i < FOVEA_LEARNING_PARTS; i++)
    {
      const FoveaLearningPoint *point = &advice->curve.points[i];
      JsonObject *one = json_object_new ();

      json_object_set_double_member (one, "labels", point->n_trained);
      add_interval (one, NULL, point->accuracy, point->low, point->high);
      json_array_add_object_element (curve, one);
    }
  json_object_set_int_member (object, "evaluated", (gint64) advice->curve.n_evaluated);
  json_object_set_int_member (object, "contradicted", (gint64) advice->curve.n_contradicted);
  add_interval (object, "twice", advice->curve.twice, advice->curve.twice_low, advice->curve.twice_high);
  if (advice->deep > 0)
    add_interval (object, "deep", advice->deep, advice->deep_low, advice->deep_high);
  return node;
}
