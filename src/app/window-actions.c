/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/quick-look.h"
#include "app/report-window.h"

/* ---- undo and redo ---- */

static void
on_undone (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *what = fovea_project_undo_finish (FOVEA_PROJECT (source), result, &error);
  g_autofree char *text = what != NULL ? g_strdup_printf (_("Undone: %s"), what) : NULL;

  if (text != NULL)
    fovea_window_toast (self, text, _("Redo"), "win.redo");
  else
    fovea_window_toast_error (self, _("Nothing was undone"), error);
}

static void
on_redone (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *what = fovea_project_redo_finish (FOVEA_PROJECT (source), result, &error);
  g_autofree char *text = what != NULL ? g_strdup_printf (_("Done again: %s"), what) : NULL;

  if (text != NULL)
    fovea_window_toast (self, text, _("Undo"), "win.undo");
  else
    fovea_window_toast_error (self, _("Nothing was done again"), error);
}

static void
on_undo (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_project_undo_async (FOVEA_WINDOW (self)->project, NULL, on_undone, g_object_ref (self));
}

static void
on_redo (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_project_redo_async (FOVEA_WINDOW (self)->project, NULL, on_redone, g_object_ref (self));
}

/* ---- looking ---- */

static void
on_select_all (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_select_all (fovea_window_get_images (self));
}

static void
on_select_none (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_select_none (fovea_window_get_images (self));
}

static void
on_clear_filters (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_clear_filters (fovea_window_get_images (self));
}

static void
on_unlabelled (GSimpleAction *action, GVariant *state, gpointer self)
{
  FoveaPictureFilter filter = *fovea_images_page_get_filter (fovea_window_get_images (self));

  filter.unlabelled = g_variant_get_boolean (state);
  fovea_images_page_set_filter (fovea_window_get_images (self), &filter);
}

static void
on_missing (GSimpleAction *action, GVariant *state, gpointer self)
{
  FoveaPictureFilter filter = *fovea_images_page_get_filter (fovea_window_get_images (self));

  filter.missing = g_variant_get_boolean (state);
  fovea_images_page_set_filter (fovea_window_get_images (self), &filter);
}

static const struct {
  const char *name;
  FoveaPictureSort sort;
} orders[] = {
  { "added", FOVEA_PICTURE_SORT_ADDED },     { "name", FOVEA_PICTURE_SORT_NAME },       { "doubt", FOVEA_PICTURE_SORT_DOUBT },
  { "useful", FOVEA_PICTURE_SORT_USEFUL },   { "certain", FOVEA_PICTURE_SORT_CERTAIN }, { "label-error", FOVEA_PICTURE_SORT_LABEL_ERROR },
  { "similar", FOVEA_PICTURE_SORT_SIMILAR },
};

/* The state follows the page ("filter-changed"). */
static void
on_order (GSimpleAction *action, GVariant *state, gpointer self)
{
  FoveaImagesPage *images = fovea_window_get_images (self);
  gboolean descending;
  gint64 about;

  (void) fovea_images_page_get_order (images, &about, &descending);
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    if (g_str_equal (orders[i].name, g_variant_get_string (state, NULL)))
      {
        if (orders[i].sort == FOVEA_PICTURE_SORT_SIMILAR)
          fovea_images_page_show_similar (images);
        else
          fovea_images_page_set_order (images, orders[i].sort, 0, descending);
      }
}

static void
on_descending (GSimpleAction *action, GVariant *state, gpointer self)
{
  gboolean descending;
  gint64 about;
  FoveaPictureSort sort = fovea_images_page_get_order (fovea_window_get_images (self), &about, &descending);

  fovea_images_page_set_order (fovea_window_get_images (self), sort, about, g_variant_get_boolean (state));
}

static void
on_larger (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_set_side (fovea_window_get_images (self), fovea_images_page_get_side (fovea_window_get_images (self)) + 32);
}

static void
on_smaller (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_set_side (fovea_window_get_images (self), fovea_images_page_get_side (fovea_window_get_images (self)) - 32);
}

static void
on_normal_size (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_set_side (fovea_window_get_images (self), 144);
}

static void
on_quick_look (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  guint position;
  g_autoptr (FoveaPicture) picture = fovea_images_page_dup_current (fovea_window_get_images (self), &position);

  if (picture != NULL)
    fovea_quick_look_present (GTK_WINDOW (self), self->project, fovea_window_get_images (self), position);
}

static void
on_picture_activated (FoveaImagesPage *images, FoveaPicture *picture, FoveaWindow *self)
{
  guint position;

  if (fovea_picture_list_find (fovea_images_page_get_list (images), fovea_picture_get_id (picture), &position))
    fovea_quick_look_present (GTK_WINDOW (self), self->project, images, position);
}

/* ---- the window's parts ---- */

static void
on_page (GSimpleAction *action, GVariant *target, gpointer self)
{
  (void) fovea_project_view_show_page (FOVEA_WINDOW (self)->view, g_variant_get_string (target, NULL));
}

