/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/picture-list-private.h"
#include "engine/review-private.h"

#include "vision/metrics.h"

/* The picture after the present one is decoded already, and the one after it comes next: they stay. */
#define KEEP_AHEAD 2
/* The filter's way of asking for a suggestion. */
#define ANY_VALUE 1e-9

static void fovea_review_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaReview, fovea_review, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, fovea_review_model_init))

enum { PROP_0, PROP_N_ITEMS, PROP_POSITION, PROP_LOADING, PROP_N_WAITING, N_PROPS };
static GParamSpec *props[N_PROPS];
enum { CHANGED, FAILED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- GListModel ---- */

static gint64
id_at (const GArray *ids, guint i)
{
  return g_array_index (ids, gint64, i);
}

static GType
get_item_type (GListModel *model)
{
  return FOVEA_TYPE_PICTURE;
}

static guint
get_n_items (GListModel *model)
{
  return FOVEA_REVIEW (model)->ids->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  FoveaReview *self = FOVEA_REVIEW (model);

  /* Never NULL inside the queue: an entry whose picture has just left the project stays until the queue is built anew, which waits
   * for the source, and so do new ones that the list of all pictures has not read yet. */
  return position < self->ids->len ? fovea_picture_list_dup_picture (self->all, id_at (self->ids, position)) : NULL;
}

static void
fovea_review_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* ---- what is left ---- */

static void probe (FoveaReview *self);

static void
on_probed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaReview) self = data;
  GArray *probes = fovea_review_probe_finish (result, NULL);

  self->probing = FALSE;
  if (probes == NULL || self->closed)
    {
      g_clear_pointer (&probes, g_array_unref);
      return;
    }
  g_clear_pointer (&self->probes, g_array_unref);
  self->probes = probes;
  g_signal_emit (self, signals[CHANGED], 0);
  if (self->probe_again)
    probe (self);
}

/* Evenly spread over what comes next. */
static void
probe (FoveaReview *self)
{
  guint first = MIN (self->position, self->ids->len), n_left = self->ids->len - first, n = MIN (n_left, FOVEA_REVIEW_PROBES);
  g_autoptr (GArray) ids = NULL;

  self->probe_again = self->probing;
  if (self->probing || self->closed || self->order == FOVEA_REVIEW_LABEL_ERRORS)
    return;
  ids = g_array_sized_new (FALSE, FALSE, sizeof (gint64), n);
  for (guint i = 0; i < n; i++)
    {
      gint64 id = id_at (self->ids, first + (guint) ((guint64) i * n_left / n));

      g_array_append_val (ids, id);
    }
  if (fovea_live_get_state (fovea_project_get_live (self->project)) == FOVEA_LIVE_READY)
    {
      g_clear_pointer (&self->probes, g_array_unref);
      self->probes = fovea_review_probe_live (fovea_project_get_live (self->project), ids);
      return;
    }
  self->probing = TRUE;
  fovea_review_probe_async (self->project, ids, on_probed, g_object_ref (self));
}

/* ---- the queue ---- */

