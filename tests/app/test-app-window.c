/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app-testing.h"

#include "app/preferences-window.h"

/* ---- tests ---- */

static void
test_start_page (void)
{
  FoveaWindow *window = window_new ();
  GtkWidget *root = GTK_WIDGET (window);
  static const char *const disabled[] = { "undo", "redo", "label-key", "accept", "remove", "select-all", "quick-look", "jobs", "report",
                                          "close-project", "clear-filters", "larger" };

  g_assert_cmpstr (get_page (root), ==, "start");
  g_assert_cmpstr (gtk_window_get_title (GTK_WINDOW (window)), ==, "Fovea");
  g_assert_null (fovea_window_get_path (window));
  for (guint i = 0; i < G_N_ELEMENTS (disabled); i++)
    g_assert_false (is_enabled (root, disabled[i]));
  g_assert_true (is_enabled (root, "import"));
  g_assert_true (is_enabled (root, "import-files"));
  g_assert_true (is_enabled (root, "paste"));
  g_assert_false (g_action_group_has_action (G_ACTION_GROUP (window), "sidebar"));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_names_and_roles (void)
{
  FoveaWindow *window = sample_new ();
  GtkWidget *root = GTK_WIDGET (window);
  GtkAccessible *row;
  static const struct {
    const char *id, *name;
    GtkAccessibleRole role;
    const char *above; /* (nullable) where it is, when GTK's drop-downs have a part of that name, too */
  } parts[] = {
    { "places", "Places", GTK_ACCESSIBLE_ROLE_LIST },
    { "concepts", "Concepts", GTK_ACCESSIBLE_ROLE_LIST },
    { "add_button", "Add concept", GTK_ACCESSIBLE_ROLE_BUTTON },
    { "grid", "Images", GTK_ACCESSIBLE_ROLE_GRID },
    { "import_button", "Import", GTK_ACCESSIBLE_ROLE_BUTTON },
    { "search_button", "Search", GTK_ACCESSIBLE_ROLE_WIDGET },
    { "filters_button", "Filters", GTK_ACCESSIBLE_ROLE_BUTTON },
    { "button", "Jobs", GTK_ACCESSIBLE_ROLE_BUTTON, "jobs_button" },
    { "menu_button", "Main menu", GTK_ACCESSIBLE_ROLE_BUTTON },
    { "undo_button", "Undo", GTK_ACCESSIBLE_ROLE_BUTTON },
    { "redo_button", "Redo", GTK_ACCESSIBLE_ROLE_BUTTON },
    { "size_scale", "Thumbnail size", GTK_ACCESSIBLE_ROLE_SLIDER },
    { "search_entry", "Search pictures", GTK_ACCESSIBLE_ROLE_SEARCH_BOX, "search_bar" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      GtkAccessible *part = GTK_ACCESSIBLE (get (parts[i].above != NULL ? get (root, parts[i].above) : root, parts[i].id));

      g_test_message ("%s", parts[i].id);
      gtk_test_accessible_assert_property (part, GTK_ACCESSIBLE_PROPERTY_LABEL, parts[i].name);
      if (parts[i].role != GTK_ACCESSIBLE_ROLE_WIDGET) /* GTK 4.10 tells toggle buttons apart, 4.8 does not */
        g_assert_cmpint (gtk_accessible_get_accessible_role (part), ==, parts[i].role);
    }
  row = GTK_ACCESSIBLE (gtk_widget_get_first_child (get (root, "places")));
  gtk_test_accessible_assert_property (row, GTK_ACCESSIBLE_PROPERTY_LABEL, "Images");
  g_assert_cmpint (gtk_accessible_get_accessible_role (row), ==, GTK_ACCESSIBLE_ROLE_LIST_ITEM);
  g_assert_true (g_str_has_prefix (gtk_window_get_title (GTK_WINDOW (window)), "Fruit"));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_cells (void)
{
  FoveaWindow *window = sample_new ();
  FoveaImagesPage *images = get_images (window);
  FoveaPictureCell *cell;
  GtkAccessible *outer;

  WAIT_FOR (count_pictures (window) == FOVEA_SAMPLE_N_CONCEPTS * FOVEA_SAMPLE_N_EACH);
  WAIT_FOR (get_cell (window) != NULL);
  cell = get_cell (window);
  outer = GTK_ACCESSIBLE (gtk_widget_get_parent (GTK_WIDGET (cell)));
  WAIT_FOR (g_str_equal (fovea_picture_cell_get_label_text (cell), "apple"));
  g_assert_cmpint (gtk_accessible_get_accessible_role (outer), ==, GTK_ACCESSIBLE_ROLE_GRID_CELL);
  gtk_test_accessible_assert_property (outer, GTK_ACCESSIBLE_PROPERTY_LABEL, "apple-01.png");
  gtk_test_accessible_assert_property (outer, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "labelled apple");
  g_assert_cmpstr (fovea_picture_cell_get_prediction_text (cell), ==, "");
  WAIT_FOR (fovea_picture_cell_get_texture (cell) != NULL);
  g_assert_cmpint (gdk_texture_get_width (fovea_picture_cell_get_texture (cell)), ==,
                   fovea_images_page_get_side (images) * gtk_widget_get_scale_factor (GTK_WIDGET (cell)));

  g_assert_true (fovea_images_page_go_to (images, 0));
  gtk_test_accessible_assert_state (outer, GTK_ACCESSIBLE_STATE_SELECTED, TRUE);
  g_assert_false (fovea_images_page_go_to (images, 72));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_label_and_undo (void)
{
  FoveaWindow *window = sample_new ();
  GtkWidget *root = GTK_WIDGET (window);
  FoveaImagesPage *images = get_images (window);
  g_autoptr (FoveaPicture) picture = NULL;
  FoveaConcept *before;
  gboolean value;
  guint position;

  WAIT_FOR (count_pictures (window) == 72);
  g_assert_false (is_enabled (root, "label-key"));
  g_assert_true (fovea_images_page_go_to (images, 0));
  g_assert_true (is_enabled (root, "label-key"));
  picture = fovea_images_page_dup_current (images, &position);
  WAIT_FOR (fovea_picture_get_n_labels (picture) == 1);

  /* The samples are class folders: a picture shows one concept, so the key's takes the place of the folder's. */
  before = fovea_picture_get_label (picture, 0, &value);
  gtk_widget_activate_action (root, "win.label-key", "s", "2");
  WAIT_FOR (fovea_picture_get_n_labels (picture) == 1 && fovea_picture_get_label (picture, 0, &value) != before);
  gtk_widget_activate_action (root, "win.label-not-key", "s", "3");
  WAIT_FOR (fovea_picture_get_n_labels (picture) == 2);
  gtk_widget_activate_action (root, "win.undo", NULL);
  WAIT_FOR (fovea_picture_get_n_labels (picture) == 1);
  gtk_widget_activate_action (root, "win.undo", NULL);
  WAIT_FOR (fovea_picture_get_n_labels (picture) == 1 && fovea_picture_get_label (picture, 0, &value) == before);
  WAIT_FOR (is_enabled (root, "redo"));
  gtk_widget_activate_action (root, "win.redo", NULL);
  WAIT_FOR (fovea_picture_get_n_labels (picture) == 1 && fovea_picture_get_label (picture, 0, &value) != before);
  gtk_widget_activate_action (root, "win.clear-labels", NULL);
  WAIT_FOR (fovea_picture_get_n_labels (picture) == 0);

  fovea_images_page_select_all (images);
  g_assert_cmpuint (fovea_images_page_get_n_selected (images), ==, 72);
  gtk_widget_activate_action (root, "win.remove", NULL);
  WAIT_FOR (count_pictures (window) == 0);
  WAIT_FOR (g_strcmp0 (gtk_stack_get_visible_child_name (GTK_STACK (get (GTK_WIDGET (images), "stack"))), "empty") == 0);
  WAIT_FOR (is_enabled (root, "undo"));
  gtk_widget_activate_action (root, "win.undo", NULL);
  WAIT_FOR (count_pictures (window) == 72);
  gtk_window_destroy (GTK_WINDOW (window));
}

/* A dialog or a job may hold the window beyond its end; the file is whole and closed all the same. */
static void
test_closed_with_reference (void)
{
  FoveaWindow *window = sample_new ();
  g_autoptr (FoveaWindow) held = g_object_ref (window);
  g_autofree char *log = g_strconcat (fovea_window_get_path (window), "-wal", NULL);

  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS));
  gtk_window_destroy (GTK_WINDOW (window));
  g_assert_false (g_file_test (log, G_FILE_TEST_EXISTS));
}

static void
test_filters (void)
{
  FoveaWindow *window = sample_new ();
  GtkWidget *root = GTK_WIDGET (window);
  FoveaImagesPage *images = get_images (window);
  GtkStack *stack = GTK_STACK (get (GTK_WIDGET (images), "stack"));
  GtkListBox *concepts = GTK_LIST_BOX (get (root, "concepts"));

  WAIT_FOR (count_pictures (window) == 72);
  WAIT_FOR (gtk_list_box_get_row_at_index (concepts, 5) != NULL);
  g_signal_emit_by_name (concepts, "row-activated", gtk_list_box_get_row_at_index (concepts, 1));
  WAIT_FOR (count_pictures (window) == 12);
  g_assert_nonnull (fovea_images_page_get_concept (images));
  gtk_widget_activate_action (root, "win.unlabelled", NULL);
  WAIT_FOR (count_pictures (window) == 0);
  WAIT_FOR (g_strcmp0 (gtk_stack_get_visible_child_name (stack), "no-match") == 0);
  gtk_widget_activate_action (root, "win.clear-filters", NULL);
  WAIT_FOR (count_pictures (window) == 72);
  g_assert_null (fovea_images_page_get_concept (images));
  g_assert_false (fovea_images_page_get_filter (images)->unlabelled);

  gtk_editable_set_text (GTK_EDITABLE (get (get (root, "search_bar"), "search_entry")), "pear-0");
  WAIT_FOR (count_pictures (window) == 9);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_empty_project (void)
{
  FoveaWindow *window = window_new ();
  g_autofree char *path = g_build_filename (g_get_home_dir (), "Nothing yet.fovea", NULL);

  fovea_window_load (window, path, TRUE);
  WAIT_FOR (g_strcmp0 (get_page (GTK_WIDGET (window)), "project") == 0);
  g_assert_cmpstr (gtk_window_get_title (GTK_WINDOW (window)), ==, "Nothing yet");
  WAIT_FOR (g_strcmp0 (gtk_stack_get_visible_child_name (GTK_STACK (get (GTK_WIDGET (get_images (window)), "stack"))), "empty") == 0);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.close-project", NULL);
  g_assert_cmpstr (get_page (GTK_WIDGET (window)), ==, "start");
  g_assert_null (fovea_window_get_path (window));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_unreadable_project (void)
{
  FoveaWindow *window = window_new ();
  g_autofree char *path = g_build_filename (g_get_home_dir (), "broken.fovea", NULL);

  g_assert_true (g_file_set_contents (path, "This is no project at all, whatever its name says.", -1, NULL));
  fovea_window_load (window, path, FALSE);
  WAIT_FOR (g_strcmp0 (get_page (GTK_WIDGET (window)), "failed") == 0);
  g_assert_nonnull (adw_status_page_get_description (ADW_STATUS_PAGE (get (GTK_WIDGET (window), "failed_page"))));
  g_assert_true (is_enabled (GTK_WIDGET (window), "close-project"));
  gtk_window_destroy (GTK_WINDOW (window));
}

/* ---- keys ---- */

static void
take_key (GHashTable *keys, const char *trigger, const char *action)
{
  g_auto (GStrv) parts = g_strsplit (trigger, "|", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      guint keyval;
      GdkModifierType modifiers;
      char *name;

      if (!gtk_accelerator_parse (parts[i], &keyval, &modifiers))
        g_error ("%s of %s is no key", parts[i], action);
      name = gtk_accelerator_name (keyval, modifiers);
      if (g_hash_table_contains (keys, name))
        g_error ("%s is a key of both %s and %s", name, (char *) g_hash_table_lookup (keys, name), action);
      g_hash_table_insert (keys, name, g_strdup (action));
    }
}

static void
check_action (GtkWidget *window, const char *detailed)
{
  g_autofree char *name = NULL;
  g_autoptr (GVariant) target = NULL;

  g_assert_true (g_action_parse_detailed_name (detailed, &name, &target, NULL));
  if (g_str_has_prefix (name, "app."))
    g_assert_true (g_action_group_has_action (G_ACTION_GROUP (app), name + 4));
  else if (g_str_has_prefix (name, "win."))
    g_assert_true (g_action_group_has_action (G_ACTION_GROUP (window), name + 4));
  else
    g_assert_cmpstr (name, ==, "window.close");
}

static GHashTable *
read_keys (GtkWidget *window)
{
  GHashTable *keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) described = gtk_application_list_action_descriptions (GTK_APPLICATION (app));
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (window);

  for (guint i = 0; described[i] != NULL; i++)
    {
      g_auto (GStrv) accels = gtk_application_get_accels_for_action (GTK_APPLICATION (app), described[i]);

      check_action (window, described[i]);
      for (guint a = 0; accels[a] != NULL; a++)
        take_key (keys, accels[a], described[i]);
    }
  for (guint c = 0; c < g_list_model_get_n_items (controllers); c++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, c);

      if (!GTK_IS_SHORTCUT_CONTROLLER (controller)
          || gtk_event_controller_get_propagation_phase (controller) != GTK_PHASE_BUBBLE)
        continue;
      for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (controller)); i++)
        {
          g_autoptr (GtkShortcut) shortcut = g_list_model_get_item (G_LIST_MODEL (controller), i);
          GtkShortcutAction *action = gtk_shortcut_get_action (shortcut);
          g_autofree char *trigger = gtk_shortcut_trigger_to_string (gtk_shortcut_get_trigger (shortcut));

          if (!GTK_IS_NAMED_ACTION (action) || !g_str_has_prefix (gtk_named_action_get_action_name (GTK_NAMED_ACTION (action)), "win."))
            continue;
          check_action (window, gtk_named_action_get_action_name (GTK_NAMED_ACTION (action)));
          take_key (keys, trigger, gtk_named_action_get_action_name (GTK_NAMED_ACTION (action)));
        }
    }
  return keys;
}

