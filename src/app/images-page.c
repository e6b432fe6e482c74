/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/images-page-private.h"

#include <glib/gi18n.h>

#include "app/filter-popover.h"
#include "app/job-row.h"
#include "app/settings.h"
#include "app/stack.h"
#include "app/tab-stop.h"

#define MIN_SIDE_PX 64
#define MAX_SIDE_PX 320
#define CELL_EXTRA_PX 12 /* what a cell is wider than its picture */
/* Enough for some hundred cells at the default size; the rest is loaded again when it comes back into view. */
#define CACHE_BYTES (48u << 20)

static void images_page_init_page (FoveaPageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaImagesPage, fovea_images_page, ADW_TYPE_BIN,
                               G_IMPLEMENT_INTERFACE (FOVEA_TYPE_PAGE, images_page_init_page))

enum {
  SELECTION_CHANGED,
  FILTER_CHANGED,
  PICTURE_ACTIVATED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* ---- what is shown ---- */

static void
update_status (FoveaImagesPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->list)), total = fovea_picture_list_get_total (self->list);
  guint n_selected = fovea_images_page_get_n_selected (self);
  g_autofree char *text = NULL;

  if (n_selected > 0)
    text = g_strdup_printf (ngettext ("%u selected · drag onto a concept, or press its key",
                                      "%u selected · drag onto a concept, or press its key", n_selected),
                            n_selected);
  else if (n != total)
    text = g_strdup_printf (ngettext ("%u of %u picture", "%u of %u pictures", total), n, total);
  else
    text = g_strdup_printf (ngettext ("%u picture", "%u pictures", n), n);
  gtk_label_set_label (self->status_label, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->status_label), text);
  gtk_widget_set_visible (self->selection_buttons, n_selected > 0);
}

/* (nullable) The job that brings pictures in. */
static FoveaJob *
dup_import (FoveaImagesPage *self)
{
  GListModel *jobs = G_LIST_MODEL (fovea_project_get_jobs (self->project));

  for (guint i = 0; i < g_list_model_get_n_items (jobs); i++)
    {
      g_autoptr (FoveaJob) job = g_list_model_get_item (jobs, i);
      FoveaJobKind kind = fovea_job_get_kind (job);

      if (!fovea_job_is_over (job) && (kind == FOVEA_JOB_IMPORT || kind == FOVEA_JOB_UNPACK))
        return g_steal_pointer (&job);
    }
  return NULL;
}

/* FALSE: nothing comes in. */
static gboolean
show_importing (FoveaImagesPage *self)
{
  g_autoptr (FoveaJob) job = dup_import (self);
  g_autofree char *detail = NULL, *escaped = NULL;
  double fraction;

  if (job == NULL)
    return FALSE;
  detail = fovea_job_row_dup_detail (fovea_job_get_detail (job), fovea_job_get_speed (job), fovea_job_get_eta_seconds (job));
  escaped = g_markup_escape_text (detail, -1);
  fraction = fovea_job_get_fraction (job);
  adw_status_page_set_description (self->importing_page, escaped);
  if (fraction >= 0.0)
    gtk_progress_bar_set_fraction (self->importing_bar, MIN (fraction, 1.0));
  else
    gtk_progress_bar_pulse (self->importing_bar);
  return TRUE;
}

static void
on_jobs_changed (GListModel *jobs, guint position, guint removed, guint added, FoveaImagesPage *self)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (FoveaJob) job = g_list_model_get_item (jobs, i);

      g_signal_handlers_disconnect_by_data (job, self);
      g_signal_connect_object (job, "notify", G_CALLBACK (fovea_images_page_update_state), self, G_CONNECT_SWAPPED);
    }
  fovea_images_page_update_state (self);
}

void
fovea_images_page_update_state (FoveaImagesPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->list)), total = fovea_picture_list_get_total (self->list);
  gboolean loading = fovea_picture_list_get_loading (self->list);
  const char *page = "grid";

  if (n == 0 && loading && total > 0)
    page = "grid";
  else if (n == 0 && loading && !show_importing (self))
    page = "loading";
  else if (n == 0)
    page = total > 0 ? "no-match" : show_importing (self) ? "importing" : "empty";
  fovea_stack_show_only (self->stack, page);
  /* GTK warns of a band that is drawn over no pictures at all. */
  gtk_grid_view_set_enable_rubberband (self->grid, n > 0);
  gtk_spinner_set_spinning (self->spinner, g_str_equal (page, "loading"));
  update_status (self);
}

static void
on_selection_changed (GtkSelectionModel *model, guint position, guint n_items, FoveaImagesPage *self)
{
  guint n_selected = fovea_images_page_get_n_selected (self);

  self->anchor = n_selected == 1 ? fovea_picture_selection_get_first (self->selection) : GTK_INVALID_LIST_POSITION;
  self->pending_go_to = FALSE;
  update_status (self);
  g_signal_emit (self, signals[SELECTION_CHANGED], 0);
}

