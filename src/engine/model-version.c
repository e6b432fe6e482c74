/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "engine/model-private.h"
#include "models/output-json.h"

struct _FoveaModelVersion {
  GObject parent_instance;
  char *id, *details, *log, *split;
  guint number, n_pictures;
  gboolean trained;
  gint64 created_us;
  double seconds;
  char **concepts;
  char **splits;            /* evaluated on, sorted */
  GPtrArray *headlines;     /* of FoveaHeadline, one a split */
  FoveaHeadline kfold;
  guint stamp;              /* of what was read */
};

G_DEFINE_FINAL_TYPE (FoveaModelVersion, fovea_model_version, G_TYPE_OBJECT)

static const FoveaHeadline unknown;

static void
headline_free (gpointer data)
{
  FoveaHeadline *headline = data;

  g_free (headline->split);
  g_free (headline->fewest);
  g_free (headline);
}

static void
fovea_model_version_finalize (GObject *object)
{
  FoveaModelVersion *self = FOVEA_MODEL_VERSION (object);

  g_free (self->id);
  g_free (self->details);
  g_free (self->log);
  g_free (self->split);
  g_strfreev (self->concepts);
  g_strfreev (self->splits);
  g_clear_pointer (&self->headlines, g_ptr_array_unref);
  g_free (self->kfold.fewest);
  G_OBJECT_CLASS (fovea_model_version_parent_class)->finalize (object);
}

static void
fovea_model_version_class_init (FoveaModelVersionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fovea_model_version_finalize;
}

static void
fovea_model_version_init (FoveaModelVersion *self)
{
  self->headlines = g_ptr_array_new_with_free_func (headline_free);
}

/* ---- reading what was stored; whatever is not as expected is taken for not there ---- */

static JsonObject *
object_of (JsonObject *object, const char *member)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static JsonArray *
array_of (JsonObject *object, const char *member)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static double
number_of (JsonObject *object, const char *member)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : 0.0;
}

static const char *
text_of (JsonObject *object, const char *member)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

static void
read_fewest (FoveaHeadline *headline, JsonObject *metrics)
{
  JsonArray *counts = array_of (object_of (metrics, "label_counts"), "positive_label_counts");

  headline->n_fewest = G_MAXUINT;
  for (guint i = 0; counts != NULL && i < json_array_get_length (counts); i++)
    {
      JsonNode *node = json_array_get_element (counts, i);
      JsonObject *entry = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      guint n = (guint) MAX (number_of (entry, "count"), 0.0);

      if (entry == NULL || n >= headline->n_fewest)
        continue;
      headline->n_fewest = n;
      g_free (headline->fewest);
      headline->fewest = g_strdup (text_of (entry, "concept_name"));
    }
}

static void
read_headline (FoveaHeadline *headline, JsonObject *metrics, const char *split)
{
  JsonObject *summary = object_of (metrics, "summary");

  if (summary == NULL)
    return;
  headline->known = TRUE;
  headline->alike = json_object_has_member (summary, "recall_at_1");
  headline->value = number_of (summary, headline->alike ? "recall_at_1" : "top1_accuracy");
  headline->low = number_of (summary, headline->alike ? "recall_at_1_low" : "top1_accuracy_low");
  headline->high = number_of (summary, headline->alike ? "recall_at_1_high" : "top1_accuracy_high");
  headline->n = (guint) MAX (number_of (summary, "num_tot"), 0.0);
  headline->split = g_strdup (split);
  read_fewest (headline, metrics);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

static void
read_metrics (FoveaModelVersion *self, const char *text)
{
  g_autoptr (JsonNode) root = text != NULL ? json_from_string (text, NULL) : NULL;
  JsonObject *object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonObject *splits = object_of (object, "splits"), *trained_on = object_of (object, "trained_on");
  GList *names = splits != NULL ? g_list_sort (json_object_get_members (splits), compare_names) : NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  read_headline (&self->kfold, object_of (object, "kfold"), NULL);
  self->kfold.held_out = object_of (object, "training") != NULL;
  for (GList *l = names; l != NULL; l = l->next)
    {
      FoveaHeadline *headline = g_new0 (FoveaHeadline, 1);

      read_headline (headline, object_of (splits, l->data), l->data);
      g_ptr_array_add (self->headlines, headline);
      g_strv_builder_add (builder, l->data);
    }
  g_list_free (names);
  self->splits = g_strv_builder_end (builder);
  self->split = g_strdup (text_of (trained_on, "split"));
  self->seconds = number_of (trained_on, "seconds");
}

static char **
read_concepts (const char *text)
{
  g_autoptr (JsonNode) root = text != NULL ? json_from_string (text, NULL) : NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *array = root != NULL && JSON_NODE_HOLDS_ARRAY (root) ? json_node_get_array (root) : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      const char *name = JSON_NODE_HOLDS_OBJECT (node) ? text_of (json_node_get_object (node), "name") : NULL;

      if (name != NULL)
        g_strv_builder_add (builder, name);
    }
  return g_strv_builder_end (builder);
}

