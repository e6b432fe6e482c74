/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "config.h"
#include "nn/onnx-private.h"

/* Everything that is packed lives in one pool of blocks, freed together; tensors and strings are borrowed from the
 * graph. */
typedef struct {
  const FoveaGraph *graph;
  GPtrArray *pool;
} Writer;

static gpointer
alloc (Writer *writer, gsize size)
{
  gpointer block = g_malloc0 (size);

  g_ptr_array_add (writer->pool, block);
  return block;
}

static gpointer
alloc_array (Writer *writer, gsize n)
{
  return alloc (writer, (n + 1) * sizeof (gpointer));
}

static const char *
value_name (const Writer *writer, int id)
{
  return id >= 0 ? fovea_graph_value (writer->graph, id)->name : "";
}

/* --- Types
 * ----------------------------------------------------------------------------------------------------------- */

/* An unknown first dimension is the batch, N; others are named after the value. */
static Onnx__TensorShapeProto__Dimension *
make_dimension (Writer *writer, const char *name, int i, gint64 size)
{
  Onnx__TensorShapeProto__Dimension *dim = alloc (writer, sizeof *dim);

  onnx__tensor_shape_proto__dimension__init (dim);
  if (size >= 0)
    {
      dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
      dim->dim_value = size;
      return dim;
    }
  dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
  dim->dim_param = i == 0 ? g_strdup ("N") : g_strdup_printf ("%s_%d", name, i);
  g_ptr_array_add (writer->pool, dim->dim_param);
  return dim;
}

static Onnx__ValueInfoProto *
make_value_info (Writer *writer, const char *name, FoveaDType dtype, const FoveaShape *shape)
{
  Onnx__ValueInfoProto *info = alloc (writer, sizeof *info);
  Onnx__TypeProto *type = alloc (writer, sizeof *type);
  Onnx__TypeProto__Tensor *tensor = alloc (writer, sizeof *tensor);

  onnx__value_info_proto__init (info);
  onnx__type_proto__init (type);
  onnx__type_proto__tensor__init (tensor);
  info->name = (char *) name;
  info->type = type;
  type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  type->tensor_type = tensor;
  tensor->has_elem_type = TRUE;
  tensor->elem_type = fovea_onnx_data_type (dtype);
  if (shape->rank >= 0)
    {
      tensor->shape = alloc (writer, sizeof *tensor->shape);
      onnx__tensor_shape_proto__init (tensor->shape);
      tensor->shape->n_dim = (gsize) shape->rank;
      tensor->shape->dim = alloc_array (writer, tensor->shape->n_dim);
      for (int i = 0; i < shape->rank; i++)
        tensor->shape->dim[i] = make_dimension (writer, name, i, shape->dim[i]);
    }
  return info;
}

static void
drop_values (FoveaTensor **values, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&values[i], fovea_tensor_unref);
}

/* The outputs' types are computed for two batch sizes; a dimension that differs is symbolic. */
static gboolean
infer_outputs (const FoveaGraph *graph, FoveaDType *dtypes, FoveaShape *shapes, GError **error)
{
  guint n = graph->values->len;
  g_autofree FoveaTensor **two = g_new0 (FoveaTensor *, n), **three = g_new0 (FoveaTensor *, n);
  gboolean ok = fovea_graph_infer (graph, 2, two, error) && fovea_graph_infer (graph, 3, three, error);

  for (guint i = 0; ok && i < graph->outputs->len; i++)
    {
      int id = g_array_index (graph->outputs, int, i);
      const FoveaValue *value = fovea_graph_value (graph, id);

      dtypes[i] = value->dtype;
      shapes[i] = value->shape;
      if (two[id] != NULL && three[id] != NULL)
        {
          dtypes[i] = two[id]->dtype;
          shapes[i] = two[id]->shape;
          for (int k = 0; k < shapes[i].rank; k++)
            if (shapes[i].dim[k] != three[id]->shape.dim[k])
              shapes[i].dim[k] = -1;
        }
      else if (!value->has_type)
        {
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED,
                       "the type of the output “%s” depends on data; say it with the value", value->name);
          ok = FALSE;
        }
    }
  drop_values (two, n);
  drop_values (three, n);
  return ok;
}

/* --- Nodes
 * ----------------------------------------------------------------------------------------------------------- */

static Onnx__TensorProto *
make_tensor (Writer *writer, const FoveaTensor *tensor, const char *name)
{
  Onnx__TensorProto *proto = fovea_onnx_tensor_to_proto (tensor, name);

  g_ptr_array_add (writer->pool, proto->dims);
  g_ptr_array_add (writer->pool, proto);
  return proto;
}

