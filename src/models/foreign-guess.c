/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file says of itself in its metadata. Whatever is not as expected is taken for not said; a person may say more. */
#include <math.h>
#include <string.h>

#include "models/foreign-model-private.h"
#include "models/json-check.h"

#define MAX_SIDE_PX 4096

typedef struct {
  FoveaForeignModel *model;
  FoveaForeignRecipe *guess;
  GHashTable *texts; /* keys in lower case with '_' for '-', '.' and blanks → text, borrowed or in the pool */
  GPtrArray *pool;
} Guesser;

static const char *
text (Guesser *self, const char *key)
{
  return g_hash_table_lookup (self->texts, key);
}

static const char *
first_text (Guesser *self, const char *const *keys)
{
  const char *found = NULL;

  for (; found == NULL && *keys != NULL; keys++)
    found = text (self, *keys);
  return found;
}

static void
add_text (Guesser *self, const char *key, const char *value)
{
  char *plain = g_strdelimit (g_ascii_strdown (key, -1), "-. ", '_');

  g_ptr_array_add (self->pool, plain);
  if (!g_hash_table_contains (self->texts, plain))
    g_hash_table_insert (self->texts, plain, (gpointer) value);
}

/* ---- settings that lie in a JSON object, as transformers and timm keep theirs ---- */

static void
add_node (Guesser *self, const char *key, JsonNode *node)
{
  char *value;

  if (JSON_NODE_HOLDS_NULL (node))
    return;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    value = g_strdup (json_node_get_string (node));
  else
    value = json_to_string (node, FALSE);
  g_ptr_array_add (self->pool, value);
  add_text (self, key, value);
}

static void
add_object (Guesser *self, const char *json)
{
  g_autoptr (JsonNode) root = json != NULL ? fovea_json_parse (json, -1, NULL) : NULL;
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return;
  json_object_iter_init (&iter, json_node_get_object (root));
  while (json_object_iter_next (&iter, &key, &node))
    add_node (self, key, node);
}

static void
gather (Guesser *self)
{
  static const char *const nested[] = { "pretrained_cfg", "preprocessor_config", "preprocessing", "config", NULL };
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, self->model->graph->metadata);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (g_utf8_validate (value, -1, NULL))
      add_text (self, key, value);
  for (guint i = 0; nested[i] != NULL; i++)
    add_object (self, text (self, nested[i]));
}

/* ---- numbers ---- */

/* The whole numbers in @text, at most @max of them. */
static guint
read_ints (const char *text, gint64 *ret, guint max)
{
  guint n = 0;

  for (const char *at = text; *at != '\0' && n < max;)
    if (g_ascii_isdigit (*at))
      {
        char *end;

        ret[n++] = g_ascii_strtoll (at, &end, 10);
        at = end;
      }
    else
      at++;
  return n;
}

/* "224", "[224, 224]", "(3, 224, 224)", {"height":224,"width":224}: the side of a square, −1 of anything else. */
static int
read_side (const char *text)
{
  gint64 sides[4];
  guint n = text != NULL ? read_ints (text, sides, 4) : 0;

  if (n == 0 || n > 3 || (n == 2 && sides[0] != sides[1]) || (n == 3 && sides[1] != sides[2]))
    return -1;
  return sides[n - 1] >= 8 && sides[n - 1] <= MAX_SIDE_PX ? (int) sides[n - 1] : -1;
}

static gboolean
read_real (const char *text, double low, double high, double *ret)
{
  char *end = NULL;
  double value = text != NULL ? g_ascii_strtod (text, &end) : 0;

  if (text == NULL || end == text || *end != '\0' || !isfinite (value) || value < low || value > high)
    return FALSE;
  *ret = value;
  return TRUE;
}

/* ---- Fovea ---- */

static void
guess_numbers (Guesser *self, const char *key, double *ret, gboolean *ok)
{
  const char *value = text (self, key);
  g_auto (GStrv) parts = g_strsplit (value != NULL ? value : "", ",", 4);

  if (g_strv_length (parts) != 3)
    *ok = FALSE;
  for (guint c = 0; *ok && c < 3; c++)
    *ok = read_real (parts[c], -1e4, 1e4, &ret[c]);
}

static void
reverse (double *numbers)
{
  const double first = numbers[0];

  numbers[0] = numbers[2];
  numbers[2] = first;
}

static void
guess_fovea (Guesser *self)
{
  FoveaForeignRecipe *guess = self->guess;
  const char *order = text (self, "fovea_input_order"), *exclusive = text (self, "fovea_exclusive");
  FoveaActivation activation;
  FoveaViews views;
  double number;

  guess->has_range = TRUE;
  guess_numbers (self, "fovea_input_mean", guess->mean, &guess->has_range);
  guess_numbers (self, "fovea_input_scale", guess->scale, &guess->has_range);
  guess->bgr = order != NULL ? strcmp (order, "bgr") == 0 : -1;
  if (guess->bgr == 1)
    {
      reverse (guess->mean);
      reverse (guess->scale);
    }
  guess->exclusive = exclusive != NULL ? strcmp (exclusive, "true") == 0 : -1;
  if (fovea_activation_from_name (text (self, "fovea_activation"), &activation))
    guess->activation = (int) activation;
  else if (exclusive != NULL) /* exported before the activation was said */
    guess->activation = FOVEA_ACTIVATION_NONE;
  if (fovea_views_from_name (text (self, "fovea_fit"), &views))
    guess->views = (int) views;
  if (read_real (text (self, "fovea_input_crop_fraction"), 0.1, 1, &number))
    guess->crop_fraction = number;
  if (read_real (text (self, "fovea_input_pad"), 0, 255, &number))
    guess->pad = (int) number;
}

