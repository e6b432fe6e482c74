/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Threads that compute or run jobs give way to the thread that draws the window, where there is one: without that, a
 * job that uses every core takes turns of the scheduler from each frame. Only the program with the window asks for it;
 * on the command line a job is what the person waits for. */

/* From now on new threads give way. Called once, before the first of them starts. */
void fovea_background_enable (void);

/* Called first thing on such a thread: lowers its priority (nice + 10) when enabled, else does nothing. Threads that it
 * starts inherit that. A failure is not an error: the thread then runs as it is. */
void fovea_background_enter (void);

G_END_DECLS
