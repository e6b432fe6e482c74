/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/head-folds.h"

#include <stdlib.h>

typedef struct {
  guint stratum;
  gsize n_rows;
  guint64 order; /* random, for the shuffle */
  gsize first;   /* row */
  int fold;
} Unit;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static guint64
next_random (guint64 *state)
{
  guint64 z = (*state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* [2 k]: how many used rows have each concept, then how many are said not to. */
static gsize *
count_labels (gsize n, guint k, const gint8 *labels, const gboolean *used)
{
  gsize *counts = g_new0 (gsize, 2 * (gsize) k);

  for (gsize i = 0; i < n; i++)
    for (guint c = 0; c < k && used[i]; c++)
      if (labels[i * k + c] > 0)
        counts[c]++;
      else if (labels[i * k + c] < 0)
        counts[k + c]++;
  return counts;
}

/* Strata 0..k−1: has the concept; k..2k−1: only said not to have it. */
static guint
stratum_of (const gint8 *row, guint k, const gsize *counts)
{
  guint best = G_MAXUINT;

  for (guint c = 0; c < k; c++)
    if (row[c] > 0 && (best == G_MAXUINT || counts[c] < counts[best]))
      best = c;
  if (best != G_MAXUINT)
    return best;
  for (guint c = 0; c < k; c++)
    if (row[c] < 0 && (best == G_MAXUINT || counts[k + c] < counts[best]))
      best = k + c;
  return best == G_MAXUINT ? 0 : best;
}

static int
compare_units (gconstpointer a, gconstpointer b)
{
  const Unit *ua = a, *ub = b;

  if (ua->stratum != ub->stratum)
    return ua->stratum < ub->stratum ? -1 : 1;
  if (ua->order != ub->order)
    return ua->order < ub->order ? -1 : 1;
  return ua->first < ub->first ? -1 : ua->first > ub->first;
}

/* @ret_unit_of: [n] index into the result, before it is sorted. */
static GArray *
make_units (gsize n, guint k, const gint8 *labels, const guint64 *groups, const gboolean *used, guint64 seed, gsize *ret_unit_of)
{
  GArray *units = g_array_new (FALSE, FALSE, sizeof (Unit));
  g_autoptr (GHashTable) of_group = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, NULL);
  g_autofree gsize *counts = count_labels (n, k, labels, used);
  guint64 state = seed;

  for (gsize i = 0; i < n; i++)
    {
      gpointer found = NULL;
      gsize index;

      if (!used[i])
        continue;
      if (groups != NULL && g_hash_table_lookup_extended (of_group, &groups[i], NULL, &found))
        index = GPOINTER_TO_SIZE (found);
      else
        {
          Unit unit = { .stratum = stratum_of (labels + i * k, k, counts), .order = next_random (&state), .first = i, .fold = -1 };

          index = units->len;
          g_array_append_val (units, unit);
          if (groups != NULL)
            g_hash_table_insert (of_group, (gpointer) &groups[i], GSIZE_TO_POINTER (index));
        }
      g_array_index (units, Unit, index).n_rows++;
      ret_unit_of[i] = index;
    }
  return units;
}

/* Deals the units [from, to) of one stratum. @total: rows in each fold so far. */
static void
deal_stratum (Unit **units, gsize from, gsize to, guint n_folds, gsize *total)
{
  g_autofree gsize *here = g_new0 (gsize, n_folds);

  for (gsize u = from; u < to; u++)
    {
      guint best = 0;

      for (guint f = 1; f < n_folds; f++)
        if (here[f] < here[best] || (here[f] == here[best] && total[f] < total[best]))
          best = f;
      units[u]->fold = (int) best;
      here[best] += units[u]->n_rows;
      total[best] += units[u]->n_rows;
    }
}

static gsize
end_of_stratum (Unit **units, gsize n, gsize from)
{
  gsize to = from;

  while (to < n && units[to]->stratum == units[from]->stratum)
    to++;
  return to;
}

static int
compare_unit_pointers (gconstpointer a, gconstpointer b)
{
  return compare_units (*(const Unit *const *) a, *(const Unit *const *) b);
}

guint
fovea_head_folds (gsize n, guint k, const gint8 *labels, const guint64 *groups, const gboolean *used, guint n_folds, guint64 seed,
                  int *ret_fold)
{
  g_autofree gsize *unit_of = g_new0 (gsize, n);
  g_autoptr (GArray) units = make_units (n, k, labels, groups, used, seed, unit_of);
  g_autofree Unit **sorted = g_new (Unit *, MAX (units->len, 1));
  g_autofree gsize *total = g_new0 (gsize, n_folds);
  gsize largest = 0;

  for (guint u = 0; u < units->len; u++)
    sorted[u] = &g_array_index (units, Unit, u);
  qsort (sorted, units->len, sizeof *sorted, compare_unit_pointers);
  for (gsize from = 0, to; from < units->len; from = to)
    {
      to = end_of_stratum (sorted, units->len, from);
      largest = MAX (largest, to - from);
    }
  n_folds = (guint) MIN (n_folds, largest);
  if (n_folds >= 2)
    for (gsize from = 0, to; from < units->len; from = to)
      {
        to = end_of_stratum (sorted, units->len, from);
        if (to - from >= 2)
          deal_stratum (sorted, from, to, n_folds, total);
      }
  for (gsize i = 0; i < n; i++)
    ret_fold[i] = used[i] ? g_array_index (units, Unit, unit_of[i]).fold : -1;
  return n_folds >= 2 ? n_folds : 0;
}

void
fovea_head_sample (gsize n, guint k, const gint8 *labels, gsize max, guint64 seed, gboolean *used)
{
  g_autofree gsize *unit_of = g_new0 (gsize, n);
  g_autoptr (GArray) units = make_units (n, k, labels, NULL, used, seed, unit_of);
  double due = 0.0, share = units->len > 0 ? (double) max / units->len : 1.0;
  gsize kept = 0;

  if (units->len <= max)
    return;
  g_array_sort (units, compare_units);
  for (guint u = 0; u < units->len; u++)
    {
      due += share;
      if (due > (double) kept && kept < max)
        kept++;
      else
        used[g_array_index (units, Unit, u).first] = FALSE;
    }
}
