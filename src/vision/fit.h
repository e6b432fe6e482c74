/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/tensor.h"
#include "vision/image.h"

G_BEGIN_DECLS

/* How a picture of any shape becomes the square that a network wants. The names are the stored and printed ones. */
typedef enum {
  FOVEA_FIT_CROP,      /* "crop": shorter side to size / crop_fraction, bicubic, centre square */
  FOVEA_FIT_SQUASH,    /* "squash": both sides to size, aspect lost */
  FOVEA_FIT_LETTERBOX, /* "letterbox": longer side to size, padded with @pad */
  /* "crop+mirror", "letterbox+mirror": the same pixels; whoever computes a vector of them averages that of the square and
   * that of its mirror image (models/embedder). */
  FOVEA_FIT_CROP_MIRROR,
  FOVEA_FIT_LETTERBOX_MIRROR,
  FOVEA_N_FITS
} FoveaFit;

const char *fovea_fit_name (FoveaFit fit);
gboolean    fovea_fit_from_name (const char *name, FoveaFit *ret_fit);
gboolean    fovea_fit_has_mirror (FoveaFit fit);

/* Exactly what a pack says of its input; read from the ONNX file's metadata by models/pack. */
typedef struct {
  int size;             /* pixels a side, e.g. 224 */
  double crop_fraction; /* 0.875 */
  float mean[3], scale[3]; /* x = (v − mean) × scale, v in 0..255, channel order R G B, e.g. 127 and 1/128 */
  guint8 pad;           /* 127 */
  gboolean bgr;         /* channels reversed before mean and scale */
} FoveaInputSpec;

/* How far a JPEG may be reduced while decoding without the fit showing it (FoveaDecodeOptions.min_side): twice the
 * side that the crop resizes to, as Pillow's thumbnail() does with its reducing gap of 2. A picture whose shorter
 * side is less than four times the target is therefore always decoded in full, and its vector is exactly that of a
 * full decode. */
int fovea_input_spec_min_side (const FoveaInputSpec *spec);

/* The same as 8-bit R G B, size × size × 3, before mean and scale (for showing what the network sees, and for
 * tests). */
void fovea_fit_picture_bytes (const FoveaImage *image, FoveaFit fit, const FoveaInputSpec *spec, guint8 *dest);

/**
 * fovea_fit_picture:
 * @dest: f32 [3, size, size], planar, one slot of a batch tensor
 *
 * "crop": the shorter side becomes round (size / crop_fraction), the longer ⌊that × longer / shorter⌋, then the
 * middle square (torchvision's Resize and CenterCrop; odd margins round half to even). "letterbox": the shorter side
 * is rounded, at least 1, and the margins are @spec->pad, the larger half right or below. Only the pixels that the
 * square shows are computed.
 *
 * Resizes with Pillow's bicubic (a = −0.5, the support widened by the scale when shrinking, in 8 bits between the two
 * passes), so that files give the published networks what they were trained on. Reference: Pillow,
 * libImaging/Resample.c.
 * Thread: any. @image must be RGB8.
 */
void fovea_fit_picture (const FoveaImage *image, FoveaFit fit, const FoveaInputSpec *spec, float *dest);

G_END_DECLS
