/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/label-errors.h"

#include <glib/gi18n.h>
#include <string.h>

#include "engine/engine-error.h"
#include "engine/model-state-private.h"
#include "models/head-folds.h"
#include "nn/half.h"
#include "store/store-concepts.h"
#include "store/store-input-list.h"
#include "store/store-vectors.h"

#define N_FOLDS 5
#define SEED 1
/* Pictures that one fold learns from: more teach little about which labels stand out, and a fit stays well under a second. */
#define MAX_TRAINED 2048
/* Wrong labels pull a loose fit towards themselves; a tight one lets the many outvote them. */
#define C 3.0
#define READ_PAGE 512
/* [n, k] of probabilities: beyond this a random part of the pictures is looked at. */
#define MAX_CELLS ((gsize) 32 << 20)

void
fovea_label_errors_free (FoveaLabelErrors *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->errors, g_array_unref);
  g_free (self->labels_hash);
  g_free (self);
}

/* ---- the formula ---- */

typedef struct {
  double positive, negative; /* t_c, and the same of "not c" */
} Threshold;

static double
mean (double sum, gsize n, double otherwise)
{
  return n > 0 ? sum / (double) n : otherwise;
}

static gboolean
shows_something (const gint8 *row, guint k)
{
  for (guint c = 0; c < k; c++)
    if (row[c] > 0)
      return TRUE;
  return FALSE;
}

static Threshold *
find_thresholds (gsize n, guint k, const gint8 *labels, const float *held_out, const int *fold)
{
  Threshold *thresholds = g_new0 (Threshold, k);

  for (guint c = 0; c < k; c++)
    {
      double is = 0, is_not = 0, others = 0;
      gsize n_is = 0, n_is_not = 0, n_others = 0;

      for (gsize i = 0; i < n; i++)
        {
          double p = (double) held_out[i * k + c];

          if (fold[i] < 0)
            continue;
          if (labels[i * k + c] > 0)
            is += p, n_is++;
          else if (labels[i * k + c] < 0)
            is_not += 1 - p, n_is_not++;
          else if (shows_something (labels + i * k, k))
            others += 1 - p, n_others++;
        }
      thresholds[c].positive = mean (is, n_is, 1.0);
      thresholds[c].negative = mean (is_not, n_is_not, mean (others, n_others, 1.0));
    }
  return thresholds;
}

static void
take_top (FoveaLabelError *suspect, const float *row, guint k)
{
  for (guint t = 0; t < MIN (k, FOVEA_LABEL_ERROR_TOP); t++)
    {
      double best = -1;

      for (guint c = 0; c < k; c++)
        if ((double) row[c] > best && suspect->top[0] != c + 1 && suspect->top[1] != c + 1)
          {
            best = (double) row[c];
            suspect->top[t] = c + 1;
          }
      suspect->top_values[t] = best;
    }
}

static void
add_suspect (GArray *suspects, gsize row, guint given, guint likely, gboolean likely_is, double given_value, double value,
             gboolean confident, const float *probabilities, guint k)
{
  FoveaLabelError suspect = { .id = (gint64) row, .given = given + 1, .likely = likely + 1, .likely_is = likely_is,
                              .given_value = given_value, .value = value, .confident = confident };

  take_top (&suspect, probabilities, k);
  g_array_append_val (suspects, suspect);
}

static void
judge_exclusive (GArray *suspects, gsize row, guint k, const gint8 *labels, const float *p, const Threshold *thresholds)
{
  guint given = k, likely = k, best = 0;

  for (guint c = 0; c < k; c++)
    {
      if (labels[c] > 0 && given == k)
        given = c;
      if ((double) p[c] >= thresholds[c].positive && (likely == k || p[c] > p[likely]))
        likely = c;
      if (p[c] > p[best])
        best = c;
    }
  if (given == k)
    return;
  if (likely < k && likely != given)
    best = likely;
  /* A person who has said that it is not what the machine says has looked already. */
  if (best != given && labels[best] == 0)
    add_suspect (suspects, row, given, best, TRUE, (double) p[given], (double) p[best], best == likely, p, k);
}

static void
judge_independent (GArray *suspects, gsize row, guint k, const gint8 *labels, const float *p, const Threshold *thresholds)
{
  for (guint c = 0; c < k; c++)
    {
      double is = (double) p[c];

      if (labels[c] > 0 && is < 0.5)
        add_suspect (suspects, row, c, c, FALSE, is, 1 - is, 1 - is >= thresholds[c].negative, p, k);
      else if (labels[c] < 0 && is > 0.5)
        add_suspect (suspects, row, c, c, TRUE, 1 - is, is, is >= thresholds[c].positive, p, k);
    }
}

