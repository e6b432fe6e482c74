/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "app/images-page.h"
#include "app/picture-cell.h"
#include "app/sample-pictures.h"
#include "app/window.h"
#include "vision/decoder.h"
#include "waiting.h"

/* What the tests of the window share: an application with homes of its own, windows on projects of the sample pictures, and ways to
 * find what is in them. */

static FoveaApplication *app;

typedef gboolean (*MatchFunc) (GtkWidget *widget, const char *what);

/* The first widget below @root, in tree order, that matches. */
static inline GtkWidget *
find (GtkWidget *root, MatchFunc match, const char *what)
{
  if (match (root, what))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find (child, match, what);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static inline gboolean
is_called (GtkWidget *widget, const char *id)
{
  const char *own = gtk_buildable_get_buildable_id (GTK_BUILDABLE (widget));

  return own != NULL && g_str_equal (own, id);
}

static inline gboolean
is_type (GtkWidget *widget, const char *type)
{
  return g_type_is_a (G_OBJECT_TYPE (widget), g_type_from_name (type)) && gtk_widget_get_mapped (widget);
}

/* (nullable) A window that is shown, by its type's name. */
static inline GtkWidget *
find_toplevel (const char *type)
{
  GListModel *toplevels = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (toplevels); i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (toplevels, i);

      if (is_type (window, type))
        return window;
    }
  return NULL;
}

static inline GtkWidget *
get (GtkWidget *root, const char *id)
{
  GtkWidget *widget = find (root, is_called, id);

  if (widget == NULL)
    g_error ("there is no widget called %s", id);
  return widget;
}

static inline const char *
get_page (GtkWidget *window)
{
  return gtk_stack_get_visible_child_name (GTK_STACK (get (window, "stack")));
}

static inline gboolean
is_enabled (GtkWidget *window, const char *action)
{
  g_assert_true (g_action_group_has_action (G_ACTION_GROUP (window), action));
  return g_action_group_get_action_enabled (G_ACTION_GROUP (window), action);
}

static inline FoveaWindow *
window_new (void)
{
  FoveaWindow *window = fovea_window_new (app);

  gtk_window_present (GTK_WINDOW (window));
  WAIT_FOR (gtk_widget_get_mapped (GTK_WIDGET (window)));
  return window;
}

/* A window on a new project of the sample pictures. */
static inline FoveaWindow *
sample_new (void)
{
  FoveaWindow *window = window_new ();

  fovea_window_open_sample (window);
  WAIT_FOR (g_strcmp0 (get_page (GTK_WIDGET (window)), "project") == 0);
  WAIT_FOR (is_enabled (GTK_WIDGET (window), "undo"));
  return window;
}

static inline FoveaImagesPage *
get_images (FoveaWindow *window)
{
  return FOVEA_IMAGES_PAGE (gtk_stack_get_child_by_name (GTK_STACK (get (GTK_WIDGET (window), "pages")), "images"));
}

static inline guint
count_pictures (FoveaWindow *window)
{
  return g_list_model_get_n_items (G_LIST_MODEL (fovea_images_page_get_list (get_images (window))));
}

static inline FoveaPictureCell *
get_cell (FoveaWindow *window)
{
  return FOVEA_PICTURE_CELL (find (fovea_images_page_get_grid (get_images (window)), is_type, "FoveaPictureCell"));
}

/* Homes of its own. Not GLib's isolation: that takes the system's data away too, and with it the icons and the
 * picture loaders. */
static inline char *
make_homes (void)
{
  static const char *const names[] = { "HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME" };
  char *root = g_dir_make_tmp ("fovea-test-XXXXXX", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *home = g_build_filename (root, names[i], NULL);

      g_mkdir_with_parents (home, 0700);
      g_setenv (names[i], home, TRUE);
    }
  return root;
}

static inline void
remove_homes (const char *root)
{
  const char *rm[] = { "rm", "-rf", "--", root, NULL };

  g_assert_true (g_spawn_sync (NULL, (char **) rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
}

/* The whole of main(): @add adds the tests. */
static inline int
app_testing_main (int argc, char **argv, void (*add) (void))
{
  g_autofree char *homes = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  /* The engine starts this very program as its decoder. */
  if (argc == 3 && g_str_equal (argv[1], "--decoder"))
    return fovea_decoder_helper_main ((int) strtol (argv[2], NULL, 10));

  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  homes = make_homes ();
  g_test_init (&argc, &argv, NULL);
  app = fovea_application_new ();
  g_application_set_flags (G_APPLICATION (app), g_application_get_flags (G_APPLICATION (app)) | G_APPLICATION_NON_UNIQUE);
  if (!g_application_register (G_APPLICATION (app), NULL, &error))
    g_error ("%s", error->message);
  g_application_hold (G_APPLICATION (app));
  add ();
  status = g_test_run ();
  remove_homes (homes);
  return status;
}
