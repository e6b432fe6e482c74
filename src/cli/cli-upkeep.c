/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "cli/cli-private.h"
#include "engine/splits.h"
#include "engine/upkeep-jobs.h"

/* ---- splits ---- */

static JsonNode *
plan_json (const FoveaSplitPlan *plan, const FoveaSplitOptions *options)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  const struct {
    const char *name;
    guint value;
  } numbers[] = { { "train", plan->n_train }, { "test", plan->n_test }, { "other", plan->n_other }, { "changed", plan->n_changed },
                  { "tied", plan->n_tied }, { "seed", options->seed } };

  json_builder_begin_object (builder);
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      json_builder_set_member_name (builder, numbers[i].name);
      json_builder_add_int_value (builder, numbers[i].value);
    }
  json_builder_set_member_name (builder, "concepts");
  json_builder_begin_array (builder);
  for (guint i = 0; i < plan->counts->len; i++)
    {
      const FoveaSplitShare *count = g_ptr_array_index (plan->counts, i);

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "concept");
      json_builder_add_string_value (builder, count->concept);
      json_builder_set_member_name (builder, "train");
      json_builder_add_int_value (builder, count->n_train);
      json_builder_set_member_name (builder, "test");
      json_builder_add_int_value (builder, count->n_test);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

static int
print_plan (const FoveaSplitPlan *plan, const FoveaSplitOptions *options, gboolean json)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (json)
    {
      g_autoptr (JsonNode) node = plan_json (plan, options);

      return fovea_cli_print_json (node, FOVEA_CLI_DONE);
    }
  for (guint i = 0; i < plan->counts->len; i++)
    {
      const FoveaSplitShare *count = g_ptr_array_index (plan->counts, i);

      g_string_append_printf (text, "%-24s train %6u  test %6u\n", count->concept[0] != '\0' ? count->concept : "(no label)", count->n_train,
                              count->n_test);
    }
  g_string_append_printf (text, "%u train, %u test; %u of them changed\n", plan->n_train, plan->n_test, plan->n_changed);
  return fovea_cli_print_text (text->str, FOVEA_CLI_DONE);
}

static int
run_split (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  FoveaSplitOptions options = FOVEA_SPLIT_OPTIONS_INIT;
  gboolean dry_run = FALSE;
  gint64 seed = 0;
  const GOptionEntry entries[] = {
    { "test", 0, 0, G_OPTION_ARG_DOUBLE, &options.test_fraction, "The part for testing, above 0 and at most 0.5 (0.2)", "FRACTION" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Another seed gives other splits; the same one the same (0)", "N" },
    { "keep", 0, 0, G_OPTION_ARG_NONE, &options.keep, "Leave pictures that are in a split already where they are", NULL },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "Only say what would be", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (FoveaSplitPlan) plan = NULL;
  FoveaProject *project;
  GError *error = NULL;
  int status;

  if (!fovea_cli_parse ("project split", entries, argc, argv, 1, 1, &args, &status))
    return status;
  if (!(options.test_fraction > 0 && options.test_fraction <= 0.5))
    return fovea_cli_usage ("project split", "--test must be above 0 and at most 0.5");
  if (seed < 0 || seed > G_MAXUINT32)
    return fovea_cli_usage ("project split", "--seed must be between 0 and 4294967295");
  options.seed = (guint32) seed;
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  plan = fovea_project_make_splits (project, &options, dry_run, &error);
  status = plan != NULL ? print_plan (plan, &options, args.json) : fovea_cli_fail (error);
  fovea_cli_close_project (project);
  return status;
}

/* ---- jobs ---- */

static int
finish_job (FoveaJob *job, const FoveaCliArgs *args)
{
  g_autofree char *text = NULL;

  if (!fovea_cli_run_job (job, args))
    return FOVEA_CLI_FAILED;
  for (guint i = 0; i < fovea_job_get_n_report_rows (job) && !args->json; i++)
    {
      g_autoptr (FoveaReportRow) row = fovea_job_dup_report_row (job, i);
      g_autofree char *path = g_utf8_make_valid (row->path, -1);

      fprintf (stderr, "%s: %s. %s\n", path, row->description, row->details);
    }
  text = g_strconcat (args->json ? fovea_job_get_result_json (job) : fovea_job_get_summary (job), "\n", NULL);
  return fovea_cli_print_text (text, FOVEA_CLI_DONE);
}

static int
run_relocate (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_auto (GStrv) folders = NULL;
  FoveaProject *project;
  int status;

  if (!fovea_cli_parse ("project relocate", NULL, argc, argv, 2, -1, &args, &status))
    return status;
  if (!fovea_cli_gather_paths (&args, 1, &folders))
    return FOVEA_CLI_FAILED;
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  {
    g_autoptr (FoveaJob) job = fovea_project_relocate (project, (const char *const *) folders);

    status = finish_job (job, &args);
  }
  fovea_cli_close_project (project);
  return status;
}

static int
run_backup (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  gboolean force = FALSE;
  const GOptionEntry entries[] = {
    { "force", 0, 0, G_OPTION_ARG_NONE, &force, "Replace a file that is there", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  FoveaProject *project;
  int status;

  if (!fovea_cli_parse ("project backup", entries, argc, argv, 2, 2, &args, &status))
    return status;
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  {
    g_autoptr (FoveaJob) job = fovea_project_backup (project, args.rest[1], force);

    status = finish_job (job, &args);
  }
  fovea_cli_close_project (project);
  return status;
}

const FoveaCommand fovea_cli_upkeep_commands[] = {
  { "project split", "PROJECT [--test FRACTION] [--seed N] [--keep] [--dry-run]",
    "Part the pictures into train and test: every concept in the same proportion, pictures with the same bytes or of one group together.",
    run_split },
  { "project relocate", "PROJECT FOLDER…",
    "Find pictures whose files are no longer where they were, by their contents, in these folders. What is still missing is said.",
    run_relocate },
  { "project backup", "PROJECT COPY.fovea [--force]", "Make a whole copy of the project file, also while it is in use.", run_backup },
  { NULL, NULL, NULL, NULL },
};