static ProtobufCBinaryData
make_bytes (const char *s)
{
  return (ProtobufCBinaryData) { strlen (s), (guint8 *) s };
}

static Onnx__AttributeProto *
make_attr (Writer *writer, const FoveaAttr *attr)
{
  static const Onnx__AttributeProto__AttributeType types[] = {
    [FOVEA_ATTR_INT] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT,
    [FOVEA_ATTR_FLOAT] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT,
    [FOVEA_ATTR_STRING] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING,
    [FOVEA_ATTR_TENSOR] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR,
    [FOVEA_ATTR_INTS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS,
    [FOVEA_ATTR_FLOATS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS,
    [FOVEA_ATTR_STRINGS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS,
  };
  Onnx__AttributeProto *proto = alloc (writer, sizeof *proto);

  onnx__attribute_proto__init (proto);
  proto->name = attr->name;
  proto->has_type = TRUE;
  proto->type = types[attr->type];
  proto->has_i = attr->type == FOVEA_ATTR_INT;
  proto->i = attr->i;
  proto->has_f = attr->type == FOVEA_ATTR_FLOAT;
  proto->f = attr->f;
  proto->has_s = attr->type == FOVEA_ATTR_STRING;
  if (proto->has_s)
    proto->s = make_bytes (attr->s);
  if (attr->type == FOVEA_ATTR_TENSOR)
    proto->t = make_tensor (writer, attr->tensor, NULL);
  proto->n_ints = attr->type == FOVEA_ATTR_INTS ? attr->n : 0;
  proto->ints = attr->ints;
  proto->n_floats = attr->type == FOVEA_ATTR_FLOATS ? attr->n : 0;
  proto->floats = attr->floats;
  proto->n_strings = attr->type == FOVEA_ATTR_STRINGS ? attr->n : 0;
  proto->strings = alloc (writer, (proto->n_strings + 1) * sizeof (ProtobufCBinaryData));
  for (gsize i = 0; i < proto->n_strings; i++)
    proto->strings[i] = make_bytes (attr->strings[i]);
  return proto;
}

static Onnx__NodeProto *
make_node (Writer *writer, const FoveaNode *node)
{
  Onnx__NodeProto *proto = alloc (writer, sizeof *proto);

  onnx__node_proto__init (proto);
  proto->name = node->name;
  proto->op_type = node->op_type;
  proto->n_input = node->n_inputs;
  proto->input = alloc_array (writer, proto->n_input);
  for (guint i = 0; i < node->n_inputs; i++)
    proto->input[i] = (char *) value_name (writer, node->inputs[i]);
  proto->n_output = node->n_outputs;
  proto->output = alloc_array (writer, proto->n_output);
  for (guint i = 0; i < node->n_outputs; i++)
    proto->output[i] = (char *) value_name (writer, node->outputs[i]);
  proto->n_attribute = node->n_attrs;
  proto->attribute = alloc_array (writer, proto->n_attribute);
  for (guint i = 0; i < node->n_attrs; i++)
    proto->attribute[i] = make_attr (writer, &node->attrs[i]);
  return proto;
}

/* --- The whole
 * ------------------------------------------------------------------------------------------------------- */

static void
add_initializers (Writer *writer, Onnx__GraphProto *proto)
{
  const FoveaGraph *graph = writer->graph;

  proto->initializer = alloc_array (writer, graph->values->len);
  for (guint i = 0; i < graph->values->len; i++)
    {
      const FoveaValue *value = fovea_graph_value (graph, i);

      if (value->constant != NULL)
        proto->initializer[proto->n_initializer++] = make_tensor (writer, value->constant, value->name);
    }
}

static Onnx__GraphProto *
make_graph (Writer *writer, GError **error)
{
  const FoveaGraph *graph = writer->graph;
  guint n_outputs = graph->outputs->len;
  g_autofree FoveaDType *dtypes = g_new0 (FoveaDType, n_outputs);
  g_autofree FoveaShape *shapes = g_new0 (FoveaShape, n_outputs);
  Onnx__GraphProto *proto = alloc (writer, sizeof *proto);

  onnx__graph_proto__init (proto);
  if (!infer_outputs (graph, dtypes, shapes, error))
    return NULL;
  proto->name = graph->name[0] != '\0' ? graph->name : (char *) "model";
  add_initializers (writer, proto);
  proto->n_input = graph->inputs->len;
  proto->input = alloc_array (writer, proto->n_input);
  for (guint i = 0; i < proto->n_input; i++)
    {
      const FoveaValue *value = fovea_graph_value (graph, g_array_index (graph->inputs, int, i));

      proto->input[i] = make_value_info (writer, value->name, value->dtype, &value->shape);
    }
  proto->n_output = n_outputs;
  proto->output = alloc_array (writer, n_outputs);
  for (guint i = 0; i < n_outputs; i++)
    proto->output[i] = make_value_info (writer, value_name (writer, g_array_index (graph->outputs, int, i)), dtypes[i],
                                        &shapes[i]);
  proto->n_node = graph->nodes->len;
  proto->node = alloc_array (writer, proto->n_node);
  for (guint i = 0; i < proto->n_node; i++)
    proto->node[i] = make_node (writer, fovea_graph_node (graph, i));
  return proto;
}

/* In the order of their keys, so that the same graph gives the same bytes. */
static void
add_metadata (Writer *writer, Onnx__ModelProto *model)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (writer->graph->metadata), (GCompareFunc) strcmp);

  model->metadata_props = alloc_array (writer, g_list_length (keys));
  for (GList *l = keys; l != NULL; l = l->next)
    {
      Onnx__StringStringEntryProto *entry = alloc (writer, sizeof *entry);

      onnx__string_string_entry_proto__init (entry);
      entry->key = l->data;
      entry->value = g_hash_table_lookup (writer->graph->metadata, l->data);
      model->metadata_props[model->n_metadata_props++] = entry;
    }
}

static Onnx__ModelProto *
make_model (Writer *writer, GError **error)
{
  const FoveaGraph *graph = writer->graph;
  Onnx__ModelProto *model = alloc (writer, sizeof *model);
  Onnx__OperatorSetIdProto *opset = alloc (writer, sizeof *opset);

  onnx__model_proto__init (model);
  onnx__operator_set_id_proto__init (opset);
  model->graph = make_graph (writer, error);
  if (model->graph == NULL)
    return NULL;
  opset->domain = (char *) "";
  opset->has_version = TRUE;
  opset->version = graph->opset;
  model->n_opset_import = 1;
  model->opset_import = alloc_array (writer, 1);
  model->opset_import[0] = opset;
  model->has_ir_version = TRUE;
  model->ir_version = graph->opset < 15 ? 7 : graph->opset < 19 ? 8 : 9; /* the ones that came with these opsets */
  model->producer_name = graph->producer_name != NULL ? graph->producer_name : (char *) "Fovea";
  model->producer_version = graph->producer_name != NULL ? graph->producer_version : (char *) FOVEA_VERSION;
  model->doc_string = graph->doc_string;
  add_metadata (writer, model);
  return model;
}

static GBytes *
pack (const Onnx__ModelProto *model, GError **error)
{
  gsize length = onnx__model_proto__get_packed_size (model);
  guint8 *data;

  if (length > G_MAXINT32)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT,
                   "the model would take %" G_GSIZE_FORMAT " bytes; an ONNX file holds at most 2 GiB", length);
      return NULL;
    }
  data = g_try_malloc (MAX (length, 1));
  if (data == NULL)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MEMORY, "there is not enough memory to write the model");
      return NULL;
    }
  onnx__model_proto__pack (model, data);
  return g_bytes_new_take (data, length);
}

