/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise convolutions, alone or between a convolution that makes their input and a pointwise one that takes their
 * result (an inverted-residual block). The input of the depthwise part is made row by row into a ring of as many rows
 * as the kernel is high, padding included, so that it stays in the cache and never exists as a whole. */
#include <string.h>

#include "nn/plan-private.h"

typedef struct {
  const FoveaConv *expand;    /* NULL: rows are copied from x */
  const FoveaConv *depthwise;
  const FoveaConv *project;   /* NULL: the depthwise result is the result */
  const FoveaKernels *kernels;
  FoveaConvPart expand_part, project_part;
  const float *x;
  float *y;
  gsize channels, ring_rows, row_floats;
  float *ring;                /* [ring_rows][before + width + after][channels] */
  float *zeros;               /* one row of zeros */
  float *middle;              /* one row of the depthwise result */
  gssize made;                /* rows of the picture that are in the ring: all up to this one, exclusive */
} Block;

static gsize
span_rows (const FoveaConv *depthwise)
{
  return (depthwise->kernel[0] - 1) * depthwise->dilation[0] + 1;
}

static gsize
padded_row_floats (const FoveaConv *depthwise)
{
  return (depthwise->before[1] + depthwise->in[1] + depthwise->after[1]) * depthwise->in[2];
}

static const FoveaConv *
depthwise_of (const FoveaUnit *unit)
{
  return &unit->conv[unit->kind == FOVEA_UNIT_BLOCK ? 1 : 0];
}

gsize
fovea_block_scratch (const FoveaUnit *unit)
{
  const FoveaConv *depthwise = depthwise_of (unit);
  gsize floats = (span_rows (depthwise) + 1) * padded_row_floats (depthwise) + depthwise->out[1] * depthwise->in[2];

  return (floats * sizeof (float) + 127) / 64 * 64;
}

static void
block_init (Block *block, const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team)
{
  const FoveaUnit *unit = &step->unit;
  gboolean whole = unit->kind == FOVEA_UNIT_BLOCK;
  const FoveaConv *depthwise = depthwise_of (unit);
  char *scratch = (char *) fovea_run_data (run, step->scratch) + team->index * step->scratch_share;

  memset (block, 0, sizeof *block);
  block->expand = whole ? &unit->conv[0] : NULL;
  block->depthwise = depthwise;
  block->project = whole ? &unit->conv[2] : NULL;
  block->kernels = step->kernels;
  block->x = fovea_run_data (run, step->in[0]);
  block->y = fovea_run_data (run, step->out[0]);
  block->channels = depthwise->in[2];
  block->ring_rows = span_rows (depthwise);
  block->row_floats = padded_row_floats (depthwise);
  block->ring = (float *) scratch;
  block->zeros = block->ring + block->ring_rows * block->row_floats;
  block->middle = block->zeros + block->row_floats;
  memset (block->ring, 0, (block->ring_rows + 1) * block->row_floats * sizeof (float));
  if (whole)
    {
      block->expand_part = (FoveaConvPart) { .x = block->x, .zeros = run->program->zeros, .y_stride = block->channels };
      block->project_part = (FoveaConvPart) {
        .zeros = run->program->zeros,
        .residual = step->in[1] >= 0 ? fovea_run_data (run, step->in[1]) : NULL,
        .y = block->y,
        .y_stride = block->project->out[2],
      };
    }
}

/* Makes row @row of picture @n in its place of the ring. */
static void
make_row (Block *block, gsize n, gsize row)
{
  const FoveaConv *depthwise = block->depthwise;
  const gsize width = depthwise->in[1], pixel = (n * depthwise->in[0] + row) * width;
  float *to = block->ring + row % block->ring_rows * block->row_floats + depthwise->before[1] * block->channels;

  if (block->expand == NULL)
    memcpy (to, block->x + pixel * block->channels, width * block->channels * sizeof (float));
  else
    {
      block->expand_part.y = to;
      block->expand_part.origin = pixel;
      fovea_conv_compute (block->expand, block->kernels, &block->expand_part, pixel, pixel + width, 0,
                          block->channels);
    }
}

/* The rows that output row @oh needs; those outside the picture are zeros. */
static void
collect_rows (Block *block, gsize n, gsize oh, const float **rows)
{
  const FoveaConv *depthwise = block->depthwise;
  const gssize top = (gssize) (oh * depthwise->stride[0]) - (gssize) depthwise->before[0];
  const gssize height = (gssize) depthwise->in[0];
  const gssize end = MIN (top + (gssize) block->ring_rows, height);

  for (gssize row = MAX (MAX (block->made, top), 0); row < end; row++)
    make_row (block, n, (gsize) row);
  block->made = MAX (block->made, end);
  for (gsize u = 0; u < depthwise->kernel[0]; u++)
    {
      gssize row = top + (gssize) (u * depthwise->dilation[0]);

      rows[u] = row < 0 || row >= height ? block->zeros
                                         : block->ring + (gsize) row % block->ring_rows * block->row_floats;
    }
}

static void
compute_row (Block *block, gsize n, gsize oh)
{
  const FoveaConv *depthwise = block->depthwise;
  const gsize out_w = depthwise->out[1], pixel = (n * depthwise->out[0] + oh) * out_w;
  const float *rows[FOVEA_CONV_MAX_TAPS];
  FoveaDepthwiseRow row = {
    .rows = rows,
    .w = depthwise->weights->data,
    .bias = depthwise->weights->bias,
    .y = block->project != NULL ? block->middle : block->y + pixel * block->channels,
    .in_stride = block->channels,
    .w_stride = block->channels,
    .out_stride = block->channels,
    .kernel_h = depthwise->kernel[0],
    .kernel_w = depthwise->kernel[1],
    .stride = depthwise->stride[1],
    .dilation = depthwise->dilation[1],
    .channels = block->channels,
    .out_w = out_w,
    .low = depthwise->low,
    .high = depthwise->high,
  };

  collect_rows (block, n, oh, rows);
  block->kernels->depthwise_row (&row);
  if (block->project != NULL)
    {
      block->project_part.x = block->middle;
      block->project_part.x_origin = pixel;
      fovea_conv_compute (block->project, block->kernels, &block->project_part, pixel, pixel + out_w, 0,
                          block->project->out[2]);
    }
}

void
fovea_step_block (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team)
{
  const FoveaConv *depthwise = depthwise_of (&step->unit);
  const gsize height = depthwise->out[0];
  gsize from, to;
  Block block;

  fovea_team_share (team, depthwise->batch * height, &from, &to);
  block_init (&block, step, run, team);
  for (gsize i = from; i < to; i++)
    {
      if (i == from || i % height == 0)
        block.made = 0;
      compute_row (&block, i / height, i % height);
    }
}