static int
compare_suspects (gconstpointer a, gconstpointer b)
{
  const FoveaLabelError *x = a, *y = b;
  double margin_x = x->given_value - x->value, margin_y = y->given_value - y->value;

  if (margin_x < margin_y || margin_x > margin_y)
    return margin_x < margin_y ? -1 : 1;
  return (x->id > y->id) - (x->id < y->id);
}

GArray *
fovea_label_errors_judge (gsize n, guint k, const gint8 *labels, const float *held_out, const int *fold, gboolean exclusive)
{
  GArray *suspects = g_array_new (FALSE, FALSE, sizeof (FoveaLabelError));
  g_autofree Threshold *thresholds = find_thresholds (n, k, labels, held_out, fold);

  for (gsize i = 0; i < n; i++)
    if (fold[i] >= 0 && exclusive)
      judge_exclusive (suspects, i, k, labels + i * k, held_out + i * k, thresholds);
    else if (fold[i] >= 0)
      judge_independent (suspects, i, k, labels + i * k, held_out + i * k, thresholds);
  g_array_sort (suspects, compare_suspects);
  return suspects;
}

/* ---- held-out probabilities ---- */

typedef struct {
  FoveaStore *reader;
  FoveaScheduler *scheduler;
  GCancellable *cancellable;
  FoveaRows *rows;
  GArray *concepts; /* gint64 a column */
  gboolean exclusive;
  gint64 space;
  guint dim;
  int *fold;
  float *held_out; /* [n, k] */

  /* One fold. */
  FoveaHeadData data;
  FoveaHead *head;
} Search;

static void
search_clear (Search *self)
{
  g_clear_pointer (&self->rows, fovea_rows_free);
  g_clear_pointer (&self->concepts, g_array_unref);
  g_clear_pointer (&self->head, fovea_head_unref);
  g_free (self->fold);
  g_free (self->held_out);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

static gboolean
say_too_little (GError **error, const char *text)
{
  g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, text);
  return FALSE;
}

/* The space that holds the most vectors. */
static gboolean
find_space (Search *self, GError **error)
{
  g_autoptr (GPtrArray) spaces = fovea_store_list_vector_spaces (self->reader, error);
  gsize most = 0;

  if (spaces == NULL)
    return FALSE;
  for (guint i = 0; i < spaces->len; i++)
    {
      const FoveaStoreVectorSpace *space = g_ptr_array_index (spaces, i);

      if (space->n_vectors > most)
        {
          most = space->n_vectors;
          self->space = space->id;
          self->dim = space->dims;
        }
    }
  return most > 0 || say_too_little (error, _("No picture is embedded yet"));
}

static gboolean
load_labels (Search *self, GError **error)
{
  g_autoptr (GPtrArray) all = fovea_store_list_concepts (self->reader, error);

  if (all == NULL)
    return FALSE;
  self->concepts = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (guint i = 0; i < all->len; i++)
    {
      const FoveaStoreConcept *concept = g_ptr_array_index (all, i);

      if (concept->n_positive > 0)
        g_array_append_val (self->concepts, concept->id);
    }
  if (self->concepts->len == 0)
    return say_too_little (error, _("No picture is labelled yet"));
  self->rows = fovea_rows_load_labels (self->reader, NULL, (const gint64 *) (gpointer) self->concepts->data, self->concepts->len, error);
  if (self->rows == NULL)
    return FALSE;
  /* Pictures with the same bytes are one group: a head that was trained on the one has seen the other. */
  for (gsize i = 0; i < self->rows->n; i++)
    if (self->rows->groups[i] == (guint64) self->rows->ids[i])
      memcpy (&self->rows->groups[i], self->rows->sha256 + 32 * i, sizeof (guint64));
  return self->rows->n > 0 || say_too_little (error, _("No picture is labelled yet"));
}

static gboolean
none_shows_two (const FoveaRows *rows)
{
  for (gsize i = 0; i < rows->n; i++)
    {
      guint n = 0;

      for (guint c = 0; c < rows->n_concepts; c++)
        n += rows->labels[i * rows->n_concepts + c] > 0;
      if (n > 1)
        return FALSE;
    }
  return rows->n_concepts > 1;
}

/* Vectors of @n rows by their ids, as f32; FALSE in @found where there is none. */
static gboolean
read_vectors (Search *self, const gint64 *ids, gsize n, float *vectors, gboolean *found, GError **error)
{
  g_autofree guint16 *halves = g_new (guint16, READ_PAGE * self->dim);

  for (gsize at = 0; at < n; at += READ_PAGE)
    {
      gsize n_page = MIN (READ_PAGE, n - at);

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error)
          || !fovea_store_get_vectors (self->reader, self->space, FOVEA_STORE_OF_INPUT, ids + at, n_page, halves, found + at, error))
        return FALSE;
      for (gsize i = 0; i < n_page * self->dim; i++)
        vectors[at * self->dim + i] = found[at + i / self->dim] ? fovea_f16_to_float (halves[i]) : 0;
    }
  return TRUE;
}

