/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/params.h"

#include <glib/gi18n.h>

static JsonNode *
list_to_json (GParamSpec *pspec, const char *const *list)
{
  gboolean objects = fovea_param_get_info (pspec)->field_type == FOVEA_FIELD_ARRAY_OF_MODEL_CONCEPTS;
  g_autoptr (JsonArray) array = json_array_new ();

  for (guint i = 0; list != NULL && list[i] != NULL; i++)
    if (objects)
      {
        JsonObject *reference = json_object_new ();

        json_object_set_string_member (reference, "id", list[i]);
        json_array_add_object_element (array, reference);
      }
    else
      json_array_add_string_element (array, list[i]);
  return json_node_init_array (json_node_alloc (), array);
}

static JsonNode *
value_to_json (GParamSpec *pspec, const GValue *value)
{
  if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    return json_node_init_boolean (json_node_alloc (), g_value_get_boolean (value));
  if (G_IS_PARAM_SPEC_INT (pspec))
    return json_node_init_int (json_node_alloc (), g_value_get_int (value));
  if (G_IS_PARAM_SPEC_DOUBLE (pspec))
    return json_node_init_double (json_node_alloc (), g_value_get_double (value));
  if (G_IS_PARAM_SPEC_BOXED (pspec))
    return list_to_json (pspec, g_value_get_boxed (value));
  return json_node_init_string (json_node_alloc (), g_value_get_string (value) != NULL ? g_value_get_string (value) : "");
}

static JsonNode *
property_to_json (GObject *object, GParamSpec *pspec)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, pspec->value_type);
  g_object_get_property (object, pspec->name, &value);
  return value_to_json (pspec, &value);
}

/* @prefix's object inside @model, made when it is not there. */
static JsonObject *
ensure_object (JsonObject *model, const char *member)
{
  JsonNode *node = json_object_get_member (model, member);

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    json_object_set_object_member (model, member, json_object_new ());
  return json_object_get_object_member (model, member);
}

void
fovea_params_write_param (GObject *object, GParamSpec *pspec, JsonObject *model)
{
  g_autofree char *path = fovea_param_dup_path (pspec);
  g_auto (GStrv) parts = g_strsplit (path, ".", 3);

  json_object_set_member (ensure_object (ensure_object (model, parts[0]), parts[1]), parts[2], property_to_json (object, pspec));
}

void
fovea_params_write_model (GObject *object, JsonObject *model)
{
  guint n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);

  for (guint i = 0; i < n; i++)
    if (fovea_param_get_info (pspecs[i]) != NULL)
      fovea_params_write_param (object, pspecs[i], model);
}

JsonNode *
fovea_params_to_json (GObject *object)
{
  guint n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  g_autoptr (JsonObject) params = json_object_new ();

  for (guint i = 0; i < n; i++)
    if (fovea_param_get_info (pspecs[i]) != NULL)
      {
        g_autofree char *key = fovea_param_dup_key (pspecs[i]);

        json_object_set_member (params, key, property_to_json (object, pspecs[i]));
      }
  return json_node_init_object (json_node_alloc (), params);
}

static JsonObject *field_to_json (GObject *object, GParamSpec *pspec);

/* The parameters that have a meaning with @choice alone. */
static JsonArray *
fields_of_choice (GObject *object, const char *choice)
{
  guint n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  JsonArray *fields = json_array_new ();

  for (guint i = 0; i < n; i++)
    {
      const FoveaParamInfo *info = fovea_param_get_info (pspecs[i]);

      if (info != NULL && info->only_with != NULL && g_strv_contains (info->only_with, choice))
        json_array_add_object_element (fields, field_to_json (object, pspecs[i]));
    }
  return fields;
}

static JsonArray *
options_to_json (GObject *object, GParamSpec *pspec)
{
  const FoveaParamInfo *info = fovea_param_get_info (pspec);
  const GValue *usual = g_param_spec_get_default_value (pspec);
  JsonArray *options = json_array_new ();

  for (guint i = 0; info->choices != NULL && info->choices[i] != NULL; i++)
    {
      JsonObject *option = json_object_new ();

      json_object_set_string_member (option, "id", info->choices[i]);
      json_object_set_array_member (option, "aliases", json_array_new ());
      json_object_set_string_member (option, "description", info->choice_texts != NULL ? _(info->choice_texts[i]) : "");
      json_object_set_array_member (option, "model_type_fields",
                                    info->field_type == FOVEA_FIELD_RECURSIVE_ENUM ? fields_of_choice (object, info->choices[i])
                                                                                   : json_array_new ());
      json_object_set_boolean_member (option, "internal_only", FALSE);
      json_object_set_boolean_member (option, "recommended",
                                      G_VALUE_HOLDS_STRING (usual) && g_strcmp0 (g_value_get_string (usual), info->choices[i]) == 0);
      json_array_add_object_element (options, option);
    }
  return options;
}

static void
add_range (JsonObject *field, GParamSpec *pspec, const FoveaParamInfo *info)
{
  JsonObject *range;

  if (!G_IS_PARAM_SPEC_INT (pspec) && !G_IS_PARAM_SPEC_DOUBLE (pspec))
    return;
  range = json_object_new ();
  json_object_set_double_member (range, "min",
                                 G_IS_PARAM_SPEC_INT (pspec) ? G_PARAM_SPEC_INT (pspec)->minimum : G_PARAM_SPEC_DOUBLE (pspec)->minimum);
  json_object_set_double_member (range, "max",
                                 G_IS_PARAM_SPEC_INT (pspec) ? G_PARAM_SPEC_INT (pspec)->maximum : G_PARAM_SPEC_DOUBLE (pspec)->maximum);
  json_object_set_double_member (range, "step", info->step);
  json_object_set_object_member (field, "model_type_range_info", range);
}

static JsonObject *
field_to_json (GObject *object, GParamSpec *pspec)
{
  const FoveaParamInfo *info = fovea_param_get_info (pspec);
  JsonObject *field = json_object_new ();
  g_autofree char *path = fovea_param_dup_path (pspec);

  json_object_set_string_member (field, "path", path);
  json_object_set_int_member (field, "field_type", info->field_type);
  json_object_set_member (field, "default_value", value_to_json (pspec, g_param_spec_get_default_value (pspec)));
  json_object_set_string_member (field, "description", g_param_spec_get_blurb (pspec));
  json_object_set_string_member (field, "placeholder", g_param_spec_get_nick (pspec));
  json_object_set_array_member (field, "model_type_enum_options", options_to_json (object, pspec));
  json_object_set_boolean_member (field, "internal_only", FALSE);
  json_object_set_boolean_member (field, "required", FALSE);
  add_range (field, pspec, info);
  return field;
}

JsonNode *
fovea_params_dup_fields_json (GObject *object)
{
  guint n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  g_autoptr (JsonArray) fields = json_array_new ();

  for (guint i = 0; i < n; i++)
    {
      const FoveaParamInfo *info = fovea_param_get_info (pspecs[i]);

      if (info != NULL && info->only_with == NULL)
        json_array_add_object_element (fields, field_to_json (object, pspecs[i]));
    }
  return json_node_init_array (json_node_alloc (), fields);
}
