/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/picture-private.h"

#include <glib/gi18n.h>

/* A difference that nobody can see in two digits or a bar. */
#define SAME_VALUE 1e-4

struct _FoveaPicture {
  GObject parent_instance;
  gint64 id;
  FoveaConceptList *concepts;
  FoveaPictureRow row;
};

G_DEFINE_FINAL_TYPE (FoveaPicture, fovea_picture, G_TYPE_OBJECT)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

void
fovea_picture_row_clear (FoveaPictureRow *row)
{
  g_clear_pointer (&row->row, fovea_store_input_free);
  g_clear_pointer (&row->labels, g_array_unref);
}

static void
fovea_picture_finalize (GObject *object)
{
  FoveaPicture *self = FOVEA_PICTURE (object);

  fovea_picture_row_clear (&self->row);
  g_clear_object (&self->concepts);
  G_OBJECT_CLASS (fovea_picture_parent_class)->finalize (object);
}

static void
fovea_picture_class_init (FoveaPictureClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fovea_picture_finalize;
  signals[CHANGED] = g_signal_new ("changed", FOVEA_TYPE_PICTURE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
fovea_picture_init (FoveaPicture *self)
{
}

FoveaPicture *
fovea_picture_new (gint64 id, FoveaConceptList *concepts)
{
  FoveaPicture *self = g_object_new (FOVEA_TYPE_PICTURE, NULL);

  self->id = id;
  self->concepts = g_object_ref (concepts);
  return self;
}

static gboolean
same_labels (const GArray *a, const GArray *b)
{
  guint n = a != NULL ? a->len : 0;

  if (n != (b != NULL ? b->len : 0))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      const FoveaStoreAnnotation *x = &g_array_index (a, FoveaStoreAnnotation, i);
      const FoveaStoreAnnotation *y = &g_array_index (b, FoveaStoreAnnotation, i);

      if (x->concept != y->concept || x->value != y->value)
        return FALSE;
    }
  return TRUE;
}

static gboolean
same_input (const FoveaStoreInput *a, const FoveaStoreInput *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return a->missing == b->missing && a->state == b->state && a->width == b->width && a->height == b->height
         && a->mtime_us == b->mtime_us && g_strcmp0 (a->path, b->path) == 0 && g_strcmp0 (a->split, b->split) == 0;
}

static gint64
strongest (const FoveaPictureRow *row, double *ret_value)
{
  *ret_value = row->suggested != 0 ? row->suggested_value : row->value;
  return row->suggested != 0 ? row->suggested : row->predicted;
}

static gboolean
same_prediction (const FoveaPictureRow *a, const FoveaPictureRow *b)
{
  double x, y;

  return strongest (a, &x) == strongest (b, &y) && ABS (x - y) < SAME_VALUE;
}

void
fovea_picture_take_row (FoveaPicture *self, FoveaPictureRow *row, gboolean announce)
{
  FoveaPictureRow old = self->row;
  gboolean differs = !same_input (old.row, row->row) || !same_labels (old.labels, row->labels) || !same_prediction (&old, row)
                     || old.pending != row->pending;

  self->row = *row;
  *row = (FoveaPictureRow){ 0 };
  fovea_picture_row_clear (&old);
  if (differs && announce)
    g_signal_emit (self, signals[CHANGED], 0);
}

void
fovea_picture_set_suggestion (FoveaPicture *self, gint64 concept, double value)
{
  FoveaPictureRow old = self->row;

  self->row.suggested = concept;
  self->row.suggested_value = value;
  if (!same_prediction (&old, &self->row))
    g_signal_emit (self, signals[CHANGED], 0);
}

const FoveaStoreInput *
fovea_picture_get_row (FoveaPicture *self)
{
  return self->row.row;
}

gint64
fovea_picture_get_id (FoveaPicture *self)
{
  return self->id;
}

char *
fovea_picture_dup_name (FoveaPicture *self)
{
  return g_strdup (self->row.row != NULL ? self->row.row->name : "");
}

char *
fovea_picture_dup_path (FoveaPicture *self)
{
  return g_strdup (self->row.row != NULL ? self->row.row->path : "");
}

int
fovea_picture_get_width (FoveaPicture *self)
{
  return self->row.row != NULL ? (int) self->row.row->width : 0;
}

int
fovea_picture_get_height (FoveaPicture *self)
{
  return self->row.row != NULL ? (int) self->row.row->height : 0;
}

const char *
fovea_picture_get_split (FoveaPicture *self)
{
  return self->row.row != NULL && self->row.row->split != NULL ? g_intern_string (self->row.row->split) : "";
}

FoveaPictureState
fovea_picture_get_state (FoveaPicture *self)
{
  return self->row.row != NULL ? (FoveaPictureState) self->row.row->state : FOVEA_PICTURE_UNTOUCHED;
}

gboolean
fovea_picture_get_missing (FoveaPicture *self)
{
  return self->row.row == NULL || self->row.row->missing;
}

gboolean
fovea_picture_get_embedding_pending (FoveaPicture *self)
{
  return self->row.pending;
}

guint
fovea_picture_get_n_labels (FoveaPicture *self)
{
  return self->row.labels != NULL ? self->row.labels->len : 0;
}

FoveaConcept *
fovea_picture_get_label (FoveaPicture *self, guint i, gboolean *ret_positive)
{
  const FoveaStoreAnnotation *label;

  g_return_val_if_fail (i < fovea_picture_get_n_labels (self), NULL);
  label = &g_array_index (self->row.labels, FoveaStoreAnnotation, i);
  if (ret_positive != NULL)
    *ret_positive = label->value == 1;
  return fovea_concept_list_lookup (self->concepts, label->concept);
}

FoveaConcept *
fovea_picture_get_prediction (FoveaPicture *self, double *ret_value)
{
  double value;
  gint64 concept = strongest (&self->row, &value);

  if (concept == 0)
    return NULL;
  if (ret_value != NULL)
    *ret_value = value;
  return fovea_concept_list_lookup (self->concepts, concept);
}

static gboolean
is_said (FoveaPicture *self, FoveaConcept *concept)
{
  for (guint i = 0; i < fovea_picture_get_n_labels (self); i++)
    if (fovea_picture_get_label (self, i, NULL) == concept)
      return TRUE;
  return FALSE;
}

char *
fovea_picture_dup_description (FoveaPicture *self)
{
  GString *text = g_string_new (NULL);
  double value;
  FoveaConcept *predicted = fovea_picture_get_prediction (self, &value);

  for (guint i = 0; i < fovea_picture_get_n_labels (self); i++)
    {
      gboolean positive;
      FoveaConcept *concept = fovea_picture_get_label (self, i, &positive);

      if (concept != NULL)
        {
          g_string_append (text, text->len > 0 ? ", " : "");
          g_string_append_printf (text, positive ? _("labelled %s") : _("labelled not %s"), fovea_concept_get_name (concept));
        }
    }
  if (predicted != NULL && !is_said (self, predicted))
    {
      g_string_append (text, text->len > 0 ? ", " : "");
      /* Translators: a concept and its probability: "predicted dress 0.91" */
      g_string_append_printf (text, _("predicted %s %.2f"), fovea_concept_get_name (predicted), value);
    }
  if (fovea_picture_get_missing (self))
    g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", _("file not found"));
  return g_string_free (text, FALSE);
}
