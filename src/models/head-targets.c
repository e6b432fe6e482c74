/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/head-targets.h"

gboolean
fovea_head_row_is_labelled (const gint8 *row, guint k, gboolean exclusive)
{
  for (guint c = 0; c < k; c++)
    if (row[c] > 0 || (row[c] < 0 && !exclusive))
      return TRUE;
  return FALSE;
}

/* [n, n_concepts] effective labels of the rows. */
static gint8 *
effective_labels (const gint8 *labels, guint n_concepts, const gsize *rows, gsize n, const FoveaHeadOptions *options)
{
  gint8 *effective = g_new0 (gint8, MAX (n, 1) * n_concepts);

  for (gsize i = 0; i < n; i++)
    {
      const gint8 *row = rows[i] != G_MAXSIZE ? labels + rows[i] * n_concepts : NULL;

      if (row == NULL || !fovea_head_row_is_labelled (row, n_concepts, options->exclusive))
        continue;
      for (guint c = 0; c < n_concepts; c++)
        effective[i * n_concepts + c] =
          (gint8) fovea_head_effective_label (row[c], options->exclusive, options->assume_negatives);
    }
  return effective;
}

static void
choose_columns (FoveaHeadTargets *self, const gsize *positives, const gsize *negatives, gboolean exclusive)
{
  self->concept_of = g_new0 (guint, self->n_concepts);
  self->constant = g_new0 (float, self->n_concepts);
  for (guint c = 0; c < self->n_concepts; c++)
    {
      self->constant[c] = -1.0f;
      if (positives[c] == 0)
        self->constant[c] = 0.0f;
      else if (!exclusive && negatives[c] == 0)
        self->constant[c] = (float) (positives[c] + 1) / (float) (positives[c] + 2);
      else
        self->concept_of[self->k++] = c;
    }
  self->width = (guint) fovea_matmul_pad (MAX (self->k, 1));
}

/* Weight 1 a row, or n / (k · n_c): scikit-learn's "balanced". A row with several positives gets their mean. */
static void
fill_exclusive (FoveaHeadTargets *self, const gint8 *effective, const gsize *positives, gboolean balanced)
{
  gsize n_labelled = 0;

  for (guint j = 0; j < self->k; j++)
    n_labelled += positives[self->concept_of[j]];
  for (gsize i = 0; i < self->n; i++)
    {
      const gint8 *row = effective + i * self->n_concepts;
      float *target = self->target + i * self->width, *weights = self->weight + i * self->width, weight = 0.0f;
      guint n_positive = 0;

      for (guint j = 0; j < self->k; j++)
        n_positive += row[self->concept_of[j]] > 0;
      if (n_positive == 0)
        continue;
      for (guint j = 0; j < self->k; j++)
        if (row[self->concept_of[j]] > 0)
          {
            gsize count = positives[self->concept_of[j]];

            target[j] = 1.0f / (float) n_positive;
            weight += target[j] * (balanced ? (float) n_labelled / ((float) self->k * (float) count) : 1.0f);
          }
      for (guint j = 0; j < self->k; j++)
        weights[j] = weight;
    }
}

static void
fill_independent (FoveaHeadTargets *self, const gint8 *effective, const gsize *positives, const gsize *negatives, gboolean balanced)
{
  for (guint j = 0; j < self->k; j++)
    {
      guint c = self->concept_of[j];
      float total = (float) (positives[c] + negatives[c]);
      float up = balanced ? total / (2.0f * (float) positives[c]) : 1.0f;
      float down = balanced ? total / (2.0f * (float) negatives[c]) : 1.0f;

      for (gsize i = 0; i < self->n; i++)
        {
          gint8 label = effective[i * self->n_concepts + c];

          self->target[i * self->width + j] = label > 0 ? 1.0f : 0.0f;
          self->weight[i * self->width + j] = label > 0 ? up : label < 0 ? down : 0.0f;
        }
    }
}

FoveaHeadTargets *
fovea_head_targets_new (const gint8 *labels, guint n_concepts, const gsize *rows, gsize n, const FoveaHeadOptions *options)
{
  FoveaHeadTargets *self = g_new0 (FoveaHeadTargets, 1);
  g_autofree gint8 *effective = effective_labels (labels, n_concepts, rows, n, options);
  g_autofree gsize *positives = g_new0 (gsize, n_concepts);
  g_autofree gsize *negatives = g_new0 (gsize, n_concepts);

  self->n = n;
  self->n_concepts = n_concepts;
  for (gsize i = 0; i < n; i++)
    for (guint c = 0; c < n_concepts; c++)
      {
        positives[c] += effective[i * n_concepts + c] > 0;
        negatives[c] += effective[i * n_concepts + c] < 0;
      }
  choose_columns (self, positives, negatives, options->exclusive);
  self->target = g_new0 (float, MAX (n, 1) * self->width);
  self->weight = g_new0 (float, MAX (n, 1) * self->width);
  if (options->exclusive)
    fill_exclusive (self, effective, positives, options->balanced);
  else
    fill_independent (self, effective, positives, negatives, options->balanced);
  return self;
}

void
fovea_head_targets_free (FoveaHeadTargets *targets)
{
  g_free (targets->concept_of);
  g_free (targets->constant);
  g_free (targets->target);
  g_free (targets->weight);
  g_free (targets);
}

void
fovea_head_targets_weigh (const FoveaHeadTargets *targets, double c, float *ret)
{
  for (gsize i = 0; i < targets->n * targets->width; i++)
    ret[i] = targets->weight[i] * (float) c;
}

void
fovea_head_targets_expand (const FoveaHeadTargets *targets, const float *active, float *ret_all)
{
  for (guint c = 0; c < targets->n_concepts; c++)
    ret_all[c] = MAX (targets->constant[c], 0.0f);
  for (guint j = 0; j < targets->k; j++)
    ret_all[targets->concept_of[j]] = active[j];
}
