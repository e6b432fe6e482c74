/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n.h>
#include <locale.h>

#include "app/help-topics.h"
#include "app/translations.h"
#include "engine/catalog.h"
#include "models/model-type.h"

/* The whole program in German, as main() and fovea_app_run() start it, with the catalogs of the build folder. */

static void
test_words (void)
{
  g_assert_cmpstr (_("Undo"), ==, "Rückgängig");
  g_assert_cmpstr (_("_Export"), ==, "_Exportieren");
  g_assert_cmpstr (ngettext ("%u picture", "%u pictures", 1), ==, "%u Bild");
  g_assert_cmpstr (ngettext ("%u picture", "%u pictures", 2), ==, "%u Bilder");
  /* As .ui files and option entries are looked up. */
  g_assert_cmpstr (g_dgettext (NULL, "_Help"), ==, "_Hilfe");
}

static void
test_help (void)
{
  for (const FoveaHelpTopic *topic = fovea_help_topics; topic->id != NULL; topic++)
    {
      g_assert_cmpstr (_(topic->title), !=, topic->title);
      for (const FoveaHelpPart *part = topic->parts; part->text != NULL; part++)
        {
          g_assert_cmpstr (_(part->text), !=, part->text);
          if (part->link != NULL)
            g_assert_cmpstr (_(part->link), !=, part->link);
        }
    }
}

/* What the gallery and the forms say of a type of model and of its parameters. */
static void
test_model_types (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaModelType) type = fovea_model_type_new ("visual-classifier", &error);
  GParamSpec *pspec;
  FoveaTypeCard card;

  g_assert_no_error (error);
  g_assert_true (fovea_catalog_get_card ("visual-classifier", &card));
  g_assert_cmpstr (card.question, ==, "Was ist auf dem Bild?");
  pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (type), "min-value");
  g_assert_nonnull (pspec);
  g_assert_cmpstr (g_param_spec_get_nick (pspec), ==, "Kleinster Wert");
}

int
main (int argc, char **argv)
{
  /* C.UTF-8 is there without being generated; LANGUAGE chooses the catalog. */
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_setenv ("LANGUAGE", "de", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (setlocale (LC_ALL, ""));
  fovea_translations_start ();
  g_test_add_func ("/app/translations/words", test_words);
  g_test_add_func ("/app/translations/help", test_help);
  g_test_add_func ("/app/translations/model-types", test_model_types);
  return g_test_run ();
}
