/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/concept-color.h"

#define DOT_SIDE_PX 12

/* The engine's own twelve, for a concept whose colour cannot be read. */
static const char *const palette[FOVEA_N_CONCEPT_COLORS] = {
  "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#882255", "#44aa99", "#999933", "#6699cc", "#aa4499",
};

struct _FoveaConceptDot {
  GtkWidget parent_instance;
  GdkRGBA color;
};

G_DEFINE_FINAL_TYPE (FoveaConceptDot, fovea_concept_dot, GTK_TYPE_WIDGET)

const char *
fovea_concept_color_get_default (guint i)
{
  return palette[i % FOVEA_N_CONCEPT_COLORS];
}

void
fovea_concept_color_get (FoveaConcept *concept, GdkRGBA *ret_color)
{
  const char *color = fovea_concept_get_color (concept);

  if (color == NULL || color[0] == '\0' || !gdk_rgba_parse (ret_color, color))
    gdk_rgba_parse (ret_color, fovea_concept_color_get_default ((guint) (fovea_concept_get_id (concept) - 1)));
  ret_color->alpha = 1.0f;
}

FoveaConcept *
fovea_concept_key_lookup (GListModel *concepts, char key)
{
  guint n = g_list_model_get_n_items (concepts);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, i);
      const char *own = fovea_concept_get_key (concept);

      if (own != NULL && own[0] == key && own[1] == '\0')
        return concept;
    }
  if (key >= '1' && key <= '9' && (guint) (key - '1') < n)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, (guint) (key - '1'));
      const char *own = fovea_concept_get_key (concept);

      if (own == NULL || own[0] == '\0')
        return concept;
    }
  return NULL;
}

char
fovea_concept_key_get (GListModel *concepts, guint position)
{
  g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, position);
  const char *own = concept != NULL ? fovea_concept_get_key (concept) : NULL;

  if (own != NULL && own[0] != '\0')
    return own[1] == '\0' ? own[0] : '\0';
  if (position < 9 && fovea_concept_key_lookup (concepts, (char) ('1' + position)) == concept)
    return (char) ('1' + position);
  return '\0';
}

static void
append_ring (GtkSnapshot *snapshot, const GskRoundedRect *outline, float width, const GdkRGBA *color)
{
  gtk_snapshot_append_border (snapshot, outline, (float[4]) { width, width, width, width }, (GdkRGBA[4]) { *color, *color, *color, *color });
}

void
fovea_concept_dot_snapshot (GtkSnapshot *snapshot, const GdkRGBA *color, const GdkRGBA *ink, float x, float y, float side_px, gboolean is_not)
{
  GdkRGBA rim = *ink;
  GskRoundedRect outline;
  float width = side_px * 0.22f, middle = y + (side_px - width) / 2.0f;

  /* Three times as light or dark as what is below it, and no more than that: the colour is what matters. */
  rim.alpha *= 0.7f;
  gsk_rounded_rect_init_from_rect (&outline, &GRAPHENE_RECT_INIT (x, y, side_px, side_px), side_px / 2.0f);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  if (!is_not)
    gtk_snapshot_append_color (snapshot, color, &outline.bounds);
  else
    {
      gtk_snapshot_append_color (snapshot, &rim, &GRAPHENE_RECT_INIT (x, middle - 1.0f, side_px, width + 2.0f));
      gtk_snapshot_append_color (snapshot, color, &GRAPHENE_RECT_INIT (x, middle, side_px, width));
    }
  gtk_snapshot_pop (snapshot);
  if (is_not)
    append_ring (snapshot, &outline, width, color);
  append_ring (snapshot, &outline, 1.0f, &rim);
}

static void
concept_dot_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  FoveaConceptDot *self = FOVEA_CONCEPT_DOT (widget);
  float x = (float) (gtk_widget_get_width (widget) - DOT_SIDE_PX) / 2.0f;
  float y = (float) (gtk_widget_get_height (widget) - DOT_SIDE_PX) / 2.0f;

  GdkRGBA ink;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &ink);
  fovea_concept_dot_snapshot (snapshot, &self->color, &ink, x, y, DOT_SIDE_PX, FALSE);
}

static void
concept_dot_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                     int *minimum_baseline, int *natural_baseline)
{
  *minimum = *natural = DOT_SIDE_PX;
}

static void
fovea_concept_dot_class_init (FoveaConceptDotClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = concept_dot_snapshot;
  widget_class->measure = concept_dot_measure;
  gtk_widget_class_set_css_name (widget_class, "conceptdot");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
fovea_concept_dot_init (FoveaConceptDot *self)
{
  gdk_rgba_parse (&self->color, palette[0]);
}

GtkWidget *
fovea_concept_dot_new (void)
{
  return g_object_new (FOVEA_TYPE_CONCEPT_DOT, "valign", GTK_ALIGN_CENTER, NULL);
}

void
fovea_concept_dot_set_color (FoveaConceptDot *self, const GdkRGBA *color)
{
  self->color = *color;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
