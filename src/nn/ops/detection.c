/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include <math.h>

#include "nn/ops/op-check.h"

/* NonMaxSuppression and RoiAlign. */

/* NonMaxSuppression: boxes [B, N, 4], scores [B, C, N] → the kept (batch, class, box), by batch and class, best first.
 * A box is dropped when it overlaps a better one of its class by more than iou_threshold (intersection / union); boxes
 * whose score is not above score_threshold, or not a number, do not take part. */
static gboolean
check_scalar (const FoveaOpContext *ctx, guint i, FoveaDType dtype, GError **error)
{
  const FoveaTensor *t = fovea_op_in (ctx, i);

  if (t == NULL)
    return TRUE;
  if (!fovea_op_check_in (ctx, i, FOVEA_DTYPE_BIT (dtype), error))
    return FALSE;
  return t->n_elements == 1
         || fovea_refuse (error, SHAPE, "input %u has %" G_GSIZE_FORMAT " values, expected one", i, t->n_elements);
}

static FoveaInferResult
suppression_infer (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *boxes, *scores;
  const FoveaTensor *overlap = fovea_op_in (ctx, 3);

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPE_BIT (FOVEA_DTYPE_F32), error)
      || !fovea_op_check_in (ctx, 1, FOVEA_DTYPE_BIT (FOVEA_DTYPE_F32), error)
      || !check_scalar (ctx, 2, FOVEA_DTYPE_I64, error) || !check_scalar (ctx, 3, FOVEA_DTYPE_F32, error)
      || !check_scalar (ctx, 4, FOVEA_DTYPE_F32, error))
    return FOVEA_INFER_ERROR;
  boxes = &ctx->in[0]->shape;
  scores = &ctx->in[1]->shape;
  if (boxes->rank != 3 || scores->rank != 3 || boxes->dim[2] != 4 || boxes->dim[0] != scores->dim[0]
      || boxes->dim[1] != scores->dim[2])
    {
      g_autofree char *b = fovea_shape_to_string (boxes);
      g_autofree char *s = fovea_shape_to_string (scores);

      return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "boxes %s and scores %s, expected [B, N, 4] and [B, C, N]", b,
                              s);
    }
  if (boxes->dim[1] > G_MAXINT32 / 16)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_LIMIT, "%" G_GINT64_FORMAT " boxes are too many", boxes->dim[1]);
  if (overlap != NULL && overlap->data != NULL
      && !(fovea_tensor_real (overlap, 0) >= 0 && fovea_tensor_real (overlap, 0) <= 1))
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "iou_threshold is %g, expected 0 to 1",
                            fovea_tensor_real (overlap, 0));
  return FOVEA_INFER_DATA;
}

/* Corners in order: low y, low x, high y, high x */
static void
box_corners (const float *box, gboolean centred, double *ret)
{
  if (centred) /* x, y, width, height */
    {
      double w = fabs ((double) box[2]) / 2, h = fabs ((double) box[3]) / 2;

      ret[0] = (double) box[1] - h;
      ret[1] = (double) box[0] - w;
      ret[2] = (double) box[1] + h;
      ret[3] = (double) box[0] + w;
      return;
    }
  for (int i = 0; i < 2; i++)
    {
      ret[i] = (double) MIN (box[i], box[i + 2]);
      ret[i + 2] = (double) MAX (box[i], box[i + 2]);
    }
}

static gboolean
overlap_exceeds (const float *a, const float *b, gboolean centred, double threshold)
{
  double p[4], q[4], common, joint;

  box_corners (a, centred, p);
  box_corners (b, centred, q);
  common = MAX (0, MIN (p[2], q[2]) - MAX (p[0], q[0])) * MAX (0, MIN (p[3], q[3]) - MAX (p[1], q[1]));
  joint = (p[2] - p[0]) * (p[3] - p[1]) + (q[2] - q[0]) * (q[3] - q[1]) - common;
  return joint > 0 && common / joint > threshold;
}

