/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trainer's state as bytes:
 *
 *   "FOVEATRN"  version u32  parameters u32  steps u64  scale f64  watch: first sum, smooth f64, steps u64
 *   then for every parameter: length of its name u32, name, elements u64, which tensors u32 (bits: 1 weights, 2 first
 *   moment, 4 second, 8 average), and the tensors, f32
 *
 * All little-endian. Everything is checked against the trainer before anything is taken over. */
#include <math.h>
#include <string.h>

#include "nn/trainer-private.h"

#define MAGIC "FOVEATRN"
#define VERSION 1

/* Of the learning rates; a training halves them a few times at most. */
#define MIN_SCALE 1e-12
#define MAX_SCALE 1e6

typedef struct {
  FoveaTensor *tensors[4]; /* weights, first, second, average; borrowed */
} Parts;

static Parts
parts_of (FoveaTrainer *trainer, guint parameter)
{
  Parts parts = { { fovea_train_plan_get_parameter (trainer->plan, parameter)->weights } };

  for (guint i = 0; i < trainer->slots->len; i++)
    if (g_array_index (trainer->slots, int, i) == (int) parameter)
      {
        FoveaMoments moments = fovea_optimiser_get_moments (trainer->optimiser, i);

        parts.tensors[1] = moments.first;
        parts.tensors[2] = moments.second;
        parts.tensors[3] = moments.ema;
      }
  return parts;
}

static guint32
mask_of (const Parts *parts)
{
  guint32 mask = 0;

  for (int i = 0; i < 4; i++)
    mask |= parts->tensors[i] != NULL ? 1u << i : 0;
  return mask;
}

/* --- writing
 * ------------------------------------------------------------------------------------------------------------- */

static void
put_u32 (GByteArray *out, guint32 value)
{
  value = GUINT32_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &value, sizeof value);
}

static void
put_u64 (GByteArray *out, guint64 value)
{
  value = GUINT64_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &value, sizeof value);
}

static void
put_f64 (GByteArray *out, double value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof bits);
  put_u64 (out, bits);
}

static void
put_tensor (GByteArray *out, const FoveaTensor *tensor)
{
  guint at = out->len;

  g_byte_array_append (out, tensor->data, (guint) fovea_tensor_n_bytes (tensor));
  for (gsize i = 0; G_BYTE_ORDER == G_BIG_ENDIAN && i < tensor->n_elements; i++)
    {
      guint32 *word = (guint32 *) (void *) (out->data + at) + i;

      *word = GUINT32_TO_LE (*word);
    }
}

GBytes *
fovea_trainer_save_state (FoveaTrainer *trainer)
{
  GByteArray *out = g_byte_array_new ();
  guint n = fovea_train_plan_get_n_parameters (trainer->plan);

  g_byte_array_append (out, (const guint8 *) MAGIC, 8);
  put_u32 (out, VERSION);
  put_u32 (out, n);
  put_u64 (out, fovea_optimiser_get_n_steps (trainer->optimiser));
  put_f64 (out, fovea_optimiser_get_scale (trainer->optimiser));
  put_f64 (out, trainer->watch.first_sum);
  put_f64 (out, trainer->watch.smooth);
  put_u64 (out, trainer->watch.n_steps);
  for (guint i = 0; i < n; i++)
    {
      const FoveaParameter *parameter = fovea_train_plan_get_parameter (trainer->plan, i);
      Parts parts = parts_of (trainer, i);
      guint length = (guint) strlen (parameter->name);

      put_u32 (out, length);
      g_byte_array_append (out, (const guint8 *) parameter->name, length);
      put_u64 (out, parameter->weights->n_elements);
      put_u32 (out, mask_of (&parts));
      for (int j = 0; j < 4; j++)
        if (parts.tensors[j] != NULL)
          put_tensor (out, parts.tensors[j]);
    }
  return g_byte_array_free_to_bytes (out);
}

/* --- reading
 * ------------------------------------------------------------------------------------------------------------- */

typedef struct {
  const guint8 *data;
  gsize left;
  gboolean short_of; /* it ended too early */
} Reader;

