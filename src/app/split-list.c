/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/split-list.h"

#include <glib/gi18n.h>

#include "app/settings.h"
#include "engine/picture-edit.h"

/* Counting looks at every picture; an import changes them many times a second. */
#define COUNT_GAP_MS 500
#define SPLIT_KEY "fovea-split"

struct _FoveaSplitList {
  AdwBin parent_instance;
  FoveaProject *project;
  GCancellable *cancellable;
  guint count_id;
  gboolean counting, stale; /* what changed since the counting began is not in it */
  GtkWidget *expander;
  GtkListBox *list;
};

G_DEFINE_FINAL_TYPE (FoveaSplitList, fovea_split_list, ADW_TYPE_BIN)

enum {
  SPLIT_SELECTED,
  PICTURES_DROPPED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

char *
fovea_split_dup_title (const char *split)
{
  static const struct {
    const char *split, *title;
  } known[] = { { "train", N_("Training") }, { "validation", N_("Validation") }, { "test", N_("Test") }, { "", N_("No split") } };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i].split, split))
      return g_strdup (_(known[i].title));
  return g_strdup (split);
}

/* ---- rows ---- */

static const char *
get_split (GtkListBoxRow *row)
{
  return g_object_get_data (G_OBJECT (row), SPLIT_KEY);
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, FoveaSplitList *self)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (target));

  g_signal_emit (self, signals[PICTURES_DROPPED], 0, g_value_get_boxed (value), get_split (GTK_LIST_BOX_ROW (row)));
  return TRUE;
}

static GtkWidget *
row_new (FoveaSplitList *self, const char *split, guint count)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  g_autofree char *title = fovea_split_dup_title (split);
  g_autofree char *count_text = g_strdup_printf ("%u", count);
  g_autofree char *description = g_strdup_printf (ngettext ("%u picture", "%u pictures", count), count);
  GtkWidget *title_label = gtk_label_new (title), *count_label = gtk_label_new (count_text);
  GtkDropTarget *target = gtk_drop_target_new (FOVEA_TYPE_PICTURE_SET, GDK_ACTION_COPY);

  gtk_label_set_xalign (GTK_LABEL (title_label), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (title_label), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (title_label, TRUE);
  gtk_widget_add_css_class (count_label, "dim-label");
  gtk_widget_add_css_class (count_label, "numeric");
  gtk_box_append (GTK_BOX (box), title_label);
  gtk_box_append (GTK_BOX (box), count_label);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  g_object_set_data_full (G_OBJECT (row), SPLIT_KEY, g_strdup (split), g_free);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  description, -1);
  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (target));
  return row;
}

static guint
get_count (GPtrArray *counts, const char *split)
{
  for (guint i = 0; i < counts->len; i++)
    if (g_str_equal (((FoveaSplitCount *) g_ptr_array_index (counts, i))->name, split))
      return ((FoveaSplitCount *) g_ptr_array_index (counts, i))->count;
  return 0;
}

/* The usual three first, what else there is, and none last. */
static GPtrArray *
dup_order (GPtrArray *counts)
{
  static const char *const usual[] = { "train", "validation", "test" };
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (usual); i++)
    g_ptr_array_add (names, (gpointer) usual[i]);
  for (guint i = 0; i < counts->len; i++)
    {
      char *name = ((FoveaSplitCount *) g_ptr_array_index (counts, i))->name;

      if (name[0] != '\0' && !g_strv_contains ((const char *const[]) { usual[0], usual[1], usual[2], NULL }, name))
        g_ptr_array_add (names, name);
    }
  g_ptr_array_add (names, (gpointer) "");
  return names;
}

static void
show_counts (FoveaSplitList *self, GPtrArray *counts)
{
  g_autoptr (GPtrArray) names = dup_order (counts);
  GtkWidget *old = gtk_widget_get_focus_child (GTK_WIDGET (self->list));
  g_autofree char *focused = old != NULL ? g_strdup (get_split (GTK_LIST_BOX_ROW (old))) : NULL;
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->list))) != NULL)
    gtk_list_box_remove (self->list, child);
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      GtkWidget *row = row_new (self, name, get_count (counts, name));

      gtk_list_box_append (self->list, row);
      if (g_strcmp0 (name, focused) == 0)
        gtk_widget_grab_focus (row);
    }
}

