/* options.c - the command line: one table of options, read, completed and explained. */
#include <errno.h>
#include <float.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"

/* What there is to choose from ------------------------------------------------------------------------------------- */

static const char *data_name(int i)
{
    const source *s = source_at(i);
    return s ? s->name : NULL;
}

static const char *activation_name(int i)
{
    return tg_activation_name((tg_activation)i);
}

static const char *dtype_name(int i)
{
    return i == TG_F32 ? "f32" : i == TG_F64 ? "f64" : NULL;
}

typedef const char *name_fn(int i);

/* With --resume an option that is KEPT is that of the file; one that is OPEN, too, unless it is given. */
enum keeping { NOT_KEPT, KEPT, OPEN };

enum kind { CHOICE, TEXT, WHOLE, REAL, SIZES, FLAG };

typedef struct entry {
    const char *name;
    enum kind kind;
    size_t offset; /* in options */
    const char *value, *help;
    name_fn *choice;     /* CHOICE */
    double least, most;  /* WHOLE, REAL */
    const char *expects; /* WHOLE, REAL, SIZES */
    enum keeping kept;   /* with the training in its file */
} entry;

#define AT(field)    .offset = offsetof(options, field)
#define POSITIVE     .least = DBL_MIN, .most = 1e12, .expects = "a number above 0"
#define NOT_NEGATIVE .least = 0, .most = 1e12, .expects = "a number of at least 0"

static const entry table[] = {
    { "--data", CHOICE, AT(data), .choice = data_name, .help = "what to learn (digits)", .kept = KEPT },
    { "--dir", TEXT, AT(dir), "DIR", "where the files of mnist and cifar10 are", .kept = OPEN },
    { "--hidden", SIZES, AT(hidden), "N,N,...", "units of the hidden layers, or none",
      .expects = "a list of layer sizes such as 300 or 300,100, or none", .kept = KEPT },
    { "--activation", CHOICE, AT(activation), .choice = activation_name, .help = "behind each hidden layer (relu)",
      .kept = KEPT },
    { "--optimizer", CHOICE, AT(optimizer), .choice = optimizer_name, .help = "what changes the parameters (sgd)",
      .kept = KEPT },
    { "--lr", REAL, AT(lr), "X", "learning rate (what suits optimizer, batch and data)", POSITIVE, .kept = KEPT },
    { "--momentum", REAL, AT(momentum), "X", "of sgd and nesterov (0.9)", .least = 0, .most = 1 - DBL_EPSILON,
      .expects = "a number from 0 to below 1", .kept = KEPT },
    { "--weight-decay", REAL, AT(weight_decay), "X", "of the optimizer (0; adamw 0.01)", NOT_NEGATIVE, .kept = KEPT },
    { "--l2", REAL, AT(l2), "X", "adds X times the weights' squares to the loss (0)", NOT_NEGATIVE, .kept = KEPT },
    { "--clip", REAL, AT(clip), "X", "the largest norm of a gradient (none)", POSITIVE, .kept = KEPT },
    { "--schedule", CHOICE, AT(schedule), .choice = schedule_name,
      .help = "of the learning rate, after a twentieth to warm up (cosine)", .kept = KEPT },
    { "--batch", WHOLE, AT(batch), "N", "rows of a step (64)", .least = 1, .most = 1e6,
      .expects = "a whole number from 1 to 1000000", .kept = KEPT },
    { "--epochs", WHOLE, AT(epochs), "N", "passes over the data; 0 only tests", .least = 0, .most = 1e6,
      .expects = "a whole number from 0 to 1000000", .kept = OPEN },
    { "--seed", WHOLE, AT(seed), "N", "of the first weights and of the order (1)", .least = 0, .most = 1e15,
      .expects = "a whole number from 0 to 10^15", .kept = KEPT },
    { "--dtype", CHOICE, AT(dtype), .choice = dtype_name, .help = "of parameters and data (f32)", .kept = KEPT },
    { "--threads", WHOLE, AT(threads), "N", "to compute with (one a CPU); the results are the same", .least = 1,
      .most = 64, .expects = "a whole number from 1 to 64" },
    { "--load", TEXT, AT(load), "FILE", "parameters to begin with" },
    { "--resume", TEXT, AT(resume), "FILE", "a training that was saved; it goes on to the same bits" },
    { "--stop", WHOLE, AT(stop), "N", "ends after N steps as Ctrl-C does, to be resumed (never)", .least = 1,
      .most = 1e12, .expects = "a whole number from 1 to 10^12" },
    { "--save", TEXT, AT(save), "FILE", "for the training (DATA.safetensors, or FILE of --resume), or none" },
    { "--csv", TEXT, AT(csv), "FILE", "for the curves (DATA.csv), or none" },
    { "--json", TEXT, AT(json), "FILE", "for the whole run (none)" },
    { "--report", TEXT, AT(report), "DIR", "for a page with the curves and other pictures (none)" },
    { "--quiet", FLAG, AT(quiet), .help = "print the test accuracy only" },
    { "--help", FLAG, AT(help), .help = "print this" },
};

