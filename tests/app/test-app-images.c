/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app-testing.h"

#include "app/concept-row.h"
#include "app/picture-set.h"

#define N_SAMPLES (FOVEA_SAMPLE_N_CONCEPTS * FOVEA_SAMPLE_N_EACH)

static FoveaWindow *
loaded_new (void)
{
  FoveaWindow *window = sample_new ();

  WAIT_FOR (count_pictures (window) == N_SAMPLES);
  WAIT_FOR (gtk_list_box_get_row_at_index (GTK_LIST_BOX (get (GTK_WIDGET (window), "concepts")), 5) != NULL);
  return window;
}

static FoveaConcept *
get_concept (FoveaWindow *window, int i)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (GTK_LIST_BOX (get (GTK_WIDGET (window), "concepts")), i);

  return fovea_concept_row_get_concept (FOVEA_CONCEPT_ROW (row));
}

/* The chip whose name begins so; NULL when there is none. */
static GtkWidget *
find_chip (FoveaWindow *window, const char *tooltip)
{
  GtkWidget *chips = get (GTK_WIDGET (get_images (window)), "chips");

  for (GtkWidget *chip = gtk_widget_get_first_child (chips); chip != NULL; chip = gtk_widget_get_next_sibling (chip))
    if (g_str_equal (gtk_widget_get_tooltip_text (chip), tooltip))
      return chip;
  return NULL;
}

/* Each condition is a chip, and goes with it. */
static void
test_chips (void)
{
  FoveaWindow *window = loaded_new ();
  FoveaImagesPage *images = get_images (window);
  FoveaPictureFilter filter = { .not_concept_id = fovea_concept_get_id (get_concept (window, 1)), .labelled = TRUE, .min_doubt = 0.4,
                                .max_doubt = 0.8, .split = "", .state = 1 + FOVEA_PICTURE_COMPLETE, .duplicates = TRUE, .text = "pear" };
  static const char *const chips[] = {
    "Remove filter not banana", "Remove filter Labelled", "Remove filter Doubt 40–80 %", "Remove filter No split",
    "Remove filter Complete",   "Remove filter Duplicates", "Remove filter “pear”",
  };

  fovea_images_page_set_filter (images, &filter);
  for (guint i = 0; i < G_N_ELEMENTS (chips); i++)
    {
      GtkWidget *chip = find_chip (window, chips[i]);

      g_test_message ("%s", chips[i]);
      g_assert_nonnull (chip);
      gtk_test_accessible_assert_property (GTK_ACCESSIBLE (chip), GTK_ACCESSIBLE_PROPERTY_LABEL, chips[i]);
    }
  WAIT_FOR (count_pictures (window) == 0);
  for (guint i = 0; i < G_N_ELEMENTS (chips); i++)
    {
      g_signal_emit_by_name (find_chip (window, chips[i]), "clicked");
      g_assert_null (find_chip (window, chips[i]));
    }
  WAIT_FOR (count_pictures (window) == N_SAMPLES);

  fovea_images_page_set_order (images, FOVEA_PICTURE_SORT_NAME, 0, TRUE);
  g_assert_nonnull (find_chip (window, "Remove order By name, reversed"));
  g_signal_emit_by_name (find_chip (window, "Remove order By name, reversed"), "clicked");
  g_assert_null (gtk_widget_get_first_child (get (GTK_WIDGET (images), "chips")));
  gtk_window_destroy (GTK_WINDOW (window));
}

/* A model that was asked about two pictures: an apple (0.8) and a banana (0.6). */
static FoveaOpinions *
opinions_new (FoveaWindow *window, const gint64 ids[2])
{
  FoveaConcept *apple = get_concept (window, 0), *banana = get_concept (window, 1);
  g_autoptr (GPtrArray) labels = fovea_labels_new ();
  const float probabilities[] = { 0.8f, 0.2f, 0.4f, 0.6f };
  const gint8 truth[] = { 1, -1, 1, -1 };
  FoveaEvalData data = { .n_rows = 2, .labels = labels, .probabilities = probabilities, .truth = truth, .exclusive = TRUE, .ids = ids };
  g_autoptr (FoveaEvaluation) evaluation = NULL;

  g_ptr_array_add (labels, fovea_label_new ("apple", fovea_concept_get_name (apple)));
  g_ptr_array_add (labels, fovea_label_new ("banana", fovea_concept_get_name (banana)));
  evaluation = fovea_evaluation_new (&data);
  return fovea_opinions_new (evaluation, -1, fovea_project_get_concepts (fovea_window_get_project (window)));
}

