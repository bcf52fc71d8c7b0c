/* tapegrad.h - all of tapegrad: tape-based reverse-mode automatic differentiation in C11. */
#ifndef TAPEGRAD_H
#define TAPEGRAD_H

#include "tapegrad/types.h"
#include "tapegrad/version.h"
#include "tapegrad/rng.h"
#include "tapegrad/tape.h"
#include "tapegrad/ops.h"
#include "tapegrad/grad.h"
#include "tapegrad/transform.h"
#include "tapegrad/op.h"
#include "tapegrad/params.h"
#include "tapegrad/mlp.h"
#include "tapegrad/optim.h"
#include "tapegrad/metrics.h"
#include "tapegrad/gradcheck.h"
#include "tapegrad/data.h"
#include "tapegrad/pca.h"
#include "tapegrad/tsne.h"
#include "tapegrad/csv.h"
#include "tapegrad/io.h"
#include "tapegrad/npy.h"
#include "tapegrad/cpu.h"

#endif
