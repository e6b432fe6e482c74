/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app-testing.h"

#include "app/accept-window.h"
#include "app/picture-cell.h"
#include "models/mini-pack.h"

#define N_SAMPLES (FOVEA_SAMPLE_N_CONCEPTS * FOVEA_SAMPLE_N_EACH)
/* apple-10 … apple-12, and so on */
#define N_CLEARED (FOVEA_SAMPLE_N_CONCEPTS * 3)

/* A sample project in which some pictures of each concept are not labelled, and have suggestions. */
static FoveaWindow *
suggesting_new (void)
{
  FoveaWindow *window = sample_new ();
  FoveaImagesPage *images = get_images (window);
  FoveaPictureFilter tens = { .text = "-1" }, unlabelled = { .unlabelled = TRUE };

  WAIT_FOR (count_pictures (window) == N_SAMPLES);
  fovea_images_page_set_filter (images, &tens);
  WAIT_FOR (count_pictures (window) == N_CLEARED);
  fovea_images_page_select_all (images);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.clear-labels", NULL);
  fovea_images_page_set_filter (images, &unlabelled);
  WAIT_FOR (count_pictures (window) == N_CLEARED && !fovea_picture_list_get_loading (fovea_images_page_get_list (images)));
  WAIT_FOR (g_str_has_suffix (gtk_label_get_label (GTK_LABEL (get (get (GTK_WIDGET (window), "live_bar"), "label"))), "18 suggestions"));
  return window;
}

/* How many and which are shown first; accepting is one command. */
static void
test_accept_many (void)
{
  FoveaWindow *window = suggesting_new ();
  GtkWidget *root = GTK_WIDGET (window), *chooser;
  GtkAdjustment *threshold;

  gtk_widget_activate_action (root, "win.accept-many", NULL);
  WAIT_FOR ((chooser = find_toplevel ("FoveaAcceptWindow")) != NULL);
  threshold = gtk_range_get_adjustment (GTK_RANGE (get (chooser, "scale")));
  gtk_adjustment_set_value (threshold, 100.0);
  g_assert_cmpuint (fovea_accept_window_get_n_accepted (FOVEA_ACCEPT_WINDOW (chooser)), <, N_CLEARED);
  gtk_adjustment_set_value (threshold, 0.0);
  g_assert_cmpuint (fovea_accept_window_get_n_accepted (FOVEA_ACCEPT_WINDOW (chooser)), ==, N_CLEARED);
  g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (get (chooser, "accept_button"))), ==, "Accept 18");
  g_assert_true (gtk_widget_get_visible (get (chooser, "accepted")));
  g_assert_false (gtk_widget_get_visible (get (chooser, "below")));
  g_signal_emit_by_name (get (chooser, "accept_button"), "clicked");
  WAIT_FOR (count_pictures (window) == 0);
  WAIT_FOR (find_toplevel ("FoveaAcceptWindow") == NULL);
  gtk_widget_activate_action (root, "win.undo", NULL);
  WAIT_FOR (count_pictures (window) == N_CLEARED);
  gtk_window_destroy (GTK_WINDOW (window));
}

