/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture-cell.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/concept-color.h"

#define PADDING_PX 6
#define CORNER_PX 6
#define DOT_PX 10
#define TICK_PX 22
#define CHIP_MARGIN_PX 4
#define CHIP_PADDING_PX 6
#define BAR_PX 5
/* In smaller cells words are longer than the picture is wide: dots alone. */
#define MIN_SIDE_FOR_WORDS_PX 96
#define MAX_DOTS 4

typedef struct {
  GdkRGBA color;
  gboolean is_not;
} Dot;

struct _FoveaPictureCell {
  GtkWidget parent_instance;
  FoveaPicture *picture;
  gulong changed_id;
  FoveaThumbnailLoader *loader;
  guint position;
  GWeakRef item; /* GtkListItem */
  int side_px;
  gboolean selected, rejected;
  gboolean shows_other_opinions;
  gboolean has_opinion;
  FoveaConcept *opinion; /* (nullable) */
  double opinion_value;

  GdkTexture *texture;
  cairo_surface_t *surface; /* (nullable) the texture for GTK's software renderer */
  int texture_size_px; /* the size it was asked for at */
  int wanted_size_px;
  gboolean failed;

  Dot dots[MAX_DOTS];
  guint n_dots;
  char *label_text;
  char *prediction_text;
  double prediction_value;
  GdkRGBA prediction_color;
  PangoLayout *label_layout, *prediction_layout;
};

G_DEFINE_FINAL_TYPE (FoveaPictureCell, fovea_picture_cell, GTK_TYPE_WIDGET)

static const GdkRGBA chip_color = { 0.0f, 0.0f, 0.0f, 0.68f };
static const GdkRGBA chip_text_color = { 1.0f, 1.0f, 1.0f, 1.0f };
static const GdkRGBA pale_color = { 1.0f, 1.0f, 1.0f, 0.85f };

/* ---- what it shows ---- */

static void
drop_layouts (FoveaPictureCell *self)
{
  g_clear_object (&self->label_layout);
  g_clear_object (&self->prediction_layout);
}

static void
read_labels (FoveaPictureCell *self)
{
  guint n = fovea_picture_get_n_labels (self->picture);
  g_autoptr (GString) text = g_string_new (NULL);

  self->n_dots = 0;
  for (guint i = 0; i < n; i++)
    {
      gboolean positive;
      FoveaConcept *concept = fovea_picture_get_label (self->picture, i, &positive);
      const char *name = concept != NULL ? fovea_concept_get_name (concept) : NULL;

      /* The concepts are read after the pictures: the page refreshes its cells when they are there. */
      if (name == NULL)
        continue;
      if (self->n_dots < MAX_DOTS)
        {
          Dot *dot = &self->dots[self->n_dots++];

          fovea_concept_color_get (concept, &dot->color);
          dot->is_not = !positive;
        }
      if (text->len > 0)
        g_string_append (text, ", ");
      /* Translators: what a person said that a picture is not: "not hat". */
      if (positive)
        g_string_append (text, name);
      else
        g_string_append_printf (text, _("not %s"), name);
    }
  g_free (self->label_text);
  self->label_text = g_string_free (g_steal_pointer (&text), FALSE);
}

/* A prediction is shown for as long as the person has said nothing about that concept. */
static gboolean
is_said (FoveaPicture *picture, FoveaConcept *concept)
{
  for (guint i = 0; i < fovea_picture_get_n_labels (picture); i++)
    {
      gboolean positive;

      if (fovea_picture_get_label (picture, i, &positive) == concept)
        return TRUE;
    }
  return FALSE;
}

/* "Not hat" leaves open what it is. */
static gboolean
is_labelled (FoveaPicture *picture)
{
  for (guint i = 0; i < fovea_picture_get_n_labels (picture); i++)
    {
      gboolean positive;

      if (fovea_picture_get_label (picture, i, &positive) != NULL && positive)
        return TRUE;
    }
  return FALSE;
}

FoveaConcept *
fovea_picture_cell_get_suggestion (FoveaPicture *picture, gboolean shows_other_opinions, double *ret_value)
{
  FoveaConcept *concept = fovea_picture_get_prediction (picture, ret_value);

  return concept == NULL || is_said (picture, concept) || (is_labelled (picture) && !shows_other_opinions) ? NULL : concept;
}

