/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "cli/cli-private.h"
#include "engine/model-jobs.h"
#include "models/model-type.h"
#include "models/params.h"

/* ---- types and listing ---- */

static int
print_types (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (const char *const *id = fovea_model_type_ids (); *id != NULL; id++)
    {
      g_autoptr (FoveaModelType) type = fovea_model_type_new (*id, NULL);
      const FoveaModelTypeInfo *info = fovea_model_type_get_info (type);

      g_string_append_printf (text, "%s\n    %s. %s\n", info->id, info->title, info->description);
    }
  return fovea_cli_print_text (text->str, FOVEA_CLI_DONE);
}

static int
run_types (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autoptr (JsonNode) node = NULL;
  GError *error = NULL;
  int status;

  if (!fovea_cli_parse ("models types", NULL, argc, argv, 0, 1, &args, &status))
    return status;
  if (args.rest[0] == NULL)
    {
      if (!args.json)
        return print_types ();
      node = fovea_model_types_dup_json ();
    }
  else
    node = fovea_model_type_dup_json (args.rest[0], &error);
  return node != NULL ? fovea_cli_print_json (node, FOVEA_CLI_DONE) : fovea_cli_fail (error);
}

static int
print_models (JsonNode *node)
{
  JsonArray *models = json_object_get_array_member (json_node_get_object (node), "models");
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (models); i++)
    {
      JsonObject *model = json_array_get_object_element (models, i);
      JsonObject *version
          = json_object_has_member (model, "model_version") ? json_object_get_object_member (model, "model_version") : NULL;
      JsonObject *status = version != NULL ? json_object_get_object_member (version, "status") : NULL;

      g_string_append_printf (text, "%-24s %-22s %s %s\n", json_object_get_string_member (model, "id"),
                              json_object_get_string_member (model, "model_type_id"),
                              status != NULL ? json_object_get_string_member (status, "description") : "ready",
                              version != NULL ? json_object_get_string_member (version, "id") : "");
    }
  return fovea_cli_print_text (text->str, FOVEA_CLI_DONE);
}

static int
run_list (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autoptr (JsonNode) node = NULL;
  FoveaProject *project;
  GError *error = NULL;
  int status;

  if (!fovea_cli_parse ("models list", NULL, argc, argv, 1, 1, &args, &status))
    return status;
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  node = fovea_project_dup_models_json (project, &error);
  if (node == NULL)
    status = fovea_cli_fail (error);
  else
    status = args.json ? fovea_cli_print_json (node, FOVEA_CLI_DONE) : print_models (node);
  fovea_cli_close_project (project);
  return status;
}

/* ---- create ---- */

static JsonNode *
read_payload (const char *file, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GString) from_stdin = g_string_new (NULL);
  char buffer[4096];
  gsize n;

  if (!g_str_equal (file, "-"))
    return g_file_get_contents (file, &text, NULL, error) ? json_from_string (text, error) : NULL;
  while ((n = fread (buffer, 1, sizeof buffer, stdin)) > 0)
    g_string_append_len (from_stdin, buffer, (gssize) n);
  return json_from_string (from_stdin->str, error);
}

/* Checks what was said and adds it, alone, to @model: about the rest the engine decides, by the labels for instance. */
static gboolean
add_params (GObject *type, char **params, JsonObject *model, GError **error)
{
  for (char **param = params; param != NULL && *param != NULL; param++)
    {
      g_auto (GStrv) parts = g_strsplit (*param, "=", 2);

      if (g_strv_length (parts) != 2)
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--param %s is not KEY=VALUE", *param);
          return FALSE;
        }
      if (!fovea_params_set_text (type, parts[0], parts[1], error))
        return FALSE;
      fovea_params_write_param (type, fovea_params_find (type, parts[0], NULL), model);
    }
  return TRUE;
}

/* "a, b" → those that are not empty. */
static GStrv
split_names (const char *text)
{
  g_auto (GStrv) all = g_strsplit (text, ",", -1);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (char **name = all; *name != NULL; name++)
    if (g_strstrip (*name)[0] != '\0')
      g_strv_builder_add (names, *name);
  return g_strv_builder_end (names);
}

/* The same document as a payload, from options. */
static void
add_concepts (JsonObject *model, const char *concepts)
{
  g_auto (GStrv) names = split_names (concepts);
  JsonArray *array = json_array_new ();
  JsonObject *output_info, *data = json_object_new ();

  for (char **name = names; *name != NULL; name++)
    {
      JsonObject *concept = json_object_new ();

      json_object_set_string_member (concept, "name", *name);
      json_array_add_object_element (array, concept);
    }
  if (!json_object_has_member (model, "output_info"))
    json_object_set_object_member (model, "output_info", json_object_new ());
  output_info = json_object_get_object_member (model, "output_info");
  json_object_set_array_member (data, "concepts", array);
  json_object_set_object_member (output_info, "data", data);
}

