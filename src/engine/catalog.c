/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/catalog.h"

#include <glib/gi18n.h>
#include <string.h>

#include "engine/model.h"
#include "models/model-type.h"
#include "models/pack.h"
#include "models/params.h"

/* ---- types ---- */

const char *const *
fovea_catalog_get_types (void)
{
  return fovea_model_type_ids ();
}

gboolean
fovea_catalog_get_card (const char *id, FoveaTypeCard *ret_card)
{
  g_autoptr (FoveaModelType) type = fovea_model_type_new (id, NULL);
  const FoveaModelTypeInfo *info;

  if (type == NULL)
    return FALSE;
  info = fovea_model_type_get_info (type);
  *ret_card = (FoveaTypeCard){ .id = info->id,
                               .question = _(info->question),
                               .title = _(info->title),
                               .description = _(info->description),
                               .example = _(info->example),
                               .trainable = info->trainable,
                               .deep = fovea_model_type_is_deep (type),
                               .embeds = fovea_model_type_embeds (type) };
  return TRUE;
}

/* ---- parameters ---- */

GPtrArray *
fovea_catalog_list_params (GObject *params)
{
  guint n;
  g_autofree GParamSpec **all = g_object_class_list_properties (G_OBJECT_GET_CLASS (params), &n);
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < n; i++)
    if (fovea_param_get_info (all[i]) != NULL)
      g_ptr_array_add (list, all[i]);
  return list;
}

/* The pack that a ready-made classifier answers with: Clarifai has no field type of its own for it. */
static gboolean
is_pack (GParamSpec *pspec)
{
  return strcmp (pspec->name, "pack") == 0;
}

FoveaAsk
fovea_catalog_get_ask (GParamSpec *pspec)
{
  const FoveaParamInfo *info = fovea_param_get_info (pspec);

  if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    return FOVEA_ASK_SWITCH;
  if (G_IS_PARAM_SPEC_INT (pspec))
    return FOVEA_ASK_INTEGER;
  if (G_IS_PARAM_SPEC_DOUBLE (pspec))
    return FOVEA_ASK_NUMBER;
  if (G_IS_PARAM_SPEC_BOXED (pspec))
    return FOVEA_ASK_CONCEPTS;
  if (info->choices != NULL || info->field_type == FOVEA_FIELD_EMBED_MODEL || is_pack (pspec))
    return FOVEA_ASK_CHOICE;
  return FOVEA_ASK_TEXT;
}

double
fovea_catalog_get_step (GParamSpec *pspec)
{
  return fovea_param_get_info (pspec)->step;
}

gboolean
fovea_catalog_is_basic (GParamSpec *pspec)
{
  return fovea_param_is_basic (pspec);
}

FoveaParamGroup
fovea_catalog_get_group (GParamSpec *pspec)
{
  static const char *const variation[] = { "min-scale", "max-scale", "flip-probability", "rotation", "colour", "blur-probability",
                                           "erase-probability", "mixup", "cutmix", NULL };

  if (g_strv_contains (variation, pspec->name))
    return FOVEA_PARAMS_VARIATION;
  return fovea_param_get_info (pspec)->place == FOVEA_PARAM_TRAIN ? FOVEA_PARAMS_LEARNING : FOVEA_PARAMS_ANSWERS;
}

/* ---- packs ---- */

/* Of the packs in data/packs. Others are called as they call themselves. */
static const char *
translated_title (const char *title)
{
  static const char *const titles[] = {
    N_ ("EfficientNet-Lite0: 1,000 everyday concepts"),
    N_ ("EfficientNet-Lite2: 1,000 everyday concepts"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    if (g_str_equal (titles[i], title))
      return _(titles[i]);
  return title;
}

void
fovea_pack_card_free (FoveaPackCard *card)
{
  g_free (card->name);
  g_free (card->title);
  g_free (card->license);
  g_free (card);
}

static void
list_packs (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (JsonNode) node = fovea_packs_dup_json ();
  JsonArray *packs = json_object_get_array_member (json_node_get_object (node), "packs");
  GPtrArray *cards = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_pack_card_free);

  for (guint i = 0; i < json_array_get_length (packs); i++)
    {
      JsonObject *pack = json_array_get_object_element (packs, i);
      const char *task_names = json_object_get_string_member_with_default (pack, "task", "");
      FoveaPackCard *card = g_new0 (FoveaPackCard, 1);

      card->name = g_strdup (json_object_get_string_member (pack, "name"));
      card->title = g_strdup (translated_title (json_object_get_string_member (pack, "title")));
      card->license = g_strdup (json_object_get_string_member (pack, "license"));
      card->installed = json_object_get_boolean_member (pack, "installed");
      card->classifies = strstr (task_names, "visual-classifier") != NULL;
      card->embeds = strstr (task_names, "visual-embedder") != NULL;
      g_ptr_array_add (cards, card);
    }
  g_task_return_pointer (task, cards, (GDestroyNotify) g_ptr_array_unref);
}

void
fovea_catalog_list_packs_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_run_in_thread (task, list_packs); /* a few milliseconds of reading headers */
}

