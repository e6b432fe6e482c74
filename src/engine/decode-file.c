/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/decode-file-private.h"

#include <glib/gi18n.h>
#include <stdlib.h>

#include "engine/engine-error.h"
#include "store/store.h"

gboolean
fovea_decode_file (FoveaDecoder *decoder, const char *path, const FoveaDecodeOptions *options, FoveaDecoded *ret_decoded,
                   GCancellable *cancellable, GError **error)
{
  char *resolved = realpath (path, NULL);
  gboolean is_project = resolved != NULL && fovea_store_is_project_file (resolved);

  free (resolved);
  if (is_project)
    {
      g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, _("This is the project itself, not a picture"));
      return FALSE;
    }
  return fovea_decoder_decode (decoder, path, options, ret_decoded, cancellable, error);
}
