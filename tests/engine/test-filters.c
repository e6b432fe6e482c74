/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters and orders of the list, on pictures and vectors that are written straight into the store. */
#include <math.h>

#include "scratch.h"

#include "engine/field.h"
#include "engine/picture-list.h"
#include "engine/project-private.h"
#include "nn/half.h"
#include "store/store-fields.h"
#include "store/store-inputs.h"
#include "store/store-undo.h"
#include "store/store-vectors.h"

#define N 24u
#define DIM 8u

/* Picture i (id i + 1) is called "NN-Name.png"; even ones lie near the first axis, odd ones near the second, the last four
 * between both. 5 and 6 are the same file; every third is in the split "train"; picture 3 has the price 9, 4 has 12. */
static void
vector_of (guint i, guint16 *ret)
{
  float x[DIM] = { 0 };
  float angle = i >= N - 4 ? 0.7854f + 0.02f * (float) ((int) N - 2 - (int) i) : i % 2 == 0 ? 0.01f * (float) i : 1.5708f - 0.01f * (float) i;

  x[0] = cosf (angle);
  x[1] = sinf (angle);
  for (guint l = 0; l < DIM; l++)
    ret[l] = fovea_float_to_f16 (x[l]);
}

static gboolean
add_inputs (FoveaStore *store, GError **error)
{
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_input_free);

  for (guint i = 0; i < N; i++)
    {
      FoveaStoreInput *input = fovea_store_input_new ();

      input->path = g_strdup_printf ("%s/%02u-%s.png", fovea_store_get_folder (store), N - i, i == 7 ? "GRÜN" : "Name");
      input->sha256[0] = (guint8) (i == 5 ? 4 : i);
      input->sha256[1] = 1;
      input->width = input->height = 8;
      input->format = g_strdup ("png");
      input->split = g_strdup (i % 3 == 0 ? "train" : "");
      input->state = i == 2 ? FOVEA_STORE_INPUT_COMPLETE : FOVEA_STORE_INPUT_UNTOUCHED;
      g_ptr_array_add (inputs, input);
    }
  return fovea_store_add_inputs (store, (const FoveaStoreInput *const *) inputs->pdata, N, NULL, NULL, error);
}

static gboolean
add_prices (FoveaStore *store, GError **error)
{
  gint64 price, colour;
  FoveaStoreFieldValue values[3] = { { .input = 3, .number = 9 }, { .input = 4, .number = 12 }, { .input = 5, .text = (char *) "Dark Red" } };
  const FoveaStoreFieldValue *rows[3] = { &values[0], &values[1], &values[2] };

  if (!fovea_store_ensure_field (store, "price", FOVEA_STORE_FIELD_NUMBER, &price, error)
      || !fovea_store_ensure_field (store, "colour", FOVEA_STORE_FIELD_TEXT, &colour, error))
    return FALSE;
  values[0].field = values[1].field = price;
  values[2].field = colour;
  return fovea_store_set_field_values (store, rows, 3, error);
}

static gboolean
fill (FoveaStore *store, gpointer data, GError **error)
{
  guint16 vectors[N * DIM];
  gint64 ids[N], space;

  for (guint i = 0; i < N; i++)
    {
      ids[i] = i + 1;
      vector_of (i, vectors + i * DIM);
    }
  return fovea_store_begin_command (store, "fill", error) && add_inputs (store, error) && add_prices (store, error)
         && fovea_store_commit_command (store, NULL, error)
         && fovea_store_ensure_vector_space (store, "abc", "letterbox", FOVEA_PREPROCESSING_VERSION, DIM, &space, error)
         && fovea_store_put_vectors (store, space, FOVEA_STORE_OF_INPUT, ids, vectors, N, error);
}

static void
label (Scratch *scratch, const char *ids, const char *concept, FoveaLabelValue value)
{
  g_auto (GStrv) parts = g_strsplit (ids, " ", -1);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; parts[i] != NULL; i++)
    {
      gint64 id = g_ascii_strtoll (parts[i], NULL, 10);

      g_assert_cmpint (fovea_project_label (scratch->project, &id, 1, concept, value, &error), ==, 1);
      g_assert_no_error (error);
    }
}

