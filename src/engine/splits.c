/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/splits.h"

#include <string.h>

#include <glib/gi18n.h>

#include "engine/engine-error.h"
#include "engine/project-private.h"
#include "store/store-annotations.h"
#include "store/store-concepts.h"
#include "store/store-inputs.h"
#include "store/store-undo.h"

enum { TRAIN, TEST, OTHER, NOWHERE };

static const char *const split_names[] = { "train", "test" };

typedef struct {
  gint64 id;
  guint8 sha256[32];
  guint unit;  /* first picture of its unit, after tie() */
  guint before, after;
  guint first_label, n_labels; /* in Splitting.labels */
} Picture;

/* The pictures of which a concept was said; "is not" is a stratum of its own: tests need those too. */
typedef struct {
  gint64 concept; /* 0: of pictures without a label */
  gboolean value;
  GArray *pictures; /* guint */
} Stratum;

typedef struct {
  FoveaSplitOptions options;
  gboolean write;
  FoveaSplitPlan *plan;

  GArray *pictures;    /* Picture, by id */
  GHashTable *groups;  /* name → index + 1 of the first picture in it */
  GArray *labels;      /* FoveaStoreAnnotation, by input */
  GPtrArray *strata;   /* Stratum */
  guint *members, *unit_start; /* pictures by unit: members[unit_start[u] …] */
  GRand *rand;
} Splitting;

static void
count_free (gpointer data)
{
  g_free (((FoveaSplitShare *) data)->concept);
  g_free (data);
}

void
fovea_split_plan_free (FoveaSplitPlan *plan)
{
  if (plan == NULL)
    return;
  g_ptr_array_unref (plan->counts);
  g_free (plan);
}

static void
stratum_free (gpointer data)
{
  g_array_unref (((Stratum *) data)->pictures);
  g_free (data);
}

static void
splitting_free (gpointer data)
{
  Splitting *self = data;

  g_clear_pointer (&self->plan, fovea_split_plan_free);
  g_clear_pointer (&self->pictures, g_array_unref);
  g_clear_pointer (&self->groups, g_hash_table_unref);
  g_clear_pointer (&self->labels, g_array_unref);
  g_clear_pointer (&self->strata, g_ptr_array_unref);
  g_clear_pointer (&self->rand, g_rand_free);
  g_free (self->members);
  g_free (self->unit_start);
  g_free (self);
}

static Picture *
picture_at (Splitting *self, guint i)
{
  return &g_array_index (self->pictures, Picture, i);
}

/* ---- units: pictures that go together ---- */

static guint
root_of (Splitting *self, guint i)
{
  while (picture_at (self, i)->unit != i)
    i = picture_at (self, i)->unit = picture_at (self, picture_at (self, i)->unit)->unit;
  return i;
}

static void
tie (Splitting *self, guint a, guint b)
{
  guint x = root_of (self, a), y = root_of (self, b);

  picture_at (self, MAX (x, y))->unit = MIN (x, y);
}

static guint
place_of (const char *split)
{
  if (split == NULL || split[0] == '\0')
    return NOWHERE;
  for (guint i = 0; i < G_N_ELEMENTS (split_names); i++)
    if (g_str_equal (split, split_names[i]))
      return i;
  return OTHER;
}

static gboolean
take_picture (const FoveaStoreInput *input, gpointer data)
{
  Splitting *self = data;
  Picture picture = { .id = input->id, .unit = self->pictures->len, .before = place_of (input->split), .after = NOWHERE };

  memcpy (picture.sha256, input->sha256, sizeof picture.sha256);
  if (self->options.keep)
    picture.after = picture.before;
  g_array_append_val (self->pictures, picture);
  if (input->group != NULL && input->group[0] != '\0')
    {
      guint first = GPOINTER_TO_UINT (g_hash_table_lookup (self->groups, input->group));

      if (first != 0)
        tie (self, first - 1, picture.unit);
      else
        g_hash_table_insert (self->groups, g_strdup (input->group), GUINT_TO_POINTER (picture.unit + 1));
    }
  return TRUE;
}

static guint
content_hash (gconstpointer key)
{
  guint hash;

  memcpy (&hash, key, sizeof hash);
  return hash;
}

static gboolean
content_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, 32) == 0;
}

