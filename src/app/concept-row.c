/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/concept-row.h"

#include <glib/gi18n.h>

#include "app/concept-color.h"

/* Names of so many letters fit into the two lines that a row of the sidebar has for them. */
#define MAX_PLAIN_NAME 24

struct _FoveaConceptRow {
  GtkListBoxRow parent_instance;
  FoveaConcept *concept;
  char key;
  FoveaConceptDot *dot;
  GtkLabel *name_label, *key_label, *count_label, *is_label, *not_label;
  GtkWidget *halves;
  GtkStack *name_stack;
  GtkEditable *name_entry;
};

G_DEFINE_FINAL_TYPE (FoveaConceptRow, fovea_concept_row, GTK_TYPE_LIST_BOX_ROW)

enum {
  PICTURES_DROPPED,
  CONCEPT_DROPPED,
  RENAMED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* What the row does not say: what belongs to the concept, else a name that may be cut. */
static char *
dup_tooltip (FoveaConcept *concept)
{
  const char *description = fovea_concept_get_description (concept), *name = fovea_concept_get_name (concept);

  if (description[0] != '\0')
    return g_strdup (description);
  return g_utf8_strlen (name, -1) > MAX_PLAIN_NAME ? g_strdup (name) : NULL;
}

static void
refresh (FoveaConceptRow *self)
{
  guint count = fovea_concept_get_count (self->concept);
  const char *name = fovea_concept_get_name (self->concept);
  g_autofree char *pictures = g_strdup_printf (ngettext ("%u picture", "%u pictures", count), count);
  g_autofree char *count_text = g_strdup_printf ("%u", count);
  g_autofree char *tooltip = dup_tooltip (self->concept);
  g_autofree char *not_text = g_strdup_printf (_("not %s"), name);
  g_autofree char *description = NULL;
  char key[2] = { self->key, '\0' };
  GdkRGBA color;

  fovea_concept_color_get (self->concept, &color);
  fovea_concept_dot_set_color (self->dot, &color);
  gtk_label_set_label (self->name_label, name);
  gtk_label_set_label (self->is_label, name);
  gtk_label_set_label (self->not_label, not_text);
  gtk_label_set_label (self->key_label, key);
  gtk_widget_set_visible (GTK_WIDGET (self->key_label), self->key != '\0');
  gtk_label_set_label (self->count_label, count_text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), tooltip);

  /* Translators: what is said of a concept: "key 1, 62 pictures". */
  description = self->key != '\0' ? g_strdup_printf (_("key %s, %s"), key, pictures) : g_strdup (pictures);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description, -1);
}

/* ---- pictures and concepts that are dragged over it ---- */

static gboolean
carries_pictures (GtkDropTarget *target)
{
  GdkDrop *drop = gtk_drop_target_get_current_drop (target);

  return drop != NULL && gdk_content_formats_contain_gtype (gdk_drop_get_formats (drop), FOVEA_TYPE_PICTURE_SET);
}

static gboolean
is_not_half (FoveaConceptRow *self, double x)
{
  gboolean second = x > gtk_widget_get_width (GTK_WIDGET (self)) / 2.0;

  return second != (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL);
}

static gboolean
is_lower_half (FoveaConceptRow *self, double y)
{
  return y > gtk_widget_get_height (GTK_WIDGET (self)) / 2.0;
}

