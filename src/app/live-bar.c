/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/live-bar.h"

#include <glib/gi18n.h>

struct _FoveaLiveBar {
  AdwBin parent_instance;
  FoveaLive *live;
  GtkMenuButton *live_button;
  GtkLabel *label, *message;
  GtkWidget *busy;
  GtkSwitch *enabled_switch;
  GtkWidget *accept_button, *useful_button;
};

G_DEFINE_FINAL_TYPE (FoveaLiveBar, fovea_live_bar, ADW_TYPE_BIN)

static char *
dup_ready_text (FoveaLive *live)
{
  double low, high, accuracy = fovea_live_get_accuracy (live, &low, &high);
  guint n = fovea_live_get_n_suggested (live), n_evaluated = fovea_live_get_n_evaluated (live);

  if (accuracy < 0.0 && n == 0)
    return g_strdup (_("Everything is labelled"));
  if (accuracy < 0.0)
    return g_strdup_printf (ngettext ("%u suggestion", "%u suggestions", n), n);
  if (n == 0)
    return g_strdup_printf (ngettext ("Suggestions are about %.0f %% right (%.0f to %.0f %%, tried on %u labelled picture)",
                                      "Suggestions are about %.0f %% right (%.0f to %.0f %%, tried on %u labelled pictures)", n_evaluated),
                            accuracy * 100.0, low * 100.0, high * 100.0, n_evaluated);
  /* Translators: how many pictures have a suggestion, the share that is right, its interval, and of how many labelled pictures:
   * "680 suggestions, about 86 % right (82 to 90 %, tried on 120 pictures)". */
  return g_strdup_printf (ngettext ("%u suggestion, about %.0f %% right (%.0f to %.0f %%, tried on %u pictures)",
                                    "%u suggestions, about %.0f %% right (%.0f to %.0f %%, tried on %u pictures)", n),
                          n, accuracy * 100.0, low * 100.0, high * 100.0, n_evaluated);
}

static char *
dup_text (FoveaLive *live)
{
  switch (fovea_live_get_state (live))
    {
    case FOVEA_LIVE_OFF: return g_strdup (_("Suggestions are off"));
    case FOVEA_LIVE_TOO_FEW: return g_strdup (_("No suggestions yet"));
    case FOVEA_LIVE_WAITING_FOR_VECTORS: return g_strdup (_("Looking at the pictures…"));
    case FOVEA_LIVE_FITTING: return g_strdup (_("Learning…"));
    case FOVEA_LIVE_READY:
    default: return dup_ready_text (live);
    }
}

static void
refresh (FoveaLiveBar *self)
{
  g_autofree char *text = dup_text (self->live);
  g_autofree char *message = fovea_live_dup_message (self->live);
  gboolean ready = fovea_live_get_state (self->live) == FOVEA_LIVE_READY;

  gtk_label_set_label (self->label, text);
  gtk_label_set_label (self->message, message);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->live_button), message);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->live_button), GTK_ACCESSIBLE_PROPERTY_LABEL, text,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, message, -1);
  gtk_widget_set_opacity (self->busy, fovea_live_get_busy (self->live) ? 1.0 : 0.0);
  gtk_widget_set_sensitive (self->accept_button, ready && fovea_live_get_n_suggested (self->live) > 0);
  if (gtk_switch_get_active (self->enabled_switch) != fovea_live_get_enabled (self->live))
    gtk_switch_set_active (self->enabled_switch, fovea_live_get_enabled (self->live));
}

static void
on_enabled (FoveaLiveBar *self)
{
  fovea_live_set_enabled (self->live, gtk_switch_get_active (self->enabled_switch));
}

void
fovea_live_bar_set_live (FoveaLiveBar *self, FoveaLive *live)
{
  g_return_if_fail (self->live == NULL);
  self->live = g_object_ref (live);
  g_signal_connect_object (live, "notify", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (live, "updated", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  refresh (self);
  g_signal_connect_swapped (self->enabled_switch, "notify::active", G_CALLBACK (on_enabled), self);
}

static void
popdown (FoveaLiveBar *self)
{
  gtk_menu_button_popdown (self->live_button);
}

static void
live_bar_dispose (GObject *object)
{
  g_clear_object (&FOVEA_LIVE_BAR (object)->live);
  G_OBJECT_CLASS (fovea_live_bar_parent_class)->dispose (object);
}

static void
fovea_live_bar_class_init (FoveaLiveBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = live_bar_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/live-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaLiveBar, live_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaLiveBar, label);
  gtk_widget_class_bind_template_child (widget_class, FoveaLiveBar, message);
  gtk_widget_class_bind_template_child (widget_class, FoveaLiveBar, busy);
  gtk_widget_class_bind_template_child (widget_class, FoveaLiveBar, enabled_switch);
  gtk_widget_class_bind_template_child (widget_class, FoveaLiveBar, accept_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaLiveBar, useful_button);
}

static void
fovea_live_bar_init (FoveaLiveBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->accept_button, "clicked", G_CALLBACK (popdown), self);
  g_signal_connect_swapped (self->useful_button, "clicked", G_CALLBACK (popdown), self);
}
