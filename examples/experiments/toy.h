/* toy.h - a two-layer ReLU network on a toy input, 4-10-3, in float64: x [5, 4], w1 [4, 10], b1 = 0, w2 [10, 3],
   b2 = 0, labels 0 1 2 2 1. PyTorch 1.13 computed, in float64, the scores softmax(relu(x w1 + b1) w2 + b2), the loss,
   which is the mean cross-entropy + 0.05 (|w1|^2 + |w2|^2), and the gradients of that loss. */
#ifndef TOY_H
#define TOY_H

#include <stdint.h>

static const int32_t toy_labels[5] = { 0, 1, 2, 2, 1 };
static const double toy_x[20] = {
    0x1.03e52fa3f6db2p+4,  -0x1.87862bba5d018p+2, -0x1.5207a8ee9b3c6p+2, -0x1.575996eb3e60fp+3, 0x1.14ee316812aeep+3,
    -0x1.703f0667fcaefp+4, 0x1.172b7d679dbc3p+4,  -0x1.e72c237e15bf4p+2, 0x1.985ebb228d9edp+1,  -0x1.3f31af445565cp+1,
    0x1.d3dfe1d809a94p+3,  -0x1.499f5d0bc81b1p+4, -0x1.9cb1ab5e87644p+1, -0x1.eb96ee51efa79p+1, 0x1.6ace64890b27ep+3,
    -0x1.5ff717b5d6527p+3, -0x1.b96a8cd35ec6ap+0, -0x1.18ea295e5cfd5p+3, 0x1.b044cddf6768fp-2,  0x1.750071d24d40ap+2,
};
static const double toy_w1[40] = {
    0x1.694725cb7d951p-3,  0x1.47cf0c8a3a110p-5, 0x1.90e41db4f07bcp-4,  0x1.caef576384ee4p-3,  0x1.7e79d308dcb15p-3,
    -0x1.904b035513d35p-4, 0x1.8527fdc2877eep-4, -0x1.eff7a0fb8d38ap-7, -0x1.523a3fa3a29e1p-7, 0x1.505cbf385bab8p-5,
    0x1.d800815de3648p-7,  0x1.29d5d09979e5fp-3, 0x1.37b896e0d8810p-4,  0x1.8eb466d42f60dp-7,  0x1.6b9cdddb52b09p-5,
    0x1.1158940b7ab1dp-5,  0x1.31fcc5dd7adc9p-3, -0x1.50219cd59eef8p-6, 0x1.00770e4014137p-5,  -0x1.5dd66decb9e5ap-4,
    -0x1.056d18a2694fbp-2, 0x1.0bb8e0925bab8p-4, 0x1.6212b485ba6bdp-4,  -0x1.2ffda49168caep-4, 0x1.d0d882dffa2c8p-3,
    -0x1.29daa5a70fb3ep-3, 0x1.2be20d8845de4p-8, -0x1.32ae98dae1cfap-6, 0x1.39e9c65e20639p-3,  0x1.2cecb7924000bp-3,
    0x1.fbbb524c62c7fp-7,  0x1.35ca6dada54f6p-5, -0x1.6ba3153314fd5p-4, -0x1.95aac828d7dfap-3, -0x1.1d02774a5ba9ep-5,
    0x1.002982ba03f25p-6,  0x1.f7ed53fd4753cp-4, 0x1.ec7eaa4ca336dp-4,  -0x1.3d4c522b9e72dp-5, -0x1.ef4af6ae27fefp-6,
};
static const double toy_w2[30] = {
    -0x1.ad7cbf54f06ecp-4, -0x1.22d1d61fef04bp-3, -0x1.5d71b2d57fd1ap-3, 0x1.8f84d0237d570p-3,  -0x1.a181cf2977857p-5,
    -0x1.66ded6fba451ep-5, -0x1.00928eaffef8bp-3, 0x1.3e75c5d2016a8p-4,  -0x1.4a86ba3b7a19dp-3, -0x1.5c8dbda6ca21cp-6,
    -0x1.6ec87977fb41cp-4, 0x1.3cf355b025e15p-5,  -0x1.a2739a018f065p-5, -0x1.e39641df0eab0p-4, -0x1.7163ddceff743p-9,
    0x1.5ee3b43270c35p-5,  0x1.b3ed6179c3f88p-8,  0x1.ef91e8b802528p-6,  -0x1.03d17e0bfbe61p-4, -0x1.2928560f72d2fp-5,
    -0x1.137096b1ae950p-4, -0x1.268bc35ff7d52p-5, -0x1.4d10914d311ecp-4, -0x1.618aece088df8p-3, 0x1.22b1eaf5fc6a6p-6,
    -0x1.492391c3bf138p-5, -0x1.4ddd57d4f84dep-3, 0x1.7b1c79287cc6ep-5,  -0x1.73a12104626f0p-4, 0x1.546de99cba66fp-8,
};
static const double toy_scores[15] = {
    0x1.75358dc700d87p-2, 0x1.d53901bbcc28bp-3, 0x1.a02df15b19134p-2, 0x1.e753faab8e14cp-2, 0x1.609adec5089d5p-3,
    0x1.685e95f1ed9cap-2, 0x1.b8afae603e56cp-2, 0x1.0bebf4dd4bf5ep-2, 0x1.3b645cc275b35p-2, 0x1.a9cfac3de8f56p-2,
    0x1.317b87f13c1f4p-2, 0x1.24b4cbd0daeb5p-2, 0x1.7401cf29c1d54p-2, 0x1.4a8bec3e00914p-2, 0x1.417244983d997p-2,
};
static const double toy_cross_entropy = 0x1.440f3530420cbp+0;
static const double toy_loss = 0x1.4dc50b122eb07p+0;
static const double toy_grad_x[20] = {
    -0x1.e6ebbd442d912p-12, 0x1.4b43706be1c00p-10,  0x1.0665b9835fcf6p-10, -0x1.8e1a8f28ea873p-11,
    0x1.c984c7ea4b4fap-9,   -0x1.e60c0d404e057p-9,  0x1.7917dd70930eep-10, -0x1.bb9b6a8db2c7dp-11,
    -0x1.b351ff8427a12p-9,  0x1.70f1549a3a24fp-10,  0x1.92a47c2e9ea71p-9,  0x1.0c8e24852e8b0p-11,
    -0x1.cae06e96269e4p-9,  0x1.9cb66627e6b2ap-10,  0x1.8f827fa7985c2p-9,  0x1.21a93980e423dp-11,
    0x1.6b48043eb76a3p-11,  -0x1.589cc8d53a081p-10, 0x1.39af39bcc9d3bp-9,  -0x1.96dd922af4220p-11,
};
static const double toy_grad_w1[40] = {
    -0x1.8cb27c360d962p-4,  0x1.063f3d3b61a73p-8,  -0x1.a4e687ede41d6p-3, 0x1.80fefd0a88d2ep-3,
    0x1.48c4d0ac8babfp-3,   -0x1.403c02aa7642bp-7, 0x1.375331686c658p-7,  0x1.606e9d5308036p-9,
    -0x1.ed321e363ac0cp-6,  -0x1.741d809ec13c4p-8, 0x1.6d080bd47b259p-5,  0x1.dc894dc25ca32p-7,
    0x1.641a9b9f5eb05p-1,   -0x1.278b09d771507p-2, -0x1.1165098528203p-2, 0x1.b55a8678c44fcp-9,
    0x1.e9946fc8c4942p-7,   0x1.3cecc3da28baap-6,  -0x1.0c2a60119fdb5p-4, -0x1.10dc062bbf0edp-1,
    0x1.7f501bc4f0fd0p-7,   0x1.ac5b00ea2c45ap-8,  -0x1.da5d72b2b70fbp-3, -0x1.0091ca123d8c6p-4,
    -0x1.734c4df7defa0p-10, -0x1.dc91090b4c530p-7, 0x1.dfd015a6d6307p-12, -0x1.7c325c372ccc1p-9,
    0x1.12431473fbd17p-1,   0x1.7a9b06625692dp-2,  0x1.3c1d929f3117ep-4,  0x1.efaa4915d54bdp-9,
    -0x1.414f1ac88954dp-2,  0x1.d0a077bb536b3p-3,  0x1.a7472ac23091cp-3,  0x1.99dc045cd31d5p-10,
    0x1.9324433105dcap-7,   -0x1.1dcf616235f54p-9, -0x1.5b9e6c11d110ap-1, 0x1.93b0d22b8388cp-4,
};
static const double toy_grad_b1[10] = {
    -0x1.cdec99c26f909p-8,
    0x0.0p+0,
    0x1.96f856e27f190p-9,
    -0x1.da7957e877f68p-8,
    -0x1.77c4c32dd4166p-8,
    0x0.0p+0,
    0x0.0p+0,
    -0x1.3f72c4f1b5ba4p-9,
    0x1.51a44ffd27008p-5,
    0x1.6e60090780f86p-6,
};
static const double toy_grad_w2[30] = {
    -0x1.070c2a62b0f0fp-1, 0x1.567e37dad3a80p-3,  0x1.3819206992e6dp-2,  0x1.3f9d734f9778dp-6,  -0x1.4e01728792d13p-8,
    -0x1.1f18abfc8374bp-8, 0x1.2b3e1fddf3dd8p-2,  0x1.e7006dda037b8p-4,  -0x1.ba62f3a161276p-2, -0x1.dd6e95007f60cp-3,
    0x1.7d84aaf93eca0p-3,  0x1.4490cee7e3631p-5,  0x1.8e6ced484777ap-1,  -0x1.6abc100246d12p-2, -0x1.c3b9abb37078bp-2,
    0x1.18b629c1f3cf7p-8,  0x1.5cbde7949cc6dp-11, 0x1.8c74ba2ccea87p-9,  -0x1.9fb596799309cp-8, -0x1.db73bce58484cp-9,
    -0x1.b8b4244f7dbb4p-8, 0x1.f9ad56069c8f3p-5,  -0x1.0a09448673e52p-3, 0x1.40fbacb9f3438p-5,  0x1.439c9322d042ap-1,
    -0x1.59b647f86b452p-4, -0x1.21e496e98a43dp-1, 0x1.c756ea9b80b93p-1,  -0x1.359c76b718114p-1, -0x1.277a0187c6b90p-2,
};
static const double toy_grad_b2[3] = {
    0x1.ae04474a966c4p-3,
    -0x1.25410f7ad1fc4p-3,
    -0x1.11866f9f88e00p-4,
};

#endif
