/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/splits-window.h"

#include <glib/gi18n.h>

#include "app/accessible-names.h"
#include "app/settings.h"
#include "app/tab-stop.h"
#include "engine/splits.h"

/* A preview looks at every picture: not at each step of a spin button. */
#define PREVIEW_DELAY_MS 150

struct _FoveaSplitsWindow {
  AdwWindow parent_instance;
  FoveaProject *project;
  GCancellable *cancellable;
  guint preview_id;
  FoveaSplitPlan *plan; /* that the list shows */
  GtkSpinButton *percent_spin, *seed_spin;
  GtkSwitch *keep_switch;
  GtkWidget *make_button;
  GtkLabel *total_label, *failure_label;
  GtkListView *list;
};

G_DEFINE_FINAL_TYPE (FoveaSplitsWindow, fovea_splits_window, ADW_TYPE_WINDOW)

enum {
  MADE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static FoveaSplitOptions
get_options (FoveaSplitsWindow *self)
{
  return (FoveaSplitOptions){ .test_fraction = gtk_spin_button_get_value (self->percent_spin) / 100.0,
                              .seed = (guint32) gtk_spin_button_get_value_as_int (self->seed_spin),
                              .keep = gtk_switch_get_active (self->keep_switch) };
}

/* ---- what each concept would get ---- */

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *name = gtk_label_new (NULL), *counts = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (name), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_widget_add_css_class (counts, "dim-label");
  gtk_widget_add_css_class (counts, "numeric");
  gtk_box_append (GTK_BOX (box), name);
  gtk_box_append (GTK_BOX (box), counts);
  gtk_list_item_set_child (item, box);
  gtk_list_item_set_activatable (item, FALSE);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, FoveaSplitsWindow *self)
{
  GtkWidget *name = gtk_widget_get_first_child (gtk_list_item_get_child (item));
  GtkWidget *counts = gtk_widget_get_next_sibling (name);
  const FoveaSplitShare *count = g_ptr_array_index (self->plan->counts, gtk_list_item_get_position (item));
  g_autofree char *text = g_strdup_printf (_("%u to learn from, %u to test with"), count->n_train, count->n_test);
  g_autofree char *row_name = NULL;

  gtk_label_set_label (GTK_LABEL (name), count->concept[0] != '\0' ? count->concept : _("Without a label"));
  gtk_label_set_label (GTK_LABEL (counts), text);
  row_name = g_strdup_printf ("%s: %s", gtk_label_get_label (GTK_LABEL (name)), text);
  fovea_name_list_row (gtk_list_item_get_child (item), row_name);
}

static void
show_plan (FoveaSplitsWindow *self)
{
  GtkStringList *rows = gtk_string_list_new (NULL);
  GtkSelectionModel *model;
  g_autofree char *changed = g_strdup_printf (ngettext ("%u picture would move.", "%u pictures would move.",
                                                        self->plan->n_changed), self->plan->n_changed);
  g_autofree char *text = NULL;

  for (guint i = 0; i < self->plan->counts->len; i++)
    gtk_string_list_append (rows, ((FoveaSplitShare *) g_ptr_array_index (self->plan->counts, i))->concept);
  model = GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (rows)));
  gtk_list_view_set_model (self->list, model);
  g_object_unref (model);
  text = g_strdup_printf (_("%u pictures to learn from, %u to test with. %s"), self->plan->n_train, self->plan->n_test, changed);
  gtk_label_set_label (self->total_label, text);
  gtk_widget_set_sensitive (self->make_button, self->plan->n_changed > 0);
}

static void
show_failure (FoveaSplitsWindow *self, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_label_set_label (self->failure_label, error->message);
  gtk_widget_set_visible (GTK_WIDGET (self->failure_label), TRUE);
}

static void
on_planned (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaSplitsWindow) self = data;
  g_autoptr (GError) error = NULL;
  FoveaSplitPlan *plan = fovea_project_splits_finish (FOVEA_PROJECT (source), result, &error);

  if (self->list == NULL)
    {
      fovea_split_plan_free (plan);
      return;
    }
  if (plan == NULL)
    {
      show_failure (self, error);
      return;
    }
  gtk_list_view_set_model (self->list, NULL);
  fovea_split_plan_free (self->plan);
  self->plan = plan;
  show_plan (self);
}

