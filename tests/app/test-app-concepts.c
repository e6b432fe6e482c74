/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app-testing.h"

#include "app/concept-row.h"
#include "app/concept-window.h"
#include "app/picture-selection.h"
#include "app/split-list.h"

static FoveaConcept *
get_concept (FoveaWindow *window, int i)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (GTK_LIST_BOX (get (GTK_WIDGET (window), "concepts")), i);

  return row != NULL ? fovea_concept_row_get_concept (FOVEA_CONCEPT_ROW (row)) : NULL;
}

static gboolean
is_named (FoveaWindow *window, int i, const char *name)
{
  FoveaConcept *concept = get_concept (window, i);

  return concept != NULL && g_str_equal (fovea_concept_get_name (concept), name);
}

static FoveaWindow *
loaded_new (void)
{
  FoveaWindow *window = sample_new ();

  WAIT_FOR (count_pictures (window) == FOVEA_SAMPLE_N_CONCEPTS * FOVEA_SAMPLE_N_EACH);
  WAIT_FOR (get_concept (window, 5) != NULL);
  WAIT_FOR (is_named (window, 0, "apple"));
  /* The list makes its rows anew while concepts come in: those that a test takes hold of must stay. */
  for (int i = 0; i < FOVEA_SAMPLE_N_CONCEPTS; i++)
    WAIT_FOR (get_concept (window, i) != NULL && fovea_concept_get_count (get_concept (window, i)) == FOVEA_SAMPLE_N_EACH);
  return window;
}

