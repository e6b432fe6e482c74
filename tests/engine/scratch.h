/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>

#include "engine/import-job.h"
#include "engine/model-jobs.h"
#include "models/mini-pack.h"
#include "waiting.h"

/* A folder of its own with a project in it, pictures that the test makes, and a pack of a few numbers. */
typedef struct {
  char *folder, *packs;
  FoveaProject *project;
} Scratch;

static inline char *
scratch_path (Scratch *scratch, const char *name)
{
  return g_build_filename (scratch->folder, name, NULL);
}

static inline void
scratch_init (Scratch *scratch, gboolean with_pack)
{
  g_autofree char *path = NULL;
  g_autofree char *thumbnails = NULL;
  g_autoptr (GError) error = NULL;

  scratch->folder = g_dir_make_tmp ("fovea-engine-XXXXXX", NULL);
  scratch->packs = mini_folder_new ();
  thumbnails = scratch_path (scratch, ".thumbnails");
  g_setenv ("FOVEA_THUMBNAIL_DIR", thumbnails, TRUE);
  g_setenv ("XDG_STATE_HOME", scratch->folder, TRUE);
  if (with_pack)
    mini_pack_save_all (scratch->packs);
  path = scratch_path (scratch, "test.fovea");
  scratch->project = fovea_project_create (path, &error);
  g_assert_no_error (error);
}

static inline void
scratch_remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      scratch_remove_tree (child);
    }
  g_remove (path);
}

static inline void
scratch_settle (void)
{
  for (guint i = 0; i < 20; i++)
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_usleep (2000);
    }
}

static inline void
scratch_clear (Scratch *scratch)
{
  fovea_project_close (scratch->project);
  scratch_settle ();
  g_object_unref (scratch->project);
  scratch_remove_tree (scratch->folder);
  g_free (scratch->folder);
  mini_folder_remove (scratch->packs);
}

/* One colour with @number written into a corner, so that no two files are alike. */
static inline void
scratch_picture (Scratch *scratch, const char *name, guint32 rgb, guint number)
{
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, 24, 16);
  g_autofree char *path = scratch_path (scratch, name);
  g_autofree char *folder = g_path_get_dirname (path);
  guint8 *pixels = gdk_pixbuf_get_pixels (pixbuf);

  gdk_pixbuf_fill (pixbuf, (rgb << 8) | 0xff);
  pixels[0] = (guint8) number;
  pixels[1] = (guint8) (number >> 8);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (gdk_pixbuf_save (pixbuf, path, "png", NULL, NULL));
}

/* SPLIT/CLASS/N.png: red and blue ones. */
static inline void
scratch_classes (Scratch *scratch, const char *folder, guint n_each, guint first_number)
{
  for (guint i = 0; i < n_each; i++)
    {
      g_autofree char *red = g_strdup_printf ("%s/red/%03u.png", folder, i);
      g_autofree char *blue = g_strdup_printf ("%s/blue/%03u.png", folder, i);

      scratch_picture (scratch, red, 0xd02010 + i, first_number + 2 * i);
      scratch_picture (scratch, blue, 0x1020d0 + (i << 16), first_number + 2 * i + 1);
    }
}

static inline FoveaJob *
scratch_import (Scratch *scratch, const char *name)
{
  g_autofree char *path = scratch_path (scratch, name);
  const char *paths[] = { path, NULL };
  FoveaJob *job = fovea_project_import (scratch->project, paths, NULL);
  g_autoptr (GError) error = NULL;

  fovea_job_wait (job, NULL, NULL, &error);
  g_assert_no_error (error);
  return job;
}

static inline JsonObject *
scratch_result (FoveaJob *job)
{
  g_autoptr (JsonNode) node = json_from_string (fovea_job_get_result_json (job), NULL);

  return json_object_ref (json_node_get_object (node));
}

/* @more: members after the type, each with its comma before it. */
static inline void
scratch_create_model (Scratch *scratch, const char *type, const char *id, const char *more)
{
  g_autofree char *text = g_strdup_printf ("{\"model\":{\"id\":\"%s\",\"model_type_id\":\"%s\"%s}}", id, type, more);
  g_autoptr (JsonNode) payload = json_from_string (text, NULL);
  g_autoptr (GError) error = NULL;

  fovea_project_create_model (scratch->project, payload, &error);
  g_assert_no_error (error);
}

/* Of an evaluation, which is waited for. Takes the job. */
static inline JsonObject *
scratch_metrics (FoveaJob *evaluation)
{
  g_autoptr (FoveaJob) job = evaluation;
  g_autoptr (JsonObject) result = NULL;
  g_autoptr (GError) error = NULL;

  fovea_job_wait (job, NULL, NULL, &error);
  g_assert_no_error (error);
  result = scratch_result (job);
  return json_object_ref (json_array_get_object_element (json_object_get_array_member (result, "eval_metrics"), 0));
}

/* For fovea_predict_files(): @data is an array of JsonNode. */
static inline gboolean
scratch_keep_output (JsonNode *output, gpointer data)
{
  g_ptr_array_add (data, json_node_copy (output));
  return TRUE;
}

/* The checkpoint at @path of a training that runs and is then cancelled, which takes the file away. */
static inline char *
scratch_take_checkpoint (FoveaJob *job, const char *path, gsize *ret_length)
{
  char *data = NULL;

  for (guint i = 0; !g_file_get_contents (path, &data, ret_length, NULL); i++)
    {
      g_assert_cmpuint (i, <, 100000);
      g_assert_false (fovea_job_is_over (job));
      g_usleep (500);
    }
  fovea_job_cancel (job);
  g_assert_false (fovea_job_wait (job, NULL, NULL, NULL));
  return data;
}

static inline gint64
scratch_count (FoveaJob *job, const char *member)
{
  g_autoptr (JsonObject) object = scratch_result (job);

  return json_object_get_int_member (object, member);
}

/* Runs the main loop until the list has settled at @n. */
static inline void
scratch_wait_for_items (GListModel *list, guint n)
{
  WAIT_FOR (g_list_model_get_n_items (list) == n);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, n);
}

/* The concept of that name, once the list has it: it follows the project in its own time. */
static inline FoveaConcept *
scratch_wait_for_concept (Scratch *scratch, const char *name)
{
  FoveaConceptList *concepts = fovea_project_get_concepts (scratch->project);

  WAIT_FOR (fovea_concept_list_lookup_name (concepts, name) != NULL);
  return fovea_concept_list_lookup_name (concepts, name);
}
