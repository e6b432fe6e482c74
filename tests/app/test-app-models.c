/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <adwaita.h>
#include <glib/gstdio.h>

#include "app/confusion-matrix.h"
#include "app/evaluation-view.h"
#include "app/headline.h"
#include "app/model-form.h"
#include "app/models-page.h"
#include "app/plot.h"
#include "engine/catalog.h"

GResource *fovea_app_get_resource (void);

#define N 60
#define K 3

static gboolean
wake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

#define WAIT_FOR(condition)                                               \
  G_STMT_START                                                            \
  {                                                                       \
    gint64 until = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;         \
    guint waker = g_timeout_add (10, wake, NULL);                         \
    while (!(condition) && g_get_monotonic_time () < until)               \
      g_main_context_iteration (NULL, TRUE);                              \
    g_source_remove (waker);                                              \
    g_assert_true (condition);                                            \
  }                                                                       \
  G_STMT_END

typedef struct {
  char *folder;
  FoveaProject *project;
  GtkWidget *window;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("fovea-models-XXXXXX", NULL);
  path = g_build_filename (fixture->folder, "hats.fovea", NULL);
  fixture->project = fovea_project_create (path, &error);
  g_assert_no_error (error);
  fixture->window = gtk_window_new ();
  g_object_ref_sink (fixture->window);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_strdup (fovea_project_get_path (fixture->project));

  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_object_unref (fixture->window);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  fovea_project_close (fixture->project);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (fixture->project);
  g_unlink (path);
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
}

/* A control for every parameter of every type, named for assistive technology, holding the parameter's value. */
static void
test_form_covers_types (Fixture *fixture, gconstpointer data)
{
  FoveaModelForm *form = FOVEA_MODEL_FORM (fovea_model_form_new (fixture->project));

  gtk_window_set_child (GTK_WINDOW (fixture->window), GTK_WIDGET (form));
  for (const char *const *id = fovea_catalog_get_types (); *id != NULL; id++)
    {
      g_autoptr (GPtrArray) params = NULL;

      fovea_model_form_start (form, *id, NULL);
      g_assert_null (fovea_model_form_get_params (form));
      WAIT_FOR (fovea_model_form_get_params (form) != NULL);
      params = fovea_catalog_list_params (fovea_model_form_get_params (form));
      g_assert_cmpuint (params->len, >, 0);
      for (guint i = 0; i < params->len; i++)
        {
          GParamSpec *pspec = g_ptr_array_index (params, i);
          GtkWidget *control = fovea_model_form_get_control (form, pspec->name);

          g_assert_nonnull (control);
          if (ADW_IS_PREFERENCES_ROW (control)) /* named by its title alone, or a screen reader would say it twice */
            g_assert_cmpstr (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (control)), ==, g_param_spec_get_nick (pspec));
          else if (fovea_catalog_get_ask (pspec) != FOVEA_ASK_CONCEPTS)
            gtk_test_accessible_assert_property (control, GTK_ACCESSIBLE_PROPERTY_LABEL, g_param_spec_get_nick (pspec));
        }
    }
}

static void
test_form_writes_params (Fixture *fixture, gconstpointer data)
{
  FoveaModelForm *form = FOVEA_MODEL_FORM (fovea_model_form_new (fixture->project));
  GObject *params;
  gboolean exclusive = TRUE;
  int folds = 0;

  gtk_window_set_child (GTK_WINDOW (fixture->window), GTK_WIDGET (form));
  fovea_model_form_start (form, "embedding-classifier", NULL);
  WAIT_FOR (fovea_model_form_get_params (form) != NULL);
  params = fovea_model_form_get_params (form);
  gtk_switch_set_active (GTK_SWITCH (fovea_model_form_get_control (form, "concepts-mutually-exclusive")), FALSE);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (fovea_model_form_get_control (form, "folds")), 7);
  g_object_get (params, "concepts-mutually-exclusive", &exclusive, "folds", &folds, NULL);
  g_assert_false (exclusive);
  g_assert_cmpint (folds, ==, 7);
}

