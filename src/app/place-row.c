/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/place-row.h"

struct _FoveaPlaceRow {
  GtkListBoxRow parent_instance;
  FoveaPage *page; /* not owned: both live in the view, and the row follows the page with a connection that ends with it */
  GtkImage *icon;
  GtkLabel *title_label, *count_label;
};

G_DEFINE_FINAL_TYPE (FoveaPlaceRow, fovea_place_row, GTK_TYPE_LIST_BOX_ROW)

static void
refresh (FoveaPlaceRow *self)
{
  g_autofree char *description = NULL;
  g_autofree char *count = fovea_page_dup_count (self->page, &description);

  gtk_label_set_label (self->count_label, count);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description, -1);
}

static void
fovea_place_row_class_init (FoveaPlaceRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/place-row.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaPlaceRow, icon);
  gtk_widget_class_bind_template_child (widget_class, FoveaPlaceRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaPlaceRow, count_label);
}

static void
fovea_place_row_init (FoveaPlaceRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
fovea_place_row_new (FoveaPage *page)
{
  FoveaPlaceRow *self = g_object_new (FOVEA_TYPE_PLACE_ROW, NULL);

  self->page = page;
  gtk_image_set_from_icon_name (self->icon, fovea_page_get_icon_name (page));
  gtk_label_set_label (self->title_label, fovea_page_get_title (page));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, fovea_page_get_title (page), -1);
  g_signal_connect_object (page, "title-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  refresh (self);
  return GTK_WIDGET (self);
}

FoveaPage *
fovea_place_row_get_page (FoveaPlaceRow *self)
{
  return self->page;
}
