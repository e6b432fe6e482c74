/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/background.h"

#include <errno.h>
#include <sys/resource.h>

#define STEP 10
#define LOWEST 19

static int enabled;

void
fovea_background_enable (void)
{
  g_atomic_int_set (&enabled, TRUE);
}

void
fovea_background_enter (void)
{
  int now;

  if (!g_atomic_int_get (&enabled))
    return;
  /* On Linux, process 0 is the calling thread alone. */
  errno = 0;
  now = getpriority (PRIO_PROCESS, 0);
  if (errno == 0 && setpriority (PRIO_PROCESS, 0, MIN (now + STEP, LOWEST)) != 0)
    g_debug ("A thread keeps its priority: %s", g_strerror (errno));
}
