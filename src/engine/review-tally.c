/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/review-private.h"
#include "store/store-annotations.h"

#define SETTLED_SHARE 0.98
/* So many decisions, before what a person found corrects what the machine believes of itself. */
#define MIN_DECIDED 20
#define MAX_CORRECTION 5.0

/* ---- probing ---- */

typedef struct {
  GArray *ids;
  GArray *values;
} Probing;

static void
probing_free (gpointer data)
{
  Probing *probing = data;

  g_array_unref (probing->ids);
  g_clear_pointer (&probing->values, g_array_unref);
  g_free (probing);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* Of the version that spoke last of a picture, what it is most certain of. */
static gboolean
read_values (FoveaStore *store, gpointer data, GError **error)
{
  Probing *probing = data;
  g_autoptr (GArray) said =
    fovea_store_get_labels (store, (const gint64 *) (gpointer) probing->ids->data, probing->ids->len, -1, error);

  if (said == NULL)
    return FALSE;
  probing->values = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < said->len;)
    {
      gint64 input = g_array_index (said, FoveaStoreAnnotation, i).input, version = 0;
      double best = 0;

      for (; i < said->len && g_array_index (said, FoveaStoreAnnotation, i).input == input; i++)
        {
          const FoveaStoreAnnotation *one = &g_array_index (said, FoveaStoreAnnotation, i);

          if (one->version == 0 || one->region != 0 || one->value != 1 || one->version < version)
            continue;
          best = one->version > version ? one->score : MAX (best, one->score);
          version = one->version;
        }
      if (version != 0)
        g_array_append_val (probing->values, best);
    }
  g_array_sort (probing->values, compare_doubles);
  return TRUE;
}

void
fovea_review_probe_async (FoveaProject *project, GArray *ids, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (project, NULL, callback, data);
  Probing *probing = g_new0 (Probing, 1);

  probing->ids = g_array_ref (ids);
  g_task_set_task_data (task, probing, probing_free);
  fovea_core_read_task (fovea_project_get_core (project), task, read_values);
}

GArray *
fovea_review_probe_finish (GAsyncResult *result, GError **error)
{
  Probing *probing = g_task_propagate_pointer (G_TASK (result), error);

  return probing != NULL ? g_steal_pointer (&probing->values) : NULL;
}

GArray *
fovea_review_probe_live (FoveaLive *live, const GArray *ids)
{
  GArray *values = g_array_sized_new (FALSE, FALSE, sizeof (double), ids->len);

  for (guint i = 0; i < ids->len; i++)
    {
      double value = 0;

      if (fovea_live_get_suggestion (live, g_array_index (ids, gint64, i), &value, NULL) != 0)
        g_array_append_val (values, value);
    }
  g_array_sort (values, compare_doubles);
  return values;
}

/* ---- estimates ---- */

static double
find_correction (const GPtrArray *decisions)
{
  double expected = 0, wrong = 0;

  if (decisions->len < MIN_DECIDED)
    return 1.0;
  for (guint i = 0; i < decisions->len; i++)
    {
      const FoveaDecision *decision = g_ptr_array_index (decisions, i);

      expected += 1.0 - decision->value;
      wrong += decision->verdict != FOVEA_REVIEW_ACCEPTED;
    }
  return CLAMP ((wrong + 1) / (expected + 1), 1 / MAX_CORRECTION, MAX_CORRECTION);
}

void
fovea_review_estimate (const GArray *values, guint n_left, const GPtrArray *decisions, FoveaReviewTally *tally)
{
  double correction = find_correction (decisions), wrong = 0;
  guint n = values->len;

  tally->settled_share = SETTLED_SHARE;
  if (n == 0)
    return;
  /* From the most certain backwards: how many may stay unseen. */
  tally->n_to_settle = n_left;
  for (guint i = n; i-- > 0;)
    {
      wrong += MIN (1.0, correction * (1.0 - g_array_index (values, double, i)));
      if (wrong <= (1 - SETTLED_SHARE) * (n - i))
        tally->n_to_settle = (guint) ((double) i / n * n_left + 0.5);
    }
  tally->expected_wrong = wrong / n * n_left;
}
