/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vision/decoder.h"
#include "vision/fit.h"

/* decode-report PATH…                one line a path, tab-separated: status, width, height, format, bits,
 * milliseconds, colour at the
 *                                    top left and top right, distinct grey levels, sha256, message. Status: "ok",
 *                                    "partial" or the error.
 * decode-report --bench FIT N PATH…  decodes (reducing as the fit allows), hashes and fits all of them N times;
 * prints the best rate. */

static const char *
error_name (const GError *error)
{
  static const char *const names[] = { "unknown-format", "damaged", "too-large", "unsupported", "helper", "io" };

  return error->domain == FOVEA_VISION_ERROR ? names[error->code] : "cancelled";
}

/* The mean of a square a sixteenth of the way in from the left or right and the top. */
static void
print_colour (const FoveaImage *rgb, gboolean right)
{
  int side = MAX (1, MIN (rgb->width, rgb->height) / 16), from = MIN (side, rgb->width - 1);
  int left = right ? MAX (0, rgb->width - from - side) : from, top = MIN (side, rgb->height - 1), n = 0;
  double sum[3] = { 0 };

  for (int y = top; y < MIN (rgb->height, top + side); y++)
    for (int x = left; x < MIN (rgb->width, left + side); x++, n++)
      for (int c = 0; c < 3; c++)
        sum[c] += ((const guint8 *) rgb->data)[((gsize) y * (gsize) rgb->width + (gsize) x) * 3 + (gsize) c];
  printf ("%.0f,%.0f,%.0f\t", sum[0] / n, sum[1] / n, sum[2] / n);
}

static int
count_levels (const FoveaImage *rgb)
{
  gboolean seen[256] = { FALSE };
  int n = 0;

  for (gsize i = 0; i < (gsize) rgb->width * (gsize) rgb->height; i++)
    seen[((const guint8 *) rgb->data)[3 * i]] = TRUE;
  for (int v = 0; v < 256; v++)
    n += seen[v];
  return n;
}

static void
report (FoveaDecoder *decoder, const char *path)
{
  const FoveaDecodeOptions options = { .hash = TRUE };
  g_auto (FoveaDecoded) decoded = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaImage) rgb = NULL;
  gint64 start = g_get_monotonic_time ();
  double ms;

  fovea_decoder_decode (decoder, path, &options, &decoded, NULL, &error);
  ms = (double) (g_get_monotonic_time () - start) / 1000.0;
  if (error == NULL)
    rgb = fovea_image_to_rgb8 (decoded.image, NULL, &error);
  if (error != NULL)
    {
      g_strdelimit (error->message, "\t\n", ' ');
      printf ("%s\t0\t0\t-\t0\t%.1f\t-\t-\t0\t-\t%s\n", error_name (error), ms, error->message);
      return;
    }
  printf ("%s\t%d\t%d\t%s\t%d\t%.1f\t", decoded.partial ? "partial" : "ok", decoded.image->width, decoded.image->height,
          decoded.format, decoded.bits, ms);
  print_colour (rgb, FALSE);
  print_colour (rgb, TRUE);
  printf ("%d\t%s\t\n", count_levels (rgb), decoded.sha256);
}

typedef struct {
  FoveaDecoder *decoder;
  char **paths;
  int n_paths, next, failed;
  FoveaFit fit;
  FoveaInputSpec spec;
} Bench;

static gpointer
bench_thread (gpointer data)
{
  Bench *bench = data;
  const FoveaDecodeOptions options = { .hash = TRUE, .min_side = fovea_input_spec_min_side (&bench->spec) };
  g_autofree float *dest = g_new (float, 3 * bench->spec.size * bench->spec.size);
  int i;

  while ((i = g_atomic_int_add (&bench->next, 1)) < bench->n_paths)
    {
      g_auto (FoveaDecoded) decoded = { 0 };
      g_autoptr (FoveaImage) rgb = NULL;

      if (fovea_decoder_decode (bench->decoder, bench->paths[i], &options, &decoded, NULL, NULL))
        rgb = fovea_image_to_rgb8 (decoded.image, NULL, NULL);
      if (rgb != NULL)
        fovea_fit_picture (rgb, bench->fit, &bench->spec, dest);
      else
        g_atomic_int_inc (&bench->failed);
    }
  return NULL;
}

static int
run_bench (int argc, char **argv)
{
  Bench bench = { .paths = argv + 4, .n_paths = argc - 4,
                  .spec = { 224, 0.875, { 127, 127, 127 }, { 1.0f / 128, 1.0f / 128, 1.0f / 128 }, 127, FALSE } };
  GThread *threads[8];

  if (argc < 5 || !fovea_fit_from_name (argv[2], &bench.fit))
    return 2;
  for (int n_threads = 1; n_threads <= 2; n_threads++)
    {
      double best = 0.0;

      bench.decoder = fovea_decoder_new ((guint) n_threads, 0);
      for (int round = 0; round < atoi (argv[3]); round++)
        {
          gint64 start = g_get_monotonic_time ();

          bench.next = bench.failed = 0;
          for (int t = 0; t < n_threads; t++)
            threads[t] = g_thread_new ("bench", bench_thread, &bench);
          for (int t = 0; t < n_threads; t++)
            g_thread_join (threads[t]);
          best = MAX (best, bench.n_paths * 1e6 / (double) (g_get_monotonic_time () - start));
        }
      printf ("%d thread%s: %.0f pictures/s (%d failed)\n", n_threads, n_threads > 1 ? "s" : "", best, bench.failed);
      fovea_decoder_free (bench.decoder);
    }
  return 0;
}

int
main (int argc, char **argv)
{
  FoveaDecoder *decoder;

  if (argc == 3 && strcmp (argv[1], "--decoder") == 0)
    return fovea_decoder_helper_main (atoi (argv[2]));
  if (argc > 1 && strcmp (argv[1], "--bench") == 0)
    return run_bench (argc, argv);
  decoder = fovea_decoder_new (1, 0);
  for (int i = 1; i < argc; i++)
    report (decoder, argv[i]);
  fovea_decoder_free (decoder);
  return 0;
}
