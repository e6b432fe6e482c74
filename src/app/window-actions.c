/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/concept-color.h"
#include "app/quick-look.h"
#include "app/report-window.h"

static FoveaImagesPage *
get_images (FoveaWindow *self)
{
  return fovea_project_view_get_images (self->view);
}

/* ---- labelling ---- */

/* One gesture on its way to the project. */
typedef struct {
  FoveaWindow *window;
  char *concept; /* NULL: all labels are cleared */
  FoveaLabelValue value;
  guint n_pictures;
  guint go_to; /* position to go to afterwards, GTK_INVALID_LIST_POSITION to stay */
} Labelling;

static void
labelling_free (Labelling *labelling)
{
  g_object_unref (labelling->window);
  g_free (labelling->concept);
  g_free (labelling);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Labelling, labelling_free)

static char *
dup_label_toast (const Labelling *labelling)
{
  guint n = labelling->n_pictures;

  if (labelling->value == FOVEA_LABEL_CLEAR)
    return g_strdup_printf (ngettext ("Labels of %u picture cleared", "Labels of %u pictures cleared", n), n);
  if (labelling->value == FOVEA_LABEL_NEGATIVE)
    return g_strdup_printf (ngettext ("%u picture labelled not %s", "%u pictures labelled not %s", n), n, labelling->concept);
  return g_strdup_printf (ngettext ("%u picture labelled %s", "%u pictures labelled %s", n), n, labelling->concept);
}

static void
on_labelled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Labelling) labelling = data;
  FoveaWindow *self = labelling->window;
  g_autoptr (GError) error = NULL;
  int n_changed = fovea_project_label_finish (FOVEA_PROJECT (source), result, &error);

  if (self->project != FOVEA_PROJECT (source))
    return;
  if (n_changed < 0)
    {
      fovea_window_toast_error (self, _("Nothing was labelled"), error);
      return;
    }
  if (n_changed > 0)
    {
      g_autofree char *text = dup_label_toast (labelling);

      fovea_window_toast (self, text, _("Undo"), "win.undo");
    }
  if (labelling->go_to != GTK_INVALID_LIST_POSITION)
    (void) fovea_images_page_go_to (get_images (self), labelling->go_to);
}

static void
label_ids (FoveaWindow *self, const gint64 *ids, gsize n_ids, const char *concept, FoveaLabelValue value, guint go_to)
{
  Labelling *labelling;

  if (n_ids == 0 || fovea_project_get_read_only (self->project))
    return;
  labelling = g_new0 (Labelling, 1);
  labelling->window = g_object_ref (self);
  labelling->concept = g_strdup (concept);
  labelling->value = value;
  labelling->n_pictures = (guint) n_ids;
  labelling->go_to = go_to;
  fovea_project_label_async (self->project, ids, n_ids, concept, value, NULL, on_labelled, labelling);
}

static void
label_selected (FoveaWindow *self, const char *concept, FoveaLabelValue value)
{
  g_autoptr (GArray) ids = fovea_images_page_dup_selected_ids (get_images (self));

  label_ids (self, (const gint64 *) (gpointer) ids->data, ids->len, concept, value, GTK_INVALID_LIST_POSITION);
}

static void
on_label (GSimpleAction *action, GVariant *target, gpointer self)
{
  label_selected (self, g_variant_get_string (target, NULL), FOVEA_LABEL_POSITIVE);
}

static void
label_by_key (FoveaWindow *self, const char *key, FoveaLabelValue value)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));
  FoveaConcept *concept = key[0] != '\0' ? fovea_concept_key_lookup (concepts, key[0]) : NULL;

  if (concept == NULL)
    {
      g_autofree char *text = g_strdup_printf (_("No concept has the key %s"), key);

      fovea_window_toast (self, text, NULL, NULL);
      return;
    }
  label_selected (self, fovea_concept_get_name (concept), value);
}

static void
on_label_key (GSimpleAction *action, GVariant *target, gpointer self)
{
  label_by_key (self, g_variant_get_string (target, NULL), FOVEA_LABEL_POSITIVE);
}