static void
read_prediction (FoveaPictureCell *self)
{
  double value = self->opinion_value;
  FoveaConcept *concept = self->has_opinion ? self->opinion
                                            : fovea_picture_cell_get_suggestion (self->picture, self->shows_other_opinions, &value);

  g_clear_pointer (&self->prediction_text, g_free);
  if (concept == NULL)
    {
      self->prediction_text = g_strdup ("");
      return;
    }
  fovea_concept_color_get (concept, &self->prediction_color);
  self->prediction_value = CLAMP (value, 0.0, 1.0);
  /* Translators: a concept that a model predicts and how sure it is: "dress 91 %". */
  self->prediction_text = g_strdup_printf (_("%s %.0f %%"), fovea_concept_get_name (concept), value * 100.0);
}

static void
set_accessible (GtkWidget *widget, const char *name, const char *description)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description, -1);
}

char *
fovea_picture_cell_dup_description (FoveaPictureCell *self)
{
  g_autofree char *said = self->has_opinion ? g_strjoin (self->label_text[0] != '\0' && self->prediction_text[0] != '\0' ? ", " : "",
                                                         self->label_text, self->prediction_text, NULL)
                                            : fovea_picture_dup_description (self->picture);

  if (fovea_picture_get_missing (self->picture))
    return g_strjoin (said[0] != '\0' ? ", " : "", said, _("file is missing"), NULL);
  return g_steal_pointer (&said);
}

static void
update_accessible (FoveaPictureCell *self)
{
  GtkWidget *cell = gtk_widget_get_parent (GTK_WIDGET (self));
  g_autofree char *name = fovea_picture_dup_name (self->picture);
  g_autofree char *description = fovea_picture_cell_dup_description (self);

  /* GTK before 4.12 has no call for the name of a list item: the item's widget is the cell that assistive technology sees. */
  if (cell != NULL)
    set_accessible (cell, name, description);
  set_accessible (GTK_WIDGET (self), name, description);
}

void
fovea_picture_cell_refresh (FoveaPictureCell *self)
{
  if (self->picture == NULL)
    return;
  drop_layouts (self);
  read_labels (self);
  read_prediction (self);
  update_accessible (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* ---- the thumbnail ---- */

static void
set_texture (FoveaPictureCell *self, GdkTexture *texture)
{
  if (g_set_object (&self->texture, texture))
    g_clear_pointer (&self->surface, cairo_surface_destroy);
}

static void
on_thumbnail (GtkWidget *owner, GdkTexture *texture)
{
  FoveaPictureCell *self = FOVEA_PICTURE_CELL (owner);

  if (texture != NULL)
    {
      set_texture (self, texture);
      self->texture_size_px = self->wanted_size_px;
    }
  self->failed = texture == NULL && self->texture == NULL;
  gtk_widget_queue_draw (owner);
}

static void
load_thumbnail (FoveaPictureCell *self)
{
  int size_px = self->side_px * gtk_widget_get_scale_factor (GTK_WIDGET (self));
  GdkTexture *texture;

  if (self->picture == NULL || self->loader == NULL)
    return;
  self->wanted_size_px = size_px;
  if (self->texture != NULL && self->texture_size_px == size_px)
    return;
  texture = fovea_thumbnail_loader_lookup (self->loader, fovea_picture_get_id (self->picture), size_px);
  if (texture != NULL)
    {
      fovea_thumbnail_loader_cancel (self->loader, GTK_WIDGET (self));
      on_thumbnail (GTK_WIDGET (self), texture);
    }
  else
    fovea_thumbnail_loader_request (self->loader, GTK_WIDGET (self), self->picture, self->position, size_px, on_thumbnail);
}

void
fovea_picture_cell_bind (FoveaPictureCell *self, FoveaPicture *picture, guint position, FoveaThumbnailLoader *loader)
{
  fovea_picture_cell_unbind (self);
  self->picture = g_object_ref (picture);
  self->loader = loader;
  self->position = position;
  self->changed_id = g_signal_connect_swapped (picture, "changed", G_CALLBACK (fovea_picture_cell_refresh), self);
  fovea_picture_cell_refresh (self);
  load_thumbnail (self);
}

void
fovea_picture_cell_unbind (FoveaPictureCell *self)
{
  if (self->loader != NULL)
    fovea_thumbnail_loader_cancel (self->loader, GTK_WIDGET (self));
  self->loader = NULL;
  if (self->picture != NULL)
    g_signal_handler_disconnect (self->picture, self->changed_id);
  g_clear_object (&self->picture);
  set_texture (self, NULL);
  self->failed = FALSE;
  self->n_dots = 0;
  drop_layouts (self);
}

/* ---- drawing ---- */

static void
get_square (FoveaPictureCell *self, graphene_rect_t *ret_square)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));

  /* Whole pixels: a texture that is not moved by fractions is copied instead of filtered. */
  graphene_rect_init (ret_square, floorf ((float) (width - self->side_px) / 2.0f), floorf ((float) (height - self->side_px) / 2.0f),
                      (float) self->side_px, (float) self->side_px);
}

