/* csv.h - tables of numbers as text, values separated by commas: read and written. */
#ifndef TAPEGRAD_CSV_H
#define TAPEGRAD_CSV_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The format is that of RFC 4180. Each line is a row, and its cells are divided by separators. A cell that contains
   separators, line ends or quotes is enclosed in quotes, and the quotes within it are doubled. Lines end in LF or CRLF. A
   byte order mark, blanks around a number, and empty lines are skipped. Numbers have a decimal point in every locale; nan,
   inf and infinity are read in upper and lower case. All rows have the same number of cells.
   Errors name the file, the line and the column, both counted from 1: `iris.csv, line 3, column 2: 'n/a' is no number`.
   A file that is missing or cannot be read is TG_ERR_IO; one that is no table of numbers, also because of an empty cell,
   TG_ERR_FORMAT. A label outside the classes is TG_ERR_RANGE, and so is a column name that the file does not have; the
   message lists those that it has. */
typedef struct tg_csv_config {
    char separator;    /* 0: ',' */
    bool no_header;    /* false: the first line names the columns */
    const char *label; /* for sets: the name of the column of labels. NULL: label_column is used */
    int label_column;  /* for sets: its number, counted from 1. 0: the last column */
    int classes;       /* for sets: labels are 0 .. classes - 1. 0: the largest label + 1 */
} tg_csv_config;

/* Fills an empty set. One column contains the labels, which are whole numbers >= 0; the others are the features. config
   NULL means all defaults. */
TG_API tg_status tg_dataset_read_csv(tg_dataset *set, const char *path, const tg_csv_config *config, tg_error *err);

/* Writes the features and, as the last column, the labels. The header line has the `names` of the features (NULL: x1, x2,
   ...) and "label". Numbers are written with as many digits as are needed to read the same number again. The file is
   replaced as tg_params_save replaces it (io.h). */
TG_API tg_status tg_dataset_write_csv(const tg_dataset *set, const char *path, const char *const *names,
                                      tg_error *err);

/* All columns as a constant [rows, columns] of the tape's dtype. On an error, which is on the tape, the result is an
   invalid tensor. */
TG_API tg_tensor tg_csv_read(tg_tape *tape, const char *path, const tg_csv_config *config);

/* Writes x in the same form; `names` are those of its columns, NULL means no header line. Another rank than 2 is
   TG_ERR_SHAPE. */
TG_API tg_status tg_csv_write(const char *path, tg_tensor x, const char *const *names, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
