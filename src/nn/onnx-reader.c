/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "nn/onnx-private.h"
#include "nn/op.h"

/* The opsets of ai.onnx whose operators the table describes. */
enum { MIN_OPSET = 1, MAX_OPSET = 21, MAX_ATTRS = 64 };

typedef struct {
  Onnx__ModelProto *model;
  Onnx__GraphProto *proto;
  int folder_fd;
  FoveaGraph *graph;
  GHashTable *ids; /* name → value id + 1; names belong to @proto */
} Reader;

static gboolean
fail (GError **error, FoveaNnError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fail (GError **error, FoveaNnError code, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, FOVEA_NN_ERROR, (int) code, message);
  return FALSE;
}

static const char *
text (const char *s)
{
  return s != NULL ? s : "";
}

static gboolean
is_onnx_domain (const char *domain)
{
  return domain == NULL || domain[0] == '\0' || strcmp (domain, "ai.onnx") == 0;
}

/* --- What the model needs of us, before anything is made
 * ----------------------------------------------------------- */

/* 0 when the model does not import ai.onnx. */
static gint64
find_opset (const Onnx__ModelProto *model)
{
  for (gsize i = 0; i < model->n_opset_import; i++)
    if (is_onnx_domain (model->opset_import[i]->domain))
      return model->opset_import[i]->has_version ? model->opset_import[i]->version : 0;
  return 0;
}

/* Prefixes @error with operator, opset and node. */
static gboolean
blame_node (const Reader *reader, const Onnx__NodeProto *node, GError **error)
{
  g_prefix_error (error, "%s%s%s (opset %" G_GINT64_FORMAT "), node “%s”: ",
                  is_onnx_domain (node->domain) ? "" : node->domain, is_onnx_domain (node->domain) ? "" : ".",
                  text (node->op_type), find_opset (reader->model), text (node->name));
  return FALSE;
}

static gboolean
check_operator (Reader *reader, const Onnx__NodeProto *node, GError **error)
{
  const char *op_type = text (node->op_type);
  gint64 opset = find_opset (reader->model);
  FoveaDType ignored;

  if (!is_onnx_domain (node->domain))
    {
      fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "operators of the domain “%s” are not supported", node->domain);
      return blame_node (reader, node, error);
    }
  if (!fovea_op_known (op_type))
    {
      fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "this operator is not supported");
      return blame_node (reader, node, error);
    }
  if (opset < MIN_OPSET || opset > MAX_OPSET || fovea_op_lookup (op_type, (int) opset) == NULL)
    {
      fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "this operator is not supported in this opset");
      return blame_node (reader, node, error);
    }
  for (gsize i = 0; i < node->n_attribute; i++)
    {
      const Onnx__AttributeProto *attr = node->attribute[i];

      if (attr->g != NULL || attr->n_graphs > 0)
        {
          fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "the attribute “%s” is a graph, which is not supported",
                text (attr->name));
          return blame_node (reader, node, error);
        }
      if (strcmp (op_type, "Cast") == 0 && strcmp (text (attr->name), "to") == 0 &&
          !fovea_onnx_dtype ((int) CLAMP (attr->i, -1, G_MAXINT32), &ignored))
        {
          fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "the element type %s is not supported",
                fovea_onnx_data_type_name ((int) CLAMP (attr->i, -1, G_MAXINT32)));
          return blame_node (reader, node, error);
        }
    }
  return TRUE;
}

static gboolean
check_model (Reader *reader, GError **error)
{
  gint64 opset = find_opset (reader->model);

  if (reader->proto == NULL)
    return fail (error, FOVEA_NN_ERROR_MALFORMED, "the model holds no graph");
  for (gsize i = 0; i < reader->proto->n_node; i++)
    if (!check_operator (reader, reader->proto->node[i], error))
      return FALSE;
  if (opset == 0)
    return fail (error, FOVEA_NN_ERROR_MALFORMED, "the model does not say which opset it is written in");
  if (opset < MIN_OPSET || opset > MAX_OPSET)
    return fail (error, FOVEA_NN_ERROR_UNSUPPORTED,
                 "the model is written in opset %" G_GINT64_FORMAT "; opsets %d to %d are understood", opset, MIN_OPSET,
                 MAX_OPSET);
  if (reader->proto->n_sparse_initializer > 0)
    return fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "the model holds sparse tensors, which are not supported");
  return TRUE;
}

