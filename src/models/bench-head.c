/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/bench-head.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/head-trainer.h"
#include "models/matmul.h"

#define MAX_ROWS 10000000
#define MAX_DIM 65536
#define MAX_CONCEPTS 10000

typedef struct {
  int rows, dim, concepts, repeat, seed;
  double c;
  gboolean independent;
  char *vectors_path, *labels_path, *out_path;
} BenchOptions;

typedef struct {
  gsize n;
  guint dim, k;
  float *vectors[FOVEA_N_FITS];
  gint8 *labels;
} BenchData;

static void
bench_options_clear (BenchOptions *options)
{
  g_free (options->vectors_path);
  g_free (options->labels_path);
  g_free (options->out_path);
}

static void
bench_data_clear (BenchData *data)
{
  for (guint f = 0; f < FOVEA_N_FITS; f++)
    g_free (data->vectors[f]);
  g_free (data->labels);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchOptions, bench_options_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchData, bench_data_clear)

static gboolean
wrong_file (GError **error, const char *path, const char *what)
{
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED, "“%s” is not %s", path, what);
  return FALSE;
}

/* NumPy's format 1.0 and 2.0, row-major, little-endian, elements of four bytes, one or two dimensions. @ret_data: the
 * elements, n · d of them, copied. */
static gboolean
read_npy (const char *path, const char *descr, gsize *ret_n, gsize *ret_d, void **ret_data, GError **error)
{
  g_autofree char *bytes = NULL, *header = NULL;
  const char *shape;
  char *end;
  guint64 n, d = 1;
  gsize length, at, size;

  if (!g_file_get_contents (path, &bytes, &length, error))
    return FALSE;
  if (length < 12 || memcmp (bytes, "\x93NUMPY", 6) != 0)
    return wrong_file (error, path, "a NumPy file");
  size = bytes[6] == 1 ? (guint8) bytes[8] | (gsize) (guint8) bytes[9] << 8
                       : (guint8) bytes[8] | (gsize) (guint8) bytes[9] << 8 | (gsize) (guint8) bytes[10] << 16 | (gsize) (guint8) bytes[11] << 24;
  at = bytes[6] == 1 ? 10 : 12;
  if (size > length - at)
    return wrong_file (error, path, "a whole NumPy file");
  header = g_strndup (bytes + at, size);
  shape = strstr (header, "'shape': (");
  if (strstr (header, descr) == NULL || strstr (header, "'fortran_order': False") == NULL || shape == NULL)
    return wrong_file (error, path, "an array of the type wanted");
  n = g_ascii_strtoull (shape + strlen ("'shape': ("), &end, 10);
  if (*end == ',' && g_ascii_isdigit (end[1] == ' ' ? end[2] : end[1]))
    d = g_ascii_strtoull (end + 1, &end, 10);
  if (n == 0 || d == 0 || n > MAX_ROWS || d > MAX_DIM || n * d * 4 != length - at - size)
    return wrong_file (error, path, "an array whose size fits its header");
  *ret_n = (gsize) n;
  *ret_d = (gsize) d;
  *ret_data = g_memdup2 (bytes + at + size, (gsize) (n * d * 4));
  return TRUE;
}

static gboolean
write_npy (const char *path, const float *values, gsize n, gsize d, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *dict = g_strdup_printf ("{'descr': '<f4', 'fortran_order': False, 'shape': (%" G_GSIZE_FORMAT ", %" G_GSIZE_FORMAT "), }", n, d);
  g_autofree char *padded = g_strdup_printf ("%-117s\n", dict);
  guint16 size = GUINT16_TO_LE (118);

  g_byte_array_append (bytes, (const guint8 *) "\x93NUMPY\x01\x00", 8);
  g_byte_array_append (bytes, (const guint8 *) &size, 2);
  g_byte_array_append (bytes, (const guint8 *) padded, 118);
  g_byte_array_append (bytes, (const guint8 *) values, (guint) (n * d * sizeof (float)));
  return g_file_set_contents (path, (const char *) bytes->data, bytes->len, error);
}

static float
gaussian (GRand *random)
{
  double u = 1.0 - g_rand_double (random), v = g_rand_double (random);

  return (float) (sqrt (-2.0 * log (u)) * cos (2.0 * G_PI * v));
}

/* dest = (from + noise) / |…| */
static void
disturb (GRand *random, const float *from, guint dim, float spread, float *dest)
{
  double square = 0.0;

  for (guint l = 0; l < dim; l++)
    {
      dest[l] = from[l] + spread * gaussian (random);
      square += (double) dest[l] * (double) dest[l];
    }
  for (guint l = 0; l < dim; l++)
    dest[l] *= (float) (1.0 / sqrt (MAX (square, 1e-30)));
}

