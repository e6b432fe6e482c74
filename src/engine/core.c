/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/core-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "engine/engine-error.h"
#include "engine/model-state-private.h"
#include "store/store-models.h"
#include "store/store-weights.h"

#define POLL_US (400 * 1000)

typedef struct {
  FoveaStoreFunc func;
  gpointer data;
  FoveaChanged changes; /* 0: it reads */
  GTask *task; /* NULL: somebody waits for @done */
  gboolean result, done;
  GError *error;
} Call;

struct _FoveaCore {
  gatomicrefcount ref_count;
  char *path;
  FoveaScheduler *scheduler;

  GMutex mutex;
  GCond cond;
  GQueue calls;
  GThread *thread;
  gboolean closing, closed;
  FoveaStore *store; /* used by the store thread alone, but for open_reader */
  FoveaCoreWatch watch;

  GMutex lazy_mutex; /* what is made at first use */
  FoveaDecoder *decoder, *interactive_decoder;
  GHashTable *embedders; /* pack name → FoveaEmbedder */

  FoveaColumns *columns;
  FoveaVectorCache *vectors;
};

/* ---- the store thread ---- */

static gboolean
return_task (gpointer data)
{
  Call *call = data;

  if (call->result)
    g_task_return_pointer (call->task, g_task_get_task_data (call->task), NULL);
  else
    g_task_return_error (call->task, g_steal_pointer (&call->error));
  g_object_unref (call->task);
  g_free (call);
  return G_SOURCE_REMOVE;
}

static void
finish_call (FoveaCore *self, Call *call)
{
  if (call->task != NULL)
    {
      g_autoptr (GSource) idle = g_idle_source_new ();

      g_source_set_priority (idle, G_PRIORITY_DEFAULT);
      g_source_set_callback (idle, return_task, call, NULL);
      g_source_attach (idle, g_task_get_context (call->task));
      return;
    }
  g_mutex_lock (&self->mutex);
  call->done = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static void
tell_changed (FoveaCore *self, FoveaChanged what)
{
  FoveaCoreWatch watch;

  fovea_columns_note_change (self->columns, what);
  g_mutex_lock (&self->mutex);
  watch = self->watch;
  if (watch.changed != NULL)
    watch.changed (watch.data);
  g_mutex_unlock (&self->mutex);
}

static void
run_call (FoveaCore *self, Call *call)
{
  FoveaChanged changes = call->changes;

  if (call->task != NULL && g_task_return_error_if_cancelled (call->task))
    {
      g_object_unref (call->task);
      g_free (call);
      return;
    }
  call->result = call->func (self->store, call->data, &call->error);
  if (changes != 0)
    tell_changed (self, changes);
  finish_call (self, call);
}

/* The next call, or NULL after a while without one or at the end. */
static Call *
wait_for_call (FoveaCore *self, gboolean *ret_end)
{
  gint64 deadline = g_get_monotonic_time () + POLL_US;
  Call *call;

  g_mutex_lock (&self->mutex);
  while ((call = g_queue_pop_head (&self->calls)) == NULL && !self->closing
         && g_cond_wait_until (&self->cond, &self->mutex, deadline))
    ;
  *ret_end = call == NULL && self->closing;
  g_mutex_unlock (&self->mutex);
  return call;
}

static gpointer
store_main (gpointer data)
{
  FoveaCore *self = data;
  guint64 version = fovea_store_get_data_version (self->store);
  gboolean end = FALSE;
  g_autoptr (GError) error = NULL;

  while (!end)
    {
      Call *call = wait_for_call (self, &end);
      guint64 now;

      if (call != NULL)
        run_call (self, call);
      now = end ? version : fovea_store_get_data_version (self->store);
      if (now != version)
        {
          version = now;
          tell_changed (self, FOVEA_CHANGED_ALL);
        }
    }
  /* What could not be folded in stays in the log, and is at the next opening. */
  if (!fovea_store_close (g_steal_pointer (&self->store), &error))
    g_info ("Closing %s: %s", self->path, error->message);
  return NULL;
}

/* ---- life ---- */

FoveaCore *
fovea_core_new (const char *path, gboolean create, GError **error)
{
  FoveaStore *store = create ? fovea_store_create (path, error) : fovea_store_open (path, FOVEA_STORE_OPEN_DEFAULT, error);
  FoveaCore *self;

  if (store == NULL)
    return NULL;
  self = g_new0 (FoveaCore, 1);
  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_mutex_init (&self->lazy_mutex);
  g_cond_init (&self->cond);
  g_queue_init (&self->calls);
  self->path = g_strdup (fovea_store_get_path (store));
  self->scheduler = fovea_scheduler_ref (fovea_scheduler_get_default ());
  self->embedders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) fovea_embedder_free);
  self->columns = fovea_columns_new ();
  self->vectors = fovea_vector_cache_new ();
  self->store = store;
  if (!fovea_store_is_read_only (store))
    fovea_store_fail_stale_versions (store, NULL, NULL);
  self->thread = g_thread_new ("store", store_main, self);
  return self;
}

