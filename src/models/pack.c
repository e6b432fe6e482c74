/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/pack.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "config.h"
#include "models/json-check.h"
#include "nn/onnx.h"
#include "vision/sha256.h"

#define MAX_NAME_BYTES 48
#define MAX_FILE_BYTES ((goffset) 2 << 30)
#define MAX_LABELS 100000
#define MAX_SIDE_PX 4096
#define MAX_DIM 65536

struct _FoveaPack {
  gatomicrefcount ref_count;
  char *path;
  char hash[65];
  FoveaGraph *graph;
  FoveaInputSpec spec;
  GPtrArray *labels;
  guint dim;
  FoveaActivation activation;
  FoveaViews views;
  gboolean single;
};

static const char *const activation_names[FOVEA_N_ACTIVATIONS] = { "softmax", "sigmoid", "none" };

const char *
fovea_activation_name (FoveaActivation activation)
{
  g_return_val_if_fail (activation < FOVEA_N_ACTIVATIONS, NULL);

  return activation_names[activation];
}

gboolean
fovea_activation_from_name (const char *name, FoveaActivation *ret_activation)
{
  for (guint i = 0; i < FOVEA_N_ACTIVATIONS; i++)
    if (g_strcmp0 (name, activation_names[i]) == 0)
      {
        *ret_activation = (FoveaActivation) i;
        return TRUE;
      }
  return FALSE;
}

GStrv
fovea_pack_dup_folders (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *only = g_getenv ("FOVEA_PACK_DIR");

  if (only != NULL && only[0] != '\0')
    g_strv_builder_add (builder, only);
  else
    {
      g_autofree char *cache = g_build_filename (g_get_user_cache_dir (), "fovea", "packs", NULL);

      g_strv_builder_add (builder, cache);
      g_strv_builder_add (builder, FOVEA_PKGDATADIR "/packs");
    }
  return g_strv_builder_end (builder);
}

/* ^[0-9A-Za-z]+([-_][0-9A-Za-z]+)*$, so that a name never leaves its folder. */
static gboolean
is_pack_name (const char *name)
{
  gboolean joined = TRUE;
  gsize i;

  for (i = 0; name[i] != '\0' && i <= MAX_NAME_BYTES; i++)
    if (g_ascii_isalnum (name[i]))
      joined = FALSE;
    else if ((name[i] == '-' || name[i] == '_') && !joined)
      joined = TRUE;
    else
      return FALSE;
  return i > 0 && i <= MAX_NAME_BYTES && !joined;
}

char *
fovea_pack_find (const char *name)
{
  g_auto (GStrv) folders = fovea_pack_dup_folders ();

  if (!is_pack_name (name))
    return NULL;
  for (guint i = 0; folders[i] != NULL; i++)
    {
      g_autofree char *file = g_strconcat (name, ".onnx", NULL);
      g_autofree char *path = g_build_filename (folders[i], file, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }
  return NULL;
}

static const char *
get_text (FoveaPack *pack, const char *key)
{
  return g_hash_table_lookup (pack->graph->metadata, key);
}

static gboolean
wrong_key (FoveaPack *pack, const char *key, const char *wanted, GError **error)
{
  const char *value = get_text (pack, key);

  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED, "“%s” is not a model pack: its %s is “%.60s”, not %s",
               pack->path, key, value != NULL ? value : "(missing)", wanted);
  return FALSE;
}

/* @n numbers separated by commas, each within [@low, @high]. */
static gboolean
read_numbers (FoveaPack *pack, const char *key, double low, double high, guint n, double *ret, GError **error)
{
  const char *text = get_text (pack, key);
  g_auto (GStrv) parts = g_strsplit (text != NULL ? text : "", ",", (int) n + 1);
  g_autofree char *wanted = g_strdup_printf ("%u number%s from %g to %g", n, n == 1 ? "" : "s", low, high);

  if (g_strv_length (parts) != n)
    return wrong_key (pack, key, wanted, error);
  for (guint i = 0; i < n; i++)
    {
      char *end;
      double value = g_ascii_strtod (parts[i], &end);

      if (end == parts[i] || *end != '\0' || !isfinite (value) || value < low || value > high)
        return wrong_key (pack, key, wanted, error);
      ret[i] = value;
    }
  return TRUE;
}

