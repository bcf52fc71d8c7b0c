/* check.c - the check of the gradient of the loss. */
#include "train.h"

enum { CHECK_ROWS = 8 };

typedef struct copy {
    tg_mlp *net;
    tg_dataset rows;
    double l2;
} copy;

static tg_tensor twin_loss(tg_tape *tape, tg_params *params, void *context)
{
    const copy *t = context;
    (void)params; /* those of the copy are used */
    tg_tensor x = tg_wrap_dataset(tape, &t->rows);
    return fit_loss(t->net, tg_mlp_forward(t->net, x), t->rows.labels, t->l2);
}

void check_gradient(const tg_mlp *net, const tg_dataset *set, double l2, tg_gradcheck_report *report)
{
    tg_error err;
    copy t = { .rows.dtype = TG_F64, .l2 = l2 };
    *report = (tg_gradcheck_report){ 0 };
    if (tg_dataset_slice(set, 0, set->n < CHECK_ROWS ? set->n : CHECK_ROWS, &t.rows, &err) == TG_OK)
        t.net = tg_mlp_clone(net, TG_F64, &err);
    if (t.net)
        tg_gradcheck_params(tg_mlp_params(t.net), twin_loss, &t, &(tg_gradcheck_config){ .max_elements = 32 },
                            report);
    else
        snprintf(report->text, sizeof report->text, "%s", err.text);
    tg_mlp_destroy(t.net);
    tg_dataset_finish(&t.rows);
}

bool has_fault(const tg_gradcheck_report *report)
{
    return report->fault != TG_FAULT_NONE && report->fault != TG_FAULT_NOT_FINITE &&
           report->fault != TG_FAULT_ONLY_KINKS && report->fault != TG_FAULT_BELOW_NOISE;
}
