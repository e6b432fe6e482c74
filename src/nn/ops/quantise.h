/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/tensor.h"

G_BEGIN_DECLS

/* Arithmetic of quantised tensors, real = (q − zero) · scale, shared by the operators on u8 and i8. */

/* A scale: f32, one element or [n]; when its values are known they must be finite and above 0.
 * Errors: SHAPE, MALFORMED. */
gboolean fovea_scale_check (const FoveaTensor *scale, gint64 n, GError **error);

/* A zero point (nullable) of the type of @values: one element or [n]. Errors: SHAPE, TYPE. */
gboolean fovea_zero_point_check (const FoveaTensor *zero, const FoveaTensor *values, gint64 n, GError **error);

/* Element @i of an integer tensor (the only one when there is one), 0 for NULL. */
gint64 fovea_zero_point (const FoveaTensor *zero, gsize i);

/* @values − zero as i32; element i takes zero point (i / @inner) mod their number. Errors: LIMIT, MEMORY. */
FoveaTensor *fovea_widen (const FoveaTensor *values, const FoveaTensor *zero, gsize inner,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* out[i] = saturate (round half to even (@scaled) + @zero), for u8, i8, u16, i16. NaN counts as 0. */
void fovea_quantised_put (FoveaTensor *out, gsize i, double scaled, gint64 zero);

G_END_DECLS
