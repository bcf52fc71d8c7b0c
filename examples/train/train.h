/* train.h - what the files of the training program share: options, data, optimizer, report. */
#ifndef TRAIN_H
#define TRAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <tapegrad.h>

#include "page/page.h"
#include "training/fit.h"

/* options.c: the command line -------------------------------------------------------------------------------------- */

enum { HIDDEN_MOST = 16, NAME_BYTES = 32 };

typedef struct sizes {
    int n;
    int64_t size[HIDDEN_MOST];
} sizes;

/* What was not given is -1 or NULL until it is completed; a clip of -1 is none. */
typedef struct options {
    int data, activation, optimizer, schedule, dtype; /* rows of their tables */
    const char *dir, *load, *resume, *save, *csv, *json, *report;
    sizes hidden;
    double lr, momentum, weight_decay, l2, clip;
    int64_t batch, epochs, seed, threads, stop;
    bool quiet, help;
    char save_name[NAME_BYTES], csv_name[NAME_BYTES]; /* where save and csv point by default */
    char dir_name[1024];                              /* where dir points, if it is that of the file to resume */
} options;

/* Reads the command line and completes it: from the file to load, the data set, the optimizer. Where it is wrong,
   prints one line to stderr and returns false. */
bool read_options(options *o, int argc, char **argv);

void print_help(void);

/* The options that a file of the training keeps, as pairs for its metadata: --lr is "lr". `pairs` has 2 OPTIONS_MOST
   places, of which the number that is returned is filled; the texts are in `texts`. */
enum { OPTIONS_MOST = 32, OPTION_BYTES = 1024 };
int option_pairs(const options *o, const char *pairs[2 * OPTIONS_MOST], char texts[OPTIONS_MOST][OPTION_BYTES]);

/* "300,100", or "none". Returns buffer. */
char *sizes_text(const sizes *s, char *buffer, size_t size);

/* data.c: the data sets ------------------------------------------------------------------------------------- */

/* A data set, and what suits it where nothing else is asked for. */
typedef struct source {
    const char *name, *title;
    bool needs_dir;
    sizes hidden;
    int64_t epochs;
    double pace; /* times the optimizer's learning rate */
    tg_status (*fill)(tg_dataset *set, const char *dir, tg_part part, tg_error *err);
    int channels, side; /* of its pictures; 0: it has none */
    const char *const *class_names;
} source;

const source *source_at(int i); /* NULL past the last */

/* Both parts, as (x - mean) / deviation with one mean and one deviation: those of all numbers of the training part. */
typedef struct problem {
    tg_dataset train, test;
    double mean, deviation;
} problem;

tg_status problem_init(problem *p, const options *o, tg_error *err);
void problem_finish(problem *p);

/* optimizer.c: optimizers and schedules ---------------------------------------------------------------------- */

const char *optimizer_name(int i); /* NULL past the last */
const char *schedule_name(int i);

bool optimizer_has_momentum(int i);

/* Fills in momentum, weight decay and learning rate where they were not given; optimizer, data and batch are. */
void suit_optimizer(options *o);

tg_optimizer *make_optimizer(const options *o, tg_params *params, tg_error *err);
tg_schedule make_schedule(const options *o, int64_t steps);

/* check.c: the check of the loss's gradient ------------------------------------------------------------------------ */

/* Compares the gradient of the loss of a few rows with finite differences, on a copy of the network in float64. What
   kept it from that is in the report's text, too. */
void check_gradient(const tg_mlp *net, const tg_dataset *set, double l2, tg_gradcheck_report *report);

/* Whether it found a fault, rather than nothing that it could judge. */
bool has_fault(const tg_gradcheck_report *report);

/* report.c: what is printed, files.c: what is written -------------------------------------------------- */

/* A run, and what is known of it so far. */
typedef struct record {
    const options *o;
    const problem *data;
    const tg_mlp *net;
    fit_record fit; /* a point an epoch; the last one may be a part of it */
    double test_loss, test_accuracy;
    int64_t last_step; /* after which --stop ends the run; -1: none */
    bool live;         /* progress is shown on a terminal */
    double shown;      /* when it was last; 0: no line is open */
} record;

/* Rows trained on since the start. */
int64_t trained_rows(const record *r);

void print_heading(const record *r);
void print_check(const record *r, const tg_gradcheck_report *check);
void print_columns(record *r);
void print_progress(record *r, const fit_record *fit, const fit_point *now); /* on a terminal, some times a second */
void end_progress(const record *r);                                          /* before something else is printed */
void print_epoch(record *r, const fit_record *fit, const fit_point *done);
void print_end(const record *r); /* which files were written */

/* Whether a file can be made at `path`, asked before the work that it is to keep. false prints a line to stderr. */
bool can_write(const char *path);

/* The curves, and the whole run. Written beside `path` and then put in its place; false as above. */
bool write_csv(const record *r, const char *path);
bool write_json(const record *r, const char *path);

/* page.c: the run as a page ----------------------------------------------------------------------------------------- */

/* Begins the page of --report. NULL and *err if its folder cannot be made. */
page *open_page(const options *o, const char *command, tg_error *err);

/* Fills it with the run's settings and pictures, and puts it in its place. */
bool close_page(page *p, const record *r, tg_mlp *net, const tg_gradcheck_report *check, tg_error *err);

#endif
