/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "models/models-error.h"

G_BEGIN_DECLS

/* Parses JSON from outside: at most 64 MiB, UTF-8 without NUL, and no deeper than 32 levels, which is looked at first
 * because json-glib's parser calls itself for each. @length −1: NUL-terminated. MALFORMED with the parser's words. */
JsonNode *fovea_json_parse (const char *text, gssize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
