/* lab_data.c - the data of the experiments: read, or generated where there is no folder, divided and prepared. */
#include <stdlib.h>
#include <string.h>

#include "lab.h"

enum { SMALL_TRAIN = 600, SMALL_OTHER = 200 };

const char *const lab_digit_names[10] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };
const char *const lab_cifar10_names[10] = { "airplane", "automobile", "bird",  "cat",  "deer",
                                            "dog",      "frog",       "horse", "ship", "truck" };
static const char *const plane_names[] = { "class 0", "class 1" };

static void free_task(void *what)
{
    task *t = what;
    tg_dataset_finish(&t->train);
    tg_dataset_finish(&t->validation);
    tg_dataset_finish(&t->test);
    free(t);
}

task *lab_new_task(lab *l, tg_dtype dtype)
{
    task *t = lab_good(l) ? lab_keep(l, calloc(1, sizeof *t), free_task) : NULL;
    if (t)
        t->train.dtype = t->validation.dtype = t->test.dtype = dtype;
    return t;
}

/* Stand-ins -------------------------------------------------------------------------------------------------------- */

/* A drawn digit of 28 x 28 in one colour on another, as a picture [3, 32, 32]. */
static void colour(const float *digit, float *picture, tg_rng *rng)
{
    enum { SIDE = 32, DIGIT = 28, EDGE = 2 };
    for (int channel = 0; channel < 3; channel++) {
        const double ink = tg_rng_between(rng, 0.5, 1), paper = tg_rng_between(rng, 0, 0.5);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                const int row = y - EDGE, column = x - EDGE;
                const bool inside = row >= 0 && row < DIGIT && column >= 0 && column < DIGIT;
                const double share = inside ? (double)digit[row * DIGIT + column] : 0;
                *picture++ = (float)(paper + (ink - paper) * share);
            }
    }
}

static tg_status coloured_digits(tg_dataset *set, int64_t n, uint64_t seed, tg_error *err)
{
    enum { NUMBERS = 3 * 32 * 32 };
    tg_dataset digits = { .dtype = TG_F32 };
    tg_rng rng = tg_rng_seed(seed);
    tg_status status = tg_dataset_digits(&digits, n, seed, err);
    if (status == TG_OK)
        status = tg_dataset_init(set, n, NUMBERS, digits.classes, err);
    for (int64_t i = 0; status == TG_OK && i < n; i++) {
        colour((const float *)digits.x + i * digits.features, (float *)set->x + i * NUMBERS, &rng);
        set->labels[i] = digits.labels[i];
    }
    tg_dataset_finish(&digits);
    return status;
}

/* Sources ---------------------------------------------------------------------------------------------------------- */

typedef struct source {
    unsigned flag;
    const char *name, *stand_in, *folder;
    int channels, side, stand_in_side;
    const char *const *classes;
    tg_status (*read)(tg_dataset *set, const char *dir, tg_part part, tg_error *err);
    tg_status (*generate)(tg_dataset *set, int64_t n, uint64_t seed, tg_error *err);
} source;

static const source sources[] = {
    { LAB_MNIST, "MNIST", "drawn digits", "mnist", 1, 28, 28, lab_digit_names, tg_dataset_read_mnist,
      tg_dataset_digits },
    { LAB_CIFAR10, "CIFAR-10", "drawn digits in colour", "cifar-10-batches-bin", 3, 32, 32, lab_cifar10_names,
      tg_dataset_read_cifar10, coloured_digits },
};

static const source *find(unsigned flag)
{
    const source *s = sources;
    while (s->flag != flag)
        s++;
    return s;
}

/* All rows of a part's files, or generated ones, as float32. */
static tg_status read_part(lab *l, const source *s, tg_part part, tg_dataset *set)
{
    if (!l->data)
        return s->generate(set, part == TG_TRAIN ? SMALL_TRAIN + SMALL_OTHER : SMALL_OTHER,
                           l->seed + (part == TG_TRAIN ? 1 : 2), &l->err);
    const char *dir = lab_text(l, "%s/%s", l->data, s->folder);
    return s->read(set, dir, part, &l->err);
}

/* Dividing --------------------------------------------------------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How many rows are taken of those that are left: -1 means all; the small form takes no more than `small`. */
static int64_t rows_of(const lab *l, int64_t wanted, int64_t left, int64_t small)
{
    const int64_t n = wanted < 0 ? left : wanted;
    return l->small ? least(least(n, small), left) : n;
}

/* Whether `part` of a source has n rows, at least one, beside m others. */
static bool has_rows(lab *l, const source *s, const char *part, int64_t there, int64_t n, int64_t m)
{
    const int64_t least_rows = m + (n > 0 ? n : 1);
    return there >= least_rows || lab_fail(l, TG_ERR_RANGE, "%s: %lld rows in the %s files, expected at least %lld",
                                           s->name, (long long)there, part, (long long)least_rows);
}

static void take_some(lab *l, const tg_dataset *all, const int64_t *rows, int64_t n, tg_dataset *out)
{
    if (lab_good(l) && n > 0)
        tg_dataset_take(all, rows, n, out, &l->err);
}

