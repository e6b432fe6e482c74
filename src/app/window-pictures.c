/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/accept-window.h"
#include "app/concept-color.h"
#include "app/settings.h"
#include "engine/picture-edit.h"

FoveaImagesPage *
fovea_window_get_images (FoveaWindow *self)
{
  return fovea_project_view_get_images (self->view);
}

/* ---- one gesture on its way to the project ---- */

typedef struct {
  FoveaWindow *window;
  char *done;         /* what the toast says when something changed */
  char *concept;      /* (nullable) what n_pictures were labelled as: the toast says too what that replaced */
  guint n_pictures;
  const char *failed; /* … and when it failed */
  guint go_to;        /* position to go to afterwards, GTK_INVALID_LIST_POSITION to stay */
} Gesture;

static Gesture *
gesture_new (FoveaWindow *self, char *done, const char *failed)
{
  Gesture *gesture = g_new0 (Gesture, 1);

  gesture->window = g_object_ref (self);
  gesture->done = done;
  gesture->failed = failed;
  gesture->go_to = GTK_INVALID_LIST_POSITION;
  return gesture;
}

static void
gesture_free (Gesture *gesture)
{
  g_object_unref (gesture->window);
  g_free (gesture->done);
  g_free (gesture->concept);
  g_free (gesture);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Gesture, gesture_free)

static void
end_gesture (const Gesture *gesture, GObject *project, int n_changed, const GError *error)
{
  FoveaWindow *self = gesture->window;

  if (G_OBJECT (self->project) != project)
    return;
  if (n_changed < 0)
    {
      fovea_window_toast_error (self, gesture->failed, error);
      return;
    }
  if (n_changed > 0)
    fovea_window_toast (self, gesture->done, _("Undo"), "win.undo");
  if (gesture->go_to != GTK_INVALID_LIST_POSITION)
    (void) fovea_images_page_go_to (fovea_window_get_images (self), gesture->go_to);
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Gesture) gesture = data;
  g_autoptr (GError) error = NULL;
  int n_changed = fovea_project_change_pictures_finish (FOVEA_PROJECT (source), result, &error);

  end_gesture (gesture, source, n_changed, error);
}

/* ---- labelling ---- */

static char *
dup_label_toast (guint n, const char *concept, FoveaLabelValue value)
{
  if (value == FOVEA_LABEL_CLEAR)
    return g_strdup_printf (ngettext ("Labels of %u picture cleared", "Labels of %u pictures cleared", n), n);
  if (value == FOVEA_LABEL_NEGATIVE)
    return g_strdup_printf (ngettext ("%u picture labelled not %s", "%u pictures labelled not %s", n), n, concept);
  return g_strdup_printf (ngettext ("%u picture labelled %s", "%u pictures labelled %s", n), n, concept);
}

/* Where a picture shows one concept, the label took the place of another. */
static char *
dup_replaced_toast (guint n, const char *concept, guint n_replaced, const char *replaced)
{
  g_autofree char *labelled = NULL;
  g_autofree char *of_these = NULL;

  if (replaced != NULL && n_replaced == n)
    return g_strdup_printf (ngettext ("%u picture labelled %s instead of %s", "%u pictures labelled %s instead of %s", n), n, concept,
                            replaced);
  labelled = dup_label_toast (n, concept, FOVEA_LABEL_POSITIVE);
  of_these = replaced != NULL
               ? g_strdup_printf (ngettext ("%u of them was %s", "%u of them were %s", n_replaced), n_replaced, replaced)
               : g_strdup_printf (ngettext ("%u had another concept", "%u had another concept", n_replaced), n_replaced);
  /* Translators: the two parts are sentences like "5 pictures labelled hat" and "3 of them were dress" */
  return g_strdup_printf (_("%s; %s"), labelled, of_these);
}

static void
on_labelled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Gesture) gesture = data;
  g_autoptr (GError) error = NULL;
  const char *replaced;
  guint n_replaced = fovea_project_label_get_replaced (result, &replaced);
  int n_changed;

  if (n_replaced > 0)
    {
      g_free (gesture->done);
      gesture->done = dup_replaced_toast (gesture->n_pictures, gesture->concept, n_replaced, replaced);
    }
  n_changed = fovea_project_label_finish (FOVEA_PROJECT (source), result, &error);

  end_gesture (gesture, source, n_changed, error);
}

static void
label_ids (FoveaWindow *self, const gint64 *ids, gsize n_ids, const char *concept, FoveaLabelValue value, guint go_to)
{
  Gesture *gesture;

  if (n_ids == 0 || fovea_project_get_read_only (self->project))
    return;
  gesture = gesture_new (self, dup_label_toast ((guint) n_ids, concept, value), _("Nothing was labelled"));
  gesture->go_to = go_to;
  gesture->concept = g_strdup (concept);
  gesture->n_pictures = (guint) n_ids;
  fovea_project_label_async (self->project, ids, n_ids, concept, value, NULL, on_labelled, gesture);
}