static JsonNode *
payload_of_options (const char *type_id, const char *id, const char *concepts, char **params, GError **error)
{
  g_autoptr (FoveaModelType) type = fovea_model_type_new (type_id != NULL ? type_id : "embedding-classifier", error);
  g_autoptr (JsonObject) model = json_object_new ();
  JsonNode *node;
  JsonObject *root;

  if (type == NULL || !add_params (G_OBJECT (type), params, model, error))
    return NULL;
  json_object_set_string_member (model, "id", id);
  json_object_set_string_member (model, "model_type_id", fovea_model_type_get_info (type)->id);
  if (concepts != NULL)
    add_concepts (model, concepts);
  root = json_object_new ();
  json_object_set_object_member (root, "model", g_steal_pointer (&model));
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, root);
  return node;
}

/* The one of the list that has this id. */
static JsonNode *
find_model (JsonNode *list, const char *id)
{
  JsonArray *models = json_object_get_array_member (json_node_get_object (list), "models");

  for (guint i = 0; i < json_array_get_length (models); i++)
    if (g_strcmp0 (json_object_get_string_member (json_array_get_object_element (models, i), "id"), id) == 0)
      return json_node_copy (json_array_get_element (models, i));
  return NULL;
}

static int
print_created (FoveaProject *project, JsonNode *payload, gboolean json)
{
  const char *id = json_object_get_string_member (json_object_get_object_member (json_node_get_object (payload), "model"), "id");
  g_autoptr (JsonNode) list = NULL;
  g_autoptr (JsonNode) document = NULL;
  g_autofree char *line = NULL;
  GError *error = NULL;
  JsonObject *root;

  if (!json)
    {
      line = g_strdup_printf ("%s\n", id);
      return fovea_cli_print_text (line, FOVEA_CLI_DONE);
    }
  list = fovea_project_dup_models_json (project, &error);
  if (list == NULL)
    return fovea_cli_fail (error);
  root = json_object_new ();
  json_object_set_member (root, "status", json_object_dup_member (json_node_get_object (list), "status"));
  json_object_set_member (root, "model", find_model (list, id));
  document = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (document, root);
  return fovea_cli_print_json (document, FOVEA_CLI_DONE);
}

static int
create (const char *path, JsonNode *payload, gboolean json)
{
  FoveaProject *project = fovea_cli_open_project (path);
  GError *error = NULL;
  int status;

  if (project == NULL)
    return FOVEA_CLI_FAILED;
  if (fovea_project_create_model (project, payload, &error))
    status = print_created (project, payload, json);
  else
    status = fovea_cli_fail (error);
  fovea_cli_close_project (project);
  return status;
}

