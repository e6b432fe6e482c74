/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/picture-list-private.h"

#include "engine/background.h"
#include "engine/picture-private.h"
#include "store/store-input-list.h"

/* Rows are read and objects are made a page at a time; the pages used last are kept. */
#define PAGE 64
#define MAX_PAGES 24
/* While an import adds rows, the list follows at this pace, and of a long list's reading time at most one part in so many
 * is spent on it: 100,000 rows take 130 ms, which at the pace above would keep a third of a core from drawing. */
#define REFRESH_GAP_MS 250
#define REFRESH_SHARE 5
/* A list that differs in more places than this is announced as one change. */
#define MAX_SPLICES 256

struct _FoveaPictureList {
  GObject parent_instance;

  FoveaCore *core; /* NULL when closed */
  FoveaConceptList *concepts;
  FoveaStore *page_reader; /* main thread */

  GArray *rows; /* FoveaStoreInputBrief */
  GArray *pending;
  gboolean any_vectors;
  gint64 version;
  guint total;
  gboolean loading;

  GHashTable *live; /* id → Live */
  GQueue pages;     /* GPtrArray of FoveaPicture, newest first */

  FoveaPictureFilter filter;
  char *text, *split;
  FoveaPictureSort sort;
  gboolean descending;

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
} Live;

/* ---- pages ---- */

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

static gboolean
is_pending (FoveaPictureList *self, gint64 id)
{
  return !self->any_vectors || (self->pending != NULL && g_array_binary_search (self->pending, &id, compare_ids, NULL));
}

static void
on_picture_gone (gpointer data, GObject *picture)
{
  Live *live = data;

  g_hash_table_remove (live->list->live, (gpointer) (gintptr) live->id);
}

static FoveaPicture *
find_live (FoveaPictureList *self, gint64 id)
{
  Live *live = g_hash_table_lookup (self->live, (gpointer) (gintptr) id);

  return live != NULL ? live->picture : NULL;
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
  Live *live = g_new (Live, 1);

  live->list = self;
  live->id = id;
  live->picture = picture;
  g_hash_table_insert (self->live, (gpointer) (gintptr) id, live);
  g_object_weak_ref (G_OBJECT (picture), on_picture_gone, live);
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
      gint64 id = g_array_index (self->rows, FoveaStoreInputBrief, i).id;
      FoveaPicture *known = find_live (self, id);

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

static void
drop_pages (FoveaPictureList *self)
{
  GPtrArray *page;

  while ((page = g_queue_pop_tail (&self->pages)) != NULL)
    g_ptr_array_unref (page);
}

/* The rows that someone looks at, read anew. */
static void
reload_live (FoveaPictureList *self)
{
  g_autoptr (GPtrArray) pictures = NULL;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  GHashTableIter iter;
  gpointer value;

  drop_pages (self);
  pictures = g_ptr_array_new_with_free_func (g_object_unref);
  g_hash_table_iter_init (&iter, self->live);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Live *live = value;

      g_ptr_array_add (pictures, g_object_ref (live->picture));
      g_array_append_val (ids, live->id);
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
  id = g_array_index (self->rows, FoveaStoreInputBrief, position).id;
  picture = find_live (self, id);
  if (picture == NULL)
    {
      load_page (self, position);
      picture = find_live (self, id);
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
  g_hash_table_iter_init (&iter, self->live);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_object_weak_unref (G_OBJECT (((Live *) value)->picture), on_picture_gone, value);
  g_hash_table_unref (self->live);
  g_clear_handle_id (&self->refresh_source, g_source_remove);
  g_clear_pointer (&self->page_reader, fovea_store_free);
  g_clear_pointer (&self->worker, g_thread_unref);
  g_array_unref (self->rows);
  g_clear_pointer (&self->pending, g_array_unref);
  g_clear_object (&self->concepts);
  g_clear_pointer (&self->core, fovea_core_unref);
  g_free (self->text);
  g_free (self->split);
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
  self->rows = g_array_new (FALSE, FALSE, sizeof (FoveaStoreInputBrief));
  self->live = g_hash_table_new_full (NULL, NULL, NULL, g_free);
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

/* ---- what changed between two orders ---- */

typedef struct {
  guint position, removed, added;
} Splice;

static gint64
id_at (const GArray *rows, guint i)
{
  return g_array_index (rows, FoveaStoreInputBrief, i).id;
}

static GHashTable *
ids_of (const GArray *rows, guint from, guint to)
{
  GHashTable *ids = g_hash_table_new (NULL, NULL);

  for (guint i = from; i < to; i++)
    g_hash_table_add (ids, (gpointer) (gintptr) id_at (rows, i));
  return ids;
}

/* Splices for the middle, walking both orders at once; rows that are in both must come in the same order. FALSE: they
 * do not, or there are too many places. Positions are those at the time of each splice. */
static gboolean
find_splices (const GArray *old, guint old_end, const GArray *now, guint now_end, guint head, GArray *ret_splices)
{
  g_autoptr (GHashTable) old_ids = ids_of (old, head, old_end);
  g_autoptr (GHashTable) now_ids = ids_of (now, head, now_end);
  guint i = head, j = head;

  while (i < old_end || j < now_end)
    {
      Splice splice = { .position = j };

      if (i < old_end && j < now_end && id_at (old, i) == id_at (now, j))
        {
          i++;
          j++;
          continue;
        }
      for (; i < old_end && !g_hash_table_contains (now_ids, (gpointer) (gintptr) id_at (old, i)); i++)
        splice.removed++;
      for (; j < now_end && !g_hash_table_contains (old_ids, (gpointer) (gintptr) id_at (now, j)); j++)
        splice.added++;
      if ((splice.removed == 0 && splice.added == 0) || ret_splices->len == MAX_SPLICES)
        return FALSE;
      g_array_append_val (ret_splices, splice);
    }
  return TRUE;
}

/* During the signals of several splices the list must be consistent after each: the rows between are patched step
 * by step. */
static void
announce_splices (FoveaPictureList *self, GArray *now, const GArray *splices)
{
  for (guint k = 0; k < splices->len; k++)
    {
      Splice splice = g_array_index (splices, Splice, k);

      g_array_remove_range (self->rows, splice.position, splice.removed);
      g_array_insert_vals (self->rows, splice.position, &g_array_index (now, FoveaStoreInputBrief, splice.position), splice.added);
      g_list_model_items_changed (G_LIST_MODEL (self), splice.position, splice.removed, splice.added);
    }
}

static void
replace_rows (FoveaPictureList *self, GArray *now)
{
  GArray *old = self->rows;
  guint least = MIN (old->len, now->len), head = 0, tail = 0, old_len = old->len;
  g_autoptr (GArray) splices = g_array_new (FALSE, FALSE, sizeof (Splice));

  while (head < least && id_at (old, head) == id_at (now, head))
    head++;
  while (tail < least - head && id_at (old, old->len - 1 - tail) == id_at (now, now->len - 1 - tail))
    tail++;
  if (head + tail < MAX (old->len, now->len)
      && find_splices (old, old->len - tail, now, now->len - tail, head, splices))
    announce_splices (self, now, splices);
  else if (head + tail < MAX (old->len, now->len))
    {
      self->rows = g_array_ref (now);
      g_array_unref (old);
      g_list_model_items_changed (G_LIST_MODEL (self), head, old_len - head - tail, now->len - head - tail);
    }
  if (old_len != now->len)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_N_ITEMS]);
}

/* ---- refreshing ---- */

typedef struct {
  FoveaPictureList *list;
  FoveaStore *reader;
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
  g_clear_pointer (&self->pending, g_array_unref);
  self->pending = g_steal_pointer (&answer->pending);
  self->any_vectors = self->pending != NULL;
  self->version = answer->version;
  replace_rows (self, answer->rows);
  reload_live (self);
  if (self->total != answer->total)
    {
      self->total = (guint) answer->total;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TOTAL]);
    }
}

