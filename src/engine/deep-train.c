/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/deep-private.h"

#include <glib/gi18n.h>

#include "engine/engine-error.h"
#include "models/network.h"
#include "models/visual-classifier.h"
#include "models/visual-embedder.h"

static char *
dup_checkpoint_path (FoveaTraining *training)
{
  return fovea_checkpoint_dup_path (fovea_core_get_path (training->core), training->model_id);
}

void
fovea_deep_train_forget (FoveaTraining *training)
{
  g_autofree char *path = dup_checkpoint_path (training);

  fovea_checkpoint_remove (path);
}

/* --- the version --- */

static const char *
title_of (const FoveaDeep *deep)
{
  static const char *const titles[] = {
    [FOVEA_TEMPLATE_EFFICIENTNET_LITE0] = "EfficientNet-Lite0 trained on with Fovea",
    [FOVEA_TEMPLATE_EFFICIENTNET_LITE2] = "EfficientNet-Lite2 trained on with Fovea",
    [FOVEA_TEMPLATE_EFFICIENTNET_LITE0_SCRATCH] = "EfficientNet-Lite0 trained from scratch with Fovea",
    [FOVEA_TEMPLATE_SMALL_SCRATCH] = "Small network trained from scratch with Fovea",
  };

  return titles[deep->options.template];
}

/* An embedder is its network; a classifier has a head on it, too. */
static gboolean
split (gpointer data, GCancellable *cancellable, GError **error)
{
  FoveaDeep *deep = data;
  FoveaTraining *training = deep->training;
  g_autoptr (FoveaPack) pack = NULL;
  g_autoptr (FoveaHead) head = NULL;
  g_autoptr (GPtrArray) labels = fovea_training_dup_labels (training);

  if (deep->options.metric.wanted)
    training->network = fovea_network_to_embedder (deep->best.graph, training->version_id, title_of (deep), error);
  else if (!fovea_network_split (deep->best.graph, training->version_id, title_of (deep), deep->options.exclusive, &training->network, &head, error))
    return FALSE;
  pack = training->network != NULL ? fovea_pack_new_from_bytes (training->network, training->version_id, error) : NULL;
  if (pack == NULL || head == NULL)
    return pack != NULL;
  training->predictor = fovea_predictor_new_head (head, labels, fovea_pack_get_name (pack), fovea_pack_get_hash (pack));
  return TRUE;
}

static void
describe (FoveaDeep *deep)
{
  GString *log = deep->training->log;
  const double pictures = (double) (deep->stage_first + deep->step) * deep->options.batch_size;

  g_string_append_printf (log, "%s, %s, ", fovea_template_names[deep->options.template], deep->options.bf16 ? "bf16" : "f32");
  if (deep->options.metric.wanted)
    g_string_append_printf (log, "%s, scale %g, margin %g\n", deep->options.metric.loss == FOVEA_LOSS_ARC ? "arcface" : "proxy-anchor",
                            deep->options.metric.scale, deep->options.metric.margin);
  else
    g_string_append_printf (log, "%s concepts\n", deep->options.exclusive ? "exclusive" : "independent");
  g_string_append_printf (log, "%u pictures learned from, %u held out\n", fovea_training_pictures_get_n (deep->pictures),
                          fovea_training_pictures_get_n_held_out (deep->pictures));
  for (guint i = 0; i <= deep->stage; i++)
    g_string_append_printf (log, "stage %u: %" G_GUINT64_FORMAT " steps of %u, rates %g and %g\n", i + 1, deep->plan.stages[i].n_steps,
                            deep->options.batch_size, deep->plan.stages[i].head_rate, deep->plan.stages[i].backbone_rate);
  g_string_append_printf (log, "%.1f pictures/s over all, %.1f s waited for pictures, estimated %.0f s\n",
                          pictures / MAX (0.001, fovea_deep_elapsed_s (deep)), deep->waited_s, deep->estimate_s);
  if (deep->stopped_early)
    g_string_append_printf (log, "stopped early: no better for %u validations\n", deep->n_worse);
  if (deep->best.probabilities != NULL)
    g_string_append_printf (log, "kept step %" G_GUINT64_FORMAT ": accuracy %.3f, loss %.3f on the pictures held out\n", deep->best.step,
                            deep->best.accuracy, deep->best.loss);
  if (deep->best.found != NULL)
    g_string_append_printf (log, "kept step %" G_GUINT64_FORMAT ": recall@1 %.3f, mAP@R %.3f among the pictures held out\n", deep->best.step,
                            deep->best.accuracy, 1 - deep->best.loss);
}

