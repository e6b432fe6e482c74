/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/label-popover.h"

#include <glib/gi18n.h>

#include "app/concept-row.h"

struct _FoveaLabelPopover {
  GtkPopover parent_instance;
  FoveaConceptList *concepts;
  FoveaLabelValue value;
  GtkCustomFilter *filter;
  const char *action; /* (nullable) interned */
  char *folded; /* what is typed, case folded; "" nothing */
  GtkSearchEntry *entry;
  GtkListBox *list;
  GtkWidget *title, *create_button;
  GtkLabel *create_label;
};

G_DEFINE_FINAL_TYPE (FoveaLabelPopover, fovea_label_popover, GTK_TYPE_POPOVER)

static void
label_with (FoveaLabelPopover *self, const char *name)
{
  g_autofree char *copy = g_strdup (name);

  gtk_popover_popdown (GTK_POPOVER (self));
  if (self->action == NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), self->value == FOVEA_LABEL_NEGATIVE ? "win.label-not" : "win.label", "s", copy);
  else
    gtk_widget_activate_action (GTK_WIDGET (self), self->action, "s", copy);
}

static char *
dup_typed (FoveaLabelPopover *self)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->entry))));
}

static gboolean
is_shown (gpointer concept, gpointer data)
{
  FoveaLabelPopover *self = data;
  g_autofree char *name = g_utf8_casefold (fovea_concept_get_name (concept), -1);

  return strstr (name, self->folded) != NULL;
}

static void
select_first (FoveaLabelPopover *self)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, 0);

  if (row != NULL)
    gtk_list_box_select_row (self->list, row);
}

static void
on_typed (FoveaLabelPopover *self)
{
  g_autofree char *typed = dup_typed (self);
  gboolean is_new = typed[0] != '\0' && fovea_concept_list_lookup_name (self->concepts, typed) == NULL;
  g_autofree char *text = g_strdup_printf (_("New concept “%s”"), typed);

  g_free (self->folded);
  self->folded = g_utf8_casefold (typed, -1);
  gtk_filter_changed (GTK_FILTER (self->filter), GTK_FILTER_CHANGE_DIFFERENT);
  gtk_label_set_label (self->create_label, text);
  gtk_widget_set_visible (self->create_button, is_new);
  select_first (self);
}

static void
on_row_activated (GtkListBox *list, GtkListBoxRow *row, FoveaLabelPopover *self)
{
  label_with (self, fovea_concept_get_name (fovea_concept_row_get_concept (FOVEA_CONCEPT_ROW (row))));
}

static void
on_activate (FoveaLabelPopover *self)
{
  g_autofree char *typed = dup_typed (self);
  FoveaConcept *exact = typed[0] != '\0' ? fovea_concept_list_lookup_name (self->concepts, typed) : NULL;
  GtkListBoxRow *row = gtk_list_box_get_selected_row (self->list);

  if (exact != NULL)
    label_with (self, fovea_concept_get_name (exact));
  else if (row != NULL)
    on_row_activated (self->list, row, self);
  else if (typed[0] != '\0')
    label_with (self, typed);
}

static void
on_create (FoveaLabelPopover *self)
{
  g_autofree char *typed = dup_typed (self);

  label_with (self, typed);
}

static GtkWidget *
create_row (gpointer item, gpointer data)
{
  return fovea_concept_row_new (item);
}

static void
label_popover_map (GtkWidget *widget)
{
  FoveaLabelPopover *self = FOVEA_LABEL_POPOVER (widget);

  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
  on_typed (self);
  GTK_WIDGET_CLASS (fovea_label_popover_parent_class)->map (widget);
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

static void
label_popover_dispose (GObject *object)
{
  FoveaLabelPopover *self = FOVEA_LABEL_POPOVER (object);

  if (self->list != NULL)
    gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
  if (self->filter != NULL)
    gtk_custom_filter_set_filter_func (self->filter, NULL, NULL, NULL); /* it may outlive us in the model */
  g_clear_object (&self->filter);
  g_clear_object (&self->concepts);
  G_OBJECT_CLASS (fovea_label_popover_parent_class)->dispose (object);
}

static void
label_popover_finalize (GObject *object)
{
  g_free (FOVEA_LABEL_POPOVER (object)->folded);
  G_OBJECT_CLASS (fovea_label_popover_parent_class)->finalize (object);
}

static void
fovea_label_popover_class_init (FoveaLabelPopoverClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = label_popover_dispose;
  G_OBJECT_CLASS (klass)->finalize = label_popover_finalize;
  widget_class->map = label_popover_map;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/label-popover.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaLabelPopover, entry);
  gtk_widget_class_bind_template_child (widget_class, FoveaLabelPopover, title);
  gtk_widget_class_bind_template_child (widget_class, FoveaLabelPopover, list);
  gtk_widget_class_bind_template_child (widget_class, FoveaLabelPopover, create_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaLabelPopover, create_label);
}

static void
fovea_label_popover_init (FoveaLabelPopover *self)
{
  self->folded = g_strdup ("");
  gtk_widget_init_template (GTK_WIDGET (self));
  self->filter = gtk_custom_filter_new (is_shown, self, NULL);
  gtk_search_entry_set_key_capture_widget (self->entry, GTK_WIDGET (self->list));
  g_signal_connect_swapped (self->entry, "changed", G_CALLBACK (on_typed), self);
  g_signal_connect_swapped (self->entry, "stop-search", G_CALLBACK (gtk_popover_popdown), self);
  g_signal_connect_swapped (self->entry, "activate", G_CALLBACK (on_activate), self);
  g_signal_connect (self->list, "row-activated", G_CALLBACK (on_row_activated), self);
  g_signal_connect_swapped (self->create_button, "clicked", G_CALLBACK (on_create), self);
}

GtkWidget *
fovea_label_popover_new (FoveaConceptList *concepts)
{
  FoveaLabelPopover *self = g_object_new (FOVEA_TYPE_LABEL_POPOVER, NULL);
  g_autoptr (GtkFilterListModel) shown =
    gtk_filter_list_model_new (G_LIST_MODEL (g_object_ref (concepts)), GTK_FILTER (g_object_ref (self->filter)));

  self->concepts = g_object_ref (concepts);
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (shown), create_row, NULL, NULL);
  return GTK_WIDGET (self);
}

void
fovea_label_popover_set_value (FoveaLabelPopover *self, FoveaLabelValue value)
{
  self->value = value;
  gtk_widget_set_visible (self->title, value == FOVEA_LABEL_NEGATIVE);
}

void
fovea_label_popover_set_action (FoveaLabelPopover *self, const char *action)
{
  self->action = g_intern_string (action);
}