/* Where the picture itself is within the square. */
static void
get_picture_area (FoveaPictureCell *self, graphene_rect_t *ret_area)
{
  int longer;
  float width, height;

  get_square (self, ret_area);
  if (self->texture == NULL)
    return;
  longer = MAX (gdk_texture_get_width (self->texture), gdk_texture_get_height (self->texture));
  width = (float) self->side_px * (float) gdk_texture_get_width (self->texture) / (float) longer;
  height = (float) self->side_px * (float) gdk_texture_get_height (self->texture) / (float) longer;
  graphene_rect_init (ret_area, ret_area->origin.x + floorf (((float) self->side_px - width) / 2.0f),
                      ret_area->origin.y + floorf (((float) self->side_px - height) / 2.0f), width, height);
}

static gboolean
is_mirrored (FoveaPictureCell *self)
{
  return gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
}

/* Where something @width wide begins that lies at @x where one reads from the left: as far from the other end where one reads
 * from the right. */
static float
mirror_x (FoveaPictureCell *self, const graphene_rect_t *within, float x, float width)
{
  return is_mirrored (self) ? 2 * within->origin.x + within->size.width - x - width : x;
}

static PangoLayout *
get_layout (FoveaPictureCell *self, PangoLayout **layout, const char *text, int width_px)
{
  if (*layout == NULL)
    {
      PangoAttrList *attributes = pango_attr_list_new ();

      pango_attr_list_insert (attributes, pango_attr_scale_new (0.85));
      *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
      pango_layout_set_attributes (*layout, attributes);
      pango_layout_set_ellipsize (*layout, PANGO_ELLIPSIZE_END);
      pango_layout_set_single_paragraph_mode (*layout, TRUE);
      /* The name of a concept in the other script would go to the other end. */
      pango_layout_set_auto_dir (*layout, FALSE);
      pango_attr_list_unref (attributes);
    }
  pango_layout_set_width (*layout, MAX (width_px, 8) * PANGO_SCALE);
  return *layout;
}

static void
push_chip (GtkSnapshot *snapshot, const graphene_rect_t *area, GskRoundedRect *ret_outline)
{
  gsk_rounded_rect_init_from_rect (ret_outline, area, 7.0f);
  gtk_snapshot_push_rounded_clip (snapshot, ret_outline);
  gtk_snapshot_append_color (snapshot, &chip_color, area);
  gtk_snapshot_pop (snapshot);
}

static void
append_text (GtkSnapshot *snapshot, PangoLayout *layout, float x, float y)
{
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x, y));
  gtk_snapshot_append_layout (snapshot, layout, &chip_text_color);
  gtk_snapshot_restore (snapshot);
}

/* Where a chip begins: on the picture where it fits, else centred on it, but always inside the square. */
static float
get_chip_x (const graphene_rect_t *square, const graphene_rect_t *area, float width)
{
  float x = area->origin.x + CHIP_MARGIN_PX;

  if (width + 2 * CHIP_MARGIN_PX > area->size.width)
    x = floorf (area->origin.x + (area->size.width - width) / 2);
  return CLAMP (x, square->origin.x + CHIP_MARGIN_PX,
                MAX (square->origin.x + CHIP_MARGIN_PX, square->origin.x + square->size.width - CHIP_MARGIN_PX - width));
}

