/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/thumbnail-loader.h"

/* With the engine at a time: enough to keep its decoders busy, few enough that a jump in the list is answered at once. */
#define MAX_ACTIVE 12
#define RADIUS_PX 6
/* After the input events of a turn, before the frame is laid out and drawn (GTK_PRIORITY_RESIZE is 110). */
#define PUMP_PRIORITY (G_PRIORITY_HIGH_IDLE + 5)

typedef struct {
  gint64 id;
  int size_px;
} Key;

typedef struct {
  Key key; /* first: the entry is its own key in the table */
  GdkTexture *texture;
  gsize bytes;
  GList link;
} Entry;

typedef struct {
  FoveaThumbnailLoader *loader; /* NULL once the loader is gone */
  FoveaProject *project;
  GtkWidget *owner; /* NULL once cancelled; only ever compared and handed back */
  FoveaPicture *picture;
  FoveaThumbnailFunc func;
  GCancellable *cancellable;
  Key key;
  guint position;
  gboolean active;
  /* Written by the rendering thread. */
  GBytes *bytes;
  int width, height, stride;
} Request;

struct _FoveaThumbnailLoader {
  FoveaProject *project;
  GHashTable *requests; /* owner → Request */
  GPtrArray *active;    /* of Request; also those whose owner has gone */
  guint pump_id;
  guint focus;

  GHashTable *cache; /* Key → Entry */
  GQueue recency;    /* newest first */
  gsize cache_bytes, max_cache_bytes;
};

static void render_on_worker (gpointer data, gpointer unused);

/* One thread for the whole program: rendering a thumbnail takes a tenth of a millisecond. */
static GThreadPool *
get_pool (void)
{
  static GThreadPool *pool;

  if (pool == NULL)
    pool = g_thread_pool_new (render_on_worker, NULL, 1, FALSE, NULL);
  return pool;
}

static guint
key_hash (gconstpointer p)
{
  const Key *key = p;

  return g_int64_hash (&key->id) ^ ((guint) key->size_px << 20);
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  const Key *left = a, *right = b;

  return left->id == right->id && left->size_px == right->size_px;
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_object_unref (entry->texture);
  g_free (entry);
}

static void
request_free (Request *request)
{
  g_clear_object (&request->project);
  g_clear_object (&request->picture);
  g_clear_object (&request->cancellable);
  g_clear_pointer (&request->bytes, g_bytes_unref);
  g_free (request);
}

static void
cache_take (FoveaThumbnailLoader *self, const Key *key, GdkTexture *texture)
{
  Entry *entry;

  if (g_hash_table_contains (self->cache, key))
    return;
  entry = g_new0 (Entry, 1);
  entry->key = *key;
  entry->texture = g_object_ref (texture);
  entry->bytes = (gsize) gdk_texture_get_width (texture) * (gsize) gdk_texture_get_height (texture) * 4;
  entry->link.data = entry;
  g_queue_push_head_link (&self->recency, &entry->link);
  g_hash_table_add (self->cache, entry);
  self->cache_bytes += entry->bytes;
  while (self->cache_bytes > self->max_cache_bytes && self->recency.length > 1)
    {
      Entry *oldest = self->recency.tail->data;

      self->cache_bytes -= oldest->bytes;
      g_queue_unlink (&self->recency, &oldest->link);
      g_hash_table_remove (self->cache, oldest);
    }
}

GdkTexture *
fovea_thumbnail_loader_lookup (FoveaThumbnailLoader *self, gint64 id, int size_px)
{
  Key key = { id, size_px };
  Entry *entry = g_hash_table_lookup (self->cache, &key);

  if (entry == NULL)
    return NULL;
  g_queue_unlink (&self->recency, &entry->link);
  g_queue_push_head_link (&self->recency, &entry->link);
  return entry->texture;
}

static void pump (FoveaThumbnailLoader *self);

/* The request is over: tells the owner, if it still waits, and lets the next one in. */
static void
request_finish (Request *request, GdkTexture *texture)
{
  FoveaThumbnailLoader *self = request->loader;

  if (self != NULL)
    {
      g_ptr_array_remove_fast (self->active, request);
      if (texture != NULL)
        cache_take (self, &request->key, texture);
      if (request->owner != NULL)
        {
          g_hash_table_remove (self->requests, request->owner);
          request->func (request->owner, texture);
        }
      pump (self);
    }
  request_free (request);
}

static gboolean
deliver (gpointer data)
{
  Request *request = data;
  g_autoptr (GdkTexture) texture =
    gdk_memory_texture_new (request->width, request->height, FOVEA_THUMBNAIL_FORMAT, request->bytes, (gsize) request->width * 4);

  request_finish (request, texture);
  return G_SOURCE_REMOVE;
}

