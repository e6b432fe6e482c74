/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/preferences-window.h"

#include <glib/gi18n.h>

#include "app/paths.h"
#include "app/settings.h"
#include "engine/look-around.h"
#include "engine/one-concept.h"
#include "engine/thumbnail-cache.h"

#define MEGABYTE (G_GUINT64_CONSTANT (1) << 20)

struct _FoveaPreferencesWindow {
  AdwPreferencesWindow parent_instance;
  FoveaProject *project; /* (nullable) */
  GCancellable *cancellable;
  AdwComboRow *scheme_row;
  GtkSwitch *split_switch, *look_switch, *live_switch, *one_switch, *advance_switch;
  GtkWidget *one_row;
  GtkSpinButton *percent_spin, *cache_spin, *memory_spin;
  AdwActionRow *cache_row;
  GtkWidget *clear_button;
  AdwPreferencesGroup *folders_group;
  GPtrArray *folder_rows; /* borrowed by the group */
  guint n_rules_on_their_way; /* until the last has arrived, the switch is ahead of the project */
};

G_DEFINE_FINAL_TYPE (FoveaPreferencesWindow, fovea_preferences_window, ADW_TYPE_PREFERENCES_WINDOW)

static const char *const schemes[] = { "follow", "light", "dark" };

/* ---- light and dark ---- */

static gboolean
scheme_to_row (GValue *value, GVariant *variant, gpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_str_equal (g_variant_get_string (variant, NULL), schemes[i]))
      g_value_set_uint (value, i);
  return TRUE;
}

static GVariant *
scheme_from_row (const GValue *value, const GVariantType *type, gpointer data)
{
  guint i = g_value_get_uint (value);

  return i < G_N_ELEMENTS (schemes) ? g_variant_new_string (schemes[i]) : NULL;
}

/* ---- the cache of thumbnails ---- */

static void
on_trimmed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaPreferencesWindow) self = data;
  g_autofree char *size = NULL;
  g_autofree char *text = NULL;
  guint64 bytes;
  guint n_files;

  if (!fovea_thumbnail_cache_trim_finish (result, &bytes, &n_files, NULL) || self->cache_row == NULL)
    return;
  size = g_format_size (bytes);
  text = g_strdup_printf (ngettext ("%u small picture, %s", "%u small pictures, %s", n_files), n_files, size);
  adw_action_row_set_subtitle (self->cache_row, text);
  gtk_widget_set_sensitive (self->clear_button, n_files > 0);
}

static void
trim (FoveaPreferencesWindow *self, guint64 most_bytes)
{
  fovea_thumbnail_cache_trim_async (most_bytes, self->cancellable, on_trimmed, g_object_ref (self));
}

static void
on_cache_limit (FoveaPreferencesWindow *self)
{
  trim (self, (guint64) gtk_spin_button_get_value_as_int (self->cache_spin) * MEGABYTE);
}

static void
on_clear (FoveaPreferencesWindow *self)
{
  gtk_widget_set_sensitive (self->clear_button, FALSE);
  trim (self, 0);
}

/* ---- one concept a picture ---- */

static void
toast_error (FoveaPreferencesWindow *self, const GError *error)
{
  g_autofree char *escaped = g_markup_escape_text (error->message, -1);

  adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (self), adw_toast_new (escaped));
}

static void show_rule (FoveaPreferencesWindow *self);

static void
on_rule_set (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaPreferencesWindow) self = data;
  g_autoptr (GError) error = NULL;

  self->n_rules_on_their_way--;
  if (!fovea_project_set_one_concept_finish (FOVEA_PROJECT (source), result, &error) && self->project != NULL)
    toast_error (self, error);
  if (self->project != NULL)
    show_rule (self);
}

static void
on_rule_switched (FoveaPreferencesWindow *self)
{
  gboolean one = gtk_switch_get_active (self->one_switch);

  if (self->project == NULL || (self->n_rules_on_their_way == 0 && one == fovea_project_get_one_concept (self->project)))
    return;
  self->n_rules_on_their_way++;
  fovea_project_set_one_concept_async (self->project, one, NULL, on_rule_set, g_object_ref (self));
}

static void
show_rule (FoveaPreferencesWindow *self)
{
  if (self->n_rules_on_their_way == 0)
    gtk_switch_set_active (self->one_switch, fovea_project_get_one_concept (self->project));
}

static void
follow_rule (FoveaPreferencesWindow *self)
{
  gtk_widget_set_visible (self->one_row, TRUE);
  gtk_widget_set_sensitive (self->one_row, !fovea_project_get_read_only (self->project));
  show_rule (self);
  g_signal_connect_object (self->project, "notify::one-concept", G_CALLBACK (show_rule), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->one_switch, "notify::active", G_CALLBACK (on_rule_switched), self, G_CONNECT_SWAPPED);
}

/* ---- imported folders ---- */

static void list_folders (FoveaPreferencesWindow *self);

static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaPreferencesWindow) self = data;
  g_autoptr (GError) error = NULL;

  if (!fovea_project_forget_watched_folder_finish (FOVEA_PROJECT (source), result, &error) && self->cache_row != NULL)
    toast_error (self, error);
  if (self->cache_row != NULL)
    list_folders (self);
}

