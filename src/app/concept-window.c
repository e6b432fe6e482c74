/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/concept-window.h"

#include <glib/gi18n.h>

#include "app/concept-color.h"
#include "app/flow-child.h"

struct _FoveaConceptWindow {
  AdwWindow parent_instance;
  FoveaConcept *concept;
  char *color; /* chosen: "#rrggbb" */
  GtkEditable *name_row, *description_row;
  AdwComboRow *key_row;
  GtkFlowBox *colors;
  GtkColorChooser *own_color;
  GtkWidget *save_button;
  GtkWidget *swatches[FOVEA_N_CONCEPT_COLORS];
};

G_DEFINE_FINAL_TYPE (FoveaConceptWindow, fovea_concept_window, ADW_TYPE_WINDOW)

enum {
  APPLIED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* ---- colour ---- */

static void
show_color (FoveaConceptWindow *self)
{
  GdkRGBA color;

  for (guint i = 0; i < FOVEA_N_CONCEPT_COLORS; i++)
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->swatches[i]),
                                  g_ascii_strcasecmp (self->color, fovea_concept_color_get_default (i)) == 0);
  if (gdk_rgba_parse (&color, self->color))
    gtk_color_chooser_set_rgba (self->own_color, &color);
}

static void
take_color (FoveaConceptWindow *self, const char *color)
{
  g_autofree char *old = self->color;

  self->color = g_strdup (color);
  show_color (self);
}

static void
on_swatch (GtkButton *swatch, FoveaConceptWindow *self)
{
  for (guint i = 0; i < FOVEA_N_CONCEPT_COLORS; i++)
    if (self->swatches[i] == GTK_WIDGET (swatch))
      take_color (self, fovea_concept_color_get_default (i));
}

static void
on_own_color (GtkColorButton *button, FoveaConceptWindow *self)
{
  g_autofree char *text = NULL;
  GdkRGBA color;

  gtk_color_chooser_get_rgba (self->own_color, &color);
  text = g_strdup_printf ("#%02x%02x%02x", (guint) (color.red * 255.0f + 0.5f), (guint) (color.green * 255.0f + 0.5f),
                          (guint) (color.blue * 255.0f + 0.5f));
  take_color (self, text);
}

static void
add_swatches (FoveaConceptWindow *self)
{
  static const char *const names[FOVEA_N_CONCEPT_COLORS] = {
    N_("Orange"), N_("Sky blue"), N_("Green"), N_("Yellow"), N_("Blue"),       N_("Vermilion"),
    N_("Pink"),   N_("Wine"),     N_("Teal"),  N_("Olive"),  N_("Steel blue"), N_("Purple"),
  };

  for (guint i = 0; i < FOVEA_N_CONCEPT_COLORS; i++)
    {
      GtkWidget *swatch = gtk_toggle_button_new (), *dot = fovea_concept_dot_new ();
      GdkRGBA color;

      gdk_rgba_parse (&color, fovea_concept_color_get_default (i));
      fovea_concept_dot_set_color (FOVEA_CONCEPT_DOT (dot), &color);
      gtk_button_set_child (GTK_BUTTON (swatch), dot);
      gtk_widget_add_css_class (swatch, "flat");
      gtk_widget_add_css_class (swatch, "swatch");
      gtk_widget_set_tooltip_text (swatch, _(names[i]));
      gtk_accessible_update_property (GTK_ACCESSIBLE (swatch), GTK_ACCESSIBLE_PROPERTY_LABEL, _(names[i]), -1);
      g_signal_connect (swatch, "clicked", G_CALLBACK (on_swatch), self);
      self->swatches[i] = swatch;
      gtk_flow_box_append (self->colors, fovea_flow_child_new (swatch)); /* the button in it is what one reaches */
    }
}

/* ---- saving ---- */

static void
on_name_changed (FoveaConceptWindow *self)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (self->name_row)));

  gtk_widget_set_sensitive (self->save_button, name[0] != '\0');
}

static void
on_save (FoveaConceptWindow *self)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (self->name_row)));
  g_autofree char *description = g_strstrip (g_strdup (gtk_editable_get_text (self->description_row)));
  guint key = adw_combo_row_get_selected (self->key_row);
  char key_text[2] = { key > 0 ? (char) ('0' + key) : '\0', '\0' };
  FoveaConceptChange change = { .name = name, .color = self->color, .key = key_text, .description = description };

  if (name[0] == '\0')
    return;
  g_signal_emit (self, signals[APPLIED], 0, &change);
  gtk_window_close (GTK_WINDOW (self));
}

/* ---- the object ---- */

static void
concept_window_finalize (GObject *object)
{
  FoveaConceptWindow *self = FOVEA_CONCEPT_WINDOW (object);

  g_clear_object (&self->concept);
  g_free (self->color);
  G_OBJECT_CLASS (fovea_concept_window_parent_class)->finalize (object);
}

static void
fovea_concept_window_class_init (FoveaConceptWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = concept_window_finalize;
  signals[APPLIED] = g_signal_new ("applied", FOVEA_TYPE_CONCEPT_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                   G_TYPE_POINTER);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/concept-window.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptWindow, name_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptWindow, description_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptWindow, key_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptWindow, colors);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptWindow, own_color);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptWindow, save_button);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
fovea_concept_window_init (FoveaConceptWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  add_swatches (self);
  g_signal_connect_swapped (self->name_row, "changed", G_CALLBACK (on_name_changed), self);
  g_signal_connect_swapped (self->name_row, "entry-activated", G_CALLBACK (on_save), self);
  g_signal_connect_swapped (self->description_row, "entry-activated", G_CALLBACK (on_save), self);
  g_signal_connect (self->own_color, "color-set", G_CALLBACK (on_own_color), self);
  g_signal_connect_swapped (self->save_button, "clicked", G_CALLBACK (on_save), self);
}

GtkWidget *
fovea_concept_window_new (GtkWindow *parent, FoveaConcept *concept)
{
  FoveaConceptWindow *self = g_object_new (FOVEA_TYPE_CONCEPT_WINDOW, "transient-for", parent, "modal", TRUE, "destroy-with-parent",
                                           TRUE, NULL);
  const char *key = fovea_concept_get_key (concept);

  self->concept = g_object_ref (concept);
  gtk_editable_set_text (self->name_row, fovea_concept_get_name (concept));
  gtk_editable_set_text (self->description_row, fovea_concept_get_description (concept));
  adw_combo_row_set_selected (self->key_row, key[0] >= '1' && key[0] <= '9' ? (guint) (key[0] - '0') : 0);
  take_color (self, fovea_concept_get_color (concept));
  gtk_widget_grab_focus (GTK_WIDGET (self->name_row));
  return GTK_WIDGET (self);
}

FoveaConcept *
fovea_concept_window_get_concept (FoveaConceptWindow *self)
{
  return self->concept;
}
