/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/review-page-private.h"


/* No screen shows more. */
#define MAX_SIDE_PX 2048
/* The present picture, two to come, one to go back to. */
#define N_AHEAD 2

static void load_next (FoveaReviewPage *self);

/* Holds no reference: a page that goes away closes its review then and there, before the project is closed. */
typedef struct {
  GWeakRef page;
  gint64 id;
} Loading;

static void
loading_free (Loading *loading)
{
  g_weak_ref_clear (&loading->page);
  g_free (loading);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Loading, loading_free)

static gint64
id_at (FoveaReviewPage *self, guint position)
{
  g_autoptr (FoveaPicture) picture = g_list_model_get_item (G_LIST_MODEL (self->review), position);

  return picture != NULL ? fovea_picture_get_id (picture) : 0;
}

static void
show (FoveaReviewPage *self)
{
  gint64 id = id_at (self, fovea_review_get_position (self->review));
  GdkTexture *texture = g_hash_table_lookup (self->textures, (gpointer) (gintptr) id);
  const char *failure = g_hash_table_lookup (self->failures, (gpointer) (gintptr) id);

  fovea_picture_view_set_texture (self->picture_view, texture);
  if (failure != NULL)
    adw_status_page_set_description (self->failed_page, failure);
  gtk_stack_set_visible_child_name (self->picture_stack, texture == NULL && failure != NULL ? "failed" : "picture");
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Loading) loading = data;
  g_autoptr (FoveaReviewPage) self = g_weak_ref_get (&loading->page);
  g_autoptr (GError) error = NULL;
  gpointer id = (gpointer) (gintptr) loading->id;
  int width, height, stride;
  g_autoptr (GBytes) bytes = fovea_project_load_thumbnail_finish (FOVEA_PROJECT (source), result, &width, &height, &stride, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self == NULL || self->review == NULL)
    return;
  self->loading_id = 0;
  if (bytes != NULL)
    g_hash_table_insert (self->textures, id, gdk_memory_texture_new (width, height, GDK_MEMORY_R8G8B8, bytes, (gsize) stride));
  else
    g_hash_table_insert (self->failures, id, g_markup_escape_text (error->message, -1));
  show (self);
  load_next (self);
}

static gboolean
load (FoveaReviewPage *self, guint position)
{
  g_autoptr (FoveaPicture) picture = g_list_model_get_item (G_LIST_MODEL (self->review), position);
  g_autofree char *path = picture != NULL ? fovea_picture_dup_path (picture) : g_strdup ("");
  Loading *loading;
  gpointer id;

  /* Without a path it has just left the project; it may come back by redo, so no failure is remembered of it. */
  if (path[0] == '\0')
    return FALSE;
  id = (gpointer) (gintptr) fovea_picture_get_id (picture);
  if (g_hash_table_contains (self->textures, id) || g_hash_table_contains (self->failures, id))
    return FALSE;
  loading = g_new0 (Loading, 1);
  g_weak_ref_init (&loading->page, self);
  loading->id = self->loading_id = fovea_picture_get_id (picture);
  fovea_project_load_picture_async (self->project, picture, MAX_SIDE_PX, self->cancellable, on_loaded, loading);
  return TRUE;
}

/* One at a time, the nearest first. */
static void
load_next (FoveaReviewPage *self)
{
  guint position = fovea_review_get_position (self->review);

  if (self->loading_id != 0 || !self->shown)
    return;
  for (guint i = 0; i <= N_AHEAD; i++)
    if (load (self, position + i))
      return;
  if (position > 0)
    (void) load (self, position - 1);
}

static void
keep_near (FoveaReviewPage *self, GHashTable *table)
{
  guint position = fovea_review_get_position (self->review);
  gint64 near[N_AHEAD + 2];
  GHashTableIter iter;
  gpointer id;

  for (guint i = 0; i < G_N_ELEMENTS (near); i++)
    near[i] = position + i > 0 ? id_at (self, position + i - 1) : 0;
  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    {
      gboolean is_near = FALSE;

      for (guint i = 0; i < G_N_ELEMENTS (near); i++)
        is_near |= near[i] == (gint64) (gintptr) id;
      if (!is_near)
        g_hash_table_iter_remove (&iter);
    }
}

void
fovea_review_page_show_pixels (FoveaReviewPage *self)
{
  gint64 id = id_at (self, fovea_review_get_position (self->review));

  keep_near (self, self->textures);
  keep_near (self, self->failures);
  /* Somebody jumped: what was on its way is not what is looked at. */
  if (self->loading_id != 0 && self->loading_id != id && !g_hash_table_contains (self->textures, (gpointer) (gintptr) id))
    {
      g_cancellable_cancel (self->cancellable);
      g_object_unref (self->cancellable);
      self->cancellable = g_cancellable_new ();
      self->loading_id = 0;
    }
  show (self);
  load_next (self);
}

void
fovea_review_page_init_pixels (FoveaReviewPage *self)
{
  self->textures = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
  self->failures = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->cancellable = g_cancellable_new ();
}

void
fovea_review_page_clear_pixels (FoveaReviewPage *self)
{
  g_cancellable_cancel (self->cancellable);
  g_hash_table_remove_all (self->textures);
  g_hash_table_remove_all (self->failures);
}
