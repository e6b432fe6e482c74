/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/accept-window.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/concept-color.h"
#include "app/flow-child.h"
#include "app/picture-strip.h"

struct _FoveaAcceptWindow {
  AdwWindow parent_instance;
  FoveaProject *project;
  FoveaLive *live;
  GArray *labels; /* FoveaPictureLabel: what could be accepted, most certain first */
  GArray *values; /* double: how sure each of them is */

  GtkButton *accept_button;
  GtkWidget *scale;
  GtkDropDown *concept_list;
  GtkAdjustment *threshold;
  GtkLabel *count_label, *accepted_title, *below_title;
  GtkFlowBox *counts;
  FoveaPictureStrip *accepted, *below;
};

G_DEFINE_FINAL_TYPE (FoveaAcceptWindow, fovea_accept_window, ADW_TYPE_WINDOW)

enum {
  ACCEPTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* ---- what would be accepted ---- */

static gint64
get_concept (FoveaAcceptWindow *self)
{
  guint i = gtk_drop_down_get_selected (self->concept_list);
  g_autoptr (FoveaConcept) concept = NULL;

  if (i > 0 && i != GTK_INVALID_LIST_POSITION)
    concept = g_list_model_get_item (G_LIST_MODEL (fovea_project_get_concepts (self->project)), i - 1);
  return concept != NULL ? fovea_concept_get_id (concept) : 0;
}

/* With one of several concepts that do not exclude each other, it is this one that is said, whatever else is more probable. */
static gint64
get_label (FoveaAcceptWindow *self, gint64 concept, gint64 id, double *ret_value)
{
  if (concept == 0 || fovea_live_get_exclusive (self->live))
    return fovea_live_get_suggestion (self->live, id, ret_value, NULL);
  *ret_value = fovea_live_get_value (self->live, id, concept);
  return concept;
}

guint
fovea_accept_window_get_n_accepted (FoveaAcceptWindow *self)
{
  double threshold = gtk_adjustment_get_value (self->threshold) / 100.0;
  guint low = 0, high = self->values->len;

  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (g_array_index (self->values, double, middle) >= threshold)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static void
read_labels (FoveaAcceptWindow *self)
{
  gint64 concept = get_concept (self);
  g_autoptr (GArray) ids = fovea_live_list_confident (self->live, concept, 0.0, 0);

  g_array_set_size (self->labels, 0);
  g_array_set_size (self->values, 0);
  for (guint i = 0; i < ids->len; i++)
    {
      double value = 0.0;
      gint64 id = g_array_index (ids, gint64, i);
      FoveaPictureLabel label = { id, get_label (self, concept, id, &value) };

      if (label.concept_id == 0)
        continue;
      g_array_append_val (self->labels, label);
      g_array_append_val (self->values, value);
    }
}

/* ---- showing it ---- */

static void
append_count (FoveaAcceptWindow *self, FoveaConcept *concept, guint n)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *dot = fovea_concept_dot_new ();
  g_autofree char *text = g_strdup_printf ("%u", n);
  GtkWidget *label = gtk_label_new (fovea_concept_get_name (concept)), *number = gtk_label_new (text);
  GdkRGBA color;

  fovea_concept_color_get (concept, &color);
  fovea_concept_dot_set_color (FOVEA_CONCEPT_DOT (dot), &color);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_box_append (GTK_BOX (box), dot);
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), number);
  gtk_flow_box_append (self->counts, fovea_flow_child_new (box));
}

static void
show_concept_counts (FoveaAcceptWindow *self, guint n_accepted)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));
  g_autoptr (GHashTable) counts = g_hash_table_new (NULL, NULL);
  GtkWidget *child;

  for (guint i = 0; i < n_accepted; i++)
    {
      gpointer key = (gpointer) (gintptr) g_array_index (self->labels, FoveaPictureLabel, i).concept_id;

      g_hash_table_insert (counts, key, GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (counts, key)) + 1));
    }
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->counts))) != NULL)
    gtk_flow_box_remove (self->counts, child);
  for (guint i = 0; i < g_list_model_get_n_items (concepts); i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, i);
      gpointer n = g_hash_table_lookup (counts, (gpointer) (gintptr) fovea_concept_get_id (concept));

      if (n != NULL)
        append_count (self, concept, GPOINTER_TO_UINT (n));
    }
}

/* The pictures on both sides of the threshold: where one sees whether it is right. */
static void
show_border (FoveaAcceptWindow *self, guint n)
{
  gint64 least[FOVEA_PICTURE_STRIP_MAX], next[FOVEA_PICTURE_STRIP_MAX];
  guint n_least = MIN (n, FOVEA_PICTURE_STRIP_MAX), n_next = MIN (self->labels->len - n, FOVEA_PICTURE_STRIP_MAX);

  for (guint i = 0; i < n_least; i++)
    least[i] = g_array_index (self->labels, FoveaPictureLabel, n - 1 - i).picture;
  for (guint i = 0; i < n_next; i++)
    next[i] = g_array_index (self->labels, FoveaPictureLabel, n + i).picture;
  fovea_picture_strip_set_ids (self->accepted, least, n_least);
  fovea_picture_strip_set_ids (self->below, next, n_next);
  gtk_widget_set_visible (GTK_WIDGET (self->accepted_title), n_least > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->accepted), n_least > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->below_title), n_next > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->below), n_next > 0);
}

