/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes in by dropping and pasting: files, folders, archives, and pictures without a file (from a browser, a screenshot). */
#include "app/window-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/paths.h"
#include "engine/upkeep-jobs.h"

/* The kinds of picture that are taken without a file, the best first. They are saved as they come and decoded where all files
 * are, in a helper process: never here. */
static const struct {
  const char *mime_type, *ending;
} kinds[] = { { "image/png", "png" }, { "image/webp", "webp" },   { "image/jpeg", "jpg" },
              { "image/tiff", "tiff" }, { "image/bmp", "bmp" }, { "image/gif", "gif" } };

/* ---- a picture without a file: into one ---- */

typedef struct {
  FoveaWindow *window;
  char *project_path; /* that it goes into; of a new project when the window has none */
  char *path;
  GOutputStream *stream;
} Saving;

static void
saving_free (Saving *saving)
{
  g_clear_object (&saving->stream);
  g_object_unref (saving->window);
  g_free (saving->project_path);
  g_free (saving->path);
  g_free (saving);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Saving, saving_free)

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Saving) saving = data;
  g_autoptr (GError) error = NULL;
  const char *paths[2] = { saving->path, NULL };

  if (g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, &error) <= 0)
    {
      g_autoptr (GFile) file = g_file_new_for_path (saving->path);

      g_file_delete_async (file, G_PRIORITY_LOW, NULL, NULL, NULL);
      if (error != NULL)
        fovea_window_toast_error (saving->window, _("The picture was not saved"), error);
      else
        fovea_window_toast (saving->window, _("There is no picture in what was pasted"), NULL, NULL);
    }
  else
    fovea_window_import_into (saving->window, saving->project_path, paths);
}

static char *
new_picture_path (const char *folder, const char *ending)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%d %H.%M.%S");

  for (int i = 1;; i++)
    {
      /* Translators: the name of a file: "Pasted 2026-11-25 18.30.12". */
      g_autofree char *stem = g_strdup_printf (_("Pasted %s"), time);
      g_autofree char *name = i == 1 ? g_strdup_printf ("%s.%s", stem, ending) : g_strdup_printf ("%s %d.%s", stem, i, ending);
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&path);
    }
}

static void
save_stream (FoveaWindow *self, GInputStream *stream, const char *mime_type)
{
  g_autoptr (Saving) saving = g_new0 (Saving, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = NULL;
  g_autoptr (GFile) file = NULL;
  const char *ending = "png";

  saving->window = g_object_ref (self);
  saving->project_path = self->path != NULL ? g_strdup (self->path) : fovea_new_project_path (_("Pictures"), &error);
  if (saving->project_path == NULL)
    {
      fovea_window_toast_error (self, _("No project could be made"), error);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_strcmp0 (kinds[i].mime_type, mime_type) == 0)
      ending = kinds[i].ending;
  folder = fovea_pictures_folder_for (saving->project_path);
  g_mkdir_with_parents (folder, 0755);
  saving->path = new_picture_path (folder, ending);
  file = g_file_new_for_path (saving->path);
  saving->stream = G_OUTPUT_STREAM (g_file_create (file, G_FILE_CREATE_NONE, NULL, &error));
  if (saving->stream == NULL)
    {
      fovea_window_toast_error (self, _("The picture was not saved"), error);
      return;
    }
  g_output_stream_splice_async (saving->stream, stream, G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                                G_PRIORITY_DEFAULT, NULL, on_saved, saving);
  saving = NULL;
}

/* ---- files ---- */

static char **
dup_paths (GSList *files)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (GSList *l = files; l != NULL; l = l->next)
    {
      g_autofree char *path = g_file_get_path (l->data);

      if (path != NULL)
        g_strv_builder_add (builder, path);
    }
  return g_strv_builder_end (builder);
}

/* A model file goes to the page of models; what else was dropped with it, nowhere. */
static gboolean
import_model (FoveaWindow *self, char **paths)
{
  for (char **path = paths; *path != NULL; path++)
    {
      const char *dot = strrchr (*path, '.');

      if (dot == NULL || g_ascii_strcasecmp (dot, ".onnx") != 0)
        continue;
      if (self->view == NULL || !fovea_project_view_show_page (self->view, "models"))
        fovea_window_toast (self, _("Open a project first, then drop the model into it"), NULL, NULL);
      else
        gtk_widget_activate_action_variant (GTK_WIDGET (self->view), "models.import-file", g_variant_new_bytestring (*path));
      return TRUE;
    }
  return FALSE;
}

