/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/live-settings-private.h"
#include "engine/picture-list-private.h"
#include "store/store-columns.h"
#include "store/store-fields.h"

#define RARE_SHARE 0.05
#define WORTH_A_LOOK ((gsize) 256)

/* ---- what is asked and answered ---- */

void
fovea_picture_filter_copy (FoveaPictureFilter *dest, const FoveaPictureFilter *filter)
{
  *dest = filter != NULL ? *filter : (FoveaPictureFilter){ 0 };
  dest->text = g_strdup (dest->text);
  dest->split = g_strdup (dest->split);
  dest->field_text = g_strdup (dest->field_text);
  if (dest->ids != NULL)
    {
      gint64 *ids = g_new (gint64, MAX (dest->n_ids, 1));

      memcpy (ids, dest->ids, dest->n_ids * sizeof (gint64));
      dest->ids = ids;
    }
}

void
fovea_picture_filter_clear (FoveaPictureFilter *filter)
{
  g_free ((char *) filter->text);
  g_free ((char *) filter->split);
  g_free ((char *) filter->field_text);
  g_free ((gint64 *) filter->ids);
  *filter = (FoveaPictureFilter){ 0 };
}

void
fovea_picture_query_free (FoveaPictureQuery *query)
{
  if (query == NULL)
    return;
  fovea_picture_filter_clear (&query->filter);
  g_clear_pointer (&query->scores, fovea_live_scores_unref);
  g_clear_pointer (&query->before, g_array_unref);
  g_free (query);
}

void
fovea_picture_answer_free (FoveaPictureAnswer *answer)
{
  if (answer == NULL)
    return;
  g_clear_pointer (&answer->rows, g_array_unref);
  g_clear_pointer (&answer->splices, g_array_unref);
  g_clear_pointer (&answer->pending, fovea_pending_columns_unref);
  g_free (answer);
}

static gboolean
sorts_by_suggestion (FoveaPictureSort sort)
{
  return sort == FOVEA_PICTURE_SORT_DOUBT || sort == FOVEA_PICTURE_SORT_USEFUL || sort == FOVEA_PICTURE_SORT_CERTAIN
         || sort == FOVEA_PICTURE_SORT_LABEL_ERROR;
}

gboolean
fovea_picture_query_needs_suggestions (const FoveaPictureFilter *filter, FoveaPictureSort sort)
{
  return sorts_by_suggestion (sort) || filter->predicted_id != 0 || filter->disagreeing || filter->min_doubt > 0 || filter->max_doubt > 0
         || filter->min_value > 0 || filter->max_value > 0;
}

/* ---- one pass over the columns ---- */

/* What is known of one picture's suggestion. */
typedef struct {
  gboolean there;
  gint64 concept_id;
  double value, doubt;
  gsize row; /* of the scores */
} Suggestion;

/* Everything is in order of id; each field walks on with the rows. */
typedef struct {
  const FoveaPictureFilter *filter;
  const FoveaPictureQuery *query;
  FoveaInputColumns *inputs;
  FoveaLabelColumns *labels;
  FoveaStoredColumns *stored; /* (nullable) */
  FoveaPendingColumns *pending;
  const guint8 *duplicates;   /* (nullable) */
  GArray *ids, *field_ids;    /* (nullable) gint64, ascending: only these */
  char *text;                 /* folded */
  int split;                  /* -1 any, -2 there is none of that name */
  gboolean needs_suggestions;
  double rare_value;          /* from this probability on a look is worth most; 0: doubt decides */

  guint said_at, n_said; /* of the present row */
  gsize scores_at;
  guint stored_at, pending_at, ids_at, field_at;
} Pass;

static const FoveaStoreSaid *
said_of (const Pass *self, guint i)
{
  return &g_array_index (self->labels->said, FoveaStoreSaid, self->said_at + i);
}

static gboolean
walk_to (const GArray *ids, guint *at, gint64 id)
{
  while (*at < ids->len && g_array_index (ids, gint64, *at) < id)
    (*at)++;
  return *at < ids->len && g_array_index (ids, gint64, *at) == id;
}

