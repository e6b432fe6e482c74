/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/help-topics.h"

#include <glib/gi18n.h>

#define TEXT(text) { FOVEA_HELP_TEXT, text, NULL, NULL }
#define TITLE(text) { FOVEA_HELP_TITLE, text, NULL, NULL }
#define STEP(text) { FOVEA_HELP_STEP, text, NULL, NULL }
#define LINK(text, link, action) { FOVEA_HELP_TEXT, text, link, action }
#define STEP_LINK(text, link, action) { FOVEA_HELP_STEP, text, link, action }
#define END { FOVEA_HELP_TEXT, NULL, NULL, NULL }

static const FoveaHelpPart first_classifier[] = {
  TEXT (N_ ("A classifier says what a picture shows. You show Fovea some examples of each concept, and it tells the rest by itself. "
            "Everything happens on this computer.")),
  STEP_LINK (N_ ("Drop a folder of pictures on the window, or import one. Pictures stay where they are. Zip archives and pictures out of a "
                 "browser can be dropped, too."),
             N_ ("Import a Folder…"), "win.import"),
  STEP (N_ ("If the pictures lie in folders named after what they show, choose “Use as Concepts”: every picture is labelled at once, and "
            "you can go on with training.")),
  STEP (N_ ("Otherwise select some pictures of one kind, press / and type what they show. Do that for each concept. Five examples of "
            "each are a beginning; twenty are better.")),
  STEP_LINK (N_ ("Part the pictures: most to learn from, some to test with. A test is only honest with pictures that training never saw."),
             N_ ("Make Splits…"), "win.make-splits"),
  STEP_LINK (N_ ("On the Models page, create a model and train it. On pictures that are in the project this takes seconds."), N_ ("Models"),
             "win.page('models')"),
  TEXT (N_ ("Without pictures at hand, “Try with Sample Pictures” on the first page draws some fruit to play with.")),
  END,
};

static const FoveaHelpPart labelling[] = {
  TEXT (N_ ("Labelling is a matter of keys; the pointer works everywhere, too.")),
  TITLE (N_ ("Say what it is")),
  STEP (N_ ("Select pictures: arrows move, Shift with arrows selects a row of them, Ctrl+A all that are shown.")),
  STEP (N_ ("Press 1 to 9 for the concept with that key, or / to type its name. Alt with a digit says that they do not show it. Backspace "
            "takes labels back.")),
  STEP (N_ ("Or drag the selection onto a concept in the sidebar.")),
  TITLE (N_ ("Let suggestions do most of it")),
  TEXT (N_ ("Once there is something to learn from, pictures without a label show a suggestion with its confidence: dashed, because a "
            "machine says so. Enter accepts it and goes on to the next picture.")),
  TEXT (N_ ("Show only what is not labelled, and sort by doubt: the most doubtful pictures teach most.")),
  TITLE (N_ ("Nothing is lost")),
  TEXT (N_ ("Every step is saved at once and can be undone with Ctrl+Z, also after a restart.")),
  LINK (N_ ("All keys are listed in a window of their own."), N_ ("Keyboard Shortcuts"), "win.show-help-overlay"),
  END,
};

static const FoveaHelpPart reviewing[] = {
  TEXT (N_ ("A trained model predicts all pictures; the Review page shows you those where a look is worth most.")),
  STEP_LINK (N_ ("Open the Review page. The queue begins with the most doubtful predictions, or with labels that are likely wrong."),
             N_ ("Review"), "win.page('review')"),
  STEP (N_ ("A accepts a prediction, R rejects it, a digit corrects it. The next picture comes by itself.")),
  STEP (N_ ("What you accept or correct is a label like any other: train again, and the model has learnt from it.")),
  TITLE (N_ ("Wrong labels")),
  TEXT (N_ ("Everybody labels something wrongly now and then. Where the model is sure of something else than the label says, one of the two "
            "errs; these are listed first when you sort by likely label errors.")),
  END,
};

static const FoveaHelpPart evaluating[] = {
  TEXT (N_ ("How good is a model? Only pictures that it has not learnt from can tell.")),
  STEP_LINK (N_ ("Part the pictures before training. Copies of a picture, and pictures of one group, stay together, so that nothing leaks "
                 "from the training into the test."),
             N_ ("Make Splits…"), "win.make-splits"),
  STEP_LINK (N_ ("Train, then open the model: its page shows the accuracy with its interval, and precision and recall of each concept."),
             N_ ("Models"), "win.page('models')"),
  STEP (N_ ("Click a cell of the confusion matrix, or a point of a curve, to see exactly those pictures.")),
  TITLE (N_ ("Reading the numbers")),
  TEXT (N_ ("Precision: of what it calls a hat, how much is a hat. Recall: of all hats, how many it finds. The threshold moves one against "
            "the other.")),
  /* xgettext:no-c-format */
  TEXT (N_ ("An interval of 80 to 92 % says that with as few test pictures as these, the truth may lie anywhere in between. More test "
            "pictures make it narrower.")),
  END,
};

static const FoveaHelpPart using[] = {
  TEXT (N_ ("A model that you have trained is yours: use it here, on the command line, or in other programs.")),
  STEP_LINK (N_ ("On a model's page, drop a picture to try it, or let it predict all pictures of the project."), N_ ("Models"),
             "win.page('models')"),
  STEP (N_ ("Export it as an ONNX file. The file holds the network, its labels and how pictures are prepared; it runs wherever ONNX does.")),
  STEP (N_ ("On the command line: “fovea models predict PROJECT MODEL picture.jpg --json” prints what the model sees; every command "
            "explains itself with --help.")),
  TITLE (N_ ("Keep your work safe")),
  LINK (N_ ("A project is one file. A back-up copy is a file like it, made while you go on working."), N_ ("Make a Back-up Copy…"),
        "win.backup"),
  LINK (N_ ("When pictures were moved to another place, Fovea finds them again by their contents."), N_ ("Find Missing Pictures…"),
        "win.find-missing"),
  END,
};

const FoveaHelpTopic fovea_help_topics[] = {
  { "first", N_ ("Your First Classifier"), first_classifier },
  { "label", N_ ("Labelling Fast"), labelling },
  { "review", N_ ("Reviewing Predictions"), reviewing },
  { "evaluate", N_ ("How Good Is It?"), evaluating },
  { "use", N_ ("Using and Exporting a Model"), using },
  { NULL, NULL, NULL },
};
