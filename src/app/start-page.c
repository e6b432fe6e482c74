/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/start-page.h"

#include "app/paths.h"
#include "app/tab-stop.h"
#include "engine/recent.h"

#define MAX_ROWS 6

struct _FoveaStartPage {
  AdwBin parent_instance;
  GtkWidget *new_button, *recent_group;
  GtkListBox *recent_list;
};

G_DEFINE_FINAL_TYPE (FoveaStartPage, fovea_start_page, ADW_TYPE_BIN)

static GtkWidget *
line_new (const char *text, PangoEllipsizeMode ellipsize)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (label), ellipsize);
  return label;
}

/* Not an AdwActionRow: its subtitle wraps and is cut at once, and GTK 4.8 warns of the width of one as short as "~". */
static GtkWidget *
recent_row_new (const char *path)
{
  g_autofree char *name = fovea_display_project_name (path);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *place = fovea_display_folder (folder);
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  GtkWidget *title = line_new (name, PANGO_ELLIPSIZE_END), *subtitle = line_new (place, PANGO_ELLIPSIZE_MIDDLE);

  gtk_widget_add_css_class (subtitle, "dim-label");
  gtk_widget_add_css_class (subtitle, "caption");
  gtk_widget_add_css_class (box, "recent-row");
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), subtitle);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, place, -1);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (row), "app.open-recent");
  gtk_actionable_set_action_target_value (GTK_ACTIONABLE (row), g_variant_new_bytestring (path));
  return row;
}

void
fovea_start_page_refresh (FoveaStartPage *self)
{
  g_auto (GStrv) paths = fovea_recent_dup_paths ();
  GtkWidget *row;
  guint n = 0;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->recent_list))) != NULL)
    gtk_list_box_remove (self->recent_list, row);
  for (; paths[n] != NULL && n < MAX_ROWS; n++)
    gtk_list_box_append (self->recent_list, recent_row_new (paths[n]));
  gtk_widget_set_visible (self->recent_group, n > 0);
}

static gboolean
start_page_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (FOVEA_START_PAGE (widget)->new_button);
}

/* GTK's own asks to grab the focus at the end, which the new button always does: Shift+Tab would never get out. */
static gboolean
start_page_focus (GtkWidget *widget, GtkDirectionType direction)
{
  return gtk_widget_child_focus (adw_bin_get_child (ADW_BIN (widget)), direction);
}

static void
fovea_start_page_class_init (FoveaStartPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->grab_focus = start_page_grab_focus;
  widget_class->focus = start_page_focus;
  g_type_ensure (FOVEA_TYPE_TAB_STOP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/start-page.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaStartPage, new_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaStartPage, recent_group);
  gtk_widget_class_bind_template_child (widget_class, FoveaStartPage, recent_list);
}

static void
fovea_start_page_init (FoveaStartPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
fovea_start_page_new (void)
{
  return g_object_new (FOVEA_TYPE_START_PAGE, NULL);
}
