/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "engine/core-private.h"
#include "engine/label-errors.h"
#include "engine/model-jobs.h"
#include "engine/project-private.h"
#include "engine/review.h"
#include "nn/half.h"
#include "scratch.h"
#include "store/store-annotations.h"
#include "store/store-concepts.h"
#include "store/store-input-list.h"
#include "store/store-undo.h"
#include "store/store-vectors.h"

/* ---- label errors on a made-up set ---- */

#define N 1200
#define K 6
#define DIM 32
#define N_PLANTED 60

typedef struct {
  gint64 ids[N], concepts[K];
  guint truth[N], given[N];
  gboolean independent; /* "is" and "is not" of every concept, instead of one concept a picture */
} MadeUp;

static double
gauss (GRand *random)
{
  double u = g_rand_double_range (random, 1e-12, 1), v = g_rand_double (random);

  return sqrt (-2 * log (u)) * cos (2 * G_PI * v);
}

/* Six clouds on the sphere that overlap a little; picture i belongs to cloud i mod six. */
static void
make_vectors (guint16 *halves)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  double centre[K][DIM];

  for (guint c = 0; c < K; c++)
    for (guint d = 0; d < DIM; d++)
      centre[c][d] = gauss (random);
  for (guint i = 0; i < N; i++)
    {
      double x[DIM], length = 0;

      for (guint d = 0; d < DIM; d++)
        {
          x[d] = centre[i % K][d] + 1.1 * gauss (random);
          length += x[d] * x[d];
        }
      for (guint d = 0; d < DIM; d++)
        halves[i * DIM + d] = fovea_float_to_f16 ((float) (x[d] / sqrt (length)));
    }
}

static gboolean
add_labels (FoveaStore *store, MadeUp *set, GError **error)
{
  for (guint i = 0; i < N; i++)
    for (guint c = 0; c < K; c++)
      if (c == set->given[i] || set->independent)
        if (!fovea_store_label_inputs (store, &set->ids[i], 1, set->concepts[c], c == set->given[i], 0, NULL, error))
          return FALSE;
  return TRUE;
}