static void
tie_same_contents (Splitting *self)
{
  g_autoptr (GHashTable) contents = g_hash_table_new (content_hash, content_equal);

  for (guint i = 0; i < self->pictures->len; i++)
    {
      gpointer first;

      if (g_hash_table_lookup_extended (contents, picture_at (self, i)->sha256, NULL, &first))
        tie (self, GPOINTER_TO_UINT (first), i);
      else
        g_hash_table_insert (contents, picture_at (self, i)->sha256, GUINT_TO_POINTER (i));
    }
}

/* Counting sort of the pictures by unit; a unit's number is its first picture's. */
static void
gather_units (Splitting *self)
{
  guint n = self->pictures->len;
  g_autofree guint *at = NULL;

  self->unit_start = g_new0 (guint, n + 1);
  self->members = g_new (guint, n);
  for (guint i = 0; i < n; i++)
    self->unit_start[(picture_at (self, i)->unit = root_of (self, i)) + 1]++;
  for (guint u = 0; u < n; u++)
    self->unit_start[u + 1] += self->unit_start[u];
  at = g_memdup2 (self->unit_start, sizeof (guint) * (n + 1));
  for (guint i = 0; i < n; i++)
    self->members[at[picture_at (self, i)->unit]++] = i;
}

static guint
unit_size (Splitting *self, guint unit)
{
  return self->unit_start[unit + 1] - self->unit_start[unit];
}

/* ---- strata ---- */

static Stratum *
need_stratum (Splitting *self, GHashTable *by_key, gint64 concept, gboolean value)
{
  gint64 key = concept * 2 + (value ? 1 : 0);
  Stratum *stratum = g_hash_table_lookup (by_key, &key);

  if (stratum == NULL)
    {
      stratum = g_new0 (Stratum, 1);
      stratum->concept = concept;
      stratum->value = value;
      stratum->pictures = g_array_new (FALSE, FALSE, sizeof (guint));
      g_ptr_array_add (self->strata, stratum);
      g_hash_table_insert (by_key, g_memdup2 (&key, sizeof key), stratum);
    }
  return stratum;
}

/* The rarest first: the common ones have more ways to come out right. The unlabelled at the end. */
static int
compare_strata (gconstpointer a, gconstpointer b)
{
  const Stratum *x = *(const Stratum *const *) a, *y = *(const Stratum *const *) b;

  if ((x->concept == 0) != (y->concept == 0))
    return x->concept == 0 ? 1 : -1;
  if (x->pictures->len != y->pictures->len)
    return x->pictures->len < y->pictures->len ? -1 : 1;
  return x->concept < y->concept ? -1 : x->concept > y->concept ? 1 : x->value - y->value;
}

static void
make_strata (Splitting *self)
{
  g_autoptr (GHashTable) by_key = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  guint at = 0;

  for (guint i = 0; i < self->pictures->len; i++)
    {
      Picture *picture = picture_at (self, i);

      while (at < self->labels->len && g_array_index (self->labels, FoveaStoreAnnotation, at).input < picture->id)
        at++;
      picture->first_label = at;
      for (; at < self->labels->len && g_array_index (self->labels, FoveaStoreAnnotation, at).input == picture->id; at++)
        {
          const FoveaStoreAnnotation *label = &g_array_index (self->labels, FoveaStoreAnnotation, at);

          if (label->region != 0)
            continue;
          g_array_append_val (need_stratum (self, by_key, label->concept, label->value == 1)->pictures, i);
          picture->n_labels++;
        }
      if (picture->n_labels == 0)
        g_array_append_val (need_stratum (self, by_key, 0, TRUE)->pictures, i);
    }
  g_ptr_array_sort (self->strata, compare_strata);
}

/* ---- placing ---- */

static void
place_unit (Splitting *self, guint unit, guint place)
{
  for (guint m = self->unit_start[unit]; m < self->unit_start[unit + 1]; m++)
    if (picture_at (self, self->members[m])->after == NOWHERE)
      picture_at (self, self->members[m])->after = place;
}

/* A kept picture draws its unit along; where a unit's pictures were kept apart, the rest goes to train. */
static void
place_kept (Splitting *self)
{
  for (guint u = 0; u < self->pictures->len; u++)
    {
      guint place = NOWHERE;

      for (guint m = self->unit_start[u]; m < self->unit_start[u + 1]; m++)
        {
          guint kept = picture_at (self, self->members[m])->after;

          if (kept != NOWHERE)
            place = place == NOWHERE || place == kept ? kept : TRAIN;
        }
      if (place != NOWHERE)
        place_unit (self, u, place);
    }
}