/* Overlapping clouds about a common centre, as embeddings are. */
static void
make_data (BenchData *data, const BenchOptions *options)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) options->seed);
  g_autofree float *centres = NULL, *zero = NULL;

  data->n = (gsize) options->rows;
  data->dim = (guint) options->dim;
  data->k = (guint) options->concepts;
  zero = g_new0 (float, data->dim);
  centres = g_new (float, (gsize) (data->k + 1) * data->dim);
  disturb (random, zero, data->dim, 1.0f, centres);
  for (guint c = 1; c <= data->k; c++)
    disturb (random, centres, data->dim, 0.5f / sqrtf ((float) data->dim), centres + (gsize) c * data->dim);
  data->vectors[0] = g_new (float, data->n * data->dim);
  data->labels = g_new0 (gint8, data->n * data->k);
  for (gsize i = 0; i < data->n; i++)
    {
      guint c = (guint) (i % data->k);

      data->labels[i * data->k + c] = 1;
      disturb (random, centres + (gsize) (c + 1) * data->dim, data->dim, 2.0f / sqrtf ((float) data->dim), data->vectors[0] + i * data->dim);
    }
}

static gboolean
read_data (BenchData *data, const BenchOptions *options, GError **error)
{
  g_autofree gint32 *classes = NULL;
  gsize n_labels, one, dim;

  if (!read_npy (options->vectors_path, "'<f4'", &data->n, &dim, (void **) &data->vectors[0], error) ||
      !read_npy (options->labels_path, "'<i4'", &n_labels, &one, (void **) &classes, error))
    return FALSE;
  if (n_labels != data->n || one != 1)
    return wrong_file (error, options->labels_path, "one label a vector");
  data->dim = (guint) dim;
  for (gsize i = 0; i < data->n; i++)
    {
      if (classes[i] < 0 || classes[i] >= MAX_CONCEPTS)
        return wrong_file (error, options->labels_path, "a list of classes 0, 1, 2, …");
      data->k = MAX (data->k, (guint) classes[i] + 1);
    }
  data->labels = g_new0 (gint8, data->n * data->k);
  for (gsize i = 0; i < data->n; i++)
    data->labels[i * data->k + (guint) classes[i]] = 1;
  return TRUE;
}

static void
make_other_fits (BenchData *data, guint32 seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  for (guint f = 1; f <= FOVEA_FIT_LETTERBOX; f++)
    {
      data->vectors[f] = g_new (float, data->n * data->dim);
      for (gsize i = 0; i < data->n; i++)
        disturb (random, data->vectors[0] + i * data->dim, data->dim, 0.3f / sqrtf ((float) data->dim), data->vectors[f] + i * data->dim);
    }
}

