/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Translates the window's words from here on: to be called once, after setlocale() and before the first string is looked up.
 * Catalogs are found beside the program (build/po for build/src/fovea, share/locale for bin/fovea), else where they were installed.
 * The command line never calls this: what it prints is read by programs and stays as it is written. */
void fovea_translations_start (void);

G_END_DECLS
