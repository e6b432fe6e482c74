/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/sample-pictures.h"

#include <cairo.h>
#include <errno.h>
#include <glib/gi18n.h>
#include <math.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (cairo_t, cairo_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (cairo_surface_t, cairo_surface_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (cairo_pattern_t, cairo_pattern_destroy)

#define WIDTH_PX 320
#define HEIGHT_PX 240

typedef struct {
  double r, g, b;
} Color;

/* All shapes are drawn around the origin with a radius of about one. */
typedef void (*DrawFunc) (cairo_t *cr, GRand *rand, Color skin);

typedef struct {
  const char *name;
  DrawFunc draw;
  Color skins[3];
} Fruit;

static void
set_color (cairo_t *cr, Color c, double shade)
{
  cairo_set_source_rgb (cr, CLAMP (c.r * shade, 0, 1), CLAMP (c.g * shade, 0, 1), CLAMP (c.b * shade, 0, 1));
}

/* Fills the path with the skin's colour, lit from the upper left. */
static void
fill_lit (cairo_t *cr, Color skin)
{
  g_autoptr (cairo_pattern_t) light = cairo_pattern_create_radial (-0.35, -0.4, 0.1, -0.1, -0.1, 1.5);

  cairo_pattern_add_color_stop_rgb (light, 0, MIN (1, skin.r * 1.25 + 0.1), MIN (1, skin.g * 1.25 + 0.1), MIN (1, skin.b * 1.25 + 0.1));
  cairo_pattern_add_color_stop_rgb (light, 0.55, skin.r, skin.g, skin.b);
  cairo_pattern_add_color_stop_rgb (light, 1, skin.r * 0.55, skin.g * 0.55, skin.b * 0.55);
  cairo_set_source (cr, light);
  cairo_fill (cr);
}

static void
draw_stem (cairo_t *cr, double x, double y, double lean)
{
  cairo_set_line_width (cr, 0.09);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_source_rgb (cr, 0.36, 0.24, 0.12);
  cairo_move_to (cr, x, y);
  cairo_curve_to (cr, x, y - 0.2, x + lean * 0.3, y - 0.3, x + lean, y - 0.4);
  cairo_stroke (cr);
}

static void
draw_leaf (cairo_t *cr, double x, double y, double length)
{
  cairo_set_source_rgb (cr, 0.25, 0.55, 0.2);
  cairo_move_to (cr, x, y);
  cairo_curve_to (cr, x + length * 0.3, y - length * 0.5, x + length * 0.8, y - length * 0.4, x + length, y - length * 0.1);
  cairo_curve_to (cr, x + length * 0.7, y + length * 0.2, x + length * 0.3, y + length * 0.2, x, y);
  cairo_fill (cr);
}

static void
draw_apple (cairo_t *cr, GRand *rand, Color skin)
{
  cairo_move_to (cr, 0, -0.7);
  cairo_curve_to (cr, 0.5, -1.1, 1.1, -0.7, 1.0, 0);
  cairo_curve_to (cr, 0.9, 0.7, 0.45, 1.05, 0, 0.85);
  cairo_curve_to (cr, -0.45, 1.05, -0.9, 0.7, -1.0, 0);
  cairo_curve_to (cr, -1.1, -0.7, -0.5, -1.1, 0, -0.7);
  fill_lit (cr, skin);
  draw_stem (cr, 0, -0.65, g_rand_double_range (rand, -0.1, 0.2));
  draw_leaf (cr, 0.05, -0.85, g_rand_double_range (rand, 0.4, 0.6));
}

static void
draw_banana (cairo_t *cr, GRand *rand, Color skin)
{
  double bend = g_rand_double_range (rand, 0.5, 0.9);

  cairo_move_to (cr, -1.1, -0.35);
  cairo_curve_to (cr, -0.8, 0.5 + bend * 0.4, 0.5, 0.6 + bend * 0.4, 1.15, -0.3);
  cairo_line_to (cr, 1.0, -0.45);
  cairo_curve_to (cr, 0.5, 0.1, -0.4, 0.2 * bend, -0.95, -0.45);
  cairo_close_path (cr);
  fill_lit (cr, skin);
  cairo_set_source_rgb (cr, 0.3, 0.22, 0.1);
  cairo_arc (cr, 1.08, -0.38, 0.1, 0, 2 * G_PI);
  cairo_arc (cr, -1.03, -0.4, 0.07, 0, 2 * G_PI);
  cairo_fill (cr);
}

