/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/training-pictures-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "engine/background.h"
#include "engine/decode-file-private.h"
#include "engine/engine-error.h"
#include "engine/reader.h"
#include "engine/status-private.h"
#include "vision/resize.h"

#define N_AHEAD 4u
#define MAX_WORKERS 2u

typedef struct {
  guint64 step;
  FoveaTrainingBatch *batch; /* or error */
  GError *error;
  gboolean done;
} Slot;

struct _FoveaTrainingPictures {
  FoveaTrainingPicturesSpec spec;
  FoveaCore *core;
  FoveaJob *job;
  int max_side;
  FoveaImage **kept;  /* [n]; NULL = not kept */
  gsize kept_bytes;
  GArray *learned;    /* guint: index of each picture that can be learned from */
  GArray *held_out;   /* guint */

  GMutex mutex;
  GCond changed;
  Slot slots[N_AHEAD]; /* of step % N_AHEAD */
  guint64 next_in, next_out;
  guint64 run;         /* raised when the row of steps is broken: batches of the old one are dropped */
  gboolean stop;
  GThread *workers[MAX_WORKERS];
  guint n_workers;
  /* The shuffles of two epochs, the one in progress and the next; under the mutex. */
  guint64 epoch[2];
  guint *order[2];
};

void
fovea_training_batch_free (FoveaTrainingBatch *batch)
{
  g_clear_pointer (&batch->pictures, fovea_tensor_unref);
  g_clear_pointer (&batch->targets, fovea_tensor_unref);
  g_free (batch);
}

/* --- reading --- */

/* 8-bit R G B, its longer side reduced to what the largest view needs. */
static FoveaImage *
reduce (FoveaImage *image, int max_side, GError **error)
{
  g_autoptr (FoveaImage) rgb = fovea_image_to_rgb8 (image, NULL, error);
  const int longer = rgb != NULL ? MAX (rgb->width, rgb->height) : 0;

  if (rgb == NULL || longer <= max_side)
    return g_steal_pointer (&rgb);
  return fovea_image_resize (rgb, FOVEA_RESIZE_BICUBIC, MAX (1, (int) ((gint64) rgb->width * max_side / longer)),
                             MAX (1, (int) ((gint64) rgb->height * max_side / longer)), error);
}

static gboolean
is_unchanged (FoveaTrainingPictures *self, guint index, const FoveaDecoded *decoded, GError **error)
{
  for (guint i = 0; i < 32; i++)
    {
      char hex[3];

      g_snprintf (hex, sizeof hex, "%02x", self->spec.sha256[32 * index + i]);
      if (g_ascii_strncasecmp (decoded->sha256 + 2 * i, hex, 2) != 0)
        {
          g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                               _("The file has changed since it was imported; import it again"));
          return FALSE;
        }
    }
  return TRUE;
}

static const char *
path_at (guint index, gpointer data)
{
  return ((FoveaTrainingPictures *) data)->spec.paths[index];
}

static gpointer
prepare (guint index, FoveaDecoded *decoded, gpointer data, GError **error)
{
  FoveaTrainingPictures *self = data;

  return is_unchanged (self, index, decoded, error) ? reduce (decoded->image, self->max_side, error) : NULL;
}

static void
take (FoveaTrainingPictures *self, FoveaReaderItem *item)
{
  const guint first_held_out = self->spec.n - self->spec.n_held_out;
  FoveaImage *image = item->product;
  const gsize bytes = sizeof *image + (gsize) 3 * (gsize) image->width * (gsize) image->height;

  g_array_append_val (item->index < first_held_out ? self->learned : self->held_out, item->index);
  if (self->kept_bytes + bytes > self->spec.cache_bytes)
    return;
  self->kept[item->index] = g_steal_pointer ((FoveaImage **) &item->product);
  self->kept_bytes += bytes;
}