static void
on_forget (GtkButton *button, FoveaPreferencesWindow *self)
{
  const char *folder = g_object_get_data (G_OBJECT (button), "fovea-folder");

  gtk_widget_set_sensitive (GTK_WIDGET (button), FALSE);
  fovea_project_forget_watched_folder_async (self->project, folder, NULL, on_forgotten, g_object_ref (self));
}

/* Not an AdwActionRow with a subtitle: GTK 4.8 warns of the width of one as short as "~". */
static GtkWidget *
folder_row_new (FoveaPreferencesWindow *self, const char *folder)
{
  g_autofree char *base = g_path_get_basename (folder);
  g_autofree char *name = g_filename_display_name (base);
  g_autofree char *escaped = g_markup_escape_text (name, -1);
  g_autofree char *place = fovea_display_folder (folder);
  g_autofree char *label = g_strdup_printf (_("Forget “%s”"), name);
  GtkWidget *row = adw_action_row_new (), *button = gtk_button_new_from_icon_name ("user-trash-symbolic");

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), escaped);
  gtk_widget_set_tooltip_text (row, place);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, _("No longer look there for new pictures; what is in the project stays"));
  gtk_widget_set_sensitive (button, !fovea_project_get_read_only (self->project));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_object_set_data_full (G_OBJECT (button), "fovea-folder", g_strdup (folder), g_free);
  g_signal_connect (button, "clicked", G_CALLBACK (on_forget), self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  return row;
}

static void
on_folders (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaPreferencesWindow) self = data;
  g_auto (GStrv) folders = fovea_project_list_watched_folders_finish (FOVEA_PROJECT (source), result, NULL);

  if (self->cache_row == NULL)
    return;
  for (guint i = 0; i < self->folder_rows->len; i++)
    adw_preferences_group_remove (self->folders_group, g_ptr_array_index (self->folder_rows, i));
  g_ptr_array_set_size (self->folder_rows, 0);
  for (guint i = 0; folders != NULL && folders[i] != NULL; i++)
    {
      GtkWidget *row = folder_row_new (self, folders[i]);

      adw_preferences_group_add (self->folders_group, row);
      g_ptr_array_add (self->folder_rows, row);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->folders_group), self->folder_rows->len > 0);
}

static void
list_folders (FoveaPreferencesWindow *self)
{
  fovea_project_list_watched_folders_async (self->project, self->cancellable, on_folders, g_object_ref (self));
}

/* ---- the object ---- */

static void
bind_settings (FoveaPreferencesWindow *self, GSettings *settings)
{
  g_settings_bind_with_mapping (settings, "color-scheme", self->scheme_row, "selected", G_SETTINGS_BIND_DEFAULT, scheme_to_row,
                                scheme_from_row, NULL, NULL);
  g_settings_bind (settings, "split-new-pictures", self->split_switch, "active", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "live-suggestions", self->live_switch, "active", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "advance-after-label", self->advance_switch, "active", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "look-on-open", self->look_switch, "active", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "test-percent", self->percent_spin, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "thumbnail-cache-mb", self->cache_spin, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "memory-percent", self->memory_spin, "value", G_SETTINGS_BIND_DEFAULT);
}

static void
preferences_window_dispose (GObject *object)
{
  FoveaPreferencesWindow *self = FOVEA_PREFERENCES_WINDOW (object);

  g_cancellable_cancel (self->cancellable);
  self->cache_row = NULL;
  g_clear_object (&self->project);
  G_OBJECT_CLASS (fovea_preferences_window_parent_class)->dispose (object);
}

static void
preferences_window_finalize (GObject *object)
{
  FoveaPreferencesWindow *self = FOVEA_PREFERENCES_WINDOW (object);

  g_clear_object (&self->cancellable);
  g_ptr_array_unref (self->folder_rows);
  G_OBJECT_CLASS (fovea_preferences_window_parent_class)->finalize (object);
}

static void
fovea_preferences_window_class_init (FoveaPreferencesWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = preferences_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = preferences_window_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/preferences-window.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, scheme_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, split_switch);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, look_switch);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, live_switch);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, advance_switch);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, one_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, one_switch);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, percent_spin);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, cache_spin);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, memory_spin);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, cache_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, clear_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaPreferencesWindow, folders_group);
}

static void
fovea_preferences_window_init (FoveaPreferencesWindow *self)
{
  self->cancellable = g_cancellable_new ();
  self->folder_rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  if (fovea_settings_get () != NULL)
    bind_settings (self, fovea_settings_get ());
  /* GTK may keep a spin button longer than its window, and it goes on following the setting. */
  g_signal_connect_object (self->cache_spin, "value-changed", G_CALLBACK (on_cache_limit), self, G_CONNECT_SWAPPED);
  g_signal_connect_swapped (self->clear_button, "clicked", G_CALLBACK (on_clear), self);
  trim (self, G_MAXUINT64);
}

GtkWidget *
fovea_preferences_window_new (GtkWindow *parent, FoveaProject *project)
{
  FoveaPreferencesWindow *self = g_object_new (FOVEA_TYPE_PREFERENCES_WINDOW, "transient-for", parent, "application",
                                               gtk_window_get_application (parent), "destroy-with-parent", TRUE, NULL);

  if (project != NULL)
    {
      self->project = g_object_ref (project);
      list_folders (self);
      follow_rule (self);
    }
  return GTK_WIDGET (self);
}
