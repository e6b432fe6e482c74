/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/page.h"
#include "engine/project.h"

G_BEGIN_DECLS

/* What the machine says of whole pictures, one after the other: accept, reject, correct. Actions (review.…): accept, reject, edit,
 * skip, next, previous, correct ("concept"), correct-key ("1"), order ("doubt", "useful", "certain", "errors"), zoom-in, zoom-out, zoom-fit,
 * again. */
#define FOVEA_TYPE_REVIEW_PAGE (fovea_review_page_get_type ())
G_DECLARE_FINAL_TYPE (FoveaReviewPage, fovea_review_page, FOVEA, REVIEW_PAGE, AdwBin)

GtkWidget *fovea_review_page_new (FoveaProject *project);

G_END_DECLS