static gboolean
read_all (FoveaTrainingPictures *self, GError **error)
{
  const FoveaReaderSpec spec = { .n_items = self->spec.n,
                                 .path = path_at,
                                 .options = { .max_side = 2 * self->max_side, .hash = TRUE },
                                 .prepare = prepare,
                                 .free_product = (GDestroyNotify) fovea_image_unref,
                                 .data = self };
  g_autoptr (FoveaReader) reader = fovea_reader_new (fovea_core_get_decoder (self->core), fovea_core_get_scheduler (self->core), &spec,
                                                     fovea_job_get_cancellable (self->job));
  g_autoptr (GError) stopped = NULL;
  FoveaReaderItem *item;

  while ((item = fovea_reader_next (reader, &stopped)) != NULL)
    {
      const guint done = item->index + 1;

      if (item->error == NULL)
        take (self, item);
      else
        fovea_job_add_report_row (self->job, self->spec.paths[item->index], fovea_status_code_for_error (item->error),
                                  _("Could not be read"), item->error->message);
      fovea_reader_item_free (item);
      if (!fovea_job_checkpoint (self->job, error))
        return FALSE;
      fovea_job_set_progress (self->job, done, self->spec.n, "pictures read");
    }
  if (stopped != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&stopped));
      return FALSE;
    }
  if (self->learned->len > 0)
    return TRUE;
  g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, _("None of the labelled pictures could be read"));
  return FALSE;
}

/* A picture that was read before: kept, or read again. */
static FoveaImage *
get_image (FoveaTrainingPictures *self, guint index, GError **error)
{
  const FoveaDecodeOptions options = { .max_side = 2 * self->max_side };
  g_auto (FoveaDecoded) decoded = { 0 };

  if (self->kept[index] != NULL)
    return fovea_image_ref (self->kept[index]);
  if (!fovea_decode_file (fovea_core_get_decoder (self->core), self->spec.paths[index], &options, &decoded,
                          fovea_job_get_cancellable (self->job), error))
    return NULL;
  return reduce (decoded.image, self->max_side, error);
}

/* --- order --- */

/* Fisher and Yates, drawn from seed and epoch. */
static void
shuffle (FoveaTrainingPictures *self, guint64 epoch, guint *order)
{
  const guint32 words[4] = { (guint32) self->spec.seed, (guint32) (self->spec.seed >> 32), (guint32) epoch, (guint32) (epoch >> 32) };
  g_autoptr (GRand) random = g_rand_new_with_seed_array (words, 4);
  const guint n = self->learned->len;

  memcpy (order, self->learned->data, n * sizeof *order);
  for (guint i = n; i > 1; i--)
    {
      const guint j = (guint) g_rand_int_range (random, 0, (gint32) i);
      const guint other = order[j];

      order[j] = order[i - 1];
      order[i - 1] = other;
    }
}

/* The mutex is held. */
static guint
picture_at (FoveaTrainingPictures *self, guint64 place, guint64 *ret_epoch)
{
  const guint64 epoch = place / self->learned->len;
  const guint slot = epoch % 2;

  if (self->epoch[slot] != epoch)
    {
      shuffle (self, epoch, self->order[slot]);
      self->epoch[slot] = epoch;
    }
  *ret_epoch = epoch;
  return self->order[slot][place % self->learned->len];
}

/* --- batches --- */

typedef struct {
  guint index;
  guint64 epoch;
} Seen;

static gboolean
show (FoveaTrainingPictures *self, guint index, guint64 epoch, float *dest, GError **error)
{
  g_autoptr (FoveaImage) image = get_image (self, index, error);
  FoveaView view;

  if (image == NULL)
    {
      g_prefix_error (error, "%s: ", self->spec.paths[index]);
      return FALSE;
    }
  fovea_augmentation_draw (&self->spec.augmentation, image->width, image->height, self->spec.input.size, self->spec.seed, epoch, index, &view);
  fovea_augment_picture (image, &view, &self->spec.input, dest);
  return TRUE;
}

