/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/thumbnailer-private.h"

#include <glib/gi18n.h>

#include "engine/decode-file-private.h"
#include "engine/engine-error.h"
#include "engine/path-guard-private.h"
#include "engine/picture-private.h"
#include "vision/resize.h"
#include "vision/thumbnail.h"

#define N_THREADS 2

typedef struct {
  GTask *task;
  char *path;
  char sha256[65];
  int size;
  gboolean cached;
  gboolean named; /* by the person, so it may lie anywhere */
  FoveaImage *image;
  GError *error;
} Request;

struct _FoveaThumbnailer {
  FoveaCore *core;
  GMutex mutex;
  GCond cond;
  GQueue requests; /* newest at the head */
  gboolean closing;
  GThread *threads[N_THREADS];

  GMutex guard_mutex;
  FoveaPathGuard *guard; /* read again every few seconds: an import may have allowed more */
  gint64 guard_us;
};

#define GUARD_AGE_US (2 * G_TIME_SPAN_SECOND)

static gboolean
read_guard (FoveaStore *store, gpointer data, GError **error)
{
  FoveaPathGuard **guard = data;

  *guard = fovea_path_guard_new (store, error);
  return *guard != NULL;
}

static gboolean
is_allowed (FoveaThumbnailer *self, const char *path, GError **error)
{
  gint64 now = g_get_monotonic_time ();
  gboolean allowed;

  g_mutex_lock (&self->guard_mutex);
  if (self->guard == NULL || now - self->guard_us > GUARD_AGE_US)
    {
      g_clear_pointer (&self->guard, fovea_path_guard_free);
      fovea_core_read (self->core, read_guard, &self->guard, NULL);
      self->guard_us = now;
    }
  allowed = self->guard != NULL && fovea_path_guard_allows (self->guard, path);
  g_mutex_unlock (&self->guard_mutex);
  if (!allowed)
    g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                         _("The picture lies outside the folders that were allowed for this project; import its folder to allow it"));
  return allowed;
}

/* Decodes the file itself; what comes out is at least @side on its longer side where the file has that much. */
static FoveaImage *
decode (FoveaThumbnailer *self, const Request *request, int side, char ret_sha256[65], GCancellable *cancellable, GError **error)
{
  const FoveaDecodeOptions options = { .max_side = side, .hash = TRUE };
  g_auto (FoveaDecoded) decoded = { 0 };

  if (!request->named && !is_allowed (self, request->path, error))
    return NULL;
  if (!fovea_decode_file (fovea_core_get_interactive_decoder (self->core), request->path, &options, &decoded, cancellable, error))
    return NULL;
  g_strlcpy (ret_sha256, decoded.sha256, 65);
  return fovea_image_to_rgb8 (decoded.image, NULL, error);
}

static FoveaImage *
shrink (FoveaImage *image, int size, GError **error)
{
  int longer = MAX (image->width, image->height);

  if (size <= 0 || longer <= size)
    return fovea_image_ref (image);
  return fovea_image_resize (image, FOVEA_RESIZE_BILINEAR, MAX (1, image->width * size / longer), MAX (1, image->height * size / longer), error);
}

static FoveaImage *
load (FoveaThumbnailer *self, const Request *request, GCancellable *cancellable, GError **error)
{
  g_autoptr (FoveaImage) image = NULL;
  char sha256[65];

  if (request->cached && request->size <= FOVEA_THUMBNAIL_SIDE)
    {
      image = fovea_thumbnail_load (request->sha256, NULL, NULL);
      if (image == NULL)
        {
          g_autoptr (FoveaImage) full = decode (self, request, 2 * FOVEA_THUMBNAIL_SIDE, sha256, cancellable, error);

          image = full != NULL ? fovea_thumbnail_make (full, sha256, NULL, error) : NULL;
        }
    }
  else
    image = decode (self, request, request->size, sha256, cancellable, error);
  return image != NULL ? shrink (image, request->size, error) : NULL;
}

