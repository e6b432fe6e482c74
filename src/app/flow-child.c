/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/flow-child.h"

struct _FoveaFlowChild {
  GtkFlowBoxChild parent_instance;
};

G_DEFINE_FINAL_TYPE (FoveaFlowChild, fovea_flow_child, GTK_TYPE_FLOW_BOX_CHILD)

static gboolean
flow_child_focus (GtkWidget *widget, GtkDirectionType direction)
{
  GtkWidget *content = gtk_flow_box_child_get_child (GTK_FLOW_BOX_CHILD (widget));

  return content != NULL && gtk_widget_child_focus (content, direction);
}

static void
fovea_flow_child_class_init (FoveaFlowChildClass *klass)
{
  GTK_WIDGET_CLASS (klass)->focus = flow_child_focus;
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
fovea_flow_child_init (FoveaFlowChild *self)
{
  gtk_widget_set_focusable (GTK_WIDGET (self), FALSE);
}

GtkWidget *
fovea_flow_child_new (GtkWidget *content)
{
  return g_object_new (FOVEA_TYPE_FLOW_CHILD, "child", content, NULL);
}