static void
render_on_worker (gpointer data, gpointer unused)
{
  Request *request = data;
  int width, height;
  GBytes *pixels = fovea_thumbnail_render (request->bytes, request->width, request->height, request->stride,
                                           request->key.size_px, RADIUS_PX, &width, &height);

  g_bytes_unref (request->bytes);
  request->bytes = pixels;
  request->width = width;
  request->height = height;
  g_idle_add_full (G_PRIORITY_DEFAULT, deliver, request, NULL);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  Request *request = data;
  g_autoptr (GError) error = NULL;

  request->bytes = fovea_project_load_thumbnail_finish (request->project, result, &request->width, &request->height,
                                                        &request->stride, &error);
  if (request->bytes == NULL || request->loader == NULL)
    request_finish (request, NULL);
  else
    g_thread_pool_push (get_pool (), request, NULL);
}

static Request *
find_nearest (FoveaThumbnailLoader *self)
{
  GHashTableIter iter;
  gpointer value;
  Request *nearest = NULL;
  guint best = G_MAXUINT;

  g_hash_table_iter_init (&iter, self->requests);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Request *request = value;
      guint distance = request->position > self->focus ? request->position - self->focus : self->focus - request->position;

      if (!request->active && (nearest == NULL || distance < best))
        {
          nearest = request;
          best = distance;
        }
    }
  return nearest;
}

static void
pump (FoveaThumbnailLoader *self)
{
  while (self->active->len < MAX_ACTIVE)
    {
      Request *request = find_nearest (self);

      if (request == NULL)
        return;
      request->active = TRUE;
      g_ptr_array_add (self->active, request);
      fovea_project_load_thumbnail_async (self->project, request->picture, request->key.size_px, request->cancellable,
                                          on_loaded, request);
    }
}

static gboolean
pump_once (gpointer data)
{
  FoveaThumbnailLoader *self = data;

  self->pump_id = 0;
  pump (self);
  return G_SOURCE_REMOVE;
}

void
fovea_thumbnail_loader_request (FoveaThumbnailLoader *self, GtkWidget *owner, FoveaPicture *picture, guint position,
                                int size_px, FoveaThumbnailFunc func)
{
  Request *request;

  fovea_thumbnail_loader_cancel (self, owner);
  request = g_new0 (Request, 1);
  request->loader = self;
  request->project = g_object_ref (self->project);
  request->owner = owner;
  request->picture = g_object_ref (picture);
  request->func = func;
  request->cancellable = g_cancellable_new ();
  request->key = (Key) { fovea_picture_get_id (picture), size_px };
  request->position = position;
  g_hash_table_insert (self->requests, owner, request);
  if (self->pump_id == 0)
    self->pump_id = g_idle_add_full (PUMP_PRIORITY, pump_once, self, NULL);
}

void
fovea_thumbnail_loader_cancel (FoveaThumbnailLoader *self, GtkWidget *owner)
{
  Request *request = g_hash_table_lookup (self->requests, owner);

  if (request == NULL)
    return;
  g_hash_table_remove (self->requests, owner);
  if (!request->active)
    {
      request_free (request);
      return;
    }
  request->owner = NULL;
  g_cancellable_cancel (request->cancellable);
}

void
fovea_thumbnail_loader_set_focus (FoveaThumbnailLoader *self, guint position)
{
  self->focus = position;
}

gsize
fovea_thumbnail_loader_get_cached_bytes (FoveaThumbnailLoader *self)
{
  return self->cache_bytes;
}

FoveaThumbnailLoader *
fovea_thumbnail_loader_new (FoveaProject *project, gsize cache_bytes)
{
  FoveaThumbnailLoader *self = g_new0 (FoveaThumbnailLoader, 1);

  self->project = g_object_ref (project);
  self->requests = g_hash_table_new (NULL, NULL);
  self->active = g_ptr_array_new ();
  self->cache = g_hash_table_new_full (key_hash, key_equal, entry_free, NULL);
  g_queue_init (&self->recency);
  self->max_cache_bytes = cache_bytes;
  return self;
}

void
fovea_thumbnail_loader_free (FoveaThumbnailLoader *self)
{
  GHashTableIter iter;
  gpointer value;

  g_clear_handle_id (&self->pump_id, g_source_remove);
  g_hash_table_iter_init (&iter, self->requests);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (!((Request *) value)->active)
      request_free (value);
  for (guint i = 0; i < self->active->len; i++)
    {
      Request *request = g_ptr_array_index (self->active, i);

      request->loader = NULL;
      request->owner = NULL;
      g_cancellable_cancel (request->cancellable);
    }
  g_hash_table_unref (self->requests);
  g_ptr_array_unref (self->active);
  g_hash_table_unref (self->cache);
  g_object_unref (self->project);
  g_free (self);
}