static void
wait_while_busy (Scratch *scratch)
{
  FoveaLive *live = fovea_project_get_live (scratch->project);

  scratch_settle ();
  WAIT_FOR (!fovea_live_get_busy (live) && !fovea_picture_list_get_loading (fovea_project_get_pictures (scratch->project)));
  g_assert_false (fovea_live_get_busy (live));
}

static void
fixture_init (Scratch *scratch)
{
  g_autoptr (GError) error = NULL;

  scratch_init (scratch, FALSE);
  fovea_core_write (fovea_project_get_core (scratch->project), fill, NULL, &error);
  g_assert_no_error (error);
  scratch_wait_for_items (G_LIST_MODEL (fovea_project_get_pictures (scratch->project)), N);
}

/* Ids of the list as text, once it has settled. */
static char *
ids_of (FoveaPictureList *list)
{
  GString *text = g_string_new (NULL);

  WAIT_FOR (!fovea_picture_list_get_loading (list));
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (list)); i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i > 0 ? " " : "", fovea_picture_list_get_id (list, i));
  return g_string_free (text, FALSE);
}

static void
assert_filter (FoveaPictureList *list, const FoveaPictureFilter *filter, const char *expected)
{
  g_autofree char *ids = NULL;

  fovea_picture_list_set_filter (list, filter);
  ids = ids_of (list);
  g_assert_cmpstr (ids, ==, expected);
}

static void
assert_order (FoveaPictureList *list, FoveaPictureSort sort, gint64 about, gboolean descending, const char *start)
{
  g_autofree char *ids = NULL;

  fovea_picture_list_set_sort_about (list, sort, about, descending);
  ids = ids_of (list);
  if (!g_str_has_prefix (ids, start))
    g_error ("order %d is %s, not %s…", (int) sort, ids, start);
}

static void
test_filters (void)
{
  Scratch scratch;
  FoveaPictureList *list;
  const gint64 some[] = { 9, 2, 4, 999 };
  gint64 even;

  fixture_init (&scratch);
  list = fovea_project_get_pictures (scratch.project);
  label (&scratch, "1 3 5", "even", FOVEA_LABEL_POSITIVE);
  label (&scratch, "2", "even", FOVEA_LABEL_NEGATIVE);
  even = fovea_concept_get_id (scratch_wait_for_concept (&scratch, "even"));
  assert_filter (list, &(FoveaPictureFilter){ .text = "grün" }, "8");
  assert_filter (list, &(FoveaPictureFilter){ .text = "NAME", .split = "train" }, "1 4 7 10 13 16 19 22");
  assert_filter (list, &(FoveaPictureFilter){ .split = "nowhere" }, "");
  assert_filter (list, &(FoveaPictureFilter){ .state = 1 + FOVEA_PICTURE_COMPLETE }, "3");
  assert_filter (list, &(FoveaPictureFilter){ .duplicates = TRUE }, "5 6");
  assert_filter (list, &(FoveaPictureFilter){ .ids = some, .n_ids = 4 }, "2 4 9");
  assert_filter (list, &(FoveaPictureFilter){ .ids = some }, "");
  assert_filter (list, &(FoveaPictureFilter){ .concept_id = even }, "1 3 5");
  assert_filter (list, &(FoveaPictureFilter){ .not_concept_id = even }, "2");
  assert_filter (list, &(FoveaPictureFilter){ .labelled = TRUE }, "1 2 3 5");
  assert_filter (list, &(FoveaPictureFilter){ .unlabelled = TRUE, .split = "train" }, "4 7 10 13 16 19 22");
  assert_filter (list, &(FoveaPictureFilter){ .embedding_pending = TRUE }, "");
  assert_filter (list, &(FoveaPictureFilter){ .missing = TRUE }, "");
  scratch_clear (&scratch);
}

static void
on_fields (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GPtrArray **) data = fovea_project_list_fields_finish (FOVEA_PROJECT (source), result, NULL);
}

