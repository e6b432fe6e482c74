/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/picture-list-private.h"

#include "engine/background.h"
#include "engine/engine-error.h"
#include "engine/picture-private.h"

/* Rows are read and objects are made a page at a time; the pages used last are kept. */
#define PAGE 64
#define MAX_PAGES 24
/* While an import adds rows, the list follows at this pace, and of a long list's reading time at most one part in so many
 * is spent on it: 100,000 rows take 130 ms, which at the pace above would keep a third of a core from drawing. */
#define REFRESH_GAP_MS 250
#define REFRESH_SHARE 5

struct _FoveaPictureList {
  GObject parent_instance;

  FoveaCore *core; /* NULL when closed */
  FoveaConceptList *concepts;
  FoveaLive *classifier;
  FoveaStore *page_reader; /* main thread */

  GArray *rows; /* gint64; what a worker compares with is never changed */
  FoveaPendingColumns *pending; /* (nullable) nothing is known yet */
  gint64 version;
  guint total;
  gboolean loading;

  GHashTable *held; /* id → Held */
  GQueue pages;     /* GPtrArray of FoveaPicture, newest first */

  FoveaPictureFilter filter;
  FoveaPictureSort sort;
  gint64 about;
  gboolean descending;
  gboolean follows_suggestions;
  FoveaLiveScores *frozen; /* (nullable) what the list goes by while it does not follow */

  GThread *worker;
  gboolean in_flight, again;
  guint refresh_source;
  gint64 last_refresh_us, refresh_took_us;
};

static void fovea_picture_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaPictureList, fovea_picture_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, fovea_picture_list_model_init))

enum { PROP_0, PROP_N_ITEMS, PROP_TOTAL, PROP_LOADING, N_PROPS };
static GParamSpec *props[N_PROPS];

/* A picture that somebody holds; the list does not. */
typedef struct {
  FoveaPictureList *list;
  gint64 id;
  FoveaPicture *picture;
} Held;

/* ---- pages ---- */

static gint64
id_at (FoveaPictureList *self, guint position)
{
  return g_array_index (self->rows, gint64, position);
}

static gboolean
is_pending (FoveaPictureList *self, gint64 id)
{
  const GArray *ids = self->pending != NULL ? self->pending->ids : NULL;

  return ids == NULL || fovea_columns_find ((const gint64 *) (gconstpointer) ids->data, ids->len, id) >= 0;
}

static void
on_picture_gone (gpointer data, GObject *picture)
{
  Held *held = data;

  g_hash_table_remove (held->list->held, (gpointer) (gintptr) held->id);
}

static FoveaPicture *
find_held (FoveaPictureList *self, gint64 id)
{
  Held *held = g_hash_table_lookup (self->held, (gpointer) (gintptr) id);

  return held != NULL ? held->picture : NULL;
}

/* What people and the shown version say of row @id, out of the page's annotations (in order of input). */
static void
take_labels (FoveaPictureList *self, const GArray *annotations, gint64 id, FoveaPictureRow *row)
{
  for (guint i = 0; annotations != NULL && i < annotations->len; i++)
    {
      const FoveaStoreAnnotation *said = &g_array_index (annotations, FoveaStoreAnnotation, i);

      if (said->input != id || said->region != 0)
        continue;
      if (said->version == 0)
        {
          if (row->labels == NULL)
            row->labels = g_array_new (FALSE, FALSE, sizeof (FoveaStoreAnnotation));
          g_array_append_val (row->labels, *said);
        }
      else if (said->version == self->version && said->value == 1 && (row->predicted == 0 || said->score > row->value))
        {
          row->predicted = said->concept;
          row->value = said->score;
        }
    }
}

