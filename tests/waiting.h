/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* How tests wait for what comes in its own time: by the condition, never for a while. The limit is for what goes wrong, on a machine
 * that does much else. */

#define WAIT_US (60 * G_USEC_PER_SEC)

static inline gboolean
wake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Runs the main loop until the condition holds, which it must in the end. */
#define WAIT_FOR(condition)                                     \
  G_STMT_START                                                  \
  {                                                             \
    gint64 until = g_get_monotonic_time () + WAIT_US;           \
    guint waker = g_timeout_add (10, wake, NULL);               \
    while (!(condition) && g_get_monotonic_time () < until)     \
      g_main_context_iteration (NULL, TRUE);                    \
    g_source_remove (waker);                                    \
    g_assert_true (condition);                                  \
  }                                                             \
  G_STMT_END
