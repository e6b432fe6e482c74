/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed between two orders of pictures. */
#include "engine/picture-list-private.h"

/* A list that differs in more places than this is announced as one change, and so is one of which less stays than comes and goes:
 * GTK's grid fills itself anew at every announcement (15 ms with an accessibility bus), to keep its place among rows that are on
 * their way out. */
#define MAX_SPLICES 8

static gint64
id_at (const GArray *rows, guint i)
{
  return g_array_index (rows, gint64, i);
}

static GHashTable *
ids_of (const GArray *rows, guint from, guint to)
{
  GHashTable *ids = g_hash_table_new (NULL, NULL);

  for (guint i = from; i < to; i++)
    g_hash_table_add (ids, (gpointer) (gintptr) id_at (rows, i));
  return ids;
}

/* Splices for the middle, walking both orders at once; rows that are in both must come in the same order. NULL: they do
 * not, or there are too many places. */
static GArray *
find_splices (const GArray *old, guint old_end, const GArray *now, guint now_end, guint head)
{
  g_autoptr (GHashTable) old_ids = ids_of (old, head, old_end);
  g_autoptr (GHashTable) now_ids = ids_of (now, head, now_end);
  g_autoptr (GArray) splices = g_array_new (FALSE, FALSE, sizeof (FoveaPictureSplice));
  guint i = head, j = head, n_removed = 0, n_added = 0;

  while (i < old_end || j < now_end)
    {
      FoveaPictureSplice splice = { .position = j };

      if (i < old_end && j < now_end && id_at (old, i) == id_at (now, j))
        {
          i++;
          j++;
          continue;
        }
      for (; i < old_end && !g_hash_table_contains (now_ids, (gpointer) (gintptr) id_at (old, i)); i++)
        splice.removed++;
      for (; j < now_end && !g_hash_table_contains (old_ids, (gpointer) (gintptr) id_at (now, j)); j++)
        splice.added++;
      if ((splice.removed == 0 && splice.added == 0) || splices->len == MAX_SPLICES)
        return NULL;
      g_array_append_val (splices, splice);
      n_removed += splice.removed;
      n_added += splice.added;
    }
  if (splices->len > 1 && n_removed + n_added > now->len - n_added)
    return NULL;
  return g_steal_pointer (&splices);
}

void
fovea_picture_diff (const GArray *before, FoveaPictureAnswer *answer)
{
  const GArray *now = answer->rows;
  guint least = MIN (before->len, now->len), head = 0, tail = 0;

  while (head < least && id_at (before, head) == id_at (now, head))
    head++;
  while (tail < least - head && id_at (before, before->len - 1 - tail) == id_at (now, now->len - 1 - tail))
    tail++;
  answer->head = head;
  answer->tail = tail;
  answer->splices = find_splices (before, before->len - tail, now, now->len - tail, head);
}
