/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/concept-private.h"

#include "store/store-concepts.h"

/* Twelve colours that people with the usual kinds of colour blindness can tell apart, on light and on dark: Okabe and
 * Ito's, and
 * Tol's "muted" where theirs end. */
static const char *const palette[] = { "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00",
                                       "#cc79a7", "#882255", "#44aa99", "#999933", "#6699cc", "#aa4499" };

struct _FoveaConcept {
  GObject parent_instance;
  FoveaStoreConcept *row;
};

G_DEFINE_FINAL_TYPE (FoveaConcept, fovea_concept, G_TYPE_OBJECT)

enum { PROP_0, PROP_NAME, PROP_COLOR, PROP_KEY, PROP_DESCRIPTION, PROP_COUNT, PROP_NOT_COUNT, N_PROPS };
static GParamSpec *props[N_PROPS];

static void
fovea_concept_finalize (GObject *object)
{
  fovea_store_concept_free (FOVEA_CONCEPT (object)->row);
  G_OBJECT_CLASS (fovea_concept_parent_class)->finalize (object);
}

static void
fovea_concept_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FoveaConcept *self = FOVEA_CONCEPT (object);

  switch (id)
    {
    case PROP_NAME: g_value_set_string (value, fovea_concept_get_name (self)); break;
    case PROP_COLOR: g_value_set_string (value, fovea_concept_get_color (self)); break;
    case PROP_KEY: g_value_set_string (value, fovea_concept_get_key (self)); break;
    case PROP_DESCRIPTION: g_value_set_string (value, fovea_concept_get_description (self)); break;
    case PROP_COUNT: g_value_set_uint (value, fovea_concept_get_count (self)); break;
    case PROP_NOT_COUNT: g_value_set_uint (value, fovea_concept_get_not_count (self)); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
fovea_concept_class_init (FoveaConceptClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = fovea_concept_finalize;
  object_class->get_property = fovea_concept_get_property;
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, "", flags);
  props[PROP_COLOR] = g_param_spec_string ("color", NULL, NULL, "", flags);
  props[PROP_KEY] = g_param_spec_string ("key", NULL, NULL, "", flags);
  props[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, "", flags);
  props[PROP_COUNT] = g_param_spec_uint ("count", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[PROP_NOT_COUNT] = g_param_spec_uint ("not-count", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
fovea_concept_init (FoveaConcept *self)
{
}

gint64
fovea_concept_get_id (FoveaConcept *self)
{
  return self->row->id;
}

const char *
fovea_concept_get_public_id (FoveaConcept *self)
{
  return self->row->public_id;
}

const char *
fovea_concept_get_name (FoveaConcept *self)
{
  return self->row->name;
}

const char *
fovea_concept_get_color (FoveaConcept *self)
{
  const char *colour = self->row->colour;

  return colour != NULL && colour[0] != '\0' ? colour : palette[(guint64) (self->row->id - 1) % G_N_ELEMENTS (palette)];
}

const char *
fovea_concept_get_key (FoveaConcept *self)
{
  return self->row->key != NULL ? self->row->key : "";
}

const char *
fovea_concept_get_description (FoveaConcept *self)
{
  return self->row->description != NULL ? self->row->description : "";
}

guint
fovea_concept_get_count (FoveaConcept *self)
{
  return (guint) self->row->n_positive;
}

guint
fovea_concept_get_not_count (FoveaConcept *self)
{
  return (guint) self->row->n_negative;
}

/* Takes the row; says what reads differently. */
static void
take_row (FoveaConcept *self, FoveaStoreConcept *row)
{
  FoveaStoreConcept *old = self->row;

  self->row = row;
  if (old == NULL)
    return;
  if (g_strcmp0 (old->name, row->name) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NAME]);
  if (g_strcmp0 (old->colour, row->colour) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_COLOR]);
  if (g_strcmp0 (old->key, row->key) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_KEY]);
  if (old->n_positive != row->n_positive)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_COUNT]);
  if (old->n_negative != row->n_negative)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NOT_COUNT]);
  if (g_strcmp0 (old->description, row->description) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_DESCRIPTION]);
  fovea_store_concept_free (old);
}

/* ---- the list ---- */

struct _FoveaConceptList {
  GObject parent_instance;
  FoveaCore *core; /* NULL when closed */
  GPtrArray *concepts;
  GHashTable *by_id; /* id → FoveaConcept, borrowed */
  gboolean in_flight, again;
};

static void fovea_concept_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaConceptList, fovea_concept_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, fovea_concept_list_model_init))

static GType
get_item_type (GListModel *model)
{
  return FOVEA_TYPE_CONCEPT;
}

static guint
get_n_items (GListModel *model)
{
  return FOVEA_CONCEPT_LIST (model)->concepts->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  GPtrArray *concepts = FOVEA_CONCEPT_LIST (model)->concepts;

  return position < concepts->len ? g_object_ref (g_ptr_array_index (concepts, position)) : NULL;
}

