/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A project of 100,000 pictures with their vectors: what the window and the command line wait for.
 * The figures are printed; the bounds are several times what a laptop needs, so that only a wrong
 * way of doing it fails. */

#include <time.h>

#include "store-testing.h"
#include "store/store-input-list.h"
#include "store/store-vectors.h"

#define N ((gsize) 100000)
#define DIMS 1280

static clock_t cpu_start;

static gint64
now (void)
{
  cpu_start = clock ();
  return g_get_monotonic_time ();
}

static double
since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / 1000.0;
}

static void
say (const char *what,
     double      ms,
     double      bound_ms)
{
  double cpu_ms = (double) (clock () - cpu_start) * 1000.0 / CLOCKS_PER_SEC;

  g_print ("# %-44s %8.1f ms  (processor %8.1f ms)\n", what, ms, cpu_ms);
  g_assert_cmpfloat (cpu_ms, <, bound_ms);
}

static void
put_all_vectors (FoveaStore   *store,
                 gint64        space,
                 const gint64 *ids)
{
  enum { BATCH = 500 };
  g_autofree guint16 *vectors = g_new (guint16, BATCH * DIMS);
  GError *error = NULL;
  gint64 start = now ();

  for (gsize at = 0; at < N; at += BATCH)
    {
      for (gsize i = 0; i < BATCH * DIMS; i++)
        vectors[i] = (guint16) (at + i);
      fovea_store_put_vectors (store, space, FOVEA_STORE_OF_INPUT, ids + at, vectors, BATCH,
                               &error);
      g_assert_no_error (error);
    }
  say ("write 100,000 vectors of 1280, 500 at a time", since (start), 120000.0);
}

static void
read_all_vectors (FoveaStore   *store,
                  gint64        space,
                  const gint64 *ids)
{
  g_autofree guint16 *vectors = g_new (guint16, N * DIMS);
  g_autofree gint64 *found = g_new (gint64, N);
  GError *error = NULL;
  gint64 start = now ();
  gsize n = 0;

  fovea_store_read_vectors (store, space, FOVEA_STORE_OF_INPUT, 0, N, found, vectors, &n, &error);
  g_assert_no_error (error);
  say ("read 100,000 vectors (256 MB)", since (start), 20000.0);
  g_assert_cmpuint (n, ==, N);
  g_assert_cmpint (memcmp (found, ids, N * sizeof (gint64)), ==, 0);
  for (gsize i = 0; i < N; i += 777)
    g_assert_cmpuint (vectors[i * DIMS + 5], ==,
                      (guint16) ((i / 500) * 500 + (i % 500) * DIMS + 5));
}

static void
label_and_back (FoveaStore   *store,
                const gint64 *ids,
                gint64        hat)
{
  g_auto (FoveaStoreUndoResult) result = { 0 };
  GError *error = NULL;
  gint64 start = now ();

  g_assert_cmpuint (label (store, ids, N, hat, 1), ==, N);
  say ("label 100,000 pictures, with changeset", since (start), 3000.0);

  start = now ();
  g_assert_true (fovea_store_undo (store, &result, &error));
  say ("undo it", since (start), 5000.0);
  g_assert_cmpuint (result.n_changes, ==, N);
  g_assert_cmpuint (result.n_conflicts, ==, 0);
  g_assert_cmpint (count (store, "SELECT count(*) FROM annotations"), ==, 0);

  start = now ();
  g_assert_true (fovea_store_redo (store, NULL, &error));
  say ("redo it", since (start), 5000.0);
  g_assert_cmpint (count (store, "SELECT count(*) FROM annotations"), ==, N);
}

