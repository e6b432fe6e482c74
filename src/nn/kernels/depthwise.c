/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread takes one block of channels of one picture at a time and walks down it with a ring of padded f32 rows that
 * stay in its first cache: the kernels see no edges and no storage type, and memory is read once. */
#include "nn/kernels/depthwise.h"

#include <math.h>
#include <string.h>

#define BLOCK FOVEA_BLOCK
#define ALIGNMENT 64

/* Padded input rows that a thread gathers before it adds to the gradient of the weights: as many as leave the first
 * cache room for the rest. */
#define ROWS_BYTES (20 * 1024)

/* Units of work at least, so that threads come out even; independent of their number, as the order of sums must be. */
#define MIN_UNITS 64

static float *
floats_new (gsize n)
{
  return g_aligned_alloc (n, sizeof (float), ALIGNMENT);
}

static inline gsize
item_size (const FoveaDepthwise *d)
{
  return d->storage == FOVEA_STORAGE_BF16 ? sizeof (guint16) : sizeof (float);
}

/* Row @r of a plane of @w pixels a row. */
static inline const void *
row_at (const FoveaDepthwise *d, const void *plane, gsize r, gsize w)
{
  return (const char *) plane + r * w * BLOCK * item_size (d);
}

/* --- rings of padded rows --- */

typedef struct {
  gsize n_slots, width;   /* of a row with its padding, in pixels */
  gsize left;             /* padding before */
  gssize next;            /* first row that has not been read */
  float *slots;
  float *zeros;           /* one row */
} Ring;

static void
ring_init (Ring *ring, gsize n_slots, gsize left, gsize width)
{
  ring->n_slots = n_slots;
  ring->width = width;
  ring->left = left;
  ring->slots = floats_new ((n_slots + 1) * width * BLOCK);
  ring->zeros = ring->slots + n_slots * width * BLOCK;
  /* Only the middle of a row is ever written. */
  memset (ring->slots, 0, (n_slots + 1) * width * BLOCK * sizeof (float));
}

static void
ring_clear (Ring *ring)
{
  g_aligned_free (ring->slots);
}

static inline float *
ring_slot (const Ring *ring, gssize row)
{
  return ring->slots + ((gsize) row % ring->n_slots) * ring->width * BLOCK;
}

/* Row @row, or zeros outside of [0, height). */
static inline const float *
ring_row (const Ring *ring, gssize row, gsize height)
{
  return row < 0 || row >= (gssize) height ? ring->zeros : ring_slot (ring, row);
}

/* Reads rows of @plane up to @end; those before @start are not needed any more. */
static void
ring_read (const FoveaKernels *kernels, const FoveaDepthwise *d, Ring *ring, const void *plane, gssize start, gssize end)
{
  const gsize n = MIN (d->in[1], ring->width - ring->left) * BLOCK;

  end = MIN (end, (gssize) d->in[0]);
  for (gssize r = MAX (ring->next, MAX (start, 0)); r < end; r++)
    {
      const void *from = row_at (d, plane, (gsize) r, d->in[1]);
      float *to = ring_slot (ring, r) + ring->left * BLOCK;

      if (d->storage == FOVEA_STORAGE_BF16)
        kernels->from_bf16 (from, to, n);
      else
        memcpy (to, from, n * sizeof (float));
    }
  ring->next = MAX (ring->next, end);
}

static gsize
padded_width (const FoveaDepthwise *d)
{
  return MAX (d->before[1] + d->in[1], (d->out[1] - 1) * d->stride[1] + d->kernel[1]);
}

/* --- forward --- */

static void
forward_plane (const FoveaKernels *kernels, const FoveaDepthwise *d, Ring *ring, const float **rows, float *row,
               const void *x, const float *w, const float *bias, void *y)
{
  FoveaDepthwiseRow step = {
    .rows = rows, .w = w, .bias = bias, .in_stride = BLOCK, .w_stride = BLOCK, .out_stride = BLOCK,
    .kernel_h = d->kernel[0], .kernel_w = d->kernel[1], .stride = d->stride[1], .dilation = 1, .channels = BLOCK,
    .out_w = d->out[1], .low = d->low, .high = d->high,
  };

  ring->next = 0;
  for (gsize i = 0; i < d->out[0]; i++)
    {
      const gssize first = (gssize) (i * d->stride[0]) - (gssize) d->before[0];
      void *to = (void *) row_at (d, y, i, d->out[1]);

      ring_read (kernels, d, ring, x, first, first + (gssize) d->kernel[0]);
      for (gsize u = 0; u < d->kernel[0]; u++)
        rows[u] = ring_row (ring, first + (gssize) u, d->in[0]);
      step.y = d->storage == FOVEA_STORAGE_BF16 ? row : to;
      kernels->depthwise_row (&step);
      if (d->storage == FOVEA_STORAGE_BF16)
        kernels->to_bf16 (row, to, d->out[1] * BLOCK);
    }
}

