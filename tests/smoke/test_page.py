# SPDX-License-Identifier: Apache-2.0
"""The page as people have it: in a real browser, light and dark, with and without its script, by keyboard, among facts that
others wrote to harm whoever reads them."""

import os
import signal
import urllib.parse

import pytest

from paged import ASSET, CHECK, EVIL, Shop, in_words
from servers.chromium import ENTER, TAB, Browser
from servers.http import get
from servers.process import until
from servers.scripted import ScriptedServer, answer

pytestmark = pytest.mark.ci

MOST_BYTES = 100_000
VIEWPORTS = {"desktop": (1280, 900), "phone": (390, 844)}
# What the browser takes the keyboard to.
REACHABLE = "a[href], button, input, summary"


@pytest.fixture(scope="module")
def shop():
    shop = Shop()
    try:
        shop.begin()
        yield shop
    finally:
        shop.stop()


@pytest.fixture(scope="module")
def chromium(shop):
    browser = Browser(shop.directory)
    yield browser
    browser.stop()


@pytest.fixture
def browser(chromium):
    chromium.scripts(run=True)
    chromium.size(*VIEWPORTS["desktop"])
    chromium.scheme("light")
    chromium.complaints()
    yield chromium
    assert not chromium.has_dialog()
    assert not chromium.complaints()


def pages(shop):
    return {"status": shop.agent.url + "/", "asset": f"{shop.agent.url}/asset/{ASSET}",
            "check": f"{shop.agent.url}/check/{CHECK}"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", VIEWPORTS)
def test_everybody_can_read_it(shop, browser, scheme, device):
    """axe-core finds nothing, nor does anything stick out, while things are wrong. With RECOVERD_SCREENSHOTS=FOLDER,
    which the servers' user can write, somebody can look at it as well."""
    shop.until_down()
    browser.size(*VIEWPORTS[device])
    browser.scheme(scheme)
    for name, url in pages(shop).items():
        browser.go(url)
        if folder := os.environ.get("RECOVERD_SCREENSHOTS"):
            browser.screenshot(f"{folder}/{name}-{scheme}-{device}.png")
        assert not browser.violations(), name
        wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} pixels too wide"
    shop.mend_server()


def test_it_can_be_printed(shop, browser):
    """On white paper whatever the screen is like, without what only a screen is good for."""
    shop.until_down()
    browser.size(794, 1123)  # A4
    browser.scheme("dark", media="print")
    for name, url in pages(shop).items():
        browser.go(url)
        assert browser.run("return matchMedia('print').matches")
        assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", name
        for gone in ("#age", "form.run"):
            shown = browser.run("const it = document.querySelector(arguments[0]);"
                                "return it !== null && getComputedStyle(it).display !== 'none'", gone)
            assert not shown, f"{name} prints {gone}"
        assert len(browser.text("main")) > 200, name
        assert not browser.violations(), name
    shop.mend_server()


def test_what_others_wrote_stays_text(shop, browser):
    shop.until_down()
    for name, url in pages(shop).items():
        browser.go(url)
        assert "<script>window.pwned=1</script>" in browser.text(), f"{name} shows nothing of it"
        assert browser.run("return window.pwned") is None, name
        assert browser.run("return document.querySelectorAll('script, img, main').length") == 2, name
    # As it comes by the page's own update.
    browser.go(pages(shop)["status"])
    was_made = browser.text("footer time")
    until(lambda: browser.text("footer time") != was_made, "the page has updated itself")
    assert browser.run("return window.pwned") is None
    assert browser.run("return document.querySelectorAll('script, img, main').length") == 2
    shop.mend_server()