void
fovea_review_emit_changed (FoveaReview *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

static gboolean
exists (FoveaReview *self, gint64 id)
{
  guint position;

  return fovea_picture_list_find (self->all, id, &position);
}

static guint
count_source (FoveaReview *self)
{
  return self->order == FOVEA_REVIEW_LABEL_ERRORS ? (self->errors != NULL ? self->errors->errors->len : 0)
                                                  : g_list_model_get_n_items (G_LIST_MODEL (self->source));
}

static gint64
source_id (FoveaReview *self, guint i)
{
  return self->order == FOVEA_REVIEW_LABEL_ERRORS ? g_array_index (self->errors->errors, FoveaLabelError, i).id
                                                  : fovea_picture_list_get_id (self->source, i);
}

/* What was looked at, the present picture and the two after it, less those that were removed from the project, the present one too;
 * then the rest of the source in its order. */
static GArray *
build_queue (FoveaReview *self)
{
  GArray *now = g_array_sized_new (FALSE, FALSE, sizeof (gint64), self->frozen + count_source (self));
  g_autoptr (GHashTable) taken = g_hash_table_new (NULL, NULL);
  guint n = count_source (self), head = MIN (self->frozen, self->ids->len), present = self->position, position;

  for (guint i = 0; i < head; i++)
    {
      gint64 id = id_at (self->ids, i);
      gboolean ahead = i > present && !g_hash_table_contains (self->verdicts, (gpointer) (gintptr) id);

      if (!exists (self, id))
        {
          self->frozen--;
          self->position -= i < present;
          continue;
        }
      /* Somebody else labelled it meanwhile. */
      if (ahead && self->order != FOVEA_REVIEW_LABEL_ERRORS && !fovea_picture_list_find (self->source, id, &position))
        continue;
      g_array_append_val (now, id);
      g_hash_table_add (taken, (gpointer) (gintptr) id);
    }
  for (guint i = 0; i < n; i++)
    {
      gint64 id = source_id (self, i);

      /* A picture can have several labels that are likely wrong; the source has it once, and may have 100,000. */
      if (self->order == FOVEA_REVIEW_LABEL_ERRORS ? g_hash_table_add (taken, (gpointer) (gintptr) id)
                                                   : !g_hash_table_contains (taken, (gpointer) (gintptr) id))
        g_array_append_val (now, id);
    }
  return now;
}

static void
freeze (FoveaReview *self, guint n)
{
  if (self->begun)
    self->frozen = MIN (MAX (self->frozen, self->position + 1 + KEEP_AHEAD), n);
}

static void
replace_queue (FoveaReview *self, GArray *now)
{
  GArray *old = self->ids;
  guint least = MIN (old->len, now->len), head = 0, tail = 0, old_len = old->len;

  while (head < least && id_at (old, head) == id_at (now, head))
    head++;
  while (tail < least - head && id_at (old, old->len - 1 - tail) == id_at (now, now->len - 1 - tail))
    tail++;
  self->ids = now;
  freeze (self, now->len);
  if (head < MAX (old_len, now->len))
    g_list_model_items_changed (G_LIST_MODEL (self), head, old_len - head - tail, now->len - head - tail);
  g_array_unref (old);
  if (old_len != now->len)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_N_ITEMS]);
}

/* While another filter or order is being worked out the source is still the old one. */
void
fovea_review_rebuild (FoveaReview *self)
{
  if (self->closed || fovea_review_get_loading (self))
    return;
  replace_queue (self, build_queue (self));
  probe (self);
  fovea_review_emit_changed (self);
}

static void
on_source_changed (FoveaReview *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_N_WAITING]);
  if (self->order != FOVEA_REVIEW_LABEL_ERRORS)
    fovea_review_rebuild (self);
}

static void
on_source_loading (FoveaReview *self)
{
  on_source_changed (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
}

FoveaReviewVerdict
fovea_review_get_verdict_of (FoveaReview *self, gint64 id)
{
  return (FoveaReviewVerdict) GPOINTER_TO_INT (g_hash_table_lookup (self->verdicts, (gpointer) (gintptr) id));
}

void
fovea_review_set_position (FoveaReview *self, guint position)
{
  self->position = position;
  self->begun = TRUE;
  freeze (self, self->ids->len);
  probe (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_POSITION]);
  fovea_review_emit_changed (self);
}

gboolean
fovea_review_find (FoveaReview *self, gint64 id, guint *ret_position)
{
  for (guint i = 0; i < self->ids->len; i++)
    if (id_at (self->ids, i) == id)
      {
        *ret_position = i;
        return TRUE;
      }
  return FALSE;
}

gint64
fovea_review_get_id (FoveaReview *self, guint position)
{
  return position < self->ids->len ? id_at (self->ids, position) : 0;
}

void
fovea_review_notify_loading (FoveaReview *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
}

void
fovea_review_emit_failed (FoveaReview *self, const GError *error)
{
  g_signal_emit (self, signals[FAILED], 0, error);
}