static void
test_fields (void)
{
  Scratch scratch;
  FoveaPictureList *list;
  GPtrArray *fields = NULL;
  gint64 price, colour;

  fixture_init (&scratch);
  list = fovea_project_get_pictures (scratch.project);
  fovea_project_list_fields_async (scratch.project, NULL, on_fields, &fields);
  scratch_settle ();
  g_assert_nonnull (fields);
  g_assert_cmpuint (fields->len, ==, 2);
  g_assert_cmpstr (((FoveaField *) g_ptr_array_index (fields, 0))->name, ==, "price");
  g_assert_cmpint (((FoveaField *) g_ptr_array_index (fields, 0))->kind, ==, FOVEA_FIELD_NUMBER);
  price = ((FoveaField *) g_ptr_array_index (fields, 0))->id;
  colour = ((FoveaField *) g_ptr_array_index (fields, 1))->id;
  g_ptr_array_unref (fields);
  assert_filter (list, &(FoveaPictureFilter){ .field_id = price, .field_test = FOVEA_PICTURE_FIELD_SET }, "3 4");
  assert_filter (list, &(FoveaPictureFilter){ .field_id = price, .field_test = FOVEA_PICTURE_FIELD_RANGE, .field_min = 10, .field_max = 12 },
                 "4");
  assert_filter (list, &(FoveaPictureFilter){ .field_id = price, .field_test = FOVEA_PICTURE_FIELD_EQUALS, .field_min = 9 }, "3");
  assert_filter (list, &(FoveaPictureFilter){ .field_id = colour, .field_test = FOVEA_PICTURE_FIELD_CONTAINS, .field_text = "RED" }, "5");
  assert_filter (list, &(FoveaPictureFilter){ .field_id = colour, .field_test = FOVEA_PICTURE_FIELD_EQUALS, .field_text = "red" }, "");
  scratch_clear (&scratch);
}

/* Names count down while ids count up; likeness and spread need vectors but no label. */
static void
test_orders_without_labels (void)
{
  Scratch scratch;
  FoveaPictureList *list;
  g_autofree char *useful = NULL;
  gint64 first, second;

  fixture_init (&scratch);
  list = fovea_project_get_pictures (scratch.project);
  assert_order (list, FOVEA_PICTURE_SORT_ADDED, 0, TRUE, "24 23 22");
  assert_order (list, FOVEA_PICTURE_SORT_NAME, 0, FALSE, "24 23 22");
  assert_order (list, FOVEA_PICTURE_SORT_NAME, 0, TRUE, "1 2 3");
  assert_order (list, FOVEA_PICTURE_SORT_DOUBT, 0, FALSE, "1 2 3"); /* nothing to go by */
  assert_order (list, FOVEA_PICTURE_SORT_SIMILAR, 1, FALSE, "1 3 5 7");
  assert_order (list, FOVEA_PICTURE_SORT_SIMILAR, 2, FALSE, "2 4 6 8");
  assert_order (list, FOVEA_PICTURE_SORT_SIMILAR, 999, FALSE, "1 2 3");
  fovea_picture_list_set_sort (list, FOVEA_PICTURE_SORT_USEFUL, FALSE);
  useful = ids_of (list);
  first = fovea_picture_list_get_id (list, 0);
  second = fovea_picture_list_get_id (list, 1);
  g_assert_true (first % 2 != second % 2 || first > N - 4 || second > N - 4); /* not two alike at the top */
  scratch_clear (&scratch);
}