static int
compare_scores (gconstpointer a, gconstpointer b, gpointer data)
{
  const float *scores = data;
  float sa = scores[*(const gint64 *) a], sb = scores[*(const gint64 *) b];

  return (sb > sa) - (sb < sa);
}

typedef struct {
  gboolean centred, has_score_threshold;
  double overlap, score;
  gint64 most;
} Suppression;

/* Appends what is kept of one class of one picture to @kept as (batch, class, box). @order: room for n. */
static void
suppress_class (const Suppression *rule, const float *boxes, const float *scores, gint64 n, gint64 *order, gint64 batch,
                gint64 class, GArray *kept)
{
  gint64 candidates = 0, taken = 0;
  guint first = kept->len;

  for (gint64 i = 0; i < n; i++)
    if (!isnan (scores[i]) && (!rule->has_score_threshold || (double) scores[i] > rule->score))
      order[candidates++] = i;
  if (candidates > 0)
    g_qsort_with_data (order, (int) candidates, sizeof *order, compare_scores, (gpointer) scores);
  for (gint64 i = 0; i < candidates && taken < rule->most; i++)
    {
      gint64 row[3] = { batch, class, order[i] };
      gboolean keep = TRUE;

      for (guint k = first; keep && k < kept->len; k += 3)
        keep = !overlap_exceeds (boxes + 4 * order[i], boxes + 4 * g_array_index (kept, gint64, k + 2), rule->centred,
                                 rule->overlap);
      if (!keep)
        continue;
      g_array_append_vals (kept, row, 3);
      taken++;
    }
}

static gboolean
suppression_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *boxes = ctx->in[0], *scores = ctx->in[1];
  const FoveaTensor *most = fovea_op_in (ctx, 2), *overlap = fovea_op_in (ctx, 3), *score = fovea_op_in (ctx, 4);
  gint64 n = boxes->shape.dim[1], classes = scores->shape.dim[1];
  Suppression rule = { .centred = fovea_node_int (ctx->node, "center_point_box", 0) != 0,
                       .has_score_threshold = score != NULL,
                       .overlap = overlap != NULL ? fovea_tensor_real (overlap, 0) : 0,
                       .score = score != NULL ? fovea_tensor_real (score, 0) : 0,
                       .most = most != NULL ? FOVEA_TENSOR_DATA (most, const gint64)[0] : 0 };
  g_autoptr (GArray) kept = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree gint64 *order = g_try_new (gint64, (gsize) MAX (1, n));
  FoveaShape shape;
  FoveaTensor *y;

  if (order == NULL)
    return fovea_refuse (error, MEMORY, "no memory for %" G_GINT64_FORMAT " boxes", n);
  if (!fovea_op_wants (ctx, 0))
    return TRUE;
  for (gint64 b = 0; n > 0 && b < boxes->shape.dim[0]; b++)
    for (gint64 c = 0; c < classes; c++)
      {
        if (kept->len > G_MAXINT32 / 32)
          return fovea_refuse (error, LIMIT, "more than %u boxes are kept", kept->len / 3);
        suppress_class (&rule, FOVEA_TENSOR_DATA (boxes, const float) + b * n * 4,
                        FOVEA_TENSOR_DATA (scores, const float) + (b * classes + c) * n, n, order, b, c, kept);
      }
  shape = fovea_shape (2, (gint64) kept->len / 3, (gint64) 3);
  y = fovea_op_make (ctx, 0, FOVEA_DTYPE_I64, &shape, error);
  if (y == NULL)
    return FALSE;
  if (kept->len > 0)
    memcpy (y->data, kept->data, kept->len * sizeof (gint64));
  return TRUE;
}

/* RoiAlign: X [N, C, H, W], regions [R, 4] as x1, y1, x2, y2 and the picture of each, [R] → [R, C, output_height,
 * output_width]. Each bin is sampled on a grid of sampling_ratio² points (0: one a pixel), bilinearly; the mean of
 * them, or with mode max the largest weighted corner, as the reference implementation has it.
 * Source: He et al., Mask R-CNN, section 3; ONNX operators, RoiAlign 10 and 16. */