/* Reads the rows of @n ids into pictures that are there already (@announce: say so when they differ). */
static void
load_rows (FoveaPictureList *self, const gint64 *ids, FoveaPicture *const *pictures, gsize n, gboolean announce)
{
  g_autoptr (GPtrArray) inputs = NULL;
  g_autoptr (GArray) annotations = NULL;
  guint at = 0;

  if (self->page_reader != NULL)
    {
      inputs = fovea_store_get_inputs (self->page_reader, ids, n, NULL);
      annotations = fovea_store_get_labels (self->page_reader, ids, n, -1, NULL);
    }
  for (gsize i = 0; i < n; i++)
    {
      FoveaPictureRow row = { .pending = is_pending (self, ids[i]) };

      if (inputs != NULL && at < inputs->len && ((FoveaStoreInput *) g_ptr_array_index (inputs, at))->id == ids[i])
        row.row = g_steal_pointer (&inputs->pdata[at++]);
      take_labels (self, annotations, ids[i], &row);
      row.suggested = fovea_live_get_suggestion (self->classifier, ids[i], &row.suggested_value, NULL);
      fovea_picture_take_row (pictures[i], &row, announce);
    }
  /* The rows were taken out. */
  if (inputs != NULL)
    for (guint i = 0; i < inputs->len; i++)
      if (inputs->pdata[i] != NULL)
        fovea_store_input_free (g_steal_pointer (&inputs->pdata[i]));
  if (inputs != NULL)
    g_ptr_array_set_free_func (inputs, NULL);
}

static FoveaPicture *
make_picture (FoveaPictureList *self, gint64 id)
{
  FoveaPicture *picture = fovea_picture_new (id, self->concepts);
  Held *held = g_new (Held, 1);

  held->list = self;
  held->id = id;
  held->picture = picture;
  g_hash_table_insert (self->held, (gpointer) (gintptr) id, held);
  g_object_weak_ref (G_OBJECT (picture), on_picture_gone, held);
  return picture;
}

static void
load_page (FoveaPictureList *self, guint position)
{
  guint first = position - position % PAGE;
  guint end = MIN (first + PAGE, self->rows->len);
  GPtrArray *page = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 ids[PAGE];
  FoveaPicture *fresh[PAGE];
  gsize n = 0;

  for (guint i = first; i < end; i++)
    {
      gint64 id = id_at (self, i);
      FoveaPicture *known = find_held (self, id);

      if (known == NULL)
        {
          ids[n] = id;
          known = fresh[n++] = make_picture (self, id);
          g_ptr_array_add (page, known);
        }
      else
        g_ptr_array_add (page, g_object_ref (known));
    }
  load_rows (self, ids, fresh, n, FALSE);
  g_queue_push_head (&self->pages, page);
  while (self->pages.length > MAX_PAGES)
    g_ptr_array_unref (g_queue_pop_tail (&self->pages));
}

FoveaPicture *
fovea_picture_list_dup_picture (FoveaPictureList *self, gint64 id)
{
  FoveaPicture *picture = find_held (self, id);

  if (picture != NULL)
    return g_object_ref (picture);
  picture = make_picture (self, id);
  load_rows (self, &id, &picture, 1, FALSE);
  return picture;
}

static void
drop_pages (FoveaPictureList *self)
{
  GPtrArray *page;

  while ((page = g_queue_pop_tail (&self->pages)) != NULL)
    g_ptr_array_unref (page);
}

/* The rows that someone looks at, read anew. */
static void
reload_held (FoveaPictureList *self)
{
  g_autoptr (GPtrArray) pictures = NULL;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  GHashTableIter iter;
  gpointer value;

  drop_pages (self);
  pictures = g_ptr_array_new_with_free_func (g_object_unref);
  g_hash_table_iter_init (&iter, self->held);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Held *held = value;

      g_ptr_array_add (pictures, g_object_ref (held->picture));
      g_array_append_val (ids, held->id);
    }
  if (ids->len > 0)
    load_rows (self, (const gint64 *) (gpointer) ids->data, (FoveaPicture *const *) pictures->pdata, ids->len, TRUE);
}

/* ---- GListModel ---- */

static GType
get_item_type (GListModel *model)
{
  return FOVEA_TYPE_PICTURE;
}

static guint
get_n_items (GListModel *model)
{
  return FOVEA_PICTURE_LIST (model)->rows->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  FoveaPictureList *self = FOVEA_PICTURE_LIST (model);
  gint64 id;
  FoveaPicture *picture;

  if (position >= self->rows->len)
    return NULL;
  id = id_at (self, position);
  picture = find_held (self, id);
  if (picture == NULL)
    {
      load_page (self, position);
      picture = find_held (self, id);
    }
  return g_object_ref (picture);
}

