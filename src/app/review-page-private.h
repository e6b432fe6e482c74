/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/label-popover.h"
#include "app/picture-view.h"
#include "app/review-page.h"
#include "app/thumbnail-loader.h"
#include "engine/review.h"

G_BEGIN_DECLS

struct _FoveaReviewPage {
  AdwBin parent_instance;
  FoveaProject *project;
  FoveaReview *review;
  GSimpleActionGroup *actions;
  gboolean shown;
  guint update_source, focus_source;

  /* Pixels: what is there of the pictures around the present one. */
  GHashTable *textures; /* id → GdkTexture */
  GHashTable *failures; /* id → message */
  gint64 loading_id;    /* 0 none */
  GCancellable *cancellable;

  /* The film strip: the queue from a little before the present picture on. */
  GtkSliceListModel *slice;
  GtkSingleSelection *selection;
  FoveaThumbnailLoader *loader;
  GHashTable *cells;
  gboolean moving_selection;

  FoveaLabelPopover *label_popover;
  GtkWidget *header_tools;
  GtkMenuButton *edit_button;
  GtkLabel *order_label;
  AdwFlap *side_flap;
  GtkStack *stack;
  GtkSpinner *spinner;
  AdwStatusPage *empty_page, *end_page, *failed_page;
  GtkWidget *empty_button;
  GtkStack *picture_stack;
  FoveaPictureView *picture_view;
  GtkListView *strip;
  GtkLabel *place_label, *question_label, *name_label, *nothing_said_label;
  GtkWidget *machine_box, *person_box;
  GtkLabel *reviewed_label, *accuracy_label, *left_label, *settle_label, *live_label;
};

/* review-pixels.c: the present picture and the ones after it are decoded before they are wanted. */
void fovea_review_page_init_pixels (FoveaReviewPage *self);
void fovea_review_page_show_pixels (FoveaReviewPage *self);
void fovea_review_page_clear_pixels (FoveaReviewPage *self);

/* review-strip.c */
void fovea_review_page_init_strip (FoveaReviewPage *self);
void fovea_review_page_show_strip (FoveaReviewPage *self);
void fovea_review_page_clear_strip (FoveaReviewPage *self);

/* review-side.c: what the machine says, what a person said, how the sitting goes. */
void  fovea_review_page_show_side (FoveaReviewPage *self);
char *fovea_review_page_dup_question (FoveaReviewPage *self) G_GNUC_WARN_UNUSED_RESULT; /* "Is it hat? 91 %"; "" without a suggestion */
char *fovea_review_page_dup_tally (FoveaReviewPage *self) G_GNUC_WARN_UNUSED_RESULT;

/* review-actions.c */
void fovea_review_page_want_focus (FoveaReviewPage *self); /* review-page.c: the keys are the queue's, as soon as it is there */
void fovea_review_page_init_actions (FoveaReviewPage *self);
void fovea_review_page_update_actions (FoveaReviewPage *self);

G_END_DECLS