typedef struct {
  gint64 height, width; /* of the output */
  gint64 ratio;
  double scale;
  gboolean maximum, half_pixel;
} RoiAlign;

static gboolean
roi_align_read (const FoveaOpContext *ctx, RoiAlign *ret, GError **error)
{
  const char *mode = fovea_node_string (ctx->node, "mode", "avg");
  const char *map = fovea_node_string (ctx->node, "coordinate_transformation_mode",
                                       ctx->opset >= 16 ? "half_pixel" : "output_half_pixel");

  ret->height = fovea_node_int (ctx->node, "output_height", 1);
  ret->width = fovea_node_int (ctx->node, "output_width", 1);
  ret->ratio = fovea_node_int (ctx->node, "sampling_ratio", 0);
  ret->scale = (double) fovea_node_float (ctx->node, "spatial_scale", 1);
  ret->maximum = strcmp (mode, "max") == 0;
  ret->half_pixel = strcmp (map, "half_pixel") == 0;
  if (ret->height < 1 || ret->width < 1 || ret->height > G_MAXINT32 || ret->width > G_MAXINT32)
    return fovea_refuse (error, MALFORMED, "the output is %" G_GINT64_FORMAT " × %" G_GINT64_FORMAT, ret->width,
                         ret->height);
  if (ret->ratio < 0 || ret->ratio > 1024 || !isfinite (ret->scale))
    return fovea_refuse (error, MALFORMED, "sampling_ratio %" G_GINT64_FORMAT " or spatial_scale %g is out of range",
                         ret->ratio, ret->scale);
  if (!ret->maximum && strcmp (mode, "avg") != 0)
    return fovea_refuse (error, UNSUPPORTED, "the mode “%.40s” is not known", mode);
  if (!ret->half_pixel && strcmp (map, "output_half_pixel") != 0)
    return fovea_refuse (error, UNSUPPORTED, "the coordinate_transformation_mode “%.40s” is not known", map);
  return TRUE;
}

static gboolean
roi_align_shape (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *x, *rois;
  FoveaShape shape;
  RoiAlign rule;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !fovea_op_check_same (ctx, 1, error)
      || !fovea_op_check_in (ctx, 2, FOVEA_DTYPE_BIT (FOVEA_DTYPE_I64), error) || !roi_align_read (ctx, &rule, error))
    return FALSE;
  x = &ctx->in[0]->shape;
  rois = &ctx->in[1]->shape;
  if (x->rank != 4 || rois->rank != 2 || rois->dim[1] != 4 || x->dim[2] < 1 || x->dim[3] < 1)
    return fovea_refuse (error, SHAPE, "expected an input [N, C, H, W] and regions [R, 4]");
  if (!fovea_op_check_vector (ctx, 2, rois->dim[0], error))
    return FALSE;
  shape = fovea_shape (4, rois->dim[0], x->dim[1], rule.height, rule.width);
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (roi_align)

/* The four pixels around (y, x) and their weights; all weights 0 when the point is more than a pixel outside. */
typedef struct {
  gsize at[4];
  double weight[4];
} Corners;

static void
find_corners (double y, double x, gint64 height, gint64 width, Corners *ret)
{
  gint64 top, left;
  double dy, dx;

  memset (ret, 0, sizeof *ret);
  if (!(y >= -1 && y <= (double) height && x >= -1 && x <= (double) width))
    return;
  y = CLAMP (y, 0, (double) (height - 1));
  x = CLAMP (x, 0, (double) (width - 1));
  top = (gint64) y;
  left = (gint64) x;
  dy = y - (double) top;
  dx = x - (double) left;
  for (int i = 0; i < 4; i++)
    {
      gint64 row = MIN (top + i / 2, height - 1), column = MIN (left + i % 2, width - 1);

      ret->at[i] = (gsize) (row * width + column);
      ret->weight[i] = (i / 2 != 0 ? dy : 1 - dy) * (i % 2 != 0 ? dx : 1 - dx);
    }
}

