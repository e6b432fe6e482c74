/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app-testing.h"

#include "app/picture-view.h"
#include "app/review-page.h"
#include "engine/scratch.h"

#define N_EACH 12
#define N_LABELLED 4 /* of each */

/* A project of red and blue pictures of which few are labelled, on a pack of a few numbers: the live classifier says the rest. */
static FoveaWindow *
review_new (Scratch *scratch)
{
  g_autoptr (FoveaJob) import = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  FoveaPictureList *pictures;
  guint n_seen[2] = { 0, 0 };
  FoveaWindow *window;

  scratch_init (scratch, TRUE);
  scratch_classes (scratch, "data", N_EACH, 0);
  import = scratch_import (scratch, "data");
  pictures = fovea_project_get_pictures (scratch->project);
  WAIT_FOR (g_list_model_get_n_items (G_LIST_MODEL (pictures)) == 2 * N_EACH);
  for (guint i = 0; i < 2 * N_EACH; i++)
    {
      g_autoptr (FoveaPicture) picture = g_list_model_get_item (G_LIST_MODEL (pictures), i);
      gint64 id = fovea_picture_get_id (picture);
      gboolean positive;

      WAIT_FOR (fovea_picture_get_n_labels (picture) == 1);
      if (n_seen[g_str_equal (fovea_concept_get_name (fovea_picture_get_label (picture, 0, &positive)), "red")]++ >= N_LABELLED)
        g_array_append_val (ids, id);
    }
  g_assert_cmpint (fovea_project_label (scratch->project, (const gint64 *) (gpointer) ids->data, ids->len, NULL, FOVEA_LABEL_CLEAR, NULL),
                   ==, 2 * (N_EACH - N_LABELLED));
  path = g_strdup (fovea_project_get_path (scratch->project));
  fovea_project_close (scratch->project);
  scratch_settle ();
  g_clear_object (&scratch->project);

  window = window_new ();
  fovea_window_load (window, path, FALSE);
  WAIT_FOR (g_strcmp0 (get_page (GTK_WIDGET (window)), "project") == 0);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.page", "s", "review");
  return window;
}

static void
review_end (Scratch *scratch, FoveaWindow *window)
{
  gtk_window_destroy (GTK_WINDOW (window));
  scratch_settle ();
  scratch_remove_tree (scratch->folder);
  g_free (scratch->folder);
  mini_folder_remove (scratch->packs);
}

static GtkWidget *
get_review (FoveaWindow *window)
{
  return gtk_stack_get_child_by_name (GTK_STACK (get (GTK_WIDGET (window), "pages")), "review");
}

static const char *
get_shown (FoveaWindow *window)
{
  return gtk_stack_get_visible_child_name (GTK_STACK (get (get_review (window), "stack")));
}

static const char *
get_text (FoveaWindow *window, const char *id)
{
  return gtk_label_get_label (GTK_LABEL (get (get_review (window), id)));
}

static GtkShortcutController *
get_keys (FoveaWindow *window)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (get_review (window));

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_SHORTCUT_CONTROLLER (controller))
        return GTK_SHORTCUT_CONTROLLER (controller); /* the page keeps it */
    }
  g_error ("the page has no keys");
}

/* What the key does, by the page's own shortcuts. */
static gboolean
press (FoveaWindow *window, const char *key)
{
  GListModel *shortcuts = G_LIST_MODEL (get_keys (window));

  for (guint i = 0; i < g_list_model_get_n_items (shortcuts); i++)
    {
      g_autoptr (GtkShortcut) shortcut = g_list_model_get_item (shortcuts, i);
      g_autofree char *text = gtk_shortcut_trigger_to_string (gtk_shortcut_get_trigger (shortcut));
      g_auto (GStrv) triggers = g_strsplit (text, "|", -1);

      if (g_strv_contains ((const char *const *) triggers, key))
        return gtk_shortcut_action_activate (gtk_shortcut_get_action (shortcut), 0, get_review (window), gtk_shortcut_get_arguments (shortcut));
    }
  g_error ("no key %s", key);
}

