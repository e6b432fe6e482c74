/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "models/json-check.h"
#include "models/model-type.h"
#include "models/params.h"

typedef void (*ParamFunc) (GObject *object, GParamSpec *pspec, const char *key);

static void
for_each_param (ParamFunc func)
{
  const char *const *ids = fovea_model_type_ids ();
  guint seen = 0;

  for (guint t = 0; ids[t] != NULL; t++)
    {
      g_autoptr (FoveaModelType) type = fovea_model_type_new (ids[t], NULL);
      guint n;
      g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (type), &n);

      for (guint i = 0; i < n; i++)
        {
          g_autofree char *key = fovea_param_dup_key (pspecs[i]);

          g_assert_nonnull (fovea_param_get_info (pspecs[i])); /* a property of a model type is a parameter */
          func (G_OBJECT (type), pspecs[i], key);
          seen++;
        }
    }
  g_assert_cmpuint (seen, >=, 15);
}

static void
expect_refused (GObject *object, const char *key, const char *value)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) before = fovea_params_to_json (object);
  g_autoptr (JsonNode) after = NULL;

  g_assert_false (fovea_params_set_text (object, key, value, &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM);
  g_assert_nonnull (strstr (error->message, key));
  after = fovea_params_to_json (object);
  g_assert_true (json_node_equal (before, after));
}

static void
check_default (GObject *object, GParamSpec *pspec, const char *key)
{
  g_autoptr (JsonNode) params = fovea_params_to_json (object);
  JsonNode *value = json_object_get_member (json_node_get_object (params), key);
  g_autoptr (GError) error = NULL;
  const FoveaParamInfo *info = fovea_param_get_info (pspec);

  g_assert_nonnull (value);
  g_assert_true (fovea_params_set_json (object, key, value, &error));
  g_assert_no_error (error);
  if (info->choices != NULL)
    g_assert_true (g_strv_contains (info->choices, json_node_get_string (value)));
  g_assert_cmpstr (g_param_spec_get_nick (pspec), !=, g_param_spec_get_name (pspec));
  g_assert_cmpint ((int) strlen (g_param_spec_get_blurb (pspec)), >, 10);
}

static void
check_range (GObject *object, GParamSpec *pspec, const char *key)
{
  if (G_IS_PARAM_SPEC_INT (pspec))
    {
      g_autofree char *under = g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) G_PARAM_SPEC_INT (pspec)->minimum - 1);
      g_autofree char *over = g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) G_PARAM_SPEC_INT (pspec)->maximum + 1);
      g_autofree char *least = g_strdup_printf ("%d", G_PARAM_SPEC_INT (pspec)->minimum);
      g_autofree char *most = g_strdup_printf ("%d", G_PARAM_SPEC_INT (pspec)->maximum);

      expect_refused (object, key, under);
      expect_refused (object, key, over);
      expect_refused (object, key, "2.5");
      g_assert_true (fovea_params_set_text (object, key, least, NULL));
      g_assert_true (fovea_params_set_text (object, key, most, NULL));
    }
  if (G_IS_PARAM_SPEC_DOUBLE (pspec))
    {
      g_autofree char *under = g_strdup_printf ("%.17g", G_PARAM_SPEC_DOUBLE (pspec)->minimum - 1.0);
      g_autofree char *over = g_strdup_printf ("%.17g", G_PARAM_SPEC_DOUBLE (pspec)->maximum + 1.0);
      g_autofree char *whole = g_strdup_printf ("%.0f", ceil (G_PARAM_SPEC_DOUBLE (pspec)->minimum));

      expect_refused (object, key, under);
      expect_refused (object, key, over);
      expect_refused (object, key, "NaN");
      expect_refused (object, key, "1e999");
      /* A whole number is a number. */
      g_assert_true (fovea_params_set_text (object, key, whole, NULL));
    }
}

static void
check_kinds (GObject *object, GParamSpec *pspec, const char *key)
{
  static const char *const samples[] = { "true", "7", "\"word\"", "[\"a\"]", "{}", "null", "[[]]", "[1]" };

  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_autoptr (JsonNode) value = fovea_json_parse (samples[i], -1, NULL);
      g_autoptr (GError) error = NULL;
      gboolean taken = fovea_params_set_json (object, key, value, &error);

      g_assert_true (taken == (error == NULL));
      if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
        g_assert_true (taken == (i == 0));
      else if (G_IS_PARAM_SPEC_BOXED (pspec))
        g_assert_true (taken == (i == 3));
      else if (G_IS_PARAM_SPEC_STRING (pspec))
        g_assert_true (!taken || i == 2);
      else
        g_assert_true (!taken || i == 1);
    }
}

