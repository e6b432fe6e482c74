/* SPDX-License-Identifier: GPL-3.0-or-later */
/* live [--pictures N] [--cache DIR]: what happens between a label and its effect in a project of 100,000 pictures.
 *
 * Makes a project of N vectors of 1280 numbers once (20 clusters of 30 smaller ones; no pictures: nothing here looks at
 * pixels), works on a copy, and prints: the first list, label → suggestions, many labels → suggestions, each filter and order,
 * label all and its undo, the longest turn of the main loop meanwhile, memory. The engine's own calls, as the window makes
 * them. */
#include <locale.h>
#include <string.h>
#include <time.h>

#include "bench-project.h"
#include "engine/background.h"
#include "engine/picture-edit.h"

#define DIM 1280u
#define N_CLUSTERS 20u
#define N_PARTS 30u

static gint n_pictures = 100000;
static char *cache;

static void
make_vectors (FoveaStore *store, const gint64 *ids)
{
  enum { BATCH = 500 };
  gint64 space = bench_add_space (store, DIM);
  g_autofree float *centres = g_new (float, N_CLUSTERS * DIM);
  g_autofree float *parts = g_new (float, N_CLUSTERS * N_PARTS * DIM);
  g_autofree float *x = g_new (float, DIM);
  g_autofree guint16 *halves = g_new (guint16, BATCH * DIM);
  guint64 state = 7;
  GError *error = NULL;

  for (guint i = 0; i < N_CLUSTERS * DIM; i++)
    centres[i] = bench_normal (&state);
  for (guint i = 0; i < N_CLUSTERS * N_PARTS * DIM; i++)
    parts[i] = bench_normal (&state);
  for (gsize at = 0; at < (gsize) n_pictures; at += BATCH)
    {
      gsize n = MIN (BATCH, (gsize) n_pictures - at);

      for (gsize i = 0; i < n; i++)
        {
          const float *centre = centres + (at + i) % N_CLUSTERS * DIM;
          const float *part = parts + ((at + i) % N_CLUSTERS * N_PARTS + (gsize) (bench_random (&state) * N_PARTS)) * DIM;

          for (guint l = 0; l < DIM; l++)
            x[l] = 0.2f * centre[l] + 0.3f * part[l] + (float) (bench_random (&state) - 0.5);
          bench_to_unit_halves (x, DIM, halves + i * DIM);
        }
      bench_must (fovea_store_put_vectors (store, space, FOVEA_STORE_OF_INPUT, ids + at, halves, n, &error), error);
    }
}

static void
make_project (const char *path)
{
  GError *error = NULL;
  FoveaStore *store = fovea_store_create (path, &error);
  g_autofree gint64 *ids = NULL;

  bench_must (store != NULL, error);
  ids = bench_add_pictures (store, (gsize) n_pictures);
  make_vectors (store, ids);
  bench_must (fovea_store_close (store, &error), error);
}

/* ---- measuring ---- */

typedef struct {
  FoveaProject *project;
  FoveaPictureList *list;
  FoveaLive *live;
  GArray *ids; /* all pictures, in order */
} Bench;

static int n_changed;
static char *step_text;

static void
on_labelled (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  n_changed = fovea_project_label_finish (FOVEA_PROJECT (source), result, &error);
  bench_must (n_changed >= 0, error);
}

static gboolean
has_labelled (gpointer data)
{
  return n_changed >= 0;
}

static void
on_step (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  step_text = data != NULL ? fovea_project_redo_finish (FOVEA_PROJECT (source), result, &error)
                           : fovea_project_undo_finish (FOVEA_PROJECT (source), result, &error);
  bench_must (step_text != NULL, error);
}

static gboolean
has_stepped (gpointer data)
{
  return step_text != NULL;
}

static void
start_label (Bench *self, const gint64 *ids, gsize n, const char *concept)
{
  n_changed = -1;
  fovea_project_label_async (self->project, ids, n, concept, FOVEA_LABEL_POSITIVE, NULL, on_labelled, NULL);
}

static guint n_updated;

static void
on_updated (FoveaLive *live, gpointer data)
{
  n_updated++;
}

static gboolean
has_updated (gpointer data)
{
  return n_updated > 0 && n_changed >= 0;
}

/* Label → suggestions on screen ("updated" told all lists). */
static double
label_to_suggestions (Bench *self, const gint64 *ids, gsize n, const char *concept)
{
  n_updated = 0;
  start_label (self, ids, n, concept);
  return bench_wait (has_updated, NULL);
}

static char *
concept_name (guint i)
{
  return g_strdup_printf ("concept %u", i);
}

static void
on_accepted (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  n_changed = fovea_project_change_pictures_finish (FOVEA_PROJECT (source), result, &error);
  bench_must (n_changed > 0, error);
}

