/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/columns-private.h"

#include <stdlib.h>
#include <string.h>

#include "store/store-columns.h"
#include "store/store-models.h"
#include "store/store-vectors.h"

/* One part, and the generation of the changes that it is as new as. */
typedef struct {
  GMutex mutex; /* one reads, others wait for it */
  gpointer part;
  guint64 generation;
} Slot;

enum { SLOT_INPUTS, SLOT_LABELS, SLOT_STORED, SLOT_PENDING, N_SLOTS };

struct _FoveaColumns {
  GMutex mutex;
  guint64 generation[FOVEA_N_CHANGED];
  Slot slots[N_SLOTS];
};

/* ---- parts ---- */

void
fovea_input_columns_unref (FoveaInputColumns *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->ids);
  g_free (self->sha256);
  g_free (self->group);
  g_free (self->state);
  g_free (self->missing);
  g_free (self->split);
  g_free (self->names);
  g_free (self->name_at);
  g_free (self->name_rank);
  g_free (self->duplicate);
  g_ptr_array_unref (self->splits);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

FoveaLabelColumns *
fovea_label_columns_ref (FoveaLabelColumns *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
fovea_label_columns_unref (FoveaLabelColumns *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_array_unref (self->said);
  g_free (self);
}

void
fovea_stored_columns_unref (FoveaStoredColumns *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_array_unref (self->strongest);
  g_free (self);
}

void
fovea_pending_columns_unref (FoveaPendingColumns *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->ids, g_array_unref);
  g_free (self);
}

static void
unref_part (guint slot, gpointer part)
{
  if (part == NULL)
    return;
  switch (slot)
    {
    case SLOT_INPUTS: fovea_input_columns_unref (part); break;
    case SLOT_LABELS: fovea_label_columns_unref (part); break;
    case SLOT_STORED: fovea_stored_columns_unref (part); break;
    default: fovea_pending_columns_unref (part);
    }
}

/* Each part begins with its count. */
static gpointer
ref_part (gpointer part)
{
  g_atomic_ref_count_inc ((gatomicrefcount *) part);
  return part;
}

/* ---- reading ---- */

static gboolean
is_ascii (const char *text)
{
  for (; *text != '\0'; text++)
    if ((*text & 0x80) != 0)
      return FALSE;
  return TRUE;
}

char *
fovea_columns_fold (const char *text)
{
  g_autofree char *folded = NULL;

  if (is_ascii (text))
    return g_ascii_strdown (text, -1);
  folded = g_utf8_casefold (text, -1);
  return g_utf8_normalize (folded, -1, G_NORMALIZE_ALL_COMPOSE);
}

/* While they grow. */
typedef struct {
  GArray *ids, *sha256, *group, *name_at, *split;
  GByteArray *state, *missing;
  GString *names;
  GPtrArray *splits;
} Inputs;

static guint16
index_of_split (GPtrArray *splits, const char *name)
{
  for (guint i = 0; i < splits->len; i++)
    if (strcmp (g_ptr_array_index (splits, i), name) == 0)
      return (guint16) i;
  if (splits->len < G_MAXUINT16)
    g_ptr_array_add (splits, (gpointer) g_intern_string (name));
  return (guint16) (splits->len - 1);
}

static void
add_input (const FoveaStoreInputColumns *row, gpointer data)
{
  Inputs *self = data;
  guint8 state = (guint8) row->state, missing = row->missing ? 1 : 0;
  guint16 split = index_of_split (self->splits, row->split);
  guint32 group = row->group[0] != '\0' ? MAX (g_str_hash (row->group), 1) : 0;
  gsize at = self->names->len;

  g_array_append_val (self->ids, row->id);
  g_array_append_val (self->sha256, row->sha256);
  g_array_append_val (self->group, group);
  g_array_append_val (self->split, split);
  g_array_append_val (self->name_at, at);
  g_byte_array_append (self->state, &state, 1);
  g_byte_array_append (self->missing, &missing, 1);
  if (is_ascii (row->name))
    {
      g_string_append (self->names, row->name);
      for (gsize i = at; i < self->names->len; i++)
        self->names->str[i] = g_ascii_tolower (self->names->str[i]);
    }
  else
    {
      g_autofree char *folded = fovea_columns_fold (row->name);

      g_string_append (self->names, folded != NULL ? folded : row->name);
    }
  g_string_append_c (self->names, '\0');
}

