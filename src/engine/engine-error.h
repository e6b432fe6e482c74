/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define FOVEA_ENGINE_ERROR (fovea_engine_error_quark ())

/* One code per reaction of the caller; the message names the file, both sides, and what to do. */
typedef enum {
  FOVEA_ENGINE_ERROR_NOT_FOUND,
  FOVEA_ENGINE_ERROR_INVALID,
  FOVEA_ENGINE_ERROR_BUSY,
  FOVEA_ENGINE_ERROR_PACK_MISSING,
  FOVEA_ENGINE_ERROR_IO,
  FOVEA_ENGINE_ERROR_CANCELLED,
} FoveaEngineError;

GQuark fovea_engine_error_quark (void);

/* Whether @error (of any room) says that a disk is full: what to do then is make room, and try again. */
gboolean fovea_error_is_disk_full (const GError *error);

G_END_DECLS
