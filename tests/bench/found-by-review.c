/* SPDX-License-Identifier: GPL-3.0-or-later */
/* found-by-review [--from PROJECT --concept NAME] [--vectors N] [--positives N] [--reviews N] [--batch N] [--seed N]
 *
 * How many hidden pictures of a concept does a person find in the first 500 that the queue shows? N vectors, 1 % of them of
 * the concept, 30 of which are known; nothing else is labelled. The next few of the queue are labelled as they are (is, is
 * not), the live classifier refits, and so on: the engine's own queue and classifier, three orders, each from the same start.
 *
 * With --from, positives are mixtures of two embeddings of the concept's labelled pictures and distractors mixtures of two
 * of the others, one in twenty of them of a positive and another one, all with noise: real directions, but not 40,000 real
 * pictures. Without, clusters are generated, and the figures say little about pictures. */
#include <locale.h>
#include <string.h>

#include "bench-project.h"
#include "engine/background.h"
#include "store/store-annotations.h"
#include "store/store-concepts.h"

#define N_KNOWN 30u
#define CONCEPT "wanted"

static gint n_vectors = 40000, n_positives = 400, n_reviews = 500, batch = 10, seed = 1;
static char *from, *concept_name, *folder;

/* Vectors to mix. */
typedef struct {
  guint dim;
  GArray *wanted, *others; /* float [.., dim] */
} Sources;

static void
add_source (GArray *to, const guint16 *halves, guint dim)
{
  g_autofree float *x = g_new (float, dim);

  fovea_f16_to_floats (halves, x, dim);
  g_array_append_vals (to, x, dim);
}

static void
read_sources (Sources *self)
{
  GError *error = NULL;
  g_autoptr (FoveaStore) store = fovea_store_open (from, FOVEA_STORE_OPEN_DEFAULT, &error);
  g_autoptr (GPtrArray) spaces = NULL;
  g_autoptr (GArray) labels = NULL;
  const FoveaStoreVectorSpace *space = NULL;
  gint64 wanted;

  bench_must (store != NULL && fovea_store_find_concept (store, concept_name, &wanted, &error), error);
  spaces = fovea_store_list_vector_spaces (store, &error);
  for (guint i = 0; i < spaces->len; i++)
    if (g_strcmp0 (((FoveaStoreVectorSpace *) g_ptr_array_index (spaces, i))->fit, "letterbox") == 0)
      space = g_ptr_array_index (spaces, i);
  bench_must (space != NULL, NULL);
  self->dim = space->dims;
  labels = fovea_store_get_training_labels (store, NULL, NULL, 0, &error);
  bench_must (labels != NULL, error);
  for (guint i = 0; i < labels->len; i++)
    {
      const FoveaStoreAnnotation *label = &g_array_index (labels, FoveaStoreAnnotation, i);
      g_autofree guint16 *halves = g_new (guint16, self->dim);
      gboolean found;

      bench_must (fovea_store_get_vectors (store, space->id, FOVEA_STORE_OF_INPUT, &label->input, 1, halves, &found, &error), error);
      if (found && label->value == 1)
        add_source (label->concept == wanted ? self->wanted : self->others, halves, self->dim);
    }
}

static void
generate_sources (Sources *self, guint64 *state)
{
  self->dim = 256;
  for (guint cluster = 0; cluster < 10; cluster++)
    {
      g_autofree float *centre = g_new (float, self->dim);

      for (guint l = 0; l < self->dim; l++)
        centre[l] = bench_normal (state);
      for (guint i = 0; i < 80; i++)
        for (guint l = 0; l < self->dim; l++)
          {
            float value = (0.5f * centre[l] + bench_normal (state)) / sqrtf ((float) self->dim);

            g_array_append_val (cluster == 0 ? self->wanted : self->others, value);
          }
    }
}

static const float *
pick (const Sources *self, const GArray *sources, guint64 *state)
{
  guint n = sources->len / self->dim;

  return &g_array_index (sources, float, (gsize) (bench_random (state) * n) * self->dim);
}

static void
mix (const Sources *self, gboolean wanted, guint64 *state, guint16 *ret)
{
  gboolean near = !wanted && bench_random (state) < 0.05;
  const float *a = pick (self, wanted || near ? self->wanted : self->others, state);
  const float *b = pick (self, wanted ? self->wanted : self->others, state);
  float share = (float) (near ? 0.2 + 0.3 * bench_random (state) : 0.3 + 0.4 * bench_random (state));
  g_autofree float *x = g_new (float, self->dim);

  for (guint l = 0; l < self->dim; l++)
    x[l] = share * a[l] + (1.0f - share) * b[l] + 0.6f * bench_normal (state) / sqrtf ((float) self->dim);
  bench_to_unit_halves (x, self->dim, ret);
}

/* @ret_wanted: [n_vectors]. Positives lie anywhere among the rows. */
static gint64 *
make_project (const char *path, gboolean *ret_wanted)
{
  GError *error = NULL;
  FoveaStore *store = fovea_store_create (path, &error);
  guint64 state = (guint64) seed * 7919 + 1;
  Sources sources = { .wanted = g_array_new (FALSE, FALSE, sizeof (float)), .others = g_array_new (FALSE, FALSE, sizeof (float)) };
  g_autofree guint16 *halves = NULL;
  gint64 *ids, space;

  bench_must (store != NULL, error);
  if (from != NULL)
    read_sources (&sources);
  else
    generate_sources (&sources, &state);
  ids = bench_add_pictures (store, (gsize) n_vectors);
  space = bench_add_space (store, sources.dim);
  memset (ret_wanted, 0, (gsize) n_vectors * sizeof (gboolean));
  for (gint left = n_positives; left > 0;)
    {
      gsize at = (gsize) (bench_random (&state) * n_vectors);

      left -= !ret_wanted[at];
      ret_wanted[at] = TRUE;
    }
  halves = g_new (guint16, (gsize) n_vectors * sources.dim);
  for (gint i = 0; i < n_vectors; i++)
    mix (&sources, ret_wanted[i], &state, halves + (gsize) i * sources.dim);
  bench_must (fovea_store_put_vectors (store, space, FOVEA_STORE_OF_INPUT, ids, halves, (gsize) n_vectors, &error), error);
  bench_must (fovea_store_close (store, &error), error);
  g_array_unref (sources.wanted);
  g_array_unref (sources.others);
  return ids;
}