static void
fovea_picture_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* ---- object ---- */

static void
fovea_picture_list_finalize (GObject *object)
{
  FoveaPictureList *self = FOVEA_PICTURE_LIST (object);
  GHashTableIter iter;
  gpointer value;

  drop_pages (self);
  g_hash_table_iter_init (&iter, self->held);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_object_weak_unref (G_OBJECT (((Held *) value)->picture), on_picture_gone, value);
  g_hash_table_unref (self->held);
  g_clear_handle_id (&self->refresh_source, g_source_remove);
  g_clear_pointer (&self->page_reader, fovea_store_free);
  g_clear_pointer (&self->worker, g_thread_unref);
  g_array_unref (self->rows);
  g_clear_pointer (&self->pending, fovea_pending_columns_unref);
  g_clear_pointer (&self->frozen, fovea_live_scores_unref);
  g_clear_object (&self->classifier);
  g_clear_object (&self->concepts);
  g_clear_pointer (&self->core, fovea_core_unref);
  fovea_picture_filter_clear (&self->filter);
  G_OBJECT_CLASS (fovea_picture_list_parent_class)->finalize (object);
}

static void
fovea_picture_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FoveaPictureList *self = FOVEA_PICTURE_LIST (object);

  switch (id)
    {
    case PROP_N_ITEMS: g_value_set_uint (value, self->rows->len); break;
    case PROP_TOTAL: g_value_set_uint (value, self->total); break;
    case PROP_LOADING: g_value_set_boolean (value, self->loading); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
fovea_picture_list_class_init (FoveaPictureListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = fovea_picture_list_finalize;
  object_class->get_property = fovea_picture_list_get_property;
  props[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[PROP_TOTAL] = g_param_spec_uint ("total", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
fovea_picture_list_init (FoveaPictureList *self)
{
  self->rows = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->follows_suggestions = TRUE;
  self->held = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_queue_init (&self->pages);
}

static void
set_loading (FoveaPictureList *self, gboolean loading)
{
  if (self->loading == loading)
    return;
  self->loading = loading;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
}

/* ---- what changed ---- */

/* During the signals of several splices the list must be consistent after each: a copy is patched step by step. */
static void
announce_splices (FoveaPictureList *self, const GArray *now, const GArray *splices)
{
  GArray *rows = g_array_sized_new (FALSE, FALSE, sizeof (gint64), self->rows->len);

  g_array_append_vals (rows, self->rows->data, self->rows->len);
  g_array_unref (self->rows);
  self->rows = rows;
  for (guint k = 0; k < splices->len; k++)
    {
      FoveaPictureSplice splice = g_array_index (splices, FoveaPictureSplice, k);

      g_array_remove_range (rows, splice.position, splice.removed);
      g_array_insert_vals (rows, splice.position, &g_array_index (now, gint64, splice.position), splice.added);
      g_list_model_items_changed (G_LIST_MODEL (self), splice.position, splice.removed, splice.added);
    }
}

static void
replace_rows (FoveaPictureList *self, const FoveaPictureAnswer *answer)
{
  GArray *now = answer->rows;
  guint old_len = self->rows->len, same = answer->head + answer->tail;

  if (answer->splices != NULL && answer->splices->len > 1)
    announce_splices (self, now, answer->splices);
  else
    {
      g_array_unref (self->rows);
      self->rows = g_array_ref (now);
      if (same < MAX (old_len, now->len))
        g_list_model_items_changed (G_LIST_MODEL (self), answer->head, old_len - same, now->len - same);
    }
  if (old_len != now->len)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_N_ITEMS]);
}

/* ---- refreshing ---- */

typedef struct {
  FoveaPictureList *list;
  FoveaCore *core;
  FoveaPictureQuery *query;
  FoveaPictureAnswer *answer; /* NULL: it failed; the list stays */
  GMainContext *context;
  gint64 begin_us;
  gboolean gentle; /* nobody waits for it */
} Refresh;

static void start_refresh (FoveaPictureList *self);

static void
take_answer (FoveaPictureList *self, FoveaPictureAnswer *answer)
{
  g_clear_pointer (&self->pending, fovea_pending_columns_unref);
  self->pending = g_steal_pointer (&answer->pending);
  self->version = answer->version;
  replace_rows (self, answer);
  reload_held (self);
  if (self->total != answer->total)
    {
      self->total = (guint) answer->total;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TOTAL]);
    }
}