/* What a number shows is what it is: rates are small, and time is asked for in minutes. */
static void
test_form_shows_numbers (Fixture *fixture, gconstpointer data)
{
  FoveaModelForm *form = FOVEA_MODEL_FORM (fovea_model_form_new (fixture->project));
  g_autoptr (GPtrArray) params = NULL;
  GtkWidget *time_limit;
  double seconds = 0.0;

  gtk_window_set_child (GTK_WINDOW (fixture->window), GTK_WIDGET (form));
  fovea_model_form_start (form, "visual-classifier", NULL);
  WAIT_FOR (fovea_model_form_get_params (form) != NULL);
  params = fovea_catalog_list_params (fovea_model_form_get_params (form));
  for (guint i = 0; i < params->len; i++)
    {
      GParamSpec *pspec = g_ptr_array_index (params, i);
      GtkWidget *control = fovea_model_form_get_control (form, pspec->name);

      if (G_IS_PARAM_SPEC_DOUBLE (pspec))
        g_assert_cmpfloat_with_epsilon (g_strtod (gtk_editable_get_text (GTK_EDITABLE (control)), NULL),
                                        G_PARAM_SPEC_DOUBLE (pspec)->default_value, 1e-9);
    }
  time_limit = fovea_model_form_get_control (form, "time-limit");
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (time_limit), 5);
  g_object_get (fovea_model_form_get_params (form), "time-limit", &seconds, NULL);
  g_assert_cmpfloat_with_epsilon (seconds, 300.0, 1e-9);
}

static void
test_actions (Fixture *fixture, gconstpointer data)
{
  FoveaModelsPage *page = FOVEA_MODELS_PAGE (fovea_models_page_new (fixture->project));
  GActionGroup *actions = fovea_page_get_actions (FOVEA_PAGE (page));
  static const char *const disabled[] = { "train", "suggest", "export", "rename", "duplicate", "delete" };
  g_autofree char *count = NULL;
  g_autofree char *description = NULL;

  gtk_window_set_child (GTK_WINDOW (fixture->window), GTK_WIDGET (page));
  g_assert_true (g_action_group_get_action_enabled (actions, "create"));
  for (guint i = 0; i < G_N_ELEMENTS (disabled); i++)
    g_assert_false (g_action_group_get_action_enabled (actions, disabled[i]));
  count = fovea_page_dup_count (FOVEA_PAGE (page), &description);
  g_assert_cmpstr (count, ==, "");
  g_assert_cmpstr (description, ==, "0 models");
  g_assert_false (fovea_models_page_open (page, "nobody", "overview"));
}

/* ---- evaluation ---- */

static FoveaEvaluation *
evaluation_new (void)
{
  g_autoptr (GPtrArray) labels = fovea_labels_new ();
  g_autofree float *p = g_new0 (float, N * K);
  g_autofree gint8 *truth = g_new0 (gint8, N * K);
  g_autofree gint64 *ids = g_new0 (gint64, N);
  FoveaEvalData eval = { .n_rows = N, .labels = labels, .probabilities = p, .truth = truth, .exclusive = TRUE, .ids = ids };
  static const char *const names[K] = { "dress", "hat", "shirt" };

  for (guint c = 0; c < K; c++)
    g_ptr_array_add (labels, fovea_label_new (names[c], names[c]));
  for (guint i = 0; i < N; i++)
    {
      guint actual = i % K, said = i % 7 == 0 ? (actual + 1) % K : actual;

      ids[i] = 100 + i;
      truth[i * K + actual] = 1;
      p[i * K + said] = 0.8f;
      p[i * K + (said + 1) % K] = 0.2f;
    }
  return fovea_evaluation_new (&eval);
}

typedef struct {
  GArray *ids;
  char *what;
} Wanted;