/* FALSE: none of them is a file on this computer. */
static gboolean
import_files (FoveaWindow *self, GSList *files)
{
  g_auto (GStrv) paths = dup_paths (files);

  if (paths[0] == NULL)
    return FALSE;
  if (import_model (self, paths))
    return TRUE;
  fovea_window_import (self, (const char *const *) paths);
  return TRUE;
}

void
fovea_window_import_files (FoveaWindow *self, GSList *files)
{
  if (!import_files (self, files))
    fovea_window_toast (self, _("Only files on this computer can be imported"), NULL, NULL);
}

/* ---- what is offered ---- */

static gboolean
offers_files (GdkContentFormats *formats)
{
  g_autoptr (GdkContentFormats) all = gdk_content_formats_union_deserialize_gtypes (gdk_content_formats_ref (formats));

  return gdk_content_formats_contain_gtype (all, GDK_TYPE_FILE_LIST);
}

/* (transfer full): at most one, NULL-terminated. */
static const char **
offered_kind (GdkContentFormats *formats)
{
  const char **mime_types = g_new0 (const char *, 2);

  for (guint i = 0; i < G_N_ELEMENTS (kinds) && mime_types[0] == NULL; i++)
    if (gdk_content_formats_contain_mime_type (formats, kinds[i].mime_type))
      mime_types[0] = kinds[i].mime_type;
  return mime_types;
}

static gboolean
can_take (FoveaWindow *self)
{
  if (self->project == NULL || !fovea_project_get_read_only (self->project))
    return TRUE;
  fovea_window_toast (self, _("This project cannot be changed"), NULL, NULL);
  return FALSE;
}

/* ---- dropping ---- */

static void
show_drop_hint (FoveaWindow *self, gboolean shown)
{
  gtk_widget_set_visible (GTK_WIDGET (self->drop_hint), shown);
  gtk_revealer_set_reveal_child (self->drop_hint, shown);
}

/* A drag out of our own grid is for concepts and for other programs. */
static gboolean
on_drop_accept (GtkDropTargetAsync *target, GdkDrop *drop, FoveaWindow *self)
{
  GdkContentFormats *formats = gdk_drop_get_formats (drop);
  g_autofree const char **kind = offered_kind (formats);

  return gdk_drop_get_drag (drop) == NULL && (offers_files (formats) || kind[0] != NULL);
}

static GdkDragAction
on_drop_enter (GtkDropTargetAsync *target, GdkDrop *drop, double x, double y, FoveaWindow *self)
{
  g_autofree char *text = NULL;

  if (self->project != NULL)
    text = g_markup_printf_escaped (_("Pictures, folders and archives go into “%s”"), fovea_project_get_name (self->project));
  else
    text = g_strdup (_("A new project is made of them"));
  adw_status_page_set_description (self->drop_status, text);
  show_drop_hint (self, TRUE);
  return GDK_ACTION_COPY;
}

/* Comes only while nothing inside the window takes the drag for itself. */
static GdkDragAction
on_drop_motion (GtkDropTargetAsync *target, GdkDrop *drop, double x, double y, FoveaWindow *self)
{
  if (!gtk_revealer_get_reveal_child (self->drop_hint))
    show_drop_hint (self, TRUE);
  return GDK_ACTION_COPY;
}

void
fovea_window_hide_drop_hint (FoveaWindow *self)
{
  show_drop_hint (self, FALSE);
}

static void
on_drop_leave (GtkDropTargetAsync *target, GdkDrop *drop, FoveaWindow *self)
{
  show_drop_hint (self, FALSE);
}

static void
on_dropped_stream (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaWindow) self = data;
  g_autoptr (GError) error = NULL;
  const char *mime_type;
  g_autoptr (GInputStream) stream = gdk_drop_read_finish (GDK_DROP (source), result, &mime_type, &error);

  if (stream != NULL)
    save_stream (self, stream, mime_type);
  else
    fovea_window_toast_error (self, _("Nothing was imported"), error);
  gdk_drop_finish (GDK_DROP (source), stream != NULL ? GDK_ACTION_COPY : 0);
}

