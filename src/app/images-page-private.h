/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/images-page.h"
#include "app/label-popover.h"
#include "app/live-bar.h"
#include "app/picture-cell.h"
#include "app/picture-selection.h"
#include "app/thumbnail-loader.h"

G_BEGIN_DECLS

struct _FoveaImagesPage {
  AdwBin parent_instance;
  FoveaProject *project;
  FoveaPictureList *list; /* a view of its own: its filter is not the sidebar's counts */
  FoveaPictureSelection *selection;
  FoveaThumbnailLoader *loader;
  GHashTable *cells; /* of FoveaPictureCell: all that exist, bound or not */
  int side_px;
  guint tick_id, wait_ticks; /* frames until the grid has laid out the rows that changed */
  double pending_notches;    /* of the wheel, for the next frame */
  guint anchor;              /* where the one selected picture was: the next one takes its place when it goes */
  gboolean pending_top;      /* to the first row */
  gboolean pending_go_to;    /* to the anchor, as soon as the rows are there */

  FoveaPictureFilter filter; /* strings and ids are the ones below */
  char *text, *split, *field_text;
  GArray *ids;                        /* (nullable) gint64 */
  char *ids_name, *field_name;        /* (nullable) what their chips say */
  FoveaPage *from;                    /* (nullable) weak: the page that asked for these ids */
  FoveaOpinions *opinions;            /* (nullable) a model's words about these ids, shown as long as they are */
  FoveaPictureSort sort;
  gint64 about;     /* what the order is about */
  char *about_name; /* (nullable) of the picture */
  gboolean descending;

  GtkWidget *header_tools;
  GtkSearchBar *search_bar;
  GtkSearchEntry *search_entry;
  GtkRevealer *chips_revealer;
  GtkBox *chips;
  FoveaConceptBand *band;
  GtkMenuButton *filters_button;
  FoveaLiveBar *live_bar;
  GtkStack *stack;
  GtkSpinner *spinner;
  AdwStatusPage *importing_page;
  GtkProgressBar *importing_bar;
  GtkScrolledWindow *scroller;
  GtkGridView *grid;
  GtkLabel *status_label;
  GtkWidget *selection_buttons;
  GtkMenuButton *label_button;
  GMenu *picture_menu, *label_menu, *not_menu, *split_menu;
  GtkWidget *menu_popover, *split_popover;
  FoveaLabelPopover *label_popover;
  GtkScale *size_scale;
  GtkAdjustment *size_adjustment;
};

/* images-grid.c: cells, pointer, drag. */
void fovea_images_page_focus_cell (FoveaImagesPage *self, guint position);
void fovea_images_page_init_grid (FoveaImagesPage *self);
void fovea_images_page_show_opinion (FoveaImagesPage *self, FoveaPictureCell *cell); /* of a bound cell: the model's, or none */
gboolean fovea_images_page_get_cell_bounds (FoveaImagesPage *self, guint position, GdkRectangle *ret_bounds); /* in the page */
void fovea_images_page_scroll_to_top (FoveaImagesPage *self);
void fovea_images_page_settle (FoveaImagesPage *self); /* rows have changed */

/* images-conditions.c: what chips say. */
/* One condition of a filter. @dup_text: what its chip says, NULL while it does not hold. */
typedef struct {
  char *(*dup_text) (FoveaImagesPage *self, const FoveaPictureFilter *filter);
  void (*clear) (FoveaPictureFilter *filter);
} FoveaCondition;

const FoveaCondition *fovea_images_page_get_conditions (guint *ret_n); /* (array length=ret_n), in the order of the chips */
char                 *fovea_images_page_dup_order_text (FoveaImagesPage *self); /* NULL for the usual order */

/* images-filter.c: search, chips. */
void fovea_images_page_init_filter (FoveaImagesPage *self);
void fovea_images_page_apply_filter (FoveaImagesPage *self);
gboolean fovea_images_page_shows_other_opinions (FoveaImagesPage *self); /* on labelled pictures: where they are asked for */
void fovea_images_page_forget_gone_concepts (FoveaImagesPage *self); /* deleted, merged: no longer a condition */

/* images-menu.c: what can be done to the selected pictures. */
void fovea_images_page_init_menu (FoveaImagesPage *self);
void fovea_images_page_popup_menu_at (FoveaImagesPage *self, double x, double y); /* in the grid's coordinates */

/* images-page.c */
void fovea_images_page_update_state (FoveaImagesPage *self);

G_END_DECLS
