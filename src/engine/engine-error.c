/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/engine-error.h"

#include <gio/gio.h>

#include "store/store-error.h"

G_DEFINE_QUARK (fovea-engine-error-quark, fovea_engine_error)

gboolean
fovea_error_is_disk_full (const GError *error)
{
  return g_error_matches (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FULL) || g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
}
