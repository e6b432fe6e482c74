/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib/gstdio.h>
#include <string.h>

#include "models/pack.h"
#include "nn/onnx.h"

/* A pack of one 1×3 convolution, which tells left from right: [N,3,8,8] → 6 channels, ReLU, mean → embedding [N,6] → logits [N,4]. */
#define MINI_SIZE 8
#define MINI_DIM 6
#define MINI_LABELS 4

static inline int
mini_constant (FoveaGraph *graph, const char *name, FoveaShape shape, double seed)
{
  g_autoptr (FoveaTensor) tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);

  for (gsize i = 0; i < tensor->n_elements; i++) /* some pattern of both signs */
    FOVEA_TENSOR_DATA (tensor, float)[i] = (float) ((double) ((i * 7919 + (gsize) (seed * 104729)) % 101) / 50.0 - 0.8);
  return fovea_graph_add_constant (graph, name, tensor);
}

static inline void
mini_output (FoveaGraph *graph, int value, gint64 width)
{
  FoveaValue *at = fovea_graph_value (graph, value);

  at->has_type = TRUE;
  at->dtype = FOVEA_DTYPE_F32;
  at->shape = fovea_shape (2, (gint64) -1, width);
  fovea_graph_add_output (graph, value);
}

static inline void
mini_metadata (FoveaGraph *graph, const char *key, const char *value)
{
  g_hash_table_insert (graph->metadata, g_strdup (key), g_strdup (value));
}

/* A whole pack called @name, for a test to spoil. */
static inline FoveaGraph *
mini_pack_graph (const char *name)
{
  FoveaGraph *graph = fovea_graph_new (name, 13);
  FoveaShape image_shape = fovea_shape (4, (gint64) -1, (gint64) 3, (gint64) MINI_SIZE, (gint64) MINI_SIZE);
  int image = fovea_graph_add_input (graph, "image", FOVEA_DTYPE_F32, &image_shape);
  int conv_w = mini_constant (graph, "conv.w", fovea_shape (4, (gint64) MINI_DIM, (gint64) 3, (gint64) 1, (gint64) 3), 0.3);
  int gemm_w = mini_constant (graph, "fc.w", fovea_shape (2, (gint64) MINI_DIM, (gint64) MINI_LABELS), 0.7);
  const gint64 pads[4] = { 0, 1, 0, 1 };
  int conv_in[2] = { image, conv_w }, value;

  fovea_node_set_ints (fovea_graph_add_node (graph, "Conv", conv_in, 2, "conv", &value), "pads", pads, 4);
  fovea_graph_add_node (graph, "Relu", &value, 1, "relu", &value);
  fovea_graph_add_node (graph, "GlobalAveragePool", &value, 1, "pool", &value);
  fovea_graph_add_node (graph, "Flatten", &value, 1, "embedding", &value);
  mini_output (graph, value, MINI_DIM);
  {
    int gemm_in[2] = { value, gemm_w };

    fovea_graph_add_node (graph, "Gemm", gemm_in, 2, "logits", &value);
  }
  mini_output (graph, value, MINI_LABELS);
  mini_metadata (graph, "fovea.pack", name);
  mini_metadata (graph, "fovea.task", "visual-classifier visual-embedder");
  mini_metadata (graph, "fovea.title", "A small pack");
  mini_metadata (graph, "fovea.license", "CC0-1.0");
  mini_metadata (graph, "fovea.source", "made by a test");
  mini_metadata (graph, "fovea.version", "1");
  mini_metadata (graph, "fovea.input.size", "8");
  mini_metadata (graph, "fovea.input.crop_fraction", "0.875");
  mini_metadata (graph, "fovea.input.mean", "127,127,127");
  mini_metadata (graph, "fovea.input.scale", "0.0078125,0.0078125,0.0078125");
  mini_metadata (graph, "fovea.input.pad", "127");
  mini_metadata (graph, "fovea.input.order", "rgb");
  mini_metadata (graph, "fovea.labels",
                 "[{\"id\":\"a\",\"name\":\"Anna\"},{\"id\":\"b\",\"name\":\"bee\"},"
                 "{\"id\":\"c\",\"name\":\"cat\"},{\"id\":\"d\",\"name\":\"dog\"}]");
  return graph;
}

/* Writes it as FOLDER/NAME.onnx. */
static inline void
mini_pack_save (FoveaGraph *graph, const char *folder, const char *name)
{
  g_autofree char *file = g_strconcat (name, ".onnx", NULL);
  g_autofree char *path = g_build_filename (folder, file, NULL);
  g_autoptr (GError) error = NULL;

  fovea_onnx_save (graph, path, &error);
  g_assert_no_error (error);
}

/* Under the names of the packs that training starts from. */
static inline void
mini_pack_save_all (const char *folder)
{
  static const char *const names[] = { "efficientnet-lite0", "efficientnet-lite2" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (FoveaGraph) graph = mini_pack_graph (names[i]);

      mini_pack_save (graph, folder, names[i]);
    }
}

/* A folder of its own that $FOVEA_PACK_DIR names; emptied by mini_folder_remove. */
static inline char *
mini_folder_new (void)
{
  char *folder = g_dir_make_tmp ("fovea-packs-XXXXXX", NULL);

  g_setenv ("FOVEA_PACK_DIR", folder, TRUE);
  return folder;
}

static inline void
mini_folder_remove (char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_remove (path);
    }
  g_rmdir (folder);
  g_free (folder);
}
