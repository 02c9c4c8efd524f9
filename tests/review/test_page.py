"""The review page in a real browser: what people press is what the catalog holds."""

import argparse
import json

import pytest
from scrapy.settings import Settings

from carsets.commands.review import spot_check
from carsets.commands.spotcheck import Command
from carsets.review.agreement import VERDICT, agreements
from tests.exports.hostile_texts import TITLES
from tests.release.conftest import jpeg
from tests.review.reviewer import FRAMES

KEYS = {"k": "keep", "o": "keep", "d": "drop", "s": "skip"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def decided(data, rater=None):
    """Return all decisions in the order of their writing, without those that were taken back."""
    return [
        (review.image_id, review.decision)
        for review in data.catalog.every_review()
        if not review.undone and rater in {None, review.rater}
    ]


@pytest.fixture
def six(data):
    """Return the ids of six images with files, in the order in which they are shown."""
    return [data.id(data.add()) for _ in range(6)]


@pytest.fixture
def ann(data, six, sit_down):
    """Return somebody who looks at them alone."""
    with data.serving() as server:
        yield sit_down(server.links()["ann"])


# --- By keyboard --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_thousand_verdicts_by_keyboard_lose_none(data, sit_down):
    ids = data.add_many(1000, files=20)
    keys = [list(KEYS)[number * number % 7 % len(KEYS)] for number in range(1000)]
    with data.serving() as server:
        ann = sit_down(server.links()["ann"])
        for start in range(0, 1000, 50):
            ann.page.keyboard.type("".join(keys[start : start + 50]))  # faster than anybody can
            ann.page.wait_for_function(
                "() => Number(document.getElementById('saved').dataset.waiting) < 100"
            )
        ann.saved()
        ann.says("#nothing", "That was the last one.")
    assert decided(data) == [(one, KEYS[key]) for one, key in zip(ids, keys, strict=True)]


def test_a_key_that_is_held_decides_once(data, ann, six):
    for _ in range(3):
        ann.page.keyboard.down("k")  # the second and third are repetitions
    ann.page.keyboard.up("k")
    ann.saved()
    assert decided(data) == [(six[0], "keep")]
    assert ann.shown() == six[1]


def test_keep_confirms_the_labels_on_the_screen_and_picture_only_does_not(data, ann, six):
    ann.press("k", "o")
    ann.saved()
    labels = {"make": "Ford", "model": "Focus", "color": "red"}
    reviews = list(data.catalog.every_review())
    assert [(r.image_id, r.decision, r.labels) for r in reviews] == [
        (six[0], "keep", labels),
        (six[1], "keep", None),
    ]


def test_undo_takes_back_the_last_ones_and_shows_them_again(data, ann, six):
    ann.press("k", "d", "k", "u", "Control+z")
    ann.shows(six[1])
    ann.saved()
    assert decided(data) == [(six[0], "keep")]
    assert [review.undone for review in data.catalog.every_review()] == [False, True, True]
    ann.press("k")  # decided anew
    ann.saved()
    assert decided(data) == [(six[0], "keep"), (six[1], "keep")]


def test_undo_reaches_behind_the_opening_of_the_page(data, six, sit_down):
    with data.serving() as server:
        first = sit_down(server.links()["ann"])
        first.press("d", "d")
        first.saved()
        second = sit_down(server.links()["ann"])
        second.press("u")
        second.shows(six[1])
        second.press("u")
        second.shows(six[0])
        second.press("u")
        second.says("#toasts", "There is nothing to undo")
        second.saved()
    assert decided(data) == []


def test_relabel_writes_what_was_changed_and_no_more(data, ann, six):
    ann.press("r")
    ann.page.fill("#relabel input[name=color]", "  dark   blue ")
    ann.page.fill("#relabel input[name=model]", "")
    ann.page.fill("#relabel input[name=note]", "repainted")
    ann.press("Enter")
    ann.shows(six[1])
    ann.saved()
    [review] = data.catalog.every_review()
    assert (review.image_id, review.decision, review.note) == (six[0], "relabel", "repainted")
    assert review.labels == {"color": "dark blue", "model": ""}
    ann.press("ArrowLeft")
    ann.shows(six[0])
    assert "dark blue" in ann.text(".labels")


def test_a_correction_that_is_left_is_none(data, ann, six):
    ann.press("r")
    ann.page.fill("#relabel input[name=color]", "blue")
    ann.page.click("#relabel button[value=cancel]")
    ann.press("r", "Enter")
    ann.says("#toasts", "Nothing was changed")
    assert ann.shown() == six[0]
    assert list(data.catalog.every_review()) == []


def test_letters_that_are_typed_into_a_field_decide_nothing(data, ann):
    ann.press("r")
    ann.page.locator("#relabel input[name=make]").press_sequentially("kdousk")
    ann.press("Escape")
    ann.page.locator("#filters select[name=label]").select_option("make")
    ann.page.locator("#filters input[name=value]").press_sequentially("dk")
    assert list(data.catalog.every_review()) == []


def test_the_view_is_two_keys(data, ann, six):
    ann.press("v", "e", "v", "i", "v", "p", "v", "x")
    ann.saved()
    said = [(r.image_id, r.decision, r.labels) for r in data.catalog.every_review()]
    views = ("exterior", "interior", "part", "unknown")
    assert said == [(one, "view", {"view": v}) for one, v in zip(six, views, strict=False)]


# --- What is seen -------------------------------------------------------------------------------


def test_the_most_doubted_image_comes_first_with_its_reason(data, six, sit_down):
    data.doubt(six[4], 0.9)
    data.doubt(six[4], 0.9, kind="label", reason="neighbors say Opel")
    data.doubt(six[2], 0.4)
    with data.serving() as server:
        ann = sit_down(server.links()["ann"])
        order = []
        for _ in six:
            order.append(ann.shown())
            if len(order) == 1:
                assert "neighbors say Opel" in ann.text("#panel")
            ann.press("ArrowRight")
            if len(order) < len(six):
                ann.page.wait_for_function(
                    "id => document.querySelector('#panel code').textContent !== id", arg=order[-1]
                )
    assert order == [six[4], six[2], six[0], six[1], six[3], six[5]]


def test_a_grid_decides_for_all_that_are_chosen(data, ann, six):
    ann.press("g", "x", "ArrowRight", "ArrowRight", "x", "d")
    ann.saved()
    assert sorted(decided(data)) == sorted([(six[0], "drop"), (six[2], "drop")])
    ann.page.locator(".tile.drop").nth(1).wait_for()
    assert ann.page.locator(".tile").count() == 6
    ann.press("Shift+K")  # all others
    ann.saved()
    assert sorted(decided(data)) == sorted(
        (one, "drop" if one in {six[0], six[2]} else "keep") for one in six
    )


def test_a_grid_shows_the_picture_of_every_tile(ann, six):
    ann.press("g")
    ann.page.wait_for_function(
        "count => [...document.querySelectorAll('.tile img')]"
        ".filter((one) => one.naturalWidth === 64).length === count",
        arg=len(six),
    )
    ann.press("ArrowRight", "Enter")
    ann.page.wait_for_function("() => document.getElementById('picture').naturalWidth === 64")
    assert ann.shown() == six[1]


def test_zoom_shows_every_pixel_and_goes_with_the_picture(data, sit_down):
    data.add(body=jpeg(7, (4000, 3000)), width=4000, height=3000)
    data.add()
    with data.serving() as server:
        ann = sit_down(server.links()["ann"])
        ann.page.wait_for_function(f"() => ({SCALE})() < 0.5")
        whole = scale(ann)
        ann.press("z")
        assert scale(ann) == pytest.approx(1)
        before = corner(ann)
        ann.press("Shift+ArrowRight")
        assert corner(ann)[0] < before[0]
        ann.press("-")
        assert scale(ann) == pytest.approx(0.8)
        ann.page.mouse.move(300, 400)
        ann.page.mouse.wheel(0, -100)
        ann.page.wait_for_function(f"() => ({SCALE})() > 0.9")
        before = corner(ann)
        ann.page.mouse.down()
        ann.page.mouse.move(250, 380, steps=2)
        ann.page.mouse.up()
        assert corner(ann) == pytest.approx((before[0] - 50, before[1] - 20), abs=1)
        ann.press("z")
        assert scale(ann) == pytest.approx(whole)
        ann.press("z", "ArrowRight")  # the next one is whole again
        ann.page.wait_for_function(f"() => ({SCALE})() === 4")


def test_no_picture_is_taken_for_the_next_one(data, six, sit_down):
    held = []
    with data.serving() as server:
        ann = sit_down(server.links()["ann"])
        ann.page.route(f"**/images/{six[1]}", lambda route: held.append(route))
        ann.page.reload()
        ann.page.wait_for_selector("#picture:visible")
        ann.press("ArrowRight")
        ann.says("#no-picture", "on its way")
        assert not ann.page.locator("#picture").is_visible()
        held[0].continue_()
        ann.page.wait_for_selector("#picture:visible")


SCALE = "() => new DOMMatrix(getComputedStyle(document.getElementById('picture')).transform).a"
CORNER = """() => {
  const at = new DOMMatrix(getComputedStyle(document.getElementById('picture')).transform);
  return [at.e, at.f];
}"""


def scale(reviewer):
    return reviewer.page.evaluate(SCALE)


def corner(reviewer):
    return tuple(reviewer.page.evaluate(CORNER))


@pytest.mark.parametrize("options", [{}, PHONE], ids=["laptop", "phone"])
def test_nothing_is_cut_off_on_any_screen(data, six, sit_down, options):
    with data.serving() as server:
        ann = sit_down(server.links()["ann"], **options)
        for keys in ([], ["g"], ["g", "?"], ["Escape", "r"]):
            ann.press(*keys)
            width, room = ann.page.evaluate(
                "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
            )
            assert width <= room
        ann.press("Escape")
        for button in ann.page.locator("#actions button:visible").all():
            box = button.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= ann.page.viewport_size["width"]
            assert box["y"] + box["height"] <= ann.page.viewport_size["height"]


def test_a_finger_decides_as_well_as_a_key(data, six, sit_down):
    with data.serving() as server:
        ann = sit_down(server.links()["ann"], **PHONE)
        ann.page.tap("[data-do=keep]")
        ann.page.tap("[data-do=drop]")
        ann.shows(six[2])
        ann.saved()
    assert decided(data) == [(six[0], "keep"), (six[1], "drop")]


# --- A spot check -------------------------------------------------------------------------------


def test_a_spot_check_is_walked_in_its_order_and_ends_in_the_card(data, sit_down, capsys):
    for number in range(12):
        data.add(seen={"source": "bing" if number % 3 else "flickr"})
    spotcheck(data, "-n", "6")
    [check] = data.catalog.spot_checks()
    data.verdict(check.image_ids[2], "dropped")  # curation has changed its mind since
    with data.serving(only=spot_check(data.catalog, check.check_id)) as server:
        ann = sit_down(server.links()["ann"])
        seen = []
        for key in "kdkkko":
            seen.append(ann.shown())
            ann.press(key)
        ann.says("#nothing", "That was the last one.")
        ann.saved()
    assert seen == check.image_ids
    capsys.readouterr()
    spotcheck(data, "--result", check.check_id, "--json")
    result = json.loads(capsys.readouterr().out)
    assert result["unanswered"] == []
    assert sum(stratum["images"] for stratum in result["strata"]) == 1
    release = data.release().path
    noise = json.loads((release / "release.json").read_text("utf-8"))["known_noise"]
    assert noise["spot_check"]["wrong"] == result["wrong"]
    assert result["wrong"]["share"] == pytest.approx(1 / 6, abs=0.05)


def spotcheck(data, *args):
    command = Command()
    command.settings = Settings({"DATA_DIR": str(data.folder / "data")})
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    command.exitcode = 0
    command.run([], parser.parse_args([*args]))
    assert command.exitcode == 0


# --- Coming back --------------------------------------------------------------------------------


def test_the_place_is_kept_when_the_page_is_closed(data, six, sit_down):
    with data.serving() as server:
        first = sit_down(server.links()["ann"])
        first.show("all")
        first.press("ArrowRight", "k", "ArrowRight", "g")
        first.shows(six[3])
        first.saved()
        first.page.close(run_before_unload=False)
    with data.serving() as server:  # another day
        second = sit_down(server.links()["ann"])
        second.shows(six[3])
        assert second.page.locator("#grid").is_visible()
        assert second.page.input_value("#filters select[name=state]") == "all"
        assert second.page.locator(".tile.here").get_attribute("data-id") == six[3]


def test_verdicts_of_a_lost_connection_arrive_when_it_is_back(data, ann, six):
    ann.context.set_offline(True)
    ann.press("k", "d", "k", "u")
    ann.says("#saved", "4 unsaved")
    ann.says("#trouble", "wait safely in this browser")
    assert list(data.catalog.every_review()) == []
    ann.context.set_offline(False)
    ann.saved()
    assert decided(data) == [(six[0], "keep"), (six[1], "drop")]
    ann.page.wait_for_selector("#trouble", state="hidden")


def test_verdicts_outlive_the_server_and_the_page(data, six, sit_down):
    with data.serving() as server:
        port = server.port
        ann = sit_down(server.links()["ann"])
        ann.press("k")
        ann.saved()
    ann.press("d", "d")  # nobody is there
    ann.says("#saved", "2 unsaved")
    with data.serving(port=port) as server:
        ann.says("#trouble", "no longer good")  # the link was the old server's
        ann.open(server.links()["ann"])
        ann.saved()
        ann.shows(six[3])
    assert decided(data) == [(six[0], "keep"), (six[1], "drop"), (six[2], "drop")]


def test_an_answer_that_was_lost_writes_no_verdict_twice(data, ann, six):
    lost = []

    def lose(route):
        route.fetch()  # it arrives, and its answer does not
        lost.append(route.request.url)
        route.abort()

    ann.page.route("**/api/decisions", lose, times=1)
    ann.press("k", "d")
    ann.saved()
    assert lost
    assert decided(data) == [(six[0], "keep"), (six[1], "drop")]


# --- Two people ---------------------------------------------------------------------------------


def test_two_people_at_once_lose_nothing(data, sit_down):
    ids = data.add_many(60)
    with data.serving("ann", "bob") as server:
        pair = [sit_down(server.links()[rater]) for rater in ("ann", "bob")]
        for one in pair:
            one.show("all")
        for _ in range(6):
            pair[0].page.keyboard.type("kdkdkdkdkd")
            pair[1].page.keyboard.type("kkkkkddddd")
        for one in pair:
            one.saved()
    words = {"k": "keep", "d": "drop"}
    for rater, keys in (("ann", "kdkdkdkdkd" * 6), ("bob", "kkkkkddddd" * 6)):
        wanted = [(one, words[key]) for one, key in zip(ids, keys, strict=True)]
        assert decided(data, rater) == wanted


def test_who_contradicts_another_is_told_and_both_words_are_kept(data, six, sit_down):
    with data.serving("ann", "bob") as server:
        ann, bob = (sit_down(server.links()[rater]) for rater in ("ann", "bob"))
        ann.press("d")
        ann.saved()
        bob.press("k")  # his page has not heard of it yet
        bob.saved()
        bob.says("#toasts", "Not the same as ann: drop")
        ann.press("ArrowLeft")
        ann.says("#panel", "They do not agree")
    assert decided(data) == [(six[0], "drop"), (six[0], "keep")]


def test_what_another_has_decided_is_passed_over(data, six, sit_down):
    with data.serving("ann", "bob") as server:
        ann, bob = (sit_down(server.links()[rater]) for rater in ("ann", "bob"))
        bob.press("ArrowRight", "k", "k")
        bob.saved()
        for _ in range(2):  # looks at the news: the second one has begun after bob was done
            with ann.page.expect_response("**/api/changes*"):
                pass
        ann.page.evaluate(FRAMES)
        ann.press("k")
        ann.shows(six[3])


def test_a_blind_rater_learns_nothing_of_the_first_one(data, six, sit_down):
    with data.serving("ann", "bob", blind=True) as server:
        ann = sit_down(server.links()["ann"])
        ann.press("d", "r")
        ann.page.fill("#relabel input[name=color]", "chartreuse")
        ann.page.fill("#relabel input[name=note]", "secretly")
        ann.press("Enter")
        ann.shows(six[2])
        ann.press("k")
        ann.saved()
        bob = sit_down(server.links()["bob"])
        told = bob.overhear()
        bob.open(server.links()["bob"])
        assert bob.text("#blind") == "blind"
        assert bob.page.input_value("#filters select[name=state]") == "second"
        seen = []
        for _ in range(3):
            seen.append(bob.shown())
            assert "ann" not in bob.text("#panel")
            bob.press("k")
            bob.saved()
        with bob.page.expect_response("**/api/changes*"):
            pass
        assert sorted(seen) == sorted(six[:3])  # first those that the other one has decided
        told = "\n".join(told)
        assert "chartreuse" not in told
        assert "secretly" not in told
        assert '"rater": "ann"' not in told
        assert not bob.page.locator(".toast").count()
    [verdict] = [o for o in agreements(data.catalog.reviews_by_image()) if o.what == VERDICT]
    assert verdict.images == 2
    assert verdict.kappa == pytest.approx(0)  # of two verdicts one is the same, as by chance


# --- Strangers' words ---------------------------------------------------------------------------

HOSTILE = [
    "<img src=x onerror=window.hit=1>",
    "</script><script>window.hit=1</script>",
    '"><svg onload=window.hit=1>',
    "<iframe src=https://evil.example></iframe>",
    "{{7*7}}${7*7}",
    *TITLES,
]


def test_strangers_words_become_no_part_of_the_page(data, sit_down):
    evil = "javascript:window.hit=1"
    for title in HOSTILE:
        image_id = data.id(
            data.add(
                labels={"make": title, "model": title},
                license_url=evil,
                seen={"title": title, "author": title, "page_url": evil, "url": evil},
            )
        )
        data.doubt(image_id, 0.5, kind="label", reason=title)
        data.review_by("eve", image_id, "relabel", {"color": title})
    data.group(*(data.id(one) for one in data.every()))
    with data.serving() as server:
        ann = sit_down(server.links()["ann"])
        ann.page.on("dialog", lambda dialog: ann.faults.append(dialog.message))
        ann.show("all")
        for keys in (["ArrowRight"], ["r"], ["Escape", "g"], ["?"], ["Escape", "i"], ["Escape"]):
            for _ in range(len(HOSTILE) if keys == ["ArrowRight"] else 1):
                ann.press(*keys)
                assert ann.page.evaluate(FOREIGN_ELEMENTS) == []
        assert ann.page.evaluate("() => window.hit") is None
        links = ann.page.evaluate("() => [...document.links].map((one) => one.href)")
        assert not [one for one in links if not one.startswith("http")]


def test_the_page_links_to_the_web_alone_whatever_it_is_told(ann):
    for evil in ("javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "file:///x"):
        assert ann.page.evaluate(LINKS_OF, {"page_url": evil, "license_url": evil}) == []
    address = "https://x.test/a"
    assert ann.page.evaluate(LINKS_OF, {"page_url": address, "license_url": ""}) == [address]


LINKS_OF = """async (given) => {
  const { renderPanel } = await import("/panel.js");
  const item = { labels: {}, reviews: [], doubts: [], mates: [], car_score: null, title: "",
    author: "", query: "", source: "x", url: "", license: "by", bytes: 1, ...given };
  const panel = document.createElement("div");
  renderPanel(panel, item, { names: [] });
  return [...panel.querySelectorAll("a")].map((one) => one.getAttribute("href"));
}"""

FOREIGN_ELEMENTS = """() => {
  const scripts = [...document.scripts].filter((one) => one.getAttribute("src") !== "main.js");
  const frames = [...document.querySelectorAll("iframe, object, embed, svg, base, style")];
  const images = [...document.images].filter((one) => one.src && !one.src.startsWith("blob:"));
  const handlers = [...document.querySelectorAll("*")].filter((one) =>
    [...one.attributes].some((attribute) => attribute.name.startsWith("on")));
  return [...scripts, ...frames, ...images, ...handlers].map((one) => one.outerHTML);
}"""
