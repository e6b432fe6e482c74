/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/application.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

#include "app/accessible-names.h"
#include "app/help-window.h"
#include "app/paths.h"
#include "app/preferences-window.h"
#include "app/sample-pictures.h"
#include "app/settings.h"
#include "app/window.h"
#include "engine/scheduler.h"
#include "engine/thumbnail-cache.h"

#include "config.h"

/* Long after the start, which must not wait for the disk. */
#define TRIM_AFTER_SECONDS 30

GResource *fovea_app_get_resource (void);

struct _FoveaApplication {
  AdwApplication parent_instance;
  FoveaFrameProfile *profile;
  guint sigterm_id, sigint_id, trim_id;
};

G_DEFINE_FINAL_TYPE (FoveaApplication, fovea_application, ADW_TYPE_APPLICATION)

static FoveaWindow *
present_new_window (FoveaApplication *self)
{
  FoveaWindow *window = fovea_window_new (self);

  if (self->profile != NULL)
    fovea_frame_profile_watch (self->profile, GTK_WIDGET (window));
  gtk_window_present (GTK_WINDOW (window));
  return window;
}

static FoveaWindow *
find_window_of (FoveaApplication *self, const char *path)
{
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (self)); l != NULL; l = l->next)
    if (FOVEA_IS_WINDOW (l->data) && g_strcmp0 (fovea_window_get_path (l->data), path) == 0)
      return l->data;
  return NULL;
}

/* The window that was used last, or a new one. */
static FoveaWindow *
need_window (FoveaApplication *self)
{
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (self)); l != NULL; l = l->next)
    if (FOVEA_IS_WINDOW (l->data))
      return l->data;
  return present_new_window (self);
}

void
fovea_application_open_project (FoveaApplication *self, const char *path, gboolean create, GtkWidget *near)
{
  g_autofree char *canonical = g_canonicalize_filename (path, NULL);
  FoveaWindow *window = find_window_of (self, canonical);

  if (window == NULL)
    {
      if (near != NULL && FOVEA_IS_WINDOW (near) && fovea_window_get_path (FOVEA_WINDOW (near)) == NULL)
        window = FOVEA_WINDOW (near);
      else
        window = present_new_window (self);
      fovea_window_load (window, canonical, create);
    }
  gtk_window_present (GTK_WINDOW (window));
}

FoveaFrameProfile *
fovea_application_get_profile (FoveaApplication *self)
{
  return self->profile;
}

/* ---- file choosers ---- */

static void
add_project_filter (GtkFileChooser *chooser)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _("Fovea projects"));
  gtk_file_filter_add_pattern (filter, "*.fovea");
  gtk_file_chooser_add_filter (chooser, filter);
}

static void
on_project_chosen (GtkNativeDialog *dialog, int response, FoveaApplication *self)
{
  gboolean create = gtk_file_chooser_get_action (GTK_FILE_CHOOSER (dialog)) == GTK_FILE_CHOOSER_ACTION_SAVE;
  g_autoptr (GFile) file = NULL;
  g_autofree char *path = NULL;
  GtkWindow *parent = gtk_native_dialog_get_transient_for (dialog);

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  if (file != NULL)
    path = g_file_get_path (file);
  if (path != NULL && create && !g_str_has_suffix (path, ".fovea"))
    {
      g_autofree char *bare = g_steal_pointer (&path);

      path = g_strconcat (bare, ".fovea", NULL);
    }
  if (path != NULL)
    fovea_application_open_project (self, path, create && !g_file_test (path, G_FILE_TEST_EXISTS),
                                    parent != NULL ? GTK_WIDGET (parent) : NULL);
  g_object_unref (dialog);
}