/* Who reads the value @name first, for messages about its type; NULL when nobody does. */
static const Onnx__NodeProto *
find_reader_of (const Reader *reader, const char *name)
{
  for (gsize i = 0; i < reader->proto->n_node; i++)
    for (gsize j = 0; j < reader->proto->node[i]->n_input; j++)
      if (strcmp (reader->proto->node[i]->input[j], name) == 0)
        return reader->proto->node[i];
  return NULL;
}

/* Who makes the value @name; NULL for inputs and initializers. */
static const Onnx__NodeProto *
find_maker_of (const Reader *reader, const char *name)
{
  for (gsize i = 0; i < reader->proto->n_node; i++)
    for (gsize j = 0; j < reader->proto->node[i]->n_output; j++)
      if (strcmp (reader->proto->node[i]->output[j], name) == 0)
        return reader->proto->node[i];
  return NULL;
}

static gboolean
blame_reader_of (const Reader *reader, const char *what, const char *name, GError **error)
{
  const Onnx__NodeProto *node = find_reader_of (reader, name);

  g_prefix_error (error, "%s “%s”: ", what, name);
  return node != NULL ? blame_node (reader, node, error) : FALSE;
}

/* --- Values
 * -------------------------------------------------------------------------------------------------------- */

static gboolean
add_name (Reader *reader, const char *name, int id, GError **error)
{
  if (name == NULL || name[0] == '\0')
    return fail (error, FOVEA_NN_ERROR_MALFORMED, "a value has no name");
  if (!g_hash_table_insert (reader->ids, (gpointer) name, GINT_TO_POINTER (id + 1)))
    return fail (error, FOVEA_NN_ERROR_MALFORMED, "the value “%s” is made twice", name);
  return TRUE;
}

/* -1 when there is none. */
static int
find_id (const Reader *reader, const char *name)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (reader->ids, name)) - 1;
}

static gboolean
read_value_type (const Onnx__TypeProto *type, FoveaDType *dtype, FoveaShape *shape, GError **error)
{
  const Onnx__TensorShapeProto *dims;

  if (type == NULL || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
    return fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "only tensors are supported, not sequences, maps or optional values");
  if (!fovea_onnx_dtype (type->tensor_type->elem_type, dtype))
    return fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "tensors of %s are not supported",
                 fovea_onnx_data_type_name (type->tensor_type->elem_type));
  shape->rank = -1;
  dims = type->tensor_type->shape;
  if (dims == NULL)
    return TRUE;
  if (dims->n_dim > FOVEA_MAX_RANK)
    return fail (error, FOVEA_NN_ERROR_LIMIT, "it has %" G_GSIZE_FORMAT " dimensions, more than %d", dims->n_dim,
                 FOVEA_MAX_RANK);
  shape->rank = (int) dims->n_dim;
  for (int i = 0; i < shape->rank; i++)
    {
      const Onnx__TensorShapeProto__Dimension *dim = dims->dim[i];

      shape->dim[i] = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE ? dim->dim_value : -1;
      if (shape->dim[i] < -1)
        return fail (error, FOVEA_NN_ERROR_MALFORMED, "dimension %d is %" G_GINT64_FORMAT, i, shape->dim[i]);
    }
  return TRUE;
}

/* Tools disagree on how a file of bf16 values looks (ONNX's own tests store their bits as u16), so it stays inside. */
static gboolean
check_edge (FoveaDType dtype, GError **error)
{
  return dtype != FOVEA_DTYPE_BF16 ||
         fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "bf16 is supported inside a model, not for its inputs and outputs");
}