static void
on_wanted (GtkWidget *widget, GArray *ids, const char *what, Wanted *wanted)
{
  g_clear_pointer (&wanted->ids, g_array_unref);
  g_free (wanted->what);
  wanted->ids = g_array_ref (ids);
  wanted->what = g_strdup (what);
}

static GtkWidget *
find_type (GtkWidget *root, GType type)
{
  if (g_type_is_a (G_OBJECT_TYPE (root), type))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_type (child, type);

      if (found != NULL)
        return found;
    }
  return NULL;
}

/* Every cell asks for exactly its pictures. */
static void
test_cells_lead_to_pictures (Fixture *fixture, gconstpointer data)
{
  FoveaEvaluationView *view = FOVEA_EVALUATION_VIEW (fovea_evaluation_view_new (fixture->project));
  g_autoptr (FoveaEvaluation) evaluation = evaluation_new ();
  FoveaHeadline headline = { .known = TRUE, .value = 0.85, .low = 0.7, .high = 0.9, .n = N, .n_fewest = 20 };
  Wanted wanted = { NULL, NULL };
  GtkWidget *matrix;

  gtk_window_set_child (GTK_WINDOW (fixture->window), GTK_WIDGET (view));
  fovea_evaluation_view_set_evaluation (view, evaluation, &headline);
  g_signal_connect (view, "pictures-wanted", G_CALLBACK (on_wanted), &wanted);
  matrix = find_type (GTK_WIDGET (view), FOVEA_TYPE_CONFUSION_MATRIX);
  gtk_test_accessible_assert_property (matrix, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "predicted dress, labelled dress: 17 pictures");
  g_signal_emit_by_name (matrix, "cell-activated", 2u, 0u);
  g_assert_cmpstr (wanted.what, ==, "predicted dress, labelled shirt");
  g_assert_cmpuint (wanted.ids->len, ==, 3);
  for (guint i = 0; i < wanted.ids->len; i++)
    {
      guint row = (guint) (g_array_index (wanted.ids, gint64, i) - 100);

      g_assert_cmpuint (row % K, ==, 2);
      g_assert_cmpuint (row % 7, ==, 0);
    }
  g_array_unref (wanted.ids);
  g_free (wanted.what);
}

static void
press_heading (GtkWidget *heading)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (heading);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GListModel) shortcuts = g_list_model_get_item (controllers, i);
      g_autoptr (GtkShortcut) shortcut = GTK_IS_SHORTCUT_CONTROLLER (shortcuts) ? g_list_model_get_item (shortcuts, 0) : NULL;

      if (shortcut == NULL)
        continue;
      g_assert_true (gtk_shortcut_action_activate (gtk_shortcut_get_action (shortcut), 0, heading, NULL));
      return;
    }
  g_assert_not_reached ();
}

/* A heading's key turns the order round that there is, whether a key or the pointer chose it. */
static void
test_order_of_concepts (Fixture *fixture, gconstpointer data)
{
  FoveaEvaluationView *view = FOVEA_EVALUATION_VIEW (fovea_evaluation_view_new (fixture->project));
  g_autoptr (FoveaEvaluation) evaluation = evaluation_new ();
  FoveaHeadline headline = { .known = TRUE, .value = 0.85, .low = 0.7, .high = 0.9, .n = N, .n_fewest = 20 };
  GtkColumnView *table;
  GtkWidget *heading;
  GListModel *rows;
  g_autoptr (GtkColumnViewColumn) names = NULL;
  g_autoptr (GObject) first = NULL;
  const struct {
    int pointer; /* the order that it chooses before the key, −1: none */
    gboolean first;
  } steps[] = { { -1, TRUE }, { -1, FALSE }, { -1, TRUE }, { GTK_SORT_DESCENDING, TRUE }, { GTK_SORT_ASCENDING, FALSE } };

  gtk_window_set_child (GTK_WINDOW (fixture->window), GTK_WIDGET (view));
  fovea_evaluation_view_set_evaluation (view, evaluation, &headline);
  table = GTK_COLUMN_VIEW (find_type (GTK_WIDGET (view), GTK_TYPE_COLUMN_VIEW));
  heading = gtk_widget_get_first_child (gtk_widget_get_first_child (GTK_WIDGET (table)));
  names = g_list_model_get_item (gtk_column_view_get_columns (table), 0);
  rows = G_LIST_MODEL (gtk_column_view_get_model (table));
  first = g_list_model_get_item (rows, 0); /* in the order of their names */
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (GObject) now = NULL;

      if (steps[i].pointer >= 0)
        gtk_column_view_sort_by_column (table, names, (GtkSortType) steps[i].pointer);
      press_heading (heading);
      now = g_list_model_get_item (rows, 0);
      g_assert_true ((now == first) == steps[i].first);
    }
}

