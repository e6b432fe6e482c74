/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions and dense layers as tiles of pixels × output channels (nn/kernels). */
#include <string.h>

#include "nn/plan-private.h"

/* Input that is read once a panel should stay in the nearest cache. */
#define BLOCK_BYTES (48u << 10)

/* Output pixels up to which weights are fetched ahead. */
#define FEW_PIXELS 100

/* Lists of what is not zero, for as many tiles at a time. */
#define SPARSE_INDICES 28672
#define SPARSE_TILES 64

G_STATIC_ASSERT (SPARSE_INDICES >= FOVEA_SPARSE_MAX_LIST + 16);

static gboolean
is_contiguous (const FoveaConv *conv)
{
  return conv->kernel[0] * conv->kernel[1] == 1 && conv->stride[0] * conv->stride[1] == 1 &&
         conv->before[0] + conv->before[1] + conv->after[0] + conv->after[1] == 0;
}

/* Fills @a with the input pixels under every tap of output pixels [from, from + rows), and says how many taps there
 * are: a row of the window is one tap of kernel_w · depth values where it lies inside the picture (and groups do not
 * lie between). */
static gsize
gather_taps (const FoveaConv *conv, const FoveaConvPart *part, gsize from, gsize rows, gsize group, const float **a)
{
  const gsize channels = conv->in[2], depth = conv->weights->in_depth, width = conv->in[1], height = conv->in[0];
  gsize n = from / (conv->out[0] * conv->out[1]);
  gsize oh = from / conv->out[1] % conv->out[0], ow = from % conv->out[1];
  gssize top[FOVEA_TILE_MAX_ROWS], left[FOVEA_TILE_MAX_ROWS];
  const float *picture[FOVEA_TILE_MAX_ROWS];
  gboolean joined = conv->weights->n_groups == 1 && conv->dilation[1] == 1;
  gsize tap = 0;

  for (gsize r = 0; r < rows; r++)
    {
      picture[r] = part->x + n * height * width * channels + group * depth;
      top[r] = (gssize) (oh * conv->stride[0]) - (gssize) conv->before[0];
      left[r] = (gssize) (ow * conv->stride[1]) - (gssize) conv->before[1];
      joined = joined && left[r] >= 0 && (gsize) left[r] + conv->kernel[1] <= width;
      if (++ow == conv->out[1])
        {
          ow = 0;
          if (++oh == conv->out[0])
            oh = 0, n++;
        }
    }
  for (gsize u = 0; u < conv->kernel[0]; u++)
    for (gsize v = 0; v < (joined ? 1 : conv->kernel[1]); v++, tap++)
      for (gsize r = 0; r < rows; r++)
        {
          gssize y = top[r] + (gssize) (u * conv->dilation[0]), x = left[r] + (gssize) (v * conv->dilation[1]);
          gboolean inside = (gsize) y < height && (gsize) x < width; /* negative becomes huge */

          a[tap * rows + r] = inside ? picture[r] + ((gsize) y * width + (gsize) x) * channels : NULL;
        }
  for (gsize i = 0; i < tap * rows; i++)
    if (a[i] == NULL)
      a[i] = part->zeros;
  return tap;
}

/* Whether the windows of output pixels [from, from + rows) lie side by side inside the picture, so that nothing need be gathered: a
 * row of the window is then one tap of kernel_w · depth values, and they are all at the same distances. */
static gboolean
find_window (const FoveaConv *conv, const FoveaConvPart *part, gsize from, gsize rows, const float **ret_x)
{
  const gsize channels = conv->in[2], width = conv->in[1], height = conv->in[0];
  const gsize row = from / conv->out[1], oh = row % conv->out[0], ow = from - row * conv->out[1];
  const gsize top = oh * conv->stride[0], left = ow * conv->stride[1];

  if (conv->weights->n_groups != 1 || conv->dilation[1] != 1 || ow + rows > conv->out[1]
      || top < conv->before[0] || top - conv->before[0] + (conv->kernel[0] - 1) * conv->dilation[0] >= height
      || left < conv->before[1] || left - conv->before[1] + (rows - 1) * conv->stride[1] + conv->kernel[1] > width)
    return FALSE;
  *ret_x = part->x + ((row / conv->out[0] * height + top - conv->before[0]) * width + left - conv->before[1]) * channels;
  return TRUE;
}

/* A row of the window that is joined and lies above or below the picture needs kernel_w · depth zeros. */
gsize
fovea_conv_zeros (const FoveaConv *conv)
{
  return conv->weights->depthwise ? 0 : conv->kernel[1] * conv->weights->in_depth;
}