/* In the request's own context, so that no task ends on a thread. */
static gboolean
return_request (gpointer data)
{
  Request *request = data;

  if (request->image != NULL)
    g_task_return_pointer (request->task, request->image, (GDestroyNotify) fovea_image_unref);
  else
    g_task_return_error (request->task, request->error);
  g_object_unref (request->task);
  g_free (request->path);
  g_free (request);
  return G_SOURCE_REMOVE;
}

static void
serve (FoveaThumbnailer *self, Request *request)
{
  GCancellable *cancellable = g_task_get_cancellable (request->task);
  g_autoptr (GSource) idle = g_idle_source_new ();

  if (!g_cancellable_set_error_if_cancelled (cancellable, &request->error))
    request->image = load (self, request, cancellable, &request->error);
  /* Pixels come after drawing and input. */
  g_source_set_priority (idle, G_PRIORITY_DEFAULT_IDLE);
  g_source_set_callback (idle, return_request, request, NULL);
  g_source_attach (idle, g_task_get_context (request->task));
}

static gpointer
thread_main (gpointer data)
{
  FoveaThumbnailer *self = data;

  g_mutex_lock (&self->mutex);
  while (!self->closing)
    {
      Request *request = g_queue_pop_head (&self->requests);

      if (request == NULL)
        {
          g_cond_wait (&self->cond, &self->mutex);
          continue;
        }
      g_mutex_unlock (&self->mutex);
      serve (self, request);
      g_mutex_lock (&self->mutex);
    }
  g_mutex_unlock (&self->mutex);
  return NULL;
}

FoveaThumbnailer *
fovea_thumbnailer_new (FoveaCore *core)
{
  FoveaThumbnailer *self = g_new0 (FoveaThumbnailer, 1);

  self->core = fovea_core_ref (core);
  g_mutex_init (&self->mutex);
  g_mutex_init (&self->guard_mutex);
  g_cond_init (&self->cond);
  g_queue_init (&self->requests);
  for (guint i = 0; i < N_THREADS; i++)
    self->threads[i] = g_thread_new ("thumbnails", thread_main, self);
  return self;
}

void
fovea_thumbnailer_free (FoveaThumbnailer *self)
{
  Request *request;

  g_mutex_lock (&self->mutex);
  self->closing = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (self->threads[i]);
  while ((request = g_queue_pop_head (&self->requests)) != NULL)
    {
      request->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _("The project is closed"));
      return_request (request);
    }
  g_clear_pointer (&self->guard, fovea_path_guard_free);
  fovea_core_unref (self->core);
  g_mutex_clear (&self->mutex);
  g_mutex_clear (&self->guard_mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

static void
push (FoveaThumbnailer *self, Request *request)
{
  g_mutex_lock (&self->mutex);
  g_queue_push_head (&self->requests, request);
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

void
fovea_thumbnailer_load (FoveaThumbnailer *self, GTask *task, FoveaPicture *picture, int size, gboolean cached)
{
  const FoveaStoreInput *row = fovea_picture_get_row (picture);
  Request *request;

  if (row == NULL)
    {
      g_task_return_new_error (task, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_NOT_FOUND, _("The picture is no longer in the project"));
      g_object_unref (task);
      return;
    }
  request = g_new0 (Request, 1);
  request->task = task;
  request->path = g_strdup (row->path);
  for (guint i = 0; i < 32; i++)
    g_snprintf (request->sha256 + 2 * i, 3, "%02x", row->sha256[i]);
  request->size = size;
  request->cached = cached;
  push (self, request);
}

void
fovea_thumbnailer_load_file (FoveaThumbnailer *self, GTask *task, const char *path, int size)
{
  Request *request = g_new0 (Request, 1);

  request->task = task;
  request->path = g_strdup (path);
  request->size = size;
  request->named = TRUE;
  push (self, request);
}
