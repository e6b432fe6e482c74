/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * fuzz-project SECONDS [SEED]: harms the project file of tests/store/fixtures, opens it and does
 * what a person would. Anything may be refused; nothing may crash, hang, or be reported as fine and
 * then fail in an unknown way.
 */

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "../store/store-fixture.h"
#include "store/store-annotations.h"
#include "store/store-check.h"
#include "store/store-concepts.h"
#include "store/store-input-list.h"
#include "store/store-jobs.h"
#include "store/store-models.h"
#include "store/store-undo.h"
#include "store/store-vectors.h"
#include "store/store-weights.h"

#define PAGE 16384

typedef struct {
  guint8 *bytes;
  gsize size;
} Victim;

static guint
below (GRand *rand,
       gsize  n)
{
  return n > 0 ? (guint) g_rand_int_range (rand, 0, (gint32) MIN (n, G_MAXINT32)) : 0;
}

/* A place that means something: mostly the headers of pages and the cells near their ends, not the
 * empty middle. */
static gsize
place (GRand        *rand,
       const Victim *victim)
{
  gsize page = below (rand, victim->size / PAGE);
  gsize at = page * PAGE;

  if (below (rand, 4) == 0)
    return below (rand, 100);
  if (below (rand, 2) == 0)
    return MIN (at + below (rand, 120), victim->size - 1);
  return MIN (at + PAGE - 1 - below (rand, 2500), victim->size - 1);
}

static void
harm (GRand  *rand,
      Victim *victim)
{
  for (guint n = 1 + below (rand, 12); n > 0; n--)
    {
      gsize at = place (rand, victim);

      switch (below (rand, 6))
        {
        case 0:
          victim->bytes[at] ^= (guint8) (1u << below (rand, 8));
          break;
        case 1:
          victim->bytes[at] = (guint8) g_rand_int (rand);
          break;
        case 2:
          victim->bytes[at] = below (rand, 2) != 0 ? 0xff : 0x00;
          break;
        case 3:
          memset (victim->bytes + at, (int) below (rand, 256),
                  MIN (1 + below (rand, 40), victim->size - at));
          break;
        case 4:
          {
            gsize from = below (rand, victim->size / PAGE) * PAGE,
                  to = below (rand, victim->size / PAGE) * PAGE;

            if (to > 0)
              memmove (victim->bytes + to, victim->bytes + from, PAGE);
            break;
          }
        default:
          if (below (rand, 20) == 0)
            victim->size = 1 + below (rand, victim->size);
        }
    }
}

static void
read_everything (FoveaStore *store)
{
  g_autoptr (GArray) briefs = fovea_store_list_inputs (store, NULL, NULL);
  g_autoptr (GArray) labels = fovea_store_get_labels (store, NULL, 0, -1, NULL);
  g_autoptr (GPtrArray) concepts = fovea_store_list_concepts (store, NULL);
  g_autoptr (GPtrArray) models = fovea_store_list_models (store, NULL);
  g_autoptr (GPtrArray) jobs = fovea_store_list_jobs (store, FALSE, NULL);
  g_autoptr (GPtrArray) spaces = fovea_store_list_vector_spaces (store, NULL);
  g_autoptr (GPtrArray) inputs = NULL;
  gint64 all[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, ids[8];
  g_autofree guint16 *vectors = NULL;
  gsize n;

  inputs = fovea_store_get_inputs (store, all, 8, NULL);
  for (gint64 version = 1; version < 3; version++)
    {
      g_autoptr (GBytes) weights = fovea_store_get_weights (store, version, "onnx", 1 << 20, NULL);
      g_autoptr (FoveaStoreVersion) row = fovea_store_get_version (store, version, NULL);
    }
  for (guint i = 0; spaces != NULL && i < spaces->len; i++)
    {
      const FoveaStoreVectorSpace *space = spaces->pdata[i];

      /* What the file says of the length is bounded before it is believed. */
      if (space->dims > 65536)
        continue;
      g_free (vectors);
      vectors = g_new (guint16, (gsize) 8 * space->dims);
      fovea_store_read_vectors (store, space->id, FOVEA_STORE_OF_INPUT, 0, 8, ids, vectors, &n,
                                NULL);
    }
}

static void
change_something (FoveaStore *store)
{
  gint64 id = 1, concept_ = 1;

  while (fovea_store_redo (store, NULL, NULL))
    ;
  for (int i = 0; i < 12 && fovea_store_undo (store, NULL, NULL); i++)
    ;
  for (int i = 0; i < 3 && fovea_store_redo (store, NULL, NULL); i++)
    ;
  if (!fovea_store_begin_command (store, "label", NULL))
    return;
  if (fovea_store_ensure_concept (store, NULL, "New", &concept_, NULL)
      && fovea_store_label_inputs (store, &id, 1, concept_, 1, 0, NULL, NULL)
      && fovea_store_remove_inputs (store, &id, 1, NULL, NULL))
    fovea_store_commit_command (store, NULL, NULL);
  else
    fovea_store_rollback_command (store);
}

static gboolean
try_it (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) problems = NULL;
  FoveaStore *store = fovea_store_open (path, FOVEA_STORE_OPEN_DEFAULT, &error);

  if (store == NULL)
    {
      if (error == NULL || error->domain != FOVEA_STORE_ERROR
          || !g_utf8_validate (error->message, -1, NULL))
        g_error ("refused without a proper reason: %s", error != NULL ? error->message : "none");
      return FALSE;
    }
  read_everything (store);
  if (!fovea_store_check (store, NULL, &problems, &error) && error == NULL)
    g_error ("the check failed without a reason");
  change_something (store);
  fovea_store_free (store);
  return TRUE;
}

int
main (int argc, char **argv)
{
  double seconds = argc > 1 ? g_ascii_strtod (argv[1], NULL) : 5.0;
  g_autoptr (GRand) rand
    = g_rand_new_with_seed (argc > 2 ? (guint32) g_ascii_strtoull (argv[2], NULL, 10) : 20260101);
  g_autofree char *folder = g_dir_make_tmp ("fovea-fuzz-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "victim.fovea", NULL);
  g_autoptr (GBytes) whole = read_fixture ("v1.fovea.gz");
  gint64 end = g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC);
  gsize size, tries = 0, opened = 0;
  const guint8 *bytes = g_bytes_get_data (whole, &size);

  g_setenv ("XDG_CACHE_HOME", folder, TRUE);
  for (; g_get_monotonic_time () < end; tries++)
    {
      Victim victim = { g_memdup2 (bytes, size), size };
      static const char *const suffixes[] = { "-wal", "-shm", "-journal" };

      for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
        {
          g_autofree char *beside = g_strconcat (path, suffixes[i], NULL);

          g_unlink (beside);
        }
      harm (rand, &victim);
      if (!g_file_set_contents (path, (const char *) victim.bytes, (gssize) victim.size, NULL))
        return 1;
      opened += try_it (path);
      g_free (victim.bytes);
    }
  g_print ("%" G_GSIZE_FORMAT " harmed projects, %" G_GSIZE_FORMAT " of them opened\n", tries,
           opened);
  {
    const char *rm[] = { "rm", "-rf", folder, NULL };

    g_spawn_sync (NULL, (char **) rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                  NULL);
  }
  return tries > 0 && opened > 0 && opened < tries ? 0 : 1;
}