/* The next picture is selected before the label is there: with a filter that hides labelled pictures its place moves then. */
static void
advance (FoveaWindow *self)
{
  FoveaImagesPage *images = fovea_window_get_images (self);
  guint position = 0;
  g_autoptr (FoveaPicture) picture = fovea_images_page_dup_current (images, &position);

  if (picture != NULL && fovea_settings_get () != NULL && g_settings_get_boolean (fovea_settings_get (), "advance-after-label"))
    (void) fovea_images_page_go_to (images, position + 1);
}

static void
label_selected (FoveaWindow *self, const char *concept, FoveaLabelValue value)
{
  g_autoptr (GArray) ids = fovea_images_page_dup_selected_ids (fovea_window_get_images (self));

  if (ids->len == 1 && value != FOVEA_LABEL_CLEAR)
    advance (self);
  label_ids (self, (const gint64 *) (gpointer) ids->data, ids->len, concept, value, GTK_INVALID_LIST_POSITION);
}

static void
on_label (GSimpleAction *action, GVariant *target, gpointer self)
{
  label_selected (self, g_variant_get_string (target, NULL), FOVEA_LABEL_POSITIVE);
}

static void
on_label_not (GSimpleAction *action, GVariant *target, gpointer self)
{
  label_selected (self, g_variant_get_string (target, NULL), FOVEA_LABEL_NEGATIVE);
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

static void
on_label_entry (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_popup_label (fovea_window_get_images (self), FOVEA_LABEL_POSITIVE);
}

static void
on_label_not_entry (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_popup_label (fovea_window_get_images (self), FOVEA_LABEL_NEGATIVE);
}

/* ---- accepting ---- */

/* Takes the suggestion and goes on; goes on all the same where there is none. A picture that the filter then hides leaves the
 * selection by itself, and the next one is selected already. */
static void
accept_one (FoveaWindow *self)
{
  FoveaImagesPage *images = fovea_window_get_images (self);
  guint position = 0;
  g_autoptr (FoveaPicture) picture = fovea_images_page_dup_current (images, &position);
  FoveaConcept *concept = picture != NULL ? fovea_images_page_get_suggestion (images, picture) : NULL;
  gint64 id;

  if (picture == NULL)
    return;
  id = fovea_picture_get_id (picture);
  (void) fovea_images_page_go_to (images, position + 1);
  if (concept != NULL)
    label_ids (self, &id, 1, fovea_concept_get_name (concept), FOVEA_LABEL_POSITIVE, GTK_INVALID_LIST_POSITION);
}

void
fovea_window_label_each (FoveaWindow *self, const FoveaPictureLabel *labels, guint n)
{
  char *done = g_strdup_printf (ngettext ("%u suggestion accepted", "%u suggestions accepted", n), n);

  fovea_project_label_each_async (self->project, labels, n, NULL, on_changed, gesture_new (self, done, _("Nothing was accepted")));
}

static void
accept_selected (FoveaWindow *self)
{
  g_autoptr (GArray) labels = fovea_images_page_dup_selected_suggestions (fovea_window_get_images (self));

  if (labels->len > 0)
    fovea_window_label_each (self, (const FoveaPictureLabel *) (gpointer) labels->data, labels->len);
  else
    fovea_window_toast (self, _("None of these pictures has a suggestion"), NULL, NULL);
}

static void
on_accept (GSimpleAction *action, GVariant *target, gpointer self)
{
  if (fovea_images_page_get_n_selected (fovea_window_get_images (self)) > 1)
    accept_selected (self);
  else
    accept_one (self);
}

static void
on_many_accepted (FoveaAcceptWindow *chooser, GArray *labels, FoveaWindow *self)
{
  if (self->project != NULL)
    fovea_window_label_each (self, (const FoveaPictureLabel *) (gpointer) labels->data, labels->len);
}

static void
on_accept_many (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  FoveaLive *live = fovea_project_get_live (self->project);
  GtkWidget *chooser;

  if (fovea_live_get_n_suggested (live) == 0)
    {
      g_autofree char *message = fovea_live_dup_message (live);

      fovea_window_toast (self, message, NULL, NULL);
      return;
    }
  chooser = fovea_accept_window_new (GTK_WINDOW (self), self->project, fovea_images_page_get_concept (fovea_window_get_images (self)));
  g_signal_connect_object (chooser, "accepted", G_CALLBACK (on_many_accepted), self, 0);
  gtk_window_present (GTK_WINDOW (chooser));
}

/* ---- split and state ---- */

static void
set_split (FoveaWindow *self, const gint64 *ids, gsize n_ids, const char *split)
{
  guint n = (guint) n_ids;
  char *done;

  if (n_ids == 0 || fovea_project_get_read_only (self->project))
    return;
  /* Translators: a split is a named part of the pictures: "train", "test". */
  done = split[0] != '\0' ? g_strdup_printf (ngettext ("%u picture put into the split %s", "%u pictures put into the split %s", n), n, split)
                          : g_strdup_printf (ngettext ("%u picture is in no split now", "%u pictures are in no split now", n), n);
  fovea_project_set_split_async (self->project, ids, n_ids, split, NULL, on_changed, gesture_new (self, done, _("The split was not changed")));
}

static void
on_set_split (GSimpleAction *action, GVariant *target, gpointer self)
{
  g_autoptr (GArray) ids = fovea_images_page_dup_selected_ids (fovea_window_get_images (self));

  set_split (self, (const gint64 *) (gpointer) ids->data, ids->len, g_variant_get_string (target, NULL));
}

static void
on_set_state (GSimpleAction *action, GVariant *target, gpointer self)
{
  static const char *const names[] = { "untouched", "in-progress", "complete" };
  g_autoptr (GArray) ids = fovea_images_page_dup_selected_ids (fovea_window_get_images (self));
  char *done = g_strdup_printf (ngettext ("State of %u picture changed", "State of %u pictures changed", ids->len), ids->len);
  guint state = 0;

  while (state + 1 < G_N_ELEMENTS (names) && !g_str_equal (names[state], g_variant_get_string (target, NULL)))
    state++;
  fovea_project_set_state_async (FOVEA_WINDOW (self)->project, (const gint64 *) (gpointer) ids->data, ids->len, state, NULL,
                                 on_changed, gesture_new (self, done, _("The state was not changed")));
}

/* ---- removing ---- */

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Gesture) gesture = data;
  g_autoptr (GError) error = NULL;
  gboolean removed = fovea_project_remove_finish (FOVEA_PROJECT (source), result, &error);

  end_gesture (gesture, source, removed ? 1 : -1, error);
}