GPtrArray *
fovea_catalog_list_packs_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
fovea_catalog_add_embedders (GPtrArray *packs, GListModel *models)
{
  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (FoveaModel) model = g_list_model_get_item (models, i);
      const char *type = fovea_model_get_type_id (model);
      FoveaPackCard *card;

      if (fovea_model_get_current (model) == NULL || g_str_equal (type, "embedding-classifier"))
        continue;
      card = g_new0 (FoveaPackCard, 1);
      card->name = g_strdup (fovea_model_get_id (model));
      card->title = g_strdup (fovea_model_get_name (model));
      card->license = g_strdup ("");
      card->installed = card->embeds = TRUE;
      g_ptr_array_add (packs, card);
    }
}

/* "crop+letterbox" → "Crop + letterbox"; those that are words are translated, names of networks read well enough by themselves. */
static char *
readable (const char *choice)
{
  static const struct {
    const char *choice, *words;
  } known[] = {
    { "auto", NC_ ("choice", "Auto") },
    { "f32", NC_ ("choice", "32 bits") },
    { "bf16", NC_ ("choice", "16 bits") },
    { "efficientnet-lite0", NC_ ("choice", "EfficientNet-Lite0") },
    { "efficientnet-lite2", NC_ ("choice", "EfficientNet-Lite2, larger") },
    { "efficientnet-lite0-scratch", NC_ ("choice", "EfficientNet-Lite0, untaught") },
    { "small-scratch", NC_ ("choice", "Small network, untaught") },
    { "crop", NC_ ("choice", "Crop") },
    { "squash", NC_ ("choice", "Squash") },
    { "letterbox", NC_ ("choice", "Letterbox") },
    { "crop+letterbox", NC_ ("choice", "Crop + letterbox") },
    { "letterbox+mirror", NC_ ("choice", "Letterbox, and its mirror image") },
    { "crop+letterbox+mirror", NC_ ("choice", "Crop + letterbox, and mirror images") },
    { "arcface", NC_ ("choice", "Angles between concepts (ArcFace)") },
    { "proxy-anchor", NC_ ("choice", "Hard pictures first (proxy anchor)") },
    { "Automatic", NC_ ("choice", "Automatic") },
    { "Disabled", NC_ ("choice", "Disabled") },
  };
  g_autofree char *first = g_utf8_substring (choice, 0, 1);
  g_autofree char *upper = g_utf8_strup (first, -1);

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i].choice, choice))
      return g_strdup (g_dpgettext2 (NULL, "choice", known[i].words));
  return g_strconcat (upper, choice + strlen (first), NULL);
}

char **
fovea_catalog_dup_choices (GParamSpec *pspec, GPtrArray *packs, char ***ret_names)
{
  const FoveaParamInfo *info = fovea_param_get_info (pspec);
  g_autoptr (GStrvBuilder) values = g_strv_builder_new (), names = g_strv_builder_new ();

  for (guint i = 0; info->choices != NULL && info->choices[i] != NULL; i++)
    {
      g_autofree char *name = readable (info->choices[i]);

      g_strv_builder_add (values, info->choices[i]);
      g_strv_builder_add (names, name);
    }
  for (guint i = 0; info->choices == NULL && packs != NULL && i < packs->len; i++)
    {
      const FoveaPackCard *card = g_ptr_array_index (packs, i);

      if (!card->installed || !(is_pack (pspec) ? card->classifies : card->embeds))
        continue;
      g_strv_builder_add (values, card->name);
      g_strv_builder_add (names, card->title);
    }
  *ret_names = g_strv_builder_end (names);
  return g_strv_builder_end (values);
}