static void
list_everything (FoveaStore *store,
                 gint64      hat)
{
  FoveaStoreFilter filter = { .concept = hat, .label = FOVEA_STORE_LABEL_POSITIVE };
  g_autoptr (GArray) briefs = NULL, some = NULL, labels = NULL;
  g_autoptr (GPtrArray) concepts = NULL, splits = NULL;
  FoveaStoreTotals totals;
  GError *error = NULL;
  gint64 start = now ();
  gint64 ids[200];

  briefs = fovea_store_list_inputs (store, NULL, &error);
  say ("snapshot of 100,000 rows", since (start), 1000.0);
  g_assert_cmpuint (briefs->len, ==, N);

  start = now ();
  some = fovea_store_list_inputs (store, &filter, &error);
  say ("snapshot of those labelled with a concept", since (start), 2000.0);
  g_assert_cmpuint (some->len, ==, N);

  for (guint i = 0; i < 200; i++)
    ids[i] = g_array_index (briefs, FoveaStoreInputBrief, 50000 + i).id;
  start = now ();
  g_ptr_array_unref (fovea_store_get_inputs (store, ids, 200, &error));
  g_array_unref (fovea_store_get_labels (store, ids, 200, 0, &error));
  say ("page of 200 with labels", since (start), 200.0);

  start = now ();
  concepts = fovea_store_list_concepts (store, &error);
  splits = fovea_store_count_splits (store, &error);
  fovea_store_get_totals (store, &totals, &error);
  say ("counts of concepts, splits, everything", since (start), 1000.0);
  g_assert_cmpuint (totals.vectors, ==, N);
  g_assert_cmpuint (totals.annotations, ==, N);
  g_assert_cmpuint (((FoveaStoreConcept *) concepts->pdata[0])->n_positive, ==, N);

  start = now ();
  labels = fovea_store_get_training_labels (store, NULL, NULL, 0, &error);
  say ("all labels for training", since (start), 1500.0);
  g_assert_cmpuint (labels->len, ==, N);
}

static void
open_again (Project *p,
            gint64   space)
{
  g_autofree char *cache = g_build_filename (g_get_user_cache_dir (), "fovea", "closed", NULL);
  g_autoptr (GArray) pending = NULL;
  GError *error = NULL;
  gint64 start;

  project_close (p);
  start = now ();
  project_reopen (p);
  say ("open, last closed by us", since (start), 300.0);

  project_close (p);
  remove_folder (cache);
  start = now ();
  project_reopen (p);
  say ("open, never seen (quick_check)", since (start), 3000.0);

  start = now ();
  pending = fovea_store_list_pending (p->store, space, 0, &error);
  say ("which have no vector yet", since (start), 1000.0);
  g_assert_cmpuint (pending->len, ==, 0);
}

static void
label_one_by_one (FoveaStore   *store,
                  const gint64 *ids,
                  gint64        hat)
{
  enum { TIMES = 200 };
  double times[TIMES];
  double total = 0.0;

  cpu_start = clock ();
  for (gsize i = 0; i < TIMES; i++)
    {
      gint64 start = g_get_monotonic_time ();

      label (store, &ids[i * 400], 1, hat, 0);
      times[i] = since (start);
      total += times[i];
    }
  say ("one label, synced to the disk, mean", total / TIMES, 500.0);
}

static void
test_hundred_thousand (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  GError *error = NULL;
  gint64 hat, space, start;

  project_init (&p);
  start = now ();
  ids = add_pictures (p.store, "picture", N);
  say ("add 100,000 pictures, with changeset", since (start), 30000.0);
  hat = add_concept (p.store, "Hat");
  fovea_store_ensure_vector_space (p.store, "abc", "crop", 1, DIMS, &space, &error);
  g_assert_no_error (error);
  put_all_vectors (p.store, space, (gint64 *) (void *) ids->data);
  label_and_back (p.store, (gint64 *) (void *) ids->data, hat);
  open_again (&p, space);
  list_everything (p.store, hat);
  read_all_vectors (p.store, space, (gint64 *) (void *) ids->data);
  label_one_by_one (p.store, (gint64 *) (void *) ids->data, hat);

  start = now ();
  assert_clean (p.store);
  say ("check of everything", since (start), 120000.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/store/scale/hundred-thousand", test_hundred_thousand);
  return g_test_run ();
}
