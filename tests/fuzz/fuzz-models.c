/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-models SEED_FOLDER SECONDS|COUNTx [RANDOM_SEED]
 *
 * Damages saved weights (*.weights), parameters (*.json), names of concepts (*.labels) and models of other programs (*.onnx) and
 * reads them; models are imported by what they say of themselves, which runs them. Whatever is taken must be sane: finite
 * numbers, labels for every concept, every parameter within its range. Bytes are copied to memory of exactly their
 * length, so that a build with the address sanitizer sees one read too many. */
#include <math.h>
#include <stdio.h>

#include "harm.h"
#include "models/foreign-model.h"
#include "models/json-check.h"
#include "models/model-type.h"
#include "models/params.h"
#include "models/predictor.h"

static guint8 *
mutate (GRand *random, const GByteArray *bytes, gsize *ret_length)
{
  static const char *const words[] = { "1e999", "-1", "null", "[", "{", "\"", "99999999999999999999", "\\u0000", "true", "NaN", ",", ":" };
  g_autoptr (GByteArray) array = g_byte_array_new ();
  int n_changes = g_rand_int_range (random, 1, 6);

  g_byte_array_append (array, bytes->data, bytes->len);
  for (int i = 0; i < n_changes && array->len > 1; i++)
    {
      guint at = (guint) g_rand_int_range (random, 0, (gint32) array->len);
      const char *word = words[g_rand_int_range (random, 0, G_N_ELEMENTS (words))];

      switch (g_rand_int_range (random, 0, 5))
        {
        case 0: array->data[at] = (guint8) g_rand_int (random); break;
        case 1: array->data[at] ^= (guint8) (1u << g_rand_int_range (random, 0, 8)); break;
        case 2: g_byte_array_remove_range (array, at, (guint) g_rand_int_range (random, 1, (gint32) (array->len - at) + 1)); break;
        case 3: memcpy (array->data + at, word, MIN (strlen (word), array->len - at)); break;
        default:
          {
            guint n = (guint) g_rand_int_range (random, 1, (gint32) MIN (array->len - at, 64) + 1);
            g_autofree guint8 *copy = g_memdup2 (array->data + at, n);

            g_byte_array_append (array, copy, n);
          }
        }
    }
  *ret_length = array->len;
  return g_memdup2 (array->data, MAX (array->len, 1));
}

static gboolean
try_weights (const guint8 *data, gsize length)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaPredictor) predictor = fovea_predictor_new_from_bytes (bytes, &error);
  const FoveaHead *head;

  g_assert_true ((predictor == NULL) == (error != NULL));
  if (predictor == NULL)
    return FALSE;
  head = fovea_predictor_get_head (predictor);
  g_assert_cmpuint (fovea_predictor_get_labels (predictor)->len, >, 0);
  if (head == NULL)
    return TRUE;
  g_assert_cmpuint (fovea_predictor_get_labels (predictor)->len, ==, head->n_concepts);
  for (gsize i = 0; i < (gsize) head->n_concepts * head->dim; i++)
    g_assert_true (isfinite (head->weights[i]));
  return TRUE;
}

static gboolean
try_params (const guint8 *data, gsize length)
{
  g_autoptr (JsonNode) node = fovea_json_parse ((const char *) data, (gssize) length, NULL);
  gboolean taken = FALSE;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;
  for (const char *const *id = fovea_model_type_ids (); *id != NULL; id++)
    {
      g_autoptr (FoveaModelType) type = fovea_model_type_new (*id, NULL);
      g_autoptr (FoveaModelType) again = fovea_model_type_new (*id, NULL);
      g_autoptr (JsonNode) flat = NULL;
      g_autoptr (GError) error = NULL;

      if (fovea_params_read_model (G_OBJECT (type), json_node_get_object (node), &error))
        taken = TRUE;
      else
        g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM);
      g_clear_error (&error);
      flat = fovea_params_to_json (G_OBJECT (type)); /* what was taken is good enough to be taken again */
      g_assert_true (fovea_params_read (G_OBJECT (again), json_node_get_object (flat), &error));
      g_assert_no_error (error);
    }
  return taken;
}