/* n rows for training, then m for validation, then k for the test, in order or in a seeded one. */
static void divide(lab *l, const tg_dataset *all, bool shuffled, int64_t n, int64_t m, int64_t k, task *t)
{
    int64_t *order = lab_room(l, all->n, sizeof *order);
    tg_rng rng = tg_rng_seed(l->seed);
    if (!order)
        return;
    for (int64_t i = 0; i < all->n; i++)
        order[i] = i;
    if (shuffled)
        tg_rng_permutation(&rng, order, all->n);
    take_some(l, all, order, n, &t->train);
    take_some(l, all, order + n, m, &t->validation);
    take_some(l, all, order + n + m, k, &t->test);
}

/* Preparing -------------------------------------------------------------------------------------------------------- */

static void fill(double *x, int64_t n, double value)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = value;
}

static void apply(lab *l, tg_dataset *set, const task *t)
{
    if (lab_good(l) && set->n > 0)
        tg_dataset_standardize(set, t->mean, t->deviation, &l->err);
}

/* The moments of the training rows, of which the preparation takes what it needs. */
static void prepare(lab *l, task *t, preparation p)
{
    const int64_t width = t->train.features;
    const bool bytes = p == PIXELS_BYTES || p == CENTRED_BYTES;
    t->mean = lab_numbers(l, width);
    t->deviation = lab_numbers(l, width);
    if (!lab_good(l) || tg_dataset_moments(&t->train, t->mean, t->deviation, &l->err) != TG_OK)
        return;
    if (p == PIXELS || p == PIXELS_BYTES)
        fill(t->mean, width, 0);
    if (p != STANDARDISED)
        fill(t->deviation, width, bytes ? 1.0 / 255 : 1);
    if (p == PIXELS)
        return;
    apply(l, &t->train, t);
    apply(l, &t->validation, t);
    apply(l, &t->test, t);
}

static void tell(lab *l, const task *t, preparation p)
{
    static const char *const ways[] = {
        [PIXELS] = "pixels from 0 to 1",
        [PIXELS_BYTES] = "pixels from 0 to 255",
        [CENTRED] = "pixels from 0 to 1, the mean image of the training rows subtracted",
        [CENTRED_BYTES] = "pixels from 0 to 255, the mean image of the training rows subtracted",
        [STANDARDISED] = "each pixel standardised by mean and deviation of the training rows",
    };
    page_setting(l->page, "data", "%s: %lld rows for training, %lld for validation, %lld for the test%s", t->name,
                 (long long)t->train.n, (long long)t->validation.n, (long long)t->test.n,
                 l->generated ? " (generated: no data folder was given)" : "");
    page_setting(l->page, "preparation", "%s", ways[p]);
}

const task *lab_task(lab *l, const task_config *c)
{
    const source *s = find(c->source);
    tg_dataset all = { .dtype = TG_F32 }, test = { .dtype = TG_F32 };
    task *t = lab_new_task(l, c->dtype);
    if (!t)
        return NULL;
    lab_progress(l, lab_text(l, "reading %s", s->name), 0);
    t->name = l->data ? s->name : s->stand_in;
    l->generated = !l->data;
    t->channels = s->channels;
    t->height = t->width = s->side;
    t->class_names = l->data ? s->classes : lab_digit_names;
    if (read_part(l, s, TG_TRAIN, &all) == TG_OK) {
        const int64_t m = rows_of(l, c->validation, all.n, SMALL_OTHER);
        const int64_t n = rows_of(l, c->train, all.n - m, SMALL_TRAIN);
        if (has_rows(l, s, "training", all.n, n, m))
            divide(l, &all, c->shuffled, n, m, 0, t);
    }
    tg_dataset_finish(&all);
    if (lab_good(l) && c->test && read_part(l, s, TG_TEST, &test) == TG_OK) {
        const int64_t n = rows_of(l, c->test, test.n, SMALL_OTHER);
        if (has_rows(l, s, "test", test.n, n, 0))
            tg_dataset_slice(&test, 0, n, &t->test, &l->err);
    }
    tg_dataset_finish(&test);
    prepare(l, t, c->preparation);
    if (lab_good(l))
        tell(l, t, c->preparation);
    return lab_good(l) ? t : NULL;
}

const task *lab_plane(lab *l, plane which, int64_t train, int64_t validation, int64_t test, double noise)
{
    task *t = lab_new_task(l, TG_F32);
    tg_dataset all = { .dtype = TG_F32 };
    if (!t)
        return NULL;
    const int64_t n = train + validation + test;
    t->name = which == MOONS ? "two moons" : "ellipse and circle";
    t->class_names = plane_names;
    if (which == MOONS)
        tg_dataset_moons(&all, n, noise, l->seed, &l->err);
    else
        tg_dataset_ellipse(&all, n, l->seed, &l->err);
    if (lab_good(l))
        divide(l, &all, true, train, validation, test, t);
    tg_dataset_finish(&all);
    if (lab_good(l))
        page_setting(l->page, "data", "%s: %lld rows for training, %lld for validation, %lld for the test", t->name,
                     (long long)train, (long long)validation, (long long)test);
    return lab_good(l) ? t : NULL;
}

/* The arrays of the other parts are shared, and freed with the task that they came from. */
static void free_part(void *what)
{
    task *t = what;
    tg_dataset_finish(&t->train);
    free(t);
}

const task *lab_first(lab *l, const task *whole, int64_t n)
{
    task *t = lab_good(l) ? lab_keep(l, calloc(1, sizeof *t), free_part) : NULL;
    if (!t)
        return NULL;
    *t = *whole;
    t->train = (tg_dataset){ .dtype = whole->train.dtype };
    tg_dataset_slice(&whole->train, 0, n, &t->train, &l->err);
    return lab_good(l) ? t : NULL;
}