void
fovea_depthwise_forward (const FoveaKernels *kernels, const FoveaDepthwise *d, const void *x, const float *w,
                         const float *bias, void *y, guint n_threads)
{
  const gsize n_taps = d->kernel[0] * d->kernel[1];

#pragma omp parallel num_threads(n_threads)
  {
    Ring ring;
    const float **rows = g_new (const float *, d->kernel[0]);
    float *row = floats_new (d->out[1] * BLOCK);

    ring_init (&ring, d->kernel[0], d->before[1], padded_width (d));
#pragma omp for schedule(dynamic)
    for (gsize p = 0; p < d->batch * d->blocks; p++)
      {
        const gsize block = p % d->blocks;

        forward_plane (kernels, d, &ring, rows, row, row_at (d, x, p * d->in[0], d->in[1]), w + block * n_taps * BLOCK,
                       bias + block * BLOCK, (void *) row_at (d, y, p * d->out[0], d->out[1]));
      }
    ring_clear (&ring);
    g_free (rows);
    g_aligned_free (row);
  }
}

/* --- the incoming gradient --- */

/* Row @i of dy behind the mask, as f32; in @row, or where it is when there is nothing to do. */
static const float *
masked_row (const FoveaKernels *kernels, const FoveaDepthwise *d, const void *y, const void *dy, gsize i, float *row)
{
  const gsize n = d->out[1] * BLOCK;
  const void *from = row_at (d, dy, i, d->out[1]);

  if (d->storage == FOVEA_STORAGE_BF16)
    {
      if (y != NULL)
        kernels->pass_between_bf16 (from, row_at (d, y, i, d->out[1]), row, n, d->low, d->high);
      else
        kernels->from_bf16 (from, row, n);
    }
  else if (y != NULL)
    kernels->pass_between (from, row_at (d, y, i, d->out[1]), row, n, d->low, d->high);
  else
    return from;
  return row;
}

/* --- backward by weights --- */

typedef struct {
  Ring ring;
  const float **rows;
  float *dy;
  gsize n_rows; /* output rows at a time */
} WeightsWork;

static void
weights_work_init (WeightsWork *work, const FoveaDepthwise *d)
{
  const gsize width = padded_width (d);
  const gsize fit = ROWS_BYTES / (width * BLOCK * sizeof (float));
  const gsize n = fit > d->kernel[0] ? (fit - d->kernel[0]) / d->stride[0] + 1 : 1;

  work->n_rows = MIN (n, d->out[0]);
  ring_init (&work->ring, (work->n_rows - 1) * d->stride[0] + d->kernel[0], d->before[1], width);
  work->rows = g_new (const float *, work->ring.n_slots);
  work->dy = floats_new (work->n_rows * d->out[1] * BLOCK);
}

static void
weights_work_clear (WeightsWork *work)
{
  ring_clear (&work->ring);
  g_free (work->rows);
  g_aligned_free (work->dy);
}