enum { OPTIONS = sizeof table / sizeof table[0], TEXT_BYTES = 256 };

/* Reading ---------------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static bool wrong(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("train: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return false;
}

static int index_of(name_fn *name, const char *text)
{
    for (int i = 0; name(i); i++)
        if (!strcmp(text, name(i)))
            return i;
    return -1;
}

static char *choices_text(name_fn *name, char *buffer)
{
    int used = 0;
    for (int i = 0; name(i) && used < TEXT_BYTES; i++)
        used += snprintf(buffer + used, TEXT_BYTES - (size_t)used, "%s%s", i ? ", " : "", name(i));
    return buffer;
}

static bool read_choice(const entry *e, const char *text, int *field)
{
    char names[TEXT_BYTES];
    *field = index_of(e->choice, text);
    return *field >= 0 || wrong("%s \"%s\" is none of %s", e->name, text, choices_text(e->choice, names));
}

static bool is_between(const entry *e, double x)
{
    return x >= e->least && x <= e->most;
}

static bool read_whole(const entry *e, const char *text, int64_t *field)
{
    char *end;
    errno = 0;
    *field = strtoll(text, &end, 10);
    if (end != text && !*end && !errno && is_between(e, (double)*field))
        return true;
    return wrong("%s \"%s\" is not %s", e->name, text, e->expects);
}

static bool read_real(const entry *e, const char *text, double *field)
{
    char *end;
    *field = strtod(text, &end);
    if (end != text && !*end && is_between(e, *field))
        return true;
    return wrong("%s \"%s\" is not %s", e->name, text, e->expects);
}

static bool parse_sizes(const char *text, sizes *s)
{
    *s = (sizes){ 0 };
    if (!strcmp(text, "none"))
        return true;
    while (s->n < HIDDEN_MOST && *text >= '0' && *text <= '9') {
        char *end;
        const long long size = strtoll(text, &end, 10);
        if (size < 1 || size > 1000000)
            return false;
        s->size[s->n++] = size;
        if (*end != ',')
            return !*end;
        text = end + 1;
    }
    return false;
}

static bool read_value(const entry *e, const char *text, options *o)
{
    void *field = (char *)o + e->offset;
    switch (e->kind) {
    case CHOICE:
        return read_choice(e, text, field);
    case WHOLE:
        return read_whole(e, text, field);
    case REAL:
        return read_real(e, text, field);
    case SIZES:
        return parse_sizes(text, field) || wrong("%s \"%s\" is not %s", e->name, text, e->expects);
    case TEXT:
        *(const char **)field = text;
        return *text || wrong("%s needs a value", e->name);
    case FLAG:
        break;
    }
    return false;
}

static const entry *find(const char *name)
{
    for (int i = 0; i < OPTIONS; i++)
        if (!strcmp(name, table[i].name))
            return &table[i];
    return NULL;
}

static bool parse(options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const entry *e = find(argv[i]);
        if (!e)
            return wrong("\"%s\" is no option; train --help lists them", argv[i]);
        if (e->kind == FLAG)
            *(bool *)((char *)o + e->offset) = true;
        else if (i + 1 == argc || !strncmp(argv[i + 1], "--", 2))
            return wrong("%s needs a value", e->name);
        else if (!read_value(e, argv[++i], o))
            return false;
    }
    return true;
}

/* Resuming --------------------------------------------------------------------------------------------------------- */

