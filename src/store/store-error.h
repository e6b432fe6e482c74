/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define FOVEA_STORE_ERROR (fovea_store_error_quark ())

/* One code per reaction of the caller; the message names the file, both sides, and what to do. */
typedef enum {
  FOVEA_STORE_ERROR_FOREIGN,
  FOVEA_STORE_ERROR_DAMAGED,
  FOVEA_STORE_ERROR_NEWER,
  FOVEA_STORE_ERROR_READ_ONLY,
  FOVEA_STORE_ERROR_BUSY,
  FOVEA_STORE_ERROR_FULL,
  FOVEA_STORE_ERROR_CONFLICT,
  FOVEA_STORE_ERROR_NOT_FOUND,
  FOVEA_STORE_ERROR_INVALID,
  FOVEA_STORE_ERROR_IO,
} FoveaStoreError;

GQuark fovea_store_error_quark (void);

G_END_DECLS