static gboolean
add_pictures (FoveaStore *store, MadeUp *set, GError **error)
{
  for (guint i = 0; i < N; i++)
    {
      g_autoptr (FoveaStoreInput) input = fovea_store_input_new ();
      const FoveaStoreInput *const inputs[] = { input };

      input->path = g_strdup_printf ("/nowhere/%u.png", i);
      memcpy (input->sha256, &i, sizeof i);
      input->sha256[31] = 1;
      if (!fovea_store_add_inputs (store, inputs, 1, &set->ids[i], NULL, error))
        return FALSE;
    }
  for (guint c = 0; c < K; c++)
    {
      g_autofree char *name = g_strdup_printf ("concept %u", c);

      if (!fovea_store_ensure_concept (store, NULL, name, &set->concepts[c], error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
make_set (FoveaStore *store, gpointer data, GError **error)
{
  MadeUp *set = data;
  g_autofree guint16 *halves = g_new (guint16, N * DIM);
  gint64 space;

  make_vectors (halves);
  for (guint i = 0; i < N; i++)
    set->truth[i] = set->given[i] = i % K;
  for (guint p = 0; p < N_PLANTED; p++)
    set->given[p * (N / N_PLANTED)] = (set->truth[p * (N / N_PLANTED)] + 1 + p % (K - 1)) % K;
  return fovea_store_begin_command (store, "make a set", error) && add_pictures (store, set, error) && add_labels (store, set, error)
         && fovea_store_commit_command (store, NULL, error)
         && fovea_store_ensure_vector_space (store, "made-up", "letterbox", 1, DIM, &space, error)
         && fovea_store_put_vectors (store, space, FOVEA_STORE_OF_INPUT, set->ids, halves, N, error);
}

static FoveaLabelErrors *
search (Scratch *scratch, const FoveaLabelErrors *known, GError **error)
{
  FoveaCore *core = fovea_project_get_core (scratch->project);
  FoveaStore *reader = fovea_core_open_reader (core, NULL);
  FoveaLabelErrors *found = fovea_label_errors_find (reader, fovea_core_get_scheduler (core), known, NULL, error);

  fovea_store_free (reader);
  return found;
}

static guint
count_planted (const MadeUp *set, const FoveaLabelErrors *found, guint among)
{
  guint n = 0;

  for (guint i = 0; i < MIN (among, found->errors->len); i++)
    for (guint row = 0; row < N; row++)
      if (set->ids[row] == g_array_index (found->errors, FoveaLabelError, i).id)
        n += set->given[row] != set->truth[row];
  return n;
}

static void
check_found (const MadeUp *set, const FoveaLabelErrors *found, const char *kind)
{
  guint hits = count_planted (set, found, G_MAXUINT), first = count_planted (set, found, 50);
  double precision = (double) hits / found->errors->len, recall = (double) hits / N_PLANTED;

  g_test_message ("%s: %u suspects of %u labels (%u confident), %u of %u planted errors: precision %.3f, recall %.3f; %u of the first 50",
                  kind, found->errors->len, N, (guint) found->n_confident, hits, N_PLANTED, precision, recall, first);
  g_assert_cmpfloat (precision, >=, 0.7);
  g_assert_cmpfloat (recall, >=, 0.9);
  g_assert_cmpuint (found->n_confident, <=, found->errors->len);
  g_assert_cmpuint (first, >=, 45);
}

static void
test_planted_errors (void)
{
  Scratch scratch;
  MadeUp set = { .independent = FALSE };
  g_autoptr (FoveaLabelErrors) found = NULL;
  g_autoptr (FoveaLabelErrors) again = NULL;
  g_autoptr (GError) error = NULL;
  const FoveaLabelError *worst;
  guint right = 0;

  scratch_init (&scratch, FALSE);
  g_assert_true (fovea_core_write (fovea_project_get_core (scratch.project), make_set, &set, NULL));
  found = search (&scratch, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (found->exclusive);
  g_assert_cmpuint (found->n_looked_at, ==, N);
  check_found (&set, found, "exclusive");
  for (guint i = 0; i < 50; i++)
    {
      worst = &g_array_index (found->errors, FoveaLabelError, i);
      right += worst->likely == set.concepts[set.truth[worst->id - set.ids[0]]];
      g_assert_cmpfloat (worst->value, >=, worst->given_value);
      g_assert_cmpint (worst->top[0], ==, worst->likely);
    }
  g_test_message ("%u of the first 50 name the right concept", right);
  g_assert_cmpuint (right, >=, 45);

  again = search (&scratch, found, &error);
  g_assert_no_error (error);
  g_assert_null (again); /* nothing has changed */
  scratch_clear (&scratch);
}

static void
test_planted_errors_independent (void)
{
  Scratch scratch;
  MadeUp set = { .independent = TRUE };
  g_autoptr (FoveaLabelErrors) found = NULL;
  g_autoptr (GError) error = NULL;
  gint64 both;

  scratch_init (&scratch, FALSE);
  g_assert_true (fovea_core_write (fovea_project_get_core (scratch.project), make_set, &set, NULL));
  both = set.ids[1];
  g_assert_cmpint (fovea_project_label (scratch.project, &both, 1, "concept 3", FOVEA_LABEL_POSITIVE, NULL), ==, 1);
  found = search (&scratch, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (found->exclusive);
  g_assert_cmpuint (count_planted (&set, found, 50), >=, 40);
  g_test_message ("independent: %u of the first 50 suspects are planted", count_planted (&set, found, 50));
  scratch_clear (&scratch);
}

static void
test_too_little (void)
{
  Scratch scratch;
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaJob) import = NULL;

  scratch_init (&scratch, TRUE);
  g_assert_null (search (&scratch, NULL, &error));
  g_assert_nonnull (strstr (error->message, "embedded"));
  g_clear_error (&error);
  scratch_picture (&scratch, "data/one.png", 0xff0000, 1);
  import = scratch_import (&scratch, "data");
  g_assert_null (search (&scratch, NULL, &error));
  g_assert_cmpstr (error->message, ==, "No picture is labelled yet");
  scratch_clear (&scratch);
}

/* The formula by itself: three pictures of a and b, the last of b given as a. */
static void
test_judge (void)
{
  const gint8 labels[] = { 1, 0, 1, 0, 0, 1, 0, 1, 1, 0 };
  const float held_out[] = { 0.9f, 0.1f, 0.8f, 0.2f, 0.1f, 0.9f, 0.2f, 0.8f, 0.05f, 0.95f };
  const int fold[] = { 0, 1, 0, 1, 0 }, not_held_out[] = { 0, 1, 0, 1, -1 };
  g_autoptr (GArray) found = fovea_label_errors_judge (5, 2, labels, held_out, fold, TRUE);
  g_autoptr (GArray) none = fovea_label_errors_judge (5, 2, labels, held_out, not_held_out, TRUE);
  const FoveaLabelError *error = &g_array_index (found, FoveaLabelError, 0);

  g_assert_cmpuint (found->len, ==, 1);
  g_assert_cmpint (error->id, ==, 4);
  g_assert_cmpint (error->given, ==, 1);
  g_assert_cmpint (error->likely, ==, 2);
  g_assert_true (error->likely_is);
  g_assert_cmpfloat_with_epsilon (error->value, 0.95, 1e-6);
  g_assert_cmpint (error->top[1], ==, 1);
  g_assert_cmpint (error->top[2], ==, 0);
  g_assert_cmpuint (none->len, ==, 0);
}

/* ---- the queue ---- */

/* Twelve red and twelve blue pictures with predictions of a model that was trained on them, and no labels any more. */
static FoveaReview *
review_new (Scratch *scratch)
{
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaJob) training = NULL;
  g_autoptr (FoveaJob) prediction = NULL;
  g_autoptr (JsonNode) payload = json_from_string ("{\"model\":{\"id\":\"m\"}}", NULL);
  gint64 ids[24];
  FoveaReview *review;

  scratch_init (scratch, TRUE);
  scratch_classes (scratch, "data", 12, 0);
  import = scratch_import (scratch, "data");
  g_assert_true (fovea_project_create_model (scratch->project, payload, NULL));
  training = fovea_project_train (scratch->project, "m", NULL);
  g_assert_true (fovea_job_wait (training, NULL, NULL, NULL));
  prediction = fovea_project_predict_all (scratch->project, "m");
  g_assert_true (fovea_job_wait (prediction, NULL, NULL, NULL));
  scratch_wait_for_items (G_LIST_MODEL (fovea_project_get_pictures (scratch->project)), 24);
  for (guint i = 0; i < 24; i++)
    ids[i] = fovea_picture_list_get_id (fovea_project_get_pictures (scratch->project), i);
  g_assert_cmpint (fovea_project_label (scratch->project, ids, 24, NULL, FOVEA_LABEL_CLEAR, NULL), ==, 24);
  review = fovea_review_new (scratch->project);
  WAIT_FOR (!fovea_review_get_loading (review) && g_list_model_get_n_items (G_LIST_MODEL (review)) == 24);
  return review;
}

static void
review_end (Scratch *scratch, FoveaReview *review)
{
  fovea_review_close (review);
  g_object_unref (review);
  scratch_clear (scratch);
}

static double
value_at (FoveaReview *review, guint position)
{
  FoveaSuggestion suggestion;

  g_assert_true (fovea_review_get_suggestion (review, position, &suggestion));
  g_assert_true (suggestion.is);
  g_assert_cmpuint (suggestion.n_top, >=, 1);
  return suggestion.value;
}

/* The order follows new suggestions in the background: it holds once both have come to rest. */
static gboolean
is_ordered (FoveaReview *review, gboolean descending)
{
  if (fovea_review_get_loading (review) || g_list_model_get_n_items (G_LIST_MODEL (review)) != 24)
    return FALSE;
  for (guint i = 1; i < 24; i++)
    if ((value_at (review, i - 1) - value_at (review, i)) * (descending ? -1 : 1) > 1e-9)
      return FALSE;
  return TRUE;
}

static gint64
present_id (FoveaReview *review)
{
  g_autoptr (FoveaPicture) picture = g_list_model_get_item (G_LIST_MODEL (review), fovea_review_get_position (review));

  return fovea_picture_get_id (picture);
}

static void
test_orders (void)
{
  Scratch scratch;
  FoveaReview *review = review_new (&scratch);
  FoveaReviewTally tally;

  g_assert_cmpint (fovea_review_get_order (review), ==, FOVEA_REVIEW_DOUBT);
  g_assert_cmpuint (fovea_review_get_n_waiting (review), ==, 24);
  WAIT_FOR (is_ordered (review, FALSE));
  fovea_review_set_order (review, FOVEA_REVIEW_CERTAIN);
  WAIT_FOR (is_ordered (review, TRUE));
  WAIT_FOR ((fovea_review_get_tally (review, &tally), tally.expected_wrong > 0));
  g_assert_cmpuint (tally.n_left, ==, 24);
  g_assert_cmpfloat (tally.expected_wrong, <, 24);
  fovea_review_set_order (review, FOVEA_REVIEW_LABEL_ERRORS);
  WAIT_FOR (!fovea_review_get_loading (review));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (review)), ==, 0);
  g_assert_cmpstr (fovea_review_get_problem (review), !=, "");
  review_end (&scratch, review);
}

typedef struct {
  gint64 id;
  guint n_success, n_denied, n_waiting, n_positive, n_negative;
  FoveaStoreInputState state;
} Kept;

static gboolean
read_kept (FoveaStore *store, gpointer data, GError **error)
{
  Kept *kept = data;
  g_autoptr (GArray) said = fovea_store_get_labels (store, &kept->id, 1, -1, error);
  g_autoptr (FoveaStoreInput) input = fovea_store_get_input (store, kept->id, error);

  for (guint i = 0; i < said->len; i++)
    {
      const FoveaStoreAnnotation *one = &g_array_index (said, FoveaStoreAnnotation, i);

      kept->n_positive += one->version == 0 && one->value == 1;
      kept->n_negative += one->version == 0 && one->value == 0;
      kept->n_success += one->version != 0 && one->status == FOVEA_STORE_ANNOTATION_SUCCESS;
      kept->n_denied += one->version != 0 && one->status == FOVEA_STORE_ANNOTATION_REVIEW_DENIED;
      kept->n_waiting += one->version != 0 && one->status == FOVEA_STORE_ANNOTATION_AWAITING_REVIEW;
    }
  kept->state = input->state;
  return TRUE;
}

static Kept
kept_of (Scratch *scratch, gint64 id)
{
  Kept kept = { .id = id };

  g_assert_true (fovea_core_read (fovea_project_get_core (scratch->project), read_kept, &kept, NULL));
  return kept;
}

static void
test_decisions (void)
{
  Scratch scratch;
  FoveaReview *review = review_new (&scratch);
  FoveaReviewTally tally;
  gint64 accepted, rejected, corrected;
  Kept kept;

  accepted = present_id (review);
  g_assert_true (fovea_review_accept (review));
  g_assert_cmpuint (fovea_review_get_position (review), ==, 1); /* at once */
  g_assert_cmpint (fovea_review_get_verdict (review, 0), ==, FOVEA_REVIEW_ACCEPTED);
  rejected = present_id (review);
  g_assert_true (fovea_review_reject (review));
  g_assert_true (fovea_review_skip (review));
  corrected = present_id (review);
  g_assert_true (fovea_review_correct (review, "green"));
  g_assert_cmpuint (fovea_review_get_position (review), ==, 4);

  kept = kept_of (&scratch, accepted);
  g_assert_cmpuint (kept.n_positive, ==, 1);
  g_assert_cmpuint (kept.n_success, ==, 1);
  g_assert_cmpuint (kept.n_waiting, ==, 0);
  g_assert_cmpint (kept.state, ==, FOVEA_STORE_INPUT_COMPLETE);
  kept = kept_of (&scratch, rejected);
  g_assert_cmpuint (kept.n_negative, ==, 1);
  g_assert_cmpuint (kept.n_denied, ==, 1);
  g_assert_cmpint (kept.state, ==, FOVEA_STORE_INPUT_IN_PROGRESS);
  kept = kept_of (&scratch, corrected);
  g_assert_cmpuint (kept.n_positive, ==, 1);
  g_assert_cmpuint (kept.n_denied, ==, 1);
  g_assert_cmpint (kept.state, ==, FOVEA_STORE_INPUT_COMPLETE);

  fovea_review_get_tally (review, &tally);
  g_assert_cmpuint (tally.n_accepted, ==, 1);
  g_assert_cmpuint (tally.n_rejected, ==, 1);
  g_assert_cmpuint (tally.n_corrected, ==, 1);
  g_assert_cmpuint (tally.n_skipped, ==, 1);
  g_assert_cmpfloat (tally.accuracy_low, <, 1.0 / 3);
  g_assert_cmpfloat (tally.accuracy_high, >, 1.0 / 3);
  /* What was looked at stays where it was; the rest has gone from what waits. */
  WAIT_FOR (fovea_review_get_n_waiting (review) == 21);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (review)), ==, 24);
  g_assert_cmpuint (fovea_review_get_position (review), ==, 4);
  review_end (&scratch, review);
}

