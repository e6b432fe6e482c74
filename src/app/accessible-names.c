/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/accessible-names.h"

static void
name_menu_button (GtkMenuButton *button)
{
  const char *name = gtk_menu_button_get_label (button);
  GtkWidget *inner = gtk_widget_get_first_child (GTK_WIDGET (button));

  if (name == NULL || name[0] == '\0')
    name = gtk_widget_get_tooltip_text (GTK_WIDGET (button));
  if (name != NULL && GTK_IS_TOGGLE_BUTTON (inner))
    gtk_accessible_update_property (GTK_ACCESSIBLE (inner), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

/* What a button is for need not be said over what it has just opened. */
static gboolean
on_query_tooltip (GtkWidget *button, int x, int y, gboolean by_key, GtkTooltip *tooltip, gpointer data)
{
  GtkPopover *popover = gtk_menu_button_get_popover (GTK_MENU_BUTTON (button));

  if (popover != NULL && gtk_widget_get_visible (GTK_WIDGET (popover)))
    g_signal_stop_emission_by_name (button, "query-tooltip");
  return FALSE;
}

void
fovea_name_menu_buttons (GtkWidget *widget)
{
  if (GTK_IS_MENU_BUTTON (widget))
    {
      name_menu_button (GTK_MENU_BUTTON (widget));
      g_signal_connect (widget, "query-tooltip", G_CALLBACK (on_query_tooltip), NULL);
      return;
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    fovea_name_menu_buttons (child);
}

void
fovea_name_list_row (GtkWidget *child, const char *name)
{
  GtkWidget *row = gtk_widget_get_parent (child);

  if (row != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}