static void
check_described (GtkWidget *widget, GHashTable *keys)
{
  if (GTK_IS_SHORTCUTS_SHORTCUT (widget))
    {
      g_autofree char *accelerator = NULL;
      g_auto (GStrv) parts = NULL;

      g_object_get (widget, "accelerator", &accelerator, NULL);
      g_strdelimit (accelerator, " ", '|');
      parts = g_strsplit (accelerator, "|", -1);
      for (guint i = 0; parts[i] != NULL; i++)
        {
          g_autofree char *first = g_strndup (parts[i], strstr (parts[i], "...") != NULL ? strstr (parts[i], "...") - parts[i]
                                                                                         : (gssize) strlen (parts[i]));
          guint keyval;
          GdkModifierType modifiers;
          g_autofree char *name = NULL;

          g_assert_true (gtk_accelerator_parse (first, &keyval, &modifiers));
          name = gtk_accelerator_name (keyval, modifiers);
          if (!g_hash_table_contains (keys, name))
            g_error ("the shortcuts window promises %s, which nothing answers", name);
        }
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    check_described (child, keys);
}

/* GTK 4.8 cannot tell assistive programs of a window that was never shown, and ends the program when it has to. */
static GtkWidget *
find_window (GType type)
{
  GListModel *windows = gtk_window_get_toplevels ();
  GtkWidget *found = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);

      g_assert_true (gtk_widget_get_realized (window));
      found = G_TYPE_CHECK_INSTANCE_TYPE (window, type) ? window : found;
    }
  return found;
}