/* A browser offers the address of a picture as a file, too, and only the picture itself is of use. */
static void
read_dropped_picture (FoveaWindow *self, GdkDrop *drop)
{
  g_autofree const char **kind = offered_kind (gdk_drop_get_formats (drop));

  if (kind[0] != NULL)
    {
      gdk_drop_read_async (drop, kind, G_PRIORITY_DEFAULT, NULL, on_dropped_stream, g_object_ref (self));
      return;
    }
  fovea_window_toast (self, _("Only files on this computer can be imported"), NULL, NULL);
  gdk_drop_finish (drop, 0);
}

static void
on_dropped_files (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaWindow) self = data;
  const GValue *value = gdk_drop_read_value_finish (GDK_DROP (source), result, NULL);

  if (value != NULL && import_files (self, g_value_get_boxed (value)))
    gdk_drop_finish (GDK_DROP (source), GDK_ACTION_COPY);
  else
    read_dropped_picture (self, GDK_DROP (source));
}

static gboolean
on_drop (GtkDropTargetAsync *target, GdkDrop *drop, double x, double y, FoveaWindow *self)
{
  show_drop_hint (self, FALSE);
  /* Refused, not left to others: a drop that nobody finishes is one that GDK warns of. */
  if (!can_take (self))
    gdk_drop_finish (drop, 0);
  else if (offers_files (gdk_drop_get_formats (drop)))
    gdk_drop_read_value_async (drop, GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, NULL, on_dropped_files, g_object_ref (self));
  else
    read_dropped_picture (self, drop);
  return TRUE;
}

/* ---- pasting ---- */

static void
on_pasted_stream (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaWindow) self = data;
  g_autoptr (GError) error = NULL;
  const char *mime_type;
  g_autoptr (GInputStream) stream = gdk_clipboard_read_finish (GDK_CLIPBOARD (source), result, &mime_type, &error);

  if (stream != NULL)
    save_stream (self, stream, mime_type);
  else
    fovea_window_toast_error (self, _("Nothing was imported"), error);
}

static void
read_pasted_picture (FoveaWindow *self, GdkClipboard *clipboard)
{
  g_autofree const char **kind = offered_kind (gdk_clipboard_get_formats (clipboard));

  if (kind[0] != NULL)
    gdk_clipboard_read_async (clipboard, kind, G_PRIORITY_DEFAULT, NULL, on_pasted_stream, g_object_ref (self));
  else
    fovea_window_toast (self, _("There are no files or pictures in the clipboard"), NULL, NULL);
}

static void
on_pasted_files (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaWindow) self = data;
  const GValue *value = gdk_clipboard_read_value_finish (GDK_CLIPBOARD (source), result, NULL);

  if (value == NULL || !import_files (self, g_value_get_boxed (value)))
    read_pasted_picture (self, GDK_CLIPBOARD (source));
}

static void
on_paste (GSimpleAction *action, GVariant *target, gpointer data)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (data);

  if (!can_take (data))
    return;
  if (offers_files (gdk_clipboard_get_formats (clipboard)))
    gdk_clipboard_read_value_async (clipboard, GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, NULL, on_pasted_files, g_object_ref (data));
  else
    read_pasted_picture (data, clipboard);
}

void
fovea_window_init_drop (FoveaWindow *self)
{
  static const GActionEntry actions[] = { { "paste", on_paste } };
  GdkContentFormatsBuilder *builder = gdk_content_formats_builder_new ();
  GtkDropTargetAsync *target;

  gdk_content_formats_builder_add_gtype (builder, GDK_TYPE_FILE_LIST);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    gdk_content_formats_builder_add_mime_type (builder, kinds[i].mime_type);
  target = gtk_drop_target_async_new (gdk_content_formats_builder_free_to_formats (builder), GDK_ACTION_COPY);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  g_signal_connect (target, "accept", G_CALLBACK (on_drop_accept), self);
  g_signal_connect (target, "drag-enter", G_CALLBACK (on_drop_enter), self);
  g_signal_connect (target, "drag-motion", G_CALLBACK (on_drop_motion), self);
  g_signal_connect (target, "drag-leave", G_CALLBACK (on_drop_leave), self);
  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}
