/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/images-page-private.h"

#include <glib/gi18n.h>
#include <math.h>

/* A list of files that large is not useful to whoever it is dropped on or pasted by, and reading the paths takes time. */
#define MAX_FILES 1000

/* ---- cells ---- */

static void
on_selected (GtkListItem *item)
{
  GtkWidget *cell = gtk_list_item_get_child (item);

  if (cell != NULL)
    fovea_picture_cell_set_selected (FOVEA_PICTURE_CELL (cell), gtk_list_item_get_selected (item));
}

/* Not every cell is torn down by the factory: one whose item widget is dropped just ends with it. */
static void
on_cell_destroyed (FoveaImagesPage *self, GtkWidget *cell)
{
  g_hash_table_remove (self->cells, cell);
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, FoveaImagesPage *self)
{
  GtkWidget *cell = fovea_picture_cell_new ();

  fovea_picture_cell_set_side (FOVEA_PICTURE_CELL (cell), self->side_px);
  fovea_picture_cell_set_shows_other_opinions (FOVEA_PICTURE_CELL (cell), fovea_images_page_shows_other_opinions (self));
  fovea_picture_cell_set_list_item (FOVEA_PICTURE_CELL (cell), item);
  g_hash_table_add (self->cells, cell);
  g_signal_connect_object (cell, "destroy", G_CALLBACK (on_cell_destroyed), self, G_CONNECT_SWAPPED);
  g_signal_connect (item, "notify::selected", G_CALLBACK (on_selected), NULL);
  gtk_list_item_set_child (item, cell);
}

void
fovea_images_page_show_opinion (FoveaImagesPage *self, FoveaPictureCell *cell)
{
  FoveaPicture *picture = fovea_picture_cell_get_picture (cell);
  double value = 0.0;
  FoveaConcept *concept = self->opinions != NULL && picture != NULL
                            ? fovea_opinions_look_up (self->opinions, fovea_picture_get_id (picture), &value) : NULL;

  if (self->opinions != NULL)
    fovea_picture_cell_set_opinion (cell, concept, value);
  else
    fovea_picture_cell_forget_opinion (cell);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, FoveaImagesPage *self)
{
  FoveaPictureCell *cell = FOVEA_PICTURE_CELL (gtk_list_item_get_child (item));

  fovea_picture_cell_bind (cell, gtk_list_item_get_item (item), gtk_list_item_get_position (item), self->loader);
  fovea_picture_cell_set_selected (cell, gtk_list_item_get_selected (item));
  fovea_images_page_show_opinion (self, cell);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, FoveaImagesPage *self)
{
  fovea_picture_cell_unbind (FOVEA_PICTURE_CELL (gtk_list_item_get_child (item)));
}

static void
on_teardown (GtkSignalListItemFactory *factory, GtkListItem *item, FoveaImagesPage *self)
{
  GtkWidget *cell = gtk_list_item_get_child (item);

  if (cell == NULL)
    return;
  on_cell_destroyed (self, cell);
  gtk_list_item_set_child (item, NULL);
}

/* ---- what is under the pointer ---- */

static FoveaPictureCell *
pick_cell (FoveaImagesPage *self, double x, double y)
{
  GtkWidget *widget = gtk_widget_pick (GTK_WIDGET (self->grid), x, y, GTK_PICK_DEFAULT);

  /* The cell is inside the grid's own item widget, whose edges belong to the picture too. */
  if (widget != NULL && !FOVEA_IS_PICTURE_CELL (widget))
    widget = gtk_widget_get_first_child (widget);
  return widget != NULL && FOVEA_IS_PICTURE_CELL (widget) ? FOVEA_PICTURE_CELL (widget) : NULL;
}

static FoveaPictureCell *
find_cell (FoveaImagesPage *self, guint position)
{
  GHashTableIter iter;
  gpointer cell;

  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    if (fovea_picture_cell_get_list_position (cell) == position && fovea_picture_cell_get_picture (cell) != NULL)
      return cell;
  return NULL;
}

void
fovea_images_page_focus_cell (FoveaImagesPage *self, guint position)
{
  FoveaPictureCell *cell = find_cell (self, position);

  if (cell != NULL)
    (void) gtk_widget_grab_focus (gtk_widget_get_parent (GTK_WIDGET (cell)));
}