static void
on_label_not_key (GSimpleAction *action, GVariant *target, gpointer self)
{
  label_by_key (self, g_variant_get_string (target, NULL), FOVEA_LABEL_NEGATIVE);
}

static void
on_clear_labels (GSimpleAction *action, GVariant *target, gpointer self)
{
  label_selected (self, NULL, FOVEA_LABEL_CLEAR);
}

/* Takes the suggestion and goes on; goes on all the same where there is none. A picture that the filter then
 * hides makes room for the next one at its own place. */
static void
on_accept (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  guint position = 0;
  g_autoptr (FoveaPicture) picture = fovea_images_page_dup_current (get_images (self), &position);
  double value;
  FoveaConcept *concept = picture != NULL ? fovea_picture_get_prediction (picture, &value) : NULL;
  gint64 id;

  if (picture == NULL)
    return;
  if (concept == NULL)
    {
      (void) fovea_images_page_go_to (get_images (self), position + 1);
      return;
    }
  id = fovea_picture_get_id (picture);
  label_ids (self, &id, 1, fovea_concept_get_name (concept), FOVEA_LABEL_POSITIVE,
             fovea_images_page_get_unlabelled (get_images (self)) ? position : position + 1);
}

static void
on_label_entry (GSimpleAction *action, GVariant *target, gpointer data)
{
  fovea_images_page_popup_label (get_images (data));
}

static void
on_pictures_dropped (FoveaProjectView *view, FoveaPictureSet *set, FoveaConcept *concept, FoveaWindow *self)
{
  if (g_strcmp0 (set->project_path, fovea_project_get_path (self->project)) == 0)
    label_ids (self, set->ids, set->n_ids, fovea_concept_get_name (concept), FOVEA_LABEL_POSITIVE, GTK_INVALID_LIST_POSITION);
  else
    fovea_window_toast (self, _("These pictures belong to another project"), NULL, NULL);
}

/* ---- removing, concepts ---- */

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Labelling) removal = data;
  FoveaWindow *self = removal->window;
  g_autoptr (GError) error = NULL;

  if (!fovea_project_remove_finish (FOVEA_PROJECT (source), result, &error))
    fovea_window_toast_error (self, _("Nothing was removed"), error);
  else
    {
      g_autofree char *text = g_strdup_printf (ngettext ("%u picture removed", "%u pictures removed", removal->n_pictures),
                                               removal->n_pictures);

      fovea_window_toast (self, text, _("Undo"), "win.undo");
    }
}

static void
on_remove (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  g_autoptr (GArray) ids = fovea_images_page_dup_selected_ids (get_images (self));
  Labelling *removal;

  if (ids->len == 0)
    return;
  removal = g_new0 (Labelling, 1);
  removal->window = g_object_ref (self);
  removal->n_pictures = ids->len;
  fovea_project_remove_async (self->project, (const gint64 *) (gpointer) ids->data, ids->len, NULL, on_removed, removal);
}

static void
on_concept_made (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaWindow) self = data;
  g_autoptr (GError) error = NULL;

  if (!fovea_project_add_concept_finish (FOVEA_PROJECT (source), result, &error))
    fovea_window_toast_error (self, _("The concept was not added"), error);
}

static void
on_concept_added (FoveaProjectView *view, const char *name, FoveaWindow *self)
{
  fovea_project_add_concept_async (self->project, name, NULL, on_concept_made, g_object_ref (self));
}

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
  fovea_images_page_select_all (get_images (self));
}

static void
on_select_none (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_select_none (get_images (self));
}

static void
on_clear_filters (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_clear_filters (get_images (self));
}

static void
on_unlabelled (GSimpleAction *action, GVariant *state, gpointer self)
{
  fovea_images_page_set_unlabelled (get_images (self), g_variant_get_boolean (state));
}

static void
on_missing (GSimpleAction *action, GVariant *state, gpointer self)
{
  fovea_images_page_set_missing (get_images (self), g_variant_get_boolean (state));
}

