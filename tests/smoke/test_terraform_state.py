# SPDX-License-Identifier: Apache-2.0
"""A Terraform state that goes back, is another one, loses its resources, is broken, gone or locked for ever."""

import pytest

from servers.alertmanager import Alert
from servers.terraform import SECRET, Backend, State, document

CHECK = "state"


def failed(assertion):
    return Alert("AssertionFailed", "P2", "critical", "infra", CHECK, "", assertion)


@pytest.fixture
def state(site, request):
    made = State(site.directory, request.node.name)
    yield made
    leaks(site)


def begin(site, state, **options):
    site.agent.begin(site.config_of("infra", **{CHECK: state.check(**options)}))
    # What it is compared with.
    site.agent.looks(1)


def leaks(site):
    """What the state holds stands nowhere but there."""
    agent = site.agent
    told = [agent.log_file.read_text(encoding="utf-8", errors="replace"), str(site.alertmanager.all())]
    told += [file.read_bytes().decode(errors="replace") for file in agent.state.iterdir() if file.is_file()]
    try:
        told += [agent.metrics(), str(agent.api("status")), str(agent.api("checks")), str(agent.api("alerts"))]
    except (OSError, RuntimeError):
        pass
    assert not [text for text in told if SECRET in text]


@pytest.mark.ci
def test_state_goes_back_while_nobody_looks(site, state, drills):
    """The agent is killed, somebody puts an older state back, the agent comes again."""
    begin(site, state)
    state.apply(10)
    site.agent.looks(2)

    def break_it():
        site.agent.kill()
        state.write(document(state.serial - 2, 10))
        site.agent.start()

    drills.run("terraform: state went back, agent down", [failed("serial")], break_it, lambda: state.apply(10))


@pytest.mark.ci
def test_resources_are_lost(site, state, drills):
    begin(site, state)
    drills.run("terraform: all resources gone", [failed("resources")], lambda: state.apply(0), lambda: state.apply(10))


@pytest.mark.ci
def test_quiet_life(site, state, drills):
    """Applies, one of which makes everything anew and is looked at half-way, and a lock as long as it takes."""
    begin(site, state)
    drills.until_quiet()
    state.lock(held=60)
    state.apply(0)
    drills.stays_quiet(looks=2)
    state.apply(11)
    state.unlock()
    drills.stays_quiet(looks=2)


@pytest.mark.all
def test_two_states_of_one_serial(site, state, drills):
    begin(site, state)
    drills.run("terraform: another state, same serial", [failed("content")],
               lambda: state.write(document(state.serial, 10, note="of somebody else")), lambda: state.apply(10))


@pytest.mark.all
def test_another_lineage(site, state, drills):
    """Somebody began anew: one thing is said, not that the serial went back as well."""
    begin(site, state)
    drills.run("terraform: another lineage", [failed("lineage")],
               lambda: state.write(document(1, 1, lineage="446e8023-58a5-f751-6aed-e1486104a2a0")),
               lambda: state.apply(10))


@pytest.mark.all
def test_most_resources_are_lost(site, state, drills):
    begin(site, state)
    drills.run("terraform: 6 of 10 resources gone", [failed("resources")], lambda: state.apply(4),
               lambda: state.apply(10))


@pytest.mark.all
def test_truncated_state(site, state, drills):
    begin(site, state)
    text = state.path.read_text(encoding="utf-8")
    drills.run("terraform: state cut off", [failed("format")], lambda: state.write(text[:len(text) // 2]),
               lambda: state.write(text))


@pytest.mark.all
def test_state_is_gone(site, state, drills):
    begin(site, state)
    drills.run("terraform: state gone", [Alert("SubjectVanished", "P2", "critical", "infra", CHECK)], state.remove,
               lambda: state.apply(10))


@pytest.mark.all
def test_stale_lock(site, state, drills):
    begin(site, state)
    drills.run("terraform: lock left behind", [Alert("MeasurementOutOfRange", "P3", "warning", "infra", CHECK)],
               lambda: state.lock(held=3 * 3600), state.unlock)


@pytest.mark.all
def test_http_backend(site, state, drills):
    """Where no lock can be seen, a loss counts once it stays. Nothing but GET is ever asked."""
    backend = Backend(state)
    try:
        options = state.check(address=backend.url)
        del options["path"]
        site.agent.begin(site.config_of("infra", **{CHECK: options}))
        site.agent.looks(1)
        drills.run("terraform: resources gone, by HTTP", [failed("resources")], lambda: state.apply(0),
                   lambda: state.apply(10))
        assert set(backend.asked) == {"GET"}
    finally:
        backend.stop()