static void
on_remove (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  g_autoptr (GArray) ids = fovea_images_page_dup_selected_ids (fovea_window_get_images (self));
  guint n = ids->len;
  char *done;

  if (n == 0)
    return;
  done = g_strdup_printf (ngettext ("%u picture removed", "%u pictures removed", n), n);
  fovea_project_remove_async (self->project, (const gint64 *) (gpointer) ids->data, n, NULL, on_removed,
                              gesture_new (self, done, _("Nothing was removed")));
}

/* ---- out of the window ---- */

static void
on_copy (GSimpleAction *action, GVariant *target, gpointer self)
{
  FoveaImagesPage *images = fovea_window_get_images (self);
  guint n = fovea_images_page_get_n_selected (images);
  g_autoptr (GdkContentProvider) files = fovea_images_page_dup_selected_files (images);
  g_autofree char *text = NULL;

  if (files == NULL)
    {
      fovea_window_toast (self, _("That is too many files to copy at once"), NULL, NULL);
      return;
    }
  gdk_clipboard_set_content (gtk_widget_get_clipboard (GTK_WIDGET (self)), files);
  text = g_strdup_printf (ngettext ("%u file copied", "%u files copied", n), n);
  fovea_window_toast (self, text, NULL, NULL);
}

/* Without a file manager that can point at a file, its folder is opened. */
static void
on_shown (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree char *uri = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autoptr (GFile) file = g_file_new_for_uri (uri);
  g_autoptr (GFile) folder = g_file_get_parent (file);
  g_autofree char *folder_uri = folder != NULL ? g_file_get_uri (folder) : NULL;

  if (answer == NULL && folder_uri != NULL)
    gtk_show_uri (NULL, folder_uri, GDK_CURRENT_TIME);
}

static void
show_file (FoveaWindow *self, const char *path)
{
  GDBusConnection *bus = g_application_get_dbus_connection (G_APPLICATION (gtk_window_get_application (GTK_WINDOW (self))));
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);
  const char *uris[] = { uri, NULL };

  if (uri == NULL)
    return;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_autofree char *name = g_filename_display_basename (path);
      g_autofree char *text = g_strdup_printf (_("The file %s is not where it was"), name);

      fovea_window_toast (self, text, NULL, NULL);
      return;
    }
  if (bus != NULL)
    g_dbus_connection_call (bus, "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1", "org.freedesktop.FileManager1",
                            "ShowItems", g_variant_new ("(^ass)", uris, ""), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_shown,
                            g_strdup (uri));
}

