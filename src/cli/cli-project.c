/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "cli/cli-private.h"
#include "engine/project-info.h"

static int
run_create (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autoptr (JsonNode) info = NULL;
  FoveaProject *project;
  GError *error = NULL;
  int status;

  if (!fovea_cli_parse ("project create", NULL, argc, argv, 1, 1, &args, &status))
    return status;
  project = fovea_project_create (args.rest[0], &error);
  if (project == NULL)
    return fovea_cli_fail (error);
  if (args.json)
    {
      info = fovea_project_dup_info_json (project, &error);
      status = info != NULL ? fovea_cli_print_json (info, FOVEA_CLI_DONE) : fovea_cli_fail (error);
    }
  else
    status = FOVEA_CLI_DONE;
  fovea_cli_close_project (project);
  return status;
}

static int
print_info (JsonNode *info)
{
  JsonObject *object = json_node_get_object (info);
  JsonObject *splits = json_object_get_object_member (object, "splits");
  JsonArray *labels = json_object_get_array_member (object, "labels");
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GList) names = json_object_get_members (splits);

  g_string_append_printf (text, "%s\n", json_object_get_string_member (object, "path"));
  for (const char *const *name = (const char *const[]){ "inputs", "missing", "annotations", "predictions", "models", "vectors", NULL };
       *name != NULL; name++)
    g_string_append_printf (text, "%-12s %" G_GINT64_FORMAT "\n", *name, json_object_get_int_member (object, *name));
  for (GList *at = names; at != NULL; at = at->next)
    g_string_append_printf (text, "split %-6s %" G_GINT64_FORMAT "\n", (char *) at->data, json_object_get_int_member (splits, at->data));
  g_string_append_printf (text, "%-12s %u\n", "concepts", json_array_get_length (labels));
  for (guint i = 0; i < json_array_get_length (labels); i++)
    {
      JsonObject *label = json_array_get_object_element (labels, i);

      g_string_append_printf (text, "  %-20s %" G_GINT64_FORMAT "\n", json_object_get_string_member (label, "name"),
                              json_object_get_int_member (label, "count"));
    }
  return fovea_cli_print_text (text->str, FOVEA_CLI_DONE);
}

static int
run_info (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autoptr (JsonNode) info = NULL;
  FoveaProject *project;
  GError *error = NULL;
  int status;

  if (!fovea_cli_parse ("project info", NULL, argc, argv, 1, 1, &args, &status))
    return status;
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  info = fovea_project_dup_info_json (project, &error);
  if (info == NULL)
    status = fovea_cli_fail (error);
  else
    status = args.json ? fovea_cli_print_json (info, FOVEA_CLI_DONE) : print_info (info);
  fovea_cli_close_project (project);
  return status;
}

static JsonNode *
problems_json (GPtrArray *problems)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "ok");
  json_builder_add_boolean_value (builder, problems->len == 0);
  json_builder_set_member_name (builder, "problems");
  json_builder_begin_array (builder);
  for (guint i = 0; i < problems->len; i++)
    json_builder_add_string_value (builder, g_ptr_array_index (problems, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

static int
print_problems (GPtrArray *problems, gboolean json)
{
  int status = problems->len == 0 ? FOVEA_CLI_DONE : FOVEA_CLI_FAILED;
  g_autoptr (GString) text = g_string_new (NULL);

  if (json)
    {
      g_autoptr (JsonNode) node = problems_json (problems);

      return fovea_cli_print_json (node, status);
    }
  for (guint i = 0; i < problems->len; i++)
    g_string_append_printf (text, "%s\n", (char *) g_ptr_array_index (problems, i));
  if (problems->len == 0)
    g_string_append (text, "The project is whole.\n");
  return fovea_cli_print_text (text->str, status);
}

static int
run_check (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autoptr (GPtrArray) problems = NULL;
  FoveaProject *project;
  GError *error = NULL;
  int status;

  if (!fovea_cli_parse ("project check", NULL, argc, argv, 1, 1, &args, &status))
    return status;
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  if (fovea_project_check (project, &problems, &error))
    status = print_problems (problems, args.json);
  else
    status = fovea_cli_fail (error);
  fovea_cli_close_project (project);
  return status;
}

const FoveaCommand fovea_cli_project_commands[] = {
  { "project create", "PROJECT.fovea", "Make an empty project. A file that is there is never touched.", run_create },
  { "project info", "PROJECT", "Say what a project holds.", run_info },
  { "project check", "PROJECT", "Read the whole project file and say what is wrong with it; exit status 1 when something is.", run_check },
  { NULL, NULL, NULL, NULL },
};
