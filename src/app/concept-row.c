/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/concept-row.h"

#include <glib/gi18n.h>

#include "app/concept-color.h"

struct _FoveaConceptRow {
  GtkListBoxRow parent_instance;
  FoveaConcept *concept;
  char key;
  FoveaConceptDot *dot;
  GtkLabel *name_label, *key_label, *count_label;
};

G_DEFINE_FINAL_TYPE (FoveaConceptRow, fovea_concept_row, GTK_TYPE_LIST_BOX_ROW)

enum {
  PICTURES_DROPPED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
refresh (FoveaConceptRow *self)
{
  guint count = fovea_concept_get_count (self->concept);
  const char *name = fovea_concept_get_name (self->concept);
  g_autofree char *pictures = g_strdup_printf (ngettext ("%u picture", "%u pictures", count), count);
  g_autofree char *count_text = g_strdup_printf ("%u", count);
  g_autofree char *description = NULL;
  char key[2] = { self->key, '\0' };
  GdkRGBA color;

  fovea_concept_color_get (self->concept, &color);
  fovea_concept_dot_set_color (self->dot, &color);
  gtk_label_set_label (self->name_label, name);
  gtk_label_set_label (self->key_label, key);
  gtk_widget_set_visible (GTK_WIDGET (self->key_label), self->key != '\0');
  gtk_label_set_label (self->count_label, count_text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), name);

  /* Translators: what is said of a concept: "key 1, 62 pictures". */
  description = self->key != '\0' ? g_strdup_printf (_("key %s, %s"), key, pictures) : g_strdup (pictures);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description, -1);
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, FoveaConceptRow *self)
{
  g_signal_emit (self, signals[PICTURES_DROPPED], 0, g_value_get_boxed (value));
  return TRUE;
}

static void
concept_row_dispose (GObject *object)
{
  FoveaConceptRow *self = FOVEA_CONCEPT_ROW (object);

  if (self->concept != NULL)
    g_signal_handlers_disconnect_by_data (self->concept, self);
  g_clear_object (&self->concept);
  G_OBJECT_CLASS (fovea_concept_row_parent_class)->dispose (object);
}

static void
fovea_concept_row_class_init (FoveaConceptRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = concept_row_dispose;
  signals[PICTURES_DROPPED] = g_signal_new ("pictures-dropped", FOVEA_TYPE_CONCEPT_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                            G_TYPE_NONE, 1, FOVEA_TYPE_PICTURE_SET);
  g_type_ensure (FOVEA_TYPE_CONCEPT_DOT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/concept-row.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, dot);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, name_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, key_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, count_label);
}

static void
fovea_concept_row_init (FoveaConceptRow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (FOVEA_TYPE_PICTURE_SET, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

GtkWidget *
fovea_concept_row_new (FoveaConcept *concept)
{
  FoveaConceptRow *self = g_object_new (FOVEA_TYPE_CONCEPT_ROW, NULL);

  self->concept = g_object_ref (concept);
  g_signal_connect_swapped (concept, "notify", G_CALLBACK (refresh), self);
  refresh (self);
  return GTK_WIDGET (self);
}

FoveaConcept *
fovea_concept_row_get_concept (FoveaConceptRow *self)
{
  return self->concept;
}

void
fovea_concept_row_set_key (FoveaConceptRow *self, char key)
{
  if (self->key == key)
    return;
  self->key = key;
  refresh (self);
}
