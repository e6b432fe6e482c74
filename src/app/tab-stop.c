/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/tab-stop.h"

struct _FoveaTabStop {
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (FoveaTabStop, fovea_tab_stop, ADW_TYPE_BIN)

static gboolean
tab_stop_focus (GtkWidget *widget, GtkDirectionType direction)
{
  gboolean tab = direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD;
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  /* Not by the focus child, which a list keeps whose rows went away under the keyboard. */
  if (tab && focus != NULL && gtk_widget_is_ancestor (focus, widget))
    return FALSE;
  return GTK_WIDGET_CLASS (fovea_tab_stop_parent_class)->focus (widget, direction);
}

static void
fovea_tab_stop_class_init (FoveaTabStopClass *klass)
{
  GTK_WIDGET_CLASS (klass)->focus = tab_stop_focus;
}

static void
fovea_tab_stop_init (FoveaTabStop *self)
{
}
