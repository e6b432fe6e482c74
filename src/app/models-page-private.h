/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/model-form.h"
#include "app/model-view.h"
#include "app/models-page.h"

G_BEGIN_DECLS

struct _FoveaModelsPage {
  AdwBin parent_instance;
  FoveaProject *project;
  GSimpleActionGroup *actions;
  GCancellable *cancellable; /* of the whole page */
  char *pending_id;          /* (nullable) a model just made, to be opened as soon as the list has it */
  gboolean pending_train;
  GtkWidget *left_at;        /* (nullable) weak: had the keyboard when another page was chosen */

  GtkWidget *header_tools;
  GtkStack *stack;
  GtkWidget *empty_page, *models_box;
  GtkWidget *train_button;
  GtkListBox *models_list, *types_list, *packs_list;
  FoveaModelForm *form;
  FoveaModelView *view;
};

/* models-list.c: rows of models, types and packs. */
void        fovea_models_page_init_lists (FoveaModelsPage *self);
FoveaModel *fovea_models_page_get_row_model (FoveaModelsPage *self); /* (nullable), borrowed: of the row that has the keyboard */

/* models-actions.c */
void        fovea_models_page_init_actions (FoveaModelsPage *self);
void        fovea_models_page_update_actions (FoveaModelsPage *self);
void        fovea_models_page_train (FoveaModelsPage *self, FoveaModel *model);

/* models-page.c */
/* What an action is about: the model that is shown, or the row that has the keyboard. For a training also the newest that can
 * be trained. (nullable), borrowed */
FoveaModel *fovea_models_page_get_target (FoveaModelsPage *self);
FoveaModel *fovea_models_page_get_training_target (FoveaModelsPage *self);
void        fovea_models_page_show_list (FoveaModelsPage *self);
void        fovea_models_page_show_form (FoveaModelsPage *self, const char *type_id, const char *pack);
void        fovea_models_page_open_when_there (FoveaModelsPage *self, const char *model_id, gboolean train);

G_END_DECLS
