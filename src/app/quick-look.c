/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/quick-look.h"

#include <glib/gi18n.h>

/* No screen shows more; the picture is shrunk while it is decoded. */
#define MAX_SIDE_PX 2048

struct _FoveaQuickLook {
  AdwWindow parent_instance;
  FoveaProject *project;
  FoveaImagesPage *images;
  GCancellable *cancellable;
  FoveaPicture *picture; /* the one that is shown */
  guint position;
  AdwWindowTitle *window_title;
  GtkWidget *previous_button, *next_button;
  GtkStack *stack;
  GtkPicture *picture_view;
  AdwStatusPage *failed_page;
};

G_DEFINE_FINAL_TYPE (FoveaQuickLook, fovea_quick_look, ADW_TYPE_WINDOW)

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaQuickLook) self = data;
  g_autoptr (GError) error = NULL;
  int width, height, stride;
  g_autoptr (GBytes) bytes =
    fovea_project_load_thumbnail_finish (FOVEA_PROJECT (source), result, &width, &height, &stride, &error);
  g_autoptr (GdkTexture) texture = NULL;

  if (bytes == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && self->project != NULL)
        {
          g_autofree char *escaped = g_markup_escape_text (error->message, -1);

          adw_status_page_set_description (self->failed_page, escaped);
          gtk_stack_set_visible_child_name (self->stack, "failed");
        }
      return;
    }
  if (self->project == NULL)
    return;
  texture = gdk_memory_texture_new (width, height, GDK_MEMORY_R8G8B8, bytes, (gsize) stride);
  gtk_picture_set_paintable (self->picture_view, GDK_PAINTABLE (texture));
  gtk_stack_set_visible_child_name (self->stack, "picture");
}

static void
show_words (FoveaQuickLook *self)
{
  g_autofree char *name = fovea_picture_dup_name (self->picture);
  g_autofree char *description = fovea_picture_dup_description (self->picture);

  gtk_window_set_title (GTK_WINDOW (self), name);
  adw_window_title_set_title (self->window_title, name);
  adw_window_title_set_subtitle (self->window_title, description);
  gtk_picture_set_alternative_text (self->picture_view, name);
}

static void
show_position (FoveaQuickLook *self, guint position)
{
  GListModel *list = G_LIST_MODEL (fovea_images_page_get_list (self->images));
  g_autoptr (FoveaPicture) picture = g_list_model_get_item (list, position);

  if (picture == NULL)
    return;
  self->position = position;
  if (self->picture != NULL)
    g_signal_handlers_disconnect_by_func (self->picture, show_words, self);
  g_set_object (&self->picture, picture);
  g_signal_connect_object (picture, "changed", G_CALLBACK (show_words), self, G_CONNECT_SWAPPED);
  show_words (self);
  gtk_widget_set_sensitive (self->previous_button, position > 0);
  gtk_widget_set_sensitive (self->next_button, position + 1 < g_list_model_get_n_items (list));

  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  self->cancellable = g_cancellable_new ();
  fovea_project_load_picture_async (self->project, picture, MAX_SIDE_PX, self->cancellable, on_loaded, g_object_ref (self));
}

static void
go (FoveaQuickLook *self, int step)
{
  if (step < 0 && self->position == 0)
    return;
  if (fovea_images_page_go_to (self->images, self->position + (guint) step))
    show_position (self, self->position + (guint) step);
}

static void
on_previous (FoveaQuickLook *self)
{
  go (self, -1);
}

static void
on_next (FoveaQuickLook *self)
{
  go (self, 1);
}