static void
free_refresh (Refresh *refresh)
{
  g_clear_pointer (&refresh->reader, fovea_store_free);
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

  if (refresh->gentle)
    fovea_background_enter ();
  refresh->answer = fovea_picture_query_run (refresh->query, refresh->reader, &error);
  if (refresh->answer == NULL)
    g_message ("The list of pictures could not be read: %s", error->message);
  g_clear_pointer (&refresh->reader, fovea_store_free);
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, on_refreshed, refresh, NULL);
  g_source_attach (idle, refresh->context);
  return NULL;
}

static void
start_refresh (FoveaPictureList *self)
{
  g_autoptr (GError) error = NULL;
  FoveaStore *reader = fovea_core_open_reader (self->core, &error);
  Refresh *refresh;

  if (reader == NULL)
    {
      g_message ("The list of pictures could not be read: %s", error->message);
      set_loading (self, FALSE);
      return;
    }
  refresh = g_new0 (Refresh, 1);
  refresh->list = g_object_ref (self);
  refresh->reader = reader;
  refresh->query = fovea_picture_query_new (&self->filter, self->sort, self->descending);
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

/* A person changed the filter: at once. */
static void
refresh_now (FoveaPictureList *self)
{
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
fovea_picture_list_close (FoveaPictureList *self)
{
  g_clear_handle_id (&self->refresh_source, g_source_remove);
  g_clear_pointer (&self->worker, g_thread_join);
  g_clear_pointer (&self->page_reader, fovea_store_free);
  g_clear_pointer (&self->core, fovea_core_unref);
}

FoveaPictureList *
fovea_picture_list_new (FoveaCore *core, FoveaConceptList *concepts)
{
  FoveaPictureList *self = g_object_new (FOVEA_TYPE_PICTURE_LIST, NULL);
  g_autoptr (GError) error = NULL;

  self->core = fovea_core_ref (core);
  self->concepts = g_object_ref (concepts);
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
  char *text = g_strdup (filter != NULL ? filter->text : NULL);
  char *split = g_strdup (filter != NULL ? filter->split : NULL);

  self->filter = filter != NULL ? *filter : (FoveaPictureFilter){ 0 };
  g_free (self->text);
  g_free (self->split);
  self->filter.text = self->text = text;
  self->filter.split = self->split = split;
  refresh_now (self);
}

void
fovea_picture_list_set_sort (FoveaPictureList *self, FoveaPictureSort sort, gboolean descending)
{
  if (self->sort == sort && self->descending == descending)
    return;
  self->sort = sort;
  self->descending = descending;
  refresh_now (self);
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
    if (id_at (self->rows, i) == id)
      {
        *ret_position = i;
        return TRUE;
      }
  return FALSE;
}

gint64
fovea_picture_list_get_id (FoveaPictureList *self, guint position)
{
  return position < self->rows->len ? id_at (self->rows, position) : 0;
}