static bool is_given(const entry *e, const options *o)
{
    const void *field = (const char *)o + e->offset;
    switch (e->kind) {
    case CHOICE:
        return *(const int *)field >= 0;
    case WHOLE:
        return *(const int64_t *)field >= 0;
    case REAL:
        return *(const double *)field >= 0;
    case SIZES:
        return ((const sizes *)field)->n >= 0;
    case TEXT:
        return *(const char *const *)field;
    case FLAG:
        break;
    }
    return false;
}

static const char *value_text(const entry *e, const options *o, char text[OPTION_BYTES])
{
    const void *field = (const char *)o + e->offset;
    switch (e->kind) {
    case CHOICE:
        return e->choice(*(const int *)field);
    case SIZES:
        return sizes_text(field, text, OPTION_BYTES);
    case TEXT:
        return *(const char *const *)field;
    case WHOLE:
        snprintf(text, OPTION_BYTES, "%lld", (long long)*(const int64_t *)field);
        break;
    case REAL:
        snprintf(text, OPTION_BYTES, "%.17g", *(const double *)field);
        break;
    case FLAG:
        break;
    }
    return text;
}

int option_pairs(const options *o, const char *pairs[2 * OPTIONS_MOST], char texts[OPTIONS_MOST][OPTION_BYTES])
{
    int n = 0;
    for (int i = 0; i < OPTIONS; i++) {
        const entry *e = &table[i];
        const bool momentum = e->offset == offsetof(options, momentum) && !optimizer_has_momentum(o->optimizer);
        if (!e->kept || !is_given(e, o) || momentum)
            continue;
        pairs[2 * n] = e->name + strlen("--");
        pairs[2 * n + 1] = value_text(e, o, texts[n]);
        n++;
    }
    return n;
}

/* Takes the options that the file keeps. */
static bool adopt_training(options *o)
{
    char text[OPTION_BYTES];
    tg_error err;
    if (o->load)
        return wrong("--load and --resume are two beginnings; one of them can be given");
    for (int i = 0; i < OPTIONS; i++) {
        const entry *e = &table[i];
        if (e->kept == KEPT && is_given(e, o))
            return wrong("%s is that of the training that --resume goes on with; it cannot be given", e->name);
        if (!e->kept || is_given(e, o))
            continue;
        const tg_status status = tg_params_read_metadata(o->resume, e->name + strlen("--"), text, sizeof text, &err);
        if (status == TG_ERR_RANGE)
            continue; /* it was not given */
        if (status != TG_OK)
            return wrong("%s", err.text);
        if (!read_value(e, e->kind == TEXT ? strcpy(o->dir_name, text) : text, o))
            return false;
    }
    return true;
}

/* Completing ------------------------------------------------------------------------------------------------------- */

/* A file that this program saved says which network fits it. What is wrong with the file is said when it is loaded. */
static void adopt_network(options *o)
{
    char text[TEXT_BYTES];
    if (o->hidden.n < 0 && tg_params_read_metadata(o->load, "hidden", text, sizeof text, NULL) == TG_OK &&
        !parse_sizes(text, &o->hidden))
        o->hidden.n = -1;
    if (o->activation < 0 && tg_params_read_metadata(o->load, "activation", text, sizeof text, NULL) == TG_OK)
        o->activation = index_of(activation_name, text);
}