/* ---- others ---- */

/* Its pixels are in 0..1 whatever else it says; classifiers see the whole of the shorter side. */
static void
guess_ultralytics (Guesser *self)
{
  const char *task = text (self, "task");

  if (task == NULL || text (self, "names") == NULL || text (self, "imgsz") == NULL)
    return;
  fovea_foreign_recipe_set_range (self->guess, "0..1", NULL);
  if (strcmp (task, "classify") != 0)
    return;
  fovea_foreign_recipe_set_fit (self->guess, "crop:1", NULL);
  self->guess->activation = FOVEA_ACTIVATION_NONE;
}

static void
guess_windows (Guesser *self)
{
  const char *format = text (self, "image_bitmappixelformat"), *range = text (self, "image_nominalpixelrange");

  if (format != NULL && g_ascii_strncasecmp (format, "bgr", 3) == 0)
    self->guess->bgr = 1;
  if (g_strcmp0 (range, "NominalRange_0_255") == 0)
    fovea_foreign_recipe_set_range (self->guess, "0..255", NULL);
  else if (g_strcmp0 (range, "Normalized_0_1") == 0)
    fovea_foreign_recipe_set_range (self->guess, "0..1", NULL);
  else if (g_strcmp0 (range, "Normalized_1_1") == 0)
    fovea_foreign_recipe_set_range (self->guess, "-1..1", NULL);
}

static void
guess_usual (Guesser *self)
{
  static const char *const means[] = { "image_mean", "mean", "pixel_mean", NULL }, *const stds[] = { "image_std", "std", "pixel_std", NULL };
  static const char *const orders[] = { "channel_order", "color_format", "color_order", "input_order", NULL };
  const char *mean = first_text (self, means), *std = first_text (self, stds), *order = first_text (self, orders);
  double fraction;

  if (mean != NULL && std != NULL)
    fovea_foreign_recipe_set_mean_std (self->guess, mean, std, NULL);
  if (order != NULL && (g_ascii_strcasecmp (order, "bgr") == 0 || g_ascii_strcasecmp (order, "rgb") == 0))
    self->guess->bgr = g_ascii_strcasecmp (order, "bgr") == 0;
  if (read_real (text (self, "crop_pct"), 0.1, 1, &fraction))
    {
      self->guess->views = FOVEA_VIEWS_CROP;
      self->guess->crop_fraction = fraction;
    }
}

static void
guess_labels (Guesser *self)
{
  static const char *const keys[] = { "fovea_labels", "names", "labels", "class_names", "classes", "id2label", "label_names", "category_names",
                                      "categories", NULL };
  const char *said = first_text (self, keys);

  if (said != NULL)
    self->guess->labels = fovea_foreign_parse_labels (said, -1, NULL);
}

static void
guess_task (Guesser *self)
{
  static const char *const others[] = { "detect", "object-detection", "segment", "pose", "obb", "visual-detector" };
  const char *task = text (self, "fovea_task");
  g_auto (GStrv) tasks = NULL;

  if (task == NULL)
    task = text (self, "task");
  if (task == NULL)
    return;
  tasks = g_strsplit (task, " ", 8);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    self->model->detects = self->model->detects || g_strv_contains ((const char *const *) tasks, others[i]);
  if (g_strv_contains ((const char *const *) tasks, "visual-classifier") || strcmp (task, "classify") == 0
      || strcmp (task, "image-classification") == 0)
    self->guess->type_id = g_strdup ("visual-classifier");
  else if (strcmp (task, "visual-embedder") == 0 || strcmp (task, "image-feature-extraction") == 0)
    self->guess->type_id = g_strdup ("visual-embedder");
}

void
fovea_foreign_guess (FoveaForeignModel *model)
{
  static const char *const sizes[] = { "fovea_input_size", "imgsz", "input_size", "image_size", "crop_size", "size", NULL };
  Guesser self = { .model = model, .guess = &model->guess };

  self.texts = g_hash_table_new (g_str_hash, g_str_equal);
  self.pool = g_ptr_array_new_with_free_func (g_free);
  gather (&self);
  guess_task (&self);
  guess_labels (&self);
  self.guess->size = read_side (first_text (&self, sizes));
  guess_usual (&self);
  guess_windows (&self);
  guess_ultralytics (&self);
  if (text (&self, "fovea_version") != NULL)
    guess_fovea (&self);
  g_hash_table_unref (self.texts);
  g_ptr_array_unref (self.pool);
}
