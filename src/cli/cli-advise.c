/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "cli/cli-private.h"
#include "engine/training-advice.h"

static int
print_advice (const FoveaTrainingAdvice *advice)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%s\n%s\n", advice->text, advice->reason);
  if (advice->advice != FOVEA_ADVICE_TOO_FEW)
    for (guint i = 0; i < FOVEA_LEARNING_PARTS; i++)
      {
        const FoveaLearningPoint *point = &advice->curve.points[i];

        g_string_append_printf (text, "%6.0f labelled pictures: %4.1f %% (%.1f to %.1f)\n", point->n_trained, point->accuracy * 100,
                                point->low * 100, point->high * 100);
      }
  return fovea_cli_print_text (text->str, FOVEA_CLI_DONE);
}

static int
run_advise (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autoptr (FoveaTrainingAdvice) advice = NULL;
  g_autoptr (JsonNode) node = NULL;
  FoveaProject *project;
  GError *error = NULL;
  int status;

  if (!fovea_cli_parse ("models advise", NULL, argc, argv, 1, 1, &args, &status))
    return status;
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  advice = fovea_project_advise (project, &error);
  if (advice == NULL)
    status = fovea_cli_fail (error);
  else if (args.json)
    {
      node = fovea_training_advice_dup_json (advice);
      status = fovea_cli_print_json (node, FOVEA_CLI_DONE);
    }
  else
    status = print_advice (advice);
  fovea_cli_close_project (project);
  return status;
}

const FoveaCommand fovea_cli_advise_commands[] = {
  { "models advise", "PROJECT", "Say whether more labels or deep training would help most, from a learning curve of the labels.", run_advise },
  { NULL, NULL, NULL, NULL },
};