static void
on_back (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_project_view_go_back (FOVEA_WINDOW (self)->view);
}

/* Of the model that the Models page is about; without one, that page says how to make it. */
static void
on_train (GSimpleAction *action, GVariant *target, gpointer self)
{
  (void) fovea_project_view_show_page (FOVEA_WINDOW (self)->view, "models");
  (void) gtk_widget_activate_action (GTK_WIDGET (FOVEA_WINDOW (self)->view), "models.train", NULL);
}

static void
on_review_errors (GSimpleAction *action, GVariant *target, gpointer self)
{
  (void) fovea_project_view_show_page (FOVEA_WINDOW (self)->view, "review");
  (void) gtk_widget_activate_action (GTK_WIDGET (FOVEA_WINDOW (self)->view), "review.order", "s", "errors");
}

static void
on_create_model (GSimpleAction *action, GVariant *target, gpointer self)
{
  (void) fovea_project_view_show_page (FOVEA_WINDOW (self)->view, "models");
  (void) gtk_widget_activate_action (GTK_WIDGET (FOVEA_WINDOW (self)->view), "models.create", NULL);
}

static void
on_jobs (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_project_view_popup_jobs (FOVEA_WINDOW (self)->view);
}

static void
on_main_menu (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;

  if (self->view != NULL)
    fovea_project_view_popup_menu (self->view);
  else
    gtk_menu_button_popup (self->start_menu_button);
}

static void
on_next_pane (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_project_view_focus_next_pane (FOVEA_WINDOW (self)->view);
}

static void
on_report (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_report_window_present (FOVEA_WINDOW (self)->report_job, self);
}

static void
on_close_project (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_window_show_start (self);
}

/* GTK's columns of keys are as wide as their text, which at 200 % is wider than many a screen: there they scroll. */
static void
make_scrollable (GtkWindow *window)
{
  g_autoptr (GtkWidget) content = g_object_ref (gtk_window_get_child (window));
  GtkWidget *scroller = gtk_scrolled_window_new ();

  gtk_window_set_child (window, NULL);
  gtk_scrolled_window_set_propagate_natural_width (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), content);
  gtk_window_set_child (window, scroller);
  gtk_window_set_resizable (window, TRUE);
}

/* Built when it is asked for and gone once it is closed: GTK 4.8 answers an assistive program that asks for a window that has
 * just gone with the last of all windows, and ends the program where that one was never shown, as a help overlay that
 * GtkApplicationWindow keeps was not. */
static void
on_shortcuts (GSimpleAction *action, GVariant *target, gpointer self)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/org/fovea/Fovea/ui/shortcuts-window.ui");
  GtkWindow *window = GTK_WINDOW (gtk_builder_get_object (builder, "shortcuts"));

  make_scrollable (window);
  gtk_window_set_transient_for (window, GTK_WINDOW (self));
  gtk_window_present (window);
}

static const FoveaWindowAction actions[] = {
  { { "undo", on_undo }, FOVEA_NEEDS_UNDO | FOVEA_NEEDS_WRITE },
  { { "redo", on_redo }, FOVEA_NEEDS_REDO | FOVEA_NEEDS_WRITE },
  { { "select-all", on_select_all }, FOVEA_NEEDS_IMAGES },
  { { "select-none", on_select_none }, FOVEA_NEEDS_SELECTION },
  { { "quick-look", on_quick_look }, FOVEA_NEEDS_SELECTION },
  { { "clear-filters", on_clear_filters }, FOVEA_NEEDS_PROJECT },
  { { "unlabelled", NULL, NULL, "false", on_unlabelled }, FOVEA_NEEDS_PROJECT },
  { { "missing", NULL, NULL, "false", on_missing }, FOVEA_NEEDS_PROJECT },
  { { "order", NULL, "s", "'added'", on_order }, FOVEA_NEEDS_PROJECT },
  { { "descending", NULL, NULL, "false", on_descending }, FOVEA_NEEDS_PROJECT },
  { { "larger", on_larger }, FOVEA_NEEDS_IMAGES },
  { { "smaller", on_smaller }, FOVEA_NEEDS_IMAGES },
  { { "normal-size", on_normal_size }, FOVEA_NEEDS_IMAGES },
  { { "page", on_page, "s" }, FOVEA_NEEDS_PROJECT },
  { { "back", on_back }, FOVEA_NEEDS_IMAGES },
  { { "train", on_train }, FOVEA_NEEDS_PROJECT | FOVEA_NEEDS_WRITE },
  { { "create-model", on_create_model }, FOVEA_NEEDS_PROJECT | FOVEA_NEEDS_WRITE },
  { { "review-errors", on_review_errors }, FOVEA_NEEDS_PROJECT },
  { { "jobs", on_jobs }, FOVEA_NEEDS_PROJECT },
  { { "next-pane", on_next_pane }, FOVEA_NEEDS_PROJECT },
  { { "main-menu", on_main_menu }, 0 },
  { { "report", on_report }, FOVEA_NEEDS_REPORT },
  { { "close-project", on_close_project }, FOVEA_NEEDS_PATH },
  { { "show-help-overlay", on_shortcuts }, 0 },
};