static void
set_order (FoveaWindow *self, GVariant *order, GVariant *descending)
{
  static const struct {
    const char *name;
    FoveaPictureSort sort;
  } orders[] = { { "added", FOVEA_PICTURE_SORT_ADDED }, { "name", FOVEA_PICTURE_SORT_NAME }, { "doubt", FOVEA_PICTURE_SORT_DOUBT } };

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    if (g_str_equal (orders[i].name, g_variant_get_string (order, NULL)))
      fovea_images_page_set_order (get_images (self), orders[i].sort, g_variant_get_boolean (descending));
}

static void
on_order (GSimpleAction *action, GVariant *state, gpointer self)
{
  g_autoptr (GVariant) descending = g_action_group_get_action_state (G_ACTION_GROUP (self), "descending");

  g_simple_action_set_state (action, state);
  set_order (self, state, descending);
}

static void
on_descending (GSimpleAction *action, GVariant *state, gpointer self)
{
  g_autoptr (GVariant) order = g_action_group_get_action_state (G_ACTION_GROUP (self), "order");

  g_simple_action_set_state (action, state);
  set_order (self, order, state);
}

static void
on_larger (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_set_side (get_images (self), fovea_images_page_get_side (get_images (self)) + 32);
}

static void
on_smaller (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_set_side (get_images (self), fovea_images_page_get_side (get_images (self)) - 32);
}

static void
on_normal_size (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_set_side (get_images (self), 144);
}

static void
on_quick_look (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  guint position;
  g_autoptr (FoveaPicture) picture = fovea_images_page_dup_current (get_images (self), &position);

  if (picture != NULL)
    fovea_quick_look_present (GTK_WINDOW (self), self->project, get_images (self), position);
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

/* What an action needs before it can do something. */
typedef enum {
  NEEDS_PROJECT = 1,
  NEEDS_SELECTION = 2,
  NEEDS_WRITE = 4,
  NEEDS_UNDO = 8,
  NEEDS_REDO = 16,
  NEEDS_REPORT = 32,
  NEEDS_PATH = 64,
  NEEDS_IMAGES = 128 /* the Images page is the one that is shown */
} Needs;

static const struct {
  GActionEntry entry;
  guint needs;
} actions[] = {
  { { "label", on_label, "s" }, NEEDS_SELECTION | NEEDS_WRITE },
  { { "label-key", on_label_key, "s" }, NEEDS_SELECTION | NEEDS_WRITE },
  { { "label-not-key", on_label_not_key, "s" }, NEEDS_SELECTION | NEEDS_WRITE },
  { { "label-entry", on_label_entry }, NEEDS_SELECTION | NEEDS_WRITE },
  { { "clear-labels", on_clear_labels }, NEEDS_SELECTION | NEEDS_WRITE },
  { { "accept", on_accept }, NEEDS_SELECTION | NEEDS_WRITE },
  { { "remove", on_remove }, NEEDS_SELECTION | NEEDS_WRITE },
  { { "undo", on_undo }, NEEDS_UNDO | NEEDS_WRITE },
  { { "redo", on_redo }, NEEDS_REDO | NEEDS_WRITE },
  { { "select-all", on_select_all }, NEEDS_IMAGES },
  { { "select-none", on_select_none }, NEEDS_SELECTION },
  { { "quick-look", on_quick_look }, NEEDS_SELECTION },
  { { "clear-filters", on_clear_filters }, NEEDS_PROJECT },
  { { "unlabelled", NULL, NULL, "false", on_unlabelled }, NEEDS_PROJECT },
  { { "missing", NULL, NULL, "false", on_missing }, NEEDS_PROJECT },
  { { "order", NULL, "s", "'added'", on_order }, NEEDS_PROJECT },
  { { "descending", NULL, NULL, "false", on_descending }, NEEDS_PROJECT },
  { { "larger", on_larger }, NEEDS_IMAGES },
  { { "smaller", on_smaller }, NEEDS_IMAGES },
  { { "normal-size", on_normal_size }, NEEDS_IMAGES },
  { { "page", on_page, "s" }, NEEDS_PROJECT },
  { { "jobs", on_jobs }, NEEDS_PROJECT },
  { { "next-pane", on_next_pane }, NEEDS_PROJECT },
  { { "main-menu", on_main_menu }, 0 },
  { { "report", on_report }, NEEDS_REPORT },
  { { "close-project", on_close_project }, NEEDS_PATH },
};

static guint
get_given (FoveaWindow *self)
{
  const char *undo = self->project != NULL ? fovea_project_get_undo_text (self->project) : NULL;
  const char *redo = self->project != NULL ? fovea_project_get_redo_text (self->project) : NULL;
  guint given = self->path != NULL ? NEEDS_PATH : 0;

  if (self->view == NULL)
    return given;
  given |= NEEDS_PROJECT;
  given |= fovea_project_get_read_only (self->project) ? 0 : NEEDS_WRITE;
  if (fovea_project_view_get_page (self->view) == FOVEA_PAGE (get_images (self)))
    given |= NEEDS_IMAGES | (fovea_images_page_get_n_selected (get_images (self)) > 0 ? NEEDS_SELECTION : 0);
  given |= undo != NULL && undo[0] != '\0' ? NEEDS_UNDO : 0;
  given |= redo != NULL && redo[0] != '\0' ? NEEDS_REDO : 0;
  given |= self->report_job != NULL ? NEEDS_REPORT : 0;
  return given;
}

void
fovea_window_update_actions (FoveaWindow *self)
{
  guint given = get_given (self);

  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), actions[i].entry.name);

      g_simple_action_set_enabled (G_SIMPLE_ACTION (action), (actions[i].needs & ~given) == 0);
    }
  if (self->view == NULL)
    {
      g_action_map_remove_action (G_ACTION_MAP (self), "sidebar");
      g_action_map_remove_action (G_ACTION_MAP (self), "search");
    }
}

