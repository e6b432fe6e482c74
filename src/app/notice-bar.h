/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Bars above the pages: each says one thing of the project and offers what to do about it. One a subject ("missing"); a bar that the
 * person has closed stays away as long as it would say the same. */
#define FOVEA_TYPE_NOTICE_BAR (fovea_notice_bar_get_type ())
G_DECLARE_FINAL_TYPE (FoveaNoticeBar, fovea_notice_bar, FOVEA, NOTICE_BAR, AdwBin)

/* In place of what was said of @subject. @button does @action ("win.find-missing"). */
void fovea_notice_bar_show (FoveaNoticeBar *self, const char *subject, const char *text, const char *button, const char *action);
void fovea_notice_bar_hide (FoveaNoticeBar *self, const char *subject);

G_END_DECLS