/* One bin, from (@y, @x) on, of @grid[0] × @grid[1] points @step apart */
static double
sample_bin (const FoveaTensor *t, gsize plane, const RoiAlign *rule, const double *start, const double *step,
            const gint64 *grid)
{
  gint64 height = t->shape.dim[2], width = t->shape.dim[3];
  double sum = 0, most = 0;

  for (gint64 i = 0; i < grid[0]; i++)
    for (gint64 j = 0; j < grid[1]; j++)
      {
        Corners corners;

        find_corners (start[0] + ((double) i + 0.5) * step[0], start[1] + ((double) j + 0.5) * step[1], height, width,
                      &corners);
        for (int k = 0; k < 4; k++)
          {
            double value = corners.weight[k] * fovea_tensor_real (t, plane * (gsize) (height * width) + corners.at[k]);

            sum += value;
            most = (i == 0 && j == 0 && k == 0) ? value : MAX (most, value);
          }
      }
  return rule->maximum ? most : sum / (double) MAX (1, grid[0] * grid[1]);
}

static gboolean
align_region (FoveaOpContext *ctx, const RoiAlign *rule, gsize r, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  gint64 batch = FOVEA_TENSOR_DATA (ctx->in[2], const gint64)[r], channels = x->shape.dim[1];
  gint64 bins[2] = { rule->height, rule->width }, grid[2];
  double first[2], size[2], step[2];

  if (batch < 0 || batch >= x->shape.dim[0])
    return fovea_refuse (error, MALFORMED, "region %" G_GSIZE_FORMAT " is of picture %" G_GINT64_FORMAT " of %"
                         G_GINT64_FORMAT, r, batch, x->shape.dim[0]);
  for (int i = 0; i < 2; i++)
    {
      double low = fovea_tensor_real (ctx->in[1], r * 4 + 1 - (gsize) i) * rule->scale;
      double high = fovea_tensor_real (ctx->in[1], r * 4 + 3 - (gsize) i) * rule->scale;
      double length = rule->half_pixel ? high - low : MAX (high - low, 1), points;

      first[i] = rule->half_pixel ? low - 0.5 : low;
      size[i] = length / (double) bins[i];
      points = rule->ratio > 0 ? (double) rule->ratio : ceil (size[i]);
      if (!(fabs (low) < 1e9) || !(fabs (high) < 1e9) || points > (double) MAX (1024, 4 * x->shape.dim[i + 2]))
        return fovea_refuse (error, LIMIT, "region %" G_GSIZE_FORMAT " reaches from %g to %g in a picture of %"
                             G_GINT64_FORMAT, r, low, high, x->shape.dim[i + 2]);
      grid[i] = (gint64) MAX (0, points);
      step[i] = size[i] / MAX (1, points);
    }
  for (gint64 c = 0; c < channels; c++)
    for (gint64 i = 0; i < bins[0]; i++)
      for (gint64 j = 0; j < bins[1]; j++)
        {
          double start[2] = { first[0] + (double) i * size[0], first[1] + (double) j * size[1] };

          fovea_tensor_set_real (ctx->out[0], (gsize) ((((gint64) r * channels + c) * bins[0] + i) * bins[1] + j),
                                 sample_bin (x, (gsize) (batch * channels + c), rule, start, step, grid));
        }
  return TRUE;
}

static gboolean
roi_align_run (FoveaOpContext *ctx, GError **error)
{
  RoiAlign rule;

  if (!roi_align_read (ctx, &rule, error))
    return FALSE;
  for (gsize r = 0; ctx->out[0]->n_elements > 0 && r < (gsize) ctx->in[1]->shape.dim[0]; r++)
    if (!align_region (ctx, &rule, r, error))
      return FALSE;
  return TRUE;
}

const FoveaOp fovea_ops_detection[] = {
  { "NonMaxSuppression", 10, 0, 2, 5, 1, 1, suppression_infer, suppression_run },
  { "RoiAlign", 10, 0, 3, 3, 1, 1, roi_align_infer, roi_align_run, FOVEA_OP_WIDEN_HALF },
  { NULL }
};