static void
set_class (gpointer widget, const char *name, gboolean on)
{
  if (on)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

static void
show_drop (FoveaConceptRow *self, gboolean pictures, gboolean concept, double x, double y)
{
  gtk_widget_set_visible (self->halves, pictures);
  set_class (self->is_label, "active", pictures && !is_not_half (self, x));
  set_class (self->not_label, "active", pictures && is_not_half (self, x));
  set_class (self, "drop-above", concept && !is_lower_half (self, y));
  set_class (self, "drop-below", concept && is_lower_half (self, y));
}

static GdkDragAction
on_motion (GtkDropTarget *target, double x, double y, FoveaConceptRow *self)
{
  gboolean pictures = carries_pictures (target);

  show_drop (self, pictures, !pictures, x, y);
  return pictures ? GDK_ACTION_COPY : GDK_ACTION_MOVE;
}

static void
on_leave (GtkDropTarget *target, FoveaConceptRow *self)
{
  show_drop (self, FALSE, FALSE, 0.0, 0.0);
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, FoveaConceptRow *self)
{
  show_drop (self, FALSE, FALSE, 0.0, 0.0);
  if (G_VALUE_HOLDS (value, FOVEA_TYPE_PICTURE_SET))
    g_signal_emit (self, signals[PICTURES_DROPPED], 0, g_value_get_boxed (value), is_not_half (self, x));
  else if (g_value_get_object (value) != self->concept)
    g_signal_emit (self, signals[CONCEPT_DROPPED], 0, g_value_get_object (value), is_lower_half (self, y));
  return TRUE;
}

static GdkContentProvider *
on_drag_prepare (GtkDragSource *source, double x, double y, FoveaConceptRow *self)
{
  if (g_str_equal (gtk_stack_get_visible_child_name (self->name_stack), "entry"))
    return NULL;
  return gdk_content_provider_new_typed (FOVEA_TYPE_CONCEPT, self->concept);
}

static void
on_drag_begin (GtkDragSource *source, GdkDrag *drag, FoveaConceptRow *self)
{
  GtkWidget *label = gtk_label_new (fovea_concept_get_name (self->concept));

  gtk_widget_add_css_class (label, "drag-label");
  gtk_drag_icon_set_child (GTK_DRAG_ICON (gtk_drag_icon_get_for_drag (drag)), label);
}

void
fovea_concept_row_make_editable (FoveaConceptRow *self)
{
  GType types[] = { FOVEA_TYPE_PICTURE_SET, FOVEA_TYPE_CONCEPT };
  GtkDropTarget *target = gtk_drop_target_new (G_TYPE_INVALID, GDK_ACTION_COPY | GDK_ACTION_MOVE);
  GtkDragSource *source = gtk_drag_source_new ();

  gtk_drop_target_set_gtypes (target, types, G_N_ELEMENTS (types));
  g_signal_connect (target, "enter", G_CALLBACK (on_motion), self);
  g_signal_connect (target, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (target, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
  gtk_drag_source_set_actions (source, GDK_ACTION_MOVE);
  g_signal_connect (source, "prepare", G_CALLBACK (on_drag_prepare), self);
  g_signal_connect (source, "drag-begin", G_CALLBACK (on_drag_begin), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (source));
}

/* ---- renaming in place ---- */

static void
end_rename (FoveaConceptRow *self, gboolean take, gboolean stay)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (self->name_entry)));

  if (!g_str_equal (gtk_stack_get_visible_child_name (self->name_stack), "entry"))
    return;
  gtk_stack_set_visible_child_name (self->name_stack, "label");
  if (stay)
    gtk_widget_grab_focus (GTK_WIDGET (self));
  if (take && name[0] != '\0' && !g_str_equal (name, fovea_concept_get_name (self->concept)))
    g_signal_emit (self, signals[RENAMED], 0, name);
}

static void
on_entry_activate (FoveaConceptRow *self)
{
  end_rename (self, TRUE, TRUE);
}

/* Whoever goes elsewhere meanwhile keeps what was typed, as in a file manager. */
static void
on_entry_left (FoveaConceptRow *self)
{
  end_rename (self, gtk_widget_get_mapped (GTK_WIDGET (self)), FALSE);
}

static gboolean
on_entry_key (GtkEventControllerKey *controller, guint keyval, guint keycode, GdkModifierType state, FoveaConceptRow *self)
{
  if (keyval != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;
  end_rename (self, FALSE, TRUE);
  return GDK_EVENT_STOP;
}

void
fovea_concept_row_start_rename (FoveaConceptRow *self)
{
  gtk_editable_set_text (self->name_entry, fovea_concept_get_name (self->concept));
  gtk_stack_set_visible_child_name (self->name_stack, "entry");
  gtk_widget_grab_focus (GTK_WIDGET (self->name_entry));
  gtk_editable_select_region (self->name_entry, 0, -1);
}

/* ---- the object ---- */

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
                                            G_TYPE_NONE, 2, FOVEA_TYPE_PICTURE_SET, G_TYPE_BOOLEAN);
  signals[CONCEPT_DROPPED] = g_signal_new ("concept-dropped", FOVEA_TYPE_CONCEPT_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 2, FOVEA_TYPE_CONCEPT, G_TYPE_BOOLEAN);
  signals[RENAMED] = g_signal_new ("renamed", FOVEA_TYPE_CONCEPT_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                   G_TYPE_STRING);
  g_type_ensure (FOVEA_TYPE_CONCEPT_DOT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/concept-row.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, dot);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, name_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, key_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, count_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, halves);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, is_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, not_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, name_stack);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptRow, name_entry);
}

static void
fovea_concept_row_init (FoveaConceptRow *self)
{
  GtkEventController *keys = gtk_event_controller_key_new (), *focus = gtk_event_controller_focus_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_entry_key), self);
  g_signal_connect_swapped (focus, "leave", G_CALLBACK (on_entry_left), self);
  gtk_widget_add_controller (GTK_WIDGET (self->name_entry), keys);
  gtk_widget_add_controller (GTK_WIDGET (self->name_entry), focus);
  g_signal_connect_swapped (self->name_entry, "activate", G_CALLBACK (on_entry_activate), self);
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
