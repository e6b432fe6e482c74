/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/start-page.h"

#include "app/paths.h"
#include "engine/recent.h"

#define MAX_ROWS 6

struct _FoveaStartPage {
  AdwBin parent_instance;
  GtkWidget *new_button, *recent_group;
  GtkListBox *recent_list;
};

G_DEFINE_FINAL_TYPE (FoveaStartPage, fovea_start_page, ADW_TYPE_BIN)

static GtkWidget *
recent_row_new (const char *path)
{
  g_autofree char *name = fovea_display_project_name (path);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *place = fovea_display_folder (folder);
  g_autofree char *escaped_name = g_markup_escape_text (name, -1);
  g_autofree char *escaped_place = g_markup_escape_text (place, -1);
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), escaped_name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), escaped_place);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 1);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 1);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
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

static void
start_page_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), FOVEA_TYPE_START_PAGE);
  G_OBJECT_CLASS (fovea_start_page_parent_class)->dispose (object);
}

static void
fovea_start_page_class_init (FoveaStartPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = start_page_dispose;
  widget_class->grab_focus = start_page_grab_focus;
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