static void
walk_labels (Pass *self, gint64 id)
{
  const GArray *said = self->labels->said;

  self->said_at += self->n_said;
  self->n_said = 0;
  while (self->said_at < said->len && said_of (self, 0)->input < id)
    self->said_at++;
  while (self->said_at + self->n_said < said->len && said_of (self, self->n_said)->input == id)
    self->n_said++;
}

static Suggestion
find_suggestion (Pass *self, gint64 id)
{
  const FoveaLiveScores *scores = self->query->scores;
  const GArray *strongest = self->stored != NULL ? self->stored->strongest : NULL;
  const FoveaStoreStrongest *one;

  if (scores != NULL)
    {
      gsize row;

      while (self->scores_at < scores->n && scores->ids[self->scores_at] < id)
        self->scores_at++;
      row = self->scores_at;
      if (row < scores->n && scores->ids[row] == id)
        return (Suggestion){ TRUE, scores->concepts[scores->strongest[row]], (double) scores->value[row], (double) scores->doubt[row],
                             row };
    }
  while (strongest != NULL && self->stored_at < strongest->len
         && g_array_index (strongest, FoveaStoreStrongest, self->stored_at).input < id)
    self->stored_at++;
  if (strongest == NULL || self->stored_at == strongest->len)
    return (Suggestion){ 0 };
  one = &g_array_index (strongest, FoveaStoreStrongest, self->stored_at);
  if (one->input != id)
    return (Suggestion){ 0 };
  return (Suggestion){ TRUE, one->concept_, one->score, MIN (1.0, 2.0 * (1.0 - one->score)), G_MAXSIZE };
}

static gboolean
says (const Pass *self, gint64 concept, int value)
{
  for (guint i = 0; i < self->n_said; i++)
    if (said_of (self, i)->concept_ == concept && said_of (self, i)->value == value)
      return TRUE;
  return FALSE;
}

/* How probable the suggestion finds the least probable of the labels; −1 when it says nothing of them. */
static double
least_probable_label (const Pass *self, const Suggestion *suggestion)
{
  const FoveaLiveScores *scores = self->query->scores;
  double least = 2.0;

  for (guint i = 0; i < self->n_said; i++)
    {
      const FoveaStoreSaid *said = said_of (self, i);
      double p = -1.0;

      if (suggestion->row != G_MAXSIZE && suggestion->there)
        p = fovea_live_scores_get_held_out (scores, suggestion->row, fovea_live_scores_find_concept (scores, said->concept_));
      else if (suggestion->there)
        p = said->concept_ == suggestion->concept_id ? suggestion->value : 1.0 - suggestion->value;
      if (p >= 0.0 && said->certain)
        least = MIN (least, said->value == 1 ? p : 1.0 - p);
    }
  return least <= 1.0 ? least : -1.0;
}

/* Exclusive: the strongest concept is none of the labels. Independent: p ≥ ½ says otherwise than a label. */
static gboolean
disagrees (const Pass *self, const Suggestion *suggestion)
{
  const FoveaLiveScores *scores = self->query->scores;
  gint64 strongest = suggestion->concept_id;

  if (!suggestion->there || self->n_said == 0)
    return FALSE;
  if (suggestion->row != G_MAXSIZE)
    {
      if (!scores->exclusive)
        {
          double least = least_probable_label (self, suggestion);

          return least >= 0.0 && least < 0.5;
        }
      strongest = scores->concepts[fovea_live_scores_get_held_out_strongest (scores, suggestion->row)];
    }
  for (guint i = 0; i < self->n_said; i++)
    if (said_of (self, i)->value == 1)
      return !says (self, strongest, 1);
  return says (self, strongest, 0);
}

static double
value_of (const Pass *self, const Suggestion *suggestion, gint64 concept)
{
  if (!suggestion->there)
    return -1.0;
  if (concept == 0 || concept == suggestion->concept_id)
    return suggestion->value;
  if (suggestion->row == G_MAXSIZE)
    return -1.0;
  return fovea_live_scores_get (self->query->scores, suggestion->row, fovea_live_scores_find_concept (self->query->scores, concept));
}

