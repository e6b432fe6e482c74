/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/report-window.h"

#include <glib/gi18n.h>

#include "app/accessible-names.h"
#include "app/tab-stop.h"

struct _FoveaReportWindow {
  AdwWindow parent_instance;
  FoveaJob *job;
  AdwWindowTitle *window_title;
  GtkWidget *copy_button;
  GtkListView *list;
};

G_DEFINE_FINAL_TYPE (FoveaReportWindow, fovea_report_window, ADW_TYPE_WINDOW)

/* ---- rows ---- */

static GtkWidget *
line_new (const char *css_class)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_selectable (GTK_LABEL (label), FALSE);
  gtk_widget_add_css_class (label, css_class);
  return label;
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *path = line_new ("report-path"), *reason = line_new ("dim-label");

  gtk_label_set_ellipsize (GTK_LABEL (path), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_wrap (GTK_LABEL (reason), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (reason), PANGO_WRAP_WORD_CHAR);
  gtk_widget_add_css_class (reason, "caption");
  gtk_box_append (GTK_BOX (box), path);
  gtk_box_append (GTK_BOX (box), reason);
  gtk_list_item_set_child (item, box);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, FoveaReportWindow *self)
{
  GtkWidget *path = gtk_widget_get_first_child (gtk_list_item_get_child (item));
  GtkWidget *reason = gtk_widget_get_next_sibling (path);
  guint index = (guint) g_ascii_strtoull (gtk_string_object_get_string (gtk_list_item_get_item (item)), NULL, 10);
  g_autoptr (FoveaReportRow) row = fovea_job_dup_report_row (self->job, index);
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;
  g_autofree char *row_name = NULL;

  if (row == NULL)
    return;
  name = g_filename_display_name (row->path);
  if (row->details != NULL && row->details[0] != '\0')
    text = g_strdup_printf (_("%s: %s"), row->description, row->details);
  else
    text = g_strdup (row->description);
  gtk_label_set_label (GTK_LABEL (path), name);
  gtk_widget_set_tooltip_text (path, name);
  gtk_label_set_label (GTK_LABEL (reason), text);
  row_name = g_strdup_printf ("%s: %s", name, text);
  fovea_name_list_row (gtk_list_item_get_child (item), row_name);
}

/* Failures come before duplicates: they are what a person looks for. */
static GListModel *
rows_new (FoveaJob *job)
{
  GtkStringList *failures = gtk_string_list_new (NULL);
  guint n = fovea_job_get_n_report_rows (job);

  for (int pass = 0; pass < 2; pass++)
    for (guint i = 0; i < n; i++)
      {
        g_autoptr (FoveaReportRow) row = fovea_job_dup_report_row (job, i);
        gboolean duplicate = row != NULL && row->code == 30100;

        if (row != NULL && duplicate == (pass == 1))
          gtk_string_list_take (failures, g_strdup_printf ("%u", i));
      }
  return G_LIST_MODEL (failures);
}

static void
on_copy (FoveaReportWindow *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint n = fovea_job_get_n_report_rows (self->job);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FoveaReportRow) row = fovea_job_dup_report_row (self->job, i);
      g_autofree char *name = row != NULL ? g_filename_display_name (row->path) : NULL;

      if (row != NULL)
        g_string_append_printf (text, "%s\t%s\t%s\n", name, row->description, row->details != NULL ? row->details : "");
    }
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text->str);
}

/* ---- the object ---- */

static void
report_window_dispose (GObject *object)
{
  FoveaReportWindow *self = FOVEA_REPORT_WINDOW (object);

  g_clear_object (&self->job);
  G_OBJECT_CLASS (fovea_report_window_parent_class)->dispose (object);
}

static void
fovea_report_window_class_init (FoveaReportWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = report_window_dispose;
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
  g_type_ensure (FOVEA_TYPE_TAB_STOP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/report-window.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaReportWindow, window_title);
  gtk_widget_class_bind_template_child (widget_class, FoveaReportWindow, copy_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaReportWindow, list);
}

static void
fovea_report_window_init (FoveaReportWindow *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), self);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), self);
  gtk_list_view_set_factory (self->list, factory);
  g_signal_connect_swapped (self->copy_button, "clicked", G_CALLBACK (on_copy), self);
}

GtkWidget *
fovea_report_window_new (FoveaJob *job)
{
  FoveaReportWindow *self = g_object_new (FOVEA_TYPE_REPORT_WINDOW, NULL);
  g_autoptr (GtkSelectionModel) model = NULL;

  self->job = g_object_ref (job);
  model = GTK_SELECTION_MODEL (gtk_no_selection_new (rows_new (job)));
  gtk_list_view_set_model (self->list, model);
  adw_window_title_set_subtitle (self->window_title, fovea_job_get_summary (job));
  return GTK_WIDGET (self);
}

void
fovea_report_window_present (FoveaJob *job, GtkWindow *parent)
{
  GtkWidget *window = fovea_report_window_new (job);

  gtk_window_set_transient_for (GTK_WINDOW (window), parent);
  gtk_window_set_application (GTK_WINDOW (window), gtk_window_get_application (parent));
  gtk_window_set_destroy_with_parent (GTK_WINDOW (window), TRUE);
  gtk_window_present (GTK_WINDOW (window));
}