static gpointer
read_inputs (FoveaStore *reader, GError **error)
{
  Inputs rows = { .ids = g_array_new (FALSE, FALSE, sizeof (gint64)), .sha256 = g_array_new (FALSE, FALSE, sizeof (guint64)),
                  .group = g_array_new (FALSE, FALSE, sizeof (guint32)), .name_at = g_array_new (FALSE, FALSE, sizeof (gsize)),
                  .split = g_array_new (FALSE, FALSE, sizeof (guint16)),
                  .state = g_byte_array_new (), .missing = g_byte_array_new (), .names = g_string_new (NULL),
                  .splits = g_ptr_array_new () };
  gboolean ok = fovea_store_each_input (reader, add_input, &rows, error);
  FoveaInputColumns *self = g_new0 (FoveaInputColumns, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->n = rows.ids->len;
  self->ids = (gint64 *) (gpointer) g_array_free (rows.ids, FALSE);
  self->sha256 = (guint64 *) (gpointer) g_array_free (rows.sha256, FALSE);
  self->group = (guint32 *) (gpointer) g_array_free (rows.group, FALSE);
  self->name_at = (gsize *) (gpointer) g_array_free (rows.name_at, FALSE);
  self->split = (guint16 *) (gpointer) g_array_free (rows.split, FALSE);
  self->state = g_byte_array_free (rows.state, FALSE);
  self->missing = g_byte_array_free (rows.missing, FALSE);
  self->names = g_string_free (rows.names, FALSE);
  self->splits = rows.splits;
  if (!ok)
    g_clear_pointer (&self, fovea_input_columns_unref);
  return self;
}

static gpointer
read_labels (FoveaStore *reader, GError **error)
{
  GArray *said = fovea_store_list_said (reader, error);
  FoveaLabelColumns *self;

  if (said == NULL)
    return NULL;
  self = g_new0 (FoveaLabelColumns, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->said = said;
  for (guint i = 0; i < said->len; i++)
    {
      const FoveaStoreSaid *one = &g_array_index (said, FoveaStoreSaid, i);
      guint64 word = (guint64) one->input * 4096 + (guint64) one->concept_ * 4 + (guint64) one->value * 2 + (one->certain ? 1 : 0);

      self->hash = (self->hash ^ word) * G_GUINT64_CONSTANT (0x9fb21c651e98df25);
      self->hash ^= self->hash >> 32;
    }
  return self;
}

gint64
fovea_columns_get_newest_version (FoveaStore *reader)
{
  g_autoptr (GPtrArray) models = fovea_store_list_models (reader, NULL);
  gint64 best = 0, best_at = -1;

  for (guint i = 0; models != NULL && i < models->len; i++)
    {
      const FoveaStoreModel *model = g_ptr_array_index (models, i);
      g_autoptr (FoveaStoreVersion) version = fovea_store_get_current_version (reader, model->id, NULL);

      if (version != NULL && version->completed_at > best_at)
        {
          best = version->id;
          best_at = version->completed_at;
        }
    }
  return best;
}

static gpointer
read_stored (FoveaStore *reader, GError **error)
{
  gint64 version = fovea_columns_get_newest_version (reader);
  GArray *strongest = version != 0 ? fovea_store_list_strongest (reader, version, error)
                                   : g_array_new (FALSE, FALSE, sizeof (FoveaStoreStrongest));
  FoveaStoredColumns *self;

  if (strongest == NULL)
    return NULL;
  self = g_new0 (FoveaStoredColumns, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->version = version;
  self->strongest = strongest;
  return self;
}

/* The space that holds the most vectors stands for "embedded". */
static gint64
main_space (FoveaStore *reader)
{
  g_autoptr (GPtrArray) spaces = fovea_store_list_vector_spaces (reader, NULL);
  gint64 best = 0;
  gsize most = 0;

  for (guint i = 0; spaces != NULL && i < spaces->len; i++)
    {
      const FoveaStoreVectorSpace *space = g_ptr_array_index (spaces, i);

      if (space->n_vectors > most)
        {
          best = space->id;
          most = space->n_vectors;
        }
    }
  return best;
}

static gpointer
read_pending (FoveaStore *reader, GError **error)
{
  gint64 space = main_space (reader);
  GArray *ids = space != 0 ? fovea_store_list_pending (reader, space, 0, error) : NULL;
  FoveaPendingColumns *self;

  if (space != 0 && ids == NULL)
    return NULL;
  self = g_new0 (FoveaPendingColumns, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->ids = ids;
  return self;
}

/* ---- made at first use ---- */

typedef struct {
  const char *name;
  guint32 row;
} Named;

static int
compare_names (const void *a, const void *b)
{
  const Named *x = a, *y = b;
  int order = strcmp (x->name, y->name);

  return order != 0 ? order : (x->row > y->row) - (x->row < y->row);
}

const guint32 *
fovea_input_columns_get_name_ranks (FoveaInputColumns *self)
{
  g_mutex_lock (&self->mutex);
  if (self->name_rank == NULL)
    {
      g_autofree Named *named = g_new (Named, MAX (self->n, 1));

      for (gsize i = 0; i < self->n; i++)
        named[i] = (Named){ self->names + self->name_at[i], (guint32) i };
      qsort (named, self->n, sizeof *named, compare_names);
      self->name_rank = g_new (guint32, MAX (self->n, 1));
      for (gsize i = 0; i < self->n; i++)
        self->name_rank[named[i].row] = (guint32) i;
    }
  g_mutex_unlock (&self->mutex);
  return self->name_rank;
}

const guint8 *
fovea_input_columns_get_duplicates (FoveaInputColumns *self)
{
  g_mutex_lock (&self->mutex);
  if (self->duplicate == NULL)
    {
      g_autoptr (GHashTable) first = g_hash_table_new (g_int64_hash, g_int64_equal);

      self->duplicate = g_new0 (guint8, MAX (self->n, 1));
      for (gsize i = 0; i < self->n; i++)
        {
          guint64 *known = g_hash_table_lookup (first, &self->sha256[i]);

          if (known == NULL)
            g_hash_table_add (first, &self->sha256[i]);
          else
            self->duplicate[i] = self->duplicate[known - self->sha256] = 1;
        }
    }
  g_mutex_unlock (&self->mutex);
  return self->duplicate;
}

gssize
fovea_columns_find (const gint64 *ids, gsize n, gint64 id)
{
  gsize low = 0, high = n;

  while (low < high)
    {
      gsize middle = low + (high - low) / 2;

      if (ids[middle] < id)
        low = middle + 1;
      else
        high = middle;
    }
  return low < n && ids[low] == id ? (gssize) low : -1;
}

/* ---- the cache ---- */

FoveaColumns *
fovea_columns_new (void)
{
  FoveaColumns *self = g_new0 (FoveaColumns, 1);

  g_mutex_init (&self->mutex);
  for (guint i = 0; i < N_SLOTS; i++)
    g_mutex_init (&self->slots[i].mutex);
  return self;
}

void
fovea_columns_free (FoveaColumns *self)
{
  for (guint i = 0; i < N_SLOTS; i++)
    {
      unref_part (i, self->slots[i].part);
      g_mutex_clear (&self->slots[i].mutex);
    }
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
fovea_columns_note_change (FoveaColumns *self, FoveaChanged what)
{
  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < FOVEA_N_CHANGED; i++)
    if ((what & (1u << i)) != 0)
      self->generation[i]++;
  g_mutex_unlock (&self->mutex);
}

guint64
fovea_columns_get_generation (FoveaColumns *self, FoveaChanged what)
{
  guint64 sum = 1; /* none is 0 */

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < FOVEA_N_CHANGED; i++)
    if ((what & (1u << i)) != 0)
      sum += self->generation[i];
  g_mutex_unlock (&self->mutex);
  return sum;
}

typedef gpointer (*ReadFunc) (FoveaStore *reader, GError **error);

static gpointer
ref_slot (FoveaColumns *self, guint index, FoveaChanged what, ReadFunc read, FoveaStore *reader, GError **error)
{
  Slot *slot = &self->slots[index];
  gpointer part;

  g_mutex_lock (&slot->mutex);
  {
    guint64 generation = fovea_columns_get_generation (self, what); /* before reading */

    if (slot->part == NULL || slot->generation != generation)
      {
        part = read (reader, error);
        if (part != NULL)
          {
            unref_part (index, slot->part);
            slot->part = part;
            slot->generation = generation;
          }
      }
    else
      part = slot->part;
    if (part != NULL)
      ref_part (part);
  }
  g_mutex_unlock (&slot->mutex);
  return part;
}

FoveaInputColumns *
fovea_columns_ref_inputs (FoveaColumns *self, FoveaStore *reader, GError **error)
{
  return ref_slot (self, SLOT_INPUTS, FOVEA_CHANGED_INPUTS, read_inputs, reader, error);
}

FoveaLabelColumns *
fovea_columns_ref_labels (FoveaColumns *self, FoveaStore *reader, GError **error)
{
  return ref_slot (self, SLOT_LABELS, FOVEA_CHANGED_LABELS, read_labels, reader, error);
}

FoveaStoredColumns *
fovea_columns_ref_stored (FoveaColumns *self, FoveaStore *reader, GError **error)
{
  return ref_slot (self, SLOT_STORED, FOVEA_CHANGED_MODELS, read_stored, reader, error);
}

FoveaPendingColumns *
fovea_columns_ref_pending (FoveaColumns *self, FoveaStore *reader, GError **error)
{
  return ref_slot (self, SLOT_PENDING, FOVEA_CHANGED_INPUTS | FOVEA_CHANGED_VECTORS, read_pending, reader, error);
}
