/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "engine/project.h"

G_BEGIN_DECLS

/* A concept by typing: the list narrows to what is typed, Return takes the first (or the chosen) one, or makes a new concept when none has that
 * name. Activates win.label with the name, or win.label-not. */
#define FOVEA_TYPE_LABEL_POPOVER (fovea_label_popover_get_type ())
G_DECLARE_FINAL_TYPE (FoveaLabelPopover, fovea_label_popover, FOVEA, LABEL_POPOVER, GtkPopover)

GtkWidget *fovea_label_popover_new (FoveaConceptList *concepts);

/* What is said of the pictures with the concept: _POSITIVE (as at first) or _NEGATIVE. */
void fovea_label_popover_set_value (FoveaLabelPopover *self, FoveaLabelValue value);

/* Another action than win.label, with the same target. */
void fovea_label_popover_set_action (FoveaLabelPopover *self, const char *action);

G_END_DECLS