static gboolean
try_labels (const guint8 *data, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) labels = fovea_foreign_parse_labels ((const char *) data, (gssize) length, &error);
  g_autoptr (JsonNode) json = NULL;
  g_autoptr (GPtrArray) again = NULL;

  g_assert_true ((labels == NULL) == (error != NULL));
  if (labels == NULL)
    return FALSE;
  json = fovea_labels_to_json (labels);
  again = fovea_labels_from_json (json, labels->len, &error); /* none is empty, none comes twice */
  g_assert_no_error (error);
  return again != NULL;
}

/* Small enough to be run in no time. */
static gboolean
is_small (FoveaForeignModel *model)
{
  GPtrArray *inputs = fovea_foreign_model_get_inputs (model);
  const FoveaForeignRecipe *guess = fovea_foreign_model_get_guess (model);

  for (guint i = 0; i < inputs->len; i++)
    {
      const FoveaForeignPort *port = g_ptr_array_index (inputs, i);

      for (int k = 0; k < port->shape.rank; k++)
        if (port->shape.dim[k] > 64)
          return FALSE;
    }
  return guess->size <= 64;
}

static gboolean
try_model (const guint8 *data, gsize length)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, length);
  g_auto (FoveaForeignResult) result = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaForeignModel) model = fovea_foreign_model_new_from_bytes (bytes, "seed.onnx", &error);
  g_autoptr (FoveaPack) pack = NULL;

  g_assert_true ((model == NULL) == (error != NULL));
  if (model == NULL || !is_small (model))
    return FALSE;
  if (!fovea_foreign_model_build (model, fovea_foreign_model_get_guess (model), "mine", &result, &error))
    {
      g_assert_nonnull (error);
      g_assert_null (result.pack);
      g_assert_null (result.predictor);
      return FALSE;
    }
  g_assert_no_error (error);
  pack = fovea_pack_new_from_bytes (result.pack, "mine", &error); /* what is kept can be read again */
  g_assert_no_error (error);
  g_assert_true (result.predictor != NULL || fovea_pack_get_dim (pack) > 0);
  return TRUE;
}

static gboolean
try (const FuzzSeed *seed, const guint8 *data, gsize length)
{
  return g_str_has_suffix (seed->name, ".weights")  ? try_weights (data, length)
         : g_str_has_suffix (seed->name, ".onnx")   ? try_model (data, length)
         : g_str_has_suffix (seed->name, ".labels") ? try_labels (data, length)
                                                    : try_params (data, length);
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) seeds = NULL;
  g_autoptr (GRand) random = NULL;
  FuzzLimit limit;
  guint64 n_taken = 0;

  if (argc < 3)
    return 2;
  seeds = fuzz_load_seeds (argv[1]);
  g_assert_cmpuint (seeds->len, >, 0);
  random = g_rand_new_with_seed (argc > 3 ? (guint32) strtoul (argv[3], NULL, 10) : 1);
  limit = fuzz_limit (argv[2]);
  for (guint i = 0; i < seeds->len; i++)
    {
      const FuzzSeed *seed = seeds->pdata[i];

      g_assert_true (try (seed, seed->bytes->data, seed->bytes->len)); /* unharmed, each seed is read */
    }
  while (fuzz_goes_on (&limit))
    {
      const FuzzSeed *seed = seeds->pdata[g_rand_int_range (random, 0, (gint32) seeds->len)];
      gsize length;
      g_autofree guint8 *data = mutate (random, seed->bytes, &length);

      n_taken += try (seed, data, length);
    }
  printf ("%" G_GUINT64_FORMAT " inputs, %" G_GUINT64_FORMAT " of them taken\n", limit.n, n_taken);
  return n_taken > 0 && n_taken < limit.n ? 0 : 1;
}
