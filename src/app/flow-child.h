/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A child of a GtkFlowBox that is only there for the layout: the keyboard goes to what is in it. (A GtkFlowBoxChild that is not focusable
 * says that it took the keyboard and does not, and Tab gets no further.) */
#define FOVEA_TYPE_FLOW_CHILD (fovea_flow_child_get_type ())
G_DECLARE_FINAL_TYPE (FoveaFlowChild, fovea_flow_child, FOVEA, FLOW_CHILD, GtkFlowBoxChild)

GtkWidget *fovea_flow_child_new (GtkWidget *content);

G_END_DECLS
