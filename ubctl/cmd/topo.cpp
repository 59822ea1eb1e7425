// SPDX-License-Identifier: MIT
// ubctl topo: where devices are.

#include <memory>

#include "cmd/commands.hpp"
#include "cmd/device_rows.hpp"
#include "device/devices.hpp"
#include "device/topology.hpp"
#include "out/error.hpp"
#include "out/picture.hpp"

namespace ubctl {

namespace {

std::vector<Box> boxes_of(const std::vector<Place> &tree) {
    std::vector<Box> boxes;
    for (const Place &place : tree)
        boxes.push_back({place.name, place.detail, place.depth, place.kind == "device"});
    return boxes;
}

Report report_of(const std::vector<Place> &tree) {
    Report report{"ub.topo/1",
                  Layout::columns,
                  {{"kind", "KIND"}, {"name", "NAME"}, {"detail", "DETAIL"}, {"depth", "DEPTH"}}};
    for (const Place &place : tree)
        report.add({place.kind, place.name, place.detail, uint64_t{place.depth}});
    return report;
}

int topo(const Globals &globals, const std::string &format) {
    if (is_soft(globals.device))
        throw Error(device_object(globals.device), "a soft device is nowhere in the machine",
                    E_NOT_SUPPORTED)
            .hint("places are of devices of the driver");
    const std::vector<Place> tree = topology(chosen_devices(globals.device));
    if (globals.style.json) {
        print(report_of(tree), globals.style);
        return exit_ok;
    }
    const std::vector<Box> boxes = boxes_of(tree);
    const std::string title = "UB NPUs of this machine";
    print_text(format == "dot"   ? dot_text(boxes, title)
               : format == "svg" ? svg_text(boxes, title)
                                 : tree_text(boxes));
    return exit_ok;
}

} // namespace

Action declare_topo(Parameters &parameters) {
    auto format = std::make_shared<std::string>("tree");
    parameters
        .option("--format", *format, "FORMAT",
                "tree, the default; dot for Graphviz; svg, a picture")
        .one_of({"tree", "dot", "svg"});
    return [format](const Globals &globals) { return topo(globals, *format); };
}

} // namespace ubctl