static void
on_stepped (GObject *source, GAsyncResult *result, gpointer data)
{
  *(gboolean *) data = TRUE;
}

static void
test_undo_goes_back (void)
{
  Scratch scratch;
  FoveaReview *review = review_new (&scratch);
  gint64 first = present_id (review);
  gboolean undone = FALSE, redone = FALSE;
  Kept kept;

  g_assert_true (fovea_review_accept (review));
  g_assert_true (fovea_review_accept (review));
  WAIT_FOR (fovea_review_get_n_waiting (review) == 22);
  scratch_settle ();
  fovea_project_undo_async (scratch.project, NULL, on_stepped, &undone);
  WAIT_FOR (undone && fovea_review_get_position (review) == 1);
  g_assert_cmpint (fovea_review_get_verdict (review, 1), ==, FOVEA_REVIEW_OPEN);
  undone = FALSE;
  fovea_project_undo_async (scratch.project, NULL, on_stepped, &undone);
  WAIT_FOR (undone && fovea_review_get_position (review) == 0);
  g_assert_cmpint (present_id (review), ==, first);
  kept = kept_of (&scratch, first);
  g_assert_cmpuint (kept.n_waiting, ==, 1);
  g_assert_cmpint (kept.state, ==, FOVEA_STORE_INPUT_UNTOUCHED);
  fovea_project_redo_async (scratch.project, NULL, on_stepped, &redone);
  WAIT_FOR (redone && fovea_review_get_position (review) == 1);
  g_assert_cmpint (fovea_review_get_verdict (review, 0), ==, FOVEA_REVIEW_ACCEPTED);
  review_end (&scratch, review);
}

