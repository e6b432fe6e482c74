/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib/gstdio.h>
#include <string.h>

#include "store/store-annotations.h"
#include "store/store-check.h"
#include "store/store-concepts.h"
#include "store/store-inputs.h"
#include "store/store-models.h"
#include "store/store-private.h"
#include "store/store-undo.h"

/* What the store's tests share: a folder of their own, a project in it, pictures by the dozen. */

typedef struct {
  char *folder;
  char *path;
  FoveaStore *store;
} Project;

static inline void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        remove_folder (path);
      else
        g_unlink (path);
    }
  g_rmdir (folder);
}

static inline void
project_init (Project *project)
{
  GError *error = NULL;

  project->folder = g_dir_make_tmp ("fovea-store-XXXXXX", &error);
  g_assert_no_error (error);
  project->path = g_build_filename (project->folder, "test.fovea", NULL);
  project->store = fovea_store_create (project->path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (project->store);
}

static inline void
project_clear (Project *project)
{
  fovea_store_free (project->store);
  remove_folder (project->folder);
  g_free (project->folder);
  g_free (project->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Project, project_clear)

static inline void
project_close (Project *project)
{
  GError *error = NULL;

  fovea_store_close (g_steal_pointer (&project->store), &error);
  g_assert_no_error (error);
}

static inline void
project_reopen (Project *project)
{
  GError *error = NULL;

  if (project->store != NULL)
    project_close (project);
  project->store = fovea_store_open (project->path, FOVEA_STORE_OPEN_DEFAULT, &error);
  g_assert_no_error (error);
}

static inline void
begin (FoveaStore *store,
       const char *label)
{
  GError *error = NULL;

  fovea_store_begin_command (store, label, &error);
  g_assert_no_error (error);
}

static inline gint64
commit (FoveaStore *store)
{
  GError *error = NULL;
  gint64 command = -1;

  fovea_store_commit_command (store, &command, &error);
  g_assert_no_error (error);
  return command;
}

/* Pictures NAME-0.png … in the folder of the project, in one command. */
static inline GArray *
add_pictures (FoveaStore *store,
              const char *name,
              gsize       n)
{
  GArray *ids = g_array_sized_new (FALSE, FALSE, sizeof (gint64), (guint) n);
  g_autoptr (GPtrArray) inputs
    = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_input_free);
  GError *error = NULL;

  for (gsize i = 0; i < n; i++)
    {
      FoveaStoreInput *input = fovea_store_input_new ();
      g_autofree char *base = g_strdup_printf ("%s-%" G_GSIZE_FORMAT ".png", name, i);
      g_autoptr (GChecksum) hash = g_checksum_new (G_CHECKSUM_SHA256);
      gsize size = sizeof input->sha256;

      g_checksum_update (hash, (const guchar *) base, -1);
      g_checksum_get_digest (hash, input->sha256, &size);
      input->path = g_build_filename (fovea_store_get_folder (store), "pictures", base, NULL);
      input->size = 1000 + (gint64) i;
      input->mtime_us = 1600000000000000 + (gint64) i;
      input->width = 640;
      input->height = 480;
      input->format = g_strdup ("png");
      g_ptr_array_add (inputs, input);
    }
  g_array_set_size (ids, (guint) n);
  begin (store, "add pictures");
  fovea_store_add_inputs (store, (const FoveaStoreInput *const *) inputs->pdata, n,
                          (gint64 *) (void *) ids->data, NULL, &error);
  g_assert_no_error (error);
  commit (store);
  return ids;
}

static inline gint64
add_concept (FoveaStore *store,
             const char *name)
{
  GError *error = NULL;
  gint64 id;

  begin (store, "add a concept");
  fovea_store_ensure_concept (store, NULL, name, &id, &error);
  g_assert_no_error (error);
  commit (store);
  return id;
}

static inline gint64
add_model (FoveaStore *store,
           const char *id,
           gint64      concept_)
{
  FoveaStoreModel model = { .public_id = (char *) id, .type_id = (char *) "embedding-classifier",
                            .params = (char *) "{\"l2\":0.1}", .params_version = 2,
                            .concepts = &concept_, .n_concepts = 1 };
  GError *error = NULL;
  gint64 row;

  begin (store, "add a model");
  fovea_store_add_model (store, &model, &row, &error);
  g_assert_no_error (error);
  commit (store);
  return row;
}

static inline gsize
label (FoveaStore   *store,
       const gint64 *ids,
       gsize         n,
       gint64        concept_,
       int           value)
{
  GError *error = NULL;
  gsize changed = 0;

  begin (store, "label");
  fovea_store_label_inputs (store, ids, n, concept_, value, 0, &changed, &error);
  g_assert_no_error (error);
  commit (store);
  return changed;
}

static inline gint64
count (FoveaStore *store,
       const char *sql)
{
  GError *error = NULL;
  gint64 n = -1;

  fovea_sql_number (store, &n, NULL, &error, sql, NULL);
  g_assert_no_error (error);
  return n;
}

static inline void
assert_clean (FoveaStore *store)
{
  g_autoptr (GPtrArray) problems = NULL;
  GError *error = NULL;

  fovea_store_check (store, NULL, &problems, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < problems->len; i++)
    g_test_message ("problem: %s", (const char *) problems->pdata[i]);
  g_assert_cmpuint (problems->len, ==, 0);
}

/* The whole of the tracked tables as text, to compare before and after. */
static inline char *
dump_tracked (FoveaStore *store)
{
  GString *text = g_string_new (NULL);

  for (gsize t = 0; fovea_store_tracked_tables[t] != NULL; t++)
    {
      g_autofree char *sql
        = g_strdup_printf ("SELECT * FROM %s ORDER BY 1, 2", fovea_store_tracked_tables[t]);
      sqlite3_stmt *stmt = NULL;

      g_assert_cmpint (sqlite3_prepare_v2 (store->db, sql, -1, &stmt, NULL), ==, SQLITE_OK);
      while (sqlite3_step (stmt) == SQLITE_ROW)
        {
          g_string_append (text, fovea_store_tracked_tables[t]);
          for (int i = 0; i < sqlite3_column_count (stmt); i++)
            {
              const char *value = (const char *) sqlite3_column_text (stmt, i);

              g_string_append_printf (text, "|%s", value != NULL ? value : "NULL");
            }
          g_string_append_c (text, '\n');
        }
      sqlite3_finalize (stmt);
    }
  return g_string_free (text, FALSE);
}