static void
test_names_and_roles (void)
{
  Scratch scratch;
  FoveaWindow *window = review_new (&scratch);
  static const struct {
    const char *id, *name;
    GtkAccessibleRole role;
  } parts[] = {
    { "strip", "Review queue", GTK_ACCESSIBLE_ROLE_LIST },
    { "picture_view", "Picture", GTK_ACCESSIBLE_ROLE_IMG },
    { "edit_button", "Edit", GTK_ACCESSIBLE_ROLE_BUTTON },
    { "order_button", "Order of review", GTK_ACCESSIBLE_ROLE_BUTTON },
  };

  WAIT_FOR (g_strcmp0 (get_shown (window), "queue") == 0);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      GtkWidget *found = find (get_review (window), is_called, parts[i].id); /* the order's is in the header */
      GtkAccessible *part = GTK_ACCESSIBLE (found != NULL ? found : get (GTK_WIDGET (window), parts[i].id));

      g_test_message ("%s", parts[i].id);
      gtk_test_accessible_assert_property (part, GTK_ACCESSIBLE_PROPERTY_LABEL, parts[i].name);
      g_assert_cmpint (gtk_accessible_get_accessible_role (part), ==, parts[i].role);
    }
  /* The place in the sidebar says how many wait. */
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (gtk_list_box_get_row_at_index (GTK_LIST_BOX (get (GTK_WIDGET (window), "places")), 2)),
                                       GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "16 pictures wait for review");
  /* The keyboard is on the picture, so that single letters work at once. */
  WAIT_FOR (gtk_root_get_focus (GTK_ROOT (window)) == get (get_review (window), "picture_view"));
  review_end (&scratch, window);
}

/* Shift and an arrow on the picture: whether it was for moving it. */
static gboolean
pan (FoveaPictureView *view)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (GTK_WIDGET (view));
  gboolean handled = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (controllers) && !handled; i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_KEY (controller))
        g_signal_emit_by_name (controller, "key-pressed", GDK_KEY_Right, 0u, GDK_SHIFT_MASK, &handled);
    }
  return handled;
}

static void
test_moving_by_keys (void)
{
  enum { WIDTH = 2000, HEIGHT = 1500 };
  g_autoptr (GBytes) pixels = g_bytes_new_take (g_malloc0 (WIDTH * HEIGHT * 3), WIDTH * HEIGHT * 3);
  g_autoptr (GdkTexture) texture = gdk_memory_texture_new (WIDTH, HEIGHT, GDK_MEMORY_R8G8B8, pixels, WIDTH * 3);
  FoveaPictureView *view = g_object_new (FOVEA_TYPE_PICTURE_VIEW, NULL);
  GtkWidget *window = gtk_window_new ();

  gtk_window_set_child (GTK_WINDOW (window), GTK_WIDGET (view));
  gtk_window_present (GTK_WINDOW (window));
  WAIT_FOR (gtk_widget_get_width (GTK_WIDGET (view)) > 0);
  fovea_picture_view_set_texture (view, texture);
  g_assert_false (pan (view));
  fovea_picture_view_zoom_by (view, 2.0);
  g_assert_false (fovea_picture_view_is_fitted (view));
  g_assert_true (pan (view));
  fovea_picture_view_zoom_to_fit (view);
  g_assert_false (pan (view));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_keys (void)
{
  Scratch scratch;
  FoveaWindow *window = review_new (&scratch);

  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "1 of 16") == 0);
  g_assert_true (g_str_has_prefix (get_text (window, "question_label"), "Is it "));
  g_assert_true (press (window, "a"));
  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "2 of 16") == 0);
  g_assert_true (press (window, "r"));
  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "3 of 16") == 0);
  g_assert_true (press (window, "space"));
  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "4 of 16") == 0);
  g_assert_true (press (window, "1"));
  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "5 of 16") == 0);
  g_assert_true (g_str_has_prefix (get_text (window, "reviewed_label"), "3 reviewed: "));
  g_assert_true (press (window, "k"));
  g_assert_true (press (window, "k"));
  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "3 of 16, skipped") == 0);
  g_assert_true (press (window, "j"));
  g_assert_true (press (window, "j"));
  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "5 of 16") == 0);
  g_assert_true (press (window, "plus"));
  g_assert_true (press (window, "minus"));
  g_assert_true (press (window, "z"));
  g_assert_true (press (window, "i"));
  g_assert_false (adw_flap_get_reveal_flap (ADW_FLAP (get (get_review (window), "side_flap"))));
  g_assert_true (press (window, "i"));
  g_assert_true (adw_flap_get_reveal_flap (ADW_FLAP (get (get_review (window), "side_flap"))));
  /* Undo goes back to the picture that it is about. */
  WAIT_FOR (is_enabled (GTK_WIDGET (window), "undo"));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.undo", NULL);
  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "4 of 16") == 0);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.undo", NULL);
  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "2 of 16") == 0);
  review_end (&scratch, window);
}

