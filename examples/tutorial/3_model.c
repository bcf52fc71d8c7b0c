/* 3_model.c - chapter 3 of the tutorial: parameters, a model, its loss. */
#include <stdio.h>
#include <tapegrad.h>

int main(void)
{
    tg_error err;
    const tg_param_spec specs[] = {
        { .name = "weight", .shape = TG_SHAPE(2, 1) },
        { .name = "bias", .shape = TG_SHAPE(1) },
    };
    tg_params *params = tg_params_create(TG_F64, specs, 2, &err);
    if (!params) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }

    tg_tape *tape = tg_tape_create(TG_F64);
    const double inputs[] = { 0, 0, 0, 1, 1, 0, 1, 1 }, targets[] = { 1, 3, 4, 6 };
    for (int step = 0; step < 100; step++) {
        tg_tensor x = tg_wrap(tape, TG_SHAPE(4, 2), inputs);
        tg_tensor y = tg_wrap(tape, TG_SHAPE(4, 1), targets);
        tg_tensor prediction = tg_linear(x, tg_param(tape, params, 0), tg_param(tape, params, 1));
        tg_tensor loss = tg_mse_loss(prediction, y, TG_MEAN);

        tg_params_zero_grad(params);
        if (tg_backward(loss) != TG_OK) {
            fprintf(stderr, "%s\n", tg_tape_message(tape));
            return 1;
        }
        if (step % 25 == 0)
            printf("step %3d: loss %.4f\n", step, tg_item(loss));

        int64_t count;
        double *values = tg_params_values(params, &count);
        const double *gradients = tg_params_grads(params, NULL);
        for (int64_t i = 0; i < count; i++)
            values[i] -= 0.2 * gradients[i];
        tg_params_touch(params);
        tg_tape_reset(tape);
    }

    double weight[2], bias;
    tg_params_read_f64(params, 0, weight, 2, NULL);
    tg_params_read_f64(params, 1, &bias, 1, NULL);
    printf("y = %.3f a + %.3f b + %.3f\n", weight[0], weight[1], bias);
    tg_tape_destroy(tape);
    tg_params_destroy(params);
}
