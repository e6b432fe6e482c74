/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/deep-plan.h"

#include "models/params.h"
#include "models/visual-classifier.h"

static FoveaDeepOptions
defaults (const char *template)
{
  g_autoptr (FoveaModelType) type = fovea_model_type_new ("visual-classifier", NULL);
  FoveaDeepOptions options;

  g_object_set (type, "template", template, NULL);
  fovea_visual_classifier_get_options (FOVEA_VISUAL_CLASSIFIER (type), &options);
  return options;
}

/* MODELS.md's recipe, to the number. */
static void
test_recipe (void)
{
  const FoveaDeepOptions options = defaults ("efficientnet-lite0");
  FoveaDeepPlan plan;

  g_assert_cmpuint (options.batch_size, ==, 16);
  g_assert_cmpuint (defaults ("small-scratch").batch_size, ==, 32);
  g_assert_cmpfloat (options.weight_decay, ==, 0.02);
  g_assert_cmpfloat (options.label_smoothing, ==, 0.1);
  g_assert_cmpfloat (options.augmentation.min_scale, ==, 0.8);
  g_assert_cmpfloat (options.augmentation.max_scale, ==, 1.4);
  g_assert_cmpfloat (options.augmentation.saturation, ==, 0.3);
  fovea_deep_plan_make (&options, 600, 60, 0.5, 0, &plan);
  g_assert_cmpuint (plan.n_stages, ==, 1);
  g_assert_cmpuint (plan.stages[0].n_steps, ==, 188);
  g_assert_cmpfloat (plan.stages[0].head_rate, ==, 5e-3);
  g_assert_cmpfloat (plan.stages[0].backbone_rate, ==, 3e-4);
  fovea_deep_plan_make (&options, 100, 30, 0.5, 0, &plan);
  g_assert_cmpuint (plan.stages[0].n_steps, ==, 63);
  /* Many pictures are all seen. */
  fovea_deep_plan_make (&options, 16000, 300, 0.5, 0, &plan);
  g_assert_cmpuint (plan.stages[0].n_steps, ==, 3000);
}

static void
test_few (void)
{
  const FoveaDeepOptions options = defaults ("efficientnet-lite0"), scratch = defaults ("small-scratch");
  FoveaDeepOptions limited = options;
  FoveaDeepPlan plan;

  g_assert_true (fovea_deep_starts_linear (&options, 12));
  g_assert_false (fovea_deep_starts_linear (&options, 13));
  g_assert_false (fovea_deep_starts_linear (&scratch, 5));
  fovea_deep_plan_make (&options, 50, 5, 0.5, 0, &plan);
  g_assert_cmpfloat_with_epsilon (plan.stages[0].head_rate, 2e-4, 1e-12);
  g_assert_cmpfloat_with_epsilon (plan.stages[0].backbone_rate, 1e-4, 1e-12);
  g_assert_cmpuint (plan.stages[0].n_steps, ==, 63);
  g_assert_cmpuint (fovea_deep_start_views (&options, 50), ==, 8);
  g_assert_cmpuint (fovea_deep_start_views (&options, 1000), ==, 4);
  g_assert_cmpuint (fovea_deep_start_views (&options, 100000), ==, 1);
  g_assert_cmpuint (fovea_deep_start_views (&options, 0), ==, 8);
  limited.time_limit_s = 30;
  g_assert_cmpuint (fovea_deep_start_views (&limited, 100), ==, 6);
  g_assert_cmpuint (fovea_deep_start_views (&limited, 1000), ==, 1);
}

