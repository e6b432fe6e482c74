/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where values lie while a program trains, and the way between the arena's forms and plain tensors. */
#include <string.h>

#include "nn/ops/op-check.h"
#include "nn/train-private.h"

FoveaPicture
fovea_train_picture (const FoveaTrainValue *value)
{
  const FoveaShape *shape = &value->fact->shape;
  FoveaPicture picture = { 1, 1, 1 };

  if (shape->rank > 0)
    picture.n = (gsize) shape->dim[0];
  if (shape->rank > 1)
    picture.channels = (gsize) shape->dim[1];
  for (int i = 2; i < shape->rank; i++)
    *(value->last ? &picture.pixels : &picture.channels) *= (gsize) shape->dim[i];
  return picture;
}

gsize
fovea_train_value_bytes (const FoveaTrainValue *value)
{
  return value->fact->n_elements * (value->half ? 2 : 4);
}

static void *
buffer_data (FoveaTrainProgram *program, int buffer)
{
  const FoveaBuffer *b = &g_array_index (program->buffers, FoveaBuffer, buffer);

  return program->arena + g_array_index (program->buffers, FoveaBuffer, b->root).offset;
}

void *
fovea_train_data (FoveaTrainProgram *program, int value)
{
  const FoveaTrainValue *v = fovea_train_value (program, value);

  if (v->parameter >= 0)
    return fovea_train_parameter (program->plan, v->parameter)->weights->data;
  if (v->data >= 0)
    return buffer_data (program, v->data);
  return v->tensor != NULL ? v->tensor->data : v->fact->data;
}

void *
fovea_train_gradient (FoveaTrainProgram *program, int value)
{
  const FoveaTrainValue *v = fovea_train_value (program, value);

  if (v->parameter >= 0)
    {
      FoveaTensor *gradient = fovea_train_parameter (program->plan, v->parameter)->gradient;

      return gradient != NULL ? gradient->data : NULL;
    }
  return v->gradient >= 0 ? buffer_data (program, v->gradient) : NULL;
}

/* --- between the forms
 * --------------------------------------------------------------------------------------------------- */

/* Element @i of row-major [N][C][P] in the arena */
static inline gsize
place (const FoveaTrainValue *value, const FoveaPicture *p, gsize i)
{
  gsize plane = p->channels * p->pixels;

  return value->last ? i / plane * plane + i % p->pixels * p->channels + i / p->pixels % p->channels : i;
}

/* Pictures, f32: pixel by pixel, so that writes are in order. */
static void
pack_picture (const FoveaTrainValue *value, const float *from, void *to)
{
  const FoveaPicture p = fovea_train_picture (value);

#pragma omp parallel for collapse(2)
  for (gsize n = 0; n < p.n; n++)
    for (gsize i = 0; i < p.pixels; i++)
      for (gsize c = 0; c < p.channels; c++)
        fovea_train_put (value, to, (n * p.pixels + i) * p.channels + c, from[(n * p.channels + c) * p.pixels + i]);
}

static void
unpack (const FoveaTrainValue *value, const void *from, float *to)
{
  FoveaPicture p = fovea_train_picture (value);
  const gsize n = value->fact->n_elements;

  if (!value->last && !value->half)
    memcpy (to, from, n * sizeof (float));
  else
#pragma omp parallel for
    for (gsize i = 0; i < n; i++)
      to[i] = fovea_train_get (value, from, place (value, &p, i));
}

/* @from f32 or f64 */
static void
pack (const FoveaTrainValue *value, const FoveaTensor *from, void *to, gboolean accumulate)
{
  FoveaPicture p = fovea_train_picture (value);
  const gsize n = value->fact->n_elements;

  if (!value->last && !value->half && !accumulate && from->dtype == FOVEA_DTYPE_F32)
    {
      memcpy (to, from->data, n * sizeof (float));
      return;
    }
  if (value->last && !accumulate && from->dtype == FOVEA_DTYPE_F32)
    {
      pack_picture (value, from->data, to);
      return;
    }
#pragma omp parallel for
  for (gsize i = 0; i < n; i++)
    {
      gsize at = place (value, &p, i);
      float x = (float) fovea_tensor_real (from, i);

      fovea_train_put (value, to, at, x + (accumulate ? fovea_train_get (value, to, at) : 0));
    }
}

FoveaTensor *
fovea_train_load (FoveaTrainProgram *program, int value, GError **error)
{
  const FoveaTrainValue *v = fovea_train_value (program, value);
  FoveaTensor *tensor;

  if (v->parameter >= 0)
    return fovea_tensor_ref (fovea_train_parameter (program->plan, v->parameter)->weights);
  if (v->data < 0)
    return fovea_tensor_ref (v->tensor != NULL ? v->tensor : (FoveaTensor *) v->fact);
  if (!v->last && !v->half)
    return fovea_tensor_new_wrapped (FOVEA_DTYPE_F32, &v->fact->shape, buffer_data (program, v->data), NULL, NULL);
  tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &v->fact->shape, error);
  if (tensor != NULL)
    unpack (v, buffer_data (program, v->data), tensor->data);
  return tensor;
}

FoveaTensor *
fovea_train_load_gradient (FoveaTrainProgram *program, int value, GError **error)
{
  const FoveaTrainValue *v = fovea_train_value (program, value);
  FoveaTensor *tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &v->fact->shape, error);

  if (tensor != NULL)
    unpack (v, fovea_train_gradient (program, value), tensor->data);
  return tensor;
}

void
fovea_train_store (FoveaTrainProgram *program, int value, FoveaTensor *tensor)
{
  FoveaTrainValue *v = fovea_train_value (program, value);

  if (v->data >= 0)
    {
      pack (v, tensor, buffer_data (program, v->data), FALSE);
      return;
    }
  g_clear_pointer (&v->tensor, fovea_tensor_unref);
  v->tensor = fovea_tensor_ref (tensor);
}

void
fovea_train_store_gradient (FoveaTrainProgram *program, int value, const FoveaTensor *tensor, gboolean accumulate)
{
  pack (fovea_train_value (program, value), tensor, fovea_train_gradient (program, value), accumulate);
}