static gboolean
preview (gpointer data)
{
  FoveaSplitsWindow *self = data;
  FoveaSplitOptions options = get_options (self);

  self->preview_id = 0;
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  self->cancellable = g_cancellable_new ();
  fovea_project_plan_splits_async (self->project, &options, self->cancellable, on_planned, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

/* A spin button takes what was typed when the focus leaves it, and so also when the window goes. */
static void
on_changed (FoveaSplitsWindow *self)
{
  if (self->preview_id == 0 && self->project != NULL)
    self->preview_id = g_timeout_add (PREVIEW_DELAY_MS, preview, self);
}

/* ---- doing it ---- */

static void
on_made (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaSplitsWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaSplitPlan) plan = fovea_project_splits_finish (FOVEA_PROJECT (source), result, &error);
  g_autofree char *text = NULL;

  if (self->list == NULL)
    return;
  if (plan == NULL)
    {
      show_failure (self, error);
      gtk_widget_set_sensitive (self->make_button, TRUE);
      return;
    }
  text = g_strdup_printf (_("%u pictures to learn from, %u to test with"), plan->n_train, plan->n_test);
  g_signal_emit (self, signals[MADE], 0, text);
  gtk_window_close (GTK_WINDOW (self));
}

static void
on_make (FoveaSplitsWindow *self)
{
  FoveaSplitOptions options = get_options (self);

  gtk_widget_set_sensitive (self->make_button, FALSE);
  fovea_project_make_splits_async (self->project, &options, NULL, on_made, g_object_ref (self));
}

/* ---- the object ---- */

static void
splits_window_dispose (GObject *object)
{
  FoveaSplitsWindow *self = FOVEA_SPLITS_WINDOW (object);

  g_clear_handle_id (&self->preview_id, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  if (self->list != NULL)
    gtk_list_view_set_model (self->list, NULL);
  self->list = NULL;
  g_clear_object (&self->project);
  G_OBJECT_CLASS (fovea_splits_window_parent_class)->dispose (object);
}

static void
splits_window_finalize (GObject *object)
{
  FoveaSplitsWindow *self = FOVEA_SPLITS_WINDOW (object);

  fovea_split_plan_free (self->plan);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (fovea_splits_window_parent_class)->finalize (object);
}

static void
fovea_splits_window_class_init (FoveaSplitsWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = splits_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = splits_window_finalize;
  signals[MADE] = g_signal_new ("made", FOVEA_TYPE_SPLITS_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
  g_type_ensure (FOVEA_TYPE_TAB_STOP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/splits-window.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaSplitsWindow, percent_spin);
  gtk_widget_class_bind_template_child (widget_class, FoveaSplitsWindow, seed_spin);
  gtk_widget_class_bind_template_child (widget_class, FoveaSplitsWindow, keep_switch);
  gtk_widget_class_bind_template_child (widget_class, FoveaSplitsWindow, make_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaSplitsWindow, total_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaSplitsWindow, failure_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaSplitsWindow, list);
}

static void
fovea_splits_window_init (FoveaSplitsWindow *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), self);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), self);
  gtk_list_view_set_factory (self->list, factory);
  if (fovea_settings_get () != NULL)
    gtk_spin_button_set_value (self->percent_spin, g_settings_get_int (fovea_settings_get (), "test-percent"));
  g_signal_connect_object (self->percent_spin, "value-changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->seed_spin, "value-changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->keep_switch, "notify::active", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_swapped (self->make_button, "clicked", G_CALLBACK (on_make), self);
}

GtkWidget *
fovea_splits_window_new (FoveaProject *project, GtkWindow *parent)
{
  FoveaSplitsWindow *self = g_object_new (FOVEA_TYPE_SPLITS_WINDOW, "transient-for", parent, "application",
                                          gtk_window_get_application (parent), "destroy-with-parent", TRUE, NULL);

  self->project = g_object_ref (project);
  (void) preview (self);
  return GTK_WIDGET (self);
}
