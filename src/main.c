/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <locale.h>
#include <stdlib.h>

#include "app/app.h"
#include "cli/cli.h"

int
main (int argc, char **argv)
{
  gboolean handled;
  int status;

  setlocale (LC_ALL, "");
  status = fovea_cli_run (argc, argv, &handled);
  return handled ? status : fovea_app_run (argc, argv);
}