gboolean
fovea_images_page_get_cell_bounds (FoveaImagesPage *self, guint position, GdkRectangle *ret_bounds)
{
  FoveaPictureCell *cell = find_cell (self, position);
  graphene_rect_t bounds;

  if (cell == NULL || !gtk_widget_get_mapped (GTK_WIDGET (cell))
      || !gtk_widget_compute_bounds (GTK_WIDGET (cell), GTK_WIDGET (self), &bounds))
    return FALSE;
  *ret_bounds = (GdkRectangle) { (int) bounds.origin.x, (int) bounds.origin.y, (int) bounds.size.width, (int) bounds.size.height };
  return TRUE;
}

static void
on_right_pressed (GtkGestureClick *gesture, int n_press, double x, double y, FoveaImagesPage *self)
{
  FoveaPictureCell *cell = pick_cell (self, x, y);

  if (cell == NULL)
    return;
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  if (!gtk_selection_model_is_selected (GTK_SELECTION_MODEL (self->selection), fovea_picture_cell_get_list_position (cell)))
    gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), fovea_picture_cell_get_list_position (cell), TRUE);
  (void) gtk_widget_grab_focus (gtk_widget_get_parent (GTK_WIDGET (cell)));
  fovea_images_page_popup_menu_at (self, x, y);
}

static void
on_pressed (GtkGestureClick *gesture, int n_press, double x, double y, FoveaImagesPage *self)
{
  FoveaPictureCell *cell = pick_cell (self, x, y);
  GtkSelectionModel *selection = GTK_SELECTION_MODEL (self->selection);
  double cell_x, cell_y;
  guint position;

  if (cell == NULL
      || !gtk_widget_translate_coordinates (GTK_WIDGET (self->grid), GTK_WIDGET (cell), x, y, &cell_x, &cell_y)
      || !fovea_picture_cell_is_on_tick (cell, cell_x, cell_y))
    return;
  position = fovea_picture_cell_get_list_position (cell);
  if (gtk_selection_model_is_selected (selection, position))
    gtk_selection_model_unselect_item (selection, position);
  else
    gtk_selection_model_select_item (selection, position, FALSE);
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
}

static gboolean
on_query_tooltip (GtkWidget *grid, int x, int y, gboolean keyboard, GtkTooltip *tooltip, FoveaImagesPage *self)
{
  FoveaPictureCell *cell = keyboard ? NULL : pick_cell (self, x, y);
  FoveaPicture *picture = cell != NULL ? fovea_picture_cell_get_picture (cell) : NULL;
  g_autofree char *name = NULL;
  g_autofree char *description = NULL;
  g_autofree char *text = NULL;

  if (picture == NULL)
    return FALSE;
  name = fovea_picture_dup_name (picture);
  description = fovea_picture_cell_dup_description (cell);
  text = g_strjoin (description[0] != '\0' ? "\n" : "", name, description, NULL);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

/* ---- what is selected, for others ---- */

/* Without an object of each picture, as long as the live classifier has the suggestions. */
static void
add_live_suggestions (FoveaImagesPage *self, FoveaLive *live, GArray *labels)
{
  g_autoptr (GArray) unlabelled = fovea_live_list_confident (live, 0, 0.0, 0);
  g_autoptr (GArray) ids = fovea_images_page_dup_selected_ids (self);
  g_autoptr (GHashTable) selected = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < ids->len; i++)
    g_hash_table_add (selected, (gpointer) (gintptr) g_array_index (ids, gint64, i));
  for (guint i = 0; i < unlabelled->len; i++)
    {
      gint64 id = g_array_index (unlabelled, gint64, i);
      FoveaPictureLabel label = { id, fovea_live_get_suggestion (live, id, NULL, NULL) };

      if (label.concept_id != 0 && g_hash_table_contains (selected, (gpointer) (gintptr) id))
        g_array_append_val (labels, label);
    }
}

static void
add_stored_suggestions (FoveaImagesPage *self, GArray *labels)
{
  g_autoptr (GtkBitset) positions = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));
  GtkBitsetIter iter;
  guint position;

  for (gboolean more = gtk_bitset_iter_init_first (&iter, positions, &position); more;
       more = gtk_bitset_iter_next (&iter, &position))
    {
      g_autoptr (FoveaPicture) picture = g_list_model_get_item (G_LIST_MODEL (self->list), position);
      FoveaConcept *concept = fovea_picture_get_prediction (picture, NULL);
      FoveaPictureLabel label = { fovea_picture_get_id (picture), concept != NULL ? fovea_concept_get_id (concept) : 0 };

      if (concept != NULL && fovea_picture_get_n_labels (picture) == 0)
        g_array_append_val (labels, label);
    }
}