static double
milliseconds_since (gint64 from)
{
  return (double) (g_get_monotonic_time () - from) / 1000.0;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* Row i gets the next concept: what a person's correction does. */
static void
relabel (BenchData *data, gsize i)
{
  gint8 *row = data->labels + i * data->k;
  guint c = 0;

  while (row[c] <= 0)
    c++;
  row[c] = 0;
  row[(c + 1) % data->k] = 1;
}

static gboolean
bench_refit (BenchData *data, const BenchOptions *options, JsonObject *result, GError **error)
{
  g_autoptr (FoveaHeadTrainer) trainer = fovea_head_trainer_new ();
  g_autoptr (FoveaHeadResult) first = NULL;
  g_autofree double *times = g_new (double, options->repeat);
  FoveaHeadData view = { data->n, data->dim, data->k, { data->vectors[0] }, data->labels, NULL };
  FoveaHeadOptions how;
  gint64 from = g_get_monotonic_time ();

  fovea_head_options_init (&how);
  how.exclusive = !options->independent;
  how.c = options->c;
  how.folds = 0;
  first = fovea_head_trainer_train (trainer, &view, &how, NULL, NULL, NULL, error);
  if (first == NULL)
    return FALSE;
  json_object_set_double_member (result, "first_fit_ms", milliseconds_since (from));
  json_object_set_int_member (result, "first_fit_iterations", first->n_iterations);
  if (options->out_path != NULL)
    {
      g_autofree float *p = g_new (float, data->n * data->k);

      fovea_head_predict (first->head, data->vectors[0], data->n, p);
      if (!write_npy (options->out_path, p, data->n, data->k, error))
        return FALSE;
    }
  for (int r = 0; r < options->repeat; r++)
    {
      g_autoptr (FoveaHeadResult) refit = NULL;

      relabel (data, (gsize) r * 7919 % data->n);
      from = g_get_monotonic_time ();
      refit = fovea_head_trainer_train (trainer, &view, &how, NULL, NULL, NULL, error);
      if (refit == NULL)
        return FALSE;
      times[r] = milliseconds_since (from);
    }
  qsort (times, (gsize) options->repeat, sizeof *times, compare_doubles);
  json_object_set_double_member (result, "warm_refit_ms", times[options->repeat / 2]);
  json_object_set_double_member (result, "warm_refit_best_ms", times[0]);
  return TRUE;
}

static gboolean
bench_cross_validation (BenchData *data, const BenchOptions *options, JsonObject *result, GError **error)
{
  FoveaHeadData view = { data->n, data->dim, data->k, { data->vectors[0], data->vectors[1], data->vectors[2] }, data->labels, NULL };
  FoveaHeadOptions how;
  double best = G_MAXDOUBLE;

  fovea_head_options_init (&how);
  how.exclusive = !options->independent;
  for (int r = 0; r < 2; r++)
    {
      g_autoptr (FoveaHeadTrainer) trainer = fovea_head_trainer_new ();
      g_autoptr (FoveaHeadResult) fit = NULL;
      gint64 from = g_get_monotonic_time ();

      fit = fovea_head_trainer_train (trainer, &view, &how, NULL, NULL, NULL, error);
      if (fit == NULL)
        return FALSE;
      best = MIN (best, milliseconds_since (from));
      json_object_set_double_member (result, "accuracy", fit->accuracy);
      json_object_set_double_member (result, "chosen_c", fit->head->c);
      json_object_set_string_member (result, "chosen_views", fovea_views_name (fit->head->views));
      json_object_set_int_member (result, "fits", (gint64) fit->scores->len * fit->folds + 1);
    }
  json_object_set_double_member (result, "cross_validation_ms", best);
  return TRUE;
}

static gboolean
parse_options (int *argc, char ***argv, BenchOptions *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "rows", 0, 0, G_OPTION_ARG_INT, &options->rows, "Vectors to make", "N" },
    { "dim", 0, 0, G_OPTION_ARG_INT, &options->dim, "Their length", "D" },
    { "concepts", 0, 0, G_OPTION_ARG_INT, &options->concepts, "How many concepts", "K" },
    { "c", 0, 0, G_OPTION_ARG_DOUBLE, &options->c, "Regularisation of the timed fits", "C" },
    { "repeat", 0, 0, G_OPTION_ARG_INT, &options->repeat, "Timed refits", "R" },
    { "seed", 0, 0, G_OPTION_ARG_INT, &options->seed, "Of the vectors", "S" },
    { "independent", 0, 0, G_OPTION_ARG_NONE, &options->independent, "Sigmoids instead of softmax", NULL },
    { "vectors", 0, 0, G_OPTION_ARG_FILENAME, &options->vectors_path, "Unit vectors to use instead, f32 [N, D]", "X.npy" },
    { "labels", 0, 0, G_OPTION_ARG_FILENAME, &options->labels_path, "Their classes, i32 [N]", "Y.npy" },
    { "out", 0, 0, G_OPTION_ARG_FILENAME, &options->out_path, "Where to write the fit's probabilities", "P.npy" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &(gboolean){ FALSE }, "Always so", NULL },
    { NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1 || options->rows < 2 || options->rows > MAX_ROWS || options->dim < 1 || options->dim > MAX_DIM || options->concepts < 2 ||
      options->concepts > MIN (options->rows, MAX_CONCEPTS) || options->repeat < 1 || options->repeat > 10000 || !(options->c > 0.0) ||
      (options->vectors_path == NULL) != (options->labels_path == NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "rows and concepts are at least 2, C and the repetitions are positive, vectors come with labels");
      return FALSE;
    }
  return TRUE;
}

static gboolean
run (const BenchOptions *options, GError **error)
{
  g_auto (BenchData) data = { 0 };
  g_autoptr (JsonObject) result = json_object_new ();
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;

  if (options->vectors_path == NULL)
    make_data (&data, options);
  else if (!read_data (&data, options, error))
    return FALSE;
  json_object_set_int_member (result, "rows", (gint64) data.n);
  json_object_set_int_member (result, "dim", data.dim);
  json_object_set_int_member (result, "concepts", data.k);
  json_object_set_double_member (result, "c", options->c);
  json_object_set_string_member (result, "kernels", fovea_matmul_kernels ()->name);
  json_object_set_int_member (result, "threads", g_get_num_processors ());
  if (!bench_refit (&data, options, result, error))
    return FALSE;
  if (data.n <= 4096)
    {
      make_other_fits (&data, (guint32) options->seed + 1);
      if (!bench_cross_validation (&data, options, result, error))
        return FALSE;
    }
  node = json_node_init_object (json_node_alloc (), result);
  text = json_to_string (node, FALSE);
  g_print ("%s\n", text);
  return TRUE;
}

int
fovea_bench_head_main (int argc, char **argv)
{
  g_auto (BenchOptions) options = { .rows = 1000, .dim = 1280, .concepts = 10, .repeat = 21, .c = 30.0 };
  g_autoptr (GError) error = NULL;

  if (parse_options (&argc, &argv, &options, &error) && run (&options, &error))
    return 0;
  g_printerr ("fovea bench head: %s\n", error->message);
  return error->domain == G_OPTION_ERROR ? 2 : 1;
}
