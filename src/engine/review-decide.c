/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/one-concept-private.h"
#include "engine/review-private.h"

#include <glib/gi18n.h>

#include "store/store-concepts.h"
#include "store/store-undo.h"

void
fovea_decision_free (FoveaDecision *decision)
{
  if (decision == NULL)
    return;
  g_free (decision->name);
  g_free (decision);
}

/* ---- store thread ---- */

/* The store's own copy: the main thread may look at the decision meanwhile. */
typedef struct {
  FoveaDecision decision;
  char *name;
} Writing;

static void
writing_free (gpointer data)
{
  g_free (((Writing *) data)->name);
  g_free (data);
}

/* What undo will offer: "accept hat". */
static char *
dup_text (FoveaStore *store, const FoveaDecision *decision)
{
  g_autoptr (FoveaStoreConcept) concept = fovea_store_get_concept (store, decision->concept, NULL);
  const char *name = concept != NULL ? concept->name : "";

  switch (decision->verdict)
    {
    case FOVEA_REVIEW_ACCEPTED:
      return g_strdup_printf (decision->is ? _("accept %s") : _("accept not %s"), name);
    case FOVEA_REVIEW_REJECTED:
      return g_strdup_printf (decision->is ? _("keep %s") : _("reject %s"), name);
    case FOVEA_REVIEW_CORRECTED:
    case FOVEA_REVIEW_OPEN:
    case FOVEA_REVIEW_SKIPPED:
    default:
      return g_strdup_printf (_("correct to %s"), decision->name);
    }
}

/* What model versions said of the picture has been looked at: what the decision agrees with is fine, what it contradicts is
 * denied. Other independent concepts keep waiting. */
static gboolean
settle_predictions (FoveaStore *store, const FoveaDecision *decision, GError **error)
{
  g_autoptr (GArray) said = fovea_store_get_labels (store, &decision->id, 1, -1, error);
  guint n = 0;

  if (said == NULL)
    return FALSE;
  for (guint i = 0; i < said->len; i++)
    {
      FoveaStoreAnnotation one = g_array_index (said, FoveaStoreAnnotation, i);
      gboolean about = one.concept == decision->concept;

      if (one.version == 0 || one.region != 0 || one.status != FOVEA_STORE_ANNOTATION_AWAITING_REVIEW
          || (!about && decision->verdict != FOVEA_REVIEW_CORRECTED))
        continue;
      one.status = about && (one.value == 1) == decision->is ? FOVEA_STORE_ANNOTATION_SUCCESS : FOVEA_STORE_ANNOTATION_REVIEW_DENIED;
      g_array_index (said, FoveaStoreAnnotation, n++) = one;
    }
  return fovea_store_put_annotations (store, (const FoveaStoreAnnotation *) (gpointer) said->data, n, NULL, error);
}

/* A picture of which a person has said what it shows is complete; "not this" alone leaves it in progress. */
static gboolean
set_state (FoveaStore *store, FoveaDecision *decision, GError **error)
{
  g_autoptr (GArray) said = fovea_store_get_labels (store, &decision->id, 1, 0, error);

  if (said == NULL)
    return FALSE;
  decision->state = decision->verdict == FOVEA_REVIEW_REJECTED ? FOVEA_STORE_INPUT_IN_PROGRESS : FOVEA_STORE_INPUT_COMPLETE;
  for (guint i = 0; i < said->len; i++)
    if (g_array_index (said, FoveaStoreAnnotation, i).region == 0 && g_array_index (said, FoveaStoreAnnotation, i).value == 1)
      decision->state = FOVEA_STORE_INPUT_COMPLETE;
  return fovea_store_set_state (store, &decision->id, 1, decision->state, NULL, error);
}

static gboolean
apply (FoveaStore *store, FoveaDecision *decision, GError **error)
{
  return (decision->instead_of == 0 || fovea_store_clear_labels (store, &decision->id, 1, decision->instead_of, NULL, error))
         && (decision->restores == 0 || fovea_store_label_inputs (store, &decision->id, 1, decision->restores, 1, 0, NULL, error))
         && (!decision->is || fovea_one_concept_apply (store, &decision->id, 1, decision->concept, NULL, error))
         && fovea_store_label_inputs (store, &decision->id, 1, decision->concept, decision->is, 0, NULL, error)
         && settle_predictions (store, decision, error) && set_state (store, decision, error);
}