static gboolean
add_picture (FoveaTrainingPictures *self, FoveaTrainingBatch *batch, guint at, const Seen *seen, GError **error)
{
  const gsize size = (gsize) self->spec.input.size;

  if (!show (self, seen->index, seen->epoch, FOVEA_TENSOR_DATA (batch->pictures, float) + at * 3 * size * size, error))
    return FALSE;
  memcpy (FOVEA_TENSOR_DATA (batch->targets, float) + (gsize) at * self->spec.n_concepts,
          self->spec.targets + (gsize) seen->index * self->spec.n_concepts, self->spec.n_concepts * sizeof (float));
  return TRUE;
}

static FoveaTrainingBatch *
make_batch (FoveaTrainingPictures *self, guint64 step, const Seen *seen, GError **error)
{
  const gint64 n = self->spec.batch_size, size = self->spec.input.size;
  const FoveaShape pictures = fovea_shape (4, n, (gint64) 3, size, size), targets = fovea_shape (2, n, (gint64) self->spec.n_concepts);
  g_autoptr (FoveaTrainingBatch) batch = g_new0 (FoveaTrainingBatch, 1);

  batch->pictures = fovea_tensor_new (FOVEA_DTYPE_F32, &pictures, error);
  if (batch->pictures == NULL)
    return NULL;
  batch->targets = fovea_tensor_new (FOVEA_DTYPE_F32, &targets, error);
  if (batch->targets == NULL)
    return NULL;
  for (guint i = 0; i < self->spec.batch_size; i++)
    if (!add_picture (self, batch, i, &seen[i], error))
      return NULL;
  fovea_augment_mix (&self->spec.augmentation, batch->pictures->data, batch->targets->data, (gsize) n, (int) size,
                     self->spec.n_concepts, self->spec.seed, step, 0);
  return g_steal_pointer (&batch);
}

static void
slot_clear (Slot *slot)
{
  g_clear_pointer (&slot->batch, fovea_training_batch_free);
  g_clear_error (&slot->error);
  slot->done = FALSE;
}

/* One batch; the mutex is held before and after, not meanwhile. */
static void
work (FoveaTrainingPictures *self, Seen *seen)
{
  const guint64 step = self->next_in++, run = self->run;
  Slot made = { .step = step, .done = TRUE };

  for (guint i = 0; i < self->spec.batch_size; i++)
    seen[i].index = picture_at (self, step * self->spec.batch_size + i, &seen[i].epoch);
  g_mutex_unlock (&self->mutex);
  made.batch = make_batch (self, step, seen, &made.error);
  g_mutex_lock (&self->mutex);
  if (run == self->run)
    self->slots[step % N_AHEAD] = made;
  else
    slot_clear (&made);
  g_cond_broadcast (&self->changed);
}

static gpointer
worker_main (gpointer data)
{
  FoveaTrainingPictures *self = data;
  g_autofree Seen *seen = g_new (Seen, self->spec.batch_size);

  fovea_background_enter ();
  g_mutex_lock (&self->mutex);
  while (!self->stop)
    if (self->next_in < self->next_out + N_AHEAD)
      work (self, seen);
    else
      g_cond_wait (&self->changed, &self->mutex);
  g_mutex_unlock (&self->mutex);
  return NULL;
}

static void
start_workers (FoveaTrainingPictures *self)
{
  self->n_workers = MIN (MAX_WORKERS, g_get_num_processors ());
  for (guint i = 0; i < self->n_workers; i++)
    self->workers[i] = g_thread_new ("augment", worker_main, self);
}

static void
stop_workers (FoveaTrainingPictures *self)
{
  g_mutex_lock (&self->mutex);
  self->stop = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
  for (guint i = 0; i < self->n_workers; i++)
    g_thread_join (self->workers[i]);
  for (guint i = 0; i < N_AHEAD; i++)
    slot_clear (&self->slots[i]);
  self->n_workers = 0;
  self->stop = FALSE;
}

