/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture-selection.h"

struct _FoveaPictureSelection {
  GObject parent_instance;
  FoveaPictureList *list;
  GtkBitset *selected;
  GArray *ids; /* gint64: the picture at each selected position, in order of position */
};

static void list_model_init (GListModelInterface *iface);
static void selection_model_init (GtkSelectionModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaPictureSelection, fovea_picture_selection, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init)
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_SELECTION_MODEL, selection_model_init))

static void
read_ids (FoveaPictureSelection *self)
{
  GtkBitsetIter iter;
  guint position;

  g_array_set_size (self->ids, 0);
  for (gboolean more = gtk_bitset_iter_init_first (&iter, self->selected, &position); more;
       more = gtk_bitset_iter_next (&iter, &position))
    {
      gint64 id = fovea_picture_list_get_id (self->list, position);

      g_array_append_val (self->ids, id);
    }
}

/* ---- the list ---- */

static GType
get_item_type (GListModel *model)
{
  return FOVEA_TYPE_PICTURE;
}

static guint
get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (FOVEA_PICTURE_SELECTION (model)->list));
}

static gpointer
get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (FOVEA_PICTURE_SELECTION (model)->list), position);
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* ---- the selection ---- */

static gboolean
is_selected (GtkSelectionModel *model, guint position)
{
  return gtk_bitset_contains (FOVEA_PICTURE_SELECTION (model)->selected, position);
}

static GtkBitset *
get_selection_in_range (GtkSelectionModel *model, guint position, guint n_items)
{
  return gtk_bitset_ref (FOVEA_PICTURE_SELECTION (model)->selected);
}

static gboolean
set_selection (GtkSelectionModel *model, GtkBitset *selected, GtkBitset *mask)
{
  FoveaPictureSelection *self = FOVEA_PICTURE_SELECTION (model);
  g_autoptr (GtkBitset) changes = gtk_bitset_copy (self->selected);
  guint first, last, n = get_n_items (G_LIST_MODEL (model));

  /* Of what the mask covers: where the new selection differs from the old one. */
  gtk_bitset_difference (changes, selected);
  gtk_bitset_intersect (changes, mask);
  if (n < G_MAXUINT)
    gtk_bitset_remove_range_closed (changes, n, G_MAXUINT);
  if (gtk_bitset_is_empty (changes))
    return TRUE;
  gtk_bitset_difference (self->selected, changes);
  read_ids (self);
  first = gtk_bitset_get_minimum (changes);
  last = gtk_bitset_get_maximum (changes);
  gtk_selection_model_selection_changed (model, first, last - first + 1);
  return TRUE;
}

static void
selection_model_init (GtkSelectionModelInterface *iface)
{
  iface->is_selected = is_selected;
  iface->get_selection_in_range = get_selection_in_range;
  iface->set_selection = set_selection;
}

/* Takes the ids of what was selected in a range out of self->ids: those that may come back elsewhere. (nullable) */
static GHashTable *
steal_ids (FoveaPictureSelection *self, guint position, guint n_items)
{
  g_autoptr (GHashTable) lost = NULL;
  guint before, n;

  if (n_items == 0)
    return NULL;
  before = position > 0 ? (guint) gtk_bitset_get_size_in_range (self->selected, 0, position - 1) : 0;
  n = (guint) gtk_bitset_get_size_in_range (self->selected, position, position + n_items - 1);
  if (n == 0)
    return NULL;
  lost = g_hash_table_new (NULL, NULL);
  for (guint i = before; i < before + n; i++)
    g_hash_table_add (lost, (gpointer) (gintptr) g_array_index (self->ids, gint64, i));
  return g_steal_pointer (&lost);
}

static void
on_items_changed (FoveaPictureSelection *self, guint position, guint removed, guint added)
{
  g_autoptr (GHashTable) lost = steal_ids (self, position, removed);

  gtk_bitset_splice (self->selected, position, removed, added);
  for (guint i = position; lost != NULL && i < position + added; i++)
    if (g_hash_table_contains (lost, (gpointer) (gintptr) fovea_picture_list_get_id (self->list, i)))
      gtk_bitset_add (self->selected, i);
  if (lost != NULL)
    read_ids (self);
  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
}

guint
fovea_picture_selection_get_n_selected (FoveaPictureSelection *self)
{
  return (guint) gtk_bitset_get_size (self->selected);
}

guint
fovea_picture_selection_get_first (FoveaPictureSelection *self)
{
  return gtk_bitset_is_empty (self->selected) ? GTK_INVALID_LIST_POSITION : gtk_bitset_get_minimum (self->selected);
}

GArray *
fovea_picture_selection_dup_ids (FoveaPictureSelection *self)
{
  return g_array_copy (self->ids);
}

/* ---- the object ---- */

static void
picture_selection_finalize (GObject *object)
{
  FoveaPictureSelection *self = FOVEA_PICTURE_SELECTION (object);

  g_object_unref (self->list);
  gtk_bitset_unref (self->selected);
  g_array_unref (self->ids);
  G_OBJECT_CLASS (fovea_picture_selection_parent_class)->finalize (object);
}

static void
fovea_picture_selection_class_init (FoveaPictureSelectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = picture_selection_finalize;
}

static void
fovea_picture_selection_init (FoveaPictureSelection *self)
{
  self->selected = gtk_bitset_new_empty ();
  self->ids = g_array_new (FALSE, FALSE, sizeof (gint64));
}

FoveaPictureSelection *
fovea_picture_selection_new (FoveaPictureList *list)
{
  FoveaPictureSelection *self = g_object_new (FOVEA_TYPE_PICTURE_SELECTION, NULL);

  self->list = g_object_ref (list);
  g_signal_connect_object (list, "items-changed", G_CALLBACK (on_items_changed), self, G_CONNECT_SWAPPED);
  return self;
}
