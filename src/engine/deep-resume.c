/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written so that a training can go on after the program was killed, and taking it up again. */
#include <math.h>
#include <string.h>

#include "engine/deep-private.h"
#include "engine/engine-error.h"
#include "engine/status-private.h"
#include "models/params.h"
#include "nn/onnx.h"

#define FORMAT 2

/* Which pictures are held out, and what is true of them. */
static char *
dup_held_out_hash (FoveaDeep *deep)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < fovea_training_pictures_get_n_held_out (deep->pictures); i++)
    {
      const gsize row = fovea_training_pictures_get_row (deep->pictures, TRUE, i);

      g_checksum_update (sum, deep->sha256 + 32 * row, 32);
      g_checksum_update (sum, (const guchar *) deep->truth + row * deep->n_concepts, (gssize) deep->n_concepts);
    }
  return g_strdup (g_checksum_get_string (sum));
}

/* Of all that must be the same: pictures, labels, concepts and parameters, but for how long it may take. */
static char *
dup_key (FoveaDeep *deep)
{
  g_autofree char *held_out = dup_held_out_hash (deep);
  g_autoptr (JsonNode) params = fovea_params_to_json (G_OBJECT (deep->training->state->type));
  g_autofree char *data = fovea_training_dup_data_hash (deep->training);
  g_autofree char *text = NULL, *all = NULL;

  json_object_remove_member (json_node_get_object (params), "time_limit");
  text = fovea_json_to_string (params);
  all = g_strconcat (data, held_out, text, NULL);
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, all, -1);
}

static JsonArray *
plan_to_json (const FoveaDeepPlan *plan)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < plan->n_stages; i++)
    {
      JsonObject *stage = json_object_new ();

      json_object_set_int_member (stage, "steps", (gint64) plan->stages[i].n_steps);
      json_object_set_double_member (stage, "head_rate", plan->stages[i].head_rate);
      json_object_set_double_member (stage, "backbone_rate", plan->stages[i].backbone_rate);
      json_array_add_object_element (array, stage);
    }
  return array;
}

/* A number of JSON may not be NaN. */
static void
set_number (JsonObject *object, const char *name, double value)
{
  if (isfinite (value))
    json_object_set_double_member (object, name, value);
}

static JsonArray *
points_to_json (FoveaDeep *deep)
{
  JsonArray *array = json_array_new ();
  FoveaTrainingPoint point;

  for (guint i = 0; fovea_job_get_training_point (deep->training->job, i, &point); i++)
    {
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "step", (gint64) point.step);
      set_number (object, "loss", point.loss);
      set_number (object, "learning_rate", point.learning_rate);
      set_number (object, "validation_loss", point.validation_loss);
      set_number (object, "validation_accuracy", point.validation_accuracy);
      json_array_add_object_element (array, object);
    }
  return array;
}

/* A number of JSON may not be NaN. */
static JsonArray *
losses_to_json (const FoveaDeep *deep)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; deep->least_losses != NULL && i < deep->least_losses->len; i++)
    {
      const double loss = g_array_index (deep->least_losses, double, i);

      json_array_add_double_element (array, isfinite (loss) ? loss : G_MAXDOUBLE);
    }
  return array;
}

JsonObject *
fovea_deep_dup_json (FoveaDeep *deep)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "template", fovea_template_names[deep->options.template]);
  json_object_set_string_member (object, "precision", deep->options.bf16 ? "bf16" : "f32");
  json_object_set_int_member (object, "pictures", fovea_training_pictures_get_n (deep->pictures));
  json_object_set_int_member (object, "held_out", fovea_training_pictures_get_n_held_out (deep->pictures));
  json_object_set_array_member (object, "stages", plan_to_json (&deep->plan));
  json_object_set_int_member (object, "steps", (gint64) (deep->stage_first + deep->step));
  set_number (object, "seconds", fovea_deep_elapsed_s (deep));
  set_number (object, "estimated_seconds", deep->estimate_s);
  set_number (object, "waited_for_pictures_seconds", deep->waited_s);
  json_object_set_int_member (object, "parts", (gint64) deep->memory.n_parts);
  json_object_set_int_member (object, "went_back", deep->n_rolled_back);
  json_object_set_boolean_member (object, "stopped_early", deep->stopped_early);
  json_object_set_int_member (object, "best_step", (gint64) deep->best.step);
  set_number (object, "validation_loss", deep->best.loss);
  set_number (object, "validation_accuracy", deep->best.accuracy);
  json_object_set_array_member (object, "curve", points_to_json (deep));
  return object;
}

