/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/accessible-names.h"

#include <adwaita.h>
#include <glib/gi18n.h>

static GQuark mended; /* of what was on the screen before */

static void
set_label (GtkWidget *widget, const char *label)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/* The first widget of @type below @widget; NULL if there is none. */
static GtkWidget *
find_below (GtkWidget *widget, GType type)
{
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = G_TYPE_CHECK_INSTANCE_TYPE (child, type) ? child : find_below (child, type);

      if (found != NULL)
        return found;
    }
  return NULL;
}

/* The keyboard is in its text, which has no role and so is nothing at all to an assistive program. */
static void
mend_entry_row (GtkWidget *row)
{
  GtkEditable *text = gtk_editable_get_delegate (GTK_EDITABLE (row));

  g_object_set (text, "accessible-role", GTK_ACCESSIBLE_ROLE_TEXT_BOX, NULL);
  set_label (GTK_WIDGET (text), adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)));
}

/* The list of the header, and that of what it opens. */
static void
name_lists (GtkWidget *widget, const char *name)
{
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (GTK_IS_LIST_BOX (child))
      set_label (child, name);
    else
      name_lists (child, name);
}

static void
on_expanded (AdwExpanderRow *row, GParamSpec *pspec, GtkWidget *header)
{
  gtk_accessible_update_state (GTK_ACCESSIBLE (header), GTK_ACCESSIBLE_STATE_EXPANDED, adw_expander_row_get_expanded (row), -1);
}

/* The keyboard is in a header that is a row of a list of its own. */
static void
mend_expander_row (GtkWidget *row)
{
  GtkWidget *header = find_below (row, ADW_TYPE_ACTION_ROW);
  const char *title = adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row));

  set_label (row, title);
  name_lists (row, title);
  if (header == NULL)
    return;
  g_signal_connect_object (row, "notify::expanded", G_CALLBACK (on_expanded), header, 0);
  on_expanded (ADW_EXPANDER_ROW (row), NULL, header);
}

static void
describe_choice (GtkWidget *widget, gpointer item)
{
  if (GTK_IS_STRING_OBJECT (item))
    gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                    gtk_string_object_get_string (item), -1);
}

static void
on_selected (GtkDropDown *drop_down, GParamSpec *pspec, GtkWidget *button)
{
  describe_choice (button, gtk_drop_down_get_selected_item (drop_down));
}

/* The keyboard is in a button within it. */
static void
mend_drop_down (GtkWidget *drop_down)
{
  GtkWidget *button = find_below (drop_down, GTK_TYPE_TOGGLE_BUTTON);

  gtk_accessible_update_relation (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_RELATION_LABELLED_BY, drop_down, NULL, -1);
  g_signal_connect_object (drop_down, "notify::selected-item", G_CALLBACK (on_selected), button, 0);
  on_selected (GTK_DROP_DOWN (drop_down), NULL, button);
}

/* The keyboard is in a button within it. */
static void
mend_color_button (GtkWidget *color_button)
{
  gtk_accessible_update_relation (GTK_ACCESSIBLE (find_below (color_button, GTK_TYPE_BUTTON)), GTK_ACCESSIBLE_RELATION_LABELLED_BY,
                                  color_button, NULL, -1);
}

static void
on_row_selected (AdwComboRow *row)
{
  describe_choice (GTK_WIDGET (row), adw_combo_row_get_selected_item (row));
}

static void
mend_combo_row (GtkWidget *row)
{
  g_signal_connect (row, "notify::selected-item", G_CALLBACK (on_row_selected), NULL);
  on_row_selected (ADW_COMBO_ROW (row));
}

/* A group without a title is named where it is made, as a widget; of one with a title the list has that name. */
static void
mend_group (GtkWidget *group)
{
  const char *title = adw_preferences_group_get_title (ADW_PREFERENCES_GROUP (group));
  GtkWidget *list = find_below (group, GTK_TYPE_LIST_BOX);

  if (list != NULL && (title == NULL || title[0] == '\0'))
    gtk_accessible_update_relation (GTK_ACCESSIBLE (list), GTK_ACCESSIBLE_RELATION_LABELLED_BY, group, NULL, -1);
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

/* An action row names its widget by its title, which would be said after the widget's own name. */
static void
mend_suffix (GtkWidget *widget)
{
  if (gtk_widget_get_ancestor (widget, ADW_TYPE_ACTION_ROW) != NULL)
    gtk_accessible_reset_relation (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
}

/* That of a toast is named by its icon, which has no name. Else its label names it twice when a letter in it is underlined: as its child,
 * and as its mnemonic. */
static void
mend_button (GtkWidget *button)
{
  const char *label = gtk_button_get_label (GTK_BUTTON (button));
  g_autofree char *markup = label != NULL ? g_markup_escape_text (label, -1) : NULL;
  g_autofree char *name = NULL;

  if (gtk_button_get_icon_name (GTK_BUTTON (button)) != NULL
      && g_str_equal (G_OBJECT_TYPE_NAME (gtk_widget_get_parent (button)), "AdwToastWidget"))
    name = g_strdup (_("Close"));
  else if (label == NULL || !gtk_button_get_use_underline (GTK_BUTTON (button))
           || !pango_parse_markup (markup, -1, '_', NULL, &name, NULL, NULL))
    return;
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  set_label (button, name);
}

static void
mend (GtkWidget *widget)
{
  if (ADW_IS_ENTRY_ROW (widget))
    mend_entry_row (widget);
  else if (ADW_IS_EXPANDER_ROW (widget))
    mend_expander_row (widget);
  else if (ADW_IS_COMBO_ROW (widget))
    mend_combo_row (widget);
  else if (ADW_IS_PREFERENCES_GROUP (widget))
    mend_group (widget);
  else if (GTK_IS_DROP_DOWN (widget))
    mend_drop_down (widget);
  else if (GTK_IS_MENU_BUTTON (widget))
    g_signal_connect (widget, "query-tooltip", G_CALLBACK (on_query_tooltip), NULL);
  else if (GTK_IS_COLOR_BUTTON (widget))
    mend_color_button (widget);
  else if (GTK_IS_SWITCH (widget) || GTK_IS_CHECK_BUTTON (widget) || GTK_IS_SPIN_BUTTON (widget))
    mend_suffix (widget);
  else if (G_OBJECT_TYPE (widget) == GTK_TYPE_BUTTON)
    mend_button (widget);
  else
    return;
  g_object_set_qdata (G_OBJECT (widget), mended, GINT_TO_POINTER (TRUE));
}

static gboolean
on_realize (GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer data)
{
  GtkWidget *widget = g_value_get_object (values);

  if (g_object_get_qdata (G_OBJECT (widget), mended) == NULL)
    mend (widget);
  return TRUE;
}

void
fovea_accessible_names_init (void)
{
  mended = g_quark_from_static_string ("fovea-mended");
  g_type_class_unref (g_type_class_ref (GTK_TYPE_WIDGET)); /* the signal is there from now on */
  g_signal_add_emission_hook (g_signal_lookup ("realize", GTK_TYPE_WIDGET), 0, on_realize, NULL, NULL);
}

void
fovea_name_list_row (GtkWidget *child, const char *name)
{
  GtkWidget *row = gtk_widget_get_parent (child);

  if (row != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}