static gboolean
read_spec (FoveaPack *pack, GError **error)
{
  const char *order = get_text (pack, "fovea.input.order");
  double size, crop, pad, mean[3], scale[3];

  if (!read_numbers (pack, "fovea.input.size", 8, MAX_SIDE_PX, 1, &size, error) ||
      !read_numbers (pack, "fovea.input.crop_fraction", 0.1, 1.0, 1, &crop, error) ||
      !read_numbers (pack, "fovea.input.pad", 0, 255, 1, &pad, error) ||
      !read_numbers (pack, "fovea.input.mean", -1e4, 1e4, 3, mean, error) ||
      !read_numbers (pack, "fovea.input.scale", -1e4, 1e4, 3, scale, error))
    return FALSE;
  if (g_strcmp0 (order, "rgb") != 0 && g_strcmp0 (order, "bgr") != 0)
    return wrong_key (pack, "fovea.input.order", "rgb or bgr", error);
  pack->spec = (FoveaInputSpec){ .size = (int) size, .crop_fraction = crop, .pad = (guint8) pad, .bgr = order[0] == 'b' };
  for (guint i = 0; i < 3; i++)
    {
      pack->spec.mean[i] = (float) mean[i];
      pack->spec.scale[i] = (float) scale[i];
    }
  return TRUE;
}

/* How its own classifier is asked and understood: both may be left out. */
static gboolean
read_answers (FoveaPack *pack, GError **error)
{
  const char *fit = get_text (pack, "fovea.fit"), *activation = get_text (pack, "fovea.activation");

  if (fit != NULL && (!fovea_views_from_name (fit, &pack->views) || !fovea_views_is_single (pack->views)))
    return wrong_key (pack, "fovea.fit", "crop, squash or letterbox", error);
  if (activation != NULL && !fovea_activation_from_name (activation, &pack->activation))
    return wrong_key (pack, "fovea.activation", "softmax, sigmoid or none", error);
  return TRUE;
}

static gboolean
read_labels (FoveaPack *pack, GError **error)
{
  const char *text = get_text (pack, "fovea.labels");
  g_autoptr (JsonNode) json = NULL;

  if (text == NULL)
    {
      pack->labels = fovea_labels_new ();
      return TRUE;
    }
  json = fovea_json_parse (text, -1, NULL);
  if (json == NULL)
    return wrong_key (pack, "fovea.labels", "JSON", error);
  pack->labels = fovea_labels_from_json (json, MAX_LABELS, error);
  if (pack->labels != NULL)
    return TRUE;
  g_prefix_error (error, "“%s” is not a model pack: fovea.labels: ", pack->path);
  return FALSE;
}

static gboolean
wrong_graph (FoveaPack *pack, GError **error, const char *what)
{
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED, "“%s” is not a model pack: %s", pack->path, what);
  return FALSE;
}

/* The output's second dimension; 0 when there is no such output, −1 when it is not [N, something]. */
static gint64
output_width (FoveaPack *pack, const char *name)
{
  for (guint i = 0; i < pack->graph->outputs->len; i++)
    {
      const FoveaValue *value = fovea_graph_value (pack->graph, g_array_index (pack->graph->outputs, int, i));

      if (g_strcmp0 (value->name, name) != 0)
        continue;
      return value->has_type && value->dtype == FOVEA_DTYPE_F32 && value->shape.rank == 2 && value->shape.dim[1] > 0 ? value->shape.dim[1] : -1;
    }
  return 0;
}

static gboolean
check_graph (FoveaPack *pack, GError **error)
{
  const FoveaValue *image;
  gint64 logits = output_width (pack, "logits"), embedding = output_width (pack, "embedding");

  if (pack->graph->inputs->len != 1)
    return wrong_graph (pack, error, "it does not have one input");
  image = fovea_graph_value (pack->graph, g_array_index (pack->graph->inputs, int, 0));
  if (!image->has_type || image->dtype != FOVEA_DTYPE_F32 || image->shape.rank != 4 ||
      (image->shape.dim[0] >= 0 && image->shape.dim[0] != 1) || image->shape.dim[1] != 3 ||
      image->shape.dim[2] != pack->spec.size || image->shape.dim[3] != pack->spec.size)
    return wrong_graph (pack, error, "its input is not [N, 3, size, size] of the size that its metadata says");
  if (logits < 0 || embedding < 0 || logits + embedding == 0 || embedding > MAX_DIM)
    return wrong_graph (pack, error, "its outputs are not “logits” [N, labels] and “embedding” [N, numbers]");
  if (logits != (gint64) pack->labels->len)
    return wrong_graph (pack, error, "it has another number of logits than labels");
  pack->dim = (guint) embedding;
  pack->single = image->shape.dim[0] == 1;
  return TRUE;
}