/* --- from the beginning, or on --- */

static void
say_estimate (FoveaDeep *deep)
{
  g_autofree char *text = NULL;
  double seconds = deep->step_seconds * (double) fovea_deep_total_steps (deep) * 1.05;

  deep->estimate_s = fovea_deep_elapsed_s (deep) + seconds;
  text = g_strdup_printf (ngettext ("%u step, about %.0f s", "%u steps, about %.0f s", (guint) fovea_deep_total_steps (deep)),
                          (guint) fovea_deep_total_steps (deep), seconds);
  fovea_job_set_detail (deep->training->job, text);
}

static gboolean
begin (FoveaDeep *deep, GError **error)
{
  fovea_job_set_detail (deep->training->job, _("Preparing the network"));
  if (!fovea_deep_make_network (deep, error))
    return FALSE;
  if (deep->training->resume)
    return fovea_deep_load (deep, error);
  if (!fovea_deep_add_outputs (deep, error))
    return FALSE;
  fovea_checkpoint_remove (deep->checkpoint_path);
  fovea_job_set_detail (deep->training->job, _("Measuring how long a step takes"));
  if (!fovea_deep_make_plan (deep, error))
    return FALSE;
  say_estimate (deep);
  return TRUE;
}

static void
deep_clear (FoveaDeep *deep)
{
  g_clear_pointer (&deep->trainer, fovea_trainer_free);
  g_clear_pointer (&deep->pictures, fovea_training_pictures_free);
  g_clear_pointer (&deep->network, fovea_graph_unref);
  fovea_deep_best_clear (&deep->best);
  g_clear_pointer (&deep->least_losses, g_array_unref);
  g_clear_pointer (&deep->good_state, g_bytes_unref);
  for (guint i = 0; i < deep->n; i++)
    g_free (deep->paths[i]);
  g_free (deep->paths);
  g_free (deep->sha256);
  g_free (deep->ids);
  g_free (deep->truth);
  g_free (deep->targets);
  g_free (deep->concept_weights);
  g_free (deep->checkpoint_path);
  if (deep->reserved_bytes > 0)
    fovea_scheduler_release (fovea_core_get_scheduler (deep->training->core), deep->reserved_bytes);
}

static void
read_options (FoveaDeep *deep)
{
  FoveaModelType *type = deep->training->state->type;
  const FoveaMetricOptions *metric = &deep->options.metric;

  if (FOVEA_IS_VISUAL_EMBEDDER (type))
    fovea_visual_embedder_get_options (FOVEA_VISUAL_EMBEDDER (type), &deep->options);
  else
    fovea_visual_classifier_get_options (FOVEA_VISUAL_CLASSIFIER (type), &deep->options);
  deep->loss = (FoveaLoss) { .kind = metric->wanted ? metric->loss : deep->options.exclusive ? FOVEA_LOSS_SOFTMAX : FOVEA_LOSS_SIGMOID,
                             .label_smoothing = (float) deep->options.label_smoothing,
                             .scale = (float) metric->scale,
                             .margin = (float) metric->margin };
}

gboolean
fovea_deep_train (FoveaTraining *training, GError **error)
{
  FoveaDeep deep = { .training = training, .n_concepts = training->rows->n_concepts, .checkpoint_path = dup_checkpoint_path (training) };
  gboolean ok;

  read_options (&deep);
  ok = begin (&deep, error) && fovea_deep_run_stages (&deep, error) && fovea_deep_run_unit (&deep, split, &deep, error);
  if (ok)
    {
      fovea_deep_evaluate (&deep);
      training->deep = fovea_deep_dup_json (&deep);
      describe (&deep);
    }
  deep_clear (&deep);
  return ok;
}
