// SPDX-License-Identifier: MIT
// Two devices that reach each other: one writes into memory of the other, and sends it a message.
// With "soft:" both are in this process, so what runs between machines can be tried without any.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <span>
#include <stdexcept>
#include <string>
#include <ub/ub.hpp>

constexpr size_t size = 4096;

bool equal(std::span<char> one, std::span<char> other) {
    return std::ranges::equal(one, other);
}

int main(int argc, char **argv) try {
    const std::string a = argc > 1 ? argv[1] : "soft:name=a";
    const std::string b = argc > 2 ? argv[2] : "soft:name=b";
    ub::session here(a), there(b);
    ub::memory data = here.allocate(size);
    std::ranges::fill(data.as<char>(), 'x');

    // Exported: it has a token, as a receive queue has; target() tells it with the device's EID.
    ub::memory exported = there.allocate(size, ub::read_write);
    here.run_checked(ub::write(data.sge(), exported.target()));

    ub::memory message = there.allocate(size);
    ub::jfr inbox(there.context(), there.jfc(), 64);
    inbox.post(message.sge());
    here.run_checked(ub::send(data.sge(), inbox.target()));
    ub::completion got;
    if (there.jfc().poll_until(std::span(&got, 1), std::chrono::seconds(5)).empty())
        throw std::runtime_error("no message came within 5 s");
    ub::require(got);

    if (!equal(exported.as<char>(), data.as<char>()) || !equal(message.as<char>(), data.as<char>()))
        throw std::runtime_error("what arrived differs");
    std::printf("%s wrote %zu bytes into %s and sent it as many\n", a.c_str(), size, b.c_str());
} catch (const std::exception &error) {
    std::fprintf(stderr, "peers: %s\n", error.what());
    return 1;
}
