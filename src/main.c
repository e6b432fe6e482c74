/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "cli/cli.h"
#include "vision/decoder.h"

int
main (int argc, char **argv)
{
  gboolean handled;
  int status;

  /* Before anything else: the decoder helper reads hostile files and carries as little as it can. */
  if (argc == 3 && strcmp (argv[1], "--decoder") == 0)
    return fovea_decoder_helper_main (atoi (argv[2]));

  setlocale (LC_ALL, "");
  status = fovea_cli_run (argc, argv, &handled);
  return handled ? status : fovea_app_run (argc, argv);
}
