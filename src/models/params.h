/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "models/models-error.h"

G_BEGIN_DECLS

/* Parameters = the properties of a GObject. Every error is INVALID_PARAM and names the key, the value, and what is
 * allowed. */

/* Where a parameter lives in Clarifai's documents. */
typedef enum {
  FOVEA_PARAM_OUTPUT,        /* output_info.params.X: when predicting */
  FOVEA_PARAM_OUTPUT_CONFIG, /* output_info.output_config.X */
  FOVEA_PARAM_TRAIN,         /* train_info.params.X */
  FOVEA_PARAM_INPUT          /* input_info.params.X */
} FoveaParamPlace;

/* ModelTypeField.field_type, CLARIFAI.md §1. */
typedef enum {
  FOVEA_FIELD_BOOLEAN = 1,
  FOVEA_FIELD_STRING = 2,
  FOVEA_FIELD_NUMBER = 3,
  FOVEA_FIELD_RANGE = 7,
  FOVEA_FIELD_ENUM = 8,
  FOVEA_FIELD_EMBED_MODEL = 12,
  FOVEA_FIELD_ARRAY_OF_STRINGS = 13,
  FOVEA_FIELD_RECURSIVE_ENUM = 14,
  FOVEA_FIELD_ARRAY_OF_MODEL_CONCEPTS = 18
} FoveaFieldType;

/* Marks @pspec as a parameter; properties that are not marked are none. Kinds understood: boolean, int, double, string
 * (with @choices: an enum of strings), GStrv. @step: of the form's spin button, 0 = none. Static strings.
 * @aliases: (nullable) other keys that are accepted, e.g. "embedder" for base-embed-model.
 * @choice_texts: (nullable) a sentence for each of @choices, to be translated.
 * @only_with: (nullable) choices of the one RECURSIVE_ENUM of the type with which this parameter has a meaning; it is
 *   then listed with these, and read and stored as any other. */
typedef struct {
  FoveaParamPlace place;
  FoveaFieldType field_type;
  const char *const *choices;
  const char *const *aliases;
  double step;
  const char *const *choice_texts;
  const char *const *only_with;
} FoveaParamInfo;

void                  fovea_param_mark (GParamSpec *pspec, const FoveaParamInfo *info);
const FoveaParamInfo *fovea_param_get_info (GParamSpec *pspec); /* (nullable) */

/* A form shows it at once; the others are folded away. */
void     fovea_param_mark_basic (GParamSpec *pspec);
gboolean fovea_param_is_basic (GParamSpec *pspec);

char *fovea_param_dup_key (GParamSpec *pspec) G_GNUC_WARN_UNUSED_RESULT;  /* "max_concepts" */
char *fovea_param_dup_path (GParamSpec *pspec) G_GNUC_WARN_UNUSED_RESULT; /* "output_info.params.max_concepts" */

/* The parameter that answers to @key, which is written in any of the ways below. Borrowed. */
GParamSpec *fovea_params_find (GObject *object, const char *key, GError **error);

/* KEY=VALUE of the command line: key with '_' or '-', or a whole path; values as JSON or bare text ("true", "0.5",
 * "crop",
 * "a,b" for lists). */
gboolean fovea_params_set_text (GObject *object, const char *key, const char *value, GError **error);
gboolean fovea_params_set_json (GObject *object, const char *key, JsonNode *value, GError **error);

/* All parameters of @from into @to, an object of the same type. */
void fovea_params_copy (GObject *from, GObject *to);

/* Reads the parameters out of a Clarifai model or model version object ("output_info", "input_info", "train_info" where
 * present). Unknown keys inside params objects are errors; "dataset", "dataset_id", "dataset_version_id" and
 * "output_info.data" belong to the caller and are passed over. All or nothing. */
gboolean fovea_params_read_model (GObject *object, JsonObject *model, GError **error);

/* Adds "output_info", "input_info", "train_info" with every parameter to @model. */
void fovea_params_write_model (GObject *object, JsonObject *model);
/* One parameter alone, at its place in @model. */
void fovea_params_write_param (GObject *object, GParamSpec *pspec, JsonObject *model);

/* Flat object of every parameter by key, as stored with a version; reading refuses unknown keys. All or nothing. */
JsonNode *fovea_params_to_json (GObject *object) G_GNUC_WARN_UNUSED_RESULT;
gboolean  fovea_params_read (GObject *object, JsonObject *params, GError **error);

/* [ModelTypeField,…] of CLARIFAI.md §1. */
JsonNode *fovea_params_dup_fields_json (GObject *object) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