def test_it_updates_itself_and_leaves_the_reader_where_he_is(shop, browser):
    shop.mend_server()
    until(lambda: shop.agent.value("recoverd_scenario_active", scenario="shop-down") == 0, "all is well")
    browser.go(pages(shop)["status"])
    browser.run("window.same = true; document.querySelector('a[href=\"asset/mail\"]').focus();"
                "document.querySelector('details').open = true; scrollTo(0, 200)")
    before = browser.run("return document.activeElement.getBoundingClientRect().top")
    assert "Outage" not in browser.text("main")
    shop.until_down()
    until(lambda: "Outage" in browser.text("main"), "the page tells of the outage")
    assert "10m" in browser.text("section[aria-labelledby=scenarios]")
    assert browser.run("return document.querySelector('progress').getAttribute('aria-label')")
    assert browser.run("return window.same"), "it was loaded anew"
    assert browser.run("return document.activeElement.getAttribute('href')") == "asset/mail"
    assert browser.run("return document.querySelector('details').open")
    assert before is not None and browser.text("#age").startswith("Updated ")
    assert browser.text("#gone") == ""
    shop.mend_server()


def test_an_agent_that_is_gone_or_stuck_is_said(shop, browser):
    """A monitor whose page goes on to show what was is worse than none."""
    browser.go(pages(shop)["status"])
    shop.agent.send(signal.SIGSTOP)
    try:
        until(lambda: "No answer from recoverd since" in browser.text("#gone"), "the page says that it hangs")
        assert browser.run("return document.title").startswith("No answer")
    finally:
        shop.agent.send(signal.SIGCONT)
    until(lambda: browser.text("#gone") == "", "it is back")
    assert not browser.run("return document.title").startswith("No answer")
    shop.agent.stop()
    until(lambda: "no connection" in browser.text("#gone"), "the page says that it is gone")
    assert browser.run("return document.querySelector('#gone').getAttribute('role')") == "alert"
    assert browser.run("return getComputedStyle(document.querySelector('main')).filter") != "none"
    assert not browser.violations()
    # That nobody answered stands in the console, rightly.
    assert all("ERR_" in line or "Failed to load" in line for line in browser.complaints())
    shop.agent.start()
    until(lambda: browser.text("#gone") == "", "it is back")
    browser.complaints()


def test_a_keyboard_reaches_everything(shop, browser):
    for name, url in pages(shop).items():
        browser.go(url)
        wanted = browser.run(f"return document.querySelectorAll('{REACHABLE}').length")
        browser.run("window.reached = new Set(); addEventListener('focusin', event => reached.add(event.target))")
        for _ in range(wanted + 2):
            browser.press(TAB)
            outline = browser.run("return document.activeElement === document.body || "
                                  "getComputedStyle(document.activeElement).outlineStyle")
            assert outline not in ("none", None), f"{name}: nobody sees where the focus is"
        assert browser.run("return reached.size") == wanted, name
    assert wanted > 5


def test_it_needs_no_script(shop, browser):
    browser.scripts(run=False)
    for name, url in pages(shop).items():
        browser.go(url)
        assert browser.run("return document.querySelector('noscript > meta[http-equiv=refresh]').content") == "60", name
        assert browser.text("#age") == browser.text("#gone") == ""
        assert len(browser.text("main")) > 200, name
    before = shop.agent.runs()["lost"]
    browser.go(f"{shop.agent.url}/check/lost")
    browser.click("form.run button")
    until(lambda: shop.agent.runs()["lost"] > before, "it has looked")
    until(lambda: browser.where().endswith("/check/lost"), "it leads back")
    browser.scripts(run=True)


def test_a_check_is_run_by_its_button(shop, browser):
    browser.go(pages(shop)["check"])
    browser.run("document.querySelector('form.run button').focus()")
    browser.press(ENTER)
    until(lambda: "It has looked." in browser.text("form.run output"), lambda: browser.text("form.run"))
    browser.press(ENTER)
    until(lambda: "a moment ago" in browser.text("form.run output"), lambda: browser.text("form.run"))
    assert browser.where() == pages(shop)["check"]
    # A refusal is in the console; it is what was asked for.
    assert all("429" in line for line in browser.complaints())


