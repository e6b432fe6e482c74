/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The kinds of models that there are, and how their parameters are asked for. An object of a type is one configuration;
 * its parameters are its properties, with nick, blurb, range and default (HOUSE: declared once). Main thread. */

typedef struct {
  const char *id;          /* "embedding-classifier" */
  const char *question;    /* these four in the person's language */
  const char *title, *description, *example;
  gboolean trainable;
  gboolean deep;           /* trained through every layer of a network, and measured on pictures that were held out */
  gboolean embeds;         /* its models answer with vectors, which other models are built on */
} FoveaTypeCard;

const char *const *fovea_catalog_get_types (void);                            /* ids, NULL-terminated */
gboolean           fovea_catalog_get_card (const char *id, FoveaTypeCard *ret_card); /* FALSE: no such type */

typedef enum {
  FOVEA_ASK_SWITCH,
  FOVEA_ASK_INTEGER,
  FOVEA_ASK_NUMBER,
  FOVEA_ASK_CHOICE,   /* of fovea_catalog_dup_choices() */
  FOVEA_ASK_TEXT,
  FOVEA_ASK_CONCEPTS  /* names, GStrv */
} FoveaAsk;

/* (transfer container): GParamSpec of @params that are parameters, as declared. */
GPtrArray *fovea_catalog_list_params (GObject *params) G_GNUC_WARN_UNUSED_RESULT;

FoveaAsk fovea_catalog_get_ask (GParamSpec *pspec);
double   fovea_catalog_get_step (GParamSpec *pspec);  /* of a spin button; 0 none declared */
gboolean fovea_catalog_is_basic (GParamSpec *pspec);  /* asked at once; others are folded away */

/* Where the folded ones belong together. */
typedef enum {
  FOVEA_PARAMS_LEARNING,
  FOVEA_PARAMS_VARIATION, /* how pictures are varied while it learns */
  FOVEA_PARAMS_ANSWERS,
  FOVEA_N_PARAM_GROUPS
} FoveaParamGroup;

FoveaParamGroup fovea_catalog_get_group (GParamSpec *pspec);

/* A pretrained network. */
typedef struct {
  char *name;   /* "efficientnet-lite0" */
  char *title, *license;
  gboolean installed;
  gboolean classifies, embeds; /* says what is in a picture; makes vectors for classifiers */
} FoveaPackCard;

void fovea_pack_card_free (FoveaPackCard *card);

/* (array of FoveaPackCard): those that are known, installed or not. Never fails but when cancelled. */
void       fovea_catalog_list_packs_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
GPtrArray *fovea_catalog_list_packs_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds what of @models (a FoveaModelList) makes vectors: trained embedders, and classifiers with a network of their own. */
void fovea_catalog_add_embedders (GPtrArray *packs, GListModel *models);

/* Values of a CHOICE and what people read for each; of packs those of @packs that are installed and fit. */
char **fovea_catalog_dup_choices (GParamSpec *pspec, GPtrArray *packs, char ***ret_names) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
