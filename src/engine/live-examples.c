/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/live-examples-private.h"

#include <math.h>

#include "store/store-columns.h"

/* One concept alone, without as many pictures that do not show it: */
#define FEW_NEGATIVES 20
#define LEAST_ALONE 5
#define PRESUMED_EACH 5
#define LEAST_PRESUMED 50
#define MOST_PRESUMED 1000

/* A picture that was labelled: said[first, first + n). */
typedef struct {
  gint64 id;
  guint first, n;
  gsize input; /* its row in the columns */
  guint stratum;
  guint64 order; /* a fixed random number */
} Row;

typedef struct {
  const GArray *said;
  FoveaInputColumns *inputs;
  const FoveaVectorSet *vectors;
  GArray *rows; /* of Row */
  GArray *concepts; /* gint64, ascending */
  GArray *counts;   /* Count, of them */
  FoveaLiveExamples *out;
} Choice;

typedef struct {
  guint n_positive, n_negative;
} Count;

void
fovea_live_examples_free (FoveaLiveExamples *self)
{
  g_free (self->ids);
  g_free (self->concepts);
  g_free (self->labels);
  g_free (self->groups);
  g_free (self);
}

static guint64
scatter (guint64 x)
{
  x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static const FoveaStoreSaid *
said_at (const Choice *self, guint i)
{
  return &g_array_index (self->said, FoveaStoreSaid, i);
}

static gboolean
is_held_out (const char *split)
{
  static const char *const names[] = { "test", "valid", "validation", "val" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (split, names[i]) == 0)
      return TRUE;
  return FALSE;
}

/* Every labelled picture that may teach; those held out only when there is nothing else. */
static void
collect (Choice *self, gboolean held_out)
{
  gsize input = 0;

  for (guint i = 0; i < self->said->len;)
    {
      Row row = { .id = said_at (self, i)->input, .first = i };
      gboolean certain = FALSE;

      for (; i < self->said->len && said_at (self, i)->input == row.id; i++)
        certain |= said_at (self, i)->certain;
      row.n = i - row.first;
      while (input < self->inputs->n && self->inputs->ids[input] < row.id)
        input++;
      if (!certain || input == self->inputs->n || self->inputs->ids[input] != row.id)
        continue;
      if (is_held_out (g_ptr_array_index (self->inputs->splits, self->inputs->split[input])) != held_out)
        continue;
      self->out->n_labelled++;
      if (self->vectors != NULL && fovea_vector_set_find (self->vectors, row.id) == NULL)
        {
          self->out->n_without++;
          continue;
        }
      row.input = input;
      row.order = scatter ((guint64) row.id);
      g_array_append_val (self->rows, row);
    }
}

/* Whether the labels read as "one of these": see labels_exclude_each_other() of model-edit.c, here on the rows. */
static gboolean
exclude_each_other (const Choice *self)
{
  gint64 first = 0;
  gboolean several = FALSE;
  guint n_shown = 0, n_only_not = 0;

  for (guint r = 0; r < self->rows->len; r++)
    {
      const Row *row = &g_array_index (self->rows, Row, r);
      guint n = 0;

      for (guint i = row->first; i < row->first + row->n; i++)
        {
          const FoveaStoreSaid *said = said_at (self, i);

          if (!said->certain || said->value == 0)
            continue;
          if (n++ > 0)
            return FALSE;
          if (first == 0)
            first = said->concept_;
          several = several || said->concept_ != first;
        }
      n_shown += n;
      n_only_not += n == 0;
    }
  return several && n_only_not <= n_shown;
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

/* Concepts with a positive example, and how many examples each has. */
static void
count_concepts (Choice *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (guint r = 0; r < self->rows->len; r++)
    {
      const Row *row = &g_array_index (self->rows, Row, r);

      for (guint i = row->first; i < row->first + row->n; i++)
        if (said_at (self, i)->certain && said_at (self, i)->value == 1
            && g_hash_table_add (seen, (gpointer) (gintptr) said_at (self, i)->concept_))
          g_array_append_val (self->concepts, said_at (self, i)->concept_);
    }
  g_array_sort (self->concepts, compare_ids);
  g_array_set_size (self->counts, self->concepts->len);
}

static gssize
column_of (const Choice *self, gint64 concept)
{
  return fovea_columns_find ((const gint64 *) (gpointer) self->concepts->data, self->concepts->len, concept);
}

/* Gives each row its stratum: its rarest concept would be best; its first positive (else first negative) is nearly that and
 * the same for all of a concept. */
static void
count_rows (Choice *self)
{
  guint kept = 0;

  for (guint r = 0; r < self->rows->len; r++)
    {
      Row row = g_array_index (self->rows, Row, r);
      guint none = 2 * self->concepts->len, stratum = none;

      for (guint i = row.first; i < row.first + row.n; i++)
        {
          const FoveaStoreSaid *said = said_at (self, i);
          gssize column = said->certain ? column_of (self, said->concept_) : -1;
          Count *count;

          if (column < 0)
            continue;
          count = &g_array_index (self->counts, Count, column);
          if (said->value == 1)
            count->n_positive++;
          else
            count->n_negative++;
          stratum = MIN (stratum, (guint) column + (said->value == 1 ? 0 : self->concepts->len));
        }
      row.stratum = stratum;
      if (stratum < (self->out->exclusive ? self->concepts->len : none))
        g_array_index (self->rows, Row, kept++) = row;
    }
  g_array_set_size (self->rows, kept);
}

static int
compare_strata (gconstpointer a, gconstpointer b)
{
  const Row *x = a, *y = b;

  if (x->stratum != y->stratum)
    return x->stratum < y->stratum ? -1 : 1;
  return (x->order > y->order) - (x->order < y->order);
}

static int
compare_rows (gconstpointer a, gconstpointer b)
{
  return compare_ids (&((const Row *) a)->id, &((const Row *) b)->id);
}

/* The largest share of a stratum with which all fit. */
static guint
find_share (const Choice *self, guint room)
{
  g_autofree guint *sizes = g_new0 (guint, 2 * self->concepts->len);
  guint low = 1, high = room;

  for (guint r = 0; r < self->rows->len; r++)
    sizes[g_array_index (self->rows, Row, r).stratum]++;
  while (low < high)
    {
      guint share = low + (high - low + 1) / 2, sum = 0;

      for (guint s = 0; s < 2 * self->concepts->len; s++)
        sum += MIN (sizes[s], share);
      if (sum <= room)
        low = share;
      else
        high = share - 1;
    }
  return low;
}

/* The same rows are chosen as long as the counts stay, so that a fit can start from the last one. */
static void
thin_out (Choice *self, guint room)
{
  guint share, taken = 0, kept = 0, stratum = G_MAXUINT;

  if (self->rows->len <= room)
    return;
  share = find_share (self, room);
  g_array_sort (self->rows, compare_strata);
  for (guint r = 0; r < self->rows->len; r++)
    {
      Row row = g_array_index (self->rows, Row, r);

      taken = row.stratum == stratum ? taken + 1 : 0;
      stratum = row.stratum;
      if (taken < share && kept < room)
        g_array_index (self->rows, Row, kept++) = row;
    }
  g_array_set_size (self->rows, kept);
  g_array_sort (self->rows, compare_rows);
}

/* Unlabelled pictures that stand in for "not", the same ones as long as there are as many. */
static void
presume (Choice *self)
{
  const Count *count = &g_array_index (self->counts, Count, 0);
  guint wanted = CLAMP (PRESUMED_EACH * count->n_positive, LEAST_PRESUMED, MOST_PRESUMED), at = 0;
  double share = (double) wanted / (double) MAX (self->vectors->n, 1);
  gsize input = 0;

  for (gsize i = 0; i < self->vectors->n; i++)
    {
      Row row = { .id = self->vectors->ids[i], .order = scatter ((guint64) self->vectors->ids[i]), .stratum = 1 };

      if (ldexp ((double) row.order, -64) >= share)
        continue;
      while (at < self->said->len && said_at (self, at)->input < row.id)
        at++;
      while (input < self->inputs->n && self->inputs->ids[input] < row.id)
        input++;
      if ((at < self->said->len && said_at (self, at)->input == row.id) || input == self->inputs->n
          || self->inputs->ids[input] != row.id)
        continue;
      row.input = input;
      g_array_append_val (self->rows, row);
    }
  self->out->presumed = TRUE;
  g_array_sort (self->rows, compare_rows);
}

static void
judge (Choice *self)
{
  guint two = 0, both = 0;

  for (guint c = 0; c < self->counts->len; c++)
    {
      const Count *count = &g_array_index (self->counts, Count, c);

      two += count->n_positive >= 2;
      both += count->n_positive >= 2 && count->n_negative >= 2;
    }
  self->out->enough = two >= 2 || (!self->out->exclusive && both >= 1);
  if (self->counts->len == 1 && g_array_index (self->counts, Count, 0).n_negative < FEW_NEGATIVES
      && g_array_index (self->counts, Count, 0).n_positive >= LEAST_ALONE)
    {
      self->out->enough = TRUE;
      if (self->vectors != NULL)
        presume (self);
    }
}

static guint64
mix (guint64 hash, guint64 word)
{
  return scatter (hash ^ word) + G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
}

static void
fill (Choice *self)
{
  FoveaLiveExamples *out = self->out;
  gsize n = self->rows->len;

  out->n = n;
  out->k = self->concepts->len;
  out->concepts = g_memdup2 (self->concepts->data, out->k * sizeof (gint64));
  out->ids = g_new (gint64, MAX (n, 1));
  out->groups = g_new (guint64, MAX (n, 1));
  out->labels = g_new0 (gint8, MAX (n * out->k, 1));
  out->hash = mix (out->exclusive, out->presumed);
  for (guint c = 0; c < out->k; c++)
    out->hash = mix (out->hash, (guint64) out->concepts[c]);
  for (gsize r = 0; r < n; r++)
    {
      const Row *row = &g_array_index (self->rows, Row, r);
      gint8 *labels = out->labels + r * out->k;

      out->ids[r] = row->id;
      out->groups[r] = self->inputs->group[row->input] != 0 ? self->inputs->group[row->input] : self->inputs->sha256[row->input];
      if (row->n == 0)
        labels[0] = -1; /* presumed */
      for (guint i = row->first; i < row->first + row->n; i++)
        {
          gssize column = said_at (self, i)->certain ? column_of (self, said_at (self, i)->concept_) : -1;

          if (column >= 0)
            labels[column] = said_at (self, i)->value == 1 ? 1 : -1;
        }
      out->hash = mix (out->hash, (guint64) row->id);
      for (guint c = 0; c < out->k; c++)
        if (labels[c] != 0)
          out->hash = mix (out->hash, 2 * c + (labels[c] > 0));
    }
}

FoveaLiveExamples *
fovea_live_examples_new (const FoveaLabelColumns *labels, FoveaInputColumns *inputs, const FoveaVectorSet *vectors, int exclusive)
{
  FoveaLiveExamples *out = g_new0 (FoveaLiveExamples, 1);
  Choice self = { .said = labels->said, .inputs = inputs, .vectors = vectors, .out = out };

  self.rows = g_array_new (FALSE, FALSE, sizeof (Row));
  self.concepts = g_array_new (FALSE, FALSE, sizeof (gint64));
  self.counts = g_array_new (FALSE, TRUE, sizeof (Count));
  collect (&self, FALSE);
  if (out->n_labelled == 0)
    collect (&self, TRUE);
  count_concepts (&self);
  out->exclusive = self.concepts->len > 1 && (exclusive >= 0 ? exclusive > 0 : exclude_each_other (&self));
  count_rows (&self);
  thin_out (&self, FOVEA_LIVE_MAX_ROWS);
  judge (&self);
  fill (&self);
  g_array_unref (self.rows);
  g_array_unref (self.concepts);
  g_array_unref (self.counts);
  return out;
}