static gboolean
is_labelled (FoveaImagesPage *self, guint position)
{
  g_autoptr (FoveaPicture) picture = g_list_model_get_item (G_LIST_MODEL (self->list), position);

  return picture != NULL && fovea_picture_get_n_labels (picture) > 0;
}

/* The one selected picture has left the list (labelled under "unlabelled", removed): the next one is selected, so that keys go
 * on. It stays selected where it only moved. */
static void
follow_selection (FoveaImagesPage *self)
{
  guint n_selected = fovea_images_page_get_n_selected (self);

  if (n_selected == 0 && self->anchor != GTK_INVALID_LIST_POSITION)
    self->pending_go_to = TRUE;
  else if (n_selected == 1 && self->anchor != fovea_picture_selection_get_first (self->selection))
    {
      /* It is kept in view where a person works with it; one that was labelled is done, and the place stays. */
      self->anchor = fovea_picture_selection_get_first (self->selection);
      self->pending_go_to = gtk_widget_get_focus_child (GTK_WIDGET (self->grid)) != NULL && !is_labelled (self, self->anchor);
    }
}

static void
on_items_changed (FoveaImagesPage *self)
{
  follow_selection (self);
  fovea_images_page_settle (self);
  fovea_images_page_update_state (self);
  g_signal_emit (self, signals[SELECTION_CHANGED], 0);
}

static void
on_concepts_changed (FoveaImagesPage *self)
{
  GHashTableIter iter;
  gpointer cell;

  fovea_images_page_forget_gone_concepts (self);
  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    fovea_picture_cell_refresh (cell);
}

static void
on_view_wanted (FoveaConceptBand *band, FoveaConceptView view, FoveaImagesPage *self)
{
  FoveaConcept *concept = fovea_images_page_get_concept (self);

  if (concept != NULL)
    fovea_images_page_show_concept (self, concept, view);
}

void
fovea_images_page_popup_filters (FoveaImagesPage *self)
{
  gtk_menu_button_popup (self->filters_button);
}

static void
on_label_closed (FoveaImagesPage *self)
{
  fovea_label_popover_set_value (self->label_popover, FOVEA_LABEL_POSITIVE);
  fovea_images_page_focus_grid (self);
}

GtkWidget *
fovea_images_page_new (FoveaProject *project)
{
  FoveaImagesPage *self = g_object_new (FOVEA_TYPE_IMAGES_PAGE, NULL);

  self->project = g_object_ref (project);
  self->list = fovea_project_new_picture_list (project);
  self->loader = fovea_thumbnail_loader_new (project, CACHE_BYTES);
  self->selection = fovea_picture_selection_new (self->list);
  self->label_popover = FOVEA_LABEL_POPOVER (fovea_label_popover_new (fovea_project_get_concepts (project)));
  gtk_menu_button_set_popover (self->label_button, GTK_WIDGET (self->label_popover));
  g_signal_connect_object (self->label_popover, "closed", G_CALLBACK (on_label_closed), self,
                           G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  gtk_menu_button_set_popover (self->filters_button, fovea_filter_popover_new (self, project));
  fovea_live_bar_set_live (self->live_bar, fovea_project_get_live (project));
  fovea_concept_band_set_live (self->band, fovea_project_get_live (project));
  g_signal_connect_object (self->band, "view-wanted", G_CALLBACK (on_view_wanted), self, 0);
  gtk_widget_set_sensitive (GTK_WIDGET (self->label_button), !fovea_project_get_read_only (project));
  g_signal_connect (self->selection, "selection-changed", G_CALLBACK (on_selection_changed), self);
  g_signal_connect_object (self->selection, "items-changed", G_CALLBACK (on_items_changed), self,
                           G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "notify", G_CALLBACK (fovea_images_page_update_state), self,
                           G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  g_signal_connect_object (fovea_project_get_concepts (project), "items-changed", G_CALLBACK (on_concepts_changed), self,
                           G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  gtk_grid_view_set_model (self->grid, GTK_SELECTION_MODEL (self->selection));
  g_signal_connect_object (fovea_project_get_jobs (project), "items-changed", G_CALLBACK (on_jobs_changed), self, G_CONNECT_AFTER);
  g_signal_connect_object (self->list, "notify::total", G_CALLBACK (fovea_page_title_changed), self, G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  fovea_images_page_update_state (self);
  return GTK_WIDGET (self);
}

FoveaPictureList *
fovea_images_page_get_list (FoveaImagesPage *self)
{
  return self->list;
}

gboolean
fovea_images_page_is_filtered (FoveaImagesPage *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->list)) < fovea_picture_list_get_total (self->list);
}

/* ---- selection ---- */

guint
fovea_images_page_get_n_selected (FoveaImagesPage *self)
{
  return fovea_picture_selection_get_n_selected (self->selection);
}

GArray *
fovea_images_page_dup_selected_ids (FoveaImagesPage *self)
{
  return fovea_picture_selection_dup_ids (self->selection);
}

void
fovea_images_page_select_all (FoveaImagesPage *self)
{
  gtk_selection_model_select_all (GTK_SELECTION_MODEL (self->selection));
}

void
fovea_images_page_select_none (FoveaImagesPage *self)
{
  gtk_selection_model_unselect_all (GTK_SELECTION_MODEL (self->selection));
}

FoveaPicture *
fovea_images_page_dup_current (FoveaImagesPage *self, guint *ret_position)
{
  guint position = fovea_picture_selection_get_first (self->selection);

  if (position == GTK_INVALID_LIST_POSITION)
    return NULL;
  *ret_position = position;
  return g_list_model_get_item (G_LIST_MODEL (self->list), position);
}

gboolean
fovea_images_page_go_to (FoveaImagesPage *self, guint position)
{
  if (position >= g_list_model_get_n_items (G_LIST_MODEL (self->list)))
    return FALSE;
  gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), position, TRUE);
  gtk_widget_activate_action (GTK_WIDGET (self->grid), "list.scroll-to-item", "u", position);
  fovea_images_page_focus_cell (self, position);
  return TRUE;
}

