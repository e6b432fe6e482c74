/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models-page-private.h"

#include <glib/gi18n.h>

#include "app/stack.h"

static void models_page_init_page (FoveaPageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaModelsPage, fovea_models_page, ADW_TYPE_BIN,
                               G_IMPLEMENT_INTERFACE (FOVEA_TYPE_PAGE, models_page_init_page))

static gboolean
is_showing (FoveaModelsPage *self, const char *name)
{
  return g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), name) == 0;
}

static FoveaModelList *
get_models (FoveaModelsPage *self)
{
  return fovea_project_get_models (self->project);
}

FoveaModel *
fovea_models_page_get_target (FoveaModelsPage *self)
{
  if (is_showing (self, "model"))
    return fovea_model_view_get_model (self->view);
  return is_showing (self, "list") ? fovea_models_page_get_row_model (self) : NULL;
}

FoveaModel *
fovea_models_page_get_training_target (FoveaModelsPage *self)
{
  GListModel *models = G_LIST_MODEL (get_models (self));
  FoveaModel *found = fovea_models_page_get_target (self);

  for (guint i = g_list_model_get_n_items (models); found == NULL && i-- > 0;)
    {
      g_autoptr (FoveaModel) model = g_list_model_get_item (models, i);

      if (fovea_model_get_trainable (model))
        found = model; /* the list holds it */
    }
  return found;
}

/* ---- going about ---- */

static void
show (FoveaModelsPage *self, const char *name)
{
  fovea_stack_show_only (self->stack, name);
  fovea_models_page_update_actions (self);
  fovea_page_title_changed (FOVEA_PAGE (self));
}

void
fovea_models_page_show_list (FoveaModelsPage *self)
{
  gboolean was_elsewhere = !is_showing (self, "list");

  show (self, "list");
  fovea_model_view_set_model (self->view, NULL);
  if (was_elsewhere)
    fovea_page_focus (FOVEA_PAGE (self));
}

void
fovea_models_page_show_form (FoveaModelsPage *self, const char *type_id, const char *pack)
{
  show (self, "form");
  fovea_model_form_start (self->form, type_id, pack);
}

gboolean
fovea_models_page_open (FoveaModelsPage *self, const char *model_id, const char *tab)
{
  FoveaModel *model = fovea_model_list_lookup (get_models (self), model_id);

  if (model == NULL)
    return FALSE;
  if (!is_showing (self, "model") || fovea_model_view_get_model (self->view) != model)
    {
      fovea_model_view_set_model (self->view, model);
      fovea_model_view_show_tab (self->view, tab);
      show (self, "model");
      gtk_widget_child_focus (GTK_WIDGET (self->view), GTK_DIR_TAB_FORWARD);
    }
  return TRUE;
}

static void
open_pending (FoveaModelsPage *self)
{
  g_autofree char *id = NULL;
  FoveaModel *model = self->pending_id != NULL ? fovea_model_list_lookup (get_models (self), self->pending_id) : NULL;

  if (model == NULL)
    return;
  id = g_steal_pointer (&self->pending_id);
  (void) fovea_models_page_open (self, id, "overview");
  if (self->pending_train)
    fovea_models_page_train (self, model);
}

void
fovea_models_page_open_when_there (FoveaModelsPage *self, const char *model_id, gboolean train)
{
  g_free (self->pending_id);
  self->pending_id = g_strdup (model_id);
  self->pending_train = train;
  open_pending (self);
}

static void
on_created (FoveaModelForm *form, const char *id, gboolean train, FoveaModelsPage *self)
{
  fovea_models_page_open_when_there (self, id, train);
}

static void
on_cancelled (FoveaModelForm *form, FoveaModelsPage *self)
{
  fovea_models_page_show_list (self);
}

static void
on_model_changed (FoveaModelsPage *self)
{
  fovea_models_page_update_actions (self);
  fovea_page_title_changed (FOVEA_PAGE (self));
}

/* A model that is gone takes its page with it. */
static void
on_models_changed (GListModel *models, guint position, guint removed, guint added, FoveaModelsPage *self)
{
  FoveaModel *shown = fovea_model_view_get_model (self->view);

  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (FoveaModel) model = g_list_model_get_item (models, i);

      g_signal_handlers_disconnect_by_func (model, on_model_changed, self);
      g_signal_connect_object (model, "changed", G_CALLBACK (on_model_changed), self, G_CONNECT_SWAPPED);
    }
  if (shown != NULL && fovea_model_list_lookup (get_models (self), fovea_model_get_id (shown)) != shown)
    fovea_models_page_show_list (self);
  open_pending (self);
  on_model_changed (self);
}