static void
test_defaults (void)
{
  for_each_param (check_default);
}

static void
test_ranges (void)
{
  for_each_param (check_range);
}

static void
test_kinds (void)
{
  for_each_param (check_kinds);
}

static FoveaModelType *
new_type (const char *id)
{
  g_autoptr (GError) error = NULL;
  FoveaModelType *type = fovea_model_type_new (id, &error);

  g_assert_no_error (error);
  return type;
}

static void
test_unknown (void)
{
  g_autoptr (FoveaModelType) type = new_type ("embedding-classifier");
  g_autoptr (GError) error = NULL;

  g_assert_false (fovea_params_set_text (G_OBJECT (type), "foldz", "3", &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM);
  g_assert_nonnull (strstr (error->message, "foldz"));
  g_assert_nonnull (strstr (error->message, "folds"));
  g_clear_error (&error);
  g_assert_null (fovea_model_type_new ("visual-confuser", &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_UNKNOWN_TYPE);
  g_assert_nonnull (strstr (error->message, "embedding-classifier"));
}

static void
test_message (void)
{
  g_autoptr (FoveaModelType) type = new_type ("embedding-classifier");
  g_autoptr (GError) error = NULL;

  g_assert_false (fovea_params_set_text (G_OBJECT (type), "folds", "50", &error));
  g_assert_cmpstr (error->message, ==, "“folds” is 50; it must be a whole number from 2 to 20");
  g_clear_error (&error);
  g_assert_false (fovea_params_set_text (G_OBJECT (type), "fit", "stretch", &error));
  g_assert_cmpstr (error->message, ==, "“fit” is \"stretch\"; it must be one of auto, crop, squash, letterbox, crop+letterbox");
}

static void
test_keys (void)
{
  g_autoptr (FoveaModelType) type = new_type ("concept"); /* another name */
  GObject *object = G_OBJECT (type);
  g_auto (GStrv) selected = NULL;
  double c;
  g_autofree char *embedder = NULL;

  g_assert_true (fovea_params_set_text (object, "C", "12.5", NULL));
  g_assert_true (fovea_params_set_text (object, "train_info.params.folds", "7", NULL));
  g_assert_true (fovea_params_set_text (object, "select-concepts", "cat, dog", NULL));
  g_assert_true (fovea_params_set_text (object, "embedder", "efficientnet-lite2", NULL));
  g_object_get (object, "regularisation", &c, "select-concepts", &selected, "base-embed-model", &embedder, NULL);
  g_assert_cmpfloat (c, ==, 12.5);
  g_assert_cmpstrv (selected, ((const char *const[]){ "cat", "dog", NULL }));
  g_assert_cmpstr (embedder, ==, "efficientnet-lite2");
}

static void
test_model_document (void)
{
  g_autoptr (FoveaModelType) type = new_type ("embedding-classifier");
  g_autoptr (FoveaModelType) again = new_type ("embedding-classifier");
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) payload = fovea_json_parse (
    "{\"id\":\"my-pets\",\"model_type_id\":\"embedding-classifier\",\"output_info\":{\"data\":{\"concepts\":[{\"id\":\"boscoe\",\"value\":1}]},"
    "\"output_config\":{\"concepts_mutually_exclusive\":true,\"language\":\"en\"},\"params\":{\"max_concepts\":3,\"min_value\":0.25,"
    "\"select_concepts\":[{\"id\":\"boscoe\"}]}},\"train_info\":{\"params\":{\"folds\":4,\"dataset_id\":\"d\"}},"
    "\"input_info\":{\"base_embed_model\":{\"id\":\"efficientnet-lite2\"}}}", -1, &error);
  g_autoptr (JsonObject) written = json_object_new ();
  g_autoptr (JsonObject) one = json_object_new ();
  g_autoptr (JsonNode) a = NULL;
  g_autoptr (JsonNode) b = NULL;
  JsonObject *flat, *config;

  g_assert_no_error (error);
  g_assert_true (fovea_params_read_model (G_OBJECT (type), json_node_get_object (payload), &error));
  g_assert_no_error (error);
  a = fovea_params_to_json (G_OBJECT (type));
  flat = json_node_get_object (a);
  g_assert_cmpint (json_object_get_int_member (flat, "max_concepts"), ==, 3);
  g_assert_true (json_object_get_boolean_member (flat, "concepts_mutually_exclusive"));
  g_assert_cmpstr (json_object_get_string_member (flat, "base_embed_model"), ==, "efficientnet-lite2");
  g_assert_cmpint (json_object_get_int_member (flat, "folds"), ==, 4);

  fovea_params_write_param (G_OBJECT (type), fovea_params_find (G_OBJECT (type), "exclusive", NULL), one);
  g_assert_cmpuint (json_object_get_size (one), ==, 1);
  g_assert_cmpuint (json_object_get_size (json_object_get_object_member (one, "output_info")), ==, 1);
  config = json_object_get_object_member (json_object_get_object_member (one, "output_info"), "output_config");
  g_assert_cmpuint (json_object_get_size (config), ==, 1);
  g_assert_true (json_object_get_boolean_member (config, "concepts_mutually_exclusive"));

  fovea_params_write_model (G_OBJECT (type), written);
  g_assert_true (fovea_params_read_model (G_OBJECT (again), written, &error));
  b = fovea_params_to_json (G_OBJECT (again));
  g_assert_true (json_node_equal (a, b));
  g_assert_true (fovea_params_read (G_OBJECT (again), flat, &error));
}

/* One wrong key and nothing at all is taken. */
static void
test_all_or_nothing (void)
{
  g_autoptr (FoveaModelType) type = new_type ("embedding-classifier");
  g_autoptr (JsonNode) before = fovea_params_to_json (G_OBJECT (type));
  g_autoptr (JsonNode) after = NULL;
  g_autoptr (JsonNode) wrong = fovea_json_parse (
    "{\"output_info\":{\"params\":{\"max_concepts\":3}},\"train_info\":{\"params\":{\"folds\":1}}}", -1, NULL);
  g_autoptr (JsonNode) not_object = fovea_json_parse ("{\"output_info\":{\"params\":[3]}}", -1, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (fovea_params_read_model (G_OBJECT (type), json_node_get_object (wrong), &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM);
  g_clear_error (&error);
  g_assert_false (fovea_params_read_model (G_OBJECT (type), json_node_get_object (not_object), &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM);
  after = fovea_params_to_json (G_OBJECT (type));
  g_assert_true (json_node_equal (before, after));
}

static void
test_upgrade (void)
{
  g_autoptr (FoveaModelType) type = new_type ("embedding-classifier");
  g_autoptr (JsonObject) params = json_object_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (fovea_model_type_upgrade (type, fovea_model_type_get_info (type)->params_version, params, &error));
  g_assert_false (fovea_model_type_upgrade (type, fovea_model_type_get_info (type)->params_version + 1, params, &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH);
}

/* The listing, to the letter; written anew with FOVEA_UPDATE_GOLDEN=1. */
static void
test_listing (void)
{
  g_autoptr (JsonNode) listing = fovea_model_types_dup_json ();
  g_autofree char *text = json_to_string (listing, TRUE);
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "model-types.json", NULL);
  g_autofree char *golden = NULL;
  g_autoptr (GError) error = NULL;

  if (g_getenv ("FOVEA_UPDATE_GOLDEN") != NULL)
    g_file_set_contents (path, line, -1, &error);
  g_file_get_contents (path, &golden, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (line, ==, golden);
}

static void
test_one_type (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) one = fovea_model_type_dup_json ("visual-classifier", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (json_node_get_object (one), "model_type"), "id"),
                   ==, "visual-classifier");
  g_assert_null (fovea_model_type_dup_json ("nothing", &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_UNKNOWN_TYPE);
}

static void
test_json_limits (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *deep = g_strnfill (1000000, '[');
  static const char *const wrong[] = { "", "{", "[1,2", "nonsense", "{'a':1}", "/* */ 1", "\"\\ud800", "[1]]]]" };

  g_assert_null (fovea_json_parse (deep, -1, &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_clear_error (&error);
      g_assert_null (fovea_json_parse (wrong[i], -1, &error));
      g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/models/params/defaults-are-valid", test_defaults);
  g_test_add_func ("/models/params/ranges-are-kept", test_ranges);
  g_test_add_func ("/models/params/kinds-are-kept", test_kinds);
  g_test_add_func ("/models/params/unknown", test_unknown);
  g_test_add_func ("/models/params/message", test_message);
  g_test_add_func ("/models/params/keys", test_keys);
  g_test_add_func ("/models/params/model-document", test_model_document);
  g_test_add_func ("/models/params/all-or-nothing", test_all_or_nothing);
  g_test_add_func ("/models/params/upgrade", test_upgrade);
  g_test_add_func ("/models/params/listing", test_listing);
  g_test_add_func ("/models/params/one-type", test_one_type);
  g_test_add_func ("/models/params/json-limits", test_json_limits);
  return g_test_run ();
}
