/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pictures are learned from, and which are held out. */
#include <glib/gi18n.h>
#include <string.h>

#include "engine/deep-private.h"
#include "engine/engine-error.h"
#include "engine/path-guard-private.h"
#include "engine/status-private.h"
#include "store/store-inputs.h"

#define READ_PAGE 512
/* Of what the program may take: for pictures that are kept. */
#define CACHE_PART 4

typedef struct {
  FoveaDeep *deep;
  FoveaRows *held_out; /* (nullable) rows of a split of their own */
  char **paths, **held_out_paths;
} Gathering;

static gboolean
find_paths (FoveaStore *store, FoveaPathGuard *guard, const FoveaRows *rows, char **paths, GError **error)
{
  for (gsize at = 0; at < rows->n; at += READ_PAGE)
    {
      const gsize end = MIN (at + READ_PAGE, rows->n);
      g_autoptr (GPtrArray) inputs = fovea_store_get_inputs (store, rows->ids + at, end - at, error);
      gsize row = at;

      if (inputs == NULL)
        return FALSE;
      for (guint i = 0; i < inputs->len; i++)
        {
          const FoveaStoreInput *input = g_ptr_array_index (inputs, i);

          while (row < end && rows->ids[row] != input->id)
            row++;
          if (row < end && fovea_path_guard_allows (guard, input->path))
            paths[row] = g_strdup (input->path);
        }
    }
  return TRUE;
}

/* Pictures that a person has set apart to validate on, when the training has a split of its own. */
static gboolean
find_validation_split (Gathering *self, FoveaStore *store, GError **error)
{
  static const char *const names[] = { "validation", "valid", "val" };
  FoveaTraining *training = self->deep->training;
  g_autofree gint64 *concepts = g_new (gint64, MAX (training->concepts->len, 1));

  for (guint i = 0; i < training->concepts->len; i++)
    concepts[i] = ((FoveaStoreConcept *) g_ptr_array_index (training->concepts, i))->id;
  for (guint i = 0; training->split != NULL && i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (FoveaRows) rows = NULL;

      if (strcmp (training->split, names[i]) == 0)
        continue;
      rows = fovea_rows_load_labels (store, names[i], concepts, training->concepts->len, error);
      if (rows == NULL)
        return FALSE;
      if (rows->n == 0)
        continue;
      self->held_out = g_steal_pointer (&rows);
      return TRUE;
    }
  return TRUE;
}

static gboolean
read_store (FoveaStore *store, gpointer data, GError **error)
{
  Gathering *self = data;
  g_autoptr (FoveaPathGuard) guard = fovea_path_guard_new (store, error);
  FoveaRows *rows = self->deep->training->rows;

  if (guard == NULL || !find_validation_split (self, store, error))
    return FALSE;
  self->paths = g_new0 (char *, rows->n + 1);
  if (!find_paths (store, guard, rows, self->paths, error))
    return FALSE;
  if (self->held_out == NULL)
    return TRUE;
  self->held_out_paths = g_new0 (char *, self->held_out->n + 1);
  return find_paths (store, guard, self->held_out, self->held_out_paths, error);
}

/* --- what a row is --- */

static guint
first_positive (const FoveaRows *rows, gsize row)
{
  for (guint k = 0; k < rows->n_concepts; k++)
    if (rows->labels[row * rows->n_concepts + k] > 0)
      return k;
  return G_MAXUINT;
}

/* A picture of none of the concepts teaches nothing where each has exactly one. */
static gboolean
is_of_use (const FoveaDeep *deep, const FoveaRows *rows, gsize row, char *const *paths)
{
  return paths[row] != NULL && (!deep->options.exclusive || first_positive (rows, row) != G_MAXUINT);
}