static void
fovea_concept_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
fovea_concept_list_finalize (GObject *object)
{
  FoveaConceptList *self = FOVEA_CONCEPT_LIST (object);

  g_hash_table_unref (self->by_id);
  g_ptr_array_unref (self->concepts);
  g_clear_pointer (&self->core, fovea_core_unref);
  G_OBJECT_CLASS (fovea_concept_list_parent_class)->finalize (object);
}

static void
fovea_concept_list_class_init (FoveaConceptListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fovea_concept_list_finalize;
}

static void
fovea_concept_list_init (FoveaConceptList *self)
{
  self->concepts = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_id = g_hash_table_new (NULL, NULL);
}

/* Objects for @rows (taken): the ones there are for concepts that stay, new ones for the others. */
static GPtrArray *
objects_for (FoveaConceptList *self, GPtrArray *rows)
{
  GPtrArray *objects = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < rows->len; i++)
    {
      FoveaStoreConcept *row = g_steal_pointer (&rows->pdata[i]);
      FoveaConcept *known = g_hash_table_lookup (self->by_id, (gpointer) (gintptr) row->id);
      FoveaConcept *concept = known != NULL ? g_object_ref (known) : g_object_new (FOVEA_TYPE_CONCEPT, NULL);

      take_row (concept, row);
      g_ptr_array_add (objects, concept);
    }
  return objects;
}

static void
apply (FoveaConceptList *self, GPtrArray *rows)
{
  GPtrArray *old = self->concepts, *now;
  guint head = 0, tail = 0;

  now = objects_for (self, rows);
  g_hash_table_remove_all (self->by_id);
  for (guint i = 0; i < now->len; i++)
    {
      FoveaConcept *concept = g_ptr_array_index (now, i);

      g_hash_table_insert (self->by_id, (gpointer) (gintptr) concept->row->id, concept);
    }
  while (head < MIN (old->len, now->len) && old->pdata[head] == now->pdata[head])
    head++;
  while (tail < MIN (old->len, now->len) - head && old->pdata[old->len - 1 - tail] == now->pdata[now->len - 1 - tail])
    tail++;
  self->concepts = now;
  if (old->len != now->len || head < now->len)
    g_list_model_items_changed (G_LIST_MODEL (self), head, old->len - head - tail, now->len - head - tail);
  g_ptr_array_unref (old);
}

static void
free_row (gpointer row)
{
  if (row != NULL)
    fovea_store_concept_free (row);
}

static gboolean
read_rows (FoveaStore *store, gpointer data, GError **error)
{
  GPtrArray **rows = data;

  *rows = fovea_store_list_concepts (store, error);
  if (*rows == NULL)
    return FALSE;
  g_ptr_array_set_free_func (*rows, free_row);
  return TRUE;
}

static void
free_slot (gpointer data)
{
  GPtrArray **slot = data;

  g_clear_pointer (slot, g_ptr_array_unref);
  g_free (slot);
}

static void
on_rows (GObject *source, GAsyncResult *result, gpointer data)
{
  FoveaConceptList *self = FOVEA_CONCEPT_LIST (source);
  GPtrArray **slot = g_task_propagate_pointer (G_TASK (result), NULL);

  self->in_flight = FALSE;
  if (slot != NULL && self->core != NULL)
    apply (self, *slot);
  if (self->again)
    fovea_concept_list_refresh (self);
}

void
fovea_concept_list_refresh (FoveaConceptList *self)
{
  GTask *task;

  if (self->core == NULL)
    return;
  self->again = self->in_flight;
  if (self->in_flight)
    return;
  self->in_flight = TRUE;
  task = g_task_new (self, NULL, on_rows, NULL);
  g_task_set_task_data (task, g_new0 (GPtrArray *, 1), free_slot);
  fovea_core_read_task (self->core, task, read_rows);
}

FoveaConceptList *
fovea_concept_list_new (FoveaCore *core)
{
  FoveaConceptList *self = g_object_new (FOVEA_TYPE_CONCEPT_LIST, NULL);
  g_autoptr (GPtrArray) rows = NULL;

  self->core = fovea_core_ref (core);
  if (fovea_core_read (core, read_rows, &rows, NULL))
    apply (self, rows);
  return self;
}

void
fovea_concept_list_close (FoveaConceptList *self)
{
  self->again = FALSE;
  g_clear_pointer (&self->core, fovea_core_unref);
}

FoveaConcept *
fovea_concept_list_lookup (FoveaConceptList *self, gint64 id)
{
  return g_hash_table_lookup (self->by_id, (gpointer) (gintptr) id);
}

FoveaConcept *
fovea_concept_list_lookup_name (FoveaConceptList *self, const char *name)
{
  for (guint i = 0; i < self->concepts->len; i++)
    {
      FoveaConcept *concept = g_ptr_array_index (self->concepts, i);

      if (g_strcmp0 (concept->row->public_id, name) == 0 || g_strcmp0 (concept->row->name, name) == 0)
        return concept;
    }
  return NULL;
}
