/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many threads, and how they wait for each other between two steps. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "nn/plan-private.h"

/* The others are usually a few microseconds behind; after about twenty of them the processor is given away. */
#define SPINS 600

/* The first hardware thread of @cpu's core; @cpu itself when the system does not say. */
static int
core_of (int cpu)
{
  g_autofree char *path =
    g_strdup_printf ("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL) || !g_ascii_isdigit (text[0]))
    return cpu;
  return (int) g_ascii_strtoll (text, NULL, 10);
}

static guint
count_cores (void)
{
  g_autoptr (GHashTable) cores = g_hash_table_new (NULL, NULL);
  cpu_set_t allowed;

  if (sched_getaffinity (0, sizeof allowed, &allowed) != 0)
    return MAX (1, g_get_num_processors ());
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET (cpu, &allowed))
      g_hash_table_add (cores, GINT_TO_POINTER (core_of (cpu)));
  return MAX (1, g_hash_table_size (cores));
}

guint
fovea_n_threads (void)
{
  guint n = count_cores ();
  const char *limit = g_getenv ("OMP_NUM_THREADS");
  guint64 wanted = limit != NULL ? g_ascii_strtoull (limit, NULL, 10) : 0;

  return wanted > 0 && wanted < n ? (guint) wanted : n;
}

static inline void
pause_a_little (void)
{
#if defined(__x86_64__)
  __builtin_ia32_pause ();
#endif
}

void
fovea_team_wait (const FoveaTeam *team)
{
  FoveaBarrier *barrier = team->barrier;
  int generation;

  if (team->n == 1)
    return;
  generation = __atomic_load_n (&barrier->generation, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch (&barrier->arrived, 1, __ATOMIC_ACQ_REL) == (int) team->n)
    {
      barrier->arrived = 0;
      __atomic_store_n (&barrier->generation, generation + 1, __ATOMIC_RELEASE);
      return;
    }
  for (guint i = 0; __atomic_load_n (&barrier->generation, __ATOMIC_ACQUIRE) == generation; i++)
    if (i < SPINS)
      pause_a_little ();
    else
      sched_yield ();
}

void
fovea_team_share (const FoveaTeam *team, gsize total, gsize *ret_from, gsize *ret_to)
{
  *ret_from = total * team->index / team->n;
  *ret_to = total * (team->index + 1) / team->n;
}