FoveaCore *
fovea_core_ref (FoveaCore *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
fovea_core_close (FoveaCore *self)
{
  GThread *thread;

  g_mutex_lock (&self->mutex);
  self->closing = self->closed = TRUE;
  thread = g_steal_pointer (&self->thread);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  if (thread != NULL)
    g_thread_join (thread);
}

void
fovea_core_unref (FoveaCore *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_warn_if_fail (self->thread == NULL); /* fovea_core_close() was not called */
  g_clear_pointer (&self->decoder, fovea_decoder_free);
  g_clear_pointer (&self->interactive_decoder, fovea_decoder_free);
  g_hash_table_unref (self->embedders);
  fovea_vector_cache_free (self->vectors);
  fovea_columns_free (self->columns);
  fovea_scheduler_unref (self->scheduler);
  g_mutex_clear (&self->mutex);
  g_mutex_clear (&self->lazy_mutex);
  g_cond_clear (&self->cond);
  g_free (self->path);
  g_free (self);
}

void
fovea_core_set_watch (FoveaCore *self, const FoveaCoreWatch *watch)
{
  g_mutex_lock (&self->mutex);
  self->watch = watch != NULL ? *watch : (FoveaCoreWatch){ 0 };
  g_mutex_unlock (&self->mutex);
}

const char *
fovea_core_get_path (FoveaCore *self)
{
  return self->path;
}

FoveaScheduler *
fovea_core_get_scheduler (FoveaCore *self)
{
  return self->scheduler;
}

FoveaColumns *
fovea_core_get_columns (FoveaCore *self)
{
  return self->columns;
}

FoveaVectorCache *
fovea_core_get_vectors (FoveaCore *self)
{
  return self->vectors;
}

/* ---- calls ---- */

static void
set_closed_error (GError **error)
{
  g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_CANCELLED, _("The project is closed"));
}

static gboolean
run_and_wait (FoveaCore *self, FoveaStoreFunc func, gpointer data, FoveaChanged changes, GError **error)
{
  Call call = { .func = func, .data = data, .changes = changes };

  g_mutex_lock (&self->mutex);
  if (self->closed)
    {
      set_closed_error (error);
      g_mutex_unlock (&self->mutex);
      return FALSE;
    }
  g_queue_push_tail (&self->calls, &call);
  g_cond_broadcast (&self->cond);
  while (!call.done)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  if (call.error != NULL)
    g_propagate_error (error, call.error);
  return call.result;
}

gboolean
fovea_core_read (FoveaCore *self, FoveaStoreFunc func, gpointer data, GError **error)
{
  return run_and_wait (self, func, data, 0, error);
}