static void
on_view_wants (FoveaModelView *view, GArray *ids, const char *what, FoveaModelsPage *self)
{
  g_autoptr (FoveaOpinions) opinions = fovea_model_view_dup_opinions (view);

  fovea_page_want_pictures (FOVEA_PAGE (self), ids, what, opinions);
}

/* ---- the page ---- */

static char *
page_dup_subtitle (FoveaPage *page)
{
  FoveaModelsPage *self = FOVEA_MODELS_PAGE (page);
  FoveaModel *model = is_showing (self, "model") ? fovea_model_view_get_model (self->view) : NULL;

  return g_strdup (model != NULL ? fovea_model_get_name (model) : "");
}

static char *
page_dup_count (FoveaPage *page, char **ret_description)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (get_models (FOVEA_MODELS_PAGE (page))));

  *ret_description = g_strdup_printf (ngettext ("%u model", "%u models", n), n);
  return n > 0 ? g_strdup_printf ("%u", n) : g_strdup ("");
}

static GtkWidget *
page_get_header_widget (FoveaPage *page)
{
  return FOVEA_MODELS_PAGE (page)->header_tools;
}

static GActionGroup *
page_get_actions (FoveaPage *page)
{
  return G_ACTION_GROUP (FOVEA_MODELS_PAGE (page)->actions);
}

/* Who comes back from an evaluation's pictures goes on where they were. */
static void
page_set_shown (FoveaPage *page, gboolean shown)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (page));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  if (!shown)
    g_set_weak_pointer (&FOVEA_MODELS_PAGE (page)->left_at,
                        focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (page)) ? focus : NULL);
}

static void
page_focus (FoveaPage *page)
{
  FoveaModelsPage *self = FOVEA_MODELS_PAGE (page);
  GtkWidget *left_at = self->left_at; /* once: later it is somewhere else that the keyboard comes from */
  GtkListBoxRow *first = is_showing (self, "list") ? gtk_list_box_get_row_at_index (self->models_list, 0) : NULL;

  g_clear_weak_pointer (&self->left_at);
  if (left_at != NULL && gtk_widget_get_mapped (left_at) && gtk_widget_grab_focus (left_at))
    return;
  if (first == NULL || !gtk_widget_grab_focus (GTK_WIDGET (first)))
    (void) gtk_widget_child_focus (GTK_WIDGET (self->stack), GTK_DIR_TAB_FORWARD);
}

static void
models_page_init_page (FoveaPageInterface *iface)
{
  iface->name = "models";
  iface->title = N_("Models");
  iface->icon_name = "applications-science-symbolic";
  iface->dup_subtitle = page_dup_subtitle;
  iface->dup_count = page_dup_count;
  iface->get_header_widget = page_get_header_widget;
  iface->get_actions = page_get_actions;
  iface->focus = page_focus;
  iface->set_shown = page_set_shown;
}

/* ---- the object ---- */

static void
models_page_dispose (GObject *object)
{
  FoveaModelsPage *self = FOVEA_MODELS_PAGE (object);

  if (self->models_list != NULL)
    gtk_list_box_bind_model (self->models_list, NULL, NULL, NULL, NULL);
  self->models_list = NULL;
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->actions);
  g_clear_object (&self->project);
  g_clear_weak_pointer (&self->left_at);
  g_clear_pointer (&self->pending_id, g_free);
  G_OBJECT_CLASS (fovea_models_page_parent_class)->dispose (object);
}

static void
fovea_models_page_class_init (FoveaModelsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = models_page_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/models-page.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaModelsPage, train_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelsPage, empty_page);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelsPage, models_box);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelsPage, models_list);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelsPage, types_list);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelsPage, packs_list);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelsPage, header_tools);
}

static void
fovea_models_page_init (FoveaModelsPage *self)
{
  self->actions = g_simple_action_group_new ();
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
fovea_models_page_new (FoveaProject *project)
{
  FoveaModelsPage *self = g_object_new (FOVEA_TYPE_MODELS_PAGE, NULL);
  GListModel *models;

  self->project = g_object_ref (project);
  models = G_LIST_MODEL (get_models (self));
  self->form = FOVEA_MODEL_FORM (fovea_model_form_new (project));
  self->view = FOVEA_MODEL_VIEW (fovea_model_view_new (project));
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->form), "form");
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->view), "model");
  g_signal_connect (self->form, "created", G_CALLBACK (on_created), self);
  g_signal_connect (self->form, "cancelled", G_CALLBACK (on_cancelled), self);
  g_signal_connect (self->view, "pictures-wanted", G_CALLBACK (on_view_wants), self);
  g_signal_connect_object (models, "items-changed", G_CALLBACK (on_models_changed), self, 0);
  fovea_models_page_init_actions (self);
  fovea_models_page_init_lists (self);
  on_models_changed (models, 0, 0, g_list_model_get_n_items (models), self);
  show (self, "list");
  return GTK_WIDGET (self);
}
