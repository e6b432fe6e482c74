/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture-strip.h"

#include <string.h>

#include "app/picture-cell.h"
#include "app/thumbnail-loader.h"

#define SIDE_PX 104
#define CACHE_BYTES (4u << 20)

struct _FoveaPictureStrip {
  AdwBin parent_instance;
  FoveaPictureList *list;
  FoveaThumbnailLoader *loader;
  GtkWidget *box;
  GtkWidget *cells[FOVEA_PICTURE_STRIP_MAX];
  gint64 ids[FOVEA_PICTURE_STRIP_MAX];
  guint n_ids;
  gboolean judged;
  FoveaConcept *concept; /* (nullable) */
  double values[FOVEA_PICTURE_STRIP_MAX];
};

G_DEFINE_FINAL_TYPE (FoveaPictureStrip, fovea_picture_strip, ADW_TYPE_BIN)

static void
bind_cells (FoveaPictureStrip *self)
{
  for (guint i = 0; i < FOVEA_PICTURE_STRIP_MAX; i++)
    {
      FoveaPictureCell *cell = FOVEA_PICTURE_CELL (self->cells[i]);
      g_autoptr (FoveaPicture) picture = NULL;
      guint position;

      if (i < self->n_ids && fovea_picture_list_find (self->list, self->ids[i], &position))
        picture = g_list_model_get_item (G_LIST_MODEL (self->list), position);
      if (picture == NULL)
        fovea_picture_cell_unbind (cell);
      else if (picture != fovea_picture_cell_get_picture (cell))
        fovea_picture_cell_bind (cell, picture, i, self->loader);
      if (picture != NULL && self->judged)
        fovea_picture_cell_set_opinion (cell, self->concept, self->values[i]);
      gtk_widget_set_visible (self->cells[i], picture != NULL);
    }
}

void
fovea_picture_strip_set_project (FoveaPictureStrip *self, FoveaProject *project)
{
  g_return_if_fail (self->list == NULL);
  self->loader = fovea_thumbnail_loader_new (project, CACHE_BYTES);
  self->list = fovea_project_new_picture_list (project);
  g_signal_connect_object (self->list, "items-changed", G_CALLBACK (bind_cells), self, G_CONNECT_SWAPPED);
  fovea_picture_strip_set_ids (self, NULL, 0);
}

void
fovea_picture_strip_set_ids (FoveaPictureStrip *self, const gint64 *ids, guint n)
{
  FoveaPictureFilter filter = { .ids = self->ids };

  self->n_ids = MIN (n, FOVEA_PICTURE_STRIP_MAX);
  for (guint i = 0; i < self->n_ids; i++)
    self->ids[i] = ids[i];
  filter.n_ids = self->n_ids;
  fovea_picture_list_set_filter (self->list, &filter);
  bind_cells (self);
}

void
fovea_picture_strip_set_judged (FoveaPictureStrip *self, const gint64 *ids, const double *values, guint n, FoveaConcept *concept)
{
  self->judged = TRUE;
  g_set_object (&self->concept, concept);
  memcpy (self->values, values, MIN (n, FOVEA_PICTURE_STRIP_MAX) * sizeof *values);
  fovea_picture_strip_set_ids (self, ids, n);
}

static void
picture_strip_dispose (GObject *object)
{
  FoveaPictureStrip *self = FOVEA_PICTURE_STRIP (object);

  for (guint i = 0; i < FOVEA_PICTURE_STRIP_MAX && self->list != NULL; i++)
    fovea_picture_cell_unbind (FOVEA_PICTURE_CELL (self->cells[i]));
  g_clear_object (&self->list);
  g_clear_object (&self->concept);
  g_clear_pointer (&self->loader, fovea_thumbnail_loader_free);
  G_OBJECT_CLASS (fovea_picture_strip_parent_class)->dispose (object);
}

static void
fovea_picture_strip_class_init (FoveaPictureStripClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = picture_strip_dispose;
  gtk_widget_class_set_css_name (GTK_WIDGET_CLASS (klass), "picturestrip");
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
fovea_picture_strip_init (FoveaPictureStrip *self)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();

  self->box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  for (guint i = 0; i < FOVEA_PICTURE_STRIP_MAX; i++)
    {
      self->cells[i] = fovea_picture_cell_new ();
      fovea_picture_cell_set_side (FOVEA_PICTURE_CELL (self->cells[i]), SIDE_PX);
      gtk_widget_set_visible (self->cells[i], FALSE);
      gtk_box_append (GTK_BOX (self->box), self->cells[i]);
    }
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
  gtk_widget_set_size_request (scroller, -1, SIDE_PX + 12);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), self->box);
  adw_bin_set_child (ADW_BIN (self), scroller);
}
