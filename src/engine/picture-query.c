/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/picture-list-private.h"
#include "store/store-input-list.h"
#include "store/store-models.h"
#include "store/store-vectors.h"

FoveaPictureQuery *
fovea_picture_query_new (const FoveaPictureFilter *filter, FoveaPictureSort sort, gboolean descending)
{
  FoveaPictureQuery *query = g_new0 (FoveaPictureQuery, 1);

  if (filter != NULL)
    query->filter = *filter;
  query->filter.text = query->text = g_strdup (query->filter.text);
  query->filter.split = query->split = g_strdup (query->filter.split);
  query->sort = sort;
  query->descending = descending;
  return query;
}

void
fovea_picture_query_free (FoveaPictureQuery *query)
{
  if (query == NULL)
    return;
  g_free (query->text);
  g_free (query->split);
  g_free (query);
}

void
fovea_picture_answer_free (FoveaPictureAnswer *answer)
{
  if (answer == NULL)
    return;
  g_clear_pointer (&answer->rows, g_array_unref);
  g_clear_pointer (&answer->pending, g_array_unref);
  g_free (answer);
}

/* The version whose predictions are shown: the one that was trained last, of any model. */
static gint64
newest_version (FoveaStore *reader)
{
  g_autoptr (GPtrArray) models = fovea_store_list_models (reader, NULL);
  gint64 best = 0, best_at = -1;

  for (guint i = 0; models != NULL && i < models->len; i++)
    {
      const FoveaStoreModel *model = g_ptr_array_index (models, i);
      g_autoptr (FoveaStoreVersion) version = fovea_store_get_current_version (reader, model->id, NULL);

      if (version != NULL && version->completed_at > best_at)
        {
          best = version->id;
          best_at = version->completed_at;
        }
    }
  return best;
}

/* The space that holds the most vectors stands for "embedded". */
static gint64
main_space (FoveaStore *reader)
{
  g_autoptr (GPtrArray) spaces = fovea_store_list_vector_spaces (reader, NULL);
  gint64 best = 0;
  gsize most = 0;

  for (guint i = 0; spaces != NULL && i < spaces->len; i++)
    {
      const FoveaStoreVectorSpace *space = g_ptr_array_index (spaces, i);

      if (space->n_vectors > most)
        {
          best = space->id;
          most = space->n_vectors;
        }
    }
  return best;
}

/* Keeps the rows of @rows that are in @others too; the order stays. */
static void
intersect (GArray *rows, const GArray *others)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (NULL, NULL);
  guint kept = 0;

  for (guint i = 0; i < others->len; i++)
    g_hash_table_add (ids, (gpointer) (gintptr) g_array_index (others, FoveaStoreInputBrief, i).id);
  for (guint i = 0; i < rows->len; i++)
    {
      FoveaStoreInputBrief brief = g_array_index (rows, FoveaStoreInputBrief, i);

      if (g_hash_table_contains (ids, (gpointer) (gintptr) brief.id))
        g_array_index (rows, FoveaStoreInputBrief, kept++) = brief;
    }
  g_array_set_size (rows, kept);
}

static gboolean
narrow (FoveaStore *reader, GArray *rows, const FoveaStoreFilter *filter, GError **error)
{
  g_autoptr (GArray) others = fovea_store_list_inputs (reader, filter, error);

  if (others == NULL)
    return FALSE;
  intersect (rows, others);
  return TRUE;
}

/* The store looks at one concept a query; each further condition is a query of its own. */
static gboolean
narrow_by_concepts (const FoveaPictureFilter *filter, FoveaStore *reader, gint64 version, GArray *rows, GError **error)
{
  const FoveaStoreFilter is = { .concept = filter->concept_id, .label = FOVEA_STORE_LABEL_POSITIVE };
  const FoveaStoreFilter is_not = { .concept = filter->not_concept_id, .label = FOVEA_STORE_LABEL_NEGATIVE };
  const FoveaStoreFilter said_nothing = { .label = FOVEA_STORE_LABEL_NONE };
  const FoveaStoreFilter predicted = { .concept = filter->predicted_id, .label = FOVEA_STORE_LABEL_PREDICTED, .version = version };

  if (filter->predicted_id != 0 && version == 0)
    {
      g_array_set_size (rows, 0);
      return TRUE;
    }
  return (filter->concept_id == 0 || narrow (reader, rows, &is, error))
         && (filter->not_concept_id == 0 || narrow (reader, rows, &is_not, error))
         && (!filter->unlabelled || narrow (reader, rows, &said_nothing, error))
         && (filter->predicted_id == 0 || narrow (reader, rows, &predicted, error));
}

static FoveaStoreOrder
order_for (const FoveaPictureQuery *query, gint64 version)
{
  if (query->sort == FOVEA_PICTURE_SORT_NAME)
    return FOVEA_STORE_ORDER_NAME;
  if (query->sort == FOVEA_PICTURE_SORT_DOUBT && version != 0)
    return FOVEA_STORE_ORDER_DOUBT;
  return FOVEA_STORE_ORDER_ADDED;
}

static gboolean
run (const FoveaPictureQuery *query, FoveaStore *reader, FoveaPictureAnswer *answer, GError **error)
{
  const FoveaPictureFilter *filter = &query->filter;
  gint64 space = main_space (reader);
  FoveaStoreFilter basic = { .version = answer->version,
                             .min_doubt = answer->version != 0 ? filter->min_doubt : 0,
                             .split = filter->split,
                             .state = -filter->state,
                             .text = filter->text,
                             .missing = filter->missing ? 1 : 0,
                             .without_vector_space = filter->embedding_pending ? space : 0,
                             .order = order_for (query, answer->version),
                             .descending = query->descending };

  answer->rows = fovea_store_list_inputs (reader, &basic, error);
  if (answer->rows == NULL || !fovea_store_count_inputs (reader, NULL, &answer->total, error))
    return FALSE;
  if (space != 0)
    answer->pending = fovea_store_list_pending (reader, space, 0, error);
  if (space != 0 && answer->pending == NULL)
    return FALSE;
  return narrow_by_concepts (filter, reader, answer->version, answer->rows, error);
}

FoveaPictureAnswer *
fovea_picture_query_run (const FoveaPictureQuery *query, FoveaStore *reader, GError **error)
{
  FoveaPictureAnswer *answer = g_new0 (FoveaPictureAnswer, 1);

  answer->version = newest_version (reader);
  if (run (query, reader, answer, error))
    return answer;
  fovea_picture_answer_free (answer);
  return NULL;
}