/* Adds one plane to @dw and @dbias. */
static void
weights_plane (const FoveaKernels *kernels, const FoveaDepthwise *d, WeightsWork *work, const void *x, const void *y,
               const void *dy, float *dw, float *dbias)
{
  Ring *ring = &work->ring;

  ring->next = 0;
  for (gsize i = 0; i < d->out[0]; i += work->n_rows)
    {
      const gsize n = MIN (work->n_rows, d->out[0] - i), n_in = (n - 1) * d->stride[0] + d->kernel[0];
      const gssize first = (gssize) (i * d->stride[0]) - (gssize) d->before[0];
      FoveaDepthwiseGradient step = {
        .rows = work->rows, .dw = dw, .dbias = dbias, .n_rows = n, .out_w = d->out[1], .kernel_h = d->kernel[0],
        .kernel_w = d->kernel[1], .stride_h = d->stride[0], .stride_w = d->stride[1],
      };

      ring_read (kernels, d, ring, x, first, first + (gssize) n_in);
      for (gsize u = 0; u < n_in; u++)
        work->rows[u] = ring_row (ring, first + (gssize) u, d->in[0]);
      /* Rows lie behind each other in dy as in the work, so the first says where they all are. */
      step.dy = masked_row (kernels, d, y, dy, i, work->dy);
      for (gsize k = 1; k < n; k++)
        masked_row (kernels, d, y, dy, i + k, work->dy + k * d->out[1] * BLOCK);
      kernels->depthwise_gradient (&step);
    }
}

/* --- backward by data --- */

/* Of the pixels that leave the same remainder by the stride along one axis: the taps that reach them, from the last to
 * the first, which is the order of ascending g. Tap k lies at g[q + offset + k] for pixel q·stride + remainder. */
typedef struct {
  gsize n_taps, last_tap, n_pixels;
  gssize offset;
} Phase;

static Phase
find_phase (const FoveaDepthwise *d, int axis, gsize remainder)
{
  const gsize stride = d->stride[axis], first = (remainder + d->before[axis]) % stride;
  Phase phase = { 0 };

  if (remainder < d->in[axis])
    phase.n_pixels = (d->in[axis] - remainder - 1) / stride + 1;
  if (first >= d->kernel[axis])
    return phase;
  phase.n_taps = (d->kernel[axis] - first - 1) / stride + 1;
  phase.last_tap = first + (phase.n_taps - 1) * stride;
  phase.offset = ((gssize) (remainder + d->before[axis]) - (gssize) phase.last_tap) / (gssize) stride;
  return phase;
}

typedef struct {
  Phase *down, *across;
  gsize left, width; /* of padded rows of g */
  gsize max_taps;    /* of a phase down */
} DataPlan;

static void
data_plan_init (DataPlan *plan, const FoveaDepthwise *d)
{
  gssize right = (gssize) d->out[1], left = 0;

  *plan = (DataPlan) { g_new (Phase, d->stride[0]), g_new (Phase, d->stride[1]), 0, 0, 1 };
  for (gsize p = 0; p < d->stride[0]; p++)
    {
      plan->down[p] = find_phase (d, 0, p);
      plan->max_taps = MAX (plan->max_taps, plan->down[p].n_taps);
    }
  for (gsize p = 0; p < d->stride[1]; p++)
    {
      const Phase *phase = &plan->across[p];

      plan->across[p] = find_phase (d, 1, p);
      left = MAX (left, -phase->offset);
      right = MAX (right, phase->offset + (gssize) (phase->n_pixels + phase->n_taps));
    }
  plan->left = (gsize) left;
  plan->width = (gsize) (left + right);
}

static void
data_plan_clear (DataPlan *plan)
{
  g_free (plan->down);
  g_free (plan->across);
}

/* The taps of each pair of phases together, [stride_h][stride_w][kernel_h·kernel_w][16]. */
static void
pack_phases (const FoveaDepthwise *d, const DataPlan *plan, const float *w, float *packed)
{
  const gsize n_taps = d->kernel[0] * d->kernel[1];

  for (gsize p = 0; p < d->stride[0]; p++)
    for (gsize q = 0; q < d->stride[1]; q++)
      {
        const Phase *down = &plan->down[p], *across = &plan->across[q];
        float *to = packed + (p * d->stride[1] + q) * n_taps * BLOCK;

        for (gsize u = 0; u < down->n_taps; u++)
          for (gsize v = 0; v < across->n_taps; v++, to += BLOCK)
            memcpy (to, w + ((down->last_tap - u * d->stride[0]) * d->kernel[1] + across->last_tap - v * d->stride[1]) * BLOCK,
                    BLOCK * sizeof (float));
      }
}

typedef struct {
  Ring ring;
  const float **rows, **shifted;
  float *packed, *row;
} DataWork;

