"""Somebody at the review page, in a real browser."""

from urllib.parse import urlsplit

FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Reviewer:
    """A person with a link: presses keys, and sees what the page shows."""

    def __init__(self, context, link):
        self.context = context
        self.home = "http://" + urlsplit(link).netloc
        self.foreign = []  # requests to anything but the page's own server
        self.faults = []  # errors of the page's own scripts, and what its policy has forbidden
        self.page = context.new_page()
        self.page.on("request", lambda request: self._watch(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._listen)
        self.open(link)

    def _watch(self, url):
        if not url.startswith((f"{self.home}/", f"blob:{self.home}/")):
            self.foreign.append(url)

    def _listen(self, message):
        if message.type == "error" and "Content Security Policy" in message.text:
            self.faults.append(message.text)

    def open(self, link):
        """Open a link, and wait until the page shows what there is."""
        self.page.goto("about:blank")
        self.foreign.clear()
        self.page.goto(link)
        self.page.wait_for_function(
            "() => document.querySelector('#panel code')"
            " || !document.getElementById('nothing').hidden"
            " || !document.getElementById('trouble').hidden"
        )

    def overhear(self):
        """Return a list of all that the page is told from now on."""
        told = []

        def listen(route):
            answer = route.fetch()
            told.append(answer.text())
            route.fulfill(response=answer)

        self.page.route("**/api/**", listen)
        return told

    def show(self, state):
        """Choose which images are shown, and wait for them."""
        with self.page.expect_response("**/api/queue*"):
            self.page.select_option("#filters select[name=state]", state)
        self.page.evaluate(FRAMES)
        self.page.wait_for_selector("#panel code")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def saved(self):
        """Wait until all that was decided is in the catalog."""
        self.page.wait_for_selector("#saved.done[data-waiting='0']", state="attached")

    def shown(self):
        """Return the id of the image that stands on the page."""
        self.page.evaluate(FRAMES)
        return self.page.locator("#panel code").inner_text()

    def shows(self, image_id):
        """Wait until an image stands on the page."""
        self.page.wait_for_function(
            "id => document.querySelector('#panel code')?.textContent === id", arg=image_id
        )

    def says(self, selector, text):
        """Wait until a part of the page says something."""
        self.page.locator(selector).filter(has_text=text).first.wait_for()

    def text(self, selector="body"):
        return self.page.locator(selector).inner_text()