static gboolean
check_outputs (const Reader *reader, GError **error)
{
  for (gsize i = 0; i < reader->proto->n_output; i++)
    {
      const char *name = text (reader->proto->output[i]->name);
      const Onnx__NodeProto *node;
      FoveaDType dtype;
      FoveaShape shape;

      if (!read_value_type (reader->proto->output[i]->type, &dtype, &shape, NULL) || check_edge (dtype, error))
        continue;
      node = find_maker_of (reader, name);
      g_prefix_error (error, "output “%s”: ", name);
      return node != NULL ? blame_node (reader, node, error) : FALSE;
    }
  return TRUE;
}

static gboolean
read_initializers (Reader *reader, GError **error)
{
  for (gsize i = 0; i < reader->proto->n_initializer; i++)
    {
      Onnx__TensorProto *proto = reader->proto->initializer[i];
      g_autoptr (FoveaTensor) tensor = fovea_onnx_tensor_from_proto (proto, reader->folder_fd, error);

      if (tensor == NULL)
        return blame_reader_of (reader, "initializer", text (proto->name), error);
      if (!add_name (reader, proto->name, fovea_graph_add_constant (reader->graph, text (proto->name), tensor), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_inputs (Reader *reader, GError **error)
{
  for (gsize i = 0; i < reader->proto->n_input; i++)
    {
      const Onnx__ValueInfoProto *info = reader->proto->input[i];
      FoveaDType dtype;
      FoveaShape shape;
      int id = find_id (reader, text (info->name));

      /* Up to IR version 3 every initializer is listed as an input too; its value is what counts. */
      if (id >= 0 && fovea_graph_value (reader->graph, id)->constant != NULL)
        continue;
      if (!read_value_type (info->type, &dtype, &shape, error) || !check_edge (dtype, error))
        return blame_reader_of (reader, "input", text (info->name), error);
      id = fovea_graph_add_input (reader->graph, text (info->name), dtype, &shape);
      if (!add_name (reader, info->name, id, error))
        return FALSE;
    }
  return TRUE;
}

/* Types of values inside the graph and of outputs: taken where they are said and understood. */
static void
read_value_infos (Reader *reader, Onnx__ValueInfoProto **infos, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      int id = find_id (reader, text (infos[i]->name));
      FoveaValue *value = id >= 0 ? fovea_graph_value (reader->graph, id) : NULL;

      if (value != NULL && !value->has_type)
        value->has_type = read_value_type (infos[i]->type, &value->dtype, &value->shape, NULL);
    }
}

static gboolean
read_outputs (Reader *reader, GError **error)
{
  if (reader->proto->n_output == 0)
    return fail (error, FOVEA_NN_ERROR_MALFORMED, "the model has no outputs");
  for (gsize i = 0; i < reader->proto->n_output; i++)
    {
      const char *name = text (reader->proto->output[i]->name);
      int id = find_id (reader, name);

      if (id < 0)
        return fail (error, FOVEA_NN_ERROR_MALFORMED, "the output “%s” is made by no node", name);
      fovea_graph_add_output (reader->graph, id);
    }
  return TRUE;
}

/* --- Nodes
 * --------------------------------------------------------------------------------------------------------- */

static gboolean
read_attrs (Reader *reader, FoveaNode *node, const Onnx__NodeProto *proto, GError **error)
{
  /* Far more than any operator has; what follows compares all names with each other. */
  if (proto->n_attribute > MAX_ATTRS)
    return fail (error, FOVEA_NN_ERROR_LIMIT, "it has %" G_GSIZE_FORMAT " attributes", proto->n_attribute);
  node->attrs = g_new0 (FoveaAttr, proto->n_attribute);
  for (gsize i = 0; i < proto->n_attribute; i++)
    {
      Onnx__AttributeProto *attr = proto->attribute[i];

      if (text (attr->name)[0] == '\0' || fovea_node_attr (node, attr->name) != NULL)
        return fail (error, FOVEA_NN_ERROR_MALFORMED, "the attribute “%s” has no name or is there twice",
                     text (attr->name));
      if (text (attr->ref_attr_name)[0] != '\0')
        return fail (error, FOVEA_NN_ERROR_MALFORMED, "the attribute “%s” refers to a function's, outside of one",
                     attr->name);
      /* Counted before it is read, so that it is freed with the node when reading fails. */
      node->attrs[node->n_attrs++].name = g_strdup (attr->name);
      if (!fovea_onnx_read_attr (&node->attrs[i], attr, reader->folder_fd, error))
        {
          g_prefix_error (error, "attribute “%s”: ", attr->name);
          return FALSE;
        }
    }
  return TRUE;
}

/* First walk: every output gets its value, so that nodes may come in any order. */
static gboolean
add_node_outputs (Reader *reader, GError **error)
{
  FoveaGraph *graph = reader->graph;

  for (gsize i = 0; i < reader->proto->n_node; i++)
    {
      const Onnx__NodeProto *proto = reader->proto->node[i];
      FoveaNode *node = g_new0 (FoveaNode, 1);

      g_ptr_array_add (graph->nodes, node);
      node->name = g_strdup (text (proto->name));
      node->op_type = g_strdup (text (proto->op_type));
      node->domain = g_strdup ("");
      node->op = fovea_op_lookup (node->op_type, graph->opset);
      node->n_outputs = (guint) proto->n_output;
      node->outputs = g_new (int, node->n_outputs);
      for (guint j = 0; j < node->n_outputs; j++)
        {
          FoveaValue value = { .shape = { .rank = -1 } };

          node->outputs[j] = -1;
          if (proto->output[j][0] == '\0')
            continue;
          value.name = g_strdup (proto->output[j]);
          g_array_append_val (graph->values, value);
          node->outputs[j] = (int) graph->values->len - 1;
          if (!add_name (reader, proto->output[j], node->outputs[j], error))
            return FALSE;
        }
    }
  return TRUE;
}

static gboolean
read_node_inputs (Reader *reader, FoveaNode *node, const Onnx__NodeProto *proto, GError **error)
{
  node->n_inputs = (guint) proto->n_input;
  node->inputs = g_new (int, node->n_inputs);
  for (guint j = 0; j < node->n_inputs; j++)
    {
      node->inputs[j] = proto->input[j][0] == '\0' ? -1 : find_id (reader, proto->input[j]);
      if (node->inputs[j] < 0 && proto->input[j][0] != '\0')
        return fail (error, FOVEA_NN_ERROR_MALFORMED, "it reads “%s”, which nothing makes", proto->input[j]);
    }
  return read_attrs (reader, node, proto, error);
}

static gboolean
check_node_counts (const FoveaNode *node, GError **error)
{
  const FoveaOp *op = node->op;

  if (node->n_inputs < op->min_in || node->n_inputs > op->max_in || node->n_outputs < op->min_out ||
      node->n_outputs > op->max_out)
    return fail (error, FOVEA_NN_ERROR_MALFORMED, "it has %u inputs and %u outputs, which this operator does not take",
                 node->n_inputs, node->n_outputs);
  return TRUE;
}

static gboolean
read_nodes (Reader *reader, GError **error)
{
  for (gsize i = 0; i < reader->proto->n_node; i++)
    {
      const Onnx__NodeProto *proto = reader->proto->node[i];
      FoveaNode *node = fovea_graph_node (reader->graph, i);

      if (!read_node_inputs (reader, node, proto, error) || !check_node_counts (node, error))
        return blame_node (reader, proto, error);
    }
  return TRUE;
}

/* --- The whole
 * ----------------------------------------------------------------------------------------------------- */

static gboolean
fold_constant (FoveaGraph *graph, const FoveaNode *node, GError **error)
{
  FoveaTensor *out = NULL;
  FoveaOpContext ctx = { .node = node, .opset = graph->opset, .n_out = 1, .out = &out };
  FoveaValue *value;

  if (!fovea_op_run (&ctx, error))
    return FALSE;
  value = fovea_graph_value (graph, node->outputs[0]);
  value->constant = out;
  value->has_type = TRUE;
  value->dtype = out->dtype;
  value->shape = out->shape;
  return TRUE;
}

/* Constant nodes become constants; whoever walks the graph meets one kind only. The others move to the front. */
static gboolean
fold_constants (FoveaGraph *graph, GError **error)
{
  gpointer *nodes = graph->nodes->pdata;
  guint n = 0;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      FoveaNode *node = nodes[i];

      if (strcmp (node->op_type, "Constant") == 0 && node->outputs[0] >= 0)
        {
          if (!fold_constant (graph, node, error))
            return FALSE;
          continue;
        }
      nodes[i] = nodes[n];
      nodes[n++] = node;
    }
  if (n < graph->nodes->len)
    g_ptr_array_set_size (graph->nodes, (int) n);
  return TRUE;
}

static void
read_metadata (Reader *reader)
{
  const Onnx__ModelProto *model = reader->model;

  reader->graph->producer_name = g_strdup (model->producer_name);
  reader->graph->producer_version = g_strdup (model->producer_version);
  reader->graph->doc_string = g_strdup (model->doc_string);
  for (gsize i = 0; i < model->n_metadata_props; i++)
    if (model->metadata_props[i]->key != NULL)
      g_hash_table_insert (reader->graph->metadata, g_strdup (model->metadata_props[i]->key),
                           g_strdup (text (model->metadata_props[i]->value)));
}

static gboolean
read_graph (Reader *reader, GError **error)
{
  if (!check_outputs (reader, error) || !read_initializers (reader, error) || !read_inputs (reader, error) || !add_node_outputs (reader, error) ||
      !read_nodes (reader, error) || !read_outputs (reader, error))
    return FALSE;
  read_value_infos (reader, reader->proto->value_info, reader->proto->n_value_info);
  read_value_infos (reader, reader->proto->output, reader->proto->n_output);
  read_metadata (reader);
  return fovea_graph_sort (reader->graph, error) && fold_constants (reader->graph, error);
}

FoveaGraph *
fovea_onnx_read_model (Onnx__ModelProto *model, int folder_fd, GError **error)
{
  Reader reader = { .model = model, .proto = model->graph, .folder_fd = folder_fd };
  gboolean ok;

  if (!check_model (&reader, error))
    return NULL;
  reader.graph = fovea_graph_new (text (reader.proto->name), (int) find_opset (model));
  reader.ids = g_hash_table_new (g_str_hash, g_str_equal);
  ok = read_graph (&reader, error);
  g_hash_table_unref (reader.ids);
  if (!ok)
    g_clear_pointer (&reader.graph, fovea_graph_unref);
  return reader.graph;
}

static FoveaGraph *
load (const guint8 *data, gsize length, int folder_fd, GError **error)
{
  ProtobufCMessage *message = fovea_onnx_unpack (&onnx__model_proto__descriptor, data, length, error);
  FoveaGraph *graph;

  if (message == NULL)
    return NULL;
  graph = fovea_onnx_read_model ((Onnx__ModelProto *) message, folder_fd, error);
  protobuf_c_message_free_unpacked (message, NULL);
  return graph;
}

FoveaGraph *
fovea_onnx_load (const char *path, GError **error)
{
  g_autofree guint8 *data = NULL;
  g_autofree char *folder = g_path_get_dirname (path);
  FoveaGraph *graph = NULL;
  gsize length;
  int folder_fd;

  if (fovea_onnx_read_file (path, &data, &length, error))
    {
      folder_fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      graph = load (data, length, folder_fd, error);
      if (folder_fd >= 0)
        close (folder_fd);
    }
  if (graph == NULL)
    g_prefix_error (error, "The model “%s” cannot be used: ", path);
  return graph;
}

FoveaGraph *
fovea_onnx_load_bytes (GBytes *bytes, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  FoveaGraph *graph = load (length > 0 ? data : (const guint8 *) "", length, -1, error);

  if (graph == NULL)
    g_prefix_error (error, "The model cannot be used: ");
  return graph;
}
