"""The live page in a real browser: drawn on, played, by mouse and by keyboard, wide and narrow."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pffspike
from commands import call, refused
from pffspike import Execution

pytestmark = pytest.mark.slow
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PATIENCE = 120_000  # ms: the first answer may compile


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("live") / "digits.h5"
    pffspike.save(path, pffspike.train("digits", epochs=3))
    return path


def started(network: Path, *options: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "pffspike", "live", network.name, "--no-open", *map(str, options)],
        cwd=network.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )


@pytest.fixture(scope="module")
def address(network):
    with started(network, "--port", 0) as server:
        line = server.stdout.readline()
        yield re.search(r"http://127\.0\.0\.1:\d+/", line)[0]
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0
        assert server.stdout.read() == ""  # no traceback


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser is installed: none of {', '.join(BROWSERS)}")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address, request):
    """The page in a window of its own: it says nothing on its console, and asks nobody else."""
    options = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
    context = browser.new_context(**options | getattr(request, "param", {}))
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    said, elsewhere = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(address) else elsewhere.append(r.url))
    page.goto(address)
    answered(page)
    yield page
    context.close()
    refused = "status of 422"  # a browser's own line about what a test has caused
    assert [line for line in said if refused not in line] == []
    assert elsewhere == []


def expect(locator):
    from playwright.sync_api import expect

    return expect(locator)


def answered(page):
    """Wait until everything about an image is there."""
    expect(page.locator("#confidence")).not_to_be_empty(timeout=PATIENCE)
    expect(page.locator("#step-value")).to_have_text(re.compile(r"step (\d+) of \1$"))


def again(page, act):
    """Do something that asks anew, and wait for the answer."""
    with page.expect_response("**/api/confidence", timeout=PATIENCE):
        act()
    answered(page)


def test_a_sample_is_answered_as_on_the_command_line(page, network):
    words = page.locator("#command").inner_text().split()
    result = call(*words[1:], "--csv", "-", cwd=network.parent)
    rows = [line.split(",") for line in result.stdout.splitlines() if line.count(",") > 5]
    predicted = dict(zip(*rows, strict=True))["predicted"]
    expect(page.locator("#answer")).to_have_text(predicted)
    expect(page.locator("#answer-text")).to_contain_text("the sample is of class")


def test_a_digit_is_drawn_with_the_mouse(page):
    box = page.locator("#drawing").bounding_box()

    def draw():
        page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.1)
        page.mouse.down()
        for share in (0.3, 0.5, 0.7, 0.9):
            page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * share)
        page.mouse.up()

    again(page, draw)
    expect(page.locator("#answer")).to_have_text("1")
    expect(page.locator("#command-section")).to_be_hidden()
    expect(page.locator("#answer-text")).not_to_contain_text("class")


def test_a_digit_is_drawn_with_the_keyboard_alone(page, network):
    page.locator("#drawing").focus()
    page.keyboard.press("Delete")
    for key in (*["ArrowUp"] * 3, "Space", *["ArrowDown"] * 6):
        page.keyboard.press(key)
    with page.expect_response("**/api/imagine"):  # of the last that was asked
        page.keyboard.press("Space")
    with page.expect_request("**/api/answer") as asked:
        again(page, lambda: page.locator("#noise").press("ArrowRight"))
    question = asked.value.post_data_json
    trained = pffspike.load(network)
    images = trained.coding.encode([question["pixels"]], 16)
    known = pffspike.classify(trained, images, execution=Execution(seed=question["noise"]))
    assert max(question["pixels"]) > 8
    expect(page.locator("#answer")).to_have_text(str(known.predicted[0]))


def test_everything_is_reached_and_moved_by_keyboard(page):
    seen = set()
    page.locator("body").press("Tab")
    for _ in range(40):
        seen.add(page.evaluate("() => document.activeElement.id"))
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        outside = page.evaluate("() => document.activeElement === document.body")
        assert outside or outline != "none", page.evaluate("() => document.activeElement.outerHTML")
        page.keyboard.press("Tab")
    needed = {"drawing", "clear", "undo", "fit", "sample", "another", "mode", "window", "noise"}
    assert needed | {"play", "step", "speed", "device", "presentation-0"} <= seen
    step = page.locator("#step")
    step.focus()
    step.press("Home")
    expect(page.locator("#step-value")).to_have_text(re.compile("step 0 of"))
    expect(page.locator("#count-spikes")).to_have_text("0")
    step.press("ArrowRight")
    expect(page.locator("#step-value")).to_have_text(re.compile("step 1 of"))
    expect(page.locator("#count-spikes")).not_to_have_text("0")


@pytest.mark.parametrize("page", [{"reduced_motion": "no-preference"}], indirect=True)
def test_the_playback_goes_on_and_pauses(page):
    page.locator("#speed").select_option("slow")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#step-value")).to_have_text(re.compile("step 2 of"))
    page.get_by_role("button", name="Pause").click()
    stopped = page.locator("#step-value").inner_text()
    spikes = page.locator("#count-spikes").inner_text()
    time.sleep(1)
    assert page.locator("#step-value").inner_text() == stopped
    assert page.locator("#count-spikes").inner_text() == spikes


@pytest.mark.parametrize("mode", ["one_pass", "proposal"])
def test_modes_window_noise_and_device_change_what_is_asked(page, mode):
    again(page, lambda: page.locator("#mode").select_option(mode))
    expect(page.locator("#goodness-title")).to_have_text(
        "Read-out" if mode == "one_pass" else "Goodness under each label"
    )
    steps = page.locator("#step-value").inner_text()
    again(page, lambda: page.locator("#window").press("ArrowRight"))
    assert page.locator("#step-value").inner_text() != steps
    energy = page.locator("#count-energy").inner_text()
    again(page, lambda: page.locator("#noise").press("ArrowRight"))
    expect(page.locator("#noise-value")).to_have_text("1")
    again(page, lambda: page.locator("#device").select_option("spinnaker2"))
    assert page.locator("#count-energy").inner_text() != energy


@pytest.mark.parametrize(
    "page",
    [{"viewport": {"width": w, "height": 900}, "has_touch": True} for w in (320, 420, 768)],
    indirect=True,
)
def test_a_narrow_screen_is_not_scrolled_sideways(page):
    wide, seen = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= seen
    if not page.locator("#mode").is_visible():
        page.locator("summary").click()
    expect(page.locator("#mode")).to_be_visible()
    wide, seen = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= seen
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input[type=number]")]
        .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 40).map((e) => e.id)"""
    )
    assert small == []  # large enough for a finger


