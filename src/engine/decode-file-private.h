/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vision/decoder.h"

G_BEGIN_DECLS

/* fovea_decoder_decode(), for paths that a person or a project names: a project file that is open in this process, whatever link
 * leads to it, is refused unopened (INVALID), because closing it again would drop the locks that keep other processes out.
 * Everything in engine that decodes goes through here. Thread: any. */
gboolean fovea_decode_file (FoveaDecoder *decoder, const char *path, const FoveaDecodeOptions *options, FoveaDecoded *ret_decoded,
                            GCancellable *cancellable, GError **error);

G_END_DECLS
