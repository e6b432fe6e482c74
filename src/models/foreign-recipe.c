/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "models/foreign-model-private.h"

#define DEFAULT_CROP_FRACTION 0.875
#define DEFAULT_PAD 127

static const char *const layout_names[FOVEA_N_LAYOUTS] = { "nchw", "nhwc" };
static const double imagenet_mean[3] = { 0.485, 0.456, 0.406 }, imagenet_std[3] = { 0.229, 0.224, 0.225 };

const char *
fovea_layout_name (FoveaLayout layout)
{
  g_return_val_if_fail (layout < FOVEA_N_LAYOUTS, NULL);

  return layout_names[layout];
}

void
fovea_foreign_recipe_init (FoveaForeignRecipe *recipe)
{
  *recipe = (FoveaForeignRecipe){ .size = -1, .views = -1, .crop_fraction = -1, .pad = -1, .bgr = -1, .layout = -1, .activation = -1,
                                  .exclusive = -1 };
}

void
fovea_foreign_recipe_clear (FoveaForeignRecipe *recipe)
{
  g_clear_pointer (&recipe->type_id, g_free);
  g_clear_pointer (&recipe->output, g_free);
  g_clear_pointer (&recipe->labels, g_ptr_array_unref);
}

FoveaForeignRecipe *
fovea_foreign_recipe_copy (const FoveaForeignRecipe *recipe)
{
  FoveaForeignRecipe *copy = g_memdup2 (recipe, sizeof *recipe);

  copy->type_id = g_strdup (recipe->type_id);
  copy->output = g_strdup (recipe->output);
  copy->labels = recipe->labels != NULL ? g_ptr_array_ref (recipe->labels) : NULL;
  return copy;
}

void
fovea_foreign_recipe_free (FoveaForeignRecipe *recipe)
{
  fovea_foreign_recipe_clear (recipe);
  g_free (recipe);
}

void
fovea_foreign_recipe_merge (FoveaForeignRecipe *recipe, const FoveaForeignRecipe *said)
{
  int *const to[] = { &recipe->size, &recipe->views, &recipe->pad, &recipe->bgr, &recipe->layout, &recipe->activation, &recipe->exclusive };
  const int from[] = { said->size, said->views, said->pad, said->bgr, said->layout, said->activation, said->exclusive };

  for (guint i = 0; i < G_N_ELEMENTS (to); i++)
    if (from[i] >= 0)
      *to[i] = from[i];
  if (said->type_id != NULL)
    {
      g_free (recipe->type_id);
      recipe->type_id = g_strdup (said->type_id);
    }
  if (said->output != NULL)
    {
      g_free (recipe->output);
      recipe->output = g_strdup (said->output);
    }
  if (said->labels != NULL)
    {
      g_clear_pointer (&recipe->labels, g_ptr_array_unref);
      recipe->labels = g_ptr_array_ref (said->labels);
    }
  if (said->crop_fraction > 0)
    recipe->crop_fraction = said->crop_fraction;
  if (said->has_range)
    {
      recipe->has_range = TRUE;
      memcpy (recipe->mean, said->mean, sizeof recipe->mean);
      memcpy (recipe->scale, said->scale, sizeof recipe->scale);
    }
}

void
fovea_foreign_recipe_get_spec (const FoveaForeignRecipe *recipe, FoveaInputSpec *ret_spec)
{
  *ret_spec = (FoveaInputSpec){ .size = recipe->size,
                                .crop_fraction = recipe->crop_fraction > 0 ? recipe->crop_fraction : DEFAULT_CROP_FRACTION,
                                .pad = (guint8) (recipe->pad >= 0 ? recipe->pad : DEFAULT_PAD),
                                .bgr = recipe->bgr == 1 };
  for (guint c = 0; c < 3; c++)
    {
      const guint colour = ret_spec->bgr ? 2 - c : c; /* a pack's numbers are in the order of its channels */

      ret_spec->mean[c] = (float) recipe->mean[colour];
      ret_spec->scale[c] = (float) recipe->scale[colour];
    }
}

/* ---- what a person says ---- */

static gboolean
invalid (GError **error, const char *what, const char *text, const char *understood)
{
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM, "the %s “%.60s” is not understood; it is %s", what, text, understood);
  return FALSE;
}

gboolean
fovea_foreign_recipe_set_type (FoveaForeignRecipe *recipe, const char *text, GError **error)
{
  if (strcmp (text, "visual-detector") == 0)
    {
      g_set_error_literal (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                           "detectors cannot be imported yet: how their answers become boxes is not understood; classifiers and embedders can");
      return FALSE;
    }
  if (strcmp (text, "visual-classifier") != 0 && strcmp (text, "visual-embedder") != 0)
    return invalid (error, "type", text, "visual-classifier or visual-embedder");
  g_free (recipe->type_id);
  recipe->type_id = g_strdup (text);
  return TRUE;
}

gboolean
fovea_foreign_recipe_set_layout (FoveaForeignRecipe *recipe, const char *text, GError **error)
{
  for (int i = 0; i < FOVEA_N_LAYOUTS; i++)
    if (g_ascii_strcasecmp (text, layout_names[i]) == 0)
      {
        recipe->layout = i;
        return TRUE;
      }
  return invalid (error, "layout", text, "nchw (colours first) or nhwc (colours last)");
}

gboolean
fovea_foreign_recipe_set_activation (FoveaForeignRecipe *recipe, const char *text, GError **error)
{
  FoveaActivation activation;

  if (!fovea_activation_from_name (text, &activation))
    return invalid (error, "activation", text, "softmax, sigmoid, or none where the answers are probabilities already");
  recipe->activation = (int) activation;
  return TRUE;
}