static void
test_keys (void)
{
  FoveaWindow *window = sample_new ();
  g_autoptr (GHashTable) keys = read_keys (GTK_WIDGET (window));
  static const char *const review[] = { /* test_review presses them */
    "a", "r", "e", "j", "k", "z", "i", "plus", "minus", "<Shift>Left", "<Shift>Right", "<Shift>Up", "<Shift>Down",
  };
  GtkWidget *help;

  g_assert_cmpuint (g_hash_table_size (keys), >, 40);
  /* The grid's own, and the one that GTK adds. */
  take_key (keys, "space", "grid");
  take_key (keys, "Return", "grid");
  /* The sidebar's, on a concept. */
  take_key (keys, "F2", "concepts");
  take_key (keys, "<Alt>Up", "concepts");
  take_key (keys, "<Alt>Down", "concepts");
  for (guint i = 0; i < G_N_ELEMENTS (review); i++)
    take_key (keys, review[i], "review");
  g_assert_null (find_window (GTK_TYPE_SHORTCUTS_WINDOW));
  g_action_group_activate_action (G_ACTION_GROUP (window), "show-help-overlay", NULL);
  help = find_window (GTK_TYPE_SHORTCUTS_WINDOW);
  g_assert_nonnull (help);
  check_described (help, keys);
  gtk_window_destroy (GTK_WINDOW (help));
  gtk_window_destroy (GTK_WINDOW (window));
}

