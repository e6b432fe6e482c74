/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/foreign-model.h"

G_BEGIN_DECLS

struct _FoveaForeignModel {
  char *path;
  FoveaGraph *graph;
  GPtrArray *inputs, *outputs;
  FoveaForeignRecipe guess;
  gboolean detects; /* its metadata says that it answers with boxes, masks or points */
};

void fovea_foreign_port_free (FoveaForeignPort *port);

/* foreign-guess: what the metadata says, into @model->guess and ->detects. */
void fovea_foreign_guess (FoveaForeignModel *model);

/* foreign-network */

typedef struct {
  FoveaDType dtype;
  int layout, size; /* −1: the graph does not say */
  int channels;     /* 1 or 3; 0: the graph does not say */
} FoveaForeignInput;

/* The one input that @output (a value's name) hangs on; MISMATCH when it is no picture's. */
gboolean fovea_foreign_find_input (FoveaForeignModel *model, const char *output, FoveaForeignInput *ret_input, GError **error);

/* @model as a pack's graph, by a complete recipe: run once to see the outputs' shapes. @single: one picture at a time. */
FoveaGraph *fovea_foreign_network_new (FoveaForeignModel *model, const FoveaForeignRecipe *recipe, gboolean single, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/* f32 [n,3,S,S] as a picture of noise and a grey one look to the network; @n at most 2. */
FoveaTensor *fovea_foreign_test_pictures (const FoveaInputSpec *spec, guint n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* foreign-own: a classifier that Fovea exported, taken apart into the network up to its embedding and the head, as it was
 * before. (nullable): it is not one. */
FoveaGraph *fovea_foreign_take_apart (FoveaForeignModel *model, FoveaHead **ret_head) G_GNUC_WARN_UNUSED_RESULT;

/* foreign-recipe: what of a pack's input follows from a complete recipe. */
void fovea_foreign_recipe_get_spec (const FoveaForeignRecipe *recipe, FoveaInputSpec *ret_spec);

G_END_DECLS