/* What another page asks for: exactly these, under one chip, with the words of the model that it is about. */
static void
test_pictures_wanted (void)
{
  FoveaWindow *window = loaded_new ();
  FoveaImagesPage *images = get_images (window);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (FoveaOpinions) opinions = NULL;
  g_autoptr (FoveaPicture) picture = NULL;
  gint64 first = fovea_picture_list_get_id (fovea_images_page_get_list (images), 3);
  gint64 second = fovea_picture_list_get_id (fovea_images_page_get_list (images), 40);
  guint position;

  g_array_append_val (ids, first);
  g_array_append_val (ids, second);
  opinions = opinions_new (window, (const gint64 *) (gpointer) ids->data);
  fovea_page_want_pictures (FOVEA_PAGE (images), ids, "labelled apple, predicted pear", opinions);
  WAIT_FOR (count_pictures (window) == 2);
  g_assert_true (fovea_picture_list_find (fovea_images_page_get_list (images), first, &position));
  g_assert_true (fovea_picture_list_find (fovea_images_page_get_list (images), second, &position));
  g_assert_nonnull (find_chip (window, "Remove filter labelled apple, predicted pear"));
  WAIT_FOR (get_cell (window) != NULL && fovea_picture_cell_get_picture (get_cell (window)) != NULL
            && g_strcmp0 (fovea_picture_cell_get_prediction_text (get_cell (window)), "apple 80 %") == 0);
  g_assert_true (fovea_picture_list_find (fovea_images_page_get_list (images), second, &position));
  picture = g_list_model_get_item (G_LIST_MODEL (fovea_images_page_get_list (images)), position);
  g_assert_true (fovea_images_page_get_suggestion (images, picture) == get_concept (window, 1));
  fovea_page_want_pictures (FOVEA_PAGE (images), none, "nothing", NULL);
  WAIT_FOR (count_pictures (window) == 0);
  g_signal_emit_by_name (find_chip (window, "Remove filter nothing"), "clicked");
  WAIT_FOR (count_pictures (window) == N_SAMPLES);
  /* The samples are labelled and there is no network here: a person's word stands alone again. */
  g_assert_null (fovea_images_page_get_suggestion (images, picture));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_filter_popover (void)
{
  FoveaWindow *window = loaded_new ();
  GtkWidget *root = GTK_WIDGET (window), *popover;
  FoveaImagesPage *images = get_images (window);

  gtk_widget_activate_action (root, "win.filters", NULL);
  WAIT_FOR ((popover = find (root, is_type, "FoveaFilterPopover")) != NULL);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (get (popover, "concept")), 2);
  WAIT_FOR (count_pictures (window) == 12);
  g_assert_true (fovea_images_page_get_concept (images) == get_concept (window, 1));
  gtk_drop_down_set_selected (GTK_DROP_DOWN (get (popover, "labels")), 1);
  g_assert_true (fovea_images_page_get_filter (images)->unlabelled);
  WAIT_FOR (count_pictures (window) == 0);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (get (popover, "min_doubt")), 30);
  g_assert_cmpfloat_with_epsilon (fovea_images_page_get_filter (images)->min_doubt, 0.3, 1e-9);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (get (popover, "order")), 1);
  g_signal_emit_by_name (get (popover, "clear_button"), "clicked");
  WAIT_FOR (count_pictures (window) == N_SAMPLES);
  g_assert_cmpuint (gtk_drop_down_get_selected (GTK_DROP_DOWN (get (popover, "order"))), ==, 0);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (get (popover, "predicted")), GTK_ACCESSIBLE_PROPERTY_LABEL, "Predicted as");
  gtk_popover_popdown (GTK_POPOVER (popover));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_concept_page (void)
{
  FoveaWindow *window = loaded_new ();
  GtkWidget *root = GTK_WIDGET (window), *band = get (root, "band");
  FoveaImagesPage *images = get_images (window);
  gboolean descending;
  gint64 about;

  g_assert_false (gtk_widget_get_visible (band));
  g_signal_emit_by_name (get (root, "concepts"), "row-activated", gtk_list_box_get_row_at_index (GTK_LIST_BOX (get (root, "concepts")), 1));
  WAIT_FOR (count_pictures (window) == 12);
  g_assert_true (gtk_widget_get_visible (band));
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (get (band, "name_label"))), ==, "banana");
  g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (get (band, "labelled_button"))), ==, "12 labelled");
  g_signal_emit_by_name (get (band, "least_button"), "clicked");
  g_assert_cmpint (fovea_images_page_get_order (images, &about, &descending), ==, FOVEA_PICTURE_SORT_CERTAIN);
  g_assert_cmpint (about, ==, fovea_concept_get_id (get_concept (window, 1)));
  g_assert_true (descending);
  g_signal_emit_by_name (get (band, "not_button"), "clicked");
  WAIT_FOR (count_pictures (window) == 0);
  g_assert_true (fovea_images_page_get_concept (images) == get_concept (window, 1));

  /* A concept that is deleted takes its condition along. */
  gtk_widget_activate_action (root, "win.delete-concept", "x", fovea_concept_get_id (get_concept (window, 1)));
  WAIT_FOR (count_pictures (window) == N_SAMPLES);
  g_assert_false (gtk_widget_get_visible (band));
  gtk_window_destroy (GTK_WINDOW (window));
}

