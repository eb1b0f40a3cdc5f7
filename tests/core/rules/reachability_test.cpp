// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

using enum RuleId;

namespace {

Reachability probe(ReachState state) {
    return {.target = "db1:5432", .state = state, .detail = state == ReachState::up ? "" : "connection refused"};
}

/// One letter per probe, a minute apart: u(p), g (degraded), d(own).
Bench probed(std::string_view states) {
    Bench bench;
    for (const char c : states)
        bench.after(1min).sees({probe(c == 'u' ? ReachState::up : c == 'g' ? ReachState::degraded : ReachState::down)});
    return bench;
}

Bench with_certificate(Certificate certificate) {
    Bench bench;
    bench.sees({Reachability{.target = "a:443", .certificate = std::move(certificate)}});
    return bench;
}

Certificate lasting(Duration life, Duration left) {
    return {.not_before = kNow + left - life, .not_after = kNow + left, .subject = "a.example"};
}

/// As `http` and `tls` tell it: nothing was asked.
Reachability distrusted() {
    Reachability seen = probe(ReachState::down);
    seen.certificate = lasting(90 * kDay, -kDay);
    seen.certificate->fault = "certificate has expired";
    return seen;
}

} // namespace

TEST_CASE("an endpoint is down after three probes in a row, and up again after two") {
    const auto state = [](std::string_view states) { return probed(states).seen().settled; };
    CHECK(state("ddu") == ReachState::up);
    CHECK(state("dduddud") == ReachState::up);
    CHECK(state("ddd") == ReachState::down);
    CHECK(state("dddu") == ReachState::down);
    CHECK(state("dddudu") == ReachState::down);
    CHECK(state("ddduu") == ReachState::up);
}

TEST_CASE("an endpoint that flaps between slow and down is degraded rather than nothing") {
    const auto state = [](std::string_view states) { return probed(states).seen().settled; };
    CHECK(state("gdg") == ReachState::degraded);
    CHECK(state("dgdgdg") == ReachState::degraded);
    CHECK(state("gggddd") == ReachState::down);
    CHECK(state("gggdd") == ReachState::degraded);
    CHECK(state("dddg") == ReachState::down);
    CHECK(state("dddgg") == ReachState::degraded);
    CHECK(state("dddgu") == ReachState::degraded);
    CHECK(state("dddguu") == ReachState::up);
    CHECK(state("ggguu") == ReachState::up);
}

TEST_CASE("how many probes it takes is the check's to say, and never none") {
    Bench bench;
    bench.check.failures = 1;
    bench.check.successes = 1;
    CHECK(bench.sees({probe(ReachState::down)}).seen().settled == ReachState::down);
    CHECK(bench.sees({probe(ReachState::up)}).seen().settled == ReachState::up);
    bench.check.failures = 0;
    bench.check.successes = 0;
    CHECK(bench.sees({probe(ReachState::up)}).seen().settled == ReachState::up);
    CHECK(bench.sees({probe(ReachState::down)}).seen().settled == ReachState::down);
    CHECK(bench.sees({probe(ReachState::up)}).seen().settled == ReachState::up);
}

TEST_CASE("of several targets in one subject the worst counts as one probe") {
    Bench bench;
    for (int i = 0; i < 3; ++i)
        bench.sees({probe(ReachState::down), probe(ReachState::up)});
    CHECK(bench.seen().settled == ReachState::down);
    CHECK(bench.seen().down_in_row == 3);
}

TEST_CASE("an endpoint that is down says for how long, why and which") {
    CHECK(probed("ddd").after(5min).says() ==
          Lines{"P2 EndpointDown target=db1:5432: down for 5m, after 3 bad probes in a row: connection refused"});
    CHECK(probed("dddu").says() ==
          Lines{"P2 EndpointDown target=db1:5432: down for 1m, fewer than 2 good probes in a row since"});
    CHECK(probed("ggg").says() == Lines{"P3 EndpointDegraded target=db1:5432: degraded for 0s, after 3 bad probes in a "
                                        "row: connection refused"});
    CHECK(probed("ddduu").says().empty());
}

TEST_CASE("a probe that could not be made changes nothing") {
    Bench bench = probed("dd");
    bench.fails().sees({probe(ReachState::down)});
    CHECK(bench.says(endpoint_down).size() == 1);
    CHECK(bench.fails().says(endpoint_down).size() == 1);
}

TEST_CASE("a certificate of a year is found two weeks before its end, on its second") {
    Bench bench = with_certificate(lasting(365 * kDay, 20 * kDay));
    CHECK(bench.says().empty());
    CHECK(first_speaks(bench, certificate_expiring) == kNow + 6 * kDay);
    CHECK(bench.after(6 * kDay).says() ==
          Lines{"P3 CertificateExpiring target=a:443: certificate of a.example ends in 14d, 14d wanted"});
}