typedef struct {
  guint unit, size;
} Choice;

/* Units of the stratum that have no place yet: shuffled, then the large ones first, which fit in the fewest places. */
static GArray *
open_units (Splitting *self, const Stratum *stratum)
{
  GArray *choices = g_array_new (FALSE, FALSE, sizeof (Choice));
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < stratum->pictures->len; i++)
    {
      const Picture *picture = picture_at (self, g_array_index (stratum->pictures, guint, i));
      Choice choice = { picture->unit, unit_size (self, picture->unit) };

      if (picture->after == NOWHERE && g_hash_table_add (seen, GUINT_TO_POINTER (picture->unit)))
        g_array_append_val (choices, choice);
    }
  for (guint i = choices->len; i > 1; i--)
    {
      guint j = (guint) g_rand_int_range (self->rand, 0, (gint32) i);
      Choice swap = g_array_index (choices, Choice, i - 1);

      g_array_index (choices, Choice, i - 1) = g_array_index (choices, Choice, j);
      g_array_index (choices, Choice, j) = swap;
    }
  return choices;
}

static int
compare_sizes (gconstpointer a, gconstpointer b)
{
  const Choice *x = a, *y = b;

  return x->size > y->size ? -1 : x->size < y->size;
}

/* How many of the stratum's pictures are in each place now. */
static void
count_places (Splitting *self, const Stratum *stratum, guint ret_counts[4])
{
  memset (ret_counts, 0, 4 * sizeof (guint));
  for (guint i = 0; i < stratum->pictures->len; i++)
    ret_counts[picture_at (self, g_array_index (stratum->pictures, guint, i))->after]++;
}

static void
place_stratum (Splitting *self, Stratum *stratum)
{
  g_autoptr (GArray) choices = open_units (self, stratum);
  double f = self->options.test_fraction, left[2];
  guint counts[4];

  count_places (self, stratum, counts);
  left[TEST] = f * (stratum->pictures->len - counts[OTHER]) - counts[TEST];
  left[TRAIN] = (1 - f) * (stratum->pictures->len - counts[OTHER]) - counts[TRAIN];
  /* A stable sort, so that the shuffle decides between equals. */
  g_array_sort (choices, compare_sizes);
  for (guint i = 0; i < choices->len; i++)
    {
      const Choice *choice = &g_array_index (choices, Choice, i);
      guint place = left[TEST] > left[TRAIN] ? TEST : TRAIN;

      /* The last units decide whether the concept can be tested at all. */
      if (i + 1 == choices->len && i > 0 && counts[TEST] == 0 && left[TEST] > 0)
        place = TEST;
      place_unit (self, choice->unit, place);
      left[place] -= choice->size;
      counts[place] += choice->size;
    }
}

/* ---- the plan ---- */

static gboolean
add_count (Splitting *self, FoveaStore *store, const Stratum *stratum, GError **error)
{
  g_autoptr (FoveaStoreConcept) concept = NULL;
  FoveaSplitShare *count;
  guint counts[4];

  if (!stratum->value)
    return TRUE;
  if (stratum->concept != 0 && (concept = fovea_store_get_concept (store, stratum->concept, error)) == NULL)
    return FALSE;
  count_places (self, stratum, counts);
  count = g_new0 (FoveaSplitShare, 1);
  count->concept = g_strdup (concept != NULL ? concept->name : "");
  count->n_train = counts[TRAIN];
  count->n_test = counts[TEST];
  count->n_other = counts[OTHER];
  g_ptr_array_add (self->plan->counts, count);
  return TRUE;
}

static int
compare_counts (gconstpointer a, gconstpointer b)
{
  const FoveaSplitShare *x = *(const FoveaSplitShare *const *) a, *y = *(const FoveaSplitShare *const *) b;

  if ((x->concept[0] == '\0') != (y->concept[0] == '\0'))
    return x->concept[0] == '\0' ? 1 : -1;
  return g_utf8_collate (x->concept, y->concept);
}