/* As accepting suggestions in bulk does: each picture its own concept. */
static double
accept_to_suggestions (Bench *self, guint n)
{
  g_autofree FoveaPictureLabel *labels = g_new0 (FoveaPictureLabel, n);
  FoveaConceptList *concepts = fovea_project_get_concepts (self->project);

  for (guint i = 0; i < n; i++)
    {
      guint at = (guint) n_pictures / 5 + i;
      g_autofree char *name = concept_name (at % 10);

      labels[i].picture = g_array_index (self->ids, gint64, at);
      labels[i].concept_id = fovea_concept_get_id (fovea_concept_list_lookup_name (concepts, name));
    }
  n_updated = 0;
  n_changed = -1;
  fovea_project_label_each_async (self->project, labels, n, NULL, on_accepted, NULL);
  return bench_wait (has_updated, NULL);
}

static double
settle (Bench *self)
{
  double ms = bench_wait (bench_is_ready, self->live);

  bench_wait (bench_is_loaded, self->list);
  return ms;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
percentile (GArray *values, double share)
{
  g_array_sort (values, compare_doubles);
  return values->len > 0 ? g_array_index (values, double, (guint) ((values->len - 1) * share)) : 0.0;
}

static void
print_turns (const char *what)
{
  g_print ("    main loop meanwhile (%s): p99 %.1f ms, longest %.1f ms\n", what, percentile (bench_turns, 0.99), percentile (bench_turns, 1.0));
  g_array_set_size (bench_turns, 0);
}

static void
measure_labels (Bench *self)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  double ms;

  for (guint c = 0; c < 10; c++)
    {
      g_autofree char *name = concept_name (c);
      gint64 two[2] = { g_array_index (self->ids, gint64, c), g_array_index (self->ids, gint64, c + N_CLUSTERS) };

      start_label (self, two, 2, name);
      bench_wait (has_labelled, NULL);
    }
  g_print ("first labels → first suggestions (vectors are read)   %8.0f ms\n", bench_wait (bench_is_ready, self->live));
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *name = concept_name (i % 10);

      settle (self);
      ms = label_to_suggestions (self, &g_array_index (self->ids, gint64, 100 * N_CLUSTERS + i * N_CLUSTERS + i % 10), 1, name);
      g_array_append_val (times, ms);
    }
  g_print ("label → new suggestions, 10 concepts                  %8.0f ms median, %.0f ms worst of 30\n", percentile (times, 0.5),
           percentile (times, 1.0));
  g_print ("… → accuracy estimate                                 %8.0f ms\n", settle (self));
  print_turns ("labels");
  ms = accept_to_suggestions (self, (guint) n_pictures * 3 / 10);
  g_print ("%6u labels at once → new suggestions                 %8.0f ms\n", (guint) n_changed, ms);
  ms = settle (self);
  g_print ("… → accuracy estimate                                 %8.0f ms   (%.3f of %u)\n", ms,
           fovea_live_get_accuracy (self->live, NULL, NULL), fovea_live_get_n_evaluated (self->live));
  ms = label_to_suggestions (self, &g_array_index (self->ids, gint64, (guint) n_pictures - 5), 1, "concept 5");
  g_print ("one label more → new suggestions                      %8.0f ms\n", ms);
  settle (self);
  print_turns ("many labels");
}

static void
measure_filter (Bench *self, const char *what, const FoveaPictureFilter *filter, FoveaPictureSort sort, gint64 about, gboolean descending)
{
  double best = 1e9, worst = 0.0;

  for (guint i = 0; i < 3; i++)
    {
      double ms;

      fovea_picture_list_set_sort (self->list, FOVEA_PICTURE_SORT_ADDED, FALSE);
      fovea_picture_list_set_filter (self->list, NULL);
      bench_wait (bench_is_loaded, self->list);
      {
        gint64 start = g_get_monotonic_time ();

        fovea_picture_list_set_filter (self->list, filter);
        fovea_picture_list_set_sort_about (self->list, sort, about, descending);
        bench_wait (bench_is_loaded, self->list);
        ms = (double) (g_get_monotonic_time () - start) / 1000.0;
      }
      best = MIN (best, ms);
      worst = MAX (worst, ms);
    }
  g_print ("%-44s %8u %8.0f ms best, %.0f ms worst\n", what, g_list_model_get_n_items (G_LIST_MODEL (self->list)), best, worst);
}

