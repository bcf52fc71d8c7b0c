/* csv.h - tables of numbers as text, values separated by commas: read and written. */
#ifndef TAPEGRAD_CSV_H
#define TAPEGRAD_CSV_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The format is that of RFC 4180: a line a row, cells between separators, "..." around cells that hold separators, line
   ends or (doubled) quotes; lines end in LF or CRLF; a byte order mark, blanks around a number, and empty lines are
   skipped. Numbers have a decimal point whatever the locale; nan, inf, infinity are read in any case. All rows have as
   many cells.
   Errors name the file, the line and the column, both counted from 1: `iris.csv, line 3, column 2: 'n/a' is no number`.
   TG_ERR_IO for a missing or unreadable file, TG_ERR_FORMAT for what is no table of numbers, an empty cell included,
   TG_ERR_RANGE for a label that is none of the classes or no column of that name, with the names that there are. */
typedef struct tg_csv_config {
    char separator;    /* 0: ',' */
    bool no_header;    /* false: the first line names the columns */
    const char *label; /* for sets: the name of the column that holds the labels; NULL: label_column says which */
    int label_column;  /* for sets: its number, counted from 1; 0: the last */
    int classes;       /* for sets: labels are 0 .. classes - 1; 0: one class more than the largest label */
} tg_csv_config;

/* Fills an empty set: one column are the labels, whole numbers from 0 on, the others the features. NULL for config
   means all defaults. */
TG_API tg_status tg_dataset_read_csv(tg_dataset *set, const char *path, const tg_csv_config *config, tg_error *err);

/* Writes the features and, as the last column, the labels, with a header: `names` of the features, or x1, x2, ... for
   NULL, and "label". Numbers have as many digits as give the same number back. The file is replaced as tg_params_save
   replaces it (io.h). */
TG_API tg_status tg_dataset_write_csv(const tg_dataset *set, const char *path, const char *const *names,
                                      tg_error *err);

/* All columns as a constant [rows, columns] of the tape's dtype. Errors are the tape's, and give a bad tensor. */
TG_API tg_tensor tg_csv_read(tg_tape *tape, const char *path, const tg_csv_config *config);

/* Writes x, of rank 2 (TG_ERR_SHAPE), likewise; `names` of its columns, or NULL for a file without header. */
TG_API tg_status tg_csv_write(const char *path, tg_tensor x, const char *const *names, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
