/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/tensor.h"

G_BEGIN_DECLS

/* A computation graph in static single assignment: values are numbered, nodes are in an order in which they can
 * be computed. Made by onnx-reader or by the functions below; immutable once it is run by anyone. */

typedef struct _FoveaOp FoveaOp; /* nn/op.h */

typedef enum {
  FOVEA_ATTR_INT,
  FOVEA_ATTR_FLOAT,
  FOVEA_ATTR_STRING,
  FOVEA_ATTR_TENSOR,
  FOVEA_ATTR_INTS,
  FOVEA_ATTR_FLOATS,
  FOVEA_ATTR_STRINGS
} FoveaAttrType;

typedef struct {
  char *name;
  FoveaAttrType type;
  gint64 i;
  float f;
  char *s; /* NUL-terminated; embedded NULs are refused by the reader */
  FoveaTensor *tensor;
  gsize n; /* of the lists */
  gint64 *ints;
  float *floats;
  char **strings;
} FoveaAttr;

typedef struct {
  char *name;       /* may be "" */
  char *op_type;    /* ONNX name */
  char *domain;     /* "" = ai.onnx */
  const FoveaOp *op;
  guint n_inputs, n_outputs;
  int *inputs;      /* value ids; -1 = an optional input left out */
  int *outputs;     /* value ids; -1 = an optional output not wanted */
  guint n_attrs;
  FoveaAttr *attrs;
} FoveaNode;

typedef struct {
  char *name;
  gboolean has_type;     /* graph inputs and outputs, and what value_info says */
  FoveaDType dtype;
  FoveaShape shape;      /* rank -1 = not said; dimension -1 = symbolic or not said */
  FoveaTensor *constant; /* initializer, or NULL */
} FoveaValue;

typedef struct {
  gatomicrefcount ref_count;
  char *name;
  int opset;             /* of ai.onnx */
  GArray *values;        /* FoveaValue */
  GPtrArray *nodes;      /* FoveaNode*, in order */
  GArray *inputs;        /* int value ids; initializers that are listed as inputs are left out */
  GArray *outputs;       /* int value ids */
  GHashTable *metadata;  /* ONNX metadata_props: char* → char* */
  char *producer_name, *producer_version, *doc_string;
} FoveaGraph;

FoveaGraph *fovea_graph_new (const char *name, int opset) G_GNUC_WARN_UNUSED_RESULT;
FoveaGraph *fovea_graph_ref (FoveaGraph *graph);
void        fovea_graph_unref (FoveaGraph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaGraph, fovea_graph_unref)

#define fovea_graph_value(graph, id) (&g_array_index ((graph)->values, FoveaValue, (id)))
#define fovea_graph_node(graph, i) ((FoveaNode *) g_ptr_array_index ((graph)->nodes, (i)))

/* Building. Each returns the new value's id. @name (nullable: one is made up) must be unique in the graph. @shape
 * (nullable: not said). The constant is referenced. */
int        fovea_graph_add_value (FoveaGraph *graph, const char *name, FoveaDType dtype, const FoveaShape *shape);
int        fovea_graph_add_input (FoveaGraph *graph, const char *name, FoveaDType dtype, const FoveaShape *shape);
int        fovea_graph_add_constant (FoveaGraph *graph, const char *name, FoveaTensor *tensor);
void       fovea_graph_add_output (FoveaGraph *graph, int value);
/* Appends a node of one output that the call makes (named @output_name) and returns the node, or the output's value id. -1
 * in @inputs = left out. Attributes are set on the node with the functions below before the graph is run. Programmer
 * error (NULL, -1) when @op_type is not in the operator table. */
FoveaNode *fovea_graph_add_node (FoveaGraph *graph, const char *op_type, const int *inputs, guint n_inputs,
                                 const char *output_name, int *ret_output);
int        fovea_graph_add_op (FoveaGraph *graph, const char *op_type, const int *inputs, guint n_inputs,
                               const char *output_name, FoveaNode **ret_node);
void       fovea_node_set_int (FoveaNode *node, const char *name, gint64 i);
void       fovea_node_set_float (FoveaNode *node, const char *name, float f);
void       fovea_node_set_string (FoveaNode *node, const char *name, const char *s);
void       fovea_node_set_ints (FoveaNode *node, const char *name, const gint64 *ints, gsize n);
void       fovea_node_set_tensor (FoveaNode *node, const char *name, FoveaTensor *tensor); /* referenced */

/* Reading attributes; @fallback when absent. The lists are borrowed. */
const FoveaAttr *fovea_node_attr (const FoveaNode *node, const char *name); /* (nullable) */
gint64           fovea_node_int (const FoveaNode *node, const char *name, gint64 fallback);
float            fovea_node_float (const FoveaNode *node, const char *name, float fallback);
const char      *fovea_node_string (const FoveaNode *node, const char *name, const char *fallback);
const gint64    *fovea_node_ints (const FoveaNode *node, const char *name, gsize *ret_n); /* (nullable) */

/* Finds a value by name; -1 when there is none. */
int fovea_graph_find_value (const FoveaGraph *graph, const char *name);

/* (nullable) The node that makes @value; an input, a constant and -1 have none. */
FoveaNode *fovea_graph_find_maker (const FoveaGraph *graph, int value);

/* The first @n_nodes nodes read @to where they read @from. */
void fovea_graph_redirect (FoveaGraph *graph, int from, int to, guint n_nodes);

/* Copies both; a @value of NULL is left out. */
void fovea_graph_set_metadata (FoveaGraph *graph, const char *key, const char *value);

/* Puts the nodes in an order in which they can be computed; one that is so already is kept. MALFORMED: a circle. */
gboolean fovea_graph_sort (FoveaGraph *graph, GError **error);

/* The types and shapes of all values, with @open_dim in place of every dimension of the inputs that is not known.
 * @ret_values has room for graph->values->len: a new tensor each (with data where that was cheap), NULL where the shape
 * depends on data or an input's rank is not said. Errors: what the shape rules say; then nothing is left in
 * @ret_values. */
gboolean fovea_graph_infer (const FoveaGraph *graph, gint64 open_dim, FoveaTensor **ret_values, GError **error);

/* The part of @graph that computes @outputs (value names), e.g. the embedding before the classifier; its inputs are
 * those of @graph that are needed. Shares constants.
 * ERROR_MALFORMED when a name does not exist. */
FoveaGraph *fovea_graph_cut (FoveaGraph *graph, const char *const *outputs, guint n_outputs, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
