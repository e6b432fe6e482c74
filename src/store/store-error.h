/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define FOVEA_STORE_ERROR (fovea_store_error_quark ())

/**
 * FoveaStoreError:
 * @FOVEA_STORE_ERROR_FOREIGN: not a Fovea project, or one that holds what no Fovea made (a trigger,
 * a view)
 * @FOVEA_STORE_ERROR_DAMAGED: was a project; its bytes are broken or cut short
 * @FOVEA_STORE_ERROR_NEWER: made by a newer Fovea that says this one cannot even read it
 * @FOVEA_STORE_ERROR_READ_ONLY: a change to a project that is open read-only; the message says why
 * it is
 * @FOVEA_STORE_ERROR_BUSY: somebody else is writing, or holds the job; try again
 * @FOVEA_STORE_ERROR_FULL: no room on the disk; the change was taken back, the project is as before
 * @FOVEA_STORE_ERROR_CONFLICT: an id, name or path that is taken, or rows that others still need
 * @FOVEA_STORE_ERROR_NOT_FOUND: no such file, row, or command to undo
 * @FOVEA_STORE_ERROR_INVALID: a value that the schema does not allow
 * @FOVEA_STORE_ERROR_IO: any other failure of the disk
 * @FOVEA_STORE_ERROR_EMPTY: a file of no bytes
 * @FOVEA_STORE_ERROR_NOT_A_FILE: a folder, pipe, socket or device
 * @FOVEA_STORE_ERROR_PERMISSION: this person may not read the file, or not write where it would go
 * @FOVEA_STORE_ERROR_EXISTS: a file is there already and was left alone
 *
 * One code per reaction of the caller; the message names the file, both sides, and what to do.
 */
typedef enum {
  FOVEA_STORE_ERROR_FOREIGN,
  FOVEA_STORE_ERROR_DAMAGED,
  FOVEA_STORE_ERROR_NEWER,
  FOVEA_STORE_ERROR_READ_ONLY,
  FOVEA_STORE_ERROR_BUSY,
  FOVEA_STORE_ERROR_FULL,
  FOVEA_STORE_ERROR_CONFLICT,
  FOVEA_STORE_ERROR_NOT_FOUND,
  FOVEA_STORE_ERROR_INVALID,
  FOVEA_STORE_ERROR_IO,
  FOVEA_STORE_ERROR_EMPTY,
  FOVEA_STORE_ERROR_NOT_A_FILE,
  FOVEA_STORE_ERROR_PERMISSION,
  FOVEA_STORE_ERROR_EXISTS,
} FoveaStoreError;

GQuark fovea_store_error_quark (void);

G_END_DECLS