static void
test_edit_by_typing (void)
{
  Scratch scratch;
  FoveaWindow *window = review_new (&scratch);
  GtkWidget *entry;

  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "1 of 16") == 0);
  g_assert_true (press (window, "e"));
  entry = get (get_review (window), "entry");
  WAIT_FOR (gtk_widget_get_mapped (entry));
  gtk_editable_set_text (GTK_EDITABLE (entry), "green");
  g_signal_emit_by_name (entry, "activate");
  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "2 of 16") == 0);
  WAIT_FOR (is_enabled (GTK_WIDGET (window), "undo"));
  WAIT_FOR (g_strcmp0 (gtk_widget_get_tooltip_text (get (GTK_WIDGET (window), "undo_button")), "Undo: correct to green (Ctrl+Z)") == 0);
  review_end (&scratch, window);
}

static void
test_to_the_end (void)
{
  Scratch scratch;
  FoveaWindow *window = review_new (&scratch);

  WAIT_FOR (g_strcmp0 (get_text (window, "place_label"), "1 of 16") == 0);
  for (guint i = 0; i < 16; i++)
    {
      g_autofree char *place = g_strdup_printf ("%u of 16", i + 2);

      g_assert_true (press (window, "a"));
      WAIT_FOR (i == 15 || g_strcmp0 (get_text (window, "place_label"), place) == 0);
    }
  WAIT_FOR (g_strcmp0 (get_shown (window), "end") == 0);
  g_assert_cmpstr (adw_status_page_get_description (ADW_STATUS_PAGE (get (get_review (window), "end_page"))), ==,
                   "16 reviewed: 16 accepted, 0 rejected, 0 corrected");
  g_assert_false (press (window, "a"));
  review_end (&scratch, window);
}

/* Every picture of the sample has a label, and without a pack nothing is embedded: the page says so and leads on. */
static void
test_empty (void)
{
  FoveaWindow *window = sample_new ();
  AdwStatusPage *page = ADW_STATUS_PAGE (get (get_review (window), "empty_page"));

  WAIT_FOR (count_pictures (window) == 72);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.page", "s", "review");
  WAIT_FOR (g_strcmp0 (get_shown (window), "empty") == 0);
  WAIT_FOR (g_strcmp0 (adw_status_page_get_title (page), "Nothing Waits for Review") == 0);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.page", "s", "models");
  gtk_widget_activate_action (GTK_WIDGET (window), "win.review-errors", NULL);
  g_assert_cmpstr (gtk_stack_get_visible_child_name (GTK_STACK (get (GTK_WIDGET (window), "pages"))), ==, "review");
  WAIT_FOR (g_strcmp0 (adw_status_page_get_title (page), "Labels Cannot Be Checked Yet") == 0);
  g_assert_cmpstr (adw_status_page_get_description (page), ==, "No picture is embedded yet");
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
add_tests (void)
{
  g_test_add_func ("/app/review/empty", test_empty);
  g_test_add_func ("/app/review/names-and-roles", test_names_and_roles);
  g_test_add_func ("/app/review/keys", test_keys);
  g_test_add_func ("/app/review/moving-by-keys", test_moving_by_keys);
  g_test_add_func ("/app/review/edit-by-typing", test_edit_by_typing);
  g_test_add_func ("/app/review/to-the-end", test_to_the_end);
}

int
main (int argc, char **argv)
{
  return app_testing_main (argc, argv, add_tests);
}
