/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders of pictures that look at vectors, and the sorting of all of them. */
#include <math.h>
#include <stdlib.h>

#include "engine/picture-list-private.h"
#include "models/head.h"
#include "models/matmul.h"
#include "nn/half.h"

/* How many of the most doubtful are spread out: several screens. Their cosines take dim · N² / 2 multiplications, 0.7 G. */
#define SPREAD 1024

static FoveaPictureKept *
kept_at (const GArray *kept, gsize i)
{
  return &g_array_index (kept, FoveaPictureKept, i);
}

/* ---- sorting ---- */

static int
compare_kept (gconstpointer a, gconstpointer b, gpointer data)
{
  const FoveaPictureKept *x = a, *y = b;
  gboolean descending = *(const gboolean *) data;
  int none = isnan (x->key) - isnan (y->key);

  if (none != 0)
    return none;
  if (!isnan (x->key) && x->key != y->key)
    return (x->key > y->key) == descending ? 1 : -1;
  return (x->id > y->id) - (x->id < y->id);
}

void
fovea_picture_order_sort (GArray *kept, gboolean descending)
{
  g_array_sort_with_data (kept, compare_kept, &descending);
}

/* ---- likeness ---- */

/* A head of one concept whose weights are the picture's vector: its answer rises with the cosine. */
void
fovea_picture_order_similar (GArray *kept, const FoveaVectorSet *vectors, gint64 about)
{
  const guint16 *wanted = fovea_vector_set_find (vectors, about);
  g_autoptr (FoveaHead) head = fovea_head_new (1, vectors->dim, FALSE, FOVEA_VIEWS_LETTERBOX);
  g_autofree const guint16 **rows = g_new (const guint16 *, MAX (kept->len, 1));
  g_autofree float *alike = g_new (float, MAX (kept->len, 1));
  gsize at = 0, n = 0;

  if (wanted != NULL)
    fovea_f16_to_floats (wanted, head->weights, vectors->dim);
  for (guint i = 0; i < kept->len; i++)
    {
      FoveaPictureKept *one = kept_at (kept, i);

      while (at < vectors->n && vectors->ids[at] < one->id)
        at++;
      one->key = wanted != NULL && at < vectors->n && vectors->ids[at] == one->id ? 0.0 : (double) NAN;
      if (!isnan (one->key))
        rows[n++] = vectors->vectors[at];
    }
  fovea_head_predict_halves (head, rows, n, g_get_num_processors (), alike);
  n = 0;
  for (guint i = 0; i < kept->len; i++)
    {
      FoveaPictureKept *one = kept_at (kept, i);

      if (isnan (one->key))
        continue;
      one->key = one->id == about ? 1.0 : (double) alike[n];
      n++;
    }
}

/* ---- usefulness ---- */

typedef struct {
  FoveaPictureKept *kept;
  const guint16 *vector;
  double worth;
} Candidate;

static int
compare_worth (const void *a, const void *b)
{
  const Candidate *x = a, *y = b;

  if (x->worth != y->worth)
    return x->worth > y->worth ? -1 : 1;
  return (x->kept->id > y->kept->id) - (x->kept->id < y->kept->id);
}

static guint64
scatter (guint64 x)
{
  x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* Unlabelled pictures with a vector; those without a doubt (there are no suggestions) in a fixed random order. */
static Candidate *
find_candidates (GArray *kept, const FoveaVectorSet *vectors, gsize *ret_n)
{
  Candidate *candidates = g_new (Candidate, MAX (kept->len, 1));
  gboolean any_doubt = FALSE;
  gsize at = 0, n = 0;

  for (guint i = 0; i < kept->len && !any_doubt; i++)
    any_doubt = !isnan (kept_at (kept, i)->key);
  for (guint i = 0; i < kept->len; i++)
    {
      FoveaPictureKept *one = kept_at (kept, i);

      while (at < vectors->n && vectors->ids[at] < one->id)
        at++;
      if (one->labelled || at == vectors->n || vectors->ids[at] != one->id || (any_doubt && isnan (one->key)))
        continue;
      candidates[n++] = (Candidate){ one, vectors->vectors[at],
                                     any_doubt ? one->key : ldexp ((double) scatter ((guint64) one->id), -64) };
    }
  qsort (candidates, n, sizeof *candidates, compare_worth);
  if (!any_doubt)
    for (gsize i = 0; i < n; i++)
      candidates[i].worth = 1.0;
  *ret_n = n;
  return candidates;
}

static float *
cosines_of (const Candidate *candidates, gsize n, guint dim)
{
  g_autofree float *x = g_new (float, n * dim);
  float *cosines = g_new (float, n * n);

  for (gsize i = 0; i < n; i++)
    fovea_f16_to_floats (candidates[i].vector, x + i * dim, dim);
  fovea_matmul_gram (n, dim, 0, x, cosines, n, g_get_num_processors ());
  return cosines;
}

/* Takes the greatest worth · min (distance to all taken, enough) again and again: doubt decides between those that are
 * unlike what was taken, and near-copies wait. Enough: half of the mean distance. Writes the rank as key. */
static void
spread (Candidate *candidates, gsize n, guint dim, double top)
{
  g_autofree float *cosines = cosines_of (candidates, n, dim);
  g_autofree double *distance = g_new (double, n);
  g_autofree gboolean *taken = g_new0 (gboolean, n);
  double sum = 0.0, enough;

  for (gsize i = 0; i < n * n; i++)
    sum += 1.0 - (double) cosines[i];
  enough = MAX (0.5 * sum / ((double) n * (double) n), 1e-6);
  for (gsize i = 0; i < n; i++)
    distance[i] = 2.0;
  for (gsize rank = 0; rank < n; rank++)
    {
      gsize best = n;
      double best_score = -1.0;

      for (gsize i = 0; i < n; i++)
        {
          /* A little more for being further away: it orders those that are equally doubtful. */
          double score = taken[i] ? -2.0 : candidates[i].worth * (MIN (distance[i], enough) / enough + 0.01 * distance[i]);

          if (score > best_score)
            {
              best = i;
              best_score = score;
            }
        }
      taken[best] = TRUE;
      candidates[best].kept->key = top - (double) rank;
      for (gsize i = 0; i < n; i++)
        distance[i] = MIN (distance[i], MAX (1.0 - (double) cosines[best * n + i], 0.0));
    }
}

void
fovea_picture_order_useful (GArray *kept, const FoveaVectorSet *vectors)
{
  const double top = 2.0 + SPREAD; /* above every doubt */

  if (vectors != NULL)
    {
      gsize n;
      g_autofree Candidate *candidates = find_candidates (kept, vectors, &n);

      n = MIN (n, SPREAD);
      if (n > 0)
        spread (candidates, n, vectors->dim, top);
    }
  /* Labelled ones come after all that are not, the doubtful first. */
  for (guint i = 0; i < kept->len; i++)
    {
      FoveaPictureKept *one = kept_at (kept, i);

      if (one->labelled)
        one->key = isnan (one->key) ? -2.0 : one->key - 2.0;
      else if (isnan (one->key))
        one->key = -0.5;
    }
}
