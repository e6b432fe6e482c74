/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/paths.h"
#include "app/settings.h"
#include "app/stack.h"
#include "app/unfinished.h"
#include "engine/engine-error.h"
#include "engine/recent.h"

#define TOAST_SECONDS 5
#define ERROR_SECONDS 15
#define TOAST_SHOWING_US (500 * G_TIME_SPAN_MILLISECOND)
/* A project that opens faster shows no spinner: flicker would make it feel slower. */
#define SPINNER_DELAY_MS 250

G_DEFINE_FINAL_TYPE (FoveaWindow, fovea_window, ADW_TYPE_APPLICATION_WINDOW)

/* ---- toasts: one at a time, the newest ---- */

/* A toast that is still on its way in is put right instead of taken away: libadwaita 1.2 uses what it has freed when one that is
 * being shown is dismissed, and toasts that chase each other cannot be read anyway. */
static gboolean
update_young_toast (FoveaWindow *self, AdwToast *toast)
{
  if (self->toast == NULL || g_get_monotonic_time () - self->toast_us > TOAST_SHOWING_US)
    return FALSE;
  adw_toast_set_title (self->toast, adw_toast_get_title (toast));
  adw_toast_set_button_label (self->toast, adw_toast_get_button_label (toast));
  adw_toast_set_action_name (self->toast, adw_toast_get_action_name (toast));
  return TRUE;
}

