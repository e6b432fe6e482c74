/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "cli/cli-private.h"
#include "engine/model-file.h"

/* ---- what a person sees of a file ---- */

static void
say_ports (const char *what, char **ports)
{
  for (char **port = ports; *port != NULL; port++)
    fprintf (stderr, "%s %s\n", what, *port);
}

static void
say_text (const char *what, const char *text)
{
  if (text != NULL)
    fprintf (stderr, "%s %s\n", what, text);
}

static void
say_labels (const char *labels)
{
  g_auto (GStrv) names = g_strsplit (labels, "\n", -1);
  guint n = g_strv_length (names) - 1; /* each line ends with one */

  fprintf (stderr, "labels     %u: %s%s%s%s%s\n", n, names[0], n > 1 ? ", " : "", n > 1 ? names[1] : "", n > 3 ? ", … " : n > 2 ? ", " : "",
           n > 2 ? names[n - 1] : "");
}

/* On stderr: the document is on stdout. */
static void
say_file (FoveaModelFile *file, const FoveaImportForm *form)
{
  g_auto (GStrv) inputs = fovea_model_file_dup_inputs (file), outputs = fovea_model_file_dup_outputs (file);
  g_autoptr (FoveaImportForm) guess = fovea_model_file_dup_guess (file, form);

  say_ports ("input     ", inputs);
  say_ports ("output    ", outputs);
  say_text ("type      ", guess->type);
  say_text ("answer    ", guess->output);
  if (guess->labels != NULL)
    say_labels (guess->labels);
  if (guess->size > 0)
    fprintf (stderr, "size       %u\n", guess->size);
  say_text ("layout    ", guess->layout);
  say_text ("fit       ", guess->fit);
  say_text ("range     ", guess->range);
  say_text ("mean      ", guess->mean);
  say_text ("std       ", guess->std);
  if (g_strcmp0 (guess->type, "visual-embedder") != 0)
    say_text ("activation", guess->activation);
}

/* ---- the command ---- */

typedef struct {
  FoveaImportForm form;
  char *id, *labels;
  int size;
  gboolean bgr, dry_run;
} Options;

static void
options_clear (Options *options)
{
  fovea_import_form_clear (&options->form);
  g_free (options->id);
  g_free (options->labels);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* A file of that name, or names between commas. */
static void
read_labels (Options *options)
{
  if (options->labels == NULL)
    return;
  options->form.labels_are_file = g_file_test (options->labels, G_FILE_TEST_EXISTS);
  options->form.labels = g_strdup (options->labels);
}

static int
print_outcome (FoveaJob *job, gboolean json)
{
  g_autofree char *line = g_strconcat (json ? fovea_job_get_result_json (job) : fovea_job_get_summary (job), "\n", NULL);

  return fovea_cli_print_text (line, FOVEA_CLI_DONE);
}

static int
import (FoveaModelFile *file, const Options *options, const FoveaCliArgs *args)
{
  g_autofree char *name = options->id != NULL ? g_strdup (options->id) : fovea_model_file_dup_name (file);
  FoveaProject *project = fovea_cli_open_project (args->rest[0]);
  int status;

  if (project == NULL)
    return FOVEA_CLI_FAILED;
  {
    g_autoptr (FoveaJob) job = fovea_project_import_model (project, file, &options->form, options->id, name);

    status = fovea_cli_run_job (job, args) ? print_outcome (job, args->json) : FOVEA_CLI_FAILED;
  }
  fovea_cli_close_project (project);
  return status;
}

static int
run_options (const Options *options, const FoveaCliArgs *args)
{
  g_autoptr (FoveaModelFile) file = NULL;
  GError *error = NULL;

  file = fovea_model_file_open (args->rest[1], &error);
  if (file == NULL)
    return fovea_cli_fail (error);
  if (!args->json)
    say_file (file, &options->form);
  if (!fovea_model_file_check (file, &options->form, &error))
    {
      fovea_cli_fail (error);
      return FOVEA_CLI_USAGE;
    }
  return options->dry_run ? FOVEA_CLI_DONE : import (file, options, args);
}

static int
run_import (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_auto (Options) options = { 0 };
  FoveaImportForm *form = &options.form;
  const GOptionEntry entries[] = {
    { "id", 0, 0, G_OPTION_ARG_FILENAME, &options.id, "Its id: letters, digits, single - or _ (default: made of the file's name)", "NAME" },
    { "type", 0, 0, G_OPTION_ARG_FILENAME, &form->type, "visual-classifier or visual-embedder", "TYPE" },
    { "labels", 0, 0, G_OPTION_ARG_FILENAME, &options.labels,
      "Names of its concepts in the order of the output: A,B,C, or a file with one a line, JSON, or a Python dictionary", "FILE|A,B,C" },
    { "input-size", 0, 0, G_OPTION_ARG_INT, &options.size, "Pixels a side, where the file takes any", "N" },
    { "fit", 0, 0, G_OPTION_ARG_FILENAME, &form->fit, "How pictures become squares: crop (usual), crop:FRACTION, squash or letterbox", "FIT" },
    { "range", 0, 0, G_OPTION_ARG_FILENAME, &form->range, "What numbers stand for black and white: 0..1, -1..1, 0..255, or imagenet", "RANGE" },
    { "mean", 0, 0, G_OPTION_ARG_FILENAME, &form->mean, "What is taken from pixels, in 0..1 or 0..255", "R,G,B" },
    { "std", 0, 0, G_OPTION_ARG_FILENAME, &form->std, "What they are then divided by", "R,G,B" },
    { "layout", 0, 0, G_OPTION_ARG_FILENAME, &form->layout, "nchw or nhwc, where the file does not show it", "LAYOUT" },
    { "bgr", 0, 0, G_OPTION_ARG_NONE, &options.bgr, "Blue comes first", NULL },
    { "activation", 0, 0, G_OPTION_ARG_FILENAME, &form->activation,
      "softmax (one concept a picture), sigmoid (any number), or none: it answers with probabilities already", "NAME" },
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &form->output, "Which output, or value inside, is the answer", "NAME" },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &options.dry_run, "Only say what is in the file and what is missing", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  int status;

  fovea_import_form_init (form);
  if (!fovea_cli_parse ("models import", entries, argc, argv, 2, 2, &args, &status))
    return status;
  if (form->range != NULL && (form->mean != NULL || form->std != NULL))
    return fovea_cli_usage ("models import", "--range and --mean exclude each other");
  if (options.size < 0)
    return fovea_cli_usage ("models import", "--input-size is a number of pixels");
  form->size = (guint) options.size;
  form->bgr = options.bgr ? 1 : -1;
  read_labels (&options);
  return run_options (&options, &args);
}

const FoveaCommand fovea_cli_model_import_commands[] = {
  { "models import",
    "PROJECT FILE.onnx [--id NAME] [--labels FILE|A,B,C] [--range RANGE | --mean R,G,B --std R,G,B] [--fit FIT] [--input-size N] [--dry-run] …",
    "Take in a classifier or an embedder of another program. Says what is in the file, and what has to be said about it; it answers test "
    "pictures before anything is kept.",
    run_import },
  { NULL, NULL, NULL, NULL },
};
