/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/live-scores-private.h"

#include <math.h>
#include <string.h>

#include "store/store-columns.h"

#define N_BINS 4096

FoveaLiveScores *
fovea_live_scores_new (const FoveaHead *head, const gint64 *concepts, gint64 space, const gint64 *ids, gsize n,
                       FoveaLabelColumns *labels)
{
  FoveaLiveScores *self = g_new0 (FoveaLiveScores, 1);
  gsize room = MAX (n, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->space = space;
  self->dim = head->dim;
  self->exclusive = head->exclusive;
  self->k = head->n_concepts;
  self->concepts = g_memdup2 (concepts, self->k * sizeof (gint64));
  self->n = n;
  self->ids = g_new (gint64, room);
  memcpy (self->ids, ids, n * sizeof (gint64));
  self->strongest = g_new0 (guint16, room);
  self->value = g_new0 (float, room);
  self->doubt = g_new0 (float, room);
  if (n * self->k <= FOVEA_LIVE_MAX_VALUES)
    self->values = g_new0 (float, room * self->k);
  self->labels = fovea_label_columns_ref (labels);
  return self;
}

FoveaLiveScores *
fovea_live_scores_ref (FoveaLiveScores *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
fovea_live_scores_unref (FoveaLiveScores *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->concepts);
  g_free (self->ids);
  g_free (self->strongest);
  g_free (self->value);
  g_free (self->doubt);
  g_free (self->values);
  g_free (self->held_out_ids);
  g_free (self->held_out);
  fovea_label_columns_unref (self->labels);
  g_free (self);
}

FoveaLiveScores *
fovea_live_scores_copy (const FoveaLiveScores *self)
{
  FoveaLiveScores *copy = g_memdup2 (self, sizeof *self);

  g_atomic_ref_count_init (&copy->ref_count);
  copy->concepts = g_memdup2 (self->concepts, self->k * sizeof (gint64));
  copy->ids = g_memdup2 (self->ids, self->n * sizeof (gint64));
  copy->strongest = g_memdup2 (self->strongest, self->n * sizeof (guint16));
  copy->value = g_memdup2 (self->value, self->n * sizeof (float));
  copy->doubt = g_memdup2 (self->doubt, self->n * sizeof (float));
  copy->values = self->values != NULL ? g_memdup2 (self->values, self->n * self->k * sizeof (float)) : NULL;
  copy->held_out_ids = g_memdup2 (self->held_out_ids, self->n_held_out * sizeof (gint64));
  copy->held_out = g_memdup2 (self->held_out, self->n_held_out * self->k * sizeof (float));
  fovea_label_columns_ref (copy->labels);
  return copy;
}

void
fovea_live_scores_set (FoveaLiveScores *self, gsize to, const float *probabilities)
{
  float first = -1.0f, second = 0.0f, nearest = 0.0f;

  for (guint c = 0; c < self->k; c++)
    {
      float p = probabilities[c];

      nearest = MAX (nearest, 1.0f - fabsf (2.0f * p - 1.0f));
      if (p > first)
        {
          second = MAX (first, 0.0f);
          first = p;
          self->strongest[to] = (guint16) c;
        }
      else if (p > second)
        second = p;
    }
  self->value[to] = first;
  self->doubt[to] = self->exclusive ? 1.0f - (first - second) : nearest;
  if (self->values != NULL)
    memcpy (self->values + to * self->k, probabilities, self->k * sizeof (float));
}

void
fovea_live_scores_take (FoveaLiveScores *self, gsize to, const FoveaLiveScores *other, gsize from)
{
  self->strongest[to] = other->strongest[from];
  self->value[to] = other->value[from];
  self->doubt[to] = other->doubt[from];
  if (self->values != NULL && other->values != NULL)
    memcpy (self->values + to * self->k, other->values + from * self->k, self->k * sizeof (float));
}

int
fovea_live_scores_find_concept (const FoveaLiveScores *self, gint64 concept)
{
  for (guint c = 0; c < self->k; c++)
    if (self->concepts[c] == concept)
      return (int) c;
  return -1;
}

double
fovea_live_scores_get (const FoveaLiveScores *self, gsize row, int concept)
{
  if (concept < 0)
    return -1.0;
  if (self->values != NULL)
    return (double) self->values[row * self->k + (gsize) concept];
  return self->strongest[row] == concept ? (double) self->value[row] : -1.0;
}

static const float *
find_held_out (const FoveaLiveScores *self, gsize row)
{
  gssize at = fovea_columns_find (self->held_out_ids, self->n_held_out, self->ids[row]);

  return at >= 0 ? self->held_out + (gsize) at * self->k : NULL;
}

double
fovea_live_scores_get_held_out (const FoveaLiveScores *self, gsize row, int concept)
{
  const float *held_out = concept >= 0 ? find_held_out (self, row) : NULL;

  return held_out != NULL ? (double) held_out[concept] : fovea_live_scores_get (self, row, concept);
}

int
fovea_live_scores_get_held_out_strongest (const FoveaLiveScores *self, gsize row)
{
  const float *held_out = find_held_out (self, row);
  int best = 0;

  if (held_out == NULL)
    return self->strongest[row];
  for (guint c = 1; c < self->k; c++)
    if (held_out[c] > held_out[best])
      best = (int) c;
  return best;
}

/* Whether anything (@concept 0) or something of @concept was said of the picture; @at walks on with the rows. */
static gboolean
was_said (const GArray *said, guint *at, gint64 id, gint64 concept)
{
  gboolean found = FALSE;

  while (*at < said->len && g_array_index (said, FoveaStoreSaid, *at).input < id)
    (*at)++;
  for (guint i = *at; i < said->len && g_array_index (said, FoveaStoreSaid, i).input == id && !found; i++)
    found = concept == 0 || g_array_index (said, FoveaStoreSaid, i).concept_ == concept;
  return found;
}

guint
fovea_live_scores_each_confident (const FoveaLiveScores *self, gint64 concept, double min_value, FoveaConfidentFunc func,
                                  gpointer data)
{
  int column = concept != 0 ? fovea_live_scores_find_concept (self, concept) : -1;
  gboolean by_concept = column >= 0 && !self->exclusive;
  guint n = 0, at = 0;

  if (concept != 0 && column < 0)
    return 0;
  for (gsize i = 0; i < self->n; i++)
    {
      double value = by_concept ? fovea_live_scores_get (self, i, column) : (double) self->value[i];

      if (value < min_value || (column >= 0 && !by_concept && self->strongest[i] != column)
          || was_said (self->labels->said, &at, self->ids[i], by_concept ? concept : 0))
        continue;
      n++;
      if (func != NULL)
        func (self->ids[i], value, data);
    }
  return n;
}

typedef struct {
  gint64 id;
  double value;
} Confident;

static void
add_confident (gint64 id, double value, gpointer data)
{
  const Confident one = { id, value };

  g_array_append_val ((GArray *) data, one);
}

static int
compare_confident (gconstpointer a, gconstpointer b)
{
  const Confident *x = a, *y = b;

  if (x->value != y->value)
    return x->value > y->value ? -1 : 1;
  return (x->id > y->id) - (x->id < y->id);
}

/* A preview asks for the first few of tens of thousands: those below the value that @max of them reach are dropped before the
 * sorting. */
static void
keep_best (GArray *found, guint max)
{
  guint counts[N_BINS] = { 0 }, n = 0, bin = N_BINS, kept = 0;

  if (max == 0 || found->len <= max)
    return;
  for (guint i = 0; i < found->len; i++)
    counts[(guint) (g_array_index (found, Confident, i).value * (N_BINS - 1))]++;
  while (bin > 0 && n < max)
    n += counts[--bin];
  for (guint i = 0; i < found->len; i++)
    {
      Confident one = g_array_index (found, Confident, i);

      if ((guint) (one.value * (N_BINS - 1)) >= bin)
        g_array_index (found, Confident, kept++) = one;
    }
  g_array_set_size (found, kept);
}

GArray *
fovea_live_scores_list_confident (const FoveaLiveScores *self, gint64 concept, double min_value, guint max)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Confident));
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  fovea_live_scores_each_confident (self, concept, min_value, add_confident, found);
  keep_best (found, max);
  g_array_sort (found, compare_confident);
  for (guint i = 0; i < found->len && (max == 0 || i < max); i++)
    g_array_append_val (ids, g_array_index (found, Confident, i).id);
  return ids;
}
