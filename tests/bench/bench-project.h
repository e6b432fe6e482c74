/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib/gstdio.h>
#include <math.h>

#include "engine/engine-enums.h"
#include "engine/project.h"
#include "models/pack.h"
#include "nn/half.h"
#include "store/store-columns.h"
#include "store/store-inputs.h"
#include "store/store-undo.h"
#include "store/store-vectors.h"

/* Projects of many vectors without pictures, made through the store, and a main loop that is watched. */

/* xorshift; the same numbers everywhere. */
static inline double
bench_random (guint64 *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (double) (*state >> 11) * 0x1p-53;
}

/* Nearly normal: four uniform numbers, variance 1. */
static inline float
bench_normal (guint64 *state)
{
  double sum = bench_random (state) + bench_random (state) + bench_random (state) + bench_random (state) - 2.0;

  return (float) (sum * 1.7320508);
}

static inline void
bench_to_unit_halves (const float *x, guint dim, guint16 *ret)
{
  double square = 0.0;

  for (guint l = 0; l < dim; l++)
    square += (double) x[l] * (double) x[l];
  for (guint l = 0; l < dim; l++)
    ret[l] = fovea_float_to_f16 (x[l] / (float) sqrt (square));
}

static inline void
bench_must (gboolean ok, GError *error)
{
  if (!ok)
    g_error ("%s", error != NULL ? error->message : "failed");
}

/* Rows that name files which are not there, in one command. */
static inline gint64 *
bench_add_pictures (FoveaStore *store, gsize n)
{
  gint64 *ids = g_new (gint64, n);
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_input_free);
  GError *error = NULL;
  static const char *const splits[] = { "", "train", "train", "train" };

  for (gsize i = 0; i < n; i++)
    {
      FoveaStoreInput *input = fovea_store_input_new ();
      guint64 state = i / 50 * 50 == i ? 1 : i + 1; /* one in fifty is a duplicate */

      for (guint b = 0; b < 32; b++)
        input->sha256[b] = (guint8) (bench_random (&state) * 256);
      input->path = g_strdup_printf ("%s/pictures/picture-%06" G_GSIZE_FORMAT ".jpg", fovea_store_get_folder (store), i);
      input->size = 1;
      input->width = input->height = 224;
      input->format = g_strdup ("jpeg");
      input->split = g_strdup (splits[i % 4]);
      g_ptr_array_add (inputs, input);
    }
  bench_must (fovea_store_begin_command (store, "add pictures", &error), error);
  bench_must (fovea_store_add_inputs (store, (const FoveaStoreInput *const *) inputs->pdata, n, ids, NULL, &error), error);
  bench_must (fovea_store_commit_command (store, NULL, &error), error);
  return ids;
}

static inline gint64
bench_add_space (FoveaStore *store, guint dim)
{
  g_autofree char *hash = g_strnfill (64, 'b');
  GError *error = NULL;
  gint64 space;

  bench_must (fovea_store_ensure_vector_space (store, hash, "letterbox", FOVEA_PREPROCESSING_VERSION, dim, &space, &error), error);
  return space;
}

/* Iterates the main loop until @done () or a minute has passed; notes how long each turn took. */
typedef gboolean (*BenchDone) (gpointer data);

static GArray *bench_turns; /* double, ms */

static inline double
bench_wait (BenchDone done, gpointer data)
{
  gint64 start = g_get_monotonic_time ();

  if (bench_turns == NULL)
    bench_turns = g_array_new (FALSE, FALSE, sizeof (double));
  while (!done (data))
    {
      gint64 begin = g_get_monotonic_time ();
      double ms;

      if (g_main_context_iteration (NULL, FALSE))
        {
          ms = (double) (g_get_monotonic_time () - begin) / 1000.0;
          g_array_append_val (bench_turns, ms);
        }
      else
        g_usleep (200);
      if (begin - start > 60 * G_TIME_SPAN_SECOND)
        g_error ("waited a minute in vain");
    }
  return (double) (g_get_monotonic_time () - start) / 1000.0;
}

static inline gboolean
bench_is_ready (gpointer live)
{
  return fovea_live_get_state (live) == FOVEA_LIVE_READY && !fovea_live_get_busy (live);
}

static inline gboolean
bench_is_loaded (gpointer list)
{
  return !fovea_picture_list_get_loading (list);
}

static inline double
bench_rss_mb (void)
{
  g_autofree char *text = NULL;
  const char *line;

  g_file_get_contents ("/proc/self/status", &text, NULL, NULL);
  line = text != NULL ? strstr (text, "VmRSS:") : NULL;
  return line != NULL ? g_ascii_strtod (line + 6, NULL) / 1024.0 : 0.0;
}
