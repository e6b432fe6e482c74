/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define FOVEA_MODELS_ERROR (fovea_models_error_quark ())

/* One code per reaction of the caller; the message names the file, both sides, and what to do. */
typedef enum {
  FOVEA_MODELS_ERROR_UNKNOWN_TYPE,
  FOVEA_MODELS_ERROR_INVALID_PARAM,
  FOVEA_MODELS_ERROR_PACK_MISSING,
  FOVEA_MODELS_ERROR_TOO_FEW,
  FOVEA_MODELS_ERROR_MISMATCH,
  FOVEA_MODELS_ERROR_MALFORMED,
  FOVEA_MODELS_ERROR_INCOMPLETE, /* a person has to say more */
} FoveaModelsError;

GQuark fovea_models_error_quark (void);

G_END_DECLS