static void
data_work_init (DataWork *work, const FoveaDepthwise *d, const DataPlan *plan)
{
  ring_init (&work->ring, plan->max_taps + 1, plan->left, plan->width);
  work->rows = g_new (const float *, plan->max_taps);
  work->shifted = g_new (const float *, plan->max_taps);
  work->packed = floats_new (d->stride[0] * d->stride[1] * d->kernel[0] * d->kernel[1] * BLOCK);
  work->row = floats_new (d->in[1] * BLOCK);
}

static void
data_work_clear (DataWork *work)
{
  ring_clear (&work->ring);
  g_free (work->rows);
  g_free (work->shifted);
  g_aligned_free (work->packed);
  g_aligned_free (work->row);
}

/* Brings rows [first, last] of g into the ring. */
static void
read_gradient (const FoveaKernels *kernels, const FoveaDepthwise *d, Ring *ring, const void *y, const void *dy,
               gssize first, gssize last)
{
  last = MIN (last, (gssize) d->out[0] - 1);
  for (gssize i = MAX (ring->next, MAX (first, 0)); i <= last; i++)
    {
      float *to = ring_slot (ring, i) + ring->left * BLOCK;
      const float *row = masked_row (kernels, d, y, dy, (gsize) i, to);

      if (row != to)
        memcpy (to, row, d->out[1] * BLOCK * sizeof (float));
    }
  ring->next = MAX (ring->next, last + 1);
}

/* One row of dx from the rows that @down reaches, in @to with all its phases. */
static void
data_row (const FoveaKernels *kernels, const FoveaDepthwise *d, const DataPlan *plan, DataWork *work, gsize p, float *to)
{
  static const float no_bias[BLOCK] = { 0 };
  const gsize n_taps = d->kernel[0] * d->kernel[1], stride = d->stride[1];

  for (gsize q = 0; q < stride; q++)
    {
      const Phase *down = &plan->down[p], *across = &plan->across[q];
      FoveaDepthwiseRow step = {
        .rows = work->shifted, .w = work->packed + (p * stride + q) * n_taps * BLOCK, .bias = no_bias, .y = to + q * BLOCK,
        .in_stride = BLOCK, .w_stride = BLOCK, .out_stride = stride * BLOCK, .kernel_h = down->n_taps,
        .kernel_w = across->n_taps, .stride = 1, .dilation = 1, .channels = BLOCK, .out_w = across->n_pixels,
        .low = -INFINITY, .high = INFINITY,
      };

      if (across->n_pixels == 0)
        continue;
      if (down->n_taps == 0 || across->n_taps == 0)
        {
          for (gsize i = 0; i < across->n_pixels; i++)
            memset (step.y + i * step.out_stride, 0, BLOCK * sizeof (float));
          continue;
        }
      for (gsize u = 0; u < down->n_taps; u++)
        work->shifted[u] = work->rows[u] + ((gssize) plan->left + across->offset) * BLOCK;
      kernels->depthwise_row (&step);
    }
}

static void
data_plane (const FoveaKernels *kernels, const FoveaDepthwise *d, const DataPlan *plan, DataWork *work, const void *y,
            const void *dy, void *dx)
{
  Ring *ring = &work->ring;

  ring->next = 0;
  for (gsize r = 0; r < d->in[0]; r++)
    {
      const Phase *down = &plan->down[r % d->stride[0]];
      const gssize first = (gssize) (r / d->stride[0]) + down->offset;
      void *to = (void *) row_at (d, dx, r, d->in[1]);
      const gboolean is_bf16 = d->storage == FOVEA_STORAGE_BF16;

      if (down->n_taps > 0)
        read_gradient (kernels, d, ring, y, dy, first, first + (gssize) down->n_taps - 1);
      for (gsize u = 0; u < down->n_taps; u++)
        work->rows[u] = ring_row (ring, first + (gssize) u, d->out[0]);
      data_row (kernels, d, plan, work, r % d->stride[0], is_bf16 ? work->row : to);
      if (is_bf16)
        kernels->to_bf16 (work->row, to, d->in[1] * BLOCK);
    }
}

/* --- both --- */

typedef struct {
  const FoveaKernels *kernels;
  const FoveaDepthwise *d;
  const void *x, *y, *dy;
  const float *w;
  void *dx;
  float *partial; /* [slices][blocks][n_taps + 1][16], the bias last; or NULL */
  gsize n_slices;
  DataPlan plan;
} Backward;