static gboolean
describe (Splitting *self, FoveaStore *store, GError **error)
{
  FoveaSplitPlan *plan = self->plan = g_new0 (FoveaSplitPlan, 1);

  plan->counts = g_ptr_array_new_with_free_func (count_free);
  for (guint i = 0; i < self->pictures->len; i++)
    {
      const Picture *picture = picture_at (self, i);

      plan->n_train += picture->after == TRAIN;
      plan->n_test += picture->after == TEST;
      plan->n_other += picture->after == OTHER;
      plan->n_changed += picture->after != picture->before;
      plan->n_tied += unit_size (self, picture->unit) > 1;
    }
  for (guint i = 0; i < self->strata->len; i++)
    if (!add_count (self, store, g_ptr_array_index (self->strata, i), error))
      return FALSE;
  g_ptr_array_sort (plan->counts, compare_counts);
  return TRUE;
}

static gboolean
write_splits (Splitting *self, FoveaStore *store, GError **error)
{
  g_autofree char *text = g_strdup_printf (_("split %u pictures: %u to train, %u to test"), self->plan->n_changed, self->plan->n_train,
                                           self->plan->n_test);
  gboolean ok = TRUE;

  if (self->plan->n_changed == 0)
    return TRUE;
  if (!fovea_store_begin_command (store, text, error))
    return FALSE;
  for (guint place = TRAIN; place <= TEST && ok; place++)
    {
      g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

      for (guint i = 0; i < self->pictures->len; i++)
        if (picture_at (self, i)->after == place && picture_at (self, i)->before != place)
          g_array_append_val (ids, picture_at (self, i)->id);
      ok = fovea_store_set_split (store, (const gint64 *) (gpointer) ids->data, ids->len, split_names[place], NULL, error);
    }
  if (ok)
    return fovea_store_commit_command (store, NULL, error);
  fovea_store_rollback_command (store);
  return FALSE;
}

/* On the store thread. */
static gboolean
run (FoveaStore *store, gpointer data, GError **error)
{
  Splitting *self = data;
  double f = self->options.test_fraction;

  if (!(f > 0 && f <= 0.5))
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                   "The part for testing must be above 0 and at most one half, not %g", f);
      return FALSE;
    }
  self->pictures = g_array_new (FALSE, FALSE, sizeof (Picture));
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->strata = g_ptr_array_new_with_free_func (stratum_free);
  self->rand = g_rand_new_with_seed (self->options.seed);
  self->labels = fovea_store_get_labels (store, NULL, 0, 0, error);
  if (self->labels == NULL || !fovea_store_foreach_input (store, 0, 0, take_picture, self, error))
    return FALSE;
  tie_same_contents (self);
  gather_units (self);
  make_strata (self);
  place_kept (self);
  for (guint i = 0; i < self->strata->len; i++)
    place_stratum (self, g_ptr_array_index (self->strata, i));
  return describe (self, store, error) && (!self->write || write_splits (self, store, error));
}

/* ---- calls ---- */

static Splitting *
splitting_new (const FoveaSplitOptions *options, gboolean write)
{
  Splitting *self = g_new0 (Splitting, 1);

  self->options = *options;
  self->write = write;
  return self;
}

void
fovea_project_plan_splits_async (FoveaProject *project, const FoveaSplitOptions *options, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (project, cancellable, callback, data);

  g_task_set_task_data (task, splitting_new (options, FALSE), splitting_free);
  fovea_core_read_task (fovea_project_get_core (project), task, run);
}

void
fovea_project_make_splits_async (FoveaProject *project, const FoveaSplitOptions *options, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (project, cancellable, callback, data);

  g_task_set_task_data (task, splitting_new (options, TRUE), splitting_free);
  fovea_core_write_task (fovea_project_get_core (project), task, run);
}

FoveaSplitPlan *
fovea_project_splits_finish (FoveaProject *project, GAsyncResult *result, GError **error)
{
  Splitting *self = g_task_propagate_pointer (G_TASK (result), error);

  return self != NULL ? g_steal_pointer (&self->plan) : NULL;
}

FoveaSplitPlan *
fovea_project_make_splits (FoveaProject *project, const FoveaSplitOptions *options, gboolean dry_run, GError **error)
{
  Splitting *self = splitting_new (options, !dry_run);
  FoveaCore *core = fovea_project_get_core (project);
  FoveaSplitPlan *plan = NULL;

  if (dry_run ? fovea_core_read (core, run, self, error) : fovea_core_write (core, run, self, error))
    plan = g_steal_pointer (&self->plan);
  splitting_free (self);
  return plan;
}
