/* report.c - what a check has found: counts, and the sentence. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "core/format.h"

void tg_check_fault(tg_checker *c, tg_gradcheck_fault fault)
{
    tg_gradcheck_report *r = c->report;
    if (r->fault == TG_FAULT_NONE || fault < r->fault)
        r->fault = fault;
}

static bool is_wrong(const tg_gradcheck_element *e)
{
    return !(isfinite(e->absolute) && e->absolute <= e->allowed);
}

/* The error as a multiple of what is allowed; infinity for what is not a number. */
static double excess(const tg_gradcheck_element *e)
{
    const double x = e->absolute > 0 ? e->absolute / e->allowed : 0;
    return is_wrong(e) && !(x > 1) ? (double)INFINITY : x;
}

static tg_gradcheck_element element(const tg_checker *c, const tg_probe *p, const tg_compared *found)
{
    const double unit = tg_check_unit(c, p->input, p->index);
    tg_gradcheck_element e = {
        .index = p->index,
        .analytic = found->analytic / unit,
        .numeric = found->numeric / unit,
        .allowed = found->allowed / unit,
        .step = found->step * unit,
    };
    tg_format(e.name, sizeof e.name, "%s", p->input->name);
    e.absolute = fabs(e.analytic - e.numeric);
    e.relative = e.absolute / fmax(c->config.epsilon, fabs(e.analytic) + fabs(e.numeric));
    if (!isfinite(e.analytic) || !isfinite(e.numeric))
        e.absolute = e.relative = (double)INFINITY;
    return e;
}

void tg_check_count(tg_checker *c, const tg_probe *p, const tg_compared *found)
{
    const tg_gradcheck_element e = element(c, p, found);
    tg_gradcheck_result one = { .n_kinks = found->is_kink, .n_checked = !found->is_kink };
    if (found->is_kink)
        one.kink = e;
    else {
        one.worst = e;
        one.max_absolute = e.absolute;
        one.max_relative = e.relative;
        one.n_failed = is_wrong(&e);
        one.n_below_noise = !one.n_failed && found->is_below_noise;
    }
    if (one.n_failed)
        tg_check_fault(c, TG_FAULT_ELEMENT);
    p->input->n_inconclusive += one.n_checked > 0 && found->is_inconclusive;
    p->input->n_zeros += one.n_checked > 0 && !found->is_inconclusive && e.analytic == 0 && e.numeric == 0;
    tg_check_add(&p->input->result, &one);
}

void tg_check_add(tg_gradcheck_result *sum, const tg_gradcheck_result *part)
{
    if (!sum->worst.name[0] || (part->worst.name[0] && excess(&part->worst) > excess(&sum->worst)))
        sum->worst = part->worst;
    if (!sum->kink.name[0])
        sum->kink = part->kink;
    sum->n_checked += part->n_checked;
    sum->n_failed += part->n_failed;
    sum->n_kinks += part->n_kinks;
    sum->n_below_noise += part->n_below_noise;
    sum->max_absolute = fmax(sum->max_absolute, part->max_absolute);
    sum->max_relative = fmax(sum->max_relative, part->max_relative);
}

/* The sentence ----------------------------------------------------------------------------------------------------- */

enum { PLACE = 224 };

static void append(char *text, size_t size, const char *part)
{
    const size_t used = strlen(text);
    tg_format(text + used, size - used, "%s", part);
}

/* "w1[3, 2]" */
static void describe_place(const tg_checker *c, const tg_gradcheck_element *e, char *text)
{
    tg_format(text, PLACE, e->index < 0 ? "%s along a random direction" : "%s", e->name);
    const tg_shape *s = NULL;
    for (int i = 0; i < c->n && e->index >= 0; i++)
        if (!strncmp(c->inputs[i].name, e->name, sizeof e->name - 1))
            s = &c->inputs[i].shape;
    if (!s || s->rank == 0)
        return;
    int64_t inner = tg_shape_size(s), rest = e->index;
    for (int d = 0; d < s->rank; d++) {
        char number[32];
        inner /= s->dims[d];
        tg_format(number, sizeof number, d ? ", %lld" : "[%lld", (long long)(rest / inner));
        append(text, PLACE, number);
        rest %= inner;
    }
    append(text, PLACE, "]");
}

static void describe_counts(const tg_gradcheck_report *r, const char *kink, char *text, size_t size)
{
    char part[320];
    const tg_gradcheck_result *all = &r->all;
    if (r->fault == TG_FAULT_ELEMENT)
        tg_format(part, sizeof part, "%lld of %lld elements are wrong", (long long)all->n_failed,
                  (long long)all->n_checked);
    else
        tg_format(part, sizeof part, "%lld element%s checked", (long long)all->n_checked,
                  all->n_checked == 1 ? "" : "s");
    append(text, size, part);
    if (all->n_kinks > 0) {
        tg_format(part, sizeof part, ", %lld kink%s not judged (the first is %s)", (long long)all->n_kinks,
                  all->n_kinks == 1 ? "" : "s", kink);
        append(text, size, part);
    }
    if (all->n_below_noise > 0) {
        tg_format(part, sizeof part, ", %lld below the noise of rounding", (long long)all->n_below_noise);
        append(text, size, part);
    }
}

void tg_check_describe(tg_checker *c)
{
    static const char *const verdicts[] = {
        [TG_FAULT_NONE] = "passed: ",
        [TG_FAULT_FUNCTION_CHANGES] =
            "failed: two evaluations at one point differ; a generator to draw from belongs in the config's rng",
        [TG_FAULT_NOT_FINITE] = "failed: the value at the given inputs is not finite, so that it has no slope",
        [TG_FAULT_ELEMENT] = "failed: ",
        [TG_FAULT_GRADIENT_CHANGES] = "failed: two reverse passes over one tape gave different bits; ",
        [TG_FAULT_PATHS] = "failed: tg_backward and tg_grad gave different gradients; ",
        [TG_FAULT_NOT_ZERO] = "failed: a cotangent of zeros did not give gradients of zeros; ",
        [TG_FAULT_NOT_LINEAR] = "failed: the gradient is not linear in the cotangent; ",
        [TG_FAULT_ONLY_KINKS] = "failed: an input was not judged, since all its comparisons met kinks; ",
        [TG_FAULT_BELOW_NOISE] = "failed: an input was not judged, since rounding hides all of its slopes; ",
    };
    tg_gradcheck_report *r = c->report;
    char place[PLACE] = "", part[512];
    tg_format(r->text, sizeof r->text, "%s", verdicts[r->fault]);
    if (r->fault == TG_FAULT_FUNCTION_CHANGES || r->fault == TG_FAULT_NOT_FINITE)
        return;
    if (r->all.n_kinks > 0)
        describe_place(c, &r->all.kink, place);
    describe_counts(r, place, r->text, sizeof r->text);
    const tg_gradcheck_element *e = &r->all.worst;
    if (!e->name[0])
        return;
    describe_place(c, e, place);
    tg_format(
        part, sizeof part,
        "; largest errors %.3g absolute, %.3g relative; worst %s: analytic %.10g, numeric %.10g, absolute error "
        "%.3g (allowed %.3g), relative error %.3g, step %.3g",
        r->all.max_absolute, r->all.max_relative, place, e->analytic, e->numeric, e->absolute, e->allowed,
        e->relative, e->step);
    append(r->text, sizeof r->text, part);
}