/* What the fold learns from, made dense: ids, labels, vectors. */
static gboolean
gather_fold (Search *self, int fold, GError **error)
{
  const FoveaRows *rows = self->rows;
  gsize k = rows->n_concepts, n = 0, kept = 0;
  g_autofree gboolean *used = g_new (gboolean, rows->n);
  g_autofree gboolean *found = NULL;
  g_autofree gint64 *ids = g_new (gint64, rows->n);
  g_autofree gint8 *labels = NULL;
  g_autofree float *vectors = NULL;

  for (gsize i = 0; i < rows->n; i++)
    used[i] = self->fold[i] != fold;
  fovea_head_sample (rows->n, rows->n_concepts, rows->labels, MAX_TRAINED, SEED, used);
  for (gsize i = 0; i < rows->n; i++)
    n += used[i];
  labels = g_new (gint8, MAX (n, 1) * k);
  vectors = g_new (float, MAX (n, 1) * self->dim);
  found = g_new (gboolean, MAX (n, 1));
  n = 0;
  for (gsize i = 0; i < rows->n; i++)
    if (used[i])
      {
        memcpy (labels + n * k, rows->labels + i * k, k);
        ids[n++] = rows->ids[i];
      }
  if (!read_vectors (self, ids, n, vectors, found, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (found[i])
      {
        memmove (labels + kept * k, labels + i * k, k);
        memmove (vectors + kept * self->dim, vectors + i * self->dim, self->dim * sizeof (float));
        kept++;
      }
  self->data = (FoveaHeadData){ .n_rows = kept, .dim = self->dim, .n_concepts = (guint) k };
  self->data.labels = g_steal_pointer (&labels);
  self->data.vectors[FOVEA_FIT_LETTERBOX] = g_steal_pointer (&vectors); /* a name only: there is one kind of vectors */
  return TRUE;
}

static gboolean
fit_fold (gpointer data, GCancellable *cancellable, GError **error)
{
  Search *self = data;
  g_autoptr (FoveaHeadTrainer) trainer = fovea_head_trainer_new ();
  g_autoptr (FoveaHeadResult) result = NULL;
  FoveaHeadOptions options;

  fovea_head_options_init (&options);
  options.exclusive = self->exclusive;
  options.c = C;
  options.folds = 0;
  result = fovea_head_trainer_train (trainer, &self->data, &options, NULL, NULL, cancellable, error);
  if (result == NULL)
    return FALSE;
  self->head = fovea_head_ref (result->head);
  return TRUE;
}

static gboolean
predict_fold (Search *self, int fold, GError **error)
{
  const FoveaRows *rows = self->rows;
  gsize k = rows->n_concepts;
  g_autofree float *vectors = g_new (float, READ_PAGE * self->dim);
  g_autofree float *probabilities = g_new (float, READ_PAGE * k);
  gint64 ids[READ_PAGE];
  gsize at[READ_PAGE];
  gboolean found[READ_PAGE];

  for (gsize i = 0; i < rows->n;)
    {
      gsize n = 0;

      for (; i < rows->n && n < READ_PAGE; i++)
        if (self->fold[i] == fold)
          {
            ids[n] = rows->ids[i];
            at[n++] = i;
          }
      if (!read_vectors (self, ids, n, vectors, found, error))
        return FALSE;
      fovea_head_predict (self->head, vectors, n, probabilities);
      for (gsize j = 0; j < n; j++)
        if (found[j])
          memcpy (self->held_out + at[j] * k, probabilities + j * k, k * sizeof (float));
        else
          self->fold[at[j]] = -1;
    }
  return TRUE;
}

static gboolean
run_fold (Search *self, int fold, GError **error)
{
  gboolean ok = gather_fold (self, fold, error)
                && fovea_scheduler_run (self->scheduler, FOVEA_PRIORITY_TRAINING, fit_fold, self, self->cancellable, error)
                && predict_fold (self, fold, error);

  g_free ((gpointer) self->data.labels);
  g_free ((gpointer) self->data.vectors[FOVEA_FIT_LETTERBOX]);
  self->data = (FoveaHeadData){ 0 };
  g_clear_pointer (&self->head, fovea_head_unref);
  return ok;
}

static gboolean
hold_out (Search *self, GError **error)
{
  const FoveaRows *rows = self->rows;
  g_autofree gboolean *used = g_new (gboolean, rows->n);
  guint n_folds;

  for (gsize i = 0; i < rows->n; i++)
    used[i] = TRUE;
  fovea_head_sample (rows->n, rows->n_concepts, rows->labels, MAX_CELLS / rows->n_concepts, SEED, used);
  self->fold = g_new (int, rows->n);
  n_folds = fovea_head_folds (rows->n, rows->n_concepts, rows->labels, rows->groups, used, N_FOLDS, SEED, self->fold);
  if (n_folds == 0)
    return say_too_little (error, _("Each concept has one labelled picture at most"));
  self->held_out = g_new0 (float, rows->n * rows->n_concepts);
  for (guint f = 0; f < n_folds; f++)
    if (!run_fold (self, (int) f, error))
      return FALSE;
  return TRUE;
}

/* ---- what was found ---- */

/* What people said, and how far the review of each picture is: a label that was kept in review is not asked for again. */
static char *
hash_labels (const Search *self)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  g_checksum_update (checksum, (const guchar *) self->concepts->data, (gssize) (self->concepts->len * sizeof (gint64)));
  g_checksum_update (checksum, (const guchar *) self->rows->ids, (gssize) (self->rows->n * sizeof (gint64)));
  g_checksum_update (checksum, (const guchar *) self->rows->labels, (gssize) (self->rows->n * self->rows->n_concepts));
  g_checksum_update (checksum, (const guchar *) &self->space, sizeof self->space);
  return g_strdup (g_checksum_get_string (checksum));
}

static GHashTable *
list_complete (Search *self, GError **error)
{
  const FoveaStoreFilter filter = { .state = -1 - FOVEA_STORE_INPUT_COMPLETE };
  g_autoptr (GArray) inputs = fovea_store_list_inputs (self->reader, &filter, error);
  GHashTable *complete;

  if (inputs == NULL)
    return NULL;
  complete = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < inputs->len; i++)
    g_hash_table_add (complete, (gpointer) (gintptr) g_array_index (inputs, FoveaStoreInputBrief, i).id);
  return complete;
}