static void
test_follows_others (void)
{
  Scratch scratch;
  FoveaReview *review = review_new (&scratch);
  gint64 ids[10];

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (FoveaPicture) picture = g_list_model_get_item (G_LIST_MODEL (review), 14 + i);

      ids[i] = fovea_picture_get_id (picture);
    }
  g_assert_cmpint (fovea_project_label (scratch.project, ids, 10, "red", FOVEA_LABEL_POSITIVE, NULL), ==, 10);
  WAIT_FOR (g_list_model_get_n_items (G_LIST_MODEL (review)) == 14);
  g_assert_false (fovea_review_go_to (review, 14));
  g_assert_true (fovea_review_go_to (review, 13));
  for (guint i = 0; i < 14; i++)
    (void) fovea_review_accept (review);
  g_assert_cmpuint (fovea_review_get_position (review), ==, 14); /* the end */
  g_assert_false (fovea_review_accept (review));
  review_end (&scratch, review);
}

/* What a list widget relies on: as many items as it was told of, each of them an object, none twice. */
static gboolean
is_whole (FoveaReview *review)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (review)); i++)
    {
      FoveaPicture *picture = g_list_model_get_item (G_LIST_MODEL (review), i);

      if (picture == NULL || !g_hash_table_add (seen, picture))
        return FALSE;
    }
  return TRUE;
}