/* A picture that the filter hides once it is labelled makes room for the next one, which is selected then. */
static void
test_going_on (void)
{
  FoveaWindow *window = loaded_new ();
  GtkWidget *root = GTK_WIDGET (window);
  FoveaImagesPage *images = get_images (window);
  FoveaPictureList *list = fovea_images_page_get_list (images);
  guint position = 0;
  gint64 next;

  fovea_images_page_select_all (images);
  gtk_widget_activate_action (root, "win.clear-labels", NULL);
  gtk_widget_activate_action (root, "win.unlabelled", NULL);
  WAIT_FOR (count_pictures (window) == N_SAMPLES && !fovea_picture_list_get_loading (list));
  next = fovea_picture_list_get_id (list, 1);
  WAIT_FOR (fovea_images_page_go_to (images, 0));
  gtk_widget_activate_action (root, "win.label-key", "s", "2");
  WAIT_FOR (count_pictures (window) == N_SAMPLES - 1);
  WAIT_FOR (fovea_images_page_get_n_selected (images) == 1);
  {
    g_autoptr (FoveaPicture) picture = fovea_images_page_dup_current (images, &position);

    g_assert_cmpint (fovea_picture_get_id (picture), ==, next);
  }
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_accept_many_says_why_not (void)
{
  FoveaWindow *window = loaded_new ();
  GtkWidget *root = GTK_WIDGET (window);

  /* Without a pack there are no vectors, so nothing is suggested; the status says what is wanted. */
  g_assert_true (is_enabled (root, "accept-many"));
  gtk_widget_activate_action (root, "win.accept-many", NULL);
  g_assert_null (find (root, is_type, "FoveaAcceptWindow"));
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (get (get (root, "live_bar"), "label"))), !=, "");
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (get (get (root, "live_bar"), "message"))), !=, "");
  gtk_widget_activate_action (root, "win.most-useful", NULL);
  g_assert_true (fovea_images_page_get_filter (get_images (window))->unlabelled);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
add_tests (void)
{
  g_test_add_func ("/app/images/chips", test_chips);
  g_test_add_func ("/app/images/pictures-wanted", test_pictures_wanted);
  g_test_add_func ("/app/images/filter-popover", test_filter_popover);
  g_test_add_func ("/app/images/concept-page", test_concept_page);
  g_test_add_func ("/app/images/going-on", test_going_on);
  g_test_add_func ("/app/images/accept-many", test_accept_many_says_why_not);
}

int
main (int argc, char **argv)
{
  return app_testing_main (argc, argv, add_tests);
}
