/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* What the fuzz targets share: seeds, damaging them, and for how long. Bytes are handed on in memory of exactly their length,
 * so that a build with the address sanitizer sees one read too many. */

/* Every file of a folder, by name: "name" and its bytes. */
typedef struct {
  char *name;
  GByteArray *bytes;
} FuzzSeed;

static inline void
fuzz_seed_free (gpointer data)
{
  FuzzSeed *seed = data;

  g_free (seed->name);
  g_byte_array_unref (seed->bytes);
  g_free (seed);
}

static inline GPtrArray *
fuzz_load_seeds (const char *folder)
{
  GPtrArray *seeds = g_ptr_array_new_with_free_func (fuzz_seed_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GList) names = NULL;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    names = g_list_insert_sorted (names, (gpointer) g_intern_string (name), (GCompareFunc) strcmp);
  for (GList *l = names; l != NULL; l = l->next)
    {
      g_autofree char *path = g_build_filename (folder, l->data, NULL);
      FuzzSeed *seed;
      char *text;
      gsize length;

      if (!g_file_get_contents (path, &text, &length, NULL))
        continue;
      seed = g_new (FuzzSeed, 1);
      seed->name = g_strdup (l->data);
      seed->bytes = g_byte_array_new_take ((guint8 *) text, length);
      g_ptr_array_add (seeds, seed);
    }
  return seeds;
}

static inline guint8
fuzz_harmful_byte (GRand *rand)
{
  static const guint8 bytes[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfe, 2, 8 };

  return g_rand_boolean (rand) ? bytes[g_rand_int_range (rand, 0, G_N_ELEMENTS (bytes))]
                               : (guint8) g_rand_int_range (rand, 0, 256);
}

/* One to eight changes: a byte set, a bit turned, a stretch removed, doubled, or taken from another seed. */
static inline void
fuzz_harm (GRand *rand, GByteArray *data, const GByteArray *other)
{
  for (int n = g_rand_int_range (rand, 1, 9); n > 0 && data->len > 1; n--)
    {
      guint at = (guint) g_rand_int_range (rand, 0, (gint32) data->len);
      guint length = (guint) g_rand_int_range (rand, 1, 17);
      g_autofree guint8 *copy = NULL;

      length = MIN (length, data->len - at);
      switch (g_rand_int_range (rand, 0, 8))
        {
        case 0:
          g_byte_array_remove_range (data, at, length);
          break;
        case 1:
          copy = g_memdup2 (data->data + at, length);
          g_byte_array_append (data, copy, length);
          memmove (data->data + at + length, data->data + at, data->len - at - length);
          break;
        case 2:
          length = MIN (length, other->len);
          memcpy (data->data + at, other->data + g_rand_int_range (rand, 0, (gint32) (other->len - length + 1)),
                  MIN (length, data->len - at));
          break;
        case 3:
        case 4:
          data->data[at] ^= (guint8) (1u << g_rand_int_range (rand, 0, 8));
          break;
        default:
          data->data[at] = fuzz_harmful_byte (rand);
        }
    }
}

/* "5": seconds; "100000x": so many inputs. */
typedef struct {
  gint64 end_us; /* or 0 */
  guint64 n, most;
} FuzzLimit;

static inline FuzzLimit
fuzz_limit (const char *text)
{
  FuzzLimit limit = { 0 };

  if (g_str_has_suffix (text, "x"))
    limit.most = g_ascii_strtoull (text, NULL, 10);
  else
    limit.end_us = g_get_monotonic_time () + (gint64) (g_ascii_strtod (text, NULL) * G_USEC_PER_SEC);
  return limit;
}

/* Counts an input; FALSE: it is enough. */
static inline gboolean
fuzz_goes_on (FuzzLimit *limit)
{
  if (limit->most > 0 ? limit->n >= limit->most : g_get_monotonic_time () >= limit->end_us)
    return FALSE;
  limit->n++;
  return TRUE;
}