/* Of label errors: the label that was suspected may be gone by now. */
static gboolean
is_stale (FoveaReview *self, gint64 id)
{
  const FoveaLabelError *error = fovea_review_get_error (self, id);
  g_autoptr (FoveaPicture) picture = error != NULL ? fovea_picture_list_dup_picture (self->all, id) : NULL;

  if (error == NULL)
    return FALSE;
  for (guint i = 0; i < fovea_picture_get_n_labels (picture); i++)
    {
      gboolean positive;
      FoveaConcept *concept = fovea_picture_get_label (picture, i, &positive);

      if (concept != NULL && fovea_concept_get_id (concept) == error->given)
        return positive != (self->errors->exclusive || !error->likely_is);
    }
  return TRUE;
}

void
fovea_review_go_on (FoveaReview *self)
{
  guint next = self->position + 1;

  while (next < self->ids->len
         && (fovea_review_get_verdict_of (self, id_at (self->ids, next)) != FOVEA_REVIEW_OPEN || is_stale (self, id_at (self->ids, next))))
    next++;
  fovea_review_set_position (self, MIN (next, self->ids->len));
}

/* ---- suggestions ---- */

static gboolean
get_error_suggestion (FoveaReview *self, gint64 id, FoveaSuggestion *suggestion)
{
  FoveaConceptList *concepts = fovea_project_get_concepts (self->project);
  const FoveaLabelError *error = fovea_review_get_error (self, id);

  if (error == NULL)
    return FALSE;
  suggestion->concept = fovea_concept_list_lookup (concepts, error->likely);
  suggestion->is = error->likely_is;
  suggestion->value = error->value;
  for (guint t = 0; t < FOVEA_LABEL_ERROR_TOP; t++)
    {
      FoveaConcept *concept = error->top[t] != 0 ? fovea_concept_list_lookup (concepts, error->top[t]) : NULL;

      if (concept == NULL)
        continue;
      suggestion->top[suggestion->n_top] = concept;
      suggestion->top_values[suggestion->n_top++] = error->top_values[t];
    }
  return suggestion->concept != NULL;
}

/* The next most probable concepts, where the live classifier knows them. */
static void
add_live_values (FoveaReview *self, gint64 id, FoveaSuggestion *suggestion)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));
  FoveaLive *live = fovea_project_get_live (self->project);
  guint n = g_list_model_get_n_items (concepts);

  if (fovea_live_get_suggestion (live, id, NULL, NULL) != fovea_concept_get_id (suggestion->concept))
    return;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, i);
      double value = fovea_live_get_value (live, id, fovea_concept_get_id (concept));
      guint at = suggestion->n_top;

      if (value < 0 || concept == suggestion->concept)
        continue;
      for (; at > 1 && suggestion->top_values[at - 1] < value; at--)
        if (at < FOVEA_SUGGESTION_TOP)
          {
            suggestion->top[at] = suggestion->top[at - 1];
            suggestion->top_values[at] = suggestion->top_values[at - 1];
          }
      if (at == FOVEA_SUGGESTION_TOP)
        continue;
      suggestion->top[at] = concept; /* the list keeps it */
      suggestion->top_values[at] = value;
      suggestion->n_top = MIN (suggestion->n_top + 1, FOVEA_SUGGESTION_TOP);
    }
}

gboolean
fovea_review_get_suggestion (FoveaReview *self, guint position, FoveaSuggestion *ret_suggestion)
{
  g_autoptr (FoveaPicture) picture = NULL;
  gint64 id;

  *ret_suggestion = (FoveaSuggestion){ .is = TRUE };
  if (position >= self->ids->len)
    return FALSE;
  id = id_at (self->ids, position);
  if (self->order == FOVEA_REVIEW_LABEL_ERRORS)
    return get_error_suggestion (self, id, ret_suggestion);
  picture = fovea_picture_list_dup_picture (self->all, id);
  ret_suggestion->concept = fovea_picture_get_prediction (picture, &ret_suggestion->value);
  if (ret_suggestion->concept == NULL)
    return FALSE;
  ret_suggestion->n_top = 1;
  ret_suggestion->top[0] = ret_suggestion->concept;
  ret_suggestion->top_values[0] = ret_suggestion->value;
  add_live_values (self, id, ret_suggestion);
  return TRUE;
}