TEST_CASE("a short-lived certificate is found when a third of its life is left") {
    CHECK(first_speaks(with_certificate(lasting(kDay, kDay)), certificate_expiring) == kNow + 16h);
    CHECK(with_certificate(lasting(kDay, 8h)).says() ==
          Lines{"P3 CertificateExpiring target=a:443: certificate of a.example ends in 8h, 8h wanted"});
}

TEST_CASE("an expired certificate is P1, on its second") {
    Bench bench = with_certificate(lasting(kDay, 8h));
    CHECK(first_speaks(bench, certificate_expiring, Priority::p1) == kNow + 8h);
    CHECK(bench.after(10h).says() ==
          Lines{"P1 CertificateExpiring target=a:443: certificate of a.example expired 2h ago"});
}

TEST_CASE("a certificate that nobody would trust is P1 whatever its age") {
    Certificate wrong = lasting(365 * kDay, 300 * kDay);
    wrong.fault = "issued for b.example";
    wrong.subject.clear();
    CHECK(with_certificate(wrong).says() ==
          Lines{"P1 CertificateExpiring target=a:443: certificate of a:443 not to be trusted: issued for b.example"});
}

TEST_CASE("an endpoint behind a certificate that nobody trusts is said once, while and after it is so") {
    Bench bench;
    for (int i = 0; i < 4; ++i)
        bench.after(1min).sees({distrusted()});
    CHECK(bench.says(endpoint_down).empty());
    CHECK(bench.says(certificate_expiring).size() == 1);
    CHECK(bench.after(1min).sees({probe(ReachState::up)}).says().empty());
}

TEST_CASE("an endpoint behind a certificate that nobody trusts is down where the certificate's own rule is off") {
    Bench bench;
    bench.check.policy[certificate_expiring].enabled = false;
    for (int i = 0; i < 3; ++i)
        bench.after(1min).sees({distrusted()});
    CHECK(bench.says().size() == 1);
    CHECK(bench.says(endpoint_down).size() == 1);
}

TEST_CASE("a certificate that was shown grows old while nobody answers, and is not found again with each answer") {
    Bench bench = with_certificate(lasting(kDay, 8h));
    const Reachability silent{.target = "a:443", .state = ReachState::down, .detail = "no answer within 10 s"};
    bench.after(1min).sees({silent});
    CHECK(bench.says(certificate_expiring).size() == 1);
    bench.after(1min).sees({silent});
    CHECK(first_speaks(bench, certificate_expiring, Priority::p1) == kNow + 8h);
    CHECK(bench.seen().bad_in_row == 2);
    // Who answers without one has none.
    CHECK(bench.after(1min).sees({Reachability{.target = "a:443"}}).says(certificate_expiring).empty());
}

TEST_CASE("a certificate an hour past its renewal is found long before its end") {
    Certificate late = lasting(90 * kDay, 60 * kDay);
    late.renewal_at = kNow - 30min;
    Bench bench = with_certificate(late);
    CHECK(first_speaks(bench, certificate_expiring) == kNow + 30min);
    CHECK(bench.after(90min).says() == Lines{"P3 CertificateExpiring target=a:443: certificate of a.example should "
                                             "have been renewed 2h ago, 1h allowed"});
}

TEST_CASE(
    "a certificate that is to be renewed late is not found before, unless somebody chose how much should be left") {
    Certificate kept = lasting(90 * kDay, 60 * kDay);
    kept.renewal_at = kept.not_after - 3 * kDay;
    CHECK(first_speaks(with_certificate(kept), certificate_expiring) == *kept.renewal_at + 1h);
    // By then both are so.
    Bench late = with_certificate(kept);
    CHECK(late.after(58 * kDay).says(certificate_expiring) ==
          Lines{"P3 CertificateExpiring target=a:443: certificate of a.example ends in 2d, 14d wanted"});
    Bench chosen = with_certificate(kept);
    chosen.policy(certificate_expiring, {{.over = 21 * 86400.0}});
    CHECK(first_speaks(chosen, certificate_expiring) == kept.not_after - 21 * kDay);
    // One whose renewal nobody plans before it ends has ended by then.
    kept.renewal_at = kept.not_after + kDay;
    CHECK(first_speaks(with_certificate(kept), certificate_expiring) == kept.not_after);
}

TEST_CASE("a certificate that ends before it begins is judged by its end alone") {
    Certificate odd = lasting(-kDay, kDay);
    CHECK(first_speaks(with_certificate(odd), certificate_expiring) == kNow + kDay);
}

TEST_CASE("how long before its end a certificate is found can be chosen in steps") {
    Bench bench = with_certificate(lasting(365 * kDay, 20 * kDay));
    bench.policy(certificate_expiring,
                 {{.over = 30 * 86400.0, .priority = Priority::p4}, {.over = 7 * 86400.0, .priority = Priority::p2}});
    CHECK(bench.says() ==
          Lines{"P4 CertificateExpiring target=a:443: certificate of a.example ends in 20d, 30d wanted"});
    CHECK(first_speaks(bench, certificate_expiring, Priority::p2) == kNow + 13 * kDay);
}

} // namespace recoverd::core