/* ---- size ---- */

static void
apply_side (FoveaImagesPage *self, int side_px)
{
  GHashTableIter iter;
  gpointer cell;

  if (self->side_px == side_px)
    return;
  self->side_px = side_px;
  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    fovea_picture_cell_set_side (cell, side_px);
  gtk_widget_queue_resize (GTK_WIDGET (self));
  if (fovea_settings_get () != NULL)
    g_settings_set_int (fovea_settings_get (), "thumbnail-size", side_px);
}

/* In steps, so that a slow drag does not ask for every thumbnail anew with every pixel. */
static void
on_size_changed (GtkAdjustment *adjustment, FoveaImagesPage *self)
{
  apply_side (self, (int) (gtk_adjustment_get_value (adjustment) / 8.0 + 0.5) * 8);
}

int
fovea_images_page_get_side (FoveaImagesPage *self)
{
  return self->side_px;
}

void
fovea_images_page_set_side (FoveaImagesPage *self, int side_px)
{
  gtk_adjustment_set_value (self->size_adjustment, CLAMP (side_px, MIN_SIDE_PX, MAX_SIDE_PX));
}

/* The grid binds thirty rows of as many columns as it may have, so it is told how many really fit. It must not be told
 * that there are at least so many: that would be its smallest width, and larger pictures would widen the window. */
static void
images_page_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  FoveaImagesPage *self = FOVEA_IMAGES_PAGE (widget);
  guint columns = (guint) MAX (1, width / (self->side_px + CELL_EXTRA_PX));

  if (gtk_grid_view_get_max_columns (self->grid) != columns)
    gtk_grid_view_set_max_columns (self->grid, columns);
  gtk_widget_allocate (adw_bin_get_child (ADW_BIN (self)), width, height, baseline, NULL);
  gtk_popover_present (GTK_POPOVER (self->menu_popover));
  gtk_popover_present (GTK_POPOVER (self->split_popover));
}

static void
images_page_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                     int *minimum_baseline, int *natural_baseline)
{
  gtk_widget_measure (adw_bin_get_child (ADW_BIN (widget)), orientation, for_size, minimum, natural, minimum_baseline,
                      natural_baseline);
}

static GtkSizeRequestMode
images_page_get_request_mode (GtkWidget *widget)
{
  return gtk_widget_get_request_mode (adw_bin_get_child (ADW_BIN (widget)));
}

/* ---- the rest ---- */

void
fovea_images_page_focus_grid (FoveaImagesPage *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->grid));
}

GtkWidget *
fovea_images_page_get_grid (FoveaImagesPage *self)
{
  return GTK_WIDGET (self->grid);
}

void
fovea_images_page_popup_label (FoveaImagesPage *self, FoveaLabelValue value)
{
  if (!gtk_widget_get_visible (self->selection_buttons))
    return;
  fovea_label_popover_set_value (self->label_popover, value);
  gtk_menu_button_popup (self->label_button);
}

