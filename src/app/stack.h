/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Shows the page called @name and hides the others for good: the pages that a GtkStack does not show stay in the tree that assistive
 * technology reads, where two "Open" buttons would be told apart by nothing. */
void fovea_stack_show_only (GtkStack *stack, const char *name);

G_END_DECLS