static void
draw_cherries (cairo_t *cr, GRand *rand, Color skin)
{
  double gap = g_rand_double_range (rand, 0.45, 0.6);

  cairo_set_line_width (cr, 0.07);
  cairo_set_source_rgb (cr, 0.3, 0.42, 0.15);
  cairo_move_to (cr, -gap, 0.2);
  cairo_curve_to (cr, -gap, -0.4, -0.1, -0.8, 0.15, -1.0);
  cairo_curve_to (cr, 0.3, -0.7, gap, -0.2, gap, 0.3);
  cairo_stroke (cr);
  for (int side = -1; side <= 1; side += 2)
    {
      cairo_save (cr);
      cairo_translate (cr, side * gap, 0.45 + 0.1 * side);
      cairo_scale (cr, 0.46, 0.46);
      cairo_arc (cr, 0, 0, 1, 0, 2 * G_PI);
      fill_lit (cr, skin);
      cairo_restore (cr);
    }
  draw_leaf (cr, 0.15, -0.95, 0.55);
}

static void
draw_pear (cairo_t *cr, GRand *rand, Color skin)
{
  double neck = g_rand_double_range (rand, 0.28, 0.4);

  cairo_move_to (cr, 0, -1.05);
  cairo_curve_to (cr, neck + 0.15, -1.05, neck, -0.4, 0.6, 0);
  cairo_curve_to (cr, 1.1, 0.4, 0.7, 1.05, 0, 1.0);
  cairo_curve_to (cr, -0.7, 1.05, -1.1, 0.4, -0.6, 0);
  cairo_curve_to (cr, -neck, -0.4, -neck - 0.15, -1.05, 0, -1.05);
  fill_lit (cr, skin);
  draw_stem (cr, 0, -1.0, g_rand_double_range (rand, -0.15, 0.15));
}

static void
draw_orange (cairo_t *cr, GRand *rand, Color skin)
{
  cairo_arc (cr, 0, 0, 0.95, 0, 2 * G_PI);
  fill_lit (cr, skin);
  set_color (cr, skin, 0.75);
  for (int i = 0; i < 60; i++)
    {
      double angle = g_rand_double_range (rand, 0, 2 * G_PI);
      double radius = 0.88 * sqrt (g_rand_double (rand));

      cairo_arc (cr, radius * cos (angle), radius * sin (angle), 0.018, 0, 2 * G_PI);
      cairo_fill (cr);
    }
  cairo_set_source_rgb (cr, 0.3, 0.5, 0.15);
  cairo_arc (cr, 0.1, -0.75, 0.09, 0, 2 * G_PI);
  cairo_fill (cr);
}

static void
draw_grapes (cairo_t *cr, GRand *rand, Color skin)
{
  draw_stem (cr, 0, -0.6, 0.1);
  draw_leaf (cr, 0, -0.75, -0.6);
  for (int row = 0; row < 5; row++)
    for (int i = 0; i < 5 - row; i++)
      {
        cairo_save (cr);
        cairo_translate (cr, (i - (4 - row) / 2.0) * 0.42 + g_rand_double_range (rand, -0.05, 0.05), -0.5 + row * 0.36);
        cairo_scale (cr, 0.25, 0.25);
        cairo_arc (cr, 0, 0, 1, 0, 2 * G_PI);
        fill_lit (cr, skin);
        cairo_restore (cr);
      }
}

static const Fruit fruits[FOVEA_SAMPLE_N_CONCEPTS] = {
  { N_ ("apple"), draw_apple, { { 0.8, 0.12, 0.12 }, { 0.55, 0.7, 0.15 }, { 0.85, 0.55, 0.2 } } },
  { N_ ("banana"), draw_banana, { { 0.96, 0.83, 0.2 }, { 0.75, 0.78, 0.25 }, { 0.85, 0.65, 0.15 } } },
  { N_ ("cherry"), draw_cherries, { { 0.6, 0.05, 0.12 }, { 0.85, 0.15, 0.2 }, { 0.4, 0.04, 0.15 } } },
  { N_ ("grapes"), draw_grapes, { { 0.35, 0.15, 0.45 }, { 0.6, 0.75, 0.3 }, { 0.25, 0.15, 0.35 } } },
  { N_ ("orange"), draw_orange, { { 0.95, 0.55, 0.1 }, { 0.98, 0.65, 0.2 }, { 0.85, 0.4, 0.1 } } },
  { N_ ("pear"), draw_pear, { { 0.7, 0.75, 0.25 }, { 0.8, 0.7, 0.3 }, { 0.55, 0.6, 0.2 } } },
};