static void
free_refresh (Refresh *refresh)
{
  fovea_core_unref (refresh->core);
  fovea_picture_query_free (refresh->query);
  fovea_picture_answer_free (refresh->answer);
  g_main_context_unref (refresh->context);
  g_object_unref (refresh->list);
  g_free (refresh);
}

static gboolean
on_refreshed (gpointer data)
{
  Refresh *refresh = data;
  FoveaPictureList *self = refresh->list;

  if (self->core != NULL)
    {
      g_clear_pointer (&self->worker, g_thread_join);
      self->in_flight = FALSE;
      self->last_refresh_us = g_get_monotonic_time ();
      self->refresh_took_us = self->last_refresh_us - refresh->begin_us;
      if (refresh->answer != NULL)
        take_answer (self, refresh->answer);
      if (self->again && self->loading)
        start_refresh (self);
      else if (self->again)
        fovea_picture_list_refresh (self);
      else
        set_loading (self, FALSE);
    }
  free_refresh (refresh);
  return G_SOURCE_REMOVE;
}

static gpointer
refresh_on_worker (gpointer data)
{
  Refresh *refresh = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSource) idle = g_idle_source_new ();
  FoveaStore *reader;

  if (refresh->gentle)
    fovea_background_enter ();
  reader = fovea_core_open_reader (refresh->core, &error);
  if (reader != NULL)
    refresh->answer = fovea_picture_query_run (refresh->query, refresh->core, reader, &error);
  if (refresh->answer == NULL && !g_error_matches (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_CANCELLED))
    g_message ("The list of pictures could not be read: %s", error->message);
  g_clear_pointer (&reader, fovea_store_free);
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, on_refreshed, refresh, NULL);
  g_source_attach (idle, refresh->context);
  return NULL;
}

static FoveaPictureQuery *
make_query (FoveaPictureList *self)
{
  FoveaPictureQuery *query = g_new0 (FoveaPictureQuery, 1);

  fovea_picture_filter_copy (&query->filter, &self->filter);
  query->sort = self->sort;
  query->about = self->about;
  query->descending = self->descending;
  query->before = g_array_ref (self->rows);
  query->scores = self->frozen != NULL ? fovea_live_scores_ref (self->frozen) : fovea_live_ref_scores (self->classifier);
  return query;
}

static void
start_refresh (FoveaPictureList *self)
{
  Refresh *refresh = g_new0 (Refresh, 1);

  refresh->list = g_object_ref (self);
  refresh->core = fovea_core_ref (self->core);
  refresh->query = make_query (self);
  refresh->context = g_main_context_ref_thread_default ();
  refresh->begin_us = g_get_monotonic_time ();
  refresh->gentle = !self->loading;
  self->in_flight = TRUE;
  self->again = FALSE;
  self->worker = g_thread_new ("list", refresh_on_worker, refresh);
}

static gboolean
on_refresh_due (gpointer data)
{
  FoveaPictureList *self = data;

  self->refresh_source = 0;
  start_refresh (self);
  return G_SOURCE_REMOVE;
}

void
fovea_picture_list_refresh (FoveaPictureList *self)
{
  gint64 gap_us, wait_ms;

  if (self->core == NULL)
    return;
  if (self->in_flight)
    {
      self->again = TRUE;
      return;
    }
  if (self->refresh_source != 0)
    return;
  gap_us = MAX (REFRESH_GAP_MS * (gint64) 1000, self->refresh_took_us * (REFRESH_SHARE - 1));
  wait_ms = (gap_us - (g_get_monotonic_time () - self->last_refresh_us)) / 1000;
  if (self->last_refresh_us == 0 || wait_ms <= 0)
    start_refresh (self);
  else
    self->refresh_source = g_timeout_add ((guint) wait_ms, on_refresh_due, self);
}