gboolean
fovea_deep_save (FoveaDeep *deep, GError **error)
{
  g_autofree char *key = dup_key (deep);
  g_auto (FoveaCheckpoint) checkpoint = { 0 };
  JsonObject *header = fovea_deep_dup_json (deep);

  json_object_set_int_member (header, "format", FORMAT);
  json_object_set_string_member (header, "key", key);
  json_object_set_int_member (header, "batch_size", deep->options.batch_size);
  json_object_set_int_member (header, "stage", deep->stage);
  json_object_set_int_member (header, "step", (gint64) deep->good_step);
  json_object_set_int_member (header, "stage_first", (gint64) deep->stage_first);
  set_number (header, "least_loss", deep->least_loss);
  json_object_set_array_member (header, "least_losses", losses_to_json (deep));
  json_object_set_int_member (header, "worse", deep->n_worse);
  checkpoint.header = header;
  checkpoint.state = g_bytes_ref (deep->good_state);
  checkpoint.best = deep->best.graph != NULL ? fovea_onnx_save_bytes (deep->best.graph, error) : g_bytes_new_static ("", 0);
  return checkpoint.best != NULL && fovea_checkpoint_save (deep->checkpoint_path, &checkpoint, error);
}

/* --- reading --- */

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, "The training cannot go on: %s; train without --resume to start over", why);
  return FALSE;
}

static gint64
get_int (JsonObject *object, const char *name)
{
  return json_object_get_int_member_with_default (object, name, -1);
}

static double
get_number (JsonObject *object, const char *name)
{
  return json_object_get_double_member_with_default (object, name, NAN);
}

static gboolean
read_plan (FoveaDeep *deep, JsonObject *header)
{
  JsonNode *node = json_object_get_member (header, "stages");
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  const gint64 stage = get_int (header, "stage"), step = get_int (header, "step"), first = get_int (header, "stage_first");

  if (array == NULL || json_array_get_length (array) < 1 || json_array_get_length (array) > FOVEA_DEEP_MAX_STAGES)
    return FALSE;
  deep->plan.n_stages = json_array_get_length (array);
  for (guint i = 0; i < deep->plan.n_stages; i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      JsonObject *object = JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
      FoveaDeepStage *at = &deep->plan.stages[i];

      if (object == NULL || get_int (object, "steps") < (i == stage ? 1 : 0))
        return FALSE;
      at->n_steps = (guint64) get_int (object, "steps");
      at->head_rate = get_number (object, "head_rate");
      at->backbone_rate = get_number (object, "backbone_rate");
      if (!(at->head_rate >= 0) || !(at->backbone_rate >= 0))
        return FALSE;
    }
  if (stage < 0 || stage >= deep->plan.n_stages || step < 0 || (guint64) step > deep->plan.stages[stage].n_steps || first < 0
      || first > G_MAXUINT32 || deep->plan.stages[stage].n_steps > G_MAXUINT32)
    return FALSE;
  deep->stage = (guint) stage;
  deep->step = (guint64) step;
  deep->stage_first = (guint64) first;
  return TRUE;
}

static void
read_points (FoveaDeep *deep, JsonObject *header)
{
  JsonNode *node = json_object_get_member (header, "curve");
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      JsonObject *object = JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
      FoveaTrainingPoint point;

      if (object == NULL || get_int (object, "step") < 0)
        continue;
      point = (FoveaTrainingPoint) { (guint64) get_int (object, "step"), get_number (object, "loss"), get_number (object, "learning_rate"),
                                     get_number (object, "validation_loss"), get_number (object, "validation_accuracy") };
      /* Steps since the state was kept are taken again. */
      if (point.step > deep->stage_first + deep->step)
        break;
      fovea_job_add_training_point (deep->training->job, &point);
      if (isfinite (point.loss))
        deep->next_point = point.step + fovea_deep_point_interval (deep);
    }
}

