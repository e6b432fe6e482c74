/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli-private.h"
#include "config.h"

static const FoveaCommand *const groups[] = {
  fovea_cli_project_commands, fovea_cli_upkeep_commands, fovea_cli_import_commands, fovea_cli_export_commands, fovea_cli_label_commands,
  fovea_cli_model_commands, fovea_cli_model_import_commands, fovea_cli_advise_commands, fovea_cli_predict_commands, fovea_cli_pack_commands,
  fovea_cli_nn_commands,
};

const FoveaCommand *
fovea_cli_find_command (const char *words)
{
  for (gsize g = 0; g < G_N_ELEMENTS (groups); g++)
    for (const FoveaCommand *command = groups[g]; command->words != NULL; command++)
      if (g_str_equal (command->words, words))
        return command;
  return NULL;
}

/* Whether some command starts with @word. */
static gboolean
is_first_word (const char *word)
{
  gsize length = strlen (word);

  for (gsize g = 0; g < G_N_ELEMENTS (groups); g++)
    for (const FoveaCommand *command = groups[g]; command->words != NULL; command++)
      if (strncmp (command->words, word, length) == 0 && (command->words[length] == ' ' || command->words[length] == '\0'))
        return TRUE;
  return FALSE;
}

static int
print_help (FILE *to, const char *first_word)
{
  if (first_word == NULL)
    fprintf (to, "Usage: fovea [PROJECT.fovea]      open the window\n"
                 "       fovea COMMAND [ARGUMENTS]  work without it\n\n"
                 "From a folder of pictures to trained visual models. Commands (each takes --help):\n\n");
  else
    fprintf (to, "Usage: fovea %s COMMAND [ARGUMENTS]\n\n", first_word);
  for (gsize g = 0; g < G_N_ELEMENTS (groups); g++)
    for (const FoveaCommand *command = groups[g]; command->words != NULL; command++)
      {
        if (first_word != NULL && !g_str_has_prefix (command->words, first_word))
          continue;
        fprintf (to, "  %s %s\n      %s\n", command->words, command->arguments, command->summary);
      }
  if (first_word == NULL)
    fprintf (to, "\n  --version  --help\n\nExit status: 0 done (also when some files could not be read), 1 failed, 2 wrong usage.\n");
  return fflush (to) == 0 ? FOVEA_CLI_DONE : FOVEA_CLI_FAILED;
}

static int
run_command (const FoveaCommand *command, int argc, char **argv, int n_words)
{
  g_autofree char *name = g_strdup_printf ("fovea %s", command->words);
  g_autofree char **rest = g_new0 (char *, argc + 1);

  rest[0] = name;
  for (int i = n_words + 1; i < argc; i++)
    rest[i - n_words] = argv[i];
  g_set_prgname (name);
  return command->run (argc - n_words, rest);
}

static int
run_words (int argc, char **argv)
{
  const FoveaCommand *command = fovea_cli_find_command (argv[1]);

  if (command != NULL)
    return run_command (command, argc, argv, 1);
  if (argc > 2)
    {
      g_autofree char *two = g_strdup_printf ("%s %s", argv[1], argv[2]);

      command = fovea_cli_find_command (two);
      if (command != NULL)
        return run_command (command, argc, argv, 2);
      if (g_str_equal (argv[2], "--help") || g_str_equal (argv[2], "-h"))
        return print_help (stdout, argv[1]);
      fprintf (stderr, "fovea: there is no command “%s”\n\n", two);
    }
  print_help (stderr, argv[1]);
  return FOVEA_CLI_USAGE;
}

/* Words that are no file and no option are meant as a command. */
static gboolean
is_mistaken (const char *word)
{
  return word[0] != '-' && !g_str_has_suffix (word, ".fovea") && !g_str_has_prefix (word, "file:") && strchr (word, '/') == NULL
         && !g_file_test (word, G_FILE_TEST_EXISTS);
}

/* The window's own options, and those that GTK and GApplication understand; others are wrong usage. */
static gboolean
is_unknown_option (const char *word)
{
  static const char *const known[] = { "--profile-frames", "--gapplication-", "--display", "--help-", NULL };

  if (word[0] != '-' || g_str_equal (word, "--"))
    return FALSE;
  for (gsize i = 0; known[i] != NULL; i++)
    if (g_str_has_prefix (word, known[i]))
      return FALSE;
  return TRUE;
}

int
fovea_cli_run (int argc, char **argv, gboolean *ret_handled)
{
  *ret_handled = TRUE;
  if (argc < 2)
    {
      *ret_handled = FALSE;
      return 0;
    }
  if (g_str_equal (argv[1], "--version"))
    {
      printf ("fovea %s\n", FOVEA_VERSION);
      return fflush (stdout) == 0 ? FOVEA_CLI_DONE : FOVEA_CLI_FAILED;
    }
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h") || g_str_equal (argv[1], "help"))
    return print_help (stdout, NULL);
  if (is_first_word (argv[1]))
    return run_words (argc, argv);
  if (is_unknown_option (argv[1]))
    {
      fprintf (stderr, "fovea: there is no option “%s”; see fovea --help\n", argv[1]);
      return FOVEA_CLI_USAGE;
    }
  if (is_mistaken (argv[1]))
    {
      fprintf (stderr, "fovea: there is no command or file “%s”; see fovea --help\n", argv[1]);
      return FOVEA_CLI_USAGE;
    }
  *ret_handled = FALSE;
  return 0;
}