void
fovea_training_pictures_set_batch_size (FoveaTrainingPictures *self, guint batch_size)
{
  stop_workers (self);
  self->spec.batch_size = batch_size;
}

FoveaTrainingBatch *
fovea_training_pictures_get_batch (FoveaTrainingPictures *self, guint64 step, GError **error)
{
  Slot *slot = &self->slots[step % N_AHEAD];
  FoveaTrainingBatch *batch;

  g_mutex_lock (&self->mutex);
  if (self->n_workers == 0 || step != self->next_out)
    {
      self->run++;
      for (guint i = 0; i < N_AHEAD; i++)
        slot_clear (&self->slots[i]);
      self->next_in = self->next_out = step;
      g_cond_broadcast (&self->changed);
    }
  if (self->n_workers == 0)
    start_workers (self);
  while (!slot->done)
    g_cond_wait (&self->changed, &self->mutex);
  batch = g_steal_pointer (&slot->batch);
  if (batch == NULL)
    g_propagate_error (error, g_steal_pointer (&slot->error));
  slot_clear (slot);
  self->next_out++;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
  return batch;
}

guint
fovea_training_pictures_get_row (FoveaTrainingPictures *self, gboolean held_out, guint i)
{
  return g_array_index (held_out ? self->held_out : self->learned, guint, i);
}

gboolean
fovea_training_pictures_get_plain (FoveaTrainingPictures *self, gboolean held_out, guint i, float *dest, GError **error)
{
  g_autoptr (FoveaImage) image = get_image (self, fovea_training_pictures_get_row (self, held_out, i), error);

  if (image != NULL)
    fovea_fit_picture (image, FOVEA_FIT_LETTERBOX, &self->spec.input, dest);
  return image != NULL;
}

gboolean
fovea_training_pictures_get_view (FoveaTrainingPictures *self, guint i, guint64 epoch, float *dest, GError **error)
{
  return show (self, fovea_training_pictures_get_row (self, FALSE, i), epoch, dest, error);
}

guint
fovea_training_pictures_get_n (FoveaTrainingPictures *self)
{
  return self->learned->len;
}

guint
fovea_training_pictures_get_n_held_out (FoveaTrainingPictures *self)
{
  return self->held_out->len;
}

FoveaTrainingPictures *
fovea_training_pictures_new (FoveaCore *core, FoveaJob *job, const FoveaTrainingPicturesSpec *spec, GError **error)
{
  g_autoptr (FoveaTrainingPictures) self = g_new0 (FoveaTrainingPictures, 1);

  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  self->spec = *spec;
  self->core = fovea_core_ref (core);
  self->job = job;
  self->max_side = fovea_augmentation_max_side (&spec->augmentation, spec->input.size);
  self->kept = g_new0 (FoveaImage *, MAX (spec->n, 1));
  self->learned = g_array_new (FALSE, FALSE, sizeof (guint));
  self->held_out = g_array_new (FALSE, FALSE, sizeof (guint));
  if (!read_all (self, error))
    return NULL;
  for (guint i = 0; i < 2; i++)
    {
      self->epoch[i] = G_MAXUINT64;
      self->order[i] = g_new (guint, self->learned->len);
    }
  return g_steal_pointer (&self);
}

void
fovea_training_pictures_free (FoveaTrainingPictures *self)
{
  stop_workers (self);
  for (guint i = 0; i < self->spec.n; i++)
    g_clear_pointer (&self->kept[i], fovea_image_unref);
  g_free (self->kept);
  g_clear_pointer (&self->learned, g_array_unref);
  g_clear_pointer (&self->held_out, g_array_unref);
  g_free (self->order[0]);
  g_free (self->order[1]);
  g_clear_pointer (&self->core, fovea_core_unref);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->changed);
  g_free (self);
}