static void
choose_project (FoveaApplication *self, GtkFileChooserAction action)
{
  gboolean save = action == GTK_FILE_CHOOSER_ACTION_SAVE;
  GtkWindow *parent = GTK_WINDOW (need_window (self));
  GtkFileChooserNative *dialog =
    gtk_file_chooser_native_new (save ? _("New Project") : _("Open Project"), parent, action, save ? _("Create") : _("Open"), NULL);

  add_project_filter (GTK_FILE_CHOOSER (dialog));
  if (save)
    {
      g_autoptr (GFile) folder = g_file_new_for_path (g_get_user_special_dir (G_USER_DIRECTORY_DOCUMENTS) != NULL
                                                        ? g_get_user_special_dir (G_USER_DIRECTORY_DOCUMENTS)
                                                        : g_get_home_dir ());

      gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), folder, NULL);
      gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), _("Project.fovea"));
    }
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect (dialog, "response", G_CALLBACK (on_project_chosen), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* ---- actions ---- */

static void
on_new_window (GSimpleAction *action, GVariant *target, gpointer self)
{
  (void) present_new_window (self);
}

static void
on_new_project (GSimpleAction *action, GVariant *target, gpointer self)
{
  choose_project (self, GTK_FILE_CHOOSER_ACTION_SAVE);
}

static void
on_open (GSimpleAction *action, GVariant *target, gpointer self)
{
  choose_project (self, GTK_FILE_CHOOSER_ACTION_OPEN);
}

static void
on_open_recent (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_application_open_project (self, g_variant_get_bytestring (target), FALSE, GTK_WIDGET (need_window (self)));
}

static void
on_sample (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_window_open_sample (need_window (self));
}

static void
on_about (GSimpleAction *action, GVariant *target, gpointer self)
{
  GtkWindow *parent = gtk_application_get_active_window (GTK_APPLICATION (self));

  adw_show_about_window (parent,
                         "application-name", _("Fovea"),
                         "application-icon", FOVEA_APP_ID,
                         "version", FOVEA_VERSION,
                         "developer-name", _("The Fovea contributors"),
                         "license-type", GTK_LICENSE_GPL_3_0,
                         "comments", _("From a folder of pictures to trained visual models, on your own computer."),
                         /* Translators: your name, one translator a line. */
                         "translator-credits", _("translator-credits"),
                         NULL);
}

static void
on_preferences (GSimpleAction *action, GVariant *target, gpointer self)
{
  FoveaWindow *parent = need_window (self);

  gtk_window_present (GTK_WINDOW (fovea_preferences_window_new (GTK_WINDOW (parent), fovea_window_get_project (parent))));
}

/* One help for each window that it acts on. */
static void
on_help (GSimpleAction *action, GVariant *target, gpointer self)
{
  FoveaWindow *parent = need_window (self);

  for (GList *l = gtk_application_get_windows (self); l != NULL; l = l->next)
    if (FOVEA_IS_HELP_WINDOW (l->data) && gtk_window_get_transient_for (l->data) == GTK_WINDOW (parent))
      {
        gtk_window_present (l->data);
        return;
      }
  gtk_window_present (GTK_WINDOW (fovea_help_window_new (GTK_WINDOW (parent))));
}

/* A notification was clicked: the window whose work has ended. */
static void
on_present (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_application_open_project (self, g_variant_get_bytestring (target), FALSE, NULL);
}

static void
on_quit (GSimpleAction *action, GVariant *target, gpointer data)
{
  GList *windows = g_list_copy_deep (gtk_application_get_windows (data), (GCopyFunc) (void (*) (void)) g_object_ref, NULL);

  /* Each window may ask first, and takes those above it with it; the program ends with the last one. */
  for (GList *l = windows; l != NULL; l = l->next)
    if (FOVEA_IS_WINDOW (l->data))
      gtk_window_close (l->data);
  g_list_free_full (windows, g_object_unref);
}

static const GActionEntry actions[] = {
  { "new-window", on_new_window }, { "new-project", on_new_project },
  { "open", on_open },             { "open-recent", on_open_recent, "ay" },
  { "sample", on_sample },         { "about", on_about },
  { "quit", on_quit },             { "preferences", on_preferences },
  { "help", on_help },             { "present", on_present, "ay" },
};

static const struct {
  const char *action;
  const char *keys[3];
} accels[] = {
  { "app.new-project", { "<Control>n" } },
  { "app.new-window", { "<Control><Shift>n" } },
  { "app.open", { "<Control>o" } },
  { "app.quit", { "<Control>q" } },
  { "app.preferences", { "<Control>comma" } },
  { "app.help", { "F1" } },
  { "window.close", { "<Control>w" } },
  { "win.import", { "<Control>i" } },
  { "win.import-files", { "<Control><Shift>i" } },
  { "win.search", { "<Control>f" } },
  { "win.jobs", { "<Control>j" } },
  { "win.sidebar", { "F9" } },
  { "win.page('images')", { "<Control>1" } },
  { "win.page('models')", { "<Control>2" } },
  { "win.train", { "<Control>t" } },
  { "win.create-model", { "<Control><Shift>m" } },
  { "win.page('review')", { "<Control>3" } },
  { "win.larger", { "<Control>plus", "<Control>equal" } },
  { "win.smaller", { "<Control>minus" } },
  { "win.normal-size", { "<Control>0" } },
  { "win.next-pane", { "F6" } },
  { "win.main-menu", { "F10" } },
  { "win.show-help-overlay", { "<Control>question" } },
};

/* ---- settings that hold for the whole program ---- */

static void
apply_color_scheme (GSettings *settings)
{
  g_autofree char *scheme = g_settings_get_string (settings, "color-scheme");

  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), g_str_equal (scheme, "dark")    ? ADW_COLOR_SCHEME_FORCE_DARK
                                                                        : g_str_equal (scheme, "light") ? ADW_COLOR_SCHEME_FORCE_LIGHT
                                                                                                        : ADW_COLOR_SCHEME_DEFAULT);
}

static void
apply_memory (GSettings *settings)
{
  int percent = g_settings_get_int (settings, "memory-percent");

  fovea_scheduler_set_memory_budget (fovea_scheduler_get_default (), fovea_available_memory () / 100 * (gsize) percent);
}

static void
on_trimmed (GObject *source, GAsyncResult *result, gpointer data)
{
  guint64 bytes;
  guint n_files;

  if (fovea_thumbnail_cache_trim_finish (result, &bytes, &n_files, NULL))
    g_debug ("%u thumbnails take %" G_GUINT64_FORMAT " bytes", n_files, bytes);
}