/* What labels in the grid labels here too: the picture that is shown is the selected one. */
static gboolean
label_by_key (FoveaQuickLook *self, guint keyval, GdkModifierType state)
{
  GtkWidget *window = GTK_WIDGET (gtk_window_get_transient_for (GTK_WINDOW (self)));
  char key[2] = { '\0', '\0' };

  if (keyval >= GDK_KEY_KP_1 && keyval <= GDK_KEY_KP_9)
    keyval = keyval - GDK_KEY_KP_1 + GDK_KEY_1;
  if (keyval >= GDK_KEY_1 && keyval <= GDK_KEY_9 && (state & GDK_CONTROL_MASK) == 0)
    {
      key[0] = (char) ('1' + (keyval - GDK_KEY_1));
      return gtk_widget_activate_action (window, (state & GDK_ALT_MASK) != 0 ? "win.label-not-key" : "win.label-key", "s", key);
    }
  if (gdk_keyval_to_lower (keyval) == GDK_KEY_z && (state & GDK_CONTROL_MASK) != 0)
    return gtk_widget_activate_action (window, (state & GDK_SHIFT_MASK) != 0 ? "win.redo" : "win.undo", NULL);
  if (keyval == GDK_KEY_BackSpace)
    return gtk_widget_activate_action (window, "win.clear-labels", NULL);
  if (keyval == GDK_KEY_Return || keyval == GDK_KEY_KP_Enter)
    return gtk_widget_activate_action (window, "win.accept", NULL);
  return FALSE;
}

/* Labelling may have moved the selection on, or changed what is said of the picture. */
static void
follow_selection (FoveaQuickLook *self)
{
  guint position;
  g_autoptr (FoveaPicture) picture = self->images != NULL ? fovea_images_page_dup_current (self->images, &position) : NULL;

  if (picture != NULL && picture != self->picture)
    show_position (self, position);
}

static gboolean
on_key (GtkEventControllerKey *controller, guint keyval, guint keycode, GdkModifierType state, FoveaQuickLook *self)
{
  gboolean right_to_left = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;

  if (keyval == GDK_KEY_space || keyval == GDK_KEY_Escape)
    gtk_window_close (GTK_WINDOW (self));
  else if (keyval == GDK_KEY_Left)
    go (self, right_to_left ? 1 : -1);
  else if (keyval == GDK_KEY_Right)
    go (self, right_to_left ? -1 : 1);
  else
    return label_by_key (self, keyval, state) ? GDK_EVENT_STOP : GDK_EVENT_PROPAGATE;
  return GDK_EVENT_STOP;
}

static void
quick_look_dispose (GObject *object)
{
  FoveaQuickLook *self = FOVEA_QUICK_LOOK (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->project);
  g_clear_object (&self->images);
  g_clear_object (&self->picture);
  G_OBJECT_CLASS (fovea_quick_look_parent_class)->dispose (object);
}

static void
quick_look_finalize (GObject *object)
{
  g_object_unref (FOVEA_QUICK_LOOK (object)->cancellable);
  G_OBJECT_CLASS (fovea_quick_look_parent_class)->finalize (object);
}

static void
fovea_quick_look_class_init (FoveaQuickLookClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = quick_look_dispose;
  G_OBJECT_CLASS (klass)->finalize = quick_look_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/quick-look.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaQuickLook, window_title);
  gtk_widget_class_bind_template_child (widget_class, FoveaQuickLook, previous_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaQuickLook, next_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaQuickLook, stack);
  gtk_widget_class_bind_template_child (widget_class, FoveaQuickLook, picture_view);
  gtk_widget_class_bind_template_child (widget_class, FoveaQuickLook, failed_page);
}

static void
fovea_quick_look_init (FoveaQuickLook *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();

  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_key), self);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  g_signal_connect_swapped (self->previous_button, "clicked", G_CALLBACK (on_previous), self);
  g_signal_connect_swapped (self->next_button, "clicked", G_CALLBACK (on_next), self);
}

void
fovea_quick_look_present (GtkWindow *parent, FoveaProject *project, FoveaImagesPage *images, guint position)
{
  FoveaQuickLook *self = g_object_new (FOVEA_TYPE_QUICK_LOOK, "transient-for", parent, "destroy-with-parent", TRUE,
                                       "application", gtk_window_get_application (parent), NULL); /* for its keys */

  self->project = g_object_ref (project);
  self->images = g_object_ref (images);
  g_signal_connect_object (images, "selection-changed", G_CALLBACK (follow_selection), self, G_CONNECT_SWAPPED);
  show_position (self, position);
  gtk_window_present (GTK_WINDOW (self));
}