typedef struct {
  FoveaReview *review;
  guint n;
} Mirror;

static void
on_queue_changed (Mirror *mirror, guint position, guint removed, guint added)
{
  mirror->n = mirror->n - removed + added;
  g_assert_cmpuint (mirror->n, ==, g_list_model_get_n_items (G_LIST_MODEL (mirror->review)));
  g_assert_true (is_whole (mirror->review));
}

static void
on_pictures_changed (Mirror *mirror)
{
  g_assert_true (is_whole (mirror->review));
}

static gboolean
has (Mirror *mirror, guint n)
{
  g_assert_true (is_whole (mirror->review));
  return mirror->n == n && !fovea_review_get_loading (mirror->review);
}

/* Pictures in the queue, all of them in its part that stays, leave the project when their import is undone, and come back. */
static void
test_import_undone (void)
{
  Scratch scratch;
  FoveaReview *review = review_new (&scratch);
  GListModel *all = G_LIST_MODEL (fovea_project_get_pictures (scratch.project));
  Mirror mirror = { review, 24 };
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaJob) prediction = NULL;
  gboolean undone[2] = { FALSE, FALSE }, redone = FALSE;

  g_signal_connect_swapped (review, "items-changed", G_CALLBACK (on_queue_changed), &mirror);
  g_signal_connect_swapped (all, "items-changed", G_CALLBACK (on_pictures_changed), &mirror);
  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *name = g_strdup_printf ("more/%u.png", i);

      scratch_picture (&scratch, name, 0x806050 + i, 100 + i);
    }
  import = scratch_import (&scratch, "more");
  prediction = fovea_project_predict_all (scratch.project, "m");
  g_assert_true (fovea_job_wait (prediction, NULL, NULL, NULL));
  WAIT_FOR (has (&mirror, 32));
  g_assert_true (fovea_review_go_to (review, 31));
  fovea_project_undo_async (scratch.project, NULL, on_stepped, &undone[0]); /* the predictions */
  fovea_project_undo_async (scratch.project, NULL, on_stepped, &undone[1]); /* the import */
  WAIT_FOR (undone[1] && g_list_model_get_n_items (all) == 24 && has (&mirror, 24));
  g_assert_cmpuint (fovea_review_get_position (review), <=, 24);
  fovea_project_redo_async (scratch.project, NULL, on_stepped, &redone);
  WAIT_FOR (redone && g_list_model_get_n_items (all) == 32 && has (&mirror, 24));
  g_signal_handlers_disconnect_by_data (all, &mirror);
  review_end (&scratch, review);
}