static guint
get_given (FoveaWindow *self)
{
  const char *undo = self->project != NULL ? fovea_project_get_undo_text (self->project) : NULL;
  const char *redo = self->project != NULL ? fovea_project_get_redo_text (self->project) : NULL;
  guint given = self->path != NULL ? FOVEA_NEEDS_PATH : 0;

  if (self->view == NULL)
    return given;
  given |= FOVEA_NEEDS_PROJECT;
  given |= fovea_project_get_read_only (self->project) ? 0 : FOVEA_NEEDS_WRITE;
  if (fovea_project_view_get_page (self->view) == FOVEA_PAGE (fovea_window_get_images (self)))
    given |= FOVEA_NEEDS_IMAGES | (fovea_images_page_get_n_selected (fovea_window_get_images (self)) > 0 ? FOVEA_NEEDS_SELECTION : 0);
  given |= undo != NULL && undo[0] != '\0' ? FOVEA_NEEDS_UNDO : 0;
  given |= redo != NULL && redo[0] != '\0' ? FOVEA_NEEDS_REDO : 0;
  given |= self->report_job != NULL ? FOVEA_NEEDS_REPORT : 0;
  return given;
}

static void
each_action (FoveaWindow *self, void (*func) (FoveaWindow *self, const FoveaWindowAction *action, guint given), guint given)
{
  guint n_pictures, n_concepts;
  const FoveaWindowAction *pictures = fovea_window_get_picture_actions (&n_pictures);
  const FoveaWindowAction *concepts = fovea_window_get_concept_actions (&n_concepts);

  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    func (self, &actions[i], given);
  for (guint i = 0; i < n_pictures; i++)
    func (self, &pictures[i], given);
  for (guint i = 0; i < n_concepts; i++)
    func (self, &concepts[i], given);
}

static void
enable_action (FoveaWindow *self, const FoveaWindowAction *action, guint given)
{
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), action->entry.name)),
                               (action->needs & ~given) == 0);
}

void
fovea_window_update_actions (FoveaWindow *self)
{
  each_action (self, enable_action, get_given (self));
}

static void
on_filter_changed (FoveaImagesPage *images, FoveaWindow *self)
{
  GActionMap *map = G_ACTION_MAP (self);
  gboolean descending;
  gint64 about;
  FoveaPictureSort sort = fovea_images_page_get_order (images, &about, &descending);

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    if (orders[i].sort == sort)
      g_simple_action_set_state (G_SIMPLE_ACTION (g_action_map_lookup_action (map, "order")), g_variant_new_string (orders[i].name));
  g_simple_action_set_state (G_SIMPLE_ACTION (g_action_map_lookup_action (map, "descending")), g_variant_new_boolean (descending));
  g_simple_action_set_state (G_SIMPLE_ACTION (g_action_map_lookup_action (map, "unlabelled")),
                             g_variant_new_boolean (fovea_images_page_get_filter (images)->unlabelled));
  g_simple_action_set_state (G_SIMPLE_ACTION (g_action_map_lookup_action (map, "missing")),
                             g_variant_new_boolean (fovea_images_page_get_filter (images)->missing));
}

void
fovea_window_watch_project (FoveaWindow *self)
{
  FoveaImagesPage *images = fovea_window_get_images (self);

  fovea_window_add_grid_keys (fovea_images_page_get_grid (images));
  fovea_project_view_add_actions (self->view, G_ACTION_MAP (self));
  fovea_window_watch_pictures (self);
  g_signal_connect (images, "filter-changed", G_CALLBACK (on_filter_changed), self);
  g_signal_connect (images, "picture-activated", G_CALLBACK (on_picture_activated), self);
  g_signal_connect_swapped (self->view, "page-changed", G_CALLBACK (fovea_window_update_actions), self);
  g_signal_connect_swapped (images, "selection-changed", G_CALLBACK (fovea_window_update_actions), self);
  g_signal_connect_swapped (self->project, "notify::undo-text", G_CALLBACK (fovea_window_update_actions), self);
  g_signal_connect_swapped (self->project, "notify::redo-text", G_CALLBACK (fovea_window_update_actions), self);
  fovea_window_watch_work (self);
  fovea_window_update_actions (self);
}

static void
add_action (FoveaWindow *self, const FoveaWindowAction *action, guint given)
{
  g_action_map_add_action_entries (G_ACTION_MAP (self), &action->entry, 1, self);
}

void
fovea_window_init_actions (FoveaWindow *self)
{
  each_action (self, add_action, 0);
  fovea_window_init_keys (self);
}
