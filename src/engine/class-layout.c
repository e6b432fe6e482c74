/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "engine/walk.h"

static const struct {
  const char *folder, *split;
} split_names[] = {
  { "train", "train" }, { "training", "train" }, { "test", "test" }, { "testing", "test" },
  { "val", "val" },     { "valid", "val" },      { "validation", "val" },
};

/* The split that a folder's name (its first @length bytes) stands for; NULL when it is none. */
static const char *
split_of (const char *name, gsize length)
{
  for (gsize i = 0; i < G_N_ELEMENTS (split_names); i++)
    if (strlen (split_names[i].folder) == length && g_ascii_strncasecmp (split_names[i].folder, name, length) == 0)
      return split_names[i].split;
  return NULL;
}

typedef struct {
  guint n[3];             /* files by depth: in the root, one folder deep, two */
  guint deeper;
  gboolean named;         /* the root is no folder but a file */
  gboolean all_in_splits; /* the first folder is always a split's name */
  GHashTable *names[2];   /* folders that hold files, for each of the two layouts */
} Survey;

static void
survey_entry (Survey *survey, const FoveaWalkEntry *entry)
{
  const char *rest = entry->path + entry->below;
  const char *first = strchr (rest, '/');
  const char *second = first == NULL ? NULL : strchr (first + 1, '/');

  survey->named |= entry->named;
  if (first == NULL)
    survey->n[0]++;
  else if (second == NULL)
    {
      survey->n[1]++;
      g_hash_table_add (survey->names[0], g_strndup (rest, (gsize) (first - rest)));
    }
  else if (strchr (second + 1, '/') == NULL)
    {
      survey->n[2]++;
      survey->all_in_splits &= split_of (rest, (gsize) (first - rest)) != NULL;
      g_hash_table_add (survey->names[1], g_strndup (first + 1, (gsize) (second - first - 1)));
    }
  else
    survey->deeper++;
}

static FoveaLayout
decide (const Survey *survey)
{
  FoveaLayout layout = { .n_files = survey->n[0] + survey->n[1] + survey->n[2] + survey->deeper };

  if (survey->n[0] != 0 || survey->deeper != 0)
    return layout;
  if (survey->n[1] != 0 && survey->n[2] == 0)
    layout.n_classes = g_hash_table_size (survey->names[0]);
  else if (survey->n[2] != 0 && survey->n[1] == 0 && survey->all_in_splits)
    {
      layout.n_classes = g_hash_table_size (survey->names[1]);
      layout.splits = TRUE;
    }
  layout.classes = layout.n_classes >= 2;
  layout.splits &= layout.classes;
  return layout;
}

static gboolean
is_flat_folder (const Survey *survey)
{
  return !survey->named && survey->n[1] == 0 && survey->n[2] == 0 && survey->deeper == 0;
}

/* Whoever picks the class folders themselves means the same as who picks the folder around them. */
static void
take_roots_as_classes (GArray *layouts)
{
  for (guint i = 0; i < layouts->len; i++)
    {
      FoveaLayout *layout = &g_array_index (layouts, FoveaLayout, i);

      layout->n_classes = layout->n_files > 0 ? 1 : 0;
      layout->classes = layout->root_is_class = layout->n_files > 0;
    }
}

/* Split folders that are picked by themselves: each is named for a split and has class folders alone in it. */
static void
take_roots_as_splits (GArray *layouts, const char *const *splits)
{
  for (guint i = 0; i < layouts->len; i++)
    g_array_index (layouts, FoveaLayout, i).root_split = splits[i];
}

/* The name of the folder itself, of any entry in it. */
static const char *
root_split (const FoveaWalkEntry *entry)
{
  gsize end = entry->below, begin;

  while (end > 0 && entry->path[end - 1] == '/')
    end--;
  for (begin = end; begin > 0 && entry->path[begin - 1] != '/';)
    begin--;
  return entry->named ? NULL : split_of (entry->path + begin, end - begin);
}

GArray *
fovea_walk_layouts (const FoveaWalk *walk, guint n_roots)
{
  GArray *layouts = g_array_new (FALSE, TRUE, sizeof (FoveaLayout));
  g_autofree const char **splits = g_new0 (const char *, n_roots + 1);
  guint at = 0, n_filled = 0;
  gboolean all_flat = TRUE, all_splits = n_roots >= 2;

  for (guint root = 0; root < n_roots; root++)
    {
      Survey survey = { .all_in_splits = TRUE };
      FoveaLayout layout;

      survey.names[0] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      survey.names[1] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      for (; at < walk->entries->len; at++)
        {
          const FoveaWalkEntry *entry = &g_array_index (walk->entries, FoveaWalkEntry, at);

          if (entry->root != root)
            break;
          if (!entry->named && !fovea_walk_name_looks_like_picture (entry->path))
            continue;
          survey_entry (&survey, entry);
          splits[root] = root_split (entry);
        }
      layout = decide (&survey);
      all_flat &= is_flat_folder (&survey);
      all_splits &= layout.classes && !layout.splits && splits[root] != NULL;
      n_filled += layout.n_files > 0 ? 1 : 0;
      g_array_append_val (layouts, layout);
      g_hash_table_unref (survey.names[0]);
      g_hash_table_unref (survey.names[1]);
    }
  if (all_flat && n_filled >= 2)
    take_roots_as_classes (layouts);
  else if (all_splits)
    take_roots_as_splits (layouts, splits);
  return layouts;
}

char *
fovea_layout_dup_class (const FoveaLayout *layout, const FoveaWalkEntry *entry)
{
  g_autofree char *folder = NULL;
  g_autofree char *name = NULL;

  if (!layout->classes || entry->named || (!layout->root_is_class && strchr (entry->path + entry->below, '/') == NULL))
    return NULL;
  folder = g_path_get_dirname (entry->path);
  name = g_path_get_basename (folder);
  return g_filename_display_name (name);
}

const char *
fovea_layout_get_split (const FoveaLayout *layout, const FoveaWalkEntry *entry)
{
  const char *rest = entry->path + entry->below;
  const char *slash = strchr (rest, '/');

  if (layout->root_split != NULL)
    return layout->root_split;
  return layout->splits && slash != NULL ? split_of (rest, (gsize) (slash - rest)) : NULL;
}