static void set_default(int *field, int value)
{
    if (*field < 0)
        *field = value;
}

static void set_default_count(int64_t *field, int64_t value)
{
    if (*field < 0)
        *field = value;
}

/* Where nothing was said, what was learned goes to a file named after the data. "none" is no file. */
static void name_file(const char **path, char *name, const char *data, const char *ending)
{
    if (!*path && ending) {
        snprintf(name, NAME_BYTES, "%s.%s", data, ending);
        *path = name;
    }
    if (*path && !strcmp(*path, "none"))
        *path = NULL;
}

static void complete(options *o)
{
    set_default(&o->data, index_of(data_name, "digits"));
    const source *s = source_at(o->data);
    if (o->load)
        adopt_network(o);
    if (o->hidden.n < 0)
        o->hidden = s->hidden;
    set_default(&o->activation, TG_RELU);
    set_default(&o->optimizer, index_of(optimizer_name, "sgd"));
    set_default(&o->schedule, TG_SCHEDULE_COSINE);
    set_default(&o->dtype, TG_F32);
    set_default_count(&o->batch, 64);
    set_default_count(&o->epochs, s->epochs);
    set_default_count(&o->seed, 1);
    o->l2 = o->l2 < 0 ? 0 : o->l2;
    if (!o->save)
        o->save = o->resume;
    name_file(&o->save, o->save_name, s->name, o->epochs > 0 ? "safetensors" : NULL);
    name_file(&o->csv, o->csv_name, s->name, o->epochs > 0 ? "csv" : NULL);
    name_file(&o->json, NULL, s->name, NULL);
    name_file(&o->report, NULL, s->name, NULL);
}

static bool fits_together(const options *o)
{
    const source *s = source_at(o->data);
    if (s->needs_dir && !o->dir)
        return wrong("--data %s needs --dir, the directory of its files", s->name);
    if (o->momentum >= 0 && !optimizer_has_momentum(o->optimizer))
        return wrong("--momentum is for sgd and nesterov, the optimizer is %s", optimizer_name(o->optimizer));
    return true;
}

bool read_options(options *o, int argc, char **argv)
{
    *o = (options){ .data = -1,
                    .activation = -1,
                    .optimizer = -1,
                    .schedule = -1,
                    .dtype = -1,
                    .hidden = { .n = -1 },
                    .lr = -1,
                    .momentum = -1,
                    .weight_decay = -1,
                    .l2 = -1,
                    .clip = -1,
                    .batch = -1,
                    .epochs = -1,
                    .seed = -1,
                    .threads = -1,
                    .stop = -1 };
    if (!parse(o, argc, argv) || (o->resume && !o->help && !adopt_training(o)))
        return false;
    complete(o);
    if (!o->help && !fits_together(o))
        return false;
    suit_optimizer(o);
    return true;
}

/* Explaining ------------------------------------------------------------------------------------------------------- */

char *sizes_text(const sizes *s, char *buffer, size_t size)
{
    size_t used = (size_t)snprintf(buffer, size, s->n ? "" : "none");
    for (int i = 0; i < s->n && used < size; i++)
        used += (size_t)snprintf(buffer + used, size - used, "%s%lld", i ? "," : "", (long long)s->size[i]);
    return buffer;
}

void print_help(void)
{
    puts("usage: train [options]\n\n"
         "Checks the gradient of a multi-layer perceptron, trains it, tests it, and saves what it\n"
         "learned. Without options it learns to read drawn digits. Ctrl-C ends it early and saves;\n"
         "train --resume FILE goes on from there.\n");
    for (int i = 0; i < OPTIONS; i++) {
        char names[TEXT_BYTES];
        const entry *e = &table[i];
        printf("  %-14s %-8s %s\n", e->name, e->choice ? "NAME" : e->value ? e->value : "", e->help);
        if (e->choice)
            printf("%26s%s\n", "", choices_text(e->choice, names));
    }
}