/* What cannot be read back must not replace a good file. */
static gboolean
check_by_reading (const FoveaGraph *graph, GBytes *bytes, GError **error)
{
  g_autoptr (FoveaGraph) again = fovea_onnx_load_bytes (bytes, error);

  if (again == NULL)
    {
      g_prefix_error (error, "What was to be written cannot be read back: ");
      return FALSE;
    }
  if (again->nodes->len > graph->nodes->len || again->inputs->len != graph->inputs->len ||
      again->outputs->len != graph->outputs->len)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "What was to be written reads back as another model");
      return FALSE;
    }
  return TRUE;
}

GBytes *
fovea_onnx_save_bytes (const FoveaGraph *graph, GError **error)
{
  Writer writer = { graph, g_ptr_array_new_with_free_func (g_free) };
  Onnx__ModelProto *model = make_model (&writer, error);
  g_autoptr (GBytes) bytes = model != NULL ? pack (model, error) : NULL;

  g_ptr_array_unref (writer.pool);
  if (bytes == NULL || !check_by_reading (graph, bytes, error))
    return NULL;
  return g_steal_pointer (&bytes);
}

gboolean
fovea_onnx_save (const FoveaGraph *graph, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = fovea_onnx_save_bytes (graph, error);
  gsize length;
  const guint8 *data;

  if (bytes != NULL)
    {
      data = g_bytes_get_data (bytes, &length);
      if (fovea_onnx_write_file (path, data, length, error))
        return TRUE;
    }
  g_prefix_error (error, "The model cannot be saved as “%s”: ", path);
  return FALSE;
}