static void
test_orders_by_suggestion (void)
{
  Scratch scratch;
  FoveaPictureList *list;
  gint64 even, odd;
  g_autofree char *useful = NULL;

  fixture_init (&scratch);
  list = fovea_project_get_pictures (scratch.project);
  label (&scratch, "1 3", "even", FOVEA_LABEL_POSITIVE);
  label (&scratch, "2 4", "odd", FOVEA_LABEL_POSITIVE);
  wait_while_busy (&scratch);
  even = fovea_concept_get_id (scratch_wait_for_concept (&scratch, "even"));
  odd = fovea_concept_get_id (scratch_wait_for_concept (&scratch, "odd"));
  assert_filter (list, &(FoveaPictureFilter){ .predicted_id = odd, .max_doubt = 0.5 }, "2 4 6 8 10 12 14 16 18 20");
  assert_filter (list, &(FoveaPictureFilter){ .min_doubt = 0.7 }, "21 22 23 24");
  assert_filter (list, &(FoveaPictureFilter){ .predicted_id = even, .min_value = 0.75, .unlabelled = TRUE }, "5 7 9 11 13 15 17 19");
  fovea_picture_list_set_filter (list, &(FoveaPictureFilter){ .unlabelled = TRUE });
  assert_order (list, FOVEA_PICTURE_SORT_CERTAIN, even, FALSE, "5 7 9 11");
  assert_order (list, FOVEA_PICTURE_SORT_CERTAIN, even, TRUE, "6 8 10 12");
  assert_order (list, FOVEA_PICTURE_SORT_DOUBT, 0, FALSE, "23");
  fovea_picture_list_set_sort (list, FOVEA_PICTURE_SORT_USEFUL, FALSE);
  useful = ids_of (list);
  g_assert_cmpint (fovea_picture_list_get_id (list, 0), >, N - 4);
  fovea_picture_list_set_filter (list, NULL);
  fovea_picture_list_set_sort (list, FOVEA_PICTURE_SORT_USEFUL, FALSE);
  g_free (ids_of (list));
  g_assert_cmpint (fovea_picture_list_get_id (list, N - 1), <=, 4); /* labelled ones last */
  scratch_clear (&scratch);
}

/* 9 looks like an even one and was called odd. */
static void
test_disagreement (void)
{
  Scratch scratch;
  FoveaPictureList *list;

  fixture_init (&scratch);
  list = fovea_project_get_pictures (scratch.project);
  label (&scratch, "1 3 5 7 11 13 15 17 19", "even", FOVEA_LABEL_POSITIVE);
  label (&scratch, "2 4 6 8 10 12 14 16 18 20 9", "odd", FOVEA_LABEL_POSITIVE);
  wait_while_busy (&scratch);
  g_assert_cmpfloat (fovea_live_get_accuracy (fovea_project_get_live (scratch.project), NULL, NULL), >, 0.9);
  assert_filter (list, &(FoveaPictureFilter){ .disagreeing = TRUE }, "9");
  fovea_picture_list_set_filter (list, NULL);
  assert_order (list, FOVEA_PICTURE_SORT_LABEL_ERROR, 0, FALSE, "9 ");
  scratch_clear (&scratch);
}

/* A queue that someone walks through stays as it is while the suggestions in it change. */
static void
test_frozen (void)
{
  Scratch scratch;
  FoveaPictureList *list;
  g_autofree char *before = NULL, *after = NULL, *followed = NULL;

  fixture_init (&scratch);
  list = fovea_project_get_pictures (scratch.project);
  label (&scratch, "1 3", "even", FOVEA_LABEL_POSITIVE);
  label (&scratch, "2 4", "odd", FOVEA_LABEL_POSITIVE);
  wait_while_busy (&scratch);
  fovea_picture_list_set_follows_suggestions (list, FALSE);
  fovea_picture_list_set_sort (list, FOVEA_PICTURE_SORT_DOUBT, FALSE);
  before = ids_of (list);
  label (&scratch, "21 22 23 24", "even", FOVEA_LABEL_POSITIVE);
  wait_while_busy (&scratch);
  scratch_settle ();
  after = ids_of (list);
  g_assert_cmpstr (before, ==, after);
  fovea_picture_list_set_follows_suggestions (list, TRUE);
  followed = ids_of (list);
  g_assert_cmpstr (before, !=, followed);
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/filters/all", test_filters);
  g_test_add_func ("/engine/filters/fields", test_fields);
  g_test_add_func ("/engine/filters/orders-without-labels", test_orders_without_labels);
  g_test_add_func ("/engine/filters/orders-by-suggestion", test_orders_by_suggestion);
  g_test_add_func ("/engine/filters/disagreement", test_disagreement);
  g_test_add_func ("/engine/filters/frozen", test_frozen);
  return g_test_run ();
}