/* What a person said: solid dots, and the words where there is room. Returns the chip's top. */
static float
snapshot_labels (FoveaPictureCell *self, GtkSnapshot *snapshot, const graphene_rect_t *square, const graphene_rect_t *picture,
                 float bottom)
{
  gboolean words = self->side_px >= MIN_SIDE_FOR_WORDS_PX;
  float dots_width = (float) self->n_dots * (DOT_PX + 3) - 3;
  float width = dots_width + 2 * CHIP_PADDING_PX, height = DOT_PX + 8;
  PangoLayout *layout = NULL;
  GskRoundedRect outline;
  int text_width = 0, text_height = 0;
  graphene_rect_t area;

  if (words)
    {
      layout = get_layout (self, &self->label_layout, self->label_text,
                           (int) ((float) self->side_px - 2 * CHIP_MARGIN_PX - width - 4));
      pango_layout_get_pixel_size (layout, &text_width, &text_height);
      width += 4 + (float) text_width;
      height = MAX (height, (float) text_height + 4);
    }
  graphene_rect_init (&area, mirror_x (self, square, get_chip_x (square, picture, width), width), bottom - height, width, height);
  push_chip (snapshot, &area, &outline);
  for (guint i = 0; i < self->n_dots; i++)
    fovea_concept_dot_snapshot (snapshot, &self->dots[i].color, &chip_text_color,
                                mirror_x (self, &area, area.origin.x + CHIP_PADDING_PX + (float) i * (DOT_PX + 3), DOT_PX),
                                area.origin.y + (height - DOT_PX) / 2, DOT_PX, self->dots[i].is_not);
  if (words)
    append_text (snapshot, layout, mirror_x (self, &area, area.origin.x + CHIP_PADDING_PX + dots_width + 4, (float) text_width),
                 floorf (area.origin.y + (height - (float) text_height) / 2));
  return area.origin.y - 2;
}

/* As long as the confidence. Its frame is pale, so that every concept's colour is seen on the dark chip. */
static void
snapshot_bar (FoveaPictureCell *self, GtkSnapshot *snapshot, const graphene_rect_t *area)
{
  float filled = MAX (floorf (area->size.width * (float) self->prediction_value), 3.0f);
  graphene_rect_t bar = GRAPHENE_RECT_INIT (mirror_x (self, area, area->origin.x, filled), area->origin.y, filled, area->size.height);

  gtk_snapshot_append_color (snapshot, &(GdkRGBA) { 1, 1, 1, 0.25f },
                             &GRAPHENE_RECT_INIT (area->origin.x, area->origin.y + 1, area->size.width, area->size.height - 2));
  gtk_snapshot_append_color (snapshot, &pale_color, &bar);
  gtk_snapshot_append_color (snapshot, &self->prediction_color, graphene_rect_inset (&bar, 1, 1));
}

/* What a model says: a dashed frame, a number, and a bar as long as the confidence. */
static void
snapshot_prediction (FoveaPictureCell *self, GtkSnapshot *snapshot, const graphene_rect_t *square, const graphene_rect_t *picture,
                     float bottom)
{
  static const double dashes[] = { 3.0, 2.5 };
  gboolean words = self->side_px >= MIN_SIDE_FOR_WORDS_PX;
  float most = (float) self->side_px - 2 * CHIP_MARGIN_PX, height = BAR_PX + 8;
  float width = MAX (picture->size.width - 2 * CHIP_MARGIN_PX, 4 * CHIP_PADDING_PX), x, y;
  graphene_rect_t area;
  GskRoundedRect outline;
  PangoLayout *layout = NULL;
  int text_width = 0, text_height = 0;
  cairo_t *cr;

  if (words)
    {
      layout = get_layout (self, &self->prediction_layout, self->prediction_text, (int) (most - 2 * CHIP_PADDING_PX));
      pango_layout_get_pixel_size (layout, &text_width, &text_height);
      height += (float) text_height;
      width = MAX (width, (float) text_width + 2 * CHIP_PADDING_PX);
    }
  width = MIN (width, most);
  x = mirror_x (self, square, get_chip_x (square, picture, width), width);
  if (words)
    {
      pango_layout_set_width (layout, (int) ceilf (width - 2 * CHIP_PADDING_PX) * PANGO_SCALE);
      pango_layout_set_alignment (layout, is_mirrored (self) ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    }
  y = bottom - height;
  graphene_rect_init (&area, x, y, width, height);
  push_chip (snapshot, &area, &outline);
  if (words)
    append_text (snapshot, layout, x + CHIP_PADDING_PX, y + 2);
  snapshot_bar (self, snapshot, &GRAPHENE_RECT_INIT (x + CHIP_PADDING_PX, y + height - BAR_PX - 3, width - 2 * CHIP_PADDING_PX, BAR_PX));
  cr = gtk_snapshot_append_cairo (snapshot, &area);
  gdk_cairo_set_source_rgba (cr, &pale_color);
  cairo_set_line_width (cr, 1.0);
  cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0.0);
  cairo_rectangle (cr, floor (x) + 0.5, floor (y) + 0.5, floor (width) - 1, floor (height) - 1);
  cairo_stroke (cr);
  cairo_destroy (cr);
}

