/* lab_words.c - plans in words, for captions. */
#include <string.h>

#include "lab.h"

const char *lab_count(lab *l, int64_t n, const char *unit)
{
    return lab_text(l, "%lld %s%s", (long long)n, unit, n == 1 ? "" : "s");
}

/* One function a clause; "" where there is nothing to say. t is NULL where the plans are of several tasks. */
typedef const char *clause(lab *l, const task *t, const plan *p);

static const char *rows(lab *l, const task *t, const plan *p)
{
    (void)p;
    return t ? lab_text(l, "%s, %lld rows", t->name, (long long)t->train.n) : "";
}

static const char *layers(lab *l, const task *t, const plan *p)
{
    if (!t)
        return "";
    const char *net = lab_text(l, "%lld", (long long)t->train.features);
    for (int i = 0; i < LAB_HIDDEN_MOST && p->hidden[i] > 0; i++)
        net = lab_text(l, "%s-%lld", net, (long long)p->hidden[i]);
    return lab_text(l, "%s-%d", net, t->train.classes);
}

static const char *activation(lab *l, const task *t, const plan *p)
{
    (void)l;
    (void)t;
    return p->hidden[0] > 0 ? tg_activation_name(p->activation) : "";
}

static const char *weights(lab *l, const task *t, const plan *p)
{
    (void)t;
    if (p->init == TG_INIT_NORMAL)
        return lab_text(l, "weights %g normal", p->init_std);
    return p->init == TG_INIT_KAIMING ? "Kaiming weights" : "";
}

static const char *method_name(lab *l, const task *t, const plan *p)
{
    (void)l;
    (void)t;
    return p->method == ADAM ? "Adam" : "SGD";
}

static const char *rate(lab *l, const task *t, const plan *p)
{
    (void)t;
    return lab_text(l, "rate %g", p->lr);
}

static const char *decay(lab *l, const task *t, const plan *p)
{
    (void)t;
    return p->decay > 0 ? lab_text(l, "times %g each epoch", p->decay) : "";
}

static const char *batch(lab *l, const task *t, const plan *p)
{
    (void)t;
    return p->batch > 1    ? lab_text(l, "batches of %lld", (long long)p->batch)
           : p->batch == 1 ? "one row a step"
                           : "all rows at once";
}

static const char *length(lab *l, const task *t, const plan *p)
{
    (void)t;
    const bool early = p->stopping.patience > 0 || p->stopping.epsilon > 0;
    return lab_text(l, "%s%s", early ? "at most " : "",
                    p->steps > 0 ? lab_count(l, p->steps, "step") : lab_count(l, p->epochs, "epoch"));
}

static const char *stopping(lab *l, const task *t, const plan *p)
{
    const tg_stopping *s = &p->stopping;
    (void)t;
    if (s->patience > 0)
        return lab_text(l, "until %s without a %s", lab_count(l, s->patience, "epoch"),
                        s->larger ? "higher validation accuracy" : "lower validation loss");
    return s->epsilon > 0 ? lab_text(l, "until the loss changes by less than %g", s->epsilon) : "";
}

static const char *penalty(lab *l, const task *t, const plan *p)
{
    (void)t;
    return p->l2 > 0 ? lab_text(l, "l2 %g", p->l2) : "";
}

static const char *augmentation(lab *l, const task *t, const plan *p)
{
    (void)l;
    (void)t;
    return p->augment ? "augmented" : "";
}

static const char *seed(lab *l, const task *t, const plan *p)
{
    (void)t;
    return lab_text(l, "seed %llu", (unsigned long long)(l->seed + p->seed));
}

const char *lab_describe_all(lab *l, const task *t, const plan *plans, int n)
{
    static clause *const clauses[] = { rows,  layers, activation, weights, method_name,  rate, decay,
                                       batch, length, stopping,   penalty, augmentation, seed };
    const char *text = "";
    for (size_t i = 0; i < sizeof clauses / sizeof clauses[0]; i++) {
        const char *first = clauses[i](l, t, plans);
        bool shared = *first;
        for (int j = 1; j < n; j++)
            shared = shared && !strcmp(first, clauses[i](l, t, &plans[j]));
        if (shared)
            text = lab_text(l, "%s%s%s", text, *text ? ", " : "", first);
    }
    return text;
}

const char *lab_describe(lab *l, const task *t, const plan *p)
{
    return lab_describe_all(l, t, p, 1);
}