/* What was not said of a labelled picture counts as not there, as in a head's training. */
static void
add_row (FoveaDeep *deep, const FoveaRows *rows, gsize row, char **paths)
{
  const guint k = rows->n_concepts, at = deep->n++;
  guint n_positive = 0;

  deep->paths[at] = g_steal_pointer (&paths[row]);
  deep->ids[at] = rows->ids[row];
  memcpy (deep->sha256 + 32 * at, rows->sha256 + 32 * row, 32);
  memcpy (deep->truth + (gsize) at * k, rows->labels + row * k, k);
  for (guint c = 0; c < k; c++)
    n_positive += rows->labels[row * k + c] > 0;
  for (guint c = 0; c < k; c++)
    if (rows->labels[row * k + c] > 0)
      deep->targets[(gsize) at * k + c] = deep->options.exclusive ? 1 / (float) n_positive : 1;
}

/* --- holding out --- */

/* A number that only the seed and the group decide. */
static guint64
lot_of (guint64 seed, guint64 group)
{
  guint64 z = (group ^ seed * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) + G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

typedef struct {
  guint concept;
  guint64 lot;
  gsize row;
} Lot;

static int
compare_lots (gconstpointer a, gconstpointer b)
{
  const Lot *x = a, *y = b;

  if (x->concept != y->concept)
    return x->concept < y->concept ? -1 : 1;
  return x->lot < y->lot ? -1 : x->lot > y->lot;
}

/* A group that shows several concepts is held out with all of its rows. */
static void
hold_out_whole_groups (const FoveaRows *rows, gboolean *held_out)
{
  g_autoptr (GHashTable) groups = g_hash_table_new (g_int64_hash, g_int64_equal);

  for (gsize i = 0; i < rows->n; i++)
    if (held_out[i])
      g_hash_table_add (groups, &rows->groups[i]);
  for (gsize i = 0; i < rows->n; i++)
    held_out[i] = g_hash_table_contains (groups, &rows->groups[i]);
}

/* The same part of each concept's pictures, by lots that the rows of a group share. None of a concept with so few that
 * each one is needed. */
static void
choose_held_out (const FoveaDeep *deep, const FoveaRows *rows, char *const *paths, gboolean *held_out)
{
  g_autofree Lot *lots = g_new (Lot, MAX (rows->n, 1));
  gsize n = 0;

  for (gsize i = 0; i < rows->n; i++)
    if (is_of_use (deep, rows, i, paths))
      lots[n++] = (Lot) { first_positive (rows, i), lot_of (deep->options.seed, rows->groups[i]), i };
  qsort (lots, n, sizeof *lots, compare_lots);
  for (gsize from = 0, to; from < n; from = to)
    {
      gsize wanted, last;

      for (to = from; to < n && lots[to].concept == lots[from].concept; to++)
        ;
      wanted = to - from > FOVEA_DEEP_FEW ? (gsize) (deep->options.validation_fraction * (double) (to - from)) : 0;
      for (last = from + wanted; wanted > 0 && last < to && lots[last].lot == lots[last - 1].lot; last++)
        ;
      for (gsize i = from; i < last; i++)
        held_out[lots[i].row] = TRUE;
    }
  hold_out_whole_groups (rows, held_out);
}

static void
allocate (FoveaDeep *deep, gsize n)
{
  deep->paths = g_new0 (char *, n + 1);
  deep->sha256 = g_new (guint8, MAX (32 * n, 1));
  deep->ids = g_new (gint64, MAX (n, 1));
  deep->truth = g_new (gint8, MAX (n * deep->n_concepts, 1));
  deep->targets = g_new0 (float, MAX (n * deep->n_concepts, 1));
}

static void
order_rows (Gathering *self)
{
  FoveaDeep *deep = self->deep;
  FoveaRows *rows = deep->training->rows;
  g_autofree gboolean *held_out = g_new0 (gboolean, MAX (rows->n, 1));

  allocate (deep, rows->n + (self->held_out != NULL ? self->held_out->n : 0));
  if (self->held_out == NULL)
    choose_held_out (deep, rows, self->paths, held_out);
  for (guint pass = 0; pass < 2; pass++)
    {
      for (gsize i = 0; i < rows->n; i++)
        if (held_out[i] == (gboolean) pass && is_of_use (deep, rows, i, self->paths))
          add_row (deep, rows, i, self->paths);
      if (pass == 0)
        deep->n_held_out = deep->n;
    }
  for (gsize i = 0; self->held_out != NULL && i < self->held_out->n; i++)
    if (is_of_use (deep, self->held_out, i, self->held_out_paths))
      add_row (deep, self->held_out, i, self->held_out_paths);
  deep->n_held_out = deep->n - deep->n_held_out;
}

static void
report_outside (FoveaDeep *deep, const FoveaRows *rows, char *const *paths)
{
  for (gsize i = 0; i < rows->n; i++)
    if (paths[i] == NULL)
      fovea_job_add_report_row (deep->training->job, rows->public_ids[i], FOVEA_STATUS_FAILURE, _("Not read"),
                                _("The file lies outside of the folders that you have allowed, or is no longer in the project"));
}

/* Concepts without a picture are left out of the count: they cannot be learned, and do not make the others few. Nor does one that
 * is rare among many. */
static gboolean
count_concepts (FoveaDeep *deep, GError **error)
{
  g_autofree gsize *n_pictures = g_new0 (gsize, MAX (deep->n_concepts, 1));
  gsize n_of_all = 0;
  guint n_with = 0;

  for (guint k = 0; k < deep->n_concepts; k++)
    {
      for (guint i = 0; i < deep->n - deep->n_held_out; i++)
        n_pictures[k] += deep->truth[(gsize) i * deep->n_concepts + k] > 0;
      n_with += n_pictures[k] > 0;
      n_of_all += n_pictures[k];
    }
  deep->n_each = n_of_all / MAX (n_with, 1);
  if (deep->options.balanced)
    {
      deep->concept_weights = g_new (float, MAX (deep->n_concepts, 1));
      fovea_deep_concept_weights (n_pictures, deep->n_concepts, deep->concept_weights);
      deep->loss.class_weights = deep->concept_weights;
    }
  if (n_with >= (deep->options.exclusive ? 2 : 1))
    return TRUE;
  g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                       deep->options.exclusive ? _("Label pictures of at least two concepts first") : _("Label pictures of a concept first"));
  return FALSE;
}

