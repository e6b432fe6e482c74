/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-image-headers SEED_FOLDER SECONDS [RANDOM_SEED]
 *
 * Damages the seeds in every way that a file gets damaged, and some in which only an attacker would, and reads their
 * headers. The bytes end where a page ends that may not be touched, so that reading one too many is a crash in any
 * build. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vision/decoder.h"
#include "vision/image-header.h"

#define MAX_BYTES 4096

static guint8 *
new_guarded_page (void)
{
  guint8 *pages = mmap (NULL, MAX_BYTES * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  g_assert_true (pages != MAP_FAILED);
  g_assert_cmpint (mprotect (pages + MAX_BYTES, MAX_BYTES, PROT_NONE), ==, 0);
  return pages + MAX_BYTES;
}

static void
mutate (GRand *random, guint8 *data, gsize *n_bytes)
{
  static const guint8 telling[] = { 0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff };
  int n_changes = g_rand_int_range (random, 0, 8);

  for (int i = 0; i < n_changes && *n_bytes > 0; i++)
    {
      gsize at = (gsize) g_rand_int_range (random, 0, (gint32) *n_bytes);
      gsize from = (gsize) g_rand_int_range (random, 0, (gint32) *n_bytes);
      gsize n = MIN ((gsize) g_rand_int_range (random, 1, 9), *n_bytes - MAX (at, from));

      switch (g_rand_int_range (random, 0, 5))
        {
        case 0: data[at] = (guint8) g_rand_int (random); break;
        case 1: data[at] = telling[g_rand_int_range (random, 0, G_N_ELEMENTS (telling))]; break;
        case 2: memset (data + at, telling[g_rand_int_range (random, 0, G_N_ELEMENTS (telling))], n); break;
        case 3: memmove (data + at, data + from, n); break;
        default: *n_bytes = at; break;
        }
    }
}

static gboolean
try (const guint8 *data, gsize n_bytes)
{
  FoveaImageHeader header = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean parsed = fovea_image_header_parse (data, n_bytes, &header, &error);

  g_assert_true (parsed == (error == NULL));
  if (parsed)
    {
      g_assert_cmpint (header.width, >, 0);
      g_assert_cmpint (header.height, >, 0);
      g_assert_cmpint (header.height, <=, FOVEA_DECODER_MAX_PIXELS / header.width);
      g_assert_cmpint (header.orientation, >=, 1);
      g_assert_cmpint (header.orientation, <=, 8);
      g_assert_nonnull (fovea_format_name (header.format));
    }
  fovea_exif_orientation (data, n_bytes);
  return parsed;
}

static GPtrArray *
read_seeds (const char *folder)
{
  GPtrArray *seeds = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      char *data;
      gsize n_bytes;

      g_assert_true (g_file_get_contents (path, &data, &n_bytes, NULL));
      g_ptr_array_add (seeds, g_bytes_new_take (data, MIN (n_bytes, MAX_BYTES)));
    }
  return seeds;
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) seeds = NULL;
  g_autoptr (GRand) random = NULL;
  guint32 random_seed = argc > 3 ? (guint32) strtoul (argv[3], NULL, 10) : 1;
  gint64 deadline;
  guint8 *end, copy[MAX_BYTES];
  guint64 n_tries = 0, n_parsed = 0;

  if (argc < 3)
    return 2;
  seeds = read_seeds (argv[1]);
  g_assert_cmpuint (seeds->len, >, 0);
  random = g_rand_new_with_seed (random_seed);
  deadline = g_get_monotonic_time () + (gint64) (atof (argv[2]) * 1e6);
  end = new_guarded_page ();
  for (guint i = 0; i < seeds->len; i++)
    {
      gsize n_bytes;
      const guint8 *data = g_bytes_get_data (seeds->pdata[i], &n_bytes);

      memcpy (end - n_bytes, data, n_bytes);
      g_assert_true (try (end - n_bytes, n_bytes)); /* unharmed, each seed is read */
    }
  while (g_get_monotonic_time () < deadline)
    for (int i = 0; i < 1000; i++)
      {
        gsize n_bytes;
        const guint8 *data = g_bytes_get_data (seeds->pdata[g_rand_int_range (random, 0, (gint32) seeds->len)], &n_bytes);

        memcpy (copy, data, n_bytes);
        mutate (random, copy, &n_bytes);
        memcpy (end - n_bytes, copy, n_bytes);
        n_parsed += try (end - n_bytes, n_bytes);
        n_tries++;
      }
  printf ("%" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " of them read\n", n_tries, n_parsed);
  return n_parsed > 0 && n_parsed < n_tries ? 0 : 1;
}