gboolean
fovea_core_write (FoveaCore *self, FoveaStoreFunc func, gpointer data, GError **error)
{
  return run_and_wait (self, func, data, FOVEA_CHANGED_ALL, error);
}

gboolean
fovea_core_write_only (FoveaCore *self, FoveaChanged what, FoveaStoreFunc func, gpointer data, GError **error)
{
  return run_and_wait (self, func, data, what, error);
}

static void
queue_task (FoveaCore *self, GTask *task, FoveaStoreFunc func, FoveaChanged changes)
{
  Call *call;

  g_mutex_lock (&self->mutex);
  if (self->closed)
    {
      GError *error = NULL;

      g_mutex_unlock (&self->mutex);
      set_closed_error (&error);
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  call = g_new0 (Call, 1);
  call->func = func;
  call->data = g_task_get_task_data (task);
  call->changes = changes;
  call->task = task;
  g_queue_push_tail (&self->calls, call);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

void
fovea_core_read_task (FoveaCore *self, GTask *task, FoveaStoreFunc func)
{
  queue_task (self, task, func, 0);
}

void
fovea_core_write_task (FoveaCore *self, GTask *task, FoveaStoreFunc func)
{
  queue_task (self, task, func, FOVEA_CHANGED_ALL);
}

void
fovea_core_write_only_task (FoveaCore *self, FoveaChanged what, GTask *task, FoveaStoreFunc func)
{
  queue_task (self, task, func, what);
}

FoveaStore *
fovea_core_open_reader (FoveaCore *self, GError **error)
{
  FoveaStore *reader = NULL;

  g_mutex_lock (&self->mutex);
  if (self->closed)
    set_closed_error (error);
  else
    reader = fovea_store_open_reader (self->store, error);
  g_mutex_unlock (&self->mutex);
  return reader;
}

/* ---- made at first use ---- */

static FoveaDecoder *
get_decoder (FoveaCore *self, FoveaDecoder **field, guint n_helpers)
{
  FoveaDecoder *decoder;

  g_mutex_lock (&self->lazy_mutex);
  if (*field == NULL)
    *field = fovea_decoder_new (n_helpers, 0);
  decoder = *field;
  g_mutex_unlock (&self->lazy_mutex);
  return decoder;
}

FoveaDecoder *
fovea_core_get_decoder (FoveaCore *self)
{
  return get_decoder (self, &self->decoder, 0);
}

FoveaDecoder *
fovea_core_get_interactive_decoder (FoveaCore *self)
{
  return get_decoder (self, &self->interactive_decoder, 1);
}

/* What a pack's name stands for in this project. */
typedef struct {
  const char *name;
  char *version_id; /* (nullable) the version whose network it is */
  char *below;      /* (nullable) the pack that the version stands on, for want of a network of its own */
  GBytes *bytes;
} PackLookup;

static gboolean
is_version_id (const char *name)
{
  return strlen (name) == 32 && strspn (name, "0123456789abcdef") == 32;
}

static gboolean
has_network (FoveaStore *store, gint64 version)
{
  g_auto (GStrv) parts = fovea_store_list_weights (store, version, NULL);

  return parts != NULL && g_strv_contains ((const char *const *) parts, FOVEA_WEIGHTS_NETWORK);
}

/* What a head's last dense layer reads: the vectors of its own embedder. */
static char *
dup_pack_below (FoveaStore *store, gint64 version, GError **error)
{
  g_autoptr (GBytes) bytes = fovea_store_get_weights (store, version, FOVEA_WEIGHTS_HEAD, 0, error);
  g_autoptr (FoveaPredictor) predictor = bytes != NULL ? fovea_predictor_new_from_bytes (bytes, error) : NULL;

  return predictor != NULL ? g_strdup (fovea_predictor_get_pack_name (predictor)) : NULL;
}

/* A model's name stands for its newest version; the one of a head for the embedder that it stands on. */
static gboolean
find_network (FoveaStore *store, gpointer data, GError **error)
{
  PackLookup *lookup = data;
  g_autoptr (FoveaStoreVersion) version = NULL;
  gint64 id;

  if (is_version_id (lookup->name))
    {
      lookup->version_id = g_strdup (lookup->name);
      return fovea_store_find_version (store, lookup->name, &id, error);
    }
  if (!fovea_store_find_model (store, lookup->name, &id, error))
    return FALSE;
  version = fovea_store_get_current_version (store, id, error);
  if (version == NULL)
    return FALSE;
  if (has_network (store, version->id))
    lookup->version_id = g_strdup (version->public_id);
  else
    lookup->below = dup_pack_below (store, version->id, error);
  return lookup->version_id != NULL || lookup->below != NULL;
}

static gboolean
read_network (FoveaStore *store, gpointer data, GError **error)
{
  PackLookup *lookup = data;
  gint64 id;

  if (!fovea_store_find_version (store, lookup->version_id, &id, error))
    return FALSE;
  lookup->bytes = fovea_store_get_weights (store, id, FOVEA_WEIGHTS_NETWORK, 0, error);
  return lookup->bytes != NULL;
}

/* The key under which the embedder of @name is kept: a pack's name or a version's id. @name, an installed pack, goes
 * before a model of that name. */
static char *
dup_pack_key (FoveaCore *self, const char *name)
{
  g_autofree char *installed = fovea_pack_find (name);
  PackLookup lookup = { .name = name };

  if (installed == NULL)
    fovea_core_read (self, find_network, &lookup, NULL);
  if (lookup.below != NULL) /* a pack, or a version's network: nothing stands on a head */
    return lookup.below;
  return lookup.version_id != NULL ? lookup.version_id : g_strdup (name);
}

static FoveaPack *
load_pack (FoveaCore *self, const char *key, GError **error)
{
  PackLookup lookup = { .name = key, .version_id = (char *) key };
  g_autofree char *path = g_strdup_printf ("version %s", key);
  FoveaPack *pack;

  if (!is_version_id (key))
    return fovea_pack_load (key, error);
  if (!fovea_core_read (self, read_network, &lookup, error))
    {
      g_prefix_error (error, "The network of version %s is not in the project: ", key);
      return NULL;
    }
  pack = fovea_pack_new_from_bytes (lookup.bytes, path, error);
  g_bytes_unref (lookup.bytes);
  return pack;
}

static FoveaEmbedder *
load_embedder (FoveaCore *self, const char *key, GError **error)
{
  g_autoptr (FoveaPack) pack = load_pack (self, key, error);

  return pack != NULL ? fovea_embedder_new (pack, FOVEA_EMBEDDER_VECTORS, error) : NULL;
}

FoveaEmbedder *
fovea_core_get_embedder (FoveaCore *self, const char *name, GError **error)
{
  g_autofree char *key = dup_pack_key (self, name);
  FoveaEmbedder *embedder;

  g_mutex_lock (&self->lazy_mutex);
  embedder = g_hash_table_lookup (self->embedders, key);
  if (embedder == NULL)
    {
      embedder = load_embedder (self, key, error);
      if (embedder != NULL)
        g_hash_table_insert (self->embedders, g_strdup (key), embedder);
    }
  g_mutex_unlock (&self->lazy_mutex);
  return embedder;
}

FoveaPack *
fovea_core_dup_pack (FoveaCore *self, const char *name, GError **error)
{
  g_autofree char *key = dup_pack_key (self, name);
  FoveaPack *pack = NULL;
  FoveaEmbedder *embedder;

  g_mutex_lock (&self->lazy_mutex);
  embedder = g_hash_table_lookup (self->embedders, key);
  if (embedder != NULL)
    pack = fovea_pack_ref (fovea_embedder_get_pack (embedder));
  g_mutex_unlock (&self->lazy_mutex);
  return pack != NULL ? pack : load_pack (self, key, error);
}
