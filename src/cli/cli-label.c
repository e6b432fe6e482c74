/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "cli/cli-private.h"
#include "engine/project-info.h"

/* Everything or nothing: a name that is not in the project is more likely a slip than meant. */
static GArray *
find_all (FoveaProject *project, char **names)
{
  g_autoptr (GPtrArray) unknown = NULL;
  GError *error = NULL;
  GArray *ids = fovea_project_find_pictures (project, (const char *const *) names, &unknown, &error);

  if (ids == NULL)
    {
      fovea_cli_fail (error);
      return NULL;
    }
  if (unknown->len == 0)
    return ids;
  for (guint i = 0; i < MIN (unknown->len, 10); i++)
    fprintf (stderr, "fovea: %s is not in the project\n", (char *) g_ptr_array_index (unknown, i));
  if (unknown->len > 10)
    fprintf (stderr, "fovea: and %u more are not\n", unknown->len - 10);
  fprintf (stderr, "fovea: nothing was labelled; import the pictures first\n");
  g_array_unref (ids);
  return NULL;
}

static int
print_result (int n_changed, guint n_pictures, const char *concept, FoveaLabelValue value, gboolean json)
{
  g_autoptr (JsonBuilder) builder = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *line = NULL;

  if (!json)
    {
      line = g_strdup_printf ("%d of %u changed\n", n_changed, n_pictures);
      return fovea_cli_print_text (line, FOVEA_CLI_DONE);
    }
  builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "concept");
  json_builder_add_string_value (builder, concept != NULL ? concept : "");
  json_builder_set_member_name (builder, "value");
  if (value == FOVEA_LABEL_CLEAR)
    json_builder_add_null_value (builder);
  else
    json_builder_add_int_value (builder, value != FOVEA_LABEL_NEGATIVE);
  json_builder_set_member_name (builder, "pictures");
  json_builder_add_int_value (builder, n_pictures);
  json_builder_set_member_name (builder, "changed");
  json_builder_add_int_value (builder, n_changed);
  json_builder_end_object (builder);
  node = json_builder_get_root (builder);
  return fovea_cli_print_json (node, FOVEA_CLI_DONE);
}

static int
label (FoveaProject *project, char **names, const char *concept, FoveaLabelValue value, gboolean json)
{
  g_autoptr (GArray) ids = find_all (project, names);
  GError *error = NULL;
  int n;

  if (ids == NULL)
    return FOVEA_CLI_FAILED;
  n = fovea_project_label (project, (const gint64 *) (gpointer) ids->data, ids->len, concept, value, &error);
  return n < 0 ? fovea_cli_fail (error) : print_result (n, ids->len, concept, value, json);
}

static FoveaLabelValue
value_of (gboolean not, gboolean clear, const char *others)
{
  if (clear || not)
    return clear ? FOVEA_LABEL_CLEAR : FOVEA_LABEL_NEGATIVE;
  if (others == NULL)
    return FOVEA_LABEL_POSITIVE;
  return g_str_equal (others, "keep") ? FOVEA_LABEL_BESIDE : FOVEA_LABEL_INSTEAD;
}

static int
run_label (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autofree char *concept = NULL;
  g_autofree char *others = NULL;
  gboolean not = FALSE, clear = FALSE;
  const GOptionEntry entries[] = {
    { "concept", 0, 0, G_OPTION_ARG_FILENAME, &concept, "What the pictures show; made when it does not exist", "NAME" },
    { "not", 0, 0, G_OPTION_ARG_NONE, &not, "They do not show it", NULL },
    { "others", 0, 0, G_OPTION_ARG_STRING, &others,
      "What else they show: keep it, or replace it; left out, as the project has it, one concept a picture or several", "keep|replace" },
    { "clear", 0, 0, G_OPTION_ARG_NONE, &clear, "Take back what was said (without --concept: everything)", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_auto (GStrv) names = NULL;
  FoveaProject *project;
  int status;

  if (!fovea_cli_parse ("label", entries, argc, argv, 2, -1, &args, &status))
    return status;
  if (concept == NULL && !clear)
    return fovea_cli_usage ("label", "--concept NAME is missing");
  if (concept != NULL && (concept[0] == '\0' || !g_utf8_validate (concept, -1, NULL)))
    return fovea_cli_usage ("label", "the concept's name is empty or not valid UTF-8");
  if (not && clear)
    return fovea_cli_usage ("label", "--not and --clear exclude each other");
  if (others != NULL && (not || clear || (!g_str_equal (others, "keep") && !g_str_equal (others, "replace"))))
    return fovea_cli_usage ("label", "--others is keep or replace, without --not and --clear");
  if (!fovea_cli_gather_paths (&args, 1, &names))
    return FOVEA_CLI_FAILED;
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  status = label (project, names, concept, value_of (not, clear, others), args.json);
  fovea_cli_close_project (project);
  return status;
}

const FoveaCommand fovea_cli_label_commands[] = {
  { "label", "PROJECT --concept NAME [--not|--clear|--others keep|replace] PATH|ID…",
    "Say that pictures of the project show a concept, or do not. One step for undo.",
    run_label },
  { NULL, NULL, NULL, NULL },
};