static gboolean
write_decision (FoveaStore *store, gpointer data, GError **error)
{
  FoveaDecision *decision = &((Writing *) data)->decision;
  g_autofree char *text = NULL;

  if (decision->verdict != FOVEA_REVIEW_CORRECTED || fovea_store_find_concept (store, decision->name, &decision->concept, NULL))
    text = dup_text (store, decision);
  else
    text = g_strdup_printf (_("correct to %s"), decision->name);
  if (!fovea_store_begin_command (store, text, error))
    return FALSE;
  if ((decision->concept != 0 || fovea_store_ensure_concept (store, NULL, decision->name, &decision->concept, error))
      && apply (store, decision, error))
    return fovea_store_commit_command (store, NULL, error);
  fovea_store_rollback_command (store);
  return FALSE;
}

/* ---- main thread ---- */

void
fovea_decision_write_async (FoveaDecision *decision, FoveaProject *project, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (project, NULL, callback, data);
  Writing *writing = g_new0 (Writing, 1);

  writing->decision = *decision;
  writing->decision.name = writing->name = g_strdup (decision->name);
  g_task_set_task_data (task, writing, writing_free);
  fovea_core_write_only_task (fovea_project_get_core (project), FOVEA_CHANGED_INPUTS | FOVEA_CHANGED_LABELS | FOVEA_CHANGED_MODELS, task,
                              write_decision);
}

gboolean
fovea_decision_write_finish (FoveaDecision *decision, GAsyncResult *result, GError **error)
{
  Writing *writing = g_task_propagate_pointer (G_TASK (result), error);

  if (writing == NULL)
    return FALSE;
  decision->concept = writing->decision.concept;
  decision->state = writing->decision.state;
  decision->written = TRUE;
  return TRUE;
}

/* ---- whether decisions still stand ---- */

typedef struct {
  FoveaDecisionCheck checks[2];
} Checking;

static gboolean
holds (FoveaStore *store, const FoveaDecisionCheck *check)
{
  g_autoptr (GArray) said = fovea_store_get_labels (store, &check->id, 1, 0, NULL);
  g_autoptr (FoveaStoreInput) input = fovea_store_get_input (store, check->id, NULL);

  for (guint i = 0; said != NULL && input != NULL && i < said->len; i++)
    {
      const FoveaStoreAnnotation *one = &g_array_index (said, FoveaStoreAnnotation, i);

      if (one->region == 0 && one->concept == check->concept)
        return (one->value == 1) == check->is && input->state == check->state;
    }
  return FALSE;
}

static gboolean
check_decisions (FoveaStore *store, gpointer data, GError **error)
{
  Checking *checking = data;

  for (guint i = 0; i < G_N_ELEMENTS (checking->checks); i++)
    checking->checks[i].holds = checking->checks[i].id != 0 && holds (store, &checking->checks[i]);
  return TRUE;
}

void
fovea_decision_check_async (const FoveaDecision *const decisions[2], FoveaProject *project, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (project, NULL, callback, data);
  Checking *checking = g_new0 (Checking, 1);

  for (guint i = 0; i < 2; i++)
    if (decisions[i] != NULL)
      checking->checks[i] = (FoveaDecisionCheck){ .decision = decisions[i], .id = decisions[i]->id, .concept = decisions[i]->concept,
                                                  .is = decisions[i]->is, .state = decisions[i]->state };
  g_task_set_task_data (task, checking, g_free);
  fovea_core_read_task (fovea_project_get_core (project), task, check_decisions);
}

const FoveaDecisionCheck *
fovea_decision_check_finish (GAsyncResult *result, GError **error)
{
  Checking *checking = g_task_propagate_pointer (G_TASK (result), error);

  return checking != NULL ? checking->checks : NULL;
}
