/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/params.h"

#include <math.h>
#include <string.h>

#include "models/json-check.h"

#define MAX_TEXT_BYTES 512
#define MAX_LIST 100000

static GQuark
info_quark (void)
{
  return g_quark_from_static_string ("fovea-param-info");
}

void
fovea_param_mark (GParamSpec *pspec, const FoveaParamInfo *info)
{
  g_param_spec_set_qdata (pspec, info_quark (), (gpointer) info);
}

const FoveaParamInfo *
fovea_param_get_info (GParamSpec *pspec)
{
  return g_param_spec_get_qdata (pspec, info_quark ());
}

static GQuark
basic_quark (void)
{
  return g_quark_from_static_string ("fovea-param-basic");
}

void
fovea_param_mark_basic (GParamSpec *pspec)
{
  g_param_spec_set_qdata (pspec, basic_quark (), pspec);
}

gboolean
fovea_param_is_basic (GParamSpec *pspec)
{
  return g_param_spec_get_qdata (pspec, basic_quark ()) != NULL;
}

char *
fovea_param_dup_key (GParamSpec *pspec)
{
  return g_strdelimit (g_strdup (g_param_spec_get_name (pspec)), "-", '_');
}

char *
fovea_param_dup_path (GParamSpec *pspec)
{
  static const char *const places[] = {
    [FOVEA_PARAM_OUTPUT] = "output_info.params",
    [FOVEA_PARAM_OUTPUT_CONFIG] = "output_info.output_config",
    [FOVEA_PARAM_TRAIN] = "train_info.params",
    [FOVEA_PARAM_INPUT] = "input_info.params",
  };
  g_autofree char *key = fovea_param_dup_key (pspec);

  return g_strconcat (places[fovea_param_get_info (pspec)->place], ".", key, NULL);
}

/* The marked properties, in the order in which they were declared. */
static GPtrArray *
list_params (GObject *object)
{
  guint n;
  g_autofree GParamSpec **all = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  GPtrArray *params = g_ptr_array_new ();

  for (guint i = 0; i < n; i++)
    if (fovea_param_get_info (all[i]) != NULL)
      g_ptr_array_add (params, all[i]);
  return params;
}

static gboolean
answers_to (GParamSpec *pspec, const char *key)
{
  const FoveaParamInfo *info = fovea_param_get_info (pspec);
  g_autofree char *name = fovea_param_dup_key (pspec);
  g_autofree char *path = fovea_param_dup_path (pspec);
  g_autofree char *wanted = g_strdelimit (g_strdup (key), "-", '_');

  return strcmp (name, wanted) == 0 || strcmp (path, wanted) == 0 || (info->aliases != NULL && g_strv_contains (info->aliases, wanted));
}

GParamSpec *
fovea_params_find (GObject *object, const char *key, GError **error)
{
  g_autoptr (GPtrArray) params = list_params (object);
  g_autoptr (GString) known = g_string_new (NULL);

  for (guint i = 0; i < params->len; i++)
    {
      g_autofree char *name = fovea_param_dup_key (g_ptr_array_index (params, i));

      if (answers_to (g_ptr_array_index (params, i), key))
        return g_ptr_array_index (params, i);
      g_string_append_printf (known, "%s%s", i > 0 ? ", " : "", name);
    }
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM, "there is no parameter “%.80s”; there are: %s", key, known->str);
  return NULL;
}

/* What may stand there, as the end of a sentence. */
static char *
describe_allowed (GParamSpec *pspec)
{
  const FoveaParamInfo *info = fovea_param_get_info (pspec);

  if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    return g_strdup ("true or false");
  if (G_IS_PARAM_SPEC_INT (pspec))
    return g_strdup_printf ("a whole number from %d to %d", G_PARAM_SPEC_INT (pspec)->minimum, G_PARAM_SPEC_INT (pspec)->maximum);
  if (G_IS_PARAM_SPEC_DOUBLE (pspec))
    return g_strdup_printf ("a number from %g to %g", G_PARAM_SPEC_DOUBLE (pspec)->minimum, G_PARAM_SPEC_DOUBLE (pspec)->maximum);
  if (info->choices != NULL)
    {
      g_autofree char *list = g_strjoinv (", ", (char **) info->choices);

      return g_strdup_printf ("one of %s", list);
    }
  if (G_IS_PARAM_SPEC_BOXED (pspec))
    return g_strdup_printf ("a list of names of 1 to %d bytes", MAX_TEXT_BYTES);
  return g_strdup_printf ("text of 1 to %d bytes", MAX_TEXT_BYTES);
}