static void
test_time_limit (void)
{
  FoveaDeepOptions options = defaults ("efficientnet-lite0");
  FoveaDeepPlan plan;

  options.time_limit_s = 120;
  /* Too short for stage 1; long enough for it; for a bit more, which is not worth a second; for both. */
  fovea_deep_plan_make (&options, 600, 60, 1, 100, &plan);
  g_assert_cmpuint (plan.n_stages, ==, 1);
  g_assert_cmpuint (plan.stages[0].n_steps, ==, 100);
  fovea_deep_plan_make (&options, 600, 60, 0.5, 120, &plan);
  g_assert_cmpuint (plan.n_stages, ==, 1);
  g_assert_cmpuint (plan.stages[0].n_steps, ==, 188);
  fovea_deep_plan_make (&options, 1000, 60, 0.4, 120, &plan);
  g_assert_cmpuint (plan.n_stages, ==, 2);
  g_assert_cmpuint (plan.stages[1].n_steps, ==, 300 - 188);
  g_assert_cmpfloat (plan.stages[1].head_rate, ==, 2e-3);
  fovea_deep_plan_make (&options, 1000, 60, 0.1, 120, &plan);
  g_assert_cmpuint (plan.stages[1].n_steps, ==, 250);
  /* No picture is seen more than seven times by both. */
  fovea_deep_plan_make (&options, 900, 60, 0.1, 120, &plan);
  g_assert_cmpuint (plan.stages[1].n_steps, ==, 206);
  fovea_deep_plan_make (&options, 600, 60, 0.1, 120, &plan);
  g_assert_cmpuint (plan.n_stages, ==, 1);
  /* No time at all is still a step. */
  fovea_deep_plan_make (&options, 600, 60, 1, -5, &plan);
  g_assert_cmpuint (plan.stages[0].n_steps, ==, 1);
}

static void
test_epochs (void)
{
  FoveaDeepOptions options = defaults ("small-scratch");
  FoveaDeepPlan plan;

  g_assert_cmpint (options.image_size, ==, 96);
  fovea_deep_plan_make (&options, 320, 32, 0.1, 0, &plan);
  g_assert_cmpuint (plan.stages[0].n_steps, ==, 60 * 10);
  g_assert_cmpfloat (plan.stages[0].head_rate, ==, 3e-3);
  options.n_epochs = 7;
  fovea_deep_plan_make (&options, 320, 32, 0.1, 0, &plan);
  g_assert_cmpuint (plan.stages[0].n_steps, ==, 7 * 10);
  options.time_limit_s = 60;
  fovea_deep_plan_make (&options, 320, 32, 0.1, 5, &plan);
  g_assert_cmpuint (plan.stages[0].n_steps, ==, 50);
}

static void
test_average (void)
{
  g_assert_cmpuint (fovea_deep_warm_up_steps (1), ==, 0);
  g_assert_cmpuint (fovea_deep_warm_up_steps (20), ==, 5);
  g_assert_cmpuint (fovea_deep_warm_up_steps (188), ==, 10);
  g_assert_cmpuint (fovea_deep_warm_up_steps (1000), ==, 50);
  g_assert_cmpfloat (fovea_deep_average_decay (1), ==, 0);
  g_assert_cmpfloat_with_epsilon (fovea_deep_average_decay (100), 0.96, 1e-9);
  g_assert_cmpfloat (fovea_deep_average_decay (10000), ==, 0.99);
}

/* 60, 30 and 10 pictures; none of the last. */
static void
test_weights (void)
{
  const gsize n[] = { 60, 30, 10, 0 };
  float weights[4];

  fovea_deep_concept_weights (n, 4, weights);
  for (guint k = 0; k < 3; k++)
    g_assert_cmpfloat_with_epsilon (weights[k] * (float) n[k], 100 / 3.0f, 1e-4);
  g_assert_cmpfloat (weights[3], ==, 0);
}

