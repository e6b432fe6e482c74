/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "models/output-json.h"

G_BEGIN_DECLS

#define FOVEA_STATUS_DUPLICATE 30100

/* Clarifai's code for what happened to one file. */
int fovea_status_code_for_error (const GError *error);

/* Adds {"path":…} to the object under construction, and {"path_bytes":…}, percent-encoded, when the path is not valid
 * UTF-8 ("path" then holds
 * U+FFFD in place of what is not). @member: "path" or another name. */
void fovea_json_add_path (JsonBuilder *builder, const char *member, const char *path);

/* Nodes that own what they are given. */
JsonNode *fovea_json_take_object (JsonObject *object) G_GNUC_WARN_UNUSED_RESULT;
JsonNode *fovea_json_take_array (JsonArray *array) G_GNUC_WARN_UNUSED_RESULT;

/* Compact JSON of a node. */
char *fovea_json_to_string (JsonNode *node) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
