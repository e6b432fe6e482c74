/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "models/label.h"

G_BEGIN_DECLS

/* How many and which concepts of a prediction are said. */
typedef struct {
  guint max_concepts;                /* 0 = all */
  double min_value;
  const char *const *select_concepts; /* (nullable) (array zero-terminated=1) ids or names; NULL or empty = all */
} FoveaOutputLimits;

/* [{"id","name","value","app_id":"main"},…] sorted by value, greatest first (ties: order of labels), limits applied. */
JsonNode *fovea_concepts_dup_json (GPtrArray *labels, const float *values, const FoveaOutputLimits *limits) G_GNUC_WARN_UNUSED_RESULT;

/* One Output of CLARIFAI.md §4:
 * {"id","status":{"code":10000,…},"created_at","model":@model,"input":{"id","data":{"image":
 * {"url":@url}}},"data":{"concepts":[…]}}. @model (nullable) is copied; @values NULL = failed: @status_code and
 * @details say why and "data" is {}. */
JsonNode *fovea_output_dup_json (const char *input_id, const char *url, JsonNode *model, GPtrArray *labels, const float *values,
                                 const FoveaOutputLimits *limits, int status_code, const char *details) G_GNUC_WARN_UNUSED_RESULT;

/* Adds to such an output's "data" what an embedder says: "embeddings":[{"vector":[…],"num_dimensions":@dim}]. */
void fovea_output_add_embedding (JsonNode *output, const float *vector, guint dim);

/* {"code","description","details"}; @details nullable. */
JsonNode *fovea_status_dup_json (int code, const char *description, const char *details) G_GNUC_WARN_UNUSED_RESULT;

#define FOVEA_STATUS_SUCCESS 10000
#define FOVEA_STATUS_MIXED 10010          /* some of several failed */
#define FOVEA_STATUS_FAILURE 10020
#define FOVEA_STATUS_INPUT_FAILED 30002   /* the picture could not be read */

G_END_DECLS
