/* lab.h - what the experiments share: their data, their training, their figures. An experiment is a function of a lab;
   the lab keeps the first error, after which its functions do nothing and return what is empty, and owns all that they
   return until the experiment's end. */
#ifndef LAB_H
#define LAB_H

#include <math.h>

#include "page/page.h"
#include "training/fit.h"

enum { LAB_HIDDEN_MOST = 4 };

/* Where a report gives no figure, or nothing was measured. */
#define NO_FIGURE ((double)NAN)

typedef struct lab lab;

/* One experiment of a report. */
typedef struct experiment {
    const char *name;  /* "r4.2": report and item; a letter for each part that is run on its own */
    const char *title; /* what is shown */
    const char *about; /* what the report did, and what is done here */
    uint64_t seed;     /* the report's; 0: 1 */
    unsigned needs;    /* LAB_MNIST, LAB_CIFAR10: the data sets that it reads; 0: what it makes itself */
    void (*run)(lab *l);
} experiment;

enum { LAB_MNIST = 1, LAB_CIFAR10 = 2 };

/* The experiments of a report or of a part of one, ended by one without a name. */
extern const experiment r0_experiments[], r0_image_experiments[], r1_toy_experiments[], r1_experiments[],
    r2_experiments[], r3_experiments[], r3_mnist_experiments[], r4_experiments[];

/* One run of one experiment. */
struct lab {
    const experiment *experiment;
    const char *data; /* the folder of the data sets; NULL: stand-ins are generated */
    uint64_t seed;
    bool small; /* a short form: a few seconds for all experiments together */
    bool quiet; /* no progress line */
    bool shortened,
        generated; /* filled: something was smaller than in the whole form; data stood in for a data set */
    page *page;
    tg_error err;           /* the first error; TG_OK so far */
    struct lab_item *items; /* what is freed at the end */
    double shown;           /* when progress was last shown; 0: no line is open */
};

/* lab.c ------------------------------------------------------------------------------------------------------------ */

bool lab_good(const lab *l);