static int
run_create (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autofree char *payload_file = NULL, *type = NULL, *id = NULL, *concepts = NULL;
  g_auto (GStrv) params = NULL;
  const GOptionEntry entries[] = {
    { "payload", 0, 0, G_OPTION_ARG_FILENAME, &payload_file, "The model as JSON, {\"model\":{…}}; - is standard input", "FILE" },
    { "type", 0, 0, G_OPTION_ARG_FILENAME, &type, "Its type (default: embedding-classifier); see fovea models types", "TYPE" },
    { "id", 0, 0, G_OPTION_ARG_FILENAME, &id, "Its id: letters, digits, single - or _", "ID" },
    { "concepts", 0, 0, G_OPTION_ARG_FILENAME, &concepts, "Names of its concepts (default: all that are labelled)", "A,B" },
    { "param", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &params, "A parameter; may be given many times", "KEY=VALUE" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (JsonNode) payload = NULL;
  GError *error = NULL;
  int status;

  if (!fovea_cli_parse ("models create", entries, argc, argv, 1, 1, &args, &status))
    return status;
  if ((payload_file == NULL) == (id == NULL))
    return fovea_cli_usage ("models create", "either --payload or --id is needed");
  payload = payload_file != NULL ? read_payload (payload_file, &error) : payload_of_options (type, id, concepts, params, &error);
  if (payload == NULL)
    {
      gboolean usage = error->domain != G_FILE_ERROR;

      fovea_cli_fail (error);
      return usage ? FOVEA_CLI_USAGE : FOVEA_CLI_FAILED;
    }
  return create (args.rest[0], payload, args.json);
}

/* ---- train, evaluate, export ---- */

/* The job's document, or its one-line summary. */
static int
print_outcome (FoveaJob *job, gboolean json)
{
  g_autofree char *line = g_strconcat (json ? fovea_job_get_result_json (job) : fovea_job_get_summary (job), "\n", NULL);

  return fovea_cli_print_text (line, FOVEA_CLI_DONE);
}

static void
say_rows (FoveaJob *job)
{
  for (guint i = 0; i < fovea_job_get_n_report_rows (job); i++)
    {
      g_autoptr (FoveaReportRow) row = fovea_job_dup_report_row (job, i);
      g_autofree char *path = g_utf8_make_valid (row->path, -1);

      fprintf (stderr, "%s: %s. %s\n", path, row->description, row->details);
    }
}

/* Takes both. */
static GStrv
add_param (GStrv params, char *param)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (params != NULL)
    g_strv_builder_addv (builder, (const char **) params);
  g_strv_builder_add (builder, param);
  g_strfreev (params);
  g_free (param);
  return g_strv_builder_end (builder);
}

static int
run_train (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autofree char *split = NULL;
  g_auto (GStrv) params = NULL;
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  double time_limit = 0;
  gboolean resume = FALSE;
  const GOptionEntry entries[] = {
    { "split", 0, 0, G_OPTION_ARG_FILENAME, &split,
      "Learn from this split alone (default: train, where pictures are labelled in it; else all)", "NAME" },
    { "param", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &params, "A parameter for this version; may be given many times", "KEY=VALUE" },
    { "time-limit", 0, 0, G_OPTION_ARG_DOUBLE, &time_limit, "Deep training: plan what fits into so many seconds", "S" },
    { "resume", 0, 0, G_OPTION_ARG_NONE, &resume, "Deep training: go on where the last one was when the program was killed", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  FoveaTrainOptions options = { 0 };
  FoveaProject *project;
  int status;

  if (!fovea_cli_parse ("models train", entries, argc, argv, 2, 2, &args, &status))
    return status;
  if (time_limit != 0)
    params = add_param (params, g_strconcat ("time_limit=", g_ascii_dtostr (number, sizeof number, time_limit), NULL));
  options.split = split;
  options.params = (const char *const *) params;
  options.resume = resume;
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  {
    g_autoptr (FoveaJob) job = fovea_project_train (project, args.rest[1], &options);

    status = fovea_cli_run_job (job, &args) ? print_outcome (job, args.json) : FOVEA_CLI_FAILED;
    say_rows (job);
  }
  fovea_cli_close_project (project);
  return status;
}

static int
run_evaluate (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autofree char *split = NULL, *concepts = NULL;
  g_auto (GStrv) names = NULL;
  const GOptionEntry entries[] = {
    { "concepts", 0, 0, G_OPTION_ARG_FILENAME, &concepts,
      "An embedder: among the pictures of these concepts alone, also such as it was not trained on", "A,B" },
    { "split", 0, 0, G_OPTION_ARG_FILENAME, &split,
      "On the labelled pictures of this split (default: by cross-validation over what it was trained on; a deep one, on the pictures that "
      "it held out)",
      "NAME" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  FoveaProject *project;
  int status;

  if (!fovea_cli_parse ("models evaluate", entries, argc, argv, 2, 2, &args, &status))
    return status;
  names = concepts != NULL ? split_names (concepts) : NULL;
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  {
    g_autoptr (FoveaJob) job = names != NULL ? fovea_project_evaluate_concepts (project, args.rest[1], split, (const char *const *) names)
                                             : fovea_project_evaluate (project, args.rest[1], split);

    status = fovea_cli_run_job (job, &args) ? print_outcome (job, args.json) : FOVEA_CLI_FAILED;
    say_rows (job);
  }
  fovea_cli_close_project (project);
  return status;
}

static int
run_export (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  gboolean force = FALSE;
  const GOptionEntry entries[] = {
    { "force", 0, 0, G_OPTION_ARG_NONE, &force, "Replace a file that is there", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  FoveaProject *project;
  GError *error = NULL;
  int status;

  if (!fovea_cli_parse ("models export", entries, argc, argv, 3, 3, &args, &status))
    return status;
  if (!force && g_file_test (args.rest[2], G_FILE_TEST_EXISTS))
    {
      fprintf (stderr, "fovea: %s is there already; --force replaces it\n", args.rest[2]);
      return FOVEA_CLI_FAILED;
    }
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  status = fovea_project_export_model (project, args.rest[1], args.rest[2], &error) ? FOVEA_CLI_DONE : fovea_cli_fail (error);
  fovea_cli_close_project (project);
  return status;
}

const FoveaCommand fovea_cli_model_commands[] = {
  { "models types", "[TYPE]", "The kinds of models that there are, with their parameters.", run_types },
  { "models list", "PROJECT", "The models of a project and what state they are in.", run_list },
  { "models create", "PROJECT (--payload FILE | --id ID [--type TYPE] [--concepts A,B] [--param KEY=VALUE]…)", "Make a model.", run_create },
  { "models train", "PROJECT ID [--split NAME] [--param KEY=VALUE]… [--time-limit S] [--resume]",
    "Train a new version of a model on the pictures that people labelled.",
    run_train },
  { "models evaluate", "PROJECT ID [--split NAME] [--concepts A,B]", "Say how good the newest version is.", run_evaluate },
  { "models export", "PROJECT ID FILE.onnx", "Write the newest version as one self-contained ONNX file.", run_export },
  { NULL, NULL, NULL, NULL },
};