/* ---- order and place ---- */

static void
ask_source (FoveaReview *self)
{
  static const FoveaPictureSort sorts[] = {
    [FOVEA_REVIEW_DOUBT] = FOVEA_PICTURE_SORT_DOUBT,
    [FOVEA_REVIEW_USEFUL] = FOVEA_PICTURE_SORT_USEFUL,
    [FOVEA_REVIEW_CERTAIN] = FOVEA_PICTURE_SORT_CERTAIN,
    [FOVEA_REVIEW_LABEL_ERRORS] = FOVEA_PICTURE_SORT_DOUBT,
  };
  const FoveaPictureFilter filter = { .unlabelled = TRUE, .min_value = ANY_VALUE };

  fovea_picture_list_set_filter (self->source, &filter);
  fovea_picture_list_set_sort (self->source, sorts[self->order], FALSE);
}

void
fovea_review_set_order (FoveaReview *self, FoveaReviewOrder order)
{
  gboolean same = order == self->order;
  GHashTableIter iter;
  gpointer verdict;

  if (self->closed)
    return;
  if (order == FOVEA_REVIEW_LABEL_ERRORS)
    fovea_review_search_errors (self);
  if (!same)
    {
      self->order = order;
      self->position = self->frozen = 0;
      /* Passed over in one order is not passed over in another. */
      g_hash_table_iter_init (&iter, self->verdicts);
      while (g_hash_table_iter_next (&iter, NULL, &verdict))
        if (GPOINTER_TO_INT (verdict) == FOVEA_REVIEW_SKIPPED)
          g_hash_table_iter_remove (&iter);
      replace_queue (self, g_array_new (FALSE, FALSE, sizeof (gint64)));
      if (order != FOVEA_REVIEW_LABEL_ERRORS)
        ask_source (self);
      fovea_review_rebuild (self);
    }
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_POSITION]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
  fovea_review_emit_changed (self);
}

FoveaReviewOrder
fovea_review_get_order (FoveaReview *self)
{
  return self->order;
}

gboolean
fovea_review_get_loading (FoveaReview *self)
{
  return self->order == FOVEA_REVIEW_LABEL_ERRORS ? self->searching : fovea_picture_list_get_loading (self->source);
}

guint
fovea_review_get_n_waiting (FoveaReview *self)
{
  return fovea_picture_list_get_loading (self->source) ? 0 : g_list_model_get_n_items (G_LIST_MODEL (self->source));
}

const char *
fovea_review_get_problem (FoveaReview *self)
{
  return self->order == FOVEA_REVIEW_LABEL_ERRORS ? self->problem : "";
}

void
fovea_review_begin (FoveaReview *self)
{
  self->begun = TRUE;
  freeze (self, self->ids->len);
}

guint
fovea_review_get_position (FoveaReview *self)
{
  return self->position;
}

gboolean
fovea_review_go_to (FoveaReview *self, guint position)
{
  if (position >= self->ids->len)
    return FALSE;
  fovea_review_set_position (self, position);
  return TRUE;
}

FoveaReviewVerdict
fovea_review_get_verdict (FoveaReview *self, guint position)
{
  return position < self->ids->len ? fovea_review_get_verdict_of (self, id_at (self->ids, position)) : FOVEA_REVIEW_OPEN;
}