static void
get_tick_area (FoveaPictureCell *self, graphene_rect_t *ret_area)
{
  get_square (self, ret_area);
  graphene_rect_init (ret_area, ret_area->origin.x + (is_mirrored (self) ? 3 : (float) self->side_px - TICK_PX - 3), ret_area->origin.y + 3,
                      TICK_PX, TICK_PX);
}

static void
snapshot_tick (FoveaPictureCell *self, GtkSnapshot *snapshot)
{
  GdkRGBA accent = { 0.208f, 0.518f, 0.894f, 1.0f };
  graphene_rect_t area;
  GskRoundedRect outline;
  cairo_t *cr;

  get_tick_area (self, &area);
  gsk_rounded_rect_init_from_rect (&outline, &area, TICK_PX / 2.0f);
  (void) gtk_style_context_lookup_color (gtk_widget_get_style_context (GTK_WIDGET (self)), "accent_bg_color", &accent);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  gtk_snapshot_append_color (snapshot, self->selected && !self->rejected ? &accent : &(GdkRGBA) { 0, 0, 0, self->selected ? 0.75f : 0.4f },
                             &area);
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_append_border (snapshot, &outline, (float[4]) { 2, 2, 2, 2 },
                              (GdkRGBA[4]) { pale_color, pale_color, pale_color, pale_color });
  cr = gtk_snapshot_append_cairo (snapshot, &area);
  gdk_cairo_set_source_rgba (cr, self->selected ? &chip_text_color : &(GdkRGBA) { 1, 1, 1, 0.6f });
  cairo_set_line_width (cr, 2.2);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_translate (cr, (double) area.origin.x, (double) area.origin.y);
  if (self->rejected)
    {
      cairo_move_to (cr, 7.5, 7.5);
      cairo_line_to (cr, 14.5, 14.5);
      cairo_move_to (cr, 14.5, 7.5);
      cairo_line_to (cr, 7.5, 14.5);
    }
  else
    {
      cairo_move_to (cr, 6.5, 11.5);
      cairo_line_to (cr, 9.8, 14.8);
      cairo_line_to (cr, 15.8, 7.8);
    }
  cairo_stroke (cr);
  cairo_destroy (cr);
}

static void
snapshot_icon (FoveaPictureCell *self, GtkSnapshot *snapshot, const char *name, float x, float y, int size_px)
{
  GtkIconTheme *theme = gtk_icon_theme_get_for_display (gtk_widget_get_display (GTK_WIDGET (self)));
  g_autoptr (GtkIconPaintable) icon =
    gtk_icon_theme_lookup_icon (theme, name, NULL, size_px, gtk_widget_get_scale_factor (GTK_WIDGET (self)),
                                gtk_widget_get_direction (GTK_WIDGET (self)), 0);
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &color);
  color.alpha *= 0.55f;
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x, y));
  gtk_symbolic_paintable_snapshot_symbolic (GTK_SYMBOLIC_PAINTABLE (icon), snapshot, size_px, size_px, &color, 1);
  gtk_snapshot_restore (snapshot);
}

