// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/requirements.hpp"

#include "core/ascii.hpp"

#include <algorithm>
#include <array>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using Labels = std::map<std::string, std::string>;

bool holds(const io::Json& expression, const Labels& labels) {
    const std::string& operation = expression["operator"].text();
    const auto label = labels.find(expression["key"].text());
    const bool there = label != labels.end();
    if (operation == "Exists" || operation == "DoesNotExist")
        return there == (operation == "Exists");
    const bool listed = there && expression["values"] &&
                        std::ranges::any_of(expression["values"].items(),
                                            [&](const io::Json& value) { return value.text() == label->second; });
    if (operation == "In")
        return listed;
    if (operation == "NotIn")
        return !listed;
    expression["operator"].bad("In, NotIn, Exists or DoesNotExist");
}

/// An empty selector selects every pod of the namespace, none at all selects no pod (policy/v1).
bool selects(const io::Json& selector, const Labels& labels) {
    if (!selector)
        return false;
    if (selector["matchLabels"])
        for (const auto& [name, value] : selector["matchLabels"].object())
            if (const auto label = labels.find(name); label == labels.end() || label->second != value.text())
                return false;
    if (selector["matchExpressions"])
        return std::ranges::all_of(selector["matchExpressions"].items(),
                                   [&](const io::Json& one) { return holds(one, labels); });
    return true;
}

constexpr std::array<std::string_view, 4> kWords{"readiness_probe", "liveness_probe", "poddisruptionbudget",
                                                 "horizontalpodautoscaler"};

std::string yes_or_no(bool value) { return value ? "yes" : "no"; }

} // namespace

std::span<const std::string_view> requirable() { return kWords; }

void Protection::read_budget(const io::Json& budget) {
    const io::Json& selector = budget["spec"]["selector"];
    // Its words are read here, so that what is wrong with it is wrong with the list.
    selects(selector, {});
    budgets[budget["metadata"]["namespace"].text()].push_back(selector);
}

void Protection::read_autoscaler(const io::Json& autoscaler) {
    const io::Json& target = autoscaler["spec"]["scaleTargetRef"];
    const std::string subject = subject_of(autoscaler["metadata"]["namespace"].text(),
                                           core::ascii_lower(target["kind"].text()), target["name"].text());
    const io::Json& least = autoscaler["spec"]["minReplicas"];
    if ((least && least.natural() == 0) || autoscaler["metadata"]["labels"]["scaledobject.keda.sh/name"])
        may_be_none.insert(subject);
    scaled.insert(subject);
}

bool Protection::has_budget(const Controller& controller) const {
    const auto here = budgets.find(controller.of_namespace);
    return here != budgets.end() && std::ranges::any_of(here->second, [&](const io::Json& selector) {
               return selects(selector, controller.labels);
           });
}

core::Assertions required(const std::string& subject, const Controller& controller,
                          const std::vector<std::string>& words, const Protection& protection, bool budgets_known,
                          bool autoscalers_known) {
    core::Assertions assertions;
    for (const std::string& word : words) {
        core::Assertion assertion;
        assertion.name = word;
        assertion.expected = "yes";
        if (word == "readiness_probe")
            assertion.actual = yes_or_no(controller.readiness_probe);
        else if (word == "liveness_probe")
            assertion.actual = yes_or_no(controller.liveness_probe);
        else if (word == "poddisruptionbudget" && budgets_known)
            assertion.actual = yes_or_no(protection.has_budget(controller));
        else if (word == "horizontalpodautoscaler" && autoscalers_known)
            assertion.actual = yes_or_no(protection.scaled.contains(subject));
        assertions.assertions.push_back(std::move(assertion));
    }
    return assertions;
}

} // namespace recoverd::collectors::kubernetes_parts
