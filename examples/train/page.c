/* page.c - a training run as a page: settings, curves, confusion matrix, pictures. */
#include "experiments/lab.h"
#include "train.h"

page *open_page(const options *o, const char *command, tg_error *err)
{
    const page_head head = { .title = source_at(o->data)->title,
                             .about = "A multi-layer perceptron, trained and tested by the program train.",
                             .command = command };
    page *p = page_open(o->report, &head, err);
    if (p && err->status == TG_OK)
        return p;
    page_abandon(p);
    return NULL;
}

static void tell(page *p, const record *r, const tg_gradcheck_report *check)
{
    const options *o = r->o;
    page_setting(p, "data", "%s: %lld rows for training, %lld for the test", source_at(o->data)->title,
                 (long long)r->data->train.n, (long long)r->data->test.n);
    page_setting(p, "preparation", "x is (x - %.4g) / %.4g, by mean and deviation of the training rows",
                 r->data->mean, r->data->deviation);
    page_setting(p, "momentum, weight decay, l2", "%g, %g, %g", o->momentum, o->weight_decay, o->l2);
    if (o->clip > 0)
        page_setting(p, "norm of the gradient", "at most %g", o->clip);
    page_setting(p, "precision", "%s", o->dtype == TG_F32 ? "float32" : "float64");
    if (o->load)
        page_setting(p, "first parameters", "%s", o->load);
    page_setting(p, "seed", "%lld", (long long)o->seed);
    page_setting(p, "kernels", "%s", tg_kernel_set());
    page_setting(p, "gradient check", "%s", check->text);
    if (r->fit.interrupted)
        page_text(p, "The run was interrupted.");
    page_compare(p, "test accuracy", "%.2f", NO_FIGURE, 100 * r->test_accuracy, "%", NULL);
    page_compare(p, "test loss", "%.4f", NO_FIGURE, r->test_loss, "", NULL);
}

static const char *describe(lab *l, const record *r)
{
    const options *o = r->o;
    const tg_mlp_config *net = tg_mlp_settings(r->net);
    const char *layers = "";
    for (int i = 0; i < net->n_sizes; i++)
        layers = lab_text(l, "%s%s%lld", layers, i ? "-" : "", (long long)net->sizes[i]);
    return lab_text(l, "%s %s, %s, rate %.3g (%s), batches of %lld, %lld epochs, seed %lld", layers,
                    tg_activation_name(net->activation), optimizer_name(o->optimizer), o->lr,
                    schedule_name(o->schedule), (long long)o->batch, (long long)o->epochs, (long long)o->seed);
}

/* One number for all features, as the drawing takes one for each. */
static double *repeat(lab *l, double x, int64_t n)
{
    double *all = lab_numbers(l, n);
    for (int64_t i = 0; all && i < n; i++)
        all[i] = x;
    return all;
}

static void draw(lab *l, const record *r, tg_mlp *net)
{
    const source *s = source_at(r->o->data);
    const problem *data = r->data;
    const task t = { .train = data->train,
                     .test = data->test,
                     .channels = s->channels,
                     .height = s->side,
                     .width = s->side,
                     .class_names = s->class_names,
                     .mean = repeat(l, data->mean, data->train.features),
                     .deviation = repeat(l, data->deviation, data->train.features) };
    const plan p = { .l2 = r->o->l2 };
    const trained run = { .plan = &p, .task = &t, .net = net, .record = r->fit, .caption = describe(l, r) };
    if (r->fit.n > 0)
        lab_draw_run(l, &run, "training", s->title, "test");
    lab_draw_confusion(l, &run, &t.test, "confusion", "Test rows by label and prediction");
    if (s->channels > 0) {
        lab_draw_mistakes(l, &run, &t.test, "mistakes", "Misclassified test pictures", 24);
        lab_draw_weights(l, &run, "weights", "The weights of the first layer's units", 30);
    } else
        lab_draw_plane(l, &run, &t.test, "plane", "The test rows, and the regions of each class");
}

bool close_page(page *p, const record *r, tg_mlp *net, const tg_gradcheck_report *check, tg_error *err)
{
    const experiment self = { .name = "train" };
    lab l = { .experiment = &self, .page = p, .quiet = true };
    tell(p, r, check);
    draw(&l, r, net);
    lab_free_items(&l);
    if (lab_good(&l))
        return page_close(p, err);
    page_abandon(p);
    *err = l.err;
    return false;
}
