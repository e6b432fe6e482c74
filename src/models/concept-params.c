/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/concept-params.h"

#include <glib/gi18n.h>

enum { MAX_CONCEPTS, MIN_VALUE, SELECT_CONCEPTS };

void
fovea_concept_params_install (GParamSpec *ret_pspecs[FOVEA_N_CONCEPT_PARAMS])
{
  static const FoveaParamInfo infos[FOVEA_N_CONCEPT_PARAMS] = {
    [MAX_CONCEPTS] = { FOVEA_PARAM_OUTPUT, FOVEA_FIELD_RANGE, NULL, NULL, 1 },
    [MIN_VALUE] = { FOVEA_PARAM_OUTPUT, FOVEA_FIELD_RANGE, NULL, NULL, 0.01 },
    [SELECT_CONCEPTS] = { FOVEA_PARAM_OUTPUT, FOVEA_FIELD_ARRAY_OF_MODEL_CONCEPTS, NULL, NULL, 0 },
  };
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS;

  ret_pspecs[MAX_CONCEPTS] =
    g_param_spec_int ("max-concepts", _("Greatest number of concepts"), _("Say at most so many concepts a picture; 0: all"), 0, 100000, 20, flags);
  ret_pspecs[MIN_VALUE] =
    g_param_spec_double ("min-value", _("Smallest value"), _("Say only concepts at least this probable"), 0.0, 1.0, 0.0, flags);
  ret_pspecs[SELECT_CONCEPTS] =
    g_param_spec_boxed ("select-concepts", _("Only these concepts"), _("Say only these concepts; none: all"), G_TYPE_STRV, flags);
  for (guint i = 0; i < FOVEA_N_CONCEPT_PARAMS; i++)
    fovea_param_mark (ret_pspecs[i], &infos[i]);
}

void
fovea_concept_params_get (const FoveaConceptParams *params, guint which, GValue *value)
{
  switch (which)
    {
    case MAX_CONCEPTS: g_value_set_int (value, params->max_concepts); break;
    case MIN_VALUE: g_value_set_double (value, params->min_value); break;
    case SELECT_CONCEPTS: g_value_set_boxed (value, params->select_concepts); break;
    default: g_assert_not_reached ();
    }
}

void
fovea_concept_params_set (FoveaConceptParams *params, guint which, const GValue *value)
{
  switch (which)
    {
    case MAX_CONCEPTS: params->max_concepts = g_value_get_int (value); break;
    case MIN_VALUE: params->min_value = g_value_get_double (value); break;
    case SELECT_CONCEPTS:
      g_strfreev (params->select_concepts);
      params->select_concepts = g_value_dup_boxed (value);
      break;
    default: g_assert_not_reached ();
    }
}

void
fovea_concept_params_clear (FoveaConceptParams *params)
{
  g_clear_pointer (&params->select_concepts, g_strfreev);
}