/* The part of the panel behind this one that falls to tile @i of @n, so that it is in the second cache when it is its
 * turn: over a small picture a panel is read a few times only, the first time from far away. */
static void
prefetch_next_panel (const float *next, gsize n_floats, gsize i, gsize n)
{
  const gsize line = 64 / sizeof (float);

  for (gsize j = n_floats * i / n / line * line; j < n_floats * (i + 1) / n; j += line)
    __builtin_prefetch (next + j, 0, 2);
}

/* One panel over pixels [from, to). */
static void
compute_panel (const FoveaConv *conv, const FoveaKernels *kernels, const FoveaConvPart *part, gsize from, gsize to,
               gsize group, gsize column, gsize width, const float *b, const float *bias)
{
  const FoveaWeights *weights = conv->weights;
  const gsize max_rows = kernels->panel_rows (width), n_tiles = (to - from + max_rows - 1) / max_rows;
  const gsize channel = group * weights->out_depth + column, total_depth = weights->n_taps * weights->in_depth;
  const float *a[FOVEA_CONV_MAX_TAPS * FOVEA_TILE_MAX_ROWS];
  const gboolean contiguous = is_contiguous (conv);
  FoveaTile tile = {
    .b = b,
    .bias = bias,
    .y_stride = part->y_stride,
    .residual_stride = conv->out[2],
    .columns = MIN (width, weights->out_depth - column),
    .low = conv->low,
    .high = conv->high,
    .n_taps = 1,
    .depth = weights->in_depth,
    .x_stride = conv->in[2] * (contiguous ? 1 : conv->stride[1]),
    .tap_stride = conv->in[1] * conv->in[2] * conv->dilation[0],
  };

  for (gsize i = 0; i < n_tiles; i++)
    {
      const gsize first = from + (to - from) * i / n_tiles, end = from + (to - from) * (i + 1) / n_tiles;

      if (contiguous)
        tile.x = part->x + (first - part->x_origin) * conv->in[2] + group * weights->in_depth;
      else if (find_window (conv, part, first, end - first, &tile.x))
        {
          tile.a = NULL;
          tile.n_taps = conv->kernel[0];
          tile.depth = total_depth / tile.n_taps;
        }
      else
        {
          tile.a = a;
          tile.n_taps = gather_taps (conv, part, first, end - first, group, a);
          tile.depth = total_depth / tile.n_taps;
        }
      tile.y = part->y + (first - part->origin) * part->y_stride + (channel - part->column_origin);
      if (part->residual != NULL)
        tile.residual = part->residual + first * conv->out[2] + channel;
      if (to - from <= FEW_PIXELS)
        prefetch_next_panel (b + total_depth * width, total_depth * width, i, n_tiles);
      kernels->tile (&tile, end - first, width);
    }
}

/* The panels of which the first column is in [column_from, column_to) of all groups' columns. */
static void
compute_columns (const FoveaConv *conv, const FoveaKernels *kernels, const FoveaConvPart *part, gsize from, gsize to,
                 gsize column_from, gsize column_to)
{
  const FoveaWeights *weights = conv->weights;
  const gsize depth = weights->n_taps * weights->in_depth;

  for (gsize g = 0; g < weights->n_groups; g++)
    {
      const float *b = weights->data + g * weights->group_size, *bias = weights->bias + g * weights->group_bias;

      for (gsize o = 0; o < weights->out_depth;)
        {
          const gsize width = fovea_weights_width (weights, kernels, weights->out_depth - o), column = g * weights->out_depth + o;

          if (column >= column_from && column < column_to)
            compute_panel (conv, kernels, part, from, to, g, o, width, b, bias);
          b += depth * width;
          bias += width;
          o += width;
        }
    }
}

/* Rows of a tile over mostly zeros; what they have that is not zero is found once and used for every panel. */
typedef struct {
  gsize from, rows, n_index;
  const guint16 *index;
} SparseRows;

static void
compute_sparse_panel (const FoveaConv *conv, const FoveaKernels *kernels, const FoveaConvPart *part,
                      const SparseRows *tiles, gsize n_tiles, gsize column, gsize width, const float *b,
                      const float *bias)
{
  FoveaTile tile = {
    .x_stride = conv->in[2],
    .b = b,
    .bias = bias,
    .y_stride = part->y_stride,
    .residual_stride = conv->out[2],
    .n_taps = 1,
    .depth = conv->in[2],
    .columns = MIN (width, conv->out[2] - column),
    .low = conv->low,
    .high = conv->high,
  };

  for (gsize i = 0; i < n_tiles; i++)
    {
      tile.x = part->x + (tiles[i].from - part->x_origin) * conv->in[2];
      tile.y = part->y + (tiles[i].from - part->origin) * part->y_stride + (column - part->column_origin);
      if (part->residual != NULL)
        tile.residual = part->residual + tiles[i].from * conv->out[2] + column;
      if (n_tiles * FOVEA_SPARSE_ROWS <= FEW_PIXELS)
        prefetch_next_panel (b + conv->in[2] * width, conv->in[2] * width, i, n_tiles);
      kernels->sparse_tile (&tile, tiles[i].rows, width, tiles[i].index, tiles[i].n_index);
    }
}