FoveaConcept *
fovea_images_page_get_suggestion (FoveaImagesPage *self, FoveaPicture *picture)
{
  double value;

  if (self->opinions != NULL)
    return fovea_opinions_look_up (self->opinions, fovea_picture_get_id (picture), &value);
  return fovea_picture_cell_get_suggestion (picture, fovea_images_page_shows_other_opinions (self), &value);
}

GArray *
fovea_images_page_dup_selected_suggestions (FoveaImagesPage *self)
{
  FoveaLive *live = fovea_project_get_live (self->project);
  GArray *labels = g_array_new (FALSE, FALSE, sizeof (FoveaPictureLabel));

  if (fovea_live_get_state (live) == FOVEA_LIVE_READY)
    add_live_suggestions (self, live, labels);
  else
    add_stored_suggestions (self, labels);
  return labels;
}

/* ---- dragging the selection ---- */

GdkContentProvider *
fovea_images_page_dup_selected_files (FoveaImagesPage *self)
{
  g_autoptr (GtkBitset) positions = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));
  GdkFileList *files;
  GdkContentProvider *provider;
  GSList *list = NULL;
  GtkBitsetIter iter;
  guint position;

  if (gtk_bitset_get_size (positions) > MAX_FILES)
    return NULL;
  for (gboolean more = gtk_bitset_iter_init_last (&iter, positions, &position); more;
       more = gtk_bitset_iter_previous (&iter, &position))
    {
      g_autoptr (FoveaPicture) picture = g_list_model_get_item (G_LIST_MODEL (self->list), position);
      g_autofree char *path = fovea_picture_dup_path (picture);

      list = g_slist_prepend (list, g_file_new_for_path (path));
    }
  files = gdk_file_list_new_from_list (list);
  g_slist_free_full (list, g_object_unref);
  provider = gdk_content_provider_new_typed (GDK_TYPE_FILE_LIST, files);
  g_boxed_free (GDK_TYPE_FILE_LIST, files);
  return provider;
}

static GdkContentProvider *
on_drag_prepare (GtkDragSource *source, double x, double y, FoveaImagesPage *self)
{
  FoveaPictureCell *cell = pick_cell (self, x, y);
  g_autoptr (GArray) ids = NULL;
  g_autoptr (FoveaPictureSet) set = NULL;
  GdkContentProvider *providers[2];

  if (cell == NULL)
    return NULL;
  if (!gtk_selection_model_is_selected (GTK_SELECTION_MODEL (self->selection), fovea_picture_cell_get_list_position (cell)))
    gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), fovea_picture_cell_get_list_position (cell), TRUE);
  ids = fovea_images_page_dup_selected_ids (self);
  set = fovea_picture_set_new (fovea_project_get_path (self->project), (const gint64 *) (gpointer) ids->data, ids->len);
  providers[0] = gdk_content_provider_new_typed (FOVEA_TYPE_PICTURE_SET, set);
  providers[1] = fovea_images_page_dup_selected_files (self);
  return gdk_content_provider_new_union (providers, providers[1] != NULL ? 2 : 1);
}

static void
on_drag_begin (GtkDragSource *source, GdkDrag *drag, FoveaImagesPage *self)
{
  guint n = fovea_images_page_get_n_selected (self);
  g_autofree char *text = g_strdup_printf (ngettext ("%u picture", "%u pictures", n), n);
  GtkWidget *label = gtk_label_new (text);

  gtk_widget_add_css_class (label, "drag-label");
  gtk_drag_icon_set_child (GTK_DRAG_ICON (gtk_drag_icon_get_for_drag (drag)), label);
}

/* ---- size and place ---- */

/* GTK 4.8 cannot scroll to a place among rows that it has not laid out yet: it warns and stays where it is. So the wheel moves the
 * grid once a frame, by all its notches together, and waits for a frame after rows have changed. Ticks come before the layout
 * of their own frame. */
static gboolean
on_tick (GtkWidget *grid, GdkFrameClock *clock, gpointer data)
{
  FoveaImagesPage *self = data;
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  if (self->wait_ticks > 0 && --self->wait_ticks > 0)
    return G_SOURCE_CONTINUE;
  /* The rows of another order or filter are not there yet while it is being worked out. */
  if (self->pending_top && !fovea_picture_list_get_loading (self->list))
    {
      self->pending_top = FALSE;
      gtk_adjustment_set_value (adjustment, 0.0);
    }
  if (self->pending_go_to)
    {
      guint n = g_list_model_get_n_items (G_LIST_MODEL (self->list));

      self->pending_go_to = FALSE;
      if (n > 0)
        (void) fovea_images_page_go_to (self, MIN (self->anchor, n - 1));
    }
  if (self->pending_notches != 0.0)
    {
      /* A notch is as far as GtkScrolledWindow moves for one. */
      double notch_px = pow (gtk_adjustment_get_page_size (adjustment), 2.0 / 3.0);

      gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + self->pending_notches * notch_px);
      self->pending_notches = 0.0;
      return G_SOURCE_CONTINUE;
    }
  if (self->pending_top)
    return G_SOURCE_CONTINUE;
  self->tick_id = 0;
  return G_SOURCE_REMOVE;
}