static void
test_headline (void)
{
  FoveaHeadline good = { .known = TRUE, .value = 0.853, .low = 0.823, .high = 0.879, .n = 600, .n_fewest = 60 };
  FoveaHeadline few = { .known = TRUE, .value = 1.0, .low = 0.5, .high = 1.0, .n = 8, .n_fewest = 4, .fewest = (char *) "hat",
                        .split = (char *) "test" };
  g_autofree char *good_text = fovea_headline_dup_text (&good);
  g_autofree char *few_text = fovea_headline_dup_text (&few);

  g_assert_cmpstr (good_text, ==, "85.3 % right (82.3 to 87.9) on 600 pictures, by cross-validation");
  g_assert_cmpstr (few_text, ==, "Too few examples for a percentage: 4 pictures of hat (on 8 pictures of split “Test”)");
}

/* Where no split is named, a deep training has held pictures out, and others are cross-validated. */
static void
test_held_out (void)
{
  const char *const splits[] = { "test", NULL };
  FoveaHeadline headline = { .known = TRUE, .value = 0.853, .low = 0.823, .high = 0.879, .n = 52, .n_fewest = 60, .held_out = TRUE };
  g_autofree char *text = fovea_headline_dup_text (&headline), *place = fovea_headline_dup_place (&headline);
  g_autoptr (GtkStringList) deep = fovea_headline_list_places (splits, TRUE);
  g_autoptr (GtkStringList) others = fovea_headline_list_places (splits, FALSE);

  g_assert_cmpstr (text, ==, "85.3 % right (82.3 to 87.9) on 52 pictures that were held out");
  g_assert_cmpstr (place, ==, "held out of the training");
  g_assert_cmpstr (gtk_string_list_get_string (deep, 0), ==, "Held-out pictures");
  g_assert_cmpstr (gtk_string_list_get_string (deep, 1), ==, "Test");
  g_assert_cmpstr (gtk_string_list_get_string (others, 0), ==, "Cross-validation");
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  g_resources_register (fovea_app_get_resource ());
  g_test_add ("/app/models/form-covers-types", Fixture, NULL, set_up, test_form_covers_types, tear_down);
  g_test_add ("/app/models/form-writes-params", Fixture, NULL, set_up, test_form_writes_params, tear_down);
  g_test_add ("/app/models/form-shows-numbers", Fixture, NULL, set_up, test_form_shows_numbers, tear_down);
  g_test_add ("/app/models/actions", Fixture, NULL, set_up, test_actions, tear_down);
  g_test_add ("/app/models/order-of-concepts", Fixture, NULL, set_up, test_order_of_concepts, tear_down);
  g_test_add ("/app/models/cells-lead-to-pictures", Fixture, NULL, set_up, test_cells_lead_to_pictures, tear_down);
  g_test_add_func ("/app/models/headline", test_headline);
  g_test_add_func ("/app/models/held-out", test_held_out);
  return g_test_run ();
}
