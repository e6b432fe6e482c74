/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define FOVEA_VISION_ERROR (fovea_vision_error_quark ())

/* One code per reaction of the caller; the message names the file, both sides, and what to do. */
typedef enum {
  FOVEA_VISION_ERROR_UNKNOWN_FORMAT,
  FOVEA_VISION_ERROR_DAMAGED,
  FOVEA_VISION_ERROR_TOO_LARGE,
  FOVEA_VISION_ERROR_UNSUPPORTED,
  FOVEA_VISION_ERROR_HELPER,
  FOVEA_VISION_ERROR_IO,
} FoveaVisionError;

GQuark fovea_vision_error_quark (void);

G_END_DECLS