static void
label (FoveaProject *project, gint64 id, gboolean wanted)
{
  GError *error = NULL;

  bench_must (fovea_project_label (project, &id, 1, CONCEPT, wanted ? FOVEA_LABEL_POSITIVE : FOVEA_LABEL_NEGATIVE, &error) == 1, error);
}

static guint wanted_labels;

static gboolean
has_learnt (gpointer live)
{
  return fovea_live_get_n_labelled (live) == wanted_labels && bench_is_ready (live);
}

/* The next of the queue; random: any that is not labelled. */
static void
review_some (FoveaProject *project, FoveaPictureList *list, gint64 concept, int sort, const gint64 *ids, const gboolean *wanted,
             guint64 *state, guint *found)
{
  const FoveaPictureFilter unlabelled = { .unlabelled = TRUE };

  bench_wait (has_learnt, fovea_project_get_live (project));
  fovea_picture_list_set_filter (list, &unlabelled);
  if (sort >= 0)
    fovea_picture_list_set_sort_about (list, (FoveaPictureSort) sort, sort == FOVEA_PICTURE_SORT_CERTAIN ? concept : 0, FALSE);
  bench_wait (bench_is_loaded, list);
  for (gint i = 0; i < batch; i++)
    {
      guint n = g_list_model_get_n_items (G_LIST_MODEL (list));
      guint at = sort >= 0 ? (guint) i : ((guint) (bench_random (state) * n / batch) * (guint) batch + (guint) i) % n;
      gint64 id = fovea_picture_list_get_id (list, at);
      gsize row = 0;

      while (ids[row] != id)
        row++;
      label (project, id, wanted[row]);
      *found += wanted[row] ? 1 : 0;
      wanted_labels++;
    }
}

static void
review (const char *name, int sort)
{
  g_autofree char *path = g_build_filename (folder, "review.fovea", NULL);
  g_autofree gboolean *wanted = g_new (gboolean, n_vectors);
  g_autofree gint64 *ids = NULL;
  g_autoptr (FoveaPictureList) list = NULL;
  FoveaProject *project;
  GError *error = NULL;
  guint found = 0;
  guint64 state = 99;
  gint64 start = g_get_monotonic_time (), concept;
  g_autoptr (GString) curve = g_string_new (NULL);

  g_remove (path);
  ids = make_project (path, wanted);
  project = fovea_project_open (path, &error);
  bench_must (project != NULL, error);
  wanted_labels = 0;
  for (gint i = 0; i < n_vectors && wanted_labels < N_KNOWN; i++)
    if (wanted[i])
      {
        label (project, ids[i], TRUE);
        wanted_labels++;
      }
  list = fovea_project_new_picture_list (project);
  bench_wait (has_learnt, fovea_project_get_live (project));
  concept = fovea_concept_get_id (fovea_concept_list_lookup_name (fovea_project_get_concepts (project), CONCEPT));
  for (gint done = 0; done < n_reviews; done += batch)
    {
      review_some (project, list, concept, sort, ids, wanted, &state, &found);
      if ((done + batch) % 100 == 0)
        g_string_append_printf (curve, " %4u", found);
    }
  g_print ("%-8s %4u of %u hidden positives in %d reviews; after each hundred:%s   (%.0f s)\n", name, found,
           (guint) n_positives - N_KNOWN, n_reviews, curve->str, (double) (g_get_monotonic_time () - start) / 1e6);
  fovea_project_close (project);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&list);
  g_object_unref (project);
  g_remove (path);
}

int
main (int argc, char **argv)
{
  const GOptionEntry entries[] = {
    { "from", 0, 0, G_OPTION_ARG_FILENAME, &from, "Project with labelled, embedded pictures to mix", "PROJECT" },
    { "concept", 0, 0, G_OPTION_ARG_STRING, &concept_name, "Which of its concepts is looked for", "NAME" },
    { "vectors", 0, 0, G_OPTION_ARG_INT, &n_vectors, NULL, "N" },
    { "positives", 0, 0, G_OPTION_ARG_INT, &n_positives, NULL, "N" },
    { "reviews", 0, 0, G_OPTION_ARG_INT, &n_reviews, NULL, "N" },
    { "batch", 0, 0, G_OPTION_ARG_INT, &batch, "Labels between two fits", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT, &seed, NULL, "N" },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  GError *error = NULL;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  bench_must (g_option_context_parse (context, &argc, &argv, &error), error);
  bench_must (from == NULL || concept_name != NULL, NULL);
  folder = g_dir_make_tmp ("fovea-review-XXXXXX", &error);
  bench_must (folder != NULL, error);
  g_print ("%d vectors %s, %d positives, %u known, seed %d\n", n_vectors,
           from != NULL ? "mixed from real embeddings with noise" : "generated in clusters", n_positives, N_KNOWN, seed);
  review ("useful", FOVEA_PICTURE_SORT_USEFUL);
  review ("certain", FOVEA_PICTURE_SORT_CERTAIN);
  review ("random", -1);
  g_rmdir (folder);
  return 0;
}
