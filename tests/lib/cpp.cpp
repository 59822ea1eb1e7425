// SPDX-License-Identifier: MIT
// The C++ layer: owners, errors, requests, waiting. Prints one line a test.
//
//   lib-cpp [DEVICE [DEVICE]]

#include <ub/ub.hpp>

#include <cstdio>
#include <functional>
#include <iostream>
#include <numeric>
#include <sstream>

using namespace std::chrono_literals;

namespace {

std::string device_a = "soft:", device_b = "soft:name=b";
int failures = 0;

void expect(bool holds, const char *what, int line) {
    if (!holds)
        throw std::runtime_error("line " + std::to_string(line) + ": " + what);
}
#define EXPECT(condition) expect(condition, #condition, __LINE__)

void test(const char *name, const std::function<void()> &body) {
    try {
        body();
        std::printf("ok - %s\n", name);
    } catch (const std::exception &error) {
        std::printf("not ok - %s: %s\n", name, error.what());
        ++failures;
    }
}

template <typename E> E thrown(const std::function<void()> &body) {
    try {
        body();
    } catch (const E &error) {
        return error;
    }
    throw std::runtime_error("nothing was thrown");
}

static_assert(!std::is_copy_constructible_v<ub::context>);
static_assert(std::is_nothrow_move_constructible_v<ub::segment>);
static_assert(std::is_nothrow_move_assignable_v<ub::jfc>);
static_assert(std::is_copy_constructible_v<ub::request>);
static_assert(std::is_base_of_v<std::system_error, ub::error>);

void errors_carry_everything() {
    const auto open = thrown<ub::error>([] { ub::context ctx("ub4711"); });
    EXPECT(open.errnum() == ENODEV);
    EXPECT(open.code().value() == ENODEV);
    EXPECT(std::string(open.object()) == "ub4711");
    EXPECT(std::string(open.what()).find(open.hint()) != std::string::npos);
    ub::context ctx(device_a);
    const auto depth = thrown<ub::error>([&] { ub::jfc jfc(ctx, 1u << 30); });
    EXPECT(depth.errnum() == EINVAL);
    EXPECT(depth.ext_code() == UB_EXT_BAD_DEPTH);
    EXPECT(depth.limit() == ctx.query().max_jfc_depth);
    EXPECT(*depth.message());
}

void owners_move_and_close() {
    ub::context ctx(device_a);
    ub::context moved = std::move(ctx);
    EXPECT(!ctx && moved);
    ub::jfc jfc(moved, 64);
    std::optional<ub::jfs> jfs(std::in_place, moved, jfc, 64);
    const auto busy = thrown<ub::error>([&] { jfc.close(); });
    EXPECT(busy.errnum() == EBUSY);
    EXPECT(busy.limit() == 1);
    ub::jfs other = std::move(*jfs);
    other.post(ub::nop());
    ub::completion cr;
    EXPECT(jfc.poll_until(std::span(&cr, 1), 10s).size() == 1);
    other.close();
    EXPECT(!other);
    jfc.close();
    moved.close();
    moved.close();
}

void requests_do_what_they_say() {
    ub::session s(device_a);
    auto a = s.allocate(4096), b = s.allocate(4096, ub::all_access);
    std::iota(a.as<uint32_t>().begin(), a.as<uint32_t>().end(), 1u);
    s.run_checked(ub::write(a.sge(), b.target()), 10s);
    EXPECT(b.as<uint32_t>()[1000] == 1001);
    s.run_checked(ub::fill(a.sge(), uint16_t{0xabcd}), 10s);
    EXPECT(a.as<uint32_t>()[5] == 0xabcdabcd);
    s.run_checked(ub::read({a.sge(0, 4), a.sge(100, 4)}, b.target(), b.va() + 8), 10s);
    EXPECT(a.as<uint32_t>()[0] == 3 && a.as<uint32_t>()[25] == 4);
    s.run_checked(ub::fadd(a.sge(8, 8), b.target(), b.va(), 10), 10s);
    EXPECT(b.as<uint64_t>()[0] == (uint64_t{2} << 32 | 1) + 10);
    s.run_checked(ub::cas(a.sge(8, 4), b.target(), b.va(), 11, 77), 10s);
    EXPECT(b.as<uint32_t>()[0] == 77 && a.as<uint32_t>()[2] == 11);
    s.run_checked(ub::swap(a.sge(8, 4), b.target(), b.va(), 0xf0), 10s);
    s.run_checked(ub::for_(a.sge(8, 4), b.target(), b.va(), 0x0f), 10s);
    s.run_checked(ub::fand(a.sge(8, 4), b.target(), b.va(), 0x3c), 10s);
    s.run_checked(ub::fxor(a.sge(8, 4), b.target(), b.va(), 0x01), 10s);
    s.run_checked(ub::fsub(a.sge(8, 4), b.target(), b.va(), 0x0d), 10s);
    EXPECT(b.as<uint32_t>()[0] == 0x30);
    std::memcpy(a.as<char>().data(), "123456789", 9);
    EXPECT(s.run_checked(ub::crc32c(a.sge(0, 9)), 10s).imm_data == 0xe3069283u);
    const char text[] = "inline";
    const ub::sge raw{sizeof text, 0, reinterpret_cast<uintptr_t>(text)};
    s.run_checked(ub::write(raw, b.target()).inlined(), 10s);
    EXPECT(std::string(b.as<char>().data()) == text);
    s.run_checked(ub::write_notify(a.sge(0, 4), b.target(), b.va(), b.target(), b.va() + 64, 5),
                  10s);
    EXPECT(b.as<uint64_t>()[8] == 5);
}

void gemm_defaults_to_packed_rows() {
    ub::session s(device_a);
    auto a = s.allocate(4096), b = s.allocate(4096), c = s.allocate(4096);
    const float av[] = {1, 2, 3, 4, 5, 6}, bv[] = {7, 8, 9, 10, 11, 12};
    std::copy(std::begin(av), std::end(av), a.as<float>().begin());
    std::copy(std::begin(bv), std::end(bv), b.as<float>().begin());
    s.run_checked(ub::gemm(a.sge(), b.sge(), c.sge(), {.m = 2, .n = 2, .k = 3}), 10s);
    EXPECT(c.as<float>()[0] == 58 && c.as<float>()[1] == 64);
    EXPECT(c.as<float>()[2] == 139 && c.as<float>()[3] == 154);
    ub::gemm_shape transposed{.m = 3, .n = 3, .k = 2};
    transposed.trans_a = true;
    s.run_checked(ub::gemm(a.sge(), b.sge(), c.sge(), transposed), 10s);
    EXPECT(c.as<float>()[0] == 47 && c.as<float>()[8] == 99);
}

void failed_completions_are_told() {
    ub::session s(device_a);
    auto a = s.allocate(4096);
    const ub::completion cr = s.run(ub::read(a.sge(), a.target(), a.va() + 1), 10s);
    EXPECT(cr.status == UB_CR_REM_ACCESS_ABORT_ERR);
    const auto failed = thrown<ub::completion_error>([&] { ub::require(cr); });
    EXPECT(failed.status() == cr.status);
    EXPECT(std::string(failed.what()).find("outside the segment") != std::string::npos);
}

void run_times_out_and_goes_on() {
    ub::session s(device_a);
    s.jfs().modify(UB_STATE_SUSPENDED);
    const auto late = thrown<ub::error>([&] { s.run(ub::nop().user_ctx(1), 20ms); });
    EXPECT(late.errnum() == ETIMEDOUT);
    s.jfs().modify(UB_STATE_READY);
    const ub::completion cr = s.run(ub::nop().user_ctx(2), 10s);
    EXPECT(cr.status == UB_CR_SUCCESS && cr.user_ctx == 2);
}

void batches_and_polling() {
    ub::context ctx(device_a);
    ub::jfc jfc(ctx, 256);
    ub::jfs jfs(ctx, jfc, 128);
    std::vector<ub::request> many(100, ub::nop());
    for (size_t i = 0; i < many.size(); ++i)
        many[i].user_ctx(i);
    many[7].unsignalled();
    jfs.post(many);
    std::array<ub::completion, 32> room;
    size_t seen = 0;
    while (seen < 99) {
        const auto got = jfc.poll_until(room, 10s);
        EXPECT(!got.empty());
        for (const ub::completion &cr : got) {
            EXPECT(cr.user_ctx == (seen < 7 ? seen : seen + 1));
            ++seen;
        }
    }
    EXPECT(jfc.poll_until(room, 5ms).empty());
    EXPECT(jfs.query().count == 100 && jfc.query().count == 99);
    const std::vector<ub::work_request> raw(200, ub::nop().wr());
    unsigned posted = 0;
    jfs.modify(UB_STATE_SUSPENDED);
    EXPECT(jfs.try_post(raw, &posted) == -ENOSPC);
    EXPECT(posted == 128);
    EXPECT(thrown<ub::error>([&] { jfs.post(ub::nop()); }).errnum() == ENOSPC);
}

void events_through_the_channel() {
    ub::session s(device_a);
    ub_jfc *fired[4];
    EXPECT(s.jfce().wait(fired, 5ms).empty());
    s.jfc().rearm();
    s.jfs().post(ub::nop());
    EXPECT(s.jfce().wait(fired, 10s).size() == 1);
    EXPECT(fired[0] == s.jfc().get());
    EXPECT(!s.context().next_event(1ms));
    ub::completion cr;
    EXPECT(s.jfc().poll(std::span(&cr, 1)).size() == 1);
}

void jetty_across_devices() {
    ub::context one(device_a), two(device_b);
    ub::jfc jfc_one(one, 64), jfc_two(two, 64);
    ub::jetty left(one, jfc_one, 64), right(two, jfc_two, 64);
    ub::memory from(one, 4096), into(two, 4096);
    from.as<char>()[9] = 'x';
    right.receive().post(into.sge(), 5);
    left.send().post(ub::send_imm(from.sge(0, 10), right.target(), 321));
    ub::completion cr;
    EXPECT(jfc_two.poll_until(std::span(&cr, 1), 10s).size() == 1);
    EXPECT(cr.user_ctx == 5 && cr.imm_data == 321 && cr.local_id == right.id());
    EXPECT(into.as<char>()[9] == 'x');
    EXPECT(jfc_one.poll_until(std::span(&cr, 1), 10s).size() == 1);
    ub::require(cr);
}

void identity_in_words() {
    const ub::eid eid("2001:db8::42");
    std::ostringstream out;
    out << eid;
    EXPECT(out.str() == "2001:0db8:0000:0000:0000:0000:0000:0042");
    EXPECT(format_as(eid) == out.str());
    EXPECT(!ub::eid::parse("nope"));
    EXPECT(ub::eid::parse("::1") < eid);
    EXPECT(thrown<ub::error>([] { ub::eid bad("nope"); }).errnum() == EINVAL);
    ub::context ctx(device_a);
    const ub::device_attr attr = ctx.query();
    EXPECT(ub::guid_str(attr.guid).size() == 37);
    EXPECT(ctx.name() == device_a && ctx.fd() >= 0 && !ctx.lost());
    for (const ub_device &device : ub::devices())
        EXPECT(device.name[0]);
}

void registered_memory() {
    ub::session s(device_a);
    ub::buffer buffer(5000);
    EXPECT(buffer.as<double>().size() == 625);
    ub::segment all(s.context(), buffer);
    ub::segment part(s.context(), buffer.bytes().subspan(100, 10), ub::read_write);
    EXPECT(part.len() == 10 && part.sge().len == 10 && part.sge(4).len == 6);
    part.set_token(9);
    EXPECT(part.target().token_value == 9);
    EXPECT(thrown<ub::error>([&] { s.context().close(); }).errnum() == EBUSY);
}

// Whether another context of the device may write there.
bool open_to_others(const ub::target &target) {
    ub::session other(device_a);
    auto from = other.allocate(8);
    const ub::completion cr = other.run(ub::write(from.sge(), target), 10s);
    EXPECT(cr.status == UB_CR_SUCCESS || cr.status == UB_CR_REM_ACCESS_ABORT_ERR);
    return cr.status == UB_CR_SUCCESS;
}

void memory_is_private_unless_exported() {
    ub::session s(device_a);
    auto own = s.allocate(4096), to = s.allocate(4096);
    ub::target target = own.target();
    EXPECT(!open_to_others(target));
    s.run_checked(ub::write(to.sge(), target), 10s);
    EXPECT(thrown<ub::error>([&] { own.segment().set_token(1); }).errnum() == EINVAL);

    const auto made = s.allocate(4096, ub::read_write);
    target = made.target();
    EXPECT(open_to_others(target));
    target.token_value ^= 1;
    EXPECT(!open_to_others(target));

    const auto given = s.allocate(4096, ub::read_write, ub::plain_token(8));
    EXPECT(given.target().token_value == 8 && open_to_others(given.target()));
    const ub::buffer room(4096);
    const ub::segment open(s.context(), room, ub::read_write, ub::no_token);
    target = open.target();
    target.token_value = 5;
    EXPECT(open_to_others(target));
}

} // namespace

int main(int argc, char **argv) {
    if (argc > 1)
        device_a = argv[1];
    if (argc > 2)
        device_b = argv[2];
    test("errors carry everything", errors_carry_everything);
    test("owners move and close", owners_move_and_close);
    test("requests do what they say", requests_do_what_they_say);
    test("gemm defaults to packed rows", gemm_defaults_to_packed_rows);
    test("failed completions are told", failed_completions_are_told);
    test("run times out and goes on", run_times_out_and_goes_on);
    test("batches and polling", batches_and_polling);
    test("events through the channel", events_through_the_channel);
    test("jetty across devices", jetty_across_devices);
    test("identity in words", identity_in_words);
    test("registered memory", registered_memory);
    test("memory is private unless exported", memory_is_private_unless_exported);
    return failures != 0;
}
