/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/review-page-private.h"

#include "app/picture-cell.h"

#define SIDE_PX 72
#define N_BEFORE 8
#define N_SHOWN 32
#define CACHE_BYTES (4u << 20)

/* Not every cell is unbound by the factory: one whose item widget is dropped just ends with it, or is held a little longer. */
static void
on_cell_destroyed (FoveaReviewPage *self, GtkWidget *cell)
{
  g_hash_table_remove (self->cells, cell);
}

static void
refresh_cell (FoveaReviewPage *self, FoveaPictureCell *cell)
{
  guint position = fovea_picture_cell_get_list_position (cell);
  FoveaReviewVerdict verdict;

  if (position == GTK_INVALID_LIST_POSITION)
    return;
  verdict = fovea_review_get_verdict (self->review, gtk_slice_list_model_get_offset (self->slice) + position);
  /* The tick: it was decided, the cross: against the suggestion. */
  fovea_picture_cell_set_rejected (cell, verdict == FOVEA_REVIEW_REJECTED);
  fovea_picture_cell_set_selected (cell, verdict != FOVEA_REVIEW_OPEN && verdict != FOVEA_REVIEW_SKIPPED);
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, FoveaReviewPage *self)
{
  GtkWidget *cell = fovea_picture_cell_new ();

  fovea_picture_cell_set_side (FOVEA_PICTURE_CELL (cell), SIDE_PX);
  fovea_picture_cell_set_list_item (FOVEA_PICTURE_CELL (cell), item);
  g_signal_connect_object (cell, "destroy", G_CALLBACK (on_cell_destroyed), self, G_CONNECT_SWAPPED);
  gtk_list_item_set_child (item, cell);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, FoveaReviewPage *self)
{
  FoveaPictureCell *cell = FOVEA_PICTURE_CELL (gtk_list_item_get_child (item));

  g_hash_table_add (self->cells, cell);
  fovea_picture_cell_bind (cell, gtk_list_item_get_item (item), gtk_list_item_get_position (item), self->loader);
  refresh_cell (self, cell);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, FoveaReviewPage *self)
{
  GtkWidget *cell = gtk_list_item_get_child (item);

  g_hash_table_remove (self->cells, cell);
  fovea_picture_cell_unbind (FOVEA_PICTURE_CELL (cell));
}

static void
on_selected (FoveaReviewPage *self)
{
  guint selected = gtk_single_selection_get_selected (self->selection);

  if (!self->moving_selection && selected != GTK_INVALID_LIST_POSITION)
    (void) fovea_review_go_to (self->review, gtk_slice_list_model_get_offset (self->slice) + selected);
}

void
fovea_review_page_show_strip (FoveaReviewPage *self)
{
  guint position = fovea_review_get_position (self->review), offset = position - MIN (position, N_BEFORE);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->review));
  GHashTableIter iter;
  gpointer cell;

  self->moving_selection = TRUE;
  if (gtk_slice_list_model_get_offset (self->slice) != offset)
    gtk_slice_list_model_set_offset (self->slice, offset);
  gtk_single_selection_set_selected (self->selection, position < n ? position - offset : GTK_INVALID_LIST_POSITION);
  self->moving_selection = FALSE;
  fovea_thumbnail_loader_set_focus (self->loader, position - offset);
  if (position < n)
    gtk_widget_activate_action (GTK_WIDGET (self->strip), "list.scroll-to-item", "u", position - offset);
  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    refresh_cell (self, cell);
}

void
fovea_review_page_init_strip (FoveaReviewPage *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  self->cells = g_hash_table_new (NULL, NULL);
  self->loader = fovea_thumbnail_loader_new (self->project, CACHE_BYTES);
  self->slice = gtk_slice_list_model_new (G_LIST_MODEL (g_object_ref (self->review)), 0, N_SHOWN);
  self->selection = gtk_single_selection_new (G_LIST_MODEL (g_object_ref (self->slice)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  g_signal_connect_object (factory, "setup", G_CALLBACK (on_setup), self, 0);
  g_signal_connect_object (factory, "bind", G_CALLBACK (on_bind), self, 0);
  g_signal_connect_object (factory, "unbind", G_CALLBACK (on_unbind), self, 0);
  gtk_list_view_set_factory (self->strip, factory);
  gtk_list_view_set_model (self->strip, GTK_SELECTION_MODEL (self->selection));
  g_signal_connect_object (self->selection, "notify::selected", G_CALLBACK (on_selected), self, G_CONNECT_SWAPPED);
}

void
fovea_review_page_clear_strip (FoveaReviewPage *self)
{
  GHashTableIter iter;
  gpointer cell;

  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    fovea_picture_cell_unbind (cell);
  g_clear_pointer (&self->loader, fovea_thumbnail_loader_free);
  g_clear_object (&self->selection);
  g_clear_object (&self->slice);
}
