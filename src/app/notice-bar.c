/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/notice-bar.h"

#include <glib/gi18n.h>

#define SUBJECT "fovea-subject"
#define TEXT "fovea-text"

struct _FoveaNoticeBar {
  AdwBin parent_instance;
  GtkBox *box;
  GHashTable *closed; /* subject → text that was closed */
};

G_DEFINE_FINAL_TYPE (FoveaNoticeBar, fovea_notice_bar, ADW_TYPE_BIN)

static GtkWidget *
find (FoveaNoticeBar *self, const char *subject)
{
  for (GtkWidget *bar = gtk_widget_get_first_child (GTK_WIDGET (self->box)); bar != NULL; bar = gtk_widget_get_next_sibling (bar))
    if (g_strcmp0 (g_object_get_data (G_OBJECT (bar), SUBJECT), subject) == 0)
      return bar;
  return NULL;
}

void
fovea_notice_bar_hide (FoveaNoticeBar *self, const char *subject)
{
  GtkWidget *bar = find (self, subject);

  if (bar != NULL)
    gtk_box_remove (self->box, bar);
}

static void
on_close (GtkButton *button, FoveaNoticeBar *self)
{
  GtkWidget *bar = gtk_widget_get_parent (GTK_WIDGET (button));

  g_hash_table_replace (self->closed, g_strdup (g_object_get_data (G_OBJECT (bar), SUBJECT)),
                        g_strdup (g_object_get_data (G_OBJECT (bar), TEXT)));
  gtk_box_remove (self->box, bar);
}

/* GtkInfoBar's own button to close it has no name for assistive technology. */
static GtkWidget *
close_button_new (FoveaNoticeBar *self)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("window-close-symbolic");

  gtk_widget_add_css_class (button, "flat");
  gtk_widget_add_css_class (button, "circular");
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (button, _("Close this notice"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Close this notice"), -1);
  g_signal_connect (button, "clicked", G_CALLBACK (on_close), self);
  return button;
}

void
fovea_notice_bar_show (FoveaNoticeBar *self, const char *subject, const char *text, const char *button, const char *action)
{
  GtkWidget *bar, *label, *act;

  fovea_notice_bar_hide (self, subject);
  if (g_strcmp0 (g_hash_table_lookup (self->closed, subject), text) == 0)
    return;
  bar = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  gtk_widget_add_css_class (bar, "notice");
  label = g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_STATUS, "label", text, "wrap", TRUE, "xalign", 0.0,
                        "hexpand", TRUE, NULL);
  act = gtk_button_new_with_label (button);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (act), action);
  gtk_widget_set_valign (act, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (bar), label);
  gtk_box_append (GTK_BOX (bar), act);
  gtk_box_append (GTK_BOX (bar), close_button_new (self));
  g_object_set_data_full (G_OBJECT (bar), SUBJECT, g_strdup (subject), g_free);
  g_object_set_data_full (G_OBJECT (bar), TEXT, g_strdup (text), g_free);
  gtk_box_append (self->box, bar);
}

static void
notice_bar_finalize (GObject *object)
{
  g_hash_table_unref (FOVEA_NOTICE_BAR (object)->closed);
  G_OBJECT_CLASS (fovea_notice_bar_parent_class)->finalize (object);
}

static void
fovea_notice_bar_class_init (FoveaNoticeBarClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = notice_bar_finalize;
}

static void
fovea_notice_bar_init (FoveaNoticeBar *self)
{
  self->closed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->box = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 0));
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->box));
}