static void
snapshot_placeholder (FoveaPictureCell *self, GtkSnapshot *snapshot, const graphene_rect_t *square)
{
  GskRoundedRect outline;
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &color);
  color.alpha = 0.07f;
  gsk_rounded_rect_init_from_rect (&outline, square, CORNER_PX);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  gtk_snapshot_append_color (snapshot, &color, square);
  gtk_snapshot_pop (snapshot);
  if (self->failed)
    snapshot_icon (self, snapshot, "image-missing-symbolic", square->origin.x + square->size.width / 2 - 16,
                   square->origin.y + square->size.height / 2 - 16, 32);
}

/* GTK 4.8 without a graphics card converts the pixels of every texture in every frame, a third of the time that scrolling takes: it is
 * given a surface that was converted once. */
static void
snapshot_texture (FoveaPictureCell *self, GtkSnapshot *snapshot, const graphene_rect_t *area)
{
  GskRenderer *renderer = gtk_native_get_renderer (gtk_widget_get_native (GTK_WIDGET (self)));
  cairo_t *cr;

  if (!GSK_IS_CAIRO_RENDERER (renderer) || area->size.width <= 0 || area->size.height <= 0)
    {
      gtk_snapshot_append_texture (snapshot, self->texture, area);
      return;
    }
  if (self->surface == NULL)
    {
      self->surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, gdk_texture_get_width (self->texture), gdk_texture_get_height (self->texture));
      gdk_texture_download (self->texture, cairo_image_surface_get_data (self->surface), (gsize) cairo_image_surface_get_stride (self->surface));
      cairo_surface_mark_dirty (self->surface);
    }
  cairo_surface_set_device_scale (self->surface, gdk_texture_get_width (self->texture) / (double) area->size.width,
                                  gdk_texture_get_height (self->texture) / (double) area->size.height);
  cr = gtk_snapshot_append_cairo (snapshot, area);
  cairo_set_source_surface (cr, self->surface, (double) area->origin.x, (double) area->origin.y);
  cairo_paint (cr);
  cairo_destroy (cr);
}

static void
picture_cell_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  FoveaPictureCell *self = FOVEA_PICTURE_CELL (widget);
  graphene_rect_t square, area;
  float bottom;

  if (self->picture == NULL)
    return;
  get_square (self, &square);
  get_picture_area (self, &area);
  if (self->texture != NULL)
    snapshot_texture (self, snapshot, &area);
  else
    snapshot_placeholder (self, snapshot, &square);

  bottom = area.origin.y + area.size.height - CHIP_MARGIN_PX;
  bottom = MAX (bottom, square.origin.y + (float) self->side_px * 0.75f);
  if (self->n_dots > 0)
    bottom = snapshot_labels (self, snapshot, &square, &area, bottom);
  if (self->prediction_text[0] != '\0')
    snapshot_prediction (self, snapshot, &square, &area, bottom);
  if (self->selected || (gtk_widget_get_state_flags (widget) & GTK_STATE_FLAG_PRELIGHT) != 0)
    snapshot_tick (self, snapshot);
}

static void
picture_cell_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                      int *minimum_baseline, int *natural_baseline)
{
  *minimum = *natural = FOVEA_PICTURE_CELL (widget)->side_px + 2 * PADDING_PX;
}

static GtkSizeRequestMode
picture_cell_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
picture_cell_state_flags_changed (GtkWidget *widget, GtkStateFlags previous)
{
  if (((gtk_widget_get_state_flags (widget) ^ previous) & GTK_STATE_FLAG_PRELIGHT) != 0)
    gtk_widget_queue_draw (widget);
  GTK_WIDGET_CLASS (fovea_picture_cell_parent_class)->state_flags_changed (widget, previous);
}

static void
picture_cell_system_setting_changed (GtkWidget *widget, GtkSystemSetting setting)
{
  drop_layouts (FOVEA_PICTURE_CELL (widget));
  GTK_WIDGET_CLASS (fovea_picture_cell_parent_class)->system_setting_changed (widget, setting);
}

static void
picture_cell_dispose (GObject *object)
{
  FoveaPictureCell *self = FOVEA_PICTURE_CELL (object);

  fovea_picture_cell_unbind (self);
  g_clear_pointer (&self->label_text, g_free);
  g_clear_object (&self->opinion);
  g_clear_pointer (&self->prediction_text, g_free);
  G_OBJECT_CLASS (fovea_picture_cell_parent_class)->dispose (object);
}

