/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/opinions.h"

struct _FoveaOpinions {
  GObject parent_instance;
  FoveaEvaluation *evaluation;
  int concept;
  FoveaConceptList *concepts;
  GHashTable *rows; /* picture id → row + 1 */
};

G_DEFINE_FINAL_TYPE (FoveaOpinions, fovea_opinions, G_TYPE_OBJECT)

FoveaConcept *
fovea_opinions_look_up (FoveaOpinions *self, gint64 picture_id, double *ret_value)
{
  gsize row = GPOINTER_TO_SIZE (g_hash_table_lookup (self->rows, (gpointer) (gintptr) picture_id));
  FoveaConcept *found;
  guint concept;

  if (row == 0)
    return NULL;
  concept = self->concept >= 0 ? (guint) self->concept : fovea_evaluation_get_answer (self->evaluation, row - 1);
  found = fovea_concept_list_lookup_name (self->concepts, fovea_evaluation_get_concept_name (self->evaluation, concept));
  if (found != NULL)
    *ret_value = (double) fovea_evaluation_get_probability (self->evaluation, row - 1, concept);
  return found;
}

static void
opinions_finalize (GObject *object)
{
  FoveaOpinions *self = FOVEA_OPINIONS (object);

  fovea_evaluation_unref (self->evaluation);
  g_object_unref (self->concepts);
  g_hash_table_unref (self->rows);
  G_OBJECT_CLASS (fovea_opinions_parent_class)->finalize (object);
}

static void
fovea_opinions_class_init (FoveaOpinionsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = opinions_finalize;
}

static void
fovea_opinions_init (FoveaOpinions *self)
{
  self->rows = g_hash_table_new (NULL, NULL);
}

FoveaOpinions *
fovea_opinions_new (FoveaEvaluation *evaluation, int concept, FoveaConceptList *concepts)
{
  FoveaOpinions *self = g_object_new (FOVEA_TYPE_OPINIONS, NULL);

  self->evaluation = fovea_evaluation_ref (evaluation);
  self->concept = concept;
  self->concepts = g_object_ref (concepts);
  for (gsize row = 0; row < fovea_evaluation_get_n_rows (evaluation); row++)
    g_hash_table_insert (self->rows, (gpointer) (gintptr) fovea_evaluation_get_id (evaluation, row), GSIZE_TO_POINTER (row + 1));
  return self;
}