CONTRASTS = """() => {
  const rgb = (text) => text.match(/[0-9.]+/g).slice(0, 3).map(Number);
  const linear = (v) => (v / 255 <= 0.04045 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = (c) => [0.2126, 0.7152, 0.0722].reduce((s, w, k) => s + w * linear(c[k]), 0);
  const behind = (e) => { for (let n = e; n; n = n.parentElement) {
    const found = getComputedStyle(n).backgroundColor;
    if (!/, 0\\)$|transparent/.test(found)) return rgb(found); } return [255, 255, 255]; };
  return [...document.querySelectorAll("body *")].filter((e) => e.offsetParent
      && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .map((e) => {
      const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.trim()];
    });
}"""


@pytest.mark.parametrize(
    "page", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True
)
def test_whoever_can_not_see_well_can_use_it(page):
    found = page.evaluate(CONTRASTS)
    assert len(found) > 20
    assert [one for one in found if one[0] < 4.5] == []
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, canvas, summary, section")]
        .filter((e) => e.offsetParent)
        .filter((e) => !(e.ariaLabel || e.getAttribute("aria-labelledby")
          || e.labels?.length || e.textContent.trim())).map((e) => e.outerHTML)"""
    )
    assert nameless == []
    levels = page.evaluate(
        "() => [...document.querySelectorAll('h1, h2, h3')].map((e) => e.tagName)"
    )
    assert levels[0] == "H1"
    assert set(levels[1:]) == {"H2"}
    assert page.evaluate("() => document.documentElement.lang") == "en"
    ids = page.evaluate("() => [...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    for role, name in (("slider", "Window"), ("combobox", "Mode"), ("spinbutton", "Test sample")):
        expect(page.get_by_role(role, name=re.compile(name))).to_be_visible()
    expect(page.locator("#spoken")).to_contain_text("The answer is")


def test_an_error_is_said_on_the_page(page):
    page.route("**/api/answer", lambda route: route.fulfill(status=422, json={"error": "no such"}))
    page.locator("#another").click()
    expect(page.get_by_role("alert")).to_have_text("no such")
    page.unroute("**/api/answer")
    again(page, lambda: page.locator("#another").click())
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_port_in_use_is_one_sentence(network):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = call("live", network.name, "--no-open", "--port", port, cwd=network.parent)
    refused(told, f"127.0.0.1:{port} can't be had", "--port")


def test_silent_and_hostile_connections_leave_the_page_alone(address):
    import httpx2 as httpx

    host, port = address[7:-1].split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(20)]
    half = socket.create_connection((host, int(port)))
    half.sendall(b"POST /api/answer HTTP/1.1\r\nHost: localhost\r\n")
    long = socket.create_connection((host, int(port)))
    long.sendall(b"GET /" + b"a" * 2**20)
    try:
        assert httpx.get(f"{address}api/network").status_code == 200
        assert long.recv(100).startswith(b"HTTP/1.1 400")
        for connection in (silent[0], half):
            connection.settimeout(30)
            assert connection.recv(100) == b""  # closed
    finally:
        for connection in (*silent, half, long):
            connection.close()