def test_another_page_cannot_press_it(shop, browser):
    """A form of another origin, which a browser sends without asking anybody."""
    form = (f"<!DOCTYPE html><form method=post action='{shop.agent.url}/api/v1/checks/lost/run'>"
            "<button>Win</button></form>")
    other = ScriptedServer(lambda stream: stream.sendall(answer(form.encode(), **{"Content-Type": "text/html"})))
    browser.go(other.url)
    browser.click("button")
    until(lambda: "a page from elsewhere may not do this" in browser.text(), browser.text)
    assert all("403" in line or "favicon" in line for line in browser.complaints())
    other.stop()


def test_it_is_small(shop):
    for url in pages(shop).values():
        whole = sum(len(get(urllib.parse.urljoin(url, part)).encode()) for part in (url, "/page.css", "/page.js"))
        assert whole < MOST_BYTES, f"{url} has {whole} bytes"


def test_it_tells_the_same_as_the_api(shop, browser):
    browser.go(pages(shop)["status"])
    browser.scripts(run=False)
    text = browser.text("main")
    verdicts = {"recoverable": "Recoverable", "at_risk": "At risk", "unknown": "Unknown",
                "unrecoverable": "Unrecoverable"}
    due = {}
    for asset in shop.agent.api("assets")["assets"]:
        card = browser.text(f"[id='asset-{asset['name'].replace('-', '-2d')}']")
        verdict, promised = asset["verdict"], asset["objectives"]
        assert verdicts[verdict["state"]] in card
        for objective, words in (("rpo", "may lose"), ("rto", "may take"), ("restore_test_every", "every")):
            seconds = promised.get(f"{objective}_seconds")
            assert (seconds is not None) == (f"({words} " in card), (asset["name"], objective)
            assert seconds is None or f"({words} {in_words(seconds)})" in card
        assert verdict.get("proven_depth", "none") in card and verdict.get("proven_at", "") in card
        taken = verdict.get("proven_rto_seconds")
        assert ("nobody knows" if taken is None else in_words(taken)) in card
        due |= {f"{one['exercise']} of {asset['name']}": one["due_at"] for one in asset["due"]}
    for alert in shop.agent.api("alerts")["alerts"]:
        if alert["state"] == "firing" and alert["alertname"] != "RecoverdWatchdog":
            assert alert["alertname"] in text
    exercises = browser.text("section[aria-labelledby=exercises]")
    assert due and all(name in exercises and at[:19] in exercises for name, at in due.items())
    browser.scripts(run=True)


def test_it_tells_of_scenarios_and_of_what_is_unknown_as_the_api_does(shop, browser):
    shop.mend_server()
    until(lambda: shop.agent.value("recoverd_scenario_active", scenario="shop-down") == 0, "all is well")
    browser.go(pages(shop)["status"])
    browser.scripts(run=False)
    scenarios = browser.text("section[aria-labelledby=scenarios]")
    states = {"active": "Outage", "clear": "Clear", "unknown": "Unknown"}
    told = shop.agent.api("scenarios")["scenarios"]
    for scenario in told:
        assert scenario["name"] in scenarios
        for group in scenario["groups"]:
            assert states[group["state"]] in scenarios
            past = group["past"]
            assert (f"{len(past)} past outage" in scenarios) == bool(past)
            assert ("longer than the RTO" in scenarios) == any(outage["exceeded_rto"] for outage in past)
    assert told
    unknown = " ".join(browser.text("section[aria-labelledby=blind]").split())
    checks = shop.agent.api("checks")["checks"]
    blind = {check["name"]: check["failure"]["detail"] for check in checks if "failure" in check}
    for check in checks:
        for subject in check["subjects"]:
            if "failure" in subject:
                blind.setdefault(check["name"], subject["failure"]["detail"])
    assert "lost" in blind
    assert all(name in unknown and " ".join(detail.split()) in unknown for name, detail in blind.items())
    assert not any(check["name"] in unknown.split() for check in checks
                   if check["name"] not in blind and check.get("last_success"))
    browser.scripts(run=True)
