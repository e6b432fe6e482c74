/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/plan-private.h"

#define ALIGNMENT 64

static gint
larger_first (gconstpointer a, gconstpointer b)
{
  const FoveaBuffer *x = *(FoveaBuffer *const *) a, *y = *(FoveaBuffer *const *) b;

  if (x->n_bytes != y->n_bytes)
    return x->n_bytes > y->n_bytes ? -1 : 1;
  return x->first < y->first ? -1 : x->first > y->first;
}

static gint
lower_first (gconstpointer a, gconstpointer b)
{
  const FoveaBuffer *x = *(FoveaBuffer *const *) a, *y = *(FoveaBuffer *const *) b;

  return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The smallest gap between the placed buffers that live at the same time. */
static gsize
find_offset (GPtrArray *placed, const FoveaBuffer *buffer)
{
  gsize end = 0, best = G_MAXSIZE, best_gap = G_MAXSIZE;

  for (guint i = 0; i < placed->len; i++)
    {
      const FoveaBuffer *other = placed->pdata[i];

      if (other->last < buffer->first || other->first > buffer->last)
        continue;
      if (other->offset >= end + buffer->n_bytes && other->offset - end < best_gap)
        {
          best = end;
          best_gap = other->offset - end;
        }
      end = MAX (end, other->offset + other->n_bytes);
    }
  return best != G_MAXSIZE ? best : end;
}

/* Largest first, each into the smallest gap that is free while it lives (as TensorFlow Lite's planner does: Pisarchyk,
 * Lee, "Efficient memory management for deep neural net inference", 2020, greedy by size). */
gsize
fovea_arena_pack (GArray *buffers)
{
  g_autoptr (GPtrArray) waiting = g_ptr_array_new (), placed = g_ptr_array_new ();
  gsize bytes = 0;

  for (guint i = 0; i < buffers->len; i++)
    {
      FoveaBuffer *buffer = &g_array_index (buffers, FoveaBuffer, i);

      if (buffer->kind != FOVEA_BUFFER_ARENA || buffer->root != (int) i)
        continue;
      buffer->n_bytes = (buffer->n_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
      g_ptr_array_add (waiting, buffer);
    }
  g_ptr_array_sort (waiting, larger_first);
  for (guint i = 0; i < waiting->len; i++)
    {
      FoveaBuffer *buffer = waiting->pdata[i];

      buffer->offset = find_offset (placed, buffer);
      bytes = MAX (bytes, buffer->offset + buffer->n_bytes);
      g_ptr_array_add (placed, buffer);
      g_ptr_array_sort (placed, lower_first);
    }
  return bytes;
}