/* A plain, graded or striped ground: the concepts must not be told apart by it. */
static void
draw_ground (cairo_t *cr, GRand *rand)
{
  Color near = { g_rand_double_range (rand, 0.55, 0.95), g_rand_double_range (rand, 0.55, 0.95), g_rand_double_range (rand, 0.55, 0.95) };
  int kind = g_rand_int_range (rand, 0, 3);
  g_autoptr (cairo_pattern_t) grade = cairo_pattern_create_linear (0, 0, 0, HEIGHT_PX);

  cairo_pattern_add_color_stop_rgb (grade, 0, near.r, near.g, near.b);
  cairo_pattern_add_color_stop_rgb (grade, 1, near.r * 0.75, near.g * 0.75, near.b * 0.8);
  if (kind == 0)
    set_color (cr, near, 1.0);
  else
    cairo_set_source (cr, grade);
  cairo_paint (cr);
  if (kind < 2)
    return;
  set_color (cr, near, 0.85);
  cairo_set_line_width (cr, g_rand_double_range (rand, 3, 10));
  for (int x = -HEIGHT_PX; x < WIDTH_PX; x += 28)
    {
      cairo_move_to (cr, x, HEIGHT_PX);
      cairo_line_to (cr, x + HEIGHT_PX, 0);
      cairo_stroke (cr);
    }
}

static gboolean
draw_one (const Fruit *fruit, int number, const char *path, GError **error)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) (number * 31 + (int) g_str_hash (fruit->name)));
  g_autoptr (cairo_surface_t) surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, WIDTH_PX, HEIGHT_PX);
  g_autoptr (cairo_t) cr = cairo_create (surface);
  Color skin = fruit->skins[number % 3];
  double radius_px = g_rand_double_range (rand, 38, 78);
  cairo_status_t status;

  draw_ground (cr, rand);
  cairo_translate (cr, WIDTH_PX / 2.0 + g_rand_double_range (rand, -50, 50), HEIGHT_PX / 2.0 + g_rand_double_range (rand, -25, 25));
  cairo_save (cr);
  cairo_translate (cr, 0, radius_px * 1.05);
  cairo_scale (cr, radius_px, radius_px * 0.18);
  cairo_arc (cr, 0, 0, 1, 0, 2 * G_PI);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.22);
  cairo_fill (cr);
  cairo_restore (cr);
  cairo_scale (cr, radius_px, radius_px);
  cairo_rotate (cr, g_rand_double_range (rand, -0.5, 0.5));
  skin.r = CLAMP (skin.r + g_rand_double_range (rand, -0.08, 0.08), 0, 1);
  skin.g = CLAMP (skin.g + g_rand_double_range (rand, -0.08, 0.08), 0, 1);
  fruit->draw (cr, rand, skin);

  status = cairo_surface_write_to_png (surface, path);
  if (status == CAIRO_STATUS_SUCCESS)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, _("%s could not be written: %s"), path,
               cairo_status_to_string (status));
  return FALSE;
}

gboolean
fovea_sample_pictures_draw (const char *folder, GCancellable *cancellable, GError **error)
{
  for (int f = 0; f < FOVEA_SAMPLE_N_CONCEPTS; f++)
    {
      const char *name = _(fruits[f].name);
      g_autofree char *dir = g_build_filename (folder, name, NULL);

      if (g_mkdir_with_parents (dir, 0700) != 0)
        {
          int code = errno;

          g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _("The folder %s could not be made: %s"), dir,
                       g_strerror (code));
          return FALSE;
        }
      for (int i = 0; i < FOVEA_SAMPLE_N_EACH; i++)
        {
          g_autofree char *file = g_strdup_printf ("%s-%02d.png", name, i + 1);
          g_autofree char *path = g_build_filename (dir, file, NULL);

          if (g_cancellable_set_error_if_cancelled (cancellable, error) || !draw_one (&fruits[f], i, path, error))
            return FALSE;
        }
    }
  return TRUE;
}

static void
draw_on_worker (GTask *task, gpointer source, gpointer folder, GCancellable *cancellable)
{
  GError *error = NULL;

  if (fovea_sample_pictures_draw (folder, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
fovea_sample_pictures_draw_async (const char *folder, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_source_tag (task, fovea_sample_pictures_draw_async);
  g_task_set_task_data (task, g_strdup (folder), g_free);
  g_task_run_in_thread (task, draw_on_worker);
}

gboolean
fovea_sample_pictures_draw_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