/* Slice @s of the pictures, one block of channels. */
static void
backward_unit (const Backward *b, WeightsWork *weights, DataWork *data, gsize s, gsize block)
{
  const FoveaDepthwise *d = b->d;
  const gsize n_taps = d->kernel[0] * d->kernel[1];
  float *dw = b->partial != NULL ? b->partial + (s * d->blocks + block) * (n_taps + 1) * BLOCK : NULL;

  if (dw != NULL)
    memset (dw, 0, (n_taps + 1) * BLOCK * sizeof (float));
  if (b->dx != NULL)
    pack_phases (d, &b->plan, b->w + block * n_taps * BLOCK, data->packed);
  for (gsize n = d->batch * s / b->n_slices; n < d->batch * (s + 1) / b->n_slices; n++)
    {
      const gsize p = n * d->blocks + block;
      const void *dy = row_at (d, b->dy, p * d->out[0], d->out[1]);
      const void *y = b->y != NULL ? row_at (d, b->y, p * d->out[0], d->out[1]) : NULL;

      if (dw != NULL)
        weights_plane (b->kernels, d, weights, row_at (d, b->x, p * d->in[0], d->in[1]), y, dy, dw,
                       dw + n_taps * BLOCK);
      if (b->dx != NULL)
        data_plane (b->kernels, d, &b->plan, data, y, dy, (void *) row_at (d, b->dx, p * d->in[0], d->in[1]));
    }
}

/* The slices' sums one after the other. */
static void
add_slices (const Backward *b, float *dw, float *dbias)
{
  const gsize n_taps = b->d->kernel[0] * b->d->kernel[1], size = (n_taps + 1) * BLOCK, n_blocks = b->d->blocks;

  for (gsize block = 0; block < n_blocks; block++)
    for (gsize i = 0; i < size; i++)
      {
        float sum = 0;

        for (gsize s = 0; s < b->n_slices; s++)
          sum += b->partial[(s * n_blocks + block) * size + i];
        if (i < n_taps * BLOCK)
          dw[block * n_taps * BLOCK + i] = sum;
        else
          dbias[block * BLOCK + i - n_taps * BLOCK] = sum;
      }
}

void
fovea_depthwise_backward (const FoveaKernels *kernels, const FoveaDepthwise *d, const void *x, const float *w,
                          const void *y, const void *dy, void *dx, float *dw, float *dbias, guint n_threads)
{
  const gsize n_slices = CLAMP ((MIN_UNITS + d->blocks - 1) / d->blocks, 1, d->batch);
  Backward b = { kernels, d, x, y, dy, w, dx, NULL, n_slices, { 0 } };

  if (dw != NULL)
    b.partial = floats_new (n_slices * d->blocks * (d->kernel[0] * d->kernel[1] + 1) * BLOCK);
  data_plan_init (&b.plan, d);
#pragma omp parallel num_threads(n_threads)
  {
    WeightsWork weights;
    DataWork data;

    weights_work_init (&weights, d);
    data_work_init (&data, d, &b.plan);
#pragma omp for schedule(dynamic)
    for (gsize unit = 0; unit < n_slices * d->blocks; unit++)
      backward_unit (&b, &weights, &data, unit / d->blocks, unit % d->blocks);
    weights_work_clear (&weights);
    data_work_clear (&data);
  }
  if (dw != NULL)
    add_slices (&b, dw, dbias);
  data_plan_clear (&b.plan);
  g_aligned_free (b.partial);
}

/* --- weights --- */

void
fovea_depthwise_pack (const float *w, gsize channels, gsize taps, float *packed)
{
  for (gsize block = 0; block * BLOCK < channels; block++)
    for (gsize t = 0; t < taps; t++)
      for (gsize c = 0; c < BLOCK; c++, packed++)
        *packed = block * BLOCK + c < channels ? w[(block * BLOCK + c) * taps + t] : 0;
}

void
fovea_depthwise_unpack (const float *packed, gsize channels, gsize taps, float *w)
{
  for (gsize c = 0; c < channels; c++)
    for (gsize t = 0; t < taps; t++)
      w[c * taps + t] = packed[((c / BLOCK) * taps + t) * BLOCK + c % BLOCK];
}
