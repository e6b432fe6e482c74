/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/tensor.h"

G_BEGIN_DECLS

/* How Resize samples one axis. Output o lies at the input coordinate
 *
 *   half pixel            x = (o + ½) / scale − ½        (pytorch: 0 where the output has one element)
 *   half pixel symmetric  the same, about the centre: + in/2 · (1 − out / (scale · in))
 *   align corners         x = o · (in − 1) / (scale · in − 1)
 *   asymmetric            x = o / scale
 *   tf half pixel         x = (o + ½) / scale
 *   tf crop               x = start · (in − 1) + o · (end − start) · (in − 1) / (out − 1);  outside [0, in − 1]
 *   nothing is read
 *
 * and reads its neighbours with the weights of the mode: one (nearest), a triangle (linear) or Keys' cubic of
 * coefficient a. With antialias a shrinking axis widens triangle and cubic by 1 / scale. Beyond the ends the edge value
 * counts on, or, with exclude_outside, nothing. Weights sum to 1.
 * Source: ONNX operators, Resize 10 to 19; Keys, Cubic convolution interpolation, 1981, equation 4. */

typedef enum {
  FOVEA_RESIZE_NEAREST,
  FOVEA_RESIZE_LINEAR,
  FOVEA_RESIZE_CUBIC
} FoveaResizeMode;

typedef enum {
  FOVEA_RESIZE_HALF_PIXEL,
  FOVEA_RESIZE_PYTORCH_HALF_PIXEL,
  FOVEA_RESIZE_HALF_PIXEL_SYMMETRIC,
  FOVEA_RESIZE_ALIGN_CORNERS,
  FOVEA_RESIZE_ASYMMETRIC,
  FOVEA_RESIZE_TF_HALF_PIXEL,
  FOVEA_RESIZE_TF_CROP
} FoveaResizeMap;

typedef enum {
  FOVEA_RESIZE_ROUND_DOWN, /* halves down */
  FOVEA_RESIZE_ROUND_UP,   /* halves up */
  FOVEA_RESIZE_FLOOR,
  FOVEA_RESIZE_CEIL,
  FOVEA_RESIZE_SIMPLE /* before opset 11: down when the axis grows, up when it shrinks */
} FoveaResizeRounding;

typedef struct {
  FoveaResizeMode mode;
  FoveaResizeMap map;
  FoveaResizeRounding rounding;
  double cubic_a;
  gboolean exclude_outside, antialias;
} FoveaResizeRule;

typedef struct {
  gint64 in, out;    /* in ≥ 1 wherever out ≥ 1 */
  double scale;      /* finite, above 0 */
  double start, end; /* of the region, fractions of in − 1 */
} FoveaResizeAxis;

/* Output o reads index[t] with weight[t] for t in [begin[o], begin[o + 1]). */
typedef struct {
  gint64 n_out;
  gsize *begin;     /* n_out + 1 */
  gint64 *index;    /* in [0, in) */
  double *weight;
  guint8 *outside;  /* 1: nothing is read, the extrapolation value stands there */
} FoveaResizeTaps;

/* Errors: MEMORY. */
FoveaResizeTaps *fovea_resize_taps_new (const FoveaResizeRule *rule, const FoveaResizeAxis *axis,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void             fovea_resize_taps_free (FoveaResizeTaps *taps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaResizeTaps, fovea_resize_taps_free)

G_END_DECLS