/* ---- the end ---- */

static guint n_alive;

static void
count_dead (gpointer name)
{
  g_test_message ("%s is gone", (const char *) name);
  n_alive--;
}

static void
watch (gpointer object, const char *name)
{
  n_alive++;
  g_object_set_data_full (object, "test-alive", (gpointer) name, count_dead);
}

/* Visits every page; a project whose import has ended is left behind. */
static void
watch_project (FoveaWindow *window)
{
  static const char *const names[] = { "review", "models", "images" };
  GtkStack *pages = GTK_STACK (get (GTK_WIDGET (window), "pages"));
  GListModel *jobs = G_LIST_MODEL (fovea_project_get_jobs (fovea_window_get_project (window)));

  WAIT_FOR (count_pictures (window) == 72 && g_list_model_get_n_items (jobs) > 0);
  WAIT_FOR (fovea_job_list_get_n_running (FOVEA_JOB_LIST (jobs)) == 0);
  watch (fovea_window_get_project (window), "project");
  watch (gtk_stack_get_visible_child (GTK_STACK (get (GTK_WIDGET (window), "stack"))), "view");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      watch (gtk_stack_get_child_by_name (pages, names[i]), names[i]);
      gtk_widget_activate_action (GTK_WIDGET (window), "win.page", "s", names[i]);
      WAIT_FOR (gtk_widget_get_mapped (gtk_stack_get_child_by_name (pages, names[i])));
    }
}

