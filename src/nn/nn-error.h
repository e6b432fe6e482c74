/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define FOVEA_NN_ERROR (fovea_nn_error_quark ())

/* One code per reaction of the caller; the message names the file, both sides, and what to do. */
typedef enum {
  FOVEA_NN_ERROR_SHAPE,
  FOVEA_NN_ERROR_TYPE,
  FOVEA_NN_ERROR_UNSUPPORTED,
  FOVEA_NN_ERROR_MALFORMED,
  FOVEA_NN_ERROR_LIMIT,
  FOVEA_NN_ERROR_MEMORY,
  FOVEA_NN_ERROR_CANCELLED,
  FOVEA_NN_ERROR_IO,
  FOVEA_NN_ERROR_DIVERGED,
} FoveaNnError;

GQuark fovea_nn_error_quark (void);

G_END_DECLS