/* When the first windows have come up. */
static gboolean
trim_thumbnails (gpointer data)
{
  FoveaApplication *self = data;

  self->trim_id = 0;
  fovea_thumbnail_cache_trim_async ((guint64) g_settings_get_int (fovea_settings_get (), "thumbnail-cache-mb") << 20, NULL, on_trimmed,
                                    NULL);
  return G_SOURCE_REMOVE;
}

static void
apply_settings (FoveaApplication *self)
{
  GSettings *settings = fovea_settings_get ();

  if (settings == NULL)
    return;
  apply_color_scheme (settings);
  apply_memory (settings);
  g_signal_connect (settings, "changed::color-scheme", G_CALLBACK (apply_color_scheme), NULL);
  g_signal_connect (settings, "changed::memory-percent", G_CALLBACK (apply_memory), NULL);
  self->trim_id = g_timeout_add_seconds (TRIM_AFTER_SECONDS, trim_thumbnails, self);
}

/* ---- GApplication ---- */

static gboolean
on_signal (gpointer data)
{
  g_application_quit (data);
  return G_SOURCE_CONTINUE;
}

static void
application_startup (GApplication *app)
{
  FoveaApplication *self = FOVEA_APPLICATION (app);

  g_resources_register (fovea_app_get_resource ());
  G_APPLICATION_CLASS (fovea_application_parent_class)->startup (app);
  fovea_accessible_names_init ();
  gtk_window_set_default_icon_name (FOVEA_APP_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  for (guint i = 0; i < G_N_ELEMENTS (accels); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), accels[i].action, (const char *const *) accels[i].keys);
  apply_settings (self);
  self->sigterm_id = g_unix_signal_add (SIGTERM, on_signal, self);
  self->sigint_id = g_unix_signal_add (SIGINT, on_signal, self);
}

static void
application_shutdown (GApplication *app)
{
  FoveaApplication *self = FOVEA_APPLICATION (app);
  GList *windows;

  g_clear_handle_id (&self->trim_id, g_source_remove);
  g_clear_handle_id (&self->sigterm_id, g_source_remove);
  g_clear_handle_id (&self->sigint_id, g_source_remove);
  while ((windows = gtk_application_get_windows (GTK_APPLICATION (self))) != NULL)
    gtk_window_destroy (windows->data);
  G_APPLICATION_CLASS (fovea_application_parent_class)->shutdown (app);
  fovea_scheduler_close (fovea_scheduler_get_default ());
  g_clear_pointer (&self->profile, fovea_frame_profile_free);
  if (fovea_settings_get () != NULL)
    g_settings_sync ();
}

static void
application_activate (GApplication *app)
{
  gtk_window_present (GTK_WINDOW (need_window (FOVEA_APPLICATION (app))));
}

static void
application_open (GApplication *app, GFile **files, int n_files, const char *hint)
{
  FoveaApplication *self = FOVEA_APPLICATION (app);
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func (g_free);

  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *path = g_file_get_path (files[i]);

      if (path == NULL)
        continue;
      if (fovea_path_is_project (path))
        fovea_application_open_project (self, path, FALSE, gtk_application_get_windows (GTK_APPLICATION (self)) != NULL
                                                             ? GTK_WIDGET (need_window (self)) : NULL);
      else
        g_ptr_array_add (pictures, g_steal_pointer (&path));
    }
  if (pictures->len == 0)
    {
      if (gtk_application_get_windows (GTK_APPLICATION (self)) == NULL)
        application_activate (app);
      return;
    }
  g_ptr_array_add (pictures, NULL);
  fovea_window_import (present_new_window (self), (const char *const *) pictures->pdata);
}

static int
application_handle_local_options (GApplication *app, GVariantDict *options)
{
  FoveaApplication *self = FOVEA_APPLICATION (app);
  g_autoptr (GError) error = NULL;
  const char *path;

  if (!g_variant_dict_lookup (options, "profile-frames", "^&ay", &path))
    return -1;
  self->profile = fovea_frame_profile_new (path, &error);
  if (self->profile == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  /* A window of another instance could not be measured from here. */
  g_application_set_flags (app, g_application_get_flags (app) | G_APPLICATION_NON_UNIQUE);
  return -1;
}

static void
fovea_application_class_init (FoveaApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = application_startup;
  application_class->shutdown = application_shutdown;
  application_class->activate = application_activate;
  application_class->open = application_open;
  application_class->handle_local_options = application_handle_local_options;
}

static void
fovea_application_init (FoveaApplication *self)
{
  static const GOptionEntry entries[] = {
    { "profile-frames", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_ ("Write the window's frame times to FILE as CSV"), N_ ("FILE") },
    { NULL },
  };

  g_application_add_main_option_entries (G_APPLICATION (self), entries);
}

FoveaApplication *
fovea_application_new (void)
{
  return g_object_new (FOVEA_TYPE_APPLICATION, "application-id", FOVEA_APP_ID, "flags", G_APPLICATION_HANDLES_OPEN, NULL);
}
