/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "cli/cli-private.h"
#include "engine/import-job.h"
#include "engine/upkeep-jobs.h"

static int
print_report (FoveaJob *job, gboolean json)
{
  g_autofree char *line = NULL;

  if (json)
    {
      g_autofree char *document = g_strconcat (fovea_job_get_result_json (job), "\n", NULL);

      return fovea_cli_print_text (document, FOVEA_CLI_DONE);
    }
  for (guint i = 0; i < fovea_job_get_n_report_rows (job); i++)
    {
      g_autoptr (FoveaReportRow) row = fovea_job_dup_report_row (job, i);
      g_autofree char *path = g_utf8_make_valid (row->path, -1);

      fprintf (stderr, "%s: %s. %s\n", path, row->description, row->details);
    }
  line = g_strconcat (fovea_job_get_summary (job), "\n", NULL);
  return fovea_cli_print_text (line, FOVEA_CLI_DONE);
}

static gboolean
parse_format (const char *name, FoveaImportFormat *ret_format)
{
  static const struct {
    const char *name;
    FoveaImportFormat format;
  } formats[] = { { "auto", FOVEA_IMPORT_AUTO }, { "folders", FOVEA_IMPORT_FOLDERS }, { "plain", FOVEA_IMPORT_PLAIN } };

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    if (name == NULL || g_str_equal (name, formats[i].name))
      {
        *ret_format = formats[i].format;
        return TRUE;
      }
  return FALSE;
}

/* Archives among the paths are unpacked first; the folders take their places at the end. */
static gboolean
unpack_archives (FoveaProject *project, const FoveaCliArgs *args, char ***paths)
{
  g_autoptr (GStrvBuilder) archives = g_strv_builder_new (), others = g_strv_builder_new ();
  g_auto (GStrv) zips = NULL, folders = NULL;
  g_autoptr (FoveaJob) job = NULL;

  for (char **path = *paths; *path != NULL; path++)
    g_strv_builder_add (fovea_path_looks_like_zip (*path) ? archives : others, *path);
  zips = g_strv_builder_end (archives);
  if (zips[0] == NULL)
    return TRUE;
  job = fovea_project_unpack (project, (const char *const *) zips);
  if (!fovea_cli_run_job (job, args))
    return FALSE;
  for (guint i = 0; i < fovea_job_get_n_report_rows (job); i++)
    {
      g_autoptr (FoveaReportRow) row = fovea_job_dup_report_row (job, i);
      g_autofree char *shown = g_utf8_make_valid (row->path, -1);

      fprintf (stderr, "%s: %s. %s\n", shown, row->description, row->details);
    }
  folders = fovea_unpack_job_dup_folders (job);
  g_strv_builder_addv (others, (const char **) folders);
  g_strfreev (*paths);
  *paths = g_strv_builder_end (others);
  return TRUE;
}

static int
run_import (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autofree char *format = NULL, *split = NULL;
  gboolean no_embedding = FALSE;
  const GOptionEntry entries[] = {
    { "format", 0, 0, G_OPTION_ARG_FILENAME, &format,
      "auto (default): class folders become concepts where every picture is at CLASS/file or SPLIT/CLASS/file; folders: the folder that holds a "
      "picture is its concept; plain: no labels", "FORMAT" },
    { "split", 0, 0, G_OPTION_ARG_FILENAME, &split, "Put every picture into this split", "NAME" },
    { "no-embedding", 0, 0, G_OPTION_ARG_NONE, &no_embedding, "Leave embeddings for later", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  FoveaImportOptions options = { 0 };
  g_auto (GStrv) paths = NULL;
  FoveaProject *project;
  int status;

  if (!fovea_cli_parse ("import", entries, argc, argv, 2, -1, &args, &status))
    return status;
  if (!parse_format (format, &options.format))
    return fovea_cli_usage ("import", "there is no import format “%s”", format);
  if (split != NULL && !g_utf8_validate (split, -1, NULL))
    return fovea_cli_usage ("import", "the name of the split is not valid UTF-8");
  options.split = split;
  options.no_embedding = no_embedding;
  if (!fovea_cli_gather_paths (&args, 1, &paths))
    return FOVEA_CLI_FAILED;
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  if (!unpack_archives (project, &args, &paths))
    status = FOVEA_CLI_FAILED;
  else
    {
      g_autoptr (FoveaJob) job = fovea_project_import (project, (const char *const *) paths, &options);

      status = fovea_cli_run_job (job, &args) ? print_report (job, args.json) : FOVEA_CLI_FAILED;
    }
  fovea_cli_close_project (project);
  return status;
}

const FoveaCommand fovea_cli_import_commands[] = {
  { "import", "PROJECT PATH… [--format FORMAT] [--split NAME]",
    "Bring pictures in: files, folders with all that is below, and zip archives, which are unpacked into PROJECT-pictures. Files "
    "stay where they are. What cannot be read is said in the report; an import that was "
    "stopped is continued by running it again.",
    run_import },
  { NULL, NULL, NULL, NULL },
};
