"""Somebody at the pages of cases, who presses what the pages offer."""

from .conftest import follow


class Worker:
    """A person at the pages of cases."""

    def __init__(self, visitor, name):
        self.visitor = visitor
        self.page = visitor.sign_in(name)
        self.main = self.page.get_by_role("main")

    def go(self, path):
        self.visitor.go(path)

    def click(self, label, inside=None, exact=False):
        """Press a button or link of the page, and arrive."""
        place = inside or self.main
        follow(place.get_by_role("button", name=label, exact=exact).or_(place.get_by_role("link", name=label, exact=exact)).first)

    def open_case(self, code, title, **choices):
        """Begin a case by its start button; returns its number."""
        self.go("/cases/new/")
        follow(self.page.locator(f'a[href="/cases/new/{code}/"]'))
        self.page.fill("#id_title", title)
        for name, label in choices.items():
            self.page.select_option(f"#id_{name}", label=label)
        self.click("立项并开始办理")
        assert self.page.get_by_role("heading", level=1).inner_text() == title
        self.number = self.page.url.rstrip("/").split("/")[-1]
        return self.number

    def see_case(self):
        self.go(f"/cases/{self.number}/")

    def more(self, label):
        self.main.locator("details.more summary").click()
        self.click(label, self.main.locator("details.more"))

    def step(self, number):
        return self.page.locator(f"#step-{number}")

    def material(self, name):
        return self.page.locator(".mats > li").filter(has=self.page.get_by_text(name, exact=True))

    def collect_all(self):
        """Receive every material that is missing, each by one click."""
        buttons = self.page.locator(".mats > li.missing button[type=submit]")
        while buttons.count():
            follow(buttons.first)

    def tick_all(self, number):
        """Tick the open tasks of a step, each by one click."""
        boxes = self.step(number).locator("[data-tick]")
        while boxes.count():
            follow(boxes.first)

    def complete(self, number):
        """Complete a step by its button, by one click."""
        self.click("办结本步", self.step(number), exact=True)
        assert "已完成" in self.step(number).locator("h3").inner_text()

    def approve(self, note="同意。"):
        """Answer the question that waits on the case's page: there is a link to it."""
        self.click("下一步：审签")
        self.page.locator("#id_note").fill(note)
        self.click("同意", exact=True)

    def send_back(self, note):
        self.click("下一步：审签")
        self.page.locator("#id_note").fill(note)
        self.click("退回", exact=True)
