/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/notice-bar.h"

#define SUBJECT "fovea-subject"

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
on_response (GtkInfoBar *bar, int response, FoveaNoticeBar *self)
{
  const char *subject = g_object_get_data (G_OBJECT (bar), SUBJECT);
  const char *text = g_object_get_data (G_OBJECT (bar), "fovea-text");

  g_hash_table_replace (self->closed, g_strdup (subject), g_strdup (text));
  gtk_box_remove (self->box, GTK_WIDGET (bar));
}

void
fovea_notice_bar_show (FoveaNoticeBar *self, const char *subject, const char *text, const char *button, const char *action)
{
  GtkWidget *bar, *label, *act;

  fovea_notice_bar_hide (self, subject);
  if (g_strcmp0 (g_hash_table_lookup (self->closed, subject), text) == 0)
    return;
  bar = gtk_info_bar_new ();
  label = gtk_label_new (text);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_info_bar_add_child (GTK_INFO_BAR (bar), label);
  act = gtk_button_new_with_label (button);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (act), action);
  gtk_widget_set_valign (act, GTK_ALIGN_CENTER);
  gtk_info_bar_add_child (GTK_INFO_BAR (bar), act);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_info_bar_set_show_close_button (GTK_INFO_BAR (bar), TRUE);
  g_object_set_data_full (G_OBJECT (bar), SUBJECT, g_strdup (subject), g_free);
  g_object_set_data_full (G_OBJECT (bar), "fovea-text", g_strdup (text), g_free);
  g_signal_connect (bar, "response", G_CALLBACK (on_response), self);
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
