/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the chips of the Images page say, and what goes with each. */
#include "app/images-page-private.h"

#include <glib/gi18n.h>

#include "app/split-list.h"

static const char *
get_concept_name (FoveaImagesPage *self, gint64 id)
{
  FoveaConcept *concept = id != 0 ? fovea_concept_list_lookup (fovea_project_get_concepts (self->project), id) : NULL;

  return concept != NULL ? fovea_concept_get_name (concept) : NULL;
}

static char *
dup_concept (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return g_strdup (get_concept_name (self, filter->concept_id));
}

static void
clear_concept (FoveaPictureFilter *filter)
{
  filter->concept_id = 0;
}

static char *
dup_not (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  const char *name = get_concept_name (self, filter->not_concept_id);

  return name != NULL ? g_strdup_printf (_("not %s"), name) : NULL;
}

static void
clear_not (FoveaPictureFilter *filter)
{
  filter->not_concept_id = 0;
}

static char *
dup_predicted (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  const char *name = get_concept_name (self, filter->predicted_id);

  return name != NULL ? g_strdup_printf (_("Predicted %s"), name) : NULL;
}

static void
clear_predicted (FoveaPictureFilter *filter)
{
  filter->predicted_id = 0;
}

static char *
dup_unlabelled (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->unlabelled ? g_strdup (_("Unlabelled")) : NULL;
}

static void
clear_unlabelled (FoveaPictureFilter *filter)
{
  filter->unlabelled = FALSE;
}

static char *
dup_labelled (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->labelled ? g_strdup (_("Labelled")) : NULL;
}

static void
clear_labelled (FoveaPictureFilter *filter)
{
  filter->labelled = FALSE;
}

/* "Doubt 40–80 %", NULL when neither bounds it. */
static char *
dup_range (const char *what, double min, double max)
{
  if (min <= 0.0 && max <= 0.0)
    return NULL;
  if (max <= 0.0)
    return g_strdup_printf (_("%s ≥ %.0f %%"), what, min * 100.0);
  if (min <= 0.0)
    return g_strdup_printf (_("%s ≤ %.0f %%"), what, max * 100.0);
  return g_strdup_printf (_("%s %.0f–%.0f %%"), what, min * 100.0, max * 100.0);
}

static char *
dup_doubt (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return dup_range (_("Doubt"), filter->min_doubt, filter->max_doubt);
}

static void
clear_doubt (FoveaPictureFilter *filter)
{
  filter->min_doubt = filter->max_doubt = 0.0;
}

static char *
dup_value (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return dup_range (_("Probability"), filter->min_value, filter->max_value);
}

static void
clear_value (FoveaPictureFilter *filter)
{
  filter->min_value = filter->max_value = 0.0;
}

static char *
dup_duplicates (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->duplicates ? g_strdup (_("Duplicates")) : NULL;
}

static void
clear_duplicates (FoveaPictureFilter *filter)
{
  filter->duplicates = FALSE;
}

static char *
dup_disagreeing (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->disagreeing ? g_strdup (_("Suggestion says otherwise")) : NULL;
}

static void
clear_disagreeing (FoveaPictureFilter *filter)
{
  filter->disagreeing = FALSE;
}

static char *
dup_pending (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->embedding_pending ? g_strdup (_("Not looked at yet")) : NULL;
}

static void
clear_pending (FoveaPictureFilter *filter)
{
  filter->embedding_pending = FALSE;
}

static char *
dup_ids (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->ids != NULL ? g_strdup (self->ids_name) : NULL;
}

static void
clear_ids (FoveaPictureFilter *filter)
{
  filter->ids = NULL;
  filter->n_ids = 0;
}