static void
refresh (FoveaAcceptWindow *self)
{
  guint n = fovea_accept_window_get_n_accepted (self);
  g_autofree char *button = g_strdup_printf (ngettext ("Accept %u", "Accept %u", n), n);
  g_autofree char *text = NULL;

  if (n > 0)
    text = g_strdup_printf (ngettext ("%u of %u suggestion is at least %.0f %% sure", "%u of %u suggestions are at least %.0f %% sure",
                                      self->labels->len),
                            n, self->labels->len, gtk_adjustment_get_value (self->threshold));
  else
    text = g_strdup_printf (_("No suggestion is at least %.0f %% sure"), gtk_adjustment_get_value (self->threshold));
  gtk_label_set_label (self->count_label, text);
  gtk_button_set_label (self->accept_button, button);
  gtk_widget_set_sensitive (GTK_WIDGET (self->accept_button), n > 0);
  show_concept_counts (self, n);
  show_border (self, n);
}

static void
read_suggestions (FoveaAcceptWindow *self)
{
  read_labels (self);
  refresh (self);
}

static void
on_accept (FoveaAcceptWindow *self)
{
  guint n = fovea_accept_window_get_n_accepted (self);

  g_array_set_size (self->labels, n);
  if (n > 0)
    g_signal_emit (self, signals[ACCEPTED], 0, self->labels);
  gtk_window_close (GTK_WINDOW (self));
}

/* ---- the object ---- */

static void
accept_window_dispose (GObject *object)
{
  FoveaAcceptWindow *self = FOVEA_ACCEPT_WINDOW (object);

  g_clear_object (&self->live);
  g_clear_object (&self->project);
  G_OBJECT_CLASS (fovea_accept_window_parent_class)->dispose (object);
}

static void
accept_window_finalize (GObject *object)
{
  FoveaAcceptWindow *self = FOVEA_ACCEPT_WINDOW (object);

  g_array_unref (self->labels);
  g_array_unref (self->values);
  G_OBJECT_CLASS (fovea_accept_window_parent_class)->finalize (object);
}

static void
fovea_accept_window_class_init (FoveaAcceptWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = accept_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = accept_window_finalize;
  signals[ACCEPTED] = g_signal_new ("accepted", FOVEA_TYPE_ACCEPT_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                    G_TYPE_ARRAY);
  g_type_ensure (FOVEA_TYPE_PICTURE_STRIP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/accept-window.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaAcceptWindow, accept_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaAcceptWindow, scale);
  gtk_widget_class_bind_template_child (widget_class, FoveaAcceptWindow, concept_list);
  gtk_widget_class_bind_template_child (widget_class, FoveaAcceptWindow, threshold);
  gtk_widget_class_bind_template_child (widget_class, FoveaAcceptWindow, count_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaAcceptWindow, accepted_title);
  gtk_widget_class_bind_template_child (widget_class, FoveaAcceptWindow, below_title);
  gtk_widget_class_bind_template_child (widget_class, FoveaAcceptWindow, counts);
  gtk_widget_class_bind_template_child (widget_class, FoveaAcceptWindow, accepted);
  gtk_widget_class_bind_template_child (widget_class, FoveaAcceptWindow, below);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
fovea_accept_window_init (FoveaAcceptWindow *self)
{
  self->labels = g_array_new (FALSE, FALSE, sizeof (FoveaPictureLabel));
  self->values = g_array_new (FALSE, FALSE, sizeof (double));
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_grab_focus (self->scale);
}

/* Where nothing is that sure yet, just below the surest. */
static void
lower_threshold (FoveaAcceptWindow *self)
{
  if (self->labels->len == 0 || fovea_accept_window_get_n_accepted (self) > 0)
    return;
  gtk_adjustment_set_value (self->threshold, floor (g_array_index (self->values, double, 0) * 20.0) * 5.0);
}

static void
fill_concepts (FoveaAcceptWindow *self, FoveaConcept *chosen)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint selected = 0;

  gtk_string_list_append (names, _("All concepts"));
  for (guint i = 0; i < g_list_model_get_n_items (concepts); i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, i);

      gtk_string_list_append (names, fovea_concept_get_name (concept));
      if (concept == chosen)
        selected = i + 1;
    }
  gtk_drop_down_set_model (self->concept_list, G_LIST_MODEL (names));
  gtk_drop_down_set_selected (self->concept_list, selected);
}

GtkWidget *
fovea_accept_window_new (GtkWindow *parent, FoveaProject *project, FoveaConcept *concept)
{
  FoveaAcceptWindow *self = g_object_new (FOVEA_TYPE_ACCEPT_WINDOW, "transient-for", parent, "modal", TRUE, "destroy-with-parent", TRUE,
                                          NULL);

  self->project = g_object_ref (project);
  self->live = g_object_ref (fovea_project_get_live (project));
  fovea_picture_strip_set_project (self->accepted, project);
  fovea_picture_strip_set_project (self->below, project);
  fill_concepts (self, concept);
  read_suggestions (self);
  lower_threshold (self);
  refresh (self);
  g_signal_connect_object (self->live, "updated", G_CALLBACK (read_suggestions), self, G_CONNECT_SWAPPED);
  g_signal_connect_swapped (self->concept_list, "notify::selected", G_CALLBACK (read_suggestions), self);
  g_signal_connect_object (self->threshold, "value-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_swapped (self->accept_button, "clicked", G_CALLBACK (on_accept), self);
  return GTK_WIDGET (self);
}