static void
on_filter_changed (FoveaImagesPage *images, FoveaWindow *self)
{
  GActionMap *map = G_ACTION_MAP (self);

  g_simple_action_set_state (G_SIMPLE_ACTION (g_action_map_lookup_action (map, "unlabelled")),
                             g_variant_new_boolean (fovea_images_page_get_unlabelled (images)));
  g_simple_action_set_state (G_SIMPLE_ACTION (g_action_map_lookup_action (map, "missing")),
                             g_variant_new_boolean (fovea_images_page_get_missing (images)));
}

void
fovea_window_watch_project (FoveaWindow *self)
{
  FoveaImagesPage *images = get_images (self);

  fovea_window_add_grid_keys (fovea_images_page_get_grid (images));
  fovea_project_view_add_actions (self->view, G_ACTION_MAP (self));
  g_signal_connect (self->view, "pictures-dropped", G_CALLBACK (on_pictures_dropped), self);
  g_signal_connect (self->view, "concept-added", G_CALLBACK (on_concept_added), self);
  g_signal_connect (images, "filter-changed", G_CALLBACK (on_filter_changed), self);
  g_signal_connect (images, "picture-activated", G_CALLBACK (on_picture_activated), self);
  g_signal_connect_swapped (self->view, "page-changed", G_CALLBACK (fovea_window_update_actions), self);
  g_signal_connect_swapped (images, "selection-changed", G_CALLBACK (fovea_window_update_actions), self);
  g_signal_connect_swapped (self->project, "notify::undo-text", G_CALLBACK (fovea_window_update_actions), self);
  g_signal_connect_swapped (self->project, "notify::redo-text", G_CALLBACK (fovea_window_update_actions), self);
  fovea_window_watch_work (self);
  fovea_window_update_actions (self);
}

void
fovea_window_init_actions (FoveaWindow *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    g_action_map_add_action_entries (G_ACTION_MAP (self), &actions[i].entry, 1, self);
  fovea_window_init_keys (self);
}