static void
picture_cell_finalize (GObject *object)
{
  g_weak_ref_clear (&FOVEA_PICTURE_CELL (object)->item);
  G_OBJECT_CLASS (fovea_picture_cell_parent_class)->finalize (object);
}

static void
fovea_picture_cell_class_init (FoveaPictureCellClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = picture_cell_dispose;
  G_OBJECT_CLASS (klass)->finalize = picture_cell_finalize;
  widget_class->snapshot = picture_cell_snapshot;
  widget_class->measure = picture_cell_measure;
  widget_class->get_request_mode = picture_cell_get_request_mode;
  widget_class->state_flags_changed = picture_cell_state_flags_changed;
  widget_class->system_setting_changed = picture_cell_system_setting_changed;
  gtk_widget_class_set_css_name (widget_class, "picturecell");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
fovea_picture_cell_init (FoveaPictureCell *self)
{
  self->side_px = 144;
  g_weak_ref_init (&self->item, NULL);
  self->label_text = g_strdup ("");
  self->prediction_text = g_strdup ("");
  g_signal_connect (self, "notify::scale-factor", G_CALLBACK (load_thumbnail), NULL);
}

GtkWidget *
fovea_picture_cell_new (void)
{
  return g_object_new (FOVEA_TYPE_PICTURE_CELL, NULL);
}

void
fovea_picture_cell_set_list_item (FoveaPictureCell *self, GtkListItem *item)
{
  g_weak_ref_set (&self->item, item);
}

guint
fovea_picture_cell_get_list_position (FoveaPictureCell *self)
{
  g_autoptr (GtkListItem) item = g_weak_ref_get (&self->item);

  return item != NULL ? gtk_list_item_get_position (item) : GTK_INVALID_LIST_POSITION;
}

void
fovea_picture_cell_set_side (FoveaPictureCell *self, int side_px)
{
  if (self->side_px == side_px)
    return;
  self->side_px = side_px;
  gtk_widget_queue_resize (GTK_WIDGET (self));
  load_thumbnail (self);
}

FoveaPicture *
fovea_picture_cell_get_picture (FoveaPictureCell *self)
{
  return self->picture;
}

guint
fovea_picture_cell_get_position (FoveaPictureCell *self)
{
  return self->position;
}

GdkTexture *
fovea_picture_cell_get_texture (FoveaPictureCell *self)
{
  return self->texture;
}

void
fovea_picture_cell_set_shows_other_opinions (FoveaPictureCell *self, gboolean shows)
{
  if (self->shows_other_opinions == shows)
    return;
  self->shows_other_opinions = shows;
  fovea_picture_cell_refresh (self);
}

void
fovea_picture_cell_set_opinion (FoveaPictureCell *self, FoveaConcept *concept, double value)
{
  if (self->has_opinion && self->opinion == concept && !(self->opinion_value < value) && !(self->opinion_value > value))
    return;
  self->has_opinion = TRUE;
  g_set_object (&self->opinion, concept);
  self->opinion_value = value;
  fovea_picture_cell_refresh (self);
}

void
fovea_picture_cell_forget_opinion (FoveaPictureCell *self)
{
  if (!self->has_opinion)
    return;
  self->has_opinion = FALSE;
  g_clear_object (&self->opinion);
  fovea_picture_cell_refresh (self);
}

void
fovea_picture_cell_set_selected (FoveaPictureCell *self, gboolean selected)
{
  if (self->selected == selected)
    return;
  self->selected = selected;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
fovea_picture_cell_set_rejected (FoveaPictureCell *self, gboolean rejected)
{
  if (self->rejected == rejected)
    return;
  self->rejected = rejected;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

gboolean
fovea_picture_cell_is_on_tick (FoveaPictureCell *self, double x, double y)
{
  graphene_rect_t area;

  get_tick_area (self, &area);
  return graphene_rect_contains_point (&area, &GRAPHENE_POINT_INIT ((float) x, (float) y));
}

const char *
fovea_picture_cell_get_label_text (FoveaPictureCell *self)
{
  return self->label_text;
}

const char *
fovea_picture_cell_get_prediction_text (FoveaPictureCell *self)
{
  return self->prediction_text;
}