static gboolean
refuse (GParamSpec *pspec, const char *value, GError **error)
{
  g_autofree char *key = fovea_param_dup_key (pspec);
  g_autofree char *allowed = describe_allowed (pspec);

  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM, "“%s” is %.80s; it must be %s", key, value, allowed);
  return FALSE;
}

static gboolean
is_fit_text (const char *text)
{
  return text != NULL && text[0] != '\0' && strlen (text) <= MAX_TEXT_BYTES && g_utf8_validate (text, -1, NULL);
}

/* "x", {"id":"x"} or {"name":"x"}; NULL for anything else. */
static const char *
read_reference (JsonNode *node)
{
  JsonNode *inner = node;

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    {
      inner = json_object_get_member (json_node_get_object (node), "id");
      if (inner == NULL)
        inner = json_object_get_member (json_node_get_object (node), "name");
    }
  if (inner == NULL || !JSON_NODE_HOLDS_VALUE (inner) || json_node_get_value_type (inner) != G_TYPE_STRING ||
      !is_fit_text (json_node_get_string (inner)))
    return NULL;
  return json_node_get_string (inner);
}

static gboolean
read_list (JsonNode *node, GValue *ret_value)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  array = json_node_get_array (node);
  if (json_array_get_length (array) > MAX_LIST)
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      const char *text = read_reference (json_array_get_element (array, i));

      if (text == NULL)
        return FALSE;
      g_strv_builder_add (builder, text);
    }
  g_value_take_boxed (ret_value, g_strv_builder_end (builder));
  return TRUE;
}

static gboolean
read_number (GParamSpec *pspec, JsonNode *node, GValue *ret_value)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  double number;

  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  number = json_node_get_double (node);
  if (!isfinite (number))
    return FALSE;
  if (G_IS_PARAM_SPEC_INT (pspec))
    {
      if (number < G_PARAM_SPEC_INT (pspec)->minimum || number > G_PARAM_SPEC_INT (pspec)->maximum || floor (number) != number)
        return FALSE;
      g_value_set_int (ret_value, (int) number);
      return TRUE;
    }
  if (number < G_PARAM_SPEC_DOUBLE (pspec)->minimum || number > G_PARAM_SPEC_DOUBLE (pspec)->maximum)
    return FALSE;
  g_value_set_double (ret_value, number);
  return TRUE;
}

static gboolean
read_string (GParamSpec *pspec, JsonNode *node, GValue *ret_value)
{
  const FoveaParamInfo *info = fovea_param_get_info (pspec);
  const char *text = read_reference (node);

  if (text == NULL || (info->choices != NULL && !g_strv_contains (info->choices, text)))
    return FALSE;
  g_value_set_string (ret_value, text);
  return TRUE;
}

static gboolean
read_value (GParamSpec *pspec, JsonNode *node, GValue *ret_value)
{
  if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    {
      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
        return FALSE;
      g_value_set_boolean (ret_value, json_node_get_boolean (node));
      return TRUE;
    }
  if (G_IS_PARAM_SPEC_INT (pspec) || G_IS_PARAM_SPEC_DOUBLE (pspec))
    return read_number (pspec, node, ret_value);
  if (G_IS_PARAM_SPEC_BOXED (pspec))
    return read_list (node, ret_value);
  return read_string (pspec, node, ret_value);
}

gboolean
fovea_params_set_json (GObject *object, const char *key, JsonNode *value, GError **error)
{
  GParamSpec *pspec = fovea_params_find (object, key, error);
  g_auto (GValue) read = G_VALUE_INIT;
  g_autofree char *text = NULL;

  if (pspec == NULL)
    return FALSE;
  g_value_init (&read, pspec->value_type);
  if (read_value (pspec, value, &read))
    {
      g_object_set_property (object, pspec->name, &read);
      return TRUE;
    }
  text = json_to_string (value, FALSE);
  return refuse (pspec, text, error);
}

/* Bare words of the command line as the JSON that they stand for. NULL: cannot be. */
static JsonNode *
text_to_json (GParamSpec *pspec, const char *text)
{
  g_autoptr (JsonArray) array = NULL;
  g_auto (GStrv) parts = NULL;

  if (!g_utf8_validate (text, -1, NULL))
    return NULL;
  if (G_IS_PARAM_SPEC_BOXED (pspec) && text[0] != '[')
    {
      array = json_array_new ();
      parts = g_strsplit (text, ",", -1);
      for (guint i = 0; parts[i] != NULL; i++)
        json_array_add_string_element (array, g_strstrip (parts[i]));
      return json_node_init_array (json_node_alloc (), array);
    }
  if (G_IS_PARAM_SPEC_STRING (pspec))
    return json_node_init_string (json_node_alloc (), text);
  return fovea_json_parse (text, -1, NULL);
}