static void
measure_filters (Bench *self)
{
  FoveaConceptList *concepts = fovea_project_get_concepts (self->project);
  gint64 three = fovea_concept_get_id (fovea_concept_list_lookup_name (concepts, "concept 3"));
  gint64 first = g_array_index (self->ids, gint64, 0);
  const FoveaPictureFilter nothing = { 0 };
  const struct {
    const char *name;
    FoveaPictureFilter filter;
  } filters[] = {
    { "filter: concept", { .concept_id = three } },
    { "filter: unlabelled", { .unlabelled = TRUE } },
    { "filter: text", { .text = "e-0421" } },
    { "filter: split", { .split = "train" } },
    { "filter: predicted", { .predicted_id = three } },
    { "filter: doubt at least 0.5", { .min_doubt = 0.5 } },
    { "filter: duplicates", { .duplicates = TRUE } },
    { "filter: disagreeing", { .disagreeing = TRUE } },
    { "filter: 20,000 ids", { .ids = (const gint64 *) (gpointer) self->ids->data, .n_ids = 20000 } },
  };
  const struct {
    const char *name;
    FoveaPictureSort sort;
    gint64 about;
  } orders[] = {
    { "order: name", FOVEA_PICTURE_SORT_NAME, 0 },
    { "order: doubt", FOVEA_PICTURE_SORT_DOUBT, 0 },
    { "order: useful", FOVEA_PICTURE_SORT_USEFUL, 0 },
    { "order: certain of a concept", FOVEA_PICTURE_SORT_CERTAIN, three },
    { "order: similar to a picture", FOVEA_PICTURE_SORT_SIMILAR, first },
    { "order: label error", FOVEA_PICTURE_SORT_LABEL_ERROR, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (filters); i++)
    measure_filter (self, filters[i].name, &filters[i].filter, FOVEA_PICTURE_SORT_ADDED, 0, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    measure_filter (self, orders[i].name, &nothing, orders[i].sort, orders[i].about, FALSE);
  fovea_picture_list_set_sort (self->list, FOVEA_PICTURE_SORT_ADDED, FALSE);
  fovea_picture_list_set_filter (self->list, NULL);
  settle (self);
  print_turns ("filters");
}

static double
step (Bench *self, gboolean redo)
{
  step_text = NULL;
  if (redo)
    fovea_project_redo_async (self->project, NULL, on_step, self);
  else
    fovea_project_undo_async (self->project, NULL, on_step, NULL);
  return bench_wait (has_stepped, NULL);
}

static void
measure_all (Bench *self)
{
  double ms;
  clock_t cpu = clock ();

  n_updated = 0;
  start_label (self, (const gint64 *) (gpointer) self->ids->data, self->ids->len, "everything");
  ms = bench_wait (has_labelled, NULL);
  g_print ("label all %u                                      %8.0f ms (processor %.0f ms)\n", self->ids->len, ms,
           (double) (clock () - cpu) * 1000.0 / CLOCKS_PER_SEC);
  g_print ("… → suggestions                                       %8.0f ms\n", bench_wait (has_updated, NULL));
  settle (self);
  g_print ("undo                                                  %8.0f ms\n", step (self, FALSE));
  settle (self);
  g_print ("redo                                                  %8.0f ms\n", step (self, TRUE));
  settle (self);
  print_turns ("all");
}

static void
measure (const char *path)
{
  GError *error = NULL;
  Bench bench = { 0 };
  gint64 start = g_get_monotonic_time ();

  bench.project = fovea_project_open (path, &error);
  bench_must (bench.project != NULL, error);
  bench.live = fovea_project_get_live (bench.project);
  bench.list = fovea_project_get_pictures (bench.project);
  g_signal_connect (bench.live, "updated", G_CALLBACK (on_updated), NULL);
  bench_wait (bench_is_loaded, bench.list);
  g_print ("open → first list                                     %8.0f ms\n", (double) (g_get_monotonic_time () - start) / 1000.0);
  g_print ("memory without labels                                 %8.0f MB\n", bench_rss_mb ());
  bench.ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (bench.list)); i++)
    {
      gint64 id = fovea_picture_list_get_id (bench.list, i);

      g_array_append_val (bench.ids, id);
    }
  measure_labels (&bench);
  g_print ("memory with suggestions                               %8.0f MB\n", bench_rss_mb ());
  measure_filters (&bench);
  measure_all (&bench);
  fovea_project_close (bench.project);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (bench.project);
}

/* What a run that was stopped left beside the copy must not come into the new one. */
static void
copy_file (const char *from, const char *to)
{
  g_autofree char *wal = g_strconcat (to, "-wal", NULL), *shm = g_strconcat (to, "-shm", NULL);
  g_autoptr (GFile) source = g_file_new_for_path (from);
  g_autoptr (GFile) dest = g_file_new_for_path (to);
  GError *error = NULL;

  g_remove (wal);
  g_remove (shm);
  bench_must (g_file_copy (source, dest, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, &error), error);
}

int
main (int argc, char **argv)
{
  const GOptionEntry entries[] = {
    { "pictures", 0, 0, G_OPTION_ARG_INT, &n_pictures, "How many", "N" },
    { "cache", 0, 0, G_OPTION_ARG_FILENAME, &cache, "Where the project is kept", "DIR" },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autofree char *made = NULL, *copy = NULL, *name = NULL;
  GError *error = NULL;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  bench_must (g_option_context_parse (context, &argc, &argv, &error), error);
  if (cache == NULL)
    cache = g_build_filename (g_get_tmp_dir (), "fovea-bench-live", NULL);
  g_mkdir_with_parents (cache, 0700);
  name = g_strdup_printf ("live-%d.fovea", n_pictures);
  made = g_build_filename (cache, name, NULL);
  copy = g_build_filename (cache, "work.fovea", NULL);
  if (!g_file_test (made, G_FILE_TEST_EXISTS))
    make_project (made);
  copy_file (made, copy);
  fovea_background_enable ();
  measure (copy);
  g_remove (copy);
  return 0;
}