/* Takes @toast. */
static void
show_toast (FoveaWindow *self, AdwToast *toast)
{
  if (update_young_toast (self, toast))
    {
      g_object_unref (toast);
      return;
    }
  if (self->toast != NULL)
    adw_toast_dismiss (self->toast);
  g_set_weak_pointer (&self->toast, toast);
  self->toast_us = g_get_monotonic_time ();
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static AdwToast *
toast_new (const char *text)
{
  /* Titles are Pango markup; a file name may hold anything. */
  g_autofree char *escaped = g_markup_escape_text (text, -1);
  AdwToast *toast = adw_toast_new (escaped);

  adw_toast_set_timeout (toast, TOAST_SECONDS);
  return toast;
}

void
fovea_window_toast (FoveaWindow *self, const char *text, const char *button, const char *action)
{
  AdwToast *toast = toast_new (text);

  if (button != NULL)
    {
      adw_toast_set_button_label (toast, button);
      adw_toast_set_action_name (toast, action);
    }
  show_toast (self, toast);
}

/* A toast is one line, and a message says what to do at its end: of the project's path the name is enough. */
static char *
dup_short_message (FoveaWindow *self, const GError *error)
{
  g_autoptr (GString) text = g_string_new (error->message);

  if (self->path != NULL)
    {
      g_autofree char *name = g_path_get_basename (self->path);

      (void) g_string_replace (text, self->path, name, 0);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

void
fovea_window_toast_error (FoveaWindow *self, const char *what, const GError *error)
{
  g_autofree char *message = NULL;
  g_autofree char *text = NULL;
  AdwToast *toast;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (fovea_error_is_disk_full (error))
    {
      fovea_window_show_disk_full (self, error);
      return;
    }
  message = dup_short_message (self, error);
  /* Translators: what failed, and why */
  text = g_strdup_printf (_("%s: %s"), what, message);
  toast = toast_new (text);
  adw_toast_set_timeout (toast, ERROR_SECONDS);
  show_toast (self, toast);
}

/* ---- opening and closing a project ---- */

static void
show_page (FoveaWindow *self, const char *name)
{
  fovea_stack_show_only (self->stack, name);
  gtk_spinner_set_spinning (self->spinner, g_str_equal (name, "loading"));
}

static gboolean
on_slow (gpointer data)
{
  FoveaWindow *self = data;

  self->spinner_id = 0;
  gtk_widget_set_opacity (GTK_WIDGET (self->spinner), 1.0);
  return G_SOURCE_REMOVE;
}

/* Where the person was when a window was closed last. */
static void
restore_place (FoveaWindow *self)
{
  static const char *const states[] = { "order", "descending" };
  GSettings *settings = fovea_settings_get ();
  g_autofree char *page = settings != NULL ? g_settings_get_string (settings, "page") : NULL;

  for (guint i = 0; settings != NULL && i < G_N_ELEMENTS (states); i++)
    {
      g_autoptr (GVariant) state = g_settings_get_value (settings, states[i]);

      g_action_group_change_action_state (G_ACTION_GROUP (self), states[i], state);
    }
  if (page == NULL || !fovea_project_view_show_page (self->view, page))
    fovea_images_page_focus_grid (fovea_project_view_get_images (self->view));
}

static void
save_place (FoveaWindow *self, GSettings *settings)
{
  g_autoptr (GVariant) order = g_action_group_get_action_state (G_ACTION_GROUP (self), "order");
  g_autoptr (GVariant) descending = g_action_group_get_action_state (G_ACTION_GROUP (self), "descending");

  if (order != NULL && descending != NULL)
    {
      g_settings_set_value (settings, "order", order);
      g_settings_set_value (settings, "descending", descending);
    }
  g_settings_set_string (settings, "page", fovea_page_get_name (fovea_project_view_get_page (self->view)));
}

void
fovea_window_close_project (FoveaWindow *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->spinner_id, g_source_remove);
  g_clear_pointer (&self->waiting_paths, g_strfreev);
  g_clear_pointer (&self->path, g_free);
  g_clear_object (&self->report_job);
  g_clear_pointer (&self->surroundings, fovea_surroundings_free);
  fovea_window_unwatch_jobs (self);
  if (self->view != NULL)
    {
      FoveaProjectView *view = self->view;

      fovea_project_view_save_state (view);
      if (fovea_settings_get () != NULL)
        save_place (self, fovea_settings_get ());
      fovea_project_view_remove_actions (view, G_ACTION_MAP (self));
      self->view = NULL;
      gtk_stack_remove (self->stack, GTK_WIDGET (view));
    }
  if (self->project != NULL)
    {
      g_autoptr (FoveaProject) project = g_steal_pointer (&self->project);

      g_signal_handlers_disconnect_by_data (project, self);
      g_signal_handlers_disconnect_by_data (fovea_project_get_jobs (project), self);
      fovea_project_close (project);
    }
}

static void
update_title (FoveaWindow *self)
{
  gtk_window_set_title (GTK_WINDOW (self), self->project != NULL ? fovea_project_get_name (self->project) : _("Fovea"));
}

static void
show_project (FoveaWindow *self)
{
  self->view = FOVEA_PROJECT_VIEW (fovea_project_view_new (self->project));
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->view), "project");
  fovea_window_watch_project (self);
  fovea_window_watch_jobs (self);
  show_page (self, "project");
  update_title (self);
  restore_place (self);
  fovea_window_start_upkeep (self);
  fovea_window_start_waiting_import (self);
}

static void
show_failure (FoveaWindow *self, const GError *error)
{
  g_autofree char *name = fovea_display_project_name (self->path);
  g_autofree char *title = g_strdup_printf (_("“%s” Could Not Be Opened"), name);
  g_autofree char *escaped_title = g_markup_escape_text (title, -1);
  g_autofree char *escaped_reason = g_markup_escape_text (error->message, -1);

  adw_status_page_set_title (self->failed_page, escaped_title);
  adw_status_page_set_description (self->failed_page, escaped_reason);
  show_page (self, "failed");
}

typedef struct {
  FoveaWindow *window;
  GCancellable *cancellable;
} Opening;

static void
opening_free (Opening *opening)
{
  g_object_unref (opening->window);
  g_object_unref (opening->cancellable);
  g_free (opening);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opening, opening_free)

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Opening) opening = data;
  FoveaWindow *self = opening->window;
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaProject) project = fovea_project_open_finish (result, &error);

  /* The window was closed, or turned to another project, while this one was being opened. */
  if (g_cancellable_is_cancelled (opening->cancellable))
    {
      if (project != NULL)
        fovea_project_close (project);
      return;
    }
  g_clear_handle_id (&self->spinner_id, g_source_remove);
  if (project == NULL)
    {
      show_failure (self, error);
      return;
    }
  self->project = g_steal_pointer (&project);
  fovea_recent_add (self->path);
  show_project (self);
}

