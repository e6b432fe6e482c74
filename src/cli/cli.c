/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli.h"

#include "config.h"
#include "nn/bench-embed.h"
#include "nn/nn-run.h"

int
fovea_cli_run (int argc, char **argv, gboolean *ret_handled)
{
  *ret_handled = FALSE;
  if (argc > 1 && g_str_equal (argv[1], "--version"))
    {
      g_print ("fovea %s\n", FOVEA_VERSION);
      *ret_handled = TRUE;
    }
  if (argc > 2 && g_str_equal (argv[1], "nn") && g_str_equal (argv[2], "run"))
    {
      *ret_handled = TRUE;
      return fovea_nn_run_main (argc - 2, argv + 2);
    }
  if (argc > 2 && g_str_equal (argv[1], "bench") && g_str_equal (argv[2], "embed"))
    {
      *ret_handled = TRUE;
      return fovea_bench_embed_main (argc - 2, argv + 2);
    }
  return 0;
}