static void
compute_sparse_block (const FoveaConv *conv, const FoveaKernels *kernels, const FoveaConvPart *part, gsize from,
                      gsize to, gsize column_from, gsize column_to)
{
  const FoveaWeights *weights = conv->weights;
  const float *b = weights->data, *bias = weights->bias;
  const gsize depth = conv->in[2], n_tiles = (to - from + FOVEA_SPARSE_ROWS - 1) / FOVEA_SPARSE_ROWS;
  guint16 index[SPARSE_INDICES];
  SparseRows tiles[SPARSE_TILES];

  for (gsize i = 0; i < n_tiles; i++)
    {
      SparseRows *tile = &tiles[i];

      tile->from = from + (to - from) * i / n_tiles;
      tile->rows = from + (to - from) * (i + 1) / n_tiles - tile->from;
      tile->index = index + i * (depth + 16);
      tile->n_index = kernels->find_nonzero (part->x + (tile->from - part->x_origin) * depth, depth, tile->rows, depth,
                                             index + i * (depth + 16));
    }
  for (gsize o = 0; o < weights->out_depth;)
    {
      const gsize width = fovea_weights_width (weights, kernels, weights->out_depth - o);

      if (o >= column_from && o < column_to)
        compute_sparse_panel (conv, kernels, part, tiles, n_tiles, o, width, b, bias);
      b += depth * width;
      bias += width;
      o += width;
    }
}

static void
compute_sparse (const FoveaConv *conv, const FoveaKernels *kernels, const FoveaConvPart *part, gsize from, gsize to,
                gsize column_from, gsize column_to)
{
  const gsize tiles = MIN (SPARSE_INDICES / (conv->in[2] + 16), SPARSE_TILES), block = tiles * FOVEA_SPARSE_ROWS;
  const gsize n_blocks = (to - from + block - 1) / block;

  for (gsize i = 0; i < n_blocks; i++)
    compute_sparse_block (conv, kernels, part, from + (to - from) * i / n_blocks, from + (to - from) * (i + 1) / n_blocks,
                          column_from, column_to);
}

void
fovea_conv_compute (const FoveaConv *conv, const FoveaKernels *kernels, const FoveaConvPart *part, gsize from,
                    gsize to, gsize column_from, gsize column_to)
{
  const gsize pixel_bytes = conv->in[2] * sizeof (float) * (is_contiguous (conv) ? 1 : conv->stride[1]);
  const gsize block = MAX (BLOCK_BYTES / pixel_bytes / FOVEA_TILE_MAX_ROWS, 4) * FOVEA_TILE_MAX_ROWS;
  const gsize n_blocks = (to - from + block - 1) / block;

  if (conv->weights->sparse)
    {
      compute_sparse (conv, kernels, part, from, to, column_from, column_to);
      return;
    }
  for (gsize i = 0; i < n_blocks; i++)
    compute_columns (conv, kernels, part, from + (to - from) * i / n_blocks, from + (to - from) * (i + 1) / n_blocks,
                     column_from, column_to);
}

/* Many pixels are divided between the threads; of few pixels, the output channels, so that each thread reads its own
 * part of the weights alone. */
void
fovea_step_conv (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team)
{
  const FoveaConv *conv = &step->unit.conv[0];
  const gsize n_pixels = conv->batch * conv->out[0] * conv->out[1];
  gsize from = 0, to = n_pixels, column_from = 0, column_to = conv->out[2];
  FoveaConvPart part = {
    .x = fovea_run_data (run, step->in[0]),
    .zeros = run->program->zeros,
    .residual = step->in[1] >= 0 ? fovea_run_data (run, step->in[1]) : NULL,
    .y = fovea_run_data (run, step->out[0]),
    .y_stride = conv->out[2],
  };

  if (n_pixels >= 64 * team->n)
    fovea_team_share (team, n_pixels, &from, &to);
  else
    fovea_team_share (team, conv->out[2], &column_from, &column_to);
  fovea_conv_compute (conv, step->kernels, &part, from, to, column_from, column_to);
}
