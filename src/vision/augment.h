/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vision/fit.h"

G_BEGIN_DECLS

/**
 * FoveaAugmentation:
 *
 * How training pictures are varied, so that a network sees each of them anew in every epoch. A view is drawn from
 * (seed, epoch, index) alone: the same numbers give the same view whatever the thread, the order or the machine.
 *
 * In the order in which they happen:
 *   placement   LETTERBOX: the picture as fitted into the square, times exp (U (ln min_scale, ln max_scale)), its width
 *               times e^a and its height by e^−a, a = U (−max_log_aspect, max_log_aspect); put at random inside the square
 *               where it is smaller, a random part of it shown where it is larger. The rest is the input's pad.
 *               CROP: a part of min_area to max_area of the picture, its sides in the ratio e^a, stretched to the square.
 *   flip        left to right, with this probability; likewise flip_vertical, top to bottom
 *   rotation    U (−rotation, rotation) degrees about the centre
 *   blur        with blur_probability: Gaussian, sigma U (0.1, max_blur) pixels of the square
 *   colour      hue turned by U (±hue) degrees about the grey axis, saturation · 1 + U (±saturation), contrast about 127
 *               · 1 + U (±contrast), brightness + U (±brightness) grey levels, each channel · 1 + U (±channel_gain);
 *               clipped to 0..255 at the end
 *   erase       with erase_probability: a rectangle of erase_min_area to erase_max_area becomes pad
 *   mixing      of a whole batch, see fovea_augment_mix()
 * Each is off at 0 (scales at 1, areas at 1).
 */
typedef enum {
  FOVEA_AUGMENT_LETTERBOX,
  FOVEA_AUGMENT_CROP,
} FoveaPlacement;

typedef struct {
  FoveaPlacement placement;
  double min_scale, max_scale;
  double min_area, max_area;
  double max_log_aspect;
  double flip, flip_vertical;
  double rotation;
  double blur_probability, max_blur;
  double hue, saturation, contrast, brightness, channel_gain;
  double erase_probability, erase_min_area, erase_max_area;
  double mixup, cutmix; /* alpha of the beta distribution that the share is drawn from */
} FoveaAugmentation;

/* The measured recipe: letterbox 0.8 to 1.4, aspect 0.1, flip 0.5, saturation 0.3, contrast 0.2, brightness 12.8,
 * channel gain 0.04; everything else off. */
void fovea_augmentation_init (FoveaAugmentation *augmentation);

/* What was drawn: the resized picture's size and where its corner lies in the square, … */
typedef struct {
  int width, height, x, y;
  gboolean flip, flip_vertical;
  double angle;        /* radians, counter-clockwise as seen */
  double sigma;        /* of the blur, 0 = none */
  float colour[3][4];  /* out = M · (R, G, B) + column 3, before the clip */
  int erase_x, erase_y, erase_width, erase_height; /* width 0 = none */
} FoveaView;

/* @width, @height of the picture, @size of the square. */
void fovea_augmentation_draw (const FoveaAugmentation *augmentation, int width, int height, int size, guint64 seed,
                              guint64 epoch, guint64 index, FoveaView *ret_view);

/**
 * fovea_augment_picture:
 * @image: RGB8; any size, e.g. one reduced to what fovea_augmentation_max_side() says
 * @dest: f32 [3, size, size], planar, as fovea_fit_picture()
 *
 * Resizes as fovea_fit_picture() does (Pillow's bicubic); a turned view is then sampled bilinearly. Costs about 1 ms for
 * 224 pixels. Thread: any.
 */
void fovea_augment_picture (const FoveaImage *image, const FoveaView *view, const FoveaInputSpec *spec, float *dest);

/* The longer side of a picture beyond which no view of a square of @size gets any sharper: what to cache. */
int fovea_augmentation_max_side (const FoveaAugmentation *augmentation, int size);

/**
 * fovea_augment_mix:
 * @pictures: f32 [n, 3, size, size]; @targets: f32 [n, n_classes]; both changed in place
 *
 * Picture i with picture n−1−i, both ways, the share λ of the first drawn once for the batch from Beta (α, α):
 *   mixup    x = λ x_i + (1 − λ) x_j                    cutmix   a rectangle of (1 − λ) of the square is x_j's
 * targets are mixed by the same share (cutmix: by the area that came out). With both on, a coin decides. A target below
 * 0 (unknown) on either side stays unknown. Nothing happens when both are off or n < 2.
 */
void fovea_augment_mix (const FoveaAugmentation *augmentation, float *pictures, float *targets, gsize n, int size,
                        gsize n_classes, guint64 seed, guint64 epoch, guint64 batch);

G_END_DECLS
