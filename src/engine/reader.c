/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/reader.h"

#include <sys/stat.h>

#include "engine/decode-file-private.h"

#define DEFAULT_WINDOW 64
#define MAX_WORKERS 8
/* A file smaller than this is not asked for its size first: even a flat picture in it decodes to little more. */
#define SMALL_FILE_BYTES (64 * 1024)
#define SMALL_PICTURE_BYTES ((gsize) 16 << 20)

struct _FoveaReader {
  FoveaDecoder *decoder;
  FoveaScheduler *scheduler;
  FoveaReaderSpec spec;
  GCancellable *cancellable; /* the caller's */
  GCancellable *stop;        /* ours: the caller's, or the end */
  gulong handler;

  GMutex mutex;
  GCond changed;
  guint next_in;  /* to be taken by a worker */
  guint next_out; /* to be handed out */
  FoveaReaderItem **ring; /* [window], slot = index % window */

  GThread *workers[MAX_WORKERS];
  guint n_workers;
};

void
fovea_reader_item_free (FoveaReaderItem *item)
{
  if (item == NULL)
    return;
  if (item->product != NULL && item->free_product != NULL)
    item->free_product (item->product);
  g_clear_error (&item->error);
  fovea_decoded_clear (&item->info);
  g_free (item);
}

/* Bytes that decoding will take here and in the helper, from the file's header where it is worth asking. */
static gsize
estimate_bytes (FoveaReader *self, const char *path)
{
  const FoveaDecodeOptions header = { .header_only = TRUE };
  g_auto (FoveaDecoded) info = { 0 };
  struct stat st;

  if (stat (path, &st) != 0 || st.st_size < SMALL_FILE_BYTES)
    return SMALL_PICTURE_BYTES;
  if (!fovea_decode_file (self->decoder, path, &header, &info, self->stop, NULL))
    return SMALL_PICTURE_BYTES;
  return MAX ((gsize) info.file_width * (gsize) info.file_height * 6, SMALL_PICTURE_BYTES);
}

static void
read_item (FoveaReader *self, FoveaReaderItem *item)
{
  const char *path = self->spec.path (item->index, self->spec.data);
  gsize bytes = self->spec.options.header_only ? 0 : estimate_bytes (self, path);

  if (!fovea_scheduler_reserve (self->scheduler, bytes, self->stop, &item->error))
    return;
  if (fovea_decode_file (self->decoder, path, &self->spec.options, &item->info, self->stop, &item->error)
      && self->spec.prepare != NULL)
    {
      item->product = self->spec.prepare (item->index, &item->info, self->spec.data, &item->error);
      item->free_product = self->spec.free_product;
    }
  g_clear_pointer (&item->info.image, fovea_image_unref);
  fovea_scheduler_release (self->scheduler, bytes);
}

static gpointer
worker_main (gpointer data)
{
  FoveaReader *self = data;

  g_mutex_lock (&self->mutex);
  for (;;)
    {
      FoveaReaderItem *item;

      while (!g_cancellable_is_cancelled (self->stop) && self->next_in < self->spec.n_items
             && self->next_in >= self->next_out + self->spec.window)
        g_cond_wait (&self->changed, &self->mutex);
      if (g_cancellable_is_cancelled (self->stop) || self->next_in >= self->spec.n_items)
        break;
      item = g_new0 (FoveaReaderItem, 1);
      item->index = self->next_in++;
      g_mutex_unlock (&self->mutex);
      read_item (self, item);
      g_mutex_lock (&self->mutex);
      self->ring[item->index % self->spec.window] = item;
      g_cond_broadcast (&self->changed);
    }
  g_mutex_unlock (&self->mutex);
  return NULL;
}

/* Not under the mutex: called from g_cancellable_cancel(). */
static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  FoveaReader *self = data;

  g_cancellable_cancel (self->stop);
  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

FoveaReader *
fovea_reader_new (FoveaDecoder *decoder, FoveaScheduler *scheduler, const FoveaReaderSpec *spec, GCancellable *cancellable)
{
  FoveaReader *self = g_new0 (FoveaReader, 1);

  self->decoder = decoder;
  self->scheduler = fovea_scheduler_ref (scheduler);
  self->spec = *spec;
  if (self->spec.window == 0)
    self->spec.window = DEFAULT_WINDOW;
  self->ring = g_new0 (FoveaReaderItem *, self->spec.window);
  self->stop = g_cancellable_new ();
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  if (cancellable != NULL)
    {
      self->cancellable = g_object_ref (cancellable);
      self->handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL);
    }
  self->n_workers = MIN (MIN (g_get_num_processors (), MAX_WORKERS), MAX (spec->n_items, 1));
  for (guint i = 0; i < self->n_workers; i++)
    self->workers[i] = g_thread_new ("reader", worker_main, self);
  return self;
}

void
fovea_reader_free (FoveaReader *self)
{
  if (self == NULL)
    return;
  g_cancellable_disconnect (self->cancellable, self->handler);
  g_cancellable_cancel (self->stop);
  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
  for (guint i = 0; i < self->n_workers; i++)
    g_thread_join (self->workers[i]);
  for (guint i = 0; i < self->spec.window; i++)
    fovea_reader_item_free (self->ring[i]);
  g_free (self->ring);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->stop);
  fovea_scheduler_unref (self->scheduler);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->changed);
  g_free (self);
}

FoveaReaderItem *
fovea_reader_next (FoveaReader *self, GError **error)
{
  FoveaReaderItem *item = NULL;

  g_mutex_lock (&self->mutex);
  if (self->next_out < self->spec.n_items)
    {
      FoveaReaderItem **slot = &self->ring[self->next_out % self->spec.window];

      while (*slot == NULL && !g_cancellable_is_cancelled (self->stop))
        g_cond_wait (&self->changed, &self->mutex);
      if (!g_cancellable_set_error_if_cancelled (self->cancellable, error))
        {
          item = g_steal_pointer (slot);
          self->next_out++;
          g_cond_broadcast (&self->changed);
        }
    }
  g_mutex_unlock (&self->mutex);
  return item;
}