typedef struct {
  FoveaDeep *deep;
  FoveaCheckpoint *checkpoint;
} Loading;

static gboolean
load_trainer (gpointer data, GCancellable *cancellable, GError **error)
{
  Loading *self = data;

  if (!fovea_trainer_load_state (self->deep->trainer, self->checkpoint->state, error))
    return FALSE;
  if (g_bytes_get_size (self->checkpoint->best) > 0)
    self->deep->best.graph = fovea_onnx_load_bytes (self->checkpoint->best, error);
  return g_bytes_get_size (self->checkpoint->best) == 0 || self->deep->best.graph != NULL;
}

static void
read_best (FoveaDeep *deep, JsonObject *header)
{
  deep->best.step = (guint64) MAX (0, get_int (header, "best_step"));
  deep->best.loss = get_number (header, "validation_loss");
  deep->best.accuracy = get_number (header, "validation_accuracy");
  deep->least_loss = get_number (header, "least_loss");
  deep->n_worse = (guint) CLAMP (get_int (header, "worse"), 0, G_MAXINT);
  deep->n_rolled_back = (guint) CLAMP (get_int (header, "went_back"), 0, G_MAXINT);
  deep->elapsed_before_s = MAX (0, get_number (header, "seconds"));
}

static gboolean
read_losses (FoveaDeep *deep, JsonObject *header)
{
  JsonNode *node = json_object_get_member (header, "least_losses");
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (array == NULL)
    return FALSE;
  deep->least_losses = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      double loss;

      if (!JSON_NODE_HOLDS_VALUE (element))
        return FALSE;
      loss = json_node_get_double (element);
      if (!isfinite (loss))
        return FALSE;
      g_array_append_val (deep->least_losses, loss);
    }
  return TRUE;
}

gboolean
fovea_deep_read_header (FoveaDeep *deep, JsonObject *header)
{
  const gint64 batch_size = get_int (header, "batch_size");

  if (batch_size < 1 || batch_size > G_MAXINT || !read_plan (deep, header) || !read_losses (deep, header))
    return FALSE;
  deep->options.batch_size = (guint) batch_size;
  read_best (deep, header);
  read_points (deep, header);
  return TRUE;
}

/* As the options say, or widened from there. */
static gboolean
set_batch_size (FoveaDeep *deep, guint options_batch_size)
{
  const guint batch_size = deep->options.batch_size;

  deep->options.batch_size = options_batch_size;
  if (batch_size == options_batch_size)
    return TRUE;
  if (!deep->options.may_widen || batch_size < options_batch_size || batch_size > FOVEA_DEEP_WIDEST * options_batch_size)
    return FALSE;
  fovea_deep_widen (&deep->options, batch_size);
  fovea_training_pictures_set_batch_size (deep->pictures, batch_size);
  return TRUE;
}

gboolean
fovea_deep_load (FoveaDeep *deep, GError **error)
{
  g_auto (FoveaCheckpoint) checkpoint = { 0 };
  g_autofree char *key = dup_key (deep);
  Loading loading = { deep, &checkpoint };
  const guint batch_size = deep->options.batch_size;

  if (!fovea_checkpoint_load (deep->checkpoint_path, &checkpoint, error))
    return FALSE;
  if (get_int (checkpoint.header, "format") != FORMAT)
    return refuse (error, "it was begun by another version of Fovea");
  if (g_strcmp0 (json_object_get_string_member_with_default (checkpoint.header, "key", NULL), key) != 0)
    return refuse (error, "pictures, labels or parameters have changed since it was begun");
  if (!fovea_deep_read_header (deep, checkpoint.header) || !set_batch_size (deep, batch_size) ||
      (g_bytes_get_size (checkpoint.best) > 0 && deep->least_losses->len != fovea_training_pictures_get_n_held_out (deep->pictures)))
    return refuse (error, "its file is damaged");
  return fovea_deep_add_outputs (deep, error) && fovea_deep_make_trainer (deep, error)
         && fovea_deep_run_unit (deep, load_trainer, &loading, error);
}