static guint
stamp_of (const FoveaStoreVersion *row)
{
  return g_str_hash (row->metrics != NULL ? row->metrics : "") * 31u + (guint) row->status;
}

FoveaModelVersion *
fovea_model_version_new (const FoveaStoreVersion *row, guint number)
{
  FoveaModelVersion *self = g_object_new (FOVEA_TYPE_MODEL_VERSION, NULL);

  self->id = g_strdup (row->public_id);
  self->number = number;
  self->trained = row->status == FOVEA_STORE_VERSION_TRAINED;
  self->details = g_strdup (row->status_details != NULL ? row->status_details : "");
  self->log = g_strdup (row->log != NULL ? row->log : "");
  self->created_us = row->created_at;
  self->n_pictures = (guint) row->n_inputs;
  self->concepts = read_concepts (row->concepts);
  self->stamp = stamp_of (row);
  read_metrics (self, row->metrics);
  return self;
}

gboolean
fovea_model_version_matches (FoveaModelVersion *self, const FoveaStoreVersion *row)
{
  return strcmp (self->id, row->public_id) == 0 && self->stamp == stamp_of (row);
}

/* ---- what it says ---- */

const char *
fovea_model_version_get_id (FoveaModelVersion *self)
{
  return self->id;
}

guint
fovea_model_version_get_number (FoveaModelVersion *self)
{
  return self->number;
}

gboolean
fovea_model_version_is_trained (FoveaModelVersion *self)
{
  return self->trained;
}

const char *
fovea_model_version_get_details (FoveaModelVersion *self)
{
  return self->details;
}

gint64
fovea_model_version_get_created_us (FoveaModelVersion *self)
{
  return self->created_us;
}

guint
fovea_model_version_get_n_pictures (FoveaModelVersion *self)
{
  return self->n_pictures;
}

const char *
fovea_model_version_get_split (FoveaModelVersion *self)
{
  return self->split;
}

double
fovea_model_version_get_seconds (FoveaModelVersion *self)
{
  return self->seconds;
}

const char *
fovea_model_version_get_log (FoveaModelVersion *self)
{
  return self->log;
}

const char *const *
fovea_model_version_get_concepts (FoveaModelVersion *self)
{
  return (const char *const *) self->concepts;
}

const char *const *
fovea_model_version_get_splits (FoveaModelVersion *self)
{
  return (const char *const *) self->splits;
}

gboolean
fovea_model_version_has_kfold (FoveaModelVersion *self)
{
  return self->kfold.known;
}

const FoveaHeadline *
fovea_model_version_get_headline_on (FoveaModelVersion *self, const char *split)
{
  if (split == NULL)
    return &self->kfold;
  for (guint i = 0; i < self->headlines->len; i++)
    if (strcmp (self->splits[i], split) == 0)
      return g_ptr_array_index (self->headlines, i);
  return &unknown;
}

const FoveaHeadline *
fovea_model_version_get_headline (FoveaModelVersion *self)
{
  const FoveaHeadline *test = fovea_model_version_get_headline_on (self, "test");

  if (test->known)
    return test;
  return self->headlines->len > 0 ? g_ptr_array_index (self->headlines, 0) : &self->kfold;
}