static gboolean
read_number (const char *text, double *ret)
{
  char *end;
  double value = g_ascii_strtod (text, &end);

  while (g_ascii_isspace (*end))
    end++;
  if (end == text || *end != '\0' || !isfinite (value) || fabs (value) > 1e6)
    return FALSE;
  *ret = value;
  return TRUE;
}

gboolean
fovea_foreign_recipe_set_fit (FoveaForeignRecipe *recipe, const char *text, GError **error)
{
  static const char understood[] = "crop, squash or letterbox; crop:0.95 also says how much of the shorter side is seen (0.1 to 1)";
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);
  double fraction;
  FoveaViews views;

  if (parts[0] == NULL || !fovea_views_from_name (parts[0], &views) || !fovea_views_is_single (views))
    return invalid (error, "fit", text, understood);
  if (parts[1] != NULL)
    {
      if (views != FOVEA_VIEWS_CROP || !read_number (parts[1], &fraction) || fraction < 0.1 || fraction > 1)
        return invalid (error, "fit", text, understood);
      recipe->crop_fraction = fraction;
    }
  recipe->views = (int) views;
  return TRUE;
}

/* x = (v / 255 − mean) / std for pixels in 0..1, else (v − mean) / std. FALSE: no scale comes of it. */
static gboolean
set_mean_std (FoveaForeignRecipe *recipe, const double *mean, const double *std)
{
  double unit = 255;

  for (guint c = 0; c < 3; c++)
    {
      if (fabs (mean[c]) > 1 || std[c] > 1)
        unit = 1;
      if (std[c] < 1e-6)
        return FALSE;
    }
  recipe->has_range = TRUE;
  for (guint c = 0; c < 3; c++)
    {
      recipe->mean[c] = mean[c] * unit;
      recipe->scale[c] = 1 / (std[c] * unit);
    }
  return TRUE;
}

/* Three numbers between commas or blanks, or one for all, with or without brackets. */
static gboolean
read_three (const char *text, double *ret)
{
  g_autofree char *bare = g_strdelimit (g_strdup (text), "()[]", ' ');
  g_auto (GStrv) parts = NULL;
  guint n;

  g_strstrip (bare);
  parts = g_strsplit (bare, strchr (bare, ',') != NULL ? "," : " ", 5);
  n = g_strv_length (parts);
  if (n != 1 && n != 3)
    return FALSE;
  for (guint c = 0; c < 3; c++)
    if (!read_number (parts[n == 1 ? 0 : c], &ret[c]))
      return FALSE;
  return TRUE;
}

gboolean
fovea_foreign_recipe_set_mean_std (FoveaForeignRecipe *recipe, const char *mean, const char *std, GError **error)
{
  static const char understood[] = "three numbers, R,G,B, of pixels in 0..1 or in 0..255; standard deviations are greater than 0";
  double means[3] = { 0, 0, 0 }, stds[3] = { 1, 1, 1 };

  if (mean != NULL && !read_three (mean, means))
    return invalid (error, "mean", mean, understood);
  if ((std != NULL && !read_three (std, stds)) || !set_mean_std (recipe, means, stds))
    return invalid (error, "standard deviation", std, understood);
  return TRUE;
}

gboolean
fovea_foreign_recipe_set_range (FoveaForeignRecipe *recipe, const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "..", 2);
  double low, high;

  if (g_ascii_strcasecmp (text, "imagenet") == 0)
    return set_mean_std (recipe, imagenet_mean, imagenet_std);
  if (g_strv_length (parts) != 2 || !read_number (parts[0], &low) || !read_number (parts[1], &high) || high - low < 1e-6)
    return invalid (error, "range", text, "0..1, -1..1, 0..255, any two numbers like these, or imagenet");
  recipe->has_range = TRUE;
  for (guint c = 0; c < 3; c++)
    {
      recipe->scale[c] = (high - low) / 255;
      recipe->mean[c] = (0 - low) / recipe->scale[c];
    }
  return TRUE;
}

static void
append_three (GString *text, const double *values, double factor, gboolean invert)
{
  for (guint c = 0; c < 3; c++)
    {
      char number[G_ASCII_DTOSTR_BUF_SIZE];
      double value = invert ? 1 / values[c] * factor : values[c] * factor;

      g_string_append_printf (text, "%s%s", c > 0 ? "," : "", g_ascii_formatd (number, sizeof number, "%.6g", value));
    }
}

static gboolean
near (const double *a, const double *b, double tolerance)
{
  return fabs (a[0] - b[0]) <= tolerance && fabs (a[1] - b[1]) <= tolerance && fabs (a[2] - b[2]) <= tolerance;
}

char *
fovea_foreign_recipe_dup_range (const FoveaForeignRecipe *recipe)
{
  static const char *const ranges[] = { "0..1", "-1..1", "0..255", "imagenet" };
  GString *text;
  gboolean small = TRUE;

  if (!recipe->has_range)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    {
      FoveaForeignRecipe named;

      fovea_foreign_recipe_init (&named);
      fovea_foreign_recipe_set_range (&named, ranges[i], NULL);
      if (near (named.mean, recipe->mean, 0.01) && near (named.scale, recipe->scale, 1e-6))
        return g_strdup (ranges[i]);
    }
  for (guint c = 0; c < 3; c++)
    small = small && fabs (recipe->mean[c]) <= 255 && recipe->scale[c] > 0 && 1 / recipe->scale[c] <= 255;
  text = g_string_new ("mean ");
  append_three (text, recipe->mean, small ? 1 / 255.0 : 1, FALSE);
  g_string_append (text, " std ");
  append_three (text, recipe->scale, small ? 1 / 255.0 : 1, TRUE);
  return g_string_free (text, FALSE);
}
