// SPDX-License-Identifier: MIT
// ubctl submit gemm: C = alpha op(A) op(B) + beta C, tile by tile, so that matrices larger than
// one command or than the memory that may be pinned work as well.

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cmd/commands.hpp"
#include "cmd/submit_report.hpp"
#include "device/window.hpp"
#include "io/npy.hpp"
#include "out/error.hpp"

namespace ubctl {

namespace {

struct GemmOptions {
    std::string a, b, c, out;
    float alpha = 1;
    std::optional<float> beta;
    bool trans_a = false, trans_b = false;
};

struct Shape {
    uint64_t m, n, k;
};

// op() of a matrix is addressed as if it were not transposed.
struct Operand {
    const NpyMatrix &matrix;
    bool transposed;

    uint64_t rows() const { return transposed ? matrix.cols() : matrix.rows(); }
    uint64_t cols() const { return transposed ? matrix.rows() : matrix.cols(); }

    void read(float *tile, uint64_t row, uint64_t col, uint64_t rows, uint64_t cols) const {
        if (transposed)
            matrix.read_tile(tile, col, row, cols, rows);
        else
            matrix.read_tile(tile, row, col, rows, cols);
    }

    std::string shape_text() const { return fmt::format("({}, {})", rows(), cols()); }
};

Shape shape_of(const Operand &a, const Operand &b, const NpyMatrix *c) {
    if (a.cols() != b.rows())
        throw Error(b.matrix.file().path(),
                    fmt::format("op(A) is {} and op(B) {}: columns and rows differ", a.shape_text(),
                                b.shape_text()),
                    E_SHAPE);
    if (c && (c->rows() != a.rows() || c->cols() != b.cols()))
        throw Error(c->file().path(),
                    fmt::format("C is ({}, {}), the product ({}, {})", c->rows(), c->cols(),
                                a.rows(), b.cols()),
                    E_SHAPE);
    return {a.rows(), b.cols(), a.cols()};
}

constexpr uint64_t smallest_side = 16;

// Side of the largest square tile of which three may be given to one command.
uint64_t largest_side(const ub::device_attr &attr) {
    constexpr uint64_t good = 2048;
    const uint64_t bytes = std::min(good * good * sizeof(float), attr.max_msg / 3);
    uint64_t side = smallest_side;
    while (4 * side * side * sizeof(float) <= bytes)
        side *= 2;
    return std::min<uint64_t>(side, attr.max_gemm_dim);
}

uint64_t smaller_side(uint64_t side) {
    return std::max(side / 2, std::min(side, smallest_side));
}

class TiledGemm {
public:
    TiledGemm(Session &session, const GemmOptions &options, Operand a, Operand b, Shape shape,
              uint64_t side)
        : session_(session), options_(options), a_(a), b_(b), shape_(shape), side_(side),
          a_tile_(make(shape.m, shape.k)), b_tile_(make(shape.k, shape.n)),
          c_tile_(make(shape.m, shape.n)) {}

    void run(const NpyMatrix *initial, NpyOutput &out) {
        for (uint64_t i = 0; i < shape_.m; i += side_)
            for (uint64_t j = 0; j < shape_.n; j += side_)
                run_tile(i, j, initial, out);
    }

private:
    Buffer make(uint64_t rows, uint64_t cols) const {
        const uint64_t elements = std::min(rows, side_) * std::min(cols, side_);
        return Buffer(session_, elements * sizeof(float));
    }

    void run_tile(uint64_t i, uint64_t j, const NpyMatrix *initial, NpyOutput &out) {
        const uint64_t m = std::min(side_, shape_.m - i), n = std::min(side_, shape_.n - j);
        float beta = options_.beta.value_or(initial ? 1.0f : 0.0f);
        if (initial)
            initial->read_tile(c_tile_.as<float>(), i, j, m, n);
        for (uint64_t l = 0; l < shape_.k; l += side_) {
            const uint64_t k = std::min(side_, shape_.k - l);
            a_.read(a_tile_.as<float>(), i, l, m, k);
            b_.read(b_tile_.as<float>(), l, j, k, n);
            multiply({m, n, k}, beta);
            beta = 1; // the next slice of k adds to this one
        }
        out.write_tile(c_tile_.as<float>(), i, j, m, n);
    }

