/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models-page-private.h"

#include <glib/gi18n.h>

#include "app/headline.h"
#include "engine/catalog.h"

#define MODEL_KEY "fovea-model"

/* ---- models ---- */

static void
refresh_row (GtkWidget *row, FoveaModel *model)
{
  g_autofree char *title = g_markup_escape_text (fovea_model_get_name (model), -1);
  g_autofree char *state = fovea_headline_dup_model_text (model);
  g_autofree char *subtitle = g_markup_escape_text (state, -1);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, state, -1); /* its name is its title */
}

static void
on_model_changed (FoveaModel *model, GtkWidget *row)
{
  refresh_row (row, model);
}

static GtkWidget *
create_model_row (gpointer item, gpointer data)
{
  GtkWidget *row = adw_action_row_new ();

  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name ("go-next-symbolic"));
  g_object_set_data_full (G_OBJECT (row), MODEL_KEY, g_object_ref (item), g_object_unref);
  g_signal_connect_object (item, "changed", G_CALLBACK (on_model_changed), row, 0);
  refresh_row (row, item);
  return row;
}

static void
on_model_activated (GtkListBox *list, GtkListBoxRow *row, FoveaModelsPage *self)
{
  FoveaModel *model = g_object_get_data (G_OBJECT (row), MODEL_KEY);

  (void) fovea_models_page_open (self, fovea_model_get_id (model), "overview");
}

FoveaModel *
fovea_models_page_get_row_model (FoveaModelsPage *self)
{
  GtkWidget *focus = gtk_widget_get_focus_child (GTK_WIDGET (self->models_list));

  return focus != NULL ? g_object_get_data (G_OBJECT (focus), MODEL_KEY) : NULL;
}

/* ---- kinds of models ---- */

static void
add_suffix_button (GtkWidget *row, const char *label, const char *name, const char *action, const char *target)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s", target);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), button);
  /* The row names its widget by its title, which would be said twice. */
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
}

static void
add_type (FoveaModelsPage *self, const FoveaTypeCard *card)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *title = g_markup_escape_text (card->question, -1);
  g_autofree char *text = g_strdup_printf ("%s: %s\n%s", card->title, card->description, card->example);
  g_autofree char *subtitle = g_markup_escape_text (text, -1);
  g_autofree char *name = g_strdup_printf (_("Create: %s"), card->question);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  add_suffix_button (row, _("Create"), name, "models.create-type", card->id);
  gtk_list_box_append (self->types_list, row);
}

static void
add_types (FoveaModelsPage *self)
{
  for (const char *const *id = fovea_catalog_get_types (); *id != NULL; id++)
    {
      FoveaTypeCard card;

      if (fovea_catalog_get_card (*id, &card))
        add_type (self, &card);
    }
}

/* ---- packs ---- */

static void
add_pack (FoveaModelsPage *self, const FoveaPackCard *card)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *title = g_markup_escape_text (card->title, -1);
  g_autofree char *licence = g_strdup_printf (_("Licence: %s"), card->license);
  g_autofree char *subtitle = g_markup_escape_text (card->installed ? licence : _("Not installed; the program fetches it when it is set up"), -1);
  g_autofree char *name = g_strdup_printf (_("Add %s"), card->title);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  if (card->installed)
    add_suffix_button (row, _("Add"), name, "models.create-pack", card->name);
  gtk_widget_set_sensitive (row, card->installed);
  gtk_list_box_append (self->packs_list, row);
}

static void
on_packs (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelsPage) self = data;
  g_autoptr (GPtrArray) packs = fovea_catalog_list_packs_finish (result, NULL);

  for (guint i = 0; packs != NULL && self->project != NULL && i < packs->len; i++)
    if (((const FoveaPackCard *) g_ptr_array_index (packs, i))->classifies)
      add_pack (self, g_ptr_array_index (packs, i));
}

static void
on_models_changed (FoveaModelsPage *self)
{
  gboolean any = g_list_model_get_n_items (G_LIST_MODEL (fovea_project_get_models (self->project))) > 0;

  gtk_widget_set_visible (self->empty_page, !any);
  gtk_widget_set_visible (self->models_box, any);
}

void
fovea_models_page_init_lists (FoveaModelsPage *self)
{
  FoveaModelList *models = fovea_project_get_models (self->project);

  gtk_list_box_bind_model (self->models_list, G_LIST_MODEL (models), create_model_row, self, NULL);
  g_signal_connect (self->models_list, "row-activated", G_CALLBACK (on_model_activated), self);
  g_signal_connect_object (models, "items-changed", G_CALLBACK (on_models_changed), self, G_CONNECT_SWAPPED);
  on_models_changed (self);
  add_types (self);
  fovea_catalog_list_packs_async (self->cancellable, on_packs, g_object_ref (self));
}
