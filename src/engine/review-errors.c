/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Label errors for a review: looked for off the main thread, kept until labels change. */
#include "engine/review-private.h"

/* ---- label errors ---- */

typedef struct {
  FoveaReview *review;
  FoveaStore *reader;
  FoveaScheduler *scheduler;
  const FoveaLabelErrors *known; /* the review keeps it while a search runs */
  GCancellable *cancellable;
  GMainContext *context;
  FoveaLabelErrors *found;
  GError *error;
} ErrorSearch;

static void
index_errors (FoveaReview *self)
{
  g_hash_table_remove_all (self->error_at);
  for (guint i = 0; self->errors != NULL && i < self->errors->errors->len; i++)
    {
      gpointer id = (gpointer) (gintptr) g_array_index (self->errors->errors, FoveaLabelError, i).id;

      /* Of several suspected labels of a picture the worst is asked for. */
      if (!g_hash_table_contains (self->error_at, id))
        g_hash_table_insert (self->error_at, id, GUINT_TO_POINTER (i + 1));
    }
}

static gboolean
on_searched (gpointer data)
{
  ErrorSearch *search = data;
  FoveaReview *self = search->review;

  if (!self->closed)
    {
      g_clear_pointer (&self->worker, g_thread_join);
      self->searching = FALSE;
      g_free (self->problem);
      self->problem = g_strdup (search->error != NULL ? search->error->message : "");
      if (search->found != NULL || search->error != NULL)
        {
          g_clear_pointer (&self->errors, fovea_label_errors_free);
          self->errors = g_steal_pointer (&search->found);
          index_errors (self);
        }
      if (self->order == FOVEA_REVIEW_LABEL_ERRORS)
        fovea_review_rebuild (self);
      fovea_review_notify_loading (self);
      fovea_review_emit_changed (self);
    }
  g_clear_pointer (&search->found, fovea_label_errors_free);
  g_clear_error (&search->error);
  g_object_unref (search->cancellable);
  fovea_scheduler_unref (search->scheduler);
  g_main_context_unref (search->context);
  g_object_unref (self);
  g_free (search);
  return G_SOURCE_REMOVE;
}

static gpointer
search_on_worker (gpointer data)
{
  ErrorSearch *search = data;
  g_autoptr (GSource) idle = g_idle_source_new ();

  search->found = fovea_label_errors_find (search->reader, search->scheduler, search->known, search->cancellable, &search->error);
  g_clear_pointer (&search->reader, fovea_store_free);
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, on_searched, search, NULL);
  g_source_attach (idle, search->context);
  return NULL;
}

void
fovea_review_search_errors (FoveaReview *self)
{
  FoveaCore *core = fovea_project_get_core (self->project);
  g_autoptr (GError) error = NULL;
  FoveaStore *reader;
  ErrorSearch *search;

  if (self->searching)
    return;
  reader = fovea_core_open_reader (core, &error);
  if (reader == NULL)
    {
      g_free (self->problem);
      self->problem = g_strdup (error->message);
      return;
    }
  search = g_new0 (ErrorSearch, 1);
  search->review = g_object_ref (self);
  search->reader = reader;
  search->scheduler = fovea_scheduler_ref (fovea_core_get_scheduler (core));
  search->known = self->errors;
  search->cancellable = g_object_ref (self->cancellable);
  search->context = g_main_context_ref_thread_default ();
  self->searching = TRUE;
  self->worker = g_thread_new ("label-errors", search_on_worker, search);
}

const FoveaLabelError *
fovea_review_get_error (FoveaReview *self, gint64 id)
{
  guint at = GPOINTER_TO_UINT (g_hash_table_lookup (self->error_at, (gpointer) (gintptr) id));

  return self->order == FOVEA_REVIEW_LABEL_ERRORS && at > 0 ? &g_array_index (self->errors->errors, FoveaLabelError, at - 1) : NULL;
}