    void multiply(Shape tile, float beta) {
        const auto u32 = [](uint64_t value) { return static_cast<uint32_t>(value); };
        session_.post(ub::gemm(a_tile_.sge(0, tile.m * tile.k * sizeof(float)),
                               b_tile_.sge(0, tile.k * tile.n * sizeof(float)),
                               c_tile_.sge(0, tile.m * tile.n * sizeof(float)),
                               {u32(tile.m), u32(tile.n), u32(tile.k), options_.alpha, beta,
                                options_.trans_a, options_.trans_b}));
        session_.finish();
    }

    Session &session_;
    const GemmOptions &options_;
    Operand a_, b_;
    Shape shape_;
    uint64_t side_;
    Buffer a_tile_, b_tile_, c_tile_;
};

int gemm(const Globals &globals, const GemmOptions &options) {
    const NpyMatrix a(options.a), b(options.b);
    std::optional<NpyMatrix> c;
    std::vector<const File *> inputs{&a.file(), &b.file()};
    if (!options.c.empty())
        inputs.push_back(&c.emplace(options.c).file());
    else if (options.beta.value_or(0) != 0)
        throw usage_error("--beta", "there is no --c to multiply with it");
    const Operand op_a{a, options.trans_a}, op_b{b, options.trans_b};
    const NpyMatrix *initial = c ? &*c : nullptr;
    const Shape shape = shape_of(op_a, op_b, initial);
    Session session(globals.device, 1, globals.timeout_s);
    NpyOutput out(options.out, shape.m, shape.n, inputs);
    const Stopwatch watch;
    const auto tiled = [&](uint64_t side) {
        return TiledGemm(session, options, op_a, op_b, shape, side);
    };
    make_fitting(largest_side(session.attr()), tiled, smaller_side).run(initial, out);
    out.keep();
    const uint64_t elements = shape.m * shape.k + shape.k * shape.n + shape.m * shape.n;
    const double flops = 2.0 * static_cast<double>(shape.m) * static_cast<double>(shape.n) *
                         static_cast<double>(shape.k);
    const uint64_t ns = watch.ns();
    print_submit(globals, session, "gemm", elements * sizeof(float), ns,
                 {{{"m", "m"}, shape.m},
                  {{"n", "n"}, shape.n},
                  {{"k", "k"}, shape.k},
                  {{"gflop_per_s", "GFlop/s"}, flops / static_cast<double>(ns)}});
    return exit_ok;
}

} // namespace

Action declare_gemm(Parameters &parameters) {
    auto options = std::make_shared<GemmOptions>();
    const auto file = [&](const char *name, std::string &value, const char *help) {
        parameters.argument(name, value, help).required().completes(Completes::files);
    };
    file("A", options->a, ".npy file, float32, two dimensions");
    file("B", options->b, "likewise");
    file("OUT", options->out, ".npy file to write");
    constexpr float most = std::numeric_limits<float>::max();
    parameters.number("--alpha", options->alpha, -most, most, "NUMBER",
                      "factor of the product, default 1");
    parameters.number("--beta", options->beta, -most, most, "NUMBER",
                      "factor of C, default 1 with --c");
    parameters.option("--c", options->c, "FILE", ".npy file to add").completes(Completes::files);
    parameters.flag("--trans-a", options->trans_a, "A is stored transposed");
    parameters.flag("--trans-b", options->trans_b, "B is stored transposed");
    return [options](const Globals &globals) { return gemm(globals, *options); };
}

} // namespace ubctl