/* ---- counting ---- */

static void on_project_changed (FoveaSplitList *self);

static void
on_counted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaSplitList) self = data;
  g_autoptr (GPtrArray) counts = fovea_project_count_splits_finish (FOVEA_PROJECT (source), result, NULL);

  self->counting = FALSE;
  if (counts != NULL && self->project != NULL)
    show_counts (self, counts);
  if (self->stale && self->project != NULL)
    on_project_changed (self);
  self->stale = FALSE;
}

static gboolean
count (gpointer data)
{
  FoveaSplitList *self = data;

  self->count_id = 0;
  if (self->counting)
    {
      self->stale = TRUE;
      return G_SOURCE_REMOVE;
    }
  self->counting = TRUE;
  fovea_project_count_splits_async (self->project, self->cancellable, on_counted, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

static void
on_project_changed (FoveaSplitList *self)
{
  if (self->count_id == 0)
    self->count_id = g_timeout_add (COUNT_GAP_MS, count, self);
}

void
fovea_split_list_set_project (FoveaSplitList *self, FoveaProject *project)
{
  g_return_if_fail (self->project == NULL);
  self->project = g_object_ref (project);
  g_signal_connect_object (project, "changed", G_CALLBACK (on_project_changed), self, G_CONNECT_SWAPPED);
  (void) count (self);
}

/* ---- the object ---- */

static void
on_row_activated (GtkListBox *list, GtkListBoxRow *row, FoveaSplitList *self)
{
  g_autofree char *split = g_strdup (get_split (row));

  g_signal_emit (self, signals[SPLIT_SELECTED], 0, split);
}

/* The project is closed as soon as its view has left the window, while a count on its way may still hold the list. */
static void
stop (FoveaSplitList *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->count_id, g_source_remove);
  if (self->project != NULL)
    g_signal_handlers_disconnect_by_data (self->project, self);
  g_clear_object (&self->project);
}

static void
split_list_unroot (GtkWidget *widget)
{
  stop (FOVEA_SPLIT_LIST (widget));
  GTK_WIDGET_CLASS (fovea_split_list_parent_class)->unroot (widget);
}

static void
split_list_dispose (GObject *object)
{
  stop (FOVEA_SPLIT_LIST (object));
  G_OBJECT_CLASS (fovea_split_list_parent_class)->dispose (object);
}

static void
split_list_finalize (GObject *object)
{
  g_object_unref (FOVEA_SPLIT_LIST (object)->cancellable);
  G_OBJECT_CLASS (fovea_split_list_parent_class)->finalize (object);
}

static void
fovea_split_list_class_init (FoveaSplitListClass *klass)
{
  GTK_WIDGET_CLASS (klass)->unroot = split_list_unroot;
  G_OBJECT_CLASS (klass)->dispose = split_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = split_list_finalize;
  signals[SPLIT_SELECTED] = g_signal_new ("split-selected", FOVEA_TYPE_SPLIT_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                          1, G_TYPE_STRING);
  signals[PICTURES_DROPPED] = g_signal_new ("pictures-dropped", FOVEA_TYPE_SPLIT_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                            G_TYPE_NONE, 2, FOVEA_TYPE_PICTURE_SET, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass), "/org/fovea/Fovea/ui/split-list.ui");
  gtk_widget_class_bind_template_child (GTK_WIDGET_CLASS (klass), FoveaSplitList, list);
  gtk_widget_class_bind_template_child (GTK_WIDGET_CLASS (klass), FoveaSplitList, expander);
}

static void
fovea_split_list_init (FoveaSplitList *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  if (fovea_settings_get () != NULL)
    g_settings_bind (fovea_settings_get (), "splits-shown", self->expander, "expanded", G_SETTINGS_BIND_DEFAULT);
  g_signal_connect (self->list, "row-activated", G_CALLBACK (on_row_activated), self);
}
