/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/try-panel.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "app/concept-color.h"
#include "app/confidence-bar.h"
#include "app/window.h"
#include "app/wrap-box.h"

#define SIDE_PX 320
#define TOP_K 8

struct _FoveaTryPanel {
  AdwBin parent_instance;
  FoveaProject *project;
  char *model_id;
  GCancellable *cancellable; /* of the picture that is being tried */
  char *pasted_path;         /* (nullable) a file of ours */

  GtkStack *stack;
  GtkPicture *picture;
  GtkLabel *message;
  GtkSpinner *spinner;
  GtkListBox *answers;
};

G_DEFINE_FINAL_TYPE (FoveaTryPanel, fovea_try_panel, ADW_TYPE_BIN)

/* ---- answers ---- */

/* The concept's own colour where the project has it. */
static void
get_color (FoveaTryPanel *self, const char *name, GdkRGBA *ret_color)
{
  FoveaConcept *concept = fovea_concept_list_lookup_name (fovea_project_get_concepts (self->project), name);

  if (concept != NULL)
    fovea_concept_color_get (concept, ret_color);
  else
    gdk_rgba_parse (ret_color, fovea_concept_color_get_default (4));
}

static GtkWidget *
answer_row_new (FoveaTryPanel *self, const FoveaAnswer *answer)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *name = gtk_label_new (answer->name), *bar, *number;
  GdkRGBA color;
  g_autofree char *percent = g_strdup_printf (_("%.1f %%"), 100.0 * answer->value);
  g_autofree char *label = g_strdup_printf ("%s %s", answer->name, percent);

  get_color (self, answer->name, &color);
  bar = fovea_confidence_bar_new (&color, CLAMP (answer->value, 0.0, 1.0));
  number = gtk_label_new (percent);
  gtk_label_set_xalign (GTK_LABEL (name), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  gtk_label_set_width_chars (GTK_LABEL (name), 14);
  gtk_label_set_max_width_chars (GTK_LABEL (name), 24);
  gtk_widget_set_hexpand (bar, TRUE);
  gtk_widget_set_valign (bar, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (number, "numeric");
  gtk_label_set_width_chars (GTK_LABEL (number), 7);
  gtk_label_set_xalign (GTK_LABEL (number), 1.0f);
  gtk_box_append (GTK_BOX (box), name);
  gtk_box_append (GTK_BOX (box), bar);
  gtk_box_append (GTK_BOX (box), number);
  gtk_widget_add_css_class (box, "answer-row");
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  return row;
}

static void
clear_answers (FoveaTryPanel *self)
{
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->answers))) != NULL)
    gtk_list_box_remove (self->answers, row);
  gtk_widget_set_visible (GTK_WIDGET (self->answers), FALSE);
}

static void
say (FoveaTryPanel *self, const char *text)
{
  gtk_label_set_label (self->message, text);
  gtk_widget_set_visible (GTK_WIDGET (self->message), text[0] != '\0');
}

static void
on_tried (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaTryPanel) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) answers = fovea_model_try_finish (result, &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable || self->project == NULL)
    return; /* another picture came meanwhile */
  gtk_spinner_stop (self->spinner);
  if (answers == NULL)
    {
      say (self, error->message);
      return;
    }
  for (guint i = 0; i < answers->len; i++)
    gtk_list_box_append (self->answers, answer_row_new (self, g_ptr_array_index (answers, i)));
  gtk_widget_set_visible (GTK_WIDGET (self->answers), answers->len > 0);
  say (self, answers->len > 0 ? "" : _("The model says nothing of this picture: no concept is probable enough."));
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaTryPanel) self = data;
  int width, height, stride;
  g_autoptr (GBytes) bytes = fovea_project_load_thumbnail_finish (FOVEA_PROJECT (source), result, &width, &height, &stride, NULL);
  g_autoptr (GdkTexture) texture = NULL;

  if (bytes == NULL || g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return; /* the answer says why */
  texture = gdk_memory_texture_new (width, height, GDK_MEMORY_R8G8B8, bytes, (gsize) stride);
  gtk_picture_set_paintable (self->picture, GDK_PAINTABLE (texture));
}

/* ---- pictures ---- */

static void
forget (FoveaTryPanel *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->pasted_path != NULL)
    g_unlink (self->pasted_path);
  g_clear_pointer (&self->pasted_path, g_free);
}

void
fovea_try_panel_try_file (FoveaTryPanel *self, const char *path)
{
  g_autofree char *name = g_filename_display_basename (path);

  forget (self);
  self->cancellable = g_cancellable_new ();
  clear_answers (self);
  gtk_picture_set_paintable (self->picture, NULL);
  gtk_picture_set_alternative_text (self->picture, name);
  gtk_stack_set_visible_child_name (self->stack, "answer");
  gtk_spinner_start (self->spinner);
  say (self, "");
  fovea_project_load_file_async (self->project, path, SIDE_PX * 2, self->cancellable, on_loaded, g_object_ref (self));
  fovea_model_try_async (self->project, self->model_id, path, TOP_K, self->cancellable, on_tried, g_object_ref (self));
}