static gboolean
passes_input (Pass *self, gsize i)
{
  const FoveaPictureFilter *filter = self->filter;
  const FoveaInputColumns *inputs = self->inputs;
  gint64 id = inputs->ids[i];

  if ((self->ids != NULL && !walk_to (self->ids, &self->ids_at, id))
      || (self->field_ids != NULL && !walk_to (self->field_ids, &self->field_at, id)))
    return FALSE;
  if (self->split != -1 && inputs->split[i] != self->split)
    return FALSE;
  if ((filter->state != 0 && inputs->state[i] != filter->state - 1) || (filter->missing && !inputs->missing[i])
      || (self->duplicates != NULL && !self->duplicates[i]))
    return FALSE;
  if (filter->embedding_pending && self->pending->ids != NULL && !walk_to (self->pending->ids, &self->pending_at, id))
    return FALSE;
  return self->text == NULL || strstr (inputs->names + inputs->name_at[i], self->text) != NULL;
}

static gboolean
passes_labels (const Pass *self)
{
  const FoveaPictureFilter *filter = self->filter;

  return !(filter->unlabelled && self->n_said > 0) && !(filter->labelled && self->n_said == 0)
         && (filter->concept_id == 0 || says (self, filter->concept_id, 1))
         && (filter->not_concept_id == 0 || says (self, filter->not_concept_id, 0));
}

static gboolean
passes_suggestion (const Pass *self, const Suggestion *suggestion)
{
  const FoveaPictureFilter *filter = self->filter;
  double value = suggestion->value;

  if (filter->predicted_id != 0 && (!suggestion->there || suggestion->concept_id != filter->predicted_id))
    return FALSE;
  if ((filter->min_doubt > 0 || filter->max_doubt > 0 || filter->min_value > 0 || filter->max_value > 0) && !suggestion->there)
    return FALSE;
  if (suggestion->doubt < filter->min_doubt || (filter->max_doubt > 0 && suggestion->doubt > filter->max_doubt))
    return FALSE;
  if (value < filter->min_value || (filter->max_value > 0 && value > filter->max_value))
    return FALSE;
  return !filter->disagreeing || disagrees (self, suggestion);
}

static double
key_of (const Pass *self, gsize i, const Suggestion *suggestion, const guint32 *name_ranks)
{
  double value;

  switch (self->query->sort)
    {
    case FOVEA_PICTURE_SORT_NAME:
      return -(double) name_ranks[i];
    case FOVEA_PICTURE_SORT_USEFUL:
      if (suggestion->there && self->rare_value > 0.0)
        return MIN (1.0, suggestion->value / self->rare_value);
      return suggestion->there ? suggestion->doubt : (double) NAN;
    case FOVEA_PICTURE_SORT_DOUBT:
      return suggestion->there ? suggestion->doubt : (double) NAN;
    case FOVEA_PICTURE_SORT_CERTAIN:
      value = value_of (self, suggestion, self->query->about);
      return value >= 0.0 ? value : (double) NAN;
    case FOVEA_PICTURE_SORT_LABEL_ERROR:
      value = least_probable_label (self, suggestion);
      return value >= 0.0 ? 1.0 - value : (double) NAN;
    case FOVEA_PICTURE_SORT_ADDED:
    case FOVEA_PICTURE_SORT_SIMILAR:
    default:
      return 0.0;
    }
}

static GArray *
find_rows (Pass *self)
{
  GArray *kept = g_array_new (FALSE, FALSE, sizeof (FoveaPictureKept));
  const guint32 *ranks = self->query->sort == FOVEA_PICTURE_SORT_NAME ? fovea_input_columns_get_name_ranks (self->inputs) : NULL;

  for (gsize i = 0; i < self->inputs->n; i++)
    {
      FoveaPictureKept one = { .id = self->inputs->ids[i], .input = (guint32) i };
      Suggestion suggestion = { 0 };

      if (!passes_input (self, i))
        continue;
      walk_labels (self, one.id);
      if (!passes_labels (self))
        continue;
      if (self->needs_suggestions)
        {
          suggestion = find_suggestion (self, one.id);
          if (!passes_suggestion (self, &suggestion))
            continue;
        }
      one.labelled = self->n_said > 0;
      one.key = key_of (self, i, &suggestion, ranks);
      g_array_append_val (kept, one);
    }
  return kept;
}

/* ---- what the pass needs ---- */

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