/* More pictures a step, where more time is there and nothing else to use it for. */
static void
test_roomy (void)
{
  FoveaDeepOptions options = defaults ("efficientnet-lite0");
  FoveaDeepPlan plan;

  g_assert_cmpuint (fovea_deep_plan_make (&options, 540, 54, 0.5, 0, &plan), ==, 32);
  g_assert_cmpuint (fovea_deep_plan_make (&options, 1100, 54, 0.5, 0, &plan), ==, 16); /* would take longer than anybody expects */
  options.time_limit_s = 300;
  g_assert_cmpuint (fovea_deep_plan_make (&options, 540, 54, 0.5, 290, &plan), ==, 32);
  g_assert_cmpuint (fovea_deep_plan_make (&options, 540, 54, 0.5, 150, &plan), ==, 24); /* 188 steps of 16 in 94 s */
  g_assert_cmpuint (fovea_deep_plan_make (&options, 540, 54, 0.5, 110, &plan), ==, 16); /* not worth it */
  g_assert_cmpuint (fovea_deep_plan_make (&options, 540, 54, 0.5, 50, &plan), ==, 16);
  g_assert_cmpuint (fovea_deep_plan_make (&options, 540, 12, 0.5, 290, &plan), ==, 16);
  g_assert_cmpuint (fovea_deep_plan_make (&options, 1000, 100, 0.4, 290, &plan), ==, 16); /* two stages */
  options.n_epochs = 3;
  g_assert_cmpuint (fovea_deep_plan_make (&options, 540, 54, 0.5, 290, &plan), ==, 16);
  options.n_epochs = 0;
  fovea_deep_widen (&options, 24);
  g_assert_cmpuint (options.batch_size, ==, 24);
  g_assert_cmpuint (fovea_deep_plan_make (&options, 540, 54, 1, 290, &plan), ==, 24);
  g_assert_cmpuint (plan.stages[0].n_steps, ==, 188);
  g_assert_cmpuint (fovea_deep_plan_make (&options, 540, 54, 0.1, 290, &plan), ==, 24); /* once */
  options = defaults ("efficientnet-lite0");
  options.time_limit_s = 300;
  options.may_widen = FALSE; /* a person said how many */
  g_assert_cmpuint (fovea_deep_plan_make (&options, 540, 54, 0.5, 290, &plan), ==, 16);
}

static void
test_names (void)
{
  FoveaTemplate template;

  for (guint i = 0; i < FOVEA_N_TEMPLATES; i++)
    {
      g_assert_true (fovea_template_from_name (fovea_template_names[i], &template));
      g_assert_cmpint (template, ==, i);
    }
  g_assert_null (fovea_template_names[FOVEA_N_TEMPLATES]);
  g_assert_false (fovea_template_from_name ("resnet", &template));
}

/* Differences 0.1 ± 0.2 of four pictures are chance (0.23 / √4 of standard error), of a hundred like them they are not. */
static void
test_clearly_more (void)
{
  double losses[100], least[100];

  for (guint i = 0; i < 100; i++)
    {
      least[i] = 0.5 + 0.01 * i;
      losses[i] = least[i] + 0.1 + (i % 2 == 0 ? 0.2 : -0.2);
    }
  g_assert_false (fovea_deep_is_clearly_more (losses, least, 4));
  g_assert_true (fovea_deep_is_clearly_more (losses, least, 100));
  g_assert_false (fovea_deep_is_clearly_more (least, losses, 100));
  g_assert_false (fovea_deep_is_clearly_more (least, least, 100));
  g_assert_true (fovea_deep_is_clearly_more (losses, least, 1));
  g_assert_false (fovea_deep_is_clearly_more (losses, least, 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/models/deep-plan/recipe", test_recipe);
  g_test_add_func ("/models/deep-plan/few", test_few);
  g_test_add_func ("/models/deep-plan/time-limit", test_time_limit);
  g_test_add_func ("/models/deep-plan/epochs", test_epochs);
  g_test_add_func ("/models/deep-plan/average", test_average);
  g_test_add_func ("/models/deep-plan/weights", test_weights);
  g_test_add_func ("/models/deep-plan/roomy", test_roomy);
  g_test_add_func ("/models/deep-plan/names", test_names);
  g_test_add_func ("/models/deep-plan/clearly-more", test_clearly_more);
  return g_test_run ();
}