/* What is closed is finalised: no page keeps itself, its pictures and the project alive. */
static void
test_nothing_left (void)
{
  FoveaWindow *window = sample_new ();

  watch_project (window);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.close-project", NULL);
  WAIT_FOR (n_alive == 0);
  gtk_window_destroy (GTK_WINDOW (window));

  window = sample_new ();
  watch (window, "window");
  watch_project (window);
  gtk_window_destroy (GTK_WINDOW (window));
  WAIT_FOR (n_alive == 0);
}

/* A part that something else still holds follows the settings, but no longer speaks to its window. */
static void
test_preferences_left (void)
{
  FoveaWindow *window = window_new ();
  GtkWidget *preferences = fovea_preferences_window_new (GTK_WINDOW (window), NULL);
  g_autoptr (GtkWidget) spin = g_object_ref (get (preferences, "cache_spin"));

  gtk_window_present (GTK_WINDOW (preferences));
  WAIT_FOR (gtk_widget_get_mapped (preferences));
  watch (preferences, "preferences");
  gtk_window_destroy (GTK_WINDOW (preferences));
  WAIT_FOR (n_alive == 0);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (spin), gtk_spin_button_get_value (GTK_SPIN_BUTTON (spin)) + 10);
  gtk_window_destroy (GTK_WINDOW (window));
}