typedef struct {
  const FoveaPictureFilter *filter;
  char *text; /* folded */
  GArray *ids;
} FieldSearch;

static void
test_field (const FoveaStoreFieldValue *value, gpointer data)
{
  const FieldSearch *self = data;
  const FoveaPictureFilter *filter = self->filter;
  g_autofree char *folded = value->text != NULL ? fovea_columns_fold (value->text) : NULL;
  gboolean fits = TRUE;

  switch (filter->field_test)
    {
    case FOVEA_PICTURE_FIELD_EQUALS:
      fits = folded != NULL ? g_strcmp0 (folded, self->text) == 0 : value->number >= filter->field_min && value->number <= filter->field_min;
      break;
    case FOVEA_PICTURE_FIELD_CONTAINS:
      fits = folded != NULL && (self->text == NULL || strstr (folded, self->text) != NULL);
      break;
    case FOVEA_PICTURE_FIELD_RANGE:
      fits = folded == NULL && value->number >= filter->field_min && value->number <= filter->field_max;
      break;
    case FOVEA_PICTURE_FIELD_ANY:
    case FOVEA_PICTURE_FIELD_SET:
    default:
      break;
    }
  if (fits)
    g_array_append_val (self->ids, value->input);
}

static GArray *
find_by_field (const FoveaPictureFilter *filter, FoveaStore *reader, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree char *text = filter->field_text != NULL ? fovea_columns_fold (filter->field_text) : NULL;
  FieldSearch search = { filter, text, ids };

  if (!fovea_store_each_field_value (reader, filter->field_id, test_field, &search, error))
    return NULL;
  g_array_sort (ids, compare_ids);
  return g_steal_pointer (&ids);
}

static int
find_split (const FoveaInputColumns *inputs, const char *name)
{
  if (name == NULL)
    return -1;
  for (guint i = 0; i < inputs->splits->len; i++)
    if (g_strcmp0 (g_ptr_array_index (inputs->splits, i), name) == 0)
      return (int) i;
  return -2;
}

static int
compare_floats (const void *a, const void *b)
{
  float x = *(const float *) a, y = *(const float *) b;

  return (x < y) - (x > y);
}

/* Independent concepts of which hardly a picture shows any: what is missing most is more pictures that do, so the most
 * probable few hundred are worth a look, whatever the probability that a head puts on them which has seen one kind of
 * pictures only. When those that show it are used up, this is doubt again: 1 − |2p − 1| = 2p below one half. Returns 0 where
 * concepts are not rare. */
static double
find_rare_value (const FoveaLiveScores *scores)
{
  g_autofree float *values = NULL;
  gsize n = 0;

  if (scores == NULL || scores->exclusive || scores->n == 0)
    return 0.0;
  for (gsize i = 0; i < scores->n; i++)
    n += scores->value[i] >= 0.5f;
  if ((double) n >= RARE_SHARE * (double) scores->n)
    return 0.0;
  values = g_memdup2 (scores->value, scores->n * sizeof (float));
  qsort (values, scores->n, sizeof *values, compare_floats);
  return CLAMP ((double) values[MIN (WORTH_A_LOOK, scores->n - 1)], 1e-6, 1.0);
}

