/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture-set.h"

G_DEFINE_BOXED_TYPE (FoveaPictureSet, fovea_picture_set, fovea_picture_set_ref, fovea_picture_set_unref)

FoveaPictureSet *
fovea_picture_set_new (const char *project_path, const gint64 *ids, gsize n_ids)
{
  FoveaPictureSet *set = g_new0 (FoveaPictureSet, 1);

  set->project_path = g_strdup (project_path);
  set->ids = g_memdup2 (ids, n_ids * sizeof *ids);
  set->n_ids = n_ids;
  g_atomic_ref_count_init (&set->ref_count);
  return set;
}

FoveaPictureSet *
fovea_picture_set_ref (FoveaPictureSet *set)
{
  g_atomic_ref_count_inc (&set->ref_count);
  return set;
}

void
fovea_picture_set_unref (FoveaPictureSet *set)
{
  if (!g_atomic_ref_count_dec (&set->ref_count))
    return;
  g_free (set->project_path);
  g_free (set->ids);
  g_free (set);
}