static void
on_show_in_folder (GSimpleAction *action, GVariant *target, gpointer self)
{
  guint position;
  g_autoptr (FoveaPicture) picture = fovea_images_page_dup_current (fovea_window_get_images (self), &position);
  g_autofree char *path = picture != NULL ? fovea_picture_dup_path (picture) : NULL;

  if (path != NULL)
    show_file (self, path);
}

static void
on_show_file (GSimpleAction *action, GVariant *target, gpointer self)
{
  show_file (self, g_variant_get_bytestring (target));
}

/* ---- what is dropped in the sidebar ---- */

static gboolean
is_ours (FoveaWindow *self, FoveaPictureSet *set)
{
  if (g_strcmp0 (set->project_path, fovea_project_get_path (self->project)) == 0)
    return TRUE;
  fovea_window_toast (self, _("These pictures belong to another project"), NULL, NULL);
  return FALSE;
}

static void
on_pictures_dropped (FoveaProjectView *view, FoveaPictureSet *set, FoveaConcept *concept, gboolean negative, FoveaWindow *self)
{
  if (is_ours (self, set))
    label_ids (self, set->ids, set->n_ids, fovea_concept_get_name (concept), negative ? FOVEA_LABEL_NEGATIVE : FOVEA_LABEL_POSITIVE,
               GTK_INVALID_LIST_POSITION);
}

static void
on_split_dropped (FoveaProjectView *view, FoveaPictureSet *set, const char *split, FoveaWindow *self)
{
  if (is_ours (self, set))
    set_split (self, set->ids, set->n_ids, split);
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
on_concept_added (FoveaProjectView *view, const char *name, FoveaPictureSet *set, FoveaWindow *self)
{
  if (set == NULL)
    fovea_project_add_concept_async (self->project, name, NULL, on_concept_made, g_object_ref (self));
  else if (is_ours (self, set))
    label_ids (self, set->ids, set->n_ids, name, FOVEA_LABEL_POSITIVE, GTK_INVALID_LIST_POSITION);
}

void
fovea_window_watch_pictures (FoveaWindow *self)
{
  g_signal_connect (self->view, "pictures-dropped", G_CALLBACK (on_pictures_dropped), self);
  g_signal_connect (self->view, "split-dropped", G_CALLBACK (on_split_dropped), self);
  g_signal_connect (self->view, "concept-added", G_CALLBACK (on_concept_added), self);
}

/* ---- which pictures ---- */

static void
on_more_like_this (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_show_similar (fovea_window_get_images (self));
}

static void
on_most_useful (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_show_useful (fovea_window_get_images (self));
}

static void
on_filters (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_popup_filters (fovea_window_get_images (self));
}

/* ---- menus ---- */

static void
on_context_menu (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_popup_menu (fovea_window_get_images (self));
}

static void
on_split_menu (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_images_page_popup_split (fovea_window_get_images (self));
}

static const FoveaWindowAction actions[] = {
  { { "label", on_label, "s" }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
  { { "label-not", on_label_not, "s" }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
  { { "label-key", on_label_key, "s" }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
  { { "label-not-key", on_label_not_key, "s" }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
  { { "label-entry", on_label_entry }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
  { { "label-not-entry", on_label_not_entry }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
  { { "clear-labels", on_clear_labels }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
  { { "accept", on_accept }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
  { { "accept-many", on_accept_many }, FOVEA_NEEDS_IMAGES | FOVEA_NEEDS_WRITE },
  { { "more-like-this", on_more_like_this }, FOVEA_NEEDS_SELECTION },
  { { "most-useful", on_most_useful }, FOVEA_NEEDS_IMAGES },
  { { "filters", on_filters }, FOVEA_NEEDS_IMAGES },
  { { "set-split", on_set_split, "s" }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
  { { "set-state", on_set_state, "s" }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
  { { "remove", on_remove }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
  { { "copy", on_copy }, FOVEA_NEEDS_SELECTION },
  { { "show-in-folder", on_show_in_folder }, FOVEA_NEEDS_SELECTION },
  { { "show-file", on_show_file, "ay" }, FOVEA_NEEDS_PROJECT },
  { { "context-menu", on_context_menu }, FOVEA_NEEDS_SELECTION },
  { { "split-menu", on_split_menu }, FOVEA_NEEDS_SELECTION | FOVEA_NEEDS_WRITE },
};

const FoveaWindowAction *
fovea_window_get_picture_actions (guint *ret_n)
{
  *ret_n = G_N_ELEMENTS (actions);
  return actions;
}