/* Rename in place, move, delete: each undone by one step. */
static void
test_rename_move_delete (void)
{
  FoveaWindow *window = loaded_new ();
  GtkWidget *root = GTK_WIDGET (window), *entry;
  GtkWidget *row = GTK_WIDGET (gtk_list_box_get_row_at_index (GTK_LIST_BOX (get (root, "concepts")), 0));

  gtk_widget_grab_focus (row);
  gtk_widget_activate_action (row, "concept.rename", NULL);
  entry = get (row, "name_entry");
  WAIT_FOR (gtk_widget_get_mapped (entry));
  gtk_editable_set_text (GTK_EDITABLE (entry), "red apple");
  gtk_widget_activate_action (root, "win.undo", NULL); /* cannot be meant for the entry's text: the import goes and comes back */
  WAIT_FOR (is_enabled (root, "redo"));
  gtk_widget_activate_action (root, "win.redo", NULL);
  WAIT_FOR (is_named (window, 0, "apple"));

  gtk_widget_activate_action (root, "win.rename-concept", "(xs)", fovea_concept_get_id (get_concept (window, 0)), "red apple");
  WAIT_FOR (is_named (window, 0, "red apple"));
  gtk_widget_activate_action (root, "win.move-concept", "(xu)", fovea_concept_get_id (get_concept (window, 0)), 2);
  WAIT_FOR (is_named (window, 2, "red apple"));
  gtk_widget_activate_action (root, "win.delete-concept", "x", fovea_concept_get_id (get_concept (window, 2)));
  WAIT_FOR (get_concept (window, 5) == NULL);
  gtk_widget_activate_action (root, "win.undo", NULL);
  WAIT_FOR (is_named (window, 2, "red apple"));
  gtk_widget_activate_action (root, "win.undo", NULL);
  WAIT_FOR (is_named (window, 0, "red apple"));
  gtk_widget_activate_action (root, "win.undo", NULL);
  WAIT_FOR (is_named (window, 0, "apple"));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_edit_window (void)
{
  FoveaWindow *window = loaded_new ();
  GtkWidget *root = GTK_WIDGET (window), *editor;
  FoveaConcept *apple = get_concept (window, 0);

  gtk_widget_activate_action (root, "win.edit-concept", "x", fovea_concept_get_id (apple));
  WAIT_FOR (find_toplevel ("FoveaConceptWindow") != NULL);
  editor = find_toplevel ("FoveaConceptWindow");
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (get (editor, "name_row"))), ==, "apple");
  gtk_editable_set_text (GTK_EDITABLE (get (editor, "name_row")), " ");
  g_assert_false (gtk_widget_get_sensitive (get (editor, "save_button")));
  gtk_editable_set_text (GTK_EDITABLE (get (editor, "name_row")), "pome");
  gtk_editable_set_text (GTK_EDITABLE (get (editor, "description_row")), "Apples of any colour");
  adw_combo_row_set_selected (ADW_COMBO_ROW (get (editor, "key_row")), 7);
  g_signal_emit_by_name (get (editor, "save_button"), "clicked");
  WAIT_FOR (is_named (window, 0, "pome"));
  g_assert_cmpstr (fovea_concept_get_key (apple), ==, "7");
  g_assert_cmpstr (fovea_concept_get_description (apple), ==, "Apples of any colour");
  WAIT_FOR (find_toplevel ("FoveaConceptWindow") == NULL);
  gtk_widget_activate_action (root, "win.undo", NULL);
  WAIT_FOR (is_named (window, 0, "apple"));
  g_assert_cmpstr (fovea_concept_get_key (apple), ==, "");
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_merge_asks (void)
{
  FoveaWindow *window = loaded_new ();
  GtkWidget *root = GTK_WIDGET (window), *dialog;

  gtk_widget_activate_action (root, "win.merge-concept", "x", fovea_concept_get_id (get_concept (window, 1)));
  WAIT_FOR (find_toplevel ("AdwMessageDialog") != NULL);
  dialog = find_toplevel ("AdwMessageDialog");
  g_assert_true (strstr (adw_message_dialog_get_body (ADW_MESSAGE_DIALOG (dialog)), "12 pictures") != NULL);
  adw_message_dialog_response (ADW_MESSAGE_DIALOG (dialog), "merge");
  WAIT_FOR (get_concept (window, 5) == NULL);
  WAIT_FOR (fovea_concept_get_count (get_concept (window, 0)) == 24);
  gtk_widget_activate_action (root, "win.undo", NULL);
  WAIT_FOR (get_concept (window, 5) != NULL);
  WAIT_FOR (fovea_concept_get_count (get_concept (window, 0)) == 12);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
drop_pictures (GtkWidget *target, const char *signal, FoveaWindow *window, const char *split, gboolean negative)
{
  g_autoptr (GArray) ids = fovea_images_page_dup_selected_ids (get_images (window));
  g_autoptr (FoveaPictureSet) set =
    fovea_picture_set_new (fovea_window_get_path (window), (const gint64 *) (gpointer) ids->data, ids->len);

  if (split != NULL)
    g_signal_emit_by_name (target, signal, set, split);
  else
    g_signal_emit_by_name (target, signal, set, negative);
}

/* What a drop on a concept's halves and on a split ends in. */
static void
test_drops (void)
{
  FoveaWindow *window = loaded_new ();
  GtkWidget *root = GTK_WIDGET (window);
  GtkWidget *row = GTK_WIDGET (gtk_list_box_get_row_at_index (GTK_LIST_BOX (get (root, "concepts")), 1));
  g_autoptr (FoveaPicture) picture = NULL;
  gboolean positive = TRUE;
  guint position;

  g_assert_true (fovea_images_page_go_to (get_images (window), 0));
  picture = fovea_images_page_dup_current (get_images (window), &position);
  WAIT_FOR (fovea_picture_get_n_labels (picture) == 1);
  drop_pictures (row, "pictures-dropped", window, NULL, TRUE);
  WAIT_FOR (fovea_picture_get_n_labels (picture) == 2);
  g_assert_true (fovea_picture_get_label (picture, 1, &positive) == get_concept (window, 1));
  g_assert_false (positive);
  drop_pictures (row, "pictures-dropped", window, NULL, FALSE);
  /* Of a picture of a class folder, which shows one concept, it takes the other's place. */
  WAIT_FOR (fovea_picture_get_n_labels (picture) == 1);
  g_assert_true (fovea_picture_get_label (picture, 0, &positive) == get_concept (window, 1) && positive);

  drop_pictures (get (root, "splits"), "pictures-dropped", window, "validation", FALSE);
  WAIT_FOR (g_str_equal (fovea_picture_get_split (picture), "validation"));
  gtk_widget_activate_action (root, "win.undo", NULL);
  WAIT_FOR (!g_str_equal (fovea_picture_get_split (picture), "validation"));
  gtk_widget_activate_action (root, "win.set-split", "s", "test");
  WAIT_FOR (g_str_equal (fovea_picture_get_split (picture), "test"));
  gtk_widget_activate_action (root, "win.set-state", "s", "complete");
  WAIT_FOR (fovea_picture_get_state (picture) == FOVEA_PICTURE_COMPLETE);
  gtk_widget_activate_action (root, "win.label-not", "s", "kiwi");
  WAIT_FOR (fovea_picture_get_n_labels (picture) == 2);
  g_clear_object (&picture);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_menus (void)
{
  FoveaWindow *window = loaded_new ();
  GtkWidget *root = GTK_WIDGET (window), *popover;

  g_assert_false (is_enabled (root, "context-menu"));
  g_assert_true (fovea_images_page_go_to (get_images (window), 0));
  gtk_widget_activate_action (root, "win.context-menu", NULL);
  WAIT_FOR ((popover = find (GTK_WIDGET (get_images (window)), is_type, "GtkPopoverMenu")) != NULL);
  gtk_popover_popdown (GTK_POPOVER (popover));
  gtk_widget_activate_action (root, "win.split-menu", NULL);
  WAIT_FOR (find (GTK_WIDGET (get_images (window)), is_type, "GtkPopoverMenu") != NULL);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
count_signal (GtkSelectionModel *model, guint position, guint n, guint *ret_n)
{
  (*ret_n)++;
}

/* By id: a picture stays selected in another order, and leaves the selection with the list. */
static void
test_selection (void)
{
  FoveaWindow *window = loaded_new ();
  FoveaPictureList *list = fovea_images_page_get_list (get_images (window));
  g_autoptr (FoveaPictureSelection) selection = fovea_picture_selection_new (list);
  FoveaPictureFilter pears = { .text = "pear" };
  g_autoptr (GArray) ids = NULL;
  gint64 first = fovea_picture_list_get_id (list, 0), last = fovea_picture_list_get_id (list, 71);
  guint position, n_signals = 0;

  g_signal_connect (selection, "selection-changed", G_CALLBACK (count_signal), &n_signals);
  gtk_selection_model_select_all (GTK_SELECTION_MODEL (selection));
  g_assert_cmpuint (fovea_picture_selection_get_n_selected (selection), ==, 72);
  g_assert_cmpuint (n_signals, ==, 1);
  gtk_selection_model_unselect_all (GTK_SELECTION_MODEL (selection));
  g_assert_cmpuint (fovea_picture_selection_get_first (selection), ==, GTK_INVALID_LIST_POSITION);
  gtk_selection_model_select_item (GTK_SELECTION_MODEL (selection), 71, TRUE);
  gtk_selection_model_select_item (GTK_SELECTION_MODEL (selection), 0, FALSE);
  fovea_picture_list_set_sort (list, FOVEA_PICTURE_SORT_NAME, TRUE);
  WAIT_FOR (fovea_picture_list_get_id (list, 71) == first);
  g_assert_cmpuint (fovea_picture_selection_get_n_selected (selection), ==, 2);
  g_assert_true (fovea_picture_list_find (list, last, &position));
  g_assert_true (gtk_selection_model_is_selected (GTK_SELECTION_MODEL (selection), position));
  g_assert_true (gtk_selection_model_is_selected (GTK_SELECTION_MODEL (selection), 71));
  fovea_picture_list_set_filter (list, &pears);
  WAIT_FOR (g_list_model_get_n_items (G_LIST_MODEL (list)) == 12);
  ids = fovea_picture_selection_dup_ids (selection);
  for (guint i = 0; i < ids->len; i++)
    g_assert_true (fovea_picture_list_find (list, g_array_index (ids, gint64, i), &position));
  g_assert_cmpuint (ids->len, ==, 1);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
add_tests (void)
{
  g_test_add_func ("/app/concepts/rename-move-delete", test_rename_move_delete);
  g_test_add_func ("/app/concepts/edit-window", test_edit_window);
  g_test_add_func ("/app/concepts/merge-asks", test_merge_asks);
  g_test_add_func ("/app/concepts/drops", test_drops);
  g_test_add_func ("/app/images/menus", test_menus);
  g_test_add_func ("/app/images/selection", test_selection);
}

int
main (int argc, char **argv)
{
  return app_testing_main (argc, argv, add_tests);
}