static void
images_page_dispose (GObject *object)
{
  FoveaImagesPage *self = FOVEA_IMAGES_PAGE (object);
  GHashTableIter iter;
  gpointer cell;

  /* The grid keeps its model to the end: taking it away from a scrolled grid makes GTK 4.8 warn of where it cannot scroll to. */
  g_signal_handlers_disconnect_by_data (gtk_scrolled_window_get_vadjustment (self->scroller), self);
  if (self->tick_id != 0)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self->grid), self->tick_id);
  self->tick_id = 0;
  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    fovea_picture_cell_unbind (cell);
  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  g_clear_object (&self->selection);
  g_clear_pointer (&self->loader, fovea_thumbnail_loader_free);
  g_clear_object (&self->list);
  g_clear_pointer (&self->menu_popover, gtk_widget_unparent);
  g_clear_pointer (&self->split_popover, gtk_widget_unparent);
  g_clear_object (&self->project);
  g_clear_weak_pointer (&self->from);
  G_OBJECT_CLASS (fovea_images_page_parent_class)->dispose (object);
}

static void
images_page_finalize (GObject *object)
{
  FoveaImagesPage *self = FOVEA_IMAGES_PAGE (object);

  g_hash_table_unref (self->cells);
  g_free (self->text);
  g_free (self->split);
  g_free (self->field_text);
  g_free (self->ids_name);
  g_clear_object (&self->opinions);
  g_free (self->field_name);
  g_free (self->about_name);
  g_clear_pointer (&self->ids, g_array_unref);
  G_OBJECT_CLASS (fovea_images_page_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, header_tools);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, search_bar);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, search_entry);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, chips_revealer);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, chips);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, band);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, filters_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, live_bar);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, stack);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, spinner);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, importing_page);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, importing_bar);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, scroller);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, grid);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, status_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, selection_buttons);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, label_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, picture_menu);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, label_menu);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, not_menu);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, split_menu);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, size_scale);
  gtk_widget_class_bind_template_child (widget_class, FoveaImagesPage, size_adjustment);
}

static void
fovea_images_page_class_init (FoveaImagesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = images_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = images_page_finalize;
  widget_class->size_allocate = images_page_size_allocate;
  widget_class->measure = images_page_measure;
  widget_class->get_request_mode = images_page_get_request_mode;
  signals[SELECTION_CHANGED] = g_signal_new ("selection-changed", FOVEA_TYPE_IMAGES_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                             G_TYPE_NONE, 0);
  signals[FILTER_CHANGED] = g_signal_new ("filter-changed", FOVEA_TYPE_IMAGES_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 0);
  signals[PICTURE_ACTIVATED] = g_signal_new ("picture-activated", FOVEA_TYPE_IMAGES_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                             G_TYPE_NONE, 1, FOVEA_TYPE_PICTURE);
  g_type_ensure (FOVEA_TYPE_CONCEPT_BAND);
  g_type_ensure (FOVEA_TYPE_LIVE_BAR);
  g_type_ensure (FOVEA_TYPE_TAB_STOP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/images-page.ui");
  bind_children (widget_class);
}

/* ---- what stands around the page ---- */

static char *
dup_subtitle (FoveaPage *page)
{
  FoveaConcept *concept = fovea_images_page_get_concept (FOVEA_IMAGES_PAGE (page));

  return g_strdup (concept != NULL ? fovea_concept_get_name (concept) : "");
}

static char *
dup_count (FoveaPage *page, char **ret_description)
{
  guint total = fovea_picture_list_get_total (FOVEA_IMAGES_PAGE (page)->list);

  *ret_description = g_strdup_printf (ngettext ("%u picture", "%u pictures", total), total);
  return g_strdup_printf ("%u", total);
}

static GtkWidget *
get_header_widget (FoveaPage *page)
{
  return FOVEA_IMAGES_PAGE (page)->header_tools;
}

static void
focus (FoveaPage *page)
{
  fovea_images_page_focus_grid (FOVEA_IMAGES_PAGE (page));
}

static void
images_page_init_page (FoveaPageInterface *iface)
{
  iface->name = "images";
  iface->title = N_("Images");
  iface->icon_name = "image-x-generic-symbolic";
  iface->dup_subtitle = dup_subtitle;
  iface->dup_count = dup_count;
  iface->get_header_widget = get_header_widget;
  iface->focus = focus;
}

static void
fovea_images_page_init (FoveaImagesPage *self)
{
  GSettings *settings = fovea_settings_get ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_layout_manager (GTK_WIDGET (self), NULL); /* the page allocates its child itself */
  self->cells = g_hash_table_new (NULL, NULL);
  self->anchor = GTK_INVALID_LIST_POSITION;
  self->side_px = settings != NULL ? g_settings_get_int (settings, "thumbnail-size") : 144;
  gtk_adjustment_set_value (self->size_adjustment, self->side_px);
  g_signal_connect_object (self->size_adjustment, "value-changed", G_CALLBACK (on_size_changed), self, 0);
  fovea_images_page_init_grid (self);
  fovea_images_page_init_filter (self);
  fovea_images_page_init_menu (self);
}
