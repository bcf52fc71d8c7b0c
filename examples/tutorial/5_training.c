/* 5_training.c - chapter 5 of the tutorial: a network learns to classify, and is saved. */
#include <stdio.h>
#include <tapegrad.h>

static int fail(const char *message)
{
    fprintf(stderr, "%s\n", message);
    return 1;
}

int main(void)
{
    tg_error err;
    tg_dataset train = { .dtype = TG_F32 }, test = { .dtype = TG_F32 };
    if (tg_dataset_moons(&train, 1000, 0.1, 1, &err) != TG_OK || tg_dataset_moons(&test, 1000, 0.1, 2, &err) != TG_OK)
        return fail(err.text);

    tg_mlp *net = tg_mlp_create(&(tg_mlp_config){ .sizes = (int64_t[]){ 2, 32, 2 }, .n_sizes = 3, .seed = 3 }, &err);
    if (!net)
        return fail(err.text);
    tg_optimizer *adam = tg_adam_create(tg_mlp_params(net), &(tg_adam_config){ .lr = 0.01 }, &err);
    tg_batches *batches = tg_batches_create(&train, &(tg_batches_config){ .size = 50, .seed = 4 }, &err);
    if (!adam || !batches)
        return fail(err.text);

    tg_tape *tape = tg_tape_create(TG_F32);
    for (int64_t epoch = 0; epoch < 40; epoch++) {
        tg_batch batch;
        for (tg_batches_start(batches, epoch); tg_batches_next(batches, &batch);) {
            tg_tensor logits = tg_mlp_forward(net, tg_wrap_batch(tape, &batch));
            tg_tensor loss = tg_cross_entropy(logits, batch.labels, TG_MEAN);
            tg_params_zero_grad(tg_mlp_params(net));
            if (tg_backward(loss) != TG_OK)
                return fail(tg_tape_message(tape));
            if (tg_optimizer_step(adam) != TG_OK)
                return fail(tg_optimizer_message(adam));
            tg_tape_reset(tape);
        }
    }

    int32_t predicted[1000];
    if (tg_mlp_predict(net, tg_wrap_dataset(tape, &test), predicted, test.n) != TG_OK)
        return fail(tg_tape_message(tape));
    int64_t counts[4] = { 0 };
    tg_confusion_add(counts, 2, test.labels, predicted, test.n, &err);
    printf("more than 99 %% of the test rows are right: %s\n",
           tg_confusion_accuracy(counts, 2) > 0.99 ? "yes" : "no");

    if (tg_params_save(tg_mlp_params(net), "moons.safetensors", &err) != TG_OK)
        return fail(err.text);
    puts("saved as moons.safetensors");

    tg_tape_destroy(tape);
    tg_batches_destroy(batches);
    tg_optimizer_destroy(adam);
    tg_mlp_destroy(net);
    tg_dataset_finish(&train);
    tg_dataset_finish(&test);
}
