/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/sidebar.h"

#include <glib/gi18n.h>

#include "app/concept-color.h"
#include "app/concept-row.h"
#include "app/place-row.h"

struct _FoveaSidebar {
  AdwBin parent_instance;
  FoveaProject *project;

  GtkListBox *places, *concepts;
  GtkMenuButton *add_button;
  GtkEditable *add_entry;
  GtkWidget *add_confirm;
};

G_DEFINE_FINAL_TYPE (FoveaSidebar, fovea_sidebar, ADW_TYPE_BIN)

enum {
  PAGE_SELECTED,
  CONCEPT_SELECTED,
  PICTURES_DROPPED,
  CONCEPT_ADDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* ---- rows ---- */

static void
on_pictures_dropped (FoveaConceptRow *row, FoveaPictureSet *set, FoveaSidebar *self)
{
  g_signal_emit (self, signals[PICTURES_DROPPED], 0, set, fovea_concept_row_get_concept (row));
}

static GtkWidget *
create_row (gpointer item, gpointer data)
{
  GtkWidget *row = fovea_concept_row_new (item);

  g_signal_connect (row, "pictures-dropped", G_CALLBACK (on_pictures_dropped), data);
  return row;
}

static void
update_keys (FoveaSidebar *self)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->concepts, i)) != NULL; i++)
    fovea_concept_row_set_key (FOVEA_CONCEPT_ROW (row), fovea_concept_key_get (concepts, (guint) i));
}

/* ---- selection ---- */

static void
on_place_activated (GtkListBox *box, GtkListBoxRow *row, FoveaSidebar *self)
{
  gtk_list_box_unselect_all (self->concepts);
  g_signal_emit (self, signals[PAGE_SELECTED], 0, fovea_place_row_get_page (FOVEA_PLACE_ROW (row)));
}

static void
on_concept_activated (GtkListBox *box, GtkListBoxRow *row, FoveaSidebar *self)
{
  gtk_list_box_unselect_all (self->places);
  g_signal_emit (self, signals[CONCEPT_SELECTED], 0, fovea_concept_row_get_concept (FOVEA_CONCEPT_ROW (row)));
}

void
fovea_sidebar_show_concept (FoveaSidebar *self, FoveaConcept *concept)
{
  GtkListBoxRow *row;

  gtk_list_box_unselect_all (self->places);
  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->concepts, i)) != NULL; i++)
    if (fovea_concept_row_get_concept (FOVEA_CONCEPT_ROW (row)) == concept)
      gtk_list_box_select_row (self->concepts, row);
}

void
fovea_sidebar_show_page (FoveaSidebar *self, FoveaPage *page)
{
  GtkListBoxRow *row;

  gtk_list_box_unselect_all (self->concepts);
  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->places, i)) != NULL; i++)
    if (fovea_place_row_get_page (FOVEA_PLACE_ROW (row)) == page)
      gtk_list_box_select_row (self->places, row);
}

void
fovea_sidebar_add_page (FoveaSidebar *self, FoveaPage *page)
{
  gtk_list_box_append (self->places, fovea_place_row_new (page));
}

/* ---- adding ---- */

static void
on_add_changed (FoveaSidebar *self)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (self->add_entry)));

  gtk_widget_set_sensitive (self->add_confirm, name[0] != '\0');
}

static void
on_add_confirmed (FoveaSidebar *self)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (self->add_entry)));

  if (name[0] == '\0')
    return;
  gtk_editable_set_text (self->add_entry, "");
  gtk_menu_button_popdown (self->add_button);
  g_signal_emit (self, signals[CONCEPT_ADDED], 0, name);
}

/* ---- the object ---- */

void
fovea_sidebar_set_project (FoveaSidebar *self, FoveaProject *project)
{
  FoveaConceptList *concepts = fovea_project_get_concepts (project);

  g_return_if_fail (self->project == NULL);
  self->project = g_object_ref (project);
  gtk_list_box_bind_model (self->concepts, G_LIST_MODEL (concepts), create_row, self, NULL);
  g_signal_connect_object (concepts, "items-changed", G_CALLBACK (update_keys), self, G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  gtk_widget_set_sensitive (GTK_WIDGET (self->add_button), !fovea_project_get_read_only (project));
  update_keys (self);
}

static void
sidebar_dispose (GObject *object)
{
  FoveaSidebar *self = FOVEA_SIDEBAR (object);

  if (self->concepts != NULL)
    gtk_list_box_bind_model (self->concepts, NULL, NULL, NULL, NULL);
  g_clear_object (&self->project);
  G_OBJECT_CLASS (fovea_sidebar_parent_class)->dispose (object);
}

static void
fovea_sidebar_class_init (FoveaSidebarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sidebar_dispose;
  signals[PAGE_SELECTED] = g_signal_new ("page-selected", FOVEA_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                         FOVEA_TYPE_PAGE);
  signals[CONCEPT_SELECTED] = g_signal_new ("concept-selected", FOVEA_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                            G_TYPE_NONE, 1, FOVEA_TYPE_CONCEPT);
  signals[PICTURES_DROPPED] = g_signal_new ("pictures-dropped", FOVEA_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                            G_TYPE_NONE, 2, FOVEA_TYPE_PICTURE_SET, FOVEA_TYPE_CONCEPT);
  signals[CONCEPT_ADDED] = g_signal_new ("concept-added", FOVEA_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                         G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, places);
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, concepts);
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, add_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, add_entry);
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, add_confirm);
}

static void
fovea_sidebar_init (FoveaSidebar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self->places, "row-activated", G_CALLBACK (on_place_activated), self);
  g_signal_connect (self->concepts, "row-activated", G_CALLBACK (on_concept_activated), self);
  g_signal_connect_swapped (self->add_entry, "changed", G_CALLBACK (on_add_changed), self);
  g_signal_connect_swapped (self->add_entry, "activate", G_CALLBACK (on_add_confirmed), self);
  g_signal_connect_swapped (self->add_confirm, "clicked", G_CALLBACK (on_add_confirmed), self);
}