static char *
dup_field (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  const char *name = self->field_name != NULL ? self->field_name : "";

  switch (filter->field_id != 0 ? filter->field_test : FOVEA_PICTURE_FIELD_ANY)
    {
    case FOVEA_PICTURE_FIELD_EQUALS: return g_strdup_printf (_("%s is %s"), name, filter->field_text);
    case FOVEA_PICTURE_FIELD_CONTAINS: return g_strdup_printf (_("%s has %s"), name, filter->field_text);
    case FOVEA_PICTURE_FIELD_RANGE: return g_strdup_printf (_("%s %g–%g"), name, filter->field_min, filter->field_max);
    case FOVEA_PICTURE_FIELD_SET: return g_strdup_printf (_("%s is given"), name);
    case FOVEA_PICTURE_FIELD_ANY:
    default: return NULL;
    }
}

static void
clear_field (FoveaPictureFilter *filter)
{
  filter->field_id = 0;
  filter->field_test = FOVEA_PICTURE_FIELD_ANY;
}

static char *
dup_split (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->split != NULL ? fovea_split_dup_title (filter->split) : NULL;
}

static void
clear_split (FoveaPictureFilter *filter)
{
  filter->split = NULL;
}

static char *
dup_state (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  static const char *const names[] = { N_("Untouched"), N_("In progress"), N_("Complete") };

  return filter->state > 0 ? g_strdup (_(names[filter->state - 1])) : NULL;
}

static void
clear_state (FoveaPictureFilter *filter)
{
  filter->state = 0;
}

static char *
dup_missing (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->missing ? g_strdup (_("File is missing")) : NULL;
}

static void
clear_missing (FoveaPictureFilter *filter)
{
  filter->missing = FALSE;
}

static char *
dup_text (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->text != NULL ? g_strdup_printf (_("“%s”"), filter->text) : NULL;
}

static void
clear_text (FoveaPictureFilter *filter)
{
  filter->text = NULL;
}

static const FoveaCondition conditions[] = {
  { dup_ids, clear_ids },
  { dup_concept, clear_concept },
  { dup_not, clear_not },
  { dup_predicted, clear_predicted },
  { dup_unlabelled, clear_unlabelled },
  { dup_labelled, clear_labelled },
  { dup_value, clear_value },
  { dup_doubt, clear_doubt },
  { dup_disagreeing, clear_disagreeing },
  { dup_split, clear_split },
  { dup_state, clear_state },
  { dup_duplicates, clear_duplicates },
  { dup_missing, clear_missing },
  { dup_pending, clear_pending },
  { dup_field, clear_field },
  { dup_text, clear_text },
};

const FoveaCondition *
fovea_images_page_get_conditions (guint *ret_n)
{
  *ret_n = G_N_ELEMENTS (conditions);
  return conditions;
}

char *
fovea_images_page_dup_order_text (FoveaImagesPage *self)
{
  const char *concept = self->sort == FOVEA_PICTURE_SORT_CERTAIN ? get_concept_name (self, self->about) : NULL;

  switch (self->sort)
    {
    case FOVEA_PICTURE_SORT_NAME: return g_strdup (self->descending ? _("By name, reversed") : _("By name"));
    case FOVEA_PICTURE_SORT_DOUBT: return g_strdup (self->descending ? _("Least doubtful first") : _("Most doubtful first"));
    case FOVEA_PICTURE_SORT_USEFUL: return g_strdup (_("Most useful first"));
    case FOVEA_PICTURE_SORT_CERTAIN:
      if (concept != NULL)
        return g_strdup_printf (self->descending ? _("Least like %s first") : _("Most like %s first"), concept);
      return g_strdup (self->descending ? _("Least certain first") : _("Most certain first"));
    case FOVEA_PICTURE_SORT_SIMILAR: return g_strdup_printf (_("Similar to %s"), self->about_name);
    case FOVEA_PICTURE_SORT_LABEL_ERROR: return g_strdup (_("Likely label errors first"));
    case FOVEA_PICTURE_SORT_ADDED:
    default: return self->descending ? g_strdup (_("Newest first")) : NULL;
    }
}