static gboolean
set_true (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* A spin button takes what was typed when the focus leaves it: here when the window goes. Nothing comes of it. */
static void
test_typed_and_left (void)
{
  FoveaWindow *window = sample_new ();
  GtkWidget *splits, *spin;
  gboolean waited = FALSE;

  WAIT_FOR (count_pictures (window) == FOVEA_SAMPLE_N_CONCEPTS * FOVEA_SAMPLE_N_EACH);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.make-splits", NULL);
  WAIT_FOR ((splits = find_toplevel ("FoveaSplitsWindow")) != NULL);
  spin = get (splits, "percent_spin");
  gtk_widget_grab_focus (spin);
  gtk_editable_set_text (GTK_EDITABLE (spin), "37");
  watch (splits, "splits");
  gtk_window_destroy (GTK_WINDOW (splits));
  g_timeout_add (400, set_true, &waited);
  WAIT_FOR (waited && n_alive == 0);
  gtk_window_destroy (GTK_WINDOW (window));
}

/* The narrowest that a widget can be; names what makes it so wide. */
static void
check_width (GtkWidget *widget, const char *what)
{
  g_autoptr (GString) path = g_string_new (what);
  int minimum, widest;

  gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  if (minimum <= 360)
    return;
  for (GtkWidget *at = widget; at != NULL;)
    {
      const char *id = gtk_buildable_get_buildable_id (GTK_BUILDABLE (at));
      GtkWidget *next = NULL;

      gtk_widget_measure (at, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
      g_string_append_printf (path, " > %s%s%s %d", G_OBJECT_TYPE_NAME (at), id != NULL ? " #" : "", id != NULL ? id : "", minimum);
      widest = 0;
      for (GtkWidget *child = gtk_widget_get_first_child (at); child != NULL; child = gtk_widget_get_next_sibling (child))
        if (gtk_widget_get_visible (child) && !GTK_IS_POPOVER (child))
          {
            gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
            if (minimum > widest)
              {
                widest = minimum;
                next = child;
              }
          }
      at = next;
    }
  g_test_message ("%s", path->str);
  g_test_fail ();
}

/* Every page of every stack, also what is not shown now. */
static void
check_stacks (GtkWidget *widget)
{
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      gboolean visible = gtk_widget_get_visible (child);

      if (GTK_IS_POPOVER (child))
        continue;
      gtk_widget_set_visible (child, TRUE);
      if (GTK_IS_STACK (widget))
        {
          g_autofree char *name = NULL;

          g_object_get (gtk_stack_get_page (GTK_STACK (widget), child), "name", &name, NULL);
          check_width (child, name);
        }
      check_stacks (child);
      gtk_widget_set_visible (child, visible);
    }
}

/* 360 pixels are enough for all of it: a window does not grow by itself when the page changes. */
static void
test_narrow (void)
{
  FoveaWindow *window = sample_new ();
  static const char *const pages[] = { "images", "models", "review" };
  static const char *const types[] = { "embedding-classifier", "visual-classifier" };
  GtkWidget *widget = GTK_WIDGET (window);

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      gtk_widget_activate_action (widget, "win.page", "s", pages[i]);
      check_width (get (widget, "header"), pages[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      gtk_widget_activate_action (get (widget, "models_list"), "models.create-type", "s", types[i]);
      WAIT_FOR (gtk_widget_get_sensitive (get (gtk_stack_get_child_by_name (GTK_STACK (gtk_widget_get_ancestor (get (widget, "models_list"),
                                                                                                              GTK_TYPE_STACK)),
                                                                            "form"), "train_button")));
      check_stacks (widget);
    }
  check_width (widget, "window");
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
add_tests (void)
{
  g_test_add_func ("/app/window/start-page", test_start_page);
  g_test_add_func ("/app/window/empty-project", test_empty_project);
  g_test_add_func ("/app/window/unreadable-project", test_unreadable_project);
  g_test_add_func ("/app/window/names-and-roles", test_names_and_roles);
  g_test_add_func ("/app/window/cells", test_cells);
  g_test_add_func ("/app/window/label-and-undo", test_label_and_undo);
  g_test_add_func ("/app/window/closed-with-reference", test_closed_with_reference);
  g_test_add_func ("/app/window/filters", test_filters);
  g_test_add_func ("/app/window/keys", test_keys);
  g_test_add_func ("/app/window/narrow", test_narrow);
  g_test_add_func ("/app/window/nothing-left", test_nothing_left);
  g_test_add_func ("/app/window/preferences-left", test_preferences_left);
  g_test_add_func ("/app/window/typed-and-left", test_typed_and_left);
}

int
main (int argc, char **argv)
{
  return app_testing_main (argc, argv, add_tests);
}