gboolean
fovea_params_set_text (GObject *object, const char *key, const char *value, GError **error)
{
  GParamSpec *pspec = fovea_params_find (object, key, error);
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *shown = NULL;

  if (pspec == NULL)
    return FALSE;
  node = text_to_json (pspec, value);
  if (node != NULL)
    return fovea_params_set_json (object, key, node, error);
  shown = g_utf8_make_valid (value, -1);
  return refuse (pspec, shown, error);
}

void
fovea_params_copy (GObject *from, GObject *to)
{
  g_autoptr (GPtrArray) params = list_params (from);

  for (guint i = 0; i < params->len; i++)
    {
      GParamSpec *pspec = g_ptr_array_index (params, i);
      g_auto (GValue) value = G_VALUE_INIT;

      g_value_init (&value, pspec->value_type);
      g_object_get_property (from, pspec->name, &value);
      g_object_set_property (to, pspec->name, &value);
    }
}

/* Keys of params objects that are somebody else's. */
static gboolean
is_foreign (const char *key)
{
  static const char *const foreign[] = { "dataset", "dataset_id", "dataset_version", "dataset_version_id", NULL };

  return g_strv_contains (foreign, key);
}

static gboolean
set_members (GObject *object, JsonObject *members, gboolean pass_unknown, GError **error)
{
  g_autoptr (GList) keys = json_object_get_members (members);

  for (GList *l = keys; l != NULL; l = l->next)
    {
      g_autoptr (GError) reason = NULL;

      if (is_foreign (l->data) || (pass_unknown && fovea_params_find (object, l->data, NULL) == NULL))
        continue;
      if (!fovea_params_set_json (object, l->data, json_object_get_member (members, l->data), &reason))
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return FALSE;
        }
    }
  return TRUE;
}

/* The object at a.b in @model; NULL when it is not there. An error when something else is. */
static gboolean
find_object (JsonObject *model, const char *a, const char *b, JsonObject **ret_object, GError **error)
{
  JsonNode *node = json_object_get_member (model, a);

  *ret_object = NULL;
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node) && b != NULL)
    {
      JsonNode *inner = json_object_get_member (json_node_get_object (node), b);

      node = inner;
    }
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM, "“%s%s%s” must be an object", a, b != NULL ? "." : "",
                   b != NULL ? b : "");
      return FALSE;
    }
  *ret_object = json_node_get_object (node);
  return TRUE;
}

static gboolean
read_places (GObject *object, JsonObject *model, GError **error)
{
  static const struct {
    const char *a, *b;
    gboolean pass_unknown; /* the legacy object holds many other things */
  } places[] = {
    { "output_info", "params", FALSE }, { "output_info", "output_config", TRUE },
    { "input_info", "params", FALSE }, { "train_info", "params", FALSE },
  };
  JsonObject *input_info;

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      JsonObject *members;

      if (!find_object (model, places[i].a, places[i].b, &members, error) ||
          (members != NULL && !set_members (object, members, places[i].pass_unknown, error)))
        return FALSE;
    }
  if (!find_object (model, "input_info", NULL, &input_info, error))
    return FALSE;
  if (input_info != NULL && json_object_has_member (input_info, "base_embed_model"))
    return fovea_params_set_json (object, "base_embed_model", json_object_get_member (input_info, "base_embed_model"), error);
  return TRUE;
}

gboolean
fovea_params_read_model (GObject *object, JsonObject *model, GError **error)
{
  g_autoptr (GObject) scratch = g_object_new (G_OBJECT_TYPE (object), NULL);

  fovea_params_copy (object, scratch);
  if (!read_places (scratch, model, error))
    return FALSE;
  fovea_params_copy (scratch, object);
  return TRUE;
}

gboolean
fovea_params_read (GObject *object, JsonObject *params, GError **error)
{
  g_autoptr (GObject) scratch = g_object_new (G_OBJECT_TYPE (object), NULL);

  fovea_params_copy (object, scratch);
  if (!set_members (scratch, params, FALSE, error))
    return FALSE;
  fovea_params_copy (scratch, object);
  return TRUE;
}
