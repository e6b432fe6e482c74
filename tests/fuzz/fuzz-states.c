/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-states SEED_FOLDER SECONDS|COUNTx [RANDOM_SEED]; fuzz-states SEED_FOLDER make: writes the seeds
 *
 * Damages what a deep training leaves behind and reads it: the trainer's state (*.state), a checkpoint with its header, state and best
 * network (*.checkpoint; every second one with a hash that is right again, or nothing behind it would ever be read), and a version's
 * network (*.network). What is refused must leave everything as it was; what is taken must be whole. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "engine/deep-private.h"
#include "engine/engine-error.h"
#include "harm.h"
#include "models/mini-pack.h"
#include "models/network.h"
#include "vision/sha256.h"

/* --- the trainer's state --- */

static FoveaTrainer *
make_trainer (void)
{
  g_autoptr (FoveaGraph) graph = fovea_graph_new ("dense", 13);
  const FoveaShape shape = fovea_shape (2, (gint64) -1, (gint64) 4);
  int in[3] = { fovea_graph_add_input (graph, "x", FOVEA_DTYPE_F32, &shape),
                mini_constant (graph, "w", fovea_shape (2, (gint64) 4, (gint64) 3), 0.2),
                mini_constant (graph, "b", fovea_shape (1, (gint64) 3), 0.5) };
  FoveaTrainerOptions options;
  FoveaTrainer *trainer;
  int logits;

  fovea_graph_add_node (graph, "Gemm", in, 3, "logits", &logits);
  mini_output (graph, logits, 3);
  fovea_trainer_options_init (&options);
  options.optimiser.ema_decay = 0.9;
  trainer = fovea_trainer_new (graph, &options, NULL);
  g_assert_nonnull (trainer);
  return trainer;
}

static gboolean
try_state (FoveaTrainer *trainer, GBytes *bytes)
{
  g_autoptr (GBytes) before = fovea_trainer_save_state (trainer), after = NULL;
  g_autoptr (GError) error = NULL;
  const gboolean taken = fovea_trainer_load_state (trainer, bytes, &error);

  g_assert_true (taken == (error == NULL));
  after = fovea_trainer_save_state (trainer);
  if (!taken)
    {
      g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED);
      g_assert_true (g_bytes_equal (before, after));
      return FALSE;
    }
  g_assert_cmpuint (g_bytes_get_size (after), ==, g_bytes_get_size (bytes));
  g_assert_true (fovea_trainer_load_state (trainer, before, NULL));
  return TRUE;
}

/* --- checkpoints --- */

#define PREFIX_BYTES 64
#define HASH_AT 32

static void
mend_hash (guint8 *data, gsize length)
{
  FoveaSha256 hash;
  char hex[65];

  if (length < PREFIX_BYTES)
    return;
  fovea_sha256_init (&hash);
  fovea_sha256_update (&hash, data + PREFIX_BYTES, length - PREFIX_BYTES);
  fovea_sha256_finish (&hash, hex);
  for (guint i = 0; i < 32; i++)
    data[HASH_AT + i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
}

/* What deep-resume.c makes of the header. */
static gboolean
try_header (JsonObject *header)
{
  g_autoptr (FoveaJob) job = fovea_job_new (FOVEA_JOB_TRAIN, "fuzz", NULL, NULL, NULL);
  FoveaTraining training = { .job = job };
  FoveaDeep deep = { .training = &training };
  FoveaTrainingPoint point;
  const gboolean ok = fovea_deep_read_header (&deep, header);

  for (guint i = 0; deep.least_losses != NULL && i < deep.least_losses->len; i++)
    g_assert_true (isfinite (g_array_index (deep.least_losses, double, i)));
  g_clear_pointer (&deep.least_losses, g_array_unref);
  if (!ok)
    return FALSE;
  g_assert_cmpuint (deep.options.batch_size, >=, 1);
  g_assert_cmpuint (deep.plan.n_stages, >=, 1);
  g_assert_cmpuint (deep.plan.n_stages, <=, FOVEA_DEEP_MAX_STAGES);
  g_assert_cmpuint (deep.stage, <, deep.plan.n_stages);
  g_assert_cmpuint (deep.step, <=, deep.plan.stages[deep.stage].n_steps);
  g_assert_true (isfinite (deep.elapsed_before_s) && deep.elapsed_before_s >= 0);
  for (guint i = 0; i < deep.plan.n_stages; i++)
    g_assert_true (isfinite (deep.plan.stages[i].head_rate) && isfinite (deep.plan.stages[i].backbone_rate));
  for (guint i = 0; fovea_job_get_training_point (job, i, &point); i++)
    g_assert_cmpuint (point.step, <=, deep.stage_first + deep.step);
  return TRUE;
}

static gboolean
try_network (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaPack) pack = fovea_pack_new_from_bytes (bytes, "fuzz", &error);
  g_autoptr (FoveaGraph) network = NULL;

  g_assert_true ((pack == NULL) == (error != NULL));
  if (pack == NULL)
    return FALSE;
  g_assert_cmpint (fovea_pack_get_input_spec (pack)->size, >, 0);
  network = fovea_network_new_from_pack (pack, &error);
  g_assert_true ((network == NULL) == (error != NULL));
  return TRUE;
}

