/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/status-private.h"

#include "vision/vision-error.h"

int
fovea_status_code_for_error (const GError *error)
{
  return error->domain == FOVEA_VISION_ERROR ? FOVEA_STATUS_INPUT_FAILED : FOVEA_STATUS_FAILURE;
}

void
fovea_json_add_path (JsonBuilder *builder, const char *member, const char *path)
{
  g_autofree char *shown = g_utf8_make_valid (path, -1);

  json_builder_set_member_name (builder, member);
  json_builder_add_string_value (builder, shown);
  if (!g_utf8_validate (path, -1, NULL))
    {
      g_autofree char *name = g_strconcat (member, "_bytes", NULL);
      g_autofree char *escaped = g_uri_escape_string (path, "/", FALSE);

      json_builder_set_member_name (builder, name);
      json_builder_add_string_value (builder, escaped);
    }
}

char *
fovea_json_to_string (JsonNode *node)
{
  return json_to_string (node, FALSE);
}

JsonNode *
fovea_json_take_object (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return node;
}

JsonNode *
fovea_json_take_array (JsonArray *array)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  json_node_take_array (node, array);
  return node;
}