static void
fail (FoveaTryPanel *self, const char *text)
{
  clear_answers (self);
  gtk_picture_set_paintable (self->picture, NULL);
  gtk_stack_set_visible_child_name (self->stack, "answer");
  say (self, text);
}

static void
on_texture (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaTryPanel) self = data;
  g_autoptr (GdkTexture) texture = gdk_clipboard_read_texture_finish (GDK_CLIPBOARD (source), result, NULL);
  g_autofree char *path = NULL;
  int fd;

  if (self->project == NULL)
    return;
  fd = texture != NULL ? g_file_open_tmp ("fovea-paste-XXXXXX.png", &path, NULL) : -1;
  if (fd >= 0)
    g_close (fd, NULL);
  if (fd < 0 || !gdk_texture_save_to_png (texture, path))
    {
      fail (self, _("There is no picture on the clipboard. Copy one, then paste it here."));
      return;
    }
  fovea_try_panel_try_file (self, path);
  self->pasted_path = g_steal_pointer (&path);
}

static void
on_files (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaTryPanel) self = data;
  const GValue *value = gdk_clipboard_read_value_finish (GDK_CLIPBOARD (source), result, NULL);
  GSList *files = value != NULL ? g_value_get_boxed (value) : NULL;
  g_autofree char *path = files != NULL ? g_file_get_path (files->data) : NULL;

  if (self->project == NULL)
    return;
  if (path != NULL)
    fovea_try_panel_try_file (self, path);
  else
    gdk_clipboard_read_texture_async (GDK_CLIPBOARD (source), NULL, on_texture, g_object_ref (self));
}

void
fovea_try_panel_paste (FoveaTryPanel *self)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (self));

  if (gdk_content_formats_contain_gtype (gdk_clipboard_get_formats (clipboard), GDK_TYPE_FILE_LIST))
    gdk_clipboard_read_value_async (clipboard, GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, NULL, on_files, g_object_ref (self));
  else
    gdk_clipboard_read_texture_async (clipboard, NULL, on_texture, g_object_ref (self));
}

/* The window offers to import what is dragged over it; not here. */
static void
hide_hint (FoveaTryPanel *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (root != NULL && FOVEA_IS_WINDOW (root))
    fovea_window_hide_drop_hint (FOVEA_WINDOW (root));
}

static GdkDragAction
on_enter (GtkDropTarget *target, double x, double y, FoveaTryPanel *self)
{
  hide_hint (self);
  return GDK_ACTION_COPY;
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, FoveaTryPanel *self)
{
  GSList *files = g_value_get_boxed (value);
  g_autofree char *path = files != NULL ? g_file_get_path (files->data) : NULL;

  hide_hint (self);
  if (path == NULL)
    return FALSE;
  fovea_try_panel_try_file (self, path);
  return TRUE;
}

static void
on_chosen (GtkNativeDialog *dialog, int response, FoveaTryPanel *self)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

  if (path != NULL && self->project != NULL)
    fovea_try_panel_try_file (self, path);
  g_object_unref (dialog);
}

void
fovea_try_panel_choose (FoveaTryPanel *self)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_("Try a Picture"), GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                                              GTK_FILE_CHOOSER_ACTION_OPEN, _("_Try"), NULL);
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _("Pictures"));
  gtk_file_filter_add_mime_type (filter, "image/*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* ---- the object ---- */

static void
try_panel_dispose (GObject *object)
{
  FoveaTryPanel *self = FOVEA_TRY_PANEL (object);

  forget (self);
  g_clear_object (&self->project);
  g_clear_pointer (&self->model_id, g_free);
  G_OBJECT_CLASS (fovea_try_panel_parent_class)->dispose (object);
}

static void
fovea_try_panel_class_init (FoveaTryPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = try_panel_dispose;
  g_type_ensure (FOVEA_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/try-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaTryPanel, stack);
  gtk_widget_class_bind_template_child (widget_class, FoveaTryPanel, picture);
  gtk_widget_class_bind_template_child (widget_class, FoveaTryPanel, message);
  gtk_widget_class_bind_template_child (widget_class, FoveaTryPanel, spinner);
  gtk_widget_class_bind_template_child (widget_class, FoveaTryPanel, answers);
  gtk_widget_class_bind_template_callback (widget_class, fovea_try_panel_choose);
  gtk_widget_class_bind_template_callback (widget_class, fovea_try_panel_paste);
}

static void
fovea_try_panel_init (FoveaTryPanel *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (target, "enter", G_CALLBACK (on_enter), self);
  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

GtkWidget *
fovea_try_panel_new (FoveaProject *project)
{
  FoveaTryPanel *self = g_object_new (FOVEA_TYPE_TRY_PANEL, NULL);

  self->project = g_object_ref (project);
  return GTK_WIDGET (self);
}

void
fovea_try_panel_set_model (FoveaTryPanel *self, const char *model_id)
{
  if (g_strcmp0 (self->model_id, model_id) == 0)
    return;
  forget (self);
  g_free (self->model_id);
  self->model_id = g_strdup (model_id);
  clear_answers (self);
  gtk_stack_set_visible_child_name (self->stack, "empty");
}