static gboolean
try_checkpoint (const char *scratch, FoveaTrainer *trainer, const guint8 *data, gsize length)
{
  g_auto (FoveaCheckpoint) checkpoint = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents_full (scratch, (const char *) data, (gssize) length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  if (!fovea_checkpoint_load (scratch, &checkpoint, &error))
    {
      g_assert_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID);
      g_assert_true (checkpoint.header == NULL && checkpoint.state == NULL && checkpoint.best == NULL);
      return FALSE;
    }
  g_assert_cmpuint (g_bytes_get_size (checkpoint.state) + g_bytes_get_size (checkpoint.best), <, length);
  try_state (trainer, checkpoint.state);
  if (g_bytes_get_size (checkpoint.best) > 0)
    try_network (checkpoint.best);
  return try_header (checkpoint.header);
}

/* --- seeds and driver --- */

static const char header[]
    = "{\"format\":1,\"key\":\"0123\",\"stage\":1,\"step\":20,\"stage_first\":60,\"least_loss\":0.5,\"worse\":1,\"seconds\":12.5,\"went_back\":0,"
      "\"stages\":[{\"steps\":60,\"head_rate\":0.005,\"backbone_rate\":0.0003},{\"steps\":80,\"head_rate\":0.002,\"backbone_rate\":0.0003}],"
      "\"best_step\":60,\"validation_loss\":0.6,\"validation_accuracy\":0.8,\"curve\":[{\"step\":1,\"loss\":1.5,\"learning_rate\":0.001},"
      "{\"step\":60,\"validation_loss\":0.6,\"validation_accuracy\":0.8},{\"step\":80,\"loss\":0.4,\"learning_rate\":0.002}]}";

static void
write_seed (const char *folder, const char *name, GBytes *bytes)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), NULL));
}

static void
make_seeds (const char *folder)
{
  g_autoptr (FoveaTrainer) trainer = make_trainer ();
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
  g_autoptr (JsonNode) node = json_from_string (header, NULL);
  g_autoptr (GBytes) state = fovea_trainer_save_state (trainer), network = fovea_onnx_save_bytes (graph, NULL);
  g_autofree char *whole = g_build_filename (folder, "two-stages.checkpoint", NULL);
  g_autofree char *early = g_build_filename (folder, "early.checkpoint", NULL);
  g_autoptr (GBytes) none = g_bytes_new_static ("", 0);
  FoveaCheckpoint checkpoint = { json_node_get_object (node), state, network };

  write_seed (folder, "dense.state", state);
  write_seed (folder, "mini.network", network);
  g_assert_true (fovea_checkpoint_save (whole, &checkpoint, NULL));
  checkpoint.best = none;
  g_assert_true (fovea_checkpoint_save (early, &checkpoint, NULL));
}

static gboolean
try (const char *name, const char *scratch, FoveaTrainer *trainer, guint8 *data, gsize length, gboolean mend)
{
  g_autoptr (GBytes) bytes = NULL;

  if (g_str_has_suffix (name, ".checkpoint"))
    {
      if (mend)
        mend_hash (data, length);
      return try_checkpoint (scratch, trainer, data, length);
    }
  bytes = g_bytes_new (data, length);
  return g_str_has_suffix (name, ".state") ? try_state (trainer, bytes) : try_network (bytes);
}

static int
run (GPtrArray *seeds, FoveaTrainer *trainer, const char *scratch, FuzzLimit limit, guint32 random_seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (random_seed);
  guint64 n_taken = 0;

  for (guint i = 0; i < seeds->len; i++)
    {
      const FuzzSeed *seed = seeds->pdata[i];

      g_assert_true (try (seed->name, scratch, trainer, seed->bytes->data, seed->bytes->len, FALSE)); /* unharmed, each is read */
    }
  while (fuzz_goes_on (&limit))
    {
      const FuzzSeed *seed = seeds->pdata[g_rand_int_range (rand, 0, (gint32) seeds->len)];
      const FuzzSeed *other = seeds->pdata[g_rand_int_range (rand, 0, (gint32) seeds->len)];
      g_autoptr (GByteArray) array = g_byte_array_new ();
      g_autofree guint8 *data = NULL;

      g_byte_array_append (array, seed->bytes->data, seed->bytes->len);
      fuzz_harm (rand, array, other->bytes);
      data = g_memdup2 (array->data, array->len);
      n_taken += try (seed->name, scratch, trainer, data, array->len, g_rand_boolean (rand));
    }
  printf ("%" G_GUINT64_FORMAT " inputs from %u seeds, %" G_GUINT64_FORMAT " of them taken\n", limit.n, seeds->len, n_taken);
  return n_taken > 0 && n_taken < limit.n ? 0 : 1;
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) seeds = NULL;
  g_autoptr (FoveaTrainer) trainer = NULL;
  g_autofree char *scratch = NULL;
  int status, fd;

  if (argc < 3)
    return 2;
  if (g_str_equal (argv[2], "make"))
    {
      make_seeds (argv[1]);
      return 0;
    }
  seeds = fuzz_load_seeds (argv[1]);
  g_assert_cmpuint (seeds->len, >, 0);
  fd = g_file_open_tmp ("fuzz-states-XXXXXX", &scratch, NULL);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
  trainer = make_trainer ();
  status = run (seeds, trainer, scratch, fuzz_limit (argv[2]), argc > 3 ? (guint32) strtoul (argv[3], NULL, 10) : 1);
  unlink (scratch);
  return status;
}