static void
need_tick (FoveaImagesPage *self)
{
  if (self->tick_id == 0)
    self->tick_id = gtk_widget_add_tick_callback (GTK_WIDGET (self->grid), on_tick, self, NULL);
}

void
fovea_images_page_settle (FoveaImagesPage *self)
{
  self->wait_ticks = 2;
  need_tick (self);
}

void
fovea_images_page_scroll_to_top (FoveaImagesPage *self)
{
  self->pending_top = TRUE;
  need_tick (self);
}

static gboolean
on_scroll (GtkEventControllerScroll *controller, double dx, double dy, FoveaImagesPage *self)
{
  GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));

  if (dy == 0.0)
    return GDK_EVENT_PROPAGATE;
  if ((state & GDK_CONTROL_MASK) == 0)
    {
      if (gtk_event_controller_scroll_get_unit (controller) != GDK_SCROLL_UNIT_WHEEL)
        return GDK_EVENT_PROPAGATE;
      self->pending_notches += dy;
      need_tick (self);
      return GDK_EVENT_STOP;
    }
  fovea_images_page_set_side (self, self->side_px + (dy < 0.0 ? 16 : -16));
  return GDK_EVENT_STOP;
}

static void
on_scrolled (GtkAdjustment *adjustment, FoveaImagesPage *self)
{
  double upper = gtk_adjustment_get_upper (adjustment);
  double middle = gtk_adjustment_get_value (adjustment) + gtk_adjustment_get_page_size (adjustment) / 2.0;

  if (self->loader != NULL && self->list != NULL && upper > 0.0)
    fovea_thumbnail_loader_set_focus (self->loader,
                                      (guint) (middle / upper * g_list_model_get_n_items (G_LIST_MODEL (self->list))));
}

static void
on_activate (GtkGridView *grid, guint position, FoveaImagesPage *self)
{
  g_autoptr (FoveaPicture) picture = g_list_model_get_item (G_LIST_MODEL (self->list), position);

  if (picture != NULL)
    g_signal_emit_by_name (self, "picture-activated", picture);
}

static void
add_controllers (FoveaImagesPage *self)
{
  GtkGesture *click = gtk_gesture_click_new (), *right_click = gtk_gesture_click_new ();
  GtkDragSource *drag = gtk_drag_source_new ();
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);

  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (click), GTK_PHASE_CAPTURE);
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self->grid), GTK_EVENT_CONTROLLER (click));

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (right_click), GDK_BUTTON_SECONDARY);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (right_click), GTK_PHASE_CAPTURE);
  g_signal_connect (right_click, "pressed", G_CALLBACK (on_right_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self->grid), GTK_EVENT_CONTROLLER (right_click));

  gtk_drag_source_set_actions (drag, GDK_ACTION_COPY);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (drag), GTK_PHASE_CAPTURE);
  g_signal_connect (drag, "prepare", G_CALLBACK (on_drag_prepare), self);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  gtk_widget_add_controller (GTK_WIDGET (self->grid), GTK_EVENT_CONTROLLER (drag));

  gtk_event_controller_set_propagation_phase (scroll, GTK_PHASE_CAPTURE);
  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), self);
  gtk_widget_add_controller (GTK_WIDGET (self->scroller), scroll);
}

void
fovea_images_page_init_grid (FoveaImagesPage *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), self);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), self);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), self);
  g_signal_connect (factory, "teardown", G_CALLBACK (on_teardown), self);
  gtk_grid_view_set_factory (self->grid, factory);
  g_signal_connect (self->grid, "activate", G_CALLBACK (on_activate), self);
  g_signal_connect (self->grid, "query-tooltip", G_CALLBACK (on_query_tooltip), self);
  g_signal_connect (gtk_scrolled_window_get_vadjustment (self->scroller), "value-changed", G_CALLBACK (on_scrolled), self);
  add_controllers (self);
}
