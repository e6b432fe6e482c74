/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/headline.h"

#include <glib/gi18n.h>

#include "app/split-list.h"
#include "engine/catalog.h"

GtkStringList *
fovea_headline_list_places (const char *const *splits, gboolean deep)
{
  GtkStringList *places = gtk_string_list_new (NULL);

  gtk_string_list_append (places, deep ? _("Held-out pictures") : _("Cross-validation"));
  for (guint i = 0; splits[i] != NULL; i++)
    gtk_string_list_take (places, fovea_split_dup_title (splits[i]));
  return places;
}

gboolean
fovea_headline_holds_out (FoveaModel *model)
{
  FoveaTypeCard card = { 0 };

  return model != NULL && fovea_catalog_get_card (fovea_model_get_type_id (model), &card) && card.deep;
}

char *
fovea_headline_dup_split_name (const char *split)
{
  g_autofree char *title = fovea_split_dup_title (split);

  return g_strdup_printf (_("split “%s”"), title);
}

char *
fovea_headline_dup_place (const FoveaHeadline *headline)
{
  if (headline->split != NULL)
    return fovea_headline_dup_split_name (headline->split);
  return g_strdup (headline->held_out ? _("held out of the training") : _("cross-validation"));
}

/* "on 600 pictures of split “Test”" */
static char *
dup_where (const FoveaHeadline *headline)
{
  g_autofree char *title = headline->split != NULL ? fovea_split_dup_title (headline->split) : NULL;

  if (headline->split == NULL && headline->alike)
    return g_strdup_printf (ngettext ("of %u picture that was held out", "of %u pictures that were held out", headline->n), headline->n);
  if (headline->split == NULL && headline->held_out)
    return g_strdup_printf (ngettext ("on %u picture that was held out", "on %u pictures that were held out", headline->n), headline->n);
  if (headline->split == NULL)
    return g_strdup_printf (ngettext ("on %u picture, by cross-validation", "on %u pictures, by cross-validation", headline->n), headline->n);
  return g_strdup_printf (ngettext ("on %u picture of split “%s”", "on %u pictures of split “%s”", headline->n), headline->n, title);
}

char *
fovea_headline_dup_text (const FoveaHeadline *headline)
{
  g_autofree char *where = NULL;

  if (headline == NULL || !headline->known)
    return g_strdup (_("Not evaluated"));
  where = dup_where (headline);
  if (headline->n_fewest < FOVEA_ENOUGH_EXAMPLES)
    return g_strdup_printf (ngettext ("Too few examples for a percentage: %u picture of %s (%s)",
                                      "Too few examples for a percentage: %u pictures of %s (%s)", headline->n_fewest),
                            headline->n_fewest, headline->fewest != NULL ? headline->fewest : "?", where);
  if (headline->alike)
    return g_strdup_printf (_("For %.1f %% the nearest picture is alike (%.1f to %.1f) %s"), 100.0 * headline->value, 100.0 * headline->low,
                            100.0 * headline->high, where);
  return g_strdup_printf (_("%.1f %% right (%.1f to %.1f) %s"), 100.0 * headline->value, 100.0 * headline->low, 100.0 * headline->high, where);
}

char *
fovea_headline_dup_time (gint64 time_us)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (time_us / G_USEC_PER_SEC);

  /* Translators: a date with its time, in strftime's form */
  return time != NULL ? g_date_time_format (time, _("%e %B %Y, %H:%M")) : g_strdup ("");
}

char *
fovea_headline_dup_model_text (FoveaModel *model)
{
  FoveaModelVersion *current = fovea_model_get_current (model);

  switch (fovea_model_get_phase (model))
    {
    case FOVEA_MODEL_TRAINING: return g_strdup (_("Being trained"));
    case FOVEA_MODEL_READY: return g_strdup (_("Ready to use"));
    case FOVEA_MODEL_FAILED:
      if (current == NULL)
        return g_strdup (_("Training failed"));
      break;
    case FOVEA_MODEL_UNTRAINED: return g_strdup (_("Not trained yet"));
    case FOVEA_MODEL_TRAINED: default: break;
    }
  return fovea_headline_dup_text (fovea_model_version_get_headline (current));
}