static const guint8 *
take (Reader *reader, gsize n)
{
  const guint8 *at = reader->data;

  if (n > reader->left)
    {
      reader->short_of = TRUE;
      return NULL;
    }
  reader->data += n;
  reader->left -= n;
  return at;
}

static guint32
take_u32 (Reader *reader)
{
  const guint8 *at = take (reader, 4);
  guint32 value = 0;

  if (at != NULL)
    memcpy (&value, at, 4);
  return GUINT32_FROM_LE (value);
}

static guint64
take_u64 (Reader *reader)
{
  const guint8 *at = take (reader, 8);
  guint64 value = 0;

  if (at != NULL)
    memcpy (&value, at, 8);
  return GUINT64_FROM_LE (value);
}

static double
take_f64 (Reader *reader)
{
  guint64 bits = take_u64 (reader);
  double value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static void
take_tensor (Reader *reader, FoveaTensor *tensor, gboolean keep)
{
  const guint8 *at = take (reader, fovea_tensor_n_bytes (tensor));

  for (gsize i = 0; keep && at != NULL && i < tensor->n_elements; i++)
    {
      guint32 word;

      memcpy (&word, at + 4 * i, 4);
      FOVEA_TENSOR_DATA (tensor, guint32)[i] = GUINT32_FROM_LE (word);
    }
}

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "the state of the training cannot be taken up again: %s", why);
  return FALSE;
}

/* One parameter; @keep FALSE: checked alone. */
static gboolean
read_parameter (FoveaTrainer *trainer, guint i, Reader *reader, gboolean keep, GError **error)
{
  const FoveaParameter *parameter = fovea_train_plan_get_parameter (trainer->plan, i);
  Parts parts = parts_of (trainer, i);
  guint32 length = take_u32 (reader);
  const guint8 *name = take (reader, length);

  if (name == NULL || length != strlen (parameter->name) || memcmp (name, parameter->name, length) != 0)
    return refuse (error, "it is that of another model");
  if (take_u64 (reader) != parameter->weights->n_elements || take_u32 (reader) != mask_of (&parts))
    return refuse (error, "it was made with other settings");
  for (int j = 0; j < 4; j++)
    if (parts.tensors[j] != NULL)
      take_tensor (reader, parts.tensors[j], keep);
  return reader->short_of ? refuse (error, "it is cut short") : TRUE;
}

static gboolean
read_state (FoveaTrainer *trainer, GBytes *state, gboolean keep, GError **error)
{
  Reader reader = { g_bytes_get_data (state, NULL), g_bytes_get_size (state), FALSE };
  const guint8 *magic = take (&reader, 8);
  FoveaLossWatch watch = trainer->watch;
  guint64 n_steps;
  double scale;

  if (magic == NULL || memcmp (magic, MAGIC, 8) != 0)
    return refuse (error, "it is something else");
  if (take_u32 (&reader) != VERSION)
    return refuse (error, "it is from another version of Fovea");
  if (take_u32 (&reader) != fovea_train_plan_get_n_parameters (trainer->plan))
    return refuse (error, "it is that of another model");
  n_steps = take_u64 (&reader);
  scale = take_f64 (&reader);
  watch.first_sum = take_f64 (&reader);
  watch.smooth = take_f64 (&reader);
  watch.n_steps = take_u64 (&reader);
  for (guint i = 0; i < fovea_train_plan_get_n_parameters (trainer->plan); i++)
    if (!read_parameter (trainer, i, &reader, keep, error))
      return FALSE;
  if (reader.left > 0 || !(scale > MIN_SCALE && scale < MAX_SCALE) || !isfinite (watch.first_sum) || !isfinite (watch.smooth))
    return refuse (error, "it is damaged");
  if (!keep)
    return TRUE;
  trainer->watch = watch;
  fovea_optimiser_set_n_steps (trainer->optimiser, n_steps);
  fovea_optimiser_set_scale (trainer->optimiser, scale);
  fovea_train_plan_weights_changed (trainer->plan);
  return TRUE;
}

gboolean
fovea_trainer_load_state (FoveaTrainer *trainer, GBytes *state, GError **error)
{
  return read_state (trainer, state, FALSE, error) && read_state (trainer, state, TRUE, error);
}