/* A person changed the filter: at once, with the newest suggestions. */
static void
refresh_now (FoveaPictureList *self)
{
  g_clear_pointer (&self->frozen, fovea_live_scores_unref);
  if (!self->follows_suggestions)
    self->frozen = fovea_live_ref_scores (self->classifier);
  if (self->core == NULL)
    return;
  set_loading (self, TRUE);
  g_clear_handle_id (&self->refresh_source, g_source_remove);
  if (self->in_flight)
    self->again = TRUE;
  else
    start_refresh (self);
}

void
fovea_picture_list_suggestions_changed (FoveaPictureList *self)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->held);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (pictures, g_object_ref (((Held *) value)->picture));
  for (guint i = 0; i < pictures->len; i++)
    {
      FoveaPicture *picture = g_ptr_array_index (pictures, i);
      double probability = 0.0;
      gint64 concept = fovea_live_get_suggestion (self->classifier, fovea_picture_get_id (picture), &probability, NULL);

      fovea_picture_set_suggestion (picture, concept, probability);
    }
  if (self->follows_suggestions && fovea_picture_query_needs_suggestions (&self->filter, self->sort))
    fovea_picture_list_refresh (self);
}

void
fovea_picture_list_close (FoveaPictureList *self)
{
  g_clear_handle_id (&self->refresh_source, g_source_remove);
  g_clear_pointer (&self->worker, g_thread_join);
  g_clear_pointer (&self->page_reader, fovea_store_free);
  g_clear_pointer (&self->core, fovea_core_unref);
}

FoveaPictureList *
fovea_picture_list_new (FoveaCore *core, FoveaConceptList *concepts, FoveaLive *live)
{
  FoveaPictureList *self = g_object_new (FOVEA_TYPE_PICTURE_LIST, NULL);
  g_autoptr (GError) error = NULL;

  self->core = fovea_core_ref (core);
  self->concepts = g_object_ref (concepts);
  self->classifier = g_object_ref (live);
  self->page_reader = fovea_core_open_reader (core, &error);
  if (self->page_reader == NULL)
    g_message ("The list of pictures could not be read: %s", error->message);
  set_loading (self, TRUE);
  start_refresh (self);
  return self;
}

/* ---- public ---- */

void
fovea_picture_list_set_filter (FoveaPictureList *self, const FoveaPictureFilter *filter)
{
  FoveaPictureFilter old = self->filter;

  fovea_picture_filter_copy (&self->filter, filter);
  fovea_picture_filter_clear (&old);
  refresh_now (self);
}

void
fovea_picture_list_set_sort_about (FoveaPictureList *self, FoveaPictureSort sort, gint64 about, gboolean descending)
{
  if (self->sort == sort && self->about == about && self->descending == descending && self->follows_suggestions)
    return;
  self->sort = sort;
  self->about = about;
  self->descending = descending;
  refresh_now (self);
}

void
fovea_picture_list_set_sort (FoveaPictureList *self, FoveaPictureSort sort, gboolean descending)
{
  fovea_picture_list_set_sort_about (self, sort, 0, descending);
}

void
fovea_picture_list_set_follows_suggestions (FoveaPictureList *self, gboolean follows)
{
  if (self->follows_suggestions == follows)
    return;
  self->follows_suggestions = follows;
  g_clear_pointer (&self->frozen, fovea_live_scores_unref);
  if (follows)
    refresh_now (self);
  else
    self->frozen = fovea_live_ref_scores (self->classifier);
}

guint
fovea_picture_list_get_total (FoveaPictureList *self)
{
  return self->total;
}

gboolean
fovea_picture_list_get_loading (FoveaPictureList *self)
{
  return self->loading;
}

gboolean
fovea_picture_list_find (FoveaPictureList *self, gint64 id, guint *ret_position)
{
  for (guint i = 0; i < self->rows->len; i++)
    if (id_at (self, i) == id)
      {
        *ret_position = i;
        return TRUE;
      }
  return FALSE;
}

gint64
fovea_picture_list_get_id (FoveaPictureList *self, guint position)
{
  return position < self->rows->len ? id_at (self, position) : 0;
}