static gint64
concept_at (const Search *self, gint64 column_and_one)
{
  return column_and_one > 0 ? g_array_index (self->concepts, gint64, column_and_one - 1) : 0;
}

/* Rows and columns become pictures and concepts. Of independent concepts a review can only say the same again, so those of
 * completed pictures count as looked at. */
static gboolean
name_suspects (Search *self, GArray *suspects, GError **error)
{
  g_autoptr (GHashTable) complete = self->exclusive ? g_hash_table_new (NULL, NULL) : list_complete (self, error);
  guint kept = 0;

  if (complete == NULL)
    return FALSE;
  for (guint i = 0; i < suspects->len; i++)
    {
      FoveaLabelError suspect = g_array_index (suspects, FoveaLabelError, i);

      suspect.id = self->rows->ids[suspect.id];
      suspect.given = concept_at (self, suspect.given);
      suspect.likely = concept_at (self, suspect.likely);
      for (guint t = 0; t < FOVEA_LABEL_ERROR_TOP; t++)
        suspect.top[t] = concept_at (self, suspect.top[t]);
      if (!g_hash_table_contains (complete, (gpointer) (gintptr) suspect.id))
        g_array_index (suspects, FoveaLabelError, kept++) = suspect;
    }
  g_array_set_size (suspects, kept);
  return TRUE;
}

FoveaLabelErrors *
fovea_label_errors_find (FoveaStore *reader, FoveaScheduler *scheduler, const FoveaLabelErrors *known, GCancellable *cancellable,
                         GError **error)
{
  g_auto (Search) self = { .reader = reader, .scheduler = scheduler, .cancellable = cancellable };
  g_autoptr (FoveaLabelErrors) found = g_new0 (FoveaLabelErrors, 1);

  if (!find_space (&self, error) || !load_labels (&self, error))
    return NULL;
  found->labels_hash = hash_labels (&self);
  if (known != NULL && g_strcmp0 (known->labels_hash, found->labels_hash) == 0)
    return NULL;
  self.exclusive = found->exclusive = none_shows_two (self.rows);
  if (!hold_out (&self, error))
    return NULL;
  found->errors = fovea_label_errors_judge (self.rows->n, self.rows->n_concepts, self.rows->labels, self.held_out, self.fold,
                                            self.exclusive);
  found->n_labelled = self.rows->n;
  for (gsize i = 0; i < self.rows->n; i++)
    found->n_looked_at += self.fold[i] >= 0;
  if (!name_suspects (&self, found->errors, error))
    return NULL;
  for (guint i = 0; i < found->errors->len; i++)
    found->n_confident += g_array_index (found->errors, FoveaLabelError, i).confident;
  return g_steal_pointer (&found);
}