/* A label that is likely wrong: accepted it is replaced, rejected it stays and is not asked for again. */
static void
test_label_error_decisions (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL;
  FoveaReview *review;
  FoveaReviewTally tally;
  FoveaSuggestion suggestion;
  gint64 wrong[2], first, second;
  Kept kept;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data", 20, 0);
  import = scratch_import (&scratch, "data");
  scratch_wait_for_items (G_LIST_MODEL (fovea_project_get_pictures (scratch.project)), 40);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (FoveaPicture) picture = g_list_model_get_item (G_LIST_MODEL (fovea_project_get_pictures (scratch.project)), 3 * i);
      gboolean positive;
      gboolean red = g_str_equal (fovea_concept_get_name (fovea_picture_get_label (picture, 0, &positive)), "red");

      wrong[i] = fovea_picture_get_id (picture);
      g_assert_cmpint (fovea_project_label (scratch.project, &wrong[i], 1, NULL, FOVEA_LABEL_CLEAR, NULL), ==, 1);
      g_assert_cmpint (fovea_project_label (scratch.project, &wrong[i], 1, red ? "blue" : "red", FOVEA_LABEL_POSITIVE, NULL), ==, 1);
      WAIT_FOR (fovea_picture_get_n_labels (picture) == 1
                && red == g_str_equal (fovea_concept_get_name (fovea_picture_get_label (picture, 0, &positive)), "blue"));
    }
  review = fovea_review_new (scratch.project);
  fovea_review_set_order (review, FOVEA_REVIEW_LABEL_ERRORS);
  WAIT_FOR (!fovea_review_get_loading (review) && g_list_model_get_n_items (G_LIST_MODEL (review)) == 2);
  fovea_review_get_tally (review, &tally);
  g_assert_cmpuint (tally.n_suspects, ==, 2);
  g_assert_cmpuint (tally.n_labelled, ==, 40);
  first = present_id (review);
  g_assert_true (first == wrong[0] || first == wrong[1]);
  g_assert_true (fovea_review_get_suggestion (review, 0, &suggestion));
  g_assert_cmpuint (suggestion.n_top, ==, 2);
  g_assert_true (fovea_review_accept (review));
  second = present_id (review);
  g_assert_true (fovea_review_reject (review));
  g_assert_cmpuint (fovea_review_get_position (review), ==, 2);

  kept = kept_of (&scratch, first);
  g_assert_cmpuint (kept.n_positive, ==, 1);
  g_assert_cmpuint (kept.n_negative, ==, 0);
  kept = kept_of (&scratch, second);
  g_assert_cmpuint (kept.n_positive, ==, 1);
  g_assert_cmpuint (kept.n_negative, ==, 1);
  g_assert_cmpint (kept.state, ==, FOVEA_STORE_INPUT_COMPLETE);
  fovea_review_set_order (review, FOVEA_REVIEW_DOUBT);
  fovea_review_set_order (review, FOVEA_REVIEW_LABEL_ERRORS);
  WAIT_FOR (!fovea_review_get_loading (review));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (review)), ==, 0);
  review_end (&scratch, review);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/label-errors/judge", test_judge);
  g_test_add_func ("/engine/label-errors/planted", test_planted_errors);
  g_test_add_func ("/engine/label-errors/planted-independent", test_planted_errors_independent);
  g_test_add_func ("/engine/label-errors/too-little", test_too_little);
  g_test_add_func ("/engine/review/orders", test_orders);
  g_test_add_func ("/engine/review/decisions", test_decisions);
  g_test_add_func ("/engine/review/undo-goes-back", test_undo_goes_back);
  g_test_add_func ("/engine/review/follows-others", test_follows_others);
  g_test_add_func ("/engine/review/import-undone", test_import_undone);
  g_test_add_func ("/engine/review/label-error-decisions", test_label_error_decisions);
  return g_test_run ();
}
