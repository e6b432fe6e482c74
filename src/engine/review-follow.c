/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decisions of a sitting, and how the review follows when they are undone or done again. */
#include "engine/review-private.h"

/* ---- decisions ---- */

/* The newest decision on a picture in this sitting; (nullable). */
static const FoveaDecision *
find_decision (FoveaReview *self, gint64 id)
{
  for (guint i = self->done->len; i-- > 0;)
    if (((FoveaDecision *) g_ptr_array_index (self->done, i))->id == id)
      return g_ptr_array_index (self->done, i);
  return NULL;
}

static void
show_verdict (FoveaReview *self, gint64 id)
{
  const FoveaDecision *decision = find_decision (self, id);

  if (decision != NULL)
    g_hash_table_insert (self->verdicts, (gpointer) (gintptr) id, GINT_TO_POINTER (decision->verdict));
  else
    g_hash_table_remove (self->verdicts, (gpointer) (gintptr) id);
}

static gboolean
is_newest (const GPtrArray *decisions, const FoveaDecisionCheck *check)
{
  return check->decision != NULL && decisions->len > 0 && g_ptr_array_index (decisions, decisions->len - 1) == check->decision;
}

/* TRUE: one more decision was undone, or done again; there may be more. */
static gboolean
follow_checks (FoveaReview *self, const FoveaDecisionCheck *checks)
{
  guint position;

  if (is_newest (self->done, &checks[0]) && !checks[0].holds)
    {
      g_ptr_array_add (self->undone, g_ptr_array_steal_index (self->done, self->done->len - 1));
      show_verdict (self, checks[0].id);
      if (fovea_review_find (self, checks[0].id, &position))
        fovea_review_set_position (self, position);
      return TRUE;
    }
  if (is_newest (self->undone, &checks[1]) && checks[1].holds)
    {
      g_ptr_array_add (self->done, g_ptr_array_steal_index (self->undone, self->undone->len - 1));
      show_verdict (self, checks[1].id);
      if (fovea_review_find (self, checks[1].id, &position) && position == self->position)
        fovea_review_go_on (self);
      return TRUE;
    }
  return FALSE;
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaReview) self = data;
  const FoveaDecisionCheck *checks = fovea_decision_check_finish (result, NULL);
  gboolean more;

  self->checking = FALSE;
  if (self->closed || checks == NULL)
    return;
  more = follow_checks (self, checks);
  if (more || self->check_again)
    fovea_review_follow (self);
}

void
fovea_review_follow (FoveaReview *self)
{
  FoveaDecision *newest = self->done->len > 0 ? g_ptr_array_index (self->done, self->done->len - 1) : NULL;
  const FoveaDecision *both[2] = { newest != NULL && newest->written ? newest : NULL,
                                   self->undone->len > 0 ? g_ptr_array_index (self->undone, self->undone->len - 1) : NULL };

  self->check_again = self->checking;
  if (self->checking || self->closed || (both[0] == NULL && both[1] == NULL))
    return;
  self->checking = TRUE;
  fovea_decision_check_async (both, self->project, on_checked, g_object_ref (self));
}

typedef struct {
  FoveaReview *review;
  FoveaDecision *decision; /* borrowed: of the review's stack, which keeps what is not written yet */
} Written;

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Written *written = data;
  g_autoptr (FoveaReview) self = written->review;
  g_autoptr (GError) error = NULL;
  guint position;

  if (self->closed)
    return;
  if (!fovea_decision_write_finish (written->decision, result, &error))
    {
      gint64 id = written->decision->id;

      g_ptr_array_remove (self->done, written->decision);
      show_verdict (self, id);
      if (fovea_review_find (self, id, &position))
        fovea_review_set_position (self, position);
      fovea_review_emit_failed (self, error);
    }
  fovea_review_follow (self);
}

static void
decide (FoveaReview *self, FoveaDecision *decision)
{
  const FoveaDecision *before = find_decision (self, decision->id);
  Written *written = g_new0 (Written, 1);

  if (before != NULL && before->is && before->concept != decision->concept)
    decision->instead_of = before->concept;
  if (before != NULL && before->instead_of != 0 && decision->verdict == FOVEA_REVIEW_REJECTED)
    {
      decision->restores = before->instead_of;
      decision->instead_of = 0;
    }
  g_ptr_array_set_size (self->undone, 0);
  g_ptr_array_add (self->done, decision);
  g_hash_table_insert (self->verdicts, (gpointer) (gintptr) decision->id, GINT_TO_POINTER (decision->verdict));
  written->review = g_object_ref (self);
  written->decision = decision;
  fovea_decision_write_async (decision, self->project, on_written, written);
  fovea_review_go_on (self);
}

static gboolean
decide_suggestion (FoveaReview *self, FoveaReviewVerdict verdict)
{
  FoveaSuggestion suggestion;
  FoveaDecision *decision;
  const FoveaLabelError *error;

  if (self->closed || fovea_project_get_read_only (self->project)
      || !fovea_review_get_suggestion (self, self->position, &suggestion))
    return FALSE;
  decision = g_new0 (FoveaDecision, 1);
  decision->id = fovea_review_get_id (self, self->position);
  decision->value = suggestion.value;
  decision->verdict = verdict;
  decision->concept = fovea_concept_get_id (suggestion.concept);
  decision->is = suggestion.is == (verdict == FOVEA_REVIEW_ACCEPTED);
  error = fovea_review_get_error (self, decision->id);
  if (error != NULL && verdict == FOVEA_REVIEW_ACCEPTED && self->errors->exclusive)
    decision->instead_of = error->given;
  decide (self, decision);
  return TRUE;
}

gboolean
fovea_review_accept (FoveaReview *self)
{
  return decide_suggestion (self, FOVEA_REVIEW_ACCEPTED);
}

gboolean
fovea_review_reject (FoveaReview *self)
{
  return decide_suggestion (self, FOVEA_REVIEW_REJECTED);
}

gboolean
fovea_review_correct (FoveaReview *self, const char *concept)
{
  FoveaConcept *known = fovea_concept_list_lookup_name (fovea_project_get_concepts (self->project), concept);
  FoveaSuggestion suggestion;
  FoveaDecision *decision;
  const FoveaLabelError *error;

  if (self->closed || self->position >= self->ids->len || fovea_project_get_read_only (self->project))
    return FALSE;
  if (fovea_review_get_suggestion (self, self->position, &suggestion) && suggestion.concept == known && suggestion.is)
    return fovea_review_accept (self);
  decision = g_new0 (FoveaDecision, 1);
  decision->id = fovea_review_get_id (self, self->position);
  decision->value = suggestion.value;
  decision->verdict = FOVEA_REVIEW_CORRECTED;
  decision->name = g_strdup (concept);
  decision->concept = known != NULL ? fovea_concept_get_id (known) : 0;
  decision->is = TRUE;
  error = fovea_review_get_error (self, decision->id);
  if (error != NULL && self->errors->exclusive)
    decision->instead_of = error->given;
  decide (self, decision);
  return TRUE;
}

gboolean
fovea_review_skip (FoveaReview *self)
{
  gint64 id;

  if (self->closed || self->position >= self->ids->len)
    return FALSE;
  id = fovea_review_get_id (self, self->position);
  if (fovea_review_get_verdict_of (self, id) == FOVEA_REVIEW_OPEN)
    g_hash_table_insert (self->verdicts, (gpointer) (gintptr) id, GINT_TO_POINTER (FOVEA_REVIEW_SKIPPED));
  fovea_review_go_on (self);
  return TRUE;
}
