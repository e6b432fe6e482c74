/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first two convolutions of an inverted-residual block over a small picture: a depthwise convolution does not mix
 * channels, so a panel of them goes through both while it is in the nearest cache, and a thread needs nothing of the
 * others'. Over a large picture the panel would not fit, and rows go through a ring instead (plan-block.c); over a
 * small one rows are too short to fill the tiles, and the weights would be read again for every row. */
#include <string.h>

#include "nn/plan-private.h"

/* Pixels of the picture between the two, above which the ring is faster. */
#define MAX_PIXELS 400

typedef struct {
  const FoveaConv *expand, *depthwise;
  const FoveaKernels *kernels;
  FoveaConvPart part;
  float *panel;   /* [H · W][width] */
  float *padded;  /* [before + H + after][before + W + after][width] */
  gsize padded_w, padded_h;
  gsize width;    /* that padded has zeros around now */
  float *y;
} Wide;

gboolean
fovea_wide_pays (const FoveaUnit *unit)
{
  return unit->conv[1].in[0] * unit->conv[1].in[1] <= MAX_PIXELS;
}

static gsize
padded_pixels (const FoveaConv *depthwise)
{
  return (depthwise->before[0] + depthwise->in[0] + depthwise->after[0]) *
         (depthwise->before[1] + depthwise->in[1] + depthwise->after[1]);
}

gsize
fovea_wide_scratch (const FoveaUnit *unit, const FoveaKernels *kernels)
{
  const FoveaConv *depthwise = &unit->conv[1];
  gsize pixels = depthwise->in[0] * depthwise->in[1] + padded_pixels (depthwise);

  return (pixels * kernels->max_width * sizeof (float) + 127) / 64 * 64;
}

/* The panel's rows into the middle of zeros. */
static void
pad_panel (Wide *wide, gsize width)
{
  const FoveaConv *depthwise = wide->depthwise;
  const gsize row = depthwise->in[1] * width, padded_row = wide->padded_w * width;
  float *to = wide->padded + depthwise->before[0] * padded_row + depthwise->before[1] * width;

  if (wide->width != width)
    memset (wide->padded, 0, wide->padded_h * padded_row * sizeof (float));
  wide->width = width;
  for (gsize i = 0; i < depthwise->in[0]; i++)
    memcpy (to + i * padded_row, wide->panel + i * row, row * sizeof (float));
}

static void
compute_depthwise (const Wide *wide, gsize n, gsize column, gsize width)
{
  const FoveaConv *depthwise = wide->depthwise;
  const gsize channels = depthwise->in[2], padded_row = wide->padded_w * width;
  const float *rows[FOVEA_CONV_MAX_TAPS];
  FoveaDepthwiseRow row = {
    .rows = rows,
    .w = depthwise->weights->data + column,
    .bias = depthwise->weights->bias + column,
    .in_stride = width,
    .w_stride = channels,
    .out_stride = channels,
    .kernel_h = depthwise->kernel[0],
    .kernel_w = depthwise->kernel[1],
    .stride = depthwise->stride[1],
    .dilation = depthwise->dilation[1],
    .channels = width,
    .out_w = depthwise->out[1],
    .low = depthwise->low,
    .high = depthwise->high,
  };

  for (gsize i = 0; i < depthwise->out[0]; i++)
    {
      for (gsize u = 0; u < depthwise->kernel[0]; u++)
        rows[u] = wide->padded + (i * depthwise->stride[0] + u * depthwise->dilation[0]) * padded_row;
      row.y = wide->y + (n * depthwise->out[0] + i) * depthwise->out[1] * channels + column;
      wide->kernels->depthwise_row (&row);
    }
}

static void
compute_panel (Wide *wide, gsize column, gsize width)
{
  const gsize pixels = wide->depthwise->in[0] * wide->depthwise->in[1];

  wide->part.y = wide->panel;
  wide->part.y_stride = width;
  wide->part.column_origin = column;
  for (gsize n = 0; n < wide->depthwise->batch; n++)
    {
      wide->part.origin = n * pixels;
      fovea_conv_compute (wide->expand, wide->kernels, &wide->part, n * pixels, (n + 1) * pixels, column, column + 1);
      pad_panel (wide, width);
      compute_depthwise (wide, n, column, width);
    }
}

void
fovea_step_wide (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team)
{
  const FoveaConv *depthwise = &step->unit.conv[1];
  char *scratch = (char *) fovea_run_data (run, step->scratch) + team->index * step->scratch_share;
  const gsize channels = depthwise->in[2];
  gsize from, to;
  Wide wide = {
    .expand = &step->unit.conv[0],
    .depthwise = depthwise,
    .kernels = step->kernels,
    .part = { .x = fovea_run_data (run, step->in[0]), .zeros = run->program->zeros },
    .panel = (float *) scratch,
    .padded = (float *) scratch + depthwise->in[0] * depthwise->in[1] * step->kernels->max_width,
    .padded_h = depthwise->before[0] + depthwise->in[0] + depthwise->after[0],
    .padded_w = depthwise->before[1] + depthwise->in[1] + depthwise->after[1],
    .y = fovea_run_data (run, step->out[0]),
  };

  fovea_team_share (team, channels, &from, &to);
  for (gsize column = 0; column < channels;)
    {
      gsize width = MIN (fovea_weights_width (wide.expand->weights, step->kernels, channels - column), channels - column);

      if (column >= from && column < to)
        compute_panel (&wide, column, width);
      column += width;
    }
}