void
fovea_window_load (FoveaWindow *self, const char *path, gboolean create)
{
  g_auto (GStrv) waiting = g_steal_pointer (&self->waiting_paths);
  Opening *opening;

  fovea_window_close_project (self);
  self->waiting_paths = g_steal_pointer (&waiting);
  self->path = g_strdup (path);
  self->cancellable = g_cancellable_new ();
  gtk_widget_set_opacity (GTK_WIDGET (self->spinner), 0.0);
  self->spinner_id = g_timeout_add (SPINNER_DELAY_MS, on_slow, self);
  show_page (self, "loading");
  fovea_window_update_actions (self);
  opening = g_new0 (Opening, 1);
  opening->window = g_object_ref (self);
  opening->cancellable = g_object_ref (self->cancellable);
  fovea_project_open_async (path, create, self->cancellable, on_opened, opening);
}

const char *
fovea_window_get_path (FoveaWindow *self)
{
  return self->path;
}

static void
show_start (FoveaWindow *self)
{
  fovea_window_close_project (self);
  fovea_window_start_upkeep (self);
  fovea_start_page_refresh (self->start_page);
  gtk_widget_grab_focus (GTK_WIDGET (self->start_page));
  show_page (self, "start");
  update_title (self);
  fovea_window_update_actions (self);
}

/* ---- closing the window ---- */

static void
save_state (FoveaWindow *self)
{
  GSettings *settings = fovea_settings_get ();
  gboolean maximized = gtk_window_is_maximized (GTK_WINDOW (self));
  int width, height;

  if (settings == NULL)
    return;
  g_settings_set_boolean (settings, "window-maximized", maximized);
  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  if (maximized || width <= 0 || height <= 0)
    return;
  g_settings_set_int (settings, "window-width", width);
  g_settings_set_int (settings, "window-height", height);
}

static void
on_work_ended (FoveaWindow *self)
{
  if (self->closing && self->project != NULL && fovea_job_list_get_n_running (fovea_project_get_jobs (self->project)) == 0)
    gtk_window_destroy (GTK_WINDOW (self));
}

static void
leave (FoveaWindow *self)
{
  if (self->leaving_to_start)
    show_start (self);
  else
    gtk_window_destroy (GTK_WINDOW (self));
}

static void
on_close_response (AdwMessageDialog *dialog, const char *response, FoveaWindow *self)
{
  if (g_str_equal (response, "cancel"))
    return;
  /* The question outlives the window; GTK 4.8 would leave it a dangling pointer to the window that it stood before. */
  gtk_window_set_transient_for (GTK_WINDOW (dialog), NULL);
  /* What is paused goes on at the next opening, what is stopped is forgotten. */
  if (g_str_equal (response, "stop"))
    fovea_unfinished_drop (self->path);
  if (g_str_equal (response, "stop") || g_str_equal (response, "pause"))
    leave (self);
  else if (g_str_equal (response, "background"))
    {
      self->closing = TRUE;
      gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
      on_work_ended (self);
    }
}

/* An import is remembered until it has ended, so closing the window can be a pause. */
static gboolean
can_pause (FoveaWindow *self)
{
  GListModel *jobs = G_LIST_MODEL (fovea_project_get_jobs (self->project));
  gboolean can = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (jobs); i++)
    {
      g_autoptr (FoveaJob) job = g_list_model_get_item (jobs, i);

      if (fovea_job_is_over (job))
        continue;
      if (fovea_job_get_kind (job) != FOVEA_JOB_IMPORT && fovea_job_get_kind (job) != FOVEA_JOB_EMBED)
        return FALSE;
      can = TRUE;
    }
  return can;
}

static gboolean
is_working (FoveaWindow *self)
{
  return self->project != NULL && fovea_job_list_get_n_running (fovea_project_get_jobs (self->project)) > 0;
}