void
fovea_review_get_tally (FoveaReview *self, FoveaReviewTally *ret_tally)
{
  FoveaReviewTally tally = { .n_left = self->ids->len - MIN (self->position, self->ids->len) };
  GHashTableIter iter;
  gpointer verdict;

  g_hash_table_iter_init (&iter, self->verdicts);
  while (g_hash_table_iter_next (&iter, NULL, &verdict))
    {
      tally.n_accepted += GPOINTER_TO_INT (verdict) == FOVEA_REVIEW_ACCEPTED;
      tally.n_rejected += GPOINTER_TO_INT (verdict) == FOVEA_REVIEW_REJECTED;
      tally.n_corrected += GPOINTER_TO_INT (verdict) == FOVEA_REVIEW_CORRECTED;
      tally.n_skipped += GPOINTER_TO_INT (verdict) == FOVEA_REVIEW_SKIPPED;
    }
  fovea_metrics_wilson (tally.n_accepted, tally.n_accepted + tally.n_rejected + tally.n_corrected, 1.96, &tally.accuracy_low,
                        &tally.accuracy_high);
  if (self->order == FOVEA_REVIEW_LABEL_ERRORS && self->errors != NULL)
    {
      tally.n_labelled = (guint) self->errors->n_looked_at;
      tally.n_suspects = (guint) self->errors->n_confident;
    }
  if (self->order != FOVEA_REVIEW_LABEL_ERRORS && self->probes != NULL)
    fovea_review_estimate (self->probes, tally.n_left, self->done, &tally);
  *ret_tally = tally;
}

/* ---- the object ---- */

void
fovea_review_close (FoveaReview *self)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->worker, g_thread_join);
  g_signal_handlers_disconnect_by_data (self->source, self);
  g_signal_handlers_disconnect_by_data (self->all, self);
  g_signal_handlers_disconnect_by_data (self->project, self);
}

static void
review_finalize (GObject *object)
{
  FoveaReview *self = FOVEA_REVIEW (object);

  g_clear_pointer (&self->errors, fovea_label_errors_free);
  g_clear_pointer (&self->probes, g_array_unref);
  g_hash_table_unref (self->error_at);
  g_hash_table_unref (self->verdicts);
  g_ptr_array_unref (self->done);
  g_ptr_array_unref (self->undone);
  g_array_unref (self->ids);
  g_free (self->problem);
  g_object_unref (self->cancellable);
  g_clear_object (&self->source);
  g_clear_object (&self->all);
  g_clear_object (&self->project);
  G_OBJECT_CLASS (fovea_review_parent_class)->finalize (object);
}

static void
review_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FoveaReview *self = FOVEA_REVIEW (object);

  switch (id)
    {
    case PROP_N_ITEMS: g_value_set_uint (value, self->ids->len); break;
    case PROP_POSITION: g_value_set_uint (value, self->position); break;
    case PROP_LOADING: g_value_set_boolean (value, fovea_review_get_loading (self)); break;
    case PROP_N_WAITING: g_value_set_uint (value, fovea_review_get_n_waiting (self)); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
fovea_review_class_init (FoveaReviewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = review_finalize;
  object_class->get_property = review_get_property;
  props[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[PROP_POSITION] = g_param_spec_uint ("position", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, flags);
  props[PROP_N_WAITING] = g_param_spec_uint ("n-waiting", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[CHANGED] = g_signal_new ("changed", FOVEA_TYPE_REVIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", FOVEA_TYPE_REVIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
fovea_review_init (FoveaReview *self)
{
  self->ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->verdicts = g_hash_table_new (NULL, NULL);
  self->error_at = g_hash_table_new (NULL, NULL);
  self->done = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_decision_free);
  self->undone = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_decision_free);
  self->cancellable = g_cancellable_new ();
  self->problem = g_strdup ("");
}

FoveaReview *
fovea_review_new (FoveaProject *project)
{
  FoveaReview *self = g_object_new (FOVEA_TYPE_REVIEW, NULL);

  self->project = g_object_ref (project);
  self->all = g_object_ref (fovea_project_get_pictures (project));
  self->source = fovea_project_new_picture_list (project);
  ask_source (self);
  g_signal_connect_swapped (self->source, "items-changed", G_CALLBACK (on_source_changed), self);
  g_signal_connect_swapped (self->source, "notify::loading", G_CALLBACK (on_source_loading), self);
  /* Objects come from the list of all pictures, which may be read after the queue. */
  g_signal_connect_swapped (self->all, "items-changed", G_CALLBACK (fovea_review_rebuild), self);
  g_signal_connect_swapped (project, "changed", G_CALLBACK (fovea_review_follow), self);
  return self;
}