/* Keeps the first error. Returns false. */
bool lab_fail(lab *l, tg_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* `full`, or `small` in the small form. */
int64_t lab_size(lab *l, int64_t full, int64_t small);

/* page_compare for a figure that data and length of the run decide: where the run is shortened or its data generated,
   that is why it differs from the report's, not `why`. */
void lab_compare(lab *l, const char *what, const char *format, double theirs, double ours, const char *unit,
                 const char *why);

/* n zeroed elements that the lab frees; NULL after an error. */
void *lab_room(lab *l, int64_t n, size_t size);
double *lab_numbers(lab *l, int64_t n);

/* Text that the lab frees. */
const char *lab_text(lab *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Has the lab free what a call returned: free_it(what) at the end. Returns `what`. */
void *lab_keep(lab *l, void *what, void (*free_it)(void *what));

/* Frees all that the lab owns. */
void lab_free_items(lab *l);

/* A line on the terminal that the next one replaces. `share` of the work is done. */
void lab_progress(lab *l, const char *what, double share);
void lab_progress_end(lab *l);

/* True once the user has asked to stop: the running experiment ends at once, with an error that says so. */
bool lab_interrupted(void);
void lab_catch_signals(void);

/* lab_data.c ------------------------------------------------------------------------------------------------------- */

/* How pixels become inputs; what is fitted is fitted on the training rows and applied to all. */
typedef enum preparation {
    PIXELS,        /* x in 0 .. 1 */
    PIXELS_BYTES,  /* x in 0 .. 255 */
    CENTRED,       /* x in 0 .. 1, minus the mean image */
    CENTRED_BYTES, /* x in 0 .. 255, minus the mean image */
    STANDARDISED,  /* each feature (x - mean) / deviation */
} preparation;

extern const char *const lab_digit_names[10], *const lab_cifar10_names[10];

/* Data to learn from. Rows that are not asked for are not there (n = 0). */
typedef struct task {
    tg_dataset train, validation, test;
    const char *name; /* "MNIST", "CIFAR-10", "drawn digits", ... */
    int channels, height, width;
    const char *const *class_names;
    double *mean, *deviation; /* [features] that were subtracted and divided by; NULL: 0 and 1 */
} task;

/* Which rows of a data set: so many for training and validation, one after the other from its training files in a
   seeded order (`shuffled`) or as they come, and for the test from its test files; 0: none, -1: all that are left. */
typedef struct task_config {
    unsigned source; /* LAB_MNIST or LAB_CIFAR10 */
    preparation preparation;
    int64_t train, validation, test;
    bool shuffled;
    tg_dtype dtype;
} task_config;

/* A task with no rows yet, whose sets the lab frees. */
task *lab_new_task(lab *l, tg_dtype dtype);

/* The task; in the small form of at most 600, 200 and 200 rows, which without a data folder are generated. The page is
   told what was taken. */
const task *lab_task(lab *l, const task_config *config);

/* The same for the generated sets in two dimensions, moons or the ellipse and circle; shuffled, since their rows come
   in turns of the classes. */
typedef enum plane { MOONS, ELLIPSE } plane;
const task *lab_plane(lab *l, plane which, int64_t train, int64_t validation, int64_t test, double noise);

/* The first n training rows of a task, as a task with the same other parts. */
const task *lab_first(lab *l, const task *t, int64_t n);

/* lab_train.c ------------------------------------------------------------------------------------------------------ */

typedef enum method { SGD, ADAM } method;

/* A network and how it is trained. Zero in any field means the default in its comment. */
typedef struct plan {
    const char *name; /* of the run, on the terminal and in messages; NULL: the experiment's */
    int64_t hidden[LAB_HIDDEN_MOST];
    tg_activation activation;
    tg_init init;
    double init_std;
    double l2;
    method method;
    double lr;
    double decay;                                       /* 1: of the rate, each epoch */
    int64_t batch;                                      /* all rows at once */
    bool in_order;                                      /* a new order each epoch */
    int64_t epochs, steps, record_every, measure_every; /* as in fit_config */
    bool measure_train, keep_best;
    const tg_augment *augment;
    tg_stopping stopping;                                 /* patience and epsilon 0: none */
    uint64_t seed;                                        /* added to the lab's */
    tg_status (*set_weights)(tg_mlp *net, tg_error *err); /* replaces the drawn ones; NULL */
    bool by_hand;                                         /* backpropagation as in by_hand.c instead of the tape's */
    bool no_held_out; /* the validation rows (without any: the test rows) are not measured */
} plan;

/* A network that was trained, and the record. */
typedef struct trained {
    const plan *plan;
    const task *task;
    tg_mlp *net;
    fit_record record;
    const char *caption; /* the plan in words */
} trained;

/* Trains, with a progress line. */
const trained *lab_train(lab *l, const task *t, const plan *p);

/* The last point of a record, or one of NaN. */
const fit_point *lab_last(const trained *t);

/* Loss, accuracy in percent, and the classes predicted for a set (NULL: not wanted). */
typedef struct score {
    double loss, accuracy;
} score;
score lab_score(lab *l, const trained *t, const tg_dataset *set, int32_t *predicted);

/* lab_words.c ------------------------------------------------------------------------------------------------------ */

/* "1 epoch", "20 epochs" */
const char *lab_count(lab *l, int64_t n, const char *unit);

/* "CIFAR-10, 49000 rows, 3072-50-10, relu, SGD, rate 0.0001, times 0.95 each epoch, batches of 200, 1000 steps" */
const char *lab_describe(lab *l, const task *t, const plan *p);

/* What several plans have in common; the rest is for the legend. t: NULL where they are of several tasks. */
const char *lab_describe_all(lab *l, const task *t, const plan *plans, int n);

/* lab_draw.c ------------------------------------------------------------------------------------------------------- */

/* What a curve shows of a record's points. */
typedef enum quantity { LOSS, ACCURACY, TRAIN_LOSS, TRAIN_ACCURACY, HELD_OUT_LOSS, HELD_OUT_ACCURACY } quantity;

/* Over epochs or steps; accuracies in percent; points that were not measured are left out. */
series lab_series(lab *l, const trained *t, quantity q, const char *name, bool over_steps);

/* Loss and accuracy of one run, training against validation, as two pictures NAME-loss and NAME-accuracy. */
void lab_draw_run(lab *l, const trained *t, const char *name, const char *title, const char *held_out);

/* The confusion matrix of a set, and the accuracy of each class below it. */
void lab_draw_confusion(lab *l, const trained *t, const tg_dataset *set, const char *name, const char *title);

/* The weights of the first layer, a picture each, at most `most` of them. */
void lab_draw_weights(lab *l, const trained *t, const char *name, const char *title, int most);

/* The first `most` rows of a set that are classified wrongly. */
void lab_draw_mistakes(lab *l, const trained *t, const tg_dataset *set, const char *name, const char *title,
                       int most);

/* The points of a set in the plane, over the regions in which the network decides for each class. */
void lab_draw_plane(lab *l, const trained *t, const tg_dataset *set, const char *name, const char *title);

/* by_hand.c -------------------------------------------------------------------------------------------------------- */

/* Backpropagation written out for a perceptron: see there. */
typedef struct by_hand by_hand;
by_hand *by_hand_create(tg_mlp *net, double l2, tg_error *err);
void by_hand_destroy(by_hand *h); /* takes NULL */
fit_gradient by_hand_gradient;    /* context: the by_hand */

#endif