static gboolean
check_texts (FoveaPack *pack, GError **error)
{
  static const char *const keys[] = { "fovea.pack", "fovea.task", "fovea.title", "fovea.license", "fovea.source", "fovea.version" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (get_text (pack, keys[i]) == NULL || !g_utf8_validate (get_text (pack, keys[i]), -1, NULL))
      return wrong_key (pack, keys[i], "text", error);
  if (!is_pack_name (get_text (pack, "fovea.pack")))
    return wrong_key (pack, "fovea.pack", "a name of letters and digits joined by single - or _", error);
  return TRUE;
}

FoveaPack *
fovea_pack_new_from_bytes (GBytes *bytes, const char *path, GError **error)
{
  g_autoptr (FoveaPack) pack = g_new0 (FoveaPack, 1);
  FoveaSha256 hash;

  g_atomic_ref_count_init (&pack->ref_count);
  pack->path = g_strdup (path);
  fovea_sha256_init (&hash);
  fovea_sha256_update (&hash, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  fovea_sha256_finish (&hash, pack->hash);
  pack->graph = fovea_onnx_load_bytes (bytes, error);
  if (pack->graph == NULL)
    {
      g_prefix_error (error, "“%s”: ", path);
      return NULL;
    }
  if (!check_texts (pack, error) || !read_spec (pack, error) || !read_answers (pack, error) ||
      !read_labels (pack, error) || !check_graph (pack, error))
    return NULL;
  return g_steal_pointer (&pack);
}

FoveaPack *
fovea_pack_load_file (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  GStatBuf info;
  char *data;
  gsize length;

  if (g_stat (path, &info) != 0 || !S_ISREG (info.st_mode) || info.st_size > MAX_FILE_BYTES)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_PACK_MISSING, "“%s” is not a file of less than 2 GiB", path);
      return NULL;
    }
  if (!g_file_get_contents (path, &data, &length, error)) /* read, not mapped: a file cut short meanwhile is no crash */
    return NULL;
  bytes = g_bytes_new_take (data, length);
  return fovea_pack_new_from_bytes (bytes, path, error);
}

FoveaPack *
fovea_pack_load (const char *name, GError **error)
{
  g_autofree char *path = fovea_pack_find (name);
  g_autoptr (FoveaPack) pack = NULL;

  if (path == NULL)
    {
      g_auto (GStrv) folders = fovea_pack_dup_folders ();

      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_PACK_MISSING,
                   _("the model pack “%s” is not installed in %s; run build-aux/run once while online, or “fovea packs” to see what "
                     "there is"),
                   name, folders[0]);
      return NULL;
    }
  pack = fovea_pack_load_file (path, error);
  if (pack == NULL)
    return NULL;
  if (strcmp (fovea_pack_get_name (pack), name) != 0)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED, "“%s” holds the pack “%s”; give the file that name", path,
                   fovea_pack_get_name (pack));
      return NULL;
    }
  return g_steal_pointer (&pack);
}

FoveaPack *
fovea_pack_ref (FoveaPack *pack)
{
  g_atomic_ref_count_inc (&pack->ref_count);
  return pack;
}

void
fovea_pack_unref (FoveaPack *pack)
{
  if (!g_atomic_ref_count_dec (&pack->ref_count))
    return;
  g_free (pack->path);
  g_clear_pointer (&pack->graph, fovea_graph_unref);
  g_clear_pointer (&pack->labels, g_ptr_array_unref);
  g_free (pack);
}

const char *
fovea_pack_get_name (FoveaPack *pack)
{
  return get_text (pack, "fovea.pack");
}

const char *
fovea_pack_get_title (FoveaPack *pack)
{
  return get_text (pack, "fovea.title");
}

const char *
fovea_pack_get_license (FoveaPack *pack)
{
  return get_text (pack, "fovea.license");
}

const char *
fovea_pack_get_source (FoveaPack *pack)
{
  return get_text (pack, "fovea.source");
}

const char *
fovea_pack_get_version (FoveaPack *pack)
{
  return get_text (pack, "fovea.version");
}

const char *
fovea_pack_get_path (FoveaPack *pack)
{
  return pack->path;
}

const char *
fovea_pack_get_hash (FoveaPack *pack)
{
  return pack->hash;
}

FoveaGraph *
fovea_pack_get_graph (FoveaPack *pack)
{
  return pack->graph;
}

const FoveaInputSpec *
fovea_pack_get_input_spec (FoveaPack *pack)
{
  return &pack->spec;
}

GPtrArray *
fovea_pack_get_labels (FoveaPack *pack)
{
  return pack->labels;
}

guint
fovea_pack_get_dim (FoveaPack *pack)
{
  return pack->dim;
}

FoveaActivation
fovea_pack_get_activation (FoveaPack *pack)
{
  return pack->activation;
}

gboolean
fovea_pack_get_exclusive (FoveaPack *pack)
{
  const char *exclusive = get_text (pack, "fovea.exclusive");

  if (pack->activation == FOVEA_ACTIVATION_NONE && exclusive != NULL)
    return strcmp (exclusive, "true") == 0;
  return pack->activation != FOVEA_ACTIVATION_SIGMOID;
}

FoveaViews
fovea_pack_get_views (FoveaPack *pack)
{
  return pack->views;
}

gboolean
fovea_pack_is_single (FoveaPack *pack)
{
  return pack->single;
}

gboolean
fovea_pack_has_task (FoveaPack *pack, const char *task)
{
  g_auto (GStrv) tasks = g_strsplit (get_text (pack, "fovea.task"), " ", -1);

  return g_strv_contains ((const char *const *) tasks, task);
}
