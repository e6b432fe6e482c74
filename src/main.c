/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <locale.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/app.h"
#include "cli/cli.h"
#include "vision/decoder.h"
#include "vision/unpack.h"

/* OpenMP's threads spin while they wait for work unless the environment says otherwise when the library is loaded,
 * which is before main: so the program starts itself once more. A short spin remains, for the pauses between two
 * steps. */
static void
restart_with_quiet_threads (char **argv)
{
  if (getenv ("OMP_WAIT_POLICY") != NULL || getenv ("FOVEA_RESTARTED") != NULL)
    return;
  setenv ("OMP_WAIT_POLICY", "passive", 1);
  setenv ("FOVEA_RESTARTED", "1", 1);
  execv ("/proc/self/exe", argv);
  /* Without /proc the program runs all the same, and warmer. */
}

/* The C library sets 64 MB of addresses aside for each of up to sixteen threads that allocate: too many where they are limited. */
static void
spare_addresses (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    mallopt (M_ARENA_MAX, 1);
}

int
main (int argc, char **argv)
{
  gboolean handled;
  int status;

  /* Before anything else: the helpers read hostile files and carry as little as they can. */
  if (argc == 3 && strcmp (argv[1], "--decoder") == 0)
    return fovea_decoder_helper_main ((int) strtol (argv[2], NULL, 10));
  if (argc == 3 && strcmp (argv[1], "--unpacker") == 0)
    return fovea_unpacker_helper_main ((int) strtol (argv[2], NULL, 10));

  restart_with_quiet_threads (argv);
  unsetenv ("FOVEA_RESTARTED"); /* the programs that are started from here are none of it */
  spare_addresses ();
  setlocale (LC_ALL, "");
  status = fovea_cli_run (argc, argv, &handled);
  return handled ? status : fovea_app_run (argc, argv);
}
