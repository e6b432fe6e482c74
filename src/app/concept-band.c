/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/concept-band.h"

#include <glib/gi18n.h>

#include "app/concept-color.h"
#include "app/flow-child.h"
#include "app/wrap-box.h"

#define VIEW_KEY "fovea-view"

struct _FoveaConceptBand {
  AdwBin parent_instance;
  FoveaConcept *concept; /* (nullable) */
  FoveaLive *live;
  GtkRevealer *revealer;
  FoveaConceptDot *dot;
  GtkLabel *name_label, *description_label;
  GtkWidget *edit_button;
  GtkButton *labelled_button, *not_button, *suggested_button, *most_button, *least_button;
};

G_DEFINE_FINAL_TYPE (FoveaConceptBand, fovea_concept_band, ADW_TYPE_BIN)

enum {
  VIEW_WANTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
show_count (GtkButton *button, char *text)
{
  gtk_button_set_label (button, text);
  g_free (text);
}

static void
show_counts (FoveaConceptBand *self)
{
  guint count, not_count, suggested;

  if (self->concept == NULL)
    return;
  count = fovea_concept_get_count (self->concept);
  not_count = fovea_concept_get_not_count (self->concept);
  suggested = self->live != NULL ? fovea_live_count_confident (self->live, fovea_concept_get_id (self->concept), 0.0) : 0;
  show_count (self->labelled_button, g_strdup_printf (ngettext ("%u labelled", "%u labelled", count), count));
  show_count (self->not_button, g_strdup_printf (ngettext ("%u not", "%u not", not_count), not_count));
  show_count (self->suggested_button, g_strdup_printf (ngettext ("%u suggested", "%u suggested", suggested), suggested));
}

static void
show_concept (FoveaConceptBand *self)
{
  const char *description;
  GdkRGBA color;

  if (self->concept == NULL)
    return;
  description = fovea_concept_get_description (self->concept);
  fovea_concept_color_get (self->concept, &color);
  fovea_concept_dot_set_color (self->dot, &color);
  gtk_label_set_label (self->name_label, fovea_concept_get_name (self->concept));
  gtk_label_set_label (self->description_label, description);
  gtk_widget_set_visible (GTK_WIDGET (self->description_label), description[0] != '\0');
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->description_label), description);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->edit_button), "x", fovea_concept_get_id (self->concept));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->edit_button), "win.edit-concept"); /* not before it has its target */
  show_counts (self);
}

void
fovea_concept_band_set_live (FoveaConceptBand *self, FoveaLive *live)
{
  g_return_if_fail (self->live == NULL);
  self->live = g_object_ref (live);
  g_signal_connect_object (live, "updated", G_CALLBACK (show_counts), self, G_CONNECT_SWAPPED);
}

/* The view that is shown looks pressed. */
static void
show_view (FoveaConceptBand *self, const FoveaPictureFilter *filter, FoveaPictureSort sort)
{
  gboolean certain = sort == FOVEA_PICTURE_SORT_CERTAIN;
  const struct {
    GtkButton *button;
    gboolean shown;
  } views[] = {
    { self->labelled_button, filter->concept_id != 0 && !certain },
    { self->not_button, filter->concept_id == 0 && filter->not_concept_id != 0 },
    { self->suggested_button, filter->concept_id == 0 && filter->predicted_id != 0 && filter->unlabelled },
  };

  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    {
      if (views[i].shown)
        gtk_widget_add_css_class (GTK_WIDGET (views[i].button), "shown-view");
      else
        gtk_widget_remove_css_class (GTK_WIDGET (views[i].button), "shown-view");
      gtk_accessible_update_state (GTK_ACCESSIBLE (views[i].button), GTK_ACCESSIBLE_STATE_PRESSED,
                                   views[i].shown ? GTK_ACCESSIBLE_TRISTATE_TRUE : GTK_ACCESSIBLE_TRISTATE_FALSE, -1);
    }
}

void
fovea_concept_band_set_concept (FoveaConceptBand *self, FoveaConcept *concept, const FoveaPictureFilter *filter, FoveaPictureSort sort)
{
  if (self->concept != concept)
    {
      if (self->concept != NULL)
        g_signal_handlers_disconnect_by_func (self->concept, show_concept, self);
      g_set_object (&self->concept, concept);
      if (concept != NULL)
        g_signal_connect_object (concept, "notify", G_CALLBACK (show_concept), self, G_CONNECT_SWAPPED);
    }
  show_concept (self);
  show_view (self, filter, sort);
  gtk_revealer_set_reveal_child (self->revealer, concept != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self), concept != NULL);
}

static void
on_button (GtkButton *button, FoveaConceptBand *self)
{
  g_signal_emit (self, signals[VIEW_WANTED], 0, GPOINTER_TO_INT (g_object_get_data (G_OBJECT (button), VIEW_KEY)));
}

static void
concept_band_dispose (GObject *object)
{
  FoveaConceptBand *self = FOVEA_CONCEPT_BAND (object);

  g_clear_object (&self->concept);
  g_clear_object (&self->live);
  G_OBJECT_CLASS (fovea_concept_band_parent_class)->dispose (object);
}

static void
fovea_concept_band_class_init (FoveaConceptBandClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = concept_band_dispose;
  signals[VIEW_WANTED] = g_signal_new ("view-wanted", FOVEA_TYPE_CONCEPT_BAND, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                       G_TYPE_INT);
  g_type_ensure (FOVEA_TYPE_CONCEPT_DOT);
  g_type_ensure (FOVEA_TYPE_FLOW_CHILD);
  g_type_ensure (FOVEA_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/concept-band.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptBand, revealer);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptBand, dot);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptBand, name_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptBand, description_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptBand, edit_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptBand, labelled_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptBand, not_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptBand, suggested_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptBand, most_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaConceptBand, least_button);
}

static void
fovea_concept_band_init (FoveaConceptBand *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  {
    GtkButton *buttons[] = { self->labelled_button, self->not_button, self->suggested_button, self->most_button, self->least_button };

    for (int view = 0; view < (int) G_N_ELEMENTS (buttons); view++)
      {
        g_object_set_data (G_OBJECT (buttons[view]), VIEW_KEY, GINT_TO_POINTER (view));
        g_signal_connect (buttons[view], "clicked", G_CALLBACK (on_button), self);
      }
  }
}