/* @to_start: the project alone is to be closed, the window stays; its work cannot go on then. */
static void
ask_about_work (FoveaWindow *self, gboolean to_start)
{
  gboolean pause = can_pause (self);
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), _("Work Is Still Running"),
                                              pause ? _("An import that is paused goes on at the next opening of this project.")
                                                    : _("What was done until now is kept."));
  AdwMessageDialog *question = ADW_MESSAGE_DIALOG (dialog);

  self->leaving_to_start = to_start;
  adw_message_dialog_add_responses (question, "cancel", _("Keep Open"), "stop", _("Stop and Close"), NULL);
  if (pause)
    adw_message_dialog_add_response (question, "pause", _("Pause and Close"));
  if (!to_start)
    adw_message_dialog_add_response (question, "background", _("Go On in Background"));
  adw_message_dialog_set_response_appearance (question, "stop", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (question, !to_start ? "background" : pause ? "pause" : "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_close_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static gboolean
window_close_request (GtkWindow *window)
{
  FoveaWindow *self = FOVEA_WINDOW (window);

  save_state (self);
  if (is_working (self))
    {
      ask_about_work (self, FALSE);
      return GDK_EVENT_STOP;
    }
  return GTK_WINDOW_CLASS (fovea_window_parent_class)->close_request (window);
}

void
fovea_window_show_start (FoveaWindow *self)
{
  if (is_working (self))
    ask_about_work (self, TRUE);
  else
    show_start (self);
}

FoveaProject *
fovea_window_get_project (FoveaWindow *self)
{
  return self->project;
}

void
fovea_window_watch_work (FoveaWindow *self)
{
  g_signal_connect_swapped (self->project, "notify::name", G_CALLBACK (update_title), self);
  g_signal_connect_swapped (fovea_project_get_jobs (self->project), "notify::n-running", G_CALLBACK (on_work_ended), self);
}

/* ---- the object ---- */

static void
window_map (GtkWidget *widget)
{
  FOVEA_WINDOW (widget)->closing = FALSE; /* shown again while its work goes on */
  GTK_WIDGET_CLASS (fovea_window_parent_class)->map (widget);
}

/* The end of the window as GTK knows it. Its last reference may be held longer, by a dialog or by work that answers it; the project file
 * must be whole and closed all the same. */
static void
window_unrealize (GtkWidget *widget)
{
  fovea_window_close_project (FOVEA_WINDOW (widget));
  GTK_WIDGET_CLASS (fovea_window_parent_class)->unrealize (widget);
}

static void
window_dispose (GObject *object)
{
  FoveaWindow *self = FOVEA_WINDOW (object);

  if (self->stack != NULL)
    fovea_window_close_project (self);
  g_clear_weak_pointer (&self->toast);
  G_OBJECT_CLASS (fovea_window_parent_class)->dispose (object);
}

static void
fovea_window_class_init (FoveaWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = window_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = window_close_request;
  widget_class->map = window_map;
  widget_class->unrealize = window_unrealize;
  g_type_ensure (FOVEA_TYPE_START_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/window.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, FoveaWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, FoveaWindow, start_page);
  gtk_widget_class_bind_template_child (widget_class, FoveaWindow, start_menu_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaWindow, spinner);
  gtk_widget_class_bind_template_child (widget_class, FoveaWindow, failed_page);
  gtk_widget_class_bind_template_child (widget_class, FoveaWindow, drop_hint);
  gtk_widget_class_bind_template_child (widget_class, FoveaWindow, drop_status);
}

static void
fovea_window_init (FoveaWindow *self)
{
  GSettings *settings = fovea_settings_get ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_window_set_default_size (GTK_WINDOW (self), settings != NULL ? g_settings_get_int (settings, "window-width") : 1180,
                               settings != NULL ? g_settings_get_int (settings, "window-height") : 760);
  if (settings != NULL && g_settings_get_boolean (settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
  fovea_window_init_actions (self);
  fovea_window_init_import (self);
  fovea_window_init_upkeep (self);
  fovea_start_page_refresh (self->start_page);
  gtk_widget_grab_focus (GTK_WIDGET (self->start_page));
  fovea_window_update_actions (self);
}

FoveaWindow *
fovea_window_new (FoveaApplication *app)
{
  return g_object_new (FOVEA_TYPE_WINDOW, "application", app, NULL);
}