static void
pass_clear (Pass *self)
{
  g_clear_pointer (&self->inputs, fovea_input_columns_unref);
  g_clear_pointer (&self->labels, fovea_label_columns_unref);
  g_clear_pointer (&self->stored, fovea_stored_columns_unref);
  g_clear_pointer (&self->pending, fovea_pending_columns_unref);
  g_clear_pointer (&self->ids, g_array_unref);
  g_clear_pointer (&self->field_ids, g_array_unref);
  g_free (self->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pass, pass_clear)

static gboolean
prepare (Pass *self, FoveaColumns *columns, FoveaStore *reader, GError **error)
{
  const FoveaPictureFilter *filter = self->filter;

  self->inputs = fovea_columns_ref_inputs (columns, reader, error);
  self->labels = self->inputs != NULL ? fovea_columns_ref_labels (columns, reader, error) : NULL;
  self->pending = self->labels != NULL ? fovea_columns_ref_pending (columns, reader, error) : NULL;
  if (self->pending == NULL)
    return FALSE;
  self->needs_suggestions = fovea_picture_query_needs_suggestions (filter, self->query->sort);
  if (self->needs_suggestions && (self->stored = fovea_columns_ref_stored (columns, reader, error)) == NULL)
    return FALSE;
  if (filter->field_id != 0 && filter->field_test != FOVEA_PICTURE_FIELD_ANY
      && (self->field_ids = find_by_field (filter, reader, error)) == NULL)
    return FALSE;
  self->rare_value = self->query->sort == FOVEA_PICTURE_SORT_USEFUL ? find_rare_value (self->query->scores) : 0.0;
  self->duplicates = filter->duplicates ? fovea_input_columns_get_duplicates (self->inputs) : NULL;
  self->split = find_split (self->inputs, filter->split);
  self->text = filter->text != NULL && filter->text[0] != '\0' ? fovea_columns_fold (filter->text) : NULL;
  if (filter->ids != NULL)
    {
      self->ids = g_array_new (FALSE, FALSE, sizeof (gint64));
      g_array_append_vals (self->ids, filter->ids, (guint) filter->n_ids);
      g_array_sort (self->ids, compare_ids);
    }
  return TRUE;
}

/* Those that the suggestions were made from; else as a live fit would take them. NULL without an error: there are none. */
static FoveaVectorSet *
load_vectors (const FoveaPictureQuery *query, FoveaCore *core, FoveaStore *reader, GError **error)
{
  FoveaLiveSettings settings = { 0 };

  if (query->scores != NULL)
    {
      settings.space = query->scores->space;
      settings.dim = query->scores->dim;
    }
  else
    fovea_live_settings_read (reader, &settings);
  if (settings.space == 0)
    return NULL;
  return fovea_vector_cache_ref_set (fovea_core_get_vectors (core), fovea_core_get_columns (core), reader, settings.space, settings.dim,
                                     NULL, error);
}

static gboolean
order (const FoveaPictureQuery *query, FoveaCore *core, FoveaStore *reader, GArray *kept, GError **error)
{
  if (query->sort == FOVEA_PICTURE_SORT_SIMILAR || query->sort == FOVEA_PICTURE_SORT_USEFUL)
    {
      g_autoptr (GError) failure = NULL;
      g_autoptr (FoveaVectorSet) vectors = load_vectors (query, core, reader, &failure);

      if (failure != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      if (query->sort == FOVEA_PICTURE_SORT_USEFUL)
        fovea_picture_order_useful (kept, vectors);
      else if (vectors != NULL)
        fovea_picture_order_similar (kept, vectors, query->about);
    }
  if (query->sort != FOVEA_PICTURE_SORT_ADDED)
    fovea_picture_order_sort (kept, query->descending);
  return TRUE;
}

static gboolean
run (const FoveaPictureQuery *query, FoveaCore *core, FoveaStore *reader, FoveaPictureAnswer *answer, GError **error)
{
  g_auto (Pass) pass = { .filter = &query->filter, .query = query };
  g_autoptr (GArray) kept = NULL;
  gboolean backwards = query->sort == FOVEA_PICTURE_SORT_ADDED && query->descending;

  if (!prepare (&pass, fovea_core_get_columns (core), reader, error))
    return FALSE;
  kept = find_rows (&pass);
  if (!order (query, core, reader, kept, error))
    return FALSE;
  answer->total = pass.inputs->n;
  answer->pending = g_steal_pointer (&pass.pending);
  answer->rows = g_array_sized_new (FALSE, FALSE, sizeof (gint64), kept->len);
  for (guint i = 0; i < kept->len; i++)
    g_array_append_val (answer->rows, g_array_index (kept, FoveaPictureKept, backwards ? kept->len - 1 - i : i).id);
  fovea_picture_diff (query->before, answer);
  return TRUE;
}

FoveaPictureAnswer *
fovea_picture_query_run (const FoveaPictureQuery *query, FoveaCore *core, FoveaStore *reader, GError **error)
{
  g_autoptr (FoveaPictureAnswer) answer = g_new0 (FoveaPictureAnswer, 1);

  answer->version = fovea_columns_get_newest_version (reader);
  if (!run (query, core, reader, answer, error))
    return NULL;
  return g_steal_pointer (&answer);
}