/* Return takes the suggestion of the selected picture and selects the next; of several it takes them all. */
static void
test_accept_selected (void)
{
  FoveaWindow *window = suggesting_new ();
  GtkWidget *root = GTK_WIDGET (window);
  FoveaImagesPage *images = get_images (window);
  gint64 second = fovea_picture_list_get_id (fovea_images_page_get_list (images), 1);
  guint position;

  WAIT_FOR (fovea_images_page_go_to (images, 0));
  {
    g_autoptr (FoveaPicture) first = fovea_images_page_dup_current (images, &position);

    WAIT_FOR (fovea_picture_get_prediction (first, NULL) != NULL);
  }
  gtk_widget_activate_action (root, "win.accept", NULL);
  WAIT_FOR (count_pictures (window) == N_CLEARED - 1);
  {
    g_autoptr (FoveaPicture) current = fovea_images_page_dup_current (images, &position);

    g_assert_nonnull (current);
    g_assert_cmpint (fovea_picture_get_id (current), ==, second);
  }
  fovea_images_page_select_all (images);
  gtk_widget_activate_action (root, "win.accept", NULL);
  WAIT_FOR (count_pictures (window) == 0);
  gtk_widget_activate_action (root, "win.undo", NULL);
  WAIT_FOR (count_pictures (window) == N_CLEARED - 1);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_similar_and_useful (void)
{
  FoveaWindow *window = suggesting_new ();
  GtkWidget *root = GTK_WIDGET (window);
  FoveaImagesPage *images = get_images (window);
  FoveaPictureList *list = fovea_images_page_get_list (images);
  gboolean descending;
  gint64 about, chosen;

  WAIT_FOR (fovea_images_page_go_to (images, 7));
  chosen = fovea_picture_list_get_id (list, 7);
  gtk_widget_activate_action (root, "win.more-like-this", NULL);
  g_assert_cmpint (fovea_images_page_get_order (images, &about, &descending), ==, FOVEA_PICTURE_SORT_SIMILAR);
  g_assert_cmpint (about, ==, chosen);
  WAIT_FOR (fovea_picture_list_get_id (list, 0) == chosen);
  g_assert_cmpuint (fovea_images_page_get_n_selected (images), ==, 1);
  gtk_widget_activate_action (root, "win.most-useful", NULL);
  g_assert_cmpint (fovea_images_page_get_order (images, &about, &descending), ==, FOVEA_PICTURE_SORT_USEFUL);
  gtk_window_destroy (GTK_WINDOW (window));
}

/* A suggestion stands by a picture of which nobody said what it is; by the others only where the two are compared. */
static void
test_word_of_a_person (void)
{
  FoveaWindow *window = suggesting_new ();
  FoveaImagesPage *images = get_images (window);
  FoveaPictureList *list = fovea_images_page_get_list (images);
  FoveaPictureCell *cell = FOVEA_PICTURE_CELL (g_object_ref_sink (fovea_picture_cell_new ()));
  gint64 id = fovea_picture_list_get_id (list, 0);
  g_autoptr (FoveaPicture) picture = NULL;
  const char *other;
  FoveaConcept *suggested;
  guint position = 0;

  fovea_images_page_clear_filters (images);
  WAIT_FOR (count_pictures (window) == N_SAMPLES && fovea_picture_list_find (list, id, &position));
  picture = g_list_model_get_item (G_LIST_MODEL (list), position);
  WAIT_FOR ((suggested = fovea_picture_get_prediction (picture, NULL)) != NULL);
  other = g_str_equal (fovea_concept_get_name (suggested), "apple") ? "banana" : "apple";
  fovea_picture_cell_bind (cell, picture, position, NULL);
  g_assert_cmpstr (fovea_picture_cell_get_prediction_text (cell), !=, "");
  WAIT_FOR (fovea_images_page_go_to (images, position));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.label-not", "s", other);
  WAIT_FOR (g_str_has_prefix (fovea_picture_cell_get_label_text (cell), "not "));
  g_assert_cmpstr (fovea_picture_cell_get_prediction_text (cell), !=, "");
  gtk_widget_activate_action (GTK_WIDGET (window), "win.label", "s", other);
  WAIT_FOR (g_str_equal (fovea_picture_cell_get_label_text (cell), other));
  g_assert_cmpstr (fovea_picture_cell_get_prediction_text (cell), ==, "");
  fovea_picture_cell_set_shows_other_opinions (cell, TRUE);
  suggested = fovea_picture_get_prediction (picture, NULL);
  g_assert_cmpint (fovea_picture_cell_get_prediction_text (cell)[0] != '\0', ==,
                   suggested != NULL && !g_str_equal (fovea_concept_get_name (suggested), other));
  fovea_picture_cell_unbind (cell);
  g_object_unref (cell);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
add_tests (void)
{
  g_test_add_func ("/app/accept/many", test_accept_many);
  g_test_add_func ("/app/accept/selected", test_accept_selected);
  g_test_add_func ("/app/accept/similar-and-useful", test_similar_and_useful);
  g_test_add_func ("/app/accept/word-of-a-person", test_word_of_a_person);
}

int
main (int argc, char **argv)
{
  char *packs;
  int status;

  if (argc == 3 && g_str_equal (argv[1], "--decoder"))
    return app_testing_main (argc, argv, add_tests);
  packs = mini_folder_new ();
  mini_pack_save_all (packs);
  status = app_testing_main (argc, argv, add_tests);
  mini_folder_remove (packs);
  return status;
}