static gboolean
read_pictures (FoveaDeep *deep, GError **error)
{
  FoveaTraining *training = deep->training;
  const FoveaTrainingPicturesSpec spec = {
    .paths = (const char *const *) deep->paths, .sha256 = deep->sha256, .targets = deep->targets, .n = deep->n,
    .n_concepts = deep->n_concepts, .n_held_out = deep->n_held_out, .input = deep->input,
    .augmentation = deep->options.augmentation, .batch_size = deep->options.batch_size, .seed = deep->options.seed,
    .cache_bytes = fovea_scheduler_get_memory_budget (fovea_core_get_scheduler (training->core)) / CACHE_PART,
  };

  deep->pictures = fovea_training_pictures_new (training->core, training->job, &spec, error);
  return deep->pictures != NULL;
}

gboolean
fovea_deep_gather (FoveaDeep *deep, GError **error)
{
  Gathering self = { .deep = deep };
  gboolean ok = fovea_core_read (deep->training->core, read_store, &self, error);

  if (ok)
    {
      report_outside (deep, deep->training->rows, self.paths);
      order_rows (&self);
      ok = count_concepts (deep, error) && read_pictures (deep, error);
    }
  /* Not g_strfreev: those that were taken are NULL in the middle. */
  for (gsize i = 0; self.paths != NULL && i < deep->training->rows->n; i++)
    g_free (self.paths[i]);
  for (gsize i = 0; self.held_out_paths != NULL && i < self.held_out->n; i++)
    g_free (self.held_out_paths[i]);
  g_free (self.paths);
  g_free (self.held_out_paths);
  g_clear_pointer (&self.held_out, fovea_rows_free);
  return ok;
}
